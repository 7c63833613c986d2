"""`manage leak_lab --project SLUG`: measure the approved questions, flag those that give themselves away."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from haic_annotate.management.actors import add_project, find_project
from qa.evaluation.leak_measures import MEASURES
from qa.services.leak_lab import measure


class Command(BaseCommand):
    help = "Measure the approved questions by the answers of all runs, and flag those that reach a threshold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)

    def handle(self, *args: Any, project: str, **_: Any) -> None:
        measured = measure(find_project(project))
        self.stdout.write(f"{measured.questions} questions, {measured.answered} with answers")
        for name, ids in measured.flagged.items():
            self.stdout.write(f"{name}: {len(ids)} ({MEASURES[name].name.lower()})")
            for question_id in ids:
                self.stdout.write(f"  {question_id}")
        self.stdout.write(
            f"{measured.open} to be decided ({measured.made} new, {measured.removed} taken back)",
        )
