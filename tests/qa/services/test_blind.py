"""Answering blind: every question of the clip, one at a time, by somebody who wrote none of it, and no way back."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing, Sealed, StaleRevision
from annotation.models import CaptionOpening, Clip, Event, Notification, Project, User
from annotation.services.captions import note_opening
from annotation.states import State
from qa.models import BlindAnswer
from qa.services import blind, items
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer,
    answer_all,
    approved_clip,
    content_of,
    fresh,
    reopen_caption,
    saved_item,
    submit_all,
    submitted_item,
    verbs,
)


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


def store(clip: Clip, user: User, question_id: str, *, number: int = 1, choice: Any = "o1") -> BlindAnswer:
    return blind.store_answer(clip=clip, user=user, question_id=question_id, seen_number=number, choice=choice)


def test_an_answer_is_stored_with_its_digest_and_the_next_question_comes(clip: Clip, ana: User, rui: User) -> None:
    first = saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    stored = store(clip, rui, first.question_id, choice="o3")
    assert (stored.user, stored.revision, stored.had_opened_caption) == (rui, fresh(first).head, False)
    pseudonym = rui.memberships.get(project=clip.project).pseudonym
    assert stored.digest == stored.computed_digest(pseudonym=pseudonym)
    assert blind.unanswered(clip, rui) == [second]
    store(clip, rui, second.question_id, choice="cannot_tell")
    assert blind.unanswered(clip, rui) == []
    assert list(BlindAnswer.objects.values_list("item", "choice")) == [(first.pk, "o3"), (second.pk, "cannot_tell")]


def test_answers_come_in_the_order_of_the_questions(clip: Clip, ana: User, rui: User) -> None:
    saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    with pytest.raises(StaleRevision, match="in order"):
        store(clip, rui, second.question_id)
    assert not BlindAnswer.objects.exists()


def test_who_had_opened_the_caption_is_counted_apart(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    note_opening(caption=clip.caption, user=rui)
    store(clip, rui, item.question_id, choice="more_than_one")
    assert BlindAnswer.objects.get().had_opened_caption


@pytest.mark.parametrize("choice", ["", "o9", "A", ["o1"], None, 1])
def test_unknown_choice_is_refused(clip: Clip, ana: User, rui: User, choice: Any) -> None:
    item = submitted_item(clip, ana)
    with pytest.raises(BadInput) as refusal:
        store(clip, rui, item.question_id, choice=choice)
    assert set(refusal.value.detail["fields"]) == {item.question_id}
    assert not BlindAnswer.objects.exists()


def test_second_answer_on_the_same_revision_is_refused(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    store(clip, rui, item.question_id)
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, item.question_id, choice="o2")
    assert BlindAnswer.objects.get().choice == "o1"


def test_database_takes_no_second_answer_and_no_change(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    for change in (
        lambda: BlindAnswer.objects.filter(item=item).update(choice="o2"),
        lambda: BlindAnswer.objects.filter(item=item).delete(),
    ):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            change()


def test_question_that_changed_meanwhile_is_refused(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    items.withdraw_unit(clip=clip, user=ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    submit_all(clip, ana)
    with pytest.raises(StaleRevision, match="changed"):
        store(clip, rui, item.question_id, number=1)
    assert not BlindAnswer.objects.exists()


def test_new_revision_needs_a_new_answer(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    items.withdraw_unit(clip=clip, user=ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    submit_all(clip, ana)
    assert blind.unanswered(clip, rui) == [item]


def test_nobody_answers_what_they_wrote(clip: Clip, rui: User) -> None:
    item = submitted_item(clip, rui)
    assert blind.to_judge(clip, rui) == blind.unanswered(clip, rui) == []
    with pytest.raises(OwnWork):
        store(clip, rui, item.question_id)
    assert not BlindAnswer.objects.exists()


def test_own_question_does_not_keep_one_from_judging_the_others(clip: Clip, ana: User, rui: User, oda: User) -> None:
    own = saved_item(clip, rui)
    other = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    assert blind.unanswered(clip, rui) == [other]
    with pytest.raises(StaleRevision):
        store(clip, rui, own.question_id)
    store(clip, rui, other.question_id, choice="o2")
    assert blind.unanswered(clip, rui) == []
    assert blind.unanswered(clip, oda) == [own, other]


def test_the_caption_is_sealed_from_the_first_answer_to_the_last(clip: Clip, ana: User, rui: User, oda: User) -> None:
    first = saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    store(clip, rui, first.question_id)
    with pytest.raises(Sealed):
        note_opening(caption=clip.caption, user=rui)
    assert not CaptionOpening.objects.filter(user=rui).exists()
    note_opening(caption=clip.caption, user=oda)  # who answers nothing is not kept out
    store(clip, rui, second.question_id, choice="o2")
    note_opening(caption=clip.caption, user=rui)
    assert not BlindAnswer.objects.filter(user=rui, had_opened_caption=True).exists()


def test_the_seal_ends_where_the_questions_are_taken_back(clip: Clip, ana: User, rui: User) -> None:
    first = saved_item(clip, ana)
    submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    store(clip, rui, first.question_id)
    items.withdraw_unit(clip=clip, user=ana)
    note_opening(caption=clip.caption, user=rui)


def test_two_misses_are_a_dispute_and_adjudicators_and_the_author_are_told(
    clip: Clip, ana: User, rui: User, oda: User, adam: User
) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o2")
    assert fresh(item).state == State.IN_REVIEW  # one may have missed it
    answer(item, adam, "cannot_tell")
    assert (fresh(item).state, verbs(item)[-1]) == (State.DISPUTED, "dispute")
    event = Event.objects.filter(object_id=item.object_id).latest("id")
    assert (event.actor, event.reason) == (adam, "Two people missed the key.")
    told = Notification.objects.filter(kind="disputed", question_id=item.question_id)
    assert {one.recipient for one in told} == {ana, oda}
    with pytest.raises(MoveNotAllowed):
        store(clip, oda, item.question_id)


def test_annotator_outsider_and_a_clip_without_questions_are_refused(
    clip: Clip, ana: User, rui: User, otto: User
) -> None:
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, "")
    item = submitted_item(clip, rui)
    for user in (ana, otto):
        with pytest.raises(RightMissing):
            store(clip, user, item.question_id)
    assert not BlindAnswer.objects.exists()


def test_nothing_is_answered_while_the_caption_is_reopened(clip: Clip, ana: User, rui: User, oda: User) -> None:
    item = submitted_item(clip, ana)
    reopen_caption(clip, oda)
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, item.question_id)
    assert not BlindAnswer.objects.exists()
