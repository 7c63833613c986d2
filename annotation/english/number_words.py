"""Numbers as people write them in options: `Two`, `2 pieces`, `Once`, `twenty-one`, `a dozen`. Pure functions.

All take plain, case-folded text (`annotation/english/plain_text.py`). A definite number is one value: no share (`half`,
`50%`, `two thirds`), no range (`2-3`, `once or twice`, `at least 3`) and nothing vague (`a few`, `about ten`). `None`,
`never` and `no jumps` say zero, so they are definite; so are `a dozen`, `a pair` and `a single one`.
"""

import re

_ONES = dict(zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], range(1, 10), strict=True))
_TEENS = dict(
    zip(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
_SMALL = {"zero": 0, **_ONES, **_TEENS, **_TENS}
_MULTIPLES = {"hundred": 100, "dozen": 12}
_SCALES = {"thousand": 1000, "million": 1_000_000}


def _any_of(words: dict[str, int]) -> str:
    return f"(?:{'|'.join(words)})"


_BELOW_100 = rf"(?:{_any_of(_TENS)}(?:[ -]{_any_of(_ONES)}(?!\w))?|{_any_of(_TEENS)}|{_any_of(_ONES)})"
_BELOW_1000 = rf"(?:(?:(?:{_BELOW_100}|\d{{1,3}}|a) )?hundred(?: (?:and )?{_BELOW_100}(?!\w))?|{_BELOW_100})"
_NUMBER_WORDS = re.compile(
    rf"(?<!\w)(?:half a dozen|(?:(?:{_BELOW_1000}|\d{{1,3}}|a) )?thousand(?: (?:and )?{_BELOW_1000}(?!\w))?"
    rf"|(?:(?:{_BELOW_1000}|\d{{1,3}}|a) )?million|(?:(?:{_BELOW_100}|\d{{1,3}}|a) )?dozen|{_BELOW_1000}|zero)(?!\w)"
)
_TIMES = {"once": "1 time", "twice": "2 times", "thrice": "3 times"}
_TIMES_WORD = re.compile(r"(?<!\w)(?<!at )(?:once|twice|thrice)(?!\w)")
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=[0-9]{3}(?!\d))")
_REWRITTEN: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"(?<![\w.,:])0+(?=\d)"), ""),
    (re.compile(r"(?<=\d)[ -]?(?:x|×)(?! ?\w)"), " times"),
    (re.compile(r"(?<!\w)(?:x|×) ?(\d+)(?!\w)"), r"\1 times"),
    (re.compile(r"(?<=\d)-?(?=(?:times?|pieces?|pcs)\b)"), " "),
    (re.compile(r"(?<!\w)no (?=times?\b)"), "0 "),
    (re.compile(r"(?<!\w)(?:a )?single time\b"), "1 time"),
    (re.compile(r"^none(?: at all)?\W*$"), "0"),
    (re.compile(r"^never\W*$"), "0 times"),
]


def with_digits(text: str) -> str:
    """The text with every number in digits: `twenty-one jumps` is `21 jumps`, `once` is `1 time`, `1,000` is `1000`."""
    text = re.sub(r"\d", lambda digit: str(int(digit[0])), text)
    text = _THOUSANDS_COMMA.sub("", text)
    text = _NUMBER_WORDS.sub(lambda number: str(_value(number[0])), text)
    text = _TIMES_WORD.sub(lambda word: _TIMES[word[0]], text)
    for pattern, instead in _REWRITTEN:
        text = pattern.sub(instead, text)
    return " ".join(text.split())


def _value(words: str) -> int:
    if words == "half a dozen":
        return 6
    total = current = 0
    for word in re.findall(r"[a-z]+|\d+", words):
        if word in _MULTIPLES:
            current = max(current, 1) * _MULTIPLES[word]
        elif word in _SCALES:
            total += max(current, 1) * _SCALES[word]
            current = 0
        elif word not in {"a", "and"}:
            current += _SMALL[word] if word in _SMALL else int(word)
    return total + current


