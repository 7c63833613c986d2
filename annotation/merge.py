"""Three-way merges of captions: what two people made of the same words, sentence by sentence. Pure.

base: what both began from. theirs: what stands now. yours: what has not been saved.
A sentence is in conflict when both changed it, and not to the same; everything else merges by itself. Merging with a
side that changed nothing gives the other side byte for byte. No new sentence of either side is left out silently: it
stands in the result, or in a row that is in conflict.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal

from annotation.caption_content import NOTES, OPTIONAL, SPANS, CaptionContent
from annotation.caption_format import MARK, mark_ms, sentences

Kind = Literal["same", "theirs", "yours", "both", "conflict"]
"""Who changed it: nobody, one of the two, both to the same, both to different words."""

_ALIKE = 0.4
"""Of the words of two sentences: less in common, and one is not what became of the other."""
_MOST_COMPARISONS = 20_000


@dataclass(frozen=True)
class Choice:
    """What a person says of a conflict. own: the third text, for `take="own"`."""

    take: Literal["theirs", "yours", "own"]
    own: str = ""


@dataclass(frozen=True)
class Part:
    """Some sentences of a text. gap: the blanks before them. is_first: nothing stands before them in their own text."""

    gap: str
    text: str
    is_first: bool


@dataclass(frozen=True)
class SentenceRow:
    """What became of one sentence, or of one place where sentences were put in; None: it is not there.

    name: for forms. number: of the sentence in the base, 1 is the first; of the next one, where something was put in.
    """

    name: str
    number: int
    base: Part | None
    theirs: Part | None
    yours: Part | None

    @property
    def kind(self) -> Kind:
        return kind_of(_text(self.base), _text(self.theirs), _text(self.yours))

    @property
    def start_ms(self) -> int | None:
        """Of the first time mark that any side has there."""
        marks = (MARK.match(part.text) for part in (self.base, self.theirs, self.yours) if part)
        return next((mark_ms(mark) for mark in marks if mark), None)

    def taken(self, choice: Choice | None) -> Part | None:
        """What the result has there. Raises ValueError for a conflict without a choice."""
        kind = self.kind
        if kind == "conflict":
            return self._chosen(choice)
        if kind in ("same", "both"):  # the blanks in front may differ
            return self.theirs if self.yours == self.base else self.yours
        return self.theirs if kind == "theirs" else self.yours

    def _chosen(self, choice: Choice | None) -> Part | None:
        if choice is None:
            raise ValueError(f"nobody chose for {self.name}")
        if choice.take == "own":
            place = self.theirs or self.yours
            return Part(place.gap, choice.own.strip(), place.is_first) if place and choice.own.strip() else None
        return self.theirs if choice.take == "theirs" else self.yours


@dataclass(frozen=True)
class PersonRow:
    """What became of one entry of the registry; None: it is not there."""

    key: str
    base: dict[str, Any] | None
    theirs: dict[str, Any] | None
    yours: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"p{self.key}"

    @property
    def kind(self) -> Kind:
        """By the description; who only pointed at somebody is in nobody's way."""
        if self.theirs and self.yours:
            before = self.base["description"] if self.base else None
            said = kind_of(before, self.theirs["description"], self.yours["description"])
            return said if said != "same" else _without_conflict(kind_of(self.base, self.theirs, self.yours))
        return kind_of(self.base, self.theirs, self.yours)

    def taken(self, choice: Choice | None) -> dict[str, Any] | None:
        """Raises ValueError for a conflict without a choice."""
        kind = self.kind
        if kind == "conflict":
            return self._chosen(choice)
        person = self.theirs if kind == "theirs" else self.yours
        if person is None or not (self.theirs and self.yours):
            return person
        at = [one.get("at") if one else None for one in (self.base, self.theirs, self.yours)]
        pointed = at[1] if at[2] == at[0] else at[2]
        return {"key": self.key, "description": person["description"]} | ({"at": pointed} if pointed else {})

    def _chosen(self, choice: Choice | None) -> dict[str, Any] | None:
        if choice is None:
            raise ValueError(f"nobody chose for {self.name}")
        if choice.take == "own":
            return {**(self.yours or self.theirs or {}), "key": self.key, "description": choice.own.strip()}
        return self.theirs if choice.take == "theirs" else self.yours


