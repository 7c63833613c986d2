"""The table of results in its three files, each compared with one written by hand."""

from decimal import Decimal
from pathlib import Path

import pytest

from annotation.errors import BadInput
from qa.evaluation.published import haic_table_2
from qa.evaluation.table_files import table_file
from qa.evaluation.tables import Table, table_of
from qa.models.runs import Setting
from tests.qa.evaluation.rows import figures, row

WRITTEN = Path(__file__).with_name("written")
HALF = (None, 10.0, None, None, None, 20.0)


@pytest.fixture
def table() -> Table:
    """Two judges, and the printed rows of one model and of people."""
    return table_of(
        [
            row("A|B_1", 40.5, 30.25, 40.0, 50.0, 60.0, 22.25, judge="J & J"),
            row("=tuned", 41.0, 30.0, 45.0, 50.0, 58.0, 22.0, judge="J & J", frames=None),
            row("half", None, judge="other", figures=figures(*HALF, error=None)),
            *haic_table_2()[:2],
        ],
        setting=Setting.CAPTION,
    )


@pytest.mark.parametrize(("file_format", "ending"), [("csv", "csv"), ("markdown", "md"), ("latex", "tex")])
def test_file_is_as_written_by_hand(table: Table, file_format: str, ending: str) -> None:
    lines = table_file(table, file_format).decode().replace("\r\n", "\n")
    assert lines == (WRITTEN / f"table.{ending}").read_text()


def test_lines_of_csv_end_as_rfc_4180_wants(table: Table) -> None:
    assert table_file(table, "csv").count(b"\r\n") == table_file(table, "csv").count(b"\n") == 6


def test_blind_rows_and_answering_models_have_no_judge() -> None:
    rows = [row("m", 50.0, judge="", setting=Setting.STANDARD), row("m", 30.0, judge="", setting=Setting.BLIND)]
    text = table_file(table_of(rows, setting=Setting.STANDARD), "markdown").decode()
    assert "| m | – | 64 | 50.0 ± 1.3 |" in text
    assert "| No video: m | – | 64 | 30.0 ± 1.3 |" in text
    assert "†" not in text


def test_an_empty_table_is_still_a_table() -> None:
    empty = table_of([], setting=Setting.CAPTION)
    assert table_file(empty, "csv").count(b"\r\n") == 1
    assert r"Attribute \\" in table_file(empty, "latex").decode()


def test_unknown_format_is_refused(table: Table) -> None:
    with pytest.raises(BadInput):
        table_file(table, "xlsx")


def test_percents_are_numbers_in_csv() -> None:
    cells = (
        table_file(table_of([row("m", 100 / 3)], setting=Setting.CAPTION), "csv").decode().split("\r\n")[1].split(",")
    )
    assert [Decimal(cell) for cell in cells[3:9]] == [Decimal("33.33")] * 6
