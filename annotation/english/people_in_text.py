"""How many people a caption announces and how many it describes. Pure functions.

English can be read in several ways, so the number described is a range: `fewest` counts only people who are surely
different ones, `most` everybody who may be one more. Somebody who is mentioned only as being in the background is
nobody. A caption is at fault where the number announced lies outside of the range.
"""

import re
from dataclasses import dataclass

from annotation.english.people_announced import SCENE, Statement, stated
from annotation.english.people_doubts import MANY, more_possible, without_noun
from annotation.english.people_introduced import DRESSED, MEMBER, Introduced, introductions, ranks_of
from annotation.english.people_nouns import COMPLETE, GENERIC, TOGETHER, differ, may_be, may_join
from annotation.english.people_phrases import Article, Phrase, number_of, phrases
from annotation.english.plain_sentences import PlainSentence

Range = tuple[int, int]
"""The fewest and the most."""


@dataclass(frozen=True)
class People:
    """phrases: of each sentence."""

    statements: list[Statement]
    introduced: list[Introduced]
    phrases: list[list[Phrase]]
    fewest: int
    most: int

    @property
    def announced(self) -> Statement | None:
        """The first statement that names a definite number."""
        return next((one for one in self.statements if one.number is not None), None)


@dataclass(frozen=True)
class _Text:
    parts: list[PlainSentence]
    found: list[list[Phrase]]
    statements: list[Statement]
    introduced: list[Introduced]


def people_in(parts: list[PlainSentence]) -> People:
    """Read the sentences of a caption."""
    found = [phrases(part.plain) for part in parts]
    statements: list[Statement] = []
    taken: dict[int, list[int]] = {}
    is_first = True
    for number, part in enumerate(parts):
        statement = stated(part.plain, found[number], number, is_first=is_first)
        is_first = is_first and not found[number]
        if statement:
            statements.append(statement[0])
            taken[number] = statement[1]
    if any(one.number is not None and not one.is_loose for one in statements):
        for one in [one for one in statements if one.is_loose]:
            statements.remove(one)
            del taken[one.sentence]
    announcing = {(number, start) for number, starts in taken.items() for start in starts}
    introduced = introductions(parts, found, announcing)
    statements = _without_loose(statements, introduced, parts)
    text = _Text(parts, found, statements, introduced)
    fewest, most = _described(text)
    return People(statements, introduced, found, fewest, most + more_possible(parts, found, introduced, statements))


def _is_of_others(one: Statement, person: Introduced, parts: list[PlainSentence]) -> bool:
    """`Two policemen hold a man`, and a waitress after two boys."""
    between = parts[one.sentence].plain[one.end : person.start] if person.sentence == one.sentence else ","
    is_object = person.start > one.end and not re.search(r"[,;:.(]| - ", between)
    return is_object or not may_join(one.nouns[0], person.noun)


def _without_loose(
    statements: list[Statement], people: list[Introduced], parts: list[PlainSentence]
) -> list[Statement]:
    """ "Two boys play" announces no number where a woman comes in later."""
    return [
        Statement(None, one.start, one.end, one.sentence)
        if one.is_loose and any(_is_of_others(one, person, parts) for person in people)
        else one
        for one in statements
    ]


def _described(text: _Text) -> Range:
    ranks: set[int] = set().union(*(ranks_of(part.plain) for part in text.parts)) if text.parts else set()
    ranks |= {person.rank for person in text.introduced if person.rank}
    pieces = _pieces(text)
    people = [person for person in text.introduced if person.rank is None and person.is_counted]
    if complete := next((one for one in text.statements if set(one.nouns) & COMPLETE), None):
        at_once = [person for person in people if person.is_sure and person.sentence <= complete.sentence + 1]
        return sum(person.number for person in at_once), MANY
    if pieces.some:
        return _at_least_alone(text, people, _by_pieces(pieces, ranks, people))
    if ranks and ranks != {-1}:
        return _at_least_alone(text, people, _by_ranks(text, pieces, ranks, people))
    if pieces.named >= 2 and pieces.has_one:
        return _at_least_alone(text, people, _by_members(pieces, people))
    if pieces.rest and people:
        return _by_rest(text, pieces, people)
    if not people:
        return _by_only_one(text, pieces) or _open(text, _by_told(text, _by_definite_phrases(text)))
    return _open(text, _by_phrases(text, people))


def _at_least_alone(text: _Text, people: list[Introduced], described: Range) -> Range:
    """`Two of them carry a sofa, two hold the doors, one a lamp`"""
    return described[0], max(described[1], without_noun(text.parts) + sum(person.number for person in people))


def _open(text: _Text, described: Range) -> Range:
    """Who has no noun, or is only what somebody is, may be one more; of several men one may be shown."""
    grouped = {one.sentence for one in text.introduced if one.is_counted and one.number > 1}
    only_named = sum(
        one.number for one in text.introduced if not (one.is_counted or one.is_told or one.sentence in grouped)
    )
    most = described[1] + without_noun(text.parts) + only_named
    announced = next((one for one in text.statements if one.number is not None), None)
    alike = [one for one in text.introduced if announced and one.noun in announced.nouns]
    if announced and announced.number and len(alike) == 1 == len(text.introduced):
        most = max(most, announced.number)
    return described[0], most


