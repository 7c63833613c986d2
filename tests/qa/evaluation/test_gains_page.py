"""The page of gains: two models of the imported scores, their difference, and the same as a file."""

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from annotation.models import Project, User
from qa.models import BenchmarkScore

Clients = Callable[[User], Client]
PAGE = "/projects/demo/evaluation/gains/"
SCORES = {
    "LLaVA-Video-7B": {"MVBench": "58.6", "HAICBench": "30.7"},
    "ActionPro <b>7B</b>": {"MVBench": "60.1", "HAICBench": "35.7", "PerceptionTest": "67.9"},
}
PAIR = {"baseline": "LLaVA-Video-7B", "tuned": "ActionPro <b>7B</b>"}


@pytest.fixture(autouse=True)
def scores(project: Project) -> None:
    for model, given in SCORES.items():
        for benchmark, percent in given.items():
            BenchmarkScore.objects.create(project=project, benchmark=benchmark, model=model, percent=percent)


def test_the_difference_stands_below_and_what_is_missing_is_said(ana: User, client_of: Clients) -> None:
    html = client_of(ana).get(PAGE, PAIR).content.decode()
    last = html[html.index("data-difference") :]
    assert [last.find(said) for said in ("+1.5", "–", "+5.0")] == sorted(
        last.find(one) for one in ("+1.5", "–", "+5.0")
    )
    assert min(last.find(said) for said in ("+1.5", "–", "+5.0")) > 0
    assert "LLaVA-Video-7B has no score on PerceptionTest." in html
    assert "ActionPro &lt;b&gt;7B&lt;/b&gt;" in html
    assert "<b>7B</b>" not in html


def test_the_file_says_the_same(ana: User, client_of: Clients) -> None:
    answer = client_of(ana).get(f"{PAGE}table/csv", PAIR)
    lines = list(csv.reader(io.StringIO(answer.content.decode())))
    assert lines[0] == ["Model", "MVBench", "PerceptionTest", "HAICBench"]
    assert lines[-1] == ["Difference", "1.5", "", "5.0"]
    assert "demo-gains.csv" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({**PAIR, "tuned": PAIR["baseline"]}, "another model than the baseline"),
        ({**PAIR, "tuned": "nobody"}, "tuned: has no score here"),
        ({"baseline": PAIR["baseline"]}, "tuned: has no score here"),
    ],
)
def test_what_cannot_be_compared_is_said(ana: User, client_of: Clients, asked: dict[str, str], said: str) -> None:
    answer = client_of(ana).get(PAGE, asked)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_other_projects_scores_are_not_there_s04(project: Project, otto: User, ana: User, client_of: Clients) -> None:
    assert client_of(otto).get(PAGE).status_code == 404
    assert client_of(otto).get(f"{PAGE}table/csv", PAIR).status_code == 404
    BenchmarkScore.objects.all().delete()
    assert "No scores yet" in client_of(ana).get(PAGE).content.decode()
