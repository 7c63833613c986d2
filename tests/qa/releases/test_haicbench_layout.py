"""The layout `haicbench`: documented keys, no noise, and files that appear whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.errors import BadInput
from annotation.models import Project, User
from annotation.services.comments import add_note, beside_caption
from qa.models import Release
from qa.releases import export
from qa.releases.content import published_order, word_edit_distance
from qa.releases.layouts import find_layout, layout_names
from qa.services.comments import beside_question
from qa.services.releases import export_release, freeze_release
from tests.qa.releases.documented import documented
from tests.qa.scene import finish_clip


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    first = finish_clip(project, author=ana, reviewer=rui, clip_id="a", source_start_ms=1500, source_end_ms=30_000)
    for beside in (beside_caption(first.caption), beside_question(first.item)):
        add_note(beside=beside, author=ana, text="Which arm?", at_ms=300, sentence="He spreads both arms.")
    finish_clip(
        project, author=ana, reviewer=rui, clip_id="b", may_redistribute=False, fps="29.970", duration_ms=30_000
    )
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


def exported(release: Release, out: Path) -> dict[str, Any]:
    export_release(release, layout="haicbench", out=out)
    value: dict[str, Any] = json.loads((out / "haicbench.json").read_text())
    return value


def test_the_keys_are_the_documented_ones_in_their_order(release: Release, tmp_path: Path) -> None:
    value = exported(release, tmp_path / "out")
    clip, without_notes = value["clips"]
    assert list(value) == documented("haicbench.json")
    assert list(clip) == [key for key in documented("A clip") if key != "status"]
    assert list(clip["qa"][0]) == [key for key in documented("A question") if key != "overrides"]
    assert list(clip["comments"][0]) == list(clip["qa"][0]["comments"][0]) == documented("A comment")
    assert set(clip) - set(without_notes) == set(clip["qa"][0]) - set(without_notes["qa"][0]) == {"comments"}
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert list(manifest) == documented("manifest.json")
    assert list(clip["provenance"]) == list(clip["qa"][0]["provenance"]) == documented("Provenance")
    line = json.loads((tmp_path / "out/haicbench.jsonl").read_text().splitlines()[0])
    assert list(line) == documented("haicbench.jsonl")


def test_numbers_have_no_noise(release: Release, tmp_path: Path) -> None:
    exported(release, tmp_path / "out")
    text = (tmp_path / "out/haicbench.json").read_text()
    assert '"duration_s": 30,' in text
    assert '"source_start_s": 1.5,' in text
    assert '"source_end_s": 30,' in text
    assert '"fps": 29.97,' in text
    assert '"fps": 25,' in text


def test_text_files_end_with_one_newline_and_hold_no_escapes(release: Release, tmp_path: Path) -> None:
    exported(release, tmp_path / "out")
    for name in ("haicbench.json", "haicbench.jsonl", "manifest.json"):
        raw = (tmp_path / "out" / name).read_bytes()
        assert raw.endswith(b"\n")
        assert not raw.endswith(b"\n\n")
        assert b"\r" not in raw


def test_a_clip_that_may_not_be_redistributed_comes_without_its_file(release: Release, tmp_path: Path) -> None:
    value = exported(release, tmp_path / "out")
    assert [clip["clip_id"] for clip in value["clips"]] == ["a", "b"]
    assert [path.name for path in (tmp_path / "out/videos").iterdir()] == ["a.mp4"]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["not_redistributed"] == ["b"]
    assert [file["path"] for file in manifest["files"]] == [
        "CHANGELOG.md",
        "CITATION.cff",
        "haicbench.json",
        "haicbench.jsonl",
        "videos/a.mp4",
    ]
    assert manifest["counts"]["by_category"]["action_sequence"] == 2


def test_writing_again_replaces_an_earlier_export_with_the_same_bytes(release: Release, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(release, out)
    before = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    exported(release, out)
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # nothing half-done beside it


def test_a_folder_that_holds_something_else_is_left_alone(release: Release, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("years of work")
    with pytest.raises(BadInput, match="nothing is overwritten"):
        exported(release, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_a_failure_midway_leaves_what_was_there(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    exported(release, out)
    before = (out / "haicbench.json").read_bytes()

    def no_space(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "copy_or_link", no_space)
    with pytest.raises(OSError, match="No space"):
        exported(release, out)
    assert (out / "haicbench.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_unknown_layout_or_release_is_one_clear_line(release: Release, tmp_path: Path) -> None:
    assert "haicbench" in layout_names()
    with pytest.raises(BadInput, match=f"there is no layout “parquet”; there are: {', '.join(layout_names())}"):
        find_layout("parquet")
    with pytest.raises(CommandError, match=r"demo has no release 2\.0\.0; there are: 1\.0\.0"):
        call_command("export", project="demo", release="2.0.0", layout="haicbench", out=str(tmp_path / "x"))


def test_options_stand_by_the_digest_of_question_salt_and_option() -> None:
    options = [{"id": f"o{n}", "text": str(n)} for n in range(1, 5)]
    # printf '%s' 'rooftop-somersault-interaction-1o1' | sha256sum, and so on: o2 < o3 < o4 < o1
    order = published_order(options, question_id="rooftop-somersault-interaction-1", salt="")
    assert [option["id"] for option in order] == ["o2", "o3", "o4", "o1"]


@pytest.mark.parametrize(
    ("before", "after", "distance"),
    [
        ("he runs to the left", "he runs to the left", 0),
        ("he runs to the left", "he runs to the right", 1),
        ("does a backflip in", "does a forward somersault in", 2),  # one replaced, one put in
        ("Subject 2", "the woman in the green T-shirt", 6),  # two replaced, four put in
        ("a  b\nc", "a b c", 0),  # only words count
        ("", "one two", 2),
    ],
)
def test_the_distance_counts_words(before: str, after: str, distance: int) -> None:
    assert word_edit_distance(before, after) == distance
