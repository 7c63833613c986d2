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


def run(tmp_path: Path, *lines: object) -> tuple[list[dict[str, Any]], str, int]:
    """What stands on stdout, on stderr, and the exit code. A line that is text is written as it is."""
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    said, complained, code = StringIO(), StringIO(), 0
    try:
        call_command("check_qa", str(file), stdout=said, stderr=complained)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return [json.loads(line) for line in said.getvalue().splitlines()], complained.getvalue(), code


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
