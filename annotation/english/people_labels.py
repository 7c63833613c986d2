r"""Labels that stand for people ("Subject 2", "Person A", "P3", "Man 1") in questions and captions. Pure functions.

A number is no label where it counts or measures something ("the man 2 meters away", "hands the woman 2 plates"), where
it can be read in the picture ("number 10 on the jersey", `a shirt that says "Player 1"`), or in the name of a place.
"""

import re
from collections.abc import Iterator

from annotation.english.plain_text import without_written_words

_PERSON = r"(?:subject|person|individual|participant|human)"
_PEOPLE = r"(?:subjects|persons|people|individuals|participants|humans|men|women|boys|girls)"
_KIND = (
    r"(?:man|woman|male|female|boy|girl|child|kid|baby|toddler|adult|guy|lady|gentleman|actor|actress|character"
    r"|performer|speaker|student|teenager)"
)
# Numbers of these can be seen on their shirts: only "Player 2", written as a name, is taken for a label.
_NUMBERED = r"(?:Player|Athlete|Runner|Dancer|Boxer|Fighter|Wrestler|Worker|Skater|Opponent|Swimmer|Gymnast|Model)"
_BETWEEN = r"(?i:[ _-]?(?:\#|no\.?\ ?|nr\.?\ ?|number\ |id\ ?)?\ ?['\"(\[]?)"
_UNIT = (
    r"(?:[a-z]+-)?(?:m|cm|km|meters?|metres?|feet|foot|ft|inch(?:es)?|yards?|miles?|steps?|paces?|seconds?|minutes?"
    r"|hours?|years?|months?|days?|times?|rows?|seats?|places?|lanes?|floors?|stairs?|rungs?|people|persons|men|women"
    r"|children|hands?|arms?|legs?|fingers?|of|or|and\ a\ half|to\ \d+\ years?|can|could)"
)
_ON_SOMETHING = r"on\ (?:his|her|the|their|its|a)\b"
_DIGITS = rf"\d{{1,3}}(?![\w%:.]\w|\w|%)(?!['\")\]]?[\ -](?:{_UNIT}\b|{_ON_SOMETHING}))"
_WORD_NUMBER = rf"(?:one|two|three|four|five|six|seven|eight|nine|ten)\b(?!-)(?!\ {_UNIT}\b)"
_AFTER_LETTER = r"(?!\w|[.'&-](?!s\b)\w|-)"
_NO_PLACE = "".join(
    rf"(?<!\b{word}\ )"
    for word in (
        *("level", "floor", "deck", "sign", "parking", "garage", "lot", "gate", "room", "door", "pier"),
        *("bay", "space", "block", "platform", "stand", "pillar"),
        *("marked", "reads", "says", "reading", "saying", "letters", "with"),
    )
)
_NOT_THE_SIGN = rf"(?!['\"]?\ (?:level|floor|deck|sign|parking|garage|lot|gate|logo|button|{_ON_SOMETHING}))"
_LABEL = re.compile(
    rf"""
      (?<![\w-])(?i:{_PERSON}){_BETWEEN}(?i:{_DIGITS}|{_WORD_NUMBER})
    | (?<![\w-])(?i:{_PERSON})[ _-]['"(\[]?(?:[A-HJ-Z]|[IVX]{{2,4}}|[b-hj-z]){_AFTER_LETTER}
    # Without an article before "person", "a" is none either.
    | (?:^|\b(?i:does|do|did|is|was|and|or|to|with|at|by|from|of|than)\ )(?i:{_PERSON})\ a\b(?!\ (?:few|little|bit|lot))
    | (?<![\w-])(?<!iron\ )(?<!Iron\ )(?i:{_KIND}){_BETWEEN}(?i:{_DIGITS})
    | (?<![\w-])(?i:{_KIND})[ _-]['"(\[]?(?:[A-FX-Z]|II|III|IV){_AFTER_LETTER}
    # As the first word it hands over no plates: "Man 1 hands Woman 2 a cup".
    | ^(?i:{_KIND})\ \#?\d{{1,2}}(?=\ [a-z])(?!\ (?:of|or|to|hand|arm|leg|year|meter|metre)\b)
    | (?:^|(?<=,\ )|(?<=\band\ ))[SMW]\d{{1,2}}(?=\ [a-z]+s\b)
    | (?<!\w){_NUMBERED}[ _-]?\#?(?:{_DIGITS}|(?<=[ _-])[A-FX-Z]{_AFTER_LETTER})
    | (?<![\w-])(?i:{_PEOPLE})\ \#?(?:\d{{1,2}}|[A-H])
        (?:,\ |\ ?&\ ?|\ ?-\ ?|\ (?i:and|or|to)\ )\#?(?:\d{{1,2}}(?!\ {_UNIT}\b)|[A-H])\b
    | (?<![\w-])(?i:first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th)\ (?i:subject)\b(?!\ of\b)
    | (?<![\w.-])(?i:{_NO_PLACE}P[ _-]?\#?\d{{1,2}}(?!\w|[.:,-]\d){_NOT_THE_SIGN})
    """,
    re.VERBOSE,
)
_GIVEN_TO = re.compile(r"\b(?:the|an?|each|every|this|that|another|his|her|their|one) (?:[\w-]+ ){0,3}$")
_COUNTED_THING = re.compile(r" (?!(?:is|was|does|has|as)\b)(?:[\w-]+s|men|women|people|children|sheep|fish)\b")


