"""A browser plays a clip that the store sends by itself, under the policy that the settings make for that."""

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Response

from annotation.models import Clip, Project, User
from haic_annotate.settings import s3_store
from tests.stack import HOME
from tests.storage.conftest import Bucket

SAMPLE = HOME / "samples/clips/lab-balance-one-man.mp4"
SEEK = """t => new Promise((done, failed) => {
  const video = document.querySelector("video");
  video.onerror = () => failed(new Error(video.error.message));
  video.onseeked = () => done(video.currentTime);
  video.currentTime = t;
})"""


def settings_with(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """The settings as a server with this environment reads them."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(HOME / "haic_annotate/settings.py"))


@pytest.mark.parametrize(
    ("delivery", "public", "expected"),
    [
        ("presigned", "https://videos.example.org:8443/haic/", ["https://videos.example.org:8443"]),
        ("presigned", "", ["http://store.internal:9000"]),
        ("direct", "https://videos.example.org", []),
        ("accel", "https://videos.example.org", []),
    ],
)
def test_the_policy_names_the_store_only_where_browsers_go_there_s21(
    monkeypatch: pytest.MonkeyPatch, delivery: str, public: str, expected: list[str]
) -> None:
    said = settings_with(
        monkeypatch,
        MEDIA_DELIVERY=delivery,
        MEDIA_STORAGE="s3",
        S3_ENDPOINT_URL="http://store.internal:9000",
        S3_PUBLIC_ENDPOINT_URL=public,
    )
    directives = said["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    for name, values in directives.items():
        elsewhere = [value for value in values if isinstance(value, str) and "://" in value]
        assert elsewhere == (expected if name in ("img-src", "media-src") else []), name


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_named", [True, False], ids=["the store is in the policy", "it is not"])
def test_a_clip_plays_and_seeks_from_the_store_s21_s24(
    bucket: Bucket,
    project: Project,
    ana: User,
    browser: Browser,
    live_server: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    client_of: Callable[[User], Client],
    is_named: bool,
) -> None:
    shutil.copy(SAMPLE, tmp_path)
    line = {"clip_id": "lab", "video": SAMPLE.name, "license": "CC0"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(line))
    call_command("import_clips", str(tmp_path / "manifest.jsonl"), project="demo")
    clip = Clip.objects.get(clip_id="lab")
    settings.MEDIA_DELIVERY = "presigned"
    settings.STORAGES = {**settings.STORAGES, "links": s3_store(bucket.way.url)}
    public = bucket.way.url if is_named else "https://elsewhere.example.org"
    said = settings_with(monkeypatch, MEDIA_DELIVERY="presigned", MEDIA_STORAGE="s3", S3_PUBLIC_ENDPOINT_URL=public)
    settings.CONTENT_SECURITY_POLICY = said["CONTENT_SECURITY_POLICY"]

    context = browser.new_context()
    key = client_of(ana).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    page = context.new_page()
    from_store: list[Response] = []
    told: list[str] = []
    page.on("response", lambda answer: from_store.append(answer) if answer.url.startswith(bucket.way.url) else None)
    page.on("console", lambda message: told.append(message.text))
    page.goto(live_server.url + reverse("caption_workspace", args=["demo", "lab"]))
    if is_named:
        page.wait_for_function("() => document.querySelector('video').currentTime > 0")
        page.wait_for_load_state("networkidle")  # when it knows the clip's frames the player shows the first once more
        assert page.evaluate("document.querySelector('video').duration") == pytest.approx(
            clip.duration_ms / 1000, abs=0.05
        )
        for target in (1.5, 0.4):
            assert page.evaluate(SEEK, target) == pytest.approx(target, abs=0.05)
        assert {urlsplit(answer.url).path.rpartition("/")[2] for answer in from_store} == {
            Path(str(file.name)).name for file in (clip.video, clip.poster)
        }
        assert {answer.status for answer in from_store} <= {200, 206}
        assert 206 in {answer.status for answer in from_store}
        assert [one for one in told if "Content Security Policy" in one] == []
    else:
        page.wait_for_function("() => document.querySelector('video').error !== null")
        assert from_store == []
        assert [one for one in told if "Content Security Policy" in one]
    context.close()
