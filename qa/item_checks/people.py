"""The rule about whom the question names. It warns."""

import re
from functools import lru_cache

from annotation.english.people_in_text import people_in
from annotation.english.people_phrases import Article
from annotation.english.plain_sentences import plain_sentences
from annotation.english.vague_references import vague_references
from qa.item_checks.described import meant_by
from qa.item_checks.items import Item, rule
from qa.item_checks.told import Told, people_named, told


@rule("person-not-unique")
def person_not_unique(item: Item) -> str | None:
    """The question names a person by an attribute that two people in the caption share.

    Good, where the caption tells of two men in red caps, one of them with a beard: the man with the beard
    Bad, there: What does the man in the red cap do?
    """
    if item.caption is None:
        return None
    tale = told(item.caption)
    if not tale.parts or tale.is_of_one:
        return None
    many = _vague(item.caption, item.words) or _shared(item, tale)
    if many is None:
        return None
    return f"“{many}” fits more than one person in the caption: add what tells this one apart."


@lru_cache(maxsize=512)
def _vague(caption: str, question: str) -> str | None:
    """What would be vague as the caption's last sentence."""
    parts = plain_sentences(f"{caption.rstrip()}\n{question}")
    last = len(parts) - 1
    for number, phrase, _ in vague_references(parts, people_in(parts)):
        before = parts[last].plain[: phrase.start]
        if number == last and not re.search(r"\b(?:whom|who|that|which|whose)\b", before):
            return parts[last].plain[phrase.start : phrase.end]
    return None


def _shared(item: Item, tale: Told) -> str | None:
    """A trait that two descriptions have."""
    words = item.words
    for phrase in people_named(words):
        if phrase.article is not Article.THE or phrase.is_plural:
            continue
        meant = meant_by(phrase, words, tale.described)
        if meant.end > phrase.end and not meant.goes_on and meant.number > 1:
            return words[phrase.start : meant.end]
    return None
