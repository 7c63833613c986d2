"""Whom a caption brings in: "a man in a cap", "two boys", "the first is a woman". Pure functions.

Ranks ("the first", "the last") and pronouns ("one … the other two") count by themselves; the noun that follows says
only what these people are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from annotation.english.people_announced import SAYS_MORE
from annotation.english.people_nouns import GENERIC, OR_THINGS, TOGETHER, WATCHERS, differ, kind_of, may_join
from annotation.english.people_phrases import ORDINALS, Article, Phrase, number_of, phrases
from annotation.english.plain_sentences import PlainSentence

MOST_INTRODUCED = 200
"""Whoever comes later is not looked at: no clip holds so many."""


@dataclass(frozen=True)
class Introduced:
    """`number` people called `noun` who come in at start, end: plain offsets in sentence number `sentence`.

    is_sure: surely somebody new. is_counted: False for who counts by a rank or pronoun. rank: of "a third person".
    is_told: of "it is a woman", where nobody has come in whom that can tell more of; is_counted is False.
    """

    noun: str
    number: int
    sentence: int
    start: int
    end: int
    adjectives: tuple[str, ...] = ()
    is_sure: bool = True
    is_counted: bool = True
    is_one_of: bool = False
    rank: int | None = None
    is_told: bool = False


RANKS = "|".join((*ORDINALS, "last", "final"))
_VERB = (
    r"(?:is|are|was|were|wears?|wearing|has|have|with|in|an?|of\ (?:them|these|whom)|stands?|sits?|lies|kneels?"
    r"|holds?|who|dressed|carries|carry|also|being|none|no|neither|not|crouches|squats|walks?|leans?)"
)
RANKED = re.compile(
    rf"""\bthe\ (?:very\ )?(?P<rank>{RANKS})(?:\ (?P<many>two|three|four|five)
    |(?P<also>(?:(?:,|,?\ and)\ (?:the\ )?(?:{RANKS})){{1,6}}))?
    (?:\ (?:one|ones|person|people|child|of\ (?:them|these|whom)))?(?=,|:|\ -|\ \(|\ {_VERB}\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_N = "two|three|four|five|six|seven|eight|nine|ten"
MEMBER = re.compile(
    rf"""(?:^|[,;:(]\ ?(?:and\ |while\ |but\ )?|\b(?:and|while|whereas|but)\ |^(?:on|at|to|in)\ [^,.]{{1,40}},?\ )
    (?P<who>(?:only\ )?one|(?:the|an)\ ?other(?:\ (?P<many>{_N})(?:\ people|\ persons)?)?
        |the\ (?P<more>{_N})\ other(?:s|\ people|\ persons)
        |the\ others|the\ (?:remaining|rest)(?:\ (?P<left>one|{_N}))?
        |a\ (?:second|third|fourth|fifth)|another|the\ \w+est(?=\ is\ an?\ )
        |(?P<some>{_N})(?=\ (?:of\ (?:them|these|whom)|are|wear|have|hold|carry|stand|sit|lie|kneel|push|pull|lift)\b)
        |the\ remaining\ (?:person|man|woman|child|boy|girl))
    (?:\ of\ (?:them|these|whom))?
    (?=,|:|\ -|\ (?:is|are|was|were|wears?|wearing|has|have|with|in\ (?:an?|the|\w+\ )|an?|stands?|sits?|lies|kneels?
        |dressed|who|whose|holds?|carry|carries|directs?|push(?:es)?|pulls?|lifts?)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OWNED = re.compile(r"(?:,|:| -| \()?(?: (?:is|are|was|were|also|being|one|person))*,? ?(?:\w+ly )?")
_COPULA = re.compile(r"(?:\b(?:is|are|was|were|being)|'s|'re)(?: (?:also|still|clearly|again|now))?$", re.IGNORECASE)
_NEW_SUBJECT = re.compile(r"\bthere (?:is|are|was|were)\b|\b(?:they|these|those) (?:are|were)$", re.IGNORECASE)
_PLACE_FIRST = re.compile(
    r"(?:and |while |but )?(?:on|in|at|next|behind|beside|between|to|among|amongst|opposite|near|around|under|above"
    r"|below|across|further|farther|inside|outside|with|before|from|also|there|here|over|against|standing|sitting"
    r"|seated|facing|left|right|close(?:st)?|nearest|foremost|fur?thest|farthest|rightmost|leftmost|centre|center)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.()](?: and\b| while\b| but\b)?|\b(?:and|while|whereas|but)\b")
_BACKGROUND = re.compile(
    r"\bbackground\b|\bfar (?:out|off|away|behind|below)\b|\b(?:in|from|across) the (?:\w+ )?distance\b", re.IGNORECASE
)
_OUTSIDE = re.compile(
    r"\b(?:outside|out of|beyond) (?:of )?(?:the )?(?:frame|picture|view|shot|sight)\b|\boff[- ]?(?:screen|camera)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(r" (?:in (?:an?|\w+ly|\w+) (?!background)\w+|wearing|with|dressed|holding)\b")
DRESSED = re.compile(
    r",? (?:who\b|whose\b|wearing\b|dressed\b|in (?:an?|his|her|their|the same|matching|full|all)? ?(?:[\w-]+ ){0,3}?"
    r"(?:shirts?|t-shirts?|coats?|jackets?|caps?|hats?|suits?|robes?|dress(?:es)?|trousers|shorts|vests?|gloves?|boots?"
    r"|tights|jeans|jerseys?|skirts?|aprons?|gowns?|kits?|trunks|hoodies?|tracksuits?|uniforms?|bibs?|helmets?|red|blue"
    r"|green|white|black|grey|yellow|orange|pink|purple)\b)",
    re.IGNORECASE,
)
_COMES_IN = re.compile(
    r"\b(?:enters?|comes (?:in|out|up|along|into|from|through|over|down|round)"
    r"|joins?|arrives?|appears?|climbs out|walks (?:in|up)"
    r"|runs (?:in|up))\b",
    re.IGNORECASE,
)
_MIRRORED = re.compile(r"\b(?:mirror|glass|window|reflection|puddle),? $", re.IGNORECASE)
_MORE = re.compile(r" (?:in|with|whose|wearing|dressed|who)\b|,")
_BODY_PART = re.compile(r" (?:\w+ )?(?:hands?|arms?|legs?|foot|feet|fingers?|head|face)\b", re.IGNORECASE)
_ARE_BOTH = re.compile(r"(?:,| -| \(|:| are) (?=(?:both|all)\b)", re.IGNORECASE)
_ALL_ARE = re.compile(
    rf"\b(?P<all>all|both|they|{_N})(?: (?:of (?:them|whom|these)|{_N}|people))*(?: are|,)?(?: [\w-]+){{0,2}} $",
    re.IGNORECASE,
)


def introductions(
    parts: list[PlainSentence], found: list[list[Phrase]], taken: set[tuple[int, int]]
) -> list[Introduced]:
    """Everybody who comes in, in order. taken: sentence and start of the phrases that only announce."""
    people: list[Introduced] = []
    seen: set[str] = set()
    is_ranked = any(RANKED.search(part.plain) for part in parts)
    for number, part in enumerate(parts):
        row = [phrase for phrase in found[number] if (number, phrase.start) not in taken]
        sentence = _Sentence(number, part.plain, found[number], row, is_ranked)
        for phrase in row:
            for one in _from_phrase(sentence, phrase, people):
                said = part.plain[phrase.start : phrase.end + 40].casefold()
                if one.is_sure and not phrase.is_other:
                    if said in seen:
                        continue
                    seen.add(said)
                people.append(one)
        if len(people) > MOST_INTRODUCED:
            break
    return people


class _Sentence:
    """A sentence while its phrases are read. row: those of `found` that do more than announce."""

    def __init__(self, number: int, plain: str, found: list[Phrase], row: list[Phrase], is_ranked: bool) -> None:
        self.number, self.plain, self.found, self.row, self.is_ranked = number, plain, found, row, is_ranked
        self.ranks = [match.end() for match in RANKED.finditer(plain)]
        self.owners = sorted([*self.ranks, *(match.end() for match in MEMBER.finditer(plain))])

    def one(self, phrase: Phrase, **more: object) -> Introduced:
        return Introduced(
            phrase.noun,
            phrase.number or 1,
            self.number,
            phrase.start,
            phrase.end,
            phrase.adjectives,
            **more,  # type: ignore[arg-type]
        )


def _from_phrase(sentence: _Sentence, phrase: Phrase, people: list[Introduced]) -> Iterator[Introduced]:
    plain = sentence.plain
    all_are = _ALL_ARE.search(plain[max(0, phrase.start - 80) : phrase.start])
    if phrase.article is Article.NONE and phrase.is_plural and all_are:
        number = number_of(all_are["all"]) or 2
        yield Introduced(
            phrase.noun, number, sentence.number, phrase.start, phrase.end, phrase.adjectives, is_counted=False
        )
    elif named := _named_together(sentence, phrase):
        yield sentence.one(replace(phrase, number=named), is_counted=False)
    elif phrase.is_part or phrase.number is None:
        return
    elif phrase.is_other and phrase.article is Article.THE and not sentence.is_ranked:
        yield from _other_of_one(sentence, phrase, people)
    elif phrase.article in (Article.A, Article.NUMBER):
        yield from _unmentioned(sentence, phrase, people)
        if _says_what_somebody_is(sentence, phrase):
            yield sentence.one(phrase, is_counted=False)
        elif not _is_known_subject(plain, phrase):
            for one in _newcomer(sentence, phrase):
                is_known = (
                    _is_one_of_several(phrase, people)
                    or _may_be_one_of_several(sentence, phrase, people)
                    or _only_passes(sentence, phrase, people)
                )
                yield replace(one, is_sure=one.is_sure and not is_known)
        elif phrase.number == 1 and all(differ(one.noun, phrase.noun) for one in people):
            yield sentence.one(phrase, is_counted=False, is_told=True)


def _is_one_of_several(phrase: Phrase, people: list[Introduced]) -> bool:
    """`One girl bows` after five girls have come in."""
    is_one = phrase.number == 1 and phrase.number_at is not None and not phrase.is_other
    return is_one and any(one.noun == phrase.noun and one.number > 1 for one in people)


def _may_be_one_of_several(sentence: _Sentence, phrase: Phrase, people: list[Introduced]) -> bool:
    """`A girl in red bows` in a sentence after five girls have come in, unless she comes in."""
    is_told = phrase.adjectives or phrase.is_other or _TELLING.match(sentence.plain, phrase.end)
    if phrase.number != 1 or (is_told and _COMES_IN.search(sentence.plain[phrase.end : phrase.end + 80])):
        return False
    return any(
        one.number > 1 and one.sentence < sentence.number and _is_called(one.noun, phrase.noun) for one in people
    )


def _only_passes(sentence: _Sentence, phrase: Phrase, people: list[Introduced]) -> bool:
    """`A jogger overtakes them`: somebody of whom nothing more is told, after the others have come in."""
    is_told = phrase.adjectives or phrase.is_other or phrase.rank or _MORE.match(sentence.plain, phrase.end)
    is_late = any(one.sentence < sentence.number for one in people)
    return bool(kind_of(phrase.noun).role and phrase.number == 1 and is_late and not is_told)


def _is_called(group: str, member: str) -> bool:
    return group == member or (group not in TOGETHER and not kind_of(group).gender and may_join(group, member))


def _named_together(sentence: _Sentence, phrase: Phrase) -> int | None:
    """How many `two people, both boys` and `they are all girls` name."""
    apart = _ARE_BOTH.search(sentence.plain, max(0, phrase.start - len(" are ")), phrase.end)
    if phrase.article is not Article.THE or not phrase.is_plural or not apart or apart.end() != phrase.start:
        return None
    if apart[0].strip().casefold() == "are":
        return phrase.number or 2
    before = [one for one in sentence.found if one.end <= phrase.start and one.is_plural and one.number]
    return before[-1].number if before and may_join(before[-1].noun, phrase.noun) else None


def _other_of_one(sentence: _Sentence, phrase: Phrase, people: list[Introduced]) -> Iterator[Introduced]:
    """`The other man` comes in where only "one man" has."""
    alike = [one for one in people if one.noun == phrase.noun]
    if len(alike) == 1 and alike[0].number == 1:
        yield sentence.one(phrase, is_sure=alike[0].is_one_of)


def _unmentioned(sentence: _Sentence, phrase: Phrase, people: list[Introduced]) -> Iterator[Introduced]:
    """`A second boy` says that there is a first."""
    if not phrase.rank or phrase.rank < 2 or sentence.is_ranked:
        return
    missing = phrase.rank - 1 - sum(one.number for one in people if may_join(phrase.noun, one.noun))
    if missing > 0:
        yield Introduced(phrase.noun, missing, sentence.number, phrase.start, phrase.end, is_sure=False)


def _says_what_somebody_is(sentence: _Sentence, phrase: Phrase) -> bool:
    """Of a rank ("the first is a man"), or of somebody just named ("a third person, a boy in a cap")."""
    plain = sentence.plain
    owner = max((end for end in sentence.owners if end <= phrase.start), default=None)
    if owner is not None:
        if _OWNED.fullmatch(plain[owner : phrase.start]):
            return True
        before = [one for one in sentence.row if owner <= one.start < phrase.start]
        is_apart = re.search(r"(?:,| -|\()(?: perhaps| probably| maybe| possibly)? $", plain[: phrase.start])
        if owner in sentence.ranks and before and is_apart and not differ(before[0].noun, phrase.noun):
            return before[0].number == phrase.number and before[0].noun != phrase.noun
    return any(_renames(plain, one, phrase, sentence.row) for one in sentence.row if one.end <= phrase.start)


def _renames(plain: str, one: Phrase, phrase: Phrase, row: list[Phrase]) -> bool:
    """`two children, a girl and a boy`"""
    if not one.is_plural:
        return one.noun in GENERIC and plain[one.end : phrase.start] in SAYS_MORE
    listed = [following for following in row if one.end < following.start <= phrase.start]
    gap = plain[one.end : listed[0].start]
    return (
        (gap in SAYS_MORE or (gap.endswith((": ", " - ")) and len(_single(row, one)) == one.number))
        and len(listed) <= (one.number or len(listed))
        and all(may_join(one.noun, following.noun) and following.number for following in listed)
        and sum(following.number or 0 for following in listed) <= (one.number or MOST_INTRODUCED)
    )


def _single(row: list[Phrase], one: Phrase) -> list[Phrase]:
    """The phrases for one person that follow."""
    return [phrase for phrase in row if phrase.start > one.end and phrase.number == 1]


def _is_known_subject(plain: str, phrase: Phrase) -> bool:
    """`He is a man in his fifties` tells more of him; "on the left is a man" brings one in."""
    before = plain[: phrase.start].rstrip()
    if not _COPULA.search(before[-40:]):
        return False
    clause = before[max((match.end() for match in _CLAUSE.finditer(before)), default=0) :].strip()
    is_new = _NEW_SUBJECT.search(before) or _PLACE_FIRST.match(clause) or _PLACE_FIRST.match(before.lstrip())
    return not is_new


def _newcomer(sentence: _Sentence, phrase: Phrase) -> Iterator[Introduced]:
    plain = sentence.plain
    before = plain[: phrase.start].rstrip()
    around = plain[max(0, phrase.start - 60) : phrase.end + 60]
    is_behind = bool(_BACKGROUND.search(around))
    is_told_apart = bool(phrase.adjectives or _TELLING.match(plain, phrase.end))
    if not is_told_apart and (is_behind or phrase.noun in WATCHERS):
        return
    if phrase.is_owner and not _BODY_PART.match(plain, phrase.end):
        return
    is_sure = not (
        is_behind
        or phrase.noun in WATCHERS
        or _MIRRORED.search(plain[max(0, phrase.start - 40) : phrase.start])
        or phrase.is_owner
        or (phrase.noun in OR_THINGS and not DRESSED.match(plain, phrase.end))
        or (phrase.noun in TOGETHER and not phrase.is_plural)
        or _OUTSIDE.search(around)
        or _may_be_told_of_another(sentence, phrase)
        or before.casefold().endswith((" or", " either", " become"))
        or (before.casefold().endswith(" to") and not is_told_apart)
    )
    rank = phrase.rank if sentence.is_ranked and phrase.rank else None
    yield sentence.one(phrase, is_sure=is_sure, rank=rank, is_one_of=phrase.number_at is not None)


def _may_be_told_of_another(sentence: _Sentence, phrase: Phrase) -> bool:
    """`A teacher in tweed, a man with white hair, stands`; "two pupils sit there, a boy … and a girl …"."""
    earlier = [one for one in sentence.row if one.end <= phrase.start and one.article is not Article.NONE]
    is_apart = sentence.plain[: phrase.start].rstrip().endswith((",", ":", " -"))
    if is_apart and any(
        one.article is Article.THE for one in phrases(sentence.plain[max(0, phrase.start - 60) : phrase.start])
    ):
        return True
    for one in earlier:
        if not may_join(one.noun, phrase.noun) or one.noun == phrase.noun or one.article is Article.THE:
            continue
        if one.is_plural and phrase.number == 1:
            return len(_single(sentence.row, one)) == one.number
        if is_apart and not one.is_plural and phrase.number == 1:
            return True
    return False


def ranks_of(plain: str) -> set[int]:
    """Of "the first is", "the first two are", "the second and third wear"; -1 for the last."""
    ranks: set[int] = set()
    for match in RANKED.finditer(plain):
        first = _rank(match["rank"])
        many = number_of(match["many"] or "one") or 1
        ranks |= {first + step for step in range(many)} if first > 0 else {-1 - step for step in range(many)}
        ranks |= {_rank(one) for one in re.findall(RANKS, match["also"] or "", re.IGNORECASE)}
    return ranks


def _rank(word: str) -> int:
    return ORDINALS.index(word.casefold()) + 1 if word.casefold() in ORDINALS else -1
