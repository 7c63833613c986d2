from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"

    def ready(self) -> None:
        from annotation import any_of
        from annotation.drafting.kinds import register
        from annotation.services import units
        from annotation.services.caption_units import CAPTIONS
        from annotation.services.drafted_captions import CaptionKind

        any_of.register()
        register("caption", CaptionKind())
        units.register(CAPTIONS)
