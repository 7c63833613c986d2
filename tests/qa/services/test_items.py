"""Writing questions: whose words count, which version they saw, and what may not happen."""

from typing import Any

import pytest

from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, NotVisible, RightMissing, StaleRevision
from annotation.models import Clip, Event, Project, User
from annotation.states import State
from qa.content import blank_content
from qa.models import QAItem, QALease, QASet, QAWorkingCopy
from qa.services import items
from qa.services.disputes import settle
from qa.services.reviews import return_to_author
from tests.factories import DraftedCaptionFactory, DraftedQAItemFactory
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer,
    approved_clip,
    approved_item,
    content_of,
    etags,
    fresh,
    reopen_caption,
    saved_item,
    submit_all,
    submitted_item,
    verbs,
)

OWN: dict[str, Any] = {
    "question": "Who jumps?",
    "options": [{"id": f"o{place}", "text": text} for place, text in enumerate("wxyz", start=1)],
    "key": "o1",
    "evidence": [],
}


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


def test_saving_a_changed_draft_makes_revision_one_and_moves_to_editing(clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    content = content_of(item, ana, question="What does the bald man do first?")
    revision = items.save(item=item, user=ana, etag='"0-0"', content=content)
    item = fresh(item)
    assert (revision.number, revision.parent, revision.author, revision.content) == (1, None, ana, content)
    assert (item.state, item.head, item.head_digest) == (State.EDITING, revision, revision.digest)
    assert revision.draft == item.draft
    event = Event.objects.filter(object_id=item.object_id).latest("id")
    assert (event.verb, event.from_state, event.to_state, event.actor) == ("edit", "drafted", "editing", ana)
    assert (
        event.revision_digest
        == revision.digest
        == revision.computed_digest(
            object_id=item.object_id, pseudonym=ana.memberships.get(project=clip.project).pseudonym
        )
    )


def test_saving_a_draft_unchanged_accepts_it_as_it_is(clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    revision = items.save(item=item, user=ana, etag='"0-0"', content=content_of(item, ana))
    assert revision.content["options"][0] == {"id": "o1", "text": "He spreads both arms"}
    assert revision.content["key"] == "o1"
    assert fresh(item).state == State.EDITING


def test_saving_twice_writes_one_move(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    second = items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    assert (second.number, second.parent) == (2, item.head)
    assert verbs(item) == ["import", "edit"]


def test_moving_options_keeps_the_key(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    content = content_of(item, ana)
    content["options"] = content["options"][::-1]
    items.save(item=item, user=ana, etag='"1-0"', content=content)
    head = fresh(item).head
    assert [option["id"] for option in head.content["options"]] == ["o4", "o3", "o2", "o1"]
    assert head.content["key"] == "o1"
    assert next(option["text"] for option in head.content["options"] if option["id"] == "o1") == "He spreads both arms"


def test_option_ids_never_change(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    content = content_of(item, ana, key=None)
    content["options"] = [{"id": "new", "text": "He waves"}, *content["options"][1:]]
    for write in (items.autosave, items.save):
        with pytest.raises(BadInput) as refusal:
            write(item=item, user=ana, etag='"1-0"', content=content)
        assert list(refusal.value.detail["fields"]) == ["options"]
    assert fresh(item).head_number == 1


def test_autosave_keeps_words_without_a_revision(clip: Clip, ana: User, rui: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    content = content_of(item, ana, question="")
    words = items.autosave(item=item, user=ana, etag='"0-0"', content=content)
    assert (words.etag, words.unsaved) == ('"0-1"', True)
    assert items.words_for(fresh(item), ana).content == content
    assert items.words_for(fresh(item), rui).content["question"] != ""
    assert (fresh(item).state, fresh(item).head_number) == (State.DRAFTED, 0)
    assert [words.etag for words in items.words_of_all([fresh(item)], ana)] == ['"0-1"']


def test_late_autosave_of_another_tab_is_refused_D02(clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    items.autosave(item=item, user=ana, etag='"0-0"', content=content_of(item, ana, question="newer"))
    with pytest.raises(StaleRevision):
        items.autosave(item=item, user=ana, etag='"0-0"', content=content_of(item, ana, question="older"))
    assert items.words_for(fresh(item), ana).content["question"] == "newer"


def test_saving_over_a_newer_revision_is_refused_and_names_its_author(clip: Clip, ana: User, rui: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    items.save(item=item, user=rui, etag='"0-0"', content=content_of(item, rui, key="o3"))
    for write in (items.autosave, items.save):
        with pytest.raises(StaleRevision) as refusal:
            write(item=item, user=ana, etag='"0-0"', content=content_of(item, ana, key="o2"))
        assert refusal.value.detail["by"] == "Rui Tavares"
    assert (fresh(item).head_number, fresh(item).head.content["key"]) == (1, "o3")


def test_words_that_somebody_overtook_go_on_top_of_theirs_or_are_forgotten(clip: Clip, ana: User, rui: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    mine = content_of(item, ana, key="o2")
    items.autosave(item=item, user=ana, etag='"0-0"', content=mine)
    items.save(item=item, user=rui, etag='"0-0"', content=content_of(item, rui, key="o3"))
    words = items.rebase(item=item, user=ana, content=mine)
    assert (words.etag, words.content, fresh(item).head_number) == ('"1-2"', mine, 1)
    items.save(item=item, user=ana, etag=words.etag, content=mine)
    assert (fresh(item).head_number, fresh(item).head.content["key"]) == (2, "o2")
    items.autosave(item=item, user=ana, etag='"2-0"', content=content_of(item, ana, key="o4"))
    items.discard(item=item, user=ana)
    assert (content_of(item, ana)["key"], items.words_for(fresh(item), ana).etag) == ("o2", '"2-0"')


def test_writing_without_saying_what_was_seen_is_refused(clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    for write in (items.autosave, items.save):
        with pytest.raises(EtagMissing):
            write(item=item, user=ana, etag=None, content=content_of(item, ana))
    assert fresh(item).head_number == 0


def test_outsider_writes_nothing_and_sees_nothing(clip: Clip, otto: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    content = content_of(item, otto)
    for write in (items.autosave, items.save):
        with pytest.raises(RightMissing):
            write(item=item, user=otto, etag='"0-0"', content=content)
    with pytest.raises(RightMissing):
        items.drop(item=item, user=otto, etag='"0-0"', reason="no")
    with pytest.raises(RightMissing):
        items.add_item(clip=clip, user=otto, category="count", content=OWN)
    with pytest.raises(RightMissing):
        items.submit_unit(clip=clip, user=otto, seen=etags(clip, otto))
    with pytest.raises(NotVisible):
        items.item_for(otto, slug="demo", question_id=item.question_id)
    assert verbs(item) == ["import"]


def test_nothing_is_written_while_the_caption_is_not_approved(project: Project, ana: User) -> None:
    clip = DraftedCaptionFactory(project=project).clip
    item = DraftedQAItemFactory(clip=clip)
    content = content_of(item, ana)
    refused: list[Any] = [
        lambda: items.autosave(item=item, user=ana, etag='"0-0"', content=content),
        lambda: items.save(item=item, user=ana, etag='"0-0"', content=content),
        lambda: items.drop(item=item, user=ana, etag='"0-0"', reason="no"),
        lambda: items.add_item(clip=clip, user=ana, category="count", content=OWN),
        lambda: items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana)),
        lambda: items.withdraw_unit(clip=clip, user=ana),
    ]
    for write in refused:
        with pytest.raises(MoveNotAllowed):
            write()
    assert verbs(item) == ["import"]
    assert not QAWorkingCopy.objects.exists()
    assert clip.qa_items.count() == 1


def test_dropping_needs_a_reason_and_happens_once(clip: Clip, ana: User, rui: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    with pytest.raises(BadInput) as refusal:
        items.drop(item=item, user=ana, etag='"0-0"', reason="  ")
    assert list(refusal.value.detail["fields"]) == ["reason"]
    items.drop(item=item, user=ana, etag='"0-0"', reason="asks about the sky")
    assert fresh(item).state == State.DROPPED
    assert Event.objects.filter(object_id=item.object_id).latest("id").reason == "asks about the sky"
    with pytest.raises(MoveNotAllowed):
        items.drop(item=item, user=rui, etag='"0-0"', reason="again")
    with pytest.raises(MoveNotAllowed):
        items.save(item=item, user=ana, etag='"0-0"', content=content_of(item, ana))
    assert verbs(item) == ["import", "drop"]


def test_what_is_in_review_or_in_dispute_is_dropped_by_nobody_alone(
    clip: Clip, ana: User, rui: User, adam: User
) -> None:
    item = submitted_item(clip, ana)
    for user in (ana, rui, adam):
        with pytest.raises(MoveNotAllowed):
            items.drop(item=item, user=user, etag='"1-0"', reason="two right answers")
    for user in (rui, adam):
        answer(item, user, "o2")
    with pytest.raises(MoveNotAllowed):
        items.drop(item=item, user=rui, etag='"1-0"', reason="I was one of the two")
    assert fresh(item).state == State.DISPUTED


def test_dropping_the_last_open_question_clears_the_desk_and_the_reservation(clip: Clip, ana: User, rui: User) -> None:
    first, second = saved_item(clip, ana), saved_item(clip, ana, category="count", payload=COUNT_QUESTION)
    submit_all(clip, ana)
    answer(first, rui, "o1")
    answer(second, rui, "o2")
    return_to_author(item=first, reviewer=rui, seen_number=1, reason="Which man?")
    items.autosave(item=first, user=ana, etag='"1-0"', content=content_of(first, ana, question="Hm?"))
    assert QASet.objects.get(clip=clip).reserved_for == ana
    items.drop(item=first, user=ana, etag='"1-1"', reason="Cannot be told.")
    found = QASet.objects.get(clip=clip)
    assert (found.reserved_for, found.items_in_review) == (None, 1)
    assert not QALease.objects.filter(qa_set=found, holder=ana, ended_at=None).exists()
    assert not first.working_copies.exists()


def test_words_that_an_adjudicator_returned_are_changed_before_they_are_handed_in_again(
    clip: Clip, ana: User, rui: User, oda: User, adam: User
) -> None:
    item = submitted_item(clip, ana)
    for user in (rui, adam):
        answer(item, user, "o2")
    settle(item=item, adjudicator=oda, seen_number=1, outcome="return", code="key_wrong", reason="It is B.")
    with pytest.raises(BadInput, match="adjudicator"):
        submit_all(clip, ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    submit_all(clip, ana)
    assert fresh(item).state == State.IN_REVIEW


def test_added_question_starts_in_editing_with_the_next_number(clip: Clip, ana: User) -> None:
    drafted = DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    items.drop(item=drafted, user=ana, etag='"0-0"', reason="no")
    item = fresh(items.add_item(clip=clip, user=ana, category="count", content=OWN))
    assert (item.question_id, item.number) == (f"{clip.clip_id}-count-2", 2)
    assert (item.state, item.draft, item.head_number, item.head.content) == (State.EDITING, None, 1, OWN)
    event = Event.objects.get(object_id=item.object_id)
    assert (event.verb, event.from_state, event.to_state, event.actor) == ("edit", "", "editing", ana)


def test_question_of_no_category_or_without_content_is_not_added(clip: Clip, ana: User) -> None:
    for category, content in (("weather", OWN), (None, OWN), ("count", {"question": "x"})):
        with pytest.raises(BadInput):
            items.add_item(clip=clip, user=ana, category=category, content=content)
    assert not clip.qa_items.exists()


def test_submitting_moves_every_question_in_editing_together(clip: Clip, ana: User) -> None:
    first = saved_item(clip, ana)
    second = items.add_item(clip=clip, user=ana, category="attribute", content=OWN)
    dropped = DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    items.drop(item=dropped, user=ana, etag='"0-0"', reason="no")
    submitted = items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert submitted == [first, second]
    assert [fresh(item).state for item in (first, second, dropped)] == ["in_review", "in_review", "dropped"]
    assert verbs(first) == ["import", "edit", "submit"]


def test_submitting_twice_is_refused_the_second_time(clip: Clip, ana: User) -> None:
    item = submitted_item(clip, ana)
    with pytest.raises(MoveNotAllowed):
        items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert verbs(item) == ["import", "edit", "submit"]


def test_submitting_names_every_question_that_is_not_ready_and_moves_none(clip: Clip, ana: User) -> None:
    ready = saved_item(clip, ana)
    drafted = DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    empty = items.add_item(clip=clip, user=ana, category="attribute", content=blank_content())
    unsaved = saved_item(clip, ana, category="interaction")
    items.autosave(item=unsaved, user=ana, etag='"1-0"', content=content_of(unsaved, ana, question="Changed?"))
    with pytest.raises(BadInput) as refusal:
        items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert set(refusal.value.detail["fields"]) == {drafted.question_id, empty.question_id, unsaved.question_id}
    assert "no option is the key" in refusal.value.detail["fields"][empty.question_id]
    assert fresh(ready).state == State.EDITING
    assert "submit" not in verbs(ready)


def test_submitting_a_question_that_changed_or_was_not_seen_is_refused(clip: Clip, ana: User, rui: User) -> None:
    item = saved_item(clip, ana)
    with pytest.raises(EtagMissing):
        items.submit_unit(clip=clip, user=ana, seen={})
    items.save(item=item, user=rui, etag='"1-0"', content=content_of(item, rui, key="o2"))
    with pytest.raises(StaleRevision):
        items.submit_unit(clip=clip, user=ana, seen={item.question_id: '"1-0"'})
    assert fresh(item).state == State.EDITING


def test_submitted_question_takes_no_words(clip: Clip, ana: User) -> None:
    item = submitted_item(clip, ana)
    for write in (items.autosave, items.save):
        with pytest.raises(MoveNotAllowed):
            write(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    assert fresh(item).head_number == 1


def test_withdrawing_brings_the_unit_back_once(clip: Clip, ana: User) -> None:
    item = submitted_item(clip, ana)
    items.withdraw_unit(clip=clip, user=ana)
    assert fresh(item).state == State.EDITING
    with pytest.raises(MoveNotAllowed):
        items.withdraw_unit(clip=clip, user=ana)
    assert verbs(item) == ["import", "edit", "submit", "withdraw"]


def test_restoring_makes_a_new_revision_with_the_old_words(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    restored = items.restore(item=item, user=ana, etag='"2-0"', number=1)
    assert (restored.number, restored.kind, restored.content["key"]) == (3, "restore", "o1")
    with pytest.raises(BadInput):
        items.restore(item=item, user=ana, etag='"3-0"', number=9)


def test_restoring_makes_unsaved_words_a_revision_first(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    items.autosave(item=item, user=ana, etag='"2-0"', content=content_of(item, ana, question="Not saved?"))
    restored = items.restore(item=item, user=ana, etag='"2-1"', number=1)
    history = [(one.number, one.kind, one.content["question"]) for one in item.revisions.order_by("number")]
    asked = "What does the bald man do just before he jumps?"
    assert history == [(1, "edit", asked), (2, "edit", asked), (3, "edit", "Not saved?"), (4, "restore", asked)]
    assert restored.content == item.revisions.get(number=1).content
    assert not QAWorkingCopy.objects.filter(item=item).exists()


def test_autosave_asked_again_after_a_lost_answer_gives_the_same(clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    content = content_of(item, ana, question="Mine?")
    first = items.autosave(item=item, user=ana, etag='"0-0"', content=content)
    assert items.autosave(item=item, user=ana, etag='"0-0"', content=content) == first
    assert first.etag == '"0-1"'
    with pytest.raises(StaleRevision):
        items.autosave(item=item, user=ana, etag='"0-0"', content=content_of(item, ana, question="Other?"))


def test_splitting_makes_a_second_question_and_leaves_the_first(clip: Clip, ana: User, otto: User) -> None:
    item = saved_item(clip, ana)
    typed = content_of(item, ana, question="Who jumps, and who waves?")
    with pytest.raises(RightMissing):
        items.split_item(item=item, user=otto, etag='"1-0"', content=typed)
    with pytest.raises(StaleRevision):
        items.split_item(item=item, user=ana, etag='"0-0"', content=typed)
    with pytest.raises(BadInput):
        items.split_item(item=item, user=ana, etag='"1-0"', content={**typed, "options": []})
    assert clip.qa_items.count() == 1
    made = fresh(items.split_item(item=item, user=ana, etag='"1-0"', content=typed))
    assert (made.question_id, made.category) == (f"{clip.clip_id}-action_sequence-2", item.category)
    assert (made.state, made.head_number, made.head.content, made.draft) == (State.EDITING, 1, typed, None)
    event = Event.objects.get(object_id=made.object_id)
    assert (event.verb, event.reason, event.actor) == ("edit", f"split from {item.question_id}", ana)
    assert (fresh(item).head_number, items.words_for(fresh(item), ana).etag) == (1, '"1-1"')
    assert content_of(item, ana) == typed  # as unsaved words


def test_approved_question_is_reopened_by_an_adjudicator_with_a_reason(
    clip: Clip, ana: User, rui: User, oda: User
) -> None:
    item = approved_item(clip, author=ana, reviewer=rui)
    with pytest.raises(RightMissing):
        items.reopen(item=item, user=rui, reason="x", seen_number=1)
    with pytest.raises(BadInput):
        items.reopen(item=item, user=oda, reason="", seen_number=1)
    with pytest.raises(StaleRevision):
        items.reopen(item=item, user=oda, reason="x", seen_number=2)
    items.reopen(item=item, user=oda, reason="the caption changed", seen_number=1)
    assert (fresh(item).state, fresh(item).approved_revision.number) == (State.EDITING, 1)
    with pytest.raises(MoveNotAllowed):
        items.reopen(item=item, user=oda, reason="again", seen_number=1)


def test_reopened_caption_stops_its_questions(clip: Clip, ana: User, oda: User) -> None:
    item = saved_item(clip, ana)
    reopen_caption(clip, oda)
    with pytest.raises(MoveNotAllowed):
        items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
    assert QAItem.objects.get(pk=item.pk).state == State.EDITING
