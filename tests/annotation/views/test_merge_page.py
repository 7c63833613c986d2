"""The page that merges, as a plain form: what it shows, what each button does, and that it loses nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.models import Caption, CaptionWorkingCopy, Project, User
from annotation.services.captions import autosave, save
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory

WORKSPACE = "/projects/demo/clips/c/caption"
MERGE = f"{WORKSPACE}/merge"
YOURS: dict[str, Any] = {"text": TEXT.replace("jumps", "hops"), "people": PEOPLE}


@pytest.fixture
def caption(project: Project, rui: User) -> Caption:
    """Rui has saved revision 1 over the draft that Ana began from."""
    caption = DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))
    save(caption=caption, user=rui, etag='"0-0"', text=TEXT.replace("jumps", "leaps"), people=PEOPLE)
    return caption


@pytest.fixture
def client(caption: Caption, ana: User, client_of: Callable[[User], Client]) -> Client:
    """Ana's, her words kept."""
    client = client_of(ana)
    assert client.post(MERGE, keep())["Location"] == MERGE
    return client


def keep(**changes: Any) -> dict[str, Any]:
    return {"verb": "keep", "etag": '"0-0"', "content": json.dumps(YOURS), **changes}


def merged(**changes: Any) -> dict[str, Any]:
    return {"verb": "merge", "etag": '"0-1"', "seen_number": "1", "row-s3": "yours", "own-s3": "", **changes}


def test_the_page_shows_the_base_and_both_sets_of_words(client: Client) -> None:
    page = client.get(MERGE).content.decode()
    assert "1 sentence was changed by both of you" in " ".join(page.split())
    assert "<del>jumps.</del><ins>leaps.</ins>" in page
    assert "<del>jumps.</del><ins>hops.</ins>" in page
    assert "Sentences 1 to 2: the same in all three" in page
    assert "Rui Tavares saved revision 1" in page


def test_saving_the_merged_text_goes_back_to_the_editor(client: Client, caption: Caption) -> None:
    answer = client.post(MERGE, merged(**{"row-s3": "own", "own-s3": "[00:01.0] He\r\nlands."}))
    assert (answer.status_code, answer["Location"]) == (302, WORKSPACE)
    caption.refresh_from_db()
    assert [revision.text for revision in caption.revisions.all()][1:] == [
        YOURS["text"],
        TEXT.replace("He jumps", "He\nlands"),
    ]


def test_a_missing_choice_answers_400_and_keeps_the_words(client: Client, caption: Caption, ana: User) -> None:
    form = merged()
    del form["row-s3"]
    answer = client.post(MERGE, form)
    assert (answer.status_code, b"Choose in each row" in answer.content) == (400, True)
    caption.refresh_from_db()
    assert caption.head_number == 1
    assert CaptionWorkingCopy.objects.get(owner=ana).text == YOURS["text"]


def test_a_third_save_answers_412_and_shows_what_was_written_as_a_third_text(
    client: Client, caption: Caption, rui: User
) -> None:
    save(caption=caption, user=rui, etag='"1-0"', text="Rui again.", people=PEOPLE)
    answer = client.post(MERGE, merged(**{"row-s3": "own", "own-s3": "My third text."}))
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "My third text.</textarea>" in page
    assert "saved revision 2" in page
    caption.refresh_from_db()
    assert caption.head_number == 2


@pytest.mark.parametrize(("take", "word"), [("theirs", "leaps"), ("yours", "hops")])
def test_all_of_one_side_can_be_taken_without_javascript(client: Client, take: str, word: str) -> None:
    page = client.get(f"{MERGE}?take={take}").content.decode()
    assert f'value="{take}" checked' in page
    assert f"He {word}.</span>" in page.partition("Result, as it would be saved")[2]


def test_deciding_later_keeps_the_words_and_says_so(client: Client, caption: Caption) -> None:
    page = client.get(WORKSPACE).content.decode()
    assert YOURS["text"] in page
    assert "A newer revision was saved" in page
    caption.refresh_from_db()
    assert caption.head_number == 1


def test_with_nothing_to_merge_the_page_says_so(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(ana)
    assert b"There is nothing to merge" in client.get(MERGE).content
    autosave(caption=caption, user=ana, etag='"1-0"', text="Mine.", people=PEOPLE)
    assert b"There is nothing to merge" in client.get(MERGE).content
    assert client.post(MERGE, merged()).status_code == 412


@pytest.mark.parametrize(
    "changes",
    [
        {"content": "no JSON"},
        {"content": json.dumps({"text": "x"})},
        {"content": json.dumps({**YOURS, "is_staff": True})},
        {"content": json.dumps({**YOURS, "text": 1})},
        {"etag": '"9-0"'},
        {"verb": "approve"},
    ],
)
def test_a_bad_form_changes_nothing(
    caption: Caption, ana: User, client_of: Callable[[User], Client], changes: dict[str, str]
) -> None:
    assert client_of(ana).post(MERGE, keep(**changes)).status_code == 400
    assert not CaptionWorkingCopy.objects.filter(owner=ana).exists()


@pytest.mark.parametrize("changes", [{"row-s3": "all"}, {"seen_number": "x"}, {"seen_number": ""}])
def test_a_bad_choice_changes_nothing(client: Client, caption: Caption, changes: dict[str, str]) -> None:
    assert client.post(MERGE, merged(**changes)).status_code == 400
    caption.refresh_from_db()
    assert caption.head_number == 1


def test_outsiders_get_404(caption: Caption, otto: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(otto)
    assert client.get(MERGE).status_code == 404
    assert client.post(MERGE, keep()).status_code == 404