# "Three of them …, the other two …"


@dataclass(frozen=True)
class _Pieces:
    """some: in "three of them", the sum. named: all that pronouns tell apart. rest: of "the other two", the sum."""

    some: int
    named: int
    rest: int
    has_one: bool
    is_open: bool
    first: int
    """Number of the sentence where the first stands."""


def _pieces(text: _Text) -> _Pieces:
    start = text.statements[0].sentence if text.statements else 0
    some = named = rest = 0
    has_one = is_open = False
    divided: set[int] = set()
    first = len(text.parts)
    for number, part in enumerate(text.parts):
        for match in MEMBER.finditer(part.plain):
            who = match["who"].casefold()
            if number in divided and not (match["many"] or match["more"] or match["some"]):
                continue
            divided |= {number} if match["some"] else set()
            many = match["many"] or match["more"] or match["left"]
            count = number_of(many or match["some"] or "one") or 1
            if match["some"] and number > start + 1:
                continue
            first = min(first, number)
            has_one = has_one or who.endswith("one")
            some += count if match["some"] else 0
            named += count
            rest += count if many else 0
            is_open = is_open or who in ("the others", "the rest", "the remaining")
    return _Pieces(some, named, rest, has_one, is_open, first)


def _by_pieces(pieces: _Pieces, ranks: set[int], people: list[Introduced]) -> Range:
    groups = sum(person.number for person in people if person.number > 1 and person.noun not in TOGETHER)
    total = pieces.named + len(ranks)
    is_whole = pieces.rest or ranks or pieces.named > pieces.some or groups
    most = MANY if pieces.is_open else total + sum(person.number for person in people)
    return (total + groups if is_whole else 0), most


def _by_ranks(text: _Text, pieces: _Pieces, ranks: set[int], people: list[Introduced]) -> Range:
    """The first, the second, the other four; who comes in by a noun is one more."""
    first = next((number for number, part in enumerate(text.parts) if ranks_of(part.plain)), 0)
    newcomers = sum(
        person.number for person in people if person.is_sure and (person.number == 1 or person.sentence > first)
    )
    most = MANY if pieces.is_open else len(ranks) + pieces.named + sum(person.number for person in people)
    return len(ranks) + pieces.rest + newcomers, max(most, *ranks)


def _by_members(pieces: _Pieces, people: list[Introduced]) -> Range:
    """`One is a man, the other a woman`, unless they tell apart who came in before."""
    sure = sum(person.number for person in people if person.is_sure)
    possible = sum(person.number for person in people)
    most = MANY if pieces.is_open else possible + pieces.named
    if any(person.sentence < pieces.first or person.number > 1 for person in people):
        return sure, most
    return pieces.named + sure, most


def _by_rest(text: _Text, pieces: _Pieces, people: list[Introduced]) -> Range:
    """`A woman kneels, the other three are children`: three more, unless a larger group had come in before."""
    fewest, most = _by_phrases(text, people)
    before = [person for person in people if person.sentence <= pieces.first]
    named = [one for one in text.introduced if not one.is_counted and one.sentence == pieces.first]
    are_new = pieces.rest >= sum(person.number for person in before) or any(
        differ(one.noun, person.noun) for one in named for person in before
    )
    sure = sum(person.number for person in people if person.is_sure)
    return (sure + pieces.rest if are_new else max(fewest, pieces.rest + 1)), most + pieces.rest


_BARE = re.compile(
    rf" (?:people|persons|individuals|humans)(?:(?: are)? (?:in|on|throughout|during) (?:the|this) (?:\w+ )?{SCENE}"
    r"| (?:are|can be) (?:seen|visible|shown|present))*(?:[.:;,]| -|$)",
    re.IGNORECASE,
)
_DESCRIBES_ALL = re.compile(
    r"\b(?:both|all|each|everyone|everybody|others?|another|second|rest|remaining|somebody|someone"
    r"|they (?:are|have|wear)|the (?:two|three|four|five|six))\b",
    re.IGNORECASE,
)
_HE, _SHE = re.compile(r"\b(?:he|him|his)\b", re.IGNORECASE), re.compile(r"\b(?:she|hers?)\b", re.IGNORECASE)


def _by_only_one(text: _Text, pieces: _Pieces) -> Range | None:
    """`Two people. One is a rider` and never a word of the other; None where the text is no such one."""
    announced = next((one for one in text.statements if one.number is not None), None)
    if announced is None or not _BARE.match(text.parts[announced.sentence].plain, announced.end):
        return None
    if pieces.named != 1 or not pieces.has_one or pieces.first > announced.sentence + 1:
        return None
    plain = " ".join(part.plain for part in text.parts[announced.sentence :])
    has_more = any(phrase.is_plural for row in text.found[announced.sentence + 1 :] for phrase in row)
    if has_more or _DESCRIBES_ALL.search(plain) or (_HE.search(plain) and _SHE.search(plain)):
        return None
    return 1, 1 + _definite_strangers(text, [])


