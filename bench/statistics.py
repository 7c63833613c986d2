"""Counting and showing statistics and the leaderboard of a large project, on a Postgres of its own. Prints JSON.

    .venv/bin/python -m bench.statistics [--clips 126000] [--questions 20000] [--runs 20]

Every clip has a caption of 200 words, drafted and edited; the questions stand on the first clips, one on each.

    count      the project for the first time, all of it
    recount    after one more caption was approved            aim: done within a minute of the change
    release    the same as a frozen release, once
    page       30 requests of the project's statistics and of the release's    aim: p95 <= 150 ms
    leaderboard
        estimate, start    of a run of all questions, what a request waits for; put: its questions, by a worker
        count_one, leaks   the figures of one run of all questions; the leak lab over all runs, and its sums by category
        page               30 requests with all runs in it                     aim: p95 <= 150 ms
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.server import Server
from tests.many_clips import add_approved_clips
from tests.stack import HOME

REQUESTS = 30
WARM_UP = 3
PEOPLE = """
from annotation.models import Project, Role, User
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="many")
users = [User.objects.get(username="ana"), UserFactory.create(username="rui")]
for user in users:
    MembershipFactory.create(project=project, user=user, role=Role.ADMIN)
print(*[user.pk for user in users])
"""
FEWER_QUESTIONS = """
CREATE TEMPORARY TABLE too_many AS SELECT item.id FROM qa_qaitem AS item
    JOIN annotation_clip AS clip ON clip.id = item.clip_id JOIN annotation_project AS project
        ON project.id = clip.project_id AND project.slug = 'many' ORDER BY item.clip_id, item.id OFFSET %(questions)s;
UPDATE qa_qaitem SET state = 'in_review', head_id = NULL, approved_revision_id = NULL
    WHERE id IN (SELECT id FROM too_many)
"""
EVENTS = """
INSERT INTO annotation_event (project_id, object_type, object_id, verb, from_state, to_state, revision_digest, reason,
    created_at, digest)
SELECT clip.project_id, 'caption', caption.uid, verb.name, verb.before, verb.after, '', '',
    now() - clip.id %% 200 * interval '1 day', repeat('0', 64)
FROM annotation_caption AS caption JOIN annotation_clip AS clip ON clip.id = caption.clip_id
    JOIN annotation_project AS project ON project.id = clip.project_id AND project.slug = 'many',
    (VALUES ('edit', 'drafted', 'editing'), ('submit', 'editing', 'in_review'), ('approve', 'in_review', 'approved'))
        AS verb (name, before, after)
"""
RUNS = """
INSERT INTO qa_evaluationrun (uid, project_id, setting, model, judge, frames, tries, questions, prompts, origin,
    source_name, stands_still, created_at)
SELECT gen_random_uuid(), project.id, (ARRAY['standard', 'blind', 'caption', 'human_captions'])[1 + n %% 4],
    'model ' || n, CASE WHEN n %% 4 IN (2, 3) THEN 'a judge' ELSE '' END, 16, 1,
    (SELECT count(*) FROM qa_qaitem WHERE approved_revision_id IS NOT NULL), '{}', 'jsonl', 'file ' || n, false, now()
FROM annotation_project AS project, generate_series(0, %(runs)s - 1) AS n WHERE project.slug = 'many';
INSERT INTO qa_askedquestion (run_id, item_id, revision_id, clip_id, category, people, try_number, "order", key_index)
SELECT run.id, item.id, item.approved_revision_id, item.clip_id, item.category, 1 + item.id %% 4, 1,
    '["o1", "o2", "o3", "o4"]', 0
FROM qa_evaluationrun AS run, qa_qaitem AS item WHERE item.approved_revision_id IS NOT NULL;
INSERT INTO qa_answer (asked_id, letter, choice, is_right, reply, created_at)
SELECT id, CASE WHEN id %% 2 = 0 THEN 'A' ELSE 'B' END, CASE WHEN id %% 2 = 0 THEN 'o1' ELSE 'o2' END, id %% 2 = 0,
    'A', now()
