"""How a file begins, by which its format is recognised."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from annotation.strict_json import NotJSON, read_json
from qa.evaluation.importers._shape import MOST_LINE_BYTES, opened

_KEY = re.compile(rb'"(\w{1,40})"\s{0,9}:')


@dataclass(frozen=True)
class Start:
    """keys: of the first line, where it is a JSON object of its own. columns: its cells, where it is none.

    names: keys that stand near the beginning, however deep. is_list: the file is a list in JSON.
    """

    keys: frozenset[str]
    columns: frozenset[str]
    names: frozenset[str]
    is_list: bool


def start_of(path: Path) -> Start:
    with opened(path) as file:
        first = b""
        while not first.strip() and (raw := file.readline(MOST_LINE_BYTES)):
            first = raw
        head = first + file.read(MOST_LINE_BYTES - len(first))
    keys = _keys(first)
    names = frozenset(name.decode() for name in _KEY.findall(head) if name.isascii())
    return Start(keys, frozenset() if keys else _columns(first), names, first.lstrip().startswith(b"["))


def _keys(first: bytes) -> frozenset[str]:
    try:
        value = read_json(first)
    except NotJSON:
        return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _columns(first: bytes) -> frozenset[str]:
    try:
        text = first.decode("utf-8")
        cells = [cell for one in "\t,;" for row in csv.reader([text], delimiter=one) for cell in row]
    except (UnicodeDecodeError, csv.Error):
        return frozenset()
    return frozenset(cell.strip() for cell in cells)
