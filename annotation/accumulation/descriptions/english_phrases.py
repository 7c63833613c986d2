"""The words around an English verb: what it acts on, and idioms. Pure functions."""

from dataclasses import dataclass, field
from functools import lru_cache

from annotation.accumulation.descriptions.english_forms import Form, Kind, readings
from annotation.accumulation.descriptions.english_nouns import (
    PEOPLE,
    animals,
    in_list,
    physical,
    things,
    who_are,
)
from annotation.accumulation.descriptions.writing import Part, Word
from annotation.accumulation.verb_lexicon import words

_LONGEST_NOUN_PHRASE = 6
_MOST_VERBS_IN_A_ROW = 40


@dataclass
class Clause:
    """A part of a line, and what was found in it. acts: places of verbs that name an act; verbs: of all."""

    words: Part
    acts: list[int] = field(default_factory=list)
    verbs: set[int] = field(default_factory=set)

    def low(self, place: int) -> str:
        """The word at a place, empty outside."""
        return self.words[place].low if 0 <= place < len(self.words) else ""


@dataclass(frozen=True)
class _Words:
    determiners: frozenset[str]
    prepositions: frozenset[str]
    auxiliaries: frozenset[str]
    modals: frozenset[str]
    adverbs: frozenset[str]
    subordinators: frozenset[str]
    pronouns: frozenset[str]
    object_pronouns: frozenset[str]
    particles: frozenset[str]
    compounds: frozenset[str]
    acts: frozenset[str]
    played: frozenset[str]
    makeable: frozenset[str]
    abstract: frozenset[str]


def said(section: str) -> frozenset[str]:
    """A section of en_phrases.txt."""
    return words("en_phrases", section)


@lru_cache(maxsize=1)
def lists() -> _Words:
    """The closed classes of English and the nouns that go with verbs."""
    fields = {"object pronouns": "object_pronouns", "sports and instruments": "played"}
    names = ["determiners", "prepositions", "auxiliaries", "modals", "adverbs", "subordinators", "pronouns"]
    names += ["object pronouns", "particles", "compounds", "acts", "sports and instruments", "makeable"]
    read = {fields.get(name, name): words("en_phrases", name) for name in names}
    return _Words(**read, abstract=words("en_objects", "abstract", "digital"))


@lru_cache(maxsize=1)
def _idioms() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for idiom in sorted(words("en_idioms", "idioms")):
        lemma, _, rest = idiom.partition(" ")
        found[lemma] = (*found.get(lemma, ()), rest)
    return found


def is_determiner(word: Word) -> bool:
    return word.low in lists().determiners or word.is_owner or word.low[0].isdigit() or word.low in said("numbers")


def is_adverb(word: Word) -> bool:
    return word.low in lists().adverbs or (
        word.low.endswith("ly") and len(word.low) > 4 and word.low not in said("no adverbs")
    )


def is_stop(word: Word) -> bool:
    """Whether a noun phrase ends before this word."""
    found = lists()
    return (
        word.low == ","
        or word.low in found.prepositions
        or word.low in found.subordinators
        or word.low in found.auxiliaries
        or word.low in found.modals
        or word.low == "to"
    )


def is_other_verb(word: Word) -> bool:
    """Whether it is a finite form of a verb of state, mind, speech or office."""
    return any(
        reading.kind is Kind.OTHER and reading.form in {Form.S, Form.PAST} for reading in readings().get(word.low, ())
    )


def object_of(clause: Clause, place: int) -> list[Word]:
    """The noun phrase that a verb acts on; empty without one."""
    found = lists()
    place += 1
    while clause.low(place) in found.particles or (place < len(clause.words) and is_adverb(clause.words[place])):
        if clause.low(place) in said("never particles"):
            return []
        place += 1
    # "wash and dry the dishes", "chop, fry"
    if clause.low(place) in {"and", "or", ","} and Form.BASE in {
        r.form for r in readings().get(clause.low(place + 1), ())
    }:
        return object_of(clause, place + 1) if place < _MOST_VERBS_IN_A_ROW else []
    phrase: list[Word] = []
    for word in clause.words[place : place + _LONGEST_NOUN_PHRASE]:
        if is_stop(word) or (phrase and is_adverb(word) and word.low not in said("adjectives too")):
            break
        phrase.append(word)
    return phrase


def heads(phrase: list[Word]) -> list[str]:
    """The words of a noun phrase that can be its noun, the likeliest first."""
    return [word.low for word in reversed(phrase) if word.low not in lists().determiners]


def is_physical(phrase: list[Word]) -> bool:
    """Whether hands can hold or work on it."""
    return any(in_list(noun, physical()) or noun.endswith(_endings()) for noun in heads(phrase)[:3])


@lru_cache(maxsize=1)
def _endings() -> tuple[str, ...]:
    """Of compounds: "wetsuit", "wetsuits", "strawberries"."""
    nouns = sorted(said("endings of things"))
    return tuple(ending for noun in nouns for ending in (noun, f"{noun}s", f"{noun[:-1]}ies"))


def is_abstract(phrase: list[Word]) -> bool:
    nouns = heads(phrase)[:2]
    if any(in_list(noun, physical()) for noun in nouns[:1]):
        return False
    return any(noun in lists().abstract for noun in nouns)


def is_idiom(clause: Clause, place: int, lemma: str) -> bool:
    """Whether the words after a verb make it no act: "kicks off the season"; not "kicks off his shoes"."""
    endings = _idioms().get(lemma)
    if not endings:
        return False
    phrase = object_of(clause, place)
    after = [word.low for word in clause.words[place + 1 : place + 6]]
    bare = [word for word in after if word not in _ARTICLES]
    nouns = heads(phrase)[:2]
    for ending in endings:
        wanted = ending.split()
        if wanted in (after[: len(wanted)], bare[: len(wanted)]):
            if wanted == ["with"]:
                return not _is_body_or_thing(object_of(clause, place + 1))
            is_way = ending == "out" and after[1:2] == ["of"]
            return not is_way and not (ending in lists().particles and phrase and is_physical(phrase))
        if len(wanted) == 1 and ending in nouns and ending not in lists().particles:
            return True
        if len(wanted) == 2 and bare[:1] == wanted[:1] and wanted[1] in nouns:
            return True
    return False


def _is_body_or_thing(phrase: list[Word]) -> bool:
    """ "wrestles with the tent poles, with his brother"; not "with reform"."""
    return bool(phrase) and (is_physical(phrase) or who_are(phrase) in PEOPLE or in_list(phrase[-1].low, animals()))


_ARTICLES = frozenset({"a", "an", "the", "some", "his", "her", "their", "your", "my", "our", "its", "new"})


def is_moving_thing(word: Word) -> bool:
    """Whether the noun is of nature, a machine, an animal, a price: what flows, falls and runs."""
    return in_list(word.low, things()) or in_list(word.low, animals())
