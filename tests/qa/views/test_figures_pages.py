"""The pages of agreement and figures: who sees whose, and that nobody learns there what they still have to judge."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from annotation.models import Clip, Membership, Project, User
from annotation.services import reviews as caption_reviews
from annotation.services.captions import note_opening
from qa.models import QAItem
from qa.services import items, reviews
from tests.e2e.conftest import shots
from tests.factories import MembershipFactory, SubmittedCaptionFactory, UserFactory
from tests.qa.scenes import (
    answer_all,
    answer_three,
    approve_all,
    approved_clip,
    choose,
    etags,
    fresh,
    off_all_desks,
    saved_item,
    three_questions,
)

__all__ = ["shots"]

SignIn = Callable[[User], Client]
ALL = "/projects/demo/figures/"


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def questions(clip: Clip, ana: User) -> list[QAItem]:
    return three_questions(clip, ana)


def page_of(client: Client, address: str) -> str:
    """What the page says, without the token of its forms, which is new each time."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r'(content|value)="\w{64}"', "", answer.content.decode())


def cells(page: str, heading: str, row: str) -> list[str]:
    """The words in one row of the table below a heading."""
    table = page.split(f">{heading}</h2>")[1].partition("</table>")[0]
    (found,) = [one for one in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL) if f">{row}<" in one]
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", found, re.DOTALL)]


