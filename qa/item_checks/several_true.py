"""The rule about several options that are right. It warns."""

import re

from annotation.english.number_words import names_definite_number, with_digits
from annotation.english.plain_text import plain, unquoted
from annotation.english.word_stems import meanings_in
from qa.categories import Category
from qa.item_checks.asked_of_caption import LIKE, asked_person, colours_told, core_of, tale_of
from qa.item_checks.given_away import own_words
from qa.item_checks.items import Item, letter_of, rule
from qa.item_checks.told import (
    Told,
    colour_asked,
    colours_in,
    number_in,
    thing_in,
)
from qa.option_talk import speaks_of_options


@rule("more-than-one-true")
def more_than_one_true(item: Item) -> str | None:
    """By the caption at least two options that differ in meaning are right.

    It sees two colours of one thing, and two options that one sentence joins by "and".

    Good, where the caption tells of a red and white jersey: Red and white · Blue · Green · Black
    Bad, there: Red · White · Blue · Green
    """
    if reason := _several_by_words(item) or _number_in_range(item):
        return reason
    tale = tale_of(item)
    if tale is None:
        return None
    return _colour_doubled(item, tale) or _values_doubled(item, tale) or _joined(item, tale)


_SEVERAL = re.compile(
    r"(?:both|all|each|any)(?: of)?(?: the| these| those| them)?(?: \w+)?(?: above| below| listed| mentioned)\W*"
    r"|all of (?:these|those|them|the others)\W*"
    r"|both (?:of (?:these|those|them)|[a-d1-4] and [a-d1-4])\W*|[a-d] (?:and|&) [a-d]\W*",
    re.IGNORECASE,
)


def _several_by_words(item: Item) -> str | None:
    """A key that says that other options are right: "All of the above"."""
    key = unquoted(plain(item.key_text or ""))
    if not _SEVERAL.fullmatch(key) or not speaks_of_options(key, question=item.words):
        return None
    return f"The key “{key}” makes other options right as well."


_RANGES = [
    (re.compile(r"\b(?:several|a few)\b"), lambda number, _: 3 <= number <= 6),
    (re.compile(r"\b(?:more than|over) (\d+)"), lambda number, said: number > said[0]),
    (re.compile(r"\bat least (\d+)|\b(\d+) or more|\b(\d+)\+"), lambda number, said: number >= said[0]),
    (re.compile(r"\b(?:(?:never|not?) more than|at most|up to) (\d+)"), lambda number, said: number <= said[0]),
    (re.compile(r"\b(?:fewer|less) than (\d+)"), lambda number, said: number < said[0]),
    (
        re.compile(r"\b(\d+)(?: times?)? (?:or|to) (\d+)|\b(\d+) ?- ?(\d+)"),
        lambda number, said: min(said) <= number <= max(said),
    ),
    (re.compile(r"\bbetween (\d+)(?: times?)? and (\d+)"), lambda number, said: min(said) <= number <= max(said)),
]


def _number_in_range(item: Item) -> str | None:
    """A key that is a number, and another option that holds for it: "A few times", "More than two"."""
    key = item.key_text or ""
    number = number_in(key)
    if item.category != Category.COUNT or number is None or not names_definite_number(plain(key).casefold()):
        return None
    for option in item.distractors:
        text = with_digits(plain(option).casefold())
        for pattern, holds in reversed(_RANGES):
            found = pattern.search(text)
            if found:
                if holds(number, [int(one) for one in found.groups() if one and len(one) < 5]):
                    return f"“{plain(option)}” holds for the key “{plain(key)}” as well."
                break
    return None


def _colour_doubled(item: Item, tale: Told) -> str | None:
    colours = colours_told(item, tale) or ()
    if len(colours) < 2:
        return None
    single = [
        place
        for place, option in enumerate(item.options)
        if len(colours_in(option)) == 1 and colours_in(option) <= set(colours)
    ]
    if len(single) < 2 or item.key not in single:
        return None
    letters = " and ".join(letter_of(place) for place in single)
    return f"By the caption the options {letters} are right: it tells of {' and '.join(colours)}."


def _values_doubled(item: Item, tale: Told) -> str | None:
    """Two options that the caption both puts before the thing asked about: "his green tie", "the singed tie"."""
    found = LIKE[0].match(item.words)
    thing = thing_in(found["thing"]) if found else None
    if thing is None or item.key is None:
        return None
    person = asked_person(item, tale)
    true = []
    for place, option in enumerate(item.options):
        words = meanings_in(option)
        if len(words) == 1 and tale.calls(thing, words[0], person):
            true.append(place)
    if len(true) < 2 or item.key not in true:
        return None
    letters = " and ".join(letter_of(place) for place in true)
    return f"By the caption the options {letters} are right."


def _joined(item: Item, tale: Told) -> str | None:
    """Key and another option stand side by side in the sentence that the question's words fit."""
    if item.category in (Category.ACTION_SEQUENCE, Category.COUNT) or item.key is None or colour_asked(item.words):
        return None
    own = own_words(item)
    core = core_of(item)
    for place, words in enumerate(own):
        if place == item.key or not words or not own[item.key] or words & own[item.key]:
            continue
        for part, row in zip(tale.parts, tale.rows, strict=True):
            fits = (
                own[item.key] <= set(row)
                and words <= set(row)
                and (not core or len(core & set(row)) * 3 >= len(core) * 2)
            )
            if fits and _stand_joined(part.plain, own[item.key], words):
                letters = " and ".join(sorted((letter_of(place), letter_of(item.key))))
                return f"By the caption the options {letters} are both right."
    return None


def _stand_joined(text: str, one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether "and" or "while" joins the two, and nothing says that one comes after the other."""
    for link in re.finditer(r",? (?:and|while|as well as)(?: (?:also|a|an|the|his|her|he|she))* ", text):
        before, after = set(meanings_in(text[: link.start()])), set(meanings_in(text[link.end() :]))
        if (one <= before and other <= after and not one & after) or (
            other <= before and one <= after and not one & before
        ):
            return not re.search(r"\b(?:then|before|after|next|first|second|third|other)\b", text)
    return False