@dataclass(frozen=True)
class Merge:
    """tail: the blanks after the last sentence. notes: critiques, dismissed and watched, united."""

    sentences: list[SentenceRow]
    people: list[PersonRow]
    tail: str
    notes: dict[str, list[Any]]

    @property
    def rows(self) -> list[SentenceRow | PersonRow]:
        return [*self.people, *self.sentences]

    @property
    def conflicts(self) -> list[SentenceRow | PersonRow]:
        return [row for row in self.rows if row.kind == "conflict"]

    def result(self, choices: Mapping[str, Choice] | None = None) -> CaptionContent:
        """choices: by the names of rows in conflict. Raises ValueError when one is missing."""
        chosen = choices or {}
        text = _joined([row.taken(chosen.get(row.name)) for row in self.sentences]) + self.tail
        people = [person for row in self.people if (person := row.taken(chosen.get(row.name)))]
        return CaptionContent(text, people, **self.notes)


def merge(base: CaptionContent, theirs: CaptionContent, yours: CaptionContent) -> Merge:
    olds, ones, others = (_parts(content.text) for content in (base, theirs, yours))
    tails = [content.text[len(content.text.rstrip()) :] for content in (base, theirs, yours)]
    return Merge(
        sentences=_sentence_rows(olds, ones, others),
        people=_person_rows(base.people, theirs.people, yours.people),
        tail=tails[1] if tails[2] == tails[0] else tails[2],
        notes={name: _united(name, *(getattr(one, name) for one in (base, theirs, yours))) for name in OPTIONAL},
    )


def kind_of(base: object, theirs: object, yours: object) -> Kind:
    """Who changed a value."""
    if theirs == yours:
        return "same" if theirs == base else "both"
    if yours == base:
        return "theirs"
    return "yours" if theirs == base else "conflict"


def _without_conflict(kind: Kind) -> Kind:
    return "both" if kind == "conflict" else kind


def _text(part: Part | None) -> str | None:
    return part.text if part else None


def _joined(parts: list[Part | None]) -> str:
    text = ""
    for part in parts:
        if part is None:
            continue
        if text:
            text += part.gap or (" " if part.is_first else "")
        elif part.is_first:
            text += part.gap
        text += part.text
    return text


def _parts(text: str) -> list[Part]:
    """One for each sentence, its time mark in front, and one for what follows the last; blanks at the end are left."""
    ends = [sentence.end for sentence in sentences(text)]
    if text[ends[-1] if ends else 0 :].strip():
        ends.append(len(text.rstrip()))
    parts = []
    for start, end in pairwise([0, *ends]):
        piece = text[start:end]
        words = piece.lstrip()
        parts.append(Part(piece[: len(piece) - len(words)], words, is_first=start == 0))
    return parts


def _sentence_rows(olds: list[Part], ones: list[Part], others: list[Part]) -> list[SentenceRow]:
    """In the order of the base; what was put in stands before the sentence that it was put in front of."""
    theirs, yours = _Side(olds, ones), _Side(olds, others)
    rows: list[SentenceRow] = []

    def add(number: int, base: Part | None, one: Part | None, other: Part | None) -> None:
        if base or one or other:
            rows.append(SentenceRow(f"s{len(rows) + 1}", number, base, one, other))

    for place in range(len(olds) + 1):
        for one, other in _beside(theirs.put_in(place), yours.put_in(place)):
            add(place + 1, None, one, other)
        if place < len(olds):
            add(place + 1, olds[place], theirs.became(place), yours.became(place))
    return rows


def _beside(ones: list[Part], others: list[Part]) -> list[tuple[Part | None, Part | None]]:
    """What both put in at one place: what is alike stands side by side, and so does all between two such sentences."""
    pairs = _pairs([part.text for part in ones], [part.text for part in others], strictly=True)
    rows: list[tuple[Part | None, Part | None]] = []
    for (a, c), (b, d) in pairwise([(-1, -1), *pairs, (len(ones), len(others))]):
        rows.append((_together(ones[a + 1 : b]), _together(others[c + 1 : d])))
        if b < len(ones):
            rows.append((ones[b], others[d]))
    return rows


