"""What people found wrong in drafts: counted by hand for each prompt version, and written row by row."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotation.caption_content import DraftError
from annotation.models import Caption, Draft, Membership, Project, User
from annotation.services import captions, reviews
from annotation.services import error_profiles as module
from annotation.services.drafts import store_draft
from annotation.services.error_profiles import error_profiles
from annotation.services.prompts import shipped
from annotation.workflow import database_now
from tests.factories import PEOPLE, TEXT, ClipFactory

PERSON = {"error": "person", "draft": "He spreads both arms.", "final": "She spreads both arms."}
COUNT = {"error": "count", "draft": "He jumps.", "final": "He jumps twice."}
MISSED = {"error": "missed", "draft": "", "final": "A dog \U0001f436 barks."}
OURS, THEIRS = "a" * 64, "b" * 64


def drafted(project: Project, clip_id: str, version: str = OURS) -> Caption:
    """As a model with this prompt version would have; a draft cannot be changed afterwards."""
    clip = ClipFactory.create(project=project, clip_id=clip_id)
    draft = Draft(
        clip=clip,
        kind="caption",
        model="test model",
        prompt_version=version,
        payload={"caption": TEXT, "people": PEOPLE},
        created_at=database_now(),
    )
    draft.digest = draft.computed_digest()
    draft.save(force_insert=True)
    captions.accept_draft(draft)
    return Caption.objects.for_review_page().get(clip=clip)


def hand_in(caption: Caption, author: User, *critiques: dict[str, str], text: str = TEXT) -> Caption:
    caption = Caption.objects.for_review_page().get(pk=caption.pk)
    etag = captions.words_for(caption, author).etag
    seen: dict[str, Any] = {"caption": caption, "user": author, "etag": etag, "text": text, "people": PEOPLE}
    captions.submit(**seen, notes={"critiques": list(critiques)})
    return Caption.objects.for_review_page().get(pk=caption.pk)


def save(caption: Caption, author: User, *critiques: dict[str, str]) -> None:
    caption = Caption.objects.for_review_page().get(pk=caption.pk)
    etag = captions.words_for(caption, author).etag
    seen: dict[str, Any] = {"caption": caption, "user": author, "etag": etag, "text": TEXT, "people": PEOPLE}
    captions.save(**seen, notes={"critiques": list(critiques)})


def counts(project: Project, version: str = OURS) -> tuple[int, dict[str, int]]:
    profile = error_profiles(project, [version])[version]
    named = dict(zip(DraftError.values, profile.counts, strict=True))
    return profile.captions, {error: number for error, number in named.items() if number}


def test_the_newest_revision_that_was_handed_in_or_approved_is_counted_once(
    project: Project, ana: User, rui: User
) -> None:
    one, other, good = (drafted(project, clip_id) for clip_id in ("one", "other", "good"))
    one = hand_in(one, ana, PERSON, COUNT)
    reviews.return_to_author(caption=one, reviewer=rui, seen_number=1, reason="Look again.")
    hand_in(one, ana, PERSON, COUNT, COUNT | {"draft": "Else."}, text=TEXT + " Again.")
    hand_in(other, ana, PERSON, MISSED)
    approved = hand_in(good, ana)
    reviews.approve(caption=approved, reviewer=rui, seen_number=1)
    # one: person 1, count 2 (its newer revision); other: person 1, missed 1; good: none
    assert counts(project) == (3, {"person": 2, "count": 2, "missed": 1})


def test_what_is_only_saved_is_not_counted(project: Project, ana: User) -> None:
    save(drafted(project, "one"), ana, PERSON)
    assert error_profiles(project, [OURS]) == {}


def test_versions_and_projects_are_counted_apart(project: Project, ana: User, otto: User) -> None:
    hand_in(drafted(project, "one"), ana, PERSON)
    hand_in(drafted(project, "other", THEIRS), ana, COUNT)
    elsewhere = Project.objects.get(slug="elsewhere")
    hand_in(drafted(elsewhere, "one"), otto, MISSED)
    assert counts(project) == (1, {"person": 1})
    assert counts(project, THEIRS) == (1, {"count": 1})
    assert set(error_profiles(project, [THEIRS])) == {THEIRS}


def test_a_caption_that_began_without_a_prompt_is_not_counted(project: Project, ana: User) -> None:
    clip = ClipFactory.create(project=project, clip_id="imported")
    store_draft(clip=clip, kind="caption", model="m", payload={"caption": TEXT, "people": PEOPLE})
    hand_in(Caption.objects.get(clip=clip), ana, PERSON)
    assert error_profiles(project, [OURS]) == {}


def test_the_profile_is_one_query(project: Project, ana: User, django_assert_num_queries: Any) -> None:
    for clip_id in ("one", "other"):
        hand_in(drafted(project, clip_id), ana, PERSON)
    with django_assert_num_queries(1):
        assert counts(project) == (2, {"person": 2})


def test_the_page_of_the_prompt_shows_the_profile(
    project: Project, ana: User, adam: User, client_of: Callable[[User], Client]
) -> None:
    where = "/projects/demo/drafting/prompts/caption/"
    client = client_of(adam)
    assert "Nobody has handed in a caption" in client.get(where).content.decode()
    hand_in(drafted(project, "one", shipped("caption").version), ana, PERSON, COUNT)
    page = client.get(where).content.decode()
    table = page[page.index('aria-labelledby="h-errors"') : page.index('aria-labelledby="h-compare"')]
    numbers = [int(cell.partition("<")[0]) for cell in table.split('<td class="num">')[1:]]
    # captions; person, side, count, order, attribute, missed, invented, wording; all
    assert numbers == [1, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert "What was wrong in its drafts" not in client.get(where.replace("caption", "count")).content.decode()


def export(out: Path) -> str:
    said = StringIO()
    call_command("export_critiques", project="demo", out=out, stdout=said)
    return said.getvalue()


def test_the_export_has_a_line_for_each_critique_with_where_it_comes_from(
    project: Project, ana: User, tmp_path: Path
) -> None:
    first, second = hand_in(drafted(project, "b"), ana, MISSED), hand_in(drafted(project, "a"), ana, PERSON, COUNT)
    save(drafted(project, "c"), ana, PERSON)
    hand_in(drafted(project, "d"), ana)
    out = tmp_path / "new" / "critiques.jsonl"
    assert export(out) == f"3 critiques of demo in {out}\n"
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    who = Membership.objects.get(user=ana).pseudonym
    common = {"prompt_version": OURS, "model": "test model", "author": who}
    assert lines == [
        {"clip_id": "a", **PERSON, **common, "revision": second.head_digest},
        {"clip_id": "a", **COUNT, **common, "revision": second.head_digest},
        {"clip_id": "b", **MISSED, **common, "revision": first.head_digest},
    ]
    assert "ana" not in out.read_text("utf-8")
    before = out.read_bytes()
    export(out)
    assert out.read_bytes() == before


def test_an_export_that_fails_midway_leaves_the_earlier_file(
    project: Project, ana: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "critiques.jsonl"
    out.write_text("earlier")

    def breaks(project: Project) -> Any:
        yield {"clip_id": "a"}
        raise OSError("no room")

    monkeypatch.setattr("haic_annotate.management.commands.export_critiques.critiques_of", breaks)
    with pytest.raises(CommandError, match="could not be written: no room"):
        export(out)
    assert (out.read_text(), [path.name for path in tmp_path.iterdir()]) == ("earlier", ["critiques.jsonl"])
    assert module.critiques_of is not breaks
