import pytest

from annotation.models import Project, User
from tests.qa.withdrawal.everything import Everything, everything_of


@pytest.fixture
def everything(project: Project, ana: User, rui: User, oda: User, adam: User) -> Everything:
    return everything_of(project, ana=ana, rui=rui, oda=oda, adam=adam)
