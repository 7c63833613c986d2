"""Bulk runs: the same end state as one by one at half the price, whoever dies when, and whatever the server answers.

Workers are played by `deliver`, which runs what the outbox holds; time by `let_time_pass`.
"""

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, Sum
from django.db.models.functions import Now

from annotation.drafting import batch_api, batch_results, batches, jobs, kinds
from annotation.drafting.batches import gather, run_batch
from annotation.drafting.kinds import BreaksRules
from annotation.drafting.sweep import sweep_jobs
from annotation.models import (
    Batch,
    Breaker,
    BudgetAccount,
    Call,
    CallOutcome,
    Caption,
    Draft,
    DraftingSettings,
    Job,
    JobStatus,
    Outbox,
    Project,
    Run,
    User,
)
from annotation.services.captions import save, words_for
from annotation.services.drafted_captions import CaptionKind
from annotation.services.drafting import cancel, close_breaker, make_run, pause, progress_of, resume, retry
from annotation.states import State
from qa.services.history import verify_project
from tests.annotation.drafting.conftest import drafting_jobs, waiting_clips
from tests.factories import ProjectFactory
from tests.model_server import BATCHES, ModelServer
from tests.model_server.asking import client_of, request

TASKS: dict[str, Callable[[int], None]] = {jobs.TASK: jobs.run_job, batches.TASK: batches.run_batch}
OPEN = (Batch.Status.INTENDED, Batch.Status.SUBMITTED)
A_WHILE = timedelta(minutes=4)
SEARCHES = batches.NEVER_MADE_AFTER // A_WHILE
"""So often is looked in vain for a batch that was never made."""


class Killed(BaseException):
    """Nobody catches it: the worker is gone at once, and tidies nothing up but what Python itself does."""


def bulk(project: Project, count: int, **more: Any) -> Run:
    waiting_clips(project, count)
    return make_run(project=project, user=None, kind="captions", is_batch=True, **more)


def deliver(*, times: int = 1, shuffled: random.Random | None = None) -> None:
    """What the relay has published runs, each message so many times."""
    rows = list(Outbox.objects.filter(task__in=TASKS, published_at=None)) * times
    Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(published_at=Now())
    if shuffled is not None:
        shuffled.shuffle(rows)
    for row in rows:
        TASKS[row.task](*row.args)


def let_time_pass() -> None:
    """Four minutes: every pause is over and every lease has run out."""
    Batch.objects.filter(status__in=OPEN).update(next_attempt_at=Now(), nudged_at=None)
    Batch.objects.exclude(sent_at=None).update(sent_at=F("sent_at") - A_WHILE)
    Batch.objects.exclude(lease_until=None).update(lease_until=Now() - timedelta(seconds=1))
    Job.objects.filter(status=JobStatus.QUEUED).update(next_attempt_at=Now(), nudged_at=None)
    Breaker.objects.update(not_before=None, probe_until=None)


def finish(run: Run, **how: Any) -> None:
    """Until nothing is left to do by itself."""
    for _ in range(40):
        deliver(**how)
        waits = Job.objects.filter(run=run, status=JobStatus.PAUSED).count()
        progress = progress_of(run)
        if progress.ended + waits == progress.total and not Batch.objects.filter(run=run, status__in=OPEN).exists():
            return
        let_time_pass()
        sweep_jobs()
    raise AssertionError(f"{progress_of(run)}, {list(Batch.objects.values())}")


def posts(model: ModelServer) -> list[list[str]]:
    """custom_ids of each batch that the server was asked to make."""
    asked = [seen for seen in model.seen if (seen["method"], seen["path"]) == ("POST", BATCHES)]
    return [[one["custom_id"] for one in seen["body"]["requests"]] for seen in asked]


def counts(run: Run) -> dict[str, int]:
    return progress_of(run).counts


