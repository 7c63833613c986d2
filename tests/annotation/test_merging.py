"""Words that came too late: kept, merged, and both in the history, whatever was chosen and whoever saves meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, RightMissing, StaleRevision
from annotation.merge import Choice
from annotation.models import Caption, CaptionRevision, CaptionWorkingCopy, Project, User
from annotation.services import leases
from annotation.services.captions import autosave, lock, save, submit, words_for
from annotation.services.merging import keep_stale, merge_save, overtaken
from annotation.states import State
from tests.factories import PEOPLE, TEXT, DraftedCaptionFactory

THEIRS = TEXT.replace("jumps", "leaps")
YOURS = TEXT.replace("jumps", "hops")


def reload(caption: Caption) -> Caption:
    with transaction.atomic():
        return lock(caption)


@pytest.fixture
def caption(project: Project, ana: User) -> Caption:
    """Ana has saved revision 1, the draft as it was."""
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    return reload(caption)


@pytest.fixture
def late(caption: Caption, ana: User, rui: User) -> Caption:
    """Rui has saved revision 2; Ana's words began from revision 1."""
    save(caption=caption, user=rui, etag='"1-0"', text=THEIRS, people=PEOPLE)
    keep_stale(caption=caption, user=ana, etag='"1-0"', text=YOURS, people=PEOPLE)
    return reload(caption)


def history(caption: Caption) -> list[tuple[int, str, str]]:
    rows = CaptionRevision.objects.filter(caption=caption).order_by("number").select_related("author")
    assert [row.parent_id for row in rows][1:] == [row.pk for row in rows][:-1]
    return [(row.number, row.author.username, row.text) for row in rows]


def chosen(caption: Caption, user: User, *takes: str, own: str = "") -> dict[str, Any]:
    found = overtaken(caption, user)
    assert found is not None
    choices = {row.name: Choice(take, own) for row, take in zip(found.merge.conflicts, takes, strict=True)}  # type: ignore[arg-type]
    return {"etag": found.etag, "seen_number": found.head.number, "choices": choices}


def test_words_that_came_too_late_keep_what_they_began_from(late: Caption, ana: User) -> None:
    words = words_for(late, ana)
    assert (words.text, words.base_number, late.head_number) == (YOURS, 1, 2)
    with pytest.raises(StaleRevision):
        autosave(caption=late, user=ana, etag=words.etag, text=YOURS, people=PEOPLE)
    found = overtaken(late, ana)
    assert found is not None
    assert (found.base and found.base.number, found.head.text, found.words.text) == (1, THEIRS, YOURS)


@pytest.mark.parametrize(
    ("take", "own", "text"),
    [("theirs", "", THEIRS), ("yours", "", YOURS), ("own", "[00:01.0] He lands.", TEXT.replace("jumps", "lands"))],
)
def test_both_sets_of_words_are_in_the_history_whatever_was_chosen(
    late: Caption, ana: User, take: str, own: str, text: str
) -> None:
    made = merge_save(caption=late, user=ana, **chosen(late, ana, take, own=own))
    assert (made.text, made.author) == (text, ana)
    written = history(late)
    assert written[1] == (2, "rui", THEIRS)
    assert (3, "ana", YOURS) in written
    assert written[-1][2] == text
    assert len(written) == (3 if take == "yours" else 4)
    assert not CaptionWorkingCopy.objects.filter(caption=late, owner=ana).exists()


def test_what_nobody_else_touched_merges_without_a_choice(caption: Caption, ana: User, rui: User) -> None:
    save(caption=caption, user=rui, etag='"1-0"', text=THEIRS, people=[*PEOPLE, {"key": "P2", "description": "child"}])
    mine = TEXT.replace("both arms", "one arm")
    keep_stale(caption=caption, user=ana, etag='"1-0"', text=mine, people=PEOPLE)
    caption = reload(caption)
    made = merge_save(caption=caption, user=ana, **chosen(caption, ana))
    assert made.text == THEIRS.replace("both arms", "one arm")
    assert [person["key"] for person in made.people] == ["P1", "P2"]
    assert [text for _, _, text in history(caption)] == [TEXT, THEIRS, mine, made.text]


def test_a_third_save_meanwhile_is_refused_and_loses_nothing(late: Caption, ana: User, rui: User) -> None:
    seen = chosen(late, ana, "yours")
    save(caption=late, user=rui, etag='"2-0"', text="Rui once more.", people=PEOPLE)
    with pytest.raises(StaleRevision):
        merge_save(caption=late, user=ana, **seen)
    late = reload(late)
    assert (late.head_number, words_for(late, ana).text) == (3, YOURS)
    found = overtaken(late, ana)
    assert found is not None
    assert (found.base and found.base.number, found.head.number) == (1, 3)


def test_words_that_changed_meanwhile_are_refused(late: Caption, ana: User) -> None:
    seen = chosen(late, ana, "theirs")
    keep_stale(caption=late, user=ana, etag=words_for(late, ana).etag, text=f"{YOURS} More.", people=PEOPLE)
    with pytest.raises(StaleRevision):
        merge_save(caption=late, user=ana, **seen)
    assert words_for(reload(late), ana).text == f"{YOURS} More."
    assert reload(late).head_number == 2


