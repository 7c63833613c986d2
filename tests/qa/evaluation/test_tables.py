"""The table of results: who stands where, who is best of whom, and the paper's own Table 2."""

import pytest

from annotation.errors import BadInput
from qa.evaluation.figures import COLUMNS, ClipScore, Share, figures_of, rounded
from qa.evaluation.published import haic_table_2
from qa.evaluation.tables import HEADINGS, Row, Table, table_of
from qa.models.runs import Setting
from tests.qa.evaluation.rows import row

TABLE_2 = haic_table_2()


def names(table: Table) -> list[list[str]]:
    return [[line.row.label for line in group.lines] for group in table.groups]


def best_of(table: Table, column: str) -> list[tuple[str, str]]:
    """Judge and model of every best cell."""
    return [
        (line.row.judge, line.row.model)
        for line in table.lines
        for cell in line.cells
        if cell.column == column and cell.is_best
    ]


def test_columns_stand_as_in_the_paper() -> None:
    assert list(HEADINGS.values()) == [
        *("Model", "Judge", "Frames", "Avg.", "Action Details", "Action Sequence", "Interaction", "Count", "Attribute"),
    ]


def test_human_captions_stand_first_and_blind_rows_last() -> None:
    rows = [
        row("small", 20.0, setting=Setting.STANDARD, judge=""),
        row("small", 90.0, setting=Setting.BLIND, judge=""),
        row("large", 60.0, setting=Setting.STANDARD, judge=""),
    ]
    assert names(table_of(rows, setting=Setting.STANDARD)) == [["large", "small", "No video: small"]]
    rows = [row("a", 20.0), row("b", 30.0), row("people", 10.0, setting=Setting.HUMAN_CAPTIONS)]
    for descending in (True, False):
        (group,) = names(table_of(rows, setting=Setting.CAPTION, descending=descending))
        assert group[0] == "Human annotated captions"


def test_other_settings_are_left_out() -> None:
    rows = [row("a", 20.0, setting=setting) for setting in Setting]
    assert {line.row.setting for line in table_of(rows, setting=Setting.CAPTION).lines} == {"caption", "human_captions"}
    assert {line.row.setting for line in table_of(rows, setting=Setting.STANDARD).lines} == {"standard", "blind"}
    assert {line.row.setting for line in table_of(rows, setting=Setting.NONE_OF_THESE).lines} == {"none_of_these"}


def test_judges_are_never_ranked_together() -> None:
    rows = [
        *(row("a", 90.0, judge="kind"), row("b", 80.0, judge="kind")),
        *(row("c", 40.0, judge="strict"), row("a", 50.0, judge="strict")),
    ]
    table = table_of(rows, setting=Setting.CAPTION)
    assert [group.judge for group in table.groups] == ["kind", "strict"]
    assert names(table) == [["a", "b"], ["a", "c"]]
    assert best_of(table, "count") == [("kind", "a"), ("strict", "a")]


def test_printed_rows_are_no_rivals_even_of_the_same_judge() -> None:
    ours = [row("ours", 20.0, judge="Gemini-1.5-Pro"), row("ours too", 10.0, judge="Gemini-1.5-Pro")]
    table = table_of([*TABLE_2, *ours], setting=Setting.CAPTION)
    assert [(group.judge, group.published_in) for group in table.groups] == [
        ("Gemini-1.5-Pro", ""),
        ("Gemini-1.5-Pro", "HAIC, Table 2, release v1"),
    ]
    assert best_of(table, "average") == [("Gemini-1.5-Pro", "ours"), ("Gemini-1.5-Pro", "Gemini-1.5-Pro")]


def test_human_and_blind_rows_are_never_best() -> None:
    rows = [row("a", 20.0), row("b", 30.0), row("", 99.0, setting=Setting.HUMAN_CAPTIONS)]
    assert best_of(table_of(rows, setting=Setting.CAPTION), "average") == [("judge-1", "b")]
    rows = [
        *(row(name, 20.0, setting=Setting.STANDARD) for name in "ab"),
        row("a", 99.0, setting=Setting.BLIND),
    ]
    assert best_of(table_of(rows, setting=Setting.STANDARD), "average") == [("judge-1", "a"), ("judge-1", "b")]


def test_one_that_stands_alone_is_not_best() -> None:
    table = table_of([row("a", 20.0), row("b", None, None, 20.0, None, None, None)], setting=Setting.CAPTION)
    assert best_of(table, "average") == []
    assert best_of(table, "action_sequence") == [("judge-1", "a"), ("judge-1", "b")]


