"""What programs read: projects, clips, captions, releases; by pages, with the filters that are allowed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import CaptionOpening, Project, User
from annotation.services import captions
from tests.annotation.api.test_captions_api import code_of
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, ProjectFactory

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def clips(client: Client, query: str = "") -> Any:
    return client.get(reverse("api_clips", args=["demo"]) + query)


def test_projects_are_those_of_the_asker_with_their_role(client: Client) -> None:
    ProjectFactory.create(slug="foreign")
    assert client.get("/api/v1/projects").json()["results"] == [
        {"slug": "demo", "name": "Demo project", "description": "", "role": "annotator"}
    ]


def test_all_clips_come_once_page_by_page(client: Client, project: Project) -> None:
    for number in range(7):
        ClipFactory.create(project=project, clip_id=f"clip-{number}")
    ClipFactory.create(clip_id="foreign")
    seen: list[str] = []
    address: str | None = reverse("api_clips", args=["demo"]) + "?limit=3"
    while address:
        page = client.get(address).json()
        seen += [clip["clip_id"] for clip in page["results"]]
        address = page["next"]
    assert seen == [f"clip-{number}" for number in range(7)]


def test_a_page_of_clips_takes_the_same_queries_for_any_number(
    client: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for number in range(9):
        ClipFactory.create(project=project, clip_id=f"clip-{number}")
    with django_assert_max_num_queries(6):
        assert len(clips(client).json()["results"]) == 9


def test_clips_are_found_by_the_state_of_their_caption(client: Client, project: Project) -> None:
    ClipFactory.create(project=project, clip_id="waits")
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="drafted"))
    found = clips(client, "?caption_state=drafted").json()["results"]
    assert [(clip["clip_id"], clip["caption_state"]) for clip in found] == [("drafted", "drafted")]
    assert [clip["clip_id"] for clip in clips(client, "?clip_id_prefix=wa").json()["results"]] == ["waits"]


@pytest.mark.parametrize(
    "query",
    [
        *("project__memberships__user__password__startswith=p", "caption__head__author__email__regex=.", "_negated=1"),
        *("_connector=OR", "pk__in=1", "ordering=-password", "state=wrong", "caption_state=wrong", "cursor=wrong"),
        *("limit=0", "limit=1000000000", "limit=-1", "limit=x", "offset=1000000000000", "clip_id_prefix=%00"),
    ],
)
def test_a_question_that_is_not_allowed_is_400_by_name_whatever_the_answer_were_s06_b09(
    client: Client, project: Project, query: str
) -> None:
    before = clips(client, f"?{query}")
    assert (before.status_code, code_of(before)) == (400, "bad_input")
    assert query.partition("=")[0] in before.json()["error"]["detail"]["fields"]
    ClipFactory.create(project=project)
    assert clips(client, f"?{query}").content == before.content


def test_a_caption_is_read_with_the_etag_that_saves_it_and_the_reading_is_noted(
    client: Client, ana: User, project: Project
) -> None:
    caption = DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))
    captions.save(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=PEOPLE)
    answer = client.get(reverse("api_caption", args=["demo", "c"]))
    assert answer.json() == {
        "clip_id": "c",
        "state": "editing",
        "number": 1,
        "text": TEXT,
        "people": PEOPLE,
        "etag": '"1-0"',
    }
    assert answer["ETag"] == '"1-0"'
    assert CaptionOpening.objects.filter(caption=caption, user=ana).exists()


def test_a_caption_without_words_is_empty(client: Client, project: Project) -> None:
    ClipFactory.create(project=project, clip_id="c")
    answer = client.get(reverse("api_caption", args=["demo", "c"])).json()
    assert (answer["number"], answer["text"], answer["people"]) == (0, "", [])


@pytest.mark.parametrize("name", ["api_clips", "api_releases"])
def test_another_project_is_like_none_s04(client: Client, name: str) -> None:
    ProjectFactory.create(slug="foreign")
    foreign, absent = (client.get(reverse(name, args=[slug])) for slug in ("foreign", "absent"))
    assert (foreign.status_code, foreign.content) == (404, absent.content)


def test_the_schema_tells_every_operation_with_its_errors(client: Client) -> None:
    schema = client.get("/api/v1/schema").json()
    assert schema["openapi"].startswith("3.")
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) >= 13
    for operation in operations:
        assert {"4XX", "5XX"} <= set(operation["responses"]), operation["operationId"]
    save = schema["paths"]["/api/v1/projects/{slug}/clips/{clip_id}/caption/revisions"]["post"]
    assert {one["name"] for one in save["parameters"] if one["in"] == "header"} == {"If-Match", "Idempotency-Key"}


def test_the_schema_is_not_for_strangers() -> None:
    assert Client().get("/api/v1/schema").status_code == 401
