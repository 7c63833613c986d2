"""Save and autosave: whose words count, which version they saw, and what may not happen."""

import pytest
from django.db import transaction

from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, RightMissing, StaleRevision
from annotation.models import Caption, CaptionWorkingCopy, Event, Project, User
from annotation.services.captions import autosave, discard, lock, rebase, restore, save, submit, withdraw, words_for
from annotation.states import State
from tests.factories import PEOPLE, TEXT, DraftedCaptionFactory, SubmittedCaptionFactory

CHANGED = TEXT.replace("jumps", "leaps")


def reload(caption: Caption) -> Caption:
    with transaction.atomic():
        return lock(caption)


def test_first_save_makes_revision_one_and_moves_the_caption_to_editing(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    revision = save(caption=caption, user=ana, etag='"0-0"', text=CHANGED, people=PEOPLE)
    caption = reload(caption)
    assert (revision.number, revision.parent, revision.author, revision.text) == (1, None, ana, CHANGED)
    assert revision.draft == caption.draft
    assert (caption.state, caption.head, caption.head_digest) == (State.EDITING, revision, revision.digest)
    event = Event.objects.filter(object_id=caption.object_id).latest("id")
    assert (event.verb, event.from_state, event.to_state) == ("edit", "drafted", "editing")
    assert (event.actor, event.revision_digest) == (ana, revision.digest)


def test_saving_again_chains_to_the_parent_and_writes_no_second_move(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    first = save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    second = save(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=PEOPLE)
    assert second.parent == first
    assert Event.objects.filter(object_id=caption.object_id, verb="edit").count() == 1


def test_saving_without_saying_what_was_seen_is_refused(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    with pytest.raises(EtagMissing):
        save(caption=caption, user=ana, etag=None, text=TEXT, people=PEOPLE)
    assert reload(caption).head_number == 0


def test_saving_over_a_newer_revision_is_refused_and_names_its_author(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=rui, etag='"0-0"', text=CHANGED, people=PEOPLE)
    with pytest.raises(StaleRevision) as refusal:
        save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    assert refusal.value.detail["head"] == 1
    assert words_for(reload(caption), ana).text == CHANGED


def test_autosave_keeps_words_without_a_revision_and_counts(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    words = autosave(caption=caption, user=ana, etag='"0-0"', text=CHANGED, people=PEOPLE)
    assert words.etag == '"0-1"'
    assert words_for(reload(caption), ana).text == CHANGED
    assert (reload(caption).state, reload(caption).head_number) == (State.DRAFTED, 0)


def test_late_autosave_of_another_tab_is_refused_D02(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text=CHANGED, people=PEOPLE)
    with pytest.raises(StaleRevision):
        autosave(caption=caption, user=ana, etag='"0-0"', text="older", people=PEOPLE)
    assert words_for(reload(caption), ana).text == CHANGED


def test_autosave_after_a_newer_revision_is_refused_and_keeps_the_words(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="Ana's words", people=PEOPLE)
    save(caption=caption, user=rui, etag='"0-0"', text=CHANGED, people=PEOPLE)
    with pytest.raises(StaleRevision) as refusal:
        autosave(caption=caption, user=ana, etag='"0-1"', text="Ana's later words", people=PEOPLE)
    assert refusal.value.detail["by"] == "Rui Tavares"
    assert CaptionWorkingCopy.objects.get(owner=ana).text == "Ana's words"


def test_words_that_were_overtaken_can_be_put_on_top_of_the_newest_revision(
    project: Project, ana: User, rui: User
) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="Ana's words", people=PEOPLE)
    save(caption=caption, user=rui, etag='"0-0"', text=CHANGED, people=PEOPLE)
    words = rebase(caption=caption, user=ana, text="Ana's words", people=PEOPLE)
    assert (words.base_number, reload(caption).head_number) == (1, 1)  # nothing became a revision by itself
    revision = save(caption=caption, user=ana, etag=words.etag, text="Ana's words", people=PEOPLE)
    assert (revision.number, revision.parent) == (2, reload(caption).revisions.get(number=1))


def test_forgetting_unsaved_words_shows_the_newest_revision(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="Ana's words", people=PEOPLE)
    save(caption=caption, user=rui, etag='"0-0"', text=CHANGED, people=PEOPLE)
    discard(caption=caption, user=ana)
    words = words_for(reload(caption), ana)
    assert (words.text, words.etag) == (CHANGED, '"1-0"')


def test_working_copies_are_their_owners(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="Ana's words", people=PEOPLE)
    assert words_for(reload(caption), rui).text == TEXT


def test_saving_drops_the_savers_working_copy_only(project: Project, ana: User, rui: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    autosave(caption=caption, user=ana, etag='"0-0"', text="Ana's words", people=PEOPLE)
    autosave(caption=caption, user=rui, etag='"0-0"', text="Rui's words", people=PEOPLE)
    save(caption=caption, user=ana, etag='"0-1"', text="Ana's words", people=PEOPLE)
    assert list(CaptionWorkingCopy.objects.values_list("owner__username", flat=True)) == ["rui"]


@pytest.mark.parametrize("text", ["", "   \n", "nul \x00", "half \ud83d", "x" * 50_001, None, 7])
def test_text_that_cannot_be_stored_is_refused_by_name_B01(project: Project, ana: User, text: object) -> None:
    caption = DraftedCaptionFactory(project=project)
    with pytest.raises(BadInput) as refusal:
        save(caption=caption, user=ana, etag='"0-0"', text=text, people=PEOPLE)
    assert list(refusal.value.detail["fields"]) == ["text"]
    assert reload(caption).state == State.DRAFTED


@pytest.mark.parametrize(
    "text", ["e\u0301 is not \u00e9", "👩‍👩‍👧 family", "שלום \u202e", "line\r\nbreak", "tab\tand  two spaces "]
)
def test_text_survives_byte_for_byte_B07_B09(project: Project, ana: User, text: str) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=text, people=PEOPLE)
    assert words_for(reload(caption), ana).text == text


@pytest.mark.parametrize(
    "people",
    [
        "P1",
        [{"key": "P1"}],
        [{"key": "P1", "description": "x", "age": 3}],
        [{"key": "P1", "description": "a"}, {"key": "P1", "description": "b"}],
        [{"key": "", "description": "a"}],
    ],
)
def test_registry_that_is_no_registry_is_refused(project: Project, ana: User, people: object) -> None:
    caption = DraftedCaptionFactory(project=project)
    with pytest.raises(BadInput) as refusal:
        save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=people)
    assert list(refusal.value.detail["fields"]) == ["people"]


def test_outsider_cannot_save(project: Project, otto: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    with pytest.raises(RightMissing):
        save(caption=caption, user=otto, etag='"0-0"', text=TEXT, people=PEOPLE)
    assert reload(caption).head_number == 0


def test_submitting_an_untouched_draft_accepts_it(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    revision = submit(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    caption = reload(caption)
    assert (caption.state, revision.number, revision.text) == (State.IN_REVIEW, 1, TEXT)


def test_submitting_what_is_already_saved_makes_no_second_revision(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=CHANGED, people=PEOPLE)
    submit(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=PEOPLE)
    assert reload(caption).head_number == 1


def test_submitted_caption_takes_no_words(project: Project, ana: User) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    for write in (autosave, save, submit):
        with pytest.raises(MoveNotAllowed):
            write(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=PEOPLE)
    assert reload(caption).head_number == 1


def test_withdrawing_brings_it_back_once(project: Project, ana: User) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    withdraw(caption=caption, user=ana, seen_number=1)
    assert reload(caption).state == State.EDITING
    with pytest.raises(MoveNotAllowed):
        withdraw(caption=caption, user=ana, seen_number=1)


def test_restoring_over_unsaved_words_keeps_them_as_a_revision(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    autosave(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=[])
    restored = restore(caption=caption, user=ana, etag='"1-1"', number=1)
    kept = reload(caption).revisions.get(number=2)
    assert (kept.kind, kept.text, kept.people, kept.author) == ("edit", CHANGED, [], ana)
    assert (restored.number, restored.kind, restored.text, restored.people) == (3, "restore", TEXT, PEOPLE)


@pytest.mark.parametrize("words", [TEXT, CHANGED, " "], ids=["the restored words", "the newest words", "no words"])
def test_restoring_over_nothing_new_makes_one_revision(project: Project, ana: User, words: str) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    save(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=PEOPLE)
    autosave(caption=caption, user=ana, etag='"2-0"', text=words, people=PEOPLE)
    assert restore(caption=caption, user=ana, etag='"2-1"', number=1).number == 3


def test_restoring_makes_a_new_revision_with_the_old_words(project: Project, ana: User) -> None:
    caption = DraftedCaptionFactory(project=project)
    save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    save(caption=caption, user=ana, etag='"1-0"', text=CHANGED, people=[])
    restored = restore(caption=caption, user=ana, etag='"2-0"', number=1)
    assert (restored.number, restored.kind, restored.text, restored.people) == (3, "restore", TEXT, PEOPLE)
    with pytest.raises(BadInput):
        restore(caption=caption, user=ana, etag='"3-0"', number=9)
