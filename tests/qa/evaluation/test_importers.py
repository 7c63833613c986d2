"""The readers: each format is known by what it holds, streamed, and refused by file and line where it is broken."""

import json
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from annotation.errors import BadInput
from qa.evaluation.importers import (
    CaptionLine,
    Prediction,
    PublishedRow,
    Score,
    _shape,
    find_format,
    format_names,
    format_of,
    read,
)

REPLY = "A man waves so the answer is C"
PUBLIC = [
    "2024-02-29-interaction-1",
    "2024-02-29-count-1",
    "2024-03-01-action_sequence-1",
    "2024-03-01-attribute-1",
    "c-count-1",
]
CAPTION = {"clip_id": "a", "model": "m", "frames": 8, "caption": "A man."}
CATEGORIES = {"interaction": 1, "action_details": 2, "action_sequence": 3, "count": 4, "attribute": 5.25}
ROW = {"model": "m", "frames": None, "average": 3.1, **CATEGORIES}
BROKEN = {**ROW, "model": "n", "count": None}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file whose name tells nothing. Values become JSON lines."""

    def file(*lines: Any, raw: bytes | None = None) -> Path:
        path = tmp_path / "file.bin"
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        path.write_bytes(text.encode() if raw is None else raw)
        return path

    return file


def records(path: Path) -> list[Any]:
    form = format_of(path)
    return list(read(path, form, form.RECORD))


def refusal(path: Path, named: str | None = None) -> str:
    with pytest.raises(BadInput) as error:
        form = find_format(named) if named else format_of(path)
        list(read(path, form, form.RECORD))
    assert list(error.value.detail["fields"]) == ["file"]
    return str(error.value.detail["fields"]["file"])


def test_a_log_of_lmms_eval_is_read_as_it_was_written(recorded: Path) -> None:
    found = records(recorded / "lmms_eval_samples_haicbench.jsonl")
    assert [(one.question_id, one.reply, one.line) for one in found] == [
        (name, REPLY, line) for line, name in enumerate(PUBLIC, start=1)
    ]
    assert found[0].shown.startswith("Question: =1+1 says 你好\t“no”\nA. <b>He</b> bows\nB. He's out\n")
    held_out = records(recorded / "lmms_eval_samples_haicbench_held_out.jsonl")
    assert [one.question_id for one in held_out] == ["2024-01-31-action_details-1", "2024-01-31-count-1"]


@pytest.mark.parametrize(("suffix", "lines"), [("tsv", [2, 3, 4, 5, 6]), ("json", [1, 2, 3, 4, 5])])
def test_a_file_of_vlmevalkit_is_read_as_it_was_written(recorded: Path, suffix: str, lines: list[int]) -> None:
    found = records(recorded / f"vlmevalkit_dummy_HAICBench.{suffix}")
    assert [(one.question_id, one.reply, one.line) for one in found] == [
        (name, REPLY, line) for line, name in zip(lines, PUBLIC, strict=True)
    ]
    assert found[1].shown == "How many?\nA. NA\nB. 007\nC. None\nD. 1e3"


def test_plain_lines_hold_a_reply_or_a_letter(write: Write) -> None:
    path = write(
        {"id": "a", "reply": "It is B.", "more": [1]}, "", {"id": "b", "answer": "A"}, {"id": "c", "reply": None}
    )
    assert records(path) == [Prediction("a", "It is B.", 1), Prediction("b", "A", 3), Prediction("c", "", 4)]
    assert records(write(raw=b'\xef\xbb\xbf{"id": "a", "answer": "C"}')) == [Prediction("a", "C", 1)]


def test_captions_scores_and_published_rows_are_read(write: Write) -> None:
    assert records(write(CAPTION)) == [CaptionLine("a", "m", 8, "A man.", 1)]
    score = {"benchmark": "MVBench", "model": "m", "percent": 61.125}
    assert records(write(score)) == [Score("MVBench", "m", Decimal("61.12"), 1)]
    assert records(write("benchmark,model,percent", "MVBench,m,61.1", '"Act, QA",m,7')) == [
        Score("MVBench", "m", Decimal("61.10"), 2),
        Score("Act, QA", "m", Decimal("7.00"), 3),
    ]
    table = {"columns": [], "judge": "j", "rows": [ROW, {**ROW, "model": "people", "group": "human"}]}
    percents = {"average": 3.1, **CATEGORIES}
    for path in (write(table), write(raw=json.dumps(table, indent=1).encode())):
        assert records(path) == [
            PublishedRow("m", "j", None, False, percents, 1),
            PublishedRow("people", "j", None, True, percents, 2),
        ]


@pytest.mark.parametrize(
    ("named", "lines"),
    [
        ("lmms_eval", [{"doc_id": 0, "filtered_resps": "A", "haicbench_acc": {"id": "a"}}]),
        ("vlmevalkit", ["index\tquestion_id\tprediction", "0\ta\tB"]),
        ("vlmevalkit", ['[{"index": 0,', '"question_id": "a", "prediction": "B"}]']),
        ("jsonl", [{"id": "a", "reply": "A"}]),
        ("captions", [CAPTION]),
        ("scores", ["model;percent;benchmark", "m;1;b"]),
        ("published", ["{", f'"rows": [{json.dumps(ROW)}]', "}"]),
    ],
)
def test_a_format_is_known_by_what_the_file_holds(write: Write, named: str, lines: list[Any]) -> None:
    assert named == format_of(write(*lines)).NAME
    assert named in format_names()


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b"\x00\x01", b"\x80\x81", b"hello", b"{}", b"[]", b"null", b'{"id": "a"}', b'{"a": 1}\n{"b"']
)
def test_what_is_in_no_format_is_refused(write: Write, raw: bytes) -> None:
    assert refusal(write(raw=raw)).startswith("file.bin: is in no format that is known; say which: captions, jsonl, ")


def test_a_workbook_is_refused_with_the_way_out(write: Write) -> None:
    path = write(raw=b"PK\x03\x04 and so on")
    for named in (None, "vlmevalkit"):
        assert "run VLMEvalKit with PRED_FORMAT=tsv, or save the sheet as text" in refusal(path, named)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "none: there is no such file"
    assert refusal(tmp_path).endswith(": there is no such file")
    with pytest.raises(BadInput, match="there is no format “xls”; there are: captions, "):
        find_format("xls")
    with pytest.raises(BadInput, match="there is no format “_shape”"):
        find_format("_shape")


GOOD = json.dumps({"id": "a", "reply": "A"})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "b", "reply": "A"', "It is not JSON"),
        (b'{"id": "b", "id": "c", "reply": "A"}', "The key “id” stands twice"),
        (b'{"id": "b", "reply": "\\u0000"}', "NUL"),
        (b'{"id": "b", "reply": "\\ud800"}', "half of a surrogate"),
        (b'{"id": "b", "reply": "\xff"}', "It is not UTF-8"),
        (b'{"id": "b", "reply": NaN}', "NaN is not a JSON number"),
        (b"[" * 100, "nested more than 50 deep"),
        (b'["b", "A"]', "is no JSON object"),
        (b'{"id": 7, "reply": "A"}', "id: must be text"),
        (b'{"id": " ", "reply": "A"}', "id: must not be empty"),
        (b'{"id": "b", "reply": 7}', "reply: must be text"),
        (b'{"id": "b"}', "reply: must be text"),
        (b'{"id": "' + b"b" * 201 + b'", "reply": "A"}', "id: has 201 characters"),
    ],
)
def test_a_broken_line_is_named(write: Write, line: bytes, said: str) -> None:
    problem = refusal(write(raw=GOOD.encode() + b"\n\n" + line), "jsonl")
    assert problem.startswith("file.bin, line 3: ")
    assert said in problem


@pytest.mark.parametrize(
    ("named", "change", "said"),
    [
        ("captions", {"frames": 0}, "frames: must be a number from 1"),
        ("captions", {"frames": True}, "frames: must be a number"),
        ("captions", {"frames": 8.5}, "frames: must be a number"),
        ("captions", {"caption": None}, "caption: must be text"),
        ("captions", {"caption": "a" * 50_001}, "caption: has 50,001 characters"),
        ("captions", {"model": ""}, "model: must not be empty"),
        ("scores", {"percent": 101}, "percent: must be a number from 0 to 100"),
        ("scores", {"percent": "61"}, "percent: must be a number"),
        ("scores", {"percent": True}, "percent: must be a number"),
        ("scores", {"percent": -0.1}, "percent: must be a number"),
        ("lmms_eval", {"haicbench_acc": None}, "the log is not of a task of our export"),
        ("lmms_eval", {"filtered_resps": ["A", "B"]}, "holds 2 replies"),
        ("lmms_eval", {"filtered_resps": [["A"]]}, "filtered_resps: must be text"),
    ],
)
def test_a_field_that_is_broken_is_named(write: Write, named: str, change: dict[str, Any], said: str) -> None:
    sound = {
        "captions": CAPTION,
        "scores": {"benchmark": "b", "model": "m", "percent": 1},
        "lmms_eval": {"doc_id": 0, "filtered_resps": ["A"], "haicbench_acc": {"id": "a"}},
    }[named]
    assert len(records(write(sound))) == 1
    problem = refusal(write({**sound, **change}), named)
    assert problem.startswith("file.bin, line 1: ")
    assert said in problem


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("index\tprediction\n0\tA\n", "file.bin: header: there is no column “question_id”"),
        ("index\tquestion_id\tprediction\n0\ta\tA\n1\tb\n", "file.bin, line 3: has 2 cells; the header has 3"),
        (
            'index\tquestion_id\tprediction\n0\ta\t"A\nB"\n1\t"b\n',
            "file.bin, line 4: a quote is opened and",
        ),
        ("index\tquestion_id\tprediction\n0\t\tA\n", "file.bin, line 2: question_id: must not be empty"),
        ("index\tquestion_id\tprediction\n0\ta\tA\x00\n", "file.bin, line 2: prediction: holds a NUL"),
    ],
)
def test_a_broken_table_is_named_by_its_line(write: Write, table: str, said: str) -> None:
    assert refusal(write(raw=table.encode())).startswith(said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "file.bin: is no JSON object"),
        ({"rows": 7}, "file.bin: holds no list of rows"),
        ({"rows": [7]}, "file.bin, line 1: is no JSON object"),
        ({"rows": [ROW], "judge": 7}, "file.bin: judge: must be text"),
        (
            {"rows": [ROW, BROKEN]},
            "file.bin, line 2: count: must be a number from 0 to 100",
        ),
        ({"rows": [ROW, ROW]}, "file.bin, line 2: “m” stands in line 1 already"),
    ],
)
def test_a_broken_published_table_is_named_by_its_row(write: Write, value: Any, said: str) -> None:
    assert refusal(write(value), "published") == said


def test_what_stands_twice_names_both_lines_and_obeys_no_terminal(write: Write) -> None:
    name = "\x1b[31mred\u202e" + "x" * 100
    path = write({"id": name, "reply": "A"}, {"id": "b", "reply": "A"}, {"id": name, "reply": "B"})
    shown = "�[31mred�" + "x" * 71
    assert refusal(path) == f"file.bin, line 3: “{shown}…” stands in line 1 already"


def test_lines_and_files_have_bounds(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(write({"id": "a", "reply": "A" * 1_000_000})).startswith("file.bin: is in no format")
    long = write({"id": "a", "reply": "A"}, {"id": "b", "reply": "A" * 1_000_000})
    assert refusal(long) == "file.bin, line 2: has more than 1,000,000 bytes"
    monkeypatch.setattr(_shape, "MOST_FILE_BYTES", 100)
    assert refusal(write({"id": "a", "reply": "A" * 100})) == "file.bin: has more than 100 bytes"


def test_twenty_thousand_lines_are_streamed(write: Write) -> None:
    """60 MB of replies; what is kept of a line is its id."""
    reply = "A man waves. " * 230
    lines = (json.dumps({"id": f"q{n}", "reply": reply}) for n in range(20_000))
    path = write(*lines, "broken")
    assert path.stat().st_size > 55_000_000
    found = read(path, format_of(path), Prediction)
    assert [one.line for one in islice(found, 3)] == [1, 2, 3], "nothing behind them was looked at"
    tracemalloc.start()
    with pytest.raises(BadInput, match="line 20001: It is not JSON"):
        for one in found:
            assert one.reply == reply
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_format_of_other_records_is_refused(write: Write) -> None:
    with pytest.raises(BadInput, match="captions is no format of predictions"):
        read(write(CAPTION), find_format("captions"), Prediction)
