"""Whatever a name holds, it stays in its cell and says what it said."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotation.errors import BadInput
from qa.evaluation.text_tables import Latex, Markdown, csv_table, file_kind

HOSTILE = [
    "a | b || c",
    "ends in \\",
    "a\\|b",
    "two\nlines\r\n\r\n\u2028and more",
    "**bold** _thin_ ~~gone~~ `code` $x_1$",
    "<script>alert(1)</script> &lt; <!-- x -->",
    "[link](javascript:alert(1)) ![picture](//x)",
    "=HYPERLINK(1)",
    "[2pt]",
    "* [x",
    r"\input{/etc/passwd} \write18{rm} \\ \end{tabular}",
    "100% #1 A&B {x}^2 ~",
    "Qwen2--VL---7B ''quoted'' ,,low,, ?` <<x>> \"y\"",
    "模型 · Łódź † ±1",
]


def flat(name: str) -> str:
    return " ".join(name.split())


def markdown_cells(text: str) -> list[list[str]]:
    """As an independent reader shows them; fails on anything but text in a cell."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rows: list[list[str]] = []
    for token in reader.parse(text):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and rows and token.level > 3:
            kinds = {child.type for child in token.children or []}
            assert kinds <= {"text", "text_special"}, kinds
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_the_name_and_nothing_else(name: str) -> None:
    markup = Markdown()
    text = markup.table(["Model", "Avg."], [[[markup.words(name), "1.0"]], [["b", "2.0"]]], words=1, notes=[name])
    assert markdown_cells(text) == [["Model", "Avg."], [flat(name), "1.0"], ["b", "2.0"]]


LATEX_WORDS = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textasciigrave{}": "`",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\symbol{34}": '"',
    "{[}": "[",
    "{*}": "*",
    r"$\pm$": "±",
    r"$\dagger$": "†",
    "{}": "",
    **{f"\\{sign}": sign for sign in "{}$&#%_"},
}
LATEX_TOKEN = re.compile("|".join(map(re.escape, LATEX_WORDS)) + r"|[^\\{}$&#%_^~<>|`\"\[*\n]")


def read_latex(cell: str) -> str:
    """What LaTeX would print; fails on a sign that would do anything else."""
    tokens = LATEX_TOKEN.findall(cell)
    assert "".join(tokens) == cell
    return "".join(LATEX_WORDS.get(token, token) for token in tokens)


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_prints_the_name_and_nothing_else(name: str) -> None:
    cell = Latex().words(name)
    assert read_latex(cell) == flat(name)
    assert not re.search(r"--|''|,,|^[\[*]", cell)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u200e\u200f"), max_size=30))
def test_any_name_comes_back_from_markdown_and_latex(name: str) -> None:
    name = re.sub("[\u202a-\u202e\u2066-\u2069]", "", name)
    words = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", name).strip()
    assert read_latex(Latex().words(name)) == words
    text = Markdown().table(["Model", "Avg."], [[["x" + Markdown().words(name), "1.0"]]], words=1, notes=[])
    assert markdown_cells(text)[1:] == [[f"x{words}".rstrip(), "1.0"]]


def test_latex_by_hand() -> None:
    assert Latex().words("A&B_1 100% #2 {x} $5 ^~\\") == (
        r"A\&B\_1 100\% \#2 \{x\} \$5 \textasciicircum{}\textasciitilde{}\textbackslash{}"
    )
    assert Latex().words("a--b") == "a-{}-b"
    assert Latex().words("[2pt]") == "{[}2pt]"


def test_latex_table_by_hand() -> None:
    text = Latex().table(["Model", "Avg."], [[["a", "1"], ["b", "2"]], [["c", "3"]]], words=1, notes=["All of 100 %."])
    assert text.splitlines() == [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"Model & Avg. \\",
        r"\midrule",
        r"a & 1 \\",
        r"b & 2 \\",
        r"\midrule",
        r"c & 3 \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        r"{\footnotesize All of 100 \%.\par}",
    ]


def test_signs_that_turn_the_writing_are_left_out() -> None:
    assert Markdown().words("a\u202eb\u2066c") == Latex().words("a\u202eb\u2066c") == "abc"


@pytest.mark.parametrize("name", [*HOSTILE, "@SUM(A1)", "+1", "-1", "\t=1", "'=1", "＝1"])
def test_csv_gives_the_name_back_and_computes_nothing(name: str) -> None:
    (cell, number), _ = csv.reader(io.StringIO(csv_table([[name, -1.5], ["b", 2]]).decode(), newline=""))
    assert number == "-1.5"
    assert cell == (f"'{name}" if name.lstrip("'")[0] in "=+-@\t＝" else name)


def test_unknown_formats_are_refused() -> None:
    assert file_kind("latex").ending == "tex"
    with pytest.raises(BadInput, match="format"):
        file_kind("xlsx")
