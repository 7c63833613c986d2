"""The class builds prompts and scores prediction files in VLMEvalKit, and the tables without code load there."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qa.answers import parse_answer
from qa.models import Release
from qa.services.releases import export_release

REPLIES = ["A man waves, so the answer is C", "D", "A man waves", "None", "None"]
pytestmark = pytest.mark.harness
QUESTION = (
    "Question: What does he do?\nA. He waves\nB. A man waves\nC. He sits down\nD. She jumps\n"
    "Answer with the option's letter from the given choices directly."
)


@pytest.fixture
def found(harness_python: Path, release: Release, offline: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    export_release(release, layout="vlmevalkit", out=tmp_path / "export")
    (tmp_path / "out").mkdir()
    script = Path(__file__).with_name("vlmevalkit_run.py")
    done = subprocess.run(
        [str(harness_python), str(script), str(tmp_path / "export/vlmevalkit"), str(tmp_path / "out"), *REPLIES],
        env=offline,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


def test_the_class_and_the_tables_without_code_work(found: dict[str, Any], tmp_path: Path) -> None:
    """One test, because each start of the harness takes most of a minute."""
    builds_prompts_and_scores(found, tmp_path)
    scores_another_order_by_its_own_letters(found, tmp_path)
    loads_tables_as_tests_in_words(found)


def builds_prompts_and_scores(found: dict[str, Any], tmp_path: Path) -> None:
    assert found["modality"] == "VIDEO"
    assert found["videos"] == ["2024-01-31", "2024-02-29", "2024-03-01"]
    video = str(tmp_path / "export/videos/2024-01-31.mp4")
    assert found["with_video"] == [{"type": "video", "value": video}, {"type": "text", "value": QUESTION}]
    assert [one["type"] for one in found["with_frames"]] == ["image"] * 4 + ["text"]
    assert found["frames_exist"]
    assert found["hard_options"] == ["None", "NA", "007", "1e3"]
    # Keys C D | B C | A; replies C, D, B (its text), A (its text), A (its text): right are 1, 2, 3 and 5
    scored = {"Overall": 0.8, "action_details": 1.0, "count": pytest.approx(2 / 3)}
    assert found["xlsx"] == found["tsv"] == found["json"] == scored
    assert found["letters"] == {"0": "C", "1": "D", "2": "B", "3": "A", "4": "A"}
    assert found["held_out"] == {"Overall": 1.0, "action_details": 1.0}  # answered


def scores_another_order_by_its_own_letters(found: dict[str, Any], tmp_path: Path) -> None:
    with (tmp_path / "export/vlmevalkit/HAICBench.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    letters = [
        parse_answer(reply, json.loads(row["candidates_shuffled_1"])) for reply, row in zip(REPLIES, rows, strict=True)
    ]
    right = [letter == row["answer_shuffled_1"] for letter, row in zip(letters, rows, strict=True)]
    assert letters != ["C", "D", "B", "A", "A"]
    assert found["shuffled"]["Overall"] == sum(right) / 5


def loads_tables_as_tests_in_words(found: dict[str, Any]) -> None:
    blind, caption = found["HAICBench_NoVideo"], found["HAICBench_Caption"]
    assert blind[0] == caption[0] == "CustomTextMCQDataset"
    assert blind[1].startswith("Question: What does he do?\nOptions:\nA. He waves\n")
    assert caption[1].startswith("Hint: A man waves.\nQuestion: What does he do?\n")
    assert "\nA. None \nB. NA \nC. 007\nD. 1e3\n" in blind[4]  # the harness leaves out what it reads as nothing
    for name in ("HAICBench_NoVideo", "HAICBench_Caption"):
        assert found[f"{name}_scored"] == found["xlsx"]
