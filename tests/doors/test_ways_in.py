"""Sign-up, well-known passwords, forged requests, and what the headers of a request may claim."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse

from annotation.models import Invitation, Membership, Project, Role, User
from annotation.services.invitations import invite
from annotation.services.tokens import make_token
from tests.doors.routes import ROUTES, Kind
from tests.doors.test_routes import IN_PROJECT, address, everything, parameters_of, scene
from tests.doors.traversals import TRAVERSALS
from tests.factories import MembershipFactory, ProjectFactory
from tests.stack import HOME

__all__ = ["scene"]

NEW = {"username": "nina", "first_name": "Nina", "last_name": "Neu", "password": "purple horses eat clouds"}
SIGN_UPS = [
    *("/accounts/signup/", "/accounts/signup", "/signup/", "/signup", "/register/", "/register", "/accounts/register/"),
    *("/user/signup", "/user/signup/", "/users/", "/users/new", "/auth/register", "/auth/signup", "/sign-up", "/join"),
    *(
        "/api/v1/users",
        "/api/v1/users/",
        "/api/v1/signup",
        "/api/v1/register",
        "/api/v1/accounts",
        "/api/auth/register",
    ),
    *(
        "/api/users",
        "/admin/",
        "/admin/auth/user/add/",
        "/admin/login/",
        "/accounts/password/reset/",
        "/setup",
        "/install",
    ),
    *("/accounts/social/signup/", "/accounts/email/", "/rest-auth/registration/", "/accounts/inactive/", "/flower/"),
]
SIGN_UP_FORM = {
    **NEW,
    "email": "nina@evil.test",
    "password1": NEW["password"],
    "password2": NEW["password"],
    "is_staff": "1",
    "is_superuser": "1",
}
WELL_KNOWN = [
    *(("admin", "admin"), ("admin", "password"), ("admin", "12345678"), ("admin", ""), ("admin", "changeme")),
    *(("root", "root"), ("root", "toor"), ("test", "test"), ("guest", "guest"), ("user", "password")),
    *(("argilla", "1234"), ("argilla", "12345678"), ("owner", "owner"), ("doccano", "doccano"), ("cvat", "cvat")),
    *(("haic", "haic"), ("demo", "demo"), ("ana", "ana"), ("postgres", "postgres"), ("administrator", "admin123")),
]


def test_nobody_signs_up_s01(scene: dict[str, str]) -> None:
    """Every route there is, and those that others have, with a sign-up form in hand."""
    people = User.objects.count()
    own = [address(name, scene) for name in IN_PROJECT]
    own += [reverse(name) for name in ROUTES if ROUTES[name].kind is not Kind.PROJECT and not parameters_of(name)]
    own += [reverse("invitation", args=["guessed"])]
    client = Client()
    for where in [*own, *SIGN_UPS]:
        for method in ("POST", "PUT"):
            answer = getattr(client, method.lower())(where, SIGN_UP_FORM, **_kind(where, method))
            assert answer.status_code < 500, (where, answer.status_code)
            assert "sessionid" not in answer.cookies or "_auth_user_id" not in client.session, where
        if where in SIGN_UPS:
            assert client.get(where).status_code == 404, where
    assert User.objects.count() == people


def _kind(where: str, method: str) -> dict[str, Any]:
    return {"content_type": "application/json"} if where.startswith("/api/") or method == "PUT" else {}


@pytest.fixture
def token(project: Project, adam: User) -> str:
    return invite(project=project, role="annotator", invited_by=adam)[1]


@pytest.mark.django_db(transaction=True)
def test_two_browsers_accept_at_once_and_one_account_is_made_s01(token: str) -> None:
    def accept(number: int) -> int:
        try:
            answer = Client().post(reverse("invitation", args=[token]), {**NEW, "username": f"nina{number}"})
            return int(answer.status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(accept, range(8))) == [302] + [410] * 7
    assert User.objects.filter(username__startswith="nina").count() == 1
    assert Client().get(reverse("invitation", args=[token])).status_code == 410


def test_what_an_invitation_gives_is_not_asked_of_the_browser_s01(token: str) -> None:
    """A cookie or a field that names another invitation, role or address changes nothing."""
    where = reverse("invitation", args=[token])
    for field in ("role", "project", "email", "invitation", "token", "is_staff"):
        answer = Client().post(where, {**NEW, field: "admin"})
        assert (answer.status_code, field) == (400, field)
    client = Client()
    for name in ("invitation", "pending-invite", "role", "email"):
        client.cookies[name] = "admin"
    assert client.post(where, NEW).status_code == 302
    membership = Membership.objects.get(user__username="nina")
    assert (membership.role, membership.user.is_staff, membership.user.is_superuser) == ("annotator", False, False)
    assert not Invitation.objects.open().exists()


@pytest.mark.django_db
def test_a_fresh_installation_has_nobody_and_no_known_password_s02() -> None:
    assert User.objects.count() == 0
    for username, password in WELL_KNOWN:
        client = Client()
        answer = client.post(reverse("account_login"), {"login": username, "password": password})
        assert (answer.status_code in (200, 400, 429), "_auth_user_id" in client.session) == (True, False), username
        assert authenticate(None, username=username, password=password) is None


@pytest.mark.django_db
def test_the_demonstration_has_no_known_password_either_s02(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo")
    said = capsys.readouterr().out
    for user in User.objects.all():
        pairs = {(user.username, password) for _, password in WELL_KNOWN} | {(user.username, user.username)}
        for username, password in pairs:
            assert authenticate(None, username=username, password=password) is None, (username, said)


def test_no_file_holds_a_password_s02() -> None:
    for line in (HOME / ".env.example").read_text().splitlines():
        name, _, value = line.partition("=")
        if not line.startswith("#") and any(word in name for word in ("PASSWORD", "SECRET", "ACCESS_KEY")):
            assert value == "", name
    services = (HOME / "docker-compose.yml").read_text()
    assert "flower" not in services.lower()


UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def test_each_unsafe_method_needs_the_token_and_our_origin_s08(scene: dict[str, str], adam: User) -> None:
    User.objects.filter(pk=adam.pk).update(is_staff=True)  # may make projects
    client = Client(enforce_csrf_checks=True)
    client.force_login(adam)
    client.get(reverse("projects"))
    pages = [(name, address(name, scene)) for name in IN_PROJECT]
    pages += [(name, reverse(name)) for name in ("project_new", "api_tokens", "account_change_password")]
    token_id = make_token(user=adam, name="mine", scope="read", days=1)[0].pk
    invited_to = ProjectFactory.create(slug="invited-to")
    MembershipFactory.create(project=invited_to, user=adam, role=Role.ADMIN)
    invitation = invite(project=invited_to, role="reviewer", invited_by=adam)[1]
    done_at_once = {
        "api_token_revoke": reverse("api_token_revoke", args=[token_id]),
        "invitation": reverse("invitation", args=[invitation]),
        "account_logout": reverse("account_logout"),
    }
    pages += done_at_once.items()
    before = everything()
    for (name, where), method in itertools.product(pages, UNSAFE):
        if method not in ROUTES[name].methods.split():
            continue
        token = _token_of(client)
        for headers in (
            {},
            {"X-CSRFToken": "x" * 32},
            {"X-CSRFToken": token, "Origin": "https://evil.test"},
            {"X-CSRFToken": token, "Origin": "null"},
        ):
            answer = client.generic(method, where, b"{}", content_type="application/json", headers=headers)
            assert (answer.status_code, name, method, headers) == (403, name, method, headers)
        if name not in done_at_once and method != "DELETE":  # which needs no body to do what it says
            headers = {"X-CSRFToken": token, "Origin": ORIGIN}
            ours = client.generic(method, where, b"{}", content_type="application/json", headers=headers)
            assert ours.status_code != 403, name
    assert everything() == before
    for name, where in done_at_once.items():
        headers = {"X-CSRFToken": _token_of(client), "Origin": ORIGIN}
        assert client.post(where, headers=headers).status_code == 302, name


@pytest.mark.django_db
def test_nobody_is_signed_in_or_made_a_member_by_another_site_s08(adam: User, project: Project, ana: User) -> None:
    """Before there is a session too: else one could be made to work in somebody else's account."""
    invitation = reverse("invitation", args=[invite(project=project, role="annotator", invited_by=adam)[1]])
    sent = {reverse("account_login"): {"login": "ana", "password": "correct horse battery"}, invitation: NEW}
    client = Client(enforce_csrf_checks=True)
    before = everything()
    for where, said in sent.items():
        page = client.get(where).content.decode()
        token = page.partition('name="csrf" content="')[2].partition('"')[0]
        for headers in ({}, {"X-CSRFToken": "x" * 32}, {"X-CSRFToken": token, "Origin": "https://evil.test"}):
            assert client.post(where, said, headers=headers).status_code == 403, (where, headers)
    assert everything() == before
    assert "sessionid" not in client.cookies
    assert client.post(where, said, headers={"X-CSRFToken": token, "Origin": ORIGIN}).status_code == 302


