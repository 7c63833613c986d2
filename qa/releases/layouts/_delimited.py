"""Tables as text: RFC 4180, with any delimiter. Written here, because Python's own writer quotes a lone CR or not
depending on its version.
"""

import re
from collections.abc import Iterable

_QUOTED = re.compile(r'[",\t\r\n]|^\s|\s$')


def delimited_line(cells: Iterable[object], *, delimiter: str = ",", end: str = "\r\n") -> bytes:
    """None is an empty cell; true and false are written small."""
    return (delimiter.join(map(_cell, cells)) + end).encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
