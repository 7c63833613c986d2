"""`manage createproject SLUG --name … --admin USER`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.services.projects import create_project
from haic_annotate.management.actors import find_actor


class Command(BaseCommand):
    help = "Make a project with its first administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--admin", required=True, metavar="USER")

    def handle(self, *args: Any, slug: str, name: str, admin: str, **options: Any) -> None:
        user = find_actor(admin)
        if user is None:  # an empty name
            raise CommandError("--admin must name a user")
        try:
            project = create_project(slug=slug, name=name, admin=user)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"project {project.slug} with administrator {user.username}")
