"""The people whom a caption describes, and where each is spoken of: proposals for the registry. Pure functions."""

import re
from dataclasses import dataclass, field

from annotation.english.people_in_text import People
from annotation.english.people_introduced import Introduced
from annotation.english.people_nouns import may_be
from annotation.english.people_phrases import Article, Phrase
from annotation.english.plain_sentences import PlainSentence

MOST_PEOPLE = 50
MOST_MENTIONS = 200
DESCRIPTION_CHARACTERS = 120
_MORE = re.compile(
    r"(?: (?:in|with|wearing|holding|dressed|on|at)\b[^,.;:()]{1,60}?)"
    r"(?=,|;|\.|:|\(| who\b| that\b| and (?:\w+s|is)\b|$)"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(
    (
        *("the", "and", "with", "who", "that", "his", "her", "their", "him", "one", "two", "are", "has", "was"),
        *("wears", "wearing", "from", "into", "onto", "while"),
    )
)


@dataclass
class Person:
    """mentions: [start, end] in the text as written, in code points, in order."""

    description: str
    mentions: list[tuple[int, int]] = field(default_factory=list)


def described_people(parts: list[PlainSentence], people: People) -> list[Person]:
    """Everybody who comes in alone, with a short description; groups are left out, at most 50 are told."""
    single = [one for one in people.introduced if one.number == 1][:MOST_PEOPLE]
    found = [
        Person(_description(parts[one.sentence], one), [_place(parts, one.sentence, one.start, one.end)])
        for one in single
    ]
    words = [
        _words(parts[one.sentence].plain[one.start : _clause_end(parts[one.sentence].plain, one.end)]) for one in single
    ]
    mentions = 0
    for number, row in enumerate(people.phrases):
        if mentions >= MOST_MENTIONS:
            break
        for phrase in row:
            meant = _meant(parts[number].plain, phrase, number, single, words)
            if meant is not None and mentions < MOST_MENTIONS:
                found[meant].mentions.append(_place(parts, number, phrase.start, phrase.end))
                mentions += 1
    return found


def _description(part: PlainSentence, one: Introduced) -> str:
    """`bald man in a red shirt`: the phrase without its article, and the first thing that tells more."""
    phrase = part.plain[one.start : one.end].split(" ", 1)[-1]
    more = _MORE.match(part.plain, one.end)
    return (phrase + (more[0] if more else ""))[:DESCRIPTION_CHARACTERS].strip()


def _meant(
    plain: str, phrase: Phrase, number: int, single: list[Introduced], words: list[frozenset[str]]
) -> int | None:
    """Which of those who have come in a definite phrase means; None where it is not the only one who fits best."""
    if phrase.article is not Article.THE or phrase.is_plural or phrase.is_other or phrase.rank:
        return None
    can = [
        place
        for place, one in enumerate(single)
        if (one.sentence, one.start) < (number, phrase.start) and may_be(phrase.noun, one.noun)
    ]
    said = frozenset(phrase.adjectives) | _words(plain[phrase.end : phrase.end + 40])
    best = sorted(((len(said & words[place]), place) for place in can), reverse=True)
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    return best[0][1]


def _words(plain: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(plain)) - _COMMON


def _clause_end(plain: str, start: int) -> int:
    following = re.compile(r"[;.]|, and the\b|\bthe (?:first|second|third|other)\b").search(plain, start, start + 400)
    return following.start() if following else min(len(plain), start + 400)


def _place(parts: list[PlainSentence], number: int, start: int, end: int) -> tuple[int, int]:
    return parts[number].place(start, end)
