"""What a caption tells of a thing or a deed that a question asks about. Pure functions.

Whose thing or deed it is, is known only as far as the noun goes ("the man" may be any man), so what is found is what
the caption says of anybody who may be meant; a rule may speak only where all of that agrees.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from annotation.english.number_words import with_digits
from annotation.english.people_in_text import People, people_in
from annotation.english.people_phrases import Phrase, phrases
from annotation.english.plain_sentences import PlainSentence, plain_sentences
from annotation.english.seen_things import CLOTHES, COLOURS, may_mean
from annotation.english.word_stems import meaning, meanings_in, words_in
from qa.item_checks.described import Described, Meant, descriptions, meant_by

_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[^\s\w]")
_ENDS_PHRASE_WORDS = """
    and or with of in on at by over under who that which whose , ; : . ( ) while as to from then wears wearing
    wore is are has have was were the a an his her their
"""
_ENDS_PHRASE = frozenset(_ENDS_PHRASE_WORDS.split())
_MOST_BETWEEN = 3
_SHADE = frozenset(("dark", "light", "bright", "pale", "deep", "faded", "neon", "plain", "mostly", "all"))


@dataclass(frozen=True)
class Colouring:
    """colours: meanings, in the order told: "a red and white jersey" has two. owners: of whom it may be said."""

    colours: tuple[str, ...]
    owners: tuple[Described, ...]
    sentence: int


@dataclass(frozen=True)
class Told:
    """A caption, read once for all questions about it."""

    parts: tuple[PlainSentence, ...]
    people: People

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """What the words of each sentence mean."""
        return tuple(meanings_in(part.plain) for part in self.parts)

    @cached_property
    def all(self) -> frozenset[str]:
        return frozenset(word for row in self.rows for word in row)

    @cached_property
    def described(self) -> list[Described]:
        return descriptions(list(self.parts), self.people)

    @property
    def is_of_one(self) -> bool:
        """Whether surely only one person is in the clip."""
        stated = self.people.announced
        return self.people.most == 1 or (stated is not None and stated.number == 1 and self.people.fewest <= 1)

    def speaks_of(self, word: str) -> bool:
        return bool(may_mean(word) & self.all)

    def colourings(self, thing: str, asked: Meant | None) -> list[Colouring]:
        """Every colour that it gives a thing of somebody who may be the one asked about."""
        found = []
        for number, part in enumerate(self.parts):
            for start, colours in _coloured(part.plain, thing):
                owners = self.owners(number, start)
                if asked is None or not owners or set(owners) & set(asked.people):
                    found.append(Colouring(colours, owners, number))
        return found

    def calls(self, thing: str, value: str, asked: Meant | None) -> bool:
        """Whether it puts the value before the thing, of somebody who may be the one asked about."""
        for number, part in enumerate(self.parts):
            for start in starts_of(part.plain, frozenset((thing,))):
                before = meanings_in(
                    re.split(r"[,;:.]| and | with | a | an | the | his | her ", part.plain[:start])[-1]
                )
                owners = self.owners(number, start)
                fits = asked is None or not owners or set(owners) & set(asked.people)
                if fits and value in before[-3:]:
                    return True
        return False

    def owners(self, sentence: int, place: int) -> tuple[Described, ...]:
        """Of whom is spoken there; nobody where that is not known."""
        inside = [one for one in self.described if one.sentence == sentence and one.start <= place < one.end]
        if inside:
            return tuple(inside)
        part = self.parts[sentence].plain
        phrase = next((one for one in reversed(self.people.phrases[sentence]) if one.end <= place), None)
        return meant_by(phrase, part, self.described).people if phrase else ()


@lru_cache(maxsize=512)
def people_named(question: str) -> tuple[Phrase, ...]:
    """The phrases of a plain question that mean people."""
    return tuple(phrases(question))


@lru_cache(maxsize=64)
def told(caption: str) -> Told:
    parts = plain_sentences(caption)
    return Told(tuple(parts), people_in(parts))


def _coloured(plain: str, thing: str) -> list[tuple[int, tuple[str, ...]]]:
    """Where it calls the thing by a colour: "a red and white striped jersey", "his jersey is red"."""
    tokens = [(one.start(), one[0].casefold()) for one in _TOKEN.finditer(plain)]
    words = [token for _, token in tokens]
    found = []
    place = 0
    while place < len(words):
        colours, following = _chain(words, place)
        if not colours:
            place += 1
            continue
        run = []
        for word in words[following : following + _MOST_BETWEEN + 1]:
            if word in _ENDS_PHRASE:
                break
            run.append(meaning(word))
        before = words[max(0, place - 3) : place]
        if thing in run or (
            not run
            and any(word in ("is", "are", "was", "were") for word in before)
            and thing in [meaning(word) for word in before]
        ):
            found.append((tokens[place][0], colours))
        place = following
    return found


def starts_of(plain: str, meant: frozenset[str]) -> list[int]:
    """Where a sentence has a word of one of these meanings."""
    return [one.start() for one in _TOKEN.finditer(plain) if meaning(one[0].casefold()) in meant]


def _chain(words: list[str], place: int) -> tuple[tuple[str, ...], int]:
    """The colours from a place on, "red and white", "blue-green", and the place behind them."""
    colours: list[str] = []
    while place < len(words):
        parts = [meaning(part) for part in words[place].split("-")]
        if not any(part in COLOURS for part in parts):
            break
        colours += [part for part in parts if part in COLOURS]
        place += 1
        joins = place + 1 < len(words) and words[place] in ("and", ",", "/", "-")
        after = place + 1
        if joins and words[place] == "," and after < len(words) and words[after] == "and":
            after += 1
        while joins and after < len(words) and words[after] in _SHADE:
            after += 1
        if not joins or after >= len(words) or meaning(words[after].split("-")[-1]) not in COLOURS:
            break
        # "a red and a white hat" are two hats; "a red and white hat" is one.
        place = after
    return tuple(dict.fromkeys(colours)), place


# Questions


_COLOUR_ASKED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:what|which) colou?rs? (?:is|are|was|were|do|does) (?P<thing>[^?]*)",
        r"(?:what|which) (?:is|are) the (?:main |dominant )?colou?rs? of (?P<thing>[^?]*)",
        r"(?:what|which) colou?r(?:ed|s)? (?P<thing>[\w-]+(?: [\w-]+)?) (?:is|are|does|do|has|have) [^?]*",
        r"(?P<thing>(?:the|his|her) [^?]*?) (?:is|are|has) (?:of )?(?:what|which) colou?r",
    )
]
_ENDS_THING = re.compile(
    r" (?:of|worn|that|which|who|on|in|with|the|is|are|he|she|does|held|used|wrapped|tied|hanging|being|around|over"
    r"|beside|behind|near|above|below|inside|under|at|lying|standing|next|from|to|by|when|while|as|after|before|during|carried|thrown|placed|attached|belonging)\b.*|,.*"
)


@dataclass(frozen=True)
class AskedColour:
    """thing: the meaning of its noun. more: of the words before the noun."""

    thing: str
    more: tuple[str, ...]


@lru_cache(maxsize=512)
def colour_asked(question: str) -> AskedColour | None:
    """Of which thing a plain question wants the colour."""
    for pattern in _COLOUR_ASKED:
        found = pattern.search(question)
        if found:
            words = _noun_phrase(found["thing"])
            return AskedColour(words[-1], words[:-1]) if words else None
    return None


def _noun_phrase(text: str) -> tuple[str, ...]:
    """What the words of "the red hat of the man" and of "the man's red hat" mean, up to the thing itself."""
    owned = re.sub(r"^.*?\b\w+(?:'s|s') ", "", re.sub(r"^(?:is|are) ", "", text.strip()))
    return meanings_in(_ENDS_THING.sub("", owned))


def thing_in(text: str) -> str | None:
    """The meaning of the thing that a noun phrase names."""
    words = _noun_phrase(text)
    return words[-1] if words else None


def colours_in(text: str) -> frozenset[str]:
    return frozenset(meaning(word) for word in words_in(text)) & COLOURS


_TIMES_ASKED = re.compile(r"how (?:many times|often) (?:does|do|did|is|are|can) (?P<rest>[^?]*)", re.IGNORECASE)
_THINGS_ASKED = re.compile(
    r"how many (?!times\b)(?P<deed>(?:[\w'-]+ ){1,3}?)"
    r"(?:does|do|did|is|are|can|has|have|was|were|(?=[a-z]+ (?:in|on|into|the)\b))",
    re.IGNORECASE,
)
_AUXILIARY = frozenset(meaning(word) for word in ("both", "then", "be", "seen", "get", "appear", "turn", "mak", "tak"))


_TRAITS = "|".join(
    (
        *(f"{thing}(?:s|es)?" for thing in sorted(CLOTHES, key=len, reverse=True)),
        *(
            "hair",
            "beard",
            "moustache",
            "ponytail",
            "bun",
            "left",
            "right",
            "middle",
            "centre",
            "center",
            "back",
            "front",
        ),
        *("background", "foreground", "outfit", "costume", "clothes", "top", "kit", "leotard", "swimsuit", "braids?"),
    )
)
_TRAIT = re.compile(
    rf"^(?:,? (?:and )?(?:in|with|wearing|on|at|dressed in) (?:(?:a|an|the|his|her|their) )?(?:[\w-]+ ){{0,3}}?"
    rf"(?:{_TRAITS})\b"
    r"(?: of the (?:frame|screen|picture|image|room))?,?)+",
    re.IGNORECASE,
)
"""By what a question tells somebody from others: "in the red cap", "on the left"."""


@lru_cache(maxsize=512)
def without_people(question: str) -> str:
    """A plain question without whom it names and by what it tells them from others."""
    for phrase in reversed(people_named(question)):
        question = question[: phrase.start] + _TRAIT.sub("", question[phrase.end :])
    return question


@lru_cache(maxsize=512)
def deed_counted(question: str) -> str | None:
    """The meaning of the verb, or of the noun, whose number a plain question wants."""
    deeds = _THINGS_ASKED.search(question)
    if deeds:
        words = meanings_in(deeds["deed"])
        return words[-1] if words else None
    times = _TIMES_ASKED.search(question)
    if not times:
        return None
    rest = times["rest"]
    people = phrases(rest)
    who = next((one for one in people if not rest[: one.start].strip()), None)
    behind = rest[who.end :] if who else re.sub(r"^(?:he|she|they|it)\b", "", rest)
    if who is None and behind == rest:
        return None
    behind = _TRAIT.sub("", behind)
    if re.match(r" *(?:in|with|wearing|on|at|from|near|by|behind|holding|who|and|of|next|beside)\b", behind):
        return None
    words = meanings_in(behind)
    return words[0] if words and words[0] not in _AUXILIARY else None


_NUMBER = re.compile(r"\b(\d+)\b")
_VAGUELY = re.compile(
    r"\b(?:several|a few|many|some|repeatedly|again and again|over and over|continuously|a couple of|a number of"
    r"|multiple|numerous|various|more than once|keeps?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Counted:
    """How often a caption says that something is done. numbers: every definite number beside it."""

    mentions: int
    numbers: tuple[int, ...]
    is_vague: bool
    has_more: bool


def counted(tale: Told, deed: str) -> Counted:
    """What it says of how often: of each sentence with the deed the clause around it."""
    mentions, numbers, is_vague, has_more = 0, [], False, False
    for part in tale.parts:
        for clause in re.split(r"[,;:.]| and then | then | before | after | while ", part.plain):
            words = meanings_in(clause)
            if deed not in words:
                continue
            mentions += words.count(deed)
            digits = with_digits(clause.casefold())
            numbers += [int(one[1]) for one in re.finditer(r"\b(\d{1,4}) times?\b", digits)]
            numbers += [
                int(one[1])
                for one in re.finditer(r"\b(\d{1,4}) (?:[\w-]+ ){0,2}?([\w-]+)", digits)
                if meaning(one[2]) == deed and not re.search(r"\btimes?\b", one[0])
            ]
            is_vague = is_vague or bool(_VAGUELY.search(clause))
            has_more = has_more or bool(
                re.search(r"\b(?:more|again|another|each|every|both|twice as|in all|in total|once more)\b", digits)
            )
    return Counted(mentions, tuple(numbers), is_vague, has_more)


def number_in(option: str) -> int | None:
    """The one number of an option."""
    found = _NUMBER.findall(with_digits(option.casefold()))
    return int(found[0]) if len(found) == 1 and len(found[0]) < 5 else None
