"""The Django project as an app: it holds the commands and the wiring that belongs to no other app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HaicAnnotateConfig(AppConfig):
    name = "haic_annotate"

    def ready(self) -> None:
        from haic_annotate.database_roles import grant_after_migrate

        post_migrate.connect(grant_after_migrate, dispatch_uid="haic_annotate.database_roles")
