"""`manage import_evaluation`: says what came, lists ids, and ends with one line and 1 where it did not."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Project, User
from qa.models import BenchmarkScore, EvaluationRun, Release, RunFigures

Out = pytest.CaptureFixture[str]
SCORE = '{"benchmark": "b", "model": "m", "percent": 1}'


def run(path: Path, *more: str) -> None:
    call_command("import_evaluation", str(path), "--project", "demo", *more)


def refused(path: Path, *more: str) -> str:
    with pytest.raises(CommandError) as error:
        run(path, *more)
    assert error.value.returncode == 1
    return str(error.value)


def written(folder: Path, text: str) -> Path:
    path = folder / "file.jsonl"
    path.write_text(text)
    return path


def test_predictions_come_in_with_what_is_missing(release: Release, adam: User, recorded: Path, capsys: Out) -> None:
    path = recorded / "lmms_eval_samples_haicbench.jsonl"
    options = ("--release", "1.0.0", "--model", "dummy", "--frames", "8")
    missing = "not in the file: 2\n  2024-01-31-action_details-1\n  2024-01-31-count-1\n"
    run(path, *options, "--dry-run")
    assert capsys.readouterr().out == f"{missing}would be 5 answers, 1 right, 0 unparsed\n"
    assert not EvaluationRun.objects.exists()
    run(path, *options, "--as", "adam")
    made = EvaluationRun.objects.get()
    assert capsys.readouterr().out == f"{missing}run {made.uid}: 5 answers, 1 right, 0 unparsed\n"
    assert (made.created_by, made.frames, made.setting) == (adam, 8, "standard")
    assert refused(path, *options) == (
        f"file: {path.name}: was brought already, as run {made.uid}; under another name it makes another run"
    )


def test_unknown_ids_are_listed_up_to_twenty(release: Release, tmp_path: Path, capsys: Out) -> None:
    lines = [json.dumps({"id": f"u{n}\x1b", "answer": "A"}) for n in range(1, 24)]
    path = written(tmp_path, "\n".join([*lines, '{"id": "c-count-1", "answer": "D"}']))
    said = refused(path, "--release", "1.0.0", "--model", "m")
    assert said.startswith("file: file.jsonl: not in demo 1.0.0: 23 of its ids, “u1�” (line 1), ")
    assert said.endswith(", …; --allow-unknown leaves them aside")
    out = capsys.readouterr().out.split("\n")
    assert out[:3] == ["in the file only: 23", "  u1�", "  u2�"]
    assert out[20:23] == ["  u20�", "  …", "not in the file: 6"]
    run(path, "--release", "1.0.0", "--model", "m", "--allow-unknown")
    out = capsys.readouterr().out.split("\n")
    assert "in the file only, left aside: 23" in out
    assert out[-2].endswith(": 1 answers, 1 right, 0 unparsed")


def test_captions_scores_and_tables_come_in(release: Release, tmp_path: Path, capsys: Out) -> None:
    run(written(tmp_path, '{"clip_id": "c", "model": "m", "caption": "A man."}'), "--release", "1.0.0", "--judge", "j")
    made = EvaluationRun.objects.get()
    clips = "not in the file: 3\n  2024-01-31\n  2024-02-29\n  2024-03-01\n"
    assert capsys.readouterr().out == f"{clips}run {made.uid}: 1 captions\n"
    run(written(tmp_path, SCORE))
    assert (capsys.readouterr().out, BenchmarkScore.objects.count()) == ("1 benchmark scores\n", 1)
    percents: dict[str, Any] = dict.fromkeys(
        ("average", "interaction", "action_details", "action_sequence", "count", "attribute"), 1
    )
    run(written(tmp_path, json.dumps({"judge": "j", "rows": [{"model": "m", **percents}]})))
    assert (capsys.readouterr().out, RunFigures.objects.count()) == ("1 published rows\n", 1)


def test_what_went_wrong_is_one_line(release: Release, project: Project, otto: User, tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "c-count-1", "reply": "A"}\n{"id"')
    assert refused(path) == "--model is missing: which one answered?"
    assert refused(path, "--model", "m").startswith("file: file.jsonl, line 2: It is not JSON")
    assert refused(path, "--model", "m", "--release", "9") == "release: demo has no release 9; there are: 1.0.0"
    assert refused(path, "--model", "m", "--as", "otto").startswith("This needs the role of admin")
    assert refused(path, "--model", "m", "--as", "nobody") == "there is no user “nobody”"
    assert refused(tmp_path / "none") == "file: none: there is no such file"
    assert "is in no format that is known" in refused(written(tmp_path, "hello"))
    scores = written(tmp_path, SCORE)
    for option in ("--model", "--frames", "--order"):
        said = f"{option} is for predictions; a file of benchmark scores says itself what it holds"
        assert refused(scores, option, "1") == said
    assert refused(scores, "--format", "jsonl", "--model", "m") == "file: file.jsonl, line 1: id: must be text"
    assert not EvaluationRun.objects.exists()
