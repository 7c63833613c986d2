"""Rules about several questions of one clip, and what two questions share. They warn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from annotation.english.people_nouns import differ
from annotation.english.plain_text import plain
from annotation.english.seen_things import COLOURS, may_mean
from annotation.english.word_stems import meaning, meanings_in, words_in
from qa.categories import Category
from qa.folding import folded
from qa.item_checks.items import About, Asked, Item, Sibling, rule
from qa.item_checks.told import colour_asked, colours_in, deed_counted, people_named, told, without_people

_CONTRASTS_WORDS = """
    left right first second third last before after other another up down top bottom front back beginning start
    end again upper lower
"""
_CONTRASTS = frozenset(_CONTRASTS_WORDS.split())
_TURNS = frozenset(("before", "after"))
_ASKING_WORDS = """
    times many often colour do kind type wear number perform make video clip whole throughout action gesture total
"""
_ASKING = frozenset(meaning(word) for word in _ASKING_WORDS.split())
_DOING = frozenset(meaning(word) for word in ("give", "take", "do", "get"))
"""Verbs that carry no deed in "How many claps does she give?"."""
_SAME = 0.75
"""The least share of meanings, of those that either question has, that both have."""


@dataclass(frozen=True)
class _Sense:
    """words: what the question means without the asking. contrasts: words that turn one question into another, with
    sides and colours; turns: of those, the ones of time. rest: the words that say neither who nor which part of
    the body.
    """

    words: frozenset[str]
    contrasts: frozenset[str]
    turns: frozenset[str]
    rest: frozenset[str]


@lru_cache(maxsize=4096)
def _sense(question: str) -> _Sense:
    text = plain(question)
    every = frozenset(words_in(text))
    rest = frozenset(meanings_in(without_people(text))) - _ASKING - _NOT_TELLING - _EMPTY
    doing = _DOING if text.casefold().startswith(("how many", "how often")) else frozenset()
    contrasts = (every & _CONTRASTS) | (frozenset(meanings_in(text)) & COLOURS)
    return _Sense(frozenset(meanings_in(text)) - _ASKING - doing, contrasts, every & _TURNS, rest)


def _same_key(one: Asked, other: Asked) -> bool:
    if one.key_text is None or other.key_text is None:
        return False
    if folded(one.key_text).says_same(folded(other.key_text)):
        return True
    first, second = frozenset(meanings_in(one.key_text)), frozenset(meanings_in(other.key_text))
    return bool(first) and first == second


def likeness(one: Asked, other: Asked) -> float:
    """How far two questions ask the same, 0 to 1: the share of what they mean; 0 where a word turns one round."""
    first, second = _sense(one.question), _sense(other.question)
    if first.contrasts != second.contrasts or not first.words or not second.words:
        return 0.0
    return len(first.words & second.words) / len(first.words | second.words)


@rule("near-duplicate-pair")
def near_duplicate_pair(item: Item) -> About | None:
    """The same fact of the same clip is asked twice in other words; the flag names the other question.

    It sees two questions with the same key whose words mean nearly the same and of which none says left, before or
    red where the other does not.

    Good: How often does the man clap? · How often does the man jump?
    Bad: How often does the man clap? · How many times does the man applaud?
    """
    alike = [(_alike(item, other), other) for other in item.siblings]
    near = max(alike, key=lambda pair: pair[0], default=None)
    if near is None or near[0] < _SAME:
        return None
    return About(f"“{plain(near[1].question)}” asks for the same fact.", near[1].id)


def _alike(item: Item, other: Sibling) -> float:
    """0 to 1; at least _SAME where one fact is asked for twice.

    What the questions say counts alone where the key is a number, a colour, a side or somebody: many questions have
    such keys. Where it says more than that, two questions with the same key need only have something in common.
    """
    if _same_order(item, other) or _same_count(item, other):
        return 1.0
    like = likeness(item, other) if _same_key(item, other) else 0.0
    first, second = (
        frozenset(meanings_in(one.key_text or "")) - _NOT_TELLING - _EMPTY - _NUMBERS for one in (item, other)
    )
    telling = first & second
    if not telling or 2 * len(telling) < len(first | second) or (len(telling) == 1 and first != second):
        return like
    mine, its = _sense(item.question), _sense(other.question)
    common = {word for word in mine.rest if may_mean(word) & its.rest}
    return 1.0 if common and mine.turns == its.turns else like


_ORDER = re.compile(r"\bdo (?P<turn>immediately after|just before) (?P<what>[^?]*)", re.IGNORECASE)


def _same_order(item: Item, other: Sibling) -> bool:
    """Whether one asks what follows the first deed, and the other what comes before the second."""
    mine, its = _ORDER.search(plain(item.question)), _ORDER.search(plain(other.question))
    if not mine or not its or mine["turn"].casefold() == its["turn"].casefold():
        return False
    return all(
        bool(key) and key <= frozenset(meanings_in(asked["what"]))
        for key, asked in (
            (frozenset(meanings_in(item.key_text or "")), its),
            (frozenset(meanings_in(other.key_text or "")), mine),
        )
    )


def _same_count(item: Item, other: Sibling) -> bool:
    """Whether both count one deed or thing of people who may be the same, and have the same number as key."""
    mine, its = deed_counted(plain(item.question)), deed_counted(plain(other.question))
    if mine is None or mine != its or not _same_key(item, other):
        return False
    if _sense(item.question).contrasts != _sense(other.question).contrasts:
        return False
    nouns = [[phrase.noun for phrase in people_named(plain(one.question))] for one in (item, other)]
    return all(not differ(first, second) for first in nouns[0][:1] for second in nouns[1][:1])


def most_similar(asked: Asked, others: Sequence[Sibling]) -> Sibling | None:
    """The one of the others that is the same but for folding, question and options alike; else None.

    Options may stand in another order. What only looks alike is none: "How many times does the man clap?" is asked of
    many clips, and rightly.
    """
    question = folded(asked.question).words
    return next(
        (other for other in others if folded(other.question).words == question and _same_options(asked, other)), None
    )


def _same_options(one: Asked, other: Asked) -> bool:
    """Whether each option of either is one of the other's as well."""
    first, second = ([folded(option) for option in asked.options] for asked in (one, other))
    return all(
        any(option.says_same(its) for its in those)
        for these, those in ((first, second), (second, first))
        for option in these
    )


