"""The comparison that the editor asks for: of words that are not saved, with what stood before."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Caption,
    CaptionOpening,
    CaptionRevision,
    CaptionSubmission,
    CaptionWorkingCopy,
    Project,
    User,
)
from annotation.services.captions import save
from annotation.workflow import database_now
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory

NOW = TEXT.replace("spreads", "slowly spreads").replace("He jumps.", "He leaps. She looks on.")


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def ask(client: Client, text: object = NOW, against: object = "draft", *, slug: str = "demo", **more: Any) -> Any:
    body = {"text": text, "against": against, **more}
    where = reverse("api_caption_changes", args=[slug, "c"])
    return client.post(where, json.dumps(body), content_type="application/json")


def saved(caption: Caption, author: User, text: str) -> CaptionRevision:
    caption.refresh_from_db()
    return save(caption=caption, user=author, etag=f'"{caption.head_number}-0"', text=text, people=PEOPLE)


def handed_in(revision: CaptionRevision, submitter: User) -> CaptionSubmission:
    return CaptionSubmission.objects.create(
        caption=revision.caption, revision=revision, submitter=submitter, created_at=database_now(), digest="0" * 64
    )


def problem(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400
    fields: dict[str, str] = answer.json()["error"]["detail"]["fields"]
    return fields


def test_unsaved_words_are_compared_with_the_draft_sentence_by_sentence(client: Client, caption: Caption) -> None:
    answer = ask(client)
    assert answer.status_code == 200
    told = answer.json()
    # out: jumps. · in: slowly, leaps., She, looks, on. · the draft has 18 words with its 2 marks: 1 of 18 is 5.6 %
    assert (told["removed"], told["added"], told["percent"], told["against"]) == (1, 5, 6, "draft")
    assert [(row["n"], row["start_ms"], row["same"], row["before"], row["after"]) for row in told["rows"]] == [
        (
            1,
            None,
            True,
            "There is one person in the video, a bald man.",
            "There is one person in the video, a bald man.",
        ),
        (2, 300, False, "He spreads both arms.", "He slowly spreads both arms."),
        (3, 1000, False, "He jumps.", "He leaps."),
        (4, 1000, False, None, "She looks on."),
    ]
    changed = told["rows"][1]
    assert changed["pieces"] == [
        {"op": "same", "text": "He "},
        {"op": "ins", "text": "slowly "},
        {"op": "same", "text": "spreads both arms."},
    ]
    assert NOW[: changed["from"]] + changed["back"] + NOW[changed["to"] :] == NOW.replace("slowly ", "")
    assert "".join(piece["text"] for piece in told["pieces"] if piece["op"] != "del") == NOW


def test_a_revision_and_what_the_person_last_handed_in_are_compared_too(
    client: Client, caption: Caption, ana: User, rui: User
) -> None:
    handed_in(saved(caption, ana, TEXT.replace("both", "two")), ana)
    saved(caption, rui, TEXT.replace("both", "his"))
    assert [piece["text"] for piece in ask(client, TEXT, "submitted").json()["pieces"] if piece["op"] == "del"] == [
        "two"
    ]
    assert [piece["text"] for piece in ask(client, TEXT, "2").json()["pieces"] if piece["op"] == "del"] == ["his"]
    assert ask(client, TEXT, "draft").json()["removed"] == 0


def test_what_another_handed_in_is_not_mine(client: Client, caption: Caption, rui: User) -> None:
    handed_in(saved(caption, rui, TEXT), rui)
    assert problem(ask(client, against="submitted")) == {"against": "you have not handed in this caption yet"}


def test_without_a_draft_all_words_are_new(client: Client, project: Project) -> None:
    ClipFactory.create(project=project, clip_id="c")
    told = ask(client, "He jumps.").json()
    assert (told["added"], told["percent"], told["rows"][0]["before"]) == (2, None, None)


@pytest.mark.parametrize("against", ["", "head", "0", "3", "-1", "9" * 30, "١", 1, None, True, ["draft"]])
def test_what_is_no_earlier_text_is_refused_by_name(client: Client, caption: Caption, against: object) -> None:
    assert set(problem(ask(client, against=against))) == {"against"}


@pytest.mark.parametrize("text", [None, 7, ["a"], "x" * 50_001])
def test_what_is_no_text_is_refused_by_name(client: Client, caption: Caption, text: object) -> None:
    assert set(problem(ask(client, text))) == {"text"}


def test_an_unknown_and_a_missing_field_are_refused_by_name(client: Client, caption: Caption) -> None:
    assert problem(ask(client, people=[])) == {"people": "is unknown"}
    where = reverse("api_caption_changes", args=["demo", "c"])
    assert problem(client.post(where, "{}", content_type="application/json")) == {
        "text": "is missing",
        "against": "is missing",
    }


def test_nothing_is_saved_and_that_the_caption_was_seen_is_remembered(
    client: Client, caption: Caption, ana: User
) -> None:
    ask(client)
    assert (CaptionRevision.objects.count(), CaptionWorkingCopy.objects.count()) == (0, 0)
    assert CaptionOpening.objects.get().user == ana


def test_outsiders_get_404_and_leave_no_trace(
    caption: Caption, otto: User, client_of: Callable[[User], Client]
) -> None:
    assert ask(client_of(otto)).status_code == 404
    assert ask(client_of(otto), against="nonsense").status_code == 404
    assert CaptionOpening.objects.count() == 0
