"""Who and what English nouns stand for: people, things, names. Pure functions."""

from enum import Enum
from functools import lru_cache

from annotation.accumulation.descriptions.writing import Word
from annotation.accumulation.verb_lexicon import words


class Who(Enum):
    PEOPLE = "people"
    PERSON = "one person"
    THING = "thing, animal, price, team of none"
    NAME = "capitalised and unknown"
    UNKNOWN = "a noun in no list"
    NOBODY = "no subject"


PEOPLE = frozenset({Who.PEOPLE, Who.PERSON})
_AGENT = ("er", "or", "ist", "ian", "eer", "man", "woman", "boy", "girl", "smith", "maker", "wright", "mate", "folk")
_AGENTS = (*(f"{ending}s" for ending in _AGENT), "men", "women", "folk", "people")


@lru_cache(maxsize=1)
def people() -> frozenset[str]:
    return words("en_people", "people")


@lru_cache(maxsize=1)
def things() -> frozenset[str]:
    return words("en_things", "animals", "nature", "machines", "affairs", "buildings")


@lru_cache(maxsize=1)
def animals() -> frozenset[str]:
    return words("en_things", "animals")


@lru_cache(maxsize=1)
def bodies() -> frozenset[str]:
    return words("en_people", "bodies")


@lru_cache(maxsize=1)
def groups() -> frozenset[str]:
    return words("en_people", "groups")


@lru_cache(maxsize=1)
def physical() -> frozenset[str]:
    return words("en_objects", "physical", "clothes")


@lru_cache(maxsize=1)
def more_things() -> frozenset[str]:
    """What hands can hold and what moves by itself, seldom words too."""
    held = words("wordnet_matter", "food", "bodies", "substances", "plants")
    return words("wordnet_things", "artifacts") | words("wordnet_nature", "animals", "nature") | held


def ideas() -> frozenset[str]:
    return words("wordnet_ideas", "ideas")


def in_list(word: str, known: frozenset[str]) -> bool:
    """Whether a noun, or its singular, is in a list."""
    return word in known or singular(word) in known


def singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def is_plural(word: str) -> bool:
    return (
        (word.endswith("s") and not word.endswith("ss"))
        or word.endswith(("men", "people", "children", "folk"))
        or word in _PLURAL
    )


_PLURAL = frozenset({"police", "crew", "team", "couple", "family", "crowd", "both", "youth", "squad", "all", "staff"})


@lru_cache(maxsize=4096)
def who_is(word: str, *, is_capital: bool) -> Who:
    """What one noun stands for."""
    if in_list(word, people()) or in_list(word, bodies()):
        return Who.PEOPLE if is_plural(word) else Who.PERSON
    if is_capital and word in words("en_people", "names"):
        return Who.PERSON
    if word in words("en_people", "adjectives too"):
        return Who.UNKNOWN
    if in_list(word, things()) or in_list(word, physical()):
        return Who.THING
    if in_list(word, words("wordnet_people", "people")):
        return Who.PEOPLE if is_plural(word) else Who.PERSON
    if in_list(word, more_things()):
        return Who.THING
    if len(word) > 4 and word.endswith(_AGENTS):
        return Who.PEOPLE
    if len(word) > 4 and word.endswith(_AGENT):
        return Who.PERSON
    return Who.NAME if is_capital else Who.UNKNOWN


def who_are(noun_phrase: list[Word]) -> Who:
    """What a phrase stands for by its last noun; an arm of a robot is none of a person."""
    *before, head = noun_phrase
    who = who_is(head.low, is_capital=head.is_capital)
    if in_list(head.low, bodies()) and any(in_list(word.low, things()) for word in before):
        return Who.THING
    return who
