"""`manage parse_answers FILE`: a line for a line, bad ones named, no service, no database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from haic_annotate.__main__ import ALONE_COMMANDS
from tests.stack import manage

OPTIONS = ["He sits down", "He jumps", "He waves", "He opens a door"]
SETTLED = {"id": "q1", "options": OPTIONS, "reply": "A man waves, so the answer is C"}
OPEN = {"id": 2, "options": OPTIONS, "reply": "A or B"}
CORPUS = Path(__file__).parent / "corpus" / "replies-second.jsonl"


def run(tmp_path: Path, *lines: object) -> tuple[list[str], str, int]:
    """What stands on stdout, on stderr, and the exit code. A line that is text is written as it is."""
    file = tmp_path / "replies.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    said, complained, code = StringIO(), StringIO(), 0
    try:
        call_command("parse_answers", str(file), stdout=said, stderr=complained)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return said.getvalue().splitlines(), complained.getvalue(), code


def test_each_reply_gets_a_line_in_order(tmp_path: Path) -> None:
    two = {"id": "q3", "options": ["Yes", "No"], "reply": "", "letter": "ignored"}
    said, complained, code = run(tmp_path, SETTLED, "", OPEN, two)
    assert said == [
        '{"id": "q1", "letter": "C"}',
        '{"id": 2, "letter": null}',
        '{"id": "q3", "letter": null}',
    ]
    assert (complained, code) == ("", 0)


def test_most_options_and_longest_reply_are_taken(tmp_path: Path) -> None:
    many = {"id": 1, "options": [f"act number {number}" for number in range(26)], "reply": "Z"}
    long = {**SETTLED, "reply": "x" * 99_990 + " Answer: B"}
    assert run(tmp_path, many, long)[0] == ['{"id": 1, "letter": "Z"}', '{"id": "q1", "letter": "B"}']


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{", "It is not JSON"),
        ("[]", "a line must be one JSON object"),
        ({**SETTLED, "id": None}, "id: must be text or a whole number"),
        ({"id": "q1", "reply": "C"}, "options: must be a list of texts"),
        ({**SETTLED, "options": "ABCD"}, "options: must be a list of texts"),
        ({**SETTLED, "options": ["Yes"]}, "options: must be 2 to 26 texts"),
        ({**SETTLED, "options": ["x"] * 27}, "options: must be 2 to 26 texts"),
        ({**SETTLED, "options": ["Yes", 2]}, "options: must be text"),
        ({"id": "q1", "options": OPTIONS}, "reply: must be text"),
        ({**SETTLED, "reply": 3}, "reply: must be text"),
        ({**SETTLED, "reply": "x" * 100_001}, "reply: has 100,001 characters"),
    ],
)
def test_bad_line_is_named_and_the_good_ones_are_answered(tmp_path: Path, bad: object, complaint: str) -> None:
    said, complained, code = run(tmp_path, SETTLED, bad, OPEN)
    assert ([json.loads(line)["id"] for line in said], code) == (["q1", 2], 1)
    assert f"replies.jsonl, line 2: {complaint}" in complained
    assert complained.count("\n") == 1


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(CommandError) as refusal:
            call_command("parse_answers", str(file))
        assert refusal.value.returncode == 2
        assert str(file) in str(refusal.value)


def test_command_starts_no_service_and_hands_on_its_exit_codes(tmp_path: Path) -> None:
    assert "parse_answers" in ALONE_COMMANDS
    answer = manage(tmp_path / "data", "parse_answers", str(CORPUS))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == len(CORPUS.read_text().splitlines())
    assert manage(tmp_path / "data", "parse_answers", str(tmp_path / "absent.jsonl")).returncode == 2
    assert manage(tmp_path / "data", "parse_answers").returncode == 2
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    assert manage(tmp_path / "data", "parse_answers", str(bad)).returncode == 1
    assert not (tmp_path / "data").exists()
