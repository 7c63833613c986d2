"""The leaderboard from known replies: each cell by hand, its files, two runs side by side, and captions beside."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from annotation.drafting.jobs import run_job
from annotation.models import Clip, Project, Run, User
from qa.categories import Category
from qa.models import Answer, EvaluationRun, RunFigures, WrittenCaption
from qa.services.evaluation import checked_wish, put_questions
from qa.services.releases import freeze_release
from qa.services.run_figures import count_run, progress_of, sweep_figures
from tests.annotation.drafting.conftest import model
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import JUDGE, MODEL, answers, asked_run, benchmark, work
from tests.qa.scenes import saved_item, submit_all

__all__ = ["model"]
Clients = Callable[[User], Client]
PAGE = "/projects/demo/evaluation/"


@pytest.fixture
def clips(project: Project, ana: User, rui: User) -> list[Clip]:
    return benchmark(project, ana=ana, rui=rui)


@pytest.fixture
def answered(project: Project, adam: User, clips: list[Clip], model: ModelServer) -> EvaluationRun:
    """Right in the first clip but for Count, wrong in the second but for Count, whose reply settles on nothing."""
    keys: dict[str, tuple[str, str, int]] = {}
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    run = asked_run(
        project=project, user=adam, release=release, wish=checked_wish(setting="standard", model=MODEL, frames=16)
    )
    for asked in run.asked.select_related("clip", "job"):
        assert asked.job is not None
        keys[str(asked.job.pk)] = (asked.clip.clip_id, asked.category, asked.key_index)
    for pk, (clip_id, category, key) in keys.items():
        is_right = (clip_id == "clip-0") != (category == "count")
        if clip_id == "clip-1" and category == "attribute":
            answers(model, "who knows")
        else:
            answers(model, "ABCD"[key if is_right else (key + 1) % 4])
        run_job(int(pk))
    return run


def test_every_cell_equals_what_was_computed_by_hand(
    project: Project, adam: User, answered: EvaluationRun, client_of: Clients
) -> None:
    """Each category has one right of two, in clips that disagree: 50 ± sqrt(2 · (0.5² + 0.5²)) / 2 = 50 points.

    The average's influence by clip is (4 · 0.5 - 0.5) / (5 · 2) = 0.15 and its opposite:
    sqrt(2 · (0.15² + 0.15²)) = 0.3, that is 30 points.
    """
    sweep_figures()
    said = client_of(adam).get(f"{PAGE}table/csv?release=1.0.0&setting=standard").content.decode()
    (row,) = csv.DictReader(io.StringIO(said))
    cells = [row["Avg."], *(row[category.label] for category in Category)]
    assert cells == ["50.00"] * 6
    assert [row[f"{category.label} standard error"] for category in Category] == ["50.00"] * 5
    assert row["Avg. standard error"] == "30.00"
    assert (row["Model"], row["Judge"], row["Frames"], row["n"], row["Unparsed"]) == (MODEL, "", "16", "10", "1")
    html = client_of(adam).get(f"{PAGE}?release=1.0.0&setting=standard").content.decode()
    assert html.count('data-column="average"><span>50.0</span> <span class="ci">±30.0</span>') == 1
    assert "1 unparsed" in html
    assert html.index("Action Details</a>") < html.index("Action Sequence</a>") < html.index("Interaction</a>")


def test_figures_follow_the_answers_within_a_sweep_and_are_counted_once(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    run = asked_run(project=project, user=adam, release=None, wish=checked_wish(setting="blind", model=MODEL))
    sweep_figures()
    assert not RunFigures.objects.exists()
    assert (progress_of(run).asked, progress_of(run).going_on) == (10, 10)
    work(project)
    assert progress_of(run).is_over
    sweep_figures()
    counted = RunFigures.objects.get()
    assert counted.answered == 10
    sweep_figures()
    assert RunFigures.objects.get().counted_at == counted.counted_at


def test_a_run_that_stands_still_says_so(
    project: Project, adam: User, rui: User, clips: list[Clip], model: ModelServer, client_of: Clients
) -> None:
    model.behave(then="400")
    run = asked_run(project=project, user=adam, release=None, wish=checked_wish(setting="blind", model=MODEL))
    work(project)
    progress = progress_of(run)
    assert (progress.answered, progress.stuck, progress.is_over) == (0, 10, True)
    html = client_of(adam).get(f"{PAGE}runs/{run.uid}/").content.decode()
    assert "10 will not be by themselves" in html
    assert f"/drafting/runs/{run.answering_id}/" in html
    assert "/drafting/runs/" not in client_of(rui).get(f"{PAGE}runs/{run.uid}/").content.decode()
    failures = client_of(adam).get(f"/projects/demo/drafting/runs/{run.answering_id}/")
    assert failures.status_code == 200
    assert "Retry these" in failures.content.decode()


def test_rows_of_another_judge_stand_in_a_group_of_their_own(
    project: Project, adam: User, clips: list[Clip], model: ModelServer, client_of: Clients
) -> None:
    answers(model, "A")
    for judge in (JUDGE, "claude-haiku-4-5"):
        wish = checked_wish(setting="human_captions", judge=judge)
        asked_run(project=project, user=adam, release=None, wish=wish)
    work(project)
    sweep_figures()
    html = client_of(adam).get(f"{PAGE}?release=now&setting=caption&published=1").content.decode()
    assert html.count('scope="rowgroup"') == 3
    assert html.index("Judge claude-haiku-4-5") < html.index(f"Judge {JUDGE}") < html.index("published, not measured")
    assert "96.7" in html


def test_a_run_is_asked_for_on_the_page_and_a_mistake_loses_nothing(
    project: Project, adam: User, rui: User, clips: list[Clip], model: ModelServer, client_of: Clients
) -> None:
    said: dict[str, Any] = {"release": "now", "setting": "caption", "model": MODEL, "judge": "nobody", "tries": 1}
    refused = client_of(adam).post(PAGE, said)
    assert refused.status_code == 400
    assert f'value="{MODEL}"' in refused.content.decode()
    assert not EvaluationRun.objects.exists()
    assert client_of(rui).post(PAGE, {**said, "judge": JUDGE}).status_code == 403
    made = client_of(adam).post(PAGE, {**said, "judge": JUDGE, "limit": 5})
    run = EvaluationRun.objects.get()
    assert made.headers["Location"] == f"{PAGE}runs/{run.uid}/"
    html = client_of(rui).get(made.headers["Location"]).content.decode()
    assert "A worker is putting its questions" in html
    assert 'hx-trigger="every 2s"' in html
    assert "Starting" in client_of(rui).get(PAGE).content.decode()
    put_questions(run.pk)
    run.refresh_from_db()
    assert (run.questions, run.setting) == (5, "caption")
    assert "Starting" not in client_of(rui).get(made.headers["Location"]).content.decode()
    assert Run.objects.filter(kind="evaluation").count() == 2


def test_runs_on_the_way_cost_the_page_no_query_each(
    project: Project,
    adam: User,
    clips: list[Clip],
    model: ModelServer,
    client_of: Clients,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    model.behave(then="400")
    client, setting = client_of(adam), f"{PAGE}?setting=blind"
    asked_run(project=project, user=adam, release=None, wish=checked_wish(setting="blind", model=MODEL))
    client.get(setting)
    with CaptureQueriesContext(connection) as with_one:
        client.get(setting)
    for model_name in ("claude-sonnet-5", "claude-haiku-4-5"):
        asked_run(project=project, user=adam, release=None, wish=checked_wish(setting="blind", model=model_name))
    with django_assert_num_queries(len(with_one)):
        html = client.get(setting).content.decode()
    assert html.count("0 of 10") == 3
    assert "Stands still" not in html
    work(project)
    sweep_figures()
    assert client.get(setting).content.decode().count("Stands still") == 3


def test_two_runs_question_by_question(
    project: Project, adam: User, answered: EvaluationRun, model: ModelServer, client_of: Clients
) -> None:
    answers(model, "A")
    other = asked_run(
        project=project, user=adam, release=answered.release, wish=checked_wish(setting="blind", model=MODEL)
    )
    work(project)
    url = f"{PAGE}runs/{answered.uid}/against/{other.uid}"
    html = client_of(adam).get(url).content.decode()
    assert html.count("data-question=") == 10
    rights = dict(Answer.objects.filter(asked__run=answered).values_list("asked__item__question_id", "is_right"))
    theirs = dict(Answer.objects.filter(asked__run=other).values_list("asked__item__question_id", "is_right"))
    only_first = {name for name in rights if rights[name] and not theirs[name]}
    html = client_of(adam).get(f"{url}?part=first").content.decode()
    assert {name for name in rights if f'data-question="{name}"' in html} == only_first


def test_what_waits_for_a_blind_answer_is_not_shown_beside_the_key(
    project: Project, adam: User, ana: User, answered: EvaluationRun, clips: list[Clip], client_of: Clients
) -> None:
    url = f"{PAGE}runs/{answered.uid}/against/{answered.uid}"
    assert client_of(adam).get(url).content.decode().count("data-question=") == 10
    assert "Approved" in client_of(adam).get("/projects/demo/clips/clip-0/captions").content.decode()
    saved_item(clips[0], ana)
    submit_all(clips[0], ana)
    html = client_of(adam).get(url).content.decode()
    assert html.count("data-question=") == 5
    assert "5 questions of clips that wait for your blind answer" in html
    assert "Approved" not in client_of(adam).get("/projects/demo/clips/clip-0/captions").content.decode()


def test_captions_of_models_stand_beside_the_approved_one(
    project: Project, adam: User, clips: list[Clip], model: ModelServer, client_of: Clients
) -> None:
    answers(model, lambda data: "A" if "question" in data else "A zebra <b>jumps</b>.")
    asked_run(project=project, user=adam, release=None, wish=checked_wish(setting="caption", model=MODEL, judge=JUDGE))
    work(project)
    assert WrittenCaption.objects.count() == 2
    html = client_of(adam).get("/projects/demo/clips/clip-0/captions").content.decode()
    assert "<ins>" in html
    assert "zebra &lt;b&gt;jumps&lt;/b&gt;" in html
    assert html.index("Approved") < html.index("test model") < html.index(MODEL)
    # Of three segments the model speaks of the last alone.
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', html, flags=re.DOTALL)
    assert [row.count("says nothing of it") for row in rows] == [1, 1, 0]
    assert [re.findall(r"\d\d:\d\d\.\d", row) for row in rows] == [[], ["00:00.3"], ["00:01.0"]]


def test_only_members_see_anything_s04(answered: EvaluationRun, otto: User, client_of: Clients) -> None:
    count_run(answered)
    client = client_of(otto)
    for path in ("", "table/csv", f"runs/{answered.uid}/", f"runs/{answered.uid}/against/{answered.uid}"):
        assert client.get(f"{PAGE}{path}").status_code == 404
    assert client.get("/projects/demo/clips/clip-0/captions").status_code == 404


def test_what_is_not_there_is_refused_by_name(
    project: Project, adam: User, clips: list[Clip], client_of: Clients
) -> None:
    client = client_of(adam)
    assert client.get(f"{PAGE}?release=9.9.9").status_code == 404
    assert client.get(f"{PAGE}?setting=guess").status_code == 400
    assert client.get(f"{PAGE}?sort=luck").status_code == 400
    assert client.get(f"{PAGE}table/xls").status_code == 400
