"""Captions of a model, scores on benchmarks and a published table come in: checked by id, replaced, or told apart."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from annotation.errors import BadInput, NotVisible, RightMissing
from annotation.models import Clip, Project, User
from qa.models import AskedQuestion, BenchmarkScore, EvaluationRun, Release, RunFigures, WrittenCaption
from qa.services.evaluation_imports import (
    Imported,
    UnknownIds,
    import_captions,
    import_published,
    import_scores,
)
from qa.services.withdrawal import withdraw_clip
from tests.factories import ProjectFactory

CLIPS = ["2024-01-31", "2024-02-29", "2024-03-01", "c"]
HOSTILE = "<script>alert(1)</script> ' OR 1=1; -- {{ x }}\r\n\t你好 \u202e"
# The first and the last row of the paper's Table 2, and one with as many frames as another.
TABLE = {
    "source": "a paper",
    "judge": "Gemini-1.5-Pro",
    "rows": [
        {
            "model": "Human annotated captions",
            "frames": None,
            "average": 96.7,
            "group": "human",
            "action_details": 100.0,
            "action_sequence": 94.3,
            "interaction": 95.0,
            "count": 95.3,
            "attribute": 99.0,
        },
        {
            "model": "Qwen2VL-7B",
            "frames": 64,
            "average": 28.7,
            "group": "open 7B/8B",
            "action_details": 16.6,
            "action_sequence": 21.7,
            "interaction": 21.3,
            "count": 44.7,
            "attribute": 39.3,
        },
    ],
}


def write(folder: Path, *values: Any, name: str = "file.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{value if isinstance(value, str) else json.dumps(value)}\n" for value in values))
    return path


def line(clip_id: str, **changes: Any) -> dict[str, Any]:
    return {"clip_id": clip_id, "model": "m", "frames": 8, "caption": f"A man in {clip_id}.", **changes}


def captions(release: Release, path: Path, **changes: Any) -> Imported:
    return import_captions(project=release.project, release=release, user=None, path=path, **changes)


def test_captions_become_a_run_that_waits_for_its_judge(release: Release, adam: User, tmp_path: Path) -> None:
    path = write(tmp_path, line("c", caption=HOSTILE), line(CLIPS[0]), line(CLIPS[1]))
    done = captions(release, path, judge="j")
    run = done.run
    assert run is not None
    assert (run.origin, run.setting, run.model, run.judge) == ("captions", "caption", "m", "j")
    assert (run.frames, run.source_name, run.release) == (8, "file.jsonl", release)
    assert (done.count, done.missing, done.unknown) == (3, ["2024-03-01"], [])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clip.clip_id, written.text, written.job_id FROM qa_writtencaption AS written"
            " JOIN annotation_clip AS clip ON clip.id = written.clip_id WHERE written.run_id = %s ORDER BY 1",
            [run.pk],
        )
        rows = cursor.fetchall()
    found = [("2024-01-31", "A man in 2024-01-31.", None), ("2024-02-29", "A man in 2024-02-29.", None)]
    assert rows == [*found, ("c", HOSTILE, None)]
    assert not AskedQuestion.objects.exists()
    with pytest.raises(BadInput, match="was brought already"):
        captions(release, path, judge="j")


def test_frames_that_differ_are_no_frames_of_the_run(release: Release, tmp_path: Path) -> None:
    done = captions(release, write(tmp_path, line("c"), line(CLIPS[0], frames=16), line(CLIPS[1])))
    assert done.run is not None
    assert EvaluationRun.objects.get(pk=done.run.pk).frames is None


def test_captions_of_two_models_are_refused(release: Release, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="line 2: is by “n”, line 1 by “m”: one file a model"):
        captions(release, write(tmp_path, line("c"), line(CLIPS[0], model="n")))
    with pytest.raises(BadInput, match=r"file\.jsonl: holds no captions"):
        captions(release, write(tmp_path), format="captions")
    with pytest.raises(BadInput, match="line 3: “c” stands in line 1 already"):
        captions(release, write(tmp_path, line("c"), "", line("c")))
    assert not EvaluationRun.objects.exists()
    assert not WrittenCaption.objects.exists()


def test_captions_of_clips_that_are_not_there_are_listed(release: Release, tmp_path: Path) -> None:
    path = write(tmp_path, line("c"), line("nobody"))
    with pytest.raises(UnknownIds, match=r"not in demo 1\.0\.0: 1 of its ids, “nobody” \(line 2\)") as refusal:
        captions(release, path)
    assert refusal.value.detail["missing"] == CLIPS[:3]
    assert not WrittenCaption.objects.exists()
    done = captions(release, path, allow_unknown=True, dry_run=True)
    assert (done.run, done.count, done.unknown) == (None, 1, ["nobody"])
    assert not EvaluationRun.objects.exists()


@pytest.mark.parametrize("with_release", [True, False])
def test_captions_of_withdrawn_clips_are_left_aside(release: Release, tmp_path: Path, with_release: bool) -> None:
    withdraw_clip(clip=Clip.objects.get(clip_id="c"), actor=None, reason="asked to", erase=True)
    path = write(tmp_path, line("c"), line(CLIPS[0]))
    chosen = release if with_release else None
    done = import_captions(project=release.project, release=chosen, user=None, path=path)
    assert (done.count, done.withdrawn, done.missing) == (1, ["c"], CLIPS[1:3])
    assert list(WrittenCaption.objects.values_list("clip__clip_id", flat=True)) == [CLIPS[0]]


def scores(project: Project, *values: Any, folder: Path, user: User | None = None) -> int:
    return import_scores(project=project, user=user, path=write(folder, *values, name="scores.csv"))


def test_scores_come_in_and_a_second_import_replaces(project: Project, adam: User, tmp_path: Path) -> None:
    header = "benchmark,model,percent"
    assert scores(project, header, "MVBench,m,61.1", "MVBench,n,7", folder=tmp_path, user=adam) == 2
    other = ProjectFactory.create(slug="third")
    scores(other, header, "MVBench,m,1", folder=tmp_path)
    before = BenchmarkScore.objects.get(project=project, model="m").created_at
    assert scores(project, {"benchmark": "MVBench", "model": "m", "percent": 62.25}, folder=tmp_path) == 1
    rows = BenchmarkScore.objects.order_by("project", "model").values_list("project__slug", "model", "percent")
    assert list(rows) == [("demo", "m", Decimal("62.25")), ("demo", "n", Decimal(7)), ("third", "m", Decimal(1))]
    replaced = BenchmarkScore.objects.get(project=project, model="m")
    assert (replaced.source_name, replaced.created_by) == ("scores.csv", None)
    assert replaced.created_at > before


def test_a_score_twice_in_one_file_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"scores\.csv, line 3: “m on b” stands in line 2 already"):
        scores(project, "benchmark,model,percent", "b,m,1", "b,m,2", folder=tmp_path)
    with pytest.raises(BadInput, match=r"scores\.csv, line 3: percent: must be a number from 0 to 100"):
        scores(project, "benchmark,model,percent", "b,m,1", "b,n,=1+1", folder=tmp_path)
    assert not BenchmarkScore.objects.exists()


def published() -> list[tuple[Any, ...]]:
    runs = EvaluationRun.objects.order_by("id").values_list("setting", "model", "judge", "frames", "origin", "release")
    return [tuple(run) for run in runs]


def test_a_published_table_becomes_rows_without_answers(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path, TABLE, name="table.json")
    assert import_published(project=project, user=None, path=path) == 2
    assert published() == [
        ("human_captions", "Human annotated captions", "Gemini-1.5-Pro", None, "published", None),
        ("caption", "Qwen2VL-7B", "Gemini-1.5-Pro", 64, "published", None),
    ]
    counted = RunFigures.objects.get(run__model="Qwen2VL-7B")
    assert counted.figures == {
        "percents": {
            "average": 28.7,
            "action_details": 16.6,
            "action_sequence": 21.7,
            "interaction": 21.3,
            "count": 44.7,
            "attribute": 39.3,
        }
    }
    assert (counted.answered, counted.run.source_name) == (0, "table.json")


def test_a_published_table_again_changes_its_figures_only(project: Project, tmp_path: Path) -> None:
    assert import_published(project=project, user=None, path=write(tmp_path, TABLE), dry_run=True) == 2
    assert published() == []
    import_published(project=project, user=None, path=write(tmp_path, TABLE))
    first = published()
    human, qwen = TABLE["rows"]
    corrected = {**TABLE, "rows": [human, {**qwen, "count": 45}]}  # type: ignore[dict-item]
    import_published(project=project, user=None, path=write(tmp_path, corrected, name="again.json"))
    assert published() == first
    assert RunFigures.objects.get(run__model="Qwen2VL-7B").figures["percents"]["count"] == 45


def test_a_published_table_may_be_of_a_release(release: Release, tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    import_published(project=release.project, user=None, path=path, release=release)
    import_published(project=release.project, user=None, path=path)
    assert [run[5] for run in published()] == [release.pk, release.pk, None, None]
    with pytest.raises(NotVisible):
        import_published(project=ProjectFactory.create(slug="third"), user=None, path=path, release=release)


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_an_administrator_imports(
    project: Project, tmp_path: Path, who: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    path = write(tmp_path, {"benchmark": "b", "model": "m", "percent": 1})
    table = write(tmp_path, TABLE, name="table.json")
    written = write(tmp_path, line("c"), name="captions.jsonl")
    for attempt in (
        lambda: import_scores(project=project, user=user, path=path),
        lambda: import_published(project=project, user=user, path=table),
        lambda: import_captions(project=project, release=None, user=user, path=written),
    ):
        with pytest.raises(RightMissing):
            attempt()
    assert not BenchmarkScore.objects.exists()
    assert not EvaluationRun.objects.exists()
