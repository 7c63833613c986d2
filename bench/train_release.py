"""Training data of 126,000 drafted captions, frozen on a Postgres of its own. Prints JSON; no video is made.

    .venv/bin/python -m bench.train_release [--clips 126000] [--benchmark 500] [--sample 200] [--check N]

check     the caption checks of all drafts in two processes, which is done once; with --check of so many, the rest is
          written as if it had been done before
audit     drawing the sample
freeze    `release --kind train`     aim: a few minutes at most, memory growth <= 100 MiB whatever the number of clips
large_benchmark   comparing the pictures of all clips with those of 20,000 released ones
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from annotation.caption_checks import VERSION
from tests.faults.server import Server
from tests.stack import HOME

PROJECTS = """
from tests.factories import ProjectFactory
for slug in ("train", "benchmark", "large"):
    ProjectFactory.create(slug=slug)
"""
CLIPS = """
INSERT INTO annotation_clip (uid, project_id, clip_id, state, original, original_sha256, original_name, video, sha256,
    poster, subtitles, duration_ms, width, height, fps, frames, has_audio, source, source_id, source_url, license,
    may_redistribute, description, metadata, is_control, created_at)
SELECT gen_random_uuid(), project.id, 'clip-' || lpad(n::text, 7, '0'), 'active', 'o',
    encode(sha256((project.slug || 'o' || n)::bytea), 'hex'), 'o.mp4', 'v',
    encode(sha256((project.slug || 'v' || n)::bytea), 'hex'), 'p', '', 7000, 640, 360, 25, 175, false, '',
    CASE WHEN project.slug = 'benchmark' THEN 'source-' || n * 7 ELSE project.slug || '-' || n END, '', '',
    true, '', '{}', false, now()
FROM annotation_project AS project, generate_series(1, %(number)s) AS n WHERE project.slug = %(slug)s;
"""
# Three clips of one source stand side by side.
SOURCES = """
UPDATE annotation_clip SET source_id = 'source-' || substr(clip_id, 6)::int / 3 WHERE project_id = (
    SELECT id FROM annotation_project WHERE slug = 'train');
"""
HASHES = """
INSERT INTO annotation_cliphashes (clip_id, hashes)
SELECT clip.id, ARRAY(SELECT substr(md5(project.slug || clip.clip_id || k), 1, 16) FROM generate_series(1, 3) AS k)
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id;
"""
# Every thousandth looks like a clip of the benchmark, but for a few bits of each hash.
NEAR = """
UPDATE annotation_cliphashes AS mine SET hashes = ARRAY(
    SELECT substr(hashed, 1, 15) || translate(substr(hashed, 16), '0123456789abcdef', '123456789abcdef0')
    FROM unnest(other.hashes) AS hashed)
FROM annotation_clip AS clip, annotation_project AS project, annotation_cliphashes AS other,
    annotation_clip AS shown, annotation_project AS measured
WHERE clip.id = mine.clip_id AND project.id = clip.project_id AND project.slug = 'train'
    AND substr(clip.clip_id, 6)::int %% 1000 = 999
    AND shown.id = other.clip_id AND measured.id = shown.project_id AND measured.slug = 'benchmark'
    AND substr(shown.clip_id, 6)::int = 1 + substr(clip.clip_id, 6)::int / 1000 %% %(number)s;
"""
DRAFTS = """
INSERT INTO annotation_draft (uid, clip_id, kind, model, prompt_version, place, payload, provenance, created_at, digest)
SELECT gen_random_uuid(), clip.id, 'caption', 'bench', '', 0, jsonb_build_object(
    'caption', replace(CASE WHEN clip.id %% 5 = 0 THEN %(flagged)s ELSE %(clean)s END, 'NUMBER', clip.id::text),
    'people', '[]'::jsonb), '{}', now(), repeat('0', 64)
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug = 'train';
INSERT INTO annotation_caption
    (uid, clip_id, project_id, state, head_number, head_digest, draft_id, created_at, is_held, priority)
SELECT gen_random_uuid(), clip.id, clip.project_id, 'drafted', 0, '', draft.id, now(), false, 0
FROM annotation_draft AS draft JOIN annotation_clip AS clip ON clip.id = draft.clip_id;
"""
CHECKED = """
INSERT INTO annotation_draftflags (draft_id, checks_version, rules)
SELECT id, %(version)s, CASE WHEN clip_id %% 5 = 0 THEN ARRAY['speculation'] ELSE '{}' END
FROM annotation_draft ORDER BY id OFFSET %(unchecked)s
"""
RELEASE = """
INSERT INTO qa_release (uid, project_id, version, kind, notes, salt, filters, held_out_percent, counts, key_positions,
    overrides, frozen_at, digest, items_digest)
