"""Where an English word stands: what is before it, and whether what follows shows a verb or a noun. Pure functions."""

import re

from annotation.accumulation.descriptions.english_forms import Form, Kind, readings
from annotation.accumulation.descriptions.english_nouns import PEOPLE, animals, in_list, is_plural, physical, things
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    is_adverb,
    is_determiner,
    is_physical,
    lists,
    object_of,
    said,
)
from annotation.accumulation.descriptions.english_subjects import subject_of
from annotation.accumulation.descriptions.writing import Word

_YEAR = re.compile(r"(?:19|20)\d\d")
_FARTHEST_PREPOSITION = 5


def word_before(clause: Clause, place: int) -> Word | None:
    """The word before, adverbs apart."""
    place -= 1
    while place >= 0 and is_adverb(clause.words[place]) and clause.low(place) not in lists().subordinators:
        if clause.low(place) in {"back", "home"} and place and is_determiner(clause.words[place - 1]):
            break
        place -= 1
    return clause.words[place] if place >= 0 else None


def word_after(clause: Clause, place: int) -> Word | None:
    return clause.words[place + 1] if place + 1 < len(clause.words) else None


def opens(clause: Clause, place: int) -> bool:
    """Whether only adverbs, numbers and the like stand before."""
    return all(is_adverb(word) or word.low[0].isdigit() or word.low in said("openers") for word in clause.words[:place])


def is_in_place(clause: Clause, place: int) -> bool:
    """Whether the noun before belongs to a preposition: "a man in a hat waving"."""
    for at in range(place - 1, max(-1, place - 1 - _FARTHEST_PREPOSITION), -1):
        if clause.low(at) in lists().prepositions:
            return clause.low(at) != "of" or subject_of(clause, place) in PEOPLE
        if clause.low(at) in lists().auxiliaries or clause.low(at) in lists().subordinators or at in clause.acts:
            return False
    return False


def is_made_to(clause: Clause, place: int) -> bool:
    """ "makes her laugh", "watch this man lift"."""
    return any(clause.low(at) in said("making verbs") for at in range(max(0, place - 5), place))


def is_verb_by_next(clause: Clause, place: int) -> bool:
    """Whether the next word does not make it a thing: "kids dance class"."""
    after = clause.low(place + 1)
    return after not in lists().compounds or in_list(after, physical())


def has_object_right_after(clause: Clause, place: int) -> bool:
    after = word_after(clause, place)
    return after is not None and (is_determiner(after) or after.low in lists().object_pronouns)


def has_proof(clause: Clause, place: int) -> bool:
    """Whether the next words can follow a verb but hardly a noun."""
    after = word_after(clause, place)
    if after is None:
        return bool(clause.acts)
    if f"{clause.low(place)} {after.low}" in said("pairs"):
        return False
    if after.low in {"of", "'s", "is", "are", "was"} or after.low in lists().auxiliaries or _YEAR.fullmatch(after.low):
        return False
    if is_determiner(after) or after.low in lists().object_pronouns or is_adverb(after):
        return True
    if after.low in lists().particles or after.low in lists().prepositions or after.low in {"to", "like"}:
        return after.low not in {"for", "from", "by"} or bool(clause.acts) or not _is_noun_too(clause.low(place))
    if after.low in {",", "and"}:
        return bool(clause.acts)
    return _has_bare_object(clause, place)


def _has_bare_object(clause: Clause, place: int) -> bool:
    """ "chop onions", "knead dough"; not "cut flowers last longer", "swim trunks", "ship sails"."""
    phrase, word = object_of(clause, place), clause.low(place)
    lemmas = {reading.lemma for reading in readings().get(word, ()) if reading.form is Form.BASE}
    alone = (said("intransitive") | said("without objects")) - {"type"}
    if not phrase or (lemmas & alone and phrase[-1].low not in said("run along")):
        return False
    if any(_is_other_base(after) for after in phrase[1:]):
        return False
    if in_list(word, things()) and any(r.form is Form.S for r in readings().get(clause.low(place + 1), ())):
        return False
    last = phrase[-1].low
    if not is_physical(phrase[-1:]) and not in_list(last, animals()):
        return False
    return is_plural(last) or last in said("mass") or not _is_noun_too(word)


def _is_other_base(word: Word) -> bool:
    return any(r.kind is Kind.OTHER and r.form is Form.BASE for r in readings().get(word.low, ()))


def _is_noun_too(word: str) -> bool:
    """Whether the bare form is also a common noun: all but those listed."""
    return word not in said("never nouns")
