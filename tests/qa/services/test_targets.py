"""How many questions of a category are wanted: who may say it, and what is no such number."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.errors import BadInput, RightMissing
from annotation.models import Project, User
from qa.services.targets import change_targets, targets_of

SignIn = Callable[[User], Client]
NONE = {"interaction": 0, "action_details": 0, "action_sequence": 0, "count": 0, "attribute": 0}


def stored(project: Project) -> dict[str, int]:
    targets: dict[str, int] = Project.objects.get(pk=project.pk).question_targets
    return targets


def test_targets_are_kept_and_what_is_not_said_stays(project: Project, adam: User) -> None:
    assert targets_of(project) == NONE
    change_targets(project=project, user=adam, targets={"count": 2, "attribute": 20})
    change_targets(project=project, user=adam, targets={"count": 3, "attribute": 0})
    assert stored(project) == {"count": 3}
    assert targets_of(Project.objects.get(pk=project.pk)) == {**NONE, "count": 3}


@pytest.mark.parametrize("targets", [{"weather": 1}, {"count": -1}, {"count": 21}, {"count": "2"}, {"count": True}])
def test_no_category_and_no_such_number_are_refused(project: Project, adam: User, targets: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refusal:
        change_targets(project=project, user=adam, targets={"attribute": 1, **targets})
    assert list(refusal.value.detail["fields"]) == list(targets)
    assert stored(project) == {}


def test_only_administrators_say_what_is_wanted(project: Project, oda: User, otto: User) -> None:
    for user in (oda, otto):
        with pytest.raises(RightMissing):
            change_targets(project=project, user=user, targets={"count": 2})
    assert stored(project) == {}


def test_the_page_saves_one_number_for_each_category(
    project: Project, adam: User, ana: User, otto: User, client_of: SignIn
) -> None:
    where, client = reverse("question_targets", args=["demo"]), client_of(adam)
    sent = {**NONE, "count": "3", "interaction": "2"}
    assert client_of(ana).post(where, sent).status_code == 403
    assert client_of(otto).post(where, sent).status_code == 404
    refused = client.post(where, {**sent, "count": "21"})
    assert (refused.status_code, stored(project)) == (400, {})
    assert client.post(where, {**sent, "weather": "1"}).status_code == 400
    assert client.post(where, sent).status_code == 302
    assert stored(project) == {"interaction": 2, "count": 3}
    assert re.search(r'name="count"[^>]*value="3"', client.get(where).content.decode())
    overview = reverse("project", args=["demo"])
    assert where in client.get(overview).content.decode()
    assert where not in client_of(ana).get(overview).content.decode()
