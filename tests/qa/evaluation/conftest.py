from pathlib import Path

import pytest

from annotation.models import Project, User
from qa.models import Release
from tests.qa.evaluation.scene import recorded_release

RECORDED = Path(__file__).resolve().parent / "recorded"


@pytest.fixture
def recorded() -> Path:
    return RECORDED


@pytest.fixture
def release(project: Project, ana: User, rui: User) -> Release:
    return recorded_release(project, author=ana, reviewer=rui)