SELECT gen_random_uuid(), id, '1.0.0', 'benchmark', '', '', '{}', 0, '{}', '[]', '[]', now(), '', ''
FROM annotation_project WHERE slug = %(slug)s;
INSERT INTO qa_releaseitem (release_id, clip_id, clip_id_text, content, digest)
SELECT release.id, clip.id, clip.clip_id, '{}', ''
FROM qa_release AS release JOIN annotation_clip AS clip ON clip.project_id = release.project_id
JOIN annotation_project AS project ON project.id = clip.project_id WHERE project.slug = %(slug)s;
"""
CLEAN = (
    "There are two people in the video. The first is a tall man in a red shirt with short black hair. The second is a"
    " young woman in a white dress with long brown hair. [00:01.0] The man in the red shirt raises his right hand and"
    " waves NUMBER times at the woman in the white dress. [00:03.2] The woman in the white dress turns to her left and"
    " walks three steps towards the table, then picks up a blue cup with her left hand. [00:05.0] The man in the red"
    " shirt claps his hands twice while the woman in the white dress drinks from the cup."
)
FLAGGED = CLEAN + " He is probably tired."
PROJECT = 'from annotation.models import Project\nproject = Project.objects.get(slug="train")\n'
CHECK = PROJECT + "from annotation.services.draft_flags import check_drafts\nfound = check_drafts(project, processes=2)"
AUDIT = (
    PROJECT
    + "from qa.services.audits import draw_audit\n"
    + "found = draw_audit(project=project, seed=7, asked=SAMPLE, actor=None).items.count()"
)
FREEZE = (
    PROJECT
    + "from qa.services.releases import freeze_training_data\n"
    + 'found = freeze_training_data(project=project, version="1.0.0", notes="", actor=None).counts'
)
COMPARE = (
    PROJECT
    + "from annotation.models import Clip\nfrom qa.releases.overlaps import near_released\n"
    + 'found = len(near_released(Clip.objects.filter(project=project), kind="benchmark"))'
)
MEASURED = """
import json, resource, time
from pathlib import Path
def peak_kib():
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line).split()[1])
import qa.services.audits, qa.services.releases
from django.db import connection
def cpu_s():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
connection.ensure_connection()
before, cpu, began = peak_kib(), cpu_s(), time.perf_counter()
CODE
seconds, cpu, after = time.perf_counter() - began, cpu_s() - cpu, peak_kib()
print(json.dumps({"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1),
    "growth_mib": round((after - before) / 1024, 1), "peak_memory_mib": round(after / 1024, 1), "found": found}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=126_000)
    parser.add_argument("--benchmark", type=int, default=500)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--check", type=int)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        server = Server(Path(folder), captions=0)
        try:
            said = _measured(server, wanted)
        finally:
            server.stop()
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(server: Server, wanted: argparse.Namespace) -> dict[str, Any]:
    server.shell(PROJECTS)
    with psycopg.connect(server.postgres.url("postgres", "haic"), autocommit=True) as database:
        database.execute("SET session_replication_role = replica")  # no trigger for each of so many rows
        _fill(database, wanted)
        said = {
            "check": _run(server, CHECK),
            "audit": _run(server, AUDIT.replace("SAMPLE", str(wanted.sample))),
            "freeze": _run(server, FREEZE),
        }
        for statement in RELEASE.split(";\n")[:-1]:
            database.execute(statement, {"slug": "large"})
        database.execute("ANALYZE")
        said["large_benchmark"] = _run(server, COMPARE)
    return {"cores": len(os.sched_getaffinity(0)), "clips": wanted.clips, **said}


def _fill(database: "psycopg.Connection[Any]", wanted: argparse.Namespace) -> None:
    for slug, number in (("train", wanted.clips), ("benchmark", wanted.benchmark), ("large", 20_000)):
        database.execute(CLIPS, {"slug": slug, "number": number})
    database.execute("ANALYZE")
    database.execute(SOURCES)
    database.execute(HASHES)
    database.execute(NEAR, {"number": wanted.benchmark})
    drafts, captions = DRAFTS.split(";\n")[:-1]
    database.execute(drafts, {"clean": CLEAN, "flagged": FLAGGED})
    database.execute("ANALYZE")
    database.execute(captions)
    if wanted.check is not None:
        database.execute(CHECKED, {"version": VERSION, "unchecked": wanted.check})
    for statement in RELEASE.split(";\n")[:-1]:
        database.execute(statement, {"slug": "benchmark"})
    database.execute("VACUUM ANALYZE")


def _run(server: Server, code: str) -> dict[str, Any]:
    """Its own process each time, as a command is."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", MEASURED.replace("CODE", code)]
    env = {
        **server.env,
        "HAIC_DATA": str(server.data),
        "HAIC_EMBEDDED": "1",
        "SECRET_KEY": (server.data / "secret_key").read_text().strip(),
    }
    answer = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stderr[-2000:])
    measured: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    main()
