"""Words that every English caption has, which say nothing of what is in the clips, and the others."""

import re

STOP_WORDS = frozenset(
    """
    a about above across after again against all almost along already also although always am among an and another any
    are aren't around as at away back be because been before behind being below beneath beside between beyond both but
    by can can't cannot could couldn't did didn't do does doesn't doing don't done down during each either else every
    few for from further had hadn't has hasn't have haven't having he he'd he'll he's her here hers herself him himself
    his how i i'm if in inside into is isn't it it's its itself just like many may me might more most much must my near
    neither next no nor not now of off on once one only onto or other others our out over own per same several shall
    she she'd she'll she's should shouldn't since so some still such than that that's the their theirs them themselves
    then there there's these they they're this those though through throughout thus to together too toward towards
    under until up upon us very was wasn't we were weren't what when where whether which while who whom whose why will
    with within without won't would wouldn't yet you your
    """.split()  # noqa: SIM905 - a list of two hundred strings reads worse
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def telling_words(text: str) -> set[str]:
    """In small letters, without stop words, single letters and a possessive `'s`."""
    found = (word.replace("’", "'").removesuffix("'s") for word in _WORD.findall(text.lower()))
    return {word for word in found if len(word) > 1} - STOP_WORDS
