"""Notes in threads: answered, anchored, marked as a whole; told to whoever spoke; kept from who answers blind."""

from typing import Any

import pytest

from annotation.errors import BadInput, RightMissing
from annotation.models import Caption, CaptionComment, Membership, Notification, Project, User
from annotation.services import comments
from annotation.services.comments import Thread, add_note, answer_note, beside_caption, mark_note, threads_beside
from tests.factories import DraftedCaptionFactory


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project)


def write(caption: Caption, author: User, text: str = "Which arm?", **about: Any) -> Any:
    return add_note(beside=beside_caption(caption), author=author, text=text, **about)


def answer(caption: Caption, author: User, note: Any, text: str = "Both.") -> Any:
    return answer_note(beside=beside_caption(caption), author=author, note_id=note.pk, text=text)


def seen(caption: Caption, user: User) -> list[Thread]:
    threads = threads_beside(beside_caption(caption), user)
    assert threads is not None
    return threads


def told() -> list[tuple[str, str, str]]:
    return [(one.recipient.username, one.kind, one.text) for one in Notification.objects.order_by("id")]


def test_answers_stand_below_their_note_oldest_first(caption: Caption, ana: User, rui: User) -> None:
    first, second = write(caption, ana, "One."), write(caption, rui, "Two.")
    for text in ("a", "b"):
        answer(caption, rui, first, text)
    threads = seen(caption, ana)
    assert [thread.note.text for thread in threads] == ["Two.", "One."]
    assert [[reply.text for reply in thread.replies] for thread in threads] == [[], ["a", "b"]]
    mark_note(beside=beside_caption(caption), user=ana, note_id=second.pk, is_done=True)
    assert [thread.note.text for thread in seen(caption, ana)] == ["One.", "Two."]


def test_threads_are_one_level_deep_and_marked_at_their_first_note(caption: Caption, ana: User, rui: User) -> None:
    reply = answer(caption, rui, write(caption, ana))
    with pytest.raises(BadInput, match="no such note"):
        answer(caption, ana, reply)
    with pytest.raises(BadInput, match="no such note"):
        mark_note(beside=beside_caption(caption), user=ana, note_id=reply.pk, is_done=True)
    assert CaptionComment.objects.count() == 2
    assert not CaptionComment.objects.exclude(done_at=None).exists()


def test_a_note_of_another_caption_is_not_answered_here(
    caption: Caption, project: Project, ana: User, rui: User
) -> None:
    elsewhere = write(DraftedCaptionFactory(project=project), ana)
    with pytest.raises(BadInput, match="no such note"):
        answer(caption, rui, elsewhere)
    assert (CaptionComment.objects.count(), told()) == (1, [])


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"at_ms": -1}, "at"),
        ({"at_ms": 2100}, "at"),  # the clip is 2,000 ms long
        ({"sentence": 7}, "sentence"),
        ({"sentence": "x" * 5001}, "sentence"),
    ],
)
def test_an_anchor_that_cannot_be_is_refused(caption: Caption, ana: User, about: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        write(caption, ana, **about)
    assert list(refusal.value.detail["fields"]) == [field]
    assert not CaptionComment.objects.exists()


def test_a_note_keeps_the_moment_and_the_words_it_speaks_of(caption: Caption, ana: User) -> None:
    made = write(caption, ana, at_ms=2000, sentence="He jumps.")
    assert (made.at_ms, made.sentence) == (2000, "He jumps.")


def test_whoever_spoke_in_the_thread_is_told_but_for_who_answers(
    caption: Caption, ana: User, rui: User, oda: User
) -> None:
    note = write(caption, ana)
    answer(caption, ana, note, "I mean the left one.")
    assert told() == []
    answer(caption, rui, note, "x" * 400)
    assert told() == [("ana", "reply", "x" * 300)]
    answer(caption, oda, note, "Both.")
    assert told()[1:] == [("ana", "reply", "Both."), ("rui", "reply", "Both.")]
    assert {(one.clip, one.question_id) for one in Notification.objects.all()} == {(caption.clip, "")}


def test_who_left_the_project_is_not_told(caption: Caption, ana: User, rui: User) -> None:
    note = write(caption, ana)
    Membership.objects.filter(user=ana).update(is_active=False)
    answer(caption, rui, note)
    assert told() == []


def test_an_outsider_neither_answers_nor_marks(caption: Caption, ana: User, otto: User) -> None:
    note = write(caption, ana)
    with pytest.raises(RightMissing):
        answer(caption, otto, note)
    with pytest.raises(RightMissing):
        mark_note(beside=beside_caption(caption), user=otto, note_id=note.pk, is_done=True)
    assert CaptionComment.objects.get().done_at is None


def test_from_whom_the_notes_are_sealed_they_are_kept_and_nothing_is_taken(
    caption: Caption, ana: User, rui: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = write(caption, ana)
    monkeypatch.setattr(comments, "_seals", [lambda clip, user: (clip, user) == (caption.clip, rui)])
    assert threads_beside(beside_caption(caption), rui) is None
    for refused in (lambda: answer(caption, rui, note), lambda: write(caption, rui)):
        with pytest.raises(RightMissing, match="answered its questions blind"):
            refused()
    with pytest.raises(RightMissing, match="answered its questions blind"):
        mark_note(beside=beside_caption(caption), user=rui, note_id=note.pk, is_done=True)
    assert [thread.note for thread in seen(caption, ana)] == [note]
    assert CaptionComment.objects.get().done_at is None
