"""Verdicts on questions: after a blind answer, on the revision that was seen, never on one's own words."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing, StaleRevision
from annotation.models import Caption, Clip, Event, Notification, Project, User
from annotation.services import judging
from annotation.services.captions import save, submit
from annotation.services.reviews import approve as approve_caption
from annotation.states import State
from annotation.workflow import database_now
from qa.models import QAItem, QAReview
from qa.services import disputes, items, reviews
from qa.services.history import verify_project
from tests.qa.scenes import (
    answer,
    answer_all,
    approved_clip,
    approved_item,
    content_of,
    fresh,
    reopen_caption,
    submit_all,
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
    fix = content_of(item, reviewer, question="What does the bald man in the brown T-shirt do just before he jumps?")
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


def test_fixing_stores_the_words_as_a_review_fix_and_approves_it(answered: QAItem, ana: User, rui: User) -> None:
    content = content_of(answered, rui, question="What does the bald man in the brown T-shirt do just before he jumps?")
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
    submit_all(clip, ana)
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
    submit_all(clip, ana)
    answer_all(clip, rui, "o2")
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


# Several people, disputes, and verdicts taken back


def standing(item: QAItem) -> list[tuple[str, str]]:
    reviews_of = QAReview.objects.filter(item=item, undone_by=None).exclude(verdict="undo").order_by("pk")
    return [(review.reviewer.username, review.verdict) for review in reviews_of]


@pytest.fixture
def two_people(project: Project) -> None:
    project.blind_answers_per_question = 2
    project.save(update_fields=["blind_answers_per_question"])


def test_after_a_miss_the_question_waits_for_a_second_person(clip: Clip, ana: User, rui: User, adam: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o4")
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    assert (fresh(item).state, verbs(item)[-1]) == (State.IN_REVIEW, "submit")
    with pytest.raises(MoveNotAllowed, match="judged this"):
        reviews.return_to_author(item=item, reviewer=rui, seen_number=1, reason="after all")
    answer(item, adam, "o1")
    reviews.approve(item=item, reviewer=adam, seen_number=1)
    assert (fresh(item).state, standing(item)) == (State.APPROVED, [("rui", "approve"), ("adam", "approve")])


def test_one_who_missed_returns_it_only_with_a_second_person(clip: Clip, ana: User, rui: User, adam: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o4")
    reviews.return_to_author(item=item, reviewer=rui, seen_number=1, reason="D is right", code="key_wrong")
    assert fresh(item).state == State.IN_REVIEW
    answer(item, adam, "o1")
    reviews.return_to_author(item=item, reviewer=adam, seen_number=1, reason="D fits too", code="more_than_one")
    assert fresh(item).state == State.EDITING
    told = Notification.objects.get(recipient=ana, kind="returned")
    assert (told.question_id, told.revision_number, told.text) == (item.question_id, 1, "D fits too")


@pytest.mark.usefixtures("two_people")
def test_two_verdicts_that_differ_are_a_dispute(clip: Clip, ana: User, rui: User, adam: User, oda: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o1")
    answer(item, adam, "o1")
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    reviews.return_to_author(item=item, reviewer=adam, seen_number=1, reason="B fits too", code="more_than_one")
    assert (fresh(item).state, verbs(item)[-1]) == (State.DISPUTED, "dispute")
    assert {one.recipient for one in Notification.objects.filter(kind="disputed")} == {ana, oda}


@pytest.mark.usefixtures("two_people")
def test_a_fix_is_for_the_last_whose_verdict_is_asked_for(clip: Clip, ana: User, rui: User, adam: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o1")
    answer(item, adam, "o1")
    fix = content_of(item, rui, question="What does the bald man in the brown T-shirt do just before he jumps?")
    with pytest.raises(MoveNotAllowed, match="as it was written"):
        reviews.fix_and_approve(item=item, reviewer=rui, seen_number=1, content=fix)
    assert fresh(item).head_number == 1
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    reviews.fix_and_approve(item=item, reviewer=adam, seen_number=1, content=fix)
    assert (fresh(item).state, fresh(item).head_number) == (State.APPROVED, 2)
    told = Notification.objects.get(recipient=ana, kind="fixed")
    assert told.revision_number == 2


def test_a_newer_revision_starts_anew(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o4")
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    items.withdraw_unit(clip=clip, user=ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o4"))
    submit_all(clip, ana)
    answer(fresh(item), rui, "o4")
    reviews.approve(item=item, reviewer=rui, seen_number=2)
    assert fresh(item).state == State.APPROVED


@pytest.mark.parametrize("verdict", ["approve", "return"])
def test_a_verdict_is_taken_back_by_an_event_of_its_own(answered: QAItem, ana: User, rui: User, verdict: str) -> None:
    if verdict == "approve":
        given = reviews.approve(item=answered, reviewer=rui, seen_number=1)
    else:
        given = reviews.return_to_author(item=answered, reviewer=rui, seen_number=1, reason="unclear")
    undone = reviews.undo(item=answered, reviewer=rui)
    item = fresh(answered)
    assert (item.state, item.approved_revision, verbs(item)[-2:]) == (State.IN_REVIEW, None, [verdict, "undo"])
    assert (undone.verdict, undone.undoes, standing(item)) == ("undo", given, [])
    assert not Notification.objects.exists()  # what was told is untold
    assert item.clip.qa_set.items_in_review == 1
    with pytest.raises(MoveNotAllowed):
        reviews.undo(item=answered, reviewer=rui)  # twice
    reviews.approve(item=answered, reviewer=rui, seen_number=1)  # and judged again
    assert fresh(answered).state == State.APPROVED


def test_a_verdict_that_waits_for_others_can_be_taken_back_too(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o4")
    reviews.approve(item=item, reviewer=rui, seen_number=1)
    reviews.undo(item=item, reviewer=rui)
    assert (standing(item), verbs(item)[-1]) == ([], "submit")


def test_undoing_a_second_approval_leaves_the_first_as_it_was(clip: Clip, ana: User, rui: User, oda: User) -> None:
    item = approved_item(clip, author=ana, reviewer=rui)
    first = fresh(item).approved_revision
    items.reopen(item=item, user=oda, reason="look again", seen_number=1)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, question="What does he do?"))
    submit_all(clip, ana)
    answer(fresh(item), rui, "o1")
    reviews.approve(item=item, reviewer=rui, seen_number=2)
    reviews.undo(item=item, reviewer=rui)
    assert (fresh(item).state, fresh(item).approved_revision) == (State.IN_REVIEW, first)


def test_undoing_a_fix_brings_the_words_back_for_somebody_else_to_judge(answered: QAItem, rui: User, oda: User) -> None:
    before = fresh(answered).head.content
    fix = content_of(answered, rui, question="What does the bald man in the brown T-shirt do just before he jumps?")
    reviews.fix_and_approve(item=answered, reviewer=rui, seen_number=1, content=fix)
    reviews.undo(item=answered, reviewer=rui)
    head = fresh(answered).head
    assert (head.number, head.kind, head.author, head.content) == (3, "restore", rui, before)
    answer(fresh(answered), oda, "o1")
    with pytest.raises(OwnWork):
        reviews.approve(item=answered, reviewer=rui, seen_number=3)
    reviews.approve(item=answered, reviewer=oda, seen_number=3)
    assert fresh(answered).state == State.APPROVED


def test_nothing_is_taken_back_by_another_or_too_late_or_after_work_went_on(
    answered: QAItem, clip: Clip, ana: User, rui: User, oda: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews.return_to_author(item=answered, reviewer=rui, seen_number=1, reason="unclear")
    with pytest.raises(MoveNotAllowed):
        reviews.undo(item=answered, reviewer=oda)
    with pytest.raises(RightMissing):
        reviews.undo(item=answered, reviewer=ana)
    monkeypatch.setattr(judging, "UNDO_SECONDS", -60)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(item=answered, reviewer=rui)
    monkeypatch.undo()
    items.save(item=answered, user=ana, etag='"1-0"', content=content_of(answered, ana, question="New?"))
    with pytest.raises(MoveNotAllowed):
        reviews.undo(item=answered, reviewer=rui)
    assert (fresh(answered).state, standing(answered)) == (State.EDITING, [("rui", "return")])


def test_nothing_is_taken_back_over_somebody_elses_move(answered: QAItem, rui: User, oda: User) -> None:
    reviews.approve(item=answered, reviewer=rui, seen_number=1)
    items.reopen(item=answered, user=oda, reason="look again", seen_number=1)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(item=answered, reviewer=rui)
    assert fresh(answered).state == State.EDITING


@pytest.fixture
def disputed(clip: Clip, ana: User, rui: User, adam: User) -> QAItem:
    item = submitted_item(clip, ana)
    answer(item, rui, "o2")
    answer(item, adam, "o3")
    found: QAItem = fresh(item)
    return found


@pytest.mark.parametrize(
    ("outcome", "state", "number"), [("approve", "approved", 1), ("return", "editing", 1), ("drop", "dropped", 1)]
)
def test_a_third_person_settles_a_dispute(
    disputed: QAItem, ana: User, rui: User, oda: User, outcome: str, state: str, number: int
) -> None:
    review = disputes.settle(
        item=disputed, adjudicator=oda, seen_number=1, outcome=outcome, code="other", reason="I looked."
    )
    item = fresh(disputed)
    assert (item.state, item.head_number, verbs(item)[-1]) == (state, number, "settle")
    assert (review.verdict, review.reason_code, review.is_adjudication) == (outcome, "other", True)
    assert {one.recipient.username for one in Notification.objects.filter(kind="settled")} == {"ana", "rui", "adam"}
    verify_project(item.clip.project)


def test_a_third_person_may_settle_with_another_key(disputed: QAItem, ana: User, oda: User) -> None:
    content = content_of(disputed, ana, key="o2")
    disputes.settle(
        item=disputed, adjudicator=oda, seen_number=1, outcome="fix", code="key_wrong", reason="B.", content=content
    )
    item = fresh(disputed)
    assert (item.state, item.head.kind, item.head.author, item.head.content["key"]) == (
        "approved",
        "review_fix",
        oda,
        "o2",
    )
    verify_project(item.clip.project)


def test_who_took_part_settles_nothing(
    disputed: QAItem, clip: Clip, ana: User, rui: User, oda: User, adam: User, otto: User
) -> None:
    said: dict[str, Any] = {"seen_number": 1, "outcome": "approve", "code": "other", "reason": "I looked."}
    for user in (ana, rui, otto):
        with pytest.raises(RightMissing):
            disputes.settle(item=disputed, adjudicator=user, **said)
    with pytest.raises(MoveNotAllowed, match="third person"):
        disputes.settle(item=disputed, adjudicator=adam, **said)  # answered it
    other = approved_clip(clip.project, author=ana, reviewer=rui)
    own = submitted_item(other, oda)
    for user in (rui, adam):
        answer(own, user, "o2")
    with pytest.raises(OwnWork):
        disputes.settle(item=own, adjudicator=oda, **said)
    for wrong, error in (
        ({**said, "seen_number": 2}, StaleRevision),
        ({**said, "outcome": "burn"}, BadInput),
        ({**said, "code": "rain"}, BadInput),
        ({**said, "reason": " "}, BadInput),
        ({**said, "outcome": "fix", "content": None}, BadInput),
    ):
        with pytest.raises(error):
            disputes.settle(item=disputed, adjudicator=oda, **wrong)
    assert fresh(disputed).state == State.DISPUTED


def test_what_is_not_disputed_is_not_settled(answered: QAItem, oda: User) -> None:
    with pytest.raises(MoveNotAllowed):
        disputes.settle(
            item=answered, adjudicator=oda, seen_number=1, outcome="approve", code="other", reason="I looked."
        )


def test_a_question_is_confirmed_against_the_newer_caption(clip: Clip, ana: User, rui: User, oda: User) -> None:
    item = approved_item(clip, author=ana, reviewer=rui)
    with pytest.raises(MoveNotAllowed, match="nothing to confirm"):
        reviews.confirm(item=item, reviewer=rui, seen_number=1)
    reopen_caption(clip, oda)
    caption = Caption.objects.get(clip=clip)
    save(caption=caption, user=ana, etag='"1-0"', text="There is one person. He jumps.", people=[])
    submit(caption=caption, user=ana, etag='"2-0"', text="There is one person. He jumps.", people=[])
    approve_caption(caption=caption, reviewer=rui, seen_number=2)
    assert fresh(item).caption_revision.number == 1
    reviews.confirm(item=item, reviewer=rui, seen_number=1)
    assert (fresh(item).caption_revision.number, verbs(item)[-1]) == (2, "confirm")
    verify_project(clip.project)


def test_what_is_handed_in_again_unchanged_is_judged_anew(answered: QAItem, clip: Clip, ana: User, rui: User) -> None:
    reviews.return_to_author(item=answered, reviewer=rui, seen_number=1, reason="unclear")
    submit_all(clip, ana)
    reviews.approve(item=answered, reviewer=rui, seen_number=1)
    assert (fresh(answered).state, fresh(answered).head_number) == (State.APPROVED, 1)
