"""A clip that waits becomes a drafted one: what is sent, what is kept, what it cost, and that nothing is paid twice."""

from datetime import UTC, datetime

from annotation import caption_checks
from annotation.drafting.jobs import run_job
from annotation.models import BudgetAccount, Call, CallOutcome, Caption, Draft, Event, JobStatus, Outbox, Project, User
from annotation.services.captions import save, words_for
from annotation.services.drafting import make_run, regenerate
from annotation.states import State
from qa.services.history import verify_project
from tests.annotation.drafting.conftest import drafting_jobs
from tests.model_server import ModelServer


def test_a_waiting_caption_is_drafted_and_says_where_it_comes_from(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason, job.attempt) == (JobStatus.DONE, "", 1)
    draft = Draft.objects.get()
    assert (draft.job, draft.prompt_version, draft.model) == (job, job.prompt.version, "claude-sonnet-5-5")
    assert draft.payload["caption"].startswith("There ")
    assert draft.provenance["frames_ms"] == [0, 900]
    assert draft.provenance["stop_reason"] == "end_turn"
    caption = Caption.objects.get()
    assert (caption.state, caption.draft) == (State.DRAFTED, draft)
    assert draft.flags.checks_version == caption_checks.VERSION
    assert Event.objects.filter(object_type="caption", verb="draft", actor=None).count() == 1
    assert verify_project(project).counts["drafts"] == 1


def test_what_is_sent_is_journalled_with_pictures_as_digests(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    run_job(job.pk)
    (seen,) = model.calls()
    call = Call.objects.get()
    assert seen["body"]["system"][0]["text"] == job.prompt.text
    assert seen["body"]["system"][0]["cache_control"] == {"type": "ephemeral"}
    content = seen["body"]["messages"][0]["content"]
    assert [block["text"] for block in content if block["type"] == "text"][:2] == [
        "Frame at 0.00 s:",
        "Frame at 0.90 s:",
    ]
    assert [frame["ms"] for frame in call.request["frames"]] == [0, 900]
    assert "tools" not in seen["body"]
    assert call.estimated_input_tokens >= seen["usage"]["input_tokens"]


def test_the_ledger_is_what_the_server_billed_to_the_micro_dollar(project: Project, model: ModelServer) -> None:
    for job in drafting_jobs(project, 3):
        run_job(job.pk)
    # claude-sonnet-5-5: 2 USD for a million tokens of input, 10 of output, 2.50 to write the cache, 0.10 to read it.
    # In millionths of a dollar that is 2, 10, 2.5 and 0.1 a token; each call is rounded up.
    expected = 0
    for seen in model.calls():
        usage = seen["usage"]
        tenths = (
            usage["input_tokens"] * 20
            + usage["output_tokens"] * 100
            + usage["cache_creation_input_tokens"] * 25
            + usage["cache_read_input_tokens"] * 1
        )
        expected += -(-tenths // 10)
    today = datetime.now(UTC).date()
    for key in ("installation", f"installation:{today}", "project:demo", f"project:demo:{today}"):
        account = BudgetAccount.objects.get(key=key)
        assert (account.spent_micro_usd, account.reserved_micro_usd) == (expected, 0), key
    assert sum(cost or 0 for cost in CallOutcome.objects.values_list("cost_micro_usd", flat=True)) == expected
    assert model.calls()[2]["usage"]["cache_read_input_tokens"] > 0


def test_a_job_that_is_done_is_never_asked_again(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    for _ in range(3):
        run_job(job.pk)
    assert make_run(project=project, user=None, kind="captions").jobs.count() == 0
    assert len(model.calls()) == Draft.objects.count() == 1


def test_a_second_run_makes_no_job_twice(project: Project, model: ModelServer) -> None:
    drafting_jobs(project, 2)
    again = make_run(project=project, user=None, kind="captions")
    assert (again.jobs.count(), again.known) == (0, 2)
    assert Outbox.objects.filter(task="annotation.run_job", queue="drafting").count() == 2


def test_somebody_who_began_to_write_is_not_drafted_over(project: Project, ana: User, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    caption = Caption.objects.get()
    save(caption=caption, user=ana, etag=words_for(caption, ana).etag, text="My own words.", people=[])
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.FAILED, "outdated")
    assert model.calls() == []
    assert words_for(Caption.objects.get(), ana).text == "My own words."


def test_regenerating_keeps_every_earlier_draft_and_touches_no_word(
    project: Project, ana: User, model: ModelServer
) -> None:
    (job,) = drafting_jobs(project, 1)
    run_job(job.pk)
    caption = Caption.objects.select_related("clip__project").get()
    save(caption=caption, user=ana, etag=words_for(caption, ana).etag, text="My own words.", people=[])
    another = regenerate(clip=caption.clip, user=ana)
    assert regenerate(clip=caption.clip, user=ana) == another
    run_job(another.pk)
    assert list(Draft.objects.values_list("job__sample", flat=True)) == [0, 1]
    caption = Caption.objects.get()
    assert (caption.state, words_for(caption, ana).text) == (State.EDITING, "My own words.")
    assert caption.draft is not None
    assert caption.draft.job == job
