"""At which devices work is planned: those that it names, and those of the sites that it names.

Work on a service alone concerns none: others use its devices too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collector.maintenance import Work, Works


class Planned:
    """`works` over devices; `sites` has the site of each."""

    def __init__(self, works: Sequence[Work], sites: Mapping[str, str]) -> None:
        named: dict[str, list[Work]] = {}
        at: dict[str, list[Work]] = {}
        for work in works:
            for name in work.maintenance.devices:
                named.setdefault(name, []).append(work)
            for site in work.maintenance.sites:
                at.setdefault(site, []).append(work)
        there = {site: Works(each) for site, each in at.items()}
        self._by_name = {name: Works([*each, *at.get(sites.get(name, ""), ())]) for name, each in named.items()}
        self._by_name |= {
            name: there[site] for name, site in sites.items() if site in there and name not in self._by_name
        }

    def on(self, device: str, at: float) -> bool | None:
        """Whether work goes on there at a moment (Unix seconds); None: none ever is planned."""
        works = self._by_name.get(device)
        return None if works is None else works.open(at)
