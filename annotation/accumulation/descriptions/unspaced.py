"""Acts in Chinese, Japanese and Korean: words within the text, after fixed compounds are out. Pure functions."""

import re
from functools import lru_cache

from annotation.accumulation.descriptions.titles import is_title
from annotation.accumulation.descriptions.writing import lines
from annotation.accumulation.verb_lexicon import words

_PARTICLES = {
    "ja": r"(?=が|は|も|と|を|に|、|たち)",
    "ko": r"(?=가|이|은|는|도|들|와|과|의|를|을|에|께|\s|,|$)",
    "zh": "",
}
_OF_THINGS = {"ja": r"(?=が|は|も|、)", "ko": r"(?=가|이|은|는|도|들|\s|,|$)", "zh": ""}
_STARTS = {"ja": "", "ko": r"(?<![\uac00-\ud7a3])", "zh": ""}
_MOST_BETWEEN = {"ja": 3, "ko": 3, "zh": 0}


def acts_in_text(text: str, language: str) -> list[str]:
    """The words as they stand, in order."""
    found: list[str] = []
    for line in lines(text):
        if not is_title(line) and not _pattern(language, "songs").search(line):
            found += _acts_in_line(_pattern(language, "not").sub("\n", line), language)
    return found


def _acts_in_line(line: str, language: str) -> list[str]:
    things = _who(language, "things")
    thing = things.search(line)
    person = _who(language, "people").search(things.sub(lambda match: " " * len(match[0]), line))
    found = []
    for match in _verbs(language).finditer(line):
        is_peoples = person is not None and person.end() <= match.start()
        is_things = (thing is not None and thing.end() <= match.start()) or _comes_after(language, line, match.end())
        if is_peoples or not (is_things and match[0] in words(language, "moving")):
            found.append(match[0])
    return found


def _comes_after(language: str, line: str, at: int) -> bool:
    """ "流れる雲": in Japanese the noun right after the form is what does it."""
    return language == "ja" and bool(_pattern(language, "things").match(line, at))


@lru_cache(maxsize=4)
def _verbs(language: str) -> re.Pattern[str]:
    """Verbs and, where a light verb follows within a few signs, nouns of acts."""
    verbs = _one_of(words(language, "verbs", "moving") | _conjugated(language))
    acts, light = words(language, "acts"), words(language, "light")
    if not acts:
        return re.compile(verbs)
    start = _STARTS[language]
    between = (
        rf"[을를\s]{{0,{_MOST_BETWEEN[language]}}}"
        if language == "ko"
        else rf"[^\n、。]{{0,{_MOST_BETWEEN[language]}}}?"
    )
    return re.compile(rf"{start}{verbs}|{_one_of(acts)}(?={between}{_one_of(light)})")


_GODAN = {
    "る": "りれろっら",
    "く": "きけこいか",
    "ぐ": "ぎげごいが",
    "す": "しせそさ",
    "つ": "ちてとっ",
    "う": "いえおっわ",
}
_GODAN |= {"ぶ": "びべぼんば", "む": "みめもんま", "ぬ": "にねのんな"}


def _conjugated(language: str) -> frozenset[str]:
    """Forms made by rule from dictionary forms (Japanese) and stems (Korean)."""
    found = {stem for verb in words(language, "stems") for stem in (verb, *_contracted(verb))}
    for verb in words(language, "godan"):
        found |= {verb} | {verb[:-1] + ending for ending in _GODAN.get(verb[-1], "")}
    for verb in words(language, "ichidan"):
        found |= {
            verb[:-1] + ending for ending in ("る", "た", "て", "ます", "ない", "よう", "方", "、", "られ", "させ")
        }
    return frozenset(found)


_SYLLABLES, _FINALS, _VOWELS = 0xAC00, 28, 21
_N, _L, _SS = 4, 8, 20
_CONTRACTED = {20: 6, 8: 9, 13: 14, 18: 4, 0: 0, 1: 1, 5: 5, 6: 6, 4: 4}
"""Vowel of a stem: vowel with a or eo after it, by their places in Unicode: i gives yeo, o gives wa, u gives wo."""


def _contracted(stem: str) -> list[str]:
    """ "고치" gives "고친", "고칠", "고쳐", "고쳤": only stems that end in a vowel contract."""
    code = ord(stem[-1]) - _SYLLABLES
    if not 0 <= code < 11172 or code % _FINALS:
        return []
    vowel = code // _FINALS % _VOWELS
    found = [chr(_SYLLABLES + code + final) for final in (_N, _L)]
    if vowel in _CONTRACTED:
        past = code + (_CONTRACTED[vowel] - vowel) * _FINALS
        found += [chr(_SYLLABLES + past), chr(_SYLLABLES + past + _SS)]
    return [stem[:-1] + last for last in found]


@lru_cache(maxsize=16)
def _pattern(language: str, section: str) -> re.Pattern[str]:
    found = words(language, section)
    return re.compile(_one_of(found) if found else r"(?!)")


@lru_cache(maxsize=8)
def _who(language: str, section: str) -> re.Pattern[str]:
    follows = (_OF_THINGS if section == "things" else _PARTICLES)[language]
    start = _STARTS[language] if section == "things" else ""
    return re.compile(start + _one_of(words(language, section)) + follows)


def _one_of(found: frozenset[str]) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(found, key=lambda word: (-len(word), word))) + ")"
