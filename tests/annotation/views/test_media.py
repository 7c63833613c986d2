"""A clip's files: Range, our own types, and members only."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Clip, Project, User
from tests.factories import ClipFactory

BYTES = bytes(range(256)) * 8  # 2,048: what the factory's video holds


@pytest.fixture
def clip(project: Project) -> Clip:
    return ClipFactory.create(project=project, clip_id="c", subtitles="WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n")


@pytest.fixture
def video(clip: Clip) -> str:
    return reverse("clip_video", args=["demo", "c"])


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "expected", "content_range"),
    [
        ("bytes=0-9", BYTES[:10], "bytes 0-9/2048"),
        ("bytes=100-", BYTES[100:], "bytes 100-2047/2048"),
        ("bytes=-5", BYTES[-5:], "bytes 2043-2047/2048"),
        ("bytes=2040-9999", BYTES[2040:], "bytes 2040-2047/2048"),
        ("bytes=-9999", BYTES, "bytes 0-2047/2048"),
    ],
)
def test_a_range_is_answered_with_206(
    client: Client, video: str, asked: str, expected: bytes, content_range: str
) -> None:
    answer = client.get(video, headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"], body(answer)) == (206, content_range, expected)
    assert answer["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "items=0-1", "bytes=5-" + "9" * 40])
def test_what_is_no_single_range_gets_the_whole_file(client: Client, video: str, asked: str) -> None:
    answer = client.get(video, headers={"Range": asked} if asked else {})
    assert (answer.status_code, body(answer)) == (200, BYTES)
    assert (answer["Accept-Ranges"], answer["Content-Length"]) == ("bytes", "2048")


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=9-5", "bytes=-0"])
def test_a_range_past_the_end_is_416(client: Client, video: str, asked: str) -> None:
    answer = client.get(video, headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */2048")


def test_a_range_of_another_version_gets_the_whole_file(client: Client, video: str) -> None:
    assert client.get(video, headers={"Range": "bytes=0-9", "If-Range": '"old"'}).status_code == 200
    assert client.get(video, headers={"Range": "bytes=0-9", "If-Range": f'"{"1" * 64}"'}).status_code == 206


def test_the_type_is_ours_and_nothing_is_sniffed_s23(client: Client, video: str) -> None:
    answer = client.get(video)
    assert answer["Content-Type"] == "video/mp4"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'inline; filename="c.mp4"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "private" in answer["Cache-Control"]


def test_posters_and_subtitles_are_served(client: Client, clip: Clip) -> None:
    poster = client.get(reverse("clip_poster", args=["demo", "c"]))
    assert (poster["Content-Type"], body(poster)) == ("image/jpeg", b"poster bytes")
    subtitles = client.get(reverse("clip_subtitles", args=["demo", "c"]))
    assert subtitles["Content-Type"].startswith("text/vtt")
    assert b"Hello" in subtitles.content


@pytest.mark.parametrize("name", ["clip_video", "clip_poster", "clip_subtitles"])
def test_outsiders_get_the_same_404_as_for_nothing_s24(
    clip: Clip, otto: User, client_of: Callable[[User], Client], name: str
) -> None:
    client = client_of(otto)
    others = client.get(reverse(name, args=["demo", "c"]))
    absent = client.get(reverse(name, args=["demo", "nothing"]))
    assert (others.status_code, absent.status_code) == (404, 404)
    assert others.content == absent.content


def test_who_left_the_project_sees_nothing_any_more_s24(
    video: str, ana: User, project: Project, client: Client
) -> None:
    assert client.get(video).status_code == 200
    project.memberships.filter(user=ana).update(is_active=False)
    assert client.get(video).status_code == 404


def test_nobody_sees_a_clip_without_signing_in(video: str) -> None:
    answer = Client().get(video)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_other_methods_are_refused(client: Client, video: str) -> None:
    assert client.post(video).status_code == 405


def test_a_copy_in_a_browser_outlives_its_right_by_a_minute_at_most_s24(
    video: str, ana: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(ana).get(video)["Cache-Control"] == "private, max-age=60"
