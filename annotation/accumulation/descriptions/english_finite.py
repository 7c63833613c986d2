"""Whether an English present form or infinitive is a verb, and whose: "kicks", "how to fold"; not "swim club"."""

from annotation.accumulation.descriptions.english_forms import Form, Kind, Reading, readings
from annotation.accumulation.descriptions.english_nouns import PEOPLE, Who, in_list, physical, things, who_are
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    is_adverb,
    is_determiner,
    is_stop,
    lists,
    said,
)
from annotation.accumulation.descriptions.english_places import (
    has_object_right_after,
    has_proof,
    is_in_place,
    is_made_to,
    is_verb_by_next,
    opens,
    word_after,
    word_before,
)
from annotation.accumulation.descriptions.english_subjects import subject_of
from annotation.accumulation.descriptions.writing import Word

_LOOKS = frozenset({"up", "down", "left", "right", "straight", "over"})


def s_form(clause: Clause, place: int, reading: Reading) -> Who | None:
    """The subject of "kicks"; None where it is a noun."""
    before = word_before(clause, place)
    if before is None or before.low == "to" or before.low in lists().modals:
        return None
    if _takes_noun(before) and not _is_relative(clause, place):
        return None
    if place - 1 in clause.verbs or _is_liked(clause, place):
        return None  # "rubs shoulders", "I love planes": what a verb acts on
    if before.low in {",", "and", "or", "but"} and not clause.acts:
        # "he waits and jumps"
        who = subject_of(clause, place)
        return who if who in {*PEOPLE, Who.NAME} else None
    if _is_plural_people(before) and not is_in_place(clause, place):
        return None
    who = subject_of(clause, place)
    return None if who is Who.NOBODY or _is_rather_noun(clause, place, before, who) else who


def _is_liked(clause: Clause, place: int) -> bool:
    """Whether it is what people are said to love, sell, need."""
    is_other = any(r.kind is Kind.OTHER and r.form is Form.BASE for r in readings().get(clause.low(place - 1), ()))
    return is_other and clause.low(place - 2) in lists().pronouns


def _is_relative(clause: Clause, place: int) -> bool:
    """ "a model that turns"; not "that turns" after a verb or a preposition."""
    if clause.low(place - 1) != "that" or place < 2:
        return False
    return not is_stop(clause.words[place - 2]) and place - 2 not in clause.verbs


def _takes_noun(before: Word) -> bool:
    return is_determiner(before) or before.low in lists().prepositions or before.low in lists().auxiliaries


def _is_plural_people(before: Word) -> bool:
    return who_are([before]) is Who.PEOPLE and before.low not in said("singular people")


def _is_rather_noun(clause: Clause, place: int, before: Word, who: Who) -> bool:
    """ "climbing roses for small gardens", "the wooden spoons", "Travel tips for Lisbon"."""
    is_thing_too = in_list(clause.low(place), physical()) or in_list(clause.low(place), things())
    is_after_no_person = who is not Who.THING and who_are([before]) in {Who.UNKNOWN, Who.NAME}
    if is_thing_too and is_after_no_person and is_in_place(clause, place):
        return True
    if is_thing_too and who is Who.UNKNOWN and not has_object_right_after(clause, place):
        return True
    return who is Who.NAME and place == 1 and not _shows_verb(clause, place)


def _shows_verb(clause: Clause, place: int) -> bool:
    """Whether what follows makes "s" after a first word with a capital a verb's: "Daniel walks out"."""
    if has_object_right_after(clause, place):
        return True
    after = word_after(clause, place)
    if after is not None and after.low in {",", "and"} and _is_s(clause.low(place + 2)):
        return True
    return after is not None and (after.low in lists().particles or is_adverb(after)) and after.low not in {"in", "on"}


def _is_s(word: str) -> bool:
    return any(reading.form is Form.S for reading in readings().get(word, ()))


def base_form(clause: Clause, place: int, reading: Reading) -> Who | None:
    """The subject of "kick"; nobody of an instruction or infinitive; None where it is a noun."""
    before = word_before(clause, place)
    is_called_for = has_object_right_after(clause, place) or clause.low(place - 1) == "to"
    if is_adverb(clause.words[place]) and not is_called_for:
        return None  # "kids back on the ice"
    if before is None or opens(clause, place):
        return Who.NOBODY if clause.low(place - 1) != "no" and _is_told(clause, place, reading) else None
    if before.low == "'s" and "let" in {clause.low(place - 2), clause.low(place - 3)}:
        return Who.PEOPLE
    if before.low == "to":
        return _infinitive(clause, place, reading)
    is_call = reading.lemma in said("calls on viewers")
    if before.low in lists().modals:
        who = subject_of(clause, place)
        return None if is_call and who not in PEOPLE else who
    if _takes_noun(before):
        return Who.PERSON if before.low == "her" and is_made_to(clause, place) else None
    if before.low in lists().pronouns and before.low not in {"he", "she"}:
        return None if is_call and before.low == "you" else Who.PEOPLE
    if before.low in {",", "and", "or", "then", "but", "so"}:
        return _goes_on(clause, place, reading)
    return _after_noun(clause, place, before)


def _after_noun(clause: Clause, place: int, before: Word) -> Who | None:
    who = who_are([before])
    if who is Who.PEOPLE and not before.is_owner:
        return who if is_verb_by_next(clause, place) else None
    if (who is Who.PERSON or before.low in lists().object_pronouns) and is_made_to(clause, place):
        return Who.PERSON
    if who is Who.PERSON and "and" in {clause.low(place - 2), clause.low(place - 3)} and has_proof(clause, place):
        return Who.PEOPLE  # "Grandfather and grandson skim stones"
    # "Men in suits climb", "a man and his dog run"
    is_apart = is_in_place(clause, place) or "and" in {clause.low(place - 2), clause.low(place - 3)}
    if is_apart and subject_of(clause, place) is Who.PEOPLE and has_proof(clause, place):
        return Who.PEOPLE
    return None


def _infinitive(clause: Clause, place: int, reading: Reading) -> Who | None:
    to = place - 1
    while to >= 0 and clause.low(to) != "to":
        to -= 1
    if reading.lemma in said("calls on viewers") or clause.low(to - 1) in said("before places"):
        return None
    who = subject_of(clause, to)
    # "the best way to carry" is people's
    is_peoples = who is Who.THING and clause.low(to - 1) in said("for people")
    return Who.NOBODY if who in {Who.UNKNOWN, Who.NAME} or is_peoples else who


def _goes_on(clause: Clause, place: int, reading: Reading) -> Who | None:
    """After a comma or "and"."""
    if clause.acts:
        return Who.NOBODY if is_verb_by_next(clause, place) else None
    if _is_base(clause.low(0)):
        is_told = _is_told(clause, place, reading) and is_verb_by_next(clause, place)
        return Who.NOBODY if is_told else None
    who = subject_of(clause, place)
    if who is Who.NOBODY:
        return who if _is_told(clause, place, reading) else None
    return who if who is Who.PEOPLE and has_proof(clause, place) else None


def _is_base(word: str) -> bool:
    return any(reading.form is Form.BASE for reading in readings().get(word, ()))


def _is_told(clause: Clause, place: int, reading: Reading) -> bool:
    """Whether a base form where a part starts is an instruction and no noun: "squat like this", not "swim club"."""
    after = clause.low(place + 1)
    if reading.lemma in said("calls on viewers"):
        return reading.lemma == "look" and after in _LOOKS
    if after in {",", "and"} and (clause.acts or _is_base(clause.low(place + 2))):
        return True
    return has_proof(clause, place)
