"""What the rules that hold a question against its caption ask of both. Pure functions."""

import re

from annotation.english.word_stems import meanings_in
from qa.item_checks.described import Meant, meant_by
from qa.item_checks.items import Item
from qa.item_checks.told import (
    Told,
    colour_asked,
    people_named,
    told,
)


def tale_of(item: Item) -> Told | None:
    """The caption, where there is one with words and a key to hold against it."""
    if item.caption is None or item.key_text is None or not item.distractors:
        return None
    tale = told(item.caption)
    return tale if tale.parts else None


def asked_person(item: Item, tale: Told) -> Meant | None:
    found = people_named(item.words)
    return meant_by(found[0], item.words, tale.described) if found else None


def colours_told(item: Item, tale: Told) -> tuple[str, ...] | None:
    """The colours that the caption gives the thing asked about, where it gives them in one way; else None."""
    asked = colour_asked(item.words)
    if asked is None:
        return None
    found = tale.colourings(asked.thing, asked_person(item, tale))
    told_colours = {frozenset(one.colours) for one in found}
    return found[0].colours if len(told_colours) == 1 else None


def asked_noun(question: str) -> str | None:
    found = re.match(r"(?:with |in |on |to )?which (\w+)", question, re.IGNORECASE)
    return found[1].casefold() if found else None


def core_of(item: Item) -> set[str]:
    """What the question's words mean without those that say who."""
    text = item.words
    for phrase in reversed(people_named(text)):
        text = text[: phrase.start] + " " + text[phrase.end :]
    asked = asked_noun(item.words)
    return set(meanings_in(text)) - ({*meanings_in(asked)} if asked else set()) - {"left", "right"}


LIKE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"what (?:is|are) (?P<thing>[^?]*?) (?:like|made of)\b",
        r"(?:what|which) (?:material|fabric|pattern|kind of pattern)s? (?:is|are|does|do|has|have) (?P<thing>[^?]*)",
        r"what (?:is|are) the (?:material|fabric|pattern|style|length|shape)s? of (?P<thing>[^?]*)",
    )
]
