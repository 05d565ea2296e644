"""Options of collectors and modules of snmp.yml, typed as their dataclasses say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from collector.config import Config
from collector.model import Secret
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module, RegexExtract
from collector.wire.snmp.plan import problems

Load = Callable[[Path | None], Config]


def test_options_are_typed_by_the_fields_of_the_collector(site: Path, loaded: Load) -> None:
    (site / "modules" / "more.yml").write_text(
        "modules:\n"
        "  all:\n"
        "    collector: probe\n"
        "    port: 104\n"
        "    mode: firm\n"
        "    words: [no, 010, 1.10]\n"
        "    weights: {a: 1e3, b: .5}\n"
        "    token: ${env:LAB_TOKEN}\n"
        "    path: /srv/files\n"
        "  filesystem2: {collector: filesystem, mount_timeout: 1m30s, exclude: '^/(a|b)$'}\n"
        "  quiet: {collector: cpu, guest: no}\n"
    )
    modules = loaded(site).modules
    probe = modules["all"]
    assert vars(probe) == {
        "port": 104,
        "mode": "firm",
        "words": ("no", "010", "1.10"),
        "weights": {"a": 1000.0, "b": 0.5},
        "token": Secret("canary-token"),
        "path": Path("/srv/files"),
    }
    assert modules["filesystem2"].mount_timeout == 90  # type: ignore[attr-defined]
    assert modules["filesystem2"].exclude.search("/a")  # type: ignore[attr-defined]
    assert modules["quiet"].guest is False  # type: ignore[attr-defined]


EVERYTHING = r"""
auths:
  old: {version: 1}
  new:
    version: 3
    username: ${LAB_COMMUNITY}
    security_level: authPriv
    password: ${LAB_PASSWORD}
    priv_password: ${LAB_PRIVACY}
    context_name: ward
modules:
  everything:
    walk: [1.3.6.1.2.1.2, .1.3.6.1.2.1.31.1.1]
    get: [1.3.6.1.2.1.1.3.0, "1.10"]
    max_repetitions: 10
    retries: 0
    timeout: 1500ms
    use_unconnected_udp_socket: true
    allow_nonincreasing_oids: true
    metrics:
    - name: ifAlias
      oid: 1.3.6.1.2.1.31.1.1.1.18
      type: DisplayString
      help: 'The alias: "x" - 1.3.6.1.2.1.31.1.1.1.18'
      indexes:
      - {labelname: ifIndex, type: EnumAsInfo, enum_values: {1: a, -2: b}}
      - {labelname: name, type: OctetString, fixed_size: 6}
      - {labelname: rest, type: DisplayString, implied: true}
      lookups:
      - {labels: [ifIndex], labelname: ifName, oid: 1.3.6.1.2.1.31.1.1.1.1, type: DisplayString, display_hint: 1x}
      - {labels: [], labelname: rest}
      regex_extracts:
        Temp:
        - {regex: '([0-9]+)C', value: '$1', scale: 0.1, offset: -5}
        - {regex: .*}
      datetime_pattern: '%Y'
      enum_values: {1: up}
      scale: 1e-3
      offset: 3
      display_hint: 1x
version: 1
"""


def test_every_key_of_snmp_exporters_format(site: Path, loaded: Load) -> None:
    (site / "snmp" / "every.yml").write_text(EVERYTHING)
    config = loaded(site)
    module = config.modules["everything"].module  # type: ignore[attr-defined]
    metric = Metric(
        name="ifAlias",
        oid="1.3.6.1.2.1.31.1.1.1.18",
        type="DisplayString",
        help='The alias: "x" - 1.3.6.1.2.1.31.1.1.1.18',
        indexes=(
            Index("ifIndex", "EnumAsInfo", enum_values={1: "a", -2: "b"}),
            Index("name", "OctetString", 6),
            Index("rest", "DisplayString", implied=True),
        ),
        lookups=(
            Lookup(("ifIndex",), "ifName", "1.3.6.1.2.1.31.1.1.1.1", "DisplayString", "1x"),
            Lookup((), "rest"),
        ),
        regex_extracts={"Temp": (RegexExtract("([0-9]+)C", "$1", 0.1, -5.0), RegexExtract(".*"))},
        datetime_pattern="%Y",
        enum_values={1: "up"},
        offset=3.0,
        scale=0.001,
        display_hint="1x",
    )
    expected = Module(
        name="everything",
        walk=("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"),
        get=("1.3.6.1.2.1.1.3.0", "1.10"),
        metrics=(metric,),
        max_repetitions=10,
        retries=0,
        timeout=module.timeout,
        use_unconnected_udp_socket=True,
        allow_nonincreasing_oids=True,
    )
    assert vars_of(module) == vars_of(expected)
    assert module.timeout == 1.5
    assert list(problems(module)) == []
    new = config.auths["new"]
    assert (new.username, new.password.reveal(), new.context_name) == ("canary-community", "canary-password", "ward")
    assert config.auths["old"].community.reveal() == "public"


def vars_of(module: Module) -> dict[str, object]:
    return {name: getattr(module, name) for name in Module.__slots__}


def test_what_is_accepted_can_be_compiled(site: Path, loaded: Load) -> None:
    """The walk's own checks find nothing in what the models let through."""
    for module in loaded(site).modules.values():
        if hasattr(module, "module"):
            assert list(problems(module.module)) == []


def test_filters_of_our_own_take_names_for_columns_and_tables(site: Path, loaded: Load) -> None:
    (site / "snmp" / "own.yml").write_text(
        "modules:\n"
        "  own:\n"
        "    walk: [1.3.6.1.2.1.2.2]\n"
        "    metrics:\n"
        "    - {name: ifOperStatus, oid: 1.3.6.1.2.1.2.2.1.8, indexes: [{labelname: ifIndex}], enum_values: {1: up}}\n"
        "    - {name: ifInOctets, oid: 1.3.6.1.2.1.2.2.1.10, indexes: [{labelname: ifIndex}]}\n"
        "    filters:\n"
        "    - {column: ifOperStatus, targets: [ifInOctets, .1.3.6.1.2.1.2.2], values: [up]}\n"
        "    - {oid: .1.3.6.1.2.1.2.2.1.8, targets: [1.3.6.1.2.1.2.2.1.10], values: ['1']}\n"
    )
    module = loaded(site).modules["own"].module  # type: ignore[attr-defined]
    assert module.filters == (
        Filter(
            "1.3.6.1.2.1.2.2.1.8",
            ("1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.2.2"),
            ("up",),
            "whole",
            {1: "up"},
        ),
        Filter("1.3.6.1.2.1.2.2.1.8", ("1.3.6.1.2.1.2.2.1.10",), ("1",), "last"),
    )
