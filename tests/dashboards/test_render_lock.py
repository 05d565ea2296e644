"""What `make render` installs: pinned, from the public registry, under licences that ask nothing of who uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RENDER = Path(__file__).resolve().parents[2] / "dashboards" / "render"
PACKAGES: dict[str, dict[str, Any]] = json.loads((RENDER / "package-lock.json").read_text())["packages"]
INSTALLED = {path.rpartition("node_modules/")[2]: each for path, each in PACKAGES.items() if path}

ALLOWED = {
    "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD",
    # As free as these: no conditions, or attribution alone.
    "Unlicense", "CC0-1.0", "BlueOak-1.0.0", "MIT AND BSD-3-Clause", "(MIT AND Zlib)",
    # A choice that has one of them.
    "(MPL-2.0 OR Apache-2.0)",
}  # fmt: skip

UNSAID = {"fast-shallow-equal": "Unlicense", "react-universal-interface": "Unlicense"}
"""The lock has no licence for these; it stands in the package itself."""

NOWHERE = {"get-document"}
"""Twenty lines that say nothing of a licence, and come with slate-react, which @grafana/ui depends on. Like all of
these they are fetched by who draws, and never shipped."""


def test_every_package_is_free_to_use() -> None:
    licences = {name: each.get("license") or UNSAID.get(name) for name, each in INSTALLED.items()}

    assert {name for name, said in licences.items() if said not in ALLOWED} == NOWHERE


def test_every_package_is_pinned_by_its_content_and_comes_from_the_public_registry() -> None:
    assert [name for name, each in INSTALLED.items() if not each.get("integrity", "").startswith("sha512-")] == []
    hosts = {urlsplit(each["resolved"]).netloc for each in INSTALLED.values() if "resolved" in each}
    assert hosts <= {"registry.npmjs.org"}


def test_what_is_asked_for_is_exact_and_is_what_the_lock_holds() -> None:
    asked = json.loads((RENDER / "package.json").read_text())["dependencies"]

    assert {name: INSTALLED[name]["version"] for name in asked} == asked
    assert PACKAGES[""]["dependencies"] == asked
