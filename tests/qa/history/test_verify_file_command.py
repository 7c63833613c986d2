"""`manage verify_history FILE`: one line, the first thing that does not hold, and neither a service nor a database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.qa.history.told import as_bytes, caption_of, history_file, lines_of
from tests.stack import HOME, manage


@pytest.fixture
def raw(told_once: bytes) -> bytes:
    return told_once


def test_the_command_says_one_line(raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_history", str(history_file(tmp_path, raw)))
    said = capsys.readouterr().out
    assert said.startswith("history verified: 4 blind answers, 3 clips, 6 comments, 8 drafts, 40 events")
    assert said.count("\n") == 1


def test_the_command_names_the_first_thing_that_does_not_hold(raw: bytes, tmp_path: Path) -> None:
    lines = lines_of(raw)
    caption = caption_of(lines, "a")
    caption["revisions"][0]["payload"]["text"] += "!"
    path = history_file(tmp_path, as_bytes(lines))
    expected = f"line 4: caption of clip a ({caption['object']}): revision 1: its content does not"
    with pytest.raises(CommandError) as refused:
        call_command("verify_history", str(path))
    assert str(refused.value).startswith(f"{path}: {expected}")
    assert refused.value.returncode == 1


def test_the_command_takes_a_file_or_a_project(raw: bytes, tmp_path: Path) -> None:
    path = history_file(tmp_path, raw)
    with pytest.raises(CommandError, match="not both"):
        call_command("verify_history", str(path), project="demo")
    with pytest.raises(CommandError, match="No such file") as refused:
        call_command("verify_history", str(tmp_path / "other.jsonl"))
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="directory"):
        call_command("verify_history", str(tmp_path))


def test_the_command_starts_no_service(raw: bytes, tmp_path: Path) -> None:
    path = history_file(tmp_path, raw)
    for arguments in ([str(path)], ["-v", "2", str(path)], [str(path), "--no-color"]):
        answer = manage(tmp_path / "data", "verify_history", *arguments)
        assert (answer.stderr, answer.returncode) == ("", 0)
        assert answer.stdout.startswith("history verified: 4 blind answers")
    path.write_bytes(raw.replace(b"bald man", b"bold man", 1))
    answer = manage(tmp_path / "data", "verify_history", str(path))
    assert answer.returncode == 1
    assert "draft 1: its content does not give its digest" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_a_file_is_proved_without_settings_or_a_database(raw: bytes, tmp_path: Path) -> None:
    code = "import pathlib, sys; from qa.history.verifying import verify_file as v; print(v(pathlib.Path(sys.argv[1])))"
    bare = {"PATH": os.environ["PATH"]}  # no DATABASE_URL, no DJANGO_SETTINGS_MODULE
    command = [sys.executable, "-c", code, str(history_file(tmp_path, raw))]
    answer = subprocess.run(command, cwd=HOME, env=bare, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("4 blind answers, 3 clips")
