"""All drafts of a caption beside the words: compared, taken sentence by sentence, and asked for again."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Response, expect

from annotation.drafting.jobs import run_job
from annotation.models import Caption, CaptionWorkingCopy, Clip, Draft, Job, JobStatus, Project, User
from annotation.services.captions import autosave, words_for
from annotation.services.drafting import make_run, regenerate
from annotation.services.drafts import store_draft
from annotation.services.prompts import add_version, choose, shipped
from annotation.states import State
from tests.annotation.drafting.conftest import model, with_frames
from tests.e2e.caption_page import put_caret, text_of
from tests.factories import (
    PEOPLE,
    TEXT,
    ApprovedCaptionFactory,
    ClipFactory,
    DraftedCaptionFactory,
    SubmittedCaptionFactory,
)
from tests.model_server import ModelServer
from tests.qa.scenes import submitted_item

__all__ = ["model"]

WORKSPACE = "/projects/demo/clips/c/caption"
OTHER = "There is one person in the video, a bald man. [00:00.4] He waves both arms. [00:01.0] He jumps."
PRESS_WHILE_TYPING = """() => {
  const { length } = document.querySelector("[data-caption-editor]").caption.text;
  const detail = { from: 0, to: length, insert: "Typed just now." };
  document.dispatchEvent(new CustomEvent("caption:edit", { detail }));
  document.querySelector("button[form=regenerate]").click();
}"""
ClientOf = Callable[[User], Client]


@pytest.fixture
def clip(project: Project) -> Clip:
    return with_frames(ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def caption(project: Project, clip: Clip) -> Caption:
    return DraftedCaptionFactory(project=project, clip=clip)


@pytest.fixture
def no_key(settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = ""


def another_draft(clip: Clip, text: str = OTHER) -> Draft:
    return store_draft(clip=clip, kind="caption", model="second model", payload={"caption": text, "people": PEOPLE})


def said(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def comparison(page: str) -> str:
    return page[page.index('id="draft-comparison"') : page.index('id="pane-history"')]


def test_every_draft_is_listed_with_its_model_and_where_it_comes_from(
    caption: Caption, ana: User, client_of: ClientOf
) -> None:
    another_draft(caption.clip)
    page = said(client_of(ana).get(WORKSPACE))
    assert page.index("<b>Draft 2</b>") < page.index("<b>Draft 1</b>")
    assert '<span class="tag">second model</span> <span class="tag">imported</span>' in page
    assert page.count("the caption began with it") == 1
    assert "<dt>Draft</dt><dd>test model, imported</dd>" in page
    assert 'data-take="[00:00.4] He waves both arms."' in page
    assert "$" not in page[page.index('id="pane-drafts"') : page.index('id="pane-history"')]


def test_a_draft_names_model_and_prompt_and_only_administrators_see_its_cost(
    clip: Clip, project: Project, ana: User, adam: User, client_of: ClientOf, model: ModelServer
) -> None:
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    short = shipped("caption").version[:8]
    for user, sees in ((ana, False), (adam, True)):
        page = said(client_of(user).get(WORKSPACE))
        assert f"<dt>Draft</dt><dd>claude-sonnet-5-5, prompt <code>{short}</code></dd>" in page
        assert f'<span class="tag">prompt {short}</span>' in page
        assert (" · $0.0" in page) == sees


def test_a_regenerated_draft_stands_beside_the_first_and_each_names_its_prompt(
    clip: Clip, project: Project, ana: User, adam: User, client_of: ClientOf, model: ModelServer
) -> None:
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    first = shipped("caption")
    text = first.text[:-1]
    second = add_version(project=project, user=adam, name="caption", title="One letter less", text=text)
    choose(project=project, user=adam, name="caption", version=second.version)
    client = client_of(ana)
    answer = client.post(WORKSPACE, {"verb": "regenerate"})
    assert answer["Location"] == f"{WORKSPACE}?tab=drafts"
    assert "A draft is on its way" in said(client.get(WORKSPACE))
    run_job(Job.objects.get(sample=1).pk)
    page = said(client.get(WORKSPACE))
    assert "A draft is on its way" not in page
    for version in (first.version, second.version):
        assert f'<span class="tag">prompt {version[:8]}</span>' in page
    assert Caption.objects.get().draft == Draft.objects.order_by("pk").first()


def test_regenerating_touches_nobodys_words(
    caption: Caption, ana: User, client_of: ClientOf, model: ModelServer
) -> None:
    autosave(caption=caption, user=ana, etag='"0-0"', text="My own words.", people=[])
    client_of(ana).post(WORKSPACE, {"verb": "regenerate"})
    run_job(Job.objects.get().pk)
    assert Draft.objects.count() == 2
    words = words_for(Caption.objects.get(), ana)
    assert (words.text, words.seq, Caption.objects.get().state) == ("My own words.", 1, State.DRAFTED)


def test_pressed_twice_is_one_draft(caption: Caption, ana: User, client_of: ClientOf, model: ModelServer) -> None:
    for _ in range(2):
        client_of(ana).post(WORKSPACE, {"verb": "regenerate"})
    assert Job.objects.count() == 1
    assert "Ask for another" not in said(client_of(ana).get(WORKSPACE))


def test_when_there_are_as_many_as_there_may_be_the_page_says_so(
    caption: Caption, ana: User, client_of: ClientOf, model: ModelServer
) -> None:
    for _ in range(8):
        job = regenerate(clip=caption.clip, user=ana)
        Job.objects.filter(pk=job.pk).update(status=JobStatus.DONE)
    answer = client_of(ana).post(WORKSPACE, {"verb": "regenerate"}, follow=True)
    assert (answer.status_code, "No other draft was asked for: there are 8 drafts" in said(answer)) == (200, True)
    assert Job.objects.count() == 8


def test_an_attempt_that_failed_is_told_and_its_reason_only_to_administrators(
    caption: Caption, ana: User, adam: User, client_of: ClientOf, model: ModelServer
) -> None:
    model.behave('says:{"people": []}')
    client_of(ana).post(WORKSPACE, {"verb": "regenerate"})
    run_job(Job.objects.get().pk)
    detail = Job.objects.get().detail
    for user, sees in ((ana, False), (adam, True)):
        page = said(client_of(user).get(WORKSPACE))
        assert "The last attempt gave no draft." in page
        assert (detail[:20] in page) == sees
        assert "Ask for another" in page


def test_without_a_key_annotators_see_nothing_missing_and_administrators_why(
    caption: Caption, ana: User, adam: User, client_of: ClientOf, no_key: None
) -> None:
    mine, theirs = said(client_of(ana).get(WORKSPACE)), said(client_of(adam).get(WORKSPACE))
    assert [word in mine for word in ("Ask for another", "key for the model", "on its way")] == [False, False, False]
    assert "There is no key for the model" in theirs
    assert "Ask for another" not in theirs


def test_a_clip_of_the_control_share_is_never_drafted(
    caption: Caption, ana: User, client_of: ClientOf, model: ModelServer
) -> None:
    Clip.objects.filter(pk=caption.clip_id).update(is_control=True)
    client = client_of(ana)
    assert "Ask for another" not in said(client.get(WORKSPACE))
    assert client.post(WORKSPACE, {"verb": "regenerate"}).status_code == 409
    assert Job.objects.count() == 0


def test_a_caption_that_is_with_a_reviewer_gets_no_other_draft(
    project: Project, clip: Clip, ana: User, client_of: ClientOf, model: ModelServer
) -> None:
    SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    client = client_of(ana)
    page = said(client.get(WORKSPACE))
    assert ("<b>Draft 1</b>" in page, "Ask for another" in page, "data-take=" in page) == (True, False, False)
    assert client.post(WORKSPACE, {"verb": "regenerate"}).status_code == 409
    assert Job.objects.count() == 0


def test_outsiders_neither_see_nor_ask(caption: Caption, otto: User, client_of: ClientOf, model: ModelServer) -> None:
    client = client_of(otto)
    assert client.get(f"{WORKSPACE}?tab=drafts").status_code == 404
    assert client.post(WORKSPACE, {"verb": "regenerate"}).status_code == 404
    assert client.post(WORKSPACE, {"verb": "regenerate", "prompt": "x"}).status_code == 404
    assert Job.objects.count() == 0


def test_any_two_drafts_or_one_and_the_words_now_are_compared(caption: Caption, ana: User, client_of: ClientOf) -> None:
    first, second = Draft.objects.get(), another_draft(caption.clip)
    client = client_of(ana)
    both = comparison(said(client.get(f"{WORKSPACE}?tab=drafts&a={first.uid}&b={second.uid}")))
    # [00:00.3] -> [00:00.4], spreads -> waves
    assert "2 words removed, 2 added" in both
    assert ("<del>spreads</del>" in both, "<ins>waves</ins>" in both) == (True, True)
    autosave(caption=caption, user=ana, etag='"0-0"', text=TEXT.replace("jumps", "leaps"), people=[])
    mine = comparison(said(client.get(f"{WORKSPACE}?tab=drafts&a={first.uid}&b=words")))
    assert ("<del>jumps.</del>" in mine, "<ins>leaps.</ins>" in mine) == (True, True)
    assert "<del>waves</del>" in comparison(said(client.get(WORKSPACE)))  # the newest draft and the words now


def test_only_this_clips_drafts_can_be_compared(
    project: Project, caption: Caption, ana: User, client_of: ClientOf
) -> None:
    foreign = DraftedCaptionFactory(project=project).draft
    assert foreign is not None
    client = client_of(ana)
    for query in (f"a={foreign.uid}", f"b={foreign.uid}", "a=1", "tab=other", "c=words"):
        assert client.get(f"{WORKSPACE}?{query}").status_code == 400, query


def test_drafts_are_shown_as_text_s20(caption: Caption, ana: User, client_of: ClientOf) -> None:
    another_draft(caption.clip, '"><script>alert(1)</script>{{ 7|add:7 }}')
    page = said(client_of(ana).get(WORKSPACE))
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}") == 4
    # the sentence, what *Take* and *Take whole* take, and the comparison


def test_drafts_are_not_shown_where_questions_are_reviewed(
    project: Project, clip: Clip, ana: User, rui: User, oda: User, client_of: ClientOf
) -> None:
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    another_draft(clip)
    submitted_item(clip, ana)
    page = said(client_of(oda).get("/projects/demo/clips/c/questions/review"))
    assert "What does the bald man do" in page
    assert not [word for word in ("He waves both arms", "He jumps.", "second model", "Drafts") if word in page]


@pytest.fixture
def page_of(browser: Browser, live_server: Any) -> Iterator[Callable[[User], Page]]:
    contexts, errors = [], []

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user)
        context = browser.new_context(base_url=live_server.url)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert errors == []


def is_kept(reply: Response, words: str) -> bool:
    return reply.request.method == "PUT" and words in (reply.request.post_data or "")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_sentence_is_taken_to_the_caret_undone_taken_again_and_kept(
    caption: Caption, ana: User, page_of: Callable[[User], Page]
) -> None:
    another_draft(caption.clip)
    page = page_of(ana)
    page.goto(WORKSPACE)
    editor = page.get_by_label("Caption", exact=True)
    put_caret(page, 0, TEXT.index("[00:01.0]"))
    take = page.get_by_role("button", name="Take sentence 2 of draft 2")
    page.get_by_role("tab", name=re.compile("Drafts")).click()
    take.click()
    taken = TEXT.replace("[00:01.0]", "[00:00.4] He waves both arms. [00:01.0]")
    expect(editor).to_be_focused()
    assert text_of(page) == taken  # at the end of what was selected, and nothing of it is gone
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    expect(page.locator("[data-save-state] [data-text]")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))
    page.get_by_role("tab", name=re.compile("Drafts")).click()
    with page.expect_response(lambda reply: is_kept(reply, "He waves both arms")) as saved:
        take.click()
    assert (saved.value.request.method, saved.value.status) == ("PUT", 200)
    kept = CaptionWorkingCopy.objects.get(owner=ana)
    assert kept.text.count("[00:00.4] He waves both arms.") == 1
    assert kept.text.replace("[00:00.4] He waves both arms.", "").split() == TEXT.split()
    page.reload()
    assert text_of(page) == kept.text
    assert Draft.objects.count() == 2


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_comparing_leaves_clip_and_typed_words_where_they_are(
    caption: Caption, ana: User, page_of: Callable[[User], Page]
) -> None:
    another_draft(caption.clip)
    page = page_of(ana)
    page.goto(WORKSPACE)
    page.evaluate("document.body.dataset.same = 'page'")
    editor = page.get_by_label("Caption", exact=True)
    editor.fill("Typed just now.")
    page.get_by_role("tab", name=re.compile("Drafts")).click()
    page.get_by_role("button", name="Compare", exact=True).locator("visible=true").click()
    expect(page.locator("#draft-comparison")).to_contain_text("18 words removed, 3 added")
    expect(page.locator("#draft-comparison ins", has_text="Typed")).to_be_visible()
    assert page.locator("body").get_attribute("data-same") == "page"
    page.get_by_role("tab", name="Edit").click()
    assert text_of(page) == "Typed just now."


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_asking_for_another_keeps_what_was_typed(
    caption: Caption, ana: User, page_of: Callable[[User], Page], model: ModelServer
) -> None:
    page = page_of(ana)
    page.goto(WORKSPACE)
    sent: list[str] = []
    words = ("/working-copy", WORKSPACE)
    page.on("request", lambda request: sent.append(request.method) if request.url.endswith(words) else None)
    page.evaluate(PRESS_WHILE_TYPING)
    page.wait_for_url(f"**{WORKSPACE}?tab=drafts")
    expect(page.get_by_text("A draft is on its way; reload")).to_be_visible()
    assert text_of(page) == "Typed just now."
    assert [method for method in sent if method != "GET"][:2] == ["PUT", "POST"]  # first the words, then the press
    assert CaptionWorkingCopy.objects.get(owner=ana).text == "Typed just now."
    assert Job.objects.get().kind == "caption"
