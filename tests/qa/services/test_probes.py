"""Drafted questions are answered by a model before people get them: what leaks arrives flagged, or is rewritten."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.drafting.jobs import run_job
from annotation.models import Call, Draft, Job, JobStatus, Project, Run, User
from annotation.services.drafting import cancel, draft_by_itself, make_run
from annotation.services.prompts import add_version, choose, shipped
from annotation.states import State
from annotation.workflow import database_now
from qa.categories import Category
from qa.models import DraftProbe, LeakSettings, ProbeTry, QAItem
from qa.services.history import verify_project
from qa.services.probes import QUIET, sweep_probes
from qa.services.withdrawal import withdraw_clip
from tests.annotation.drafting.conftest import model, with_frames
from tests.factories import ApprovedCaptionFactory
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import work

__all__ = ["model"]

Data = dict[str, Any]
SEQUENCE = "What does the bald man do just before he {}?"
OPTIONS = ["He spreads both arms", "He sits down", "He waves", "He turns round"]
Probes, Outcome = LeakSettings.Probes, DraftProbe.Outcome


def question(verb: str) -> Data:
    return {
        "question": SEQUENCE.format(verb),
        "options": OPTIONS,
        "answer_index": 0,
        "evidence": ["He spreads both arms."],
    }


def answering(
    model: ModelServer, *, drafts: list[str] | Callable[[Data], list[Data]], answer: Callable[[Data], str]
) -> list[Data]:
    """drafts: verbs of questions, or what a request for some gives; answer: what one to answer gives.

    Returns the data blocks, as they are asked.
    """
    asked: list[Data] = []

    def choose(entry: Any) -> str:
        data = json.loads(entry["body"]["messages"][0]["content"][-1]["text"])
        asked.append(data)
        if "wanted" in data:
            questions = drafts(data) if callable(drafts) else [question(verb) for verb in drafts]
            return f"says:{json.dumps({'questions': questions})}"
        return f"says:{json.dumps({'answer': answer(data)})}"

    model.behave(choose=choose)
    return asked


def key_of(data: Data) -> str:
    return _letter(data, lambda text: text == OPTIONS[0])


def wrong_of(data: Data) -> str:
    return _letter(data, lambda text: text != OPTIONS[0])


def _letter(data: Data, is_it: Callable[[str], bool]) -> str:
    options: dict[str, str] = data["options"]
    return next(letter for letter, text in options.items() if is_it(text))


def sound(data: Data) -> str:
    """Right only with the caption."""
    return key_of(data) if "caption" in data else wrong_of(data)


def leaks_blind(*verbs: str) -> Callable[[Data], str]:
    """Of these questions the key is known without anything; the others are sound."""
    return lambda data: key_of(data) if data["question"] in map(SEQUENCE.format, verbs) else sound(data)


@pytest.fixture
def job(project: Project, ana: User, rui: User, model: ModelServer) -> Job:
    """The only work of a project that flags what leaks."""
    LeakSettings.objects.create(project=project, probes=Probes.FLAG)
    with_frames(ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip)
    jobs = make_run(project=project, user=None, kind="qa").jobs
    jobs.exclude(kind="qa:action_sequence").delete()
    return jobs.get()


def redrafting(job: Job) -> None:
    LeakSettings.objects.filter(project=job.clip.project).update(probes=Probes.REDRAFT)


def outcomes() -> dict[str, str]:
    """Verb of a question -> what became of it."""
    probes = DraftProbe.objects.select_related("draft").order_by("pk")
    return {probe.draft.payload["question"].split()[-1].rstrip("?"): probe.outcome for probe in probes}


def asked_people() -> set[str]:
    return {item.draft.payload["question"] for item in QAItem.objects.select_related("draft") if item.draft}


def test_nobody_gets_a_drafted_question_before_its_probes_have_answered(job: Job, model: ModelServer) -> None:
    asked = answering(model, drafts=["jumps", "lands"], answer=leaks_blind("lands"))
    run_job(job.pk)
    assert (Draft.objects.filter(job=job).count(), QAItem.objects.count()) == (2, 0)
    assert outcomes() == {"jumps": Outcome.HELD, "lands": Outcome.HELD}
    work(job.clip.project)
    assert outcomes() == {"jumps": Outcome.SOUND, "lands": Outcome.FLAGGED}
    assert [item.state for item in QAItem.objects.all()] == [State.DRAFTED, State.DRAFTED]
    probes = [data for data in asked if "wanted" not in data]
    assert len(probes) == 2 * 2 * 3
    assert [set(data) for data in probes if "caption" not in data] == [{"question", "options"}] * 6
    captions = {data["caption"] for data in probes if "caption" in data}
    assert captions == {"There is one person in the video, a bald man. He spreads both arms. He jumps."}
    frames = Call.objects.filter(job__kind__startswith="probe:").values_list("request__frames", flat=True)
    assert list(frames) == [[]] * 12
    flagged = DraftProbe.objects.get(outcome=Outcome.FLAGGED)
    assert flagged.evidence == {"blind": {"hits": 3, "answers": 3, "percent": 100.0, "threshold": 60}}
    assert verify_project(job.clip.project).counts["drafts"] == 3


def test_from_try_to_try_the_key_stands_in_another_place(job: Job, model: ModelServer) -> None:
    asked = answering(model, drafts=["jumps"], answer=lambda _: "A")
    run_job(job.pk)
    work(job.clip.project)
    assert sorted(key_of(data) for data in asked if "question" in data) == ["A", "A", "C", "C", "D", "D"]
    # Who always says A is right once in three: below 60 percent.
    assert set(DraftProbe.objects.get().evidence) == {"caption_failure"}


def test_what_the_caption_does_not_answer_is_flagged_too(job: Job, model: ModelServer) -> None:
    answering(model, drafts=["jumps"], answer=wrong_of)
    run_job(job.pk)
    work(job.clip.project)
    probe = DraftProbe.objects.get()
    assert probe.outcome == Outcome.FLAGGED
    assert probe.evidence == {"caption_failure": {"hits": 3, "answers": 3, "percent": 100.0, "threshold": 50}}


def test_a_reply_that_settles_on_nothing_is_wrong(job: Job, model: ModelServer) -> None:
    answering(model, drafts=["jumps"], answer=lambda _: "I cannot tell.")
    run_job(job.pk)
    work(job.clip.project)
    assert set(ProbeTry.objects.values_list("letter", "is_right")) == {("", False)}
    assert DraftProbe.objects.get().outcome == Outcome.FLAGGED


def test_what_leaks_is_written_once_more_in_one_call_and_only_the_others_reach_people(
    job: Job, model: ModelServer
) -> None:
    redrafting(job)

    def drafts(data: Data) -> list[Data]:
        if "leaking" not in data:
            return [question("jumps"), question("lands")]
        return [question("leaps")]

    asked = answering(model, drafts=drafts, answer=leaks_blind("lands"))
    run_job(job.pk)
    work(job.clip.project)
    assert outcomes() == {"jumps": Outcome.SOUND, "lands": Outcome.REPLACED, "leaps": Outcome.SOUND}
    assert asked_people() == {SEQUENCE.format("jumps"), SEQUENCE.format("leaps")}
    (again,) = [data for data in asked if "leaking" in data]
    assert again["wanted"] == 1
    assert again["leaking"] == [
        {
            "question": SEQUENCE.format("lands"),
            "options": OPTIONS,
            "answer_index": 0,
            "problems": ["As drafted, 3 of 3 answers without the video were right: a look at the clip is not needed."],
        }
    ]
    assert again["already_asked"] == [SEQUENCE.format("jumps"), SEQUENCE.format("lands")]
    redraft = Job.objects.get(replaces__isnull=False)
    assert (redraft.kind, redraft.prompt, redraft.sample) == (job.kind, job.prompt, 1)
    sent = Call.objects.get(job=redraft).request["system"][0]["text"]
    assert sent == f"{job.prompt.text}\n\n{shipped('redraft').text}"
    assert Draft.objects.get(job=redraft).provenance["redraft_prompt"]


def test_what_leaks_a_second_time_arrives_flagged(job: Job, model: ModelServer) -> None:
    redrafting(job)
    verbs = iter(["jumps", "lands", "leaps", "stands"])
    answering(
        model,
        drafts=lambda data: [question(next(verbs)) for _ in range(data["wanted"])],
        answer=key_of,
    )
    run_job(job.pk)
    work(job.clip.project)
    replaced, flagged = Outcome.REPLACED, Outcome.FLAGGED
    assert outcomes() == {"jumps": replaced, "lands": replaced, "leaps": flagged, "stands": flagged}
    assert asked_people() == {SEQUENCE.format("leaps"), SEQUENCE.format("stands")}


def test_where_the_model_finds_fewer_others_the_rest_arrives_flagged(job: Job, model: ModelServer) -> None:
    redrafting(job)
    answering(
        model,
        drafts=lambda data: [question("leaps")] if "leaking" in data else [question("jumps"), question("lands")],
        answer=leaks_blind("jumps", "lands"),
    )
    run_job(job.pk)
    work(job.clip.project)
    assert outcomes() == {"jumps": Outcome.REPLACED, "lands": Outcome.FLAGGED, "leaps": Outcome.SOUND}


def test_a_redraft_that_comes_to_nothing_loses_no_question(job: Job, model: ModelServer) -> None:
    redrafting(job)
    answering(
        model,
        drafts=lambda data: [{"no": "question"}] if "leaking" in data else [question("jumps")],
        answer=key_of,
    )
    run_job(job.pk)
    work(job.clip.project)
    assert Job.objects.get(replaces__isnull=False).reason == "malformed"
    assert outcomes() == {"jumps": Outcome.HELD}
    sweep_probes()
    sweep_probes()
    assert outcomes() == {"jumps": Outcome.FLAGGED}
    assert QAItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [["leaps", "stands"], []])
def test_a_redraft_that_comes_while_the_sweep_gives_up_adds_nothing(
    job: Job, model: ModelServer, others: list[str]
) -> None:
    """D-09. The reply is read after the sweep has locked the questions: the redraft waits for it, and is too late."""
    redrafting(job)
    is_asked, is_locked = threading.Event(), threading.Event()

    def drafts(data: Data) -> list[Data]:
        if "leaking" not in data:
            return [question("jumps"), question("lands")]
        is_asked.set()
        assert is_locked.wait(20)
        return [question(verb) for verb in others]

    answering(model, drafts=drafts, answer=key_of)
    run_job(job.pk)
    for pk in Job.objects.filter(kind__startswith="probe:").values_list("pk", flat=True):
        run_job(pk)
    redraft = Job.objects.filter(replaces__isnull=False).distinct().get()
    DraftProbe.objects.update(created_at=database_now() - QUIET)
    ProbeTry.objects.update(answered_at=database_now() - QUIET - timedelta(seconds=1))
    late = threading.Thread(target=_run_alone, args=[redraft.pk])
    late.start()
    assert is_asked.wait(20)
    with transaction.atomic():
        assert list(DraftProbe.objects.select_for_update())
        is_locked.set()
        _until_somebody_waits_for_a_lock()
        sweep_probes()
    late.join(20)
    redraft.refresh_from_db()
    assert (redraft.status, redraft.reason) == (JobStatus.FAILED, "outdated")
    assert outcomes() == {"jumps": Outcome.FLAGGED, "lands": Outcome.FLAGGED}
    assert asked_people() == {SEQUENCE.format("jumps"), SEQUENCE.format("lands")}


def _run_alone(pk: int) -> None:
    try:
        run_job(pk)
    finally:
        connection.close()


def _until_somebody_waits_for_a_lock() -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("Nobody waits for a lock.")


def test_probes_that_fail_leave_their_question_to_people(job: Job, adam: User, model: ModelServer) -> None:
    answering(model, drafts=["jumps"], answer=sound)
    run_job(job.pk)
    cancel(run=Run.objects.get(kind=Run.Kind.PROBES), user=adam)
    sweep_probes()
    assert outcomes() == {"jumps": Outcome.UNPROBED}
    assert asked_people() == {SEQUENCE.format("jumps")}


def test_nothing_is_held_for_longer_than_an_hour_without_an_answer(job: Job, model: ModelServer) -> None:
    answering(model, drafts=["jumps", "lands"], answer=sound)
    run_job(job.pk)
    held = DraftProbe.objects.all()
    sweep_probes()
    assert QAItem.objects.count() == 0
    held.update(created_at=database_now() - QUIET)
    first = Job.objects.filter(kind="probe:blind").order_by("pk")[0]
    run_job(first.pk)
    sweep_probes()
    assert QAItem.objects.count() == 0  # others are being answered: it is only slow
    ProbeTry.objects.filter(answered_at__isnull=False).update(answered_at=database_now() - QUIET - timedelta(seconds=1))
    sweep_probes()
    assert set(outcomes().values()) == {Outcome.UNPROBED}
    assert QAItem.objects.count() == 2
    waiting = Job.objects.filter(kind__startswith="probe:").exclude(pk=first.pk)
    assert set(waiting.values_list("status", flat=True)) == {JobStatus.CANCELLED}


def test_while_somebody_has_paused_the_probes_people_get_questions_at_once(job: Job, model: ModelServer) -> None:
    Run.objects.create(project=job.clip.project, kind=Run.Kind.PROBES, model=job.model, status=Run.Status.PAUSED)
    answering(model, drafts=["jumps"], answer=sound)
    run_job(job.pk)
    assert (DraftProbe.objects.count(), QAItem.objects.count()) == (0, 1)


def test_a_project_that_does_not_want_them_has_none(job: Job, model: ModelServer) -> None:
    LeakSettings.objects.update(probes=Probes.NONE)
    answering(model, drafts=["jumps"], answer=sound)
    run_job(job.pk)
    assert (DraftProbe.objects.count(), QAItem.objects.count()) == (0, 1)


def test_the_same_words_are_not_probed_and_paid_twice(
    job: Job, project: Project, ana: User, rui: User, model: ModelServer
) -> None:
    asked = answering(model, drafts=["jumps", "jumps"], answer=sound)
    run_job(job.pk)
    work(project)
    assert len([data for data in asked if "wanted" not in data]) == 6
    assert ProbeTry.objects.filter(answered_at__isnull=False).count() == 12
    assert QAItem.objects.count() == 2


def test_a_redraft_in_the_very_same_words_is_settled_by_what_is_known(job: Job, model: ModelServer) -> None:
    redrafting(job)
    asked = answering(model, drafts=["jumps"], answer=key_of)
    run_job(job.pk)
    work(job.clip.project)
    assert len([data for data in asked if "wanted" not in data]) == 6
    sweep_probes()
    assert [probe.outcome for probe in DraftProbe.objects.order_by("pk")] == [Outcome.REPLACED, Outcome.FLAGGED]
    assert QAItem.objects.count() == 1


def test_another_draft_in_known_words_that_leak_is_written_once_more(job: Job, model: ModelServer) -> None:
    asked = answering(model, drafts=["jumps"], answer=key_of)
    run_job(job.pk)
    work(job.clip.project)
    redrafting(job)
    verbs = iter(["jumps", "lands"])
    asked += answering(model, drafts=lambda _: [question(next(verbs))], answer=leaks_blind("jumps"))
    again = Job.objects.create(
        clip=job.clip,
        kind=job.kind,
        prompt=job.prompt,
        model=job.model,
        input_digest=job.input_digest,
        sample=1,
        next_attempt_at=job.next_attempt_at,
    )
    run_job(again.pk)
    sweep_probes()
    work(job.clip.project)
    assert outcomes() == {"jumps": Outcome.REPLACED, "lands": Outcome.SOUND}


def test_held_questions_count_as_asked_for_with_whichever_prompt(
    job: Job, project: Project, adam: User, model: ModelServer
) -> None:
    answering(model, drafts=["jumps"], answer=sound)
    run_job(job.pk)
    name = "action_sequence"
    other = add_version(project=project, user=adam, name=name, title="Ours", text=f"{job.prompt.text}!")
    choose(project=project, user=adam, name=name, version=other.version)
    kinds = make_run(project=project, user=None, kind="qa").jobs.values_list("kind", flat=True)
    assert set(kinds) == {f"qa:{one}" for one in Category.values} - {"qa:action_sequence"}
    draft_by_itself()
    assert Job.objects.filter(kind="qa:action_sequence").count() == 1


def test_questions_of_a_withdrawn_clip_stay_held_for_good(
    job: Job, project: Project, adam: User, model: ModelServer
) -> None:
    answering(model, drafts=["jumps"], answer=sound)
    run_job(job.pk)
    withdraw_clip(clip=job.clip, actor=adam, reason="Asked for.", erase=True)
    DraftProbe.objects.update(created_at=database_now() - 2 * QUIET)
    sweep_probes()
    assert [probe.outcome for probe in DraftProbe.objects.all()] == [Outcome.HELD]
