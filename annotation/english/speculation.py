"""Guesses in a plain sentence: what cannot be seen, a thought, a motive, a relation, a cause. Pure functions.

No guess are words that are written in the picture, the month of May, "all his might", and "appears" for coming in.
"""

import re
from collections.abc import Iterator

_MOOD = (
    r"(?:happy|sad|angry|tired|bored|confused|surprised|scared|afraid|frightened|nervous|anxious|excited|worried|proud"
    r"|annoyed|frustrated|disappointed|pleased|satisfied|upset|relaxed|amused|embarrassed|exhausted|concerned|curious"
    r"|impatient|irritated|determined|lonely|jealous|relieved|interested|uninterested|shy|unsure|uncertain|hesitant)"
)
_BE = r"(?:be|have|not|feel|want|know|think|like|need|belong|already|also|still|just|well|live|work)"
_GUESS = re.compile(
    rf"""
    \b(?:
      (?:probably|maybe|perhaps|possibly|presumably|supposedly|apparently|seemingly|evidently|obviously|undoubtedly
        |conceivably|surely|doubtless|ostensibly|arguably)\b
    | (?<!\bas\ )(?<!un)\blikely\b(?!\ as\b)
    | (?:seems?|seemed|seeming)\b
    | appear(?:s|ed|ing)?\ (?:not\ )?to\ (?!the\b|his\b|her\b|their\b|our\b|a\b|one\b|him\b|them\b)\w+
    | appear(?:s|ed)?\ (?:(?:a\ (?:bit|little)|very|quite|rather|somewhat|slightly|to\ be)\ )?{_MOOD}\b
    | must\ (?:{_BE})\b
    | (?:could|would)\ (?:well\ |also\ )?be\b(?!\ seen)
    | could\ have\b
    | (?<!his\ )(?<!her\ )(?<!their\ )(?<!all\ )(?<!the\ )(?<!with\ )\bmight\b
    | (?-i:\bmay\b)(?!\ \d)(?<!\bin\ may)(?<!\bof\ may)(?<!\bsince\ may)(?<!\buntil\ may)
    | look(?:s|ed|ing)?\ (?:as\ (?:if|though)|like\ (?:he|she|they|it|it's)\b)
    | look(?:s|ed|ing)?\ (?:(?:a\ (?:bit|little)|very|quite|rather|somewhat|slightly|so)\ )?{_MOOD}\b
    | as\ (?:if|though)\ (?:he|she|they|it|to\ (?:impress|show|say|ask|prove|warn|tell|scare))\b
    | (?:in\ order\ to|so\ as\ to|in\ the\ hope|hoping|hopes?\ (?:to|that)|want(?:s|ed|ing)?\ to|wish(?:es|ed|ing)?\ to
        |decid(?:es|ed|ing)\ to|intend(?:s|ed|ing)?\ to|plan(?:s|ned|ning)?\ to
        |wonder(?:s|ed|ing)?\ (?:if|why|what|whether|where|how)
        |is\ (?:thinking|hoping|wondering)|thinks?\ (?:of|about|that|he|she|it)
        |believ(?:es|ed|ing)\ (?:that|he|she|in|it)
        |know(?:s|ing)\ (?:that|he|she|what|how)|remember(?:s|ed|ing)|realiz(?:es|ed|ing)|realis(?:es|ed|ing)
        |forgets?|forgot
        |enjoy(?:s|ed|ing)?|in\ an\ (?:attempt|effort)\ to)\b
    | to\ (?:impress|show\ off|get\ (?:his|her|their|the\ \w+'s)\ attention|please|intimidate|scare|amuse|entertain)\b
    | feel(?:s|ing)?\ (?:(?:very|quite|so|a\ bit|too)\ )?(?:{_MOOD}|cold|hot|sick|ill|pain|that|like)\b
    | (?:because|since|as)\ (?:he|she|they|it)(?:\ (?:is|are|was|were)|'s|'re)\ (?:too\ |so\ |very\ )?
        (?:{_MOOD}|cold|hot|hungry|thirsty|late|lost|sick|ill|in\ (?:a\ hurry|pain|love)|hurt
            |waiting|trying|about|going|afraid|drunk)\b
    | (?:{_MOOD}|glad|delighted|grateful|thankful|unaware|aware|convinced|confident)
        \ (?:that|because)\ (?:he|she|they|it|the|his|her|their|its|nobody|nothing|no|some\w*|every\w*|there|one|an?)\b
    | (?:(?<=,\ )|(?<=\bis\ )|(?<=\bare\ )){_MOOD}\ (?:of|at|about|by)\ (?:his|her|their|the|it|him|them|an?)\b
    | unaware\ of\b
    | because\ (?:he|she|they)\ (?:has|have|had)\ been\b
    | because\ (?:he|she|they)\ (?:want|feel|think|know|like|love|hope|need|believe|enjoy|hate|miss|expect)s?\b
    | (?:out\ of|with|from)\ (?:boredom|anger|fear|joy|frustration|excitement|curiosity|embarrassment
        |nervousness|happiness)\b
    | (?:accidentally|intentionally|deliberately|on\ purpose|by\ mistake)\b
    | (?:i|we)\ (?:think|guess|believe|suppose|assume)\b
    | (?:suggest(?:s|ing)|impl(?:ies|ying)|indicat(?:es|ing))\ (?:that|he|she|they)\b
    | no\ doubt\b
    | (?:his|her|their)\ (?:wife|husband|girlfriend|boyfriend|fianc[ée]e?|boss|mother|father|mom|mum|dad|sister|brother
        |son|daughter|grandmother|grandfather|best\ friend)\b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def guesses_in(plain: str) -> Iterator[re.Match[str]]:
    """The guesses of a plain sentence, where they stand."""
    return _GUESS.finditer(plain)
