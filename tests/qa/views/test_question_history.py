"""A question's history and its merge as pages: what they show, to whom, and what their buttons do."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Clip, Project, User
from qa.models import QAItem
from qa.services import items, reviews
from qa.services.merging import keep_stale
from tests.qa.api.test_questions_api import send
from tests.qa.scenes import answer_all, approved_clip, content_of, fresh, saved_item, submit_all, submitted_item

SignIn = Callable[[User], Client]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


def history_of(item: QAItem) -> str:
    return reverse("qa_history", args=["demo", item.question_id])


def merge_of(item: QAItem) -> str:
    return reverse("qa_merge", args=["demo", item.question_id])


def read(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def test_each_revision_shows_what_changed_and_what_became_of_it(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    item = saved_item(clip, ana)
    changed = content_of(item, ana, question="What does the tall man do just before he jumps?", key="o2")
    changed["options"] = changed["options"][::-1]
    items.save(item=item, user=ana, etag='"1-0"', content=changed)
    submit_all(clip, ana)
    answer_all(clip, rui, "o2")
    reviews.return_to_author(item=item, reviewer=rui, seen_number=2, reason="He is not tall.")
    page = read(client_of(ana), history_of(item))
    newest, first = page.split("revision 2 ·")[1].split("revision 1 ·")
    assert "<del>bald</del><ins>tall</ins>" in newest
    assert "options in another order" in newest
    assert "key: C “He sits down”, was A “He spreads both arms”" in newest
    assert "submitted for review by Ana" in newest and "returned by Rui Tavares: He is not tall." in newest
    assert "<ins>" not in first and 'value="restore"' in first
    assert "Model’s draft" in first


def test_restore_makes_the_old_words_the_newest(clip: Clip, ana: User, otto: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    form = {"verb": "restore", "etag": '"2-0"', "number": "1"}
    client = client_of(ana)
    assert client_of(otto).post(history_of(item), form).status_code == 404
    assert client_of(otto).get(history_of(item)).status_code == 404
    assert client.post(history_of(item), {**form, "etag": '"1-0"'}).status_code == 412
    for bad in ({"number": "x"}, {"number": "7"}, {"verb": "x"}, {"more": "x"}):
        assert client.post(history_of(item), {**form, **bad}).status_code == 400
    assert fresh(item).head_number == 2
    done = client.post(history_of(item), form)
    assert done["Location"] == f"{reverse('qa_workspace', args=['demo', clip.clip_id])}#q-{item.question_id}"
    assert (fresh(item).head_number, fresh(item).head.content["key"], fresh(item).head.kind) == (3, "o1", "restore")


def test_restore_by_the_api(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    items.save(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, key="o2"))
    client, name = client_of(ana), "api_question_restore"
    for number in ("1", None, True, 1.5, -1, 10**20, [1]):
        assert send(client, name, item.question_id, {"number": number}, etag='"2-0"').status_code == 400
    assert send(client, name, item.question_id, {"number": 1}, etag='"1-0"').status_code == 412
    assert send(client, name, item.question_id, {"number": 1}, etag=None).status_code == 428
    done = send(client, name, item.question_id, {"number": 1}, etag='"2-0"', key="once")
    again = send(client, name, item.question_id, {"number": 1}, etag='"2-0"', key="once")
    assert (done.status_code, done["ETag"], done.json()["number"], done.json()["warnings"]) == (201, '"3-0"', 3, [])
    assert (again.json(), fresh(item).head_number) == (done.json(), 3)


def test_who_still_has_to_answer_blind_sees_nothing_of_the_history(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, ana)
    client = client_of(rui)
    sealed = read(client, history_of(item))
    assert "Waits for your blind answer" in sealed
    for secret in ("He spreads both arms", "bald man", "revision 1", "Ana Duarte", "submitted for review"):
        assert secret not in sealed.split("<main")[1]
    refused = client.post(history_of(item), {"verb": "restore", "etag": '"1-0"', "number": "1"})
    assert refused.status_code == 409 and "spreads" not in refused.content.decode()
    assert "There is nothing to merge" in read(client, merge_of(item))
    answer_all(clip, rui)
    assert "He spreads both arms" in read(client, history_of(item))


def test_history_says_what_a_question_was_split_from(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    made = items.split_item(item=item, user=ana, etag='"1-0"', content=content_of(item, ana))
    assert f"Split from {item.question_id}." in read(client_of(ana), history_of(made))


@pytest.fixture
def overtaken(clip: Clip, ana: User, rui: User) -> QAItem:
    item = saved_item(clip, ana)
    mine = content_of(item, ana, question="Ana asks?", key="o2")
    theirs = content_of(item, rui, question="Rui asks?")
    theirs["options"][3]["text"] = "He turns around"
    items.save(item=item, user=rui, etag='"1-0"', content=theirs)
    keep_stale(item=item, user=ana, etag='"1-0"', content=mine)
    return item


def merging(**changes: Any) -> dict[str, Any]:
    return {"verb": "merge", "etag": '"1-1"', "seen_number": "2", "row-question": "yours", **changes}


def test_merge_asks_only_for_what_both_changed(overtaken: QAItem, ana: User, client_of: SignIn) -> None:
    page = read(client_of(ana), merge_of(overtaken))
    assert "1 field was changed by both of you" in page and "2 other changes merged by themselves" in page
    assert page.count('type="radio"') == 3  # theirs, yours, a third: for the question alone
    assert "taken: only you changed it" in page and "taken: only Rui Tavares changed it" in page
    assert "Option B, now “He sits down”" in page
    assert 'value="theirs" checked' in read(client_of(ana), f"{merge_of(overtaken)}?take=theirs")
    assert client_of(ana).get(f"{merge_of(overtaken)}?take=x").status_code == 400


def test_merge_saves_what_was_chosen_and_both_are_in_the_history(
    overtaken: QAItem, ana: User, otto: User, client_of: SignIn
) -> None:
    client = client_of(ana)
    assert client_of(otto).post(merge_of(overtaken), merging()).status_code == 404
    for bad in ({"row-question": "x"}, {"seen_number": "x"}, {"verb": "keep"}, {"more": "x"}):
        assert client.post(merge_of(overtaken), merging(**bad)).status_code == 400
    refused = client.post(merge_of(overtaken), {"verb": "merge", "etag": '"1-1"', "seen_number": "2"})
    assert refused.status_code == 400 and "Choose in each row" in refused.content.decode()
    own = merging(**{"row-question": "own", "own-question": "A third?"})
    stale = client.post(merge_of(overtaken), {**own, "seen_number": "1"})
    assert stale.status_code == 412 and "A third?" in stale.content.decode()
    assert fresh(overtaken).head_number == 2
    assert client.post(merge_of(overtaken), own).status_code == 302
    said = list(overtaken.revisions.order_by("number").values_list("content__question", "content__key"))
    assert said[1:] == [("Rui asks?", "o1"), ("Ana asks?", "o2"), ("A third?", "o2")]
    assert fresh(overtaken).head.content["options"][3]["text"] == "He turns around"


def test_card_that_was_overtaken_says_so_and_cannot_be_handed_in(
    overtaken: QAItem, clip: Clip, ana: User, client_of: SignIn
) -> None:
    where = reverse("qa_workspace", args=["demo", clip.clip_id])
    page = read(client_of(ana), where)
    assert 'data-overtaken="Rui Tavares"' in page
    assert "<del>Rui</del><ins>Ana</ins>" in page
    form = {"verb": "submit", "seen_id": [overtaken.question_id], "seen_etag": ['"1-1"']}
    assert client_of(ana).post(where, form).status_code == 412
