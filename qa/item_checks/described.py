"""Whom a caption describes, with what words, and which of them a phrase can mean. Pure functions.

A description runs from where somebody comes in to where the next one does. What is said of both or all is said of each.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest

from annotation.english.people_in_text import People
from annotation.english.people_nouns import GENERIC, differ, may_be
from annotation.english.people_phrases import Phrase
from annotation.english.plain_sentences import PlainSentence
from annotation.english.word_stems import meanings_in

_RANK = re.compile(
    r"\b(?:the (?:first|second|third|fourth|fifth|sixth|last)"
    r"(?: \w+(?= (?:is|wears|has)\b)| and (?:the )?\w+(?= are\b))?"
    r"|(?:the )?others?|one|another)(?= (?:is|are|has|have|wears?|in|with|an?|holds?|carries|stands?|sits?)\b|:|,)",
    re.IGNORECASE,
)
_CLOSE = 25
"""Characters between "the first is" and "a man", who are one."""
_OF_ALL = re.compile(
    r"\b(?:both|all)(?: (?:of them|(?:two|three|four)|the \w+))?(?: \w+)? (?:wear|have|are in|wearing)\b", re.IGNORECASE
)
_GOES_ON = re.compile(r"(?:He|She|It|His|Her|They|Their)\b")


@dataclass(frozen=True)
class Described:
    """`number` people. noun: "" where only a rank is told. start, end: plain offsets in sentence number `sentence`."""

    noun: str
    number: int
    words: tuple[str, ...]
    sentence: int
    start: int
    end: int

    def has(self, wanted: tuple[str, ...]) -> bool:
        """Whether the words stand there together: "red cap" in "a red woollen cap"."""
        words = self.words
        for place, word in enumerate(words):
            if word != wanted[0]:
                continue
            rest, at = wanted[1:], place
            for one in rest:
                following = words[at + 1 : at + 3]
                if one not in following:
                    break
                at += 1 + following.index(one)
            else:
                return True
        return False


def descriptions(parts: list[PlainSentence], people: People) -> list[Described]:
    starts = sorted(_starts(parts, people))
    found = []
    for (sentence, start, noun, number), following in zip_longest(starts, starts[1:]):
        same = following is not None and following[0] == sentence
        end = following[1] if same else len(parts[sentence].plain)
        words = meanings_in(parts[sentence].plain[start:end])
        last = following[0] if following else len(parts)
        for more in range(sentence + 1, last):
            if not _GOES_ON.match(parts[more].plain) or same:
                break
            words += meanings_in(parts[more].plain)
        found.append(Described(noun, number, words, sentence, start, end))
    shared = tuple(word for part in parts if _OF_ALL.search(part.plain) for word in meanings_in(part.plain))
    if not shared:
        return found
    return [Described(one.noun, one.number, one.words + shared, one.sentence, one.start, one.end) for one in found]


def _starts(parts: list[PlainSentence], people: People) -> list[tuple[int, int, str, int]]:
    """Sentence, place, noun and number of each one who comes in."""
    found = [(one.sentence, one.start, one.noun, one.number) for one in people.introduced]
    kinds = [one.nouns[0] for one in people.statements if one.nouns and one.nouns[0] not in GENERIC]
    kind = kinds[-1] if kinds else ""
    for number, part in enumerate(parts):
        for rank in _RANK.finditer(part.plain):
            near = [one for one in found if one[0] == number and rank.start() <= one[1] <= rank.end() + _CLOSE]
            if near:
                found.remove(near[0])
                found.append((number, rank.start(), near[0][2], near[0][3]))
            elif number <= 2:
                noun = _noun_behind(people, number, rank.end()) or kind
                found.append((number, rank.start(), noun, 2 if " and " in rank[0] else 1))
    return found


def _noun_behind(people: People, sentence: int, place: int) -> str:
    """What the one is called of whom "the second is" speaks: "a girl"."""
    near = (one.noun for one in people.phrases[sentence] if place <= one.start <= place + _CLOSE)
    return next(near, "")


_PREPOSITION = re.compile(
    r",? (?:in|with|wearing|who (?:is wearing|wears|has)|holding|carrying)(?: (?:a|an|the|his|her))? "
)
_MOST_WORDS = 5
_GOES_ON_TELLING = re.compile(r",? (?:on|at|with|in|and|who|whose|that|holding|wearing|beside|near|behind|next)\b")


@dataclass(frozen=True)
class Meant:
    """Whom a phrase can mean. is_told: it names a trait that descriptions have. end: where phrase and trait end."""

    people: tuple[Described, ...]
    is_told: bool
    goes_on: bool
    end: int

    @property
    def number(self) -> int:
        return sum(one.number for one in self.people)


def meant_by(phrase: Phrase, text: str, all_: list[Described]) -> Meant:
    """Those of the described whom "the boy in the red cap" can mean."""
    fitting = [one for one in all_ if _noun_fits(phrase, one)]
    if not fitting:
        fitting = [one for one in all_ if not differ(phrase.noun, one.noun)]
    adjectives = [word for adjective in phrase.adjectives for word in meanings_in(adjective)]
    is_told = False
    if adjectives:
        told = [one for one in fitting if all(word in one.words for word in adjectives)]
        if told:
            fitting, is_told = told, True
    end = phrase.end
    trait = _trait(text, phrase.end, fitting)
    if trait:
        wanted, end = trait
        fitting = [one for one in fitting if one.has(wanted)]
        is_told = True
    is_other = phrase.rank is not None or phrase.is_other
    return Meant(tuple(fitting), is_told, is_other or bool(_GOES_ON_TELLING.match(text, end)), end)


def _noun_fits(phrase: Phrase, one: Described) -> bool:
    if not one.noun or one.noun == phrase.noun or phrase.noun in GENERIC:
        return True
    return may_be(phrase.noun, one.noun) or (one.noun in GENERIC)


def _trait(text: str, end: int, fitting: list[Described]) -> tuple[tuple[str, ...], int] | None:
    """The longest run of words behind the preposition that somebody's description has, and where it ends."""
    preposition = _PREPOSITION.match(text, end)
    if not preposition:
        return None
    best = None
    for word in list(re.finditer(r"[\w'-]+", text[preposition.end() :]))[:_MOST_WORDS]:
        stop = preposition.end() + word.end()
        wanted = meanings_in(text[preposition.end() : stop])
        if not wanted or not any(one.has(wanted) for one in fitting):
            break
        best = wanted, stop
    return best
