"""When two options are the same to a reader: the folding behind options:equal-after-folding. Pure functions."""

import re
import unicodedata
from dataclasses import dataclass

from annotation.english.number_words import with_digits
from annotation.english.plain_text import plain

_JOINED = re.compile(r"(?<=\d)[ ]?([-./:,])[ ]?(?=\d)")
_KEPT = "%#@"
# Private characters, which no punctuation rule touches.
_PLACEHOLDERS = str.maketrans({"-": "\ue000", ".": "\ue001", "/": "\ue002", ":": "\ue003", ",": "\ue004"})
_COUNTED = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?: (?P<noun>[^\W\d]+))?")
_NO_NOUN = {
    *("and", "each", "fewer", "left", "less", "more", "or", "per"),
    *("half", "halves", "percent", "quarters", "thirds"),
}


@dataclass(frozen=True)
class Folded:
    """number, noun: of an option that is a number alone ("" for the noun) or with its noun; else number is ""."""

    words: str
    number: str = ""
    noun: str = ""

    def says_same(self, other: "Folded") -> bool:
        """Whether both mean the same: `Two` and `2 pieces` do, `2 cats` and `2 dogs` do not."""
        if self.words == other.words:
            return True
        if not self.number or self.number != other.number:
            return False
        return not self.noun or not other.noun or self.noun == other.noun


def folded(option: str) -> Folded:
    """The option without case, punctuation and articles, its numbers in digits; as it stands if it is only those."""
    text = with_digits(plain(option).casefold().strip()).replace("&", " and ")
    # A sign between digits carries meaning (2-3 is no 23, 1/2 no 12), and so does one before a number (-3).
    text = _JOINED.sub(lambda sign: sign[1].translate(_PLACEHOLDERS), text)
    text = re.sub(r"(?<=\d)-(?=[^\W\d])", "", text)  # "one-handed" is no number with its noun
    text = re.sub(r"(?<!\S)-(?=\d)", "\ue000", text)
    text = "".join(" " if character in "-/" else character for character in text)
    text = "".join(character for character in text if _is_said(character))
    text = re.sub(r"(?<!\S)(?:an?|the) (?=\S)", "", " ".join(text.split()))
    text = re.sub(r"(?<=\d )times\b", "time", text)
    counted = _COUNTED.fullmatch(text.replace("\ue000", "-").replace("\ue001", "."))
    # "T-shirt", "T shirt" and "Tshirt" are one; two numbers side by side stay two.
    words = re.sub(r"(?<!\d) | (?!\d)", "", text)
    if not words:
        return Folded(plain(option).casefold())
    if counted and counted["noun"] not in _NO_NOUN:
        noun = (counted["noun"] or "").removesuffix("s")
        # "Twice" says no more than "Two": to how many pieces or jumps it refers stands in the question.
        return Folded(words, counted["number"], "" if noun == "time" else noun)
    return Folded(words)


def _is_said(character: str) -> bool:
    return character in _KEPT or not unicodedata.category(character).startswith("P")
