"""The same history for many tests: made anew where rows are needed, once where its bytes are enough."""

from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from annotation.models import Project, Role, User
from tests.conftest import member
from tests.factories import ProjectFactory
from tests.qa.history.told import tell_much, written


@pytest.fixture
def told(project: Project, ana: User, rui: User, oda: User, adam: User) -> Project:
    """A project in which much has happened."""
    tell_much(project, ana=ana, rui=rui, oda=oda, adam=adam)
    return project


@pytest.fixture(scope="session")
def told_once(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The history of such a project; no row of it is left."""
    roles = {"ana": Role.ANNOTATOR, "rui": Role.REVIEWER, "oda": Role.ADJUDICATOR, "adam": Role.ADMIN}
    elsewhere = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("told"))
    with django_db_blocker.unblock(), elsewhere, transaction.atomic():
        project = ProjectFactory.create(slug="demo")
        people = {name: member(project, name, f"{name.title()} Told", role) for name, role in roles.items()}
        tell_much(project, **people)
        raw = written(project, release="1.0.0")
        transaction.set_rollback(True)
    return raw
