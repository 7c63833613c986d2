"""What a run would cost, held against what it reserved and cost when it was made."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.test import Client

from annotation.errors import BadInput
from annotation.models import Call, CallOutcome, Clip, Job, Project, User
from qa.evaluation.questions import count_of, questions_of
from qa.models import EvaluationRun
from qa.services.evaluation import Wish, checked_wish
from qa.services.evaluation_estimates import EvaluationEstimate, estimate_run
from qa.services.items import reopen
from qa.services.releases import freeze_release
from tests.annotation.drafting.conftest import model
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import JUDGE, MODEL, answers, asked_run, benchmark, work

__all__ = ["model"]

PAGE = "/projects/demo/evaluation/"


@pytest.fixture
def clips(project: Project, ana: User, rui: User) -> list[Clip]:
    return benchmark(project, ana=ana, rui=rui)


def wish(setting: str, **more: Any) -> Wish:
    named: dict[str, Any] = {"judge": JUDGE} if setting == "human_captions" else {"model": MODEL}
    return checked_wish(setting=setting, **{**named, **more})


def of(project: Project, setting: str, **more: Any) -> EvaluationEstimate:
    return estimate_run(project=project, release=None, wish=wish(setting, **more))


@pytest.mark.parametrize("setting", ["blind", "human_captions"])
@pytest.mark.parametrize("is_batch", [False, True])
def test_the_worst_case_is_what_is_reserved_and_not_much_more(
    project: Project, adam: User, clips: list[Clip], model: ModelServer, setting: str, is_batch: bool
) -> None:
    found = of(project, setting, tries=2, is_batch=is_batch)
    assert (found.questions, found.calls) == (10, 20)
    answers(model, "A")
    asked_run(project=project, user=adam, release=None, wish=wish(setting, tries=2))
    work(project)
    reserved = Call.objects.aggregate(total=Sum("reserved_micro_usd"))["total"] / (2 if is_batch else 1)
    cost = CallOutcome.objects.aggregate(total=Sum("cost_micro_usd"))["total"]
    assert reserved <= found.high <= 1.1 * reserved
    assert 0 < found.low < found.high
    assert cost > 0


def test_pictures_are_in_it_and_a_description_for_each_clip(project: Project, clips: list[Clip]) -> None:
    one, two, many = (of(project, "standard", frames=frames).low for frames in (1, 2, 16))
    assert of(project, "blind").low < one == of(project, "single_frame").low
    assert many - one == pytest.approx(15 * (two - one), rel=0.001)
    described = of(project, "caption", judge=JUDGE)
    assert (described.questions, described.calls) == (10, 12)


def test_what_was_paid_before_tells_the_lower_end(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    asked_run(project=project, user=adam, release=None, wish=wish("blind"))
    work(project)
    costs = sorted(cost or 0 for cost in CallOutcome.objects.values_list("cost_micro_usd", flat=True))
    assert of(project, "blind").low == pytest.approx(10 * costs[4], abs=1)
    assert of(project, "standard", frames=16).low > 3 * of(project, "blind").low  # those showed no pictures


def test_more_questions_than_are_looked_at_are_taken_to_be_alike(
    project: Project, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = of(project, "blind")
    monkeypatch.setattr("qa.services.evaluation_estimates.SAMPLE", 5)
    part = of(project, "blind")
    assert (part.questions, part.calls) == (10, 10)
    assert part.high == pytest.approx(whole.high, rel=0.05)
    assert of(project, "blind", limit=3).questions == 3
    assert of(project, "blind", limit=7).questions == 7


def test_questions_are_counted_as_they_are_put(project: Project, clips: list[Clip], oda: User, adam: User) -> None:
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    reopen(item=clips[0].qa_items.all()[0], user=oda, reason="again", seen_number=1)
    for one in (release, None):
        assert count_of(project, one) == len(list(questions_of(project, one))) == (10 if one else 9)


def test_nothing_to_ask_and_an_unknown_price_are_refused(project: Project, clips: list[Clip]) -> None:
    with pytest.raises(BadInput, match="nobody"):
        of(project, "blind", model="nobody's")
    with pytest.raises(BadInput, match="judge"):
        of(project, "caption", judge="nobody's")
    clips[0].qa_items.model.objects.update(state="in_review")
    with pytest.raises(BadInput, match="nothing to ask"):
        of(project, "blind")


def test_the_page_says_it_and_makes_nothing(
    project: Project, clips: list[Clip], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    said = {"release": "now", "setting": "blind", "model": MODEL, "tries": "3"}
    page = client.post(PAGE, {**said, "verb": "estimate"})
    assert page.status_code == 200
    words = re.sub(r"\s+", " ", page.content.decode())
    assert re.search(r"10 questions, at most 30 calls: <b>\$[\d.]+ to \$[\d.]+</b>", words)
    assert f'value="{MODEL}"' in words
    assert (EvaluationRun.objects.count(), Job.objects.count()) == (0, 0)
    bad = client.post(PAGE, {**said, "model": "nobody's", "verb": "estimate"})
    assert bad.status_code == 400
    assert client.post(PAGE, {**said, "verb": "start"}).status_code == 302
    assert EvaluationRun.objects.count() == 1


def test_who_may_not_start_a_run_may_not_ask_what_it_costs(
    project: Project, clips: list[Clip], rui: User, client_of: Callable[[User], Client]
) -> None:
    said = {"release": "now", "setting": "blind", "model": MODEL, "tries": "1", "verb": "estimate"}
    assert client_of(rui).post(PAGE, said).status_code == 403


def test_the_command_says_it_and_makes_nothing(
    project: Project, clips: list[Clip], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("evaluate", "--project=demo", "--setting=blind", f"--model={MODEL}", "--dry-run")
    said = capsys.readouterr().out
    assert re.fullmatch(r"10 questions, at most 10 calls: \d+\.\d{6} to \d+\.\d{6} USD\n", said)
    assert not EvaluationRun.objects.exists()