ORIGIN = "http://testserver"


def _token_of(client: Client) -> str:
    """As the page says it to its scripts."""
    page = client.get(reverse("projects")).content.decode()
    return page.partition('name="csrf" content="')[2].partition('"')[0]


OPENINGS = {
    *("caption_workspace", "caption_review", "caption_adjudication", "caption_merge", "api_caption"),
    *("qa_workspace", "qa_review", "qa_adjudication", "qa_history", "qa_merge"),
}
"""Who opened a caption, and when, is kept: docs/architecture.md. Nothing else is written by reading."""


def test_reading_changes_nothing_s08(scene: dict[str, str], adam: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(adam)
    others = [reverse(name) for name in ROUTES if ROUTES[name].kind is not Kind.PROJECT and not parameters_of(name)]
    for name, where in [*((name, address(name, scene)) for name in IN_PROJECT), *(("", where) for where in others)]:
        before = everything()
        for method in ("GET", "HEAD"):
            client.generic(method, where)
        after = everything()
        changed = {table for table in after if after[table] != before[table]}
        assert changed <= ({"annotation_captionopening"} if name in OPENINGS else set()), (name or where, changed)


STRANGE_HOSTS = [
    *("evil.test", "evil.test:80", "testserver.evil.test", "evil.test.", "testserver@evil.test", "testserver#.evil"),
    *("testserver,evil.test", "testserver evil.test", "localhost:evil", "127.0.0.1.evil.test", "[::1].evil.test"),
    *("169.254.169.254", "0.0.0.0", "2130706433", "testserver\\@evil.test", "testserver/evil", "*", "..."),
]


@pytest.mark.django_db
@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_another_host_is_refused_s12(host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = Client().get(reverse("account_login"), headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


CLAIMS = [
    {"X-Forwarded-Host": "evil.test"},
    {"X-Forwarded-Host": "testserver, evil.test"},
    {"X-Forwarded-Server": "evil.test"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Scheme": "https"},
    {"X-Forwarded-Ssl": "on"},
    {"X-Forwarded-Port": "443"},
    {"X-Forwarded-Prefix": "/evil"},
    {"X-Original-Url": "/accounts/signup/"},
    {"X-Rewrite-Url": "/accounts/signup/"},
    {"Forwarded": "host=evil.test;proto=https"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-Script-Name": "/evil"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("headers", CLAIMS, ids=str)
def test_what_a_client_says_of_itself_changes_nothing_s12(headers: dict[str, str], settings: Any) -> None:
    assert not settings.BEHIND_PROXY
    settings.ALLOWED_HOSTS = ["testserver"]
    plain, claimed = Client().get("/"), Client().get("/", headers=headers)
    assert (claimed.status_code, claimed["Location"]) == (plain.status_code, plain["Location"])
    assert "evil" not in Client().get(reverse("account_login"), headers=headers).content.decode()
    assert not claimed.wsgi_request.is_secure()


def test_every_member_sees_a_video_and_nobody_else_s24(
    scene: dict[str, str], project: Project, client_of: Callable[[User], Client], otto: User, ana: User, rui: User
) -> None:
    """Each address of a clip's files, whole and in part, for each role, a stranger, one who left, and nobody."""
    media = [address(name, scene) for name in ("clip_video", "clip_poster", "clip_subtitles")]
    roles = list(Membership.objects.filter(project=project).select_related("user"))
    assert {one.role for one in roles} >= {"annotator", "reviewer", "admin"}
    for where, headers in itertools.product(media, ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=-1"})):
        for member in roles:
            assert client_of(member.user).get(where, headers=headers).status_code in (200, 206)
        assert client_of(otto).get(where, headers=headers).status_code == 404
        assert Client().get(where, headers=headers).status_code == 302
    left, switched_off = client_of(ana), client_of(rui)
    Membership.objects.filter(user=ana).update(is_active=False)
    User.objects.filter(pk=rui.pk).update(is_active=False)
    for where in media:
        assert (left.get(where).status_code, switched_off.get(where).status_code) == (404, 302)


def test_no_video_lies_where_static_files_are_served_s24(settings: Any) -> None:
    assert Path(settings.MEDIA_ROOT).resolve() not in [Path(one).resolve() for one in settings.STATICFILES_DIRS]
    assert settings.MEDIA_URL not in ("", "/", settings.STATIC_URL)


@pytest.mark.django_db
@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_address_leads_to_a_file_s25(path: str, ana: User, client_of: Callable[[User], Client]) -> None:
    """As Django itself answers, should nothing stand in front of it."""
    for client in (Client(), client_of(ana)):
        answer = client.get(path, follow=False)
        assert answer.status_code in (301, 302, 400, 404), answer.status_code
        said = answer.getvalue()
        for secret in (b"SECRET_KEY", b"root:", b"execute_from_command_line", b"Index of"):
            assert secret not in said
