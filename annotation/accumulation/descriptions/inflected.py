"""Acts in languages that put spaces between words, English apart: forms by endings, a few rules of place.

An entry of a lexicon is `lemma/stem/!form/+participle`, or `lemma=piece,piece` with pieces `stem:class` or whole forms.
A lemma without `=` belongs to the class that it ends in; stems after it take the same endings. `+` marks participles,
which need an auxiliary; the class `bare` gives forms that need "I" or "you" beside them. Pure functions.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from annotation.accumulation.descriptions.titles import is_title
from annotation.accumulation.descriptions.writing import Part, lines, parts
from annotation.accumulation.verb_lexicon import sections, words

_FAR, _NEAR = 12, 6
_NOT_FINITE = {
    "es": r"(?:[aeií]r|ndo|[aeií]r(?:se|l[oa]s?)|ndo(?:se|l[oa]s?))$",
    "pt": r"(?:[aei]r|ndo|[aei]r-se|[áêí]-l[oa]s?|ndo-se)$",
    "fr": r"(?:er|ir|re|ant)$",
    "it": r"(?:re|ndo|(?:[aei]r|ndo)(?:si|l[oaie]))$",
    "de": r"(?:en|ern|eln)$",
    "nl": r"(?:en|aan)$",
    "pl": r"(?:ć|ąc|nie)$",
    "ru": r"(?:ть|ти|чь|ние|я)$",
}
_NOT_FINITE_IN = {language: re.compile(pattern) for language, pattern in _NOT_FINITE.items()}
_ANY = re.compile("")
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه"})
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0640]")
_ENDS = frozenset({","})
_LIKE_PLURALS = {"de": ("e", "n", "r", "s", "l"), "nl": ("en", "s")}
_VERB_LAST = frozenset({"tr", "hi", "ko"})


class Sort(Enum):
    FINITE = "any form that needs nothing"
    PARTICIPLE = "needs an auxiliary"
    BARE = "needs I or you beside it"


@dataclass(frozen=True)
class Entry:
    """is_moving: things do it too."""

    lemma: str
    is_moving: bool
    sort: Sort = Sort.FINITE


def plain(word: str, language: str) -> str:
    """The word as the lexicon has it."""
    if language == "tr":
        word = word.replace("İ", "i").replace("I", "ı")
    word = word.lower().replace("’", "'")
    if language == "ru":
        word = word.replace("ё", "е").removesuffix("ся").removesuffix("сь")
    if language == "ar":
        word = _ARABIC_MARKS.sub("", word).translate(_ARABIC)
        word = word.removeprefix("ال") if len(word) > 3 else word
    return word


@lru_cache(maxsize=16)
def forms_of(language: str) -> dict[str, Entry]:
    """Every form of a language's verbs; where things do it too, that holds."""
    read = sections(language)
    endings = {name.split()[1]: found for name, found in read.items() if name.startswith("endings ")}
    found: dict[str, Entry] = {}
    for section in ("verbs", "moving"):
        for written in read.get(section, ()):
            for form, entry in _forms(written, endings, language, is_moving=section == "moving"):
                found[plain(form, language)] = entry
    return found


def _forms(
    written: str, endings: dict[str, tuple[str, ...]], language: str, *, is_moving: bool
) -> list[tuple[str, Entry]]:
    """The forms of one entry."""
    name, _, pieces = written.partition("=")
    lemma, *more = name.split("/")
    found: list[tuple[str, Sort]] = []
    of_it = _class_of(lemma, endings)
    if pieces:
        for piece in pieces.split(","):
            found += _of_piece(piece, endings)
    elif of_it is not None:
        stem = lemma.removesuffix(of_it) if len(endings) > 1 else lemma
        found += _of_piece(f"{stem}:{of_it}", endings)
    else:
        found.append((lemma, Sort.FINITE))
    for piece in filter(None, more):
        found += _of_piece(piece if piece[0] in "!+" or of_it is None else f"{piece}:{of_it}", endings)
    if language == "de" and of_it == "en" and lemma.endswith("en"):
        found.append((f"ge{lemma[:-2]}t", Sort.PARTICIPLE))
    if language == "ar" and not pieces:
        found += _arabic(f"ي{lemma}")
    elif language == "ar":
        found += [more for piece in pieces.split(",") if piece.startswith("ي") for more in _arabic(piece)]
    return [(form, Entry(lemma, is_moving, sort)) for form, sort in found]


def _arabic(verb: str) -> list[tuple[str, Sort]]:
    """The persons of a present that is given as "he does"."""
    read = sections("ar")
    return [
        (f"{prefix}{verb[1:]}{ending.strip('-')}", Sort.FINITE)
        for prefix in read["prefixes"]
        for ending in read["endings v"]
    ]