_WRITES = (
    r"(?:written|painted|printed|stencill?ed|stamped|engraved|lettered|chalked|sprayed|carved|embroidered|scrawled"
    r"|scribbled|posted|displayed)"
)
_WRITTEN_BEFORE = re.compile(
    rf"(?:\b(?:{_WRITES}|labell?ed|numbered|bearing"
    r"|(?:card|screen|sign|board|label|sticker|badge|poster|panel|plate)"
    r" (?:that |which )?(?:shows?|showing|says|saying|reads|bears|with)"
    r"|(?:lift|elevator|ramp|stairs|escalator|door|exit|entrance)(?: (?:going|leading|up|down))? to)"
    r"(?: (?:with|as|the|a|big|large|letters|words?))* )$",
    re.IGNORECASE,
)
_WRITTEN_AFTER = re.compile(
    r"(?: and [^.,;]{1,30}?)? (?:is|are|was|stands|can be)(?: (?:also|still|again|clearly|just|\w+ly))? "
    rf"{_WRITES}\b(?! (?:off|out|by)\b)|(?: and [^.,;]{{1,30}}?)? {_WRITES}"
    r"(?: (?:up )?(?:on|in|over|above|across|below|under|there|here|beside)\b|[.,;]|$| twice| again)"
    r"| in (?:[\w-]+ ){0,3}(?:letters|capitals|paint|chalk)\b"
    r"| (?:stands|appears) in (?:[\w-]+ ){0,3}(?:letters|capitals)\b",
    re.IGNORECASE,
)
"""Not "P1 written off"."""


def labels_in(text: str) -> Iterator[re.Match[str]]:
    """The labels in a plain text, where they stand."""
    said = without_written_words(text)
    return (label for label in _LABEL.finditer(said) if not (_gives_things(said, label) or _is_written(said, label)))


def _is_written(text: str, label: re.Match[str]) -> bool:
    """`A pillar on which P1 is painted`, `a card bearing Subject 3`"""
    before = text[max(0, label.start() - 60) : label.start()]
    return bool(_WRITTEN_BEFORE.search(before) or _WRITTEN_AFTER.match(text, label.end()))


def label_in(text: str) -> str | None:
    """The first label in a plain text, as it is written there."""
    return next((label[0].strip() for label in labels_in(text)), None)


def _gives_things(text: str, label: re.Match[str]) -> bool:
    """`hands the woman 2 plates` counts plates, while `the woman 2` and `Woman 2 jumps` call somebody so."""
    is_description = re.fullmatch(r"(?!subject)[a-z]+ \w+", label[0]) is not None
    before, after = text[max(0, label.start() - 80) : label.start()], text[label.end() :]
    return is_description and bool(_GIVEN_TO.search(before) and _COUNTED_THING.match(after))
