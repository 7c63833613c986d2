"""`./haic` where something is missing: one clear line each, and nothing half done. The Pythons here are stand-ins."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack import HOME

TOOLS = ["awk", "cat", "cksum", "dirname", "env", "rm", "tail", "mkdir", "chmod", "cp", "sh"]
FREE = 'echo "Filesystem 1024-blocks Used Available Capacity Mounted"; echo "disk 9 9 {free_kb} 1% /"'

# Answers what the script asks a Python, makes a .venv whose python is itself, and writes down what it was asked.
PYTHON = """
echo "$@" >> "$HAIC_TEST_LOG"
case "$*" in
    *version_info*) exit {version} ;;
    *"import venv, ensurepip"*) exit {venv} ;;
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    "-m pip install"*) exit "${{HAIC_TEST_PIP:-0}}" ;;
    "-m haic_annotate"*) echo "started in $(pwd): $*" ;;
esac
"""


class Clone:
    """A fresh clone on a machine that has only what is put on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "clone with spaces"
        self.home.mkdir()
        shutil.copy(HOME / "haic", self.home)
        (self.home / "requirements.txt").write_text("nothing\n")
        self.path = folder / "bin"
        self.path.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.path / tool).symlink_to(found)
        self.program("df", FREE.format(free_kb=9_000_000))
        self.log = folder / "log"
        self.log.touch()

    def program(self, name: str, body: str) -> None:
        file = self.path / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def python(self, name: str = "python3", *, version: int = 0, venv: int = 0) -> None:
        self.program(name, PYTHON.format(version=version, venv=venv))

    def haic(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        elsewhere = self.home.parent / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return subprocess.run(
            [str(self.home / "haic"), *arguments],
            cwd=elsewhere,
            env={"PATH": str(self.path), "HAIC_TEST_LOG": str(self.log), **env},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def asked(self, words: str) -> int:
        """How many times a Python was asked this."""
        return sum(words in line for line in self.log.read_text().splitlines())

    @property
    def is_installed(self) -> bool:
        return (self.home / ".venv/.requirements").exists()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def _refusal(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 1
    return answer.stderr.splitlines()[-1]


def test_it_installs_once_and_then_starts_at_once(clone: Clone) -> None:
    clone.python()
    first = clone.haic("manage", "check")
    assert first.returncode == 0, first.stderr
    assert "installing into .venv" in first.stderr
    assert clone.is_installed

    second = clone.haic("manage", "check", "--data", "relative")
    # The caller's folder stays: relative paths in arguments are the caller's.
    assert (
        second.stdout
        == f"started in {clone.home.parent / 'elsewhere'}: -m haic_annotate manage check --data relative\n"
    )
    assert second.stderr == ""
    assert clone.asked("pip install") == 1
    assert clone.asked("--require-hashes") == 1


def test_other_requirements_are_installed_again(clone: Clone) -> None:
    clone.python()
    clone.haic("up")
    (clone.home / "requirements.txt").write_text("something\n")
    clone.haic("up")
    assert clone.asked("pip install") == 2


def test_without_python_it_says_so(clone: Clone) -> None:
    assert "no working Python 3.11 or newer found" in _refusal(clone.haic("up"))
    assert not (clone.home / ".venv").exists()


def test_a_python_that_is_too_old_or_only_a_name_is_passed_over(clone: Clone) -> None:
    clone.python("python3.13", version=1)
    clone.program("python3.12", "echo 'not installed' >&2; exit 127")
    assert "no working Python" in _refusal(clone.haic("up"))
    clone.python("python3.11")
    assert clone.haic("up").returncode == 0


def test_a_named_python_must_work(clone: Clone, tmp_path: Path) -> None:
    clone.python()
    assert "HAIC_PYTHON=/no/python is no working Python" in _refusal(clone.haic("up", HAIC_PYTHON="/no/python"))
    clone.python("my python")
    clone.python("python3", version=1)
    assert clone.haic("up", HAIC_PYTHON=str(clone.path / "my python")).returncode == 0


def test_without_the_venv_module_it_names_the_package(clone: Clone) -> None:
    clone.python(venv=1)
    assert "apt-get install python3-venv" in _refusal(clone.haic("up"))
    assert not (clone.home / ".venv").exists()


def test_a_full_disk_is_noticed_before_anything_is_written(clone: Clone) -> None:
    clone.python()
    clone.program("df", FREE.format(free_kb=1_499_999))
    assert "less than 1.5 GB free" in _refusal(clone.haic("up"))
    assert clone.asked("-m venv") == 0


def test_a_failed_installation_is_begun_anew(clone: Clone) -> None:
    clone.python()
    assert "the packages could not be installed" in _refusal(clone.haic("up", HAIC_TEST_PIP="1"))
    assert not clone.is_installed
    (clone.home / ".venv/half").touch()
    assert clone.haic("up").returncode == 0
    assert clone.is_installed
    assert not (clone.home / ".venv/half").exists()


def test_a_venv_whose_python_is_gone_is_made_again(clone: Clone) -> None:
    clone.python()
    clone.haic("up")
    (clone.home / ".venv/bin/python").unlink()
    assert clone.haic("up").returncode == 0
    assert clone.asked("pip install") == 2


def test_help_needs_nothing_and_an_unknown_command_is_wrong_usage(clone: Clone) -> None:
    for arguments in ([], ["help"], ["--help"]):
        answer = clone.haic(*arguments)
        assert answer.returncode == 0
        assert "usage: ./haic COMMAND" in answer.stdout
    wrong = clone.haic("upp")
    assert wrong.returncode == 2
    assert "usage: ./haic COMMAND" in wrong.stderr
    assert wrong.stdout == ""
    assert not (clone.home / ".venv").exists()
