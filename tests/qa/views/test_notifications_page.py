"""The page of notifications: what it shows, where it leads, and what it keeps from who answers blind."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Caption, Clip, Membership, Notification, Project, User
from annotation.services.notifications import tell
from annotation.services.reviews import fix_and_approve
from qa.models import QAItem
from qa.services import reviews as qa_reviews
from qa.views.notifications import ROWS
from tests.factories import PEOPLE, ApprovedCaptionFactory, ClipFactory, SubmittedCaptionFactory
from tests.qa.scenes import COUNT_QUESTION, answer_all, content_of, reopen_caption, submitted_item

PAGE = "/notifications/"
SignIn = Callable[[User], Client]
Kind = Notification.Kind
SECRETS = ["What does the bald man", "spreads", "raises", "both arms", "Fixed", "Rui Tavares", "words of"]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    clip = ClipFactory.create(project=project, clip_id="c")
    return ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip).clip


def say(user: User, clip: Clip, kind: Kind = Kind.RETURNED, **more: Any) -> Notification:
    tell(recipients=[user], kind=kind, clip=clip, actor=more.pop("actor", None), **more)
    return Notification.objects.latest("id")


def opened(client: Client, told: Notification) -> str:
    answer = client.post(f"{PAGE}{told.pk}/open")
    assert answer.status_code == 302
    return str(answer["Location"])


def test_the_newest_comes_first_with_all_projects_and_whether_it_is_read(
    clip: Clip, ana: User, rui: User, otto: User, client_of: SignIn
) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    Membership.objects.create(project=elsewhere, user=ana, role="annotator")
    say(ana, clip, actor=rui)
    say(ana, ClipFactory.create(project=elsewhere, clip_id="far"), Kind.DISPUTED)
    say(rui, clip)
    client = client_of(ana)
    page = client.get(PAGE).content.decode()
    assert page.index("<b>far</b>") < page.index("<b>c</b>")
    assert page.count("</span>New</b>") == page.count("data-unread") == 2
    assert "Rui Tavares · Demo project" in page
    assert Notification.objects.filter(read_at=None).count() == 3  # looking reads nothing
    client.post(PAGE, {"verb": "read", "id": Notification.objects.order_by("id")[0].pk})
    page = client.get(PAGE).content.decode()
    assert (page.count("data-unread"), "Read</span>" in page) == (1, True)
    unread = client.get(f"{PAGE}?show=unread").content.decode()
    assert ("<b>far</b>" in unread, "<b>c</b>" in unread) == (True, False)


def test_pages_go_on_before_the_last_one_shown(clip: Clip, ana: User, client_of: SignIn) -> None:
    told = [say(ana, clip, text="") for _ in range(ROWS + 1)]
    client = client_of(ana)
    first = client.get(PAGE).content.decode()
    assert (first.count('<li id="n-'), f'id="n-{told[0].pk}"' in first) == (ROWS, False)
    assert f"?before={told[1].pk}" in first
    second = client.get(f"{PAGE}?before={told[1].pk}").content.decode()
    assert second.count('<li id="n-') == 1
    assert f'id="n-{told[0].pk}"' in second


@pytest.mark.parametrize("query", ["before=x", "before=-1", "show=read", f"before={'9' * 30}", "page=2"])
def test_what_the_page_does_not_know_is_refused(ana: User, client_of: SignIn, query: str) -> None:
    assert client_of(ana).get(f"{PAGE}?{query}").status_code == 400


@pytest.mark.parametrize("sent", [{}, {"verb": "forget"}, {"verb": "read"}, {"verb": "read_all", "up_to": "x"}])
def test_what_cannot_be_marked_is_refused(clip: Clip, ana: User, client_of: SignIn, sent: dict[str, str]) -> None:
    told = say(ana, clip)
    assert client_of(ana).post(PAGE, sent).status_code == 400
    told.refresh_from_db()
    assert told.read_at is None


def test_the_page_costs_as_much_for_twenty_as_for_two(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    client = client_of(ana)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        return len(asked)

    for number in range(2):
        say(ana, ClipFactory.create(project=clip.project, clip_id=f"f{number}"), Kind.FIXED, actor=rui)
    few = count()
    for number in range(18):
        say(ana, ClipFactory.create(project=clip.project, clip_id=f"m{number}"), Kind.FIXED, actor=rui)
    assert count() == few


def test_opening_marks_it_as_read_and_goes_to_what_it_is_about(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, ana)
    question, client = {"question_id": item.question_id}, client_of(ana)
    caption, questions = "/projects/demo/clips/c/caption", "/projects/demo/clips/c/questions"
    ways = [
        (say(ana, clip, Kind.RETURNED), caption),
        (say(ana, clip, Kind.REPLY), f"{caption}#notes"),
        (say(ana, clip, Kind.WAITING), caption),
        (say(ana, clip, Kind.WAITING, text="3 captions"), "/projects/demo/queue/"),
        (say(ana, clip, Kind.DISPUTED), caption),
        (say(ana, clip, Kind.RETURNED, **question), f"{questions}#q-{item.question_id}"),
        (say(ana, clip, Kind.REPLY, **question), f"{questions}#notes-{item.question_id}"),
    ]
    for told, where in ways:
        assert opened(client, told) == where
        told.refresh_from_db()
        assert told.read_at is not None
        assert client.get(where).status_code == 200
    answer_all(clip, oda)
    disputed = [say(oda, clip, Kind.DISPUTED), say(oda, clip, Kind.DISPUTED, **question)]
    assert [opened(client_of(oda), told) for told in disputed] == [
        f"{caption}/adjudicate",
        f"/projects/demo/questions/{item.question_id}/adjudicate",
    ]


def test_who_left_the_project_sees_nothing_of_it(clip: Clip, ana: User, client_of: SignIn) -> None:
    told, client = say(ana, clip, text="Ours."), client_of(ana)
    Membership.objects.filter(user=ana).update(is_active=False)
    page = client.get(PAGE).content.decode()
    assert "Nothing yet" in page
    assert "Demo project" not in page
    assert client.post(f"{PAGE}{told.pk}/open").status_code == 404
    told.refresh_from_db()
    assert told.read_at is None


def test_a_fixed_caption_is_shown_with_what_was_changed(
    project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    clip = ClipFactory.create(project=project, clip_id="c")
    caption = SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    text = str(caption.head.text).replace("He jumps.", "He leaps.") if caption.head else ""
    fix_and_approve(caption=caption, reviewer=rui, seen_number=1, text=text, people=PEOPLE)
    Notification.objects.all().delete()
    say(ana, clip, Kind.FIXED, revision_number=2, actor=rui)
    page = client_of(ana).get(PAGE).content.decode()
    assert "He <del>jumps.</del><ins>leaps.</ins>" in page
    told = say(ana, clip, Kind.FIXED, revision_number=1, actor=rui)  # no fix: nothing to show
    page = client_of(ana).get(PAGE).content.decode()
    assert "<del>jumps" not in page[page.index(f'id="n-{told.pk}"') : page.index(f'id="n-{told.pk - 1}"')]
    assert Caption.objects.get(clip=clip).head_number == 2


def fixed_question(clip: Clip, author: User, reviewer: User) -> QAItem:
    """The reviewer changed the key's words; the author is told of it, and of nothing else."""
    item = submitted_item(clip, author)
    answer_all(clip, reviewer)
    content = content_of(item, author)
    content["options"][0]["text"] = "He raises both arms"
    qa_reviews.fix_and_approve(item=item, reviewer=reviewer, seen_number=1, content=content)
    Notification.objects.all().delete()
    say(author, clip, Kind.FIXED, question_id=item.question_id, revision_number=2, actor=reviewer, text="words of it")
    return item