# "A man … a woman …", "the man … the woman …"


def _by_phrases(text: _Text, people: list[Introduced]) -> Range:
    sure = sum(person.number for person in people if person.is_sure)
    possible = sum(person.number for person in people)
    named = next((one for one in text.statements if one.number), None)
    if named and named.number and len(named.nouns) == 1 and named.nouns[0] not in GENERIC:
        strangers = sum(person.number for person in people if differ(person.noun, named.nouns[0]))
        if strangers and not any(may_be(named.nouns[0], person.noun) for person in people):
            return strangers, named.number + possible
    if _has_open_couples(text, people):
        return 0, max(possible, named.number or 0 if named else 0)
    pieces = _pieces(text)
    told = [one for one in text.introduced if one.is_told]
    possible += len(told) + (pieces.named if pieces.has_one else 0)
    possible += _definite_strangers(text, people)
    sure += _more_alike(text)
    return sure + len(_others_than(told, people)), possible


_AS_MANY = re.compile(
    r"(?:,|;| and| while)(?: and| while)? (two|three|four|five|six)(?= with (?!the\b|all\b)\w)"
    rf"|(?:,|;| and| while)(?: and| while)? (two|three|four|five|six)(?={DRESSED.pattern})",
    re.IGNORECASE,
)


def _more_alike(text: _Text) -> int:
    """`Three girls in white kneel, three in red stand`: so many more, as no part of three is three."""
    more = 0
    for number, part in enumerate(text.parts[:3]):
        said = list(_AS_MANY.finditer(part.plain))
        if len(said) != 1:
            continue
        groups = [
            one
            for one in text.introduced
            if one.sentence == number
            and one.number > 1
            and one.end < said[0].start()
            and one.is_sure
            and one.is_counted
        ]
        many = number_of(said[0][1] or said[0][2]) or 0
        if len(groups) == 1 and many >= groups[0].number:
            is_told = DRESSED.match(part.plain, groups[0].end) or part.plain.startswith(" with ", groups[0].end)
            more += many if is_told else 0
    return more


def _by_told(text: _Text, definite: Range) -> Range:
    """`He is a man in a suit. She is a woman in a gown.`"""
    told = sum(one.is_told for one in text.introduced)
    return max(definite[0], told), max(definite[1], told)


def _others_than(told: list[Introduced], people: list[Introduced]) -> list[Introduced]:
    """`It is a woman`, and everybody else who comes in is a man."""
    return [one for one in told if all(differ(one.noun, person.noun) for person in people)]


def _has_open_couples(text: _Text, people: list[Introduced]) -> bool:
    """Whether couples are spoken of, and nothing tells whether a man and a woman are one of them."""
    told = {person.sentence for person in text.introduced if not person.is_counted}
    return any(person.noun in TOGETHER and person.sentence not in told for person in people) or any(
        set(one.nouns) & set(TOGETHER) for one in text.statements
    )


def _definite_strangers(text: _Text, people: list[Introduced]) -> int:
    """How many more "the girl" may bring in where only men were; "the others are …" as many as one likes."""
    if _pieces(text).is_open:
        return MANY
    strangers = {
        phrase.noun
        for row in text.found
        for phrase in row
        if phrase.article is Article.THE and not phrase.is_plural and phrase.noun not in GENERIC | set(TOGETHER)
    }
    known = {person.noun for person in text.introduced}
    return sum(not any(may_be(one, noun) or may_be(noun, one) for noun in known) for one in strangers)


_TOGETHER = re.compile(r"\b(?:both|all|each|they|everyone|everybody|the (?:two|three|four|five|six))\b", re.IGNORECASE)


def _by_definite_phrases(text: _Text) -> Range:
    """Nobody is brought in by "a man": "the man … the woman …" tell apart, or the statement itself describes."""
    said: dict[str, set[str]] = {}
    for part, row in zip(text.parts, text.found, strict=True):
        for phrase in row:
            if phrase.article is Article.THE and not phrase.is_plural:
                following = re.findall(r"[\w-]+", part.plain[phrase.end : phrase.end + 40])[:4]
                key = " ".join((*phrase.adjectives, *following, "other" if phrase.is_other else ""))
                said.setdefault(phrase.noun, set()).add(key.casefold())
    nouns = [noun for noun in said if noun not in GENERIC]
    fewest = min(2, max((1 + sum(differ(one, other) for other in nouns) for one in nouns), default=0))
    most = sum(len(keys) for keys in said.values())
    announced = next((one for one in text.statements if one.number is not None), None)
    if announced is None or announced.number is None:
        return fewest, most
    is_described = (
        not said
        or announced.number == 1
        or announced.is_told_apart
        or not set(announced.nouns) <= GENERIC
        or any(_TOGETHER.search(part.plain) for part in text.parts)
    )
    return fewest, max(most, announced.number) if is_described else most
