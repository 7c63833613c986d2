"""A child dies with its parent, also with one that died before the child could ask for it."""

import os
import signal
import subprocess
import sys

from tests.stack import HOME

CHILD = "from annotation.processes import die_with_parent; die_with_parent(parent={parent}); print('alive')"


def child_of(parent: int) -> tuple[int, str]:
    """Exit code and words of a child that takes `parent` for its parent."""
    said = subprocess.run(
        [sys.executable, "-c", CHILD.format(parent=parent)], cwd=HOME, capture_output=True, text=True, check=False
    )
    return said.returncode, said.stdout


def test_a_child_whose_parent_is_there_lives() -> None:
    assert child_of(os.getpid()) == (0, "alive\n")


def test_a_child_whose_parent_died_before_it_asked_dies() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert child_of(gone.pid) == (-signal.SIGKILL, "")
