"""Runs inside the environment of the harness: VLMEvalKit's own inference with a model that always says the same.

Arguments: the export's folder vlmevalkit, a folder for the files. PRED_FORMAT says their form, as in any run of it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

REPLY = "A man waves so the answer is C"


class Dummy:
    """What VLMEvalKit asks of a model."""

    is_api = False
    VIDEO_LLM = True

    def generate(self, message: list[dict[str, str]], dataset: str | None = None) -> str:
        assert [part["type"] for part in message] == ["video", "text"]
        return REPLY


def main(tables: Path, out: Path) -> None:
    from tests.harness.vlmevalkit_run import without_torchvision

    without_torchvision()
    import vlmeval.dataset
    from vlmeval.inference_video import infer_data_job_video

    sys.path.insert(0, str(tables))
    import haicbench

    haicbench.register()
    dataset = vlmeval.dataset.build_dataset("HAICBench", nframe=4)
    infer_data_job_video(Dummy(), work_dir=str(out), model_name="dummy", dataset=dataset)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
