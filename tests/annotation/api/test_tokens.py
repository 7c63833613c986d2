"""API tokens: shown once, stored as a hash, within a scope, ended at once."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import ApiToken, Caption, CaptionRevision, Membership, Project, Scope, User
from annotation.services.tokens import make_token
from tests.annotation.api.test_captions_api import WORDS, code_of
from tests.factories import ClipFactory, DraftedCaptionFactory

LIST = "/api/v1/projects"


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


def bearer(user: User, scope: str = Scope.READ, **changes: Any) -> dict[str, str]:
    token, secret = make_token(user=user, name="a script", scope=scope, days=1)
    if changes:
        ApiToken.objects.filter(pk=token.pk).update(**changes)
    return {"Authorization": f"Bearer {secret}"}


def save(headers: dict[str, str]) -> Any:
    return Client(enforce_csrf_checks=True).post(
        reverse("api_caption_revisions", args=["demo", "c"]),
        WORDS,
        content_type="application/json",
        headers={**headers, "If-Match": '"0-0"', "Idempotency-Key": "k"},
    )


def test_a_page_makes_a_token_and_shows_it_once_s07(ana: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(ana)
    answer = client.post(reverse("api_tokens"), {"name": "export", "scope": "read", "days": "30"})
    secret = re.findall(r"haic_[\w-]{43}", answer.content.decode())
    assert len(secret) == 1
    assert Client().get(LIST, headers={"Authorization": f"Bearer {secret[0]}"}).status_code == 200
    assert secret[0] not in client.get(reverse("api_tokens")).content.decode()
    row = ApiToken.objects.values().get()
    assert row["token_sha256"] == hashlib.sha256(secret[0].encode()).hexdigest()
    assert secret[0] not in str(row)


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 61), ("scope", "root"), ("days", "0"), ("days", "366")]
)
def test_a_token_with_wrong_fields_is_not_made(
    ana: User, client_of: Callable[[User], Client], field: str, value: str
) -> None:
    good = {"name": "export", "scope": "read", "days": "30"}
    answer = client_of(ana).post(reverse("api_tokens"), {**good, field: value})
    assert answer.status_code == 400
    assert ApiToken.objects.count() == 0


def test_a_reading_token_reads_and_does_not_write(ana: User, caption: Caption) -> None:
    headers = bearer(ana)
    assert Client().get(reverse("api_caption", args=["demo", "c"]), headers=headers).status_code == 200
    refused = save(headers)
    assert (refused.status_code, code_of(refused)) == (403, "permission_denied")
    assert CaptionRevision.objects.count() == 0


def test_a_writing_token_saves_without_a_session_or_a_csrf_token(ana: User, caption: Caption) -> None:
    assert save(bearer(ana, Scope.WRITE)).status_code == 201
    assert CaptionRevision.objects.get().author == ana


@pytest.mark.parametrize("how", ["revoked", "expired", "account off", "unknown", "empty"])
def test_a_token_that_is_no_longer_good_opens_nothing_s09(ana: User, how: str) -> None:
    past = timezone.now() - timedelta(seconds=1)
    changes: dict[str, Any] = {"revoked": {"revoked_at": past}, "expired": {"expires_at": past}}.get(how, {})
    headers = bearer(ana, Scope.READ, **changes)
    if how == "account off":
        User.objects.filter(pk=ana.pk).update(is_active=False)
    elif how == "unknown":
        headers = {"Authorization": "Bearer haic_" + "x" * 43}
    elif how == "empty":
        headers = {"Authorization": "Bearer "}
    answer = Client().get(LIST, headers=headers)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert code_of(answer) == "authentication_failed"


def test_a_bad_token_is_refused_even_beside_a_good_session(ana: User, client_of: Callable[[User], Client]) -> None:
    assert client_of(ana).get(LIST, headers={"Authorization": "Bearer haic_no"}).status_code == 401


def test_a_token_sees_what_its_person_sees_and_no_more_s04(ana: User, otto: User, caption: Caption) -> None:
    headers = bearer(otto)
    absent = Client().get(reverse("api_caption", args=["demo", "none"]), headers=headers)
    foreign = Client().get(reverse("api_caption", args=["demo", "c"]), headers=headers)
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    mine = bearer(ana)
    Membership.objects.filter(user=ana).update(is_active=False)
    assert Client().get(reverse("api_caption", args=["demo", "c"]), headers=mine).status_code == 404


def test_only_its_owner_revokes_a_token(ana: User, otto: User, client_of: Callable[[User], Client]) -> None:
    token, secret = make_token(user=ana, name="a script", scope=Scope.READ, days=1)
    address = reverse("api_token_revoke", args=[token.pk])
    assert client_of(otto).post(address).status_code == 404
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get(LIST, headers=headers).status_code == 200
    assert client_of(ana).post(address).status_code == 302
    assert Client().get(LIST, headers=headers).status_code == 401


def test_a_token_opens_no_page(ana: User, project: Project) -> None:
    answer = Client().get(reverse("project", args=["demo"]), headers=bearer(ana))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
