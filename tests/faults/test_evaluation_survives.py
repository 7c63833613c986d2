"""A run of 2,000 questions while the worker is killed five times: every question answered once, cost = ledger."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.drafting_stack import CHILDREN, DraftingStack
from tests.many_clips import add_approved_clips
from tests.model_server import ModelServerProcess

pytestmark = pytest.mark.faults

CLIPS, KILLS = 400, 5
QUESTIONS = 5 * CLIPS
PEOPLE = """
from annotation.models import Role
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="demo")
people = [UserFactory.create(username=name) for name in ("adam", "rui")]
for user in people:
    MembershipFactory.create(project=project, user=user, role=Role.ADMIN)
print(people[0].pk, people[1].pk)
"""
START = """
from annotation.models import Project
from qa.services.evaluation import checked_wish, start_run
wish = checked_wish(setting="blind", model="claude-haiku-4-5")
start_run(project=Project.objects.get(), user=None, release=None, wish=wish)
"""
STATE = """
import json
from django.db.models import Count, Sum
from annotation.models import BudgetAccount, Call, CallOutcome, Job
from qa.models import Answer, AskedQuestion
outcomes = CallOutcome.objects.aggregate(paid=Sum("cost_micro_usd"))
account = BudgetAccount.objects.get(key="project:demo")
print(json.dumps({
    "jobs": dict(Job.objects.values_list("status").annotate(Count("pk"))),
    "asked": AskedQuestion.objects.count(),
    "answered": list(Answer.objects.values_list("asked_id", flat=True)),
    "letters": dict(Answer.objects.values_list("letter").annotate(Count("pk"))),
    "open": AskedQuestion.objects.filter(answer=None).count(),
    "calls": [str(uid) for uid in Call.objects.values_list("uid", flat=True)],
    "kept": sum(Call.objects.exclude(outcome__cost_micro_usd__gte=0).values_list("reserved_micro_usd", flat=True)),
    "paid": outcomes["paid"],
    "account": [account.spent_micro_usd, account.reserved_micro_usd],
}))
"""
REAL_DIGESTS = "UPDATE qa_qarevision SET digest = encode(sha256(id::text::bytea), 'hex')"
"""Those of `many_clips` are all alike, and questions that look alike share a call."""


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ModelServerProcess]:
    with ModelServerProcess(tmp_path / "model.log", latency_s=0.1) as server:
        server.behave(then='says:{"answer": "B"}')
        yield server


@pytest.fixture
def stack(tmp_path: Path, model: ModelServerProcess) -> Iterator[DraftingStack]:
    stack = DraftingStack(tmp_path / "stack", model=model.base_url)
    author, reviewer = map(int, stack.shell(PEOPLE).split()[-2:])
    owner = stack.postgres.url("postgres", "haic")
    add_approved_clips(owner, slug="demo", clips=CLIPS, author=author, reviewer=reviewer)
    with psycopg.connect(owner) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(REAL_DIGESTS)
    yield stack
    stack.stop()


def test_killed_workers_answer_every_question_once_and_the_ledger_says_what_it_cost_f01_f05(
    stack: DraftingStack, model: ModelServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first kill comes while a worker puts the questions, or a little before or after."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    stack.shell(START)
    time.sleep(chance.uniform(0, 4))
    stack.kill_worker_group()
    stack.revive()
    model.wait_for_calls(CHILDREN, seconds=120)
    for _ in range(KILLS):
        time.sleep(chance.uniform(1, 5))
        stack.revive()
        stack.kill_worker_group()
    stack.wait_for(seconds=400)
    while stack.state()["jobs"].get("unknown"):
        stack.retry_unknown()
        stack.wait_for(seconds=60)
    said = json.loads(stack.shell(STATE).splitlines()[-1])

    assert said["jobs"] == {"done": QUESTIONS}
    assert (said["asked"], said["open"]) == (QUESTIONS, 0)
    assert len(said["answered"]) == len(set(said["answered"])) == QUESTIONS
    assert said["letters"] == {"B": QUESTIONS}
    seen = Counter(entry["headers"]["x-call-id"] for entry in model.calls())
    assert set(seen.values()) == {1}, "a call was sent twice"
    assert set(seen) <= set(said["calls"]), "a call was sent that nobody journalled"
    assert said["account"] == [said["paid"], said["kept"]]
    with capsys.disabled():
        sys.stdout.write(f"\nseed {seed}: {len(said['calls'])} calls for {QUESTIONS} questions, {said['account']}\n")
