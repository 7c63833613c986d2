"""Reading projects, clips and captions. The schema of the API is made from the serializers below."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.access import role_in
from annotation.api.fields import account
from annotation.api.listing import PAGE_PARAMETERS, ClipFilter, ClipKeyset, KeysetPagination, only_parameters
from annotation.api.schema import people as people_field
from annotation.errors import NotVisible
from annotation.models import Caption, Clip, Project, User
from annotation.services.captions import note_opening
from annotation.services.lookups import caption_for
from annotation.services.seals import sealed_clips


class ProjectOut(serializers.ModelSerializer[Project]):
    role = serializers.SerializerMethodField(help_text="The asker's own.")

    class Meta:
        model = Project
        fields = ["slug", "name", "description", "role"]

    def get_role(self, project: Project) -> str | None:
        user: User = self.context["request"].user
        return role_in(project, user)


class ClipOut(serializers.ModelSerializer[Clip]):
    caption_state = serializers.CharField(source="caption.state")
    description = serializers.SerializerMethodField(
        help_text="Empty while questions of the clip wait for the asker's blind answer."
    )

    class Meta:
        model = Clip
        fields = [
            *("clip_id", "state", "caption_state", "sha256", "duration_ms", "width", "height", "fps", "frames"),
            *("has_audio", "source", "source_id", "source_url", "license", "may_redistribute", "description"),
        ]

    def get_description(self, clip: Clip) -> str:
        return "" if clip.pk in self.context["sealed"] else clip.description


class CaptionOut(serializers.Serializer[Caption]):
    clip_id = serializers.CharField(source="clip.clip_id")
    state = serializers.CharField()
    number = serializers.IntegerField(source="head_number", help_text="Of the newest revision; 0 before the first.")
    text = serializers.CharField(source="head.text", default="")
    people = people_field(source="head.people", default=list)
    etag = serializers.SerializerMethodField(help_text="For If-Match of the first save.")

    def get_etag(self, caption: Caption) -> str:
        return f'"{caption.head_number}-0"'


class ProjectKeyset(KeysetPagination):
    ordering = "slug"


class Projects(generics.ListAPIView[Project]):
    """The projects that the asker is in."""

    serializer_class = ProjectOut
    pagination_class = ProjectKeyset

    def get_queryset(self) -> QuerySet[Project]:
        if getattr(self, "swagger_fake_view", False):
            return Project.objects.none()
        only_parameters(self.request, PAGE_PARAMETERS)
        return Project.objects.visible_to(account(self.request))


class Clips(generics.ListAPIView[Clip]):
    """The clips of a project, by clip id."""

    serializer_class = ClipOut
    pagination_class = ClipKeyset
    filterset_class = ClipFilter

    def get_queryset(self) -> QuerySet[Clip]:
        if getattr(self, "swagger_fake_view", False):
            return Clip.objects.none()
        only_parameters(self.request, PAGE_PARAMETERS | set(ClipFilter.base_filters))
        project = Project.objects.visible_to(account(self.request)).filter(slug=self.kwargs["slug"]).first()
        if project is None:
            raise NotVisible
        return Clip.objects.visible_to(account(self.request)).filter(project=project).for_clip_table()

    def get_serializer(self, clips: Any = None, *args: Any, **kwargs: Any) -> Any:
        """With which of the page's clips are sealed for the asker."""
        sealed = sealed_clips(clips, account(self.request)) if isinstance(clips, list) else set()
        context = {**self.get_serializer_context(), "sealed": sealed}
        return ClipOut(clips, *args, **{**kwargs, "context": context})


class CaptionDetail(APIView):
    """The newest revision of a clip's caption. Who reads it here has seen it: blind answers are counted apart."""

    @extend_schema(responses=CaptionOut)
    def get(self, request: Request, slug: str, clip_id: str) -> Response:
        only_parameters(request, set())
        caption = caption_for(account(request), slug=slug, clip_id=clip_id)
        note_opening(caption=caption, user=account(request))
        body: dict[str, Any] = CaptionOut(caption).data
        return Response(body, headers={"ETag": body["etag"]})
