"""What the readers share: records, lines within bounds, and refusals that name file and line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from annotation.errors import BadInput
from annotation.strict_json import NotJSON, read_json
from annotation.text import checked_text

MOST_FILE_BYTES = 500_000_000
MOST_DOCUMENT_BYTES = 100_000_000
"""Of a file that is one JSON value and is read as a whole."""
MOST_LINE_BYTES = 1_000_000
MOST_ID = 200
MOST_MODEL = 200
MOST_FRAMES = 32_767
SHOWN_NAME = 80
Values = Iterator[tuple[int, dict[str, Any]]]
"""Where each stands in its file, from 1, and what stands there."""

_BOM = b"\xef\xbb\xbf"
_ZIP = b"PK\x03\x04"
_WORKBOOK = (
    "is an .xlsx workbook, which is not read here: run VLMEvalKit with PRED_FORMAT=tsv,"
    " or save the sheet as text with tabs, in UTF-8"
)


@dataclass(frozen=True)
class Prediction:
    """A reply to one question. shown: the question and its lettered options as the file tells them, or ""."""

    WHAT: ClassVar = "predictions"

    question_id: str
    reply: str
    line: int
    shown: str = ""

    @property
    def name(self) -> str:
        return self.question_id


@dataclass(frozen=True)
class CaptionLine:
    WHAT: ClassVar = "captions"

    clip_id: str
    model: str
    frames: int | None
    caption: str
    line: int

    @property
    def name(self) -> str:
        return self.clip_id


@dataclass(frozen=True)
class Score:
    WHAT: ClassVar = "benchmark scores"

    benchmark: str
    model: str
    percent: Decimal
    line: int

    @property
    def name(self) -> str:
        return f"{self.model} on {self.benchmark}"


@dataclass(frozen=True)
class PublishedRow:
    """percents: of each category, and `average`. is_human: its captions were written by people."""

    WHAT: ClassVar = "published rows"

    model: str
    judge: str
    frames: int | None
    is_human: bool
    percents: dict[str, float]
    line: int

    @property
    def name(self) -> str:
        return f"{self.model}, {self.frames} frames" if self.frames else self.model


Record = Prediction | CaptionLine | Score | PublishedRow


def refused(path: Path, line: int | None, reason: str) -> BadInput:
    place = path.name if line is None else f"{path.name}, line {line}"
    return BadInput({"file": f"{place}: {reason}"})


@contextmanager
def opened(path: Path, *, most: int | None = None) -> Iterator[BinaryIO]:
    """The file after its byte order mark. Raises BadInput for none, one that is too large, and a workbook."""
    most = most or MOST_FILE_BYTES
    if not path.is_file():
        raise refused(path, None, "there is no such file")
    if path.stat().st_size > most:
        raise refused(path, None, f"has more than {most:,} bytes")
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
        if start == _ZIP:
            raise refused(path, None, _WORKBOOK)
        file.seek(len(_BOM) if start.startswith(_BOM) else 0)
        yield file


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Those that are not blank, with their numbers from 1."""
    with opened(path) as file:
        number = 0
        while raw := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(raw) > MOST_LINE_BYTES:
                raise refused(path, number, f"has more than {MOST_LINE_BYTES:,} bytes")
            if raw.strip():
                yield number, raw


def objects(path: Path) -> Values:
    """Of JSONL."""
    for number, raw in lines(path):
        try:
            value = read_json(raw)
        except NotJSON as error:
            raise refused(path, number, str(error)) from error
        if not isinstance(value, dict):
            raise refused(path, number, "is no JSON object")
        yield number, value


def document(path: Path) -> Any:
    """Of a file that is one JSON value."""
    with opened(path, most=MOST_DOCUMENT_BYTES) as file:
        try:
            return read_json(file.read(MOST_DOCUMENT_BYTES))
        except NotJSON as error:
            raise refused(path, None, str(error)) from error


def rows_of(path: Path, rows: object, *, what: str) -> Values:
    """Of a list of objects inside a document; each counts as a line."""
    if not isinstance(rows, list):
        raise refused(path, None, f"holds no list of {what}")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise refused(path, number, "is no JSON object")
        yield number, row


def name_in(value: dict[str, Any], field: str, *, most: int = MOST_ID) -> str:
    return checked_text(value.get(field), field=field, most=most, blank=False)


def reply_in(value: dict[str, Any], field: str) -> str:
    """Nothing where the model said nothing: null. What no text may hold was refused with its line."""
    reply = value.get(field, value)
    if reply is None:
        return ""
    if not isinstance(reply, str):
        raise BadInput({field: "must be text"})
    return reply


def frames_in(value: dict[str, Any]) -> int | None:
    frames = value.get("frames")
    if frames is None:
        return None
    if isinstance(frames, bool) or not isinstance(frames, int) or not 1 <= frames <= MOST_FRAMES:
        raise BadInput({"frames": f"must be a number from 1 to {MOST_FRAMES:,}, or null"})
    return frames


def percent_in(value: dict[str, Any], field: str) -> Decimal:
    """To two decimals."""
    given = value.get(field)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 100:
        raise BadInput({field: "must be a number from 0 to 100"})
    return Decimal(str(given)).quantize(Decimal("0.01"))


def readable(name: str) -> str:
    """For people, of a file that nobody vouches for: on one line, and nothing that a terminal would obey."""
    short = name if len(name) <= SHOWN_NAME else f"{name[:SHOWN_NAME]}…"
    return "".join(character if character.isprintable() else "�" for character in short)


def lettered(options: list[str]) -> str:
    """As every layout for harnesses shows them."""
    return "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=False))
