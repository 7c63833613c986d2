"""The pages of audits: drawing, marking one caption after the other, and what came out, for those who may see it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Caption, CaptionOpening, Clip, Project, User
from annotation.services.captions import save
from qa.models import Audit, AuditMark
from qa.services.audits import draw_audit, mark
from qa.services.withdrawal import withdraw_clip
from tests.e2e.conftest import shots
from tests.factories import ApprovedCaptionFactory
from tests.qa.releases.training import CLEAN, drafted, own_clip
from tests.qa.services.test_audits import approve_as, judge

__all__ = ["shots"]

SignIn = Callable[[User], Client]
HOME = "/projects/demo/audits/"


@pytest.fixture
def captions(project: Project) -> list[Caption]:
    return [drafted(project, f"clip-{n}") for n in range(3)]


@pytest.fixture
def audit(project: Project, captions: list[Caption], adam: User) -> Audit:
    return draw_audit(project=project, seed=4, asked=3, actor=adam)


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.content)
    return answer.content.decode()


def at(audit: Audit, place: int) -> str:
    return f"{HOME}1/clips/{audit.items.get(place=place).clip.clip_id}"


def test_an_administrator_draws_and_is_led_to_the_sample(
    project: Project, captions: list[Caption], adam: User, client_of: SignIn
) -> None:
    answer = client_of(adam).post(HOME, {"asked": "2", "seed": "9"})
    assert (answer.status_code, answer["Location"]) == (302, f"{HOME}1/")
    audit = Audit.objects.get()
    assert (audit.asked, audit.seed, audit.created_by) == (2, 9, adam)
    client_of(adam).post(HOME, {"asked": "2"})
    assert Audit.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [({"asked": "0"}, "greater than or equal to 1"), ({"asked": "2", "seed": str(2**31)}, "less than or equal to")],
)
def test_a_bad_number_is_refused_beside_its_field(
    project: Project, captions: list[Caption], adam: User, client_of: SignIn, body: dict[str, str], said: str
) -> None:
    answer = client_of(adam).post(HOME, body)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Audit.objects.exists()


def test_without_candidates_the_page_says_so(project: Project, adam: User, client_of: SignIn) -> None:
    answer = client_of(adam).post(HOME, {"asked": "2"})
    assert answer.status_code == 400
    assert "there is nothing to draw from" in answer.content.decode()


def test_reviewers_mark_and_only_administrators_draw(
    project: Project, audit: Audit, ana: User, rui: User, client_of: SignIn
) -> None:
    assert 'name="asked"' not in page_of(client_of(rui), HOME)
    assert client_of(rui).post(HOME, {"asked": "2"}).status_code == 403
    for address in (HOME, f"{HOME}1/", at(audit, 1)):
        assert client_of(ana).get(address).status_code == 403
    assert client_of(ana).post(at(audit, 1), {"verdict": "right", "seen_mark": "0"}).status_code == 403
    assert not AuditMark.objects.exists()


def test_a_mark_leads_to_the_next_caption_and_the_last_to_the_sample(
    audit: Audit, rui: User, client_of: SignIn
) -> None:
    client = client_of(rui)
    page = page_of(client, at(audit, 1))
    assert CLEAN.split("[")[0].strip() in page
    assert "as drafted when the sample was drawn" in re.sub(r"\s+", " ", page)
    for place, verdict, following in ((1, "right", at(audit, 2)), (2, "order", at(audit, 3)), (3, "side", f"{HOME}1/")):
        answer = client.post(at(audit, place), {"verdict": verdict, "seen_mark": "0"})
        assert (answer.status_code, answer["Location"]) == (302, following)
    assert [one.verdict for one in AuditMark.objects.order_by("pk")] == ["right", "order", "side"]


def test_skipping_leads_to_another(audit: Audit, rui: User, client_of: SignIn) -> None:
    client = client_of(rui)
    assert client.post(f"{HOME}1/next", {"after": "2"})["Location"] == at(audit, 3)
    assert client.post(f"{HOME}1/next", {"after": "3"})["Location"] == at(audit, 1)
    assert client.post(f"{HOME}1/next", {"after": "x"}).status_code == 400


def test_the_words_before_can_be_looked_at_again(audit: Audit, rui: User, client_of: SignIn) -> None:
    client = client_of(rui)
    client.post(at(audit, 1), {"verdict": "order", "seen_mark": "0"})
    assert f'<a href="{at(audit, 1)}">Look again</a>' in page_of(client, at(audit, 2))
    page = page_of(client, at(audit, 1))
    assert "Marked <b>wrong order</b> by Rui Tavares" in page
    first = AuditMark.objects.get()
    assert f'name="seen_mark" value="{first.pk}"' in page
    client.post(at(audit, 1), {"verdict": "right", "seen_mark": str(first.pk)})
    assert AuditMark.objects.count() == 2
    late = client.post(at(audit, 1), {"verdict": "right", "seen_mark": "0"})
    assert late.status_code == 409
    assert AuditMark.objects.count() == 2


def test_the_words_are_those_that_were_drawn(
    audit: Audit, captions: list[Caption], ana: User, rui: User, client_of: SignIn
) -> None:
    save(caption=captions[0], user=ana, etag='"0-0"', text="Begun anew.", people=[])
    page = page_of(client_of(rui), f"{HOME}1/clips/clip-0")
    assert "He jumps." in page
    assert "Begun anew." not in page


def test_who_wrote_the_words_gets_no_buttons(project: Project, rui: User, oda: User, client_of: SignIn) -> None:
    ApprovedCaptionFactory(project=project, author=rui, reviewer=oda, clip=own_clip(project, "mine"))
    draw_audit(project=project, seed=1, asked=1, actor=None)
    assert "somebody else must judge it" in page_of(client_of(rui), f"{HOME}1/clips/mine")
    assert 'name="verdict"' not in page_of(client_of(rui), f"{HOME}1/clips/mine")
    assert 'name="verdict"' in page_of(client_of(oda), f"{HOME}1/clips/mine")
    assert client_of(rui).post(f"{HOME}1/clips/mine", {"verdict": "right", "seen_mark": "0"}).status_code == 403


def test_opening_a_caption_is_remembered(audit: Audit, rui: User, client_of: SignIn) -> None:
    page_of(client_of(rui), at(audit, 1))
    opening = CaptionOpening.objects.get()
    assert (opening.user, opening.caption.clip) == (rui, audit.items.get(place=1).clip)


def test_only_administrators_see_what_came_out(audit: Audit, rui: User, adam: User, client_of: SignIn) -> None:
    items = list(audit.items.all())
    mark(item=items[0], reviewer=rui, verdict="order", seen_mark=0)
    mark(item=items[1], reviewer=adam, verdict="right", seen_mark=0)
    told = page_of(client_of(adam), f"{HOME}1/")
    assert "<b>50.0 % right</b>: 1 of 2." in told
    assert "9.45 to 90.55 %" in told  # 1 of 2: (0.5 + 0.9604 ∓ 1.96 √(0.125 + 0.2401)) / 2.9207
    assert re.search(r'<th scope="row">Wrong order</th><td class="num">1</td>', told)
    mine = page_of(client_of(rui), f"{HOME}1/")
    assert "% right" not in mine
    assert "2 of 3 marked" in mine
    assert items[0].clip.clip_id in mine.split('id="h-marks"')[1]
    assert items[1].clip.clip_id not in mine.split('id="h-marks"')[1]


def test_an_audit_that_is_out_of_date_says_so(
    project: Project, audit: Audit, rui: User, oda: User, ana: User, client_of: SignIn
) -> None:
    judge(audit, rui)
    assert "Every caption is judged" in page_of(client_of(rui), f"{HOME}1/")
    approve_as(Caption.objects.get(clip__clip_id="clip-1"), ana, oda, "There is one person in the video. He waves.")
    assert "1 caption that this audit called right has other words now" in page_of(client_of(rui), f"{HOME}1/")


def test_a_withdrawn_clip_is_in_no_page(
    project: Project, audit: Audit, rui: User, adam: User, client_of: SignIn
) -> None:
    judge(audit, rui, clip_1="order")
    withdraw_clip(clip=Clip.objects.get(clip_id="clip-1"), actor=adam, reason="I am in it")
    assert client_of(adam).get(f"{HOME}1/clips/clip-1").status_code == 404
    for user in (rui, adam):
        told = page_of(client_of(user), f"{HOME}1/")
        assert "clip-1" not in told
        assert "3 of 3 marked" in told
    assert "clip-1" not in page_of(client_of(rui), at(audit, 2))


def test_the_list_asks_as_often_for_six_audits_as_for_two(
    project: Project, captions: list[Caption], adam: User, rui: User, client_of: SignIn
) -> None:
    client = client_of(adam)

    def queries(more: int) -> int:
        for seed in range(more):
            made = draw_audit(project=project, seed=seed, asked=2, actor=adam)
            mark(item=made.items.all()[0], reviewer=rui, verdict="right", seen_mark=0)
        with CaptureQueriesContext(connection) as asked:
            page_of(client, HOME)
        return len(asked)

    queries(1)
    assert queries(1) == queries(4)


def address_book(audit: Audit) -> dict[str, str]:
    return {"list": HOME, "result": f"{HOME}1/", "caption": at(audit, 2)}


@pytest.mark.browser
@pytest.mark.workspace
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(
    project: Project,
    browser: Browser,
    live_server: LiveServer,
    client_of: SignIn,
    adam: User,
    rui: User,
    shots: Path | None,
    theme: Literal["light", "dark"],
) -> None:
    for n in range(3):
        drafted(project, f"clip-{n}")
    audit = draw_audit(project=project, seed=4, asked=3, actor=adam)
    mark(item=audit.items.get(place=1), reviewer=rui, verdict="order", seen_mark=0)
    mark(item=audit.items.get(place=2), reviewer=adam, verdict="attribute", seen_mark=0)
    errors: list[str] = []
    cookie = client_of(adam).cookies["sessionid"].value
    for width in (1440, 390):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda said: errors.append(str(said)))
        for name, address in address_book(audit).items():
            page.goto(f"{live_server.url}{address}")
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], (name, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            if shots:
                page.screenshot(path=shots / f"audit-{name}-{theme}-{width}.png", full_page=True)
        context.close()
    assert errors == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_marks_are_made_by_keys(
    project: Project, browser: Browser, live_server: LiveServer, client_of: SignIn, adam: User, rui: User
) -> None:
    for n in range(3):
        drafted(project, f"clip-{n}")
    audit = draw_audit(project=project, seed=4, asked=3, actor=adam)
    places = [item.clip.clip_id for item in audit.items.all()]
    context = browser.new_context()
    cookie = client_of(rui).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}{at(audit, 1)}")
    for key, following in (("1", places[1]), ("5", places[2])):
        expect(page.locator("[data-keys-of=mark-right]")).to_have_text("1")
        page.keyboard.press(key)
        expect(page).to_have_title(re.compile(rf"Audit 1: {following}"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Mark: Wrong order")
    page.keyboard.press("Escape")
    page.keyboard.press("9")
    expect(page).to_have_title(re.compile("^Audit 1\\b(?!:)"))
    context.close()
    # 1 right, 2 person, 3 side, 4 count, 5 order, 6 attribute, 7 missed, 8 invented, 9 wording
    assert [one.verdict for one in AuditMark.objects.order_by("pk")] == ["right", "order", "wording"]
