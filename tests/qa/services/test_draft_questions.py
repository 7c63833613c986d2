"""Questions drafted from an approved caption: form rules, one repair, evidence with its time, all as proposals."""

import json
from typing import Any

import pytest

from annotation.drafting import client
from annotation.drafting.jobs import conclude, lease, prepare, record, run_job
from annotation.drafting.kinds import kind_named
from annotation.models import (
    BudgetAccount,
    Call,
    CallOutcome,
    Draft,
    DraftingSettings,
    Job,
    JobStatus,
    Project,
    Run,
    User,
)
from annotation.services.captions import reopen
from annotation.services.drafting import change_drafting, draft_by_itself, make_run
from annotation.services.prompts import add_version, choose
from annotation.states import State
from qa.categories import Category
from qa.models import QAItem
from qa.services.history import verify_project
from qa.services.items import words_for
from tests.annotation.drafting.conftest import model, with_frames
from tests.factories import TEXT, ApprovedCaptionFactory, DraftedCaptionFactory, DraftedQAItemFactory
from tests.model_server import ModelServer

__all__ = ["model"]

SENTENCE = "He spreads both arms."
GOOD: dict[str, Any] = {
    "question": "What does the bald man do just before he jumps?",
    "options": ["He spreads both arms", "He sits down", "He waves", "He turns round"],
    "answer_index": 0,
    "evidence": [SENTENCE],
}
LONG = "He lies down on his back and looks up at the sun for a while before he gets up"
BAD: dict[str, Any] = {
    **GOOD,
    "question": "What does Subject 2 do just before he jumps?",
    "options": [*GOOD["options"][:3], LONG],
}


def says(*questions: dict[str, Any]) -> str:
    return f"says:{json.dumps({'questions': questions})}"


@pytest.fixture
def job(project: Project, ana: User, rui: User, model: ModelServer) -> Job:
    with_frames(ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip)
    jobs = make_run(project=project, user=None, kind="qa").jobs
    assert sorted(jobs.values_list("kind", flat=True)) == sorted(f"qa:{category}" for category in Category.values)
    return jobs.get(kind="qa:action_sequence")


def test_questions_are_drafted_as_proposals_with_evidence_and_its_time(
    job: Job, project: Project, ana: User, model: ModelServer
) -> None:
    model.behave(says(GOOD, {**GOOD, "question": "What does the bald man do immediately after he spreads both arms?"}))
    run_job(job.pk)
    items = list(QAItem.objects.order_by("number"))
    assert [item.question_id for item in items] == [
        f"{job.clip.clip_id}-action_sequence-1",
        f"{job.clip.clip_id}-action_sequence-2",
    ]
    assert {(item.state, item.head) for item in items} == {(State.DRAFTED, None)}
    content = words_for(items[0], ana).content
    assert content["evidence"] == [{"start_ms": 300, "text": SENTENCE}]
    assert content["key"] == content["options"][0]["id"]
    drafts = Draft.objects.filter(job=job).order_by("place")
    assert [(draft.place, draft.prompt_version) for draft in drafts] == [
        (0, job.prompt.version),
        (1, job.prompt.version),
    ]
    assert verify_project(project).counts["drafts"] == 3


def test_the_model_sees_the_approved_caption_and_what_was_asked_already(
    job: Job, project: Project, model: ModelServer
) -> None:
    DraftedQAItemFactory(clip=job.clip, category="count")
    model.behave(says(GOOD))
    run_job(job.pk)
    data = json.loads(model.calls()[0]["body"]["messages"][0]["content"][-1]["text"])
    assert data["caption"] == TEXT
    assert (data["category"], data["wanted"]) == ("action_sequence", 2)
    assert data["already_asked"] == ["What does the bald man do just before he jumps?"]


def test_what_breaks_a_rule_is_repaired_once_and_the_rest_is_kept(job: Job, model: ModelServer) -> None:
    other = {**GOOD, "question": "What does the bald man do just before he lands?"}
    model.behave(says(BAD, other), says({**GOOD, "question": "What does the bald man do just before he leaps?"}))
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, Draft.objects.filter(job=job).count()) == (JobStatus.QUEUED, 0)
    run_job(job.pk)
    assert list(Draft.objects.filter(job=job).order_by("place").values_list("payload__question", flat=True)) == [
        "What does the bald man do just before he lands?",
        "What does the bald man do just before he leaps?",
    ]
    repair = json.loads(model.calls()[1]["body"]["messages"][0]["content"][-1]["text"])
    assert (repair["wanted"], len(repair["questions"])) == (1, 1)
    rules = [broken["rule"] for broken in repair["questions"][0]["broken_rules"]]
    assert rules == ["form:option-over-15-words", "form:subject-label"]
    assert [call.is_repair for call in Call.objects.all()] == [False, True]
    assert len(model.calls()) == 2


def test_what_still_breaks_a_rule_after_the_repair_fails_and_costs_two_calls(job: Job, model: ModelServer) -> None:
    model.behave(then=says(BAD))
    run_job(job.pk)
    run_job(job.pk)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.FAILED, "breaks_rules")
    assert "form:subject-label" in job.detail
    assert len(model.calls()) == 2
    assert QAItem.objects.count() == Draft.objects.filter(job=job).count() == 0
    spent = sum(cost or 0 for cost in CallOutcome.objects.values_list("cost_micro_usd", flat=True))
    assert BudgetAccount.objects.get(key="project:demo").spent_micro_usd == spent > 0


