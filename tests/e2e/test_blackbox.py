"""`/probe` beside the real blackbox_exporter: the same file, the same places, the same names, labels and outcomes."""

from __future__ import annotations

import sys
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import children
from tests.e2e.conftest import eventually, get
from tests.e2e.places import Places, served

pytestmark = pytest.mark.parts

MODULES = Path(__file__).with_name("blackbox.yml")

HTTP = "http://127.0.0.1:{http}"
CASES = (
    ("http_2xx", HTTP), ("http_2xx", "127.0.0.1:{http}"), ("http_2xx", HTTP + "/chunked"),
    ("http_2xx", HTTP + "/modified"), ("http_2xx", HTTP + "/204"), ("http_2xx", HTTP + "/400"),
    ("http_2xx", HTTP + "/401"), ("http_2xx", HTTP + "/404"), ("http_2xx", HTTP + "/500"), ("http_2xx", HTTP + "/503"),
    ("http_2xx", HTTP + "/redirect"), ("http_2xx", HTTP + "/twice"), ("http_2xx", HTTP + "/loop"),
    ("http_2xx", HTTP + "/see-other"), ("http_2xx", HTTP + "/gzip"), ("http_2xx", "http://127.0.0.1:1/"),
    ("http_2xx", "http://127.0.0.1:{garbage}"), ("http_2xx", "http://127.0.0.1:{hangs_up}"),
    ("http_2xx", "http://[::1]:{http6}/"), ("http_2xx", "http://127.0.0.1:{https}/"),
    ("http_short", HTTP + "/slow"), ("http_short", "http://127.0.0.1:{silent}"), ("http_small", HTTP),
    ("http_post", HTTP + "/echoes"), ("http_head", HTTP), ("http_404", HTTP + "/404"), ("http_404", HTTP),
    ("http_not_followed", HTTP + "/redirect"), ("http_no_follow_fails", HTTP + "/redirect"),
    ("http_body", HTTP), ("http_body_missing", HTTP), ("http_body_bad", HTTP), ("http_body", HTTP + "/404"),
    ("http_header", HTTP), ("http_header_bad", HTTP), ("http_header_missing", HTTP), ("http_header_may_miss", HTTP),
    ("http_basic", HTTP + "/private"), ("http_2xx", HTTP + "/private"), ("http_gzip", HTTP + "/gzip"),
    ("http_version", HTTP), ("http_version_bad", HTTP), ("http_ssl_needed", HTTP),
    ("http_host", HTTP + "/echoes"), ("http_ip4_only", HTTP), ("http_ip6_only", HTTP),
    ("http_ip6_only", "http://[::1]:{http6}/"),
    ("https", "https://127.0.0.1:{https}"), ("https", "https://127.0.0.1:{tls12}"),
    ("https", "https://127.0.0.1:{wrong}"), ("https", "https://127.0.0.1:{expired}"),
    ("https", "https://127.0.0.1:{other}"), ("https", "https://127.0.0.1:{http}"),
    ("https_blind", "https://127.0.0.1:{expired}"), ("https_blind", "https://127.0.0.1:{other}"),
    ("https_named", "https://127.0.0.1:{wrong}"), ("https_ssl_unwanted", "https://127.0.0.1:{https}"),
    ("https", "https://127.0.0.1:{https}/redirect"),
    ("tcp", "127.0.0.1:{ssh}"), ("tcp", "127.0.0.1:1"), ("tcp", "[::1]:{http6}"), ("tcp_short", "127.0.0.1:{silent}"),
    ("tcp_tls", "127.0.0.1:{https}"), ("tcp_tls", "127.0.0.1:{wrong}"), ("tcp_tls", "127.0.0.1:{expired}"),
    ("tcp_tls", "127.0.0.1:{other}"), ("tcp_tls", "127.0.0.1:{ssh}"), ("tcp_tls_blind", "127.0.0.1:{expired}"),
    ("smtp", "127.0.0.1:{smtp}"), ("smtp_other", "127.0.0.1:{smtp}"), ("smtp", "127.0.0.1:{hangs_up}"),
    ("ssh_banner", "127.0.0.1:{ssh}"), ("ssh_banner", "127.0.0.1:{smtp}"), ("pop3s_banner", "127.0.0.1:{smtp}"),
    ("icmp", "127.0.0.1"), ("icmp", "::1"),
    ("dns_a", "127.0.0.1:{dns}"), ("dns_tcp", "127.0.0.1:{dns}"), ("dns_soa", "127.0.0.1:{dns}"),
    ("dns_missing", "127.0.0.1:{dns}"), ("dns_missing_meant", "127.0.0.1:{dns}"), ("dns_refused", "127.0.0.1:{dns}"),
    ("dns_silent", "127.0.0.1:{dns}"), ("dns_answer", "127.0.0.1:{dns}"), ("dns_answer_bad", "127.0.0.1:{dns}"),
    ("dns_answer_all", "127.0.0.1:{dns}"), ("dns_answer_none", "127.0.0.1:{dns}"),
    ("dns_additional", "127.0.0.1:{dns}"),
)  # fmt: skip