FROM qa_askedquestion
"""
MODEL = "claude-opus-4-8"
WISH = (
    "from qa.services.evaluation import checked_wish, start_run;"
    " from qa.services.evaluation_estimates import estimate_run"
)
ONE_MORE = """
from annotation.models import Project, User
from tests.factories import ApprovedCaptionFactory
ana, rui = (User.objects.get(username=name) for name in ("ana", "rui"))
ApprovedCaptionFactory(project=Project.objects.get(slug="many"), author=ana, reviewer=rui)
"""
TIMED = """
import json, resource, time
from annotation.models import Project
from qa.models import Release
from qa.services.releases import freeze_release
from qa.services.statistics import count_statistics
project = Project.objects.get(slug="many")
BEFORE
begun = time.perf_counter()
DO
print(json.dumps({"seconds": round(time.perf_counter() - begun, 3),
    "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=126_000)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        server = Server(Path(folder), captions=0)
        try:
            said = {
                "cores": len(os.sched_getaffinity(0)),
                **vars(wanted),
                "statistics": measured_statistics(server, wanted.clips, wanted.questions),
                "leaderboard": measured_leaderboard(server, wanted.runs),
            }
        finally:
            server.stop()
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def measured_statistics(server: Server, clips: int, questions: int) -> dict[str, Any]:
    _fill(server, clips, questions)
    count = "count_statistics(project.pk, None)"
    said = {"count": _timed(server, count)}
    server.shell(ONE_MORE)
    said["recount"] = _timed(server, count)
    freeze = "release = freeze_release(project=project, version='1.0.0', notes='', actor=None)"
    said["release"] = _timed(server, "count_statistics(project.pk, release.pk)", before=freeze)
    for name, query in (("page", ""), ("page_of_release", "?release=1.0.0")):
        said[name] = timed_page(server, f"/projects/many/statistics/{query}")
    return said


def measured_leaderboard(server: Server, runs: int) -> dict[str, Any]:
    """Each run answers each question that is approved, half of them rightly."""
    with psycopg.connect(server.owner_url) as database:
        for table in ("qa_askedquestion", "qa_answer"):
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in RUNS.split(";\n"):
            database.execute(statement, {"runs": runs})
        database.commit()
        for table in ("qa_askedquestion", "qa_answer"):
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        database.commit()
        database.autocommit = True
        database.execute("VACUUM ANALYZE")
    counting = "from qa.models import EvaluationRun; from qa.services.run_figures import count_run, sweep_figures"
    said = {"count_one": _timed(server, "count_run(EvaluationRun.objects.latest('pk'))", before=counting)}
    said["count_all"] = _timed(server, "sweep_figures()", before=counting)
    leaks = "from qa.services.leak_lab import measure"
    said["leaks"] = _timed(server, "measure(project)", before=leaks)
    sums = "from qa.services.leak_figures import count_leak_figures"
    said["leak_figures"] = _timed(server, "count_leak_figures(project.pk)", before=sums)
    asking = f"{WISH}; wish = checked_wish(setting='blind', model='{MODEL}')"
    said["estimate"] = _timed(server, "estimate_run(project=project, release=None, wish=wish)", before=asking)
    said["start"] = _timed(server, "start_run(project=project, user=None, release=None, wish=wish)", before=asking)
    latest = "from qa.models import EvaluationRun; from qa.services.evaluation import put_questions"
    said["put"] = _timed(server, "put_questions(EvaluationRun.objects.latest('pk').pk)", before=latest)
    for setting in ("standard", "caption"):
        said[f"page_{setting}"] = timed_page(server, f"/projects/many/evaluation/?release=now&setting={setting}")
    return said


def _fill(server: Server, clips: int, questions: int) -> None:
    author, reviewer = map(int, server.shell(PEOPLE).split()[-2:])
    add_approved_clips(server.owner_url, slug="many", clips=clips, author=author, reviewer=reviewer, questions=1)
    with psycopg.connect(server.owner_url) as database:
        for table in ("qa_qaitem", "annotation_event"):
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in [*FEWER_QUESTIONS.split(";\n"), EVENTS]:
            database.execute(statement, {"questions": questions})
        database.commit()
        for table in ("qa_qaitem", "annotation_event"):
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        database.commit()
        database.autocommit = True
        database.execute("VACUUM ANALYZE")


def timed_page(server: Server, address: str) -> dict[str, Any]:
    """Seconds of whole answers over the loopback, one after the other."""
    answers = [server.get(address) for _ in range(WARM_UP + REQUESTS)]
    if {answer.status for answer in answers} != {200}:
        raise SystemExit(answers[0].body)
    milliseconds = sorted(1000 * answer.seconds for answer in answers[WARM_UP:])
    return {
        "requests": REQUESTS,
        "p50_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(milliseconds[int(len(milliseconds) * 0.95)], 1),
        "kib": round(len(answers[-1].body) / 1024),
    }


def _timed(server: Server, do: str, *, before: str = "") -> dict[str, Any]:
    """In a process of its own, as a worker is."""
    script = TIMED.replace("BEFORE", before).replace("DO", do)
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
    return found


if __name__ == "__main__":
    main()
