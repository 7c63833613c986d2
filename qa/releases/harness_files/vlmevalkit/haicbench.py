"""HAICBench for VLMEvalKit. One line makes it known, at the end of `vlmeval/dataset/__init__.py` or before a run:

    import haicbench; haicbench.register()

The tables stand beside this file; the videos in `videos/` beside this folder, or where HAICBENCH_VIDEOS says.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas
from vlmeval.dataset.video_base import VideoBaseDataset
from vlmeval.smp import load

HERE = Path(__file__).resolve().parent
NAMES = ["HAICBench", "HAICBench_HeldOut"]

_spec = spec_from_file_location("haicbench_prompt", HERE / "prompt.py")
if _spec is None or _spec.loader is None:
    raise ImportError("prompt.py is not beside haicbench.py")
prompt: Any = module_from_spec(_spec)
_spec.loader.exec_module(prompt)


class HAICBench(VideoBaseDataset):
    """shuffle: 0 for the options as published, 1 to 3 for the other orders that the table holds."""

    TYPE = "Video-MCQ"

    def __init__(
        self, dataset: str = "HAICBench", pack: bool = False, nframe: int = 0, fps: float = -1, shuffle: int = 0
    ) -> None:
        if pack:
            raise ValueError("HAICBench asks one question at a time: pack is not supported")
        super().__init__(dataset=dataset, pack=pack, nframe=nframe, fps=fps)
        # Read again: the harness takes "None" for no value and "007" for 7.
        self.data = read_table(self.data_file)
        self.videos = sorted(set(self.data["video"]))
        self.shuffle = shuffle

    @classmethod
    def supported_datasets(cls) -> list[str]:
        return NAMES

    def prepare_dataset(self, dataset: str) -> dict[str, str]:
        """Raises FileNotFoundError where the release holds no such questions."""
        table = HERE / f"{dataset}.tsv"
        if not table.is_file():
            raise FileNotFoundError(table)
        return {"root": os.getenv("HAICBENCH_VIDEOS") or str(HERE.parent / "videos"), "data_file": str(table)}

    def options(self, line: Any) -> list[str]:
        options: list[str] = json.loads(line[f"candidates_shuffled_{self.shuffle}" if self.shuffle else "candidates"])
        return options

    def answer(self, line: Any) -> str:
        """Empty where it is held out."""
        return str(line[f"answer_shuffled_{self.shuffle}" if self.shuffle else "answer"])

    def build_prompt(self, line: Any, video_llm: bool = False) -> list[dict[str, str]]:
        """line: a row, or its place. The video as a file for models that watch one, else as frames; the question."""
        if isinstance(line, int):
            line = self.data.iloc[line]
        video = Path(self.data_root) / f"{line['video']}.mp4"
        if not video.is_file():
            raise FileNotFoundError(f"{video}: see not_redistributed in manifest.json")
        if video_llm:
            shown = [{"type": "video", "value": str(video)}]
        else:
            shown = [{"type": "image", "value": path} for path in self.save_video_frames(line["video"])]
        return [*shown, {"type": "text", "value": prompt.question_text(line["question"], self.options(line))}]

    def evaluate(self, eval_file: str, **judge_kwargs: Any) -> dict[str, float]:
        """Accuracy, over all and by category, of a file with `index` and `prediction`; no model judges.

        Question, options and key come from the table: a file may hold predictions alone, of any of the four tables.
        Raises ValueError for an index that the table lacks. Beside the file, `<name>_letters.json` says how each
        reply was read.
        """
        rows = {line["index"]: line for line in self.data.to_dict("records")}
        letters: dict[int, str | None] = {}
        scores: dict[str, list[int]] = {"Overall": []}
        for index, reply in predictions(eval_file):
            if index not in rows:
                raise ValueError(f"{eval_file}: {self.dataset_name} has no question with index {index}")
            line = rows[index]
            letters[index], points = prompt.score(reply, self.options(line), self.answer(line))
            answered = int(letters[index] is not None)
            scores["Overall"].append(points if self.answer(line) else answered)
            scores.setdefault(line["category"], []).append(points if self.answer(line) else answered)
        beside = Path(eval_file).with_name(f"{Path(eval_file).stem}_letters.json")
        beside.write_text(json.dumps(letters, indent=1), encoding="utf-8")
        return {name: prompt.accuracy(points) for name, points in scores.items()}


def read_table(path: str) -> pandas.DataFrame:
    """Every cell as it is written; `index` as an integer."""
    data = pandas.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    data["index"] = data["index"].astype(int)
    return data


def predictions(eval_file: str) -> list[tuple[int, str]]:
    if eval_file.endswith(".xlsx"):
        data = pandas.read_excel(eval_file, dtype=str, keep_default_na=False)
    elif eval_file.endswith(".tsv"):
        data = read_table(eval_file)
    else:
        data = pandas.DataFrame(load(eval_file)).fillna("")
    return [(int(index), str(reply)) for index, reply in zip(data["index"], data["prediction"])]


def register() -> None:
    """Make the class known to VLMEvalKit under its names, for `--data` and for `class` in a `--config`."""
    known = sys.modules["vlmeval.dataset"]
    known.HAICBench = HAICBench  # type: ignore[attr-defined]
    for classes in (known.VIDEO_DATASET, known.DATASET_CLASSES):
        if HAICBench not in classes:
            classes.append(HAICBench)
