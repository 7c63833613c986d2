"""Freezing and exporting many clips, on a Postgres of its own. Prints JSON.

    .venv/bin/python -m bench.export [--clips 20000] [--large 200000] [--layouts haicbench …]

Each clip has a caption of 200 words, drafted and edited, and 5 questions that somebody answered blind. Videos may not
be redistributed here, so that no file is copied: what is timed is rows to files.

    freeze   one release of --clips                       aim: <= 10 s for 20,000
    export   each layout of it, a process for each        aim: >= 8,000 clips/s for haicbench, memory + <= 60 MB
    large    haicbench of --large clips                   aim: the same memory
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.server import Server
from tests.many_clips import add_approved_clips
from tests.stack import HOME

PEOPLE = """
from annotation.models import Project, Role, User
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
for slug in ("some", "many"):
    project = ProjectFactory.create(slug=slug)
    for user in (User.objects.get(username="ana"), User.objects.filter(username="rui").first() or
                 UserFactory.create(username="rui")):
        MembershipFactory.create(project=project, user=user, role=Role.ADMIN)
print(User.objects.get(username="ana").pk, User.objects.get(username="rui").pk)
"""
TIMED = """
import json, resource, time
from pathlib import Path
from annotation.models import Project
def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
DO_IMPORTS
before, began, cpu = peak_mib(), time.perf_counter(), time.process_time()
DO
seconds = time.perf_counter() - began
print(json.dumps({"seconds": round(seconds, 3), "cpu_seconds": round(time.process_time() - cpu, 3),
    "grown_mib": round(peak_mib() - before, 1)}))
"""
FREEZE = """
freeze_release(project=Project.objects.get(slug="SLUG"), version="1.0.0", notes="", actor=None)
"""
EXPORT = """
export_release(release_of(Project.objects.get(slug="SLUG"), "1.0.0"), layout="LAYOUT", out=Path("OUT"))
"""
IMPORTS = """
from qa.services.releases import export_release, freeze_release, release_of
from qa.releases.layouts import find_layout, layout_names
for name in layout_names(): find_layout(name)
Project.objects.count()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument("--layouts", nargs="*", default=["haicbench"])
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
    author, reviewer = map(int, server.shell(PEOPLE).split()[-2:])
    said: dict[str, Any] = {"cores": len(os.sched_getaffinity(0)), "clips": wanted.clips, "export": {}}
    sizes = [("some", wanted.clips), ("many", wanted.large)]
    for slug, clips in sizes:
        if not clips:
            continue
        add_approved_clips(server.owner_url, slug=slug, clips=clips, author=author, reviewer=reviewer)
        said[f"freeze_{clips}"] = _timed(server, FREEZE.replace("SLUG", slug), clips)
        for layout in wanted.layouts if slug == "some" else ["haicbench"]:
            do = EXPORT.replace("SLUG", slug).replace("LAYOUT", layout).replace("OUT", str(folder / f"{slug}-{layout}"))
            said["export"][f"{layout}_{clips}"] = _timed(server, do, clips)
    return said


def _timed(server: Server, do: str, clips: int) -> dict[str, Any]:
    """In a process of its own, so that memory is what this alone takes."""
    script = TIMED.replace("DO_IMPORTS", IMPORTS).replace("DO", do)
    run = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{script}"],
        cwd=HOME,
        env=server.env,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(run.stderr)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found | {"clips_per_s": round(clips / found["seconds"])}


if __name__ == "__main__":
    main()
