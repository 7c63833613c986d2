"""Outside projects too, a field or a parameter that nobody knows is refused, and nothing happens."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from annotation.models import ApiToken, Membership, Notification, Project, User
from annotation.services.invitations import invite
from annotation.services.notifications import tell
from annotation.services.tokens import make_token
from tests.doors.routes import ROUTES, Kind
from tests.doors.test_routes import everything, parameters_of
from tests.factories import ClipFactory

PASSWORD, NEW = "correct horse battery", "a wholly different secret"
FIELDS = ("is_staff", "is_superuser", "user", "role", "project", "nonsense")
QUERIES = ("user__password__startswith", "_connector", "pk__in", "next", "version", "nonsense")


@pytest.mark.parametrize("field", FIELDS)
def test_signing_in_takes_no_other_field_s05(ana: User, field: str) -> None:
    client, right = Client(), {"login": "ana", "password": PASSWORD}
    answer = client.post(reverse("account_login"), {**right, field: "1"})
    assert f"{field} is unknown" in answer.content.decode()
    assert Session.objects.count() == 0
    assert client.post(reverse("account_login"), {**right, "next": "/projects/demo/"}).status_code == 302


@pytest.mark.parametrize("field", [*FIELDS, "next"])
def test_changing_a_password_takes_no_other_field_s05(
    ana: User, client_of: Callable[[User], Client], field: str
) -> None:
    said = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW, field: "1"}
    answer = client_of(ana).post(reverse("account_change_password"), said)
    assert f"{field} is unknown" in answer.content.decode()
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_what_needs_no_field_takes_none_s05(
    project: Project, adam: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    token = make_token(user=otto, name="mine", scope="read", days=1)[0]
    invitation = invite(project=project, role="annotator", invited_by=adam)[1]
    client = client_of(otto)
    doors = [
        reverse("api_token_revoke", args=[token.pk]),
        reverse("invitation", args=[invitation]),
        reverse("account_logout"),
    ]
    for where in doors:
        for field in (*FIELDS, "next"):
            answer = client.post(where, {field: "1"})
            assert (answer.status_code, f"{field}: is unknown" in answer.content.decode()) == (400, True), where
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None
    assert not Membership.objects.filter(project=project, user=otto).exists()
    for where in doors:
        assert client.post(where).status_code == 302, where


def test_the_notifications_take_no_other_field_s05(
    ana: User, project: Project, client_of: Callable[[User], Client]
) -> None:
    tell(recipients=[ana], kind=Notification.Kind.WAITING, clip=ClipFactory.create(project=project), actor=None)
    told, client, where = Notification.objects.get(), client_of(ana), reverse("notifications")
    doors: list[tuple[str, dict[str, object]]] = [
        (where, {"verb": "read", "id": told.pk}),
        (where, {"verb": "read_all", "up_to": told.pk}),
        (reverse("notification_open", args=[told.pk]), {}),
    ]
    for address, body in doors:
        for field in (*FIELDS, "next"):
            answer = client.post(address, {**body, field: "1"})
            assert (answer.status_code, f"{field}: is unknown" in answer.content.decode()) == (400, True), address
    told.refresh_from_db()
    assert told.read_at is None


def test_no_address_outside_projects_takes_a_parameter_s06(
    project: Project, adam: User, client_of: Callable[[User], Client]
) -> None:
    User.objects.filter(pk=adam.pk).update(is_staff=True)
    client = client_of(adam)
    health = {"healthz", "readyz"}  # what looks at them may add what it likes
    doors = {
        name: reverse(name)
        for name, route in ROUTES.items()
        if route.kind is not Kind.PROJECT and "GET" in route.methods and not parameters_of(name)
    }
    doors["invitation"] = reverse("invitation", args=[invite(project=project, role="annotator", invited_by=adam)[1]])
    before = everything()
    for name, where in doors.items():
        for query in QUERIES:
            someone = Client() if name == "account_login" else client
            answer = someone.get(f"{where}?{query}=p")
            is_taken = name in health or (name, query) == ("account_login", "next")
            assert (answer.status_code, name, query) == (200 if is_taken else 400, name, query)
    assert everything() == before


def test_the_way_back_after_signing_in_survives_a_wrong_password(ana: User) -> None:
    page = Client().get(reverse("account_login"), {"next": "/projects/demo/"}).content.decode()
    assert '<input type="hidden" name="next" value="/projects/demo/">' in page
    said = {"login": "ana", "password": "wrong", "next": "/projects/demo/"}
    assert 'name="next" value="/projects/demo/"' in Client().post(reverse("account_login"), said).content.decode()
