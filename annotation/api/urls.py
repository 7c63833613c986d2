from django.urls import path

from annotation.api import captions, reading

_CAPTION = "projects/<slug:slug>/clips/<str:clip_id>/caption/"

urlpatterns = [
    path("projects", reading.Projects.as_view(), name="api_projects"),
    path("projects/<slug:slug>/clips", reading.Clips.as_view(), name="api_clips"),
    path(_CAPTION[:-1], reading.CaptionDetail.as_view(), name="api_caption"),
    path(f"{_CAPTION}working-copy", captions.WorkingCopy.as_view(), name="api_caption_working_copy"),
    path(f"{_CAPTION}revisions", captions.Revisions.as_view(), name="api_caption_revisions"),
    path(f"{_CAPTION}submit", captions.Submit.as_view(), name="api_caption_submit"),
    path(f"{_CAPTION}restore", captions.Restore.as_view(), name="api_caption_restore"),
]
