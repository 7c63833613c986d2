"""The only way in: an invitation that works once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import BadInput, InvitationUsed, RightMissing
from annotation.models import Invitation, Membership, Project, Role, User
from annotation.services.invitations import accept_as, accept_with_new_account, invite, invite_first_admin

NEW = {"username": "nina", "first_name": "Nina", "last_name": "Neu", "password": "purple horses eat clouds"}


@pytest.fixture
def token(project: Project, adam: User) -> str:
    return invite(project=project, role=Role.REVIEWER, invited_by=adam)[1]


def test_accepting_makes_an_account_with_the_role(token: str, project: Project) -> None:
    user = accept_with_new_account(token=token, **NEW)
    membership = Membership.objects.get(user=user)
    assert (membership.project, membership.role) == (project, Role.REVIEWER)
    assert user.check_password(NEW["password"])
    assert not user.is_staff
    assert Invitation.objects.get().accepted_by == user


def test_an_invitation_works_once_s01(token: str) -> None:
    accept_with_new_account(token=token, **NEW)
    with pytest.raises(InvitationUsed):
        accept_with_new_account(token=token, **{**NEW, "username": "second"})
    assert not User.objects.filter(username="second").exists()


def test_an_expired_or_invented_invitation_is_refused(token: str) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for wrong in (token, "invented", ""):
        with pytest.raises(InvitationUsed):
            accept_with_new_account(token=wrong, **NEW)


def test_the_token_is_stored_as_a_hash_only_s07(token: str) -> None:
    assert token not in str(Invitation.objects.values_list())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password12345"}, "password"),
        ({"username": "ana"}, "username"),
        ({"username": "not a name"}, "username"),
        ({"first_name": " "}, "first_name"),
        ({"first_name": "a\x00b"}, "first_name"),
    ],
)
def test_bad_input_names_the_field_and_keeps_the_invitation_s11(
    token: str, ana: User, change: dict[str, str], field: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        accept_with_new_account(token=token, **{**NEW, **change})
    assert list(refusal.value.detail["fields"]) == [field]
    assert Invitation.objects.get().accepted_at is None
    assert not User.objects.filter(username="nina").exists()


def test_a_person_with_an_account_joins(project: Project, adam: User, otto: User) -> None:
    token = invite(project=project, role=Role.ANNOTATOR, invited_by=adam)[1]
    assert accept_as(token=token, user=otto) == project
    assert Membership.objects.get(project=project, user=otto).role == Role.ANNOTATOR


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_administrators_invite(project: Project, ana: User, rui: User, oda: User, otto: User, who: str) -> None:
    with pytest.raises(RightMissing):
        invite(project=project, role=Role.ADMIN, invited_by={"ana": ana, "rui": rui, "oda": oda, "otto": otto}[who])
    assert not Invitation.objects.exists()


def test_the_first_admins_link_makes_a_staff_account_and_the_older_link_stops(db: None) -> None:
    older, newer = invite_first_admin(), invite_first_admin()
    with pytest.raises(InvitationUsed):
        accept_with_new_account(token=older, **NEW)
    assert accept_with_new_account(token=newer, **NEW).is_staff


def test_nobody_signs_up_by_themselves_s01(db: None, client: Client) -> None:
    for path in ("/accounts/signup/", "/signup", "/register", "/accounts/register/", "/api/v1/users"):
        assert client.post(path, NEW).status_code in (302, 404)
    assert not User.objects.exists()


def test_the_page_makes_the_account_and_answers_410_afterwards(token: str, client: Client) -> None:
    address = reverse("invitation", args=[token])
    assert b"Demo project" in client.get(address).content
    assert client.post(address, {**NEW, "password": "short"}).status_code == 400
    assert client.post(address, NEW).status_code == 302
    assert client.get("/").status_code == 200  # signed in
    assert Client().get(address).status_code == 410


def test_the_link_is_shown_once_on_the_people_page(
    project: Project, adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    answer = client.post(reverse("people", args=["demo"]), {"role": "reviewer", "note": "Nina"}).content.decode()
    assert "/invitations/" in answer
    assert "/invitations/" not in client.get(reverse("people", args=["demo"])).content.decode()
