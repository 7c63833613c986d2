"""The pages of the leak lab: who sees what, what is decided there, and that they are accessible."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from annotation.models import CaptionOpening, Project, User
from annotation.states import State
from qa.models import LeakFlag, LeakSettings, QAItem, Setting
from qa.services.leak_lab import measure
from tests.e2e.conftest import shots
from tests.qa.evaluation.given import approved_questions, given_answers, given_probe, given_run
from tests.qa.scenes import fresh, saved_item, submit_all

__all__ = ["shots"]

SignIn = Callable[[User], Client]
HOME = "/projects/demo/leak-lab/"
KEY = "He spreads both arms"
SETTINGS = {
    "least_answers": "5",
    "blind_percent": "70",
    "single_frame_percent": "100",
    "order_percent": "50",
    "caption_failure_percent": "50",
    "probe_tries": "5",
}


def planted(project: Project, author: User, reviewer: User) -> list[QAItem]:
    """Two questions: the first leaks, and its caption lacks the evidence; the second is sound."""
    made = approved_questions(project, author=author, reviewer=reviewer, number=2, clip_id="clip-a")
    standard = given_run(project, Setting.STANDARD)
    blind = given_run(project, Setting.BLIND, model="model-b")
    read = given_run(project, Setting.HUMAN_CAPTIONS, model="people", judge="judge-x")
    given_answers(standard, made[0], choices=["o1", "o3"])
    given_answers(blind, made[0], right=3, wrong=1, unparsed=1)
    given_answers(read, made[0], wrong=3)
    given_answers(blind, made[1], wrong=3)
    given_answers(read, made[1], right=3)
    measure(project)
    return made


@pytest.fixture
def questions(project: Project, ana: User, rui: User) -> list[QAItem]:
    return planted(project, ana, rui)


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.content)
    return re.sub(r"\s+", " ", answer.content.decode())


def at(item: QAItem) -> str:
    return f"{HOME}{item.question_id}"


def said(flag: LeakFlag, **changes: str) -> dict[str, str]:
    answers = str(flag.evidence["answers"])
    return {"flag": str(flag.pk), "decision": "kept", "reason": "meant so", "seen_answers": answers, **changes}


def test_the_queue_shows_a_flag_with_all_it_rests_on(questions: list[QAItem], rui: User, client_of: SignIn) -> None:
    page = page_of(client_of(rui), HOME)
    assert "1 question to decide." in page
    assert "Right without the video: 3 of 5, 60.0 %" in page
    assert "Not in the caption: 3 of 3, 100.0 %" in page
    assert page.count("The threshold is 60 %.") == page.count("The threshold is 50 %.") == 1
    assert KEY in page
    assert questions[0].question_id in page
    assert questions[1].question_id not in page
    rows = re.findall(r"<tr><td>(.*?)</td>.*?</th><td class=\"num\">(.*?)</td><td>(.*?)</td><td.*?>(.*?)</td>", page)
    assert rows == [
        ("Standard", "8", "A C", "1 of 2"),
        ("Human captions", "–", "B B B", "0 of 3"),
        ("No video", "–", "A A A B –", "3 of 5"),
    ]
    assert "judged by judge-x" in page
    assert page.count('value="kept"') == 2
    assert 'value="returned"' not in page


def test_one_question_shows_all_measures_and_the_caption(questions: list[QAItem], oda: User, client_of: SignIn) -> None:
    page = page_of(client_of(oda), at(questions[0]))
    assert "Can be answered without the video." in page
    for words in ("3 of 5, 60.0 %", "+35.0 points", "3 of 3, 100.0 %"):  # 60 - 25; what the video brings is not known
        assert words in page
    assert "There is one person in the video, a bald man. He spreads both arms. He jumps." in page
    assert 'value="returned"' in page
    assert "Sound." in page_of(client_of(oda), at(questions[1]))


def test_annotators_and_outsiders_see_nothing(
    questions: list[QAItem], ana: User, otto: User, client_of: SignIn
) -> None:
    flag = LeakFlag.objects.all()[0]
    for address in (HOME, at(questions[0]), f"{HOME}settings"):
        assert client_of(ana).get(address).status_code == 403
        assert client_of(otto).get(address).status_code == 404
    assert client_of(ana).post(at(questions[0]), said(flag)).status_code == 403
    assert LeakFlag.objects.get(pk=flag.pk).decision == ""


def test_only_administrators_change_settings_and_measure(
    questions: list[QAItem], oda: User, adam: User, client_of: SignIn
) -> None:
    assert client_of(oda).get(f"{HOME}settings").status_code == 403
    assert client_of(oda).post(f"{HOME}settings", SETTINGS).status_code == 403
    assert client_of(oda).post(HOME, {"verb": "measure"}).status_code == 403
    assert "Measure now" not in page_of(client_of(oda), HOME)
    assert client_of(adam).post(f"{HOME}settings", {**SETTINGS, "gates": "on"}).status_code == 302
    stored = LeakSettings.objects.get()
    assert (stored.least_answers, stored.blind_percent, stored.gates) == (5, 70, True)
    assert client_of(adam).post(HOME, {"verb": "measure"}).status_code == 302
    assert LeakFlag.objects.count() == 0
    bad = client_of(adam).post(f"{HOME}settings", {**SETTINGS, "blind_percent": "0"})
    assert bad.status_code == 400
    assert "greater than or equal to 1" in bad.content.decode()


def test_a_decision_is_made_and_leads_back(questions: list[QAItem], oda: User, client_of: SignIn) -> None:
    client, (blind, caption) = client_of(oda), LeakFlag.objects.order_by("measure")
    answer = client.post(at(questions[0]), said(caption, reason="The caption is short."))
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    page = page_of(client, HOME)
    assert re.search(r"Kept by Oda Lind, .*?: The caption is short\.", page)
    assert page.count('value="kept"') == 1
    client.post(at(questions[0]), said(blind, decision="returned"))
    assert fresh(questions[0]).state == State.EDITING
    assert "Nothing to decide" in page_of(client, HOME)
    page = page_of(client, at(questions[0]))
    assert "Only approved questions" in page
    assert KEY not in page


def test_a_refused_decision_keeps_what_was_typed(questions: list[QAItem], rui: User, client_of: SignIn) -> None:
    flag = LeakFlag.objects.get(measure="blind")
    answer = client_of(rui).post(at(questions[0]), said(flag, decision="", reason="half a thought"))
    assert answer.status_code == 400
    assert "decision: must be kept or returned" in answer.content.decode()
    assert answer.content.decode().count("half a thought") == 1
    assert client_of(rui).post(at(questions[0]), said(flag, decision="returned")).status_code == 403
    assert client_of(rui).post(at(questions[1]), said(flag)).status_code == 404
    assert client_of(rui).post(at(questions[0]), said(flag, seen_answers="2")).status_code == 412
    assert LeakFlag.objects.get(pk=flag.pk).decision == ""


def test_who_must_answer_the_clip_blind_is_told_nothing_of_it(
    questions: list[QAItem], ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    clip = questions[0].clip
    waits = saved_item(clip, ana)
    submit_all(clip, ana)
    CaptionOpening.objects.all().delete()
    for address in (HOME, at(questions[0]), at(waits)):
        page = page_of(client_of(oda), address)
        for secret in (KEY, "He waves", "Right without the video", "bald man", "A A A B", "Ana Duarte"):
            assert secret not in page, (address, secret)
    assert 'href="/projects/demo/clips/clip-a/questions/review"' in page_of(client_of(oda), HOME)
    assert not CaptionOpening.objects.exists()
    flag = LeakFlag.objects.all()[0]
    assert client_of(oda).post(at(questions[0]), said(flag)).status_code == 409


def test_who_reads_it_is_remembered(questions: list[QAItem], oda: User, client_of: SignIn) -> None:
    assert not CaptionOpening.objects.filter(user=oda).exists()
    page_of(client_of(oda), HOME)
    page_of(client_of(oda), HOME)
    assert CaptionOpening.objects.get(user=oda).caption.clip == questions[0].clip


def test_the_author_gets_no_buttons(project: Project, oda: User, rui: User, client_of: SignIn) -> None:
    planted(project, oda, rui)
    page = page_of(client_of(oda), HOME)
    assert "You wrote this question: somebody else decides." in page
    assert 'name="decision"' not in page


def test_a_release_names_the_flags_in_its_way(questions: list[QAItem], adam: User, client_of: SignIn) -> None:
    client = client_of(adam)
    page = page_of(client, "/projects/demo/releases/")
    assert "leak lab" not in page
    client.post(f"{HOME}settings", {**SETTINGS, "gates": "on"})
    page = page_of(client, "/projects/demo/releases/")
    assert "1 approved questions are flagged by the leak lab" in page
    assert f'<a href="{at(questions[0])}">' in page
    LeakFlag.objects.all().delete()
    assert "every flag of the leak lab is decided" in page_of(client, "/projects/demo/releases/")


def test_pages_follow_one_another(
    project: Project, ana: User, rui: User, adam: User, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.views.leak_lab.SHOWN", 2)
    made = approved_questions(project, author=ana, reviewer=rui, number=3, clip_id="clip-a")
    for item in made:
        given_answers(given_run(project, Setting.BLIND), item, right=3)
    measure(project)
    client = client_of(adam)
    first = page_of(client, HOME)
    following = re.search(r'href="(/projects/demo/leak-lab/\?after=\d+)"', first)
    assert following is not None
    second = page_of(client, following[1])
    shown = [[item.question_id for item in made if at(item) in page] for page in (first, second)]
    assert shown == [[one.question_id for one in made[:2]], [made[2].question_id]]
    for bad in ("x", "-1", "9" * 19):
        assert client.get(f"{HOME}?after={bad}").status_code == 400


def test_the_queue_asks_as_often_for_four_questions_as_for_two(
    project: Project, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    def queries(clip_id: str) -> int:
        for item in approved_questions(project, author=ana, reviewer=rui, number=2, clip_id=clip_id):
            given_answers(given_run(project, Setting.BLIND), item, right=3)
        measure(project)
        page_of(client_of(adam), HOME)
        with CaptureQueriesContext(connection) as asked:
            page_of(client_of(adam), HOME)
        return len(asked)

    assert queries("clip-b") == queries("clip-c")


@pytest.mark.browser
@pytest.mark.workspace
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(
    project: Project,
    browser: Browser,
    live_server: LiveServer,
    client_of: SignIn,
    ana: User,
    rui: User,
    adam: User,
    shots: Path | None,
    theme: Literal["light", "dark"],
) -> None:
    made = planted(project, ana, rui)
    client_of(rui).post(at(made[0]), said(LeakFlag.objects.get(measure="caption_failure")))
    given_probe(made[0].clip, blind=(3, 3, 60), caption_failure=(2, 3, 50))
    workspace = f"/projects/demo/clips/{made[0].clip.clip_id}/questions"
    addresses = {"queue": HOME, "question": at(made[0]), "settings": f"{HOME}settings", "workspace": workspace}
    cookie = client_of(adam).cookies["sessionid"].value
    errors: list[str] = []
    for width in (1440, 390):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda said: errors.append(str(said)))
        for name, address in addresses.items():
            page.goto(f"{live_server.url}{address}")
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], (name, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            if shots:
                page.screenshot(path=shots / f"leak-{name}-{theme}-{width}.png", full_page=True)
        context.close()
    assert errors == []
