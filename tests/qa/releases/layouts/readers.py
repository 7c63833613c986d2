"""Readers of what layouts write, which share no code with them. Each is strict: what it does not expect it refuses."""

import csv
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SIGNS = "=+-@\t\r\n＝＋－＠"


@dataclass(frozen=True)
class CueRead:
    start_ms: int
    end_ms: int
    text: str


def json_lines(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    assert raw.endswith(b"\n") or not raw
    return [json.loads(line) for line in raw.split(b"\n")[:-1]]


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def delimited_rows(path: Path, *, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))


def unescaped(cell: str) -> str:
    """A cell as docs/export-format.md says that it is read."""
    return cell[1:] if re.match(f"''*[{SIGNS}]", cell) else cell


def webvtt_cues(raw: bytes) -> list[CueRead]:
    """By the parser of the specification: blocks end at an empty line, text may hold character references."""
    lines = re.split(r"\r\n|\r|\n", raw.decode())
    assert lines[0] == "WEBVTT" and lines[1] == ""
    cues = []
    for block in _blocks(lines[2:]):
        assert "-->" in block[0], f"no cue: {block}"
        assert not any("-->" in line for line in block[1:])
        start, end = re.fullmatch(r"(\d\d:\d\d:\d\d\.\d{3}) --> (\d\d:\d\d:\d\d\.\d{3})", block[0]).groups()  # type: ignore[union-attr]
        text = "\n".join(block[1:])
        assert not re.search(r"[<>]", text), "a tag"
        cues.append(CueRead(_ms(start), _ms(end), html.unescape(text)))
    assert all(one.start_ms < one.end_ms for one in cues)
    assert [one.start_ms for one in cues] == sorted(one.start_ms for one in cues)
    return cues


def srt_cues(raw: bytes) -> list[CueRead]:
    """As careless readers do: every kind of line end counts, and a line with an arrow is a time."""
    cues = []
    for number, block in enumerate(_blocks(raw.decode().splitlines()), start=1):
        assert block[0] == str(number)
        start, end = re.fullmatch(r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})", block[1]).groups()  # type: ignore[union-attr]
        text = "\n".join(block[2:])
        assert "-->" not in text
        assert not re.search(r"<[a-zA-Z/!?]|\{\\", text), "a tag"
        cues.append(CueRead(_ms(start), _ms(end), text))
    assert all(one.start_ms < one.end_ms for one in cues)
    return cues


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _ms(clock: str) -> int:
    hours, minutes, seconds = re.split("[:]", clock.replace(",", "."))
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)
