"""`manage evaluate`: from the command line to the figures, and what it refuses in one line."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation.models import Project, User
from qa.models import EvaluationRun
from qa.services.releases import freeze_release
from tests.annotation.drafting.conftest import model
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import MODEL, answers, benchmark, work

__all__ = ["model"]


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("evaluate", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def benchmarked(project: Project, ana: User, rui: User, adam: User) -> Project:
    benchmark(project, ana=ana, rui=rui, clips=1)
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    return project


def test_a_release_is_put_to_a_model_and_waited_for(
    benchmarked: Project, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(model, "A")
    monkeypatch.setattr(time, "sleep", lambda _: work(benchmarked))
    said = run("--project=demo", "--release=1.0.0", "--setting=blind", f"--model={MODEL}", "--tries=2", "--wait")
    made = EvaluationRun.objects.get()
    assert f"run {made.uid}: 5 questions, 2 tries each" in said
    assert "10 of 10 answered" in said
    assert "Avg. " in said
    assert (made.release_id is not None, made.created_by, made.tries) == (True, None, 2)


def test_work_that_stands_still_is_a_failure(
    benchmarked: Project, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.behave(then="400")
    monkeypatch.setattr(time, "sleep", lambda _: work(benchmarked))
    with pytest.raises(CommandError, match="5 were not answered"):
        run("--project=demo", "--setting=blind", f"--model={MODEL}", "--wait")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--project=nobody", "--setting=blind"], "there is no project “nobody”"),
        (["--project=demo", "--setting=blind"], "model"),
        (["--project=demo", "--setting=caption", f"--model={MODEL}"], "judge"),
        (["--project=demo", "--setting=blind", f"--model={MODEL}", "--release=2.0.0"], "there are: 1.0.0"),
        (["--project=demo", "--setting=blind", f"--model={MODEL}", "--as=nobody"], "there is no user “nobody”"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(benchmarked: Project, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        run(*arguments)
    assert "\n" not in str(refused.value)
    assert not EvaluationRun.objects.exists()


def test_on_whose_behalf(benchmarked: Project, rui: User, adam: User, model: ModelServer) -> None:
    wanted: list[Any] = ["--project=demo", "--setting=blind", f"--model={MODEL}"]
    with pytest.raises(CommandError, match="role of admin"):
        run(*wanted, "--as=rui")
    run(*wanted, "--as=adam")
    assert EvaluationRun.objects.get().created_by == adam
