"""The times of a clip's frames, for a player that steps by exactly one: real, for members only, kept by browsers."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from annotation.accumulation.frame_times import FrameTimes, frame_times
from annotation.models import Clip, Project, User
from annotation.services import frame_times as service
from tests.annotation.accumulation import video_factory
from tests.annotation.accumulation.video_factory import Video, make_video
from tests.factories import ClipFactory
from tests.stack import HOME

UNEVEN = [0, 40, 80, 200, 210, 300, 1290, 1330, 2500, 2510]
ADDRESS = "/projects/demo/clips/c/frame-times"


def seconds(times: FrameTimes) -> list[Fraction]:
    return [Fraction(one, times.timescale) for one in times.pts]


def imported(project: Project, source: Path) -> Clip:
    manifest = source.with_name("manifest.jsonl")
    manifest.write_text(json.dumps({"clip_id": "c", "video": source.name, "license": "CC0"}))
    call_command("import_clips", str(manifest), project=project.slug)
    return Clip.objects.get(clip_id="c")


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("rooftop-somersault", [Fraction(frame, 30) for frame in range(230)]),
        ("lab-balance-one-man", [Fraction(frame, 60) for frame in range(100)]),
    ],
)
def test_the_samples_have_their_frames_at_even_times(sample: str, expected: list[Fraction]) -> None:
    assert seconds(frame_times(HOME / f"samples/clips/{sample}.mp4")) == expected


def test_uneven_times_are_those_of_the_decoded_frames(tmp_path: Path) -> None:
    video = make_video(tmp_path / "x.mp4", Video(times=UNEVEN, tick=Fraction(1, 1000)))
    assert seconds(frame_times(video)) == [Fraction(time, 1000) for time in UNEVEN]


def test_frames_that_are_stored_out_of_order_are_given_in_the_order_of_showing(tmp_path: Path) -> None:
    video = make_video(tmp_path / "x.mp4", Video(b_frames=True, frames=30))
    assert seconds(frame_times(video)) == video_factory.frame_times(video) == sorted(video_factory.frame_times(video))


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_clips_have_times_too(tmp_path: Path, frames: int) -> None:
    video = make_video(tmp_path / "x.mp4", Video(frames=frames))
    assert seconds(frame_times(video)) == [Fraction(frame, 25) for frame in range(frames)]


def test_a_member_gets_the_times_of_the_served_copy(client: Client, project: Project, tmp_path: Path) -> None:
    """An uneven video comes in as HEVC: what is served is another file with the same times."""
    clip = imported(
        project, make_video(tmp_path / "x.mkv", Video(codec="libx265", times=UNEVEN, tick=Fraction(1, 1000)))
    )
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert seconds(FrameTimes(**answer.json())) == [Fraction(time, 1000) for time in UNEVEN]
    assert len(answer.json()["pts"]) == clip.frames


def test_a_browser_keeps_them_for_itself_and_asks_again_by_etag(
    client: Client, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = imported(project, make_video(tmp_path / "x.mp4"))
    answer = client.get(ADDRESS)
    assert answer["Cache-Control"] == "private, max-age=60"
    assert answer["ETag"] == f'"{clip.sha256}-frames"'
    monkeypatch.setattr("annotation.views.media.frame_times_json", lambda _: pytest.fail("they were read again"))
    again = client.get(ADDRESS, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (answer["ETag"], "private, max-age=60")


def test_a_file_that_cannot_be_read_has_no_times_and_the_player_counts_by_itself(
    client: Client, project: Project
) -> None:
    service._read.cache_clear()  # files of other tests have this name and other bytes
    ClipFactory.create(project=project, clip_id="c")
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.json()) == (200, {"timescale": 1, "pts": []})


def test_a_file_that_is_gone_is_404(client: Client, project: Project, tmp_path: Path) -> None:
    clip = imported(project, make_video(tmp_path / "x.mp4", Video(frames=7)))  # nobody has asked for its times yet
    clip.video.storage.delete(str(clip.video.name))
    assert client.get(ADDRESS).status_code == 404


def test_outsiders_get_the_same_404_as_for_nothing_even_with_the_right_etag(
    client: Client, project: Project, otto: User, client_of: Callable[[User], Client], tmp_path: Path
) -> None:
    clip = imported(project, make_video(tmp_path / "x.mp4"))
    etag = {"If-None-Match": f'"{clip.sha256}-frames"'}
    assert client.get(ADDRESS, headers=etag).status_code == 304
    others = client_of(otto).get(ADDRESS, headers=etag)
    absent = client_of(otto).get(ADDRESS.replace("/c/", "/nothing/"), headers=etag)
    assert (others.status_code, others.content) == (absent.status_code, absent.content) == (404, absent.content)
    assert Client().get(ADDRESS, headers=etag).status_code == 302
    project.memberships.update(is_active=False)
    assert client.get(ADDRESS, headers=etag).status_code == 404


def test_other_methods_and_unknown_parameters_are_refused(client: Client, project: Project) -> None:
    ClipFactory.create(project=project, clip_id="c")
    assert client.post(ADDRESS).status_code == 405
    assert client.get(f"{ADDRESS}?format=csv").status_code == 400
    assert reverse("clip_frame_times", args=["demo", "c"]) == ADDRESS
