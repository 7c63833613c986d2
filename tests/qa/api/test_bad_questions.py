"""Whatever is sent of a question is refused with a 400 that says why, or comes back exactly, through the export too."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Clip, Project, User
from qa.models import QAItem, QARevision
from qa.services import reviews
from qa.services.releases import export_release, freeze_release
from tests.annotation.api.test_bad_input import KEPT
from tests.factories import DraftedQAItemFactory
from tests.qa.api.test_questions_api import ADD, DROP, REVISIONS, SUBMIT, WORKING_COPY, send
from tests.qa.scenes import answer_all, approved_clip, content_of, fresh, submit_all

GOOD = {
    "question": "How many?",
    "options": [{"id": f"o{place}", "text": str(place)} for place in range(1, 5)],
    "key": "o1",
    "evidence": [{"start_ms": 0, "text": "x"}],
}
WHOLE = json.dumps(GOOD)
SPOILT = {
    "NUL, B-01": WHOLE.replace("How", "\\u0000"),
    "NUL in an option, B-01": WHOLE.replace('"text": "1"', '"text": "\\u0000"'),
    "NUL in a name, B-01": WHOLE.replace('"question"', '"\\u0000question"'),
    "half a surrogate pair, B-02": WHOLE.replace("How", "\\ud800"),
    "half a surrogate pair in an id, B-02": WHOLE.replace('"o1"', '"\\udc00"'),
    "10^30 milliseconds, B-03": WHOLE.replace('"start_ms": 0', '"start_ms": 1' + "0" * 30),
    "minus one millisecond, B-03": WHOLE.replace('"start_ms": 0', '"start_ms": -1'),
    "half a millisecond, B-03": WHOLE.replace('"start_ms": 0', '"start_ms": 0.5'),
    "nested a hundred thousand times, B-04": WHOLE.replace('"key": "o1"', '"key": ' + "[" * 100_000 + "]" * 100_000),
    "infinity, B-05": WHOLE.replace('"start_ms": 0', '"start_ms": 1e999'),
    "twice the same key, B-06": WHOLE.replace('"key": "o1"', '"key": "o1", "key": "o2"'),
    "NaN, B-08": WHOLE.replace('"start_ms": 0', '"start_ms": NaN'),
    "five thousand digits, B-08": WHOLE.replace('"start_ms": 0', '"start_ms": ' + "9" * 5000),
    "ten megabytes, B-09": WHOLE.replace("How", "a" * 10_000_000),
    "too many characters, B-09": WHOLE.replace("How", "a" * 1001),
    "ten thousand options, B-09": json.dumps(
        {**GOOD, "options": [{"id": f"o{place}", "text": "x"} for place in range(10_000)]}
    ),
    "ten thousand pieces of evidence, B-09": json.dumps({**GOOD, "evidence": [{"start_ms": 0, "text": "x"}] * 10_000}),
    "options that are no list": json.dumps({**GOOD, "options": {"o1": "x"}}),
    "an unknown field": json.dumps({**GOOD, "approved": True}),
    "no object": "[]",
    "words": '"content"',
    "cut": WHOLE[:-5],
}


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def item(clip: Clip) -> QAItem:
    return DraftedQAItemFactory(clip=clip)


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


@pytest.mark.parametrize("content", SPOILT.values(), ids=SPOILT.keys())
@pytest.mark.parametrize("name", [WORKING_COPY, REVISIONS, ADD])
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
    client: Client, clip: Clip, item: QAItem, name: str, content: str
) -> None:
    more = '"category": "count", ' if name == ADD else ""
    body = f'{{{more}"content": {content}}}'.encode()
    answer = send(client, name, clip.clip_id if name == ADD else item.question_id, body)
    assert answer.status_code == 400, answer.content[:200]
    assert answer.json()["error"]["message"]
    assert (QARevision.objects.count(), QAItem.objects.count()) == (0, 1)
    assert client.get(reverse("qa_workspace", args=["demo", clip.clip_id])).status_code == 200


@pytest.mark.parametrize(
    "value", [b'"\\u0000"', b'"\\ud800"', b"1e999", b"[]", b"null", b"1" * 5000, b'"' + b"a" * 3000 + b'"', b'""']
)
def test_a_reason_that_is_none_is_refused_b01_b08(client: Client, item: QAItem, value: bytes) -> None:
    assert send(client, DROP, item.question_id, b'{"reason": ' + value + b"}").status_code == 400
    assert fresh(item).state == item.state


@pytest.mark.parametrize(
    "value",
    [
        b"[]",
        b'{"a": 1}',
        b'{"\\u0000": "x"}',
        b'{"\\ud800": "x"}',
        b'{"a": "x", "a": "y"}',
        b"1e999",
        b'{"a": "\\u0000"}',
    ],
)
def test_etags_that_are_none_are_refused_b01_b06(client: Client, clip: Clip, item: QAItem, value: bytes) -> None:
    answer = send(client, SUBMIT, clip.clip_id, b'{"seen": ' + value + b"}")
    assert answer.status_code in (400, 412), answer.content
    assert fresh(item).state == item.state


@pytest.mark.parametrize("category", [b'"\\u0000"', b'"\\ud800"', b"null", b"[]", b"1e999", b'"none"', b'{"a": 1}'])
def test_a_category_that_is_none_is_refused_b01(client: Client, clip: Clip, category: bytes) -> None:
    body = b'{"category": ' + category + b', "content": ' + WHOLE.encode() + b"}"
    assert send(client, ADD, clip.clip_id, body).status_code == 400
    assert QAItem.objects.count() == 0


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_is_kept_comes_back_byte_for_byte_through_the_export_b07_b09(
    client: Client, clip: Clip, item: QAItem, ana: User, oda: User, adam: User, tmp_path: Path, text: str
) -> None:
    question, option = text[:1000], f"{text[:490]} z"
    content = content_of(item, ana)
    content = {
        **content,
        "question": question,
        "options": [{**one, "text": f"{one['id']}"} for one in content["options"]],
    }
    content["options"][0]["text"] = option
    assert send(client, REVISIONS, item.question_id, {"content": content}).status_code == 201
    assert fresh(item).head.content == content
    submit_all(clip, ana)
    answer_all(clip, oda)
    reviews.approve(item=fresh(item), reviewer=oda, seen_number=1)
    release = freeze_release(project=clip.project, version="1.0.0", notes="", actor=adam)
    export_release(release, layout="haicbench", out=tmp_path / "out")
    (exported,) = json.loads((tmp_path / "out/haicbench.json").read_bytes())["clips"][0]["qa"]
    assert exported["question"] == question
    assert option in [one if isinstance(one, str) else one["text"] for one in exported["options"]]


@pytest.mark.parametrize(
    "value", ["\x00", "{", "[" * 100_000, '{"start_ms": 1e999, "text": "x"}', "9" * 5000, "\ud800"]
)
@pytest.mark.parametrize("field", ["evidence", "mark"])
def test_a_forms_evidence_or_mark_that_is_none_is_refused_b01_b08(
    client: Client, clip: Clip, item: QAItem, field: str, value: str
) -> None:
    answer = client.post(
        reverse("qa_workspace", args=["demo", clip.clip_id]),
        _encoded(
            {
                "verb": "save",
                "question_id": item.question_id,
                "etag": '"0-0"',
                "question": "x",
                "key": "o1",
                field: value,
            }
        ),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 400
    assert QARevision.objects.count() == 0


def _encoded(fields: dict[str, str]) -> bytes:
    def quoted(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))

    return "&".join(f"{name}={quoted(value)}" for name, value in fields.items()).encode()


FORM_VALUES = [
    "\x00",
    "\ud800",
    "9" * 5000,
    "-1",
    "1e999",
    "٣٤",
    "\u202e",
    "a" * 60_000,
    "[" * 10_000,
    "%00",
    "\r\n\r\n",
]


@pytest.mark.fuzz
@pytest.mark.parametrize("value", [pytest.param(value, id=ascii(value)[:40]) for value in FORM_VALUES])
def test_no_field_of_a_form_breaks_the_server_b01_b09(
    clip: Clip, item: QAItem, adam: User, client_of: Callable[[User], Client], value: str
) -> None:
    """Each field of each form that is read by name, with each verb, holding something odd."""
    client, before = client_of(adam), QARevision.objects.count()
    for page, verbs, fields in FORMS:
        for verb in verbs:
            for field in fields:
                usual = {"question_id": item.question_id, "etag": '"0-0"', "seen_number": "1", "number": "1"}
                known = {name: usual[name] for name in usual if name in fields}  # what is unknown is refused at once
                said = {"verb": verb, **known, field: value}
                target = item.question_id if page in ("qa_history", "qa_merge") else clip.clip_id
                answer = client.post(
                    reverse(page, args=["demo", target]),
                    _encoded(said),
                    content_type="application/x-www-form-urlencoded",
                )
                assert answer.status_code in (302, 400, 403, 404, 409, 412, 428), (
                    page,
                    verb,
                    field,
                    answer.status_code,
                )
    assert QARevision.objects.count() == before


FORMS: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    (
        "caption_workspace",
        ("save", "restore", "reopen", "withdraw", "compare", "nothing"),
        ("text", "etag", "number", "seen_number", "reason", "person_key", "person_description", "person_at"),
    ),
    ("caption_review", ("approve", "fix", "return", "undo"), ("seen_number", "reason", "reason_code", "text")),
    (
        "qa_workspace",
        ("save", "accept", "up:o1", "shuffle", "unmark:0", "split", "compare", "add", "submit", "reopen"),
        (
            *("question", "option_id", "option_text", "key", "evidence", "mark", "etag", "category", "seen_number"),
            *("question_id", "watched", "why-form:x|y"),
        ),
    ),
    ("qa_history", ("restore", "nothing"), ("number", "etag")),
    ("qa_merge", ("merge", "nothing"), ("seen_number", "etag", "row-key", "own-question")),
    (
        "qa_review",
        ("answer", "approve", "fix", "return"),
        ("seen_number", "reason", "reason_code", "question_id", "choice"),
    ),
]
