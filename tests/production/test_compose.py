"""docker-compose.yml as a text: what it starts, what it reads, and that it knows no password of its own."""

import re
from typing import Any

import pytest
import yaml

from tests.stack import HOME

TEXT = (HOME / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE_TEXT = (HOME / ".env.example").read_text()
EXAMPLE = dict(line.split("=", 1) for line in EXAMPLE_TEXT.splitlines() if line and not line.startswith("#"))
OURS = ["migrate", "web", "relay", "worker-default", "worker-drafting", "worker-video"]


def test_it_starts_every_part_of_the_platform() -> None:
    assert set(SERVICES) == {*OURS, "nginx", "postgres", "redis", "s3"}
    assert SERVICES["s3"]["profiles"] == ["s3"]


def test_every_queue_has_a_worker() -> None:
    queues = {
        command[command.index("-Q") + 1]
        for name, one in SERVICES.items()
        if (command := one.get("command")) and name.startswith("worker-")
    }
    assert queues == {"default", "drafting", "video"}


def test_every_variable_stands_in_the_example() -> None:
    assert set(re.findall(r"\$\{(\w+)", TEXT)) - set(EXAMPLE) == set()


def test_every_variable_of_the_model_reaches_every_part_with_the_example_s_value() -> None:
    """And the example's values are those of the settings: leaving one out changes nothing."""
    names = EXAMPLE_TEXT.partition("# --- the model that drafts")[2].partition("# --- ")[0]
    named = set(re.findall(r"^(\w+)=", names, re.MULTILINE)) - {"DRAFTING_WORKERS"}
    assert {"ANTHROPIC_API_KEY", "DRAFTING_MODEL", "SWEEP_SECONDS"} <= named
    settings = (HOME / "haic_annotate/settings.py").read_text()
    for name in named:
        for part in OURS:
            assert SERVICES[part]["environment"][name] == f"${{{name}:-{EXAMPLE[name]}}}", (part, name)
        default = re.search(rf'env\.\w+\("{name}", (?:Decimal\()?"?([^"),]*)', settings)
        assert default, name
        assert default[1] == EXAMPLE[name], name


def test_a_queue_that_waits_for_the_network_does_more_at_once_than_one_that_burns_the_processor() -> None:
    at_once = {
        name: int(EXAMPLE[said[2:].partition(":")[0]] if said.startswith("$") else said)
        for name in ("worker-drafting", "worker-video")
        if (said := SERVICES[name]["command"][SERVICES[name]["command"].index("-c") + 1])
    }
    assert at_once == {"worker-drafting": 8, "worker-video": 2}


def test_postgres_is_healthy_only_when_it_answers_to_others() -> None:
    """Its image starts a server for itself first, on the socket alone."""
    asked = SERVICES["postgres"]["healthcheck"]["test"]
    assert asked[asked.index("-h") + 1] == "127.0.0.1"


def test_no_secret_has_a_value_anywhere_s02() -> None:
    secret = re.compile(r"PASSWORD|SECRET|_KEY")
    assert {name for name, value in EXAMPLE.items() if secret.search(name) and value} == set()
    for name in (
        "SECRET_KEY",
        "POSTGRES_PASSWORD",
        "POSTGRES_OWNER_PASSWORD",
        "POSTGRES_APP_PASSWORD",
        "REDIS_PASSWORD",
    ):
        assert f"${{{name}:?" in TEXT, f"compose would start without {name}"
        assert f"${{{name}:-" not in TEXT


def test_only_the_migration_is_the_owner_and_everything_waits_for_it() -> None:
    for name in OURS:
        url = SERVICES[name]["environment"]["DATABASE_URL"]
        assert ("haic_owner:" in url) == (name == "migrate")
        if name != "migrate":
            assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_both_roles_are_made_where_postgres_is_made() -> None:
    script = (HOME / "haic_annotate/production/postgres_roles.sh").read_text()
    assert "CREATE ROLE haic_owner" in script
    assert "CREATE ROLE haic_app" in script
    assert "CREATE DATABASE haic OWNER haic_owner" in script
    assert any("postgres_roles.sh:/docker-entrypoint-initdb.d/" in one for one in SERVICES["postgres"]["volumes"])


def test_redis_never_evicts_keeps_what_it_was_told_and_asks_for_a_password_f07_f08() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    for option in ("--appendonly yes", "--maxmemory-policy noeviction", "--requirepass ${REDIS_PASSWORD:?}"):
        assert option in command


def test_only_nginx_is_reached_from_outside() -> None:
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["nginx"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_more_rights_than_they_need(name: str) -> None:
    one = SERVICES[name]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


def test_no_image_is_whatever_is_latest() -> None:
    images = [one["image"] for one in SERVICES.values() if "build" not in one]
    assert all(re.search(r":\d+\.?\d*", image) for image in images), images


def test_the_image_installs_a_lock_that_agrees_with_the_tested_one() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (HOME / name).read_text(), re.MULTILINE))

    production, tested = pins("requirements-production.txt"), pins("requirements.txt")
    assert production
    assert production - tested == set()
    assert "USER haic" in (HOME / "Dockerfile").read_text()
