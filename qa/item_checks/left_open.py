"""The rule about what the caption leaves open. It warns."""

import re

from annotation.english.number_words import with_digits
from annotation.english.seen_things import is_worn, kinds_of, may_mean
from annotation.english.word_stems import meaning, words_in
from qa.categories import Category
from qa.item_checks.asked_of_caption import LIKE, asked_person, core_of, tale_of
from qa.item_checks.given_away import is_known, own_words
from qa.item_checks.items import Item, rule
from qa.item_checks.told import (
    Told,
    colour_asked,
    colours_in,
    counted,
    deed_counted,
    number_in,
    starts_of,
    thing_in,
)


@rule("not-supported-by-caption")
def not_supported_by_caption(item: Item) -> str | None:
    """The caption says nothing from which the answer could be told.

    It sees things and deeds that the caption never mentions, by whatever name, and deeds done "several times".

    Good, where the caption tells of a man in a red cap who claps twice: What colour is the man's cap?
    Bad, there: What colour are the man's shoes? · How many times does the man nod?
    """
    tale = tale_of(item)
    if tale is None:
        return None
    for left_open in (
        _colour_left_open,
        _number_left_open,
        _thing_left_open,
        _age_left_open,
        _side_left_open,
        _unmentioned,
    ):
        if reason := left_open(item, tale):
            return reason
    return None


def _colour_left_open(item: Item, tale: Told) -> str | None:
    asked = colour_asked(item.words)
    key = colours_in(item.key_text or "")
    if asked is None or not key or is_known(item):
        return None
    if not tale.speaks_of(asked.thing):
        if key & tale.all and not is_worn(asked.thing):
            return None  # it may go by another name
        return "The caption does not mention the thing whose colour is asked for."
    person = asked_person(item, tale)
    places = [
        tale.owners(number, start)
        for number, part in enumerate(tale.parts)
        for start in starts_of(part.plain, may_mean(asked.thing))
    ]
    is_one = person and person.is_told and person.number == 1 and len(tale.described) > 1
    if person and is_one and all(owners and not set(owners) & set(person.people) for owners in places):
        return "The caption does not mention that thing of this person."
    if key & tale.all or any(tale.colourings(thing, None) for thing in may_mean(asked.thing)):
        return None
    return "The caption does not say which colour that is."


def _number_left_open(item: Item, tale: Told) -> str | None:
    deed = deed_counted(item.words) if item.category == Category.COUNT else None
    if deed is None:
        return None
    found = counted(tale, deed)
    if found.mentions and not found.numbers and found.is_vague:
        return "The caption does not say how often that is done."
    return None


def _thing_left_open(item: Item, tale: Told) -> str | None:
    """ "What are his slippers like?" where there are none, or nothing that stands before them is an option."""
    found = next((one for pattern in LIKE if (one := pattern.match(item.words))), None)
    thing = thing_in(found["thing"]) if found else None
    if thing is None or not is_worn(thing):
        return None
    if not tale.speaks_of(thing):
        return "The caption does not mention the thing that is asked about."
    own = own_words(item)
    if any(word in tale.all or tale.speaks_of(word) for words in own for word in words if word != thing):
        return None
    return "The caption says nothing of what that thing is like."


def _age_left_open(item: Item, tale: Told) -> str | None:
    """ "How old is the boy?" with years that the caption does not say."""
    if not re.match(r"how old\b|what age\b", item.words, re.IGNORECASE):
        return None
    key = set(re.findall(r"\d+", with_digits((item.key_text or "").casefold())))
    said = set(re.findall(r"\d+", with_digits(item.caption.casefold()))) if item.caption else set()
    return "The caption does not say how old that is." if key and not key & said else None


def _side_left_open(item: Item, tale: Told) -> str | None:
    """The options are sides, and no sentence that fits the question names one."""
    sides = [set(words_in(option)) & {"left", "right"} for option in item.options]
    if sum(map(bool, sides)) < 2 or not set(words_in(item.key_text or "")) & {"left", "right"}:
        return None
    asked = re.search(
        r"\bwhich (?P<thing>side|way|direction|hand|foot|arm|leg|thumb|knee|elbow|shoulder|eye|ear|cheek)\b",
        item.words,
        re.IGNORECASE,
    )
    if asked is None:
        return None
    core = core_of(item) - {meaning(asked["thing"].casefold()), "toward"}
    texts = [set(words_in(part.plain)) for part in tale.parts]
    if not any({"left", "right"} & words for words in texts):
        return "The caption names no side."
    fitting = [words for words, row in zip(texts, tale.rows, strict=True) if core <= set(row)]
    if fitting and core and not any({"left", "right", "both"} & words for words in fitting):
        return "The caption does not say on which side."
    return None


def _unmentioned(item: Item, tale: Told) -> str | None:
    """Neither what the question is about nor what any option says occurs anywhere."""
    if colour_asked(item.words):
        return None
    core = {word for word in core_of(item) if not kinds_of(word) and not word.isdigit()}
    missing = {word for word in core if not tale.speaks_of(word)}
    deed = deed_counted(item.words) if item.category == Category.COUNT else None
    if item.category == Category.COUNT:
        return _uncounted(item, tale, deed)
    if not missing or 2 * len(missing) < len(core):
        return None
    if any(_is_hinted_at(word, tale) for words in own_words(item) for word in words):
        return None
    return "The caption mentions neither what is asked about nor any of the options."


def _is_hinted_at(word: str, tale: Told) -> bool:
    """Whether the caption has the word or a part of it: a handshake is told by "shakes"."""
    return tale.speaks_of(word) or any(
        len(one) > 3 and len(word) > 3 and (one in word or word in one) for one in tale.all
    )


def _uncounted(item: Item, tale: Told, deed: str | None) -> str | None:
    """The deed occurs nowhere, and no sentence with its things has a number: "climbs three rungs" may be steps."""
    if deed is None or tale.speaks_of(deed):
        return None
    key = number_in(item.key_text or "")
    statement = tale.people.announced
    for number, part in enumerate(tale.parts):
        said = re.findall(r"\b\d+\b", with_digits(part.plain.casefold()))
        if key is not None and str(key) in said and not (statement and statement.sentence == number):
            return None  # it may be told in other words
    things = core_of(item) - {deed, meaning("times"), "many", "often"}
    for part, row in zip(tale.parts, tale.rows, strict=True):
        if things & set(row) and re.search(r"\d", with_digits(part.plain.casefold())):
            return None
    return "The caption does not mention what is counted."
