"""Sessions: a new key at sign-in, none that lives on, limits that hold, cookies that stay where they belong."""

import subprocess
import sys
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from annotation.models import Membership, User
from annotation.services.invitations import invite
from haic_annotate.guard import KNOWN_KEYS
from tests.doors.test_routes import IN_PROJECT, address, scene
from tests.stack import HOME, committed_database

__all__ = ["scene"]

PASSWORD = "correct horse battery staple"
DAY = 24 * 60 * 60


@pytest.fixture
def person(ana: User) -> User:
    ana.set_password(PASSWORD)
    ana.save()
    return ana


def sign_in(client: Client, username: str = "ana", password: str = PASSWORD) -> str:
    """The session's key."""
    answer = client.post(reverse("account_login"), {"login": username, "password": password})
    assert answer.status_code == 302, answer.content
    return str(client.cookies["sessionid"].value)


def with_key(key: str) -> Client:
    """Somebody who has copied the cookie."""
    client = Client()
    client.cookies["sessionid"] = key
    return client


def is_in(client: Client) -> bool:
    answer = client.get(reverse("projects"))
    assert answer.status_code in (200, 302)
    return bool(answer.status_code == 200)


def test_signing_in_changes_the_key_s09(person: User) -> None:
    client = Client()
    client.session.save()  # what an attacker would have planted
    planted = client.session.session_key
    assert planted is not None
    client.cookies["sessionid"] = planted
    key = sign_in(client)
    assert key != planted
    assert not is_in(with_key(planted))
    assert is_in(with_key(key))


def test_accepting_an_invitation_changes_the_key_s09(project: Any, adam: User) -> None:
    token = invite(project=project, role="annotator", invited_by=adam)[1]
    client = Client()
    client.session.save()
    planted = str(client.session.session_key)
    client.cookies["sessionid"] = planted
    new = {"username": "nina", "first_name": "Nina", "last_name": "Neu", "password": "purple horses eat clouds"}
    assert client.post(reverse("invitation", args=[token]), new).status_code == 302
    assert is_in(client)
    assert not is_in(with_key(planted))


def test_an_invented_key_is_nobody_s09(person: User) -> None:
    for key in ("x" * 32, "", "../../etc/passwd", "a" * 5000):
        assert not is_in(with_key(key))


@pytest.mark.parametrize("key", [*KNOWN_KEYS, "changeme" * 8, django_settings.SECRET_KEY])
def test_a_cookie_signed_with_a_known_key_is_nobodys_s03(person: User, key: str) -> None:
    """Sessions live in Postgres: a signature, even one by our own key, makes none."""
    said = {"_auth_user_id": str(person.pk), "_auth_user_backend": django_settings.AUTHENTICATION_BACKENDS[0]}
    for salt in ("django.contrib.sessions.backends.signed_cookies", "django.contrib.sessions.SessionStore"):
        assert not is_in(with_key(signing.dumps(said, key=key, salt=salt)))


def test_after_signing_out_the_key_is_worth_nothing_s09(person: User) -> None:
    client = Client()
    key = sign_in(client)
    client.post(reverse("account_logout"))
    assert not is_in(with_key(key))
    assert not Session.objects.filter(session_key=key).exists()


def test_a_new_password_ends_every_other_session_s09(person: User) -> None:
    client, other = Client(), Client()
    sign_in(client)
    key = sign_in(other)
    new = "a wholly different secret"
    said = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), said).status_code == 302
    assert not is_in(with_key(key))
    sign_in(Client(), password=new)


def test_who_is_switched_off_is_out_at_once_and_cannot_come_back_s09(person: User) -> None:
    client = Client()
    sign_in(client)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not is_in(client)
    answer = Client().post(reverse("account_login"), {"login": "ana", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_login"))
    assert not is_in(with_key(answer.cookies["sessionid"].value))
    client.cookies = answer.cookies
    assert "This account is switched off" in client.get(reverse("account_login")).content.decode()


def test_a_lost_role_is_lost_at_once_s09(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    assert client.get(address("project_settings", scene)).status_code == 200
    Membership.objects.filter(user=adam).update(role="annotator")
    assert client.get(address("project_settings", scene)).status_code == 403
    Membership.objects.filter(user=adam).delete()
    for name in IN_PROJECT:
        assert client.get(address(name, scene)).status_code in (404, 405), name


def test_doing_nothing_for_too_long_ends_a_session_s09(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    began = time.time()
    key = sign_in(client)
    for days in (0, 2.9, 5.8, 8.6):  # each within three days of the one before
        monkeypatch.setattr("time.time", lambda days=days: began + days * DAY)
        assert is_in(client), days
    monkeypatch.setattr("time.time", lambda: began + 11.7 * DAY)
    assert not is_in(client)
    assert not Session.objects.filter(session_key=key).exists()


def test_after_two_weeks_everybody_signs_in_again_s09(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    began = time.time()
    sign_in(client)
    for day in range(15):
        monkeypatch.setattr("time.time", lambda day=day: began + day * DAY - 60)
        assert is_in(client), day
    monkeypatch.setattr("time.time", lambda: began + 14 * DAY + 60)
    assert not is_in(client)


def test_a_session_is_not_written_at_every_request(
    person: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    client = Client()
    sign_in(client)
    is_in(client)
    before = list(Session.objects.values_list("session_data", "expire_date"))
    assert is_in(client)
    assert list(Session.objects.values_list("session_data", "expire_date")) == before


SIGN_IN = """
import django; django.setup()
from django.core import signing
from django.test import Client
client = Client(headers={"Host": "annotate.test"})
client.get("/accounts/login/", secure=True)
answer = client.post("/accounts/login/", {"login": "ana", "password": PASSWORD}, secure=True)
assert answer.status_code == 302, answer.status_code
assert client.get("/", secure=True).status_code == 200
print(client.cookies.output(header=""))
"""


@pytest.mark.django_db(transaction=True)
def test_cookies_are_for_this_host_by_https_and_not_for_scripts_s09(person: User) -> None:
    env = {**committed_database(), "HTTPS": "true", "ALLOWED_HOSTS": "annotate.test"}
    code = SIGN_IN.replace("PASSWORD", repr(PASSWORD))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    cookies: SimpleCookie = SimpleCookie()
    for line in done.stdout.splitlines():
        cookies.load(line)
    kept = {name: cookie for name, cookie in cookies.items() if cookie.value}
    assert set(kept) == {"__Host-sessionid", "__Host-csrftoken"}, done.stdout
    for cookie in kept.values():
        assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (True, "/", "")
        assert cookie["samesite"] == "Lax"
    assert cookies["__Host-sessionid"]["httponly"]
