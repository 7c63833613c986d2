"""What the tests of video files share."""

from pathlib import Path

import pytest

from tests.annotation.accumulation.numbered import FILMS, Film, FilmNamed, make_film
from tests.annotation.accumulation.video_factory import Video


@pytest.fixture
def into(tmp_path: Path) -> Path:
    directory = tmp_path / "into"
    directory.mkdir()
    return directory


@pytest.fixture(scope="module")
def film_named(tmp_path_factory: pytest.TempPathFactory) -> FilmNamed:
    """Each is made once."""
    made: dict[str, Film] = {}

    def film(name: str) -> Film:
        if name not in made:
            file_name, video = FILMS[name]
            video = Video(**{**vars(video), "frames": 150, "click_at_s": 4.6})
            made[name] = make_film(tmp_path_factory.mktemp("films") / file_name, video)
            assert made[name].frames == 150
        return made[name]

    return film
