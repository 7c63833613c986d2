"""Options that speak of the other options ("All of the above", "Both A and C"). Pure functions."""

import re

_POINTED = r"(?:options?|answers?|choices?|alternatives?|responses?|statements?)"
_LOOSELY = rf"(?:{_POINTED}|actions?|movements?|gestures?|colou?rs?|things?|items?)"
_SOME = r"(?:all|both|any|none|neither|either|each|most|some|one|two|three|\d)"
_PLACED = r"(?:above|below|preceding|previous|foregoing|aforementioned|following|listed|mentioned)"
_ABOVE = rf"(?:{_PLACED}(?:[ -](?:listed|mentioned|{_LOOSELY}))*)"
# What follows must not turn the words to the clip: "none of these people", "above his head".
_END = r"(?=\W*$|\ ?[,;.:(]|\ (?:are|is|apply|applies|apart|happens?|occurs?|correct|true|right)\b)"
_ORDINAL = r"(?:first|second|third|fourth|last|1st|2nd|3rd|4th)"
_BY_WORD = re.compile(
    rf"""
      \bof\ (?:the\ )?(?:(?:two|three|other|others)\ )?{_ABOVE}{_END}
    | \b(?:all|any|none)\ (?!below|following){_ABOVE}{_END}
    | ^(?:both\ |all\ )?the\ (?:(?:two|three|all)\ )?{_ABOVE}{_END} | ^(?:as|see)\ above{_END} | \bthe\ above{_END}
    | \b{_SOME}\ of\ (?:these|those)(?:\ {_LOOSELY})?{_END}
    | ^(?:all|both)\ (?:these|those)(?:\ {_LOOSELY})?{_END}
    | \b{_SOME}\ of\ (?:the\ |these\ |those\ )?(?:other\ |given\ |two\ |three\ )*{_POINTED}\b
    | \b(?:all|both|neither|either|every|each|no|any|(?:the\ )?other|another|these|those|{_ORDINAL}(?:\ (?:two|three))?)
        \ (?:the\ )?(?:other\ )?(?:options?|choices?|alternatives?|answer\ is|answers\ are|answers)\b
    | \b{_ORDINAL}\ and\ {_ORDINAL}\ {_POINTED}\b
    | ^(?:all|both|none|neither)(?:\ (?:is|are))?\ (?:correct|true|right|wrong|incorrect|false|apply|applies)\W*$
    | \bnot\ (?:listed|mentioned|given)(?:\ (?:here|above|below))?\W*$
    | \b(?:among|from)\ the\ (?:options|choices|answers)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BY_NAME = re.compile(
    r"\b(?i:options?|choices?) \(?#?(?:[A-Ha-h]|\d|[ivIV]{1,3})\)?(?!\w| (?:button|menu|key|screen)\b)"
    r"|\b(?i:answers?) \(?#?(?:[A-H]|\d)\)?(?=\W*$| (?:and|or|&) |,)"
)


def _group(letter: str, *, bracketed: bool = False) -> str:
    """Two or more letters joined: `A and C`, `A, B & C`, `A/B`."""
    one = rf"\({letter}\)" if bracketed else rf"\(?['\"]?{letter}['\"]?\)?"
    return rf"{one}(?:(?:,\ ?)?\ ?(?:and|or|nor|&|\+|/|,|then)\ ?{one})+"


_CAPITAL = "[A-F]"
_MARK = r"(?:[1-6]|[A-Fa-f]|i{1,3}|iv|I{1,3}|IV)"
_TOGETHER = (
    r"(?=\W*$|\ (?:are|is|both|only|together|combined|simultaneously"
    r"|at\ the\ same|in\ that\ order|happens?|apply|but)\b)"
)
_BY_LETTER = re.compile(
    rf"""
      ^(?:(?i:both|only|just|either|neither|all\ of)\ )?{_group(_CAPITAL)}{_TOGETHER}
    | (?i:\b(?:both|neither|either|combination\ of|mix\ of))\ {_group(_CAPITAL)}(?=\W*$|\ [a-z]|,)
    | ^(?i:only|just)\ \(?{_CAPITAL}\)?\W*$
    | ^\(?{_CAPITAL}\)?\ (?i:only|alone)\W*$
    | (?i:\b(?:all|everything|anything|any|none)\ (?:but|except|besides|apart\ from|other\ than)(?:\ for)?)
        \ \(?{_CAPITAL}\)?\W*$
    | ^(?i:(?:the\ )?same\ as)\ \(?{_CAPITAL}\)?\W*$
    # Small letters and numbers only where "both" or brackets say what they are.
    | ^(?i:both|neither)\ {_group(_MARK)}\W*$
    | ^(?:(?i:both|neither|only|either)\ )?{_group(_MARK, bracketed=True)}\W*$
    | ^(?:I{{1,3}}|IV)(?:,\ (?:I{{1,3}}|IV))*,?\ (?:and|&)\ (?:I{{1,3}}|IV)(?:\ only)?\W*$
    """,
    re.VERBOSE,
)
_ABOUT_WRITING = re.compile(r"\b(?:letters?|initials?|numbers?|digits?|buttons?|keys?)\b", re.IGNORECASE)


def speaks_of_options(option: str, *, question: str) -> bool:
    """Whether the option points at others instead of the clip. Both are plain (`annotation/english/plain_text.py`).

    Letters point at nothing where the question asks for what is written: there "A and B" can be read in the picture.
    """
    if _BY_WORD.search(option) or _BY_NAME.search(option):
        return True
    return not _ABOUT_WRITING.search(question) and _BY_LETTER.search(option) is not None
