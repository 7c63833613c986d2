from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"

    def ready(self) -> None:
        from annotation.drafting.kinds import register
        from annotation.services.drafted_captions import CaptionKind

        register("caption", CaptionKind())
