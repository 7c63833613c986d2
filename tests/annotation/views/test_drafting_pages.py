"""The pages of drafting: what they say when something is missing, what each verb does, and who may do it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from annotation.drafting import breakers
from annotation.drafting.frames import text_tokens
from annotation.drafting.jobs import run_job
from annotation.models import (
    Breaker,
    BudgetAccount,
    Call,
    CallOutcome,
    Caption,
    DraftingSettings,
    Job,
    JobStatus,
    Project,
    Run,
    User,
)
from annotation.services.captions import submit, words_for
from annotation.services.drafted_captions import MAX_TOKENS
from annotation.services.drafting import make_run
from annotation.services.estimates import TOKENS_AROUND, estimate
from annotation.services.ledger import ledger_of
from annotation.services.reviews import approve
from annotation.states import State
from annotation.views.drafting import REASONS
from qa.drafted_questions import QUESTIONS_SCHEMA
from qa.services import drafted_items
from tests.annotation.drafting.conftest import drafting_jobs, model, waiting_clips, with_frames
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.model_server import ModelServer

__all__ = ["model"]

SignIn = Callable[[User], Client]
HOME, LEDGER, SETTINGS, BREAKER = (
    f"/projects/demo/drafting/{page}" for page in ("", "ledger/", "settings/", "breaker")
)
MODEL = "claude-sonnet-5-5"
OWN = {"frames": "8", "long_side": "256", "questions_per_category": "3", "control_percent": "10"}
KEY = "sk-ant-a-key-that-nobody-may-read"


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def address_of(run: Run) -> str:
    return f"{HOME}runs/{run.pk}/"


def failed(jobs: list[Job], reason: str, *, status: str = JobStatus.FAILED, detail: str = "It was so.") -> None:
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(status=status, reason=reason, detail=detail)


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-figure="(\w+)">([\d,]+)<', page))


@pytest.fixture
def has_key(settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = "a key for tests"


@pytest.fixture
def run(project: Project, has_key: None) -> Run:
    """Five captions wait for the model."""
    jobs = drafting_jobs(project, 5)
    assert jobs[0].run is not None
    return jobs[0].run


# --- what is missing ---


def test_without_a_key_the_page_names_the_variable_and_nothing_else_breaks(
    project: Project, adam: User, ana: User, client_of: SignIn, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = ""
    (clip,) = waiting_clips(project, 1)
    client = client_of(adam)
    for address in (HOME, SETTINGS, f"{HOME}?kind=captions"):
        assert "ANTHROPIC_API_KEY</code> is not set" in page_of(client, address)
    assert "people write captions from scratch" in page_of(client, HOME)
    assert "Start the run" not in page_of(client, f"{HOME}?kind=captions")
    refused = client.post(HOME, {"kind": "captions"})
    assert (refused.status_code, Run.objects.count(), Job.objects.count()) == (400, 0, 0)
    assert "no ANTHROPIC_API_KEY, so no run can start" in refused.content.decode()
    page_of(client, LEDGER)
    workspace = f"/projects/demo/clips/{clip.clip_id}/caption"
    page_of(client_of(ana), workspace)
    words = {"verb": "save", "etag": '"0-0"', "text": "He jumps.", "person_key": [], "person_description": []}
    assert client_of(ana).post(workspace, words).status_code == 302


def test_a_run_that_exists_says_that_there_is_no_key(run: Run, adam: User, client_of: SignIn, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = ""
    assert "ANTHROPIC_API_KEY</code> is not set" in page_of(client_of(adam), address_of(run))


def test_an_open_breaker_says_why_and_an_administrator_closes_it(run: Run, adam: User, client_of: SignIn) -> None:
    breakers.trip(MODEL, reason="The model's server refuses us (401): invalid key")
    failed(list(run.jobs.all()[:2]), "breaker", status=JobStatus.PAUSED)
    client = client_of(adam)
    for address in (HOME, SETTINGS, address_of(run)):
        page = page_of(client, address)
        assert 'data-breaker="open"' in page
        assert "refuses us (401): invalid key" in page
    assert client.post(BREAKER, {"model": MODEL})["Location"] == HOME
    closed = Breaker.objects.get(pk=MODEL)
    assert (closed.status, closed.closed_by) == (Breaker.Status.CLOSED, adam)
    assert run.jobs.filter(status=JobStatus.QUEUED).count() == 5
    assert "data-breaker" not in page_of(client, HOME)
    assert client.post(BREAKER, {"model": MODEL}).status_code == 400  # pressed twice


def test_an_ill_model_is_said_but_there_is_nothing_to_close(run: Run, adam: User, client_of: SignIn) -> None:
    for _ in range(5):
        breakers.fault(MODEL, reason="overloaded")
    page = page_of(client_of(adam), HOME)
    assert 'data-breaker="ill"' in page
    assert "Close the breaker" not in page


def test_only_a_breaker_of_this_project_can_be_closed(run: Run, adam: User, client_of: SignIn) -> None:
    breakers.trip("another-model", reason="refused")
    client = client_of(adam)
    for name in ("another-model", "never-seen", MODEL):
        assert client.post(BREAKER, {"model": name}).status_code == 400
    assert Breaker.objects.get(pk="another-model").status == Breaker.Status.OPEN
    assert Breaker.objects.count() == 1
    assert "another-model" not in page_of(client, HOME)


def test_a_model_without_a_price_is_said_and_not_started(
    project: Project, has_key: None, adam: User, client_of: SignIn
) -> None:
    DraftingSettings.objects.create(project=project, model="claude-nobody-knows")
    waiting_clips(project, 2)
    client = client_of(adam)
    page = page_of(client, f"{HOME}?kind=captions")
    assert "What the model “claude-nobody-knows” costs" in page
    assert "data-range" not in page
    assert re.search(r"data-count><b>2</b> drafts", page)
    assert "Start the run" not in page
    refused = client.post(HOME, {"kind": "captions"})
    assert (refused.status_code, Run.objects.count()) == (400, 0)
    assert "claude-nobody-knows" in page_of(client, SETTINGS)


# --- before a run ---


def test_asking_counts_and_estimates_and_makes_no_job(
    project: Project, has_key: None, adam: User, client_of: SignIn
) -> None:
    waiting_clips(project, 3)
    ClipFactory.create(project=project, clip_id="control", is_control=True)
    page = page_of(client_of(adam), f"{HOME}?kind=captions")
    assert re.search(r"data-count><b>3</b> drafts", page)
    low, high = re.findall(r"\$([\d.]+)", page[page.index("data-range") :])[:2]
    assert 0 < float(low) < float(high)
    assert "1 clip, without a draft" in page
    assert "a typical case" in page
    assert (Run.objects.count(), Job.objects.count()) == (0, 0)


def test_what_is_estimated_is_what_a_run_makes(project: Project, has_key: None) -> None:
    waiting_clips(project, 4)
    make_run(project=project, user=None, kind="captions", limit=1)
    ahead = estimate(project=project, kind="captions")
    made = make_run(project=project, user=None, kind="captions")
    assert (ahead.count, ahead.known) == (made.jobs.count(), made.known) == (3, 1)
    assert estimate(project=project, kind="captions").count == 0
    Job.objects.update(status=JobStatus.CANCELLED)
    assert estimate(project=project, kind="captions", limit=2).count == 2


def test_the_high_end_is_what_the_calls_reserve_and_half_of_it_in_bulk(project: Project, model: ModelServer) -> None:
    waiting_clips(project, 2)
    high = estimate(project=project, kind="captions").high
    in_bulk = estimate(project=project, kind="captions", is_batch=True).high
    for job in make_run(project=project, user=None, kind="captions").jobs.all():
        run_job(job.pk)
    reserved = sum(call.reserved_micro_usd for call in Call.objects.all())
    assert high is not None
    assert in_bulk is not None
    # 16 frames of 320 × 240 (12 × 9 patches and 16 around) are counted, two of 64 × 48 (3 × 2 and 16) were sent; and
    # TOKENS_AROUND is a bound. The dearest that a token of input can be is 4 micro-dollars (cached for an hour).
    pictures = 2 * (16 * (12 * 9 + 16) - 2 * (3 * 2 + 16)) * 4
    assert reserved + pictures < high < reserved + pictures + 2 * TOKENS_AROUND * 4
    assert abs(in_bulk * 2 - high) <= 4


def test_the_low_end_is_the_median_of_past_calls_if_there_are_five(project: Project, model: ModelServer) -> None:
    for job in drafting_jobs(project, 4):
        run_job(job.pk)
    for number in range(2):
        ClipFactory.create(project=project, clip_id=f"later-{number}")
    assert estimate(project=project, kind="captions").calls_behind == 0
    later = make_run(project=project, user=None, kind="captions", limit=1).jobs.get()
    with_frames(later.clip)
    run_job(later.pk)
    costs = sorted(cost or 0 for cost in CallOutcome.objects.values_list("cost_micro_usd", flat=True))
    found = estimate(project=project, kind="captions")
    assert (found.count, found.calls_behind, found.low) == (1, 5, costs[2])
    half = estimate(project=project, kind="captions", is_batch=True)
    assert half.low == -(-costs[2] // 2)
    assert estimate(project=project, kind="qa").calls_behind == 0


def test_questions_are_counted_by_category_and_their_bound_holds(
    project: Project, ana: User, rui: User, model: ModelServer
) -> None:
    DraftingSettings.objects.create(project=project, questions_see_frames=False)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, text="He spreads both arms and jumps. " * 100)
    found = estimate(project=project, kind="qa")
    assert (found.count, found.withheld) == (5, 0)
    for job in make_run(project=project, user=None, kind="qa").jobs.all():
        run_job(job.pk)
    first = Call.objects.filter(is_repair=False)
    assert first.count() == 5
    assert found.high is not None
    assert found.high > sum(call.reserved_micro_usd for call in first)
    # What the estimate takes for granted of a kind that it does not know.
    assert drafted_items.MAX_TOKENS == MAX_TOKENS
    assert text_tokens(str(QUESTIONS_SCHEMA)) + 100 < TOKENS_AROUND


def test_starting_makes_the_run_that_was_asked_for(
    project: Project, has_key: None, adam: User, client_of: SignIn
) -> None:
    waiting_clips(project, 3)
    client = client_of(adam)
    page = page_of(client, f"{HOME}?kind=captions&limit=2&is_batch=on")
    for name, value in (("kind", "captions"), ("limit", "2"), ("is_batch", "on")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    answer = client.post(HOME, {"kind": "captions", "limit": "2", "is_batch": "on"})
    made = Run.objects.get()
    assert answer["Location"] == address_of(made)
    assert (made.created_by, made.is_batch, made.jobs.count()) == (adam, True, 2)


@pytest.mark.parametrize(
    "said", [{"kind": "films"}, {"kind": "captions", "limit": "0"}, {"kind": "captions", "x": "1"}]
)
def test_what_the_form_does_not_know_starts_nothing(
    project: Project, has_key: None, adam: User, client_of: SignIn, said: dict[str, str]
) -> None:
    client = client_of(adam)
    assert client.post(HOME, said).status_code == 400
    assert client.get(HOME, said).status_code == 400
    assert not Run.objects.exists()


def test_a_cap_that_leaves_too_little_is_said_before_the_start(
    project: Project, has_key: None, adam: User, client_of: SignIn
) -> None:
    waiting_clips(project, 3)
    DraftingSettings.objects.create(project=project, cap_micro_usd=1_000, day_cap_micro_usd=0)
    page = page_of(client_of(adam), f"{HOME}?kind=captions")
    assert "$0.0010 left: the run may have to wait" in page
    assert "the cap is used up: the run will wait" in page


# --- a run ---


def test_a_run_shows_counts_cost_and_who_began_it(
    project: Project, adam: User, client_of: SignIn, model: ModelServer
) -> None:
    jobs = drafting_jobs(project, 4, user=adam)
    run_job(jobs[0].pk)
    run = Run.objects.get()
    Run.objects.update(withheld=7, known=1)
    page = page_of(client_of(adam), address_of(run))
    assert figures(page) == {"waiting": "3", "on_the_way": "0", "done": "1", "failed": "0"}
    assert "by Adam Berg" in page
    assert "7 clips of the control share are written without a draft" in page
    assert "1 was asked for by an earlier run" in page
    cost = CallOutcome.objects.get().cost_micro_usd or 0
    assert f"data-settled>${cost / 1e6:.4f}<" in page
    assert "data-reserved>$0.0000<" in page
    assert 'hx-trigger="every 2s"' in page


def test_htmx_gets_the_progress_alone_and_caches_are_told(run: Run, adam: User, client_of: SignIn) -> None:
    client = client_of(adam)
    answer = client.get(address_of(run), headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert part.strip().startswith('<div class="run" id="progress" hx-get=')
    assert "<html" not in part
    assert figures(part)["waiting"] == "5"
    assert "HX-Request" in answer["Vary"]
    assert "HX-Request" in client.get(address_of(run))["Vary"]


@pytest.mark.parametrize(("status", "word"), [(JobStatus.DONE, "Over"), (JobStatus.FAILED, "Over")])
def test_polling_stops_when_the_run_is_over(
    run: Run, adam: User, client_of: SignIn, status: JobStatus, word: str
) -> None:
    run.jobs.update(status=status, reason="" if status == JobStatus.DONE else "malformed")
    page = page_of(client_of(adam), address_of(run))
    assert "hx-get" not in page
    assert "data-over" in page
    assert f"{word}</span>" in page
    assert 'value="pause"' not in page
    assert 'value="cancel"' not in page


def test_a_run_for_which_nothing_waited_is_over(project: Project, adam: User, client_of: SignIn, has_key: None) -> None:
    run = make_run(project=project, user=adam, kind="captions")
    page = page_of(client_of(adam), address_of(run))
    assert "Nothing waited for a draft" in page
    assert "data-over" in page


def test_pausing_resuming_and_cancelling(run: Run, adam: User, client_of: SignIn) -> None:
    client = client_of(adam)

    def press(verb: str) -> tuple[int, str]:
        answer = client.post(address_of(run), {"verb": verb})
        run.refresh_from_db()
        return answer.status_code, run.status

    assert press("pause") == (302, Run.Status.PAUSED)
    assert press("pause") == (302, Run.Status.PAUSED)
    paused = page_of(client, address_of(run))
    assert 'value="resume"' in paused
    assert "hx-get" not in paused  # nothing moves by itself
    assert press("resume") == (302, Run.Status.RUNNING)
    assert press("cancel") == (302, Run.Status.CANCELLED)
    assert run.jobs.filter(status=JobStatus.CANCELLED).count() == 5
    assert press("resume") == (409, Run.Status.CANCELLED)
    assert client.post(address_of(run), {"verb": "retry", "reason": "malformed"}).status_code == 409
    assert "Cancelled</span>" in page_of(client, address_of(run))


def test_a_paused_run_is_watched_until_what_is_with_the_model_is_back(run: Run, adam: User, client_of: SignIn) -> None:
    run.jobs.filter(pk=run.jobs.order_by("pk")[0].pk).update(status=JobStatus.CALLING)
    client = client_of(adam)
    client.post(address_of(run), {"verb": "pause"})
    assert "hx-get" in page_of(client, address_of(run))


@pytest.mark.parametrize("said", [{}, {"verb": ""}, {"verb": "delete"}, {"verb": "pause", "status": "cancelled"}])
def test_an_unknown_verb_or_field_changes_nothing(
    run: Run, adam: User, client_of: SignIn, said: dict[str, str]
) -> None:
    assert client_of(adam).post(address_of(run), said).status_code == 400
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_failures_stand_by_reason_and_can_be_tried_again(
    project: Project, adam: User, client_of: SignIn, has_key: None
) -> None:
    jobs = drafting_jobs(project, 25)
    run = Run.objects.get()
    failed(jobs[:22], "malformed", detail="The reply has 2 texts instead of one.")
    failed(jobs[22:24], "unknown", status=JobStatus.UNKNOWN)
    failed(jobs[24:], "of_the_future")
    client = client_of(adam)
    page = page_of(client, address_of(run))
    assert figures(page) == {"waiting": "0", "on_the_way": "0", "done": "0", "failed": "23", "unknown": "2"}
    assert re.findall(r'data-reason="(\w+)"', page) == ["malformed", "of_the_future", "unknown"]
    assert "The reply is not what was asked for" in page
    assert "may be paid twice" in page
    assert "of the future" in page
    assert "The first 20 of 22." in page
    assert page.count("The reply has 2 texts instead of one.") == 20
    assert f'href="/projects/demo/clips/{jobs[0].clip.clip_id}/caption"' in page
    assert f">{jobs[20].clip.clip_id}<" not in page

    client.post(address_of(run), {"verb": "retry", "reason": "malformed"})
    assert run.jobs.filter(status=JobStatus.QUEUED).count() == 22
    assert run.jobs.filter(status=JobStatus.FAILED).count() == 1
    assert "22 are queued again." in page_of(client, address_of(run))
    client.post(address_of(run), {"verb": "retry", "reason": "no such reason"})
    assert "0 are queued again." in page_of(client, address_of(run))


def test_every_reason_that_drafting_gives_has_words(settings: Any) -> None:
    code = "\n".join(path.read_text() for path in (settings.BASE_DIR / "annotation/drafting").glob("*.py"))
    given = re.findall(r'(?:\breason="|fail\(job, "|Unusable\(\s*"|^    code = ")([a-z_]+)"', code, flags=re.MULTILINE)
    assert len(set(given)) > 12
    # What refuses us opens the breaker, and is that job's reason.
    assert set(given) ^ set(REASONS) == {"refusing"}


def test_a_run_that_waits_for_money_says_which_cap(
    project: Project, adam: User, client_of: SignIn, model: ModelServer
) -> None:
    DraftingSettings.objects.create(project=project, cap_micro_usd=0)
    for job in drafting_jobs(project, 2):
        run_job(job.pk)
    client = client_of(adam)
    page = page_of(client, address_of(Run.objects.get()))
    assert figures(page)["paused"] == "2"
    assert "Held up</span>" in page
    assert "No money is left under a cap" in page
    assert "This project, in all: the cap of $0.0000 is used up." in page
    client.post(SETTINGS, {**OWN, "cap_usd": "5"})
    assert not Job.objects.filter(status=JobStatus.PAUSED).exists()


# --- settings ---


def test_settings_are_stored_and_shown_again(project: Project, adam: User, client_of: SignIn, has_key: None) -> None:
    client = client_of(adam)
    said = {**OWN, "model": "claude-haiku-4-5", "sends_context": "on", "cap_usd": "12.5", "day_cap_usd": "0"}
    assert client.post(SETTINGS, said)["Location"] == SETTINGS
    own = DraftingSettings.objects.get()
    assert (own.model, own.frames, own.long_side, own.questions_per_category) == ("claude-haiku-4-5", 8, 256, 3)
    assert (own.sends_context, own.questions_see_frames, own.drafts_by_itself) == (True, False, False)
    assert (own.cap_micro_usd, own.day_cap_micro_usd, own.control_percent) == (12_500_000, 0, 10)
    page = page_of(client, SETTINGS)
    assert 'name="cap_usd" class="input" value="12.50"' in page
    assert 'name="day_cap_usd" class="input" value="0.00"' in page
    client.post(SETTINGS, OWN)
    own.refresh_from_db()
    assert (own.cap_micro_usd, own.day_cap_micro_usd, own.sends_context) == (None, None, False)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"frames": "65"}, {"frames": "0"}, {"long_side": "63"}, {"questions_per_category": "6"}),
        *(
            {"control_percent": "101"},
            {"cap_usd": "-1"},
            {"cap_usd": "1.234"},
            {"cap_usd": "NaN"},
            {"day_cap_usd": "x"},
        ),
        *({"model": "x" * 201}, {"model": "a\x00b"}, {"is_control": "on"}, {"cap_micro_usd": "5"}),
    ],
)
def test_a_setting_out_of_bounds_or_unknown_changes_nothing(
    project: Project, adam: User, client_of: SignIn, wrong: dict[str, str]
) -> None:
    assert client_of(adam).post(SETTINGS, {**OWN, **wrong}).status_code == 400
    assert not DraftingSettings.objects.exists()


def test_settings_say_what_is_fixed(project: Project, adam: User, client_of: SignIn) -> None:
    ClipFactory.create(project=project, is_control=True)
    page = page_of(client_of(adam), SETTINGS)
    assert "A new share changes no clip that is here already" in page
    assert "<dt>Clips in the control share</dt><dd>1</dd>" in page
    assert "ANTHROPIC_BASE_URL" in page


# --- the ledger ---


def test_the_ledger_says_what_the_accounts_say(
    project: Project, adam: User, ana: User, rui: User, client_of: SignIn, model: ModelServer
) -> None:
    jobs = drafting_jobs(project, 3)
    for job in jobs[:2]:
        run_job(job.pk)
    model.behave("lost")
    run_job(jobs[2].pk)
    found = ledger_of(project)
    account = BudgetAccount.objects.get(key="project:demo")
    assert (found.total.settled, found.total.reserved) == (account.spent_micro_usd, account.reserved_micro_usd)
    assert account.reserved_micro_usd > 0
    for lines in (found.by_model, found.by_prompt, found.by_kind):
        assert [line.sums for line in lines] == [found.total]
    assert [line.label for line in found.by_kind] == ["Captions"]
    seen = [entry["usage"] for entry in model.calls()[:2]]  # what the lost one was billed nobody here knows
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert found.total.input_tokens == sum(usage[name] for usage in seen for name in names)
    assert found.total.output_tokens == sum(usage["output_tokens"] for usage in seen)

    captions, questions = found.per_item
    assert (captions.approved, captions.each, questions.approved, questions.each) == (0, None, 0, None)
    page = page_of(client_of(adam), LEDGER)
    assert page.count("Unknown</span>") == 1
    assert f"up to ${account.reserved_micro_usd / 1e6:.4f}" in page
    assert f"{jobs[0].prompt.version[:8]}" in page


def test_what_an_approved_caption_cost(project: Project, ana: User, rui: User, model: ModelServer) -> None:
    for job in drafting_jobs(project, 2):
        run_job(job.pk)
    caption = Caption.objects.for_review_page().get(clip__clip_id="clip-000")
    words = words_for(caption, ana)
    submit(caption=caption, user=ana, etag=words.etag, text=words.text, people=words.people)
    caption = Caption.objects.for_review_page().get(pk=caption.pk)
    approve(caption=caption, reviewer=rui, seen_number=caption.head_number)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui)  # its draft was imported
    found = ledger_of(project)
    captions = found.per_item[0]
    assert Caption.objects.filter(state=State.APPROVED).count() == 2
    assert (captions.label, captions.approved, captions.each) == ("Captions", 1, found.total.settled)


def test_another_projects_calls_are_not_in_the_ledger(
    project: Project, otto: User, adam: User, client_of: SignIn, model: ModelServer
) -> None:
    for job in drafting_jobs(project, 1):
        run_job(job.pk)
    theirs = page_of(client_of(otto), "/projects/elsewhere/drafting/ledger/")
    assert "No call yet" in theirs
    spent = BudgetAccount.objects.get(key="installation").spent_micro_usd
    assert f"${spent / 1e6:.4f}" not in theirs  # only who runs the installation knows what all spend
    otto.is_staff = True
    otto.save()
    assert f"${spent / 1e6:.4f}" in page_of(client_of(otto), "/projects/elsewhere/drafting/ledger/")


def many_calls(project: Project, count: int, *, start: int, user: User) -> None:
    """Calls with outcomes of every kind, in a run of their own."""
    clips = [ClipFactory.create(project=project, clip_id=f"many-{start + n}") for n in range(count)]
    jobs = make_run(project=project, user=user, kind="captions").jobs.order_by("pk")
    assert len(clips) == len(jobs)
    now = datetime.now(UTC)
    for number, job in enumerate(jobs):
        call = Call.objects.create(
            job=job,
            attempt=1,
            project=project,
            model=MODEL,
            request={},
            estimated_input_tokens=1,
            max_tokens=1,
            reserved_micro_usd=10,
            day=now.date(),
            created_at=now,
        )
        kinds = CallOutcome.Kind.values
        if number % 5 != 4:
            CallOutcome.objects.create(
                call=call, kind=kinds[number % 4], cost_micro_usd=5 if number % 4 < 3 else None, created_at=now
            )
    failed(list(jobs), "malformed")


@pytest.mark.parametrize("page", [HOME, LEDGER, SETTINGS, "run"])
def test_a_page_asks_as_often_for_two_rows_as_for_twenty(
    project: Project, has_key: None, adam: User, client_of: SignIn, page: str
) -> None:
    client = client_of(adam)

    def queries() -> int:
        address = address_of(Run.objects.first() or Run()) if page == "run" else page
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page_of(client, address)
        return len(captured)

    many_calls(project, 2, start=0, user=adam)
    page_of(client, HOME)
    few = queries()
    many_calls(project, 20, start=2, user=adam)
    assert queries() == few
    for number in range(3):
        many_calls(project, 2, start=100 + 10 * number, user=adam)
    assert queries() == few


# --- who may ---


def test_only_administrators_see_and_press_and_others_find_nothing(
    run: Run, ana: User, rui: User, oda: User, otto: User, client_of: SignIn
) -> None:
    breakers.trip(MODEL, reason="refused")
    posts = [
        *[(address_of(run), {"verb": verb}) for verb in ("pause", "resume", "cancel")],
        (address_of(run), {"verb": "retry", "reason": "malformed"}),
        *[(HOME, {"kind": "captions"}), (SETTINGS, OWN), (BREAKER, {"model": MODEL})],
    ]
    for person, status in ((ana, 403), (rui, 403), (oda, 403), (otto, 404)):
        client = client_of(person)
        for address in (HOME, LEDGER, SETTINGS, address_of(run)):
            assert client.get(address).status_code == status, (person, address)
            assert client.get(address, headers={"HX-Request": "true"}).status_code == status
        for address, said in posts:
            assert client.post(address, said).status_code == status, (person, address, said)
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    assert (Run.objects.count(), DraftingSettings.objects.count()) == (1, 0)
    assert Breaker.objects.get().status == Breaker.Status.OPEN
    assert "Drafting" not in page_of(client_of(ana), "/projects/demo/")


def test_another_projects_run_is_not_there(run: Run, adam: User, otto: User, client_of: SignIn) -> None:
    for client, address in (
        (client_of(otto), f"/projects/elsewhere/drafting/runs/{run.pk}/"),
        (client_of(adam), f"{HOME}runs/{run.pk + 1}/"),
    ):
        assert client.get(address).status_code == 404
        assert client.post(address, {"verb": "cancel"}).status_code == 404
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_the_key_stands_on_no_page_even_if_a_server_says_it(
    project: Project, adam: User, client_of: SignIn, model: ModelServer, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = KEY
    jobs = drafting_jobs(project, 3)
    run_job(jobs[0].pk)
    breakers.trip(MODEL, reason=f"The key {KEY} is wrong")
    failed(jobs[1:2], "bad_request", detail=f"Not with {KEY}")
    call = Call.objects.create(
        job=jobs[2],
        attempt=1,
        project=project,
        model=MODEL,
        request={},
        estimated_input_tokens=1,
        max_tokens=1,
        reserved_micro_usd=10,
        day=datetime.now(UTC).date(),
        created_at=datetime.now(UTC),
    )
    CallOutcome.objects.create(call=call, kind="error", problem=f"{KEY} again", created_at=datetime.now(UTC))
    client = client_of(adam)
    for address in (HOME, f"{HOME}?kind=captions", LEDGER, SETTINGS, address_of(Run.objects.get())):
        page = page_of(client, address)
        assert KEY not in page
        assert "sk-ant" not in page
    assert "The key (the key) is wrong" in page_of(client, HOME)
    assert "Not with (the key)" in page_of(client, address_of(Run.objects.get()))
    assert "(the key) again" in page_of(client, LEDGER)


def test_what_a_model_said_is_text_s20(project: Project, adam: User, client_of: SignIn, has_key: None) -> None:
    jobs = drafting_jobs(project, 1)
    hostile = "<script>alert(1)</script>{{ 7|add:7 }}"
    failed(jobs, "<b>new</b>", detail=hostile)
    breakers.trip(MODEL, reason=hostile)
    client = client_of(adam)
    for address in (HOME, address_of(Run.objects.get())):
        page = page_of(client, address)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
        assert "<b>new</b>" not in page


def test_prices_that_cannot_be_read_are_said_and_start_nothing(
    project: Project, adam: User, client_of: SignIn, has_key: None, settings: Any
) -> None:
    settings.MODEL_PRICES = '[{"model": "mine"}]'
    waiting_clips(project, 1)
    client = client_of(adam)
    for address in (HOME, f"{HOME}?kind=captions", SETTINGS, LEDGER):
        page = page_of(client, address)
        assert address == LEDGER or "MODEL_PRICES[0]" in page, address
    refused = client.post(HOME, {"kind": "captions"})
    assert "MODEL_PRICES[0]" in refused.content.decode()
    assert not Run.objects.exists()


# --- in a browser ---


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_progress_moves_without_a_reload_and_stops_at_the_end(
    live_server: LiveServer, browser: Browser, project: Project, adam: User, client_of: SignIn, has_key: None
) -> None:
    jobs = drafting_jobs(project, 4)
    run = Run.objects.get()
    context = browser.new_context(base_url=live_server.url)
    cookie = client_of(adam).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(address_of(run))
    page.evaluate("window.sameDocument = true")
    expect(page.locator("[data-figure=done]")).to_have_text("0")
    page.get_by_role("button", name="Pause").focus()
    Job.objects.filter(pk=jobs[0].pk).update(status=JobStatus.DONE)
    failed(jobs[1:2], "malformed")
    expect(page.locator("[data-figure=done]")).to_have_text("1")
    expect(page.get_by_role("button", name=re.compile("^Retry these"))).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    Job.objects.filter(pk__in=[job.pk for job in jobs[2:]]).update(status=JobStatus.DONE)
    expect(page.locator("[data-run-state]")).to_have_text("Over")
    expect(page.locator("[data-run-note]")).to_have_text("The run is over.")
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4_500)  # more than two rounds
    assert asked == []
    assert page.evaluate("window.sameDocument")
    assert errors == []
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_who_is_signed_out_meanwhile_keeps_the_figures_and_is_told(
    live_server: LiveServer, browser: Browser, project: Project, adam: User, client_of: SignIn, has_key: None
) -> None:
    drafting_jobs(project, 2)
    context = browser.new_context(base_url=live_server.url)
    client = client_of(adam)
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(address_of(Run.objects.get()))
    client.logout()
    expect(page.locator("[data-run-note]")).to_have_text(re.compile("^You are signed out"))
    expect(page.locator("[data-figure=waiting]")).to_have_text("2")
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_everybody_can_use_the_pages(
    live_server: LiveServer,
    browser: Browser,
    project: Project,
    adam: User,
    client_of: SignIn,
    has_key: None,
    width: int,
    theme: Literal["light", "dark"],
) -> None:
    many_calls(project, 5, start=0, user=adam)
    waiting_clips(project, 2)
    breakers.trip(MODEL, reason="The model's server refuses us (401)")
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 844}, color_scheme=theme
    )
    cookie = client_of(adam).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    for address in (HOME, f"{HOME}?kind=captions", address_of(Run.objects.get()), SETTINGS, LEDGER):
        page.goto(address)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    context.close()
