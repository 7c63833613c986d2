"""Answering blind: every question of the clip at once, by somebody who wrote none of it, and no way back."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing, StaleRevision
from annotation.models import Clip, Project, User
from annotation.services.captions import note_opening
from qa.models import BlindAnswer
from qa.services import blind, items
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer_all,
    approved_clip,
    content_of,
    etags,
    reopen_caption,
    saved_item,
    submitted_item,
)


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


def store(clip: Clip, user: User, seen: dict[str, int], choices: dict[str, Any]) -> list[BlindAnswer]:
    return blind.store_answers(clip=clip, user=user, seen=seen, choices=choices)


def test_answers_are_stored_together_with_their_digest(clip: Clip, ana: User, rui: User) -> None:
    first = saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    choices = {first.question_id: "o3", second.question_id: "cannot_tell"}
    store(clip, rui, {first.question_id: 1, second.question_id: 1}, choices)
    assert blind.answers_of([first, second], rui) == choices
    answer = BlindAnswer.objects.get(item=first)
    assert (answer.user, answer.revision, answer.had_opened_caption) == (rui, first.head, False)
    pseudonym = rui.memberships.get(project=clip.project).pseudonym
    assert answer.digest == answer.computed_digest(pseudonym=pseudonym)
    assert blind.unanswered(clip, rui) == []


def test_who_had_opened_the_caption_is_counted_apart(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    note_opening(caption=clip.caption, user=rui)
    store(clip, rui, {item.question_id: 1}, {item.question_id: "more_than_one"})
    assert BlindAnswer.objects.get().had_opened_caption


def test_missing_and_unknown_answers_are_named_and_none_is_stored(clip: Clip, ana: User, rui: User) -> None:
    first = saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    seen = {first.question_id: 1, second.question_id: 1}
    for choices, wrong in (
        ({first.question_id: "o1"}, {second.question_id}),
        ({first.question_id: "o9", second.question_id: "A"}, {first.question_id, second.question_id}),
        ({first.question_id: ["o1"], second.question_id: "o1"}, {first.question_id}),
    ):
        with pytest.raises(BadInput) as refusal:
            store(clip, rui, seen, choices)
        assert set(refusal.value.detail["fields"]) == wrong
    assert not BlindAnswer.objects.exists()


def test_second_answer_on_the_same_revision_is_refused(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    store(clip, rui, {item.question_id: 1}, {item.question_id: "o1"})
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, {item.question_id: 1}, {item.question_id: "o2"})
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
    items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    for seen in ({item.question_id: 1}, {}):
        with pytest.raises(StaleRevision):
            store(clip, rui, seen, {item.question_id: "o1"})
    assert not BlindAnswer.objects.exists()


def test_new_revision_needs_a_new_answer(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    items.withdraw_unit(clip=clip, user=ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert blind.unanswered(clip, rui) == [item]
    assert blind.answers_of(blind.items_in_review(clip), rui) == {}


def test_nobody_answers_what_they_wrote(clip: Clip, ana: User, rui: User) -> None:
    item = submitted_item(clip, rui)
    assert blind.to_judge(clip, rui) == blind.unanswered(clip, rui) == []
    with pytest.raises(OwnWork):
        store(clip, rui, {item.question_id: 1}, {item.question_id: "o1"})
    assert not BlindAnswer.objects.exists()


def test_own_question_does_not_keep_one_from_judging_the_others(clip: Clip, ana: User, rui: User) -> None:
    own = saved_item(clip, rui)
    other = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    assert blind.unanswered(clip, rui) == [other]
    seen = {own.question_id: 1, other.question_id: 1}
    store(clip, rui, seen, {own.question_id: "o1", other.question_id: "o2"})
    assert [answer.item for answer in BlindAnswer.objects.all()] == [other]


def test_question_that_one_changed_earlier_is_own_work_too(clip: Clip, ana: User, rui: User, oda: User) -> None:
    item = saved_item(clip, rui)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert blind.unanswered(clip, rui) == []
    assert blind.unanswered(clip, oda) == [item]


def test_annotator_outsider_and_a_clip_without_questions_are_refused(
    clip: Clip, ana: User, rui: User, otto: User
) -> None:
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, {}, {})
    item = submitted_item(clip, rui)
    for user in (ana, otto):
        with pytest.raises(RightMissing):
            store(clip, user, {item.question_id: 1}, {item.question_id: "o1"})
    assert not BlindAnswer.objects.exists()


def test_nothing_is_answered_while_the_caption_is_reopened(clip: Clip, ana: User, rui: User, oda: User) -> None:
    item = submitted_item(clip, ana)
    reopen_caption(clip, oda)
    with pytest.raises(MoveNotAllowed):
        store(clip, rui, {item.question_id: 1}, {item.question_id: "o1"})
    assert not BlindAnswer.objects.exists()
