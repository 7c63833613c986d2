"""Which verbs of an English line name an act of a human body: see docs/description-verbs.md. Pure functions.

The lexicon says what can be an act; where a word stands says whether it is a verb, who does it and to what. Each
form has a test of its own: `english_finite.py`, `english_gerunds.py`, `english_participles.py`. It gives the subject,
and None where the word is no verb. A verb of which nobody is the subject, as in a title or an instruction, is taken
for people's.
"""

from annotation.accumulation.descriptions.english_finite import base_form, s_form
from annotation.accumulation.descriptions.english_forms import Form, Kind, Reading, readings
from annotation.accumulation.descriptions.english_gerunds import ing_form
from annotation.accumulation.descriptions.english_nouns import PEOPLE, Who
from annotation.accumulation.descriptions.english_objects import act_noun, has_fitting_object
from annotation.accumulation.descriptions.english_participles import past_form
from annotation.accumulation.descriptions.english_phrases import Clause, is_idiom, said
from annotation.accumulation.descriptions.titles import is_about_software, is_title, without_titles
from annotation.accumulation.descriptions.writing import Part, Word, parts

_FORMS = {Form.BASE: base_form, Form.S: s_form, Form.ING: ing_form, Form.PAST: past_form}
_GOES = {"go": Form.BASE, "goes": Form.S, "going": Form.ING, "went": Form.PAST, "gone": Form.PAST}


def acts_in_line(line: str) -> list[str]:
    """Lemmas, in order."""
    if is_title(line):
        return []
    is_software = is_about_software(line)
    return [act for part in parts(without_titles(line)) for act in _acts_in_part(part, is_software=is_software)]


def _acts_in_part(part: Part, *, is_software: bool) -> list[str]:
    clause, found = Clause(part), []
    for place, word in enumerate(part):
        for reading in _readings(word):
            if _is_act(clause, place, reading, is_software=is_software):
                clause.acts.append(place)
                found.append(_named(clause, place, reading))
                break
    return found


def _readings(word: Word) -> tuple[Reading, ...]:
    if word.is_owner:
        return ()
    found = readings().get(word.low, ())
    if not found and "-" in word.low:
        # "slow-dances", "pan-frying"
        first, _, last = word.low.partition("-")
        found = readings().get(last, ()) if first in said("before hyphens") else ()
    if word.low in _GOES:
        return (*found, Reading("go", _GOES[word.low], Kind.HANDLING))
    return found


def _is_act(clause: Clause, place: int, reading: Reading, *, is_software: bool) -> bool:
    if reading.kind is Kind.OTHER:
        return False
    who = _FORMS[reading.form](clause, place, reading)
    if who is None:
        return False
    clause.verbs.add(place)
    if who is Who.THING or (is_software and who not in PEOPLE):
        return False
    if reading.lemma != "go" and is_idiom(clause, place, reading.lemma):
        return False
    return has_fitting_object(clause, place, reading, who)


def _named(clause: Clause, place: int, reading: Reading) -> str:
    """ "do push-ups" where the verb alone says nothing."""
    if reading.lemma in said("light verbs") and (noun := act_noun(clause, place)):
        return f"{reading.lemma} {noun}"
    return reading.lemma
