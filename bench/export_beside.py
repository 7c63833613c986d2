"""What people notice of a freeze and an export beside them, on a Postgres and a gunicorn of its own. Prints JSON.

    .venv/bin/python -m bench.export_beside [--clips 50000] [--seconds 30] [--questions 5]

Eight people save, hand in and have approved, one caption after the other, through HTTP. First alone for --seconds,
then while --clips approved clips are frozen and exported as haicbench.

    save    from the request to the answer of a save, alone and beside    aim: p95 beside <= 2 x p95 alone
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.at_work import AtWork, Pair, pairs_at
from tests.faults.server import Server
from tests.stack import HOME

WRITERS, CLIPS_EACH = 8, 1000
BESIDE = """
import json, time
from pathlib import Path
import django
django.setup()
from annotation.models import Project
from qa.services.releases import export_release, freeze_release
began = time.perf_counter()
release = freeze_release(project=Project.objects.get(slug="many"), version="1.0.0", notes="", actor=None)
frozen = time.perf_counter()
export_release(release, layout="haicbench", out=Path("OUT"))
print(json.dumps({"freeze_s": round(frozen - began, 1), "export_s": round(time.perf_counter() - frozen, 1)}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=50_000)
    parser.add_argument("--questions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        server = Server(Path(folder), captions=0)
        try:
            said = _measured(server, Path(folder), wanted)
        finally:
            server.stop()
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(server: Server, folder: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    pairs = pairs_at(server, writers=WRITERS, clips_each=CLIPS_EACH, approved=wanted.clips, questions=wanted.questions)
    with AtWork(pairs):
        time.sleep(wanted.seconds)
    alone = _taken(pairs)
    with AtWork(pairs):
        script = BESIDE.replace("OUT", str(folder / "out"))
        command = [sys.executable, "-c", script]
        run = subprocess.run(command, cwd=HOME, env=server.env, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    beside = _taken(pairs)
    failed = [answer.status for pair in pairs for answer in pair.failed]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "clips": wanted.clips,
        **json.loads(run.stdout.splitlines()[-1]),
        "save_alone": alone,
        "save_beside": beside,
        "ratio_p95": round(beside["p95_ms"] / alone["p95_ms"], 2),
        "refused": failed,
    }


def _taken(pairs: list[Pair]) -> dict[str, Any]:
    """What was measured since the last time; each pair goes on with the clips that it has left."""
    taken = sorted(ms for pair in pairs for ms in pair.saves_ms)
    for pair in pairs:
        pair.clips = pair.clips[len(pair.saves_ms) :]
        pair.saves_ms = []
    p95 = statistics.quantiles(taken, n=20)[-1]
    return {"saves": len(taken), "p50_ms": round(statistics.median(taken), 1), "p95_ms": round(p95, 1)}


if __name__ == "__main__":
    main()
