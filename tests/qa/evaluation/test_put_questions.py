"""A worker puts the questions of a run, each once; another goes on where one was lost."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from annotation.models import Job, Outbox, Project, Prompt, User
from annotation.services.drafting import cancel
from annotation.services.prompts import add_version, choose
from annotation.workflow import database_now
from qa.evaluation.questions import Question
from qa.models import AskedQuestion, EvaluationRun, QAItem
from qa.services import evaluation
from qa.services.evaluation import PUT, PUT_AGAIN, checked_wish, put_questions, start_run, sweep_put
from qa.services.run_figures import sweep_figures
from tests.annotation.drafting.conftest import model
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import JUDGE, MODEL, answers, benchmark, work

__all__ = ["model"]


@pytest.fixture
def run(project: Project, ana: User, rui: User, adam: User) -> EvaluationRun:
    """Of 10 questions, which nobody has put yet."""
    benchmark(project, ana=ana, rui=rui)
    return start_run(project=project, user=adam, release=None, wish=checked_wish(setting="blind", model=MODEL))


def asked_for() -> list[list[int]]:
    return list(Outbox.objects.filter(task=PUT).order_by("pk").values_list("args", flat=True))


def test_who_starts_a_run_waits_for_none_of_its_questions(run: EvaluationRun) -> None:
    assert (run.questions, AskedQuestion.objects.count(), Job.objects.count()) == (0, 0, 0)
    assert asked_for() == [[run.pk]]
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, run.put_due is None) == (10, True)
    assert AskedQuestion.objects.count() == Job.objects.count() == 10
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, AskedQuestion.objects.count()) == (10, 10)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_put_each_question_once(run: EvaluationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "AT_ONCE", 1)
    both, problems = threading.Barrier(2, timeout=20), list[str]()

    def put() -> None:
        try:
            both.wait()
            put_questions(run.pk)
        except Exception as error:
            problems.append(repr(error))
        finally:
            connection.close()

    workers = [threading.Thread(target=put) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert problems == []
    run.refresh_from_db()
    assert (run.questions, run.put_due, AskedQuestion.objects.count()) == (10, None, 10)


def test_where_none_has_put_them_in_time_another_worker_is_asked_d09(run: EvaluationRun) -> None:
    sweep_put()
    assert asked_for() == [[run.pk]]
    EvaluationRun.objects.update(put_due=database_now() - timedelta(seconds=1))
    sweep_put()
    sweep_put()
    assert asked_for() == [[run.pk], [run.pk]]
    assert EvaluationRun.objects.filter(put_due__gt=database_now() + PUT_AGAIN / 2).count() == 1
    put_questions(run.pk)
    EvaluationRun.objects.filter(put_due__isnull=False).update(put_due=database_now() - timedelta(seconds=1))
    sweep_put()
    assert len(asked_for()) == 2


@pytest.fixture
def put_four_and_die(run: EvaluationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    put_some = evaluation._put_some

    def dying(run_id: int, questions: list[Question]) -> bool:
        if AskedQuestion.objects.exists():
            raise MemoryError
        return put_some(run_id, questions)

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "AT_ONCE", 4)
        patch.setattr(evaluation, "_put_some", dying)
        with pytest.raises(MemoryError):
            put_questions(run.pk)
    assert AskedQuestion.objects.count() == 4


def test_the_next_worker_goes_on_where_one_died(put_four_and_die: None, run: EvaluationRun) -> None:
    run.refresh_from_db()
    assert (run.questions, run.put_due is None) == (4, False)
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, run.put_due is None) == (10, True)
    assert AskedQuestion.objects.count() == Job.objects.count() == 10


def test_no_more_are_put_than_were_wanted_whatever_was_approved_meanwhile(
    put_four_and_die: None, run: EvaluationRun
) -> None:
    first = QAItem.objects.order_by("clip__clip_id", "question_id")[0]
    QAItem.objects.filter(pk=first.pk).update(approved_revision=None, state="in_review")
    EvaluationRun.objects.update(limit=6)
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, AskedQuestion.objects.count()) == (6, 6)


def test_of_a_run_that_was_cancelled_nothing_is_put(run: EvaluationRun, adam: User) -> None:
    assert run.answering is not None
    cancel(run=run.answering, user=adam)
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, run.put_due, AskedQuestion.objects.count()) == (0, None, 0)


def test_what_is_cancelled_on_the_way_is_put_no_further(put_four_and_die: None, run: EvaluationRun, adam: User) -> None:
    assert run.answering is not None
    cancel(run=run.answering, user=adam)
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, run.put_due, AskedQuestion.objects.count()) == (4, None, 4)


@pytest.mark.parametrize("setting", ["blind", "caption"])
def test_questions_are_put_with_the_prompts_of_the_start(
    run: EvaluationRun, project: Project, adam: User, model: ModelServer, setting: str
) -> None:
    answers(model, "A")
    wish = checked_wish(setting=setting, model=MODEL, judge=JUDGE if setting == "caption" else "")
    later = start_run(project=project, user=adam, release=None, wish=wish)
    for name in later.prompts:
        text = f"{Prompt.objects.get(name=name).text} Be brief."
        other = add_version(project=project, user=adam, name=name, title="Ours", text=text)
        choose(project=project, user=adam, name=name, version=other.version)
    put_questions(later.pk)
    work(project)
    assert AskedQuestion.objects.filter(run=later, answer__isnull=False).count() == 10
    used = Job.objects.order_by().values_list("prompt__name", "prompt__version").distinct()
    assert dict(used) == later.prompts


def test_a_run_that_is_not_put_does_not_stand_still(run: EvaluationRun, model: ModelServer) -> None:
    model.behave(then="400")
    sweep_figures()
    assert not EvaluationRun.objects.get().stands_still
    put_questions(run.pk)
    sweep_figures()
    assert not EvaluationRun.objects.get().stands_still
    work(run.project)
    sweep_figures()
    assert EvaluationRun.objects.get().stands_still
    answers(model, "A")
    Job.objects.update(status="queued", next_attempt_at=database_now())
    sweep_figures()
    assert not EvaluationRun.objects.get().stands_still
