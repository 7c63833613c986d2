"""The Changes and History panes as the server draws them: each revision, what became of it, who wrote what stands."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.drafting.jobs import run_job
from annotation.models import Caption, Project, User
from annotation.services import captions, reviews
from annotation.services.drafting import make_run
from annotation.views.caption_history import people_changes
from tests.annotation.changes.test_changes_api import handed_in, saved
from tests.annotation.drafting.conftest import model, with_frames
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory
from tests.model_server import ModelServer

__all__ = ["model"]

WORKSPACE = "/projects/demo/clips/c/caption"
ClientOf = Callable[[User], Client]
TWO = [*PEOPLE, {"key": "P2", "description": "woman with a plait"}]


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


def pane(client: Client, name: str, query: str = "") -> str:
    page = client.get(f"{WORKSPACE}{query}").content.decode()
    begin = page.index(f'id="pane-{name}"')
    later = re.search(r'id="pane-|class="under"', page[begin + 10 :])
    return page[begin : begin + 10 + later.start()] if later else page[begin:]


def text_of(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def rows_of(markup: str) -> list[str]:
    listed = markup[markup.index('class="history-list"') : markup.index('class="blame"')]
    return [text_of(row) for row in listed.split("<li")[1:]]


def test_each_revision_says_who_when_how_many_words_and_what_became_of_it(
    caption: Caption, ana: User, rui: User, client_of: ClientOf
) -> None:
    first = saved(caption, ana, TEXT.replace("spreads both", "slowly spreads his"))  # + slowly his, - both
    caption.refresh_from_db()
    captions.save(caption=caption, user=ana, etag='"1-0"', text=first.text, people=TWO)
    caption.refresh_from_db()
    captions.submit(caption=caption, user=ana, etag='"2-0"', text=first.text + " He lands.", people=TWO)
    caption.refresh_from_db()
    assert caption.head is not None
    if not caption.submissions.exists():
        handed_in(caption.head, ana)
    reviews.return_to_author(caption=caption, reviewer=rui, seen_number=3, reason="Which arm?")
    rows = rows_of(pane(client_of(ana), "history"))
    assert [re.search(r"· .* words.*?(?= Compare)", row)[0] for row in rows[:3]] == [  # type: ignore[index]
        "· edit · +2 −0 words · submitted for review by Ana Duarte · returned with a note by Rui Tavares",
        "· edit · +0 −0 words · people: P2 added",
        "· edit · +2 −1 words",
    ]
    assert ("Model’s draft test model" in rows[3], "imported" in rows[3]) == (True, True)
    assert ["Restore" in row for row in rows] == [False, True, True, False]


def test_changes_of_the_registry_are_told_person_by_person() -> None:
    ana = {"key": "P1", "description": "a"}
    pointed = {**ana, "at": {"time_ms": 1, "x_permille": 2, "y_permille": 3}}
    assert people_changes([ana], [{"key": "P2", "description": "b"}]) == ["P2 added", "P1 removed"]
    assert people_changes([ana], [{**ana, "description": "b"}]) == ["P1 described anew"]
    assert people_changes([ana], [pointed]) == ["P1 pointed at"]
    assert people_changes([ana], [ana]) == []


def test_each_sentence_says_who_changed_it_last(caption: Caption, ana: User, rui: User, client_of: ClientOf) -> None:
    saved(caption, ana, TEXT.replace("jumps", "leaps"))
    saved(caption, rui, TEXT.replace("jumps", "leaps").replace("spreads", "lifts"))
    caption.refresh_from_db()
    words = TEXT.replace("jumps", "leaps").replace("spreads", "lifts") + " He lands."
    captions.autosave(caption=caption, user=ana, etag='"2-0"', text=words, people=PEOPLE)
    blame = pane(client_of(ana), "history").partition('class="blame-list"')[2].partition("</ol>")[0]
    assert [text_of(f"<{row}") for row in blame.split("<li")[1:]] == [
        "model There is one person in the video, a bald man.",
        "RT Rui Tavares, revision 2 00:00.3 He lifts both arms.",
        "AD Ana Duarte, revision 1 00:01.0 He leaps.",
        "AD Ana Duarte, not saved yet He lands.",
    ]


def test_what_a_draft_cost_only_administrators_see(
    project: Project, ana: User, adam: User, client_of: ClientOf, model: ModelServer
) -> None:
    with_frames(ClipFactory.create(project=project, clip_id="c"))
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    for user, sees in ((ana, False), (adam, True)):
        row = rows_of(pane(client_of(user), "history"))[-1]
        assert ("tokens in" in row, "$" in row) == (sees, sees)


def test_without_script_the_words_kept_are_compared_with_what_the_address_names(
    caption: Caption, ana: User, client_of: ClientOf
) -> None:
    saved(caption, ana, TEXT.replace("jumps", "leaps"))
    caption.refresh_from_db()
    captions.autosave(
        caption=caption, user=ana, etag='"1-0"', text=TEXT.replace("jumps", "hops").replace("both", "his"), people=[]
    )
    client = client_of(ana)
    against_draft = pane(client, "changes")
    assert (
        "<del>jumps.</del><ins>hops.</ins>" in against_draft,
        "2 words removed, 2 added; 11 %" in against_draft,
    ) == (
        True,
        True,
    )
    against_first = pane(client, "changes", "?tab=changes&against=1")
    assert "<del>leaps.</del><ins>hops.</ins>" in against_first
    assert '<option value="1" selected>' in against_first


@pytest.mark.parametrize("against", ["7", "head", "submitted", "%00"])
def test_what_is_not_there_cannot_be_compared(caption: Caption, ana: User, client_of: ClientOf, against: str) -> None:
    assert client_of(ana).get(f"{WORKSPACE}?against={against}").status_code == 400


def test_two_revisions_cost_as_many_queries_as_twenty(caption: Caption, ana: User, client_of: ClientOf) -> None:
    client = client_of(ana)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(WORKSPACE).status_code == 200
        return len(captured)

    def write(number: int) -> None:
        handed_in(saved(caption, ana, f"{TEXT} He does it {number} times."), ana)

    for number in range(2):
        write(number)
    client.get(WORKSPACE)  # remembers the opening
    few = queries()
    for number in range(2, 20):
        write(number)
    # revisions with authors, what was handed in, reviews, notes: one query each
    assert queries() == few


def test_revisions_are_shown_as_text_s20(caption: Caption, ana: User, client_of: ClientOf) -> None:
    hostile = "</li></ol><script>alert(1)</script>{{ 7|add:7 }}"
    saved(caption, ana, hostile)
    page = client_of(ana).get(WORKSPACE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in pane(client_of(ana), "history")
    content = page.partition('<script id="caption-content" type="application/json">')[2].partition("</script>")[0]
    assert "\\u003Cscript\\u003Ealert(1)" in content
