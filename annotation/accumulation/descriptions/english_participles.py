"""Whether an English past or participle is a verb, and whose: "was shoved", "climbed a tree"; not "painted walls"."""

from annotation.accumulation.descriptions.english_forms import Kind, Reading
from annotation.accumulation.descriptions.english_nouns import PEOPLE, Who, in_list, physical, who_are
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    is_adverb,
    is_determiner,
    lists,
    said,
)
from annotation.accumulation.descriptions.english_places import is_made_to, opens, word_after, word_before
from annotation.accumulation.descriptions.english_subjects import subject_of
from annotation.accumulation.descriptions.writing import Word
from annotation.accumulation.verb_lexicon import words

_BEING = frozenset({"being", "getting", "been", "gets", "got", "get"})
_FARTHEST_BY = 8


def past_form(clause: Clause, place: int, reading: Reading) -> Who | None:
    """The subject, of a passive too; None where it is no verb, or whoever did it is only credited."""
    before, after = word_before(clause, place), word_after(clause, place)
    is_credit = clause.low(place + 1) == "by" and clause.low(place) in said("credits")
    if before is None or opens(clause, place):
        return Who.NOBODY if not is_credit and _is_diary(after, reading) else None
    if before.low in lists().auxiliaries or before.low in _BEING:
        return _passive(clause, place, reading, is_credit=is_credit)
    if is_determiner(before) or before.low in lists().prepositions or before.low == "to":
        return None
    if _is_having_done(clause, place):
        return Who.PERSON
    if before.low in {",", "and"} and after is not None and not clause.acts and _can_be_noun(after):
        return None
    if before.low in lists().pronouns:
        return Who.PEOPLE
    if before.low in lists().object_pronouns:
        return Who.PERSON if is_made_to(clause, place) and before.low != "it" else None
    return _finite(clause, place, reading, before, is_credit=is_credit)


def _finite(clause: Clause, place: int, reading: Reading, before: Word, *, is_credit: bool) -> Who | None:
    who = subject_of(clause, place)
    if who in {Who.NOBODY, Who.UNKNOWN}:
        return Who.NOBODY if before.low in {",", "and"} and clause.acts else None
    if is_credit or (who is Who.NAME and not _is_active(word_after(clause, place), reading)):
        return None
    return Who.PEOPLE if who is Who.THING and _is_done_by_people(clause, place) else who


def _is_active(after: Word | None, reading: Reading) -> bool:
    """Whether a past after a name is what it did, not what was done to it: "Lockdown lifted in Shanghai"."""
    if after is None or after.low == "by":
        return False
    is_alone = reading.lemma in said("intransitive") or reading.lemma in said("without objects")
    return is_alone or is_determiner(after) or after.low in lists().object_pronouns


def _can_be_noun(after: Word) -> bool:
    is_small = after.low in lists().particles or after.low in lists().prepositions
    return not is_small and not is_determiner(after) and not is_adverb(after)


def _is_diary(after: Word | None, reading: Reading) -> bool:
    """ "Climbed a volcano at night": a past without subject that is no participle before or after a thing."""
    if after is None:
        return False
    if is_determiner(after) and not after.low[0].isdigit():
        return True
    if reading.lemma not in said("intransitive") and reading.lemma not in said("moves on"):
        return False
    is_small = after.low in lists().particles or after.low in lists().prepositions or after.low == "to"
    return (is_small or after.low[0].isdigit()) and after.low != "by"


def _passive(clause: Clause, place: int, reading: Reading, *, is_credit: bool) -> Who | None:
    """After an auxiliary: a person, or a thing that hands work on; none where it only tells a state."""
    who = subject_of(clause, place)
    if who in PEOPLE:
        return None if is_credit else who
    if _is_done_by_people(clause, place):
        return Who.PEOPLE
    if is_credit or reading.kind is not Kind.STRONG or reading.lemma in said("states when passive"):
        return who if who is Who.NAME and _is_perfect(clause, place) else None
    return Who.PEOPLE if who is not Who.NOBODY and not _is_of_affairs(clause, place) else None


def _is_perfect(clause: Clause, place: int) -> bool:
    return any(clause.low(at) in {"has", "have", "had", "'ve"} for at in range(max(0, place - 3), place))


def _is_of_affairs(clause: Clause, place: int) -> bool:
    return any(in_list(clause.low(at), words("en_things", "affairs", "nature")) for at in range(place))


def _is_done_by_people(clause: Clause, place: int) -> bool:
    """ "by students", "by hand"; a name may be an artist's."""
    for at in range(place + 1, min(place + _FARTHEST_BY, len(clause.words))):
        if clause.low(at) == "by":
            return any(_is_somebody(word) for word in clause.words[at + 1 : at + 5])
    return False


def _is_somebody(word: Word) -> bool:
    return word.low in {"hand", "hands"} or (who_are([word]) in PEOPLE and not word.is_capital)


def _is_having_done(clause: Clause, place: int) -> bool:
    """ "getting her hair braided"."""
    for at in range(max(0, place - 4), place - 1):
        owner = clause.words[at + 1]
        if clause.low(at) in said("having done") and is_determiner(owner):
            return owner.low not in {"a", "an"} and in_list(clause.low(place - 1), physical())
    return False
