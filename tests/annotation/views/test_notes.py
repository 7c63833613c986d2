"""Notes beside a caption: written, marked as done, read with times that seek; never where questions are answered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.models import Caption, CaptionComment, Project, User
from annotation.services import reviews
from annotation.services.captions import autosave
from annotation.services.comments import add_note, beside_caption
from annotation.templatetags.notes import note_prose
from tests.doors.payloads import PAYLOADS
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory
from tests.qa.scenes import submitted_item

WORKSPACE = "/projects/demo/clips/c/caption"
NOTES, REVIEW = f"{WORKSPACE}/notes", f"{WORKSPACE}/review"
ClientOf = Callable[[User], Client]


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


def note(**changes: Any) -> dict[str, Any]:
    return {"verb": "add", "back": "edit", "text": "Zoom in at [00:00.8].", **changes}


def test_a_note_stands_beside_the_caption_for_everybody_in_the_project(
    caption: Caption, ana: User, rui: User, client_of: ClientOf
) -> None:
    answer = client_of(ana).post(NOTES, note(text="One.\r\nTwo at 00:00.8."))
    assert (answer.status_code, answer["Location"]) == (302, f"{WORKSPACE}#notes")
    made = CaptionComment.objects.get()
    assert (made.author, made.text, made.done_at) == (ana, "One.\nTwo at 00:00.8.", None)
    for path in (WORKSPACE, REVIEW):
        page = client_of(rui).get(path).content.decode()
        assert "<b>Ana Duarte</b>" in page
        assert 'One.\nTwo at <a class="chip chip-sm" href="#clip" data-seek="0.8">00:00.8</a>.' in page


def test_a_note_is_marked_as_done_and_reopened_and_says_by_whom(
    caption: Caption, ana: User, rui: User, client_of: ClientOf
) -> None:
    made, client = add_note(beside=beside_caption(caption), author=ana, text="Look again."), client_of(rui)
    for _ in range(2):  # pressed twice
        answer = client.post(NOTES, {"verb": "done", "note": made.pk, "back": "review"})
        assert answer["Location"] == f"{REVIEW}#notes"
        made.refresh_from_db()
        assert (made.done_by, made.done_at is not None, made.text) == (rui, True, "Look again.")
    assert "done, Rui Tavares" in client.get(WORKSPACE).content.decode()
    client.post(NOTES, {"verb": "reopen", "note": made.pk, "back": "edit"})
    made.refresh_from_db()
    assert (made.done_by, made.done_at) == (None, None)


def test_open_notes_come_first_and_why_it_was_returned_before_them(
    project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    clip = ClipFactory.create(project=project, clip_id="c")
    caption = SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    reviews.return_to_author(caption=caption, reviewer=rui, seen_number=1, reason="Turns at 00:01.2, not back.")
    first, _ = (
        add_note(beside=beside_caption(caption), author=ana, text=text) for text in ("An early note.", "A late note.")
    )
    client = client_of(ana)
    client.post(NOTES, {"verb": "done", "note": first.pk})
    page = client.get(WORKSPACE).content.decode()
    places = [page.index(text) for text in ("returned revision 1", "A late note.", "An early note.")]
    assert places == sorted(places)
    assert 'Turns at <a class="chip chip-sm" href="#clip" data-seek="1.2">00:01.2</a>, not back.' in page


@pytest.mark.parametrize(
    "sent",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 2001},
        {"verb": "delete"},
        {"back": "https://evil.test"},
        {"more": "x"},
        {"at": "3"},
        {"at": "00:03.45"},
        {"at": "00:02.1"},  # the clip is 2 s long
        {"verb": "answer"},
        {"verb": "done", "note": ""},
        {"verb": "done", "note": "-1"},
        {"verb": "done", "note": "9" * 30},
    ],
)
def test_what_cannot_be_noted_is_refused(
    caption: Caption, ana: User, client_of: ClientOf, sent: dict[str, str]
) -> None:
    assert client_of(ana).post(NOTES, note(**sent)).status_code == 400
    assert CaptionComment.objects.count() == 0


def test_a_note_names_a_moment_and_a_sentence_also_when_that_is_gone(
    caption: Caption, ana: User, client_of: ClientOf
) -> None:
    client = client_of(ana)
    client.post(NOTES, note(at="00:01.0", sentence="He jumps."))
    made = CaptionComment.objects.get()
    assert (made.at_ms, made.sentence) == (1000, "He jumps.")
    page = client.get(WORKSPACE).content.decode()
    assert 'data-seek="1.0"><span class="sr">at </span>00:01.0</a>' in page
    assert '<option value="He jumps.">He jumps.</option>' in page
    assert "<q>He jumps.</q></p>" in page
    autosave(caption=caption, user=ana, etag='"0-0"', text="[00:01.0] He leaps.", people=[])
    assert (
        '<q>He jumps.</q> <span class="tag">not in the text any more</span>' in client.get(WORKSPACE).content.decode()
    )


def test_an_answer_stands_below_its_note_and_its_author_is_told(
    caption: Caption, ana: User, rui: User, client_of: ClientOf
) -> None:
    first = add_note(beside=beside_caption(caption), author=ana, text="Left or right?")
    answer = client_of(rui).post(NOTES, {"verb": "answer", "note": first.pk, "text": "Left.", "back": "review"})
    assert answer["Location"] == f"{REVIEW}#notes"
    page = client_of(ana).get(WORKSPACE).content.decode()
    assert page.index("Left or right?") < page.index("Left.</p>")
    assert "Notifications, 1 unread" in page


def test_a_note_of_another_caption_is_as_none(
    project: Project, caption: Caption, ana: User, client_of: ClientOf
) -> None:
    other = add_note(beside=beside_caption(DraftedCaptionFactory(project=project)), author=ana, text="Elsewhere.")
    client = client_of(ana)
    answers = [client.post(NOTES, {"verb": "done", "note": number}) for number in (other.pk, other.pk + 1)]
    assert [answer.status_code for answer in answers] == [400, 400]
    other.refresh_from_db()
    assert other.done_at is None


def test_outsiders_neither_write_nor_mark(caption: Caption, ana: User, otto: User, client_of: ClientOf) -> None:
    made, client = add_note(beside=beside_caption(caption), author=ana, text="Ours."), client_of(otto)
    assert client.post(NOTES, note()).status_code == 404
    assert client.post(NOTES, {"verb": "done", "note": made.pk}).status_code == 404
    assert client_of(ana).get(NOTES).status_code == 405
    made.refresh_from_db()
    assert (CaptionComment.objects.count(), made.done_at) == (1, None)


def test_notes_are_not_shown_where_questions_are_answered_blind(
    project: Project, ana: User, rui: User, oda: User, client_of: ClientOf
) -> None:
    clip = ClipFactory.create(project=project, clip_id="c")
    caption = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    add_note(beside=beside_caption(caption), author=ana, text="He spreads both arms at the start.")
    submitted_item(clip, ana)
    page = client_of(oda).get("/projects/demo/clips/c/questions/review").content.decode()
    assert "What does the bald man do" in page
    assert not [word for word in ("at the start", "Leave a note", "Ana Duarte") if word in page]


def test_times_in_a_note_are_chips_and_other_numbers_are_not() -> None:
    chip = '<a class="chip chip-sm" href="#clip" data-seek="{}">{}</a>'
    assert note_prose("At [00:03.4] and 12:05.6.") == (
        f"At {chip.format(3.4, '00:03.4')} and {chip.format(725.6, '12:05.6')}."
    )
    for plain in ("at 3.4 s", "10:30", "1:02.3", "00:61.0", "00:03.45", "v00:03.4.1:2", "100:00:03.4", "[00:3.4]"):
        assert "data-seek" not in note_prose(plain), plain


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_note_is_text_s20(payload: str) -> None:
    said = note_prose(f"{payload} [00:01.0] {payload}")
    assert said.count("<") == said.count("<a class=") + said.count("</a>") == 2
    assert '"' not in said.replace('<a class="chip chip-sm" href="#clip" data-seek="1.0">', "")
