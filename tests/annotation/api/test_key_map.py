"""A person's own keys: stored with the account, theirs alone, and only in the shape that pages can read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Scope, User
from annotation.services.tokens import make_token

ADDRESS = "/api/v1/me/keys"
KEYS = {"play": ["Ctrl+Space", "F13"], "again": ["MediaTrackPrevious"], "zoom": []}


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def put(client: Client, body: Any, **headers: str) -> Any:
    return client.put(ADDRESS, body, content_type="application/json", headers=headers)


def test_keys_are_stored_for_the_person_and_for_nobody_else(client: Client, ana: User, rui: User) -> None:
    assert reverse("api_my_keys") == ADDRESS
    answer = put(client, {"keys": KEYS})
    assert (answer.status_code, answer.json()) == (200, {"keys": KEYS})
    assert User.objects.get(pk=ana.pk).key_map == KEYS
    assert User.objects.get(pk=rui.pk).key_map == {}


def test_a_later_map_takes_the_place_of_the_whole_earlier_one(client: Client, ana: User) -> None:
    put(client, {"keys": KEYS})
    assert put(client, {"keys": {"play": ["F14"]}}).status_code == 200
    assert User.objects.get(pk=ana.pk).key_map == {"play": ["F14"]}
    assert put(client, {"keys": {}}).status_code == 200
    assert User.objects.get(pk=ana.pk).key_map == {}


BAD = {
    "no object": (["play"], "must be an object"),
    "a number": (7, "must be an object"),
    "keys that are no list": ({"play": "Space"}, "play must have a list"),
    "too many keys": ({"play": ["a", "b", "c", "d", "e"]}, "play must have a list of at most 4"),
    "a key that is no text": ({"play": [1]}, "play: a key is"),
    "a key of lists": ({"play": [["a"]]}, "play: a key is"),
    "an empty key": ({"play": [""]}, "play: a key is"),
    "a long key": ({"play": ["x" * 41]}, "play: a key is"),
    "a key with a space": ({"play": ["Ctrl + x"]}, "play: a key is"),
    "a key that cannot be printed": ({"play": ["Ctrl+\u200b"]}, "play: a key is"),
    "a key twice": ({"play": ["F8", "F8"]}, "play has the same key twice"),
    "a name with markup": ({"<b>": ["F8"]}, "a command's name is"),
    "a long name": ({"x" * 41: ["F8"]}, "a command's name is"),
    "too many commands": ({f"c{number}": ["F8"] for number in range(101)}, "has 101 commands; at most 100"),
}


@pytest.mark.parametrize("case", BAD)
def test_another_shape_is_refused_and_changes_nothing(client: Client, ana: User, case: str) -> None:
    put(client, {"keys": KEYS})
    value, problem = BAD[case]
    answer = put(client, {"keys": value})
    assert answer.status_code == 400
    assert problem in answer.json()["error"]["detail"]["fields"]["keys"]
    assert User.objects.get(pk=ana.pk).key_map == KEYS


def test_the_most_that_is_possible_is_taken(client: Client, ana: User) -> None:
    most = {f"c{number}".ljust(40, "x"): [character * 40 for character in "abcd"] for number in range(100)}
    assert put(client, {"keys": most}).status_code == 200
    assert User.objects.get(pk=ana.pk).key_map == most


@pytest.mark.parametrize(
    ("body", "field"), [({}, "keys"), ({"keys": {}, "is_staff": True}, "is_staff"), ([1], "body"), ('"keys"', "body")]
)
def test_a_missing_or_unknown_field_is_named(client: Client, ana: User, body: Any, field: str) -> None:
    answer = put(client, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["detail"]["fields"]
    assert User.objects.get(pk=ana.pk).is_staff is False


def test_who_is_not_signed_in_or_may_only_read_stores_nothing(ana: User) -> None:
    assert put(Client(), {"keys": KEYS}).status_code == 401
    secret = make_token(user=ana, name="a script", scope=Scope.READ, days=1)[1]
    assert put(Client(), {"keys": KEYS}, Authorization=f"Bearer {secret}").status_code == 403
    assert User.objects.get(pk=ana.pk).key_map == {}


def test_a_page_of_another_site_cannot_change_them(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert put(client, {"keys": KEYS}).status_code == 403
    assert User.objects.get(pk=ana.pk).key_map == {}
