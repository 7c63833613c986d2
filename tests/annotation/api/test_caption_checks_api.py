"""What the API says of a caption's words; it writes nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.caption_content import CAPTION_CHARACTERS
from annotation.models import Caption, CaptionWorkingCopy, Event, Project, User
from tests.factories import ClipFactory, DraftedCaptionFactory

TEXT = (
    "There are three people in the video. The first is a bald man in a red shirt. The second is a woman with a plait."
    " [00:01.0] The man waves. [00:02.0] The woman claps."
)


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def ask(client: Client, body: Any, *, slug: str = "demo", clip_id: str = "c") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(reverse("api_caption_checks", args=[slug, clip_id]), raw, content_type="application/json")


def units(text: str, start: int, end: int) -> str:
    """The text between two positions as a browser counts them."""
    return text.encode("utf-16-le")[start * 2 : end * 2].decode("utf-16-le")


def test_flags_stand_where_a_browser_finds_them(client: Client, caption: Caption) -> None:
    text = f"😀 {TEXT.replace('bald', '🧑‍🦲 bald')} She is probably 🙂 tired."
    answer = ask(client, {"text": text})
    assert answer.status_code == 200
    said = answer.json()
    assert set(said) == {"version", "flags", "people"}
    found = {flag["rule"]: flag for flag in said["flags"]}
    assert set(found) == {"people-count-mismatch", "speculation"}
    guess = found["speculation"]
    assert units(text, guess["from"], guess["to"]) == "probably"
    assert (guess["sentence"], guess["fix"]) == ("She is probably 🙂 tired.", None)
    count = found["people-count-mismatch"]
    assert units(text, count["from"], count["to"]) == "three"
    assert count["fix"] == {"from": count["from"], "to": count["to"], "insert": "two", "label": "Change to “two”"}
    assert set(count) == {"rule", "from", "to", "sentence", "message", "advice", "fix"}


def test_people_are_proposed_with_their_mentions(client: Client, caption: Caption) -> None:
    text = f"😀 {TEXT}"
    people = ask(client, {"text": text}).json()["people"]
    assert [person["description"] for person in people] == ["bald man in a red shirt", "woman with a plait"]
    said = [[units(text, *mention) for mention in person["mentions"]] for person in people]
    assert said == [["a bald man", "The man"], ["a woman", "The woman"]]


def test_the_clip_decides_what_is_past_the_end(client: Client, caption: Caption) -> None:
    seconds = caption.clip.duration_ms // 1000 + 1
    text = f"There is one person in the video. [00:{seconds:02d}.0] He sits."
    assert [flag["rule"] for flag in ask(client, {"text": text}).json()["flags"]] == ["mark-past-end"]


def test_asking_writes_nothing(client: Client, caption: Caption) -> None:
    events = Event.objects.count()
    assert ask(client, {"text": TEXT}).status_code == 200
    assert ask(client, {"text": ""}).json()["flags"] == []
    caption.refresh_from_db()
    assert (caption.state, caption.head_number) == ("drafted", 0)
    assert (Event.objects.count(), CaptionWorkingCopy.objects.count()) == (events, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": 3}, "text"),
        ({"text": None}, "text"),
        ({"text": "x" * (CAPTION_CHARACTERS + 1)}, "text"),
        ({"text": "x", "people": []}, "people"),
        ([], "body"),
    ],
)
def test_bad_bodies_are_named(client: Client, caption: Caption, body: object, field: str) -> None:
    answer = ask(client, body)
    assert answer.status_code == 400
    assert set(answer.json()["error"]["detail"]["fields"]) == {field}


def test_who_has_no_access_learns_nothing(otto: User, caption: Caption, client_of: Callable[[User], Client]) -> None:
    there, absent = ask(client_of(otto), {"text": TEXT}), ask(client_of(otto), {"text": TEXT}, clip_id="none")
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.json() == absent.json()
    assert ask(Client(), {"text": TEXT}).status_code in (401, 403)
