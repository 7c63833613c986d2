"""`manage accumulate`: raw videos through the four filters; with --wait by workers of its own, until all is decided."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.models import Project, Scene, SourceVideo, User
from annotation.services.accumulation_report import report_of, write_contact_sheet
from annotation.services.video_batches import take_in
from annotation.states import Screened
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from haic_annotate.own_workers import workers

POLL_SECONDS = 0.5
OPEN = (SourceVideo.Status.QUEUED, SourceVideo.Status.WORKING)
TO_CUT = (Scene.Cut.QUEUED, Scene.Cut.WORKING)


class Command(BaseCommand):
    help = "Take raw videos in, measure them, keep the scenes in which people act, and make clips of those."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, metavar="MANIFEST.jsonl|MANIFEST.csv|FOLDER")
        add_project(parser)
        parser.add_argument("--name", default="", help="of the batch (default: the manifest's or folder's)")
        parser.add_argument("--wait", action="store_true", help="bring workers and wait until all is decided and cut")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="with --wait")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write what became of the videos as JSON, and a contact sheet"
        )
        add_actor(parser)

    def handle(self, *args: Any, source: Path, **options: Any) -> None:
        report: Path | None = options["report"]
        if report is not None and not report.absolute().parent.is_dir():
            raise CommandError(f"there is no folder {report.absolute().parent} for the report")
        if options["workers"] < 1:
            raise CommandError("--workers must be at least 1")
        project, actor = find_project(options["project"]), find_actor(options["actor"])
        videos, refused = self._take_in(source, project, actor, options["name"])
        ids = [video.pk for video in videos]
        if options["wait"] and self._is_open(ids):
            with workers("accumulate", queues="video,default", children=options["workers"]):
                while self._is_open(ids):
                    self._show_progress(ids)
                    time.sleep(POLL_SECONDS)
        if options["wait"]:
            self.stdout.write(self._summary(ids))
        if report is not None:
            self._write_report(project, ids, report)
        if refused:
            sys.exit(1)

    def _take_in(self, source: Path, project: Project, actor: User | None, name: str) -> tuple[list[SourceVideo], int]:
        counts: Counter[str] = Counter()
        videos: list[SourceVideo] = []
        try:
            for outcome in take_in(source=source, project=project, user=actor, name=name):
                counts[outcome.result] += 1
                for warning in outcome.warnings:
                    self.stdout.write(f"line {outcome.number}: warning: {warning}")
                if outcome.video is not None:
                    videos.append(outcome.video)
                else:
                    self.stdout.write(f"line {outcome.number}: refused: {outcome.reason}")
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{counts['new']} new, {counts['existing']} existing, {counts['refused']} refused")
        return videos, counts["refused"]

    def _is_open(self, ids: list[int]) -> bool:
        measuring = SourceVideo.objects.filter(pk__in=ids, status__in=OPEN)
        return measuring.exists() or Scene.objects.filter(video__in=ids, cut__in=TO_CUT).exists()

    def _show_progress(self, ids: list[int]) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"{self._summary(ids)}   ", ending="\r")

    def _summary(self, ids: list[int]) -> str:
        videos = SourceVideo.objects.filter(pk__in=ids)
        scenes = Scene.objects.filter(video__in=ids)
        kept = scenes.filter(state=Screened.KEPT)
        return (
            f"{videos.exclude(status__in=OPEN).count()} of {len(ids)} videos measured, "
            f"{kept.count()} of {scenes.count()} scenes kept, {kept.filter(cut=Scene.Cut.DONE).count()} cut, "
            f"{scenes.filter(cut=Scene.Cut.FAILED).count()} could not be cut"
        )

    def _write_report(self, project: Project, ids: list[int], report: Path) -> None:
        """Both files are complete or not there."""
        videos = list(SourceVideo.objects.filter(pk__in=ids).order_by("video_id"))
        part = report.with_name(f"{report.name}.part")
        part.write_text(json.dumps(report_of(project, videos), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        part.rename(report)
        sheet = report.with_suffix(".jpg")
        count = write_contact_sheet(project, videos, sheet)
        self.stdout.write(f"report: {report}; contact sheet of {count} scenes: {sheet}")
