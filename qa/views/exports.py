"""Downloads of a release: asked for here, written by a worker, and sent as one zip."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.views.media import send_file
from annotation.views.pages import project_page, refuse_unknown_fields
from qa.services.exports import export_for, open_download, want_export
from qa.services.releases import release_for


@require_POST
def release_exports(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Ask for an export."""
    page = project_page(request, slug)
    found = release_for(page.user, slug=slug, version=version)
    refuse_unknown_fields(request, frozenset({"layout", "with_history"}))
    export = want_export(
        release=found,
        layout=request.POST.get("layout", ""),
        user=page.user,
        with_history=request.POST.get("with_history") == "on",
    )
    if export.is_on_the_way:
        messages.success(request, "A worker writes it. You can leave this page: it will be here.")
    return redirect(f"{reverse('release', args=[slug, version])}#downloads")


@require_safe
def export_file(request: HttpRequest, slug: str, version: str, export_uid: UUID) -> HttpResponseBase:
    page = project_page(request, slug)
    export = open_download(export_for(page.user, slug=slug, version=version, uid=export_uid), page.user)
    name, etag = export.download_name, f'"{export.sha256}"'
    return send_file(request, export.file, name=name, kind="application/zip", etag=etag, is_attachment=True)
