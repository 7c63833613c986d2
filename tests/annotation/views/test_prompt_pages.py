"""The pages of prompts: who sees them, what each verb does, and how two versions stand beside each other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.drafting.jobs import run_job
from annotation.models import Draft, Job, Project, Prompt, PromptChoice, User
from annotation.services.drafting import make_run
from annotation.services.prompts import add_version, chosen, shipped
from tests.annotation.drafting.conftest import model, waiting_clips
from tests.model_server import ModelServer

__all__ = ["model"]

OVERVIEW = "/projects/demo/drafting/prompts/"
CAPTION = f"{OVERVIEW}caption/"
CHOOSE, TRY = f"{CAPTION}choose", f"{CAPTION}try"
ClientOf = Callable[[User], Client]


@pytest.fixture
def second(project: Project, adam: User) -> Prompt:
    """The shipped caption prompt with one letter less."""
    text = shipped("caption").text
    return add_version(project=project, user=adam, name="caption", title="One letter less", text=text[:-1])


def said(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def verbs(version: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (CAPTION, {"title": "Mine", "text": "Describe the clip."}),
        (CHOOSE, {"version": version}),
        (TRY, {"version": version, "clips": "clip-000"}),
    ]


def test_every_prompt_is_listed_with_its_version_in_the_order_of_the_work(
    project: Project, adam: User, second: Prompt, client_of: ClientOf
) -> None:
    page = said(client_of(adam).get(OVERVIEW))
    names = ["caption", "interaction", "action_details", "action_sequence", "count", "attribute", "redraft", "repair"]
    names += ["answer_blind", "answer_caption", "answer_video", "describe"]
    places = [page.index(f'href="{OVERVIEW}{name}/"') for name in names]
    assert places == sorted(places)
    for name in names:
        assert f"<code>{chosen(project, name).version[:8]}</code>" in page
    assert '<td class="num">2</td><td class="num">0</td>' in page  # two versions of the caption's, no draft yet
    assert page.count("came with the product") == 12


def test_a_changed_letter_is_a_new_version_and_the_same_text_is_none(
    project: Project, adam: User, client_of: ClientOf
) -> None:
    client, first = client_of(adam), shipped("caption")
    changed = first.text.replace("video clips", "videos clips", 1)
    sent = {"title": "A letter", "text": changed.replace("\n", "\r\n")}  # as browsers send line ends
    answer = client.post(CAPTION, sent, follow=True)
    made = Prompt.objects.get(project=project)
    assert (made.text, made.title, made.created_by) == (changed, "A letter", adam)
    assert f"Version {made.version[:8]} is kept; it is not in use yet." in said(answer)
    again = client.post(CAPTION, {"title": "Twice", "text": changed}, follow=True)
    assert f"Version {made.version[:8]} was there already: its text is the same." in said(again)
    client.post(CAPTION, {"title": "As shipped", "text": first.text.replace("\n", "\r\n")})
    assert Prompt.objects.filter(name="caption").count() == 2
    assert chosen(project, "caption") == first


def test_both_versions_stand_side_by_side_with_the_drafts_that_each_made(
    project: Project, adam: User, second: Prompt, client_of: ClientOf, model: ModelServer
) -> None:
    waiting_clips(project, 1)
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    first = shipped("caption")
    assert Draft.objects.get().prompt_version == first.version
    page = said(client_of(adam).get(f"{CAPTION}?a={first.version}&b={second.version}"))
    beside = page[page.index('class="beside') : page.index('id="h-try"')]
    assert f"<code>{first.version[:8]}</code> {first.title}</b><small>1 draft made" in beside
    assert f"<code>{second.version[:8]}</code> One letter less</b><small>0 drafts made" in beside
    assert "lines the same in both" in beside
    assert ("<del>```</del>" in beside, "<ins>``</ins>" in beside) == (True, True)
    default = said(client_of(adam).get(CAPTION))
    assert default[default.index('class="beside') :].startswith(page[page.index('class="beside') :][:2000])


def test_a_chosen_version_is_the_one_that_drafts(
    project: Project, adam: User, second: Prompt, client_of: ClientOf, model: ModelServer
) -> None:
    client = client_of(adam)
    answer = client.post(CHOOSE, {"version": second.version}, follow=True)
    assert f"Version {second.version[:8]} is in use." in said(answer)
    assert PromptChoice.objects.get(project=project).chosen_by == adam
    waiting_clips(project, 1)
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    assert Draft.objects.get().prompt_version == second.version
    client.post(CHOOSE, {"version": second.version})  # pressed twice
    assert PromptChoice.objects.count() == 1


def test_a_try_shows_what_was_answered_and_what_it_cost(
    project: Project, adam: User, second: Prompt, client_of: ClientOf, model: ModelServer
) -> None:
    waiting_clips(project, 2)
    client = client_of(adam)
    page = client.post(TRY, {"version": second.version, "clips": "clip-000 clip-001"}, follow=True)
    assert "is being tried on 2 clips" in said(page)
    assert said(page).count("Queued …") == 2
    assert 'hx-trigger="every 2s"' in said(page)
    for job in Job.objects.all():
        run_job(job.pk)
    tries = said(client.get(CAPTION, headers={"HX-Request": "true"}))
    assert tries.lstrip().startswith('<div id="tries"')
    assert "hx-trigger" not in tries
    assert tries.count("There ") >= 2
    assert tries.count("Done · $0.0") == 2
    assert tries.count(f"version {second.version[:8]}") == 2
    assert Draft.objects.count() == 0


def test_without_a_key_the_page_says_so_and_a_try_waits(
    project: Project, adam: User, client_of: ClientOf, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = ""
    waiting_clips(project, 1)
    sent = {"version": shipped("caption").version, "clips": "clip-000"}
    page = said(client_of(adam).post(TRY, sent, follow=True))
    assert "ANTHROPIC_API_KEY" in page
    assert "It waits for a key for the model." in page
    assert "hx-trigger" not in page
    run_job(Job.objects.get().pk)
    assert "It waits for a key for the model." in said(client_of(adam).get(CAPTION))


def test_what_is_refused_is_said_beside_what_was_typed(
    project: Project, adam: User, second: Prompt, client_of: ClientOf
) -> None:
    client = client_of(adam)
    answer = client.post(CAPTION, {"title": "", "text": "Something else"})
    assert (answer.status_code, "Something else</textarea>" in said(answer)) == (400, True)
    for clips, problem in (("absent", "there is no clip “absent”"), ("a b c d", "must be 1 to 3 clip ids")):
        answer = client.post(TRY, {"version": second.version, "clips": clips})
        assert (answer.status_code, problem in said(answer), f'value="{clips}"' in said(answer)) == (400, True, True)
    assert client.post(TRY, {"version": "0" * 64, "clips": "a"}).status_code == 400
    assert client.post(CHOOSE, {"version": "0" * 64}).status_code == 400
    assert client.post(CAPTION, {"title": "Long", "text": "x" * 60_001}).status_code == 400
    assert (Prompt.objects.filter(name="caption").count(), PromptChoice.objects.count(), Job.objects.count()) == (
        2,
        0,
        0,
    )


def test_another_projects_version_is_neither_shown_nor_chosen_nor_tried(
    project: Project, adam: User, otto: User, client_of: ClientOf
) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    theirs = add_version(project=elsewhere, user=otto, name="caption", title="Secret", text="Theirs.")
    waiting_clips(project, 1)
    client = client_of(adam)
    for answer in (
        client.get(f"{CAPTION}?a={theirs.version}"),
        client.get(f"{CAPTION}?b={theirs.version}"),
        client.post(CHOOSE, {"version": theirs.version}),
        client.post(TRY, {"version": theirs.version, "clips": "clip-000"}),
    ):
        assert answer.status_code == 400
        assert "Theirs." not in said(answer)
    assert "Secret" not in said(client.get(CAPTION))
    assert (PromptChoice.objects.count(), Job.objects.count()) == (0, 0)


@pytest.mark.parametrize("who", ["ana", "rui", "oda"])
def test_only_administrators_see_or_change_prompts(
    project: Project, adam: User, client_of: ClientOf, request: pytest.FixtureRequest, who: str
) -> None:
    waiting_clips(project, 1)
    version = shipped("caption").version
    client = client_of(request.getfixturevalue(who))
    assert [client.get(path).status_code for path in (OVERVIEW, CAPTION)] == [403, 403]
    assert [client.post(path, sent).status_code for path, sent in verbs(version)] == [403, 403, 403]
    assert (Prompt.objects.filter(name="caption").count(), PromptChoice.objects.count(), Job.objects.count()) == (
        1,
        0,
        0,
    )


def test_outsiders_get_404_for_every_verb(project: Project, otto: User, client_of: ClientOf) -> None:
    version, client = shipped("caption").version, client_of(otto)
    assert [client.get(path).status_code for path in (OVERVIEW, CAPTION)] == [404, 404]
    assert [client.post(path, sent).status_code for path, sent in verbs(version)] == [404, 404, 404]


def test_what_nobody_knows_is_refused(project: Project, adam: User, client_of: ClientOf) -> None:
    version, client = shipped("caption").version, client_of(adam)
    for path, sent in verbs(version):
        answer = client.post(path, {**sent, "project": "2"})
        assert (answer.status_code, "project is unknown" in said(answer)) == (400, True), path
    for path in (f"{OVERVIEW}?a=1", f"{CAPTION}?version={version}"):
        assert client.get(path).status_code == 400
    for path in (f"{OVERVIEW}absent/", f"{OVERVIEW}absent/choose", f"{OVERVIEW}absent/try"):
        assert client.post(path, {"version": version}).status_code == 404
    assert Prompt.objects.filter(name="caption").count() == 1


def test_a_repair_has_versions_but_cannot_be_tried_by_itself(project: Project, adam: User, client_of: ClientOf) -> None:
    waiting_clips(project, 1)
    client, version = client_of(adam), shipped("repair").version
    assert "Try a version" not in said(client.get(f"{OVERVIEW}repair/"))
    answer = client.post(f"{OVERVIEW}repair/try", {"version": version, "clips": "clip-000"})
    assert (answer.status_code, Job.objects.count()) == (400, 0)


def test_titles_texts_and_replies_are_shown_as_text_s20(
    project: Project, adam: User, client_of: ClientOf, model: ModelServer
) -> None:
    hostile = "</textarea><script>alert(1)</script>{{ 7|add:7 }}"
    made = add_version(project=project, user=adam, name="caption", title=hostile, text=hostile)
    waiting_clips(project, 1)
    client = client_of(adam)
    client.post(CHOOSE, {"version": made.version})
    client.post(TRY, {"version": made.version, "clips": "clip-000"})
    model.behave(f"says:{hostile}")
    run_job(Job.objects.get().pk)
    for path in (OVERVIEW, CAPTION):
        page = said(client.get(path))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
