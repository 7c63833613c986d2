"""The rule about a key that the caption contradicts. It warns.

It speaks only where code can be nearly sure: of a colour, a number of times, a side and a thing that the caption gives
in one way. Everything else is for people.
"""

import re

from annotation.english.plain_text import plain
from annotation.english.seen_things import NEAR_COLOURS
from annotation.english.word_stems import words_in
from qa.categories import Category
from qa.item_checks.asked_of_caption import asked_noun, asked_person, colours_told, core_of, tale_of
from qa.item_checks.given_away import own_words
from qa.item_checks.items import Item, rule
from qa.item_checks.told import (
    Told,
    colours_in,
    counted,
    deed_counted,
    number_in,
)
from qa.item_checks.wording import names_deed


@rule("key:wrong-by-caption")
def wrong_by_caption(item: Item) -> str | None:
    """The caption makes another option right and the marked one wrong.

    It sees a colour, a number of times and a side that the caption gives in one way only.

    Good, where the caption tells of a man in a red cap who claps twice, key first: Red · Blue · Green · White
    Bad, there: What colour is the man's cap? Blue · Red · Green · White
    """
    tale = tale_of(item)
    if tale is None:
        return None
    return _colour_wrong(item, tale) or _number_wrong(item, tale) or _side_wrong(item, tale) or _thing_wrong(item, tale)


def _is_near(colour: str, others: frozenset[str]) -> bool:
    return any(colour in group and group & others for group in NEAR_COLOURS)


def _colour_wrong(item: Item, tale: Told) -> str | None:
    colours = frozenset(colours_told(item, tale) or ())
    key = colours_in(item.key_text or "")
    if not colours or not key or key & colours or any(_is_near(colour, colours) for colour in key):
        return None
    right = [option for option in item.distractors if colours_in(option) & colours]
    if len(right) != 1:
        return None
    return f"By the caption “{plain(right[0])}” is right, and the key “{plain(item.key_text or '')}” is not."


def _number_wrong(item: Item, tale: Told) -> str | None:
    deed = deed_counted(item.words) if item.category == Category.COUNT else None
    key = number_in(item.key_text or "")
    if deed is None or key is None:
        return None
    found = counted(tale, deed)
    is_of_things = not re.match(r".*\bhow (?:many times|often)\b", item.words, re.IGNORECASE)
    if len(found.numbers) != 1 or found.is_vague or found.has_more or key in found.numbers:
        return None
    # Deeds that are told twice add up. Of things another number may be meant: he carries two buckets and empties one.
    if found.mentions != 1 or (is_of_things and not names_deed(item.words)):
        return None
    right = [option for option in item.distractors if number_in(option) == found.numbers[0]]
    if not right:
        return None
    return f"By the caption it is “{plain(right[0])}”, not the key “{plain(item.key_text or '')}”."


_OPPOSITES = [
    ("left", "right"),
    ("forward", "backward"),
    ("forwards", "backwards"),
    ("clockwise", "anticlockwise"),
    ("clockwise", "counterclockwise"),
    ("up", "down"),
    ("upward", "downward"),
]


_OPPOSITE = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}


def _side_wrong(item: Item, tale: Told) -> str | None:
    """The key differs from another option by an opposite, and the sentence that fits both has only the other's."""
    key = words_in(item.key_text or "")
    for option in item.distractors:
        words = words_in(option)
        if len(words) != len(key):
            continue
        differing = [(one, other) for one, other in zip(key, words, strict=True) if one != other]
        if len(differing) != 1 or _OPPOSITE.get(differing[0][0]) != differing[0][1]:
            continue
        mine, its = differing[0]
        place = words.index(its)
        noun = words[place + 1] if place + 1 < len(words) else asked_noun(item.words)
        if noun and _only(tale, item, said=f"{its} {noun}", unsaid=f"{mine} {noun}"):
            return f"By the caption “{plain(option)}” is right, and the key “{plain(item.key_text or '')}” is not."
    return None


def _only(tale: Told, item: Item, *, said: str, unsaid: str) -> bool:
    """Whether the caption has the one and nowhere the other, in a sentence that the question's words fit."""
    texts = [" ".join(words_in(part.plain)) for part in tale.parts]
    both = re.compile(rf"\bboth (?:\w+ )?{said.split()[1]}")
    if any(re.search(rf"\b{unsaid}", text) or both.search(text) for text in texts):
        return False
    asked = core_of(item)
    return any(re.search(rf"\b{said}", text) and asked & set(row) for text, row in zip(texts, tale.rows, strict=True))


_THING_ASKED = re.compile(
    r"(?:what|which)(?: (?:kind|type|sort) of)? [\w-]+ (?:does|do|is|are) [^?]*\b(?:have|wear|wearing|hold|holding"
    r"|carry|carrying"
    r"|play|playing|ride|riding|push|pull|throw|catch|use)\b[^?]*"
    r"|what (?:does|do|is) [^?]*\b(?:wear|wearing|carry|carrying|hold|holding|play|playing)\b[^?]*",
    re.IGNORECASE,
)


def _thing_wrong(item: Item, tale: Told) -> str | None:
    """The key is a thing that the caption never names, and one other option is one that it gives this person."""
    if not _THING_ASKED.match(item.words):
        return None
    own = own_words(item)
    key = own[item.key] if item.key is not None else frozenset()
    if not key or any(tale.speaks_of(word) for word in key):
        return None
    person = asked_person(item, tale)
    right = {
        words: option
        for option, words in zip(item.options, own, strict=True)
        if words and words <= tale.all and person and any(words <= set(one.words) for one in person.people)
    }
    if len(right) != 1:
        return None
    option = next(iter(right.values()))
    return f"By the caption “{plain(option)}” is right, and the key “{plain(item.key_text or '')}” is not."
