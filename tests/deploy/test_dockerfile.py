"""Rules that deploy/Dockerfile keeps, seen without a container engine. Its steps run in tests/e2e/test_wheel.py."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch

from tests.deploy import dockerfile
from tests.deploy.dockerfile import FILE, ROOT

STAGES = dockerfile.stages()
LAST = STAGES[-1]


def sources() -> list[str]:
    """What is taken from the repository."""
    arguments = [argument.split() for argument in STAGES[0].all("COPY")]
    return [source for words in arguments for source in words[:-1]]


def test_what_builds_is_left_behind() -> None:
    assert [stage.base for stage in STAGES] == ["${PYTHON} AS build", "${PYTHON}"]
    assert all(argument.startswith("--from=build ") for argument in LAST.all("COPY"))
    assert LAST.all("RUN") == []


def test_the_base_is_one_version_and_the_tests_own_python() -> None:
    name = dockerfile.default("PYTHON")
    assert re.fullmatch(r"docker\.io/library/python:3\.11\.\d+-slim-bookworm", name)
    assert f'base.name="{name}"' in LAST.all("LABEL")[0]


def test_only_wheels_whose_hashes_are_known_are_installed() -> None:
    for step in STAGES[0].all("RUN"):
        if " pip install " in step or " pip wheel " in step:
            assert "--no-deps" in step
            assert "--no-index" in step or {"--require-hashes", "--only-binary"} <= set(step.split())


def test_nothing_is_fetched_by_other_means() -> None:
    steps = [step for stage in STAGES for step in stage.all("RUN")]
    assert not [step for step in steps if re.search(r"\b(curl|wget|apt-get|apk|git|ssh)\b|https?:", step)]
    assert not [stage for stage in STAGES if stage.all("ADD", "SHELL", "ONBUILD")]


def test_steps_are_plain_commands() -> None:
    for step in STAGES[0].all("RUN"):
        assert not re.search(r"[;&|<>$*?`\[]", step), step


def test_it_runs_as_nobody_who_has_a_name() -> None:
    """By number, so that an orchestrator can see that it is not root; before anything that runs."""
    (user,) = LAST.all("USER")
    assert re.fullmatch(r"[1-9]\d{3,4}:[1-9]\d{3,4}", user)
    chowned = {argument.split()[1] for argument in LAST.all("COPY") if "--chown" in argument}
    assert chowned == {f"--chown={user}"}


def test_commands_need_no_shell() -> None:
    for argument in LAST.all("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(argument), list)
    assert dockerfile.health()[0] == "/opt/wardwatch/bin/python"
    (health,) = LAST.all("HEALTHCHECK")
    assert "--start-period=" in health
    assert "--timeout=" in health


def test_state_outlives_the_container() -> None:
    said = dockerfile.environment(LAST)
    assert LAST.all("VOLUME") == [said["STATE_DIRECTORY"]]
    assert said["CREDENTIALS_DIRECTORY"] == "/run/secrets"


def test_labels_say_what_it_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (labels,) = LAST.all("LABEL")
    said = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', labels))
    assert said["title"] == project["name"]
    assert said["description"] == project["description"]
    assert said["licenses"] == project["license"]
    assert said["version"] == "${VERSION}"
    assert dockerfile.default("VERSION") == project["version"]
    assert set(said) == {"title", "description", "licenses", "version", "revision", "base.name"}


def test_what_is_copied_is_there_and_nothing_else_leaves_the_directory() -> None:
    lines = (FILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == set(sources())
    assert not [source for source in sources() if not (ROOT / source).exists()]
    # Everything of the wheel that pyproject.toml names is among it.
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= allowed
    left_out = [line for line in lines[1:] if not line.startswith("!")]
    for secret in ("config/secrets", "dashboards/generated", "collector/__pycache__"):
        assert [pattern for pattern in left_out if fnmatch(secret, pattern)], secret
