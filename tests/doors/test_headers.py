"""The policy on every answer, pages and errors alike; and where a sign-in leads."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Route

from annotation.models import User
from tests.doors.routes import ROUTES, Kind
from tests.doors.test_routes import IN_PROJECT, PATTERNS, address, parameters_of, scene

__all__ = ["scene"]

ELSEWHERE = [
    *("//evil.test", "///evil.test", "////evil.test", "/\\evil.test", "\\\\evil.test", "\\/evil.test", "/\t/evil.test"),
    *("https://evil.test", "http://evil.test", "https:evil.test", "https:/evil.test", "HTTPS://evil.test"),
    *("javascript:alert(1)", "data:text/html,x", "ftp://evil.test", "//evil.test@127.0.0.1", " //evil.test"),
    *("/\n/evil.test", "%2f%2fevil.test", "https:%2f%2fevil.test", "//127.0.0.1.evil.test", "http:///evil.test"),
    *("https://testserver@evil.test", "https://evil.test#testserver", "\x00//evil.test"),
]


def policy_of(answer: Any) -> dict[str, str]:
    """The enforced policy, by directive. Fails where there is none, or one that only reports."""
    assert "Content-Security-Policy-Report-Only" not in answer.headers
    directives = [one.strip().partition(" ") for one in answer["Content-Security-Policy"].split(";") if one.strip()]
    return {name: values for name, _, values in directives}


def is_closed(answer: Any) -> bool:
    policy = policy_of(answer)
    said = " ".join(policy.values())
    assert "unsafe" not in said
    assert "nonce" not in said  # no page needs one: no script and no style stands in a page
    assert "*" not in said
    assert policy.get("object-src", policy["default-src"]) == "'none'"
    assert (policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    return True


def test_every_route_answers_with_an_enforced_policy_s21(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    for name in IN_PROJECT:
        for method in ("GET", "POST", "DELETE"):  # right, bad and not allowed
            assert is_closed(client.generic(method, address(name, scene))), (name, method)
    for name, route in ROUTES.items():
        if route.kind is not Kind.PROJECT and not parameters_of(name):
            for someone in (client, Client()):
                assert is_closed(someone.get(reverse(name))), name
    assert is_closed(client.get("/nothing/here"))
    assert is_closed(client.get("/api/v1/nothing"))
    assert is_closed(client.get("/", headers={"Host": "evil.test"}))
    assert is_closed(Client(enforce_csrf_checks=True).post(reverse("account_login"), {}))


def test_static_files_carry_the_policy_s21(client: Client) -> None:
    """And their refusals: what stands in front of the views answers no other way."""
    found = client.get(static("css/tokens.css"))
    assert (found.status_code, is_closed(found)) == (200, True)
    assert is_closed(client.get(static("css/tokens.css"), headers={"If-None-Match": found.headers.get("ETag", "")}))
    assert is_closed(client.post(static("css/tokens.css")))


@pytest.mark.parametrize("path", ["/", "/static/css/tokens.css", "/projects/demo/", "/api/v1/projects"])
def test_the_way_to_https_carries_the_policy_s21(settings: Any, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")
    assert is_closed(answer)


INJECTED = "<script>window.ran = 1</script><img src=/nothing onerror='window.ran = 1'></body>"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_enforced", [True, False], ids=["with our policy", "without it"])
def test_a_script_that_got_into_a_page_does_not_run_s21(browser: Browser, live_server: Any, is_enforced: bool) -> None:
    def inject(route: Route) -> None:
        answer = route.fetch()
        kept = {name: value for name, value in answer.headers.items() if is_enforced or "policy" not in name}
        route.fulfill(response=answer, headers=kept, body=answer.text().replace("</body>", INJECTED))

    page = browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.route("**/accounts/login/", inject)
    page.goto(f"{live_server.url}/accounts/login/", wait_until="load")
    assert page.evaluate("window.ran") == (None if is_enforced else 1)
    assert len([one for one in told if "Content Security Policy" in one]) == (2 if is_enforced else 0)
    page.close()


def test_a_fault_answers_with_an_enforced_policy_and_no_trace_s21_s38(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(adam)
    client.raise_request_exception = False

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("annotation.views.pages.require", broken)
    for name in IN_PROJECT:
        if name.startswith(("api_", "clip_v", "clip_p", "clip_s", "clip_frame")) or "GET" not in ROUTES[name].methods:
            continue
        answer = client.get(address(name, scene))
        assert (answer.status_code, name) == (500, name)
        assert is_closed(answer)
        said = answer.content.decode()
        assert re.search(r"Incident <code>[0-9a-f]{8}</code>", said), name
        assert "secret" not in said
        assert "Traceback" not in said


@pytest.mark.parametrize("name", sorted(set(ROUTES) - {"healthz", "readyz"}))
def test_a_fault_in_any_view_is_a_number_and_no_more_s38(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    client = client_of(adam)
    client.raise_request_exception = False
    pattern = PATTERNS[name]
    view: Any = pattern.callback

    @wraps(view)
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of ours")

    if hasattr(view, "cls"):  # inside of DRF, which has its own way with exceptions
        monkeypatch.setattr(view.cls, "initial", broken)
    else:
        monkeypatch.setattr(pattern, "callback", broken)
    values = {**scene, "token": "any", "token_id": 1, "notification_id": 1}
    where = reverse(name, kwargs={key: values[key] for key in parameters_of(name)})
    method = next(one for one in ("GET", "POST", "PUT") if one in ROUTES[name].methods.split())
    answer = client.generic(method, where, b"{}", content_type="application/json")
    assert (answer.status_code, answer["Cache-Control"], is_closed(answer)) == (500, "no-store", True)
    said = answer.content.decode()
    assert re.search(r'Incident <code>[0-9a-f]{8}</code>|"incident": "[0-9a-f]{8}"', said), said
    assert (answer["Content-Type"] == "application/json") == where.startswith("/api/")
    assert not re.search("secret|Traceback|RuntimeError", said)


@pytest.mark.parametrize("where", ELSEWHERE)
def test_signing_in_never_leads_elsewhere_s13(ana: User, where: str) -> None:
    ana.set_password("correct horse battery staple")
    ana.save()
    said = {"login": "ana", "password": "correct horse battery staple", "next": where}
    answer = Client().post(reverse("account_login"), said)
    assert answer.status_code in (302, 400), answer.content
    if answer.status_code == 302:
        # As browsers read it: tabs and line ends are dropped, a backslash is a slash.
        leads = re.sub(r"[\t\r\n]", "", answer["Location"]).strip().replace("\\", "/")
        assert urlsplit(urljoin("http://testserver/accounts/login/", leads))[:2] == ("http", "testserver")


def test_the_api_is_json_to_a_browser_too_s22(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    for name in [one for one in PATTERNS if one.startswith("api_") and ROUTES[one].kind is Kind.PROJECT]:
        for method in ("GET", "POST", "PUT", "OPTIONS", "DELETE"):
            answer = client.generic(method, address(name, scene), b"<script>", headers={"Accept": "text/html"})
            if (name, method, answer.status_code) == ("api_export_download", "GET", 200):
                assert answer["Content-Type"] == "application/zip"
                continue
            assert answer["Content-Type"] == "application/json", (name, method, answer.status_code)
            assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "Forwarded"])
def test_an_invitation_leads_to_the_site_whatever_the_request_says_s12(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client], settings: Any, header: str
) -> None:
    settings.SITE_URL = "https://annotate.test"
    settings.ALLOWED_HOSTS = ["testserver", "annotate.test", "also-ours.test"]
    value = "host=evil.test" if header == "Forwarded" else "also-ours.test" if header == "Host" else "evil.test"
    answer = client_of(adam).post(address("people", scene), {"role": "annotator"}, headers={header: value})
    said = re.findall(r"data-invitation-link>([^<]+)<", answer.content.decode())
    assert len(said) == 1
    assert said[0].startswith("https://annotate.test/invitations/")
