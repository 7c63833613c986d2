"""Where "the man" may be any of several people who have been introduced. Pure functions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from annotation.english.people_in_text import People
from annotation.english.people_introduced import Introduced
from annotation.english.people_nouns import GENERIC, may_be
from annotation.english.people_phrases import Article, Phrase
from annotation.english.plain_sentences import PlainSentence

_BODY = (
    r"(?:hands?|arms?|legs?|fe?et|foot|heads?|faces?|shoulders?|backs?|chests?|knees?|hips?|waist|wrists?|ankles?|neck"
    r"|fingers?|palms?|elbows?|thighs?|stomach|belly|cheeks?|chin|jaw|nose|ears?|sides?|forehead|hair|collar)"
)
_END_OF_BODY = (
    r"\b(?![-'])(?!\ (?:pads|rings|bands|plugs|muffs|phones|warmers|defenders|protectors|guards|clips|slides|straps"
    r"|patches|stripes|curlers|rollers|extensions|tattoos|weights|cuffs|chains|studs|gloves|boots|shoes|socks"
    r"|stockings|bags)\b)"
    r"(?=\ (?:and|or|but|while|as|when|before|after|until|so|then|to|with|in|on|at|from|of|by|for|behind|under|over"
    r"|into|onto|off|again|once|twice|who|\w+s|\w+ed|\w+ly)\b|[^\ \w]|$)"
)
"""Not of "the knee brace", "the knee-length coat"."""
_OF_THE_BODY = (
    r"(?:both\ |one\ |the\ |his\ |her\ |their\ |a\ |\w+ing\ )*"
    rf"(?:left\ |right\ |upper\ |lower\ |open\ |outstretched\ |other\ )*{_BODY}{_END_OF_BODY}"
)
_HELD = r"\ (?:in|on|behind|over|under|around|round|above|up|down|out|against|at|to|towards?)\b"
"""As in "with one hand on the wheel", which tells."""
_NOT_TELLING = re.compile(
    rf"""
    \ (?:
        (?!(?:in|at|to)\ the\ back\b|on\ the\ (?:left|right)\ side\b|on\ (?:his|her)\ knees\b)
            (?:on|in|by|at|around|under|across|to|from)\ {_OF_THE_BODY}
      | with\ {_OF_THE_BODY}(?!{_HELD})
      | from\ (?:behind|the\ (?:side|front|back|left|right|floor|ground)|below|above)\b
      | at\ (?:once|first|last|the\ (?:same\ time|end|moment|start|beginning))\b
      | in\ (?:turn|return|response|reply|the\ end|the\ meantime
            |one\ (?:go|motion|move)|time|sync|surprise|a\ (?:circle|row))\b
      | on\ (?:the\ other\ hand|time|tiptoe)\b
      | with\ (?:a\ (?:swing|jerk|nod|smile|wave|jump|kick|bang|push|sweep|turn)|force|care|ease|him|it|them)\b
      | to\ (?!(?:the|his|her)\ (?:\w+\ )?(?:left|right)\b)
      | (?:of|by|from|behind|under|near|beside|at|on|in)\ (?:him|it|them|himself|herself)\b
      | (?:of|by|from|behind|near|beside|at)\ her\b
      | (?:during|bring|king|swing|sling|string|evening|morning)\b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TELLING = re.compile(
    r"""(?:\ |,\ |\ -\ |\ \()(?:in|who|whose|whom|that|which|wearing|dressed|with|without|holding|carrying)\b
    |\ (?:on|at|near|nearer|nearest|farther|closest|closer|behind|beside|next|to|from|of|under|by|between|opposite
        |farthest|furthest|further|beneath|beyond|astride|atop|aboard|amid|nearby|clad|armed|perched|strapped|slumped|hunched
        |stationed|first\ in|halfway|second\ from|third\ from|out\ (?:front|there|on|in)
        |(?:up|down|over)\ (?:on|in|by|at|there|front)|up\ the
        |inside|outside|above|below|against|among|across|along|around|seated|not|left|right|called
        |named
        |he|she|they|\w{2,}ing)\b
    |(?:,|\ -)\ (?:the\ (?:[\w-]+\ )?one\b|(?:first|second|third)\ from\b)
    |\ \(""",
    re.IGNORECASE | re.VERBOSE,
)
OPENING = 40
"""Sentences within which a caption says who is there."""
_EMPTY = frozenset(("same", "said", "very"))


def vague_references(parts: list[PlainSentence], people: People) -> Iterator[tuple[int, Phrase, int]]:
    """Number of the sentence, the phrase, and how many people it may mean."""
    told = _Told([(one, again) for one in people.introduced if (again := _told_again(parts, one))])
    for number, part in enumerate(parts):
        for phrase in people.phrases[number]:
            if not _is_bare(part.plain, phrase):
                many = _told_alike(parts, told, phrase, number)
            else:
                many = _introduced_before(parts, people, phrase, number)
            if many >= 2 and not (
                _is_told_by_sentence(people.phrases[number], phrase) or _is_singled_out(parts, people, phrase, number)
            ):
                yield number, phrase, many


def _is_bare(plain: str, phrase: Phrase) -> bool:
    """ "The man", without anything that tells which."""
    determiner = plain[phrase.start : phrase.end].split(" ", 1)[0].casefold()
    if phrase.article is not Article.THE or determiner not in ("the", "this", "that"):
        return False
    if phrase.is_plural or phrase.is_other or phrase.rank:
        return False
    if phrase.is_owner:
        return True
    following = plain[phrase.end : phrase.end + 120]
    return bool(_NOT_TELLING.match(following)) or not _TELLING.match(following)


_TOLD = re.compile(
    r" (?:in|with|wearing)(?: an?| the)? ((?:[\w-]+ ){0,2}?[\w-]+)(?=[,.;:]| and\b| with\b| in\b| on\b| who\b|$)",
    re.IGNORECASE,
)
_TOLD_TOGETHER = re.compile(r" (?:in|with|wearing) ((?:[\w-]+ ){0,3}?[\w-]+s)\b(?!')", re.IGNORECASE)
_PLURAL = re.compile(r"(?<=ss|sh|ch)es$|(?<=x)es$|s$")
_DIVIDED = re.compile(
    r"\b(?:one(?= (?:of|is|was|wears?|has|holds?|stands?|sits?|with|in)\b|,)|other|another|first|second|left|right"
    r"|taller|shorter|older|younger|bigger|smaller|latter|former)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Told:
    """people: who came in with something that tells, and where it tells again.

    divided: for a noun, how many sentences up to each one tell such people apart by other words.
    """

    people: list[tuple[Introduced, re.Pattern[str]]]
    divided: dict[str, list[int]] = field(default_factory=dict)

    def is_divided(self, parts: list[PlainSentence], noun: str, first: int, last: int) -> bool:
        """Whether one of the sentences after number `first`, up to number `last`, tells such people apart."""
        if noun not in self.divided:
            self.divided[noun] = list(accumulate(int(_divides(part.plain, noun)) for part in parts))
        return last > first and self.divided[noun][last] > self.divided[noun][first]


def _divides(plain: str, noun: str) -> bool:
    return bool(_DIVIDED.search(plain)) or f"one {noun}" in plain.casefold()


def _told_alike(parts: list[PlainSentence], told: _Told, phrase: Phrase, number: int) -> int:
    """How many fit "the boy in the red cap" where what it tells is true of several: "two boys in red caps"."""
    if phrase.article is not Article.THE or phrase.is_plural or phrase.is_other or phrase.rank or phrase.is_owner:
        return 0
    fitting = [
        one
        for one, again in told.people
        if one.noun == phrase.noun
        and (one.sentence, one.start) < (number, phrase.start)
        and set(phrase.adjectives) - _EMPTY <= set(one.adjectives)
        and _fits(again, parts[number].plain, phrase)
    ]
    many = sum(one.number for one in fitting)
    if many < 2:
        return 0
    first = fitting[0]
    is_divided = (
        _divides(parts[first.sentence].plain[first.end :], phrase.noun)
        or told.is_divided(parts, phrase.noun, first.sentence, number - 1)
        or _divides(parts[number].plain[: phrase.start], phrase.noun)
    )
    return 0 if is_divided else many


def _told_again(parts: list[PlainSentence], one: Introduced) -> re.Pattern[str] | None:
    """Where that by which one came in tells again: "in the red cap", "in the cap" after "in a red cap"."""
    told = (_TOLD if one.number == 1 else _TOLD_TOGETHER).match(parts[one.sentence].plain, one.end)
    if not told:
        return None
    *more, thing = told[1].casefold().split(" ")
    if one.number > 1:
        thing = _PLURAL.sub("", thing)
    adjectives = "".join(f"(?:{re.escape(word)} )?" for word in more)
    return re.compile(
        rf" (?:in|with|wearing)(?: the| an?| his| her)? {adjectives}{re.escape(thing)}\b(?!-|')", re.IGNORECASE
    )


def _fits(again: re.Pattern[str], plain: str, phrase: Phrase) -> bool:
    match = again.match(plain, phrase.end)
    if not match:
        return False
    following = plain[match.end() : match.end() + 120]
    return bool(_NOT_TELLING.match(following)) or not _TELLING.match(following)


def _introduced_before(parts: list[PlainSentence], people: People, phrase: Phrase, number: int) -> int:
    """How many of those who have come in the phrase may mean."""
    before = [
        one
        for one in people.introduced
        if (one.sentence, one.start) < (number, phrase.start)
        and may_be(phrase.noun, one.noun)
        and set(one.adjectives) >= set(phrase.adjectives) - _EMPTY
    ]
    if set(phrase.adjectives) - _EMPTY:
        return sum(one.number for one in before)
    exact = [one for one in before if one.noun == phrase.noun]
    if len(before) > 1 and sum(one.number for one in exact) == 1 and _stated(people, phrase, number, exact=True) < 2:
        return 1
    many = max(sum(one.number for one in before), _stated(people, phrase, number, exact=False))
    return many if many >= 2 else _contrasted(parts, people, phrase, number)


_PLACES = re.compile(r" (?:on|at|to|in) the (?:far )?(left|right|middle|centre|center|front|back)\b", re.IGNORECASE)
_COLOURS = re.compile(
    r" (?:in|with|wearing)(?: an?| the)?(?: [\w-]+)? ?"
    r"\b(red|blue|green|white|black|grey|gray|brown|yellow|orange|pink|purple)\b",
    re.IGNORECASE,
)


def _contrasted(parts: list[PlainSentence], people: People, phrase: Phrase, number: int) -> int:
    """How many such people have been told apart by place or colour: "the man on the left", "the man on the right"."""
    places: set[str] = set()
    colours: set[str] = set()
    for row, part in zip(people.phrases[: min(number, OPENING)], parts, strict=False):
        for one in row:
            if one.noun == phrase.noun and not one.is_plural:
                for found, pattern in ((places, _PLACES), (colours, _COLOURS)):
                    match = pattern.match(part.plain, one.end)
                    if match:
                        found.add(match[1].casefold())
    return max(len(places), len(colours))


def _stated(people: People, phrase: Phrase, number: int, *, exact: bool) -> int:
    """Of how many such people a statement spoke: "two boys" for "the boy", any two for "the person"."""
    found = [0]
    for one in people.statements:
        if one.sentence < number and one.number and one.nouns:
            nouns = set(one.nouns)
            if exact and phrase.noun in GENERIC:
                continue
            if (phrase.noun in nouns and len(nouns) == 1) or (
                not exact and (phrase.noun in GENERIC or all(may_be(phrase.noun, noun) for noun in nouns))
            ):
                found.append(one.number)
    return max(found)


def _is_told_by_sentence(row: list[Phrase], phrase: Phrase) -> bool:
    """Whether the sentence has named exactly one such person before, by something that tells."""
    earlier = [
        one
        for one in row
        if one.end <= phrase.start and not one.is_plural and may_be(phrase.noun, one.noun) and one.noun == phrase.noun
    ]
    return len(earlier) == 1


_ONE_OF = re.compile(r"\b(?:one|another) of $", re.IGNORECASE)


def _is_singled_out(parts: list[PlainSentence], people: People, phrase: Phrase, number: int) -> bool:
    """Whether this sentence or the one before has "one of the boys", and no other boy stands between."""
    for row in (number, number - 1):
        alike = [
            one
            for one in (people.phrases[row] if row >= 0 else [])
            if (row, one.end) <= (number, phrase.start)
            and (one.is_part or not one.is_plural)
            and (may_be(phrase.noun, one.noun) or may_be(one.noun, phrase.noun))
        ]
        if alike:
            return len(alike) == 1 and bool(_ONE_OF.search(parts[row].plain[: alike[0].start]))
    return False
