"""`wardwatch init`: a first configuration, commented, that passes `wardwatch check` as it is written.

In it a '#' with a space begins a sentence, and one without is all that keeps a setting from being in force.
"""

from __future__ import annotations

from pathlib import Path
from platform import node

from collector.config.scalars import is_name

_SETTINGS = """\
# The collector on {hostname}. Every key may be left out; docs/configuration.md explains each.
# After a change: wardwatch check --config {directory}

#web:
#  listen: 127.0.0.1:10810      # anything but loopback needs config_file
#  config_file: web.yml         # TLS and passwords, in exporter-toolkit's format

#polling:                       # where nothing nearer says: a module, a device, its file's defaults, its kind
#  interval: 60s
#  timeout: 30s

#traps:                         # traps and informs of listed devices; docs/traps.md
#  listen: 0.0.0.0:10162

# What devices of a kind have in common. Kinds come with the program (`wardwatch check` counts those in use); one of
# the same name here replaces it.
#kinds:
#  access-switch:
#    class: it
#    auth: network
#    modules: [system, if_mib]
"""

_AUTHS = """\
# Credentials by name; a device, a file's defaults or a kind names one with `auth:`.
# Name the credential, don't write it: ${{env:NAME}} is an environment variable, ${{file:PATH}} a file that only the
# collector's user may read (chmod 0600; relative to this directory), and ${{credential:NAME}} what systemd or a
# container engine hands over, or else the file secrets/NAME.
#auths:
#  network:
#    version: 2
#    community: ${{file:secrets/network}}
"""

_INVENTORY = """\
# Devices. Nothing is contacted unless it is listed here, with a class that says how gently it is treated:
# - it: servers, network, archives
# - fragile: embedded IT, easily upset: UPS, sensors, printers, old switches. Single values only, at most once a minute
# - clinical: treats, measures or images patients. Nothing is sent to it, unless `active:` says who approved that
# More files may stand beside this one, and the register of equipment as it is, saved as CSV: docs/equipment.md.
#
#defaults:
#  site: {site}
#  auth: network
#devices:
#  - name: sw-access-1
#    address: 192.0.2.11
#    kind: access-switch
#    location: Building A, level 1
#  - name: ups-1
#    address: 192.0.2.21
#    kind: ups
#  - name: infusion-gateway-1
#    address: 192.0.2.31
#    kind: infusion-gateway
#    # active: {{approved_by: Clinical Engineering, date: 2026-11-22}}
#  - name: infusion-pump-1        # DHCP, Wi-Fi: looked for by its MAC address, and never asked
#    class: clinical
#    mac: 00:1b:54:0a:32:f0
#  - name: server-2               # a wardwatch that runs on another machine
#    class: it
#    agent: server-2.example.org:10810
devices:
"""

_MODULES = """\
# Ways of asking that differ from those that come with the program. This machine is read by every collector there is;
# a module of the collector's name changes its options.
#modules:
#  filesystem:
#    collector: filesystem
"""

_SNMP = """\
Put files in snmp_exporter's snmp.yml format here: each of their modules can be named in an inventory.
A module of the name of one that comes with the program replaces it.
"""

_CONTACTS = """\
# Whom to tell, where and when: `wardwatch rules` makes Alertmanager's configuration of it, docs/contacts.md. Without it
# none is made. A key that ends in _file names a file that Alertmanager reads where it runs: no secret stands here.
#default: service-desk          # the owner of what names none
#smtp:
#  smarthost: mail.example.org:587
#  from: wardwatch@example.org
#receivers:
#  - name: service-desk
#    email: {{to: [service-desk@example.org]}}
#  - name: on-call
#    pagerduty: {{routing_key_file: /etc/alertmanager/pagerduty}}
#owners:                        # as services and devices name them
#  - name: service-desk
#    critical: [service-desk, on-call]
#    warning: [service-desk]
"""

_KPIS = """\
# What differs from the KPIs that come with the program, which count without this file: docs/kpis.md.
# `wardwatch list kpis` shows them.
#kpis:
#  - {{id: availability-gold, target: 99.95%, amber: 99.9%}}    # one of them, with a target of your own
#  - id: printers-up            # one more
#    title: Printers that answer
#    definition: Printers of the inventory that answered when they were asked last, of all.
#    unit: ratio
#    direction: up
#    formula: avg(wardwatch_device_up{{device_kind="printer"}})
#    target: 98%
#    amber: 95%
#    benchmark: {{q1: 93%, median: 96%, q3: 98%, source: "a survey of your peers"}}
#without: [nps]                 # one that is not kept here
#normalisers: {{users: 4200, beds: 620}}
"""

_IGNORE = "secrets/\n"
_NOBODY = {"hostname": "this machine", "site": "main"}

FILES = {
    "wardwatch.yml": _SETTINGS,
    "auths.yml": _AUTHS,
    "inventory/devices.yml": _INVENTORY,
    "contacts.yml": _CONTACTS,
    "kpis.yml": _KPIS,
    "modules/host.yml": _MODULES,
    "snmp/README": _SNMP,
    ".gitignore": _IGNORE,
}


def write(directory: Path, *, hostname: str | None = None) -> tuple[Path, ...]:
    """Write a starting configuration for the machine `hostname` (this one's, unless given) and return its files.

    Raises FileExistsError where one of them is there already: nothing is overwritten, and then nothing is written.
    Other OSErrors as they come.
    """
    paths = {directory / name: text for name, text in FILES.items()}
    for path in paths:
        if path.exists() or path.is_symlink():
            raise FileExistsError(f"{path} is there already: nothing was written")
    hostname = hostname or node()
    short, _, domain = hostname.partition(".")
    known = {"hostname": hostname, "site": domain or short} if is_name(hostname) else _NOBODY
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(directory=directory, **known) if path.suffix == ".yml" else text, encoding="utf-8")
    (directory / "secrets").mkdir(mode=0o700, exist_ok=True)
    return tuple(paths)
