"""In which of the languages of the lexicon a description is written. Pure functions."""

import re
from functools import lru_cache

from annotation.accumulation.descriptions.english_forms import readings
from annotation.accumulation.descriptions.inflected import forms_of, plain
from annotation.accumulation.verb_lexicon import sections, words

LATIN = ("es", "pt", "fr", "it", "de", "nl", "pl", "tr", "id")
"""Besides English, in the order in which the first wins a tie."""

_SCRIPTS = {
    "ko": re.compile(r"[\uac00-\ud7a3]"),
    "ja": re.compile(r"[\u3041-\u30ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
}
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LEAST_SHARE = 0.2
_MOST_WORDS = 120


def language_of(text: str) -> str:
    """A code such as "en": by the script, else by frequent words and letters; English where nothing tells."""
    if _SCRIPTS["ja"].search(text) and _SCRIPTS["zh"].search(text):
        return "ja"
    letters = len(_LETTER.findall(text)) or 1
    for language, script in _SCRIPTS.items():
        # A sign of an unspaced script says more than a letter.
        if len(script.findall(text)) / letters >= _LEAST_SHARE:
            return language
    tokens = [plain(word, "") for word in _WORD.findall(text)[:_MOST_WORDS]]
    scores = {language: _score(language, tokens, text) for language in ("en", *LATIN)}
    best = max(scores, key=scores.__getitem__)
    others = sorted(scores.values())
    if others[-1] - others[-2] >= 1:
        return best
    # A short title: what verbs it could hold decides.
    close = [language for language, score in scores.items() if score >= others[-1] - 1]
    return max(close, key=lambda language: scores[language] + 0.75 * _verbs(language, tokens))


def _score(language: str, tokens: list[str], text: str) -> float:
    known = sum(1.0 if token in _frequent(language) else 0.5 * (token in _nouns(language)) for token in tokens)
    marked = sum(text.lower().count(letter) for letter in _letters(language))
    return known + min(marked, 3) * 0.6


def _verbs(language: str, tokens: list[str]) -> int:
    if language == "en":
        return sum(token in readings() for token in tokens)
    return sum(plain(token, language) in forms_of(language) for token in tokens)


@lru_cache(maxsize=len(LATIN) + 1)
def _frequent(language: str) -> frozenset[str]:
    if language == "en":
        closed = ("determiners", "prepositions", "auxiliaries", "modals", "adverbs", "subordinators", "pronouns")
        return words("en_phrases", *closed, "object pronouns") | words("en_people", "people") | {"to", "not", "vs"}
    return words(language, "common", "people", "determiners") - ({"il"} if language == "fr" else set())


@lru_cache(maxsize=len(LATIN) + 1)
def _nouns(language: str) -> frozenset[str]:
    if language == "en":
        return (
            words("en_things", "animals", "nature", "machines", "affairs", "buildings")
            | words("en_objects", "physical", "software", "abstract")
            | words("en_phrases", "compounds")
        )
    return words(language, "things", "acts", "holders", "light")


def _letters(language: str) -> tuple[str, ...]:
    return () if language == "en" else sections(language).get("letters", ())
