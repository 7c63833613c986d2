"""Pairs of what a model drafted and what people made of it; later work changes none of them."""

from pathlib import Path

import pytest

from annotation.models import Caption, Project, User
from annotation.services.captions import reopen, submit, words_for
from annotation.services.reviews import approve, return_to_author, undo
from qa.releases.layouts._captions import REQUEST
from qa.services.withdrawal import withdraw_clip
from tests.factories import PEOPLE, TEXT, ApprovedCaptionFactory, ClipFactory, DraftedCaptionFactory, ProjectFactory
from tests.qa.releases.documented import documented
from tests.qa.releases.layouts.readers import json_lines
from tests.qa.releases.layouts.scene import frozen, written

TWICE = TEXT.replace("He jumps.", "He jumps twice.")
CRITIQUES = [{"error": "count", "draft": "He jumps.", "final": "He jumps twice."}]


def fresh(caption: Caption) -> Caption:
    return Caption.objects.select_related("head").get(pk=caption.pk)


def hand_in(caption: Caption, author: User, text: str) -> Caption:
    etag = words_for(caption, author).etag
    submit(caption=caption, user=author, etag=etag, text=text, people=PEOPLE, notes={"critiques": CRITIQUES})
    return fresh(caption)


def corrected(project: Project, *, author: User, reviewer: User, clip_id: str = "changed") -> Caption:
    """Returned once with a comment, then approved in other words."""
    clip = ClipFactory.create(project=project, clip_id=clip_id)
    caption = hand_in(DraftedCaptionFactory(project=project, clip=clip), author, f"{TEXT} He stands.")
    return_to_author(caption=caption, reviewer=reviewer, seen_number=1, reason="How often?", code="missed")
    caption = hand_in(fresh(caption), author, TWICE)
    approve(caption=caption, reviewer=reviewer, seen_number=2)
    return fresh(caption)


def test_a_pair_says_what_changed_and_why(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    corrected(project, author=ana, reviewer=rui)
    (row,) = json_lines(written(frozen(project), "preference_pairs", tmp_path) / "pairs.jsonl")
    assert list(row) == documented("pairs.jsonl of preference_pairs")
    assert row == {
        "clip_id": "changed",
        "video": "videos/changed.mp4",
        "prompt": REQUEST,
        "chosen": "There is one person in the video, a bald man. He spreads both arms. He jumps twice.",
        "rejected": "There is one person in the video, a bald man. He spreads both arms. He jumps.",
        "model": "test model",
        "prompt_version": None,
        "critiques": CRITIQUES,
        "returns": [{"code": "missed", "reason": "How often?"}],
        "split": "test",
    }


def test_a_draft_that_was_right_gives_no_pair(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    other_marks = TEXT.replace("[00:00.3]", "[00:00.4]")
    for clip_id, text in (("same", TEXT), ("other-marks", other_marks)):
        clip = ClipFactory.create(project=project, clip_id=clip_id)
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip, text=text)
    assert json_lines(written(frozen(project), "preference_pairs", tmp_path) / "pairs.jsonl") == []


def test_a_return_that_was_taken_back_is_none(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    clip = ClipFactory.create(project=project, clip_id="changed")
    caption = hand_in(DraftedCaptionFactory(project=project, clip=clip), ana, TWICE)
    return_to_author(caption=caption, reviewer=rui, seen_number=1, reason="A slip of the hand.")
    undo(caption=fresh(caption), reviewer=rui)
    approve(caption=fresh(caption), reviewer=rui, seen_number=1)
    (row,) = json_lines(written(frozen(project), "preference_pairs", tmp_path) / "pairs.jsonl")
    assert row["returns"] == []


def test_later_words_change_nothing_in_a_release(
    project: Project, ana: User, rui: User, oda: User, tmp_path: Path
) -> None:
    caption = corrected(project, author=ana, reviewer=rui)
    release = frozen(project)
    before = (written(release, "preference_pairs", tmp_path) / "pairs.jsonl").read_bytes()
    reopen(caption=caption, user=oda, reason="Look again.", seen_number=2)
    caption = hand_in(fresh(caption), ana, "There is one person in the video, a bald man. He sits.")
    approve(caption=caption, reviewer=rui, seen_number=3)
    assert (written(release, "preference_pairs", tmp_path) / "pairs.jsonl").read_bytes() == before


@pytest.mark.parametrize("erase", [False, True])
def test_a_withdrawn_clip_gives_no_pair(
    erase: bool, project: Project, ana: User, rui: User, adam: User, tmp_path: Path
) -> None:
    caption = corrected(project, author=ana, reviewer=rui)
    corrected(project, author=ana, reviewer=rui, clip_id="stays")
    release = frozen(project)
    withdraw_clip(clip=caption.clip, actor=adam, reason="A person in it objects.", erase=erase)
    rows = json_lines(written(release, "preference_pairs", tmp_path) / "pairs.jsonl")
    assert [row["clip_id"] for row in rows] == ["stays"]


def test_another_project_gives_nothing_to_a_release(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    """A clip of the same id elsewhere is another clip."""
    corrected(project, author=ana, reviewer=rui)
    other = ProjectFactory.create()
    DraftedCaptionFactory(project=other, clip=ClipFactory.create(project=other, clip_id="changed"))
    assert len(json_lines(written(frozen(project), "preference_pairs", tmp_path) / "pairs.jsonl")) == 1
