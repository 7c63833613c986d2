"""What a key keeps: refusals and faults of ours; and what it does not: that the database was away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from annotation.models import Caption, CaptionRevision, IdempotencyKey, Project, User
from annotation.services import captions
from tests.annotation.api.test_captions_api import code_of, send
from tests.factories import ClipFactory, DraftedCaptionFactory


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    client = client_of(ana)
    client.raise_request_exception = False
    return client


def breaks_after_writing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Save does all of its work and then fails."""
    whole = captions.save

    def save(**said: Any) -> None:
        whole(**said)
        raise error

    monkeypatch.setattr(captions, "save", save)


def test_a_fault_is_kept_with_its_answer_and_its_work_is_undone_d06(
    client: Client, caption: Caption, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        breaks_after_writing(patch, RuntimeError("a secret of ours"))
        first = send(client, "api_caption_revisions", key="k")
    assert (first.status_code, code_of(first)) == (500, "broken")
    assert "secret" not in first.content.decode()
    assert CaptionRevision.objects.count() == 0
    again = send(client, "api_caption_revisions", key="k")
    assert (again.status_code, again.content) == (500, first.content)
    assert CaptionRevision.objects.count() == 0
    assert send(client, "api_caption_revisions", key="another").status_code == 201


def test_that_the_database_was_away_is_not_kept_and_the_same_key_saves_later_f10(
    client: Client, caption: Caption, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        breaks_after_writing(patch, OperationalError("the connection is lost"))
        first = send(client, "api_caption_revisions", key="k")
    assert (first.status_code, code_of(first), first["Retry-After"]) == (503, "unavailable", "2")
    assert (CaptionRevision.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert send(client, "api_caption_revisions", key="k").status_code == 201


def test_a_fault_outside_of_an_action_is_the_same_shape_with_an_incident_s38(
    client: Client, caption: Caption, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(captions, "autosave", broken)
    answer = send(client, "api_caption_working_copy")
    assert (answer.status_code, code_of(answer)) == (500, "broken")
    assert "secret" not in answer.content.decode()
    assert answer.json()["error"]["detail"]["incident"] in caplog.text
