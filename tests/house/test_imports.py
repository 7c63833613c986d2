"""Directions of imports are checked by a tool; here it is seen to catch one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

PACKAGES = ("annotation", "qa", "haic_annotate")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(settings.BASE_DIR / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(settings.BASE_DIR / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_house_as_it_is_keeps_its_directions(copy: Path) -> None:
    answer = lint_imports(copy)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("module", "planted", "caught"),
    [
        ("annotation/workflow.py", "from qa.models import QAItem", "annotation.workflow -> qa.models"),
        ("qa/models/items.py", "from qa.services import items", "qa.models.items -> qa.services.items"),
        ("annotation/models/clips.py", "import annotation.access", "annotation.models.clips -> annotation.access"),
        (
            "annotation/services/captions.py",
            "import annotation.tasks",
            "annotation.services.captions -> annotation.tasks",
        ),
    ],
)
def test_a_planted_upward_import_is_caught(copy: Path, module: str, planted: str, caught: str) -> None:
    file = copy / module
    file.write_text(f"{file.read_text()}\n{planted}\n")
    answer = lint_imports(copy)
    assert answer.returncode == 1
    assert caught in answer.stdout
