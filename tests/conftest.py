"""The cast: ana annotates, rui reviews, oda adjudicates, adam administers; otto is in another project only."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from annotation.models import Membership, Project, Role, User
from tests.browsers import browser
from tests.clean_database import cleaned_as_it_was_made
from tests.factories import MembershipFactory, ProjectFactory, UserFactory

__all__ = ["browser"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few tests first: theirs take minutes, and at the end nothing else would be left to do beside them."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (tests[item.path], item.path))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; a test that commits leaves it as it was made."""
    with django_db_blocker.unblock(), cleaned_as_it_was_made():
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_connection_outlives_its_request() -> None:
    """A browser's kept connection keeps a thread of the live server, and that its own to a database to be dropped."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(autouse=True)
def _media_of_its_own(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    # pytest's own mktemp looks through all folders before for the next number: thousands of times thousands.
    own = Path(mkdtemp(dir=tmp_path_factory.getbasetemp()))
    settings.MEDIA_ROOT, settings.DATA_DIR = own / "media", own / "data"
    settings.MEDIA_ROOT.mkdir()
    settings.DATA_DIR.mkdir()


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create(slug="demo", name="Demo project")


def member(project: Project, username: str, name: str, role: Role) -> User:
    first, last = name.split()
    user = UserFactory.create(username=username, first_name=first, last_name=last)
    MembershipFactory.create(project=project, user=user, role=role)
    return user


@pytest.fixture
def ana(project: Project) -> User:
    return member(project, "ana", "Ana Duarte", Role.ANNOTATOR)


@pytest.fixture
def rui(project: Project) -> User:
    return member(project, "rui", "Rui Tavares", Role.REVIEWER)


@pytest.fixture
def oda(project: Project) -> User:
    return member(project, "oda", "Oda Lind", Role.ADJUDICATOR)


@pytest.fixture
def adam(project: Project) -> User:
    return member(project, "adam", "Adam Berg", Role.ADMIN)


@pytest.fixture
def otto(db: None) -> User:
    return member(ProjectFactory.create(slug="elsewhere"), "otto", "Otto Outside", Role.ADMIN)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def membership_of() -> Callable[[Project, User], Membership]:
    return lambda project, user: Membership.objects.get(project=project, user=user)


@pytest.fixture
def as_app_role(db: None) -> Iterator[None]:
    """The rest of the test speaks to Postgres as the role that serves people."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE haic_app")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def refused_by_postgres(db: None) -> Callable[[str], str]:
    """Run a statement that Postgres must refuse; the answer is its message. Fails the test if it is let through."""

    def run(statement: str) -> str:
        with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        return str(refusal.value)

    return run