def _together(parts: list[Part]) -> Part | None:
    if not parts:
        return None
    text = parts[0].text + "".join(part.gap + part.text for part in parts[1:])
    return Part(parts[0].gap, text, parts[0].is_first)


class _Side:
    """Where the sentences of the base went in one side's text."""

    def __init__(self, olds: list[Part], news: list[Part]) -> None:
        self._news = news
        self._pairs = dict(_pairs([part.text for part in olds], [part.text for part in news]))

    def became(self, place: int) -> Part | None:
        return self._news[self._pairs[place]] if place in self._pairs else None

    def put_in(self, place: int) -> list[Part]:
        """What stands between the last kept sentence before `place` and the next kept one, told of the former's end."""
        before = [new for old, new in self._pairs.items() if old < place]
        after = [new for old, new in self._pairs.items() if old >= place]
        if place and place - 1 not in self._pairs:
            return []  # it was told of where the gap began
        start = max(before) + 1 if before else 0
        return self._news[start : min(after) if after else len(self._news)]


def _pairs(olds: list[str], news: list[str], *, strictly: bool = False) -> list[tuple[int, int]]:
    """Which sentence became which, in order: first those that are the same, between them those that are alike.

    strictly: not those that only stand at the same place.
    """
    found: list[tuple[int, int]] = []
    for tag, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(range(a, b), range(c, d), strict=True)
        elif tag == "replace":
            pairs = _alike(olds[a:b], news[c:d])
            pairs = pairs if strictly else _between_pairs(pairs, b - a, d - c)
            found += [(a + old, c + new) for old, new in pairs]
    return found


def _alike(olds: list[str], news: list[str]) -> list[tuple[int, int]]:
    """The pairs with the most in common."""
    if len(olds) * len(news) > _MOST_COMPARISONS:
        return []
    bags = [[Counter(text.lower().split()) for text in texts] for texts in (olds, news)]
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for old in reversed(range(len(olds))):
        for new in reversed(range(len(news))):
            with_pair = best[old + 1][new + 1] + _in_common(bags[0][old], bags[1][new])
            best[old][new] = max(best[old + 1][new], best[old][new + 1], with_pair)
    pairs: list[tuple[int, int]] = []
    old = new = 0
    while old < len(olds) and new < len(news):
        if best[old][new] == best[old + 1][new]:
            old += 1
        elif best[old][new] == best[old][new + 1]:
            new += 1
        else:
            pairs.append((old, new))
            old, new = old + 1, new + 1
    return pairs


def _in_common(one: Counter[str], other: Counter[str]) -> float:
    share = 2 * (one & other).total() / (one.total() + other.total() or 1)
    return share if share >= _ALIKE else 0


def _between_pairs(pairs: list[tuple[int, int]], olds: int, news: int) -> list[tuple[int, int]]:
    """Between two pairs as many old sentences as new ones are taken for each other."""
    found = list(pairs)
    for (a, c), (b, d) in pairwise([(-1, -1), *pairs, (olds, news)]):
        if b - a == d - c:
            found += zip(range(a + 1, b), range(c + 1, d), strict=True)
    return sorted(found)


def _person_rows(
    base: list[dict[str, Any]], theirs: list[dict[str, Any]], yours: list[dict[str, Any]]
) -> list[PersonRow]:
    olds, ones, others = ({person["key"]: person for person in people} for people in (base, theirs, yours))
    only_fewer = list(others) == [key for key in olds if key in others]
    order = [others, ones, olds] if list(ones) == list(olds) and not only_fewer else [ones, others, olds]
    keys = list(dict.fromkeys(key for people in order for key in people))
    return [PersonRow(key, olds.get(key), ones.get(key), others.get(key)) for key in keys]


def _united(name: str, base: list[Any], theirs: list[Any], yours: list[Any]) -> list[Any]:
    """What either noted, without what either took back; of what was watched, all that either watched."""
    if theirs == base:
        return yours
    if yours == base:
        return theirs
    if name == "watched":
        return _spans([*theirs, *yours])[:SPANS]
    both = [*theirs, *(note for note in yours if note not in theirs)]
    return [note for note in both if note not in base or (note in theirs and note in yours)][:NOTES]


def _spans(spans: list[list[int]]) -> list[list[int]]:
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return joined
