"""`manage load_demo`: the sample project and one account a role."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from annotation.models import Membership, Project, Role, User
from annotation.services.projects import change_settings, create_project
from qa.services.imports import import_manifest

CAST = [
    ("ana", "Ana", "Duarte", Role.ANNOTATOR),
    ("rui", "Rui", "Tavares", Role.REVIEWER),
    ("oda", "Oda", "Lind", Role.ADJUDICATOR),
    ("adam", "Adam", "Berg", Role.ADMIN),
]
SLUG = "demo"
GUIDELINE = """\
# Standard caption format

1. **People first.** Say how many there are and what tells each apart: clothes, hair, place. Use the same words later.
2. **Then what happens, in the order of time.** One sentence for one action; who, does what, with what, where.
3. **Time marks** such as `[00:03.4]` stand before the sentence that begins there. Set one where something new starts.

## What belongs in it

- Only what can be seen. Sound, titles and descriptions are context for you, not for the caption.
- Left and right of a body are the person's own: *raises his left hand*. Places name the picture: *left in the frame*.
- Count what can be counted: *jumps three times*, not *jumps several times*.

## What does not

- Guesses about mood, reasons or relations.
- Names, brands and places that the picture does not show.

When the clip cannot be described, skip it. When it cannot be used at all, flag it.
"""


class Command(BaseCommand):
    help = "Load the sample project and its accounts, if absent. Passwords are random and shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="give the accounts new passwords and print them as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            passwords = self._accounts(renew=options["json"])
            project = self._project()
        refused = [outcome for outcome in self._import(project) if outcome.result == "refused"]
        if refused:
            raise CommandError(f"a sample clip was refused: line {refused[0].number}: {refused[0].reason}")
        if options["json"]:
            accounts = [{"username": name, "role": role, "password": passwords[name]} for name, _, _, role in CAST]
            self.stdout.write(json.dumps({"accounts": accounts}))
        elif passwords:
            self.stdout.write(f"The sample project is at {settings.SITE_URL}/projects/{SLUG}/. Sign in as:")
            for name, _, _, role in CAST:
                self.stdout.write(f"  {name:<6} {passwords.get(name, '(unchanged)'):<24} {role.label.lower()}")
            self.stdout.write("These passwords are shown once.")

    def _accounts(self, *, renew: bool) -> dict[str, str]:
        """username -> password, for the accounts that were made or renewed now."""
        passwords: dict[str, str] = {}
        for name, first, last, role in CAST:
            user, made = User.objects.get_or_create(
                username=name, defaults={"first_name": first, "last_name": last, "is_staff": role == Role.ADMIN}
            )
            if made or renew:
                passwords[name] = secrets.token_urlsafe(15)
                user.set_password(passwords[name])
                user.save(update_fields=["password"])
        return passwords

    def _project(self) -> Project:
        project = Project.objects.filter(slug=SLUG).first()
        if project is None:
            admin = User.objects.get(username="adam")
            project = create_project(slug=SLUG, name="Sample project", admin=admin)
            change_settings(
                project=project, user=admin, name=project.name, description=project.description, guideline=GUIDELINE
            )
        for name, _, _, role in CAST:
            user = User.objects.get(username=name)
            Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
        return project

    def _import(self, project: Project) -> list[Any]:
        manifest = settings.BASE_DIR / "samples/manifest.jsonl"
        return list(import_manifest(manifest=manifest, project=project, actor=None))
