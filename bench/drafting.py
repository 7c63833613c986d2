"""Drafts from end to end, on services of its own and a model on this machine. Prints JSON.

    .venv/bin/python -m bench.drafting [--drafts 400] [--slow-drafts 160] [--cold-drafts 60]

From the moment a run is made until its last job is done: outbox, relay, broker, a worker with 8 children, the model's
client, the draft's row. Each clip has the frames that a project has by default (16, 512 long), of one of the samples.

    warm    frames stored, a model that answers at once   aim: 40 drafts/s
    slow    frames stored, a model that takes 5 s         aim: 0.9 of 8 children / 5 s
    cold    frames must be sampled first

`model_ms_per_call` is the processor time of the model's server, which runs on the same cores and is no part of ours.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.drafting_stack import DraftingStack
from tests.model_server import ModelServerProcess

CHILDREN = 8
LATENCY_S = 5.0
TICKS = os.sysconf("SC_CLK_TCK")
PROJECT = """
from hashlib import sha256
from pathlib import Path
from django.core.files.base import ContentFile
from annotation.drafting.frames import pack, sample_frames
from annotation.models import DraftingSettings, FrameSet
from tests.factories import ClipFactory, ProjectFactory
project = ProjectFactory.create(slug="NAME")
defaults = DraftingSettings()
samples = [Path(path) for path in sorted(Path("samples/clips").glob("*.mp4"))]
frames = [pack(sample_frames(path, count=defaults.frames, long_side=defaults.long_side)) for path in samples]
for number in range(DRAFTS):
    place = number % len(samples)
    data = samples[place].read_bytes()
    made = {"video": ContentFile(data, name="video.mp4"), "sha256": sha256(data).hexdigest(), "duration_ms": 4000}
    clip = ClipFactory.create(project=project, clip_id=f"clip-{number:04}", **made)
    if WARM:
        kept = FrameSet(clip=clip, count=defaults.frames, long_side=defaults.long_side)
        kept.file.save(f"frames/{clip.pk}.tar", ContentFile(frames[place]), save=False)
        kept.save()
"""
RUN = """
from annotation.models import Project
from annotation.services.drafting import make_run
make_run(project=Project.objects.get(slug="NAME"), user=None, kind="captions")
"""
RESULT = """
import json
from django.db.models import Count, Max, Min
from annotation.models import Call, Draft, Job, Run
run = Run.objects.get(project__slug="NAME")
last = Job.objects.filter(run=run).aggregate(last=Max("finished_at"))["last"]
began = Call.objects.filter(job__run=run).aggregate(first=Min("created_at"))["first"] or last
print(json.dumps({
    "jobs": dict(Job.objects.filter(run=run).values_list("status").annotate(Count("pk"))),
    "drafts": Draft.objects.filter(job__run=run).count(),
    "calls": Call.objects.filter(job__run=run).count(),
    "seconds": (last - run.created_at).total_seconds(),
    "seconds_to_first_call": (began - run.created_at).total_seconds(),
}))
"""
OPEN = "SELECT count(*) FROM annotation_job WHERE finished_at IS NULL"
HEARD = "SELECT count(*) FROM annotation_heartbeat WHERE name = 'worker'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drafts", type=int, default=400)
    parser.add_argument("--slow-drafts", type=int, default=160)
    parser.add_argument("--cold-drafts", type=int, default=60)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ModelServerProcess(Path(folder) / "model.log") as model:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        stack = DraftingStack(Path(folder) / "stack", model=model.base_url, children=CHILDREN)
        try:
            _wait(lambda: _number(stack, HEARD) == 1, seconds=60, what="a worker")
            warm = _measured(stack, model, "warm", wanted.drafts)
            model.set_latency(LATENCY_S)
            slow = _measured(stack, model, "slow", wanted.slow_drafts)
            model.set_latency(0)
            cold = _measured(stack, model, "cold", wanted.cold_drafts)
        finally:
            stack.stop()
    ideal = CHILDREN / LATENCY_S
    said = {
        "children": CHILDREN,
        "cores": len(os.sched_getaffinity(0)),
        "warm": warm,
        "slow": {**slow, "latency_s": LATENCY_S, "ideal_drafts_per_s": ideal},
        "cold": cold,
        "slow_to_ideal": round(slow["drafts_per_s"] / ideal, 3),
        "cold_to_warm_seconds_a_draft": round(warm["drafts_per_s"] / cold["drafts_per_s"], 2),
    }
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(stack: DraftingStack, model: ModelServerProcess, name: str, drafts: int) -> dict[str, Any]:
    code = PROJECT.replace("DRAFTS", str(drafts)).replace("WARM", str(name != "cold"))
    stack.shell(code.replace("NAME", name))
    model_s, ours_s = _processor_s([model.process.pid]), _processor_s(_ours(stack))
    stack.shell(RUN.replace("NAME", name))
    pss: list[float] = []

    def is_over() -> bool:
        pss.extend(_pss_mib(pid) for pid in stack.pool())
        return _number(stack, OPEN) == 0

    _wait(is_over, seconds=600, what=f"the end of {name}")
    result = json.loads(stack.shell(RESULT.replace("NAME", name)).splitlines()[-1])
    if result["drafts"] != drafts or result["calls"] != drafts:
        raise SystemExit(f"{name}: {result} instead of {drafts} drafts")
    return {
        "drafts": drafts,
        "seconds": round(result["seconds"], 2),
        "seconds_to_first_call": round(result["seconds_to_first_call"], 2),
        "drafts_per_s": round(drafts / result["seconds"], 2),
        "worker_ms_per_draft": round((_processor_s(_ours(stack)) - ours_s) / drafts * 1000, 1),
        "model_ms_per_call": round((_processor_s([model.process.pid]) - model_s) / drafts * 1000, 1),
        "highest_pss_mib_of_a_child": round(max(pss), 1),
    }


def _ours(stack: DraftingStack) -> list[int]:
    return [stack.worker.pid, *stack.pool()]


def _processor_s(pids: list[int]) -> float:
    """User and system time of processes that live."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def _pss_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _number(stack: DraftingStack, query: str) -> int:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        (number,) = connection.execute(query).fetchone() or (0,)
    return int(number)


def _wait(until: Callable[[], bool], *, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise SystemExit(f"no sign of {what} within {seconds:.0f} s")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