def tenths(calls: Any) -> list[int]:
    """What each call costs by itself, in tenths of a micro-dollar: claude-sonnet-5-5 takes, in micro-dollars a token,
    2 for input, 10 for output, 2.5 to write the cache and 0.1 to read it.
    """
    outcomes = CallOutcome.objects.filter(call__in=calls, kind="reply").order_by("call")
    each = outcomes.values_list("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
    return [
        (read or 0) * 20 + (written or 0) * 100 + (cache_write or 0) * 25 + (cache_read or 0)
        for read, written, cache_write, cache_read in each
    ]


def money(project: Project) -> tuple[int, int]:
    account = BudgetAccount.objects.get(key=f"project:{project.slug}")
    return account.spent_micro_usd, account.reserved_micro_usd


def assert_ledger_holds(project: Project) -> None:
    """Spent is what the outcomes say, reserved what has none; nothing is held by a batch that has ended."""
    calls = Call.objects.filter(project=project)
    unsettled = calls.filter(outcome__cost_micro_usd=None)
    assert money(project) == (
        calls.aggregate(sum=Sum("outcome__cost_micro_usd"))["sum"] or 0,
        unsettled.aggregate(sum=Sum("reserved_micro_usd"))["sum"] or 0,
    )
    ended = Job.objects.filter(clip__project=project).exclude(batch__status__in=OPEN)
    assert not ended.filter(status__in=(JobStatus.LEASED, JobStatus.CALLING, JobStatus.RECEIVED)).exists()
    assert not Job.objects.filter(status__in=(JobStatus.QUEUED, JobStatus.PAUSED)).exclude(batch=None).exists()
    verify_project(project)


def kill(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, before: bool = False, at: int = 0) -> None:
    """The worker dies before or after the `at`-th call of this function, once."""
    whole, numbers = getattr(place, name), itertools.count()

    def dying(*arguments: Any, **more: Any) -> Any:
        is_now = next(numbers) == at
        if is_now and before:
            raise Killed
        result = whole(*arguments, **more)
        if is_now:
            raise Killed
        return result

    monkeypatch.setattr(place, name, dying)


# --- As one by one, for half the money ---


def test_a_batch_ends_as_single_calls_do_at_half_the_cost(project: Project, model: ModelServer) -> None:
    other = ProjectFactory.create(slug="other")
    with ModelServer() as alone:
        own = model.base_url
        settings_url(alone.base_url)
        for job in drafting_jobs(other, 7):
            jobs.run_job(job.pk)
        settings_url(own)
    run = bulk(project, 7)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 7}

    def state(of: Project) -> list[Any]:
        drafts = Draft.objects.filter(clip__project=of).order_by("clip__clip_id")
        captions = Caption.objects.filter(clip__project=of).order_by("clip__clip_id")
        return [*drafts.values_list("clip__clip_id", "payload", "prompt_version"), *captions.values_list("state")]

    assert state(project) == state(other)
    single, batched = tenths(Call.objects.filter(project=other)), tenths(Call.objects.filter(project=project))
    # The same tokens. Each call is rounded up by itself: all together are up to a micro-dollar a call above half.
    assert sorted(single) == sorted(batched)
    assert money(other) == (sum(-(-one // 10) for one in single), 0)
    assert money(project) == (sum(-(-one // 20) for one in batched), 0)
    assert 0 <= money(project)[0] - sum(single) / 20 < 7
    assert [len(names) for names in posts(model)] == [7]
    assert model.calls() == []
    assert_ledger_holds(project)


def settings_url(url: str) -> None:
    from django.conf import settings

    settings.ANTHROPIC_BASE_URL = url


def test_a_line_is_known_by_its_jobs_uid_and_attempt_and_is_kept_as_it_came(
    project: Project, model: ModelServer
) -> None:
    run = bulk(project, 2)
    finish(run)
    calls = Call.objects.filter(job__run=run).select_related("job", "outcome", "batch").order_by("pk")
    assert posts(model) == [[f"{call.job.uid.hex}-1" for call in calls]]
    for call in calls:
        raw = bytes(call.outcome.raw)
        assert raw.startswith(b'{"custom_id": "%s-1", "result": {"type": "succeeded"' % call.job.uid.hex.encode())
        assert (call.outcome.kind, call.outcome.http_status, call.outcome.stop_reason) == ("reply", 200, "end_turn")
        assert call.batch is not None
        assert (call.batch.status, call.batch.cursor, call.batch.remote_id) == ("closed", 2, "msgbatch_000001")
    body = next(seen for seen in model.seen if seen["path"] == BATCHES and seen["method"] == "POST")["body"]
    assert body["requests"][0]["params"]["system"][0]["text"] == calls[0].job.prompt.text


def test_a_line_that_says_our_key_is_remembered_without_it_s07(
    project: Project, model: ModelServer, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = "brown T-shirt"  # words of every reply
    finish(bulk(project, 1))
    assert b"brown T-shirt" not in bytes(CallOutcome.objects.get().raw)
    assert "(the key)" in Draft.objects.get().payload["caption"]


def test_a_second_run_asks_nothing(project: Project, model: ModelServer) -> None:
    finish(bulk(project, 3))
    before = len(model.seen)
    again = make_run(project=project, user=None, kind="captions", is_batch=True)
    finish(again)
    assert counts(again) == {}
    assert len(model.seen) == before


def test_every_task_twice_and_in_any_order_changes_nothing(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(batches, "MOST_JOBS", 2)
    model.batches.polls = 2
    run = bulk(project, 5)
    gather(run)
    gather(run)
    finish(run, times=2, shuffled=random.Random(4))
    for batch_id in Batch.objects.values_list("pk", flat=True):
        run_batch(batch_id)
    assert counts(run) == {JobStatus.DONE: 5}
    assert sorted(len(names) for names in posts(model)) == [1, 2, 2]
    assert len({name for names in posts(model) for name in names}) == 5
    assert Draft.objects.count() == 5
    assert_ledger_holds(project)


def test_jobs_of_a_bulk_run_are_never_sent_singly(project: Project, model: ModelServer) -> None:
    run = bulk(project, 2)
    sweep_jobs()
    assert not Outbox.objects.filter(task=jobs.TASK).exists()
    for job_id in run.jobs.values_list("pk", flat=True):
        jobs.run_job(job_id)
    assert model.calls() == []
    assert counts(run) == {JobStatus.QUEUED: 2}


def test_a_lost_message_is_found_again(project: Project, model: ModelServer) -> None:
    run = bulk(project, 2)
    Outbox.objects.all().delete()
    Batch.objects.all().delete()
    sweep_jobs()
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}


def test_a_batch_is_filled_up_to_its_bytes_and_the_rest_goes_into_the_next(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(batches, "MOST_BYTES", 10_000)
    run = bulk(project, 5)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 5}
    sizes = [len(names) for names in posts(model)]
    assert sum(sizes) == 5
    assert len(sizes) > 1


# --- Whoever dies when ---


def test_who_dies_after_sending_finds_the_batch_again_f19(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 3)
    kill(monkeypatch, batch_api, "create")
    with pytest.raises(Killed):
        deliver()
    batch = Batch.objects.get()
    assert (batch.status, batch.remote_id, batch.sent_at is None) == ("intended", "", False)
    assert (Call.objects.filter(outcome=None).count(), money(project)[1] > 0) == (3, True)
    finish(run)
    batch.refresh_from_db()
    assert (batch.status, batch.remote_id, batch.cursor) == ("closed", "msgbatch_000001", 3)
    assert counts(run) == {JobStatus.DONE: 3}
    assert len(posts(model)) == 1
    assert money(project) == (sum(-(-one // 20) for one in tenths(Call.objects.all())), 0)
    assert_ledger_holds(project)


def test_who_dies_after_sending_waits_for_no_stranger_and_takes_nothing_of_theirs_f19(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    strangers = client_of(model.base_url).messages.batches

    def theirs(count: int) -> None:
        asked: Any = [{"custom_id": f"theirs-{number}", "params": request("caption")} for number in range(count)]
        batch = strangers.create(requests=asked)
        while batch.processing_status != "ended":
            batch = strangers.retrieve(batch.id)

    theirs(3)
    run = bulk(project, 3)
    kill(monkeypatch, batch_api, "create")
    with pytest.raises(Killed):
        deliver()
    theirs(3)
    theirs(2)
    finish(run)
    assert Batch.objects.get().remote_id == "msgbatch_000002"
    assert counts(run) == {JobStatus.DONE: 3}
    assert len([names for names in posts(model) if not names[0].startswith("theirs")]) == 1
    assert_ledger_holds(project)


def test_two_that_died_after_sending_each_find_their_own_f19(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(batches, "MOST_JOBS", 2)
    model.behave("lost", "lost", path=BATCHES)
    run = bulk(project, 4)
    finish(run, shuffled=random.Random(1))
    assert counts(run) == {JobStatus.DONE: 4}
    assert {batch.remote_id for batch in Batch.objects.all()} == {"msgbatch_000001", "msgbatch_000002"}
    for batch in Batch.objects.all():
        assert CallOutcome.objects.filter(call__batch=batch, kind="reply").count() == 2
    assert len(posts(model)) == 2
    assert_ledger_holds(project)


@pytest.mark.parametrize("reply", ["lost", "reset", "half", "bad:html"])
def test_a_batch_whose_making_was_not_confirmed_is_not_made_twice_f19(
    project: Project, model: ModelServer, reply: str
) -> None:
    model.behave(reply, path=BATCHES)
    run = bulk(project, 2)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert len(posts(model)) == 1
    assert Call.objects.count() == 2
    assert_ledger_holds(project)


def test_who_dies_just_before_sending_is_sent_again_once_it_was_surely_never_made_f19(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 2)
    kill(monkeypatch, batch_api, "create", before=True)
    with pytest.raises(Killed):
        deliver()
    for _ in range(SEARCHES):
        let_time_pass()
        sweep_jobs()
        deliver()
        assert (posts(model), Batch.objects.get().status) == ([], "intended")
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert [len(names) for names in posts(model)] == [2]
    assert all(name.endswith("-2") for name in posts(model)[0])
    assert sorted(CallOutcome.objects.values_list("kind", "cost_micro_usd"))[:2] == [("not_sent", 0)] * 2
    assert_ledger_holds(project)


def test_an_error_of_theirs_does_not_prove_that_there_is_no_batch_f19(project: Project, model: ModelServer) -> None:
    model.behave("502", path=BATCHES)
    run = bulk(project, 2)
    deliver()
    assert Call.objects.filter(outcome=None).count() == 2
    let_time_pass()
    deliver()
    assert len(posts(model)) == 1
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert len(posts(model)) == 2
    assert_ledger_holds(project)


def test_nothing_is_sent_again_while_a_batch_of_the_same_size_has_not_ended_f19(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 2)
    kill(monkeypatch, batch_api, "create", before=True)
    with pytest.raises(Killed):
        deliver()
    model.batches.polls = 1000
    asked: Any = [{"custom_id": f"theirs-{number}", "params": request("caption")} for number in range(2)]
    theirs = client_of(model.base_url).messages.batches.create(requests=asked)
    for _ in range(SEARCHES + 3):
        let_time_pass()
        sweep_jobs()
        deliver()
    assert len(posts(model)) == 1
    assert not any(seen["path"].endswith("/cancel") for seen in model.seen)
    model.batches.poll(theirs.id).polls_left = 0
    model.batches.poll(theirs.id)
    model.batches.polls = 0
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert len(posts(model)) == 2
    assert_ledger_holds(project)


def test_another_batch_of_ours_is_not_waited_for_f19(project: Project, model: ModelServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(batches, "MOST_JOBS", 2)
    model.batches.polls = 1000
    run = bulk(project, 4)
    kill(monkeypatch, batch_api, "create", before=True)
    with pytest.raises(Killed):
        deliver()
    for _ in range(SEARCHES + 3):
        let_time_pass()
        sweep_jobs()
        deliver()
    assert [len(names) for names in posts(model)] == [2, 2]
    assert counts(run) == {JobStatus.CALLING: 4}


def test_a_batch_of_another_size_is_not_waited_for_f19(project: Project, model: ModelServer, monkeypatch: Any) -> None:
    model.batches.polls = 1000
    bulk(project, 1)
    kill(monkeypatch, batch_api, "create", before=True)
    with pytest.raises(Killed):
        deliver()
    asked: Any = [{"custom_id": f"theirs-{number}", "params": request("caption")} for number in range(2)]
    client_of(model.base_url).messages.batches.create(requests=asked)
    for _ in range(SEARCHES + 3):
        let_time_pass()
        sweep_jobs()
        deliver()
    assert [len(names) for names in posts(model)] == [2, 1]


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("before", [True, False])
def test_who_dies_while_filling_has_sent_nothing(
    project: Project, model: ModelServer, monkeypatch: Any, at: int, before: bool
) -> None:
    run = bulk(project, 3)
    kill(monkeypatch, batches, "prepare", before=before, at=at)
    with pytest.raises(Killed):
        deliver()
    assert posts(model) == []
    finish(run)
    assert counts(run) == {JobStatus.DONE: 3}
    assert [len(names) for names in posts(model)] == [3]
    # Only the one that was being prepared may be the reason.
    assert sorted(Job.objects.values_list("failures", flat=True)) == ([0, 0, 1] if before else [0, 0, 0])
    assert_ledger_holds(project)


def test_a_job_that_ends_its_worker_again_and_again_fails_alone(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 3)
    poison = run.jobs.order_by("pk")[1]
    whole = jobs.prepare

    def dying(job: Job, **more: Any) -> Any:
        if job == poison:
            raise Killed
        return whole(job, **more)

    monkeypatch.setattr(batches, "prepare", dying)
    for _ in range(jobs.MOST_FAILURES):
        with pytest.raises(Killed):
            finish(run)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2, JobStatus.FAILED: 1}
    assert_ledger_holds(project)


@pytest.mark.parametrize(
    ("name", "before"), [("record", True), ("record", False), ("conclude", True), ("conclude", False)]
)
@pytest.mark.parametrize("at", [0, 2])
def test_who_dies_at_any_line_of_the_results_is_followed_by_one_who_goes_on_f20(
    project: Project, model: ModelServer, monkeypatch: Any, name: str, before: bool, at: int
) -> None:
    run = bulk(project, 3)
    kill(monkeypatch, batch_results, name, before=before, at=at)
    with pytest.raises(Killed):
        finish(run)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 3}
    assert Draft.objects.count() == CallOutcome.objects.count() == Batch.objects.get().cursor == 3
    assert len(posts(model)) == 1
    assert money(project) == (sum(-(-one // 20) for one in tenths(Call.objects.all())), 0)
    assert_ledger_holds(project)


def test_a_reply_that_ends_its_reader_again_and_again_fails_alone(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 3)
    poison = run.jobs.order_by("pk")[1]
    whole = jobs.conclude

    def dying(job: Job, call: Call, value: Any) -> None:
        if job == poison:
            raise Killed
        whole(job, call, value)

    monkeypatch.setattr(batch_results, "conclude", dying)
    for _ in range(jobs.MOST_FAILURES):
        with pytest.raises(Killed):
            finish(run)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2, JobStatus.FAILED: 1}
    assert run.jobs.get(status=JobStatus.FAILED).reason == "poison"
    assert len(posts(model)) == 1
    assert_ledger_holds(project)


def test_who_lost_the_batch_while_filling_sends_nothing(project: Project, model: ModelServer, monkeypatch: Any) -> None:
    run = bulk(project, 3)
    whole, numbers = jobs.prepare, itertools.count()

    def slow(job: Job, **more: Any) -> Any:
        if next(numbers) == 1:  # so slow that the lease runs out and somebody else takes the batch over
            Batch.objects.update(lease_until=Now() - timedelta(seconds=1))
            run_batch(Batch.objects.get().pk)
        return whole(job, **more)

    monkeypatch.setattr(batches, "prepare", slow)
    deliver()
    assert posts(model) == []
    finish(run)
    assert counts(run) == {JobStatus.DONE: 3}
    assert [len(names) for names in posts(model)] == [3]
    assert_ledger_holds(project)


# --- Whatever the results say ---


def test_each_line_has_its_own_end_f20(project: Project, model: ModelServer) -> None:
    model.batches.outcomes = {"#0": "succeeded", "#1": "errored", "#2": "bad:fenced", "#3": "bad:cut_at_max_tokens"}
    run = bulk(project, 4)
    finish(run)
    ends = list(run.jobs.order_by("pk").values_list("status", "reason"))
    assert ends[0] == ("done", "")
    assert ends[1] == ("failed", "bad_request")
    assert ends[2] == ("failed", "malformed")
    assert ends[3] == ("failed", "stop_reason")
    outcomes = CallOutcome.objects.order_by("call")
    assert [outcome.kind for outcome in outcomes] == ["reply", "error", "reply", "reply"]
    assert [bool(outcome.cost_micro_usd) for outcome in outcomes] == [True, False, True, True]
    assert all(bytes(outcome.raw).startswith(b'{"custom_id"') for outcome in outcomes)
    assert Draft.objects.count() == 1
    assert len(posts(model)) == 1
    assert_ledger_holds(project)


BAD = {
    "other_json": "not_json",
    "no_usage": "not_json",
    "no_content": "not_json",
    "refusal": "stop_reason",
    "no_stop": "stop_reason",
    "tool_use_at_end": "malformed",
    "two_texts": "malformed",
    "nested": "malformed",
    "duplicate_keys": "malformed",
    "person_with_nul": "malformed",
    "person_with_surrogate": "malformed",
    "start_past_end": "malformed",
}


def test_bad_replies_in_a_batch_become_no_drafts_and_are_not_paid_for_again_l03(
    project: Project, model: ModelServer
) -> None:
    model.batches.outcomes = {f"#{place}": f"bad:{name}" for place, name in enumerate(BAD)}
    run = bulk(project, len(BAD))
    finish(run)
    ends = run.jobs.order_by("pk").values_list("status", "reason")
    assert list(ends) == [("failed", reason) for reason in BAD.values()]
    assert Draft.objects.count() == 0
    assert CallOutcome.objects.filter(kind="reply").exclude(raw=b"").count() == len(BAD)
    assert len(posts(model)) == 1
    assert model.calls() == []
    assert_ledger_holds(project)


@pytest.mark.parametrize("outcome", ["expired", "canceled", "errored:500", "errored:529"])
def test_what_was_not_answered_is_free_and_asked_once_more_in_the_next_batch_f20(
    project: Project, model: ModelServer, outcome: str
) -> None:
    model.batches.outcomes = {"#1": outcome}
    run = bulk(project, 2)
    unlucky = run.jobs.order_by("pk")[1]
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert posts(model)[1:] == [[f"{unlucky.uid.hex}-2"]]
    assert list(unlucky.calls.order_by("pk").values_list("outcome__kind", "attempt")) == [("error", 1), ("reply", 2)]
    assert_ledger_holds(project)


def test_what_was_not_answered_twice_has_failed_f20(project: Project, model: ModelServer, adam: User) -> None:
    model.batches.outcomes = {"#0": "expired"}
    run = bulk(project, 1)
    finish(run)
    assert list(run.jobs.values_list("status", "reason")) == [("failed", "unavailable")]
    assert len(posts(model)) == 2
    assert money(project) == (0, 0)
    model.batches.outcomes = {}
    assert retry(run=run, user=adam, reason="unavailable") == 1
    finish(run)
    assert counts(run) == {JobStatus.DONE: 1}
    assert_ledger_holds(project)


def test_results_that_are_cut_are_read_on_f20(project: Project, model: ModelServer) -> None:
    model.batches.cut_after = 3
    run = bulk(project, 6)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 6}
    assert Draft.objects.count() == CallOutcome.objects.count() == 6
    assert len([seen for seen in model.seen if seen["path"].endswith("/results")]) == 2
    assert_ledger_holds(project)


def test_results_that_are_read_twice_change_nothing_f20(project: Project, model: ModelServer) -> None:
    run = bulk(project, 3)
    finish(run)
    before = (money(project), counts(run), list(CallOutcome.objects.values()), list(Draft.objects.values()))
    Batch.objects.update(status=Batch.Status.SUBMITTED)
    finish(run)
    assert (money(project), counts(run), list(CallOutcome.objects.values()), list(Draft.objects.values())) == before
    assert Batch.objects.get().cursor == 3
    assert_ledger_holds(project)


def without_lines(model: ModelServer, monkeypatch: Any, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """The server's results are others than it has made."""
    whole = model.batches.results

    def changed(batch_id: str) -> tuple[bytes, int]:
        raw, _ = whole(batch_id)
        body = b"".join(change(raw.splitlines(keepends=True)))
        return body, len(body)

    monkeypatch.setattr(model.batches, "results", changed)


def test_calls_that_no_line_names_are_unknown_keep_their_money_and_are_asked_once_more_f20(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 3)
    lost = run.jobs.order_by("pk")[0]
    name = f"{lost.uid.hex}-1".encode()
    without_lines(model, monkeypatch, lambda lines: [line for line in lines if name not in line])
    finish(run)
    assert counts(run) == {JobStatus.DONE: 3}
    first, second = lost.calls.select_related("outcome").order_by("pk")
    assert (first.outcome.kind, first.outcome.cost_micro_usd) == ("unknown", None)
    assert second.outcome.kind == "reply"
    assert money(project)[1] == first.reserved_micro_usd
    assert len([seen for seen in model.seen if seen["path"].endswith("001/results")]) == batches.MOST_READS
    assert_ledger_holds(project)


def test_lines_that_nobody_can_read_are_no_data_and_are_not_paid_for_again_f20(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    run = bulk(project, 3)

    def spoil(lines: list[bytes]) -> list[bytes]:
        spoilt = lines[0].replace(b'"result"', b'"result": NaN, "result"', 1)
        strange = b'{"custom_id": "somebody-elses-1", "result": {"type": "succeeded"}}\n'
        return [b"\n", strange, spoilt, b"no json\n", b"x" * (batch_api.MOST_LINE_BYTES + 1) + b"\n", *lines[1:]]

    without_lines(model, monkeypatch, spoil)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2, JobStatus.FAILED: 1}
    failed = run.jobs.get(status=JobStatus.FAILED)
    assert (failed.reason, failed.calls.get().outcome.cost_micro_usd) == ("not_json", None)
    assert len(posts(model)) == 1
    assert_ledger_holds(project)


def test_a_line_that_refuses_us_stops_the_model_until_a_person_closes_the_breaker(
    project: Project, model: ModelServer, adam: User
) -> None:
    model.batches.outcomes = {"#1": "errored:401"}
    run = bulk(project, 2)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 1, JobStatus.PAUSED: 1}
    assert Breaker.objects.get().status == Breaker.Status.OPEN
    model.batches.outcomes = {}
    close_breaker(model=run.model, user=adam, project=project)
    let_time_pass()
    sweep_jobs()
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert_ledger_holds(project)


def test_a_reply_that_breaks_a_rule_is_repaired_by_a_single_call(
    project: Project, model: ModelServer, monkeypatch: Any
) -> None:
    class Strict(CaptionKind):
        def read(self, job: Job, call: Call, value: Any) -> Any:
            if not call.is_repair:
                raise BreaksRules("It says too much.")
            return super().read(job, call, value)

    monkeypatch.setitem(kinds._kinds, "caption", Strict())
    run = bulk(project, 2)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert len(posts(model)) == 1
    assert len(model.calls()) == 2
    assert sorted((call.is_repair, call.batch is None) for call in Call.objects.select_related("batch")) == [
        (False, False),
        (False, False),
        (True, True),
        (True, True),
    ]
    assert_ledger_holds(project)


# --- People and money ---


def test_a_cancelled_run_cancels_its_batch_and_keeps_what_was_answered(
    project: Project, model: ModelServer, adam: User
) -> None:
    model.batches.polls = 100
    run = bulk(project, 2)
    deliver()
    before = len(model.seen)
    run.jobs.filter(pk=run.jobs.order_by("pk")[0].pk).update(failures=1)
    cancel(run=run, user=adam)
    assert len(model.seen) == before, "nothing is asked in a request"
    cancel(run=run, user=adam)
    finish(run)
    assert counts(run) == {JobStatus.CANCELLED: 2}
    assert [seen["path"] for seen in model.seen if seen["path"].endswith("/cancel")] == [
        f"{BATCHES}/msgbatch_000001/cancel"
    ]
    assert money(project) == (0, 0)
    assert_ledger_holds(project)
    again = make_run(project=project, user=None, kind="captions", is_batch=True)
    model.batches.polls = 0
    finish(again)
    assert counts(again) == {JobStatus.DONE: 2}
    assert_ledger_holds(project)


def test_a_run_cancelled_before_its_batch_was_sent_sends_nothing(
    project: Project, model: ModelServer, adam: User
) -> None:
    run = bulk(project, 2)
    cancel(run=run, user=adam)
    finish(run)
    assert counts(run) == {JobStatus.CANCELLED: 2}
    assert model.seen == []


@pytest.mark.parametrize("stop", [pause, cancel])
def test_a_run_stopped_while_its_batch_is_filled_sends_nothing(
    project: Project, model: ModelServer, adam: User, monkeypatch: Any, stop: Any
) -> None:
    run = bulk(project, 3)
    whole, numbers = jobs.prepare, itertools.count()

    def stopping(job: Job, **more: Any) -> Any:
        if next(numbers) == 1:
            stop(run=run, user=adam)
        return whole(job, **more)

    monkeypatch.setattr(batches, "prepare", stopping)
    deliver()
    sweep_jobs()
    assert counts(run) == {JobStatus.QUEUED if stop is pause else JobStatus.CANCELLED: 3}
    assert posts(model) == []
    assert money(project) == (0, 0)
    assert_ledger_holds(project)


def test_a_paused_run_sends_nothing_new_and_takes_in_what_comes_back(
    project: Project, model: ModelServer, adam: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(batches, "MOST_JOBS", 2)
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 1)
    run = bulk(project, 3)
    deliver()
    pause(run=run, user=adam)
    for _ in range(4):
        let_time_pass()
        sweep_jobs()
        deliver()
    assert counts(run) == {JobStatus.DONE: 2, JobStatus.QUEUED: 1}
    assert len(posts(model)) == 1
    resume(run=run, user=adam)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 3}
    assert_ledger_holds(project)


def test_jobs_without_money_are_left_out(project: Project, model: ModelServer) -> None:
    run = bulk(project, 3)
    finish(run)
    one = Call.objects.first()
    assert one is not None
    spent = money(project)[0]
    cap = spent + 2 * one.reserved_micro_usd
    DraftingSettings.objects.create(project=project, cap_micro_usd=cap)
    Job.objects.update(status=JobStatus.CANCELLED)
    Caption.objects.update(state=State.WAITING, draft=None)
    again = make_run(project=project, user=None, kind="captions", is_batch=True)
    deliver()
    assert counts(again) == {JobStatus.CALLING: 2, JobStatus.PAUSED: 1}
    assert again.jobs.get(status=JobStatus.PAUSED).reason == "budget"
    assert [len(names) for names in posts(model)] == [3, 2]
    assert sum(money(project)) <= cap


def test_half_of_the_worst_case_is_reserved_before_anything_is_sent(project: Project, model: ModelServer) -> None:
    other = ProjectFactory.create(slug="other")
    for job in drafting_jobs(other, 1):
        jobs.run_job(job.pk)
    run = bulk(project, 1)
    deliver()
    assert counts(run) == {JobStatus.CALLING: 1}
    whole = Call.objects.get(project=other).reserved_micro_usd
    assert money(project) == (0, -(-whole // 2))


def test_what_is_not_wanted_any_more_is_not_asked(project: Project, model: ModelServer, ana: User) -> None:
    run = bulk(project, 2)
    caption = Caption.objects.order_by("pk")[0]
    save(caption=caption, user=ana, etag=words_for(caption, ana).etag, text="My own words.", people=[])
    finish(run)
    assert counts(run) == {JobStatus.DONE: 1, JobStatus.FAILED: 1}
    assert [len(names) for names in posts(model)] == [1]
    assert_ledger_holds(project)


# --- A server that is not well ---


@pytest.mark.parametrize("reply", ["401", "402", "403", "spend_limit", "usage_limits"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_refuses_us_opens_the_breaker_and_keeps_no_money(
    project: Project, model: ModelServer, adam: User, reply: str, method: str
) -> None:
    model.behave(then=reply, path=BATCHES, method=method)
    run = bulk(project, 2)
    finish(run)
    assert counts(run) == {JobStatus.PAUSED: 2}
    assert set(run.jobs.values_list("reason", flat=True)) == {"breaker"}
    assert Breaker.objects.get().status == Breaker.Status.OPEN
    assert len(posts(model)) == (method == "POST")
    assert not Call.objects.exclude(outcome__cost_micro_usd=0).exists()
    model.behave(path=BATCHES, method=method)
    close_breaker(model=run.model, user=adam, project=project)
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert_ledger_holds(project)


@pytest.mark.parametrize("reply", ["429:7", "413", "400"])
def test_a_batch_that_was_refused_costs_nothing(project: Project, model: ModelServer, reply: str) -> None:
    model.behave(reply, path=BATCHES)
    run = bulk(project, 2)
    deliver()
    assert money(project) == (0, 0)
    is_busy = reply.startswith("429")
    assert counts(run) == {JobStatus.QUEUED if is_busy else JobStatus.FAILED: 2}
    if is_busy:
        assert run.jobs.filter(next_attempt_at__gt=Now() + timedelta(seconds=5)).count() == 2
        assert Breaker.objects.filter(not_before__gt=Now() + timedelta(seconds=5)).exists()
    finish(run)
    assert counts(run) == {JobStatus.DONE if is_busy else JobStatus.FAILED: 2}
    assert set(run.jobs.values_list("reason", flat=True)) == ({""} if is_busy else {"bad_request"})
    assert_ledger_holds(project)


@pytest.mark.parametrize("reply", ["429:20", "500", "502", "529", "bad:html", "lost", "half", "refuse", "404"])
def test_a_question_that_is_not_answered_is_asked_again_later(project: Project, model: ModelServer, reply: str) -> None:
    for path in (BATCHES, f"{BATCHES}/msgbatch_000001", f"{BATCHES}/msgbatch_000001/results"):
        model.behave(reply, path=path, method="GET")
    run = bulk(project, 2)
    deliver()
    assert Call.objects.count() == 0
    assert Batch.objects.filter(next_attempt_at__gt=Now() + timedelta(seconds=3), lease_until=None).exists()
    finish(run)
    assert counts(run) == {JobStatus.DONE: 2}
    assert len(posts(model)) == 1
    assert_ledger_holds(project)


def test_a_batch_that_the_server_has_forgotten_is_given_up_after_a_day(project: Project, model: ModelServer) -> None:
    run = bulk(project, 1)
    deliver()
    model.behave(then="404", path=f"{BATCHES}/msgbatch_000001", method="GET")
    for _ in range(5):
        let_time_pass()
        sweep_jobs()
        deliver()
    assert counts(run) == {JobStatus.CALLING: 1}
    assert not Breaker.objects.filter(status=Breaker.Status.OPEN).exists()
    Batch.objects.update(sent_at=F("sent_at") - timedelta(hours=26))
    finish(run)
    assert counts(run) == {JobStatus.DONE: 1}
    assert [call.outcome.kind for call in Call.objects.order_by("pk")] == ["unknown", "reply"]
    assert_ledger_holds(project)


def test_without_a_key_nothing_is_taken(project: Project, model: ModelServer, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = ""
    run = bulk(project, 1)
    finish(run)
    assert list(run.jobs.values_list("status", "reason")) == [("paused", "no_key")]
    settings.ANTHROPIC_API_KEY = "a key for tests"
    sweep_jobs()
    finish(run)
    assert counts(run) == {JobStatus.DONE: 1}


def test_pauses_grow_up_to_ten_minutes(project: Project, model: ModelServer) -> None:
    batch = Batch(run=bulk(project, 1), attempts=1)
    pauses = []
    for attempts in (1, 2, 3, 8, 9, 500):
        batch.attempts = attempts
        pauses.append(batches._poll_pause(batch))
    assert pauses == [5, 10, 20, 600, 600, 600]
