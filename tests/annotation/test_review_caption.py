"""Verdicts on a caption: who may, on what they saw, and what each leaves behind."""

import pytest
from django.db import DatabaseError, transaction

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing, StaleRevision
from annotation.models import Caption, CaptionReview, Event, Project, User
from annotation.services.captions import lock, reopen, save, submit, withdraw
from annotation.services.leases import release
from annotation.services.reviews import approve, fix_and_approve, return_to_author
from annotation.states import State
from annotation.workflow import database_now
from tests.factories import PEOPLE, TEXT, DraftedCaptionFactory, SubmittedCaptionFactory

FIXED = TEXT.replace("jumps", "leaps")


def now(caption: Caption) -> Caption:
    with transaction.atomic():
        return lock(caption)


@pytest.fixture
def submitted(project: Project, ana: User) -> Caption:
    return SubmittedCaptionFactory(project=project, author=ana)


def test_approving_makes_the_seen_revision_final(submitted: Caption, ana: User, rui: User) -> None:
    review = approve(caption=submitted, reviewer=rui, seen_number=1)
    caption = now(submitted)
    assert (caption.state, caption.approved_revision) == (State.APPROVED, caption.head)
    assert (review.judged_author, review.judged_revision, review.final_revision) == (ana, caption.head, caption.head)
    event = Event.objects.filter(object_id=caption.object_id).latest("id")
    assert (event.verb, event.actor, event.revision_digest) == ("approve", rui, caption.head_digest)


def test_fixing_makes_a_revision_of_its_own_kind_and_approves_it(submitted: Caption, rui: User) -> None:
    review = fix_and_approve(caption=submitted, reviewer=rui, seen_number=1, text=FIXED, people=PEOPLE)
    caption = now(submitted)
    assert caption.head is not None
    assert (caption.state, caption.head.number, caption.head.kind) == (State.APPROVED, 2, "review_fix")
    assert (caption.head.author, caption.head.text, caption.approved_revision) == (rui, FIXED, caption.head)
    assert (review.judged_revision.number, review.final_revision) == (1, caption.head)


def test_a_fix_that_changes_nothing_is_refused(submitted: Caption, rui: User) -> None:
    with pytest.raises(BadInput):
        fix_and_approve(caption=submitted, reviewer=rui, seen_number=1, text=TEXT, people=PEOPLE)
    assert now(submitted).state == State.IN_REVIEW


def test_returning_needs_a_comment_and_brings_it_back(submitted: Caption, rui: User) -> None:
    with pytest.raises(BadInput):
        return_to_author(caption=submitted, reviewer=rui, seen_number=1, reason="  ")
    assert not CaptionReview.objects.exists()
    review = return_to_author(caption=submitted, reviewer=rui, seen_number=1, reason="He leaps.")
    assert (review.final_revision, review.reason, now(submitted).state) == (None, "He leaps.", State.EDITING)
    assert now(submitted).approved_revision is None


@pytest.mark.parametrize("who", ["ana", "otto"])
def test_annotators_and_outsiders_cannot_judge(submitted: Caption, ana: User, otto: User, who: str) -> None:
    with pytest.raises(RightMissing):
        approve(caption=submitted, reviewer={"ana": ana, "otto": otto}[who], seen_number=1)
    assert now(submitted).state == State.IN_REVIEW


def test_reviewer_cannot_approve_own_revision_s14(project: Project, rui: User) -> None:
    caption = SubmittedCaptionFactory(project=project, author=rui)
    with pytest.raises(OwnWork):
        approve(caption=caption, reviewer=rui, seen_number=1)
    assert now(caption).state == State.IN_REVIEW


def test_who_wrote_an_earlier_revision_since_the_approval_cannot_judge(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=rui, etag='"0-0"', text=TEXT, people=PEOPLE)
    release(unit=caption, user=rui)
    submit(caption=caption, user=ana, etag='"1-0"', text=FIXED, people=PEOPLE)
    with pytest.raises(OwnWork):
        approve(caption=caption, reviewer=rui, seen_number=2)


def test_the_database_holds_it_even_when_the_service_is_bypassed(submitted: Caption, rui: User, ana: User) -> None:
    head = submitted.head
    # judged_author says rui, but the trigger copies the author of the revision: ana, who is the reviewer here.
    forged = CaptionReview(
        caption=submitted,
        reviewer=ana,
        judged_author=rui,
        judged_revision=head,
        final_revision=head,
        verdict="approve",
        created_at=database_now(),
        digest="0" * 64,
    )
    with pytest.raises(DatabaseError, match="caption_review_not_of_own_work"), transaction.atomic():
        forged.save()
    assert not CaptionReview.objects.exists()


def test_a_verdict_on_an_older_revision_is_refused(submitted: Caption, ana: User, rui: User) -> None:
    withdraw(caption=submitted, user=ana, seen_number=1)
    submit(caption=submitted, user=ana, etag='"1-0"', text=FIXED, people=PEOPLE)
    with pytest.raises(StaleRevision):
        approve(caption=submitted, reviewer=rui, seen_number=1)
    assert now(submitted).state == State.IN_REVIEW


def test_pressing_approve_twice_is_refused_the_second_time(submitted: Caption, rui: User) -> None:
    approve(caption=submitted, reviewer=rui, seen_number=1)
    with pytest.raises(MoveNotAllowed):
        approve(caption=submitted, reviewer=rui, seen_number=1)
    assert CaptionReview.objects.count() == 1


def test_a_drafted_caption_cannot_be_judged(project: Project, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    for verdict in (approve, return_to_author):
        with pytest.raises(MoveNotAllowed):
            verdict(
                caption=caption, reviewer=rui, seen_number=0, **({"reason": "x"} if verdict is return_to_author else {})
            )


def test_reopening_needs_an_adjudicator_and_a_reason(submitted: Caption, rui: User, oda: User) -> None:
    approve(caption=submitted, reviewer=rui, seen_number=1)
    with pytest.raises(RightMissing):
        reopen(caption=submitted, user=rui, reason="why", seen_number=1)
    with pytest.raises(BadInput):
        reopen(caption=submitted, user=oda, reason="", seen_number=1)
    reopen(caption=submitted, user=oda, reason="he leaps", seen_number=1)
    caption = now(submitted)
    assert (caption.state, caption.approved_revision) == (State.EDITING, caption.head)
