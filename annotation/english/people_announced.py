"""What a caption says of how many people there are: "There are two people", "Two boys play". Pure functions."""

import re
from dataclasses import dataclass

from annotation.english.people_nouns import COMPLETE, GENERIC, WATCHERS
from annotation.english.people_phrases import ORDINALS, THINGS, Article, Phrase, number_of


@dataclass(frozen=True)
class Statement:
    """number: None for "a crowd" and "a man". start, end: of the number, plain offsets in sentence number `sentence`.

    nouns: what the counted are called. is_told_apart: something more was said of them there. is_loose: it says what
    some people do, "Two boys play", rather than who is in the video.
    """

    number: int | None
    start: int
    end: int
    sentence: int
    nouns: tuple[str, ...] = ()
    is_told_apart: bool = False
    is_loose: bool = False


Stated = tuple[Statement, list[int]]
"""A statement, and where the phrases start that announce and bring nobody in."""

SCENE = r"(?:video|clip|scene|footage|recording|shot|film|picture|frame|image|caption|sequence|segment)"
SAYS_MORE = (", ", ": ", " - ", " (")
_OPENING = re.compile(
    rf"""
      \bthere(?:'s|'re|\ (?:is|are|was|were))\b
    | \b{SCENE}(?:\ clip)?\ (?:that\ )?(?:shows?|features?|contains?|has|depicts?|includes?|presents?|captures?|follows?
        |is\ of|opens\ (?:on|with)|begins\ with|starts\ with)\b
    | \b(?:clip|video|footage|recording)\ of\b(?=\ (?:an?|one|two|three|four|five|six)\b)
    | \b(?:we|one|you)\ (?:can\ )?see\b
    | ^(?:it\ )?(?:shows?|features?|depicts?|contains?|showing|featuring)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER_OF_PEOPLE = re.compile(
    rf"(?:\bnumber of people(?: in (?:the )?{SCENE})?|\bpeople count|^people) ?(?:is|are|:|=) ?(\w+)", re.IGNORECASE
)
_IN_SCENE = re.compile(
    rf"""(?:\ [\w'-]+){{0,3}}?\ (?:(?:in|throughout|on|during)\ (?:the|this)\ (?:whole\ |entire\ |short\ )?
        (?:{SCENE}|screen)\b(?!\ (?:from|on|at|to|towards?))|can\ be\ seen\b
        |(?:are|is)\ (?:visible|shown|present|seen|pictured|featured)\b|(?:(?:are|is)\ )?on\ (?:the\ |this\ )?screen\b
        |in\ total\b|altogether\b|in\ all\b|overall\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_IN_IT = re.compile(r"(?: (?:are|is))? in it\b")
_PLACE = re.compile(rf"(?:the|this) (?:scene|setting|place|location|{SCENE})\b", re.IGNORECASE)
_MOVES = re.compile(r"\b(?:leaves?|enters?|exits?|moves?|walks?|runs?|steps?|stands?|sits?|appears?)\b", re.IGNORECASE)
_ALONE = re.compile(
    r"\b(?:nobody|no one|no-one) (?:else|but)\b|\bno other (?:people|persons?)\b|\bthe only (?:person|human|people)\b"
    r"|\bthe only ones?(?= (?:in|on|at|there|here|present|visible|to be seen)\b|[.,;]|$)"
    r"|\b(?:besides|apart from|other than|except(?: for)?)\b[^.;]{1,60}\b(?:nobody|no one|no-one) (?:is|can)\b"
    r"|\b(?:by|on) (?:himself|herself|(?:his|her) own) in (?:the|this) (?:video|clip|scene|frame|shot|picture)\b"
    r"|\b(?:only|just) the (?:two|three|four|five|six) of them\b"
    r"|\b(?:two|three|four|five|six) of them are (?:all )?alone\b"
    rf"|\bnot a soul\b|\b(?:is|are) (?:all )?alone\b|\ball alone\b"
    rf"|\balone in (?:the|this) (?:{SCENE}|room|frame)\b|\botherwise empty\b"
    rf"|\b(?:nobody|no one)\b.{{0,30}}\b{SCENE}\b|\bno (?:people|persons?|humans?)\b",
    re.IGNORECASE,
)
_CROWD = re.compile(
    r"\b(?:crowds?|audience|dozens|hundreds|thousands"
    r"|a (?:large |small |big |huge )?(?:group|number|team|line|class|mass|family|band|crew|party)"
    r" of|lots? of|plenty of)\b",
    re.IGNORECASE,
)
_N = r"(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})"
_SO_MANY = re.compile(
    r"\b(?:group|team|party|crew|family|band|class|squad|jury|panel|choir|ensemble|gang|troupe|cast|line-?up|huddle)"
    rf" of {_N}\b(?![ -](?:(?=\w+s\b){THINGS.pattern}|husk(?:y|ies)|kittens?|pupp(?:y|ies)|mules?|oxen)\b)",
    re.IGNORECASE,
)
"""A crew of five."""
_TOGETHER = re.compile(
    r"^(?:(?:in|on|at|outside|inside|by|near|under|behind)\b[^,]{1,60}, )?"
    r"(?:an? (?:[\w-]+ ){0,2}?(?:pair|twosome|threesome|foursome|duet|quintet|sextet|septet|octet)\b(?! of\b)"
    r"|(?:[\w-]+ )?(?:twins|triplets)\b)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"[^.;]*:")
_AT_FIRST = re.compile(
    r"\b(?:at first|initially|at the (?:start|beginning|outset)|in the beginning|to begin with)\b"
    r"|^first,? (?:there|only|we|just|one|two|three|an?)\b|\band (?:later|then) (?:a|another|two|three)\b",
    re.IGNORECASE,
)
_ALL_OF_THEM = re.compile(r"the (?:two|three|four|five|six|seven|eight) of them(?= are\b|, an? )", re.IGNORECASE)
"""Where a caption begins to speak of people."""
_COUNTED_ALONE = re.compile(
    rf"^(?:only |just )?(two|three|four|five|six|seven|eight) (?:(?:are|can be seen|appear) (?:in|on)"
    rf" (?:the|this) {SCENE}|in all|in total|altogether)\b",
    re.IGNORECASE,
)
_SUMS_UP = re.compile(
    r"(?:,|;|:| -| \() (?:(just |only )|so |thus |that is |i\.e\. |making |in all |altogether )?$", re.IGNORECASE
)
_SUM_ALONE = re.compile(
    r"[,;] (two|three|four|five|six|seven|eight|nine|ten) (?:in number|all told|in all|in total|altogether)(?=[,.;]|$)",
    re.IGNORECASE,
)
_SUMMED_UP = re.compile(r"(?:,|\.|;|\)| -| and (?:a|an|one|two|three|no) [\w-]+(?:[.,;]|$)|$)", re.IGNORECASE)
_JOINS = re.compile(r"\ba (second|third|fourth|fifth|sixth|seventh)\b(?! time)", re.IGNORECASE)
"""One more than were counted: "two people turn a rope; a third jumps"."""
_TOTAL = re.compile(r"\b(?:a )?total of$|\bin total,?$|\baltogether,?$|\bin all,?$", re.IGNORECASE)
_LIST_ENDS = re.compile(r"[:;(]| - |, (?:all|both|each|who|where|while)\b|\b(?:who|where|while)\b")
_LINK = re.compile(r",|\band\b|\bas well as\b|\bplus\b")
_SENTENCE_HEAD = re.compile(
    r"(?:(?:In|On|At|Inside|Outside|Near|Under|Beside|Around)\b[^.;:]{0,80}[, ])?"
    r"(?:the |these |all |exactly |only |just |about |around |roughly "
    r"|approximately |some |over |almost |nearly |more than |at least )?",
    re.IGNORECASE,
)


_NO_FILLER = (
    r"(?:the|an?|his|her|its|their|of|in|on|at|to|towards?|into|onto|over|under|behind|beside|near|past|between|with"
    r"|and|by|from|for|or|but|as|than|like|while|when|where|who|which|that|then|before|after)"
)
_COUNTED_ANYHOW = re.compile(
    rf"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\d{{1,2}}) (?:(?!{_NO_FILLER}\b)[\w'-]+,? ){{0,3}}?"
    r"(?:people|persons?|individuals?|humans?)\b(?!['’]s)"
    r"|\bsolo (?:clip|video|footage|recording|shot|scene|performers?|performance|dancer|singer|player|musician"
    r"|guitarist|pianist|violinist|cellist|drummer|skater|climber|gymnast|athlete|artist|act)\b",
    re.IGNORECASE,
)
_SOLO = re.compile(r"solo\b", re.IGNORECASE)
"""Where a caption begins."""


def is_counted(plain: str) -> bool:
    """Whether a sentence gives a number of people in whatever words: "that makes three people at this stall"."""
    return _COUNTED_ANYHOW.search(plain) is not None


def stated(plain: str, found: list[Phrase], number: int, *, is_first: bool) -> Stated | None:
    """What sentence number `number` states. found: its phrases. is_first: no sentence before speaks of people."""
    people = _NUMBER_OF_PEOPLE.search(plain)
    if people and (value := number_of(people[1])) is not None:
        return Statement(value, *people.span(1), number, ("person",)), []
    if alone := _COUNTED_ALONE.match(plain):
        return Statement(number_of(alone[1]), *alone.span(1), number, ("person",)), []
    opening = _OPENING.search(plain)
    opened = _after_opening(plain, found, number, opening.end()) if opening else None
    within = _within_scene(plain, found, number)
    if opened and opened[0].number is None and within and within[0].number is not None:
        return within
    return (
        opened
        or within
        or _summed_up(plain, found, number)
        or (_at_head(plain, found, number) if is_first and found else None)
        or _alone(plain, number, is_first=is_first)
        or (_so_many(plain, number) or _crowd(plain, number) if is_first else None)
    )


def _after_opening(plain: str, found: list[Phrase], number: int, end: int) -> Stated | None:
    """`There are two boys and a girl`: every phrase of the list counts; after a colon they only describe."""
    following = [phrase for phrase in found if phrase.start >= end and phrase.article is not Article.NONE]
    if not following or following[0].article is Article.THE:
        crowd = _CROWD.search(plain, end)
        return (Statement(None, *crowd.span(), number), []) if crowd else None
    first = following[0]
    if first.noun in WATCHERS and len(following) == 1:
        return None
    if first.article is not Article.NUMBER:
        return Statement(None, first.start, first.end, number), []
    listed = [first]
    for phrase in following[1:] if first.noun not in GENERIC else []:
        link = plain[listed[-1].end : phrase.start]
        if _LIST_ENDS.search(link) or not _LINK.search(link) or phrase.article not in (Article.A, Article.NUMBER):
            break
        listed.append(phrase)
    one = _counted(plain, first, number)
    if len(listed) == 1:
        return one, [first.start]
    total = None if one.number is None else sum(phrase.number or 0 for phrase in listed)
    return Statement(total, one.start, one.end, number, tuple(phrase.noun for phrase in listed), True), []


def _within_scene(plain: str, found: list[Phrase], number: int) -> Stated | None:
    """`Two people can be seen`, `three people in total`, `the two people in the clip`."""
    for phrase in found:
        is_generic = phrase.noun in GENERIC and phrase.article is Article.NUMBER
        if is_generic and _PLACE.match(plain) and _IN_IT.match(plain, phrase.end):
            return _counted(plain, phrase, number), [phrase.start]
        within = _IN_SCENE.match(plain, phrase.end)
        is_said = within is not None and not _MOVES.search(within[0])
        if phrase.number_at and phrase.number is not None:
            if is_said or _TOTAL.search(plain[: phrase.start].rstrip()):
                return _counted(plain, phrase, number), [phrase.start] if phrase.article is Article.NUMBER else []
        elif is_said and phrase.noun in GENERIC and _both(plain, phrase):
            return Statement(2, phrase.start, phrase.end, number, (phrase.noun,)), []
        elif is_said and phrase.article in (Article.A, Article.VAGUE) and phrase.noun not in WATCHERS:
            return Statement(None, phrase.start, phrase.end, number), []
    return None


def _summed_up(plain: str, found: list[Phrase], number: int) -> Stated | None:
    """`A man and a boy, two people, stand`: the people are named, then counted."""
    alone = _SUM_ALONE.search(plain)
    if alone and sum(one.number or 0 for one in found if one.end <= alone.start() and not one.is_owner) == number_of(
        alone[1]
    ):
        return Statement(number_of(alone[1]), *alone.span(1), number, ("person",)), []
    for place, phrase in enumerate(found[1:], start=1):
        named = sum(one.number or 0 for one in found[:place])
        before = _SUMS_UP.search(plain[: phrase.start])
        is_apart = before and (before[1] or _SUMMED_UP.match(plain, phrase.end))
        if phrase.noun in GENERIC and phrase.article is Article.NUMBER and named >= 2 and is_apart:
            return _counted(plain, phrase, number), [phrase.start]
    return None


def _at_head(plain: str, found: list[Phrase], number: int) -> Stated | None:
    """`Two boys play`, where the caption begins to speak of people."""
    first = found[0]
    if first.is_part or not _SENTENCE_HEAD.fullmatch(plain[: first.start]):
        return None
    are_definite = first.article is Article.THE and first.number_at is not None and first.is_plural
    if (first.article is Article.VAGUE and first.is_plural) or are_definite or _both(plain, first):
        return Statement(None, first.start, first.end, number), []
    is_couple = first.article is Article.A and (first.number or 0) > 1
    if first.noun in COMPLETE:
        return Statement(first.number, first.start, first.end, number, (first.noun,), is_loose=True), [first.start]
    if is_couple:
        return Statement(None, first.start, first.end, number), []
    if first.article is not Article.NUMBER or ((first.number or 0) < 2 and first.noun not in GENERIC):
        return None
    one = _counted(plain, first, number)
    is_listed = plain[first.end :].startswith(SAYS_MORE) and len(found) > 1
    is_loose = first.noun not in GENERIC and not is_listed
    return Statement(one.number, one.start, one.end, number, one.nouns, one.is_told_apart, is_loose), [first.start]


def _both(plain: str, phrase: Phrase) -> bool:
    return plain.startswith(("both ", "Both "), phrase.start)


def _so_many(plain: str, number: int) -> Stated | None:
    """`A crew of five glides past`: definite only where a list of them follows."""
    many = _SO_MANY.search(plain)
    if many:
        is_listed = _LISTED.match(plain, many.end())
        return Statement(number_of(many[1]) if is_listed else None, *many.span(1), number, ("person",)), []
    together = _TOGETHER.match(plain)
    return (Statement(None, *together.span(), number), []) if together else None


def _alone(plain: str, number: int, *, is_first: bool) -> Stated | None:
    alone = (
        _ALONE.search(plain)
        or (_SOLO.match(plain) if number == 0 else None)
        or (_ALL_OF_THEM.match(plain) if is_first else None)
    )
    return (Statement(None, *alone.span(), number), []) if alone else None


def _crowd(plain: str, number: int) -> Stated | None:
    crowd = _CROWD.search(plain)
    return (Statement(None, *crowd.span(), number), []) if crowd else None


def _counted(plain: str, phrase: Phrase, number: int) -> Statement:
    start, end = phrase.number_at or (phrase.start, phrase.end)
    more = _JOINS.search(plain, phrase.end)
    is_joined = more is not None and ORDINALS.index(more[1].casefold()) == phrase.number
    stated_number = None if is_joined or _AT_FIRST.search(plain) else phrase.number
    return Statement(stated_number, start, end, number, (phrase.noun,), bool(phrase.adjectives))
