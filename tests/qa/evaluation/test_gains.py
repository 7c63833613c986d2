"""A baseline and a tuned model over several benchmarks."""

from decimal import Decimal

import pytest

from annotation.errors import BadInput
from qa.evaluation.gains import Score, gain_table, gains_file

SCORES = [
    Score("HAICBench", "base", 30.7),
    Score("HAICBench", "tuned", 35.7),
    Score("MVBench", "base", Decimal("58.60")),
    Score("MVBench", "tuned", Decimal("57.90")),
    Score("Own | test", "tuned", Decimal("70.00")),
    Score("ActivityNet-QA", "base", 56.5),
    Score("PerceptionTest", "a third", 99.0),
]


def test_differences_stand_by_the_papers_benchmarks_then_by_others() -> None:
    table = gain_table(SCORES, baseline="base", tuned="tuned")
    assert [gain.benchmark for gain in table.gains] == ["MVBench", "ActivityNet-QA", "HAICBench", "Own | test"]
    assert [(label, [None if one is None else str(one) for one in values]) for label, values in table.rows] == [
        ("base", ["58.6", "56.5", "30.7", None]),
        ("tuned", ["57.9", None, "35.7", "70.0"]),
        ("Difference", ["-0.7", None, "5.0", None]),
    ]


def test_missing_scores_are_named() -> None:
    assert gain_table(SCORES, baseline="base", tuned="tuned").missing == [
        "tuned has no score on ActivityNet-QA.",
        "base has no score on Own | test.",
    ]


def test_the_difference_is_that_of_the_figures_shown() -> None:
    # To one digit 45.3 and 46.8 would stand above 1.6.
    scores = [Score("MVBench", "a", 45.25), Score("MVBench", "b", 46.84), Score("HAICBench", "a", 7.0)]
    table = gain_table(scores, baseline="a", tuned="b")
    assert [str(values[0]) for _, values in table.rows] == ["45.25", "46.84", "1.59"]
    assert str(table.gains[1].baseline) == "7.00"


def test_csv() -> None:
    assert gains_file(gain_table(SCORES, baseline="base", tuned="tuned"), "csv").decode().split("\r\n") == [
        "Model,MVBench,ActivityNet-QA,HAICBench,Own | test",
        "base,58.6,56.5,30.7,",
        "tuned,57.9,,35.7,70.0",
        "Difference,-0.7,,5.0,",
        "",
    ]


def test_markdown() -> None:
    assert gains_file(gain_table(SCORES, baseline="base", tuned="tuned"), "markdown").decode().splitlines() == [
        r"| Model | MVBench | ActivityNet-QA | HAICBench | Own \| test |",
        "| :--- | ---: | ---: | ---: | ---: |",
        "| base | 58.6 | 56.5 | 30.7 |  |",
        "| tuned | 57.9 |  | 35.7 | 70.0 |",
        "| Difference | -0.7 |  | +5.0 |  |",
        "",
        "Scores in percent, as they were brought.",
        "",
        "tuned has no score on ActivityNet-QA.",
        "",
        r"base has no score on Own \| test.",
    ]


def test_latex() -> None:
    table = gain_table([*SCORES[:4], Score("A_1", "50%", 1.0)], baseline="base", tuned="tuned")
    assert gains_file(table, "latex").decode().splitlines() == [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"Model & MVBench & HAICBench \\",
        r"\midrule",
        r"base & 58.6 & 30.7 \\",
        r"tuned & 57.9 & 35.7 \\",
        r"\midrule",
        r"Difference & $-0.7$ & $+5.0$ \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        r"{\footnotesize Scores in percent, as they were brought.\par}",
    ]
    hostile = gain_table([Score("A_1&", "50%", 1.0)], baseline="50%", tuned="x")
    text = gains_file(hostile, "latex").decode()
    assert r"Model & A\_1\& \\" in text
    assert r"50\% & 1.0 \\" in text
    assert r"x has no score on A\_1\&." in text


def test_names_in_csv_are_not_computed() -> None:
    text = gains_file(gain_table([Score("=1+1", "-x", 1.0)], baseline="-x", tuned="@y"), "csv").decode()
    assert text.split("\r\n") == ["Model,'=1+1", "'-x,1.0", "'@y,", "Difference,", ""]


def test_a_model_is_not_compared_with_itself() -> None:
    with pytest.raises(BadInput, match="tuned"):
        gain_table(SCORES, baseline="base", tuned="base")


def test_nothing_measured_gives_no_columns() -> None:
    table = gain_table(SCORES, baseline="x", tuned="y")
    assert table.gains == ()
    assert table.rows == [("x", []), ("y", []), ("Difference", [])]
