"""deploy/compose.yml: the specification's schema, rules of caution, and that what it mounts is there and valid."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.grafana import verify
from deploy.local import ports
from tests.deploy import dockerfile

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "compose.yml"
SCHEMA = Path(__file__).parent / "compose" / "compose_spec.json"

COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = ("collector", "prometheus", "alertmanager", "grafana")
LEFT_TO_PEOPLE = "WARDWATCH_SECRETS"
"""What lies below it need not be there: an empty directory is made, or a file asked for."""


def expanded(text: str) -> str:
    """With every variable at its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def mounts(service: str) -> dict[str, str]:
    """What is mounted from this directory, by place in the container: as written."""
    written: list[str] = SERVICES[service].get("volumes", [])
    found = (re.fullmatch(r"((?:\$\{[^}]+\}|[^:])+):([^:]+)(:ro)?", each) for each in written)
    return {match[2]: match[1] for match in found if match and "/" in match[1]}


def named(service: str) -> dict[str, str]:
    """Volumes, by place in the container."""
    parts = (each.split(":") for each in SERVICES[service].get("volumes", []) if "/" not in each.partition(":")[0])
    return {target: name for name, target, *_ in parts if not name.startswith("$")}


def test_the_schema_accepts_it() -> None:
    schema = json.loads(SCHEMA.read_text())
    schema["properties"]["name"] = {"type": "string"}
    check = jsonschema.Draft7Validator(schema).iter_errors

    assert [error.message for error in check(COMPOSE)] == []
    mistaken = {**COMPOSE, "services": {"collector": {**SERVICES["collector"], "read_onyl": True}}}
    assert list(check(mistaken)), "it can fail"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_as_little_as_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] > 0
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode", "user"} & service.keys()
    # One namespace, of a service that never restarts; what only writes files needs none, but looks up names.
    assert service.get("network_mode") == (None if name in ("network", "files") else "service:network")
    assert not [each for each in service.get("volumes", []) if "docker.sock" in each]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_one_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z./-]+:v?\d+\.\d+\.\d+", image), image
    if "build" in SERVICES[name]:
        assert image == f"wardwatch:{dockerfile.default('VERSION')}"
        build = SERVICES[name]["build"]
        assert (FILE.parent / build["context"] / build["dockerfile"]).resolve() == dockerfile.FILE


def test_who_serves_is_asked_whether_it_is_well() -> None:
    for name in SERVERS[1:]:
        said = SERVICES[name]["healthcheck"]
        assert said["test"][0] == "CMD"
        assert said["interval"]
        assert said["timeout"]
    assert "healthcheck" not in SERVICES["collector"], "its image has one"
    others = SERVICES.keys() - set(SERVERS)
    assert {name for name in others if SERVICES[name]["healthcheck"] != {"disable": True}} == set()


def test_ports_are_published_on_loopback_and_are_those_that_are_asked() -> None:
    published = SERVICES["network"]["ports"]
    assert all(each.startswith("${WARDWATCH_ADDRESS:-127.0.0.1}:") for each in published)
    assert not [name for name in SERVICES if name != "network" and "ports" in SERVICES[name]]
    inside = {int(each.rpartition(":")[2].partition("/")[0]) for each in published}
    usual = ports.Ports()
    assert inside == {usual.wardwatch, usual.prometheus, usual.alertmanager, usual.traps, 3000}
    asked = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)/", FILE.read_text())}
    assert asked == {usual.prometheus, usual.alertmanager, 3000}


def test_no_secret_is_in_the_environment() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            assert isinstance(value, str), f"{name}: {key}"
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("__FILE"), f"{name}: {key}"
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    for secret in COMPOSE["secrets"].values():
        assert set(secret) == {"file"}
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_is_mounted_is_there() -> None:
    for name in SERVICES:
        for source in mounts(name).values():
            if LEFT_TO_PEOPLE not in source:
                assert (FILE.parent / expanded(source)).exists(), f"{name}: {source}"
        assert set(named(name).values()) <= COMPOSE["volumes"].keys()
    assert set(COMPOSE["volumes"]) == {volume for name in SERVICES for volume in named(name).values()}


