"""The layouts for evaluation harnesses: columns, byte-exact texts, what stays out. No harness is needed."""

import ast
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

import qa.answers
from annotation.errors import BadInput
from annotation.models import Clip, Project
from annotation.states import ClipStatus
from qa.categories import Category
from qa.models import Release, ReleaseKind
from qa.releases.frozen import FrozenRelease
from qa.releases.layouts import find_layout, layouts_for
from qa.services.releases import export_release
from tests.qa.releases.frozen import OPTIONS, clip, question, release_of

HOSTILE = [
    'says "no", then\tgoes\nhome --> \\n \\t \\',
    "=1+1",
    "شخص يلوّح ثم يجلس \u200fRTL",
    "你好 👩‍👩‍👧 \u2028 '''] + __import__('os').abort() + ['",
]
CAPTION = 'A man says "你好".\n\t=1+1 --> שלום 👨‍👩‍👧 None'


@pytest.fixture
def release(project: Project) -> Release:
    return release_of(
        project,
        clip("a", question("a-action_details-1"), question("a-count-1", category="count", key=3), duration_ms=2500),
        clip("b", question("b-action_details-1", text=HOSTILE[0], options=HOSTILE, key=1), caption=CAPTION),
        clip("c", question("c-action_details-1", options=["None", "NA", "007", "1e3"], key=0)),
        clip("d", question("d-action_details-1"), split="held_out"),
        clip("e", question("e-action_details-1"), may_redistribute=False),
    )


@pytest.fixture
def out(release: Release, tmp_path: Path) -> Path:
    """Both layouts, in folders of their own."""
    for name in ("lmms_eval", "vlmevalkit"):
        export_release(release, layout=name, out=tmp_path / name)
    return tmp_path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def jsonl(out: Path, name: str = "haicbench") -> dict[str, dict[str, Any]]:
    return {line["id"]: line for line in lines_of(out / f"lmms_eval/lmms_eval/{name}.jsonl")}


def tsv(out: Path, name: str = "HAICBench") -> dict[str, dict[str, str]]:
    with (out / f"vlmevalkit/vlmevalkit/{name}.tsv").open(encoding="utf-8", newline="") as file:
        return {line["question_id"]: line for line in csv.DictReader(file, delimiter="\t")}


