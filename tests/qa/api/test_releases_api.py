"""Releases for programs: frozen once, exported, downloaded, compared."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.models import Project, Scope, User
from qa.models import Export, Release, ReleaseSettings
from qa.services.exports import work_on_export
from qa.services.releases import freeze_as, freeze_release
from tests.annotation.api.test_captions_api import code_of
from tests.annotation.api.test_tokens import bearer
from tests.qa.releases.two_releases import Cast, TwoReleases, make_two
from tests.qa.scene import finish_clip
from tests.qa.scenes import off_all_desks, submitted_item

SignIn = Callable[[User], Client]


@pytest.fixture
def two(project: Project, ana: User, rui: User, oda: User, adam: User) -> TwoReleases:
    return make_two(Cast(project, ana, rui, oda, adam))


@pytest.fixture
def client(adam: User, client_of: SignIn) -> Client:
    return client_of(adam)


def post(client: Client, name: str, *args: object, key: str = "k", **body: Any) -> Any:
    return client.post(
        reverse(name, args=["demo", *args]),
        json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


def test_a_release_is_frozen_once_d06(project: Project, ana: User, rui: User, client: Client) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    made = post(client, "api_releases", version="1.0.0", notes="first", categories=["count"])
    assert made.status_code == 201
    release = Release.objects.get()
    assert made.json() == {
        "version": "1.0.0",
        "digest": release.digest,
        "counts": release.counts,
        "frozen_at": f"{release.frozen_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert release.filters["categories"] == ["count"]
    again = post(client, "api_releases", version="1.0.0", notes="first", categories=["count"])
    assert (again.status_code, again.json()) == (201, made.json())
    assert Release.objects.count() == 1
    assert post(client, "api_releases", key="other", version="1.0.0").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_freeze_sees_one_moment_although_its_key_is_kept_with_it_d11(
    project: Project, ana: User, rui: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = []

    def noted(kind: str, **asked: Any) -> Release:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            levels.append(cursor.fetchone()[0])
        return freeze_as(kind, **asked)

    monkeypatch.setattr("qa.api.releases.freeze_as", noted)
    finish_clip(project, author=ana, reviewer=rui)
    assert post(client, "api_releases", version="1.0.0").status_code == 201
    assert levels == ["repeatable read"]


def test_what_is_in_the_way_is_told_with_items(project: Project, ana: User, rui: User, client: Client) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    ReleaseSettings.objects.create(project=project, blind_answer_floor=2)
    refused = post(client, "api_releases", version="1.0.0")
    assert (refused.status_code, code_of(refused)) == (409, "release_refused")
    [condition] = refused.json()["error"]["detail"]["conditions"]
    assert condition["items"][0]["id"] == "clip-a-action_sequence-1"
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": 1}, "version"),
        ({"version": "one"}, "version"),
        ({"version": "1.0.0", "notes": 5}, "notes"),
        ({"version": "1.0.0", "kind": "test"}, "kind"),
        ({"version": "1.0.0", "kind": ["train"]}, "kind"),
        ({"version": "1.0.0", "kind": "train", "splits": ["test"]}, "splits"),
        ({"version": "1.0.0", "categories": "count"}, "categories"),
        ({"version": "1.0.0", "splits": ["train"]}, "splits"),
        ({"version": "1.0.0", "digest": "x"}, "digest"),
        ({}, "version"),
    ],
)
def test_a_wrong_freeze_is_refused_by_name_b08(
    project: Project, ana: User, rui: User, client: Client, body: dict[str, Any], field: str
) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    refused = post(client, "api_releases", **body)
    assert (refused.status_code, list(refused.json()["error"]["detail"]["fields"])) == (400, [field])
    assert not Release.objects.exists()


def test_only_administrators_freeze_and_ask_for_exports(two: TwoReleases, ana: User, client_of: SignIn) -> None:
    assert post(client_of(ana), "api_releases", version="2.0.0").status_code == 403
    assert post(client_of(ana), "api_release_exports", "1.0.0", key="o", layout="haicbench").status_code == 403
    assert (Release.objects.count(), Export.objects.count()) == (2, 0)


def test_one_release_says_what_it_can_be_exported_as(two: TwoReleases, ana: User, client_of: SignIn) -> None:
    told = client_of(ana).get(reverse("api_release", args=["demo", "1.1.0"])).json()
    assert (told["version"], told["digest"], told["items_digest"]) == (
        "1.1.0",
        two.second.digest,
        two.second.items_digest,
    )
    assert "haicbench" in told["layouts"]
    assert sum(told["key_positions"]) == told["counts"]["questions"] == 2


def test_an_export_is_asked_for_watched_and_downloaded(two: TwoReleases, client: Client, adam: User) -> None:
    asked = post(client, "api_release_exports", "1.1.0", layout="haicbench")
    assert (asked.status_code, asked.json()["status"], asked.json()["download"]) == (202, "queued", None)
    assert post(client, "api_release_exports", "1.1.0", key="other", layout="haicbench").json() == asked.json()
    export = Export.objects.get()
    zip_address = reverse("api_export_download", args=["demo", "1.1.0", export.uid])
    assert client.get(zip_address).status_code == 404
    work_on_export(export.pk)
    done = client.get(asked.json()["url"]).json()
    assert (done["status"], done["clips_done"], done["clips"], done["download"]) == ("done", 3, 3, zip_address)
    listed = client.get(reverse("api_release_exports", args=["demo", "1.1.0"])).json()
    assert listed == {"exports": [done]}
    token = bearer(adam, Scope.READ)
    got = Client().get(done["download"], headers={**token, "Accept": "application/zip"})
    content = b"".join(got.streaming_content)  # type: ignore[attr-defined]
    assert (got.status_code, got["Content-Type"], len(content)) == (200, "application/zip", done["bytes"])
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"layout": "nonsense"}, "layout"),
        ({"layout": ["haicbench"]}, "layout"),
        ({"layout": "haicbench", "with_history": "yes"}, "with_history"),
        ({}, "layout"),
    ],
)
def test_a_wrong_export_is_refused_by_name_b08(
    two: TwoReleases, client: Client, body: dict[str, Any], field: str
) -> None:
    refused = post(client, "api_release_exports", "1.1.0", **body)
    assert (refused.status_code, list(refused.json()["error"]["detail"]["fields"])) == (400, [field])
    assert not Export.objects.exists()


def changes(client: Client, query: str = "") -> Any:
    return client.get(reverse("api_release_changes", args=["demo", "1.1.0"]) + query)


def test_changes_come_clip_by_clip_in_pages(two: TwoReleases, client: Client) -> None:
    seen: list[dict[str, Any]] = []
    answered = changes(client, "?limit=1").json()
    while True:
        assert answered["against"] == "1.0.0"
        seen += answered["results"]
        if answered["next"] is None:
            break
        answered = client.get(answered["next"]).json()
    assert [one["clip_id"] for one in seen] == ["clip-asked", "clip-changed"]
    assert [(one["id"], one["what"]) for one in seen[0]["questions"]] == [
        (two.retired.question_id, "retired"),
        (two.added.question_id, "added"),
    ]
    [caption] = seen[1]["caption"]
    assert {"op": "del", "text": "jumps."} in caption["pieces"]
    assert {"op": "ins", "text": "leaps high."} in caption["pieces"]
    assert changes(client, "?part=captions").json()["results"] == [seen[1]]


@pytest.mark.parametrize("query", ["?limit=0", "?limit=x", "?against=1.1.0", "?part=x", "?after=%00", "?cursor=1"])
def test_a_wrong_question_about_changes_is_refused_b08(two: TwoReleases, client: Client, query: str) -> None:
    assert changes(client, query).status_code == 400


def test_a_first_release_changed_nothing(two: TwoReleases, client: Client) -> None:
    answered = client.get(reverse("api_release_changes", args=["demo", "1.0.0"]))
    assert answered.json() == {"against": None, "next": None, "results": []}


def test_words_are_kept_back_as_in_the_page(
    two: TwoReleases, project: Project, ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    off_all_desks(two.changed)
    submitted_item(two.changed, ana)
    told = changes(client_of(oda)).json()["results"]
    assert [(one["clip_id"], one["kept"], bool(one["caption"])) for one in told] == [
        ("clip-asked", "", False),
        ("clip-changed", "blind", False),
    ]
    ReleaseSettings.objects.update_or_create(project=project, defaults={"held_out_percent": 90})
    off_all_desks(two.changed)
    freeze_release(project=project, version="1.2.0", notes="", actor=adam)
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-z")
    freeze_release(project=project, version="1.3.0", notes="", actor=adam)
    where = reverse("api_release_changes", args=["demo", "1.3.0"])
    for user, kept in ((ana, "held_out"), (adam, "")):
        [new] = client_of(user).get(where).json()["results"]
        assert (new["clip_id"], new["held_out"], new["kept"]) == ("clip-z", True, kept)
        assert bool(new["caption"]) == bool(new["questions"][0]["words"]) == (kept == "")
