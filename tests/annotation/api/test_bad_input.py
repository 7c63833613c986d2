"""Whatever is sent to the API is refused with a 400 that says why, or comes back exactly as it was."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Caption, CaptionRevision, Project, User
from tests.annotation.api.test_captions_api import send
from tests.factories import ClipFactory, DraftedCaptionFactory

REFUSED = {
    "NUL, B-01": b'{"text": "x\\u0000", "people": []}',
    "NUL in a person, B-01": b'{"text": "x", "people": [{"key": "P1", "description": "\\u0000"}]}',
    "NUL in a name, B-01": b'{"text": "x", "people": [], "\\u0000": 1}',
    "half a surrogate pair, B-02": b'{"text": "\\ud800", "people": []}',
    "a whole number for words, B-03": b'{"text": 1000000000000000000000000000000, "people": []}',
    "nested a hundred thousand times, B-04": b'{"text": "x", "people": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "infinity, B-05": b'{"text": 1e999, "people": []}',
    "twice the same key, B-06": b'{"text": "a", "text": "b", "people": []}',
    "NaN, B-08": b'{"text": NaN, "people": []}',
    "five thousand digits, B-08": b'{"text": ' + b"9" * 5000 + b', "people": []}',
    "no UTF-8, B-08": b'{"text": "\xff\xfe", "people": []}',
    "ten megabytes, B-09": b'{"text": "' + b"a" * 10_000_000 + b'", "people": []}',
    "too many characters, B-09": b'{"text": "' + b"a" * 50_001 + b'", "people": []}',
    "ten thousand people, B-09": json.dumps(
        {"text": "x", "people": [{"key": f"P{n}", "description": "x"} for n in range(10_000)]}
    ).encode(),
    "no object": b"[1, 2]",
    "nothing": b"",
    "cut": b'{"text": "x", "peop',
}
KEPT = {
    "direction and width, B-07": "left \u202eright\u202c\u200b zero\u200dwidth\ufeff.",
    "composed, B-09": "caf\u00e9",
    "decomposed, B-09": "cafe\u0301",
    "emoji, B-09": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1f5\U0001f1f9",
    "line ends, B-09": "one\r\ntwo\rthree\nfour",
    "spaces around": "  x\t\u00a0\u2003",
    "outside the first plane": "\U00020000\U0010fffd",
    "control characters": "\x01\x1f\x7f\x85",
    "noncharacters": "\ufffe\uffff",
    "the most there may be": "a" * 50_000,
}


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


@pytest.mark.parametrize("name", ["api_caption_working_copy", "api_caption_revisions", "api_caption_submit"])
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
    client: Client, caption: Caption, name: str, body: bytes
) -> None:
    answer = send(client, name, body)
    assert answer.status_code == 400, answer.content[:200]
    assert answer.json()["error"]["message"]
    assert CaptionRevision.objects.count() == 0


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_is_kept_comes_back_byte_for_byte_b07_b09(client: Client, caption: Caption, text: str) -> None:
    people = [{"key": "P1", "description": text[:500]}]
    assert send(client, "api_caption_revisions", {"text": text, "people": people}).status_code == 201
    read: Any = client.get(reverse("api_caption", args=["demo", "c"])).json()
    assert (read["text"], read["people"]) == (text, people)


@pytest.mark.parametrize("number", [10**30, -1, 0, 1.5, True, "1", None, [1], float(2**60)])
def test_a_number_that_is_none_is_refused_b03(client: Client, caption: Caption, number: Any) -> None:
    send(client, "api_caption_revisions")
    answer = send(client, "api_caption_restore", {"number": number}, etag='"1-0"')
    assert answer.status_code == 400, answer.content
    assert CaptionRevision.objects.count() == 1


@pytest.mark.parametrize("part", ["%00", "%ff", "1" * 5000, "..", "%e2%80%ae", "c%0a"])
def test_a_part_of_an_address_that_is_none_is_404_b08(client: Client, caption: Caption, part: str) -> None:
    for path in (f"/api/v1/projects/demo/clips/{part}/caption", f"/projects/{part}/", f"/api/v1/projects/{part}/clips"):
        assert client.get(path).status_code in (400, 404), path
