"""What changed between two releases, as people and programs are shown it: by clip, a page at a time, and counted.

Words of held-out clips are shown to who freezes releases only: a list of them all, with keys, is what must not leave
the house. Words of clips whose questions a person has still to answer blind are not sent to that person at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from annotation.access import has_right, role_in
from annotation.errors import BadInput
from annotation.models import User
from annotation.word_diff import Piece, word_diff
from qa.categories import Category
from qa.models import Release, ReleaseTally
from qa.releases.changelog import Tally, tally_between
from qa.releases.changes import ClipChange, QuestionChange, changes_between, numbers_of
from qa.services.release_words import kept_from

CAPTIONS = "captions"
PARTS = {CAPTIONS: "Captions", **{one.value: one.label for one in Category}}
"""What a list of changes may be narrowed to."""


@dataclass(frozen=True)
class Words:
    """One text before and after. label: what it is, for people; pieces: how one became the other."""

    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class ShownQuestion:
    """what: added | changed | retired. words: none where they are kept from the reader."""

    id: str
    category: str
    label: str
    what: str
    words: list[Words]


@dataclass(frozen=True)
class ShownChange:
    """One clip. what: added | changed | retired | erased; kept: why no words are shown: "" | held_out | blind |
    withdrawn."""

    clip_id: str
    what: str
    is_held_out: bool
    kept: str
    caption: list[Words]
    has_another_caption: bool
    questions: list[ShownQuestion] = field(default_factory=list)


def earlier_releases(release: Release) -> list[Release]:
    """Those that it can be compared with: of its kind, the latest first. 1 query."""
    known = Release.objects.filter(project=release.project_id, kind=release.kind).select_related("project")
    before = [one for one in known if numbers_of(one.version) < numbers_of(release.version)]
    return sorted(before, key=lambda one: numbers_of(one.version), reverse=True)


def earlier_release(release: Release, version: str | None) -> Release | None:
    """The one of that version, or the latest earlier one; None if it is the first. Raises BadInput."""
    known = earlier_releases(release)
    if version is None:
        return known[0] if known else None
    found = next((one for one in known if one.version == version), None)
    if found is None:
        there = ", ".join(one.version for one in known) or "none"
        raise BadInput({"against": f"must be an earlier release of its kind; there are: {there}"})
    return found


def checked_part(part: str) -> str:
    """Raises BadInput. "" is everything."""
    if part and part not in PARTS:
        raise BadInput({"part": f"must be one of {', '.join(PARTS)}"})
    return part


def changes_page(
    earlier: Release, later: Release, *, user: User, after: str = "", part: str = "", size: int
) -> tuple[list[ShownChange], str]:
    """At most `size` clips behind `after`, and what to ask for next ("" at the end).

    part: of PARTS; only that is listed then.
    """
    found = (one for one in changes_between(earlier, later, after=after) if _has(one, part))
    page = list(islice(found, size + 1))
    following = page[size - 1].clip_id if len(page) > size else ""
    page = page[:size]
    kept_back = kept_from(user, release=later, clip_ids=[one.clip_id for one in page])
    sees_held_out = has_right(role_in(later.project, user), "release")
    shown = []
    for one in page:
        kept = kept_back.get(one.clip_id, "held_out" if one.is_held_out and not sees_held_out else "")
        shown.append(_shown(one, part, kept))
    return shown, following


def _has(change: ClipChange, part: str) -> bool:
    if not part:
        return True
    if part == CAPTIONS:
        return change.is_erased or change.before != change.after
    return any(question.category == part for question in change.questions)


def _shown(change: ClipChange, part: str, kept: str) -> ShownChange:
    what = _what(change.before, change.after)
    has_caption = part in ("", CAPTIONS) and change.before != change.after
    caption = [_words("Caption", change.before, change.after)] if has_caption and not kept else []
    questions = [one for one in change.questions if part in ("", one.category)]
    return ShownChange(
        clip_id=change.clip_id,
        what="erased" if change.is_erased else what,
        is_held_out=change.is_held_out,
        kept="" if change.is_erased else kept,
        caption=caption,
        has_another_caption=change.has_another_caption,
        questions=[_shown_question(one, is_kept=bool(kept)) for one in questions],
    )


def _what(before: object, after: object) -> str:
    return "added" if before is None else "retired" if after is None else "changed"


def _shown_question(change: QuestionChange, *, is_kept: bool) -> ShownQuestion:
    words = [] if is_kept else list(_question_words(change.before, change.after))
    what = _what(change.before, change.after)
    return ShownQuestion(change.id, change.category, Category(change.category).label, what, words)


def _question_words(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[Words]:
    """Options by the alphabet: another order of the same is no change."""
    was, now = _texts(before), _texts(after)
    for label, old, new in zip(("Question", "Options", "Key"), was, now, strict=True):
        yield _words(label, old, new)


def _texts(question: dict[str, Any] | None) -> tuple[str, str, str]:
    if question is None:
        return "", "", ""
    return question["question"], " / ".join(sorted(question["options"])), question["answer_text"]


def _words(label: str, before: str | None, after: str | None) -> Words:
    return Words(label, word_diff(before or "", after or ""))


def tally_of(earlier: Release, later: Release) -> Tally:
    """Counted by the first who asks, which may take seconds for two large releases; kept then."""
    kept = ReleaseTally.objects.filter(earlier=earlier, later=later).first()
    if kept is not None:
        return Tally.from_json(kept.counts)
    tally = tally_between(earlier, later)
    ReleaseTally.objects.bulk_create(
        [ReleaseTally(earlier=earlier, later=later, counts=tally.as_json())], ignore_conflicts=True
    )
    return tally


def kept_tallies(releases: list[Release]) -> dict[int, tuple[str, Tally]]:
    """Of each release that was counted against the one before it: that one's version, and how much changed. 1 query."""
    before = {later.pk: earlier for later, earlier in _with_earlier(releases)}
    kept = ReleaseTally.objects.filter(later__in=before)
    counts = {(one.later_id, one.earlier_id): one.counts for one in kept}
    return {
        pk: (earlier.version, Tally.from_json(counts[pk, earlier.pk]))
        for pk, earlier in before.items()
        if (pk, earlier.pk) in counts
    }


def _with_earlier(releases: list[Release]) -> Iterator[tuple[Release, Release]]:
    """releases: all of a project."""
    latest: dict[str, Release] = {}
    for release in sorted(releases, key=lambda one: numbers_of(one.version)):
        if release.kind in latest:
            yield release, latest[release.kind]
        latest[release.kind] = release


def summary_lines(tally: Tally) -> list[tuple[str, str]]:
    """What happened and to how much, in words; nothing where nothing did."""
    lines = [
        ("Added", _counted(clip=tally.clips_added, question=tally.questions_added.total())),
        ("Changed", _counted(caption=tally.captions_changed, question=tally.questions_changed.total())),
        ("Retired", _counted(clip=tally.clips_retired, question=tally.questions_retired.total())),
        ("Erased", _counted(clip=tally.clips_erased)),
    ]
    return [(what, words) for what, words in lines if words]


def _counted(**numbers: int) -> str:
    return ", ".join(f"{number:,} {noun}{'' if number == 1 else 's'}" for noun, number in numbers.items() if number)
