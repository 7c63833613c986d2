"""The page "Accumulation" over many measured scenes, on a Postgres and a gunicorn of its own. Prints JSON.

.venv/bin/python -m bench.accumulation_page [--scenes 100000] [--rounds 40] [--explain]

preview   "would keep N of M" through HTTP, other thresholds each time    aim: <= 200 ms
queries   what the page asks the database for, each by itself
page      the whole page through HTTP: funnel, histograms and the first 48 scenes
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.server import Server

FILL = """
INSERT INTO annotation_videobatch (project_id, name, created_at)
SELECT id, 'batch ' || n, now() FROM annotation_project, generate_series(1, 10) AS n WHERE slug = 'demo';

INSERT INTO annotation_sourcevideo (uid, project_id, batch_id, state, stage, reason, hand_reason, video_id, file,
    sha256, original_name, size, source, source_id, source_url, license, may_redistribute, description, subtitles,
    metadata, verbs, status, detail, attempt, width, height, fps, duration_ms, frames_decoded, measured_with, cpu_s,
    has_audio, created_at)
SELECT gen_random_uuid(), batch.project_id, batch.id, CASE WHEN n % 9 = 0 THEN 'dropped' ELSE 'kept' END,
    CASE WHEN n % 9 = 0 THEN 'metadata' ELSE '' END, CASE WHEN n % 9 = 0 THEN 'no_action_verb' ELSE '' END, '',
    'video-' || batch.id || '-' || n, 'raw/x.mp4', repeat('0', 64), 'x.mp4', 1000000, 'source ' || n % 3, '', '',
    'CC BY', true, repeat('A man walks through a long hall and talks to somebody. ', 1 + n % 60), '', '{}',
    CASE WHEN n % 9 = 0 THEN '{}' ELSE ARRAY['walk', 'talk'] END, 'measured', '', 1,
    1280 + n % 5, 300 + n % 7 * 120, 24 + n % 3, 60000, 1500, '{}', '{}', true, now()
FROM annotation_videobatch AS batch, generate_series(1, VIDEOS) AS n;

INSERT INTO annotation_scene (uid, project_id, batch_id, video_id, state, stage, reason, hand_reason, number,
    start_frame, end_frame, start_ms, end_ms, length_ms, samples, people_frames, area, motion, pairs, bars, hashes,
    thumbnail, shown, cut, cut_detail, cut_attempt, frames_cut)
SELECT gen_random_uuid(), project_id, batch_id, video.id,
    CASE WHEN drawn.fate < 0.5 AND video.state = 'kept' THEN 'kept' ELSE 'dropped' END,
    CASE WHEN video.state = 'dropped' THEN 'metadata' WHEN drawn.fate < 0.5 THEN '' WHEN drawn.fate < 0.6 THEN 'scenes'
        WHEN drawn.fate < 0.8 THEN 'existence' ELSE 'action' END,
    CASE WHEN video.state = 'dropped' THEN 'no_action_verb' WHEN drawn.fate < 0.5 THEN ''
        WHEN drawn.fate < 0.6 THEN 'scene_too_short' WHEN drawn.fate < 0.8 THEN 'too_few_people'
        ELSE 'too_little_motion' END,
    '', n, n * 100, n * 100 + 99, n * 4000, n * 4000 + drawn.length_ms, drawn.length_ms, 20,
    ARRAY[20 - drawn.people % 6, 15 - drawn.people, 10 - drawn.people, 0, 0, 0, 0, 0, 0, 0],
    drawn.area, drawn.motion, 19, '{0,0,0,0}', ARRAY['a3f0c1d2e4b59687', 'a3f0c1d2e4b59686', 'a3f0c1d2e4b59685'],
    'scenes/x.jpg', jsonb_build_object('time_ms', 2000, 'boxes', '[[100,100,400,900],[500,100,800,900]]'::jsonb,
        'skeletons', (SELECT jsonb_agg(points) FROM generate_series(1, 2), LATERAL (SELECT
            jsonb_agg(jsonb_build_array(k * 40, k * 50, 80)) AS points FROM generate_series(1, 17) AS k) AS one)),
    '', '', 0, 0
