"""`manage check_qa FILE`: a line for a line, bad ones named, no service, no database."""

import json
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from haic_annotate.__main__ import ALONE_COMMANDS
from tests.qa.test_checks import PUBLISHED
from tests.stack import manage

GOOD = {"id": "q1", "category": "attribute", "question": "Which hat?", "options": ["Red", "Blue", "Green", "Black"]}
FLAGGED = {
    **GOOD,
    "id": "q2",
    "question": "Which hat has Person 2?",
    "options": ["Red", "red.", "Blue", "None of these"],
}


def written(tmp_path: Path, *lines: object) -> Path:
    """A line that is text is written as it is."""
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return file


def call(*arguments: str) -> tuple[str, str, int]:
    """What stands on stdout, on stderr, and the exit code."""
    said, complained, code = StringIO(), StringIO(), 0
    try:
        call_command("check_qa", *arguments, stdout=said, stderr=complained)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return said.getvalue(), complained.getvalue(), code


def run(tmp_path: Path, *lines: object) -> tuple[list[dict[str, Any]], str, int]:
    said, complained, code = call(str(written(tmp_path, *lines)))
    return [json.loads(line) for line in said.splitlines()], complained, code


def report(tmp_path: Path, *lines: object) -> tuple[dict[str, Any], str, int]:
    said, complained, code = call("--report", str(written(tmp_path, *lines)))
    return json.loads(said), complained, code


def test_each_question_gets_a_line_in_order(tmp_path: Path) -> None:
    said, complained, code = run(tmp_path, FLAGGED, "", GOOD, {**GOOD, "id": 7})
    rules = ["form:subject-label", "options:equal-after-folding", "options:all-or-none-of-above"]
    assert said == [
        {"id": "q2", "flags": [{"rule": rule, "blocks": True} for rule in rules]},
        {"id": "q1", "flags": []},
        {"id": 7, "flags": []},
    ]
    assert (complained, code) == ("", 0)


def test_key_caption_and_further_keys_are_taken(tmp_path: Path) -> None:
    more = {"answer_index": 3, "caption_id": "clip-a", "caption": "A man.", "labels": ["x"]}
    assert run(tmp_path, {**GOOD, **more}, {**GOOD, "answer_index": None, "caption": None})[1:] == ("", 0)


CLAPS = {
    "category": "count",
    "question": "How many times does the man clap?",
    "options": ["Once", "Twice", "Four times", "Nine times"],
    "answer_index": 1,
}
APPLAUDS = {**CLAPS, "question": "How often does the man applaud?"}
WAVES = {**CLAPS, "question": "How many times does the man wave?"}


def test_lines_of_one_clip_are_held_against_each_other_wherever_they_stand(tmp_path: Path) -> None:
    said, complained, code = run(
        tmp_path,
        {**CLAPS, "id": 1, "caption_id": "a"},
        {**WAVES, "id": 2, "caption_id": "a"},
        {**APPLAUDS, "id": 3, "caption_id": "b"},
        {**APPLAUDS, "id": 4},
        {**APPLAUDS, "id": "five", "caption_id": "a"},
    )
    assert (complained, code) == ("", 0)
    pairs = {line["id"]: [flag.get("pair_id") for flag in line["flags"] if not flag["blocks"]] for line in said}
    assert pairs == {1: ["five"], 2: [], 3: [], 4: [], "five": [1]}


def test_line_without_a_caption_has_no_flag_of_a_rule_that_needs_one(tmp_path: Path) -> None:
    caption = "There is one man in the video. He jumps."
    said, _, _ = run(
        tmp_path, {**CLAPS, "id": 1, "caption": caption}, {**CLAPS, "id": 2}, {**CLAPS, "id": 3, "caption": ""}
    )
    assert [[flag["rule"] for flag in line["flags"]] for line in said] == [["not-supported-by-caption"], [], []]