def test_a_fixed_question_is_shown_with_what_was_changed(clip: Clip, oda: User, rui: User, client_of: SignIn) -> None:
    fixed_question(clip, oda, rui)
    page = client_of(oda).get(PAGE).content.decode()
    assert "What does the bald man do just before he jumps?" in page
    assert "He <del>spreads</del><ins>raises</ins> both arms" in page


def test_who_has_to_answer_the_clips_questions_blind_is_told_nothing_of_them(
    clip: Clip, ana: User, oda: User, rui: User, client_of: SignIn
) -> None:
    """Oda wrote one question, which Rui fixed; another of the clip, Ana's, waits for her answer."""
    item = fixed_question(clip, oda, rui)
    client = client_of(oda)
    assert [secret for secret in SECRETS if secret not in client.get(PAGE).content.decode()] == []
    submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    page = client.get(PAGE).content.decode()
    assert [secret for secret in [*SECRETS, "How many times", item.question_id] if secret in page] == []
    assert "Sealed" in page
    assert "<b>c</b>" in page
    assert opened(client, Notification.objects.get()) == "/projects/demo/clips/c/questions/review"
    answer_all(clip, oda)
    assert [secret for secret in SECRETS if secret not in client.get(PAGE).content.decode()] == []


def test_an_annotator_who_reviews_nothing_is_told_all(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    fixed_question(clip, ana, rui)
    submitted_item(clip, rui, category="count", payload=COUNT_QUESTION)
    page = client_of(ana).get(PAGE).content.decode()
    assert [secret for secret in SECRETS if secret not in page] == []


def test_of_the_caption_they_are_told_nothing_either_but_that_work_waits(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    submitted_item(clip, ana)
    say(oda, clip, Kind.REPLY, actor=rui, text="He spreads both arms at the start.")
    say(oda, clip, Kind.WAITING)
    client = client_of(oda)
    page = client.get(PAGE).content.decode()
    assert ("at the start" in page, "Rui Tavares" in page, "Waiting for you" in page) == (False, False, True)
    answer_all(clip, oda)
    assert "at the start" in client.get(PAGE).content.decode()


def test_of_a_caption_that_is_worked_on_again_all_is_told(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    """Nobody can answer now; Oda's own caption may have come back to her."""
    item = submitted_item(clip, ana)
    say(oda, clip, actor=rui, text="Say which arm.")
    say(oda, clip, actor=rui, question_id=item.question_id, text="Not the left one.")
    client = client_of(oda)
    assert "Say which arm." not in client.get(PAGE).content.decode()
    reopen_caption(clip, oda)
    page = client.get(PAGE).content.decode()
    assert ("Say which arm." in page, "Not the left one." in page) == (True, False)
