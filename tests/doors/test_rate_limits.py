"""S-10: so many tries, one by one, then none is looked at; and nobody locks others out."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse

from annotation.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
OF_A_NAME, OF_AN_ADDRESS = 5, 10
"""Wrong passwords: for one name from one address in five minutes; for all names from one address in a minute."""
GUESSER, OWNER = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, quickly: `with_quick_hash` says whose are right."""
    hashed: list[str] = []
    plain = PBKDF2PasswordHasher.encode

    def encode(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(password)
        return str(plain(self, password, salt, 1))

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    return hashed


def with_quick_hash(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt"))


def attempt(username: str, password: str, *, address: str = GUESSER) -> str:
    """What came of it: in, wrong, limited or 429."""
    said = {"login": username, "password": password}
    answer = Client(REMOTE_ADDR=address).post(reverse("account_login"), said)
    if answer.status_code in (302, 429):
        return {302: "in", 429: "429"}[answer.status_code]
    return "limited" if "Too many failed login attempts" in answer.content.decode() else "wrong"


def test_after_five_wrong_passwords_for_a_name_none_is_looked_at_s10(ana: User, looked_at: list[str]) -> None:
    assert [attempt("ana", f"guess {number}") for number in range(OF_A_NAME)] == ["wrong"] * OF_A_NAME
    assert [attempt(name, PASSWORD) for name in ("ana", "ANA", " ana ")] == ["limited"] * 3
    assert looked_at == [f"guess {number}" for number in range(OF_A_NAME)]
    assert attempt("rui", "guess") == "wrong"  # another name has tries of its own


def test_its_owner_comes_in_from_elsewhere_all_the_while_s10(ana: User) -> None:
    for number in range(2 * OF_AN_ADDRESS):
        attempt("ana", f"guess {number}")
    assert attempt("ana", PASSWORD) == "limited"
    assert attempt("ana", PASSWORD, address=OWNER) == "in"


def test_after_ten_wrong_passwords_an_address_is_not_listened_to_s10(ana: User, looked_at: list[str]) -> None:
    names = [f"name{number}" for number in range(OF_AN_ADDRESS)]
    assert [attempt(name, "guess") for name in names] == ["wrong"] * OF_AN_ADDRESS
    assert (attempt("another", "guess"), attempt("ana", PASSWORD)) == ("limited", "limited")
    assert len(looked_at) == OF_AN_ADDRESS
    assert attempt("another", "guess", address=OWNER) == "wrong"


def test_a_network_of_ipv6_is_one_address_s10(ana: User) -> None:
    tries = [attempt("ana", "guess", address=f"2001:db8:1:2::{number:x}") for number in range(1, OF_A_NAME + 2)]
    assert tries == ["wrong"] * OF_A_NAME + ["limited"]
    assert attempt("ana", PASSWORD, address="2001:db8:1:3::1") == "in"


def test_right_passwords_in_between_give_no_more_tries_s10(ana: User) -> None:
    UserFactory.create(username="guesser")
    tries = []
    for number in range(OF_A_NAME + 1):
        tries.append(attempt("ana", f"guess {number}"))
        assert attempt("guesser", PASSWORD) == "in"
    assert tries == ["wrong"] * OF_A_NAME + ["limited"]


def test_when_the_time_is_over_one_may_try_again_s10(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(OF_A_NAME):
        attempt("ana", f"guess {number}")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 4 * 60)
    assert attempt("ana", PASSWORD) == "limited"
    monkeypatch.setattr("time.time", lambda: now + 5 * 60 + 1)
    assert attempt("ana", PASSWORD) == "in"


def test_thirty_sign_ins_a_minute_are_enough_for_an_address_s10(ana: User, looked_at: list[str]) -> None:
    with_quick_hash(ana)
    assert {attempt("ana", PASSWORD) for _ in range(30)} == {"in"}
    assert attempt("ana", PASSWORD) == "429"
    assert attempt("ana", PASSWORD, address=OWNER) == "in"
    refused = Client(REMOTE_ADDR=GUESSER).post(reverse("account_login"), {"login": "ana", "password": PASSWORD})
    assert "Too many tries" in refused.content.decode()


def test_an_old_password_is_not_guessed_at_leisure_either_s10(ana: User, looked_at: list[str]) -> None:
    """By somebody who found a browser that its owner had left signed in."""
    client = Client()
    client.force_login(ana)
    said = {"oldpassword": "guess", "password1": "a wholly different secret", "password2": "a wholly different secret"}
    statuses = [client.post(reverse("account_change_password"), said).status_code for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    assert looked_at == ["guess"] * 5


def test_an_unknown_name_costs_as_much_work_as_a_known_one_s10(ana: User, looked_at: list[str]) -> None:
    work = {}
    for name in ("ana", "nobody"):
        looked_at.clear()
        assert attempt(name, "guess") == "wrong"
        work[name] = list(looked_at)
    assert work["ana"] == work["nobody"] == ["guess"]


def test_others_entries_do_not_push_a_limit_out_of_the_cache_s10(ana: User) -> None:
    """A full cache throws entries away, and 300 would fill it if nothing were set."""
    for number in range(OF_A_NAME):
        attempt("ana", f"guess {number}")
    for number in range(400):
        cache.set(f"zzz:{number}", 1, 300)
    assert attempt("ana", PASSWORD) == "limited"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("names", "most"), [(1, OF_A_NAME), (30, OF_AN_ADDRESS)], ids=["one name", "thirty names"])
def test_tries_all_at_once_are_no_more_than_one_after_the_other_s10(
    ana: User, looked_at: list[str], names: int, most: int
) -> None:
    def guess(number: int) -> str:
        try:
            return attempt(f"ana{number % names or ''}", f"guess {number}")
        finally:
            connections.close_all()

    with_quick_hash(ana)
    looked_at.clear()
    with ThreadPoolExecutor(30) as pool:
        tries = list(pool.map(guess, range(30)))
    assert set(tries) <= {"wrong", "limited", "429"}
    assert 1 <= len(set(looked_at)) <= most  # each guess is another word; Django hashes one twice to even out the time
    assert attempt("ana", PASSWORD, address=OWNER) == "in"
