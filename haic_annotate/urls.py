"""The whole URLconf. Nothing is open but sign-in, invitations and health."""

from django.urls import URLPattern, URLResolver, path

from haic_annotate.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
