"""Runs inside the harness's environment: builds prompts, writes predictions as VLMEvalKit does, and scores them.

Arguments: the export's folder vlmevalkit, a folder for predictions, a reply to each question. Prints one JSON object.
"""

import json
import shutil
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import transformers


class Absent(ModuleType):
    """torchvision, which other benchmarks of VLMEvalKit import and ours has no use for, is 5 GB."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


def without_torchvision() -> None:
    assert transformers.AutoProcessor  # looks for torchvision itself, and must find none
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
        module = Absent(name)
        module.__spec__, module.__path__ = ModuleSpec(name, None), []
        sys.modules[name] = module


def main(tables: Path, out: Path, replies: list[str]) -> dict[str, Any]:
    without_torchvision()
    import vlmeval.dataset
    from vlmeval.smp import LMUDataRoot, dump

    sys.path.insert(0, str(tables))
    import haicbench

    haicbench.register()
    found: dict[str, Any] = {"modality": vlmeval.dataset.DATASET_MODALITY("HAICBench")}
    dataset = vlmeval.dataset.build_dataset("HAICBench", nframe=4)
    lines = [dataset.data.iloc[at] for at in range(len(dataset))]
    found["videos"] = dataset.videos
    found["with_video"] = dataset.build_prompt(0, video_llm=True)
    found["with_frames"] = dataset.build_prompt(lines[0], video_llm=False)
    found["frames_exist"] = all(Path(one["value"]).is_file() for one in found["with_frames"] if one["type"] == "image")
    found["hard_options"] = dataset.options(lines[3])

    for suffix in ("xlsx", "tsv", "json"):
        data = dataset.data.copy()
        data["prediction"] = replies
        path = out / f"model_HAICBench.{suffix}"
        dump(data, str(path))
        found[suffix] = dataset.evaluate(str(path))
    found["letters"] = json.loads((out / "model_HAICBench_letters.json").read_text())
    other = vlmeval.dataset.build_dataset("HAICBench", nframe=4, shuffle=1)
    found["shuffled"] = other.evaluate(str(out / "model_HAICBench.json"))
    held_out = vlmeval.dataset.build_dataset("HAICBench_HeldOut", nframe=4)
    dump(held_out.data.assign(prediction="B"), str(out / "model_HAICBench_HeldOut.xlsx"))
    found["held_out"] = held_out.evaluate(str(out / "model_HAICBench_HeldOut.xlsx"))

    for name in ("HAICBench_NoVideo", "HAICBench_Caption"):
        shutil.copy(tables / f"{name}.tsv", LMUDataRoot())
        words = vlmeval.dataset.build_dataset(name)
        found[name] = [type(words).__name__, *(words.build_prompt(at)[0]["value"] for at in range(len(words)))]
        dump(words.data.assign(prediction=replies), str(out / f"model_{name}.xlsx"))
        found[f"{name}_scored"] = dataset.evaluate(str(out / f"model_{name}.xlsx"))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]), ensure_ascii=False) + "\n")
