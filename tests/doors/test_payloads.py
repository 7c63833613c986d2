"""S-20: sixty texts that would run, in every field that holds text, on every page, in a real browser."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Dialog, Page, Request

from annotation.models import Caption, Clip, Project, Role, Upload, User
from annotation.services import captions, reviews
from annotation.services.drafts import store_draft
from annotation.services.invitations import invite
from annotation.services.projects import change_settings, create_project
from annotation.services.tokens import make_token
from annotation.states import State
from qa.models import QAItem
from qa.services import blind, items
from qa.services import reviews as qa_reviews
from qa.services.imports import add_drafted_item
from qa.services.releases import freeze_release
from tests.doors.payloads import PAYLOADS
from tests.factories import ClipFactory, MembershipFactory, UserFactory
from tests.qa.scenes import answer_all, etags, fresh

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GROUPS = [PAYLOADS[start : start + 6] for start in range(0, len(PAYLOADS), 6)]
SHOWN = """() => {
  const said = [document.title, document.body.textContent];
  for (const field of document.querySelectorAll("input, textarea")) said.push(field.value);
  for (const node of document.querySelectorAll("*"))
    for (const name of ["title", "aria-label", "alt", "placeholder", "data-text"])
      if (node.hasAttribute(name)) said.push(node.getAttribute(name));
  return said.join("\\n");
}"""
"""All that a page says: text, what stands in fields, and names for who cannot see."""


class Reader:
    """Opens pages and fails on anything that ran or went elsewhere."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.ran: list[str] = []
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.ran.append(f"{page.url}: {error}"))
        page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        self.ran.append(f"{self.page.url}: a dialog")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.ran.append(f"{self.page.url}: asked {request.url}")

    def read(self, path: str, *, status: int = 200) -> str:
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        said: str = self.page.evaluate(SHOWN)
        assert self.page.evaluate("typeof window.__x") == "undefined", path
        assert self.page.url == self.url + path
        assert self.ran == []
        return said

    def shows(self, path: str, texts: list[str], *, status: int = 200) -> None:
        said = self.read(path, status=status)
        assert [text for text in texts if text not in said] == [], path


@pytest.fixture
def reader_of(browser: Browser, live_server: Any) -> Iterator[Callable[[User], Reader]]:
    contexts = []

    def sign_in(user: User) -> Reader:
        client = Client()
        client.force_login(user)
        context = browser.new_context()
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        return Reader(context.new_page(), live_server.url)

    yield sign_in
    for context in contexts:
        context.close()


def named(project: Project, payload: str, role: Role, number: int) -> User:
    user = UserFactory.create(username=f"{role}{number}", first_name=payload, last_name="")
    MembershipFactory.create(project=project, user=user, role=role)
    return user


def hostile_clip(project: Project, clip_id: str, payload: str, text: str, people: list[str]) -> Clip:
    clip = ClipFactory.create(
        project=project,
        clip_id=clip_id,
        description=payload,
        source=payload,
        license=payload,
        source_id=payload,
        original_name=payload,
        metadata={payload: payload},
        subtitles=f"WEBVTT\n\n00:00.000 --> 00:01.000\n{payload}\n",
    )
    said = {"caption": text, "people": described(people)}
    store_draft(clip=clip, kind="caption", model=payload, payload=said)
    return clip


def described(people: list[str]) -> list[dict[str, str]]:
    return [{"key": f"P{place}", "description": one} for place, one in enumerate(people, start=1)]


def caption_of(clip: Clip) -> Caption:
    return Caption.objects.for_review_page().get(clip=clip)


def hand_in(clip: Clip, author: User, text: str, people: list[str]) -> None:
    caption = caption_of(clip)
    etag = captions.words_for(caption, author).etag
    captions.submit(caption=caption, user=author, etag=etag, text=text, people=described(people))


def one_after_the_other(group: list[str]) -> str:
    return " ".join(f"[00:0{place}.0] {payload}" for place, payload in enumerate(group, start=1))


def hostile_question(clip: Clip, payload: str, author: User) -> QAItem:
    options = [f"{payload} {letter}" for letter in "wxyz"]
    said = {"question": payload, "options": options, "answer_index": 0}
    item = add_drafted_item(clip=clip, category="count", model=payload, payload=said)
    words = items.words_for(fresh(item), author)
    evidence = [{"start_ms": None, "text": payload}]
    items.save(item=fresh(item), user=author, etag=words.etag, content={**words.content, "evidence": evidence})
    return item


def test_names_notes_and_descriptions_are_text_s20(
    project: Project, adam: User, reader_of: Callable[[User], Reader]
) -> None:
    for number, payload in enumerate(PAYLOADS):
        named(project, payload, Role.ANNOTATOR, number)
        invite(project=project, role="annotator", invited_by=adam, note=payload)
        make_token(user=adam, name=payload[:60], scope="read", days=1)
        made = create_project(slug=f"p{number}", name=payload, admin=adam)
        change_settings(project=made, user=adam, name=payload, description=payload)
        Upload.objects.create(
            project=made,
            uploaded_by=adam,
            wanted_clip_id="up",
            original_name=payload,
            fields={},
            status=Upload.Status.REFUSED,
            reason=payload,
        )
    reader = reader_of(adam)
    reader.shows("/projects/demo/people/", PAYLOADS)
    reader.shows("/accounts/tokens/", [payload[:60] for payload in PAYLOADS])
    reader.shows("/", PAYLOADS)
    for number, payload in enumerate(PAYLOADS):
        reader.shows(f"/projects/p{number}/clips/", [payload])
        if number % 6 == 0:
            reader.shows(f"/projects/p{number}/", [payload])
            reader.shows(f"/projects/p{number}/settings/", [payload])


