"""`manage audit --project SLUG [--n 200] [--seed S]`: draw a sample of training data for reviewers to judge."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from haic_annotate.management.commands.release import PROCESSES
from qa.services.audits import MOST_SEED, draw_audit


class Command(BaseCommand):
    help = "Draw captions of the training data at random; reviewers mark each as right or with the kind of error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--n", type=int, default=200, help="how many captions (200)")
        parser.add_argument("--seed", type=int, help="the same seed draws the same captions; without one it is random")
        add_actor(parser)

    def handle(self, *args: Any, project: str, n: int, seed: int | None, actor: str | None, **_: Any) -> None:
        drawn = secrets.randbelow(MOST_SEED) if seed is None else seed
        try:
            audit = draw_audit(
                project=find_project(project), seed=drawn, asked=n, actor=find_actor(actor), processes=PROCESSES
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        count = audit.items.count()
        self.stdout.write(f"{audit}: {count} of {audit.candidates} captions, seed {audit.seed}")
