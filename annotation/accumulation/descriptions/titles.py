"""Lines that are names of songs, films and sayings, or speak of software: verbs in them are nobody's acts."""

import re
from functools import lru_cache

from annotation.accumulation.verb_lexicon import words

_MOST_WORDS = 8
_NUMBERED = re.compile(r"\b(?:season|episode) \d+\b|\bs\d{1,2} ?e?\d*\b", re.IGNORECASE)
_YEAR = re.compile(r"\((?:19|20)\d\d\)")
_AGE = re.compile(r"\b\d+[ -](?:year|month|week|day)s?[ -]old\b(?= and)", re.IGNORECASE)
_WORD = re.compile(r"[\w+-]+")


def is_title(line: str) -> bool:
    """Whether the line names a song, a film or a saying."""
    if _of("anywhere").search(line) or _NUMBERED.search(line):
        return True
    if len(line.split()) > _MOST_WORDS:
        return False
    return bool(_of("in a short line").search(line) or _YEAR.search(line))


def without_titles(line: str) -> str:
    """An English line without what it says the name of something is, "the film 'Run'", and without fixed adverbs."""
    return _AGE.sub(" ", _of("adverbs").sub(" ", _named().sub(",", line)))


def is_about_software(line: str) -> bool:
    """Whether an English line speaks of software or games."""
    return not words("en_objects", "software").isdisjoint(_WORD.findall(line.lower()))


@lru_cache(maxsize=8)
def _of(section: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){_one_of(section)}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def _named() -> re.Pattern[str]:
    return re.compile(rf"\b{_one_of('before a name')}\s'[^'\n]{{2,60}}'", re.IGNORECASE)


def _one_of(section: str) -> str:
    return (
        "(?:" + "|".join(re.escape(phrase) for phrase in sorted(words("titles", section), key=len, reverse=True)) + ")"
    )
