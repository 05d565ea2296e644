"""Files are read back as they were meant, whatever stands in them (RELIABILITY E4, E5)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collector.contacts import Contacts, Owner, Receiver, Slack, Smtp, Told, Webhook
from dashboards import alertmanager
from dashboards.block import block
from tests.dashboards.alertmanager import estates
from tests.dashboards.alertmanager.believed import taken
from tests.dashboards.test_files import HOSTILE

TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",)))
CONTENT = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers()),
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(TEXT, below, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, CONTENT, max_size=5))
def test_any_content_is_read_back(content: dict[str, Any]) -> None:
    assert (yaml.safe_load(block(content)) or {}) == content


def hostile(text: str) -> Contacts:
    """Our reader refuses most of it; what is made must be right without that."""
    told = Told((text,), (text,))
    receiver = Receiver(
        text, (f"{text}@hospital.example",), Webhook("http://a/", bearer_file=text), Slack(text, text), text
    )
    smtp = Smtp("mail:25", text, text, text, hello=text)
    return Contacts(text, {text: Owner(text, told, told)}, {text: receiver}, smtp=smtp)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_read_back(text: str) -> None:
    config = estates.read(hostile(text))

    (_, receiver) = config["receivers"]
    assert receiver["name"] == text
    assert receiver["slack_configs"][0]["channel"] == text
    assert receiver["email_configs"][0]["to"] == f"{text}@hospital.example"
    assert [each["receiver"] for each in taken(config["route"], {"severity": "critical"})] == [text]
    assert config["global"]["smtp_auth_password_file"] == text
    assert alertmanager.files(hostile(text), estates.CALENDARS, 2026) == alertmanager.files(
        hostile(text), estates.CALENDARS, 2026
    )


@pytest.mark.parts
def test_amtool_reads_hostile_names_and_routes_by_them(part: Callable[[str], Path], tmp_path: Path) -> None:
    names = [text for text in HOSTILE if "\x00" not in text]
    told = {name: Told((name,), (name,)) for name in names}
    owners = {name: Owner(name, each, each) for name, each in told.items()}
    contacts = Contacts(names[0], owners, {name: Receiver(name) for name in names})
    path = estates.written(tmp_path, contacts)
    done = subprocess.run(
        [part("amtool"), "check-config", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    config = yaml.safe_load(path.read_text())
    matchers = [route["matchers"] for route in config["route"]["routes"] if "owner" in str(route.get("matchers"))]
    assert len(matchers) == len(names) - 1
    for name in ('quo"te', "a|b.*(c)[d]", '") or vector(1) or ("', "back\\slash", "new\nline"):
        words: list[str | Path] = [part("amtool"), "config", "routes", "test", f"--config.file={path}"]
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        done = subprocess.run([*words, f'owner="{quoted}"'], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.rstrip("\n").splitlines()[-1:] == name.splitlines()[-1:], done.stderr


def test_templates_hold_nothing_of_a_site() -> None:
    """So nothing that anybody writes is ever part of one."""
    ours = alertmanager.files(estates.everything(), estates.CALENDARS, 2026)
    example = alertmanager.files(estates.example()[0], estates.example()[1].calendars, 2030)

    assert {n: t for n, t in ours.items() if n.endswith(".tmpl")} == {
        n: t for n, t in example.items() if n.endswith(".tmpl")
    }


def test_the_same_contacts_give_the_same_bytes_in_whatever_order_they_were_read() -> None:
    contacts, catalogue = estates.example()
    turned = Contacts(
        contacts.default,
        dict(reversed(contacts.owners.items())),
        dict(reversed(contacts.receivers.items())),
        contacts.heartbeat,
        contacts.collector,
        contacts.smtp,
    )

    assert alertmanager.files(turned, catalogue.calendars, 2026) == alertmanager.files(
        contacts, catalogue.calendars, 2026
    )
