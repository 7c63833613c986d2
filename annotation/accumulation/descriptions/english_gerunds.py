"""Whether an English form in -ing is a verb, and whose: "Chopping onions", "a man waving"; not "running shoes"."""

from annotation.accumulation.descriptions.english_forms import Kind, Reading
from annotation.accumulation.descriptions.english_nouns import PEOPLE, Who, in_list, is_plural, physical, who_are
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    is_determiner,
    is_moving_thing,
    lists,
    said,
)
from annotation.accumulation.descriptions.english_places import is_in_place, opens, word_after, word_before
from annotation.accumulation.descriptions.english_subjects import subject_of
from annotation.accumulation.descriptions.writing import Word
from annotation.accumulation.verb_lexicon import words


def ing_form(clause: Clause, place: int, reading: Reading) -> Who | None:
    """The subject; None where it is no verb."""
    before, after = word_before(clause, place), word_after(clause, place)
    if before is None or before.low in {",", "and", "or"} or opens(clause, place):
        return _where_clause_opens(clause, place, reading, before)
    if is_determiner(before) or _is_adjective(clause, place):
        return _of_described(before, after)
    if reading.lemma in said("calls on viewers") and before.low == "for":
        return None  # "Thanks for watching"
    if before.low in lists().prepositions or before.low in lists().subordinators:
        is_of_thing = after is not None and is_moving_thing(after) and not in_list(after.low, physical())
        return None if is_of_thing or _makes_thing(clause, place, reading) else Who.NOBODY
    if before.low in lists().auxiliaries:
        return subject_of(clause, place)
    if before.low in said("before gerunds") and not in_list(before.low, physical()):
        who = subject_of(clause, place)
        return None if who is Who.NOBODY and _makes_thing(clause, place, reading) else who
    return _after_noun(clause, place, reading, before)


def _where_clause_opens(clause: Clause, place: int, reading: Reading, before: Word | None) -> Who | None:
    is_thing = _makes_thing(clause, place, reading)
    if before is not None and clause.acts:
        return None if is_thing else Who.NOBODY
    if before is not None and (who := subject_of(clause, place)) is not Who.NOBODY:
        return who if not is_thing or who in PEOPLE else None
    return None if is_thing or _is_name_of_thing(clause, place) else Who.NOBODY


def _is_adjective(clause: Clause, place: int) -> bool:
    """ "a slow walking pace", "my old running shoes": a determiner, a word that is nobody, and the form."""
    before = clause.words[place - 1]
    if place < 2 or not (clause.low(place - 2) in lists().determiners or clause.words[place - 2].is_owner):
        return False
    return who_are([before]) is Who.UNKNOWN and not in_list(before.low, physical())


def _of_described(before: Word, after: Word | None) -> Who | None:
    """ "the crying baby" acts; "the running water" and "the making of" are none."""
    if after is not None and who_are([after]) in PEOPLE and before.low in lists().determiners:
        return Who.PERSON
    return None


def _makes_thing(clause: Clause, place: int, reading: Reading) -> bool:
    """ "running shoes", "cutting board", "swimming lessons", "falling leaves"."""
    after = word_after(clause, place)
    if after is None or after.low in lists().determiners:
        return False
    if f"{clause.low(place)} {after.low}" in said("pairs") or clause.low(place + 2) in said("goods"):
        return True
    is_held = in_list(after.low, physical())
    if after.low in lists().compounds and not is_held:
        return True
    if reading.lemma in said("intransitive"):
        return is_held or is_moving_thing(after)
    if reading.lemma in said("both ways") and is_moving_thing(after):
        return not in_list(clause.low(place + 2), physical())  # "spinning fire poi"
    if not is_held or is_plural(after.low) or after.low in said("mass"):
        return False
    return clause.low(place + 2) not in lists().compounds


def _is_name_of_thing(clause: Clause, place: int) -> bool:
    """ "Painting by Monet", "Building in Prague": a noun by itself."""
    if clause.low(place) not in _names_of_things():
        return False
    after = word_after(clause, place)
    return after is None or after.is_capital or after.low in {"of", "by", "from", "in", "at", "on", "for", ","}


def _names_of_things() -> frozenset[str]:
    return words("en_verbs", "wholly nominal")


def _after_noun(clause: Clause, place: int, reading: Reading, before: Word) -> Who | None:
    who = who_are([before])
    if who in PEOPLE:
        # "Robot arm lifting": who the whole phrase stands for
        return None if _names_event(clause, place) else who_are(clause.words[max(0, place - 2) : place])
    if before.low in lists().object_pronouns:
        return Who.PERSON if before.low not in {"it", "itself"} else None
    if f"{before.low} {clause.low(place)}" in said("named sports"):
        return None if clause.low(place + 1) in lists().compounds else Who.NOBODY
    if is_in_place(clause, place):
        return subject_of(clause, place)
    is_first = place == 1 or (place == 2 and not is_determiner(clause.words[0]))
    if is_first and not is_plural(before.low) and _is_worked_on(before, reading):
        return None if _makes_thing(clause, place, reading) else Who.NOBODY
    if who is Who.THING:
        return None
    if is_first and before.low in said("times") and reading.kind is Kind.STRONG:
        return Who.NOBODY
    subject = subject_of(clause, place)
    is_noun = clause.low(place) in _names_of_things() or _makes_thing(clause, place, reading)
    return None if is_noun and subject not in PEOPLE else subject


def _names_event(clause: Clause, place: int) -> bool:
    """ "Women swimming championship"."""
    return clause.low(place + 1) in lists().compounds and not in_list(clause.low(place + 1), physical())


def _is_worked_on(before: Word, reading: Reading) -> bool:
    """ "Bread baking", "hair braiding"."""
    is_transitive = reading.kind is not Kind.MOVING and reading.lemma not in said("intransitive")
    return is_transitive and in_list(before.low, physical())
