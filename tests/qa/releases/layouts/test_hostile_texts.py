"""Texts that files could misread go through every layout byte for byte, or safely where a format cannot hold them.

A layout says in CARRIED how its texts are read back. S-26, S-36.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from annotation.caption_format import segments
from annotation.errors import BadInput
from annotation.models import Project, User
from annotation.services.captions import save, words_for
from qa.models import Release
from qa.releases.layouts import layout_names
from tests.factories import DraftedCaptionFactory
from tests.qa.releases.layouts.readers import (
    delimited_rows,
    json_lines,
    parquet_rows,
    srt_cues,
    unescaped,
    webvtt_cues,
)
from tests.qa.releases.layouts.scene import HOSTILE, answered, marked, release_of, written

Texts = Mapping[str, str]
"""By clip_id."""
LAST = "He jumps."


def caption(text: str) -> str:
    """A clip's caption without marks."""
    return f"{text} {text} {LAST}"


def marked_texts(text: str) -> list[str]:
    return [text.strip(), LAST]


def is_haicbench_exact(folder: Path, texts: Texts) -> None:
    whole = json.loads((folder / "haicbench.json").read_bytes())
    for clip in whole["clips"]:
        text = texts[clip["clip_id"]]
        assert (clip["caption"], clip["caption_marked"]) == (caption(text), marked(text))
        assert clip["people"] == [{"key": "P1", "description": text}]
        assert sorted(clip["qa"][0]["options"]) == sorted(answered(texts, clip["clip_id"]))
    for row in json_lines(folder / "haicbench.jsonl"):
        assert (row["question"], row["answer_text"]) == (texts[row["video_id"]],) * 2


def is_parquet_exact(folder: Path, texts: Texts) -> None:
    for row in parquet_rows(folder / "captions/test-00000-of-00001.parquet"):
        text = texts[row["video_id"]]
        assert (row["caption"], row["caption_marked"]) == (caption(text), marked(text))
        assert [part["text"] for part in row["timeline"]] == marked_texts(text)
        assert row["people"] == [{"key": "P1", "description": text}]
    rows = parquet_rows(folder / "qa/test-00000-of-00001.parquet")
    assert {row["video_id"] for row in rows} == set(texts)
    for row in rows:
        text = texts[row["video_id"]]
        assert (row["question"], row["answer_text"], row["caption"]) == (text, text, caption(text))
        assert sorted(row["options"]) == sorted(answered(texts, row["video_id"]))
        assert row["options"][row["answer_index"]] == row["options"]["ABCD".index(row["answer"])] == text


def are_pairs_exact(folder: Path, texts: Texts) -> None:
    """In a conversation the two words that a trainer takes for a video get a space."""
    rows = json_lines(folder / "pairs.jsonl")
    assert {row["clip_id"]: row["caption"] for row in rows} == {one: caption(text) for one, text in texts.items()}
    assert [row["caption_marked"] for row in rows] == [marked(texts[row["clip_id"]]) for row in rows]
    whole = json.loads((folder / "conversations.json").read_bytes())
    assert whole == json_lines(folder / "conversations.jsonl")
    for row in whole:
        human, gpt = (turn["value"] for turn in row["conversations"])
        assert (human.count("<image>"), gpt.count("<image>")) == (1, 0)
        assert gpt.replace("< image>", "<image>").replace("< video>", "<video>") == caption(texts[row["id"]])
        assert row["id"] == "places" or gpt == caption(texts[row["id"]])


def is_tsv_exact(folder: Path, texts: Texts) -> None:
    rows = delimited_rows(folder / "dream1k.tsv", delimiter="\t")
    assert {row["video"]: row["answer"] for row in rows} == {one: caption(text) for one, text in texts.items()}
    assert [json.loads(row["events"]) for row in rows] == [marked_texts(texts[row["video"]]) for row in rows]


def are_preferences_exact(folder: Path, texts: Texts) -> None:
    rows = json_lines(folder / "pairs.jsonl")
    assert {row["clip_id"]: row["chosen"] for row in rows} == {one: caption(text) for one, text in texts.items()}
    for row in rows:
        (critique,) = row["critiques"]
        assert critique == {"error": "wording", "draft": texts[row["clip_id"]], "final": texts[row["clip_id"]]}


def are_prompts_exact(folder: Path, texts: Texts) -> None:
    rows = json_lines(folder / "prompts.jsonl")
    assert {row["clip_id"]: row["caption"] for row in rows} == {one: caption(text) for one, text in texts.items()}
    for row in rows:
        text = texts[row["clip_id"]]
        assert (row["attributes"], row["actions"]) == ([text.strip()], marked_texts(text))
        assert row["prompt"].endswith(f" {text.strip()} {LAST}")