FROM annotation_sourcevideo AS video, generate_series(1, 10) AS n, LATERAL (
    SELECT random() AS fate, (random() * 30000 + video.id * 0)::int + 500 AS length_ms, (random() * 9 + n * 0)::int
        AS people, random() * 0.3 AS area, random() * 0.3 AS motion) AS drawn;
"""
QUERIES = """
import json, statistics, time
from annotation.accumulation.screening import Thresholds
from annotation.models import Project, VideoBatch
from annotation.services import funnel, thresholds
project, other = Project.objects.get(slug="demo"), Thresholds(motion_min=0.1, area_min=0.05)
batch = VideoBatch.objects.filter(project=project).first()
asked = {
    "preview": lambda: thresholds.preview(project, other),
    "preview_of_a_batch": lambda: thresholds.preview(project, other, batch=batch),
    "funnel": lambda: funnel.funnel_of(project),
    "histograms": lambda: funnel.histograms_of(project, other),
    "first_scenes": lambda: funnel.scenes_of(project),
    "scenes_of_a_reason": lambda: funnel.scenes_of(project, show="dropped", reason="too_little_motion"),
    "scenes_of_no_reason_that_occurs": lambda: funnel.scenes_of(project, show="dropped", reason="people_too_small"),
}
found = {}
for name, ask in asked.items():
    ask()
    found[name] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        found[name].append((time.perf_counter() - began) * 1000)
print(json.dumps(found))
"""
EXPLAIN = """
from django.db import connection
from django.test.utils import CaptureQueriesContext
from annotation.accumulation.screening import Thresholds
from annotation.models import Project
from annotation.services import funnel, thresholds
project = Project.objects.get(slug="demo")
with CaptureQueriesContext(connection) as asked:
    thresholds.preview(project, Thresholds())
    funnel.funnel_of(project)
    funnel.histograms_of(project, Thresholds())
    funnel.scenes_of(project, show="dropped", reason="people_too_small")
for one in asked.captured_queries:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + one["sql"])
        print(one["sql"][:300])
        print("\\n".join(row[0] for row in cursor.fetchall()))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--explain", action="store_true", help="print the plans instead")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        server = Server(Path(folder), captions=0)
        try:
            with psycopg.connect(server.owner_url, autocommit=True) as database:
                database.execute(FILL.replace("VIDEOS", str(wanted.scenes // 100)))
                database.execute("VACUUM ANALYZE")
            if wanted.explain:
                sys.stdout.write(server.shell(EXPLAIN))
                return
            said = _measured(server, wanted)
        finally:
            server.stop()
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(server: Server, wanted: argparse.Namespace) -> dict[str, Any]:
    queries = json.loads(server.shell(QUERIES.replace("ROUNDS", str(wanted.rounds))).splitlines()[-1])
    _asked(server, "/projects/demo/accumulation/")  # imports, connections, plans
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "scenes": wanted.scenes,
        "preview": _summary([_asked(server, _preview(number)) for number in range(wanted.rounds)]),
        "page": _summary([_asked(server, "/projects/demo/accumulation/") for _ in range(wanted.rounds // 4)]),
        "queries": {name: _summary(ms) for name, ms in queries.items()},
    }


def _preview(number: int) -> str:
    values = {
        "scene_min_s": 2,
        "scene_max_s": 60,
        "people_min": 1,
        "people_max": "",
        "people_percent": 80,
        "area_percent": number % 30,
        "motion_min": 0.05,
        "min_side": 360,
        "min_fps": 10,
        "video_min_s": 1,
        "video_max_s": 12600,
        "needs_action_verb": "on",
    }
    return "/projects/demo/accumulation/preview?" + "&".join(f"{name}={value}" for name, value in values.items())


def _asked(server: Server, path: str) -> float:
    answer = server.get(path)
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {answer.body[:500]}")
    return answer.seconds * 1000


def _summary(ms: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(ms), 1),
        "p95_ms": round(statistics.quantiles(ms, n=20)[-1], 1),
        "number": len(ms),
    }


if __name__ == "__main__":
    main()