def _class_of(lemma: str, endings: dict[str, tuple[str, ...]]) -> str | None:
    """The class whose name the lemma ends in; the only one there is; None."""
    if len(endings) == 1:
        return next(iter(endings))
    fitting = [name for name in endings if lemma.endswith(name) and len(lemma) > len(name) + 1]
    return max(fitting, key=len, default=None)


def _of_piece(piece: str, endings: dict[str, tuple[str, ...]]) -> list[tuple[str, Sort]]:
    if piece.startswith("!"):
        return [(piece[1:], Sort.FINITE)]
    if piece.startswith("+"):
        return [(piece[1:], Sort.PARTICIPLE)]
    stem, _, of_it = piece.partition(":")
    if not of_it:
        return [(stem, Sort.FINITE)]
    if of_it == "bare":
        return [(stem, Sort.BARE)]
    return [
        (stem + ending.strip("-"), Sort.FINITE) for ending in endings.get(of_it, endings.get(f"{of_it}ть", (of_it,)))
    ]


@dataclass(frozen=True)
class _Lists:
    people: frozenset[str]
    things: frozenset[str]
    determiners: frozenset[str]
    auxiliaries: frozenset[str]
    nouns: frozenset[str]
    holders: frozenset[str]
    light: frozenset[str]
    acts: frozenset[str]
    continuing: frozenset[str]
    before_nouns: frozenset[str]
    postpositions: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    separable: frozenset[tuple[str, str]]


@lru_cache(maxsize=16)
def _lists(language: str) -> _Lists:
    def read(section: str) -> frozenset[str]:
        return frozenset(plain(word, language) for word in words(language, section))

    phrases = tuple(
        tuple(plain(word, language) for word in phrase.split()) for phrase in sorted(words(language, "not"))
    )
    separable = frozenset((verb, particle) for verb, particle in map(str.split, words(language, "separable")))
    names = ["people", "things", "determiners", "auxiliaries", "nouns", "holders", "light", "acts", "continuing"]
    read_ones = {name: read(name) for name in [*names, "postpositions"]}
    return _Lists(**read_ones, before_nouns=read("before nouns"), phrases=phrases, separable=separable)


def acts_in_text(text: str, language: str) -> list[str]:
    """Lemmas, in order."""
    found: list[str] = []
    if language in {"fr", "it"}:
        text = re.sub(r"(?<=[^\W\d_])['’](?=[^\W\d_])", " ", text)
    if language == "tr":
        text = text.replace("İ", "i").replace("I", "ı")
    for line in lines(text):
        if not is_title(line):
            for part in parts(line):
                found += _acts_in_part(part, language)
    return found


def _acts_in_part(part: Part, language: str) -> list[str]:
    lists = _lists(language)
    tokens = [plain(word.low, language) for word in part]
    blocked = _blocked(tokens, lists.phrases)
    found = []
    for at, token in enumerate(tokens):
        if at in blocked or (token, _last_of_clause(tokens, at)) in lists.separable:
            continue
        entry = _entry(token, language)
        if entry is not None and _is_act(part, tokens, at, entry, language):
            found.append(entry.lemma)
        elif (act := _act_beside(tokens, at, language)) and _who(tokens, at, lists, is_finite=False) is not False:
            found.append(f"{token} {act}")
    return found


def _blocked(tokens: list[str], phrases: tuple[tuple[str, ...], ...]) -> set[int]:
    """Places that belong to a fixed phrase."""
    starts: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        starts.setdefault(phrase[0], []).append(phrase)
    return {
        place
        for at, token in enumerate(tokens)
        for phrase in starts.get(token, ())
        if tuple(tokens[at : at + len(phrase)]) == phrase
        for place in range(at, at + len(phrase))
    }


def _last_of_clause(tokens: list[str], at: int) -> str:
    """Where Dutch and German put the other part of a verb: "legt het beleid uit"."""
    end = tokens.index(",", at) if "," in tokens[at:] else len(tokens)
    return tokens[end - 1]


def _entry(token: str, language: str) -> Entry | None:
    forms = forms_of(language)
    if token in forms:
        return forms[token]
    if language == "ar" and token[:1] in {"و", "ف"}:
        return forms.get(token[1:])
    if language == "de":
        return _german_compound(token)
    for prefix in sections(language).get("prefixes", ()) if language in {"pl", "ru"} else ():
        rest = token.removeprefix(prefix)
        if rest != token and len(rest) > 3 and rest in forms:
            return forms[rest]
    return None


def _german_compound(token: str) -> Entry | None:
    """ "Fensterputzen": the verb that the word ends in."""
    for at in range(3, len(token) - 4):
        entry = forms_of("de").get(token[at:])
        if entry is not None and entry.lemma == token[at:] and not entry.is_moving:
            return None if entry.lemma in words("de", "no compounds") else Entry(token, False)
    return None


