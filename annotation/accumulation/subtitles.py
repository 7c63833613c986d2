"""Subtitles in (SRT or WebVTT), plain WebVTT out: times and words, nothing that styles, links or runs."""

import html
import re
from dataclasses import dataclass, field

from annotation.accumulation.limits import Refused

MAX_BYTES = 1_000_000
MAX_CUES = 20_000

_TIME = r"(?:([0-9]{1,4}):)?([0-5]?[0-9]):([0-5]?[0-9])[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")  # what follows is where on the screen: not kept
_STARTS_AS_TIMING = re.compile(r"\s*[0-9].*-->")
_OTHER_BLOCK = re.compile(r"(NOTE|STYLE|REGION)(\s|$)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[0-9:.]+>|\{\\[^{}]*\}")
_CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass
class _Cue:
    start_ms: int
    end_ms: int
    text: list[str] = field(default_factory=list)


def read_subtitles(raw: bytes, *, name: str) -> str:
    """Sanitised WebVTT out of the bytes of an SRT or WebVTT file. The first line tells which; errors begin with `name`.

    The cues stay in the order given. Tags, notes, styles, regions, positions and cue names are dropped, empty lines and
    empty cues too; what is left is escaped. Raises Refused with a code that starts with `subtitles_`; where one line is
    to blame the text names it and `detail["line"]` holds it, counted from 1.
    """
    if len(raw) > MAX_BYTES:
        raise Refused("subtitles_too_large", f"{name} has {len(raw):,} bytes; at most {MAX_BYTES:,} are accepted.")
    lines = _decoded(re.sub(rb"\r\n?", b"\n", raw), name).split("\n")
    is_vtt = re.match(r"WEBVTT(\s|$)", lines[0]) is not None
    if name.lower().endswith(".vtt") and not is_vtt:
        raise _wrong("subtitles_format", name, 1, "a .vtt file starts with WEBVTT")
    cues = [cue for cue in _cues(lines, name, is_vtt=is_vtt) if cue.text]
    if not cues:
        raise Refused("subtitles_empty", f"{name} holds no subtitles.")
    return _as_webvtt(cues)


def shifted_subtitles(text: str, *, start_ms: int, end_ms: int) -> str:
    """The subtitles of the stretch [start_ms, end_ms), moved so that it starts at zero; "" if there are none.

    text: as `read_subtitles` gives it, or "". Cues that reach over an end of the stretch are clipped to it.
    """
    cues = [
        _Cue(max(cue.start_ms, start_ms) - start_ms, min(cue.end_ms, end_ms) - start_ms, cue.text)
        for cue in _cues(text.split("\n"), "The subtitles", is_vtt=True)
        if cue.text and max(cue.start_ms, start_ms) < min(cue.end_ms, end_ms)
    ]
    return _as_webvtt(cues) if cues else ""


def _as_webvtt(cues: list[_Cue]) -> str:
    return "WEBVTT\n" + "".join(
        f"\n{_as_time(cue.start_ms)} --> {_as_time(cue.end_ms)}\n" + "".join(f"{line}\n" for line in cue.text)
        for cue in cues
    )


def _decoded(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _wrong("subtitles_encoding", name, line, "the text is not UTF-8") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise _wrong("subtitles_encoding", name, line, "the text is not UTF-8 but holds zero bytes")
    return text


def _cues(lines: list[str], name: str, *, is_vtt: bool) -> list[_Cue]:
    """Every cue with its text, which may be empty. Text after an empty line still belongs to the cue before it."""
    cues: list[_Cue] = []
    skipping, after_empty = is_vtt, True
    for index, line in enumerate(lines):
        if not line.strip():
            skipping, after_empty = False, True
            continue
        timing = _TIMING.fullmatch(line)
        if timing is not None and not (skipping and cues):
            cues.append(_cue_of(timing, name, index + 1))
            skipping = False
            if len(cues) > MAX_CUES:
                raise Refused("subtitles_too_many", f"{name} has more than {MAX_CUES:,} subtitles.")
        elif skipping or (is_vtt and after_empty and _OTHER_BLOCK.match(line)):
            skipping = True
        elif _STARTS_AS_TIMING.match(line):
            raise _wrong("subtitles_timing", name, index + 1, "the times cannot be read")
        elif not _is_cue_name(lines, index, is_vtt=is_vtt, after_empty=after_empty):
            if not cues:
                raise _wrong("subtitles_format", name, index + 1, "a number or a time was expected")
            cues[-1].text += _clean(line, is_vtt=is_vtt)
        after_empty = False
    return cues


def _is_cue_name(lines: list[str], index: int, *, is_vtt: bool, after_empty: bool) -> bool:
    """Whether a line only names the cue that starts on the next one: a number, in WebVTT any words."""
    if index + 1 == len(lines) or not _TIMING.fullmatch(lines[index + 1]):
        return False
    return lines[index].strip().isdecimal() or (is_vtt and after_empty)


def _cue_of(timing: re.Match[str], name: str, line: int) -> _Cue:
    times = timing.groups()
    start_ms, end_ms = _as_ms(*times[:4]), _as_ms(*times[4:])
    if start_ms >= end_ms:
        raise _wrong("subtitles_timing", name, line, "the subtitle ends before it starts")
    return _Cue(start_ms, end_ms)


def _as_ms(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))


def _as_time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _clean(line: str, *, is_vtt: bool) -> list[str]:
    """The words of a line as WebVTT text, or nothing. Escaping `>` too leaves no arrow in the text."""
    words = _TAG.sub("", _CONTROL.sub(" ", line))
    if is_vtt:  # there an entity stands for its character; in SRT it is what it looks like
        words = _CONTROL.sub(" ", html.unescape(words).replace("\n", " ").replace("\0", ""))
    words = words.strip()
    return [html.escape(words, quote=False)] if words else []


def _wrong(code: str, name: str, line: int, what: str) -> Refused:
    return Refused(code, f"{name}, line {line}: {what}.", line=line)
