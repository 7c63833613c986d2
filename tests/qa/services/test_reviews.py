"""Verdicts on questions: after a blind answer, on the revision that was seen, never on one's own words."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing, StaleRevision
from annotation.models import Clip, Event, Project, User
from annotation.states import State
from annotation.workflow import database_now
from qa.models import QAItem, QAReview
from qa.services import items, reviews
from tests.qa.scenes import (
    answer_all,
    approved_clip,
    approved_item,
    content_of,
    etags,
    fresh,
    reopen_caption,
    submitted_item,
    verbs,
)


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def answered(clip: Clip, ana: User, rui: User) -> QAItem:
    """Written by ana, in review, answered blind by rui."""
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    return item


def every_verdict(item: QAItem, reviewer: User, seen_number: int = 1) -> list[Any]:
    fix = content_of(item, reviewer, question="What does the bald man do right before he jumps?")
    common: dict[str, Any] = {"item": item, "reviewer": reviewer, "seen_number": seen_number}
    return [
        lambda: reviews.approve(**common),
        lambda: reviews.fix_and_approve(**common, content=fix),
        lambda: reviews.return_to_author(**common, reason="unclear"),
    ]


def test_approving_makes_the_seen_revision_final(answered: QAItem, clip: Clip, rui: User) -> None:
    review = reviews.approve(item=answered, reviewer=rui, seen_number=1)
    item = fresh(answered)
    assert (item.state, item.approved_revision, item.head_number) == (State.APPROVED, item.head, 1)
    assert item.caption_revision == clip.caption.approved_revision
    assert (review.verdict, review.judged_revision, review.final_revision) == ("approve", item.head, item.head)
    assert review.digest == review.computed_digest(
        object_id=item.object_id,
        pseudonym=rui.memberships.get(project=clip.project).pseudonym,
        judged=item.head.digest,
        final=item.head.digest,
    )
    event = Event.objects.filter(object_id=item.object_id).latest("id")
    assert (event.verb, event.actor, event.revision_digest) == ("approve", rui, item.head.digest)


def test_differing_answer_does_not_forbid_approval(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui, choice="o4")
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    assert fresh(item).state == State.APPROVED


def test_fixing_stores_the_words_as_a_review_fix_and_approves_it(answered: QAItem, ana: User, rui: User) -> None:
    content = content_of(answered, rui, question="What does the bald man do right before he jumps?")
    review = reviews.fix_and_approve(item=answered, reviewer=rui, seen_number=1, content=content, reason="typo")
    item = fresh(answered)
    assert (item.state, item.head_number, item.head.kind, item.head.author) == ("approved", 2, "review_fix", rui)
    assert (item.head.content, item.approved_revision) == (content, item.head)
    assert (review.verdict, review.judged_author, review.final_revision) == ("fix", ana, item.head)
    assert (review.judged_revision.number, review.reason) == (1, "typo")


@pytest.mark.parametrize("key", ["o2", None])
def test_fix_cannot_change_the_key(answered: QAItem, rui: User, key: str | None) -> None:
    with pytest.raises(BadInput) as refusal:
        reviews.fix_and_approve(
            item=answered, reviewer=rui, seen_number=1, content=content_of(answered, rui, key=key, question="New?")
        )
    assert list(refusal.value.detail["fields"]) == ["key"]
    assert (fresh(answered).state, fresh(answered).head_number) == (State.IN_REVIEW, 1)


def test_fix_cannot_swap_an_option_for_another(answered: QAItem, rui: User) -> None:
    content = content_of(answered, rui)
    content["options"] = [*content["options"][:3], {"id": "o5", "text": "He leaves"}]
    with pytest.raises(BadInput) as refusal:
        reviews.fix_and_approve(item=answered, reviewer=rui, seen_number=1, content=content)
    assert list(refusal.value.detail["fields"]) == ["options"]
    assert fresh(answered).state == State.IN_REVIEW


def test_fix_that_changes_nothing_or_leaves_a_gap_is_refused(answered: QAItem, rui: User) -> None:
    for content in (content_of(answered, rui), content_of(answered, rui, question=" ")):
        with pytest.raises(BadInput):
            reviews.fix_and_approve(item=answered, reviewer=rui, seen_number=1, content=content)
    assert (fresh(answered).state, fresh(answered).head_number) == (State.IN_REVIEW, 1)
    assert not QAReview.objects.exists()


def test_returning_needs_a_comment_and_brings_it_back_to_editing(answered: QAItem, rui: User) -> None:
    with pytest.raises(BadInput) as refusal:
        reviews.return_to_author(item=answered, reviewer=rui, seen_number=1, reason=" ")
    assert list(refusal.value.detail["fields"]) == ["reason"]
    review = reviews.return_to_author(item=answered, reviewer=rui, seen_number=1, reason="two are right")
    assert (fresh(answered).state, fresh(answered).approved_revision) == (State.EDITING, None)
    assert (review.verdict, review.final_revision, review.reason) == ("return", None, "two are right")
    assert verbs(answered) == ["import", "edit", "submit", "return"]


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_no_verdict_before_the_blind_answer(clip: Clip, ana: User, rui: User, oda: User, verdict: int) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, oda)  # another person's answer does not count
    with pytest.raises(MoveNotAllowed, match="first"):
        every_verdict(item, rui)[verdict]()
    assert (fresh(item).state, fresh(item).head_number) == (State.IN_REVIEW, 1)


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_pressing_twice_is_refused_the_second_time(answered: QAItem, rui: User, verdict: int) -> None:
    press = every_verdict(answered, rui)[verdict]
    press()
    number = fresh(answered).head_number
    with pytest.raises(MoveNotAllowed):
        press()
    assert QAReview.objects.count() == 1
    assert fresh(answered).head_number == number


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_verdict_on_an_older_revision_is_refused(clip: Clip, ana: User, rui: User, verdict: int) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    items.withdraw_unit(clip=clip, user=ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    with pytest.raises(StaleRevision):
        every_verdict(item, rui)[verdict]()
    assert fresh(item).state == State.IN_REVIEW
    assert not QAReview.objects.exists()


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_reviewer_cannot_judge_own_words(clip: Clip, rui: User, verdict: int) -> None:
    item = submitted_item(clip, rui)
    with pytest.raises(OwnWork):
        every_verdict(item, rui)[verdict]()
    assert fresh(item).state == State.IN_REVIEW


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_annotator_and_outsider_cannot_judge(answered: QAItem, ana: User, otto: User, verdict: int) -> None:
    for user in (ana, otto):
        with pytest.raises(RightMissing):
            every_verdict(answered, user)[verdict]()
    assert fresh(answered).state == State.IN_REVIEW
    assert not QAReview.objects.exists()


def test_reopened_question_can_be_judged_by_its_approver_when_another_changed_it(
    clip: Clip, ana: User, rui: User, oda: User
) -> None:
    item = approved_item(clip, author=ana, reviewer=rui)
    items.reopen(item=item, user=oda, reason="look again", seen_number=1)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    answer_all(clip, rui)
    reviews.approve(item=item, reviewer=rui, seen_number=2)
    assert fresh(item).approved_revision.number == 2


@pytest.mark.parametrize("verdict", [0, 1, 2])
def test_nothing_is_judged_while_the_caption_is_reopened(answered: QAItem, oda: User, rui: User, verdict: int) -> None:
    reopen_caption(answered.clip, oda)
    with pytest.raises(MoveNotAllowed):
        every_verdict(answered, rui)[verdict]()
    assert (fresh(answered).state, fresh(answered).head_number) == (State.IN_REVIEW, 1)


def test_database_refuses_a_review_of_own_work_whoever_is_named_as_author(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, rui)
    review = QAReview(
        item=item,
        reviewer=rui,
        judged_author=ana,  # a lie: the trigger writes rui
        judged_revision=item.head,
        final_revision=item.head,
        verdict="approve",
        created_at=database_now(),
        digest="0" * 64,
    )
    with pytest.raises(IntegrityError, match="qa_review_not_of_own_work"), transaction.atomic():
        review.save(force_insert=True)


def test_database_refuses_an_approval_of_something_else_than_the_head(answered: QAItem) -> None:
    with pytest.raises(IntegrityError, match="qa_item_approved_is_head"), transaction.atomic():
        QAItem.objects.filter(pk=answered.pk).update(state=State.APPROVED)
