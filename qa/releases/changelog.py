"""CHANGELOG.md of an export: what each release changed against the one before, newest first."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.word_diff import word_diff
from qa.categories import Category
from qa.models import Release
from qa.releases.changes import ClipChange, QuestionChange, changes_between, release_before

_MARKUP = re.compile(r"([\\`*_~\[\]<>#|])")


@dataclass
class Tally:
    """How much changed: clips and captions, and questions by category."""

    clips_added: int = 0
    clips_retired: int = 0
    captions_changed: int = 0
    clips_erased: int = 0
    questions_added: Counter[str] = field(default_factory=Counter)
    questions_changed: Counter[str] = field(default_factory=Counter)
    questions_retired: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_json(cls, counts: dict[str, Any]) -> "Tally":
        """From `as_json` of one that was stored."""
        given: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in counts.items()
        }
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}

    def add(self, change: ClipChange) -> None:
        self.clips_erased += change.is_erased
        self.clips_added += change.is_added
        self.clips_retired += change.is_retired
        self.captions_changed += change.has_another_caption
        for question in change.questions:
            self._counter(question)[question.category] += 1

    def _counter(self, question: QuestionChange) -> Counter[str]:
        if question.before is None:
            return self.questions_added
        return self.questions_retired if question.after is None else self.questions_changed


def tally_between(earlier: Release, later: Release) -> Tally:
    tally = Tally()
    for change in changes_between(earlier, later):
        tally.add(change)
    return tally


def changelog_lines(release: Release) -> Iterator[str]:
    """Markdown, in lines without their ends. Words of held-out clips are in none."""
    yield f"# Changelog of {plain(release.project.name)}"
    current: Release | None = release
    while current is not None:
        earlier = release_before(current)
        yield ""
        yield f"## {current.version} – {current.frozen_at:%Y-%m-%d}"
        yield from _notes(current)
        if earlier is None:
            yield ""
            yield f"First release: {current.counts['clips']} clips, {current.counts['questions']} questions."
        else:
            yield from _against(earlier, current)
        current = earlier


def _notes(release: Release) -> Iterator[str]:
    if release.notes.strip():
        yield ""
        yield from (plain(line) for line in release.notes.strip().splitlines())


def _against(earlier: Release, later: Release) -> Iterator[str]:
    tally = tally_between(earlier, later)
    yield ""
    yield (
        f"Against {earlier.version}: clips {tally.clips_added} added, {tally.clips_retired} retired; "
        f"captions {tally.captions_changed} changed."
    )
    yield ""
    yield "| Questions | added | changed | retired |"
    yield "|---|---:|---:|---:|"
    for category in Category:
        added, changed, retired = (
            counter[category.value]
            for counter in (tally.questions_added, tally.questions_changed, tally.questions_retired)
        )
        yield f"| {category.label} | {added} | {changed} | {retired} |"
    first = True
    for change in changes_between(earlier, later):
        if first:
            yield ""
        first = False
        yield from clip_lines(change)


def clip_lines(change: ClipChange) -> Iterator[str]:
    """One clip's entry: its caption's words that went and came, and its questions."""
    if change.is_erased:
        yield f"- `{change.clip_id}`: withdrawn, its words are erased"
        return
    said = "added" if change.is_added else "retired" if change.is_retired else "changed"
    yield f"- `{change.clip_id}`: {said}{' (held out)' if change.is_held_out else ''}"
    if change.before is not None and change.after is not None and change.has_another_caption:
        yield f"  - caption{'' if change.is_held_out else ': ' + marked_difference(change.before, change.after)}"
    for question in change.questions:
        yield f"  - {_question_line(question, is_sealed=change.is_held_out)}"


def _question_line(question: QuestionChange, *, is_sealed: bool) -> str:
    before, after = question.before, question.after
    if before is None or after is None:
        return f"`{question.id}` {'added' if before is None else 'retired'}"
    if is_sealed:
        return f"`{question.id}` changed"
    was, now = (
        " / ".join([one["question"], *sorted(one["options"]), f"→ {one['answer_text']}"]) for one in (before, after)
    )
    return f"`{question.id}` changed: {marked_difference(was, now)}"


def marked_difference(before: str, after: str) -> str:
    """~~What went~~ and **what came**, in Markdown, on one line."""
    signs = {"same": "", "del": "~~", "ins": "**"}
    parts = []
    for piece in word_diff(before, after):
        words, sign = plain(piece.text), signs[piece.op]
        inner = words.strip()
        parts.append(words.replace(inner, f"{sign}{inner}{sign}", 1) if inner else words)
    return "".join(parts)


def plain(text: str) -> str:
    """The text on one line, with nothing that Markdown reads."""
    return _MARKUP.sub(r"\\\1", re.sub(r"\s*[\r\n]+\s*", " ", text))
