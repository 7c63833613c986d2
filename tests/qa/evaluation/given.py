"""Runs with given replies, so that what is counted of them is known beforehand."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from annotation.models import Clip, Project, User
from annotation.workflow import database_now
from qa.models import Answer, AskedQuestion, DraftProbe, EvaluationRun, ProbeTry, QAItem, Release, Setting
from qa.services import items, reviews
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory
from tests.qa.scenes import answer_all, fresh, off_all_desks, saved_item, submit_all

THEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LETTERS = "ABCD"
FRAMES = {Setting.STANDARD: 8, Setting.SHUFFLED: 8, Setting.SINGLE_FRAME: 1}
PAYLOAD: dict[str, Any] = {
    "question": "What does the bald man do just before he jumps?",
    "options": ["He spreads both arms", "He sits down", "He waves", "He turns round"],
    "answer_index": 0,
}


def approved_questions(
    project: Project, *, author: User, reviewer: User, number: int, clip_id: str, **payload: Any
) -> list[QAItem]:
    """So many approved questions of one new clip, with an approved caption. payload: changes to PAYLOAD."""
    clip = ClipFactory.create(project=project, clip_id=clip_id)
    ApprovedCaptionFactory(project=project, author=author, reviewer=reviewer, clip=clip)
    made = [saved_item(clip, author, payload={**PAYLOAD, **payload}) for _ in range(number)]
    submit_all(clip, author)
    answer_all(clip, reviewer)
    off_all_desks(clip)
    for item in made:
        reviews.approve(item=fresh(item), reviewer=reviewer, seen_number=1)
    return [fresh(item) for item in made]


def given_run(
    project: Project,
    setting: str,
    *,
    model: str = "model-a",
    release: Release | None = None,
    frames: int | None = None,
    **facts: Any,
) -> EvaluationRun:
    """A run without work of its own. frames: 8, or what the setting says."""
    shown = frames or FRAMES.get(Setting(setting))
    return EvaluationRun.objects.create(
        project=project, setting=setting, model=model, release=release, frames=shown, **facts
    )


def given_answers(
    run: EvaluationRun,
    item: QAItem,
    *,
    right: int = 0,
    wrong: int = 0,
    unparsed: int = 0,
    choices: Iterable[str] = (),
    **asked: Any,
) -> None:
    """Replies to the approved words, a try for each, after those that the run has already.

    wrong: they choose the first option that is not the key. choices: ids of options. asked: changes to AskedQuestion.
    """
    content = item.approved_revision.content  # type: ignore[union-attr]
    order, key = [option["id"] for option in content["options"]], content["key"]
    other = next(one for one in order if one != key)
    for choice in [*[key] * right, *[other] * wrong, *[""] * unparsed, *choices]:
        tries = AskedQuestion.objects.filter(run=run, item=item).count()
        facts: dict[str, Any] = {
            "revision": item.approved_revision,
            "caption_revision": item.caption_revision,
            "clip": item.clip,
            "category": item.category,
            "people": 1,
            "order": order,
            "key_index": order.index(key),
        }
        put = AskedQuestion.objects.create(run=run, item=item, try_number=tries + 1, **{**facts, **asked})
        letter = LETTERS[order.index(choice)] if choice else ""
        Answer.objects.create(
            asked=put,
            letter=letter,
            choice=choice,
            is_right=choice == key,
            reply=letter or "I cannot say.",
            created_at=THEN,
        )


def approve_again(changes: dict[QAItem, dict[str, Any]], *, author: User, reviewer: User) -> None:
    """Hand questions of one clip that were reopened in again and approve them. changes: to their contents, if any."""
    for item, changed in changes.items():
        if changed:
            words = items.words_for(fresh(item), author)
            items.save(item=fresh(item), user=author, etag=words.etag, content={**words.content, **changed})
    clip = next(iter(changes)).clip
    submit_all(clip, author)
    answer_all(clip, reviewer)
    off_all_desks(clip)
    for item in changes:
        reviews.approve(item=fresh(item), reviewer=reviewer, seen_number=fresh(item).head_number)


def given_probe(
    clip: Clip, *, outcome: str = "flagged", tries: dict[str, str] | None = None, **evidence: tuple[int, int, int]
) -> QAItem:
    """A drafted question with what its probes came to. evidence: measure -> hits, answers and threshold.

    tries: setting -> for each try `+` right, `-` wrong, `?` not answered.
    """
    item = DraftedQAItemFactory(clip=clip)
    now, caption = database_now(), clip.caption.approved_revision
    assert item.draft is not None
    assert caption is not None
    probe = DraftProbe.objects.create(
        draft=item.draft,
        caption_revision=caption,
        outcome=outcome,
        evidence={
            name: {"hits": hits, "answers": of, "percent": round(100 * hits / of, 1), "threshold": threshold}
            for name, (hits, of, threshold) in evidence.items()
        },
        item=item,
        created_at=now,
        settled_at=now,
    )
    for setting, marks in (tries or {}).items():
        for number, mark in enumerate(marks, start=1):
            ProbeTry.objects.create(
                probe=probe,
                setting=setting,
                try_number=number,
                order=["o1", "o2", "o3", "o4"],
                key_index=0,
                letter="" if mark == "?" else "A" if mark == "+" else "B",
                is_right=mark == "+",
                answered_at=None if mark == "?" else now,
            )
    return item
