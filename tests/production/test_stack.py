"""The main job, seeking, closed doors and slow clients, through nginx, in the stack of compose."""

import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser
from requests.adapters import HTTPAdapter

from tests.doors.traversals import TRAVERSALS
from tests.e2e import test_whole_way as way
from tests.e2e.conftest import profiles
from tests.production import nginx
from tests.production.server import SITE, ProductionServer
from tests.stack import HOME

VIDEO = f"/projects/demo/clips/{way.ROOFTOP}/video.mp4"


class From(HTTPAdapter):
    """Connections that come from an address of this machine: all of 127/8 is its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self.address, 0))


class Person(requests.Session):
    """Somebody with a browser's cookies, who speaks to nginx by its address and to the site by its name."""

    def __init__(self, server: ProductionServer, *, comes_from: str = "127.0.0.1") -> None:
        super().__init__()
        self.server = server
        self.headers["Host"] = SITE
        self.mount("http://", From(comes_from))

    def go(self, path: str, **more: object) -> requests.Response:
        return self.get(f"http://127.0.0.1:{self.server.port}{path}", timeout=20, **more)  # type: ignore[arg-type]

    def submit(self, path: str, page: str, **more: object) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.go(page).text)
        assert token, f"no form on {page}"
        data = {**more.pop("data", {}), "csrfmiddlewaretoken": token[1]}  # type: ignore[dict-item]
        address = f"http://127.0.0.1:{self.server.port}{path}"
        return self.post(address, data=data, timeout=20, allow_redirects=False, **more)  # type: ignore[arg-type]

    def sign_in(self, username: str, password: str) -> "Person":
        said = {"login": username, "password": password}
        assert self.submit("/accounts/login/", "/accounts/login/", data=said).status_code == 302
        return self


def is_closed(said: bytes) -> bool:
    """One enforced policy, that lets nothing run that the answer itself holds."""
    head = said.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
    policies = re.findall(r"^content-security-policy: (.*)$", head, re.MULTILINE)
    assert len(policies) == 1, head
    assert "unsafe" not in policies[0]
    assert "default-src 'none'" in policies[0] or "script-src 'self'" in policies[0]
    assert "frame-ancestors 'none'" in policies[0] and "base-uri 'none'" in policies[0]
    assert "x-content-type-options: nosniff" in head
    return True


@pytest.fixture
def ana(server: ProductionServer, passwords: dict[str, str]) -> Person:
    return Person(server).sign_in("ana", passwords["ana"])


@pytest.fixture(scope="module")
def otto(server: ProductionServer, passwords: dict[str, str]) -> Person:
    code = (
        "from annotation.models import User, Project, Membership;"
        "otto = User.objects.create_user('otto', password='quite a long secret of otto');"
        "Membership.objects.create(user=otto, project=Project.objects.create(slug='elsewhere'), role='admin')"
    )
    server.manage("shell", "-v", "0", "-c", code)
    return Person(server).sign_in("otto", "quite a long secret of otto")


def test_an_uploaded_video_becomes_a_clip_by_the_worker_of_its_queue(
    server: ProductionServer, passwords: dict[str, str]
) -> None:
    adam = Person(server).sign_in("adam", passwords["adam"])
    server.manage("createproject", "spare", "--name", "Spare", "--admin", "adam")
    page = "/projects/spare/clips/upload"
    with (HOME / f"samples/clips/{way.LAB}.mp4").open("rb") as video:
        answer = adam.submit(page, page, data={"clip_id": "uploaded", "license": "CC0"}, files={"file": video})
    assert answer.status_code == 302, answer.text
    end = time.monotonic() + 60
    while adam.go("/projects/spare/clips/uploaded/video.mp4").status_code != 200:
        assert time.monotonic() < end, (server.data / "worker-video.log").read_text()
        time.sleep(0.5)


