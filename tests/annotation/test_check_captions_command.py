"""`manage check_captions FILE`: a line for a line, bad ones named, a report on labelled files, no service."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.check_scores import Labelled, scores
from haic_annotate.__main__ import ALONE_COMMANDS
from tests.stack import manage

CORPUS = Path(__file__).parent / "corpus" / "captions.jsonl"
SECOND_CORPUS = CORPUS.with_name("captions_2.jsonl")
THIRD_CORPUS = CORPUS.with_name("captions_3.jsonl")
FOURTH_CORPUS = CORPUS.with_name("captions_4.jsonl")
FIFTH_CORPUS = CORPUS.with_name("captions_5.jsonl")
FINE = {"id": "c1", "caption": "There is one person in the video, a man in a cap. He sits.", "duration_s": 7.7}
FLAGGED = {
    "id": "c2",
    "caption": "Person A is probably tired. [00:07.9] He sits. [00:02.0] He stands.",
    "duration_s": 7.75,
}


def run(tmp_path: Path, *lines: object, report: bool = False) -> tuple[list[str], str, int]:
    """What stands on stdout, on stderr, and the exit code. A line that is text is written as it is."""
    file = tmp_path / "captions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    said, complained, code = StringIO(), StringIO(), 0
    try:
        call_command("check_captions", str(file), report=report, stdout=said, stderr=complained)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return said.getvalue().splitlines(), complained.getvalue(), code


def test_each_caption_gets_a_line_in_order_and_nothing_blocks(tmp_path: Path) -> None:
    said, complained, code = run(tmp_path, FLAGGED, "", FINE, {**FINE, "id": 7, "flags": "ignored"})
    rules = ["no-people-statement", "subject-label", "speculation", "mark-past-end", "marks-out-of-order"]
    assert [json.loads(line) for line in said] == [
        {"id": "c2", "flags": [{"rule": rule, "blocks": False} for rule in rules]},
        {"id": "c1", "flags": []},
        {"id": 7, "flags": []},
    ]
    assert (complained, code) == ("", 0)


def test_mark_at_the_duration_rounded_up_is_not_past_the_end(tmp_path: Path) -> None:
    for duration_s, rules in ((7.81, []), (7.9, []), (8, []), (7.8, ["mark-past-end"]), (7.79, ["mark-past-end"])):
        line = {"id": "c", "caption": "There is one person in the video. [00:07.9] He sits.", "duration_s": duration_s}
        said, _, _ = run(tmp_path, line)
        assert [flag["rule"] for flag in json.loads(said[0])["flags"]] == rules


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{", "It is not JSON"),
        ("[]", "a line must be one JSON object"),
        ({**FINE, "id": None}, "id: must be text or a whole number"),
        ({**FINE, "caption": 3}, "caption: must be text"),
        ({"id": "c1", "duration_s": 3}, "caption: must be text"),
        ({**FINE, "caption": "x" * 100_001}, "caption: has 100,001 characters"),
        ({**FINE, "duration_s": "7"}, "duration_s: must be a number of seconds"),
        ({**FINE, "duration_s": True}, "duration_s: must be a number of seconds"),
        ({**FINE, "duration_s": -1}, "duration_s: must be a number of seconds"),
        ({"id": "c1", "caption": "He sits."}, "duration_s: must be a number of seconds"),
    ],
)
def test_bad_line_is_named_and_the_good_ones_are_answered(tmp_path: Path, bad: object, complaint: str) -> None:
    said, complained, code = run(tmp_path, FINE, bad, FLAGGED)
    assert ([json.loads(line)["id"] for line in said], code) == (["c1", "c2"], 1)
    assert f"captions.jsonl, line 2: {complaint}" in complained
    assert complained.count("\n") == 1


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(CommandError) as refusal:
            call_command("check_captions", str(file))
        assert refusal.value.returncode == 2
        assert str(file) in str(refusal.value)


def test_report_compares_with_the_labels(tmp_path: Path) -> None:
    labelled = [
        {**FINE, "flags": ["speculation"]},
        {**FLAGGED, "flags": ["subject-label", "speculation", "mark-past-end", "marks-out-of-order"]},
    ]
    said, _, code = run(tmp_path, *labelled, report=True)
    report = json.loads("".join(said))
    # Five fire, four of them rightly; of five that should, four do.
    assert (report["captions"], code) == (2, 0)
    assert report["overall"] == {
        "precision": {"hits": 4, "of": 5, "share": 0.8, "interval": [0.3755, 0.9638]},
        "recall": {"hits": 4, "of": 5, "share": 0.8, "interval": [0.3755, 0.9638]},
    }
    assert report["rules"]["speculation"]["recall"]["hits"] == 1
    assert report["rules"]["no-people-statement"]["recall"] == {"hits": 0, "of": 0, "share": None, "interval": None}


def test_report_names_lines_without_labels(tmp_path: Path) -> None:
    _, complained, code = run(tmp_path, FINE, {**FINE, "flags": ["no-such-rule"]}, report=True)
    assert complained.count("flags: must be a list of rules") == 2
    assert code == 1


def test_a_rule_counts_once_a_caption() -> None:
    said = scores([Labelled(frozenset({"a", "b"}), frozenset({"a"})), Labelled(frozenset(), frozenset({"b"}))])
    assert (said["overall"]["precision"]["hits"], said["overall"]["precision"]["of"]) == (1, 2)
    assert said["rules"]["b"]["recall"]["share"] == 0.0


@pytest.mark.parametrize(
    ("corpus", "captions"),
    [(CORPUS, 110), (SECOND_CORPUS, 90), (THIRD_CORPUS, 100), (FOURTH_CORPUS, 100), (FIFTH_CORPUS, 100)],
)
def test_checks_are_right_on_the_labelled_captions(tmp_path: Path, corpus: Path, captions: int) -> None:
    """MUST SHOW 9: precision of at least 0.95, recall of at least 0.8, on each set."""
    said, complained, code = run(tmp_path, *corpus.read_text().splitlines(), report=True)
    report: dict[str, Any] = json.loads("".join(said))
    assert (report["captions"], complained, code) == (captions, "", 0)
    assert report["overall"]["precision"]["share"] >= 0.95
    assert report["overall"]["recall"]["share"] >= 0.8


def test_command_starts_no_service_and_hands_on_its_exit_codes(tmp_path: Path) -> None:
    assert "check_captions" in ALONE_COMMANDS
    answer = manage(tmp_path / "data", "check_captions", str(CORPUS))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == 110
    assert manage(tmp_path / "data", "check_captions", str(tmp_path / "absent.jsonl")).returncode == 2
    assert manage(tmp_path / "data", "check_captions").returncode == 2
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    assert manage(tmp_path / "data", "check_captions", str(bad)).returncode == 1
    assert not (tmp_path / "data").exists()
