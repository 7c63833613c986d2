"""S-23: what comes as a video and is none is refused; what is one is served as ours, whatever it said of itself."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser, Dialog

from annotation.models import Clip, Project, Upload, User
from annotation.services.uploads import take_upload
from tests.stack import HOME

SCRIPT = b"<script>window.__x=1;alert(1)</script>"
VIDEO = (HOME / "samples/clips/lab-balance-one-man.mp4").read_bytes()


def _jpeg() -> bytes:
    image, exif = Image.new("RGB", (16, 16)), Image.Exif()
    exif[0x010E] = SCRIPT.decode()  # ImageDescription
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


ODD = {
    "a.html": (b"<!doctype html>" + SCRIPT, "text/html"),
    "a.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.__x=1"/>', "image/svg+xml"),
    "a.xhtml": (b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>", "application/xhtml+xml"),
    "a.xml": (b'<?xml version="1.0"?><?xml-stylesheet href="x"?><x/>', "text/xml"),
    "a.mht": (b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT, "multipart/related"),
    "a.js": (b"window.__x=1", "text/javascript"),
    "a.jpg": (_jpeg(), "image/jpeg"),
    "html-first.mp4": (b"<html>" + SCRIPT + VIDEO, "video/mp4"),
    "html-only.mp4": (b"<html>" + SCRIPT, "video/mp4"),
    "playlist.mp4": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "video/mp4"),
    "concat.mp4": (b"ffconcat version 1.0\nfile /etc/passwd\n", "video/mp4"),
    "nothing.mp4": (b"\x00", "video/mp4"),
}
PATHS = ["../../evil.html", "..\\evil.html", "/etc/cron.d/evil", "evil.html\x00.mp4", "CON.mp4", "a" * 300 + ".html"]


@pytest.fixture
def client(adam: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(adam)


def upload(client: Client, name: str, content: bytes, kind: str) -> Upload:
    file = SimpleUploadedFile(name, content, content_type=kind)
    answer = client.post(reverse("clip_upload", args=["demo"]), {"clip_id": "up", "license": "CC0", "file": file})
    assert answer.status_code == 302, answer.content
    kept = Upload.objects.get()
    take_upload(kept.pk)
    kept.refresh_from_db()
    return kept


def stored() -> list[str]:
    folders = [folder for folder in default_storage.listdir("")[0] if folder != "uploads"]
    return sorted(f"{folder}/{name}" for folder in folders for name in default_storage.listdir(folder)[1])


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_video_is_refused_and_kept_nowhere_s23(project: Project, client: Client, name: str) -> None:
    content, kind = ODD[name]
    kept = upload(client, name, content, kind)
    assert (kept.status, bool(kept.reason), Clip.objects.count()) == (Upload.Status.REFUSED, True, 0)
    assert stored() == []
    assert not default_storage.exists(str(kept.file.name))
    page = client.get(reverse("clips", args=["demo"])).content.decode()
    assert "<script>window" not in page


@pytest.mark.parametrize("name", PATHS, ids=ascii)
def test_a_name_from_outside_becomes_no_path_s23(project: Project, client: Client, name: str) -> None:
    upload(client, name, VIDEO, "text/html")
    clip = Clip.objects.get()
    names = sorted(str(file.name) for file in (clip.original, clip.video, clip.poster))
    assert stored() == names
    assert all("evil" not in one and "html" not in one for one in names)


def _note(ran: list[str], dialog: Dialog) -> None:
    ran.append(dialog.message)
    dialog.dismiss()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_video_that_lies_about_itself_is_served_as_ours_and_runs_nothing_s23(
    project: Project, client: Client, adam: User, browser: Browser, live_server: Any
) -> None:
    """A real video, with a page's markup in a box of it, under a page's name and type."""
    box = (len(SCRIPT) + 8).to_bytes(4, "big") + b"free" + SCRIPT
    upload(client, "evil.html", VIDEO + box, "text/html; charset=utf-7")
    clip = Clip.objects.get()
    assert str(clip.original.name).endswith(".bin")
    context = browser.new_context()
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    for name, kind in (("clip_video", "video/mp4"), ("clip_poster", "image/jpeg"), ("clip_subtitles", "text/vtt")):
        answer = context.request.get(live_server.url + reverse(name, args=["demo", "up"]))
        assert answer.status == 200
        assert answer.headers["content-type"].split(";")[0] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        page = context.new_page()
        ran: list[str] = []
        page.on("dialog", partial(_note, ran))
        if kind != "text/vtt":  # a browser offers that as a download
            page.goto(live_server.url + reverse(name, args=["demo", "up"]))
            assert page.evaluate("typeof window.__x") == "undefined"
        assert ran == []
    context.close()
