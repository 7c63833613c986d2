"""Ways around blind review that are closed: pages that refuse, pages of other states, files and lists."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import CaptionOpening, Clip, Project, User
from annotation.services.clip_flags import flag_clip
from annotation.states import State
from qa.models import QAItem
from qa.services import reviews
from qa.services.releases import freeze_release
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer,
    answer_all,
    approved_clip,
    approved_item,
    fresh,
    reopen_caption,
    saved_item,
    submit_all,
    submitted_item,
)

SignIn = Callable[[User], Client]
CAPTION = "bald man in a brown"
KEY = "He spreads both arms"


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def half(clip: Clip, ana: User, oda: User) -> list[QAItem]:
    """Two questions in review; Oda has answered the first."""
    items = [saved_item(clip, ana), saved_item(clip, ana, category="count", payload=COUNT_QUESTION)]
    submit_all(clip, ana)
    answer(items[0], oda, "o1")
    return items


def opened(user: User) -> bool:
    return CaptionOpening.objects.filter(user=user).exists()


def page(client: Client, name: str, *key: str) -> tuple[int, str]:
    answered = client.get(reverse(name, args=["demo", *key]))
    return answered.status_code, answered.content.decode()


def test_the_adjudication_page_tells_nothing_of_what_is_not_disputed(
    clip: Clip, ana: User, oda: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, ana)
    status, html = page(client_of(oda), "qa_adjudication", item.question_id)
    assert status == 200
    assert [secret for secret in (CAPTION, KEY, "Ana Duarte", 'answer" data-key') if secret in html] == []
    assert "there is nothing to settle" in html
    assert not opened(oda)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("qa_workspace", {"verb": "save"}),
        ("caption_review", {"verb": "x", "seen_number": "1"}),
        ("caption_adjudication", {"outcome": "x", "seen_number": "1"}),
    ],
)
def test_a_refused_form_tells_no_more_than_the_page(
    clip: Clip, half: list[QAItem], oda: User, client_of: SignIn, name: str, form: dict[str, str]
) -> None:
    said = {**form, "question_id": half[1].question_id, "etag": '"1-0"'} if name == "qa_workspace" else form
    answered = client_of(oda).post(reverse(name, args=["demo", clip.clip_id]), said)
    assert answered.status_code == 409
    assert [word for word in (CAPTION, KEY, "Ana Duarte") if word in answered.content.decode()] == []
    assert not opened(oda)


def test_reading_a_questions_history_counts_as_having_opened_the_caption(
    clip: Clip, ana: User, oda: User, client_of: SignIn
) -> None:
    item = saved_item(clip, ana)
    page(client_of(oda), "qa_history", item.question_id)
    assert opened(oda)


def test_merging_is_sealed_while_an_answer_is_owed(half: list[QAItem], oda: User, client_of: SignIn) -> None:
    status, html = page(client_of(oda), "qa_merge", half[0].question_id)
    assert (status, KEY in html, opened(oda)) == (200, False, False)


def test_the_seal_holds_where_the_first_answer_made_a_dispute(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    items = [saved_item(clip, ana), saved_item(clip, ana, category="count", payload=COUNT_QUESTION)]
    submit_all(clip, ana)
    for user in (rui, oda):
        answer(items[0], user, "o4")
    assert fresh(items[0]).state == State.DISPUTED
    assert page(client_of(oda), "caption_workspace", clip.clip_id)[0] == 409


def test_the_blind_page_names_nobody_and_repeats_no_flag(
    clip: Clip, half: list[QAItem], ana: User, oda: User, client_of: SignIn
) -> None:
    flag_clip(clip=clip, user=ana, reason="static", note="He only waves.")
    html = page(client_of(oda), "qa_review", clip.clip_id)[1]
    assert [word for word in ("He only waves", "Ana Duarte") if word in html] == []


def test_lists_files_and_subtitles_tell_nothing_of_a_sealed_clip(
    clip: Clip, half: list[QAItem], ana: User, oda: User, client_of: SignIn
) -> None:
    clip.description, clip.subtitles = "A somersault.", "WEBVTT\n\n00:00.000 --> 00:01.000\nA somersault.\n"
    clip.save(update_fields=["description", "subtitles"])
    client = client_of(oda)
    assert page(client, "clip_subtitles", clip.clip_id)[0] == 409
    listed: Any = client.get("/api/v1/projects/demo/clips").json()
    assert listed["results"][0]["description"] == ""
    assert "somersault" not in page(client, "clips")[1]
    assert clip.clip_id not in client.get("/projects/demo/clips/?q=somersault").content.decode()
    assert "A somersault." in client_of(ana).get("/api/v1/projects/demo/clips").content.decode()


def test_a_release_that_is_read_counts_as_having_opened_its_captions(
    clip: Clip, project: Project, ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    approved_item(clip, author=ana, reviewer=rui)
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    client = client_of(oda)
    where = reverse("release_file", args=["demo", "1.0.0", "haicbench.json"])
    assert client.get(where).status_code == 200
    assert not opened(oda)  # nothing waits for her answer
    submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    assert client.get(where).status_code == 200
    assert opened(oda)


def test_nobody_confirms_their_own_question(
    clip: Clip, ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, rui)
    answer_all(clip, oda)
    reviews.approve(item=item, reviewer=oda, seen_number=1)
    reopen_caption(clip, oda)
    form = {"verb": "confirm", "question_id": item.question_id, "seen_number": "1"}
    where = reverse("qa_workspace", args=["demo", clip.clip_id])
    assert client_of(rui).post(where, form).status_code in (403, 409)
    assert fresh(item).caption_revision.number == 1


@pytest.mark.parametrize("field", ["clip_id", "clips", "username"])
def test_a_nul_in_a_form_of_the_queue_is_no_fault_b08(clip: Clip, adam: User, client_of: SignIn, field: str) -> None:
    for verb in ("free", "release", "assign", "priority"):
        form = {"verb": verb, "clip_id": clip.clip_id, "clips": clip.clip_id, "username": "", "priority": "1"}
        answered = client_of(adam).post("/projects/demo/queue/", {**form, field: "a\x00b"})
        assert answered.status_code in (302, 400, 404), (verb, field)
