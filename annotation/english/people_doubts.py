"""What may be people though it is not understood; for its sake the number described stays open. Pure functions."""

import re
from collections.abc import Iterator

from annotation.english.people_announced import Statement
from annotation.english.people_introduced import DRESSED, Introduced
from annotation.english.people_labels import labels_in
from annotation.english.people_nouns import GENERIC, TOGETHER, may_be, singular
from annotation.english.people_phrases import ORDINALS, THINGS, Article, Phrase, number_of, phrases
from annotation.english.plain_sentences import PlainSentence

MANY = 10_000
"""As many as one likes: "the others"."""
_VERB = r"[a-z]{2,}(?<![su])s\b"
_SOMEBODY = re.compile(
    rf"\b(?:some(?:one|body)|(?:an|one|two|three|four|five) others?"
    rf"|a (?:second|third|fourth|fifth|sixth)(?= {_VERB}| one\b|,)"
    rf"|the (?:{'|'.join(ORDINALS)}|last)(?= {_VERB})|another(?= (?:(?:is|has|in|with|who)\b|{_VERB})|,))",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"\b(?:the others|the rest(?! of)|every(?:one|body) else)\b", re.IGNORECASE)
_N = "two|three|four|five|six|seven|eight|nine|ten"
_COUNTED = re.compile(
    rf"\bthe ({_N}) (?:in|on|with|between|behind|beside|at|who|around|near)\b"
    rf"|\b(?:family|group|team|band|party|crew|row) of ({_N})\b(?! [a-z]+s\b)(?![^.;\n:]{{0,80}}: )",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"(?<!\bthe )\b({_N})\b", re.IGNORECASE)
_ALL_ALIKE = re.compile(
    r"\b(?:all|both|each|everyone|everybody)(?: of (?:them|whom))?(?: are| is)?"
    r" (?:in|with|wears?|wearing|dressed|has|have)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:^|[,;:] (?:and |while |but )?|\b(?:and|while) )(?:only )?"
    rf"(one(?= {_VERB})|(?:one|two|three|four|five|six)(?=(?: more)?(?: of (?:them|whom))?"
    r"(?: (?!of\b)(?:in|with|on|at|who|is|are|has|have|wears?|an?|holds?|carry|carries|stands?|sits?|lies?"
    r"|kneels?|directs?|pulls?|pushes|push|lifts?|[a-z]+s the)\b|,)))",
    re.IGNORECASE,
)
"""One, two, … without a noun."""
_WITH_A_CALLING = re.compile(
    r"(?:^|[,;:-] (?:and |while |but )?|\b(?P<with>and) |\b(?:while|but|by|to|beside|behind|between"
    r"|opposite|near|that|is|are|sits|stands|waits|kneels|crouches|squats|walks|lies|leans|runs) )"
    r"(?:an?|another|the|one) (?:[\w-]+ ){0,2}?(?P<head>[\w-]+)"
    r"(?=,? (?:(?:in (?!the\b)|with (?:an?|his|her|\w+ (?:on|in|under|over|across|between|round) (?:his|her))\b"
    r"|wearing|dressed)|(?P<who>who|whose|whom)\b))",
    re.IGNORECASE,
)
_CALLING = re.compile(r"[\w-]{2,}(?:er|or|ist|ian|eer|ee|ant|ent|tress|ard|boy|girl|kin|mate|up|hand)", re.IGNORECASE)
_AT_EACH_END = re.compile(r"\b(?:on|at|to) (?:either|each|both) (?:side|end|edge|corner)s?\b", re.IGNORECASE)
_LISTS = re.compile(r"(?:,|:| -) (?=an? )")
_ITEM = r"an? (?:[\w-]+ ){0,3}?[\w-]+"
_TELLS = r" (?:with|who|wearing|dressed|in (?:an?|his|her|\w+)) |[;.]|$"
_LISTED = re.compile(
    rf"(?:^|[,;] (?:and )?)(?P<item>{_ITEM})(?={_TELLS}| and an? |, an? )| and (?P<last>{_ITEM})(?={_TELLS})",
    re.IGNORECASE,
)
_NO_CALLINGS = frozenset(
    (
        *("them", "whom", "one", "ones", "other", "others", "two", "three", "four", "last", "latter", "former"),
        *("another", "banner", "center", "computer", "container", "corner", "cover", "door", "drawer", "floor"),
        *("flower", "hammer", "ladder", "letter", "lever", "mirror", "motor", "number", "order", "paper", "printer"),
        *("river", "roller", "scooter", "terrier", "tractor", "trailer", "water"),
        *ORDINALS,
    )
)