def test_agreement_is_shown_by_category_with_what_it_rests_on(
    questions: list[QAItem], rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    answer_three(questions, rui, oda, adam)
    approve_all(questions, rui)
    page = page_of(client_of(rui), ALL)
    # The numbers are worked out in tests/qa/services/test_figures.py; 4 of 6 is 67 %, Wilson 30 to 90 %.
    sequence = ["2", "2", "67 % 4 of 6; 30–90 %", "33 % 2 of 6", "0.09"]
    assert cells(page, "Blind answers", "Action Sequence") == sequence
    assert cells(page, "Blind answers", "Count")[-1] == "0.00"
    assert cells(page, "Blind answers", "Attribute") == ["0", "0", "–", "–", "–"]
    assert cells(page, "Blind answers", "All") == ["3", "3", "67 % 6 of 9; 35–88 %", "33 % 3 of 9", "0.17"]
    assert "had opened the caption</h2>" not in page
    categories = re.findall(r'<th scope="row">([\w ]+)</th>', page)
    assert categories == ["Interaction", "Action Details", "Action Sequence", "Count", "Attribute", "All"]


def test_alpha_that_is_not_defined_is_no_number(
    questions: list[QAItem], rui: User, oda: User, client_of: SignIn
) -> None:
    for person in (rui, oda):
        choose(questions, person, "o1", "o4", "o1")  # shown at A each time; two misses leave the others in dispute
    approve_all(questions, rui)
    page = page_of(client_of(rui), ALL)
    assert cells(page, "Blind answers", "All")[-2:] == ["100 % 1 of 1", "one value"]


def test_answers_after_the_caption_was_opened_have_a_table_of_their_own(
    questions: list[QAItem], rui: User, oda: User, client_of: SignIn
) -> None:
    note_opening(caption=questions[0].clip.caption, user=oda)
    choose(questions, rui, "o1", "o1", "o2")
    choose(questions, oda, "o1", "o2", "o2")
    approve_all(questions, rui)
    page = page_of(client_of(rui), ALL)
    assert cells(page, "Blind answers", "All")[:2] == ["3", "0"]
    assert cells(page, "Answers of people who had opened the caption", "All")[2] == "67 % 2 of 3; 21–94 %"


def test_nothing_changes_before_a_question_is_decided(
    questions: list[QAItem], rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    """Rui still has to answer. Whatever others answer, and say of them, no byte of any figure is another."""
    client = client_of(rui)
    addresses = [ALL, *(f"{ALL}{name}" for name in ("ana", "oda", "adam", "rui"))]
    before = [page_of(client, address) for address in addresses]
    choose(questions, oda, "o1", "o1", "o2")
    choose(questions, adam, "cannot_tell", "o3", "more_than_one")
    off_all_desks(questions[2].clip)
    reviews.return_to_author(item=questions[2], reviewer=adam, seen_number=1, reason="The key is wrong.")
    assert [page_of(client, address) for address in addresses] == before
    for person in (oda, adam):  # one of them missed it
        off_all_desks(questions[0].clip)
        reviews.approve(item=questions[0], reviewer=person, seen_number=1)
    assert [page_of(client, address) for address in addresses] != before


def test_a_question_that_is_judged_again_is_in_no_figure(
    questions: list[QAItem], rui: User, oda: User, client_of: SignIn
) -> None:
    choose(questions, oda, "o1", "o1", "o2")
    before = page_of(client_of(rui), ALL)
    approve_all(questions, oda)
    assert cells(page_of(client_of(rui), ALL), "Blind answers", "All")[0] == "3"
    for item in questions:
        items.reopen(item=fresh(item), user=oda, reason="look again", seen_number=item.head_number)
    assert page_of(client_of(rui), ALL) == before


def test_no_page_says_what_anybody_chose(
    questions: list[QAItem], rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    answer_three(questions, rui, oda, adam)
    approve_all(questions, rui)
    client = client_of(rui)
    for address in (ALL, f"{ALL}ana", f"{ALL}rui"):
        page = page_of(client, address)
        for item in questions:
            assert item.question_id not in page
            assert item.clip.clip_id not in page
            assert not any(option["text"] in page for option in fresh(item).head.content["options"])


def test_reviewers_see_everybody_by_name(
    project: Project, ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    gone = UserFactory.create(username="zoe", first_name="Zoe", last_name="Abel")
    MembershipFactory.create(project=project, user=gone, is_active=False)
    for viewer in (rui, oda, adam):
        page = page_of(client_of(viewer), ALL)
        names = re.findall(r'class="who"><a href="/projects/demo/figures/(\w+)">', page)
        assert names == ["adam", "ana", "oda", "rui", "zoe"] * 2
        assert "Annotator, not active" in page
        for name in names[:5]:
            assert client_of(viewer).get(f"{ALL}{name}").status_code == 200


def test_an_annotator_sees_their_own_figures_and_nobody_elses(
    project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    client = client_of(ana)
    answer = client.get(ALL)
    assert (answer.status_code, answer["Location"]) == (302, f"{ALL}ana")
    page = page_of(client, f"{ALL}ana")
    assert "<h1>My figures</h1>" in page
    assert "Rui Tavares" not in page
    other = UserFactory.create(username="bea")
    MembershipFactory.create(project=project, user=other)
    refused = [client.get(f"{ALL}{name}") for name in ("rui", "bea", "absent")]
    assert {one.status_code for one in refused} == {404}
    assert len({re.sub(r"nonce-[^']+", "", one.content.decode()) for one in refused}) == 1


def test_otto_learns_of_nobody_and_nobody_of_otto(
    project: Project, ana: User, rui: User, otto: User, client_of: SignIn
) -> None:
    for address in (ALL, f"{ALL}ana", f"{ALL}otto", "/projects/elsewhere/figures/ana"):
        assert client_of(otto).get(address).status_code == 404
    assert client_of(rui).get(f"{ALL}otto").status_code == 404


def test_the_navigation_says_agreement_to_reviewers_and_my_figures_to_annotators(
    project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    entries = {user: re.findall(rf'<a href="{ALL}"[^>]*>([^<]+)</a></li>', page_of(client_of(user), "/projects/demo/"))
               for user in (ana, rui)}  # fmt: skip
    assert entries == {ana: ["My figures"], rui: ["Agreement"]}
    assert f'<a href="{ALL}" aria-current="page">' in page_of(client_of(ana), f"{ALL}ana")


def test_figures_of_one_person_rest_on_what_they_say(
    project: Project, questions: list[QAItem], ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    answer_three(questions, rui, oda, adam)
    approve_all(questions[:2], rui)
    page = page_of(client_of(ana), f"{ALL}ana")
    stats = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    said = [(name, " ".join(re.sub(r"<[^>]+>", " ", value).split())) for name, value in stats]
    # The caption was approved as written. Of three questions two are decided: by two people each (Wilson 51 to 100 %).
    assert said[:2] == [("Handed in", "1"), ("Approved as written", "100 % 1 of 1; 21–100 %")]
    assert said[6:8] == [("Handed in", "3"), ("Approved as written", "100 % 4 of 4; 51–100 %")]
    # Rui: right on both; with Oda the same once, with Adam once.
    page = page_of(client_of(rui), f"{ALL}rui")
    assert '100 %<span class="rests-on">2 of 2; 34–100 %</span>' in page
    assert '50 %<span class="rests-on">2 of 4</span>' in page


def test_the_page_costs_as_many_queries_for_two_people_as_for_twenty(
    project: Project, rui: User, client_of: SignIn
) -> None:
    client = client_of(rui)
    counts = []
    for number in (2, 18):
        for _ in range(number):
            MembershipFactory.create(project=project, user=UserFactory.create())
        with CaptureQueriesContext(connection) as asked:
            client.get(ALL)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def lively(project: Project, clip: Clip, questions: list[QAItem], people: dict[str, User]) -> None:
    """Figures of every kind, and somebody who is gone."""
    note_opening(caption=clip.caption, user=people["adam"])
    answer_three(questions, people["rui"], people["oda"], people["adam"])
    approve_all(questions, people["rui"])
    for number in range(6):
        bea = UserFactory.create(username=f"b{number}", first_name="Beatriz", last_name=f"Almeida {number}")
        MembershipFactory.create(project=project, user=bea)
        item = saved_item(clip, bea, category=["interaction", "attribute"][number % 2])
        items.submit_unit(clip=clip, user=bea, seen=etags(clip, bea))
        for name, choice in (("rui", "o1"), ("oda", "o1" if number else "o2")):
            answer_all(clip, people[name], choice)
        reviews.approve(item=fresh(item), reviewer=people["rui"], seen_number=1)
        caption = SubmittedCaptionFactory(project=project, author=bea)
        verdict: dict[str, Any] = {"caption": caption, "reviewer": people["rui"], "seen_number": 1}
        if number % 3:
            caption_reviews.approve(**verdict)
        else:
            caption_reviews.return_to_author(**verdict, reason="Who is it?")
    Membership.objects.filter(user__username="b0").update(is_active=False)


@pytest.mark.browser
@pytest.mark.workspace
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_everybody_can_use_the_pages(
    live_server: LiveServer,
    browser: Browser,
    project: Project,
    clip: Clip,
    questions: list[QAItem],
    ana: User,
    rui: User,
    oda: User,
    adam: User,
    client_of: SignIn,
    shots: Path | None,
    width: int,
    height: int,
    theme: Literal["light", "dark"],
) -> None:
    lively(project, clip, questions, {"rui": rui, "oda": oda, "adam": adam})
    errors: list[str] = []
    for viewer, names in ((adam, ["", "rui", "b1"]), (ana, ["ana"])):
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, color_scheme=theme
        )
        cookie = client_of(viewer).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        for name in names:
            page.goto(f"{ALL}{name}")
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            if shots:
                page.screenshot(path=shots / f"figures-{name or 'all'}-{theme}-{width}.png", full_page=True)
        context.close()
    assert errors == []
