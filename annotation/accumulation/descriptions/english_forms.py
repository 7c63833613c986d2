"""Forms of English verbs, made by rule from the lexicon. Pure functions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from annotation.accumulation.verb_lexicon import sections


class Form(Enum):
    BASE = "knead"
    S = "kneads"
    ING = "kneading"
    PAST = "kneaded"
    """The past and the participle: where they differ, each is a form of its own that is read alike."""


class Kind(Enum):
    """How much a verb says by itself: see the sections of en_verbs.txt and en_rare_verbs.txt."""

    STRONG = "strong"
    MOVING = "moving"
    HANDLING = "handling"
    RARE = "rare"
    OTHER = "other"


@dataclass(frozen=True)
class Reading:
    lemma: str
    form: Form
    kind: Kind


_VOWELS = "aeiou"
_ONE_SYLLABLE = re.compile(r"^[^aeiouy]*(?:qu)?[aeiouy][bdfgklmnprtvz]$")
_BRITISH = re.compile(r"[^aeiou][aeiou]l$")
_DOUBLED = frozenset(
    (
        *("backflip", "bebop", "disbud", "handicap", "kickflip", "kidnap", "re-wrap", "repot", "rewrap", "shoplift-in"),
        *("uncap", "unclip", "unclog", "unpin", "unplug", "unstrap", "unwrap", "unzip"),
    )
)


@lru_cache(maxsize=1)
def readings() -> dict[str, tuple[Reading, ...]]:
    """Every form of every verb in the lexicon."""
    found: dict[str, list[Reading]] = {}
    for kind in Kind:
        lexicon = "en_rare_verbs" if kind is Kind.RARE else "en_verbs"
        for entry in sections(lexicon)[kind.value]:
            for written, form in _forms(entry):
                reading = Reading(entry.split(":")[0], form, kind)
                if reading not in found.setdefault(written, []):
                    found[written].append(reading)
    return {written: tuple(of_it) for written, of_it in found.items()}


def _forms(entry: str) -> Iterator[tuple[str, Form]]:
    """`eat:ate:eaten` gives eat, eats, eating, ate, eaten; several pasts stand between slashes."""
    lemma, *irregular = entry.split(":")
    yield lemma, Form.BASE
    yield _with_s(lemma), Form.S
    if lemma.endswith("o"):
        yield lemma + "s", Form.S
    for ing in _with_ending(lemma, "ing"):
        yield ing, Form.ING
    if irregular:
        # A participle like the base form, "run", is left out: it would be found in every noun.
        for past in sorted(
            {past for column in irregular for past in column.split("/")} - ({lemma} - set(irregular[:1]))
        ):
            yield past, Form.PAST
    else:
        for past in _with_ending(lemma, "ed"):
            yield past, Form.PAST


def _with_s(lemma: str) -> str:
    if lemma == "have":
        return "has"
    if lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ies"
    if lemma.endswith(("s", "x", "z", "ch", "sh")) or (lemma.endswith("o") and lemma[-2] not in _VOWELS):
        return lemma + "es"
    return lemma + "s"


def _with_ending(lemma: str, ending: str) -> Iterator[str]:
    if lemma.endswith("ie") and ending == "ing":
        yield lemma[:-2] + "ying"
    elif lemma.endswith(("ee", "oe", "ye")):
        yield lemma + ending if ending == "ing" else lemma + "d"
    elif lemma.endswith("e"):
        yield lemma[:-1] + ending
    elif lemma.endswith("y") and lemma[-2] not in _VOWELS and ending == "ed":
        yield lemma[:-1] + "ied"
    elif _ONE_SYLLABLE.match(lemma.rpartition("-")[2]) or lemma in _DOUBLED:
        yield lemma + lemma[-1] + ending
    else:
        yield lemma + ending
        if _BRITISH.search(lemma):
            yield lemma + "l" + ending
