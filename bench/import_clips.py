"""Importing clips with drafts: rows written and manifest lines read, for each second. Prints JSON.

    .venv/bin/python -m bench.import_clips [--clips 20000] [--single 500]

Nothing is done with videos here: each clip has the facts that checking and converting one would have given, and its
files count as stored. What is measured is the rest: clips, captions, drafts, questions, events, by triggers and digests
as they are, on a Postgres of its own, as the role that serves people. `--single`: how many are written one after the
other beside it, as the browser and the cutting of scenes do it.

    rows       in batches, with a drafted caption; with one question, and with five, as well      aim: 3,000 clips/s
    single     the same, one transaction for each clip
    read       lines of a JSONL and of a CSV manifest, checked, with their video's file looked for
    checked    what verify_history says of a thousand of them
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from haic_annotate.embedded import Postgres
from tests.stack import environment

HOME = Path(__file__).resolve().parent.parent
CAPTION = " ".join(["[00:00.3] There is one person in the video, a man who walks to the door."] * 6)
QUESTIONS = (0, 1, 5)
CHECKED = "checked"
MOST_CHECKED = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--single", type=int, default=500)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(Path(folder) / "pg", log=Path(folder) / "postgres.log")
        postgres.start()
        try:
            postgres.make_roles()
            _manage(postgres.url("haic_owner", "haic"), folder, "migrate", "-v", "0")
            code = f"from bench.import_clips import measured; measured({wanted.clips}, {wanted.single})"
            said = _manage(postgres.url("haic_app", "haic"), folder, "shell", "-v", "0", "-c", code)
        finally:
            postgres.stop()
    sys.stdout.write(json.dumps(json.loads(said.splitlines()[-1]), indent=2) + "\n")


def _manage(database: str, folder: str, *arguments: str) -> str:
    env = {"DATABASE_URL": database, "REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": str(HOME)}
    command = [sys.executable, "-m", "haic_annotate", "manage", *arguments, "--data", folder]
    done = subprocess.run(
        command, cwd=HOME, env={**environment(), **env}, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def measured(clips: int, single: int) -> None:
    """Inside the platform, with its database."""
    said: dict[str, Any] = {
        "video_work": "none: facts and files are made up, nothing is decoded, hashed or stored",
        "clips": clips,
        "rows": {f"{count} questions": _rows(f"rows{count}", clips, count) for count in QUESTIONS},
        "single": {f"{count} questions": _single(f"single{count}", single, count) for count in QUESTIONS[:2]},
        "read": _read(clips),
        "checked": _checked() if _rows(CHECKED, min(clips, MOST_CHECKED), 1) else {},
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    sys.stdout.write(json.dumps(said) + "\n")


def _rows(slug: str, clips: int, questions: int) -> dict[str, Any]:
    from qa.services.clip_batches import BATCH_LINES, write_rows
    from tests.factories import ProjectFactory

    project = ProjectFactory.create(slug=slug)
    watch = _Watch()
    lines = []
    for line in _lines(clips, questions):
        lines.append(line)
        if len(lines) == BATCH_LINES:
            write_rows(lines, project=project, actor=None)
            lines = []
    write_rows(lines, project=project, actor=None)
    return watch.said(clips)


def _single(slug: str, clips: int, questions: int) -> dict[str, Any]:
    from annotation.services.clips import add_rows
    from annotation.services.drafts import store_draft
    from annotation.transactions import in_transaction
    from tests.factories import ProjectFactory, add_drafted_item

    project = ProjectFactory.create(slug=slug)

    @in_transaction
    def write(line: Any) -> None:
        from dataclasses import replace

        (clip,) = add_rows([replace(line.clip, caption=None)], project=project, actor=None)
        store_draft(clip=clip, kind="caption", model=line.clip.caption.model, payload=line.clip.caption.payload)
        for question in line.questions:
            add_drafted_item(clip=clip, category=question.category, model=line.model, payload=question.payload)

    watch = _Watch()
    for line in _lines(clips, questions):
        write(line)
    return watch.said(clips)


def _lines(clips: int, questions: int) -> Iterator[Any]:
    from annotation.accumulation.probe import Probe
    from annotation.accumulation.transcode import Prepared
    from annotation.services.clips import ClipFacts, DraftedCaption, NewClip
    from qa.categories import Category
    from qa.services.clip_batches import Ready
    from qa.services.manifest import DraftedQuestion

    probe = Probe("mp4", "h264", "yuv420p", 640, 360, 0, Fraction(30000, 1001), 300, 10_010, False, None, False, 1000)
    prepared = Prepared(Path("v"), Path("p"), probe, "1" * 64, "0" * 64, "copied")
    names = {"original": "originals/0.mp4", "video": "videos/1.mp4", "poster": "posters/1.jpg"}
    facts = ClipFacts(source="bench", license="CC BY 4.0", description="A man walks.", metadata={"camera": "A"})
    people = [{"key": "P1", "description": "man in a brown T-shirt"}]
    options = ["He opens the door", "He sits down", "He waves", "He turns round"]
    payload = {"question": "What does the man do at the door?", "options": options, "answer_index": 0}
    asked = [DraftedQuestion(category, payload) for category in Category.values[:questions]]
    for number in range(clips):
        caption = DraftedCaption("bench model", {"caption": CAPTION, "people": people})
        clip = NewClip(f"clip-{number:07}", "clip.mp4", prepared, names, facts, caption)
        yield Ready(number, clip, model="bench model", questions=asked)


class _Watch:
    """Seconds since it was made: on the wall, and of the processors, here and in the database's process for us."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend: int = cursor.fetchone()[0]
        self._began, self._own, self._theirs = time.perf_counter(), time.process_time(), self._backend_s()

    def said(self, clips: int) -> dict[str, Any]:
        wall = time.perf_counter() - self._began
        own, theirs = time.process_time() - self._own, self._backend_s() - self._theirs
        return {
            "clips_per_s": round(clips / wall),
            "us_per_clip": round(wall / clips * 1e6),
            "cpu_us_per_clip": {"python": round(own / clips * 1e6), "postgres": round(theirs / clips * 1e6)},
        }

    def _backend_s(self) -> float:
        said = Path(f"/proc/{self._backend}/stat").read_text().rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def _read(clips: int) -> dict[str, Any]:
    from qa.services.manifest import ClipLine, read_manifest

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "clip.mp4").write_bytes(b"")
        lines = [{"clip_id": f"clip-{number}", "video": "clip.mp4", "license": "CC BY 4.0"} for number in range(clips)]
        draft = {"model": "bench model", "caption": CAPTION}
        (folder / "m.jsonl").write_text("".join(json.dumps({**line, "draft": draft}) + "\n" for line in lines))
        rows = [f'{line["clip_id"]},clip.mp4,CC BY 4.0,bench model,"{CAPTION}"\r\n' for line in lines]
        (folder / "m.csv").write_text("clip_id,video,license,draft_model,draft_caption\r\n" + "".join(rows), newline="")
        said = {}
        for form in ("jsonl", "csv"):
            watch = _Watch()
            found = sum(isinstance(line, ClipLine) for line in read_manifest(folder / f"m.{form}", form=form))
            if found != clips:
                raise AssertionError(f"{found} of {clips} lines were read")
            said[form] = watch.said(clips)
    return said


def _checked() -> dict[str, int]:
    """Raises HistoryBroken if what was written does not hold. Of some: each object takes queries of its own."""
    from annotation.models import Project
    from qa.services.history import verify_project

    return dict(verify_project(Project.objects.get(slug=CHECKED)).counts)


if __name__ == "__main__":
    main()
