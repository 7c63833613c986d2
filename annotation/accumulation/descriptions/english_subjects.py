"""Of whom an English verb is said: people, a thing, nobody. Pure functions."""

from annotation.accumulation.descriptions.english_forms import Form, readings
from annotation.accumulation.descriptions.english_nouns import PEOPLE, Who, groups, in_list, who_are
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    is_adverb,
    is_determiner,
    is_other_verb,
    is_stop,
    lists,
    said,
)
from annotation.accumulation.descriptions.writing import Word

_MOST_STRETCHES = 40


def subject_of(clause: Clause, place: int) -> Who:
    """Of whom a verb is said: the first noun of its own clause, or of the clause before that it goes on from."""
    end, unsure = place, Who.NOBODY
    for _ in range(_MOST_STRETCHES):
        start = next((at + 1 for at in range(end - 1, -1, -1) if _is_boundary(clause, at)), 0)
        who = _who_opens(clause, start, end)
        if end < place and clause.low(start - 1) in said("also prepositions"):
            who = None
        if who in {Who.UNKNOWN, Who.NAME} and end < place:
            unsure, who = who, None
        if who is not None:
            return _with_partner(clause, start, who)
        if start == 0:
            return unsure
        if clause.low(start - 1) in {"who", "whom"}:
            return Who.PEOPLE
        end = start - 1
    return Who.UNKNOWN


def _with_partner(clause: Clause, start: int, who: Who) -> Who:
    """ "a man and his dog" are people too."""
    if clause.low(start - 1) != "and" or who in PEOPLE:
        return who
    first = next((at + 1 for at in range(start - 2, -1, -1) if _is_boundary(clause, at)), 0)
    if any(at in clause.verbs or is_other_verb(clause.words[at]) for at in range(first, start)):
        return who
    beside = _who_opens(clause, first, start - 1)
    return Who.PEOPLE if beside in PEOPLE else who


def _is_boundary(clause: Clause, at: int) -> bool:
    return clause.low(at) == "," or clause.low(at) in lists().subordinators


def _who_opens(clause: Clause, start: int, end: int) -> Who | None:
    """Who the stretch of a clause speaks of; None where it opens with a verb or a preposition."""
    found = lists()
    phrase: list[Word] = []
    for at in range(start, end):
        word = clause.words[at]
        if word.low in found.pronouns:
            return Who.PEOPLE if word.low not in {"he", "she"} else Who.PERSON
        if word.low in said("it"):
            return Who.THING
        if not phrase and (is_adverb(word) or word.low in said("openers of clauses")):
            continue
        if word.low == "of" and phrase and in_list(phrase[-1].low, groups()):
            return _who_opens(clause, at + 1, end) or who_are(phrase)
        if is_stop(word) or at in clause.verbs or is_other_verb(word) or _is_gerund(word, phrase):
            break
        if not phrase and start and _is_finite(word):
            break
        if not is_determiner(word) or word.is_owner:
            phrase.append(word)
        elif len(phrase) > 1 and word.low in found.determiners:
            # "Potters centre the clay": what stands before a determiner was a verb.
            phrase.pop()
            break
    while phrase and phrase[-1].is_owner:
        phrase.pop()
    return _who_nearby(clause, phrase, end) if phrase else _who_after_place(clause, start, end)


def _is_finite(word: Word) -> bool:
    return any(reading.form in {Form.S, Form.PAST} for reading in readings().get(word.low, ()))


def _is_gerund(word: Word, phrase: list[Word]) -> bool:
    return (
        bool(phrase)
        and not in_list(word.low, groups())
        and any(reading.form is Form.ING for reading in readings().get(word.low, ()))
    )


def _who_nearby(clause: Clause, phrase: list[Word], end: int) -> Who:
    """The phrase by its noun; an unknown one by the word right before the verb, if that is somebody."""
    who = who_are(phrase)
    if who is Who.UNKNOWN and len(phrase) > 1 and who_are(phrase[:-1]) is Who.PEOPLE:
        return Who.PEOPLE  # "Two toddlers squabble and": the last word was a verb
    if in_list(phrase[-1].low, groups()) and who not in PEOPLE:
        who = Who.NOBODY
    if who not in {Who.UNKNOWN, Who.NAME, Who.NOBODY}:
        return who
    near = end - 1
    while near >= 0 and (is_adverb(clause.words[near]) or clause.low(near) in lists().auxiliaries):
        near -= 1
    if near < 0 or clause.words[near] is phrase[-1] or is_stop(clause.words[near]):
        return who
    beside = who_are([clause.words[near]])
    return beside if beside in {Who.PEOPLE, Who.PERSON, Who.THING} else who


def _who_after_place(clause: Clause, start: int, end: int) -> Who | None:
    """ "On the beach children play": the noun right before the verb where the stretch opens with a preposition."""
    if start >= end or clause.low(start) not in lists().prepositions:
        return None
    near = end - 1
    while near > start and is_adverb(clause.words[near]):
        near -= 1
    if near <= start + 1 or is_stop(clause.words[near]) or clause.words[near].is_owner:
        return None
    who = who_are([clause.words[near]])
    return who if who in PEOPLE and clause.low(near - 1) not in lists().prepositions else None