OURS = {
    "probe_failure_info": "why a probe failed; the peer has a log for that",
    "probe_timeout_seconds": "newer than Debian's blackbox_exporter 0.23",
    "probe_failed_due_to_bytes": "newer than Debian's blackbox_exporter 0.23",
    "probe_tls_cipher_info": "newer than Debian's blackbox_exporter 0.23",
}
"""Families that only we have."""

NEWER = "serialnumber"
"""A label of `probe_ssl_last_chain_info` that is newer than Debian's blackbox_exporter 0.23."""

OPPOSITE = frozenset({"dns_answer_all"})
"""Modules whose outcome is the opposite: the peer's `fail_if_all_match_regexp` fails where not all records match, which
is not what its documentation says. Here it fails where all match."""

MEASURED = ("_duration_seconds", "probe_dns_lookup_time_seconds", "probe_timeout_seconds")
"""What two probes never measure alike."""


@dataclass(frozen=True)
class Pair:
    """Where both answer, and what they may be asked for."""

    ours: str
    peers: str
    places: Places

    def asked(self, base: str, module: str, target: str) -> str:
        words = urllib.parse.urlencode({"module": module, "target": target})
        return get(f"{base}/probe?{words}", 20)


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], part: Callable[[str], Path]
) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("blackbox")
    with served(home) as places:
        modules = MODULES.read_text().replace("AUTHORITY", str(home / "authority.pem"))
        (home / "blackbox.yml").write_text(modules)
        ours, peers = free_port(), free_port()
        config = home / "config"
        (config / "probes").mkdir(parents=True)
        (config / "inventory").mkdir()
        (home / "state").mkdir()
        # The very file; on_demand allows what an inventory would list.
        names = list(yaml.safe_load(modules)["modules"])
        allow = {"probes": names, "ports": [1, *places.ports.values()]}
        settings = {
            "state": str(home / "state"),
            "on_demand": {"allow": [{"addresses": ["127.0.0.1", "::1"], **allow}]},
        }
        (config / "wardwatch.yml").write_text(yaml.safe_dump(settings))
        (config / "probes" / "blackbox.yml").write_text(modules)
        run = [sys.executable, "-m", "collector", "run", "--config", str(config)]
        started = [
            children.start(
                "collector", [*run, "--web.listen-address", f"127.0.0.1:{ours}"], home / "collector.log", {}
            ),
            children.start(
                "blackbox_exporter",
                [
                    str(part("blackbox_exporter")),
                    f"--config.file={home / 'blackbox.yml'}",
                    f"--web.listen-address=127.0.0.1:{peers}",
                ],
                home / "blackbox.log",
                {},
            ),
        ]
        try:
            eventually("our program is ready", 30, lambda: get(f"http://127.0.0.1:{ours}/-/ready"))
            eventually("the peer is ready", 30, lambda: get(f"http://127.0.0.1:{peers}/-/healthy"))
            yield Pair(f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{peers}", places)
        finally:
            assert children.stop(started) == []


@pytest.mark.parametrize(("module", "target"), CASES, ids=[f"{m}-{n}" for n, (m, _) in enumerate(CASES)])
def test_both_say_the_same(pair: Pair, module: str, target: str) -> None:
    where = pair.places.fill(target)
    mine = read(pair.asked(pair.ours, module, where))
    theirs = read(pair.asked(pair.peers, module, where))
    if module in OPPOSITE:
        assert mine.pop("probe_success[]") != theirs.pop("probe_success[]")
    assert mine == theirs


def read(text: str) -> dict[str, object]:
    """What can be compared of a page: measured times are there, whatever they are. An empty label is none."""
    found: dict[str, object] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in OURS:
                continue
            labels = sorted((name, value) for name, value in sample.labels.items() if value and name != NEWER)
            found[f"{sample.name}{labels}"] = "measured" if sample.name.endswith(MEASURED) else sample.value
    return found


def test_at_least_sixty_cases_are_compared() -> None:
    assert len(set(CASES)) >= 60


def test_what_only_we_have_has_a_reason() -> None:
    assert all(OURS.values())


@pytest.mark.parametrize(
    ("query", "says"),
    [("", "Target parameter is missing"), ("target=x&module=none", 'Unknown module "none"')],
)
def test_both_refuse_with_the_same_words(pair: Pair, query: str, says: str) -> None:
    for base in (pair.ours, pair.peers):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(f"{base}/probe?{query}")
        assert refused.value.code == 400
        assert refused.value.read().decode() == f"{says}\n"
