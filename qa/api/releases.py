"""Releases for programs: read, freeze, compare, and have them written.

An export is asked for, watched, and downloaded once it is done. Text files are also downloads of the same address as in
the browser.
"""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with
from annotation.api.idempotency import once
from annotation.api.listing import LONGEST_PAGE, PAGE_PARAMETERS, KeysetPagination, only_parameters
from annotation.api.schema import describes
from annotation.errors import BadInput, NotVisible
from annotation.models import Project
from annotation.services.lookups import project_for
from annotation.views.media import send_file
from qa.models import Export, Release, ReleaseKind
from qa.releases.layouts import layouts_for
from qa.releases.layouts.haicbench import FILES
from qa.services.exports import export_for, open_download, want_export
from qa.services.release_changes import PARTS, ShownChange, changes_page, checked_part, earlier_release
from qa.services.releases import freeze_as, release_for

_FREEZE: dict[str, serializers.Field] = {
    "version": serializers.CharField(help_text="Three numbers with dots, later than every release there is."),
    "kind": serializers.ChoiceField(ReleaseKind.choices, required=False, help_text="A benchmark if left out."),
    "notes": serializers.CharField(required=False),
    "categories": serializers.ListField(child=serializers.CharField(), required=False, help_text="All if left out."),
    "splits": serializers.ListField(child=serializers.CharField(), required=False, help_text="All if left out."),
}
_FROZEN: dict[str, serializers.Field] = {
    "version": serializers.CharField(),
    "digest": serializers.CharField(),
    "counts": serializers.DictField(),
    "frozen_at": serializers.DateTimeField(),
}
_EXPORT: dict[str, serializers.Field] = {
    "uid": serializers.UUIDField(),
    "layout": serializers.CharField(),
    "with_history": serializers.BooleanField(),
    "status": serializers.ChoiceField(choices=[one for one in Export.Status.values if one != "forgotten"]),
    "clips_done": serializers.IntegerField(),
    "clips": serializers.IntegerField(help_text="Of the release."),
    "bytes": serializers.IntegerField(help_text="Of the zip; it grows while it is packed."),
    "sha256": serializers.CharField(help_text="Of the zip, once it is done."),
    "error": serializers.CharField(),
    "url": serializers.CharField(help_text="Of this export."),
    "download": serializers.CharField(allow_null=True, help_text="Of the zip, once it is done."),
}
_WORDS = inline_serializer(
    "ChangedWords",
    {
        "label": serializers.CharField(),
        "pieces": serializers.ListField(
            child=serializers.DictField(), help_text="Each `op` (same, del, ins) and `text`."
        ),
    },
    many=True,
)
_QUESTION = inline_serializer(
    "ChangedQuestion",
    {
        "id": serializers.CharField(),
        "category": serializers.CharField(),
        "what": serializers.ChoiceField(choices=["added", "changed", "retired"]),
        "words": _WORDS,
    },
    many=True,
)
_CHANGE = inline_serializer(
    "ReleaseChange",
    {
        "clip_id": serializers.CharField(),
        "what": serializers.ChoiceField(choices=["added", "changed", "retired", "erased"]),
        "held_out": serializers.BooleanField(),
        "kept": serializers.CharField(
            help_text="Why no words are given: `held_out` (only administrators get those), `blind` (the clip's"
            " questions wait for your own blind answer), `withdrawn`, or empty."
        ),
        "caption": _WORDS,
        "questions": _QUESTION,
    },
    many=True,
)


class ReleaseOut(serializers.ModelSerializer[Release]):
    counts = serializers.DictField()
    files = serializers.SerializerMethodField(help_text="Names of the export's text files.")

    class Meta:
        model = Release
        fields = ["version", "kind", "notes", "counts", "frozen_at", "digest", "files"]

    def get_files(self, release: Release) -> list[str]:
        return FILES


class ReleaseDetailOut(ReleaseOut):
    filters = serializers.DictField()
    key_positions = serializers.ListField(child=serializers.IntegerField(), help_text="Keys in place A, B, C, D.")
    layouts = serializers.SerializerMethodField(help_text="Names of what it can be exported as.")

    class Meta:
        model = Release
        fields = [*ReleaseOut.Meta.fields, "items_digest", "filters", "held_out_percent", "key_positions", "layouts"]

    def get_layouts(self, release: Release) -> list[str]:
        return [layout.NAME for layout in layouts_for(release)]


class ReleaseKeyset(KeysetPagination):
    ordering = "-frozen_at"


class Releases(generics.ListAPIView[Release]):
    """The releases of a project, newest first; POST freezes one."""

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

    @describes("ReleaseFreeze", body=_FREEZE, answer=_FROZEN, status=201, if_match=False)
    def post(self, request: Request, slug: str) -> Response:
        user = account(request)
        project = project_for(user, slug=slug)
        data = body_with(request, "version", optional=("kind", "notes", "categories", "splits"))
        version, notes, kind = data["version"], data.get("notes", ""), data.get("kind", ReleaseKind.BENCHMARK)
        if not isinstance(version, str):
            raise BadInput({"version": "must be text"})
        filters = {name: _names(data, name) for name in ("categories", "splits")}

        def freeze() -> Response:
            made = freeze_as(kind, project=project, actor=user, version=version, notes=notes, **filters)
            body = {"version": made.version, "digest": made.digest, "counts": made.counts}
            return Response({**body, "frozen_at": made.frozen_at.isoformat().replace("+00:00", "Z")}, 201)

        return once(request, action=freeze, in_snapshot=True)


def _names(data: dict[str, Any], field: str) -> list[str] | None:
    value = data.get(field)
    if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise BadInput({field: "must be a list of names"})
    return value


