"""My queue and the ways out of a workspace, as plain forms."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from annotation.guidelines import as_html
from annotation.models import Caption, CaptionLease, CaptionSkip, ClipFlag, Project, User
from annotation.services import assignments
from annotation.services.captions import submit
from annotation.services.queue import next_unit
from annotation.services.reviews import return_to_author
from annotation.states import ClipStatus
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory

QUEUE, FLAGS, WORKSPACE = "/projects/demo/queue/", "/projects/demo/flags/", "/projects/demo/clips/a/caption"
ClientOf = Callable[[User], Client]


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="a"))


def test_next_leads_to_the_workspace_and_looking_takes_nothing(
    caption: Caption, ana: User, client_of: ClientOf
) -> None:
    client = client_of(ana)
    assert b"Nothing is on your desk" in client.get(QUEUE).content
    client.get(WORKSPACE)
    assert not CaptionLease.objects.exists()
    assert client.post(QUEUE, {"verb": "next"})["Location"] == WORKSPACE
    page = client.get(QUEUE).content.decode()
    assert "Go on with" in page
    assert WORKSPACE in page
    assert client.post(QUEUE, {"verb": "release", "clip_id": "a"})["Location"] == QUEUE
    assert CaptionLease.objects.get().ended_how == "released"


def test_why_there_is_nothing_is_said_on_the_page(project: Project, ana: User, client_of: ClientOf) -> None:
    client = client_of(ana)
    answer = client.post(QUEUE, {"verb": "next"}, follow=True)
    assert "There are no clips in this project yet." in answer.content.decode()
    Project.objects.update(queue_paused=True, pause_note="Back on Monday.")
    page = client.get(QUEUE).content.decode()
    assert "The queue is paused." in page
    assert "Back on Monday." in page


def test_returned_work_stands_there_with_what_was_said(
    project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    return_to_author(caption=caption, reviewer=rui, seen_number=1, reason="Which leg?")
    page = client_of(ana).get(QUEUE).content.decode()
    assert "Which leg?" in page
    assert "Rui Tavares" in page
    assert "Which leg?" not in client_of(rui).get(QUEUE).content.decode()


def test_today_counts_ones_own_work_only(
    caption: Caption, project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    next_unit(project=project, user=ana)
    CaptionLease.objects.update(active_ms=12 * 60_000)
    submit(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    assert "1 handed in today, 12 min" in client_of(ana).get(QUEUE).content.decode()
    assert "0 handed in today, 0 min" in client_of(rui).get(QUEUE).content.decode()
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="b"))
    page = client_of(ana).get("/projects/demo/clips/b/caption").content.decode()
    assert "1 done today · 12 min active" in strip_tags(page)


def test_skipping_and_flagging_by_form_go_on_to_the_next(
    caption: Caption, project: Project, ana: User, client_of: ClientOf
) -> None:
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="b"))
    client = client_of(ana)
    page = client.get(WORKSPACE).content.decode()
    assert f'action="{WORKSPACE}/skip"' in page
    assert 'action="/projects/demo/clips/a/flag"' in page
    assert client.post(f"{WORKSPACE}/skip", {"reason": "other"})["Location"] == "/projects/demo/clips/b/caption"
    assert client.post("/projects/demo/clips/b/flag", {"reason": "static"})["Location"] == WORKSPACE
    assert (CaptionSkip.objects.count(), ClipFlag.objects.count()) == (1, 1)
    assert client.post(f"{WORKSPACE}/skip", {"reason": "bored"}).status_code == 400
    assert "This clip is flagged." in client.get("/projects/demo/clips/b/caption").content.decode()


def test_a_workspace_says_that_somebody_else_has_it(
    caption: Caption, project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    next_unit(project=project, user=rui)
    assert "Rui Tavares has this caption on the desk." in client_of(ana).get(WORKSPACE).content.decode()
    assert "has this caption on the desk.</b>" not in client_of(rui).get(WORKSPACE).content.decode()


def test_handing_in_what_somebody_else_has_answers_409(
    caption: Caption, project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    next_unit(project=project, user=rui)
    form = {"verb": "submit", "etag": '"0-0"', "text": TEXT, "person_key": [], "person_description": []}
    answer = client_of(ana).post(WORKSPACE, form)
    assert answer.status_code == 409
    assert b"Rui Tavares has this caption on the desk." in answer.content


def test_administrators_see_desks_free_them_order_assign_and_pause(
    caption: Caption, project: Project, ana: User, adam: User, client_of: ClientOf
) -> None:
    next_unit(project=project, user=ana)
    client = client_of(adam)
    page = client.get(QUEUE).content.decode()
    assert "On whose desk" in page
    assert "Ana Duarte" in page
    client.post(QUEUE, {"verb": "free", "clip_id": "a"})
    assert CaptionLease.objects.get().ended_how == "freed"
    client.post(QUEUE, {"verb": "priority", "clips": "a", "priority": "-3"})
    client.post(QUEUE, {"verb": "assign", "clips": "a", "username": "ana"})
    caption.refresh_from_db()
    assert (caption.priority, caption.assigned_to) == (-3, ana)
    refused = client.post(QUEUE, {"verb": "assign", "clips": "a absent", "username": "ana"})
    assert (refused.status_code, b"absent" in refused.content) == (400, True)
    client.post(QUEUE, {"verb": "pause", "note": "Lunch."})
    project.refresh_from_db()
    assert (project.queue_paused, project.pause_note) == (True, "Lunch.")
    client.post(QUEUE, {"verb": "resume"})
    project.refresh_from_db()
    assert not project.queue_paused


def test_clips_are_chosen_in_the_list_ordered_and_assigned(
    caption: Caption, project: Project, adam: User, ana: User, client_of: ClientOf
) -> None:
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="b"))
    clips, client = reverse("clips", args=["demo"]), client_of(adam)
    assert client.get(clips).content.decode().count('name="clips"') == 2
    assert 'name="clips"' not in client_of(ana).get(clips).content.decode()
    client.post(QUEUE, {"verb": "assign", "clips": ["a", "b"], "username": "ana"})
    client.post(QUEUE, {"verb": "priority", "clips": ["b"], "priority": "7"})
    assert list(Caption.objects.order_by("id").values_list("priority", "assigned_to")) == [(0, ana.pk), (7, ana.pk)]
    page = strip_tags(client.get(clips).content.decode())
    assert (page.count("for Ana Duarte"), page.count("priority 7")) == (2, 1)
    nothing = client.post(QUEUE, {"verb": "priority", "priority": "7"})
    assert (nothing.status_code, "name at least one" in nothing.content.decode()) == (400, True)


def test_an_annotator_sees_and_does_none_of_it(
    caption: Caption, project: Project, ana: User, client_of: ClientOf
) -> None:
    client = client_of(ana)
    page = client.get(QUEUE).content.decode()
    assert "On whose desk" not in page
    for form in (
        {"verb": "free", "clip_id": "a"},
        {"verb": "pause"},
        {"verb": "assign", "clips": "a", "username": "ana"},
    ):
        assert client.post(QUEUE, form).status_code == 403
    assert client.get(FLAGS).status_code == 403


def test_an_administrator_decides_about_flags(caption: Caption, ana: User, adam: User, client_of: ClientOf) -> None:
    client_of(ana).post("/projects/demo/clips/a/flag", {"reason": "static", "note": "A still."})
    client = client_of(adam)
    assert "Nothing happens: A still." in client.get(FLAGS).content.decode()
    assert client.post(FLAGS, {"verb": "exclude", "clip_id": "a"})["Location"] == FLAGS
    caption.clip.refresh_from_db()
    assert caption.clip.state == ClipStatus.EXCLUDED
    client.post(FLAGS, {"verb": "restore", "clip_id": "a"})
    caption.clip.refresh_from_db()
    assert caption.clip.state == ClipStatus.ACTIVE
    assert client.post(FLAGS, {"verb": "keep", "clip_id": "a"}).status_code == 409


def test_the_queue_page_costs_the_same_for_two_rows_and_for_twenty(
    project: Project, adam: User, client_of: ClientOf
) -> None:
    def count(number: int) -> int:
        names = [f"c{number}-{place}" for place in range(number)]
        for name in names:
            DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id=name))
        assignments.assign(project=project, user=adam, clip_ids=names, username="adam")
        client = client_of(adam)
        client.get(QUEUE)
        with CaptureQueriesContext(connection) as asked:
            client.get(QUEUE)
        return len(asked)

    assert count(2) == count(20)


def test_settings_take_a_guideline_and_it_opens_beside_the_caption(
    caption: Caption, project: Project, adam: User, client_of: ClientOf
) -> None:
    form = {
        "name": "Demo project",
        "description": "",
        "guideline": "# People first\r\n\r\n<b>raw</b>",
        "watch_floor_percent": "80",
        "keep_words_hours": "48",
    }
    client = client_of(adam)
    assert client.post("/projects/demo/settings/", form).status_code == 302
    project.refresh_from_db()
    assert (project.guideline, project.watch_floor_percent, project.keep_words_hours) == (
        "# People first\n\n<b>raw</b>",
        80,
        48,
    )
    page = client.get(WORKSPACE).content.decode()
    assert "<h3>People first</h3>" in page
    assert "<p>&lt;b&gt;raw&lt;/b&gt;</p>" in page
    assert client.post("/projects/demo/settings/", {**form, "keep_words_hours": "0"}).status_code == 400
    assert client.post("/projects/demo/settings/", {**form, "watch_floor_percent": "101"}).status_code == 400


def test_settings_say_how_many_people_judge_each_piece(project: Project, adam: User, client_of: ClientOf) -> None:
    client, where = client_of(adam), "/projects/demo/settings/"
    page = client.get(where).content.decode()
    assert "With 2, two people must approve each caption; two verdicts that differ go to adjudication." in page
    names = ("reviews_per_caption", "blind_answers_per_question")

    def judges() -> list[int]:
        project.refresh_from_db()
        return [getattr(project, name) for name in names]

    assert judges() == [1, 1]
    assert client.post(where, {"name": "Demo project", names[0]: "2", names[1]: "3"}).status_code == 302
    assert judges() == [2, 3]
    for name in names:
        for wrong in ("0", "6", "two"):
            assert client.post(where, {"name": "Other", name: wrong}).status_code == 400
    assert client.post(where, {"name": "Demo project"}).status_code == 302  # what is not sent stays
    assert judges() == [2, 3]


def test_the_source_is_shown_beside_the_caption_whatever_its_facts_are_called(
    caption: Caption, ana: User, client_of: ClientOf
) -> None:
    facts = {
        "metadata": {"items": "three balls", "camera": "phone"},
        "license": "CC0",
        "source_url": "https://a.test/x",
    }
    type(caption.clip).objects.filter(pk=caption.clip.pk).update(**facts)
    page = client_of(ana).get(WORKSPACE).content.decode()
    for said in ("three balls", "camera", "CC0", "https://a.test/x", "holiday.mp4"):
        assert said in page


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<a href='javascript:alert(1)'>x</a>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.test/pixel.png)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://a.test "\\" onmouseover=\\"alert(1)")',
    ],
)
def test_a_guideline_cannot_run_or_load_anything(markdown: str) -> None:
    html = as_html(markdown)
    for tag in ("<script", "<img", "<iframe", 'href="javascript', 'href="data', 'onmouseover="'):
        assert tag not in html.lower()


def test_links_of_a_guideline_are_not_followed_by_machines() -> None:
    assert 'rel="nofollow noopener noreferrer"' in as_html("[x](https://example.org)")
