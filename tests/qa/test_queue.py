"""Next for the questions of clips: who is given which, in which order, for how long, and what is never handed out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from annotation.errors import BadInput, LeaseHeld, RightMissing
from annotation.models import CaptionOpening, Clip, LeaseWork, Project, Role, User
from annotation.services import assignments, leases
from annotation.services.captions import note_opening
from annotation.services.clip_flags import flag_clip
from annotation.services.desk import assigned_to, on_the_desk, returned_to, today_of, waiting
from annotation.services.queue import Offer, next_unit, skip
from annotation.workflow import database_now
from qa.models import QAItem, QALease, QASet, QASkip
from qa.services import items, reviews, sets
from qa.services.queue import QUESTIONS
from tests.conftest import member
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory, SubmittedCaptionFactory
from tests.qa.scenes import COUNT_QUESTION, answer, answer_all, content_of, etags, fresh, submitted_item


@pytest.fixture
def ben(project: Project) -> User:
    return member(project, "ben", "Ben Silva", Role.ANNOTATOR)


@pytest.fixture
def ria(project: Project) -> User:
    """A second reviewer, who has opened nothing."""
    return member(project, "ria", "Ria Costa", Role.REVIEWER)


@pytest.fixture
def ready(project: Project, ana: User, rui: User) -> Callable[[str], Clip]:
    """A clip whose caption is approved and that has one drafted question."""

    def make(clip_id: str, *, drafted: bool = True) -> Clip:
        clip = ClipFactory.create(project=project, clip_id=clip_id)
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
        if drafted:
            DraftedQAItemFactory(clip=clip)
        return Clip.objects.select_related("project", "caption", "qa_set").get(pk=clip.pk)

    return make


Make = Callable[..., Clip]


def given(project: Project, user: User, work: str = "edit", **how: Any) -> tuple[str, str]:
    """Clip and why; or nothing and why."""
    answer = next_unit(project=project, user=user, kind="questions", work=work, **how)
    return (answer.clip_id if isinstance(answer, Offer) else "", answer.why)


def rows(clip: Clip) -> list[tuple[str, str, str]]:
    found = QALease.objects.filter(qa_set__clip=clip).order_by("id")
    return [(lease.holder.username, lease.work, lease.ended_how) for lease in found.select_related("holder")]


def lives_for(clip: Clip) -> float:
    """Seconds that the standing lease has left."""
    lease = QALease.objects.get(qa_set__clip=clip, ended_at=None)
    return (lease.expires_at - database_now()).total_seconds()


def returned(clip: Clip, author: User, reviewer: User) -> QAItem:
    """Handed in, answered and sent back, as the review page does."""
    item = submitted_item(clip, author)
    answer_all(clip, reviewer)
    reviews.return_to_author(item=item, reviewer=reviewer, seen_number=1, reason="Which man?")
    if not QASet.objects.filter(clip=clip, reserved_for=author).exists():
        sets.returned(clip, author)
    return item


def hand_in(clip: Clip, user: User) -> None:
    items.submit_unit(clip=clip, user=user, seen=etags(clip, user))


def test_two_people_get_two_sets_and_asking_again_gives_the_same(
    project: Project, ana: User, ben: User, ready: Make
) -> None:
    ready("a"), ready("b")
    assert given(project, ana) == ("a", "queue")
    assert given(project, ben) == ("b", "queue")
    assert given(project, ana) == ("a", "yours")
    assert QALease.objects.count() == 2
    assert given(project, ana, prefetch=True) == ("", "all_leased")


def test_postgres_refuses_a_second_live_lease_of_a_set(
    project: Project, ana: User, ben: User, ready: Make, refused_by_postgres: Callable[[str], str]
) -> None:
    clip = ready("a")
    given(project, ana)
    said = refused_by_postgres(
        "INSERT INTO qa_qalease (qa_set_id, holder_id, work, is_prefetch, leased_at, expires_at, ended_how, active_ms)"
        f" VALUES ({clip.qa_set.pk}, {ben.pk}, 'edit', false, now(), now(), '', 0)"
    )
    assert "qa_one_live_lease" in said


def test_questions_wait_for_their_caption_and_a_clip_in_doubt_is_not_handed_out(
    project: Project, ana: User, ben: User, ready: Make
) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    DraftedQAItemFactory(clip=caption.clip)
    assert given(project, ana) == ("", "finished")
    clip = ready("a")
    given(project, ana)
    flag_clip(clip=clip, user=ana, reason="static")
    assert rows(clip) == [("ana", "edit", "flagged")]
    assert given(project, ben) == ("", "finished")


def test_the_order_is_returned_assigned_priority_then_what_has_no_question_and_at_last_what_was_skipped(
    project: Project, ana: User, rui: User, adam: User, ready: Make
) -> None:
    by: dict[str, Any] = {"project": project, "user": adam, "kind": "questions"}
    ready("empty", drafted=False)
    ready("plain"), ready("skipped"), ready("urgent"), ready("hers")
    returned(ready("back", drafted=False), ana, rui)
    assignments.set_priority(**by, clip_ids=["urgent"], priority=5)
    assignments.assign(**by, clip_ids=["hers"], username="ana")
    skip(unit=QASet.objects.get(clip__clip_id="skipped"), user=ana, reason="language")
    offers = []
    for _ in range(6):
        offers.append(given(project, ana))
        lease = QALease.objects.filter(qa_set__clip__clip_id=offers[-1][0], ended_at=None)
        lease.update(holder=adam)  # it is on another desk now, so that the next one comes
    assert offers == [
        ("back", "returned"),
        ("hers", "assigned"),
        ("urgent", "queue"),
        ("plain", "queue"),
        ("empty", "queue"),
        ("skipped", "skipped"),
    ]


def test_what_is_assigned_to_somebody_is_given_to_nobody_else(
    project: Project, ana: User, ben: User, adam: User, ready: Make
) -> None:
    ready("a"), ready("empty", drafted=False)
    by: dict[str, Any] = {"project": project, "user": adam, "kind": "questions"}
    assert assignments.assign(**by, clip_ids=["a", "empty"], username="ben") == 2
    assert given(project, ana) == ("", "all_leased")
    assert given(project, ben) == ("a", "assigned")


def test_words_keep_the_set_and_a_lost_lease_refuses_nothing_but_submit(
    project: Project, ana: User, ben: User, ready: Make
) -> None:
    clip = ready("a")
    item = clip.qa_items.get()
    items.autosave(item=item, user=ana, etag='"0-0"', content=content_of(item, ana))
    assert rows(clip) == [("ana", "edit", "")]
    assert 23.9 * 3600 < lives_for(clip) <= 24 * 3600
    assert given(project, ben) == ("", "all_leased")
    words = items.save(item=item, user=ben, etag='"0-0"', content=content_of(item, ben, key="o2"))
    assert words.number == 1
    with pytest.raises(LeaseHeld) as refusal:
        hand_in(clip, ben)
    assert refusal.value.detail["by"] == "Ana Duarte"
    assert fresh(item).state == "editing"
    leases.release(unit=clip.qa_set, user=ana)
    hand_in(clip, ben)
    assert rows(clip) == [("ana", "edit", "released"), ("ben", "edit", "submitted")]


def test_saved_questions_that_were_not_handed_in_are_words_too_and_untouched_ones_are_not(
    project: Project, ana: User, ready: Make
) -> None:
    clip = ready("a")
    item = clip.qa_items.get()
    given(project, ana)
    assert lives_for(clip) < 3600
    items.save(item=item, user=ana, etag='"0-0"', content=content_of(item, ana))
    assert lives_for(clip) > 23 * 3600
    leases.keep_alive(unit=clip.qa_set, user=ana, active_ms=0)
    assert lives_for(clip) > 23 * 3600


def test_a_question_that_one_adds_takes_the_set(ana: User, ready: Make) -> None:
    clip = ready("a", drafted=False)
    content = {**content_of(DraftedQAItemFactory(clip=ready("b")), ana)}
    items.add_item(clip=clip, user=ana, category="count", content=content)
    assert rows(clip) == [("ana", "edit", "")]


def test_returned_questions_are_their_authors_first_and_after_three_days_anybodys(
    project: Project, ana: User, ben: User, rui: User, ready: Make
) -> None:
    clip = ready("z", drafted=False)
    returned(clip, ana, rui)
    ready("a")
    assert given(project, ben) == ("a", "queue")
    assert given(project, ana) == ("z", "returned")
    leases.release(unit=clip.qa_set, user=ana)
    leases.release(unit=QASet.objects.get(clip__clip_id="a"), user=ben)
    QASet.objects.filter(clip=clip).update(
        reserved_until=F("reserved_until") - timedelta(days=leases.RETURN_DAYS, seconds=1)
    )
    assert given(project, ben) == ("z", "queue")


def test_a_resubmission_is_its_last_reviewers_first_and_after_a_day_anybodys(
    project: Project, ana: User, rui: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    item = returned(clip, ana, rui)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    hand_in(clip, ana)
    assert given(project, ria, "review") == ("", "all_leased")
    assert given(project, rui, "review") == ("a", "resubmitted"), "also if he has opened the caption"
    leases.release(unit=clip.qa_set, user=rui)
    QASet.objects.update(reserved_until=F("reserved_until") - timedelta(days=leases.AGAIN_DAYS, seconds=1))
    assert given(project, ria, "review") == ("a", "queue")


@pytest.mark.parametrize("how", ["left", "annotates", "wrote"])
def test_a_resubmission_waits_for_no_reviewer_who_cannot_judge_it(
    project: Project, ana: User, rui: User, ria: User, ready: Make, how: str
) -> None:
    clip = ready("a", drafted=False)
    item = returned(clip, ana, rui)
    author = rui if how == "wrote" else ana
    if how == "left":
        rui.memberships.update(is_active=False)
    elif how == "annotates":
        rui.memberships.update(role=Role.ANNOTATOR)
    items.save(item=item, user=author, etag='"1-0"', content=content_of(item, author, key="o2"))
    hand_in(clip, author)
    assert QASet.objects.get(clip=clip).reserved_for is None
    assert given(project, ria, "review") == ("a", "queue")


def test_who_opened_the_caption_gets_its_questions_only_if_nobody_else_can_answer_blind(
    project: Project, ana: User, rui: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    submitted_item(clip, ana)
    note_opening(caption=clip.caption, user=rui)
    assert given(project, rui, "review") == ("", "all_leased")
    assert given(project, ria, "review") == ("a", "queue")
    leases.release(unit=clip.qa_set, user=ria)
    ria.memberships.update(is_active=False)
    assert given(project, rui, "review") == ("a", "queue")


@pytest.mark.parametrize("how", ["wrote", "opened", "account"])
def test_an_other_reviewer_who_is_not_eligible_keeps_nothing_from_who_opened_the_caption(
    project: Project, ana: User, rui: User, ria: User, ready: Make, how: str
) -> None:
    clip = ready("a", drafted=False)
    submitted_item(clip, ria if how == "wrote" else ana)
    note_opening(caption=clip.caption, user=rui)
    if how == "opened":
        note_opening(caption=clip.caption, user=ria)
    elif how == "account":
        User.objects.filter(pk=ria.pk).update(is_active=False)
    assert given(project, rui, "review") == ("a", "queue")


def test_unopened_sets_come_before_opened_ones_of_higher_priority(
    project: Project, ana: User, rui: User, adam: User, ready: Make
) -> None:
    opened, blind = ready("a", drafted=False), ready("b", drafted=False)
    for clip in (opened, blind):
        submitted_item(clip, ana)
    CaptionOpening.objects.all().delete()
    note_opening(caption=opened.caption, user=rui)
    assignments.set_priority(project=project, user=adam, kind="questions", clip_ids=["a"], priority=9)
    assert given(project, rui, "review") == ("b", "queue")


def test_a_reviewer_is_given_no_set_in_which_they_may_judge_nothing(
    project: Project, ana: User, rui: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    own = submitted_item(clip, rui)
    assert given(project, rui, "review") == ("", "all_leased")
    submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    assert given(project, rui, "review") == ("a", "queue"), "one of the two is ana's"
    assert fresh(own).state == "in_review"


def test_a_set_stays_with_its_reviewer_until_nothing_is_left_that_they_may_judge(
    project: Project, ana: User, rui: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    first = submitted_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    assert given(project, ria, "review") == ("a", "queue")
    answer(first, ria, "o1")
    answer(second, ria, "o2")
    reviews.approve(item=first, reviewer=ria, seen_number=1)
    assert given(project, ria, "review") == ("a", "yours")
    with pytest.raises(LeaseHeld):
        sets.end_review(clip, rui)
    reviews.approve(item=second, reviewer=ria, seen_number=1)
    assert rows(clip)[-1] == ("ria", "review", "judged")
    assert given(project, ria, "review") == ("", "finished")


def test_judging_is_not_refused_because_the_author_writes_on_what_was_returned(
    project: Project, ana: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    first = submitted_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    answer(first, ria, "o1")
    answer(second, ria, "o2")
    reviews.return_to_author(item=first, reviewer=ria, seen_number=1, reason="Which man?")
    QALease.objects.filter(ended_at=None).delete()
    items.save(item=first, user=ana, etag='"1-0"', content=content_of(first, ana, key="o2"))
    reviews.approve(item=second, reviewer=ria, seen_number=1)
    found = QASet.objects.get(clip=clip)
    assert (found.reserved_for, rows(clip)[-1]) == (ana, ("ana", "edit", ""))


def test_taking_a_verdict_back_puts_the_set_on_the_reviewers_desk_again(
    project: Project, ana: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    item = returned(clip, ana, ria)
    assert (QASet.objects.get(clip=clip).reserved_for, rows(clip)[-1]) == (ana, ("ria", "review", "judged"))
    reviews.undo(item=item, reviewer=ria)
    assert (QASet.objects.get(clip=clip).reserved_for, rows(clip)[-1]) == (None, ("ria", "review", ""))


def test_taking_questions_back_puts_them_on_the_authors_desk_and_off_the_reviewers(
    project: Project, ana: User, ria: User, ready: Make
) -> None:
    clip = ready("a", drafted=False)
    submitted_item(clip, ana)
    given(project, ria, "review")
    items.withdraw_unit(clip=clip, user=ana)
    assert rows(clip)[-2:] == [("ria", "review", "released"), ("ana", "edit", "")]


def test_skipping_a_review_says_nothing_of_writing_and_comes_back_at_last(
    project: Project, ana: User, ria: User, ready: Make
) -> None:
    clip, other = ready("a", drafted=False), ready("b", drafted=False)
    for one in (clip, other):
        submitted_item(one, ana)
    given(project, ria, "review")
    skip(unit=clip.qa_set, user=ria, reason="upsetting", work="review")
    skip(unit=clip.qa_set, user=ria, reason="upsetting", work="review")
    assert list(QASkip.objects.values_list("work", "reason")) == [("review", "upsetting")]
    assert rows(clip)[-1] == ("ria", "review", "skipped")
    assert given(project, ria, "review") == ("b", "queue")
    QALease.objects.filter(qa_set=other.qa_set, ended_at=None).update(holder=ana)
    assert given(project, ria, "review") == ("a", "skipped")


def test_annotators_and_outsiders_are_refused_and_nothing_is_written(
    project: Project, ana: User, otto: User, ready: Make
) -> None:
    clip = ready("a")
    for user, work in ((otto, "edit"), (ana, "review")):
        with pytest.raises(RightMissing):
            given(project, user, work)
        with pytest.raises(RightMissing):
            skip(unit=clip.qa_set, user=user, reason="other", work=work)
    for wrong in ("qa", "", None, ["questions"], 5):
        with pytest.raises(BadInput):
            next_unit(project=project, user=ana, kind=wrong)
    with pytest.raises(RightMissing):
        leases.free(unit=clip.qa_set, user=ana)
    assert not QALease.objects.exists()
    assert not QASkip.objects.exists()


def test_handing_in_says_for_how_long_it_was_worked_on_and_counts_today(
    project: Project, ana: User, ready: Make
) -> None:
    clip = ready("a")
    item = clip.qa_items.get()
    items.save(item=item, user=ana, etag='"0-0"', content=content_of(item, ana))
    QALease.objects.update(leased_at=F("leased_at") - timedelta(minutes=5))
    leases.keep_alive(unit=clip.qa_set, user=ana, active_ms=120_000)
    before = today_of(ana, project)
    assert sets.handed_in(clip, ana) == 120_000
    assert today_of(ana, project).submitted == before.submitted + 1
    assert before.active_minutes == 2


def test_the_queue_page_has_rows_of_both_kinds(project: Project, ana: User, rui: User, adam: User, ready: Make) -> None:
    returned(ready("back", drafted=False), ana, rui)
    ready("hers"), ready("empty", drafted=False)
    assignments.assign(project=project, user=adam, kind="questions", clip_ids=["hers"], username="ana")
    given(project, ana)
    (row,) = returned_to(ana, project)
    assert (row.clip.clip_id, row.review.reason, row.page) == ("back", "Which man?", "qa_workspace")
    assert [row.clip.clip_id for row in on_the_desk(ana, project)] == ["back"]
    assert [row.clip.clip_id for row in assigned_to(ana, project)] == ["hers"]
    # of the three sets one is returned and one is assigned: only the empty one is in the open queue
    counted = {(one.kind.name, one.work): one.number for one in waiting(project, may_review=True)}
    assert counted == {
        ("caption", "edit"): 0,
        ("questions", "edit"): 1,
        ("caption", "review"): 0,
        ("questions", "review"): 0,
    }


# A third of them to write, a third to edit, a third to review; triggers count.
MANY_SETS = [
    """
    INSERT INTO annotation_clip (uid, project_id, clip_id, state, original, original_sha256, original_name, video,
        sha256, poster, subtitles, duration_ms, width, height, fps, frames, has_audio, source, source_id, source_url,
        license, may_redistribute, description, metadata, is_control, created_at)
    SELECT gen_random_uuid(), %(project)s, 'many-' || n, 'active', 'o', repeat('0', 64), 'o.mp4', 'v.mp4',
        encode(sha256(n::text::bytea), 'hex'), 'p', '', 7000, 1280, 720, 25, 175, false, '', '', '', '', true, '',
        '{}', false, now()
    FROM generate_series(1, 6000) AS n
    """,
    """
    INSERT INTO qa_qaset (clip_id, project_id, is_ready, items, open_items, items_in_review, priority)
    SELECT id, project_id, true, 0, 0, 0, 0 FROM annotation_clip WHERE project_id = %(project)s
    """,
    """
    INSERT INTO qa_qaitem (uid, clip_id, category, number, question_id, state, head_number, head_digest, created_at)
    SELECT gen_random_uuid(), id, 'count', 1, id || '-count-1', (ARRAY['drafted', 'in_review'])[id %% 3], 0, '', now()
    FROM annotation_clip WHERE project_id = %(project)s AND id %% 3 > 0
    """,
    "ANALYZE annotation_clip, qa_qaset, qa_qaitem",
]


@pytest.mark.parametrize(
    ("work", "step", "index"),
    [
        (LeaseWork.EDIT, 3, "qa_set_to_edit"),
        (LeaseWork.EDIT, 4, "qa_set_to_write"),
        (LeaseWork.REVIEW, 1, "qa_set_to_review"),
    ],
)
def test_the_open_queue_is_read_by_its_index_from_the_first_free_set(
    project: Project, ana: User, work: LeaseWork, step: int, index: str
) -> None:
    with connection.cursor() as cursor:
        for statement in MANY_SETS:
            cursor.execute(statement, {"project": project.pk})
        assert QASet.objects.filter(open_items=1).count() == QASet.objects.filter(items_in_review=1).count() == 2000
        said: dict[str, Any] = {"project": project.pk, "user": ana.pk, "work": work}
        cursor.execute(f"EXPLAIN {QUESTIONS.ladders[work]}", said)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    part = plan[plan.index(f"CTE step{step}") :].partition(f"CTE step{step + 1}")[0]
    assert index in part, part
    assert "Sort" not in part, part