def is_csv_exact_and_safe(folder: Path, texts: Texts) -> None:
    captions, questions = delimited_rows(folder / "captions.csv"), delimited_rows(folder / "questions.csv")
    for row in (*captions, *questions):
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    for row in captions:
        text = texts[row["clip_id"]]
        assert (unescaped(row["caption"]), unescaped(row["caption_marked"])) == (caption(text), marked(text))
        assert unescaped(row["people"]) == f"P1: {text}"
    assert {row["clip_id"] for row in questions} == set(texts)
    for row in questions:
        text, options = texts[row["clip_id"]], [unescaped(row[f"option_{letter}"]) for letter in "abcd"]
        assert (unescaped(row["question"]), unescaped(row["answer_text"])) == (text, text)
        assert sorted(options) == sorted(answered(texts, row["clip_id"]))
        assert options["ABCD".index(row["answer"])] == text
        assert unescaped(row["evidence"]) == f"[00:00.3] {text}\n{text}"


def are_webvtt_cues_exact(folder: Path, texts: Texts) -> None:
    for clip_id, text in texts.items():
        cues = webvtt_cues((folder / f"captions/{clip_id}.vtt").read_bytes())
        assert [cue.text for cue in cues] == [part.text for part in segments(marked(text))]
        assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 300), (300, 1000), (1000, 2000)]


def are_srt_cues_safe(folder: Path, texts: Texts) -> None:
    """As many cues, and the same text but for white space."""
    for clip_id, text in texts.items():
        cues = srt_cues((folder / f"captions/{clip_id}.srt").read_bytes())
        parts = [part.text for part in segments(marked(text))]
        assert ["".join(cue.text.split()) for cue in cues] == ["".join(part.split()) for part in parts]
        assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 300), (300, 1000), (1000, 2000)]


def are_tasks_exact(folder: Path, texts: Texts) -> None:
    rows = json_lines(folder / "lmms_eval/haicbench.jsonl")
    assert {row["video_id"] for row in rows} == set(texts)
    for row in rows:
        text = texts[row["video_id"]]
        assert (row["question"], row["answer_text"], row["caption"]) == (text, text, caption(text))
        assert sorted(row["options"]) == sorted(answered(texts, row["video_id"]))


def are_tables_exact(folder: Path, texts: Texts) -> None:
    """Without a class, the harness would take the word null for no text: there it has a space after it."""
    rows = delimited_rows(folder / "vlmevalkit/HAICBench.tsv", delimiter="\t")
    assert {row["video"] for row in rows} == set(texts)
    for row in rows:
        text, options = texts[row["video"]], json.loads(row["candidates"])
        assert (row["question"], row["caption"], options["ABCD".index(row["answer"])]) == (text, caption(text), text)
        assert sorted(options) == sorted(row[letter] for letter in "ABCD") == sorted(answered(texts, row["video"]))
    for name in ("NoVideo", "Caption"):
        for row in delimited_rows(folder / f"vlmevalkit/HAICBench_{name}.tsv", delimiter="\t"):
            text = texts[row["question_id"].removesuffix("-interaction-1")]
            assert row["question"] == (f"{text} " if text == "null" else text)


CARRIED: dict[str, Callable[[Path, Texts], None]] = {
    "csv": is_csv_exact_and_safe,
    "dream1k": is_tsv_exact,
    "haicbench": is_haicbench_exact,
    "haictrain": are_pairs_exact,
    "hugging_face": is_parquet_exact,
    "lmms_eval": are_tasks_exact,
    "preference_pairs": are_preferences_exact,
    "srt": are_srt_cues_safe,
    "t2v_prompts": are_prompts_exact,
    "vlmevalkit": are_tables_exact,
    "webvtt": are_webvtt_cues_exact,
}


@pytest.fixture
def release(project: Project, ana: User, rui: User) -> Release:
    return release_of(project, HOSTILE, author=ana, reviewer=rui)


@pytest.mark.parametrize("layout", layout_names())
def test_hostile_texts_come_back_as_they_were_or_safe_s26_s36(layout: str, release: Release, tmp_path: Path) -> None:
    assert layout in CARRIED, f"say in CARRIED how the texts of {layout} are read back"
    folder = written(release, layout, tmp_path)
    CARRIED[layout](folder, HOSTILE)
    with pytest.raises(AssertionError):  # a reader that looks at nothing would not notice another text
        CARRIED[layout](folder, {**HOSTILE, "chinese": "你坏，世界。"})


def test_a_nul_is_refused_before_it_is_stored(project: Project, ana: User) -> None:
    drafted = DraftedCaptionFactory(project=project)
    etag = words_for(drafted, ana).etag
    for text in ("a\x00b", "\x00", "half \ud800 a pair"):
        with pytest.raises(BadInput, match=r"NUL|surrogate"):
            save(caption=drafted, user=ana, etag=etag, text=text, people=[])
    assert not drafted.revisions.exists()
