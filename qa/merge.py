"""Three-way merges of questions: what two people made of the same words, field by field. Pure.

base: what both began from. theirs: what stands now. yours: what has not been saved.
A field is in conflict when both changed it, and not to the same; everything else merges by itself. The fields are the
question, each option's text by its id, the order of the options, the key, the evidence and the marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.merge import Choice, Kind, kind_of
from qa.content import marks_of, option_ids

QUESTION, ORDER, KEY, EVIDENCE, MARKS = "question", "order", "key", "evidence", "marks"
_OPTION = "option-"


@dataclass(frozen=True)
class FieldRow:
    """What became of one field. name: for forms."""

    name: str
    base: Any
    theirs: Any
    yours: Any

    @property
    def kind(self) -> Kind:
        return kind_of(self.base, self.theirs, self.yours)

    @property
    def is_text(self) -> bool:
        """A third text can be written for it."""
        return self.name == QUESTION or self.name.startswith(_OPTION)

    @property
    def option_id(self) -> str:
        """Of an option's row, else ""."""
        return self.name.removeprefix(_OPTION) if self.name.startswith(_OPTION) else ""

    def taken(self, choice: Choice | None) -> Any:
        """What the result has there. Raises ValueError for a conflict without a choice."""
        if self.kind != "conflict":
            return self.yours if self.kind == "yours" else self.theirs
        if choice is None or (choice.take == "own" and not self.is_text):
            raise ValueError(f"nobody chose for {self.name}")
        if choice.take == "own":
            return choice.own.strip()
        return self.theirs if choice.take == "theirs" else self.yours


@dataclass(frozen=True)
class ContentMerge:
    rows: list[FieldRow]

    @property
    def conflicts(self) -> list[FieldRow]:
        return [row for row in self.rows if row.kind == "conflict"]

    def result(self, choices: Mapping[str, Choice]) -> dict[str, Any]:
        """choices: by the names of rows in conflict. Raises ValueError when one is missing."""
        taken = {row.name: row.taken(choices.get(row.name)) for row in self.rows}
        options = [{"id": option_id, "text": taken[f"{_OPTION}{option_id}"]} for option_id in taken[ORDER]]
        content = {QUESTION: taken[QUESTION], "options": options, KEY: taken[KEY], EVIDENCE: taken[EVIDENCE]}
        return content | ({MARKS: taken[MARKS]} if taken[MARKS] else {})


def merge_contents(base: dict[str, Any], theirs: dict[str, Any], yours: dict[str, Any]) -> ContentMerge:
    """All three have the same four options, by their ids."""
    fields = [_fields(content) for content in (base, theirs, yours)]
    return ContentMerge([FieldRow(name, *(one[name] for one in fields)) for name in fields[1]])


def _fields(content: dict[str, Any]) -> dict[str, Any]:
    texts = {f"{_OPTION}{option['id']}": option["text"] for option in content["options"]}
    return {
        QUESTION: content["question"],
        **dict(sorted(texts.items())),
        ORDER: option_ids(content),
        KEY: content["key"],
        EVIDENCE: content["evidence"],
        MARKS: marks_of(content),
    }
