"""`manage check_descriptions FILE`: a line for a line, bad ones named, a report on labelled files, no service."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.check_scores import Labelled, f1
from haic_annotate.__main__ import ALONE_COMMANDS
from tests.stack import manage

CORPUS = Path(__file__).parent / "corpus" / "descriptions-first.jsonl"
ACT = {"id": "d1", "text": "Boy kicks a ball"}
NONE = {"id": 2, "text": "Oil prices jump"}


def run(tmp_path: Path, *lines: object, report: bool = False) -> tuple[list[str], str, int]:
    """What stands on stdout, on stderr, and the exit code. A line that is text is written as it is."""
    file = tmp_path / "descriptions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    said, complained, code = StringIO(), StringIO(), 0
    try:
        call_command("check_descriptions", str(file), report=report, stdout=said, stderr=complained)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return said.getvalue().splitlines(), complained.getvalue(), code


def test_each_description_gets_a_line_in_order(tmp_path: Path) -> None:
    said, complained, code = run(tmp_path, ACT, "", NONE, {"id": "d3", "text": "", "has_action_verb": "ignored"})
    assert [json.loads(line) for line in said] == [
        {"id": "d1", "has_action_verb": True, "verbs": ["kick"]},
        {"id": 2, "has_action_verb": False, "verbs": []},
        {"id": "d3", "has_action_verb": False, "verbs": []},
    ]
    assert (complained, code) == ("", 0)


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{", "It is not JSON"),
        ("[]", "a line must be one JSON object"),
        ({**ACT, "id": None}, "id: must be text or a whole number"),
        ({"id": "d1"}, "text: must be text"),
        ({**ACT, "text": 3}, "text: must be text"),
        ({**ACT, "text": "x" * 100_001}, "text: has 100,001 characters"),
    ],
)
def test_bad_line_is_named_and_the_good_ones_are_answered(tmp_path: Path, bad: object, complaint: str) -> None:
    said, complained, code = run(tmp_path, ACT, bad, NONE)
    assert ([json.loads(line)["id"] for line in said], code) == (["d1", 2], 1)
    assert f"descriptions.jsonl, line 2: {complaint}" in complained
    assert complained.count("\n") == 1


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(CommandError) as refusal:
            call_command("check_descriptions", str(file))
        assert refusal.value.returncode == 2
        assert str(file) in str(refusal.value)


def test_report_compares_with_the_labels_and_lists_what_was_wrong(tmp_path: Path) -> None:
    labelled = [
        {**ACT, "has_action_verb": True, "language": "en"},
        {"id": "wrong", "text": "Girl runs", "has_action_verb": False, "language": "en"},
        {"id": "missed", "text": "Ein Schloss", "has_action_verb": True, "language": "de"},
        {**NONE, "has_action_verb": False},
    ]
    said, _, code = run(tmp_path, *labelled, report=True)
    report: dict[str, Any] = json.loads("".join(said))
    # One of two found is right, one of two meant is found: F1 = 2 * 1 / (2 + 2). One of three stands in both: J = 1/3,
    # by Wilson [0.0615, 0.7923], and 2J / (1 + J) of the ends is [0.1159, 0.8841].
    assert (report["descriptions"], code) == (4, 0)
    half = {"hits": 1, "of": 2, "share": 0.5, "interval": [0.0945, 0.9055]}
    assert report["overall"] == {
        "precision": half,
        "recall": half,
        "f1": {"share": 0.5, "interval": [0.1159, 0.8841]},
    }
    assert list(report["languages"]) == ["de", "en"]
    assert report["languages"]["de"]["precision"] == {"hits": 0, "of": 0, "share": None, "interval": None}
    assert report["wrongly_found"] == [{"id": "wrong", "text": "Girl runs", "verbs": ["run"]}]
    assert report["missed"] == [{"id": "missed", "text": "Ein Schloss", "verbs": []}]


def test_report_names_lines_without_labels(tmp_path: Path) -> None:
    _, complained, code = run(tmp_path, ACT, {**ACT, "has_action_verb": 1}, report=True)
    assert complained.count("has_action_verb: must be true or false") == 2
    _, complained, _ = run(tmp_path, {**ACT, "has_action_verb": True, "language": 1}, report=True)
    assert "language: must be text, or absent" in complained
    assert code == 1


def test_f1_of_nothing_is_none() -> None:
    nothing = {"share": None, "interval": None}
    assert f1([], frozenset("a")) == nothing
    assert f1([Labelled(frozenset(), frozenset())], frozenset("a")) == nothing


def test_command_starts_no_service_and_hands_on_its_exit_codes(tmp_path: Path) -> None:
    assert "check_descriptions" in ALONE_COMMANDS
    answer = manage(tmp_path / "data", "check_descriptions", str(CORPUS))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == 260
    assert manage(tmp_path / "data", "check_descriptions", str(tmp_path / "absent.jsonl")).returncode == 2
    assert manage(tmp_path / "data", "check_descriptions").returncode == 2
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    assert manage(tmp_path / "data", "check_descriptions", str(bad)).returncode == 1
    assert not (tmp_path / "data").exists()
