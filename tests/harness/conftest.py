"""Evaluation harnesses in a virtual environment of their own, made once and kept in the user's cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from annotation.models import Project
from qa.models import Release
from tests.qa.releases.frozen import clip, question, release_of

HERE = Path(__file__).resolve().parent
LISTS = ("requirements.txt", "requirements-alone.txt")
VIDEO = HERE.parents[1] / "samples/clips/rooftop-somersault.mp4"


@pytest.fixture(scope="session")
def harness_python() -> Path:
    """The interpreter of a virtual environment that holds lmms-eval and VLMEvalKit. Made anew when a list changes."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LISTS)).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "haic-annotate"
    cache.mkdir(parents=True, exist_ok=True)
    venv = cache / f"harness-{digest}"
    python, stamp = venv / "bin/python", venv / ".complete"
    with (cache / "harness.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(venv, ignore_errors=True)
            install = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
            for command in (
                [sys.executable, "-m", "venv", str(venv)],
                [*install, "-r", str(HERE / LISTS[0])],
                [*install, "--no-deps", "-r", str(HERE / LISTS[1])],
            ):
                subprocess.run(command, check=True, timeout=3600)
            stamp.touch()
    return python


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """An environment with homes of its own, in which nothing leaves the machine."""
    for name in ("hf", "LMUData"):
        (tmp_path / name).mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "LMUData": str(tmp_path / "LMUData"),
        "HF_HUB_OFFLINE": "1",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
    }


@pytest.fixture
def release(project: Project) -> Release:
    """Three clips to score, one named like a date and one with texts that spreadsheets take for other things."""
    return release_of(
        project,
        clip("2024-01-31", question("x-action_details-1", key=2), question("x-count-1", category="count", key=3)),
        clip(
            "2024-02-29",
            question("y-action_details-1", text="=1+1 says 你好\t“no”", key=1),
            question("y-count-1", category="count", options=["None", "NA", "007", "1e3"], key=2),
            duration_ms=2500,
        ),
        clip("2024-03-01", question("z-count-1", category="count", options=["None", "1", "2", "3"], key=0)),
        clip("2024-03-02", question("w-action_details-1"), split="held_out"),
        video=VIDEO.read_bytes(),
    )