def test_report_compares_with_the_labels(tmp_path: Path) -> None:
    said, complained, code = report(
        tmp_path,
        {**GOOD, "flags": []},
        {**FLAGGED, "flags": ["form:subject-label", "options:equal-after-folding", "negated-question"]},
    )
    # Three block and two of them rightly; no warning where there should be one.
    assert (said["questions"], complained, code) == (2, "", 0)
    assert said["blocking"] == {
        "precision": {"hits": 2, "of": 3, "share": 0.6667, "interval": [0.2077, 0.9385]},
        "recall": {"hits": 2, "of": 2, "share": 1.0, "interval": [0.3424, 1.0]},
    }
    assert said["warnings"]["precision"] == {"hits": 0, "of": 0, "share": None, "interval": None}
    assert (said["warnings"]["recall"]["hits"], said["warnings"]["recall"]["of"]) == (0, 1)
    assert said["rules"]["negated-question"]["recall"]["share"] == 0.0


def test_report_counts_a_near_duplicate_once_a_pair(tmp_path: Path) -> None:
    paired = {"caption_id": "a", "flags": ["near-duplicate-pair"]}
    said, _, _ = report(
        tmp_path,
        {**CLAPS, **paired, "id": 1, "pair_id": 2},
        {**APPLAUDS, **paired, "id": 2, "pair_id": 1},
        {**WAVES, **paired, "id": 3, "pair_id": 4},
        {**GOOD, **paired, "id": 4, "pair_id": 3},
    )
    # Two pairs are meant, and one of them is said.
    figures = said["rules"]["near-duplicate-pair"]
    assert [(figures[name]["hits"], figures[name]["of"]) for name in ("precision", "recall")] == [(1, 1), (1, 2)]


def test_report_names_lines_without_labels(tmp_path: Path) -> None:
    _, complained, code = report(tmp_path, GOOD, {**GOOD, "flags": ["no-such-rule"]})
    assert complained.count("flags: must be a list of rules") == 2
    assert code == 1


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{", "It is not JSON"),
        ('{"id": "a", "id": "b"}', "The key “id” stands twice."),
        ("[]", "a line must be one JSON object"),
        ({**GOOD, "id": None}, "id: must be text or a whole number"),
        ({**GOOD, "id": True}, "id: must be text or a whole number"),
        ({**GOOD, "category": "Weather"}, "category: must be one of interaction, action_details"),
        ({**GOOD, "category": ["count"]}, "category: must be one of interaction, action_details"),
        ({**GOOD, "question": 3}, "question: must be text"),
        ({**GOOD, "question": " "}, "question: must not be empty"),
        ({**GOOD, "options": "Red"}, "options: must be a list of 2 to 26"),
        ({**GOOD, "options": ["Red"]}, "options: must be a list of 2 to 26"),
        ({**GOOD, "options": ["Red", 2]}, "options: must be text"),
        ({**GOOD, "answer_index": 4}, "answer_index: must be a number from 0 to 3, or absent"),
        ({**GOOD, "answer_index": "A"}, "answer_index: must be a number from 0 to 3, or absent"),
        ({**GOOD, "caption": ["A man."]}, "caption: must be text, or absent"),
    ],
)
def test_bad_line_is_named_and_the_good_ones_are_answered(tmp_path: Path, bad: object, complaint: str) -> None:
    said, complained, code = run(tmp_path, GOOD, bad, FLAGGED)
    assert ([line["id"] for line in said], code) == (["q1", "q2"], 1)
    assert f"questions.jsonl, line 2: {complaint}" in complained
    assert complained.count("\n") == 1


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(CommandError) as refusal:
            call_command("check_qa", str(file))
        assert refusal.value.returncode == 2
        assert str(file) in str(refusal.value)


def _manage(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return manage(tmp_path / "data", "check_qa", *arguments)


def test_command_starts_no_service_and_hands_on_its_exit_codes(tmp_path: Path) -> None:
    assert "check_qa" in ALONE_COMMANDS
    answer = _manage(tmp_path, str(PUBLISHED))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [json.loads(line)["flags"] for line in answer.stdout.splitlines()] == [[]] * 5
    assert _manage(tmp_path, str(tmp_path / "absent.jsonl")).returncode == 2
    assert _manage(tmp_path).returncode == 2
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    assert _manage(tmp_path, str(bad)).returncode == 1
    assert not (tmp_path / "data").exists()