def test_a_clip_seeks_by_range_and_nginx_sends_it(server: ProductionServer, ana: Person) -> None:
    whole = (HOME / f"samples/clips/{way.ROOFTOP}.mp4").read_bytes()
    all_of_it = ana.go(VIDEO)
    assert (all_of_it.status_code, all_of_it.content == whole) == (200, True)
    part = ana.go(VIDEO, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert ana.go(VIDEO, headers={"Range": "bytes=-500"}).content == whole[-500:]
    assert ana.go(VIDEO, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    assert part.headers["Content-Type"] == "video/mp4"
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'; sandbox" in part.headers["Content-Security-Policy"]
    assert "private" in part.headers["Cache-Control"]
    assert "X-Accel-Redirect" not in part.headers


def test_otto_gets_nothing_s04_s24(server: ProductionServer, ana: Person, otto: Person) -> None:
    for path in ("/projects/demo/", VIDEO, VIDEO.replace("video.mp4", "poster.jpg"), "/projects/demo/releases/"):
        assert ana.go(path).status_code == 200
        refused, absent = otto.go(path), otto.go(path.replace("demo", "absent"))
        assert (refused.status_code, absent.status_code) == (404, 404)
    stored = next((server.data / "haic/media/videos").glob("*.mp4")).name
    for person in (ana, otto, Person(server)):
        assert person.go(f"/_media/videos/{stored}").status_code == 404
        assert person.go(f"/_media/videos/{stored}", headers={"X-Accel-Redirect": "/"}).status_code == 404
    assert Person(server).go(VIDEO, allow_redirects=False).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_what_is_served_s25_s38(server: ProductionServer, path: str) -> None:
    said = server.raw(f"GET {path} HTTP/1.1\r\nHost: {SITE}\r\nConnection: close\r\n\r\n".encode())
    status = int(said.split(b" ", 2)[1])
    assert status in (302, 400, 404), said[:200]
    if status == 302:
        assert b"Location: /accounts/login/" in said
    assert is_closed(said)
    for secret in (b"SECRET_KEY", b"root:", b"execute_from_command_line", b"Index of"):
        assert secret not in said


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND"])
def test_a_method_of_another_trade_is_refused_s38(server: ProductionServer, method: str) -> None:
    request = f"{method} / HTTP/1.1\r\nHost: {SITE}\r\nCookie: x=geheim\r\nConnection: close\r\n\r\n"
    said = server.raw(request.encode())
    assert int(said.split(b" ", 2)[1]) in (302, 400, 403, 404, 405), said[:200]
    assert is_closed(said)
    assert b"geheim" not in said


@pytest.mark.parametrize(
    "lines",
    [
        *(["Host: evil.test"], ["Host: annotate.test.evil.test"], ["Host: annotate.test", "Host: evil.test"]),
        *(["Host: "], [], ["Host: annotate.test@evil.test"], ["Host: evil.test", "X-Forwarded-Host: annotate.test"]),
    ],
)
def test_another_host_is_refused_before_django_sees_it_s12(server: ProductionServer, lines: list[str]) -> None:
    said = server.raw(
        ("\r\n".join(["GET /accounts/login/ HTTP/1.1", *lines, "Connection: close"]) + "\r\n\r\n").encode()
    )
    assert b" 400 " in said.split(b"\r\n")[0]
    assert is_closed(said)
    assert b"csrfmiddlewaretoken" not in said


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"rubbish\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: annotate.test\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: annotate.test\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: annotate.test\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /%s HTTP/1.1\r\nHost: annotate.test\r\n\r\n" % (b"x" * 20_000), 414),
        (b"GET / HTTP/1.1\r\nHost: annotate.test\r\nX: %s\r\n\r\n" % (b"x" * 20_000), 400),
    ],
    ids=["no request", "NUL", "version", "length", "encoding", "long line", "long header"],
)
def test_what_nginx_refuses_by_itself_carries_a_policy_s21(
    server: ProductionServer, request_: bytes, status: int
) -> None:
    said = server.raw(request_)
    assert int(said.split(b" ", 2)[1]) == status, said[:200]
    assert is_closed(said)


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (f"http://{SITE}/accounts/login/", SITE, 200),
        (f"http://evil.test@{SITE}/accounts/login/", SITE, 400),
        ("http://evil.test/accounts/login/", SITE, 400),
        (f"http://{SITE}/accounts/login/", "evil.test", 400),
        (f"http://{SITE}.evil.test/accounts/login/", SITE, 400),
        ("evil.test/accounts/login/", SITE, 400),
    ],
)
def test_an_address_that_names_a_host_is_held_to_it_s12(
    server: ProductionServer, target: str, host: str, status: int
) -> None:
    said = server.raw(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert int(said.split(b" ", 2)[1]) == status, said[:200]
    assert is_closed(said)
    assert b"evil" not in said


def test_no_header_of_a_client_passes_for_another_address_s10_s12(
    server: ProductionServer, passwords: dict[str, str]
) -> None:
    """Each try claims to come from elsewhere, by https, and names somebody else: they are all counted as one's."""
    guesser, page = Person(server, comes_from="127.0.0.66"), "/accounts/login/"
    limited = []
    for number in range(14):
        claimed = f"203.0.113.{number}"
        guesser.headers.update(
            {
                "X-Forwarded-For": claimed,
                "X_Forwarded_For": claimed,
                "X-Real-Ip": claimed,
                "Forwarded": f"for={claimed};proto=https;host=evil.test",
                "X-Forwarded-Proto": "https",
                "X_Forwarded_Proto": "https",
            }
        )
        answer = guesser.submit(page, page, data={"login": f"nobody{number}", "password": "not the password"})
        assert answer.status_code == 200, answer.text  # by https it would be 403: there is no Referer
        limited.append("Too many failed login attempts" in answer.text)
    assert limited == [False] * 10 + [True] * 4
    Person(server, comes_from="127.0.0.67").sign_in("ana", passwords["ana"])


def test_two_hundred_slow_connections_hold_nobody_up_f26(server: ProductionServer, ana: Person) -> None:
    slow = []
    try:
        for number in range(200):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            slow.append(connection)
            if number % 2:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: {SITE}\r\nX-Slow: ".encode())
            else:
                head = f"POST /accounts/login/ HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 100000\r\n\r\nlogin="
                connection.sendall(head.encode())
        answered, longest = 0, 0.0
        for _ in range(10):
            for connection in slow:
                connection.sendall(b"x")
            began = time.monotonic()
            answered += ana.go("/projects/demo/clips/").status_code == 200
            longest = max(longest, time.monotonic() - began)
        assert answered == 10
        assert longest < 5
        print(f"200 slow connections held; 10 of 10 good requests, the longest {longest * 1000:.0f} ms")  # noqa: T201
    finally:
        for connection in slow:
            connection.close()


def test_the_shipped_configuration_is_good_and_a_broken_one_would_be_seen(tmp_path: Path) -> None:
    values = {
        "LISTEN": "127.0.0.1:1",
        "WEB_ADDRESS": "127.0.0.1:2",
        "SITE_HOST": SITE,
        "SITE_SCHEME": "https",
        "UPLOAD_MAX_BYTES": "2147483648",
        "MEDIA_ROOT": "/var/lib/haic/media",
    }
    config = nginx.write_config(tmp_path, **values)
    said = nginx.check(config)
    assert (said.returncode, "test is successful" in said.stderr) == (0, True), said.stderr
    assert "[warn]" not in said.stderr
    (tmp_path / "site.conf").write_text((tmp_path / "site.conf").read_text().replace("internal;", "internat;"))
    assert nginx.check(config).returncode != 0


@pytest.mark.browser
def test_the_main_job_runs_through_nginx_in_a_browser(
    server: ProductionServer, passwords: dict[str, str], browser: Browser, tmp_path: Path
) -> None:
    with profiles(browser, f"http://{SITE}:{server.port}", passwords) as sign_in:
        ana = sign_in("ana")
        way.ana_corrects_and_submits_the_captions(ana)
        way.rui_approves_one_and_fixes_the_other(sign_in("rui"))
        way.ana_corrects_and_submits_the_questions(ana)
        way.oda_answers_blind_and_judges(sign_in("oda"))
        downloaded = way.adam_freezes_and_downloads(sign_in("adam"), tmp_path)
    assert way.masked(downloaded) == way.EXPECTED.read_text()
    assert server.manage("verify_history", "--project", "demo").startswith("history verified: ")
