"""The one parser of a model's reply to a multiple-choice question: the letter a fair person would credit.

This file needs nothing but the standard library of Python 3.9 and runs alone: releases carry a copy for evaluation
harnesses. Every repeat in a pattern is bounded, so that time grows with the length of a reply and not faster.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Sequence

# A mention becomes one private character: a letter, an option's text, or both where they contradict.
_LETTER, _TEXT, _CONFLICT = 0xE000, 0xE100, "\ue200"
_M, _T, _ANY = "[\ue000-\ue019]", "[\ue100-\ue119]", "[\ue000-\ue200]"
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"


def parse_answer(reply: str, options: Sequence[str]) -> str | None:
    """The letter of the option that the reply settles on, or None where it settles on none of them.

    options: the texts in the order of their letters, at most 26; letters of their own before them ("A. ") are ignored.
    """
    texts = _unlettered([_plain(html.unescape(option)) for option in options[:26]])
    said = _outside_thinking(html.unescape(reply).replace("\r", "\n"))
    tagged = re.findall(r"<answer>([^<]{1,20000})", said, re.IGNORECASE)
    return _read(tagged[-1] if tagged else said, texts)


def _read(said: str, texts: list[str]) -> str | None:
    held = _json_answer(said)
    if held is not None:
        said = held
    plain = _plain(said)
    alone = _alone(plain, texts)
    if alone is not None:
        return alone
    index = _decided(_without_denied(_joined(_with_mentions(plain, texts))))
    return chr(ord("A") + index) if index is not None and index < len(texts) else None


_THINKING = re.compile(
    r"<(/?)\|?(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis)\b[^<>\n]{0,40}>"
    "|◁(/?)think▷",
    re.IGNORECASE,
)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>final[^<]{0,40}<\|message\|>", re.IGNORECASE)


def _outside_thinking(reply: str) -> str:
    """What stands after thinking; nothing where thinking never ends."""
    reply = _FINAL_CHANNEL.split(reply)[-1]
    kept: list[str] = []
    is_open, at = False, 0
    for tag in _THINKING.finditer(reply):
        is_end = bool(tag[1] or tag[2])
        if is_end and not is_open:
            kept = []
        elif not is_end and not is_open:
            kept.append(reply[at : tag.start()])
        is_open, at = not is_end, tag.end()
    return "" if is_open else " ".join([*kept, reply[at:]])


def _json_answer(said: str) -> str | None:
    """What a reply that is one JSON object gives as its answer, as text; None where it is no such object."""
    start, end = said.find("{"), said.rfind("}")
    if end < start or start < 0 or said[:start].strip().strip("`").lower() not in {"", "json"}:
        return None
    try:
        found = json.loads(said[start : end + 1])
    except (ValueError, RecursionError):
        return None
    for named in ("final", "answer", "choice", "option", "letter", "prediction", "response", "label"):
        for key, value in found.items():
            if named in key.lower() and not isinstance(value, dict):
                return " or ".join(map(str, value)) if isinstance(value, list) else _scalar(value)
    return None


def _scalar(value: object) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


_RIGHT, _WRONG = "✅✔✓☑", "❌✗✘✖🚫"
_LOOKALIKE = str.maketrans("АВСЕΑΒΕ", "ABCEABE")
_LONE_LOOKALIKE = re.compile(r"(?<!\w)[АВСЕΑΒΕ](?!\w)(?! ?[^\W\d_])")
_MARKUP = re.compile(
    r"~~[^~\n]{1,200}~~|</?[a-zA-Z][^<>\n]{0,80}>|\\(?:text|textbf|mathrm|mathbf|mathsf|operatorname)\b|[*`$#\\]"
)


def _plain(text: str) -> str:
    """Without markup, accents, emoji and invisible characters; one space, one line end."""
    text = "".join(_plain_character(character) for character in text)
    text = _MARKUP.sub(lambda markup: " " if markup[0][0] in "~<" else "", text)
    text = _LONE_LOOKALIKE.sub(lambda letter: letter[0].translate(_LOOKALIKE), text)
    text = re.sub(r" ?\n[ \n]*", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()
    if re.search(r"^ ?(?:Q|q|Question)[:.]", text, re.MULTILINE):
        text = re.sub(r"^ ?A:", "Answer:", text, flags=re.MULTILINE)
    return text


def _plain_character(character: str) -> str:
    if character < "\x7f":
        return character
    if character in _RIGHT:
        return " correct "
    if character in _WRONG:
        return " incorrect "
    if "\U0001f170" <= character <= "\U0001f189":
        return chr(ord("A") + ord(character) - 0x1F170)
    if character in "’‘":
        return "'"
    kind = unicodedata.category(character)
    if kind in {"Cf", "Co", "Cs"} or "\ufe00" <= character <= "\ufe0f":
        return ""
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in parts if not "\u0300" <= part <= "\u036f")
    if kind == "So" and parts == character:
        return " "
    return unicodedata.normalize("NFC", kept) if len(kept) < 4 else kept


def _unlettered(texts: list[str]) -> list[str]:
    """Without "A. ", "B. ", … where each text begins with its own letter."""
    bare = []
    for index, text in enumerate(texts):
        own = re.match(rf"\(?{chr(ord('A') + index)}[.):] ?(?=\S)", text)
        if own is None:
            return texts
        bare.append(text[own.end() :])
    return bare


_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}
_ARTICLES = {"a", "an", "the"}


def _words(text: str) -> list[str]:
    return [_NUMBERS.get(word, word) for word in (found[0].casefold() for found in _WORD.finditer(text))]


def _keys(texts: list[str]) -> list[list[str]]:
    """The words by which each option is known: without its article, if that tells them apart as well."""
    full = [_words(text) for text in texts]
    bare = [words[1:] if words[:1] and words[0] in _ARTICLES and len(words) > 1 else words for words in full]
    return bare if len(set(map(tuple, bare))) == len(bare) else full


def _alone(plain: str, texts: list[str]) -> str | None:
    """The letter of the one option that the reply repeats and does nothing else."""
    said = _words(plain)
    exact = [index for index, text in enumerate(texts) if said and _words(text) == said]
    is_letter = len(said) == 1 and len(said[0]) == 1 and "a" <= said[0] < chr(ord("a") + len(texts))
    return chr(ord("A") + exact[0]) if len(exact) == 1 and not is_letter else None


def _text_mentions(plain: str, texts: list[str]) -> list[tuple[int, int, int]]:
    """Where options are repeated, (start, end, index), the longest ones first to be found."""
    places = list(_WORD.finditer(plain))
    words = _words(plain)
    starts, at = {}, 1
    for number, word in enumerate(words):
        starts[at] = number
        at += len(word) + 1
    row = f" {' '.join(words)} "
    keys = _keys(texts)
    taken: set[int] = set()
    found = []
    for index in sorted(range(len(keys)), key=lambda index: -len(keys[index])):
        key = keys[index]
        if not key or keys.count(key) > 1 or (len(key) == 1 and len(key[0]) == 1 and key[0].isalpha() and key[0] < "~"):
            continue
        joined = f" {' '.join(key)} "
        at = row.find(joined)
        while at >= 0:
            first = starts[at + 1]
            last = first + len(key) - 1
            if first not in taken and last not in taken:
                taken.update(range(first, last + 1))
                if (
                    first
                    and words[first - 1] in _ARTICLES
                    and plain[places[first - 1].end() : places[first].start()] == " "
                ):
                    first -= 1
                found.append((places[first].start(), places[last].end(), index))
            at = row.find(joined, at + len(joined) - 1)
    return sorted(found)


def _with_mentions(plain: str, texts: list[str]) -> str:
    """The reply in small letters, each mention of an option as one character."""
    pieces, at = [], 0
    for start, end, index in _text_mentions(plain, texts):
        pieces += [_with_letters(plain, at, start, len(texts)), chr(_TEXT + index)]
        at = end
    return "".join([*pieces, _with_letters(plain, at, len(plain), len(texts))])


_IN_WORD = rf"[^\W{_UNSPACED}]"
_LONE = re.compile(
    rf"(?<!{_IN_WORD})(?<!\w['.\-])(?<!\w\()[A-Za-z](?!{_IN_WORD})(?!['\-]\w)(?!\.[A-Za-z]\b)"
    rf"|(?<=[ \n]\()[A-Za-z](?=\))"
)
_NAMED = re.compile(
    r"(?:option|choice|letter|alternative|opcion|opcao|variante|вариант|选项)(?: is)?[ :\"'(\[]{0,3}$", re.IGNORECASE
)
_OF_SOMETHING = re.compile(
    r"\b(?:person|man|woman|player|plan|team|vitamin|figure|camera|point|frame|scene|clip|video|group|side|step"
    r"|part|subject|section|type|class|grade|room|gate|exhibit) $",
    re.IGNORECASE,
)
_AFTER_LETTER = re.compile(
    r" (?:is|was|isn't|because|since|or|and|but|can|can't|cannot|could|would|seems?|appears|looks|does|doesn't|do|are"
    r"|as|matches|describes|says|states|claims|fits|instead|rather|over|not|best|correct|incorrect|wrong|mentions"
    r"|he|she|they|the|et|und|oder|ou|ist|est|es|nor|makes|shows)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r" ?(?:[.,;:!?)\]}\"'|\n]|$)")
_ASKED_FOR = re.compile(
    r"(?:answer|antwort|respuesta|reponse|resposta|ответ|choose|pick|guess|with|is|boxed|[=:])[ :\"'({]{0,3}$",
    re.IGNORECASE,
)


def _with_letters(plain: str, start: int, end: int, count: int) -> str:
    pieces, at = [], start
    for letter in _LONE.finditer(plain, start, end):
        if _is_mark(plain, letter.start(), count):
            pieces += [plain[at : letter.start()].lower(), chr(_LETTER + ord(letter[0].upper()) - ord("A"))]
            at = letter.end()
    return "".join([*pieces, plain[at:end].lower()])


def _is_mark(plain: str, at: int, count: int) -> bool:
    """Whether the lone letter there stands for an option: "A man", "I think" and "vitamin C" hold none."""
    letter = plain[at]
    before, after = plain[max(0, at - 24) : at], plain[at + 1 : at + 25]
    is_wrapped = before[-1:] + after[:1] in {"()", "[]", "{}", '""', "''", "“”", "「」", "【】"}
    is_first = not before.rpartition("\n")[2].strip(" ([{\"'->•")
    if letter in "Ii":
        return (
            count > 8
            and _CLOSED.match(after) is not None
            and (is_wrapped or is_first or bool(_ASKED_FOR.search(before)))
        )
    if is_wrapped or _NAMED.search(before):
        return True
    if _OF_SOMETHING.search(before):
        return False
    if letter.islower():
        is_asked = _ASKED_FOR.search(before) is not None and _CLOSED.match(after) is not None
        return is_asked or (is_first and re.match(r"[.):\]]|\n|$", after) is not None)
    is_word_next = re.match(r" [^\W\d_]", after) is not None
    if letter == "A" or ord(letter) - ord("A") >= count:
        return not is_word_next or _AFTER_LETTER.match(after) is not None
    return True


_LETTER_THEN_TEXT = re.compile(rf"({_M})[ .:,)(\]\-–—\"'“”>|=\n]{{1,6}}({_T})(?=([ )\"'”]{{0,3}}(?:[.!;,\n]|$))?)")
_TEXT_THEN_LETTER = re.compile(rf"({_T})[ ,.\"'”\-–—:]{{0,4}}(?:[(\[](?:option )?|option )({_M})(?=(.?))")


def _joined(tagged: str) -> str:
    """A letter and the text beside it become one mention, or a contradiction."""

    def one(first: str, second: str) -> str:
        letter, text = (first, second) if first < second else (second, first)
        return letter if ord(text) - _TEXT == ord(letter) - _LETTER else _CONFLICT

    def letter_first(match: re.Match[str]) -> str:
        found = one(match[1], match[2])
        return match[0] if found == _CONFLICT and match[3] is None else found

    tagged = _LETTER_THEN_TEXT.sub(letter_first, tagged)
    return _TEXT_THEN_LETTER.sub(lambda match: one(match[1], match[2]), tagged)


_AND = r"(?:and|or|nor|und|oder|y|o|et|ou|e|и|или|和|或|与)"
_SHUT, _OPENED = r"[)\"'\]]?", r"[(\"'\[]?"
_JOINT = rf"{_SHUT}(?:,? ?(?:[/&+、]|{_AND}\b) ?|, ?| )(?:options? )?{_OPENED}"
_LIST = rf"(?:option )?{_ANY}(?:{_JOINT}{_ANY}){{0,25}}{_SHUT}"
_ENUMERATION = rf"{_ANY}{_SHUT}(?:(?:, ?{_OPENED}{_ANY}{_SHUT}){{0,24}},? {_AND} {_OPENED}{_ANY}{_SHUT})?"
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|isn't|wasn't|rather than|instead of|rul(?:es?|ed|ing) out|eliminat(?:e[sd]?|ing)|exclud(?:e[sd]?|ing)"
    r"|dismiss(?:ed|ing)?|reject(?:ed|ing)?|discard(?:ed|ing)?|neither|other than|as opposed to|unlike|over|than"
    r"|cannot be|can't be|couldn't be|nicht|no es|nao e|pas|не)|不是|而不是|排除)"
    rf" ?(?:(?:option|options|choice|answer|the|with|either|both) ){{0,3}}[(\"'\[]?{_ENUMERATION}"
)
_DENIED_AFTER = re.compile(
    rf"{_LIST}(?: ?[,:\-–—(] ?| )(?:(?:which|that|also|both|all|clearly|each|therefore|we) )?"
    r"(?:(?:is|are|was|were|can|could|must|would|has|have|seems?|looks?|should|ist|sind|es|est|were) ?"
    r"(?:(?:be|been|all|also|both|clearly|definitely|obviously|therefore|thus|to be|simply|just|easily|then) ){0,3}"
    r"(?:not)? ?)?(?:wrong|incorrect|false|excluded|eliminated|contradicted|ruled out|out\b|unlikely|impossible"
    r"|inaccurate|not\b(?<!, not)"
    r"|isn't|aren't|wasn't|doesn't|does not|don't|do not|didn't|did not|cannot|can't|fails?\b|falsch|incorrect[ao]|faux"
    r"|errad[ao]|неверн\w{1,3}|不对|不正确|错)"
    rf"|{_ANY}{_SHUT}(?: ?[:\-–—] ?| )no\b"
    rf"|{_ANY}[^.!?\n{_ANY[1:-1]}]{{0,160}}\b(?:which|this|that|but it) (?:is|was) (?:incorrect|wrong|not)\b"
)


def _without_denied(tagged: str) -> str:
    """Without the mentions that the reply turns down."""
    return _DENIED_AFTER.sub(" ", _DENIED_BEFORE.sub(" ", tagged))


_PERHAPS = r"(?: (?:maybe|possibly|perhaps|also|even|potentially))?"
_LAST_OF_LIST = rf"(?={_OPENED}(?:option )?{_ANY}{_SHUT} ?(?:[,.;!\n]|$|{_AND}\b))"
_GROUP = (
    rf"(?P<%s>{_ANY}(?:{_SHUT}(?: ?[/&+、和或] ?|(?: ?[(,])? ?\b{_AND}\b{_PERHAPS} |, ?{_LAST_OF_LIST})"
    rf"{_OPENED}(?:option )?{_ANY}){{0,25}})"
)
_FILLER = (
    r"(?:[ :=\-–—>\"'“”‘’({\[|,，：「（【是为應应]|\b(?:is|would|be|should|must|will|can|could|may|might|to|this|the"
    r"|most|likely|probably|clearly|definitely|certainly|therefore|thus|option|choice|letter|answer|correct|right|best"
    r"|as|indeed|here|i|think|believe|it|it's|a|one|that|for|question|but|rather|instead|either|between|both|with|my"
    r"|final|number|towards?|closest|accurate|still|then|also|so|ist|es|est|e|la|le|die|opcion|opcao|lautet|вариант"
    r"|буква|は|text|by|far|hence|really|actually|seems?|appears|boxed)\b){0,24}"
)
_CUE = (
    r"(?:\b(?:answers?(?! (?:choices|options))|antwort|antwoord|respuesta|reponse|resposta|risposta|ответ|solution"
    r"|boxed|svar|cevap|jawaban|odpowiedz|verdict|conclusion|most likely|my (?:choice|guess|pick|selection)"
    r"|final choice|(?:correct|right|best|closest|accurate|suitable|appropriate|fitting|likely|plausible|remaining)"
    r" (?:option|choice|one|match|fit|description|statement|guess|response)"
    r"|go(?:ing)? with|choos(?:e|ing)|chose|pick(?:ing)?|select(?:ed|ing)?|guess|opt(?:ing)? for|settle on|say"
    r"|lean(?:ing)?|conclude|therefore|thus|hence|consequently|so|leaves(?: us with)?|leaving|left with|must be"
    r"|has to be)\b|答案|答え|回答|정답은?|选择|选|選)"
)
_NO_OPTION = (
    r"(?P<none>none of (?:the|these|those|them)|unclear|unknown|unanswerable|n/a\b|(?:cannot|can't|can not) be"
    r"|not (?:clear|possible|determin\w{0,6}|among|listed))"
)
_STRONG = re.compile(
    rf"{_GROUP % 'post'}[)\"'\]]? ?[,:\-–—(]? ?(?:(?:which|that) )?(?:(?:is|are|must be|would be|remains|ist|es|est) )?"
    r"(?:(?:the|most|clearly|likely|therefore|thus|also|definitely|probably|my|best|only|our|final|indeed|a) ){0,5}"
    r"(?:correct|right|accurate|answer|true|yes|best|most (?:likely|plausible|accurate)|richtig|正确|fits best"
    r"|(?:best )?(?:describes|matches|fits) best)\b(?! ?\?)(?: (?:answer|option|choice|one))?"
    rf"|\b(?:wait|actually|correction|no|sorry|scratch that|i mean|make that|on second thought|or rather)"
    r"(?:[ ,.:;\-–—!\n]|\b(?:no|it's|it is|should|be|i mean|the|answer|that's|is|option|it|must|actually|make that)\b)"
    rf"{{1,12}}[(\"'\[]?{_GROUP % 'mended'}(?=[)}}\"'\]]{{0,3}} ?(?:[.,!;:\n)]|$))"
    rf"|{_CUE}[ :.\"']{{0,4}}\n?{_FILLER}(?:{_GROUP % 'pre'}|{_NO_OPTION})"
    rf"|\b(?:answer|conclusion)\b[^.!?\n]{{0,160}}(?: is| be|:){_FILLER}{_GROUP % 'loose'}"
)
_WEAK = re.compile(
    r"\b(?:it's|it is|this is|that's|that is|which is|points? to|match(?:es)?|corresponds? to|suggests?|indicates?"
    r"|consistent with|aligns? with|correct|donc|daher|also|por (?:lo )?tanto|called|think|believe)\b"
    rf"{_FILLER}{_GROUP % 'pre'}(?=[)}}\"'\]]{{0,3}} ?(?:[.,!;:\n)]|$|because|since|as\b|for\b|based|due))"
    rf"|(?:^|[:.!?] ?)[^\w\n{_ANY[1:-1]}]{{0,8}}(?P<line>{_T})[^\w\n]{{0,8}}\Z",
    re.MULTILINE,
)
_BARE = re.compile(rf"[^\w\n]{{0,8}}(?:option )?({_M}|{_CONFLICT})[^\w\n{_ANY[1:-1]}]{{0,8}}")
_LEAD = re.compile(rf"[^\w\n{_ANY[1:-1]}]{{0,8}}(?:option )?(?:{_GROUP % 'lead'}(?= ?(?:[.,:;!)\]\-–—(\n\"'|}}]|$)))")
_REFUSAL = re.compile(
    r"\b(?:cannot|can't|can not|unable to|not able to|couldn't|could not) (?:\w{1,12} ){0,2}"
    r"(?:tell|determine|answer|see|view|watch|say|decide|identify|help|assist|provide|access|be determined)"
    r"|none of (?:the|these|those)|not enough information|insufficient|impossible to|no way to|don't know|do not know"
    r"|\bunsure|\bunclear|no video|as an ai"
)


def _decided(tagged: str) -> int | None:
    """The index of the option, which the question may lack; None where nothing is settled."""
    lines = tagged.strip().split("\n")
    bare = [_BARE.fullmatch(line) for line in lines]
    if len(lines) > 1 and all(bare):
        return _only("".join(lines))
    concluded = _last(_STRONG, tagged)
    if bare[-1] is not None and len(lines) > 1:
        concluded = bare[-1][1]
    if concluded is None:
        concluded = _last(_WEAK, tagged)
    if concluded is not None:
        return _only(concluded)
    lead = _LEAD.match(tagged)
    if lead is not None and "\ue000" <= lead["lead"][-1] <= "\ue019":
        others = re.findall(rf"^[^\w\n{_ANY[1:-1]}]{{0,8}}({_M})", tagged, re.MULTILINE)
        return _only(lead["lead"] + "".join(others))
    if _REFUSAL.search(tagged):
        return None
    return _only("".join(re.findall(f"{_M}|{_CONFLICT}", tagged)) or tagged)


def _last(pattern: re.Pattern[str], tagged: str) -> str | None:
    """What the last conclusion says."""
    found = None
    for conclusion in pattern.finditer(tagged):
        found = next(group for group in conclusion.groups() if group)
    return found


def _only(mentions: str) -> int | None:
    found = {ord(mention) & 0xFF for mention in re.findall(_ANY, mentions)}
    return found.pop() if len(found) == 1 and _CONFLICT not in mentions else None