@pytest.fixture
def utils(out: Path) -> Iterator[Any]:
    """utils.py of an export that was moved, as the harness imports it: by its path."""
    moved = shutil.move(out / "lmms_eval", out / "moved")
    spec = spec_from_file_location("utils", Path(moved) / "lmms_eval/utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    shutil.move(moved, out / "lmms_eval")


def test_lmms_eval_has_the_superset_of_columns_with_one_type_each(out: Path) -> None:
    rows = jsonl(out)
    types = {
        **dict.fromkeys(("id", "video_id", "video", "category", "question", "answer", "answer_text", "caption"), str),
        **dict.fromkeys(("split", "videoID", "video_name", "question_id", "task_type"), str),
        **dict.fromkeys(("answer_index", "answer_id"), int),
        **dict.fromkeys(("options", "candidates"), list),
        "duration": float,
        **{f"options_shuffled_{n}": list for n in (1, 2, 3)},
        **{f"answer_shuffled_{n}": str for n in (1, 2, 3)},
    }
    for row in rows.values():
        assert {name: type(value) for name, value in row.items()} == types
    assert rows["a-count-1"]["answer"] == "D"
    assert rows["a-count-1"]["video"] == "videos/a.mp4"
    assert rows["a-count-1"]["duration"] == 2.5


def test_the_columns_that_the_task_declares_are_those_of_the_data(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Datasets:
        Features = dict
        Sequence = staticmethod(lambda inner: [inner])
        Value = staticmethod(str)

    monkeypatch.setitem(sys.modules, "datasets", Datasets)
    spec = spec_from_file_location("columns", out / "lmms_eval/lmms_eval/columns.py")
    assert spec is not None
    assert spec.loader is not None
    columns = module_from_spec(spec)
    spec.loader.exec_module(columns)
    python = {"string": str, "int64": int, "float64": float}
    said = {name: list if isinstance(kind, list) else python[kind] for name, kind in columns.FEATURES.items()}
    for row in jsonl(out).values():
        assert {name: type(value) for name, value in row.items()} == said


def test_vlmevalkit_tables_have_their_columns(out: Path) -> None:
    scored, blind, caption = tsv(out), tsv(out, "HAICBench_NoVideo"), tsv(out, "HAICBench_Caption")
    words = ["index", "question_id", "question", "A", "B", "C", "D", "answer", "category"]
    row = scored["a-count-1"]
    assert list(row) == [
        *("index", "question_id", "video", "video_path", "duration", "question", "candidates", "answer"),
        *("category", "task_type", "A", "B", "C", "D", "hint", "caption"),
        *("candidates_shuffled_1", "answer_shuffled_1", "candidates_shuffled_2", "answer_shuffled_2"),
        *("candidates_shuffled_3", "answer_shuffled_3"),
    ]
    assert (row["video"], row["video_path"], row["duration"]) == ("a", "videos/a.mp4", "2.5")
    assert (row["answer"], row["D"], row["category"], row["task_type"]) == ("D", "She jumps", "count", "count")
    assert list(blind["a-count-1"]) == words
    assert list(caption["a-count-1"]) == [*words, "hint"]
    assert caption["a-count-1"]["hint"] == "A man waves."
    for table in (blind, caption):
        assert [(row["index"], row["question_id"]) for row in table.values()] == [
            (row["index"], row["question_id"]) for row in scored.values()
        ]
    assert {row["hint"] for row in scored.values()} == {""}  # read without the class, it must not give the caption away


def test_texts_are_byte_exact_s36(out: Path) -> None:
    line, row = jsonl(out)["b-action_details-1"], tsv(out)["b-action_details-1"]
    assert line["question"] == row["question"] == HOSTILE[0]
    assert line["caption"] == row["caption"] == tsv(out, "HAICBench_Caption")["b-action_details-1"]["hint"] == CAPTION
    assert line["options"] == line["candidates"] == [row[letter] for letter in "ABCD"] == HOSTILE


def test_lists_are_texts_and_nothing_else_for_readers_that_evaluate_them_s26(out: Path) -> None:
    row = tsv(out)["b-action_details-1"]
    for name in ("candidates", "candidates_shuffled_1", "candidates_shuffled_2", "candidates_shuffled_3"):
        tree = ast.parse(row[name], mode="eval").body
        assert isinstance(tree, ast.List)
        assert all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in tree.elts)
        assert ast.literal_eval(row[name]) == json.loads(row[name])
    assert json.loads(row["candidates"]) == HOSTILE


def test_words_that_pandas_takes_for_nothing_keep_their_place_where_no_code_of_ours_reads(out: Path) -> None:
    assert [tsv(out)["c-action_details-1"][letter] for letter in "ABCD"] == ["None", "NA", "007", "1e3"]
    blind = tsv(out, "HAICBench_NoVideo")["c-action_details-1"]
    assert [blind[letter] for letter in "ABCD"] == ["None ", "NA ", "007", "1e3"]


def test_held_out_questions_stand_in_files_of_their_own_without_keys(out: Path) -> None:
    assert (
        set(jsonl(out))
        == set(tsv(out))
        == {
            "a-action_details-1",
            "a-count-1",
            "b-action_details-1",
            "c-action_details-1",
            "e-action_details-1",
        }
    )
    (line,) = jsonl(out, "haicbench_held_out").values()
    assert line["options"] == OPTIONS
    shuffled = [f"answer_shuffled_{n}" for n in (1, 2, 3)]
    kept_back = ["answer", "answer_index", "answer_text", "answer_id", "caption", *shuffled]
    assert {line[name] for name in kept_back} == {None}
    (row,) = tsv(out, "HAICBench_HeldOut").values()
    assert {row[name] for name in ("answer", "caption", "hint", *shuffled)} == {""}
    for name in ("HAICBench_NoVideo", "HAICBench_Caption"):
        assert "d-action_details-1" not in tsv(out, name)


def test_without_held_out_clips_there_is_no_file_and_no_task_for_them(project: Project, tmp_path: Path) -> None:
    release = release_of(project, clip("a", question("a-count-1")))
    for name in ("lmms_eval", "vlmevalkit"):
        export_release(release, layout=name, out=tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*") if "held" in path.name.casefold()] == []


def test_a_withdrawn_clip_is_in_no_file(release: Release, tmp_path: Path) -> None:
    Clip.objects.filter(clip_id__in=("a", "d")).update(state=ClipStatus.WITHDRAWN)
    for name in ("lmms_eval", "vlmevalkit"):
        find_layout(name).write(FrozenRelease(release), tmp_path)
    text = "".join(path.read_text() for path in tmp_path.rglob("*.[jt]s*"))
    assert "b-action_details-1" in text
    assert "a-action_details-1" not in text
    assert "d-action_details-1" not in text


def test_training_data_has_no_such_layout(release: Release, tmp_path: Path) -> None:
    train = Release(project=release.project, version="2.0.0", kind=ReleaseKind.TRAIN)
    assert not {"lmms_eval", "vlmevalkit"} & {layout.NAME for layout in layouts_for(train)}
    with pytest.raises(BadInput, match="no layout of a release of kind train"):
        export_release(train, layout="vlmevalkit", out=tmp_path / "x")


def test_shuffles_stand_by_the_digest_of_question_number_and_letter(out: Path) -> None:
    line, row = jsonl(out)["a-count-1"], tsv(out)["a-count-1"]
    for number in (1, 2, 3):
        digests = {one: hashlib.sha256(f"a-count-1{number}{one}".encode()).hexdigest() for one in "ABCD"}
        letters = sorted("ABCD", key=digests.__getitem__)
        shuffled = [OPTIONS["ABCD".index(letter)] for letter in letters]
        assert line[f"options_shuffled_{number}"] == json.loads(row[f"candidates_shuffled_{number}"]) == shuffled
        key = line[f"answer_shuffled_{number}"]
        assert key == row[f"answer_shuffled_{number}"]
        assert shuffled["ABCD".index(key)] == OPTIONS[3]  # the key's text is the same in every order
    assert len({tuple(line[f"options_shuffled_{number}"]) for number in (1, 2, 3)}) > 1


@pytest.mark.parametrize("seed", ["0", "1"])
def test_shuffles_do_not_hang_on_the_seed_of_hashes(seed: str) -> None:
    code = (
        "from qa.releases.layouts._harness import shuffled;"
        "print(shuffled({'id': 'x-count-1', 'options': ['1', '2', '3', '4'], 'answer_index': 0}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "haic_annotate.settings"}
    run = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    # printf 'x-count-11A' | sha256sum, and so on: ACBD, DABC, ADCB
    assert ast.literal_eval(run.stdout) == {
        "options_shuffled_1": ["1", "3", "2", "4"],
        "answer_shuffled_1": "A",
        "options_shuffled_2": ["4", "1", "2", "3"],
        "answer_shuffled_2": "B",
        "options_shuffled_3": ["1", "4", "3", "2"],
        "answer_shuffled_3": "A",
    }


def test_the_parser_that_is_shipped_is_ours(out: Path) -> None:
    ours = Path(qa.answers.__file__).read_bytes()
    for name in ("lmms_eval", "vlmevalkit"):
        assert (out / name / name / "answers.py").read_bytes() == ours


def test_what_is_shipped_imports_the_standard_library_and_its_harness_only(out: Path) -> None:
    allowed = {"lmms_eval": {"datasets"}, "vlmevalkit": {"vlmeval", "pandas"}}
    for name, harness in allowed.items():
        paths = list((out / name / name).glob("*.py"))
        assert len(paths) > 2
        for path in paths:
            tree = ast.parse(path.read_text())
            modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            roots = {module.partition(".")[0] for module in modules}
            assert roots - set(sys.stdlib_module_names) <= harness


def test_every_category_is_reported(utils: Any) -> None:
    template = (Path(utils.__file__).parent / "_haicbench_template_yaml").read_text()
    assert [line.split(": ")[1] for line in template.splitlines() if line.startswith("  - metric: ")] == [
        "haicbench_acc",
        *(f"haicbench_{name}_acc" for name in Category.values),
    ]


def test_a_question_shows_its_video_by_an_absolute_path(utils: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    doc = lines_of(Path(utils.DATA))[0]
    (path,) = utils.doc_to_visual(doc)
    assert Path(path).is_absolute()
    assert Path(path).is_file()
    text = (
        "Question: What does he do?\nA. He waves\nB. A man waves\nC. He sits down\nD. She jumps\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert utils.doc_to_text(doc) == text
    assert utils.doc_to_messages(doc) == [
        {"role": "user", "content": [{"type": "video", "url": path}, {"type": "text", "text": text}]}
    ]
    elsewhere = Path(path).parent.rename(Path(path).parents[1] / "clips")
    monkeypatch.setenv("HAICBENCH_VIDEOS", str(elsewhere))
    assert utils.doc_to_visual(doc) == [str(elsewhere / "a.mp4")]


def test_a_video_that_may_not_be_passed_on_is_named(utils: Any) -> None:
    doc = {line["id"]: line for line in lines_of(Path(utils.DATA))}["e-action_details-1"]
    with pytest.raises(FileNotFoundError, match=r"e\.mp4 is not there.*not_redistributed.*HAICBENCH_VIDEOS"):
        utils.doc_to_visual(doc)


def test_blind_and_caption_show_no_video(utils: Any) -> None:
    doc = lines_of(Path(utils.DATA))[0]
    for shown, first in (("nothing", "Question: What does he do?"), ("caption", "Caption: A man waves.")):
        assert utils.doc_to_visual(doc, {"shown": shown}) == []
        assert utils.doc_to_text(doc, {"shown": shown}).splitlines()[0] == first
        (message,) = utils.doc_to_messages(doc, {"shown": shown})
        assert [part["type"] for part in message["content"]] == ["text"]
    assert utils.doc_to_text(doc, {"post_prompt": "Think first."}).splitlines()[-1] == "Think first."


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("A man waves, so the answer is C", "C"),
        ("He waves", "A"),
        ("A man waves", "B"),
        ("I think (D).", "D"),
        ("<think>A? B?</think> C", "C"),
        ("A or B", None),
        ("", None),
    ],
)
def test_replies_are_read_by_our_parser(utils: Any, reply: str, letter: str | None) -> None:
    doc = lines_of(Path(utils.DATA))[0]
    for answer in "ABCD":
        found = utils.process_results({**doc, "answer": answer}, [reply])
        assert list(found) == ["haicbench_acc", "haicbench_action_details_acc"]
        for scored in found.values():
            assert scored == {"id": doc["id"], "video_id": "a", "letter": letter, "score": int(letter == answer)}


def test_accuracy_is_the_mean_of_scores(utils: Any) -> None:
    assert utils.accuracy([{"score": 1}, {"score": 0}, {"score": 0}, {"score": 1}, {"score": 1}]) == 0.6
    with pytest.raises(ValueError, match="nothing was scored"):
        utils.accuracy([])


def test_a_held_out_question_is_answered_or_not(utils: Any) -> None:
    (doc,) = lines_of(Path(utils.HELD_OUT_DATA))
    for reply, letter in (("The answer is C.", "C"), ("I cannot tell.", None)):
        found = utils.process_held_out(doc, [reply])["haicbench_answered"]
        assert (found["letter"], found["score"]) == (letter, int(letter is not None))
