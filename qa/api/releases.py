"""Reading releases. Their files are downloads of the same address as in the browser."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import generics, serializers

from annotation.api.fields import account
from annotation.api.listing import PAGE_PARAMETERS, KeysetPagination, only_parameters
from annotation.errors import NotVisible
from annotation.models import Project
from qa.models import Release
from qa.releases.layouts import haicbench


class ReleaseOut(serializers.ModelSerializer[Release]):
    counts = serializers.DictField()
    files = serializers.SerializerMethodField(help_text="Names of the export's text files.")

    class Meta:
        model = Release
        fields = ["version", "notes", "counts", "frozen_at", "digest", "files"]

    def get_files(self, release: Release) -> list[str]:
        return sorted(haicbench.text_files(release))


class ReleaseKeyset(KeysetPagination):
    ordering = "-frozen_at"


class Releases(generics.ListAPIView[Release]):
    """The releases of a project, newest first."""

    serializer_class = ReleaseOut
    pagination_class = ReleaseKeyset

    def get_queryset(self) -> QuerySet[Release]:
        if getattr(self, "swagger_fake_view", False):
            return Release.objects.none()
        only_parameters(self.request, PAGE_PARAMETERS)
        visible: Any = Project.objects.visible_to(account(self.request)).filter(slug=self.kwargs["slug"])
        if not visible.exists():
            raise NotVisible
        return Release.objects.visible_to(account(self.request)).filter(project__slug=self.kwargs["slug"])
