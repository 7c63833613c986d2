"""A description taken apart: lines without links and titles, words, parts between hard stops. Pure functions."""

import re
import unicodedata
from dataclasses import dataclass

MOST_CHARACTERS = 10_000
"""Of a description that are read: verbs later than that tell nothing more."""

_ENDS_OF_HOSTS = (".com", ".org", ".net", ".io", ".tv", ".me")
_QUOTED = re.compile(r"[\"“„«「『《][^\"“”„«»「」『』《》\n]{1,80}[\"”“»」』》]")
_LINE_END = re.compile(r"(?<=[.!?。！？…])\s+|[\n\r。！？]+")
_MARKS = r"\w\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0963\u200c\u200d"
"""Letters and what sits on them: signs of vowels are no letters to `re`."""
_WORD = re.compile(rf"[^\W\d_][{_MARKS}]*(?:['’-][^\W\d_][{_MARKS}]*)*|\d+(?:[.,:]\d+)*|\S")
_MOST_WORDS = 80
"""Of a part: nobody writes longer ones, and rules look back as far as one goes."""
_CONTRACTED = re.compile(r"^(.+?)['’](s|re|m|ve|ll|d)$", re.IGNORECASE)
_STOPS = frozenset('.!?;:|।،؛؟–—…()[]{}"“”„«»•·/\\*~=<>') | {"-", "--"}


@dataclass(frozen=True)
class Word:
    """low: in small letters; is_owner: it ends in 's; is_capital: it starts with a capital and is not all capitals."""

    low: str
    is_capital: bool = False
    is_owner: bool = False


Part = list[Word]


def lines(text: str) -> list[str]:
    """Sentences and lines of a description, without links, hashtags, mentions and what is quoted within them."""
    text = unicodedata.normalize("NFC", text[:MOST_CHARACTERS])
    found = []
    for line in _LINE_END.split(_without_links(text)):
        bare = _QUOTED.sub(" , ", line)
        # A line that is one quotation is no title within something else.
        found.append(bare if sum(character.isalpha() for character in bare) > 3 else line)
    return [line for line in found if line.strip()]


def _without_links(text: str) -> str:
    """The text without addresses, hashtags and mentions; white space within a line becomes one space."""
    return "\n".join(" ".join(word for word in line.split() if not _is_link(word)) for line in text.splitlines())


def _is_link(word: str) -> bool:
    if word[0] in "#@":
        return len(word) > 1
    return "://" in word or "@" in word or word.startswith("www.") or word.partition("/")[0].endswith(_ENDS_OF_HOSTS)


def parts(line: str) -> list[Part]:
    """The words of a line, and commas, between hard stops."""
    is_loud = line.isupper()
    found: list[Part] = [[]]
    for token in _WORD.findall(line):
        if token in _STOPS or unicodedata.category(token[0]) in {"So", "Sk", "Cs"}:
            found.append([])
        elif token[0].isalnum() or token in {",", "&", "、", "，"}:
            found[-1] += _words(token, is_loud=is_loud)
    return [part[at : at + _MOST_WORDS] for part in found for at in range(0, len(part), _MOST_WORDS)]


def _words(token: str, *, is_loud: bool) -> Part:
    low = token.lower().replace("’", "'")
    is_capital = token[0].isupper() and not is_loud
    contracted = _CONTRACTED.match(low)
    if contracted is None:
        return [Word({"&": "and", "，": ",", "、": ","}.get(low, low), is_capital)]
    stem, ending = contracted.groups()
    if ending == "s" and stem not in _WITH_IS:
        return [Word(stem, is_capital, is_owner=True)]
    return [Word(stem, is_capital), Word(f"'{ending}")]


_WITH_IS = frozenset(
    (
        *("it", "he", "she", "that", "there", "here", "what", "who", "how", "where", "let"),
        *("everyone", "everybody", "someone", "somebody", "nobody"),
    )
)
"""After these, 's is no owner's."""