def _is_act(part: Part, tokens: list[str], at: int, entry: Entry, language: str) -> bool:
    lists, token = _lists(language), tokens[at]
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    is_finite = not _NOT_FINITE_IN.get(language, _ANY).search(token)
    if language == "hi" and token == entry.lemma and after not in lists.continuing:
        return False
    if entry.sort is Sort.BARE and not {before, after} & {"ik", "je", "jij", "u", "we"}:
        return False
    if entry.sort is Sort.PARTICIPLE and not lists.auxiliaries & set(tokens[max(0, at - _FAR) : at + 3]):
        return False
    if language == "de" and part[at].is_capital and not _is_nominal_infinitive(token, entry, before, is_first=not at):
        return False
    who = _who(tokens, at, lists, is_finite=is_finite)
    if who is False and token == entry.lemma and _is_worked_on(before, lists, language):
        who = None
    if token in lists.nouns and not _is_verb_after_all(tokens, at, lists, who):
        return False
    if is_finite and before in lists.determiners and language not in {"tr", "id", "hi", "pl", "ru", "ar"}:
        return False
    if (after in lists.holders and language == "tr") or (
        not is_finite and at > 1 and tokens[at - 2] in lists.holders and len(before) < 5
    ):
        return False
    if at and before in lists.holders and language in {"id", "hi"}:
        return False
    if who is None or who:
        return True
    return not entry.is_moving and is_finite and not _is_thing_near(tokens, at, lists)


def _is_worked_on(before: str, lists: _Lists, language: str) -> bool:
    """ "Auto waschen": a thing before a Dutch or German infinitive is no subject, unless it may be a plural."""
    endings = _LIKE_PLURALS.get(language)
    return endings is not None and before in lists.things and not before.endswith(endings)


def _is_nominal_infinitive(token: str, entry: Entry, before: str, *, is_first: bool) -> bool:
    """ "Brot Backen"; a first word may be any form, but for plurals like "Pflanzen"."""
    if token in words("de", "capital nouns"):
        return False
    return is_first or (token == entry.lemma and before not in {"das", "des", "dem", "ein", "im", "ins", "vom"})


def _is_verb_after_all(tokens: list[str], at: int, lists: _Lists, who: bool | None) -> bool:
    """Whether a form that is also a noun follows somebody, or what calls for a verb."""
    before = tokens[at - 1] if at else ""
    if not at and tokens[1:2] and tokens[1] in words("latin", "articles") and who is not False:
        return True
    if before in lists.before_nouns or (at and tokens[at + 1 : at + 2] and tokens[at + 1] in lists.continuing):
        return True
    return (
        who is True
        and before not in lists.determiners
        and any(token in lists.people for token in tokens[max(0, at - 3) : at])
    )


def _act_beside(tokens: list[str], at: int, language: str) -> str:
    """The noun that a light verb carries; empty where the word is none, or carries none."""
    lists = _lists(language)
    if tokens[at] not in lists.light:
        return ""
    near = tokens[max(0, at - 4) : at] if language in _VERB_LAST else tokens[at + 1 : at + 1 + _NEAR]
    if language not in {"pl", "ru"}:
        return next((token for token in near if token in lists.acts), "")
    # Nouns change their endings: "pierogów" is of "pierogi".
    stems = _stems(language)
    return next((token for token in near if token in lists.acts or _stem(token) in stems), "")


def _stem(token: str) -> str:
    return token[: max(4, len(token) - 2)] if len(token) > 3 else ""


@lru_cache(maxsize=2)
def _stems(language: str) -> frozenset[str]:
    return frozenset(
        act[:length] for act in _lists(language).acts for length in range(4, len(act) + 1) if length >= len(act) - 2
    )


def _who(tokens: list[str], at: int, lists: _Lists, *, is_finite: bool) -> bool | None:
    """True: people do it; False: a thing or an animal; None: nobody is named. What follows counts for finite forms."""
    first = max(0, at - _FAR)
    if any(token in lists.people for token in tokens[first:at]):
        return True
    if any(_is_thing(tokens, place, lists) for place in range(first, at)):
        return False
    after = tokens[at + 1 : at + 1 + _NEAR] if is_finite else []
    for place, token in enumerate(after):
        if token in lists.people:
            return True
        if token in _ENDS:
            break
        if token in lists.things and place < 4:
            return False
    return None


def _is_thing_near(tokens: list[str], at: int, lists: _Lists) -> bool:
    return any(_is_thing(tokens, place, lists) for place in range(max(0, at - 3), at))


def _is_thing(tokens: list[str], place: int, lists: _Lists) -> bool:
    """Whether a thing may be who does it: "घर पर", at home, is a place."""
    return tokens[place] in lists.things and tokens[place + 1] not in lists.postpositions
