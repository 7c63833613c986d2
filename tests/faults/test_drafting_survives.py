"""A run of drafts while workers and broker are killed at random moments: nothing is lost, doubled or billed twice."""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.drafting_stack import CHILDREN, DraftingStack
from tests.model_server import ModelServerProcess

pytestmark = pytest.mark.faults

CLIPS, KILLS = 200, 20


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ModelServerProcess]:
    with ModelServerProcess(tmp_path / "model.log", latency_s=0.8) as server:
        yield server


@pytest.fixture
def stack(tmp_path: Path, model: ModelServerProcess) -> Iterator[DraftingStack]:
    stack = DraftingStack(tmp_path / "stack", model=model.base_url)
    stack.draft(CLIPS)
    yield stack
    stack.stop()


def kill_something(stack: DraftingStack, chance: random.Random) -> str:
    victim = chance.choices(["child", "group", "valkey"], weights=[3, 1, 1])[0]
    if victim == "child":
        stack.kill_worker_child(chance.randrange(100))
    elif victim == "group":
        stack.kill_worker_group()
    else:
        stack.kill_valkey()
    return victim


def test_killed_workers_and_brokers_cost_no_draft_and_no_second_bill_f01_f02_f05_f14_f18(
    stack: DraftingStack, model: ModelServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    model.wait_for_calls(CHILDREN, seconds=60)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.8))
        stack.revive()
        killed[kill_something(stack, chance)] += 1
    state = stack.wait_for(seconds=180)
    asked_again = 0
    while state["jobs"].get("unknown") and asked_again < CLIPS:
        asked_again += stack.retry_unknown()
        state = stack.wait_for(seconds=60)
    told = f"seed {seed}, killed {dict(killed)}, jobs {state['jobs']}, asked again by hand {asked_again}"

    assert state["jobs"] == {"done": CLIPS}, state["reasons"]
    assert len(state["drafts"]) == len(set(state["drafts"])) == CLIPS

    journalled = {call["uid"]: call for call in state["calls"]}
    seen = Counter(entry["headers"]["x-call-id"] for entry in model.calls())
    assert set(seen.values()) == {1}, "a call was sent twice"
    assert set(seen) <= set(journalled), "a call was sent that nobody journalled"
    assert len({(call["job"], call["attempt"]) for call in journalled.values()}) == len(journalled)
    never_seen = set(journalled) - set(seen)
    assert {journalled[uid]["kind"] for uid in never_seen} <= {"unknown", "not_sent"}
    told += f"; {len(journalled)} calls journalled, {len(seen)} seen, {len(never_seen)} lost before they were sent"

    settled = sum(call["cost"] for call in journalled.values() if call["cost"] is not None)
    kept = sum(call["reserved"] for call in journalled.values() if call["cost"] is None)
    assert {call["kind"] for call in journalled.values() if call["cost"] is None} <= {"unknown"}
    assert set(map(tuple, state["accounts"].values())) == {(settled, kept)}
    assert stack.verify_history()
    with capsys.disabled():
        sys.stdout.write(f"\n{told}; {settled} micro-dollars settled, {kept} kept for unknown calls\n")