def test_a_conflict_without_a_choice_is_refused_by_its_name(late: Caption, ana: User) -> None:
    with pytest.raises(BadInput) as refusal:
        merge_save(caption=late, user=ana, **{**chosen(late, ana, "yours"), "choices": {}})
    assert refusal.value.detail["fields"] == {"s3": "choose one"}
    assert reload(late).head_number == 2


def test_a_merge_that_leaves_nothing_is_refused(caption: Caption, ana: User, rui: User) -> None:
    save(caption=caption, user=rui, etag='"1-0"', text="He leaps.", people=[])
    keep_stale(caption=caption, user=ana, etag='"1-0"', text=" ", people=[])
    caption = reload(caption)
    found = overtaken(caption, ana)
    assert found is not None
    seen = chosen(caption, ana, *["yours" for _ in found.merge.conflicts])
    with pytest.raises(BadInput):
        merge_save(caption=caption, user=ana, **seen)
    assert reload(caption).head_number == 2
    assert words_for(reload(caption), ana).text == " "


def test_another_tabs_words_are_saved_before_ones_own_are_kept_beside_them(caption: Caption, ana: User) -> None:
    autosave(caption=caption, user=ana, etag='"1-0"', text="First tab.", people=PEOPLE)
    keep_stale(caption=caption, user=ana, etag='"1-0"', text="Second tab.", people=PEOPLE)
    caption = reload(caption)
    assert history(caption)[-1] == (2, "ana", "First tab.")
    assert (words_for(caption, ana).text, words_for(caption, ana).base_number) == ("Second tab.", 1)


def test_a_caption_without_a_revision_merges_from_its_draft(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=rui, etag='"0-0"', text=TEXT.replace("both arms", "one arm"), people=PEOPLE)
    keep_stale(caption=caption, user=ana, etag='"0-0"', text=YOURS, people=PEOPLE)
    caption = reload(caption)
    made = merge_save(caption=caption, user=ana, **chosen(caption, ana))
    assert made.text == YOURS.replace("both arms", "one arm")


def test_the_first_tabs_words_begin_the_editing_of_a_drafted_caption(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="First tab.", people=PEOPLE)
    keep_stale(caption=caption, user=ana, etag='"0-0"', text="Second tab.", people=PEOPLE)
    assert (reload(caption).state, reload(caption).head_number) == (State.EDITING, 1)


def test_later_words_of_the_same_tab_take_the_place_of_its_earlier_ones(late: Caption, ana: User) -> None:
    keep_stale(caption=late, user=ana, etag=words_for(late, ana).etag, text=f"{YOURS} More.", people=PEOPLE)
    assert words_for(reload(late), ana).text == f"{YOURS} More."
    assert reload(late).head_number == 2


def test_a_third_tabs_words_wait_until_the_others_are_merged(late: Caption, ana: User) -> None:
    with pytest.raises(StaleRevision):
        keep_stale(caption=late, user=ana, etag='"1-9"', text="Third tab.", people=PEOPLE)
    assert words_for(reload(late), ana).text == YOURS


@pytest.mark.parametrize(
    ("etag", "error"), [(None, EtagMissing), ('"7-0"', BadInput), ("x", BadInput), ('"-1-0"', BadInput)]
)
def test_words_must_say_what_they_began_from(late: Caption, ana: User, etag: str | None, error: type) -> None:
    with pytest.raises(error):
        keep_stale(caption=late, user=ana, etag=etag, text="x", people=PEOPLE)
    assert words_for(reload(late), ana).text == YOURS


def test_a_caption_that_was_handed_in_keeps_nothing_and_merges_nothing(late: Caption, ana: User, rui: User) -> None:
    seen = chosen(late, ana, "yours")
    leases.release(unit=late, user=ana)
    submit(caption=late, user=rui, etag='"2-0"', text=THEIRS, people=PEOPLE)
    for act in (
        lambda: keep_stale(caption=late, user=ana, etag='"1-1"', text="x", people=PEOPLE),
        lambda: merge_save(caption=late, user=ana, **seen),
    ):
        with pytest.raises(MoveNotAllowed):
            act()
    assert words_for(reload(late), ana).text == YOURS


def test_outsiders_keep_and_merge_nothing(late: Caption, ana: User, otto: User) -> None:
    acts: list[Callable[[], object]] = [
        lambda: keep_stale(caption=late, user=otto, etag='"1-0"', text="x", people=PEOPLE),
        lambda: merge_save(caption=late, user=otto, **chosen(late, ana, "yours")),
    ]
    for act in acts:
        with pytest.raises(RightMissing):
            act()
    assert reload(late).head_number == 2


def test_an_autosave_whose_answer_was_lost_is_told_the_same_again_d06(caption: Caption, ana: User) -> None:
    first = autosave(caption=caption, user=ana, etag='"1-0"', text=YOURS, people=PEOPLE)
    again = autosave(caption=caption, user=ana, etag='"1-0"', text=YOURS, people=PEOPLE)
    assert first.etag == again.etag == '"1-1"'
    with pytest.raises(StaleRevision):
        autosave(caption=caption, user=ana, etag='"1-0"', text=THEIRS, people=PEOPLE)
