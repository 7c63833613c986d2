"""What the leak lab measured, added up by category: against a computation by hand, of now and of a release."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Outbox, Project, User
from qa.evaluation.leak_measures import Tally, Told
from qa.evaluation.leak_summary import ALL, Mean, as_json, from_json, summary_of
from qa.models import CountedStatistics, LeakSettings, QAItem, Setting
from qa.services.items import reopen
from qa.services.leak_figures import count_leak_figures, leak_figures
from qa.services.leak_lab import measure
from qa.services.releases import freeze_release
from tests.qa.evaluation.given import approved_questions, given_answers, given_run
from tests.qa.evaluation.test_leak_pages import page_of

SignIn = Callable[[User], Client]
BLIND, READ = Setting.BLIND, Setting.HUMAN_CAPTIONS


@pytest.fixture
def questions(project: Project, ana: User, rui: User) -> list[QAItem]:
    return approved_questions(project, author=ana, reviewer=rui, number=3, clip_id="clip-a")


def test_a_measure_is_the_plain_mean_over_the_questions_that_have_it() -> None:
    told = [
        Told((Tally(BLIND, "m", 4, 3), Tally(Setting.STANDARD, "m", 2, 2)), category="count"),  # 75 %
        Told((Tally(BLIND, "m", 1, 0), Tally(BLIND, "n", 3, 1)), category="count"),  # 25 %
        Told((Tally(BLIND, "m", 5, 3),), category="attribute"),  # 60 %: exactly at the threshold
        Told((Tally(READ, "m", 3, 3),), category="attribute"),
    ]
    found = summary_of(told, LeakSettings())
    assert found["blind"] == {
        ALL: Mean(160 / 3, 3, 2),
        "count": Mean(50.0, 2, 1),
        "attribute": Mean(60.0, 1, 1),
    }
    assert found["blind_gap"][ALL] == Mean(85 / 3, 3, None)
    assert found["visual_gain"] == {ALL: Mean(25.0, 1, None), "count": Mean(25.0, 1, None)}
    assert found["caption_failure"] == {ALL: Mean(0.0, 1, 0), "attribute": Mean(0.0, 1, 0)}
    assert found["order"] == {}
    assert from_json(as_json(found))["blind"]["count"] == Mean(50.0, 2, 1)


def test_with_too_few_answers_a_question_counts_and_is_not_flagged() -> None:
    told = [Told((Tally(BLIND, "m", 2, 2),), category="count")]
    assert summary_of(told, LeakSettings())["blind"][ALL] == Mean(100.0, 1, 0)


def cells(client: Client, release: str) -> dict[str, list[str]]:
    page = page_of(client, f"/projects/demo/evaluation/?release={release}")
    rows = re.findall(r'<tr data-measure="(\w+)">(.*?)</tr>', page)
    return {name: re.findall(r'<td class="num">(.*?)</td>', row) for name, row in rows}


def test_the_leaderboard_shows_what_was_counted_of_now_and_of_a_release(
    project: Project, questions: list[QAItem], oda: User, adam: User, client_of: SignIn
) -> None:
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    blind = given_run(project, BLIND, release=release)
    given_answers(blind, questions[0], right=3)
    given_answers(blind, questions[1], wrong=3)
    given_answers(blind, questions[2], right=1, wrong=1)
    reopen(item=questions[0], user=oda, reason="again", seen_number=1)
    assert cells(client_of(adam), "now") == {}
    count_leak_figures(project.pk)
    count_leak_figures(project.pk)
    assert CountedStatistics.objects.filter(name="leak_figures").count() == 2
    of_release, now = cells(client_of(adam), "1.0.0"), cells(client_of(adam), "now")
    # All, the five categories in the paper's order (all three are of Action Sequence), n, flagged.
    assert of_release["blind"] == ["50.0", "–", "50.0", "–", "–", "–", "3", "1"]
    assert now["blind"] == ["25.0", "–", "25.0", "–", "–", "–", "2", "0"]
    assert of_release["blind_gap"] == ["25.0", "–", "25.0", "–", "–", "–", "3", "–"]
    assert "order" not in now


def test_measuring_asks_a_worker_to_count(project: Project, questions: list[QAItem]) -> None:
    measure(project)
    asked = Outbox.objects.filter(task="qa.count_leak_figures").values_list("args", flat=True)
    assert list(asked) == [[project.pk]]
    assert leak_figures(project, None) is None


def test_a_page_with_figures_asks_no_more_than_one_without(
    project: Project, questions: list[QAItem], adam: User, client_of: SignIn
) -> None:
    given_answers(given_run(project, BLIND), questions[0], right=3)
    client = client_of(adam)

    def queries() -> int:
        page_of(client, "/projects/demo/evaluation/")
        with CaptureQueriesContext(connection) as asked:
            page_of(client, "/projects/demo/evaluation/")
        return len(asked)

    before = queries()
    count_leak_figures(project.pk)
    assert queries() == before
