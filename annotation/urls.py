from django.urls import path

from annotation.views import captions, media, people, reviews, tokens

_PROJECT = "projects/<slug:slug>/"
_CLIP = f"{_PROJECT}clips/<str:clip_id>/"

urlpatterns = [
    path("invitations/<str:token>/", people.invitation, name="invitation"),
    path("accounts/tokens/", tokens.api_tokens, name="api_tokens"),
    path("accounts/tokens/<int:token_id>/revoke", tokens.api_token_revoke, name="api_token_revoke"),
    path(f"{_PROJECT}people/", people.people, name="people"),
    path(f"{_PROJECT}people/change", people.member, name="member"),
    path(f"{_PROJECT}settings/", people.project_settings, name="project_settings"),
    path(f"{_CLIP}video.mp4", media.clip_video, name="clip_video"),
    path(f"{_CLIP}poster.jpg", media.clip_poster, name="clip_poster"),
    path(f"{_CLIP}subtitles.vtt", media.clip_subtitles, name="clip_subtitles"),
    path(f"{_CLIP}caption", captions.caption_workspace, name="caption_workspace"),
    path(f"{_CLIP}caption/review", reviews.caption_review, name="caption_review"),
]
