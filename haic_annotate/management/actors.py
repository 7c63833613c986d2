"""Options that commands share: which project, and on whose behalf."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from annotation.models import Project, User


def add_project(parser: ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("--project", required=required, metavar="SLUG")


def add_actor(parser: ArgumentParser) -> None:
    parser.add_argument("--as", dest="actor", metavar="USER", help="on whose behalf (default: the installation)")


def find_project(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"there is no project “{slug}”")
    return project


def find_actor(username: str | None) -> User | None:
    """None stands for the installation."""
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"there is no user “{username}”")
    return user
