"""The export runs in lmms-eval as docs/harnesses.md says, and scores what our parser gives."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qa.answers import parse_answer
from qa.models import Release
from qa.services.releases import export_release

REPLY = "A man waves so the answer is C"
TASKS = "haicbench,haicbench_settings,haicbench_held_out"
pytestmark = pytest.mark.harness


@pytest.fixture
def folder(release: Release, tmp_path: Path) -> Path:
    export_release(release, layout="lmms_eval", out=tmp_path / "export")
    return tmp_path / "export"


def run(python: Path, folder: Path, offline: dict[str, str], *more: str, model: str) -> subprocess.CompletedProcess:
    """From a folder that is not the export's; the whole of the network is away where namespaces can be made."""
    apart = ["unshare", "--user", "--map-root-user", "--net"]
    able = subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0
    command = [str(python), "-m", "lmms_eval", "--model", "dummy", "--model_args", model]
    return subprocess.run(
        [*(apart if able else []), *command, "--include_path", str(folder), *more],
        env=offline,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "lmms_eval/haicbench.jsonl").read_bytes().split(b"\n") if line]


def expected(found: list[tuple[str, list[str], str]]) -> dict[str, float]:
    """Metric -> accuracy of the reply, worked out with the parser alone. found: category, options and key of each."""
    scores: dict[str, list[int]] = {}
    for category, options, answer in found:
        for metric in ("haicbench_acc", f"haicbench_{category}_acc"):
            scores.setdefault(metric, []).append(parse_answer(REPLY, options) == answer)
    return {metric: sum(points) / len(points) for metric, points in scores.items()}


def test_every_task_runs_offline_and_reports_accuracy_by_category(
    harness_python: Path, folder: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    done = run(
        harness_python,
        folder,
        offline,
        *("--tasks", TASKS, "--output_path", str(tmp_path / "results"), "--log_samples"),
        model=f"response={REPLY}",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "haicbench_count_acc" in done.stdout
    (path,) = (tmp_path / "results").rglob("*_results.json")
    results = json.loads(path.read_text())["results"]
    plain = [(row["category"], row["options"], row["answer"]) for row in rows(folder)]
    # C is the key of x-action_details-1 and y-count-1: 2 of 5, 1 of 2, 1 of 3
    assert expected(plain) == {"haicbench_acc": 0.4, "haicbench_action_details_acc": 0.5, "haicbench_count_acc": 1 / 3}
    for task in ("haicbench", "haicbench_blind", "haicbench_caption"):
        assert accuracies(results[task]) == pytest.approx(expected(plain))
        assert isinstance(results[task]["haicbench_acc_stderr_clustered,none"], float)
    for number in (1, 2, 3):
        moved = [(r["category"], r[f"options_shuffled_{number}"], r[f"answer_shuffled_{number}"]) for r in rows(folder)]
        assert accuracies(results[f"haicbench_shuffled_{number}"]) == pytest.approx(expected(moved))
    assert results["haicbench_held_out"]["haicbench_answered,none"] == 1
    assert accuracies(results["haicbench_held_out"]) == {}
    (samples,) = (tmp_path / "results").rglob("*_samples_haicbench.jsonl")
    logged = [json.loads(line) for line in samples.read_text().split("\n") if line]
    scored = {one["haicbench_acc"]["id"]: one for one in logged}
    clips = {one["haicbench_acc"]["video_id"] for one in logged}
    assert clips == {"2024-01-31", "2024-02-29", "2024-03-01"}  # texts, not dates
    assert scored["y-action_details-1"]["input"].startswith("Question: =1+1 says 你好\t“no”\nA. He waves\n")
    assert "\nA. None\nB. NA\nC. 007\nD. 1e3\n" in scored["y-count-1"]["input"]


def accuracies(result: dict[str, Any]) -> dict[str, float]:
    return {name.removesuffix(",none"): value for name, value in result.items() if name.endswith("_acc,none")}


def test_the_videos_are_found_and_read(
    harness_python: Path, folder: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    said = tmp_path / "read.json"
    done = run(
        harness_python,
        folder,
        offline,
        *("--tasks", "haicbench"),
        model=f"response=C,read_bytes=10000000,metrics_output_path={said}",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(said.read_text())
    assert (counted["resolved"], counted["local"], counted["missing"]) == (5, 5, 0)
