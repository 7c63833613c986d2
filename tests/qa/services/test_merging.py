"""Words that were overtaken: kept, merged on top, and never lost."""

from typing import Any

import pytest

from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, RightMissing, StaleRevision
from annotation.merge import Choice
from annotation.models import Clip, Project, User
from qa.models import QAItem, QAWorkingCopy
from qa.services import items
from qa.services.merging import keep_stale, merge_save, overtaken
from tests.factories import DraftedQAItemFactory
from tests.qa.scenes import approved_clip, content_of, fresh, off_all_desks, saved_item, submit_all

MINE = {"question": Choice("yours")}


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def item(clip: Clip, ana: User, rui: User) -> QAItem:
    """Revision 2 is Rui's, and Ana has unsaved words on revision 1: both changed the question."""
    item = saved_item(clip, ana)
    mine = content_of(item, ana, question="Ana's?", key="o2")
    items.save(item=item, user=rui, etag='"1-0"', content=content_of(item, rui, question="Rui's?"))
    words = keep_stale(item=item, user=ana, etag='"1-0"', content=mine)
    assert (words.etag, words.unsaved) == ('"1-1"', True)
    return item


def said(item: QAItem) -> list[tuple[str, str, str]]:
    """Author, question and key of every revision, the first one first."""
    rows = item.revisions.select_related("author").order_by("number")
    return [(row.author.username, row.content["question"], row.content["key"]) for row in rows]


def merge(item: QAItem, user: User, **changes: Any) -> Any:
    return merge_save(**{"item": item, "user": user, "etag": '"1-1"', "seen_number": 2, "choices": MINE, **changes})


def test_the_merged_words_stand_on_both(item: QAItem, ana: User) -> None:
    asked = "What does the bald man do just before he jumps?"
    found = overtaken(fresh(item), ana)
    assert found is not None and found.base is not None
    assert (found.base.number, found.head.number) == (1, 2)
    assert [row.name for row in found.merge.conflicts] == ["question"]
    merge(item, ana, choices={"question": Choice("theirs")})
    # theirs → mine → merged: Rui's question with the key that only Ana changed
    assert said(item) == [
        ("ana", asked, "o1"),
        ("rui", "Rui's?", "o1"),
        ("ana", "Ana's?", "o2"),
        ("ana", "Rui's?", "o2"),
    ]
    assert overtaken(fresh(item), ana) is None
    assert not QAWorkingCopy.objects.exists()


def test_words_that_are_the_merged_ones_are_saved_once(item: QAItem, ana: User) -> None:
    merge(item, ana)
    assert [row[1:] for row in said(item)][2:] == [("Ana's?", "o2")]


def test_words_on_a_draft_merge_with_the_first_revision(clip: Clip, ana: User, rui: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    mine = content_of(item, ana, key="o2")
    items.save(item=item, user=rui, etag='"0-0"', content=content_of(item, rui, question="Rui's?"))
    keep_stale(item=item, user=ana, etag='"0-0"', content=mine)
    found = overtaken(fresh(item), ana)
    assert found is not None and found.base is None and found.merge.conflicts == []
    merge(item, ana, etag='"0-1"', seen_number=1, choices={})
    assert said(item)[-1] == ("ana", "Rui's?", "o2")


def test_a_choice_that_is_missing_or_cannot_be_taken_is_refused(item: QAItem, ana: User, rui: User) -> None:
    with pytest.raises(BadInput) as refusal:
        merge(item, ana, choices={})
    assert list(refusal.value.detail["fields"]) == ["question"]
    with pytest.raises(BadInput):
        merge(item, ana, choices={"question": Choice("own", "x" * 1001)})
    items.save(item=item, user=rui, etag='"2-0"', content=content_of(item, rui, key="o3"))
    with pytest.raises(BadInput) as refusal:
        merge(item, ana, seen_number=3, choices={**MINE, "key": Choice("own", "o4")})
    assert list(refusal.value.detail["fields"]) == ["key"]
    assert (len(said(item)), content_of(item, ana)["question"]) == (3, "Ana's?")


def test_what_changed_meanwhile_is_merged_again(item: QAItem, ana: User, rui: User) -> None:
    for stale in ({"seen_number": 1}, {"etag": '"1-9"'}, {"etag": None}):
        with pytest.raises(StaleRevision):
            merge(item, ana, **stale)
    items.save(item=item, user=rui, etag='"2-0"', content=content_of(item, rui, question="Rui's again?"))
    with pytest.raises(StaleRevision):
        merge(item, ana)
    assert (len(said(item)), content_of(item, ana)["question"]) == (3, "Ana's?")
    with pytest.raises(StaleRevision):
        merge(item, rui, etag='"3-0"', seen_number=3)  # Rui has nothing to merge


def test_two_tabs_of_one_person_lose_nothing(clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    first, second = (content_of(item, ana, question=text) for text in ("First tab?", "Second tab?"))
    items.autosave(item=item, user=ana, etag='"1-0"', content=first)
    keep_stale(item=item, user=ana, etag='"1-0"', content=second)
    assert said(item)[-1][1] == "First tab?"  # it was the newest, so it is saved
    found = overtaken(fresh(item), ana)
    assert found is not None and found.words.content == second
    with pytest.raises(StaleRevision):  # a third tab must wait until these are merged
        keep_stale(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, question="Third tab?"))
    assert content_of(item, ana) == second


def test_keeping_is_refused_where_writing_is(item: QAItem, clip: Clip, ana: User, otto: User) -> None:
    content = content_of(item, ana)
    with pytest.raises(RightMissing):
        keep_stale(item=item, user=otto, etag='"1-0"', content=content)
    with pytest.raises(RightMissing):
        merge(item, otto)
    with pytest.raises(EtagMissing):
        keep_stale(item=item, user=ana, etag=None, content=content)
    for etag in ('"9-0"', "x"):
        with pytest.raises(BadInput):
            keep_stale(item=item, user=ana, etag=etag, content=content)
    with pytest.raises(BadInput):
        keep_stale(item=item, user=ana, etag='"1-1"', content={**content, "options": content["options"][:3]})
    merge(item, ana)
    off_all_desks(clip)
    submit_all(clip, ana)
    with pytest.raises(MoveNotAllowed):
        keep_stale(item=item, user=ana, etag='"1-0"', content=content)
    assert len(said(item)) == 3
