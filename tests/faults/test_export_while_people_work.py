"""D-10, D-11: fifty thousand clips are frozen and exported while eight people save and eight approve.

What is in the release is what was approved at one moment: never less, never more, never half of a clip.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from qa.releases.package import Package
from tests.faults.at_work import AtWork, pairs_at
from tests.faults.server import Server
from tests.stack import HOME

pytestmark = pytest.mark.scale

CLIPS, WRITERS, CLIPS_EACH, QUESTIONS = 50_000, 8, 400, 1
FREEZE_AND_EXPORT = """
import json, time
from pathlib import Path
import django
django.setup()
from annotation.models import Project
from qa.services.releases import export_release, freeze_release
began = time.time()
release = freeze_release(project=Project.objects.get(slug="many"), version="1.0.0", notes="", actor=None)
frozen = time.time()
export_release(release, layout="haicbench", out=Path("OUT"))
print(json.dumps([began, frozen]))
"""
COUNTED = """
SELECT count(*), count(DISTINCT item.clip_id), sum(jsonb_array_length(item.content -> 'qa')),
    min(release.counts ->> 'clips')::int, min(release.counts ->> 'questions')::int
FROM qa_releaseitem AS item JOIN qa_release AS release ON release.id = item.release_id
"""
APPROVED = """
SELECT clip.clip_id FROM annotation_clip AS clip JOIN annotation_caption AS caption ON caption.clip_id = clip.id
JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug = 'many' AND caption.state = 'approved'
"""
IN_RELEASE = "SELECT clip_id_text, content ->> 'caption_marked' FROM qa_releaseitem"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, captions=0)
    yield server
    server.stop()


def test_a_release_is_one_moment_while_people_work_d10_d11(server: Server, tmp_path: Path) -> None:
    pairs = pairs_at(server, writers=WRITERS, clips_each=CLIPS_EACH, approved=CLIPS, questions=QUESTIONS)
    out = tmp_path / "out"
    with AtWork(pairs):
        end = time.monotonic() + 60
        while sum(len(pair.approved) for pair in pairs) < WRITERS and time.monotonic() < end:
            time.sleep(0.05)
        script = FREEZE_AND_EXPORT.replace("OUT", str(out))
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=HOME, env=server.env, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
    began, frozen = json.loads(run.stdout.splitlines()[-1])
    assert [answer for pair in pairs for answer in pair.failed] == []
    judged = [one for pair in pairs for one in pair.approved]
    before = {clip_id for clip_id, _, answered in judged if answered < began}
    after = {clip_id for clip_id, asked, _ in judged if asked > frozen}
    assert before, "nobody had approved anything yet"
    assert len(judged) > len(before), "nobody worked meanwhile"
    with psycopg.connect(server.owner_url) as database:
        rows, clips, questions, told_clips, told_questions = database.execute(COUNTED).fetchone() or ()
        approved = {clip_id for (clip_id,) in database.execute(APPROVED)}
        in_release: dict[str, str] = dict(database.execute(IN_RELEASE).fetchall())
    assert rows == clips == told_clips == len(in_release)
    assert questions == told_questions == CLIPS * QUESTIONS
    fixed = {clip_id for clip_id in approved if clip_id.startswith("clip-")}
    assert len(fixed) == CLIPS
    assert fixed | before <= set(in_release) <= approved - after
    package = Package(out)
    package.check()
    assert {clip_id: content["caption_marked"] for clip_id, content, _ in package.items()} == in_release
    with (out / "haicbench.jsonl").open("rb") as lines:
        assert sum(1 for _ in lines) == questions
    assert {clip_id for clip_id, _, _ in judged} <= approved, "an approval that was answered is lost"
