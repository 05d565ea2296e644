"""Files that other programs leave: real ones, in a directory of the test's own."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.host import textfile
from collector.host.exposition import parse
from collector.host.textfile import Textfile
from exporters.text import render
from tests.collector.host.fake import FakeEdge, FakeHost, poll, samples


class Write(Protocol):
    def __call__(self, name: str, content: bytes | str, mtime: float = 1_760_000_000) -> Path: ...


EXAMPLE = b"""# A comment.
# HELP backup_seconds How long \\\\ the backup\\nlasted.
# TYPE backup_seconds gauge
backup_seconds{host="a \\"b\\" \\\\ c\\n",} 12.5
backup_seconds { host = "x}y,z" } +Inf
plain NaN

# TYPE batch_runs counter
batch_runs 4
# TYPE wait histogram
wait_bucket{le="1"} 1
wait_bucket{le="+Inf"} 2
wait_sum 3e3
wait_count 2
# TYPE size summary
size{quantile="0.5"} 1
size_sum 2
size_count 3"""


@pytest.fixture
def edge() -> FakeEdge:
    return FakeEdge(FakeHost())


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: bytes | str, mtime: float = 1_760_000_000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (mtime, mtime))
        return path

    return put


async def read(edge: FakeEdge, directory: Path | str) -> dict[str, float]:
    return samples(await poll(Textfile(str(directory)), edge))


async def test_the_case_of_a_type_does_not_matter(edge: FakeEdge, write: Write, tmp_path: Path) -> None:
    """As in Prometheus' own parser, and so in node_exporter."""
    write(
        "a.prom",
        '# TYPE jobs COUNTER\njobs 4\n# TYPE wait Histogram\nwait_bucket{le="+Inf"} 2\nwait_sum 1\nwait_count 2\n',
    )
    text = render(await poll(Textfile(str(tmp_path)), edge)).body.decode()
    assert "# TYPE jobs counter\njobs 4\n" in text
    assert "# TYPE wait histogram\n" in text
    assert "node_textfile_scrape_error 0" in text


async def test_every_kind_of_family_keeps_its_name_type_and_text(edge: FakeEdge, write: Write, tmp_path: Path) -> None:
    path = write("example.prom", EXAMPLE)
    columns = await poll(Textfile(str(tmp_path)), edge)
    assert render(columns).body.decode() == (
        "# HELP backup_seconds How long \\\\ the backup\\nlasted.\n# TYPE backup_seconds gauge\n"
        'backup_seconds{host="a \\"b\\" \\\\ c\\n"} 12.5\nbackup_seconds{host="x}y,z"} +Inf\n'
        f"# HELP batch_runs Metric read from {path}\n# TYPE batch_runs counter\nbatch_runs 4\n"
        "# HELP node_textfile_mtime_seconds Unixtime mtime of textfiles successfully read.\n"
        "# TYPE node_textfile_mtime_seconds gauge\n"
        f'node_textfile_mtime_seconds{{file="{path}"}} 1760000000\n'
        "# HELP node_textfile_scrape_error 1 if there was an error opening or reading a file, 0 otherwise\n"
        "# TYPE node_textfile_scrape_error gauge\nnode_textfile_scrape_error 0\n"
        f"# HELP plain Metric read from {path}\n# TYPE plain untyped\nplain NaN\n"
        f"# HELP size Metric read from {path}\n# TYPE size summary\n"
        'size{quantile="0.5"} 1\nsize_sum 2\nsize_count 3\n'
        f"# HELP wait Metric read from {path}\n# TYPE wait histogram\n"
        'wait_bucket{le="1"} 1\nwait_bucket{le="+Inf"} 2\nwait_sum 3000\nwait_count 2\n'
    )


async def test_no_directory_is_no_error(edge: FakeEdge) -> None:
    assert await read(edge, "") == {"node_textfile_scrape_error": 0}


async def test_a_directory_that_is_not_there_is_an_error(edge: FakeEdge, tmp_path: Path) -> None:
    assert await read(edge, tmp_path / "none") == {"node_textfile_scrape_error": 1}


async def test_a_glob_names_several_directories(edge: FakeEdge, write: Write, tmp_path: Path) -> None:
    write("a/one.prom", "one 1\n")
    write("b/two.prom", "two 2\n")
    write("b/two.txt", "three 3\n")
    found = await read(edge, tmp_path / "*")
    assert (found["one"], found["two"], found["node_textfile_scrape_error"]) == (1, 2, 0)
    assert "three" not in found


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("good 1\nstale 1 1760000000000\n", "line 2: has a timestamp"),
        ("good 1\nbad\n", "line 2: not a sample"),
        ("bad one\n", "line 1: not a sample"),
        ("bad 1_000\n", "line 1: not a sample"),
        ("bad 1 2 3\n", "line 1: not a sample"),
        ('bad{a="b" 1\n', "line 1: not a sample"),
        ('bad{a="b",,} 1\n', "line 1: not a sample"),
        ('bad{9="b"} 1\n', "line 1: not a sample"),
        ('{"a.b"} 1\n', "line 1: not a sample"),
        ('bad{a="1",a="2"} 1\n', "line 1: label a twice"),
        ("# TYPE bad thing\nbad 1\n", "line 1: no such type"),
        ("bad 1\n# TYPE bad gauge\n", "line 2: TYPE of bad comes twice or after its samples"),
        ("# TYPE bad gauge\n# TYPE bad gauge\nbad 1\n", "line 2: TYPE of bad comes twice or after its samples"),
        ("# HELP bad x\n# HELP bad y\nbad 1\n", "line 2: a second HELP for bad"),
        (b"bad 1\n\xff 1\n", "byte 6: not UTF-8"),
    ],
)
async def test_a_file_that_is_wrong_is_left_out_whole(
    edge: FakeEdge, write: Write, tmp_path: Path, content: bytes | str, problem: str
) -> None:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(Malformed, match=problem):
        parse(raw)
    write("bad.prom", raw)
    good = write("good.prom", "fine 1\n")
    assert await read(edge, tmp_path) == {
        "fine": 1,
        f'node_textfile_mtime_seconds{{file="{good}"}}': 1_760_000_000,
        "node_textfile_scrape_error": 1,
    }


