"""Whether what an English verb acts on leaves it an act of a body. Pure functions."""

from annotation.accumulation.descriptions.english_forms import Form, Kind, Reading, readings
from annotation.accumulation.descriptions.english_nouns import (
    PEOPLE,
    Who,
    ideas,
    in_list,
    more_things,
    physical,
    who_are,
)
from annotation.accumulation.descriptions.english_phrases import (
    Clause,
    heads,
    is_abstract,
    is_physical,
    lists,
    object_of,
    said,
)
from annotation.accumulation.descriptions.writing import Word


def has_fitting_object(clause: Clause, place: int, reading: Reading, who: Who) -> bool:
    """ "opens the jar" is an act, "opens an account" and "has a car" are none; who: of whom it is said."""
    lemma, phrase = reading.lemma, object_of(clause, place)
    if lemma in said("light verbs") and act_noun(clause, place):
        return True
    if lemma == "try":
        return clause.low(place + 1) == "on" and is_physical(phrase)
    if lemma in said("only light verbs"):
        return False
    if phrase and is_abstract(phrase) and lemma not in said("without objects"):
        return False
    if lemma == "turn" and clause.low(place + 1).isdigit():
        return False
    if lemma == "play":
        return _is_played(clause, place, phrase, who)
    if lemma == "make":
        return any(in_list(noun, lists().makeable) for noun in heads(phrase)[:3]) or _is_by_hand(clause)
    if reading.kind is Kind.MOVING and who is Who.UNKNOWN:
        return False
    if reading.kind is Kind.RARE:
        return who in PEOPLE or (who is Who.NOBODY and _is_thing(phrase))
    return reading.kind is not Kind.HANDLING or _is_handled(clause, place, reading, who)


def _is_handled(clause: Clause, place: int, reading: Reading, who: Who) -> bool:
    """What verbs of hands need: a thing, or people before them and nothing abstract after them."""
    lemma, phrase = reading.lemma, object_of(clause, place)
    if is_physical(phrase) or _is_by_hand(clause):
        return True
    if lemma in said("light verbs"):
        return False
    if not phrase:
        return reading.form is Form.PAST and clause.low(place + 1) == "by"
    if lemma in said("need things"):
        if any(in_list(noun, said("vehicles")) for noun in heads(phrase)[:1]):
            return who in PEOPLE or who is Who.NOBODY
        return who in PEOPLE and clause.low(place + 1) in {"it", "them"}
    if _is_thing(phrase):
        return True
    is_name_or_idea = phrase[-1].is_capital or any(in_list(noun, ideas()) for noun in heads(phrase)[:1])
    return who in PEOPLE and not is_name_or_idea


def _is_thing(phrase: list[Word]) -> bool:
    """Whether the noun is of something that hands can hold, seldom words too."""
    return is_physical(phrase) or any(in_list(noun, more_things()) for noun in heads(phrase)[:1])


def _is_by_hand(clause: Clause) -> bool:
    text = " ".join(word.low for word in clause.words)
    return "by hand" in text or "from scratch" in text


def _is_played(clause: Clause, place: int, phrase: list[Word], who: Who) -> bool:
    """Instruments and sports; else people may play, but teams play teams."""
    if any(in_list(noun, lists().played) for noun in heads(phrase)):
        return True
    if clause.low(place + 1) == "with" or (clause.low(place + 1) == "the" and phrase):
        return True
    return who is Who.PERSON or (who is Who.PEOPLE and not any(word.is_capital for word in phrase))


def act_noun(clause: Clause, place: int) -> str:
    """The act that a light verb carries: "push-ups" of "does 20 slow push-ups", "swim" of "go for a swim"; or empty."""
    after = place + 1
    if clause.low(place) in {"go", "goes", "going", "went", "gone"}:
        if clause.low(after) not in {"for", "on"}:
            return ""
        after += 1
    while clause.low(after) in lists().object_pronouns or clause.low(after) in {"up", "out", "off"}:
        after += 1
    for at in range(after, min(after + 6, len(clause.words))):
        word = clause.low(at)
        if in_list(word, lists().acts) or _is_act_by_form(clause, at):
            if word in said("done only") and clause.low(place) not in said("does"):
                return ""
            return "" if clause.low(at + 1) in lists().compounds else word
        if word in {",", "and", "to"} or word in lists().prepositions:
            return ""
    return ""


def _is_act_by_form(clause: Clause, at: int) -> bool:
    """ "a braid", "the twist": the bare form of a bodily verb as a noun, which is no thing as well."""
    word = clause.low(at)
    is_strong = any(reading.kind is Kind.STRONG and reading.form is Form.BASE for reading in readings().get(word, ()))
    before = clause.words[at - 1]
    is_verb = before.low in {"to", "and"} or before.low in lists().object_pronouns or who_are([before]) in PEOPLE
    return is_strong and not in_list(word, physical()) and (before.low == "her" or not is_verb)
