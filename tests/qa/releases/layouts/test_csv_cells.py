"""Cells that a spreadsheet would compute are safe and can be read back; every cell is quoted as RFC 4180 says. S-36."""

import csv
import io

import pytest

from qa.releases.layouts._delimited import delimited_line
from qa.releases.layouts.csv import escaped
from tests.qa.releases.layouts.readers import unescaped


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("'quoted'", "'quoted'"),
        ("''", "''"),
        (" =1", " =1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_a_cell_is_safe_and_comes_back_s36(text: str, cell: str) -> None:
    assert escaped(text) == cell
    assert unescaped(cell) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", b"plain"),
        ("a,b", b'"a,b"'),
        ('say "no"', b'"say ""no"""'),
        ("two\nlines", b'"two\nlines"'),
        ("a\rb", b'"a\rb"'),
        ("a\tb", b'"a\tb"'),
        (" spaced ", b'" spaced "'),
        (None, b""),
        ("", b""),
        (True, b"true"),
        (7.667, b"7.667"),
        ("你好", "你好".encode()),
    ],
)
def test_a_cell_is_quoted_where_it_must_be(value: object, written: bytes) -> None:
    assert delimited_line([value, "x"]) == written + b",x\r\n"
    ((cell, last),) = csv.reader(io.StringIO(delimited_line([value, "x"]).decode(), newline=""), strict=True)
    assert (cell, last) == (value if isinstance(value, str) else written.decode(), "x")
