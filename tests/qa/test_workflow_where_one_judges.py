"""The whole workflow at random beside a model of it, where one person judges: half of 300 histories of 60 steps."""

import pytest

from annotation.services import judging
from tests.qa.workflow_machine import Workflow, run_histories

pytestmark = pytest.mark.fuzz


def test_api_rows_events_and_model_agree_after_every_step(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "UNDO_SECONDS", 3600)
    run_histories(Workflow)
