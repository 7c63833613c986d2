from django.urls import path

from annotation.api import (
    caption_changes,
    caption_checks,
    captions,
    preferences,
    queue,
    reading,
    reviews,
    video_uploads,
)

_CLIP = "projects/<slug:slug>/clips/<str:clip_id>/"
_CAPTION = f"{_CLIP}caption/"
_UPLOAD = "projects/<slug:slug>/video-uploads/<uuid:uid>"

urlpatterns = [
    path("me/keys", preferences.MyKeys.as_view(), name="api_my_keys"),
    path("projects", reading.Projects.as_view(), name="api_projects"),
    path("projects/<slug:slug>/clips", reading.Clips.as_view(), name="api_clips"),
    path(_CAPTION[:-1], reading.CaptionDetail.as_view(), name="api_caption"),
    path(f"{_CAPTION}working-copy", captions.WorkingCopy.as_view(), name="api_caption_working_copy"),
    path(f"{_CAPTION}revisions", captions.Revisions.as_view(), name="api_caption_revisions"),
    path(f"{_CAPTION}submit", captions.Submit.as_view(), name="api_caption_submit"),
    path(f"{_CAPTION}restore", captions.Restore.as_view(), name="api_caption_restore"),
    path(f"{_CAPTION}verdict", reviews.Verdict.as_view(), name="api_caption_verdict"),
    path(f"{_CAPTION}settle", reviews.Settle.as_view(), name="api_caption_settle"),
    path(f"{_CAPTION}recall", reviews.Recall.as_view(), name="api_caption_recall"),
    path("projects/<slug:slug>/video-batches", video_uploads.VideoBatches.as_view(), name="api_video_batches"),
    path(
        "projects/<slug:slug>/video-batches/<int:batch_id>/uploads",
        video_uploads.VideoBatchUploads.as_view(),
        name="api_video_uploads",
    ),
    path(_UPLOAD, video_uploads.VideoUploadBytes.as_view(), name="api_video_upload"),
    path(f"{_UPLOAD}/subtitles", video_uploads.VideoUploadSubtitles.as_view(), name="api_video_upload_subtitles"),
    path("projects/<slug:slug>/queue/next", queue.Next.as_view(), name="api_queue_next"),
    path("projects/<slug:slug>/queue/prefetch", queue.Prefetch.as_view(), name="api_queue_prefetch"),
    path(f"{_CAPTION}lease", queue.Lease.as_view(), name="api_caption_lease"),
    path(f"{_CAPTION}skip", queue.Skip.as_view(), name="api_caption_skip"),
    path(f"{_CAPTION}release", queue.Release.as_view(), name="api_caption_release"),
    path(f"{_CLIP}flag", queue.Flag.as_view(), name="api_clip_flag"),
    path(f"{_CAPTION}changes", caption_changes.Changes.as_view(), name="api_caption_changes"),
    path(f"{_CAPTION}checks", caption_checks.CaptionChecks.as_view(), name="api_caption_checks"),
]
