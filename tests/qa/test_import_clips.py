"""import_clips: line and reason for each refusal, good lines kept, a second run that changes nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotation.models import Caption, Clip, Draft, Event, Project, User
from annotation.states import State
from qa.models import QAItem
from tests.annotation.accumulation.video_factory import make_sound

SAMPLE = settings.BASE_DIR / "samples/clips/lab-balance-one-man.mp4"
OTHER = settings.BASE_DIR / "samples/clips/lab-balance-three-people.mp4"
QUESTION = {"category": "count", "question": "How many?", "options": ["1", "2", "3", "4"], "answer_index": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "batch"
    (folder / "clips").mkdir(parents=True)
    shutil.copy(SAMPLE, folder / "clips/one.mp4")
    return folder


def line(**changes: Any) -> dict[str, Any]:
    return {"clip_id": "one", "video": "clips/one.mp4", **changes}


def run(folder: Path, *lines: dict[str, Any] | str, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], int]:
    """What the command says and its exit code."""
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines))
    code = 0
    try:
        call_command("import_clips", str(manifest), project="demo")
    except SystemExit as stop:
        code = int(stop.code or 0)
    return capsys.readouterr().out.splitlines(), code


def stored_files() -> list[str]:
    found = []
    for name in default_storage.listdir("")[0] if default_storage.exists("") else []:
        found += [f"{name}/{file}" for file in default_storage.listdir(name)[1]]
    return found


def test_a_clip_with_a_draft_comes_in_whole(project: Project, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = {"model": "sample draft", "caption": "One man. [00:00.3] He balances.", "qa": [QUESTION, QUESTION]}
    said, code = run(folder, line(draft=draft, source="lab", redistribute=False), capsys=capsys)
    assert (said, code) == (["1 new, 0 existing, 0 refused"], 0)
    clip = Clip.objects.get()
    assert (clip.clip_id, clip.source, clip.may_redistribute, clip.state) == ("one", "lab", False, "active")
    assert (clip.width, clip.height, clip.frames, clip.has_audio) == (360, 640, 100, False)
    assert clip.sha256 == "9a2b90c380e58a5b38743e41321cc24dd9c9fea0434415f35b3e44d5127dfbb5"  # sha256sum of the sample
    caption = Caption.objects.get()
    assert caption.draft is not None
    assert (caption.state, caption.head, caption.draft.payload["caption"]) == (State.DRAFTED, None, draft["caption"])
    assert [item.question_id for item in QAItem.objects.order_by("number")] == ["one-count-1", "one-count-2"]
    assert list(Event.objects.values_list("object_type", "verb", "to_state")) == [
        ("clip", "import", "active"),
        ("caption", "import", "waiting"),
        ("caption", "draft", "drafted"),
        ("qa_item", "import", "drafted"),
        ("qa_item", "import", "drafted"),
    ]


def test_a_clip_without_a_draft_waits_for_one(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(folder, line(), capsys=capsys)
    assert (Caption.objects.get().state, Draft.objects.count()) == (State.WAITING, 0)


def test_running_it_twice_changes_nothing_d07(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line(draft={"model": "m", "caption": "A man.", "qa": [QUESTION]}), line(clip_id="same-bytes")]
    assert run(folder, *lines, capsys=capsys)[0][-1] == "2 new, 0 existing, 0 refused"
    before = (Clip.objects.count(), Draft.objects.count(), Event.objects.count(), sorted(stored_files()))
    said, code = run(folder, *lines, capsys=capsys)
    assert (said, code) == (["0 new, 2 existing, 0 refused"], 0)
    assert (Clip.objects.count(), Draft.objects.count(), Event.objects.count(), sorted(stored_files())) == before


def test_the_same_bytes_under_two_ids_are_stored_once(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(folder, line(), line(clip_id="two"), capsys=capsys)
    one, two = Clip.objects.all()
    assert one.video.name == two.video.name
    assert len(stored_files()) == 3  # original, video, poster


def test_an_unknown_key_is_kept_and_named(project: Project, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, code = run(folder, line(camera={"lens": "50 mm"}), capsys=capsys)
    assert said == [
        "line 1: warning: unknown key “camera” is kept in the clip's metadata",
        "1 new, 0 existing, 0 refused",
    ]
    assert (code, Clip.objects.get().metadata) == (0, {"camera": {"lens": "50 mm"}})


REFUSED: list[tuple[dict[str, Any] | str, str]] = [
    ("{not json", "It is not JSON"),
    ('["a list"]', "a line must be one JSON object"),
    ('{"clip_id": "a", "clip_id": "b"}', "The key “clip_id” stands twice."),
    (line(clip_id="Bad Id"), "clip_id: small letters"),
    ({"clip_id": "one"}, "video: is missing"),
    (line(video="clips/none.mp4"), "video: there is no file “clips/none.mp4”"),
    (line(video="../outside.mp4"), "video: “../outside.mp4” lies outside the manifest's folder"),
    (line(video="/etc/hostname"), "video: “/etc/hostname” lies outside the manifest's folder"),
    (line(video="clips/link.mp4"), "video: “clips/link.mp4” lies outside the manifest's folder"),
    (line(redistribute="yes"), "redistribute: must be true or false"),
    (line(source_start_s=5, source_end_s=5), "source_end_s: must be later"),
    (line(source_start_s=-1), "source_start_s: must be a number"),
    (line(description=7), "description: must be text"),
    (line(draft={"caption": "x"}), "draft.model: must be text"),
    (line(draft={"model": "m", "tokens": 3}), "draft: unknown key “tokens”"),
    (
        line(draft={"model": "m", "qa": [QUESTION, {**QUESTION, "options": ["1", "2", "3"]}]}),
        "draft.qa[2].options: a question has 4 options, this one has 3",
    ),
    (line(draft={"model": "m", "qa": [{**QUESTION, "answer_index": 4}]}), "draft.qa[1].answer_index"),
    (line(draft={"model": "m", "qa": [{**QUESTION, "category": "colour"}]}), "draft.qa[1].category"),
    (line(draft={"model": "m", "caption": "x", "people": [{"key": "P1"}]}), "people: number 1"),
]


@pytest.mark.parametrize(("bad", "reason"), REFUSED)
def test_a_bad_line_is_refused_with_its_reason_and_the_good_one_kept(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str], bad: dict[str, Any] | str, reason: str
) -> None:
    (folder.parent / "outside.mp4").write_bytes(SAMPLE.read_bytes())
    (folder / "clips/link.mp4").symlink_to(folder.parent / "outside.mp4")
    said, code = run(folder, bad, line(clip_id="good"), capsys=capsys)
    assert said[0].startswith(f"line 1: refused: {reason}"), said
    assert (said[1:], code) == (["1 new, 0 existing, 1 refused"], 1)
    assert list(Clip.objects.values_list("clip_id", flat=True)) == ["good"]


def test_the_same_id_with_other_bytes_is_refused(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(OTHER, folder / "clips/other.mp4")
    run(folder, line(), capsys=capsys)
    said, code = run(folder, line(video="clips/other.mp4"), capsys=capsys)
    assert said[0] == "line 1: refused: clip_id: “one” exists with other bytes; a clip's bytes never change"
    assert (said[-1], code) == ("0 new, 0 existing, 1 refused", 1)
    assert Clip.objects.get().original_name == "one.mp4"


def cut(path: Path) -> None:
    path.write_bytes(SAMPLE.read_bytes()[:60_000])


def playlist(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile '{path.parent / 'one.mp4'}'\n")


@pytest.mark.parametrize(
    "make",
    [
        playlist,
        cut,
        make_sound,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"<html>" + SAMPLE.read_bytes()),
    ],
    ids=["playlist that lists another clip", "cut faststart mp4", "sound only", "0 bytes", "html before the video"],
)
def test_a_hostile_or_damaged_file_leaves_no_row_and_no_file_s31_f23(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str], make: Any
) -> None:
    make(folder / "clips/x.mp4")
    said, code = run(folder, line(clip_id="x", video="clips/x.mp4"), capsys=capsys)
    assert said[0].startswith("line 1: refused: video: ")
    assert (said[-1], code) == ("0 new, 0 existing, 1 refused", 1)
    assert (Clip.objects.count(), Event.objects.count(), stored_files()) == (0, 0, [])


def test_subtitles_come_sanitised(project: Project, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\n<b>Hello</b> & bye\n")
    run(folder, line(subtitles="one.srt"), capsys=capsys)
    subtitles = Clip.objects.get().subtitles
    assert subtitles.startswith("WEBVTT")
    assert "Hello" in subtitles
    assert "<b>" not in subtitles


def test_an_unknown_project_is_one_clear_line(folder: Path, db: None) -> None:
    (folder / "manifest.jsonl").write_text("")
    with pytest.raises(CommandError, match="there is no project “nowhere”"):
        call_command("import_clips", str(folder / "manifest.jsonl"), project="nowhere")


def test_only_an_administrator_imports_on_their_own_behalf(project: Project, ana: User, folder: Path) -> None:
    (folder / "manifest.jsonl").write_text(json.dumps(line()))
    with pytest.raises(CommandError, match="role of admin"):
        call_command("import_clips", str(folder / "manifest.jsonl"), project="demo", actor="ana")
    assert not Clip.objects.exists()
