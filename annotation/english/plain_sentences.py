"""The sentences of a caption as a reader sees them, each letter with its place in the text as written. Pure functions.

What checks look at: quotes, dashes and spaces are plain ASCII, marks are gone, words that can be read in the picture
(`a shirt that says "Maybe"`) are blank.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from annotation.caption_format import Sentence, sentences
from annotation.english.plain_text import plain, without_written_words

MOST_LETTERS = 3
"""That one character may stand for: a ligature does, a word in one character stays what it is."""
_QUOTED = re.compile(r"""“[^“”\[\n]{0,300}”|"[^"\[\n]{0,300}\"""")


@dataclass(frozen=True)
class PlainSentence:
    """plain: the words; at: for each letter of plain its place in the caption, and one entry more for its end."""

    sentence: Sentence
    plain: str
    at: list[int] = field(repr=False)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where plain[start:end] stands in the caption."""
        return self.at[start], (self.at[end - 1] + 1 if end > start else self.at[start])


def plain_sentences(text: str) -> list[PlainSentence]:
    """The sentences of a caption, in order. Linear in the length of the text."""
    said = _QUOTED.sub(lambda quoted: f'"{" " * (len(quoted[0]) - 2)}"', text)
    return [_plain(sentence, said) for sentence in sentences(text)]


def _plain(sentence: Sentence, said: str) -> PlainSentence:
    letters: list[str] = []
    at: list[int] = []
    for place, character in enumerate(said[sentence.start : sentence.end], start=sentence.start):
        shown = " " if character.isspace() else character if character.isascii() else plain(character)
        if len(shown) > MOST_LETTERS:
            shown = character
        if (not character.isascii() and unicodedata.category(character) == "Cf") or (
            shown == " " and letters and letters[-1] == " "
        ):
            continue
        letters += shown
        at += [place] * len(shown)
    return PlainSentence(sentence, without_written_words("".join(letters)), [*at, sentence.end])
