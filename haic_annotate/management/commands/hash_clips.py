"""`manage hash_clips [--project SLUG]`: note what clips look like that were made before that was noted."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Clip
from annotation.services.clip_hashes import hash_missing
from haic_annotate.management.actors import add_project, find_project


class Command(BaseCommand):
    help = "Hash the pictures of clips that have no hashes, so that training data can be kept apart from benchmarks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser, required=False)

    def handle(self, *args: Any, project: str | None, **_: Any) -> None:
        clips = Clip.objects.standing()
        hashed, refused = 0, 0
        for clip, problem in hash_missing(clips.filter(project=find_project(project)) if project else clips):
            if problem:
                refused += 1
                self.stderr.write(f"{clip.clip_id}: {problem}")
            else:
                hashed += 1
        self.stdout.write(f"{hashed} clips hashed, {refused} refused")
        if refused:
            raise CommandError("some clips could not be hashed: see above")