def test_drafts_and_facts_of_clips_are_text_s20(
    project: Project, adam: User, reader_of: Callable[[User], Reader]
) -> None:
    for number, payload in enumerate(PAYLOADS):
        hostile_clip(project, f"c{number:02}", payload, payload, [payload])
    reader = reader_of(adam)
    for number, payload in enumerate(PAYLOADS):
        said = reader.read(f"/projects/demo/clips/c{number:02}/caption")
        assert said.count(payload) >= 4, payload  # text, person, description or source, model
    assert "</script>" in reader.read("/projects/demo/clips/")


def test_captions_and_reasons_are_text_s20(
    project: Project, adam: User, rui: User, reader_of: Callable[[User], Reader]
) -> None:
    reader = reader_of(rui)
    for number, group in enumerate(GROUPS):
        author = named(project, group[0], Role.ANNOTATOR, number)
        clip = hostile_clip(project, f"g{number}", group[1], "A draft of other words.", group)
        hand_in(clip, author, "First words.", group)
        reason = "\n".join(group)
        caption = caption_of(clip)
        reviews.return_to_author(caption=caption, reviewer=rui, seen_number=1, reason=reason)
        reader.shows(f"/projects/demo/clips/g{number}/caption", group)  # the reason; people
        text = one_after_the_other(group)
        hand_in(clip, author, text, group)
        reader.shows(f"/projects/demo/clips/g{number}/caption/review", [*group, group[0]])
        reader.shows(f"/projects/demo/clips/g{number}/caption", group)


def test_questions_and_reasons_are_text_s20(
    project: Project, adam: User, rui: User, oda: User, ana: User, reader_of: Callable[[User], Reader]
) -> None:
    writer, reader = reader_of(ana), reader_of(oda)
    for number, group in enumerate(GROUPS):
        clip = hostile_clip(project, f"q{number}", group[0], "A draft.", group)
        hand_in(clip, ana, one_after_the_other(group), group)
        reviews.approve(caption=caption_of(clip), reviewer=rui, seen_number=1)
        made = [hostile_question(clip, payload, ana) for payload in group]
        dropped = hostile_question(clip, group[1], ana)
        etag = items.words_for(fresh(dropped), ana).etag
        items.drop(item=fresh(dropped), user=ana, etag=etag, reason="\n".join(group))
        items.submit_unit(clip=clip, user=ana, seen=etags(clip, ana))
        where = f"/projects/demo/clips/q{number}/questions"
        reader.shows(f"{where}/review", [*group, *(f"{payload} w" for payload in group)])
        answer_all(clip, oda)
        reader.shows(f"{where}/review", [*group, *(f"{payload} z" for payload in group)])
        for item, payload in zip(made, group, strict=True):
            qa_reviews.return_to_author(item=fresh(item), reviewer=oda, seen_number=1, reason=f"because {payload}")
        writer.shows(where, [*(f"because {payload}" for payload in group), *(f"{payload} x" for payload in group)])
    assert blind.unanswered(clip, oda) == []
    assert QAItem.objects.filter(state=State.DROPPED).count() == len(GROUPS)


def test_release_notes_files_and_refusals_are_text_s20(
    project: Project, adam: User, rui: User, ana: User, reader_of: Callable[[User], Reader]
) -> None:
    clip = hostile_clip(project, "r", PAYLOADS[0], "A draft.", PAYLOADS[:1])
    text = "\n".join(PAYLOADS)
    hand_in(clip, ana, text, PAYLOADS[:6])
    reviews.approve(caption=caption_of(clip), reviewer=rui, seen_number=1)
    freeze_release(project=project, version="1.0.0", notes=text, actor=adam)
    reader = reader_of(adam)
    reader.shows("/projects/demo/releases/1.0.0/", PAYLOADS)
    reader.read("/projects/demo/releases/")
    client = Client()
    client.force_login(adam)
    answer = client.get("/projects/demo/releases/1.0.0/haicbench.json")
    released = json.loads(answer.getvalue())
    assert released["clips"][0]["caption"].split("\n") == PAYLOADS
    assert answer["Content-Type"].startswith("application/json")


def test_what_a_page_repeats_of_a_request_is_text_s20(
    project: Project, adam: User, reader_of: Callable[[User], Reader]
) -> None:
    reader = reader_of(adam)
    for payload in PAYLOADS[::3]:
        quoted = "".join(f"%{byte:02x}" for byte in payload.encode())
        reader.shows(f"/projects/demo/clips/?q={quoted}", [payload])
        reader.shows(f"/projects/demo/clips/?{quoted}=1", [payload[:100]], status=400)
        reader.read(f"/projects/demo/clips/?state={quoted}")
        reader.read(f"/projects/{quoted.replace('%2f', '')}/", status=404)
