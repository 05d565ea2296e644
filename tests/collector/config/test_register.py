"""`inventory/*.csv`: as spreadsheets write it, the same devices as YAML gives; what is no table is refused.

What is wrong in cells and columns: tests/config/invalid/register-*.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import collector.config.loading
from collector.config import Config, ConfigError
from collector.config.register import COLUMNS, read_register
from collector.config.typed import Findings
from collector.model import Device, Equipment

Load = Callable[[Path | None], Config]

HEAD = "Asset Number,Device type,Modality,Maker,Model,MAC,IP,AE title,Port,Ward,Site,Criticality,Owner,Support contract"
ROW = "A 4711,CT scanner,CT,Acme,S2,00-1B-54-0A-32-F0,10.9.1.1,CT_1,104,Imaging,St Example,Life Support,Physics,"
CONTRACT = "Acme 77 until 2027-03-31"


@pytest.fixture
def register(tmp_path: Path, loaded: Load) -> Callable[[str | bytes], Config]:
    """The configuration whose only file is this one."""

    def read(content: str | bytes) -> Config:
        path = tmp_path / "own" / "inventory" / "equipment.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return loaded(tmp_path / "own")

    return read


def refused(register: Callable[[str | bytes], Config], content: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        register(content)
    return [str(problem).partition("equipment.csv")[2] for problem in caught.value.problems]


def test_a_row_is_the_same_device_as_an_entry(register, site: Path, loaded: Load) -> None:  # type: ignore[no-untyped-def]
    (device,) = register(f"{HEAD}\n{ROW}{CONTRACT}\n").devices
    known = Equipment(
        "A 4711", "CT scanner", "CT", "Acme", "S2", "CT_1", 104, "life_support", "Physics", CONTRACT, "2027-03-31"
    )
    assert device == Device(
        "A-4711", "10.9.1.1", "clinical", site="St Example", passive=True, mac="00:1b:54:0a:32:f0", ward="Imaging",
        equipment=known,
    )  # fmt: skip
    (site / "inventory" / "ward.yml").write_text(
        f"defaults: {{site: St Example, maker: Acme, criticality: life_support, class: clinical, ward: Imaging}}\n"
        f"devices:\n- {{name: A-4711, asset: A 4711, device_type: CT scanner, modality: CT, model: S2, "
        f"mac: 001b.540a.32f0, address: 10.9.1.1, ae_title: CT_1, ae_port: 104, owner: Physics, support: {CONTRACT}}}\n"
    )
    assert loaded(site).devices == (device,)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_write_it_in_many_ways(register, start: bytes, sign: str, end: str) -> None:  # type: ignore[no-untyped-def]
    inner = sign.strip() or ","
    lines = [
        sign.join(("ASSET_NO", " ip address ", "device-type", "Support Contract")),
        sign.join(("A1", " 10.9.1.1 ", f'"pump{inner} large"', "-")),
        "",
        sign * 3,
        sign.join(("A2", "10.9.1.2", '"the ""new"" pump"', "N/A")),
    ]
    config = register(start + end.join(lines).encode())
    assert [(d.name, d.address, d.equipment.device_type, d.equipment.support) for d in config.devices] == [
        ("A1", "10.9.1.1", f"pump{inner} large", ""),
        ("A2", "10.9.1.2", 'the "new" pump', ""),
    ]


def test_every_usual_name_of_a_column_is_taken(register) -> None:  # type: ignore[no-untyped-def]
    for key, names in COLUMNS.items():
        for name in (*names, names[0].upper(), names[0].replace(" ", "_")):
            others = [n for k, n in (("name", "name"), ("address", "IP")) if k != key]
            head = ",".join((name, *others))
            assert register(f"{head}\n").devices == (), name


def test_a_pump_needs_no_address_where_its_mac_is_said(register) -> None:  # type: ignore[no-untyped-def]
    for head, rest in (("asset,MAC,IP", ","), ("asset,MAC", "")):
        config = register(f"{head}\nP1,00:1b:54:0a:32:f0{rest}\nP2,00:1b:54:0a:32:f1{rest}\n")
        assert [(d.name, d.address, d.mac, d.passive, d.here) for d in config.devices] == [
            ("P1", "", "00:1b:54:0a:32:f0", True, False),
            ("P2", "", "00:1b:54:0a:32:f1", True, False),
        ]
        assert config.warnings == (), "that two have none is no address that they share"
        assert config.targets == {"P1": (), "P2": ()}


def test_a_row_without_an_address_is_refused_where_its_class_or_kind_has_it_asked(site: Path, loaded: Load) -> None:
    (site / "inventory" / "equipment.csv").write_text(
        "name,MAC,kind\na,00:1b:54:0a:32:f0,pump\nb,00:1b:54:0a:32:f1,ups\n"
    )
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert [str(problem).partition("equipment.csv")[2].partition(";")[0] for problem in caught.value.problems] == [
        ":2: devices[a].address: is missing: write it, or modules: []",
        ":3: devices[b].address: is missing: write it",
    ]


def test_a_kind_says_the_class_and_a_row_says_it_nearer(site: Path, loaded: Load) -> None:
    rows = (
        "name,IP,kind,class,auth\na,10.9.1.1,,,\nb,10.9.1.2,ups,,\nc,10.9.1.3,ups,clinical,\nd,10.9.1.4,switch,,lab\n"
    )
    (site / "inventory" / "equipment.csv").write_text(rows)
    found = {device.name: device for device in loaded(site).devices}
    assert [found[name].device_class for name in "abcd"] == ["clinical", "fragile", "clinical", "it"]
    assert [found[name].passive for name in "abcd"] == [True, False, True, False]
    assert [found[name].equipment for name in "abcd"] == [Equipment(), None, Equipment(), None]


def test_an_included_file_has_the_defaults_of_the_one_that_includes_it(site: Path, loaded: Load) -> None:
    (site / "inventory" / "pumps").mkdir()
    (site / "inventory" / "pumps" / "ICU.CSV").write_text("asset,IP\nP1,10.9.1.1\n")
    (site / "inventory" / "pumps.yml").write_text("defaults: {site: north, ward: ICU}\ninclude: [pumps/*]\n")
    device = next(device for device in loaded(site).devices if device.name == "P1")
    assert (device.site, device.ward, device.device_class) == ("north", "ICU", "clinical")


def test_patient_data_in_free_text_is_taken_out_with_a_warning(register, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = register("asset,IP,owner,ward\n9991234578,10.9.1.1,ward of 999 123 4578,ICU\n")
    (device,) = config.devices
    assert device.equipment.owner == "ward of [removed]"
    assert device.name == device.equipment.asset == "9991234578", "an asset number is no text"
    (warning,) = [w for w in config.warnings if w.path.suffix == ".csv"]
    what = "devices[9991234578].owner: holds what looks like patient data: it is shown without (docs/privacy.md)"
    assert str(warning).endswith(f"equipment.csv:2: {what}")
    assert "4578" not in warning.what


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", [": is empty: write a line with the names of the columns"]),
        (b"\n\n", [": is empty: write a line with the names of the columns"]),
        (b"asset,IP\nA\x00,10.9.1.1\n", [":2: holds a control character (U+0000): remove it"]),
        (b"asset,IP\nA1,10.9.1.1\nA\xff,10.9.1.1\n", [":3: is not UTF-8: save the file as UTF-8"]),
        ("asset,IP\n".encode("utf-16"), [":1: is not UTF-8: save the file as UTF-8"]),
        (b'asset,IP\n"A1,10.9.1.1\n', [":2: is no table from here on: unexpected end of data"]),
        (b'asset,IP\nA1,10.9.1.1\n"A"2,10.9.1.1\n', [":3: is no table from here on: ',' expected after '\"'"]),
        (b"asset,IP,owner\nA1,10.9.1.1," + b"x" * 257, [
            ":2: devices[A1].owner: must be one line of at most 256 printable characters"]),
        (b"asset,IP,owner\nA1,10.9.1.1," + b"x" * 200_000, [
            ":2: is no table from here on: field larger than field limit (131072)"]),
        (b"asset,IP\n" + b"A" * 10_000_000, [": is larger than 10 MB: split it"]),
        (b"asset,IP" + b",owner" * 99 + b"\n", [":1: has 101 columns: at most 100"]),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_table_is_refused(register, content: bytes, problems: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert refused(register, content) == problems


@given(st.text())
def test_no_text_does_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for head in ("", "asset,IP\n"):
        path.write_bytes((head + text).encode("utf-8", "surrogatepass"))
        with suppress(ConfigError):
            read = read_register(path, Findings())
            assert isinstance(read.data, dict)
            assert len(read.data["devices"]) == len(read.rows)


def test_the_example_of_the_documentation_is_right(register) -> None:  # type: ignore[no-untyped-def]
    page = (Path(collector.config.loading.__file__).parents[2] / "docs" / "equipment.md").read_text()
    devices = register(page.partition("```csv\n")[2].partition("```")[0]).devices
    assert [device.name for device in devices] == ["A-4711", "A-4712", "A-4713"]
    assert devices[0].equipment.support_ends == "2027-03-31"
    for names in COLUMNS.values():
        assert all(name in page for name in names)


def test_a_register_in_the_wrong_place_is_told(register, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "equipment.csv").write_text("asset,IP\nA1,10.9.1.1\n")
    assert [w.path.name for w in register("asset,IP\n").warnings] == ["equipment.csv"]