@pytest.mark.parametrize("mended", [[{**GOOD, "answer_index": 1}], [GOOD, GOOD], []], ids=["other key", "two", "none"])
def test_a_repair_that_moves_the_key_or_gives_another_number_is_no_draft(
    job: Job, model: ModelServer, mended: list[dict[str, Any]]
) -> None:
    model.behave(says(BAD), says(*mended))
    run_job(job.pk)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert QAItem.objects.count() == 0
    assert len(model.calls()) == 2


def test_a_wish_that_changes_while_the_model_works_loses_no_reply(
    job: Job, project: Project, adam: User, model: ModelServer
) -> None:
    other = {**GOOD, "question": "What does the bald man do just before he lands?"}
    model.behave(says(BAD, other), says(GOOD))
    run_job(job.pk)
    held = lease(job.pk)
    assert held is not None
    prepared = prepare(held)
    change_drafting(project=project, user=adam, questions_per_category=1)
    assert prepared is not None
    reply = client.send(prepared[1], call_id="repair")
    record(prepared[0], reply.exchange)
    conclude(held, prepared[0], reply.value)
    assert Draft.objects.filter(job=job).count() == 2


def test_a_caption_that_gives_no_question_ends_the_job_without_one(job: Job, model: ModelServer) -> None:
    model.behave(says())
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, QAItem.objects.count()) == (JobStatus.DONE, 0)


def test_evidence_that_the_caption_does_not_hold_is_no_draft(job: Job, model: ModelServer) -> None:
    model.behave(says({**GOOD, "evidence": ["He flies away."]}))
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason, QAItem.objects.count()) == (JobStatus.FAILED, "malformed", 0)


def test_a_caption_that_was_reopened_is_not_asked_about(job: Job, oda: User, model: ModelServer) -> None:
    caption = job.clip.caption
    reopen(caption=caption, user=oda, reason="A wrong leg.", seen_number=caption.head_number)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason, model.calls()) == (JobStatus.FAILED, "outdated", [])


def test_a_caption_that_is_reopened_while_the_model_has_it_gives_no_question(
    job: Job, oda: User, model: ModelServer
) -> None:
    held = lease(job.pk)
    assert held is not None
    prepared = prepare(held)
    assert prepared is not None
    caption = job.clip.caption
    reopen(caption=caption, user=oda, reason="A wrong leg.", seen_number=caption.head_number)
    reply = client.send(prepared[1], call_id="late")
    record(prepared[0], reply.exchange)
    conclude(held, prepared[0], reply.value)
    job.refresh_from_db()
    assert (job.status, job.reason, QAItem.objects.count()) == (JobStatus.FAILED, "outdated", 0)


def test_only_approved_captions_and_categories_without_questions_are_targets(
    project: Project, ana: User, rui: User, model: ModelServer
) -> None:
    DraftedCaptionFactory(project=project)
    clip = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    DraftedQAItemFactory(clip=clip, category="count")
    kinds = make_run(project=project, user=None, kind="qa").jobs.values_list("kind", flat=True)
    assert sorted(kinds) == ["qa:action_details", "qa:action_sequence", "qa:attribute", "qa:interaction"]


def test_an_approved_caption_is_asked_about_by_itself_once(
    project: Project, ana: User, rui: User, adam: User, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = "a key for tests"
    DraftingSettings.objects.create(project=project, drafts_by_itself=True)
    clip = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    DraftedQAItemFactory(clip=clip, category="count")
    draft_by_itself()
    run = Run.objects.get()
    assert (run.kind, run.by_itself) == ("qa", True)
    wanted = {f"qa:{category}" for category in Category.values if category != "count"}
    assert set(Job.objects.values_list("kind", flat=True)) == wanted
    Job.objects.update(status=JobStatus.FAILED, reason="malformed")
    draft_by_itself()
    assert Job.objects.count() == len(wanted)
    made = add_version(project=project, user=adam, name="attribute", title="Other", text="Ask otherwise.")
    choose(project=project, user=adam, name="attribute", version=made.version)
    QAItem.objects.filter(category="count").update(state=State.DROPPED)
    draft_by_itself()
    assert Job.objects.filter(kind="qa:count", run=run).count() == 1
    assert Job.objects.count() == len(wanted) + 1


def test_looking_for_what_is_new_costs_the_same_for_many_clips(
    project: Project, ana: User, rui: User, django_assert_num_queries: Any
) -> None:
    own = DraftingSettings.objects.create(project=project, drafts_by_itself=True)
    kind = kind_named("qa")

    def found(queries: int) -> int:
        with django_assert_num_queries(2 * len(Category.values) + queries):
            return len(list(kind.targets(project, own, is_new=True)))

    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui)
    assert found(4) == 5
    for _ in range(3):
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui)
    assert found(4) == 20
    make_run(project=project, user=None, kind="qa")
    assert found(1) == 0  # no clip is read that has nothing new