_N = r"\d+(?:\.\d+)?"
_NOT_EXACT = (
    r"(?:about|around|approx(?:imately|\.)?|roughly|circa|c\.|ca\.?|nearly|almost|close\ to|some"
    r"|over|under|above|below|beyond|upwards?\ of|up\ to|at\ (?:the\ )?(?:least|most|minimum|maximum)"
    r"|(?:minimum|maximum|min|max)\.?(?:\ of)?"
    r"|(?:more|less|fewer|greater|higher|lower)\ than|as\ (?:many|few|much)\ as|few|couple(?:\ of)?|several|many)"
)
_INDEFINITE = re.compile(
    rf"""
    {_N}\ ?(?:%|percent|per\ cent|pct)
    | {_N}\ ?[/⁄]\ ?{_N}
    | {_N}\ ?(?:-|~|to|till|until|through)\ ?{_N}
    | {_N}\ times?\ (?:-|to)\ {_N}\ times?
    | {_N}(?:\ \w+)?,?\ or\ (?:{_NOT_EXACT}\ )?(?:maybe\ |even\ )?{_N}
    | {_N}(?:\ \w+)?\ or\ (?:so|thereabouts|(?:even\ )?(?:more|fewer|less|above|over|under|below|higher|lower))\b
    | \bbetween\ {_N}(?:\ \w+)?\ and\ {_N}
    | \b{_NOT_EXACT}\ (?:an?\ )?{_N}
    | [<>≤≥~≈±]\ ?=?\ ?{_N}
    | {_N}\ ?\+ | {_N}[ -](?:ish|odd|plus)\b | {_N}ish\b
    | {_N}(?:\ times?)?,?\ (?:at\ (?:least|most)|(?:max|min)(?:imum)?)\b
    | {_N}(?:\ times?)?\ out\ of\ (?:every\ )?{_N} | {_N}\ in\ (?:every\ )?{_N}(?!\ ?(?:s|seconds?|minutes?)\b)
    | {_N}[ -](?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth)s?\b
    | (?<!\d)1[ -]half(?=\W*$|\ of\b|\ the\b) | \bhalf\ (?:of|the)\b
    | \b(?:maybe|perhaps|possibly|probably)\b
    | \b(?:options?|answers?|choices?)\ \d
    """,
    re.VERBOSE,
)
_PRONOUN_ONE = re.compile(r"\b(?:the|this|that|each|every|any|another|which) (?:\w+ )?one\b(?! time)")
_NUMBER_ALONE = re.compile(r"(?<![\w-])\d+(?:\.\d+)?(?!\w|%|-[^\W\d]|\.\d)")
_ZERO = re.compile(
    r"(?:none(?! of (?:the )?(?:above|these|those|options|answers|choices)\b)|never|nobody|nil"
    r"|not (?:at all|any|a single)|no (?!idea|answer|way|information|clue|data|longer"
    r"|matter|telling|more|less|fewer|such|option)\w+)\b"
)
_EXACT_NOUN = re.compile(r"\b(?:(?:a|one|only|just|exactly) )?(?:single|pair)\b")


def names_definite_number(text: str) -> bool:
    """Whether an option such as `Four times` says one value: see the module's words on shares, ranges and zero."""
    digits = with_digits(_PRONOUN_ONE.sub("", text))
    if _INDEFINITE.search(digits):
        return False
    return bool(_NUMBER_ALONE.search(digits) or _ZERO.match(digits) or _EXACT_NOUN.search(digits))


def definite_number(text: str) -> int | None:
    """The whole number that an option such as `Four times` says; None where it says none, a share, or two numbers."""
    if not names_definite_number(text):
        return None
    digits = with_digits(_PRONOUN_ONE.sub("", text))
    numbers = set(_NUMBER_ALONE.findall(digits))
    if numbers:
        (first, *more) = numbers
        return None if more or "." in first else int(first)
    if _ZERO.match(digits):
        return 0
    return 2 if "pair" in digits else 1
