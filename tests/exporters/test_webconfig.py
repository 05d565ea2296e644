"""The web configuration file: samples good and bad, and what promtool says of them.

`webconfig/*.bad.yml` say in their first line what must be complained about, and where.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config.problems import ConfigError
from exporters.webconfig import OPEN, Watched, load
from tests.exporters.certificates import Authority

SAMPLES = Path(__file__).parent / "webconfig"
GOOD = sorted(path.name for path in SAMPLES.glob("*.good.yml"))
BAD = sorted(path.name for path in SAMPLES.glob("*.bad.yml"))

STRICTER = {
    "any-certificate.bad.yml": "Go can ask for a certificate and trust any; Python's TLS cannot, and we would not",
    "authority-is-no-pem.bad.yml": "Go trusts nobody then, and says nothing",
    "versions-upside-down.bad.yml": "exporter-toolkit then fails every handshake",
}
"""What we refuse and promtool 2.42 does not."""
NEWER = {"newer.good.yml", "names-of-clients-who-may-stay-away.bad.yml", "rate-of-none.bad.yml"}
"""Samples with keys that exporter-toolkit has, and promtool 2.42 does not know yet."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The samples, with the certificates they name beside them."""
    authority = Authority(tmp_path)
    authority.sign("server", "127.0.0.1")
    authority.sign("other")
    for sample in SAMPLES.iterdir():
        (tmp_path / sample.name).write_bytes(sample.read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", GOOD)
def test_good(folder: Path, name: str) -> None:
    config = load(folder / name)
    assert (config.tls is not None) == (name in ("everything.good.yml", "newer.good.yml"))


@pytest.mark.parametrize("name", BAD)
def test_bad(folder: Path, name: str) -> None:
    expected = (folder / name).read_text().splitlines()[0].removeprefix("# expect: ")
    with pytest.raises(ConfigError) as caught:
        load(folder / name)
    assert f"{folder / name}{expected}" in str(caught.value)
    assert len(caught.value.problems) == 1
    assert "canary" not in str(caught.value)


def test_everything_is_read(folder: Path) -> None:
    newer = load(folder / "newer.good.yml")
    assert newer.allowed_sans == frozenset({"prometheus.example", "10.0.0.7"})
    assert newer.rate == (1.0, 10)
    config = load(folder / "everything.good.yml")
    assert set(config.users) == {"alice", "no"}
    assert config.headers["X-Frame-Options"] == "deny"
    assert "$2" not in repr(config)


def test_no_file_is_open_to_all() -> None:
    assert Watched(None).current() is OPEN


def test_the_shipped_example_is_what_the_page_says(folder: Path) -> None:
    """docs/web.md shows a file; it must load."""
    text = (Path(__file__).parents[2] / "docs" / "web.md").read_text()
    example = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    (folder / "example.yml").write_text(example)
    assert load(folder / "example.yml").users


@pytest.mark.parts
@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_promtool_agrees(folder: Path, name: str, part: Callable[[str], Path]) -> None:
    command: list[str | Path] = [part("promtool"), "check", "web-config", folder / name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if name in NEWER:
        assert "not found in type" in done.stderr
    else:
        assert (done.returncode == 0) == (name in GOOD or name in STRICTER), done.stderr
