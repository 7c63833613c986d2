"""Every layout has the documented columns, in their order and of their types, and leaves out what it must."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.conf import settings

from annotation.errors import BadInput
from annotation.models import Project, User
from qa.categories import Category
from qa.models import Release, ReleaseSettings
from qa.releases.frozen import FrozenRelease, Withdrawn
from qa.releases.layouts import find_layout, layout_names
from qa.releases.layouts._captions import REQUEST
from qa.releases.reading import approved_captions
from qa.services.releases import export_release, freeze_release
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.qa.releases.documented import documented
from tests.qa.releases.layouts.readers import delimited_rows, json_lines, parquet_rows
from tests.qa.releases.layouts.scene import frozen, written
from tests.qa.scene import finish_clip

CAPTION = "There is one person in the video, a bald man. He spreads both arms. He jumps."
OF_CAPTIONS_ALONE = ["dream1k", "haictrain", "preference_pairs", "srt", "t2v_prompts", "webvtt"]


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    """Clip a is public, c (16 of 100 in this project) is held out."""
    ReleaseSettings.objects.create(project=project, held_out_percent=20)
    for clip_id in ("a", "c"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id, license="CC BY 4.0", source_start_ms=1500)
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


def types(row: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in row.items()}


def test_the_documented_layouts_are_those_there_are() -> None:
    assert documented("Layouts") == layout_names()


def test_haictrain_has_pairs_and_conversations(release: Release, tmp_path: Path) -> None:
    folder = written(release, "haictrain", tmp_path)
    (pair,) = json_lines(folder / "pairs.jsonl")
    assert list(pair) == documented("pairs.jsonl of haictrain")
    assert types(pair) == dict.fromkeys(pair, "str") | {"duration": "int", "redistribute": "bool"}
    assert (pair["clip_id"], pair["video"], pair["caption"]) == ("a", "videos/a.mp4", CAPTION)
    assert (pair["status"], pair["duration"], pair["redistribute"]) == ("approved", 2, True)
    (line,) = json_lines(folder / "conversations.jsonl")
    assert list(line) == documented("conversations.jsonl")
    assert json.loads((folder / "conversations.json").read_bytes()) == [line]
    assert line == {
        "id": "a",
        "video": "videos/a.mp4",
        "conversations": [
            {"from": "human", "value": f"<image>\n{REQUEST}"},
            {"from": "gpt", "value": CAPTION},
        ],
        "data_source": "demo",
        "status": "approved",
    }
    assert (folder / "videos/a.mp4").is_file()


def test_dream1k_has_the_columns_of_that_benchmark(release: Release, tmp_path: Path) -> None:
    folder = written(release, "dream1k", tmp_path)
    (row,) = delimited_rows(folder / "dream1k.tsv", delimiter="\t")
    assert list(row) == documented("dream1k")
    assert row == {
        "index": "0",
        "video": "a",
        "question": REQUEST,
        "answer": CAPTION,
        "events": '["He spreads both arms.","He jumps."]',
    }
    assert (folder / "videos" / f"{row['video']}.mp4").is_file()


def test_a_caption_without_marks_has_no_cell_of_events(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    """An empty list would count as all events recalled."""
    clip = ClipFactory.create(project=project, clip_id="a")
    ApprovedCaptionFactory(project=project, clip=clip, text="A man jumps.", author=ana, reviewer=rui)
    (row,) = delimited_rows(written(frozen(project), "dream1k", tmp_path) / "dream1k.tsv", delimiter="\t")
    assert (row["answer"], row["events"]) == ("A man jumps.", "")


def test_t2v_prompts_begin_with_attributes(release: Release, tmp_path: Path) -> None:
    (row,) = json_lines(written(release, "t2v_prompts", tmp_path) / "prompts.jsonl")
    assert list(row) == documented("prompts.jsonl")
    assert row == {
        "clip_id": "a",
        "prompt": "Bald man in a brown T-shirt. He spreads both arms. He jumps.",
        "attributes": ["bald man in a brown T-shirt"],
        "actions": ["He spreads both arms.", "He jumps."],
        "caption": CAPTION,
        "duration": 2,
        "split": "test",
        "status": "approved",
    }


def test_csv_has_two_tables(release: Release, tmp_path: Path) -> None:
    folder = written(release, "csv", tmp_path)
    captions, questions = delimited_rows(folder / "captions.csv"), delimited_rows(folder / "questions.csv")
    assert list(captions[0]) == documented("captions.csv")
    assert list(questions[0]) == documented("questions.csv")
    public, sealed = captions
    assert (public["clip_id"], public["duration_s"], public["source_start_s"]) == ("a", "2", "1.5")
    assert (public["caption"], public["people"]) == (CAPTION, "P1: bald man in a brown T-shirt")
    assert (public["has_audio"], public["redistribute"], public["status"]) == ("false", "true", "approved")
    assert (sealed["clip_id"], sealed["split"], sealed["caption"], sealed["people"]) == ("c", "held_out", "", "")
    options = [questions[0][f"option_{letter}"] for letter in "abcd"]
    assert options["ABCD".index(questions[0]["answer"])] == questions[0]["answer_text"] == "He spreads both arms"
    assert options[int(questions[0]["answer_index"])] == "He spreads both arms"
    assert (questions[1]["answer"], questions[1]["answer_index"], questions[1]["answer_text"]) == ("", "", "")
    for name in ("captions.csv", "questions.csv"):
        raw = (folder / name).read_bytes()
        assert raw.endswith(b"\r\n") and not raw.startswith(b"\xef\xbb\xbf")
        assert raw.count(b"\r\n") == raw.count(b"\n") == 3


def test_parquet_has_the_documented_features(release: Release, tmp_path: Path) -> None:
    folder = written(release, "hugging_face", tmp_path)
    kinds = {"double": "float64"}
    for config in ("qa", "captions"):
        columns = documented(f"Features of {config}")
        for split in ("test", "held_out"):
            schema = pq.read_schema(folder / f"{config}/{split}-00000-of-00001.parquet")
            assert schema.names == columns
            told = told_types(f"Features of {config}")
            for field in schema:
                kind = re.sub(r"<(?:item|element): (.*)>$", r" \1", str(field.type))
                assert kinds.get(kind, kind).replace("double", "float64") == told[field.name], field.name


def told_types(heading: str) -> dict[str, str]:
    """The types of a table of the documentation in the words of Arrow."""
    text = (settings.BASE_DIR / "docs/export-format.md").read_text().partition(f"# {heading}\n")[2].partition("\n#")[0]
    found = {}
    for name, told in re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, flags=re.MULTILINE):
        parts = re.findall(r"`(\w+)`: `(\w+)`", told)
        if parts:
            found[name] = "list struct<" + ", ".join(f"{part}: {kind}" for part, kind in parts) + ">"
        else:
            found[name] = told.replace("list of", "list").replace("`", "")
    return found


def test_held_out_clips_have_a_split_without_answers(release: Release, tmp_path: Path) -> None:
    folder = written(release, "hugging_face", tmp_path)
    (public,) = parquet_rows(folder / "qa/test-00000-of-00001.parquet")
    (sealed,) = parquet_rows(folder / "qa/held_out-00000-of-00001.parquet")
    assert (public["video_id"], public["answer_text"], public["split"]) == ("a", "He spreads both arms", "test")
    assert public["options"][public["answer_index"]] == "He spreads both arms"
    assert sorted(sealed["options"]) == sorted(public["options"])
    silent = ("answer", "answer_index", "answer_id", "answer_text", "caption")
    assert {name: sealed[name] for name in (*silent, "evidence")} == {**dict.fromkeys(silent), "evidence": []}
    (public,) = parquet_rows(folder / "captions/test-00000-of-00001.parquet")
    (sealed,) = parquet_rows(folder / "captions/held_out-00000-of-00001.parquet")
    assert (public["caption"], public["source_start_s"], public["fps"]) == (CAPTION, 1.5, 25.0)
    assert public["timeline"] == [
        {"start_s": 0.3, "text": "He spreads both arms."},
        {"start_s": 1.0, "text": "He jumps."},
    ]
    assert (sealed["caption"], sealed["caption_marked"], sealed["timeline"], sealed["people"]) == (None, None, [], [])


@pytest.mark.parametrize("layout", OF_CAPTIONS_ALONE)
def test_no_word_of_a_held_out_caption_is_published(layout: str, release: Release, tmp_path: Path) -> None:
    folder = tmp_path / layout
    folder.mkdir()
    find_layout(layout).write(FrozenRelease(release), folder)
    names = [path.name for path in folder.rglob("*")]
    assert not {"c.vtt", "c.srt"} & set(names)
    for path in folder.rglob("*"):
        assert path.is_dir() or not re.search(r'"c"|\tc\t|videos/c\.mp4', path.read_text())


@pytest.mark.parametrize("layout", sorted(set(layout_names()) - {"haicbench"}))
def test_a_withdrawn_clip_is_in_no_layout_but_the_one_that_marks_it(
    layout: str, project: Project, ana: User, rui: User, adam: User, tmp_path: Path
) -> None:
    for clip_id in ("stays", "withdrawn-one"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    for withdrawn in (False, True):
        source = FrozenRelease(release)
        if withdrawn:
            source.withdrawn = {"withdrawn-one": Withdrawn("withdrawn-one", is_erased=False, digest="0" * 64)}
        folder = tmp_path / str(withdrawn)
        folder.mkdir()
        find_layout(layout).write(source, folder)
        found = "\n".join(told(folder))
        assert ("withdrawn-one" in found) == (not withdrawn and layout != "preference_pairs")
        assert ("stays" in found) == (layout != "preference_pairs")  # drafts that nobody changed are no pairs


def told(folder: Path) -> Iterator[str]:
    """Names and texts of all files."""
    for path in sorted(folder.rglob("*")):
        yield path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            yield json.dumps(parquet_rows(path))
        elif path.is_file():
            yield path.read_text()


def test_training_data_keeps_each_status(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    for clip_id in ("a", "b"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id)
    facts = (
        replace(one, status="drafted") if one.clip.clip_id == "b" else one
        for one in approved_captions(project, categories=Category.values)
    )
    release = frozen(project, facts, kind="train")
    pairs = json_lines(written(release, "haictrain", tmp_path) / "pairs.jsonl")
    conversations = json_lines(tmp_path / "haictrain/conversations.jsonl")
    rows = parquet_rows(written(release, "hugging_face", tmp_path) / "captions/train-00000-of-00001.parquet")
    for found in (pairs, conversations, rows):
        assert [one["status"] for one in found] == ["approved", "drafted"]
    assert {row["split"] for row in rows} == {"train"}
    assert {row["status"] for row in delimited_rows(written(release, "csv", tmp_path) / "captions.csv")} == {
        "approved",
        "drafted",
    }
    with pytest.raises(BadInput, match="dream1k is no layout of a release of kind train"):
        export_release(release, layout="dream1k", out=tmp_path / "dream1k")