def more_possible(
    parts: list[PlainSentence], found: list[list[Phrase]], introduced: list[Introduced], statements: list[Statement]
) -> int:
    """How many people more there may be than were understood."""
    known = {person.noun for person in introduced}
    if _has_unknown_group(found, known):
        return MANY
    plain = [part.plain for part in parts]
    callings = {head for text in plain for head in _unknown_callings(text)} | _unknown_listed(parts, statements)
    labels = {label[0].strip().casefold() for text in plain for label in labels_in(text)}
    doubled = 2 * sum(len(_AT_EACH_END.findall(text)) for text in plain)
    return doubled + len(callings) + len(labels) + _told_apart(parts, found, known)


def without_noun(parts: list[PlainSentence]) -> int:
    """How many "one in red", "the two behind", "someone", "another" and "the others" may bring in."""
    if any(_OTHERS.search(part.plain) or _ALL_ALIKE.search(part.plain) for part in parts):
        return MANY
    plain = "\n".join(part.plain for part in parts)
    alone = [match[1] for part in parts for match in _ALONE.finditer(part.plain)]
    return 2 * len(_SOMEBODY.findall(plain)) + sum(number_of(word) or 0 for word in (*alone, *_counted(plain)))


def _counted(plain: str) -> Iterator[str]:
    """The numbers of "the two behind" and "a family of four"; "the three in yellow" after "three of them" are known."""
    first_at: dict[str, int] = {}
    for match in _NUMBER.finditer(plain):
        first_at.setdefault(match[1].casefold(), match.start())
    for match in _COUNTED.finditer(plain):
        if match[2] or first_at.get(match[1].casefold(), len(plain)) > match.start():
            yield match[1] or match[2]


def _unknown_callings(plain: str) -> set[str]:
    """`A falconer with a glove`: a calling that is in no list."""
    heads = set()
    for match in _WITH_A_CALLING.finditer(plain):
        head = match["head"].casefold()
        is_somebody = (
            (match["who"] and not match["with"])
            or _CALLING.fullmatch(head)
            or (not match["who"] and DRESSED.match(plain, match.end("head")))
        )
        if is_somebody and not (singular(head) or head in _NO_CALLINGS or THINGS.fullmatch(head)):
            heads.add(head)
    return heads


def _unknown_listed(parts: list[PlainSentence], statements: list[Statement]) -> set[str]:
    """`Three people: a quizmaster in a suit, …`: what is listed there may be people whatever it is called."""
    unknown = set()
    for one in statements:
        plain = parts[one.sentence].plain
        colon = _LISTS.search(plain, one.end) if set(one.nouns) & GENERIC else None
        if colon:
            items = (item["item"] or item["last"] for item in _LISTED.finditer(plain[colon.end() :]))
            heads = (item.rsplit(" ", 1)[-1].casefold() for item in items if not phrases(item))
            unknown |= {head for head in heads if not THINGS.fullmatch(head)}
    return unknown


def _has_unknown_group(found: list[list[Phrase]], known: set[str]) -> bool:
    """`The women wear overalls` where no women have come in."""
    return any(
        phrase.article is Article.THE
        and phrase.is_plural
        and phrase.number is None
        and not phrase.is_owner
        and phrase.noun not in GENERIC | set(TOGETHER)
        and not any(may_be(phrase.noun, noun) or may_be(noun, phrase.noun) for noun in known)
        for row in found
        for phrase in row
    )


def _told_apart(parts: list[PlainSentence], found: list[list[Phrase]], known: set[str]) -> int:
    """`The man on the left … the man on the right` where no man has come in: one more for each that is told apart."""
    said: dict[str, set[str]] = {}
    for part, row in zip(parts, found, strict=True):
        for phrase in row:
            if phrase.article is not Article.THE or phrase.is_plural or phrase.noun in GENERIC | set(TOGETHER):
                continue
            if any(may_be(phrase.noun, noun) or may_be(noun, phrase.noun) for noun in known):
                continue
            following = re.findall(r"[\w-]+", part.plain[phrase.end : phrase.end + 40])[:4]
            said.setdefault(phrase.noun, set()).add(" ".join((*phrase.adjectives, *following)).casefold())
    return sum(len(keys) - 1 for keys in said.values())