class ReleaseDetail(APIView):
    """GET: one release, and what it can be exported as."""

    @extend_schema(responses=ReleaseDetailOut)
    def get(self, request: Request, slug: str, version: str) -> Response:
        only_parameters(request, set())
        return Response(ReleaseDetailOut(release_for(account(request), slug=slug, version=version)).data)


class ReleaseExports(APIView):
    """GET: the exports of a release. POST {layout}: have it written; again gives the same export."""

    @extend_schema(
        operation_id="projects_releases_exports_list",
        responses={
            200: inline_serializer("ReleaseExports", {"exports": inline_serializer("Export", _EXPORT, many=True)})
        },
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        only_parameters(request, set())
        release = release_for(account(request), slug=slug, version=version)
        exports = Export.objects.visible_to(account(request)).filter(release=release)
        return Response({"exports": [told(one) for one in exports.select_related("release__project")]})

    @describes(
        "ReleaseExport",
        body={"layout": serializers.CharField(), "with_history": serializers.BooleanField(required=False)},
        answer=_EXPORT,
        status=202,
        if_match=False,
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        user = account(request)
        release = release_for(user, slug=slug, version=version)
        data = body_with(request, "layout", optional=("with_history",))
        layout, with_history = data["layout"], data.get("with_history", False)
        if not isinstance(layout, str):
            raise BadInput({"layout": "must be text"})
        if not isinstance(with_history, bool):
            raise BadInput({"with_history": "must be true or false"})

        def want() -> Response:
            export = want_export(release=release, layout=layout, user=user, with_history=with_history)
            return Response(told(export), 202)

        return once(request, action=want)


class ExportDetail(APIView):
    """GET: how far an export is."""

    @extend_schema(responses={200: inline_serializer("ExportState", _EXPORT)})
    def get(self, request: Request, slug: str, version: str, export_uid: UUID) -> Response:
        only_parameters(request, set())
        return Response(told(export_for(account(request), slug=slug, version=version, uid=export_uid)))


class ExportDownload(APIView):
    """GET: the zip, or the range of it that is asked for. 404 until it is done."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A zip whatever was asked for; refusals are JSON."""
        return JSONRenderer(), JSONRenderer.media_type

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str, version: str, export_uid: UUID) -> HttpResponseBase:
        only_parameters(request, set())
        user = account(request)
        export = open_download(export_for(user, slug=slug, version=version, uid=export_uid), user)
        name, etag = export.download_name, f'"{export.sha256}"'
        return send_file(
            request._request, export.file, name=name, kind="application/zip", etag=etag, is_attachment=True
        )


class ReleaseChanges(APIView):
    """GET: what changed against an earlier release, clip by clip; keyset pages by `after`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("against", OpenApiTypes.STR, description="A version; the one before if left out."),
            OpenApiParameter("part", OpenApiTypes.STR, enum=list(PARTS), description="Only that."),
            OpenApiParameter("after", OpenApiTypes.STR, description="Begin behind this clip."),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {LONGEST_PAGE}."),
        ],
        responses={
            200: inline_serializer(
                "ReleaseChanges",
                {
                    "against": serializers.CharField(allow_null=True, help_text="Null for a first release."),
                    "next": serializers.CharField(allow_null=True),
                    "results": _CHANGE,
                },
            )
        },
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        only_parameters(request, {"against", "part", "after", "limit"})
        user = account(request)
        release = release_for(user, slug=slug, version=version)
        earlier = earlier_release(release, request.query_params.get("against"))
        part, size = checked_part(request.query_params.get("part", "")), _limit(request)
        if earlier is None:
            return Response({"against": None, "next": None, "results": []})
        after = request.query_params.get("after", "")
        if "\x00" in after:
            raise BadInput({"after": "holds a NUL character"})
        changes, following = changes_page(earlier, release, user=user, after=after, part=part, size=size)
        asked = {"against": earlier.version, "part": part, "after": following, "limit": size}
        where = request.build_absolute_uri(reverse("api_release_changes", args=[slug, version]))
        following_page = f"{where}?{urlencode({name: value for name, value in asked.items() if value})}"
        return Response(
            {
                "against": earlier.version,
                "next": following_page if following else None,
                "results": [_change(one) for one in changes],
            }
        )


def _limit(request: Request) -> int:
    said = request.query_params.get("limit", "100")
    if not said.isdecimal() or len(said) > 9 or not 1 <= int(said) <= LONGEST_PAGE:
        raise BadInput({"limit": f"must be 1 to {LONGEST_PAGE}"})
    return int(said)


def _change(change: ShownChange) -> dict[str, Any]:
    return {
        "clip_id": change.clip_id,
        "what": change.what,
        "held_out": change.is_held_out,
        "kept": change.kept,
        "caption": [asdict(words) for words in change.caption],
        "questions": [
            {
                "id": question.id,
                "category": question.category,
                "what": question.what,
                "words": [asdict(words) for words in question.words],
            }
            for question in change.questions
        ],
    }


def told(export: Export) -> dict[str, Any]:
    """An export as programs read it."""
    where = [export.release.project.slug, export.release.version, export.uid]
    is_done = export.status == Export.Status.DONE
    return {
        "uid": str(export.uid),
        "layout": export.layout,
        "with_history": export.with_history,
        "status": export.status,
        "clips_done": export.clips_done,
        "clips": export.release.counts["clips"],
        "bytes": export.bytes,
        "sha256": export.sha256,
        "error": export.error,
        "url": reverse("api_export", args=where),
        "download": reverse("api_export_download", args=where) if is_done else None,
    }
