"""Notes beside questions: in the QA workspace and while judging, never before the blind answers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.models import CaptionComment, Clip, Notification, Project, User
from annotation.services.comments import add_note, beside_caption
from qa.models import QAComment, QAItem
from qa.services import items
from qa.services.comments import beside_question
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.qa.scenes import COUNT_QUESTION, answer_all, content_of, fresh, reopen_caption, saved_item, submitted_item

PAGE = "/projects/demo/clips/c/questions"
NOTES, CAPTION = f"{PAGE}/notes", "/projects/demo/clips/c/caption"
EVIDENCE = [{"start_ms": 300, "text": "He spreads both arms."}]
SignIn = Callable[[User], Client]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    clip = ClipFactory.create(project=project, clip_id="c")
    return ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip).clip


def form(item: QAItem, **changes: Any) -> dict[str, Any]:
    return {"verb": "add", "question_id": item.question_id, "text": "Is it the left one?", **changes}


def test_a_note_stands_beside_its_question_with_its_moment_and_evidence(
    clip: Clip, ana: User, client_of: SignIn
) -> None:
    item, client = saved_item(clip, ana), client_of(ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, evidence=EVIDENCE))
    answer = client.post(NOTES, form(item, at="00:01.2", sentence=EVIDENCE[0]["text"]))
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}#notes-{item.question_id}")
    made = QAComment.objects.get()
    assert (made.item, made.at_ms, made.sentence) == (item, 1200, "He spreads both arms.")
    page = client.get(PAGE).content.decode()
    assert 'data-seek="1.2"><span class="sr">at </span>00:01.2</a>' in page
    assert "<q>He spreads both arms.</q>" in page
    assert "not in the text any more" not in page
    items.save(item=item, user=ana, etag='"2-0"', content=content_of(item, ana, evidence=[]))
    assert (
        '<q>He spreads both arms.</q> <span class="tag">not in the text any more' in client.get(PAGE).content.decode()
    )


def test_answers_and_marks_go_to_their_thread(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    item, client = saved_item(clip, ana), client_of(rui)
    note = add_note(beside=beside_question(item), author=ana, text="Is it the left one?")
    client.post(NOTES, form(item, verb="answer", note=note.pk, text="It is."))
    client.post(NOTES, {"verb": "done", "question_id": item.question_id, "note": note.pk})
    page = client_of(ana).get(PAGE).content.decode()
    assert page.index("Is it the left one?") < page.index("It is.")
    assert "done, Rui Tavares" in page
    told = Notification.objects.get()
    assert (told.recipient, told.kind, told.question_id, told.text) == (ana, "reply", item.question_id, "It is.")


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"at": "3 s"},
        {"at": "00:61.0"},
        {"at": "00:09.0"},  # the clip is 2 s long
        {"at": "٠٠:٠١.٠"},
        {"verb": "delete"},
        {"verb": "answer", "note": ""},
        {"back": "https://evil.test"},
        {"author": "1"},
    ],
)
def test_what_cannot_be_noted_is_refused(clip: Clip, ana: User, client_of: SignIn, changes: dict[str, str]) -> None:
    assert client_of(ana).post(NOTES, form(saved_item(clip, ana), **changes)).status_code == 400
    assert not QAComment.objects.exists()


def test_a_question_of_another_clip_is_as_none(
    clip: Clip, project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    other = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    foreign, item = saved_item(other, ana), saved_item(clip, ana)
    note = add_note(beside=beside_question(foreign), author=ana, text="Elsewhere.")
    client = client_of(ana)
    assert client.post(NOTES, form(foreign)).status_code == 404
    assert client.post(NOTES, form(item, question_id="none")).status_code == 404
    assert client.post(NOTES, form(item, verb="answer", note=note.pk)).status_code == 400
    assert client.get(NOTES).status_code == 405
    assert QAComment.objects.count() == 1


def test_who_has_to_answer_blind_sees_no_note_of_questions_or_caption(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    """Oda wrote one question; Ana's waits for her answer, and hides the notes of both, and of the caption."""
    own = saved_item(clip, oda)
    item = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    for beside in (beside_question(own), beside_question(item), beside_caption(clip.caption)):
        add_note(beside=beside, author=ana, text="The secret is two.")
    client = client_of(oda)
    for path in (PAGE, f"{PAGE}/review", CAPTION, f"{CAPTION}/review"):
        assert "The secret is two." not in client.get(path).content.decode(), path
    assert "The secret is two." in client_of(ana).get(PAGE).content.decode()  # who reviews nothing sees them
    for where, sent in ((NOTES, form(own)), (CAPTION + "/notes", {"verb": "add", "text": "x"})):
        assert client.post(where, sent).status_code == 403
    assert (QAComment.objects.count(), CaptionComment.objects.count()) == (2, 1)
    answer_all(clip, oda)
    for path, notes in ((PAGE, 2), (CAPTION, 1), (f"{CAPTION}/review", 1)):
        assert client.get(path).content.decode().count("The secret is two.") == notes, path
    assert fresh(item).head_number == 1


def test_whoever_has_answered_sees_and_writes_notes_while_judging(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    item, client, review = submitted_item(clip, ana), client_of(rui), f"{PAGE}/review"
    note = add_note(beside=beside_question(item), author=ana, text="I was not sure of the arm.", at_ms=300)
    assert "not sure of the arm" not in client.get(review).content.decode()
    answer_all(clip, rui)
    assert "not sure of the arm" in client.get(review).content.decode()
    sent = form(item, verb="answer", note=note.pk, text="It is right.", back="review")
    assert client.post(NOTES, sent)["Location"] == f"{review}#notes-{item.question_id}"
    assert "It is right." in client.get(review).content.decode()


def test_while_the_caption_is_reopened_its_notes_are_open(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    submitted_item(clip, ana)
    add_note(beside=beside_caption(clip.caption), author=ana, text="Is it a leap?")
    assert "Is it a leap?" not in client_of(rui).get(CAPTION).content.decode()
    reopen_caption(clip, oda)
    assert "Is it a leap?" in client_of(rui).get(CAPTION).content.decode()
