"""`manage setup_link`: a link, good for once, to set up the first administrator."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotation.models import User
from annotation.services.invitations import invite_first_admin


class Command(BaseCommand):
    help = "Print a link that works once, to set up the first administrator of an empty installation."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_staff=True, is_active=True).exists():
            raise CommandError("there is an administrator already: invitations are made on the project's People page")
        self.stdout.write("Set up the first administrator (the link works once, for 7 days):")
        self.stdout.write(f"  {settings.SITE_URL}/invitations/{invite_first_admin()}/")