async def test_files_that_disagree_on_help_or_type_are_an_error_and_the_first_stands(
    edge: FakeEdge, write: Write, tmp_path: Path
) -> None:
    write("a.prom", '# HELP x one\n# TYPE x gauge\nx{f="a"} 1\n# TYPE y gauge\ny{f="a"} 1\n')
    write("b.prom", '# HELP x two\n# TYPE x gauge\nx{f="b"} 2\n# TYPE y counter\ny{f="b"} 2\nz 3\n')
    found = await read(edge, tmp_path)
    assert found["node_textfile_scrape_error"] == 1
    assert {series for series in found if series[0] in "xyz"} == {'x{f="a"}', 'y{f="a"}', "z"}


async def test_files_that_agree_are_one_family(edge: FakeEdge, write: Write, tmp_path: Path) -> None:
    a = write("a.prom", 'x{f="a"} 1\n')
    b = write("b.prom", 'x{f="b",g="h"} 2\n')
    columns = [c for c in await poll(Textfile(str(tmp_path)), edge) if c.family.name == "x"]
    assert len(columns) == 1
    assert columns[0].family.help == f"Metric read from {a}, {b}"
    assert columns[0].rows.text == ('{f="a"}', '{f="b",g="h"}')


async def test_a_changed_file_is_read_again_and_a_deleted_one_is_gone(
    edge: FakeEdge, write: Write, tmp_path: Path
) -> None:
    path = write("a.prom", "x 1\n")
    assert (await read(edge, tmp_path))["x"] == 1
    write("a.prom", "x 2\n", 1_760_000_060)
    assert (await read(edge, tmp_path))["x"] == 2
    path.unlink()
    assert await read(edge, tmp_path) == {"node_textfile_scrape_error": 0}


async def test_an_unchanged_file_is_not_read_again(edge: FakeEdge, write: Write, tmp_path: Path) -> None:
    write("a.prom", "x 1\n")
    first = textfile.read_all(str(tmp_path), {})
    assert textfile.read_all(str(tmp_path), first.files).files == first.files
    (path,) = first.files
    assert textfile.read_all(str(tmp_path), first.files).files[path] is first.files[path]


async def test_what_is_no_file_is_an_error_and_never_waited_for(edge: FakeEdge, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.prom")
    (tmp_path / "folder.prom").mkdir()
    (tmp_path / "dangling.prom").symlink_to("nowhere")
    assert await read(edge, tmp_path) == {"node_textfile_scrape_error": 1}


async def test_a_file_beyond_the_limit_is_an_error(edge: FakeEdge, tmp_path: Path) -> None:
    with (tmp_path / "huge.prom").open("wb") as sparse:
        sparse.truncate(textfile.LARGEST + 1)
    assert await read(edge, tmp_path) == {"node_textfile_scrape_error": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_families_or_malformed(content: bytes) -> None:
    try:
        families = parse(content)
    except Malformed:
        return
    assert all(family.samples for family in families)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.floats(allow_nan=False),
)
def test_a_label_and_a_value_come_through(text: str, value: float) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    (family,) = parse(f'x{{a="{escaped}"}} {value!r}\n'.encode())
    assert family.samples == [("x", (("a", text),), value)]


def test_long_lines_take_no_longer_than_they_are() -> None:
    """A pattern that tries every way to split a line would take hours."""
    with pytest.raises(Malformed):
        parse(b'x{a="' + b"\\\\" * 50_000 + b"\n")
    with pytest.raises(Malformed):
        parse(b"x{" + b'a="b",' * 20_000 + b"!} 1\n")
    (family,) = parse(b"x " + b" " * 50_000 + b"inf\n")
    assert math.isinf(family.samples[0][2])


async def test_golden(edge: FakeEdge, write: Write, golden: Callable[[Path, str], None]) -> None:
    write("example.prom", EXAMPLE)
    directory = write("second.prom", "# HELP backup_seconds How long\nmore 1\n").parent
    page = render(await poll(Textfile(directory=str(directory)), edge)).body.decode()
    golden(Path(__file__).parent / "golden" / "textfile.txt", page.replace(str(directory), "DIRECTORY"))