def test_those_that_look_alike_are_both_best() -> None:
    rows = [row("a", 54.34), row("b", 54.26), row("c", 54.24)]  # 54.3, 54.3, 54.2
    assert best_of(table_of(rows, setting=Setting.CAPTION), "average") == [("judge-1", "a"), ("judge-1", "b")]


MIXED = [
    row("Beta", 30.0, 10.0, 50.0, 1.0, 2.0, 3.0, frames=8),
    row("alpha", None, 20.0, None, 1.0, 2.0, 3.0, frames=None),
    row("Gamma", 40.0, 5.0, 60.0, 1.0, 2.0, 3.0, frames=128),
]


@pytest.mark.parametrize(
    ("by", "falling", "rising"),
    [
        ("average", "GBa", "BGa"),
        ("action_details", "aBG", "GBa"),
        ("action_sequence", "GBa", "BGa"),
        ("frames", "GBa", "BGa"),
        ("model", "GBa", "aBG"),
        ("count", "aBG", "aBG"),  # all alike: by name
        ("answers", "aBG", "aBG"),
    ],
)
def test_sorting_by_any_column(by: str, falling: str, rising: str) -> None:
    for descending, wanted in ((True, falling), (False, rising)):
        (group,) = names(table_of(MIXED, setting=Setting.CAPTION, by=by, descending=descending))
        assert "".join(name[0] for name in group) == wanted


def test_sorting_by_judge_moves_groups_and_leaves_the_printed_last() -> None:
    rows = [row("m", 1.0, judge=judge) for judge in ("b", "A", "c")] + [row("m", 1.0, judge="0", published_in="HAIC")]
    rising = table_of(rows, setting=Setting.CAPTION, by="judge", descending=False)
    falling = table_of(rows, setting=Setting.CAPTION, by="judge", descending=True)
    assert [group.judge for group in rising.groups] == ["A", "b", "c", "0"]
    assert [group.judge for group in falling.groups] == ["c", "b", "A", "0"]


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(BadInput, match="sort"):
        table_of(MIXED, setting=Setting.CAPTION, by="figures")


def test_cells_show_one_digit_or_nothing() -> None:
    table = table_of([row("a", None, 12.25, 0.0, None, 100.0, 99.96)], setting=Setting.CAPTION)
    (line,) = table.lines
    assert [cell.shown for cell in line.cells] == ["", "12.3", "0.0", "", "100.0", "100.0"]
    assert [cell.error_shown for cell in line.cells] == ["", "1.3", "1.3", "", "1.3", "1.3"]


def test_table_2_holds_nine_rows_marked_as_printed() -> None:
    assert [row.model for row in TABLE_2] == [
        *("Human annotated captions", "Gemini-1.5-Pro", "GPT-4o", "VideoLLaMA2-7B", "LongVA-7B", "InternVL2-8B"),
        *("Qwen2VL-7B", "LLaVA-Video-7B", "LLaVA-Video-ActionPro-7B"),
    ]
    assert {row.published_in for row in TABLE_2} == {"HAIC, Table 2, release v1"}
    assert {row.judge for row in TABLE_2} == {"Gemini-1.5-Pro"}
    assert [row.frames for row in TABLE_2] == [None, None, 50, *[64] * 6]
    assert TABLE_2[0].share("average") == Share(96.7, None, 0)
    assert names(table_of(TABLE_2, setting=Setting.CAPTION))[0][:3] == [
        *("Human annotated captions", "Gemini-1.5-Pro", "GPT-4o"),
    ]


@pytest.mark.parametrize("printed", TABLE_2, ids=lambda row: row.model)
def test_averages_of_table_2_are_the_unweighted_means(printed: Row) -> None:
    """From the five cells as printed, and from right answers of which they can have been made: the cells fit 350
    questions of Action Details, 150 of Count and 300 of each other category.
    """
    average = printed.share("average")
    cells = [printed.share(name) for name in COLUMNS]
    assert average is not None
    assert rounded(sum(cell.percent for cell in cells if cell) / 5) == rounded(average.percent)
    scores = []
    for name, cell, asked in zip(COLUMNS, cells, (350, 300, 300, 150, 300), strict=True):
        assert cell is not None
        right = round(cell.percent * asked / 100)
        assert abs(100 * right / asked - cell.percent) <= 0.0501
        scores.append(ClipScore(1, name.value, 1, asked, right, 0))
    counted = figures_of(scores).average
    assert counted is not None
    assert rounded(counted.percent) == rounded(average.percent)
