"""Phrases that mean people in a plain sentence: "a tall man", "two boys", "the other woman". Pure functions.

A phrase runs from its determiner to its noun. No phrase is what only sounds like one: a man's jacket, a chef hat, a
statue of a woman, somebody "like a dancer".
"""

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import islice

from annotation.english.number_words import with_digits
from annotation.english.people_nouns import TOGETHER, singular

_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|\S")
_REACH = 7
MOST = 60
"""Of one sentence; nobody writes more."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_LAST = ("last", "final")
_INDEFINITE = frozenset(("a", "an", "another"))
_DEFINITE = frozenset(
    [
        "the",
        "this",
        "that",
        "these",
        "those",
        "his",
        "her",
        "their",
        "its",
        "both",
        "all",
        "each",
        "every",
        "either",
        "neither",
    ]
)
_VAGUE = frozenset(
    ["no", "some", "several", "many", "few", "any", "most", "various", "numerous", "multiple", "other", "more"]
)
_STOP = frozenset(
    (
        *("of", "in", "on", "at", "by", "with", "to", "from", "for", "as", "like", "than", "into", "onto", "over"),
        *("under", "behind", "beside", "between", "near", "towards", "toward", "past", "around", "against", "after"),
        *("before", "while", "when", "who", "whom", "which", "whose", "where", "or", "but", "nor", "then", "is", "are"),
        *(
            "was",
            "were",
            "be",
            "been",
            "has",
            "have",
            "had",
            "wears",
            "holds",
            "wearing",
            "holding",
            "not",
            "he",
            "she",
        ),
        *("they", "it", "him", "them", "there", "through", "across", "along", "off", "up", "down", "out", "what"),
        *(".", ";", ":", "(", ")", "-", "!", "?", '"', "/"),
    )
)
THINGS = re.compile(
    r"(?:hats?|helmets?|caps?|coats?|shirts?|t-shirts?|jackets?|uniforms?|costumes?|suits?|outfits?|masks?|gloves?"
    r"|shoes?|boots?|aprons?|dress(?:es)?|dolls?|statues?|figur(?:e|in)es?|posters?|mannequins?|dumm(?:y|ies)|carriages?"
    r"|strollers?|cars?|stations?|dogs?|cats?|carriers?|seats?|chairs?|airplanes?|planes?|trains?|rails?|cave|bun|beds?"
    r"|wipes?|powder|oil|shower|toys?|bikes?|bicycles?|bags?|cards?|books?|rooms?|house|team|band|kit|piano|eight"
    r"|desks?|booths?|tables?|decks?|consoles?|mixers?|turntables?|stools?|bench(?:es)?|podiums?|lecterns?|counters?"
    r"|pyramids?|chains?|beings?|hors(?:e|es)|pon(?:y|ies)|ducks?|swans?|elephants?|bears?|lions?|tigers?|goats?|sheep|cows?"
    r"|cal(?:f|ves)|pigs?|rabbits?|monkeys?|birds?|gorillas?|deer|fox(?:es)?|wol(?:f|ves)|pandas?|seals?|penguins?|parrots?"
    r"|pigeons?|peacocks?|turtles?|squirrels?|kangaroos?|chimpanzees?"
    r"|ship|jet|ferry|bus|map|crossing|bridge|zone|street|lane|path|tunnel|hall|gown|jersey|skirt|tutu|nose|wig|flag"
    r"|crown|tiara|cape|bottle|blanket|monitor|bath|wand|sword|staff|mug|make-up|makeup|saxophone|horn|sax|voice"
    r"|ropes?|lines?|wires?|lockers?|tents?|huts?|towers?|stage|box(?:es)?|badges?|vests?|robes?|overalls?|goggles|glasses|bibs?|pads?|belts?"
    r"|sticks?|trucks?|vans?|carts?|boats?|school|studio|shop|stalls?|office|lounge|entrance|area)",
    re.IGNORECASE,
)
"""The second half of "a chef hat", "a DJ desk"."""
_DONE_BY_MANY = frozenset(("train", "shower", "box", "mask", "seat", "stage", "book", "pad", "bench")) | frozenset(
    (
        "line",
        "rope",
        "wire",
        "map",
        "flag",
        "bath",
        "staff",
        "bottle",
        "bridge",
        "stick",
        "bag",
        "card",
        "dress",
        "boat",
        "bike",
    )
)
"""Verbs where several come before: "two athletes train"."""
_DONE_BY_ONE = frozenset(
    (
        "wipes",
        "boxes",
        "trains",
        "cards",
        "masks",
        "pads",
        "books",
        "bags",
        "seats",
        "lines",
    )
) | frozenset(
    ("sticks", "dresses", "bikes", "tables", "rails", "counters", "beds", "benches", "boats", "ropes", "ducks", "bears")
)
"""Verbs where one comes before: "the woman wipes her eyes"."""
_DONE_BY_CALLING = frozenset(
    ("guard", "coach", "cook", "host", "judge", "pilot", "nurse", "guide", "mime", "model", "partner", "clown", "tutor")
)
"""Callings that are verbs where the numbers differ: "two men guard a gate", "a man cooks"."""
_OF_A_THING = re.compile(
    r"\b(?:record|cd|dvd|mp3|media|music|tape|cassette|video|disc|blu-ray) player$|\bpair of (?:[\w-]+ )*?(?:trainers"
    r"|joggers|boxers|bowlers|runners)$|\b(?:zimmer|baby) walker$|\b(?:vacuum|pipe) cleaner$",
    re.IGNORECASE,
)
_PICTURE = (
    r"(?:statue|poster|picture|photo(?:graph)?|painting|drawing|portrait|image|print|cartoon|mannequin|doll|reflection"
    r"|sculpture|mural|sticker|logo|icon|figure|figurine|mask|silhouette|shadow|advert(?:isement)?|billboard|banner"
    r"|tattoo|emblem|puppet|bust|cut-?out)s?"
)
_SCREEN = (
    r"(?:screen|television|tv|monitor|poster|billboard|t-shirt|mural|magazine|phone|laptop|tablet|computer"
    r"|card|cover|sign|painting|photo)"
)
_NOBODY_BEFORE = re.compile(
    rf"""(?:\b{_PICTURE}\ (?:of|showing|with|(?:that\ |which\ )?shows?)(?:\ [^.,;:]{{1,40}}\ and)?
    |\bon\ (?:the|an?|his|her|which|whose)\ (?:[\w-]+\ )?{_SCREEN},?(?:\ on\ which)?
    |\b{_SCREEN}\ (?:(?:on|in)\ which|where)|\b(?:paints|sketches|sculpts|carves)
    |\b{_SCREEN}\ (?:\w+\ )?(?:showing|shows|depicting|of|with)
    |\b(?:like|as|than|resembl(?:es|ing)|size\ of|dressed\ up\ as|shape\ of)|\bno|\bwithout
    |\b(?:shin|mouth|hand|face|knee|arm|elbow|rash|table))\ $""",
    re.IGNORECASE | re.VERBOSE,
)
_NOBODY_AFTER = re.compile(
    rf"\ (?:printed\ )?on\ (?:the|a|an|his|her)\ (?:\w+\ )?(?:{_SCREEN}|shirt|wall)\b", re.IGNORECASE
)


class Article(Enum):
    A = "a"
    THE = "the"
    NUMBER = "number"
    """Two or more, or one that is counted."""
    VAGUE = "vague"
    """How many is left open: "some men", "about thirty people"."""
    NONE = ""
    """A plural alone."""


@dataclass(frozen=True)
class Phrase:
    """start, end: of determiner to noun. noun: in the singular. number: None where it is left open.

    adjectives: words between determiner and noun. rank: 1 for "the first man", -1 for "the last". is_other: "another",
    "the other". is_part: "one of the men". is_owner: "the man's".
    """

    start: int
    end: int
    noun: str
    is_plural: bool
    article: Article
    number: int | None
    adjectives: tuple[str, ...]
    number_at: tuple[int, int] | None = None
    rank: int | None = None
    is_other: bool = False
    is_part: bool = False
    is_owner: bool = False


_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty)"
_ABOUT = re.compile(
    r"\b(?:approximately|approx\.?|roughly|nearly|almost|some|up to|at (?:least|most)|(?:more|less|fewer) than"
    rf"|as many as|maybe|perhaps|probably|{_COUNT} (?:or|to)|{_COUNT} ?-|between {_COUNT} and) ?$",
    re.IGNORECASE,
)
_ABOUT_MANY = re.compile(r"\b(?:about|around|over|under) ?$", re.IGNORECASE)
_MANY = 5
"""One walks around two people, and there are around ten."""
_PART = re.compile(
    r"\b(?:one|two|three|four|some|each|both|all|none|neither|either|another|most|many|any) of $", re.IGNORECASE
)
_GROUPS = {"pair": 2, "duo": 2, "trio": 3, "quartet": 4, "quintet": 5}
_LIFELESS = frozenset(
    (
        *("toy", "tin", "lego", "plush", "stuffed", "plastic", "bronze", "marble", "wax", "cardboard", "gingerbread"),
        *("inflatable", "painted", "carved", "embroidered", "wooden", "clay"),
    )
)
_SINGLE = frozenset(("single", "lone", "solitary", "sole"))
_DETERMINERS = _INDEFINITE | _DEFINITE | _VAGUE


@lru_cache(maxsize=4096)
def number_of(word: str) -> int | None:
    """Of one word: "two", "12", "twenty-one"."""
    digits = with_digits(word.casefold()) if len(word) < 16 else ""
    return int(digits) if digits.isdecimal() and len(digits) < 5 else None


def phrases(plain: str) -> list[Phrase]:
    """Every phrase of a plain sentence that means people, in order."""
    tokens = list(_TOKEN.finditer(plain))
    found = (_phrase(plain, tokens, place) for place in range(len(tokens)))
    return list(islice((phrase for phrase in found if phrase), MOST))


def _phrase(plain: str, tokens: list[re.Match[str]], place: int) -> Phrase | None:
    head = tokens[place]
    is_owner = head[0].casefold().endswith("'s") or head[0].endswith("'")
    noun = singular(re.sub(r"'s?$", "", head[0]))
    if noun is None:
        return None
    following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
    if (noun[0] in TOGETHER and following == "of") or _OF_A_THING.search(plain[max(0, head.end() - 60) : head.end()]):
        return None
    if not is_owner and _is_half_of_a_thing(noun[0], following, is_plural=noun[1]):
        return None
    return _determined(plain, tokens, place, noun, is_owner=is_owner)


def _is_half_of_a_thing(noun: str, following: str, *, is_plural: bool) -> bool:
    called = singular(following) if following != "one" else None
    if called:
        return not (called[0] in _DONE_BY_CALLING and called[1] != is_plural)
    verbs = _DONE_BY_MANY if is_plural else _DONE_BY_ONE - {"wipes" if noun == "baby" else ""}
    return bool(THINGS.fullmatch(following)) and following.casefold() not in verbs


def _determined(
    plain: str, tokens: list[re.Match[str]], place: int, noun: tuple[str, bool], *, is_owner: bool
) -> Phrase | None:
    """The phrase from its determiner on; plurals may stand alone."""
    head, (name, is_plural) = tokens[place], noun
    adjectives: list[str] = []
    rank, is_other = None, False
    for back in range(place - 1, max(-1, place - 1 - _REACH), -1):
        word = tokens[back][0].casefold()
        if word in ORDINALS or word in _LAST:
            rank = -1 if word in _LAST else ORDINALS.index(word) + 1
        elif word in _LIFELESS:
            return None
        elif word == "other" or (word == "more" and back and number_of(tokens[back - 1][0]) is not None):
            is_other = True
        elif word in _DETERMINERS or number_of(word) is not None:
            counted = _counted(tokens, back, name, is_plural=is_plural, adjectives=adjectives)
            if counted is None or _means_nobody(plain, counted.start, head.end()) or word == "no":
                return None
            return replace(
                counted,
                end=head.end(),
                adjectives=tuple(reversed(adjectives)),
                rank=rank,
                is_other=is_other or counted.is_other,
                is_part=bool(_PART.search(plain[max(0, counted.start - 60) : counted.start])),
                is_owner=is_owner,
            )
        elif word == "of" and is_plural and (together := _together(tokens, back)):
            return replace(together, end=head.end(), noun=name, adjectives=tuple(reversed(adjectives)))
        elif _is_boundary(tokens, back, word, adjectives):
            break
        elif word not in ("and", ","):
            adjectives.append(word)
    if not is_plural or is_owner or _means_nobody(plain, head.start(), head.end()):
        return None
    return Phrase(head.start(), head.end(), name, True, Article.NONE, None, ())


def _counted(
    tokens: list[re.Match[str]], place: int, noun: str, *, is_plural: bool, adjectives: list[str]
) -> Phrase | None:
    """What the determiner at a place says, as a phrase that ends there; None where it does not go with the noun."""
    word = tokens[place][0].casefold()
    before = tokens[place - 1][0].casefold() if place else ""
    number, start = number_of(word), tokens[place].start()
    number_at: tuple[int, int] | None = tokens[place].span() if number is not None else None
    if word == "dozen" and place > 1 and before == "a" and tokens[place - 2][0].casefold() == "half":
        number, start = 6, tokens[place - 2].start()
        number_at = (start, tokens[place].end())
    elif word == "dozen" and place and (before == "a" or number_of(before) is not None):
        number, start = 12 * (number_of(before) or 1), tokens[place - 1].start()
        number_at = (start, tokens[place].end())
        before = tokens[place - 2][0].casefold() if place > 1 else ""
    if number is not None:
        article = Article.THE if before in ("the", "these", "those", "all", "other") else Article.NUMBER
        number *= TOGETHER.get(noun, 1)
    elif word in _INDEFINITE:
        article, number = Article.A, TOGETHER.get(noun, 1)
        if set(adjectives) & _SINGLE:
            article, number_at = Article.NUMBER, tokens[place].span()
    elif word in _DEFINITE:
        article, number = Article.THE, 2 if word == "both" else None if is_plural else 1
    else:
        article = Article.VAGUE
    is_other = word == "another" or before == "another"
    if is_plural and article is Article.A and not is_other:
        return None
    if not is_plural and article is Article.NUMBER and number != TOGETHER.get(noun, 1):
        return None
    if article is Article.NUMBER and _is_about(tokens, place, start, number or 0):
        article, number = Article.VAGUE, None
    return Phrase(start, start, noun, is_plural, article, number, (), number_at, is_other=is_other)


def _is_about(tokens: list[re.Match[str]], place: int, start: int, number: int) -> bool:
    ahead = tokens[place].string[max(0, start - 60) : start]
    return bool(_ABOUT.search(ahead) or (number >= _MANY and _ABOUT_MANY.search(ahead)))


def _together(tokens: list[re.Match[str]], place: int) -> Phrase | None:
    """ "A trio of …" up to its "of"."""
    number = _GROUPS.get(tokens[place - 1][0].casefold()) if place > 1 else None
    article = tokens[place - 2][0].casefold() if place > 1 else ""
    if number is None or article not in ("a", "another", "the", "one"):
        return None
    start, end = tokens[place - 2].start(), tokens[place - 1].end()
    kind = Article.THE if article == "the" else Article.NUMBER
    return Phrase(start, end, "", True, kind, number, (), (start, end))


def _is_boundary(tokens: list[re.Match[str]], place: int, word: str, adjectives: list[str]) -> bool:
    """Whether no adjective of the noun can stand here: "tall and thin" may."""
    if word == "and":
        return place < 2 or tokens[place - 2][0].casefold() not in (_INDEFINITE | _DEFINITE) or not adjectives
    return word in _STOP or word.endswith("'s") or (word == "," and not adjectives)


def _means_nobody(plain: str, start: int, end: int) -> bool:
    return bool(_NOBODY_BEFORE.search(plain[max(0, start - 60) : start]) or _NOBODY_AFTER.match(plain, end))
