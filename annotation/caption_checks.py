"""What is doubtful in a caption by its own words: one small function for each rule. Pure functions; nothing is written.

The ids are names that people, tests and exports share. Every rule is a warning: it underlines, and blocks nothing. A
rule is a generator from a Caption to Flags; `@rule` enters it. Rules read the text without its marks and tell positions
in the text as it was written, in code points.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from annotation.caption_format import MARK, Sentence, format_mark, mark_ms
from annotation.english.people_announced import is_counted
from annotation.english.people_in_text import People, people_in
from annotation.english.people_labels import labels_in
from annotation.english.plain_sentences import PlainSentence, plain_sentences
from annotation.english.plain_text import plain
from annotation.english.speculation import guesses_in
from annotation.english.vague_references import vague_references

VERSION = "1"
"""Of the rules: a stored flag says under which it was raised."""
LOOKS = frozenset(("vague-reference", "speculation"))
MOST_OF_ONE_RULE = 40
"""Nobody reads more; a text with hundreds has one thing wrong with it."""


@dataclass(frozen=True)
class Fix:
    """Put `insert` in place of text[start:end]. label: what a button says."""

    start: int
    end: int
    insert: str
    label: str


@dataclass(frozen=True)
class Flag:
    """One rule that fired at text[start:end].

    sentence: the whole sentence there, stripped and without marks; "" where a flag is about the whole caption.
    message: what is wrong; advice: what to do; fix: how, where only one way is possible.
    """

    rule: str
    start: int
    end: int
    sentence: str
    message: str
    advice: str
    fix: Fix | None = None

    @property
    def is_look(self) -> bool:
        """Whether it is for looking at; the others are for fixing. Neither blocks."""
        return self.rule in LOOKS


@dataclass(frozen=True)
class Caption:
    """What rules look at."""

    text: str
    duration_ms: int

    @cached_property
    def parts(self) -> list[PlainSentence]:
        return plain_sentences(self.text)

    @cached_property
    def people(self) -> People:
        return people_in(self.parts)

    @cached_property
    def marks(self) -> list[re.Match[str]]:
        return list(MARK.finditer(self.text))

    def sentence_at(self, place: int) -> str:
        """The sentence that stands there or, at a mark, behind it."""
        following = bisect_right([part.sentence.end for part in self.parts], place)
        return self.parts[following].sentence.text if following < len(self.parts) else ""


RuleFunction = Callable[[Caption], Iterator[Flag]]
RULES: dict[str, RuleFunction] = {}


def rule(rule_id: str) -> Callable[[RuleFunction], RuleFunction]:
    """Enter the function as the rule of that id."""

    def enter(flags_of: RuleFunction) -> RuleFunction:
        RULES[rule_id] = flags_of
        return flags_of

    return enter


def check_caption(text: str, *, duration_ms: int) -> list[Flag]:
    """Everything that fires, in the order of the text. Never raises, whatever the text holds.

    duration_ms: of the clip. A text without a word has no flags: there is nothing to correct yet.
    """
    return flags_of(Caption(text, duration_ms))


def rules_that_fire(written: tuple[str, int]) -> list[str]:
    """The ids of the rules that fire, in their order. written: text, and duration of the clip in ms."""
    text, duration_ms = written
    fired = {flag.rule for flag in check_caption(text, duration_ms=duration_ms)}
    return [name for name in RULES if name in fired]


def flags_of(caption: Caption) -> list[Flag]:
    if not caption.parts:
        return []
    found: list[Flag] = []
    for flags in RULES.values():
        found += [flag for flag, _ in zip(flags(caption), range(MOST_OF_ONE_RULE), strict=False)]
    return sorted(found, key=lambda flag: (flag.start, flag.end))


# People


@rule("no-people-statement")
def no_people_statement(caption: Caption) -> Iterator[Flag]:
    """The caption never states how many people are in the clip; a crowd named as a crowd is a statement.

    Good: There are two people in the video. · A crowd fills the square.
    Bad: The man in the cap lifts a box.
    """
    if caption.people.statements or any(is_counted(part.plain) for part in caption.parts):
        return
    first = caption.parts[0].sentence
    yield Flag(
        "no-people-statement",
        first.start,
        first.start,
        "",
        "The caption does not say how many people are in the clip.",
        "Begin with the number: “There are two people in the video.”",
    )


@rule("people-count-mismatch")
def people_count_mismatch(caption: Caption) -> Iterator[Flag]:
    """The definite number of people announced differs from the number of people described.

    Good: There are two people in the video. The first is a tall man. The second is a girl in red.
    Bad: There are three people in the video. The first is a tall man. The second is a girl in red.
    """
    people = caption.people
    stated = people.announced
    if stated is None or stated.number is None or people.fewest <= stated.number <= people.most:
        return
    part = caption.parts[stated.sentence]
    start, end = part.place(stated.start, stated.end)
    described = str(people.fewest) if people.fewest == people.most else f"{people.fewest} or more"
    if stated.number > people.most:
        described = str(people.most)
    are = "is" if described == "1" else "are"
    yield Flag(
        "people-count-mismatch",
        start,
        end,
        part.sentence.text,
        f"{stated.number} announced, {described} {are} described.",
        "Change the number, or describe everybody once.",
        _number_fix(caption.text, start, end, people),
    )


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _number_fix(text: str, start: int, end: int, people: People) -> Fix | None:
    """The other number in its place, where both are in the plural and the text can be read in one way only."""
    written = text[start:end]
    if people.fewest != people.most or not 2 <= people.fewest < len(_WORDS):
        return None
    if written.casefold() in _WORDS[2:]:
        insert = _WORDS[people.fewest]
        insert = insert.capitalize() if written[0].isupper() else insert
    elif written.isdecimal() and int(written) > 1:
        insert = str(people.fewest)
    else:
        return None
    return Fix(start, end, insert, f"Change to “{insert}”")


@rule("vague-reference")
def vague_reference(caption: Caption) -> Iterator[Flag]:
    """ "The man" where two men have been introduced and nothing tells which is meant.

    Good: The man in the red shirt sits down. · The other man sits down.
    Bad: The man sits down.
    """
    for number, phrase, many in vague_references(caption.parts, caption.people):
        part = caption.parts[number]
        start, end = part.place(phrase.start, phrase.end)
        yield Flag(
            "vague-reference",
            start,
            end,
            part.sentence.text,
            f"“{caption.text[start:end]}” can mean any of {many} people.",
            "Add what tells this one apart: clothes, hair, or the place in the frame.",
        )


@rule("subject-label")
def subject_label(caption: Caption) -> Iterator[Flag]:
    """Somebody is called "Subject 1", "Person A", "P1" or the like.

    Good: The person in the raincoat sits down. · A shirt with the number 7.
    Bad: Person A sits down.
    """
    for part in caption.parts:
        for label in labels_in(part.plain):
            blank = len(label[0]) - len(label[0].lstrip())
            start, end = part.place(label.start() + blank, label.start() + len(label[0].rstrip()))
            yield Flag(
                "subject-label",
                start,
                end,
                part.sentence.text,
                f"“{caption.text[start:end]}” is a label, not a person whom one can see.",
                "Call people by what tells them apart: “the woman in the green T-shirt”.",
            )


# Words


@rule("speculation")
def speculation(caption: Caption) -> Iterator[Flag]:
    """A guess at thoughts, motives, relations or causes.

    Good: He appears from behind the tree. · A sign reads “Maybe”. · He shrugs.
    Bad: He is probably tired. · She seems to wait. · It must be his wife.
    """
    for part in caption.parts:
        for guess in guesses_in(part.plain):
            start, end = part.place(*guess.span())
            yield Flag(
                "speculation",
                start,
                end,
                part.sentence.text,
                f"“{caption.text[start:end]}” guesses at what cannot be seen.",
                "Say what shows it, or leave it out.",
            )


_ENDINGS = " .!?…。,;:\"')]-"


@rule("repeated-sentence")
def repeated_sentence(caption: Caption) -> Iterator[Flag]:
    """A sentence occurs twice, but for time mark and final punctuation.

    Good: He jumps. He jumps again.
    Bad: [00:01.0] He jumps. [00:02.0] He jumps!
    """
    seen: set[str] = set()
    for part in caption.parts:
        key = plain(part.sentence.text).rstrip(_ENDINGS).casefold()
        if key in seen:
            yield Flag(
                "repeated-sentence",
                part.sentence.start,
                part.sentence.end,
                part.sentence.text,
                "This sentence stands in the caption already.",
                "Remove it, or say what is different this time.",
                _without_sentence(caption, part.sentence),
            )
        seen.add(key)


def _without_sentence(caption: Caption, sentence: Sentence) -> Fix:
    """Take the sentence out, with the mark that stands directly before it and one space."""
    start, end = sentence.start, sentence.end
    before = [mark for mark in caption.marks if mark.end() <= start and not caption.text[mark.end() : start].strip()]
    if before:
        start = before[-1].start()
    if caption.text[end : end + 1] == " ":
        end += 1
    elif caption.text[:start].endswith(" "):
        start -= 1
    return Fix(start, end, "", "Remove the repetition")


# Time marks


@rule("marks-out-of-order")
def marks_out_of_order(caption: Caption) -> Iterator[Flag]:
    """A time mark lies before the one that precedes it in the text; equal marks are in order.

    Good: [00:01.0] He sits. [00:01.0] She stands.
    Bad: [00:02.0] He sits. [00:01.4] She stands.
    """
    for before, mark in zip(caption.marks, caption.marks[1:], strict=False):
        if mark_ms(mark) < mark_ms(before):
            yield Flag(
                "marks-out-of-order",
                *mark.span(),
                caption.sentence_at(mark.end()),
                f"{mark[0]} is earlier than {before[0]} before it.",
                "Correct the time, or move the sentence to its place.",
            )


@rule("mark-past-end")
def mark_past_end(caption: Caption) -> Iterator[Flag]:
    """A time mark lies past the clip's duration, rounded up to 100 ms; equal is allowed.

    Good, in a clip of 7.63 s: [00:07.7] He sits.
    Bad: [00:07.8] He sits.
    """
    last_ms = -(-caption.duration_ms // 100) * 100
    for mark in caption.marks:
        if mark_ms(mark) > last_ms:
            end = format_mark(last_ms)
            yield Flag(
                "mark-past-end",
                *mark.span(),
                caption.sentence_at(mark.end()),
                f"{mark[0]} is past the end of the clip, {end}.",
                "Set it to the moment where the sentence begins.",
                Fix(*mark.span(), end, f"Set to {end}"),
            )
