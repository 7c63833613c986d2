"""Raw videos come in by manifest or folder: whole or not at all, once, and never from outside the folder."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.errors import BadInput, RightMissing
from annotation.models import Outbox, Project, SourceVideo, User, VideoBatch
from annotation.services import video_batches
from annotation.services.clips import sha256_of
from annotation.services.raw_manifest import read_source, video_id_of
from annotation.services.video_batches import MEASURE, LineOutcome, take_in


def outcomes(source: Path, project: Project, user: User | None = None) -> list[tuple[int, str, str]]:
    return [(one.number, one.result, one.reason) for one in take_in(source=source, project=project, user=user)]


def write_lines(folder: Path, *lines: dict[str, Any] | str) -> Path:
    manifest = folder / "raw.jsonl"
    manifest.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "street"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.mp4").write_bytes(f"bytes of {name}".encode())
    return folder


def test_lines_go_in_with_what_is_said_of_them_and_a_worker_is_asked(
    project: Project, folder: Path, adam: User
) -> None:
    (folder / "a.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n")
    manifest = write_lines(
        folder,
        {
            "video_id": "a",
            "video": "a.mp4",
            "description": "A man jumps.",
            "license": "CC0",
            "source": "street",
            "redistribute": False,
            "subtitles": "a.vtt",
            "expect": {"kept": 1},
        },
        "",
        {"video_id": "b", "video": "b.mp4"},
    )
    found = list(take_in(source=manifest, project=project, user=adam))
    assert [(one.number, one.result) for one in found] == [(1, "new"), (3, "new")]
    assert found[0].warnings == ("unknown key “expect” is kept in the video's metadata",)
    video = SourceVideo.objects.get(video_id="a")
    assert (video.description, video.license, video.source, video.may_redistribute) == (
        *("A man jumps.", "CC0", "street"),
        False,
    )
    assert "Jump!" in video.subtitles
    assert (video.metadata, video.status, video.state) == ({"expect": {"kept": 1}}, "queued", "")
    assert default_storage.open(str(video.file.name)).read() == b"bytes of a"
    batch = VideoBatch.objects.get()
    assert (batch.name, batch.created_by, batch.videos.count()) == ("raw", adam, 2)
    asked = Outbox.objects.filter(task=MEASURE).values_list("args", "queue")
    assert list(asked) == [([one.pk], "video") for one in SourceVideo.objects.order_by("pk")]


def test_the_same_again_makes_nothing_and_other_bytes_are_refused(project: Project, folder: Path) -> None:
    manifest = write_lines(folder, {"video_id": "a", "video": "a.mp4"})
    assert outcomes(manifest, project) == [(1, "new", "")]
    assert outcomes(manifest, project) == [(1, "existing", "")]
    assert (VideoBatch.objects.count(), SourceVideo.objects.count(), Outbox.objects.count()) == (1, 1, 1)
    (folder / "a.mp4").write_bytes(b"others")
    [(number, result, reason)] = outcomes(manifest, project)
    assert (number, result) == (1, "refused")
    assert "“a” exists with other bytes" in reason
    assert SourceVideo.objects.count() == 1


def test_bad_lines_are_refused_with_their_reason_and_good_ones_go_in_s35(project: Project, folder: Path) -> None:
    (folder.parent / "outside.mp4").write_bytes(b"not yours")
    (folder / "link.mp4").symlink_to(folder.parent / "outside.mp4")
    manifest = write_lines(
        folder,
        "not json",
        "[]",
        {"video": "a.mp4"},
        {"video_id": "A b", "video": "a.mp4"},
        {"video_id": "c", "video": "../outside.mp4"},
        {"video_id": "c", "video": "link.mp4"},
        {"video_id": "c", "video": "none.mp4"},
        {"video_id": "c", "video": "a.mp4", "redistribute": "yes"},
        {"video_id": "c", "video": "a.mp4", "description": 7},
        {"video_id": "c", "video": "a.mp4", "subtitles": "a.mp4"},
        {"video_id": "good", "video": "b.mp4"},
    )
    found = outcomes(manifest, project)
    assert [result for _, result, _ in found] == ["refused"] * 10 + ["new"]
    told = [reason for _, _, reason in found]
    assert "JSON object" in told[1]
    for place, word in ((2, "video_id"), (3, "video_id"), (4, "outside"), (5, "outside"), (6, "no file")):
        assert word in told[place]
    for place, word in ((7, "redistribute"), (8, "description"), (9, "subtitles")):
        assert word in told[place]
    assert [video.video_id for video in SourceVideo.objects.all()] == ["good"]


def test_csv_reads_as_jsonl_does(project: Project, folder: Path) -> None:
    manifest = folder / "list.csv"
    manifest.write_text(
        "video_id,video,description,redistribute,camera\n"
        'a,a.mp4,"A man jumps, twice.",false,phone\n'
        "b,b.mp4,,,\n"
        "c,a.mp4,x,perhaps,\n"
        "d,a.mp4\n",
        encoding="utf-8-sig",
    )
    found = outcomes(manifest, project)
    assert [(number, result) for number, result, _ in found] == [(2, "new"), (3, "new"), (4, "refused"), (5, "refused")]
    video = SourceVideo.objects.get(video_id="a")
    assert (video.description, video.may_redistribute, video.metadata) == (
        "A man jumps, twice.",
        False,
        {"camera": "phone"},
    )
    assert SourceVideo.objects.get(video_id="b").metadata == {}


def test_a_folder_is_its_videos_named_by_their_paths(project: Project, folder: Path) -> None:
    (folder / "Holiday clips").mkdir()
    (folder / "Holiday clips" / "Jump (2).MOV").write_bytes(b"jump")
    (folder / "notes.txt").write_text("no video")
    assert [result for _, result, _ in outcomes(folder, project)] == ["new"] * 3
    assert set(SourceVideo.objects.values_list("video_id", flat=True)) == {"holiday-clips-jump-2", "a", "b"}
    assert VideoBatch.objects.get().name == "street"


@pytest.mark.parametrize(("name", "video_id"), [("../Ä.mp4", "video"), ("..mp4", "video"), ("a/b.c.mp4", "a-b-c")])
def test_names_of_files_become_ids(name: str, video_id: str) -> None:
    assert video_id_of(name) == video_id


def test_what_is_no_manifest_is_said_before_anything_is_made(project: Project, tmp_path: Path, ana: User) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_bytes(b"video_id,video\n\xff\xfe,a\n")
    for source in (tmp_path / "none.jsonl", tmp_path / "empty", tmp_path / "bad.csv"):
        with pytest.raises(BadInput):
            list(take_in(source=source, project=project, user=None))
    with pytest.raises(RightMissing):
        list(take_in(source=tmp_path / "empty", project=project, user=ana))
    assert not VideoBatch.objects.exists()


def test_a_file_that_is_still_being_copied_is_refused(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied_meanwhile(path: Path) -> str:
        digest = sha256_of(path)
        with path.open("ab") as file:
            file.write(b"more")
        os.utime(path, (1, 1))
        return digest

    monkeypatch.setattr(video_batches, "sha256_of", copied_meanwhile)
    [(_, result, reason)] = outcomes(write_lines(folder, {"video_id": "a", "video": "a.mp4"}), project)
    assert (result, "still being copied" in reason) == ("refused", True)


def test_a_row_that_cannot_be_written_leaves_no_file(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(video_batches, "enqueue", fail)
    with pytest.raises(ZeroDivisionError):
        outcomes(write_lines(folder, {"video_id": "a", "video": "a.mp4"}), project)
    assert not SourceVideo.objects.exists()
    assert default_storage.listdir("raw")[1] == []


def test_reading_a_manifest_touches_nothing(folder: Path) -> None:
    lines = list(read_source(write_lines(folder, {"video_id": "a", "video": "a.mp4"})))
    assert [(line.number, getattr(line, "video_id", "")) for line in lines] == [(1, "a")]


def test_outcomes_name_the_video(project: Project, folder: Path) -> None:
    found: list[LineOutcome] = list(
        take_in(source=write_lines(folder, {"video_id": "a", "video": "a.mp4"}), project=project, user=None, name="x")
    )
    assert found[0].video == SourceVideo.objects.get()
    assert VideoBatch.objects.get().name == "x"


def test_a_file_that_changes_while_it_is_stored_is_refused_and_taken_back(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, real = write_lines(folder, {"video_id": "a", "video": "a.mp4"}), video_batches._store

    def grows_meanwhile(path: Path, name: str) -> str:
        given = real(path, name)
        path.write_bytes(b"more bytes of a")
        return given

    monkeypatch.setattr(video_batches, "_store", grows_meanwhile)
    [(_, result, reason)] = outcomes(manifest, project)
    assert (result, "changed while it was read" in reason) == ("refused", True)
    assert (SourceVideo.objects.count(), default_storage.listdir("raw")[1]) == (0, [])
