"""Cutting in a child: the same bytes as here, and what a hostile film takes or breaks is a refusal (S-33)."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotation.accumulation import contained
from annotation.accumulation.contained import ChildFailed
from annotation.accumulation.cutting import cut
from annotation.accumulation.cutting_alone import LIMITS, cut_contained
from annotation.accumulation.limits import Refused
from tests.annotation.accumulation.video_factory import Video, make_video

STRETCH: dict[str, Any] = {"start_frame": 5, "end_frame": 15, "start_ms": 200, "end_ms": 600, "has_audio": True}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return make_video(tmp_path / "plain.mp4", Video(sound="aac"))


def test_a_child_cuts_what_its_parent_would(plain: Path, into: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    theirs = cut_contained(plain, into=into, **STRETCH)
    assert list(into.iterdir()) == [theirs]
    assert theirs.read_bytes() == cut(plain, into=here, **STRETCH).read_bytes()


def test_s33_a_limit_that_trips_is_a_refusal_and_leaves_no_file(plain: Path, into: Path) -> None:
    with pytest.raises(Refused, match="Cutting the scene would have filled more than 0 MB of disk") as refused:
        cut_contained(plain, into=into, limits=replace(LIMITS, file_bytes=200), **STRETCH)
    assert (refused.value.code, list(into.iterdir())) == ("media_limit", [])


def test_s34_a_film_that_is_none_is_refused_with_its_own_reason(tmp_path: Path, into: Path) -> None:
    broken = tmp_path / "x.mp4"
    broken.write_bytes(b"ffconcat version 1.0\nfile plain.mp4\n")
    with pytest.raises(Refused) as refused:
        cut_contained(broken, into=into, **STRETCH)
    assert refused.value.code == "not_a_video"


@pytest.mark.parametrize(("end", "is_fault"), [(-signal.SIGSEGV, True), (-signal.SIGKILL, False), (1, False)])
def test_s33_a_crash_is_the_films_fault_and_a_kill_is_not(
    plain: Path, into: Path, monkeypatch: pytest.MonkeyPatch, end: int, is_fault: bool
) -> None:
    monkeypatch.setattr(contained, "_run", lambda *_: (end, "its last words"))
    with pytest.raises(Refused if is_fault else ChildFailed) as failed:
        cut_contained(plain, into=into, **STRETCH)
    assert is_fault or "its last words" in str(failed.value)
