"""Raw videos measured and cut while their workers are killed at random moments: as if nobody had been killed."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.annotation.accumulation.test_measuring import film, room, somebody
from tests.faults.drafting_stack import DraftingStack

pytestmark = pytest.mark.faults

VIDEOS, KILLS = 30, 10
FRAMES = 80
PROJECTS = """
from annotation.models import Role, ThresholdSet
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
adam = UserFactory.create(username="adam")
for slug in ("calm", "stormy"):
    project = ProjectFactory.create(slug=slug)
    MembershipFactory.create(project=project, user=adam, role=Role.ADMIN)
    ThresholdSet.objects.create(
        project=project, values={"min_side": 64, "scene_min_ms": 500, "area_min": 0.001, "needs_action_verb": False}
    )
"""
STATE = """
import json
from annotation.models import Scene, SourceVideo
print(json.dumps({
    "videos": [
        [v.video_id, v.status, v.state, v.stage, v.reason, v.frames_decoded]
        for v in SourceVideo.objects.filter(project__slug=SLUG).order_by("video_id")
    ],
    "scenes": [
        [s.wanted_clip_id, s.start_frame, s.end_frame, s.state, s.reason, s.cut, s.people_frames, s.area, s.motion,
         s.hashes, str(s.thumbnail), s.clip and s.clip.sha256, s.clip and s.clip.frames]
        for s in Scene.objects.filter(project__slug=SLUG).select_related("video", "clip").order_by("video_id", "number")
    ],
}))
"""


class AccumulationStack(DraftingStack):
    QUEUES = "video,default"

    def of(self, slug: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.shell(STATE.replace("SLUG", repr(slug))).splitlines()[-1])
        return value

    def take_in(self, manifest: Path, slug: str) -> str:
        return self._manage("accumulate", str(manifest), "--project", slug, env=self.env)

    def fsck(self) -> str:
        return self._manage("fsck", env=self.env)

    def settled(self, slug: str, *, seconds: float) -> dict[str, Any]:
        """Until every video is measured and every kept scene is cut, or the time is over; what stands then."""
        end = time.monotonic() + seconds
        while True:
            self.revive()
            state = self.of(slug)
            measuring = sum(video[1] in ("queued", "working") for video in state["videos"])
            cutting = sum(scene[5] in ("queued", "working") for scene in state["scenes"])
            if not measuring + cutting or time.monotonic() > end:
                return state
            time.sleep(1)


def write_video(path: Path, number: int) -> None:
    """Somebody walks through one room, then through another; no two videos are alike."""
    rooms = room(2 * number), room(2 * number + 1)
    pictures = [
        somebody(rooms[frame >= FRAMES // 2], left=4 + frame * 2, top=20 + number, height=60 + number)
        for frame in range(FRAMES)
    ]
    film(path, pictures)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    lines = []
    for number in range(VIDEOS):
        write_video(folder / f"{number}.mp4", number)
        lines.append(json.dumps({"video_id": f"video-{number:02}", "video": f"{number}.mp4"}))
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return folder / "manifest.jsonl"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[AccumulationStack]:
    stack = AccumulationStack(
        tmp_path / "stack",
        children=2,
        MEASURE_LEASE_SECONDS="4",
        CUT_LEASE_SECONDS="6",
        PERSON_DETECTOR="tests.annotation.accumulation.stub_models.FindsSquares",
        POSE_ESTIMATOR="tests.annotation.accumulation.stub_models.PosesSquares",
    )
    stack.shell(PROJECTS)
    yield stack
    stack.stop()


def test_killed_workers_leave_what_undisturbed_ones_leave_d07_d09_f01_f02(
    stack: AccumulationStack, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.take_in(manifest, "calm")
    calm = stack.settled("calm", seconds=180)
    assert {video[1] for video in calm["videos"]} == {"measured"}
    assert {scene[5] for scene in calm["scenes"] if scene[3] == "kept"} == {"done"}
    assert len([scene for scene in calm["scenes"] if scene[3] == "kept"]) >= VIDEOS

    seed = random.randrange(10**6)
    chance, killed = random.Random(seed), Counter[str]()
    stack.take_in(manifest, "stormy")
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.3, 2.5))
        stack.revive()
        if chance.random() < 0.75:
            stack.kill_worker_child(chance.randrange(100))
            killed["child"] += 1
        else:
            stack.kill_worker_group()
            killed["group"] += 1
    stormy = stack.settled("stormy", seconds=240)
    told = f"seed {seed}, killed {dict(killed)}, {len(stormy['scenes'])} scenes"

    assert stormy == calm, told
    names = [scene[0] for scene in stormy["scenes"]]
    assert len(names) == len(set(names)), told
    assert "agree" in stack.fsck(), told
    assert stack.verify_history()
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