@rule("same-question-in-source")
def same_question_in_source(item: Item) -> About | None:
    """Another clip from the same source has this question with these options; the flag names that question.

    Cuts of one video show the same people, often the same deed: a model that is tested would be asked one thing twice.
    The same question with other options, or of a clip from elsewhere, is fine.

    Good: How many times does the man clap? of a clip from another video
    Bad: the same question and options of two clips that are cut from one video
    """
    twin = most_similar(item, item.elsewhere)
    if twin is None or not item.words:
        return None
    return About(f"The question {twin.id} asks the same of another clip from the same source.", twin.id)


@rule("answer-in-sibling")
def answer_in_sibling(item: Item) -> About | None:
    """Another question of the clip gives this one's answer away in its own words.

    It sees the colour of a thing, and keys of which every word that says something is in the other question.

    Good: What colour is the woman's raincoat? · What does the woman with the umbrella do?
    Bad, key Yellow: What colour is the woman's raincoat? · What does the woman in the yellow raincoat do?
    """
    if item.key_text is None or not item.distractors:
        return None
    for other in item.siblings:
        if _gives_away(item, other):
            return About(f"“{plain(other.question)}” gives the answer away.", other.id)
    return None


def _gives_away(item: Item, other: Asked) -> bool:
    asked = colour_asked(item.words)
    said = meanings_in(other.question)
    if asked:
        pairs = {pair for gap in (1, 2) for pair in zip(said, said[gap:], strict=False)}
        key = colours_in(item.key_text or "")
        tale = told(item.caption or "")
        many = {one.colours for one in tale.colourings(asked.thing, None)}
        return len(key) == 1 and len(many) <= 1 and all((colour, asked.thing) in pairs for colour in key)
    own = [frozenset(meanings_in(option)) for option in item.options]
    asked_words = frozenset(meanings_in(item.question))
    key = frozenset(meanings_in(item.key_text or "")) - frozenset.intersection(*own) - asked_words - _EMPTY
    others = [frozenset(meanings_in(option)) - asked_words - _EMPTY for option in item.distractors]
    telling = key - _NOT_TELLING
    return (
        bool(telling)
        and telling <= set(said)
        and not any((words - key) & set(said) or (words and words <= key) for words in others)
        and not colour_asked(other.question)
        and item.category != Category.COUNT
        and not _WHO_OR_NOT.search(item.words)
    )


_WHO_OR_NOT = re.compile(
    r"^(?:by |to |with |from )?who(?:m|se)?\b|\bwhich (?:of the|person|man|woman)|\bnot\b", re.IGNORECASE
)
_NOT_TELLING_WORDS = """
    times left right both one two hand arm leg foot head man woman boy girl person child up down forward backward side
    face body front back floor ground air camera frame
"""
_NOT_TELLING = frozenset(meaning(word) for word in _NOT_TELLING_WORDS.split()) | COLOURS
"""Words that stand in many questions without giving anything away."""
_NUMBERS = frozenset(str(number) for number in range(101))
_EMPTY_WORDS = "put take give get make go come hold keep move use place turn start begin let"
_EMPTY = frozenset(meaning(word) for word in _EMPTY_WORDS.split())
"""Verbs that carry little where a noun says it all."""