def test_who_waits_for_whom_exists_and_comes_from_the_same_files() -> None:
    for service in SERVICES.values():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()
    assert SERVICES["collector"]["depends_on"] == {"files": {"condition": "service_completed_successfully"}}
    assert mounts("files")["/etc/wardwatch"] == mounts("collector")["/etc/wardwatch"]
    state = dockerfile.environment(dockerfile.stages()[-1])["STATE_DIRECTORY"]
    assert named("collector")[state] == "state"


def test_grafana_finds_what_it_is_provisioned_with() -> None:
    grafana = SERVICES["grafana"]
    assert mounts("grafana") == {"/etc/grafana/provisioning": "./grafana/provisioning"}
    (provider,) = yaml.safe_load((verify.PROVISIONING / "dashboards" / "wardwatch.yml").read_text())["providers"]
    assert named("grafana")[provider["options"]["path"]] == named("files")["/files/grafana"]
    written = "".join(path.read_text() for path in verify.PROVISIONING.rglob("*.yml"))
    without_comments = re.sub(r"#.*", "", written)
    assert set(re.findall(r"\$(\w+)", without_comments)) <= grafana["environment"].keys()


def test_echoes_are_the_users_own() -> None:
    (user,) = dockerfile.stages()[-1].all("USER")
    assert SERVICES["network"]["sysctls"]["net.ipv4.ping_group_range"] == user.replace(":", " ")


@pytest.mark.parts
@pytest.mark.slow
def test_what_the_servers_are_given_is_valid(part: Callable[[str], Path], tmp_path: Path) -> None:
    """The command of `files`, run as it stands; then the tree that Prometheus and Alertmanager find."""
    made = tmp_path / "files"
    (script,) = SERVICES["files"]["command"]
    for inside, outside in (("/etc/wardwatch", ROOT / "config"), ("/files", made)):
        script = re.sub(rf"{inside}(?=[/ \n])", str(outside), script)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}
    words = [*SERVICES["files"]["entrypoint"], script]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr

    def tree(name: str) -> Path:
        """What the container sees, of what is mounted."""
        root = tmp_path / name
        for target, volume in named(name).items():
            if volume == "files":
                (root / target[1:]).parent.mkdir(parents=True, exist_ok=True)
                (root / target[1:]).symlink_to(made)
        for target, source in mounts(name).items():
            if LEFT_TO_PEOPLE not in source:
                (root / target[1:]).parent.mkdir(parents=True, exist_ok=True)
                (root / target[1:]).symlink_to(FILE.parent / expanded(source))
        return root

    def config(name: str) -> Path:
        flags = dict(word.split("=", 1) for word in SERVICES[name]["command"])
        return tree(name) / flags["--config.file"][1:]

    said = subprocess.run(
        [part("promtool"), "check", "config", config("prometheus")], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    rules = list((made / "prometheus").glob("*.yml"))
    assert said.stdout.count(" rules found") == len(rules) > 3, "the rules are where the configuration looks"
    told = subprocess.run(
        [part("amtool"), "check-config", config("alertmanager")], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "templates" in told.stdout

    # Who has no contacts.yml has an Alertmanager that tells nobody.
    (made / "alertmanager" / "alertmanager.yml").unlink()
    bare = script.replace(str(ROOT / "config"), str(tmp_path / "bare"))
    (tmp_path / "bare").mkdir()
    subprocess.run(
        [*SERVICES["files"]["entrypoint"], bare], cwd=tmp_path, env=env, check=True, timeout=60, capture_output=True
    )
    told = subprocess.run(
        [part("amtool"), "check-config", made / "alertmanager" / "alertmanager.yml"], capture_output=True, check=False
    )
    assert told.returncode == 0
