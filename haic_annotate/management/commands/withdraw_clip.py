"""`manage withdraw_clip CLIP_ID --project SLUG --reason TEXT [--erase]`: take a clip away, for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.models import Clip
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.services.withdrawal import Withdrawn, withdraw_clip


class Command(BaseCommand):
    help = (
        "Withdraw a clip: its files are removed, nobody sees it any more, and releases list it as withdrawn."
        " This cannot be undone. Run it again to finish a withdrawal that was cut off, or to erase afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clip_id", metavar="CLIP_ID")
        add_project(parser)
        parser.add_argument("--reason", required=True, metavar="TEXT", help="kept for good: name nobody in it")
        parser.add_argument(
            "--erase",
            action="store_true",
            help="empty its words too, in the history and in frozen releases; their digests stay",
        )
        add_actor(parser)

    def handle(
        self, *args: Any, clip_id: str, project: str, reason: str, erase: bool, actor: str | None, **options: Any
    ) -> None:
        found = Clip.objects.select_related("project").filter(project=find_project(project), clip_id=clip_id).first()
        if found is None:
            raise CommandError(f"there is no clip “{clip_id}” in {project}")
        try:
            done = withdraw_clip(clip=found, actor=find_actor(actor), reason=reason, erase=erase)
        except DomainError as error:
            raise CommandError(error.message) from error
        for line in _lines(done, project):
            self.stdout.write(line)
        if done.has_files:
            raise CommandError(
                "some of its files could not be removed: the relay goes on trying, and so does this command"
            )


def _lines(done: Withdrawn, project: str) -> list[str]:
    said = done.consequences
    erased = "and erased" if done.is_erased else "its words are kept, and shown to nobody"
    lines = [f"{project}/{done.clip.clip_id}: withdrawn, {erased}"]
    if said.releases:
        lines.append(f"in releases {', '.join(said.releases)}: write them again, and tell who has a copy")
    if said.others:
        lines.append(f"{said.others} other clips have a file with the same bytes: what they share stays")
    if said.raw_video:
        lines.append(f"its raw video {said.raw_video} stays, as other scenes of it are used")
    return lines
