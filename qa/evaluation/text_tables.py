"""Tables as text for papers and spreadsheets: CSV, Markdown (GitHub's) and LaTeX (booktabs).

Names of models come from people and from files: whatever they hold, they stand in one cell, as they were written, and
nothing in them is computed, formatted or run. White space, also of lines, becomes one space in Markdown and LaTeX.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from annotation.errors import BadInput
from qa.releases.layouts._delimited import delimited_line
from qa.releases.layouts.csv import escaped

_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of writing: one in a name could show a row's figures the other way round."""
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|&~$]")
_LATEX = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\symbol{34}",
    "[": "{[}",
    "*": "{*}",
    "±": r"$\pm$",
    "†": r"$\dagger$",
}
r"""What LaTeX would take for more than itself. [ and * do so at the beginning of a line, after \\ or \midrule."""
_LIGATURES = re.compile(r"(?<=([-',]))(?=\1)")

Cells = Sequence[str]
"""Written out already: words by `words`, figures as they are."""


class Markup(ABC):
    """plus_minus, missing, dagger: as they are written in the middle of a cell."""

    plus_minus: str
    missing: str
    dagger: str

    def words(self, text: str) -> str:
        """A person's words as one cell shows them."""
        return self._escaped(_DIRECTIONS.sub("", _SPACE.sub(" ", text)).strip())

    @abstractmethod
    def _escaped(self, text: str) -> str: ...

    @abstractmethod
    def bold(self, cell: str) -> str: ...

    @abstractmethod
    def signed(self, number: Decimal) -> str: ...

    @abstractmethod
    def table(self, headings: Cells, groups: Iterable[Iterable[Cells]], *, words: int, notes: Iterable[str]) -> str:
        """words: how many columns hold words, from the left; the others hold figures. notes: sentences below, plain."""


class Markdown(Markup):
    plus_minus = " ± "
    missing = "–"
    dagger = " †"

    def _escaped(self, text: str) -> str:
        return _MARKDOWN.sub(r"\\\g<0>", text)

    def bold(self, cell: str) -> str:
        return f"**{cell}**"

    def signed(self, number: Decimal) -> str:
        return f"{number:+}"

    def table(self, headings: Cells, groups: Iterable[Iterable[Cells]], *, words: int, notes: Iterable[str]) -> str:
        rule = [":---"] * words + ["---:"] * (len(headings) - words)
        rows = [headings, rule, *(row for group in groups for row in group)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*lines, *(f"\n{self.words(note)}" for note in notes)]) + "\n"


class Latex(Markup):
    plus_minus = r" $\pm$ "
    missing = "--"
    dagger = r"$^{\dagger}$"

    def _escaped(self, text: str) -> str:
        return "".join(_LATEX.get(sign, sign) for sign in _LIGATURES.sub("\0", text)).replace("\0", "{}")

    def bold(self, cell: str) -> str:
        return rf"\textbf{{{cell}}}"

    def signed(self, number: Decimal) -> str:
        return f"${number:+}$"

    def table(self, headings: Cells, groups: Iterable[Iterable[Cells]], *, words: int, notes: Iterable[str]) -> str:
        blocks = ["\n".join(rf"{' & '.join(row)} \\" for row in group) for group in [[headings], *groups]]
        lines = [
            r"% Needs \usepackage{booktabs}.",
            rf"\begin{{tabular}}{{{'l' * words}{'r' * (len(headings) - words)}}}",
            r"\toprule",
            "\n\\midrule\n".join(blocks),
            r"\bottomrule",
            r"\end{tabular}",
        ]
        below = [rf"{{\footnotesize {self.words(note)}\par}}" for note in notes]
        return "\n".join([*lines, "", *below]) + "\n"


@dataclass(frozen=True)
class FileKind:
    """markup: None for CSV."""

    ending: str
    content_type: str
    markup: Markup | None


FILE_KINDS = {
    "csv": FileKind("csv", "text/csv; charset=utf-8", None),
    "markdown": FileKind("md", "text/markdown; charset=utf-8", Markdown()),
    "latex": FileKind("tex", "application/x-tex; charset=utf-8", Latex()),
}


def file_kind(name: str) -> FileKind:
    """Raises BadInput for an unknown one."""
    if name not in FILE_KINDS:
        raise BadInput({"format": f"must be one of {', '.join(FILE_KINDS)}"})
    return FILE_KINDS[name]


def csv_table(lines: Iterable[Iterable[object]]) -> bytes:
    """Words that a spreadsheet would compute have a quote before them, as in the releases' own CSV; numbers do not."""
    return b"".join(delimited_line(escaped(cell) if isinstance(cell, str) else cell for cell in line) for line in lines)
