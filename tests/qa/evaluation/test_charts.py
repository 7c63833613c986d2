"""Plots are whole SVG that anybody can be shown: whatever the words, whatever the numbers."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from qa.evaluation import charts
from qa.evaluation.charts import Said

SVG = "{http://www.w3.org/2000/svg}"
SAID = Said("plot", "Words & <more>", 'What "this" shows: 1 < 2')
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</text></svg><svg onload=alert(1)>",
    "]]>&amp;<!--",
    "a\x01\x0b\ufffeb",
    "𝔲𝔫𝔦\u202ecode",
    "人" * 60,
    "w" * 500,
    "{0}{said.name}%s",
]


def drawn(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, said = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and said is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {said.get('id')}"
    return root


def texts(root: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("words", [HOSTILE, HOSTILE[::-1]])
def test_hostile_words_are_text_in_every_plot(words: list[str]) -> None:
    counted = [(word, len(words) - place) for place, word in enumerate(words)]
    for svg in (
        charts.cloud(SAID, counted),
        charts.histogram(SAID, counted, axis=words[0]),
        charts.bars(SAID, [(word, float(n), word) for word, n in counted]),
        charts.shares(SAID, [(word, [n, 1]) for word, n in counted], kinds=words[:2]),
        charts.lines(SAID, words, [(words[0], [n for _, n in counted])]),
    ):
        root = drawn(svg)
        tags = {one.tag.removeprefix(SVG) for one in root.iter()}
        assert tags <= {"svg", "title", "desc", "rect", "text", "path", "polyline", "circle"}
        assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    title = root.find(f"{SVG}title")
    assert title is not None and title.text == "Words & <more>"
    assert "<script>alert(1)</scrip…" in texts(drawn(charts.cloud(SAID, counted)))


def test_words_of_a_cloud_stay_inside_and_apart() -> None:
    counted = [(f"word{n}" + "x" * (n % 9), 1000 // (n + 1)) for n in range(60)]
    root = drawn(charts.cloud(SAID, counted))
    width, height = (float(root.get(name, "0")) for name in ("width", "height"))
    boxes = []
    for one in root.iter(f"{SVG}text"):
        size, text = float(one.get("font-size", "0")), one.text or ""
        half = sum(map(charts._ems, text)) * size / 2
        x, y = float(one.get("x", "0")), float(one.get("y", "0"))
        boxes.append((x - half, y - size * 0.8, x + half, y + size * 0.2))
    assert len(boxes) == 60
    assert min(left for left, *_ in boxes) >= 0 and max(right for _, _, right, _ in boxes) <= width
    assert min(top for _, top, *_ in boxes) >= 0 and max(below for *_, below in boxes) <= height
    for place, (left, top, right, below) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            beside = other[0] >= right - 0.2 or other[2] <= left + 0.2
            assert beside or other[1] >= below - 0.2 or other[3] <= top + 0.2


def test_more_frequent_words_are_larger() -> None:
    root = drawn(charts.cloud(SAID, [("most", 90), ("some", 30), ("few", 3)]))
    sizes = {one.text: float(one.get("font-size", "0")) for one in root.iter(f"{SVG}text")}
    assert sizes["most"] == 34.0
    assert sizes["most"] > sizes["some"] > sizes["few"] == 11.0


def test_a_column_is_as_high_as_its_share_of_the_axis() -> None:
    root = drawn(charts.histogram(SAID, [("0", 100), ("10", 25), ("20", 0)], axis="Words"))
    heights = [float(one.get("height", "0")) for one in root.iter(f"{SVG}rect") if one.get("class") == "b1"]
    assert heights == [150.0, 37.5, 0.0]  # the axis ends at 100
    assert texts(root)[:3] == ["0", "50", "100"]


def test_shares_fill_a_row_whatever_there_are() -> None:
    root = drawn(charts.shares(SAID, [("One", [1, 3]), ("None", [0, 0])], kinds=["a", "b"]))
    widths = [float(one.get("width", "0")) for one in root.iter(f"{SVG}rect") if one.get("height") == "21.0"]
    assert widths == [64.0, 194.0, 0.0, 0.0]  # 260 wide, less a gap of 1 each


def test_the_axis_ends_at_or_above_the_highest() -> None:
    for value in [*range(1, 300), 999, 1000, 1001, 126_000]:
        top = charts._round_top(value)
        assert value <= top <= max(2, 2 * value) and top % 2 == 0


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_nothing_is_said_not_drawn(values: list[int]) -> None:
    rows = [(str(n), value) for n, value in enumerate(values)]
    for svg in (
        charts.histogram(SAID, rows, axis="Words"),
        charts.bars(SAID, [(name, float(value), "") for name, value in rows]),
        charts.shares(SAID, [(name, [value]) for name, value in rows], kinds=["a"]),
        charts.lines(SAID, [name for name, _ in rows], [("a", values)]),
        charts.cloud(SAID, []),
    ):
        assert texts(drawn(svg)) == ["Nothing to count yet"]


def test_every_process_draws_the_same() -> None:
    script = (
        "from qa.evaluation.charts import Said, cloud;"
        "print(cloud(Said('a', 'b', 'c'), [(f'word{n}', 60 - n) for n in range(60)]))"
    )
    drawn_by = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert all(one == other for one, other in pairwise(drawn_by))
    assert drawn_by[0].count("<text") == 60
