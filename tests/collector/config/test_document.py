"""Strict YAML: read as written, or refused with its line (RELIABILITY E2)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collector.config.document import MAX_BYTES, MAX_DEPTH, MOST_PROBLEMS, Document, parse, read, understood
from collector.config.problems import ConfigError, Problem

FILE = Path("f.yml")


def data(text: str | bytes) -> object:
    return parse(FILE, text if isinstance(text, bytes) else text.encode()).data


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        data(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "scalar",
    [
        *("no", "NO", "yes", "on", "off", "y", "true", "null", "~", "Null"),
        *("0123", "0o17", "0x1F", "010", "1_000", "1e3", "1.10", "1.0", ".5", ".inf", ".nan", "+1"),
        *("22:30", "07:30", "1:30", "190:20:30", "2026-11-22", "2026-11-22T10:00:00Z", "1.3.6.1.2.1.1", "1.3"),
        *("=", "a#b", "10.0.0.1", "fe80::1", "${env:NAME}", "00:1a:2b:3c:4d:5e"),
    ],
)
def test_a_scalar_is_the_text_that_was_written(scalar: str) -> None:
    assert data(f"key: {scalar}") == {"key": scalar}


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=60))
def test_any_text_survives_a_round_trip(text: str) -> None:
    assert data(yaml.safe_dump({"key": text}, allow_unicode=True, default_style='"')) == {"key": text}


@given(st.text("abcXYZ0123456789._/+:*$@%", min_size=1, max_size=30).map(lambda t: f"a{t}z"))
def test_plain_scalars_round_trip(text: str) -> None:
    if ": " not in text:
        assert data(f"key: {text}\nlist:\n- {text}\n") == {"key": text, "list": [text]}


def test_what_is_not_written_is_none_and_what_is_written_empty_is_text() -> None:
    assert data("a:\nb: ''\nc:\n-\n- x\nd: {}\ne: []") == {"a": None, "b": "", "c": [None, "x"], "d": {}, "e": []}
    assert data("") is None
    assert data("# only a comment\n") is None


def test_a_byte_order_mark_and_a_yaml_directive_are_accepted() -> None:
    assert data(b"\xef\xbb\xbfa: 1") == {"a": "1"}
    assert data("%YAML 1.1\n---\na: 1\n...\n") == {"a": "1"}


def test_block_scalars_keep_their_lines() -> None:
    assert data("a: |\n  one\n  two\nb: >\n  one\n  two\n") == {"a": "one\ntwo\n", "b": "one two\n"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f.yml:3: a: is written twice here: keep one of them"),
        ("x:\n  a: 1\n  'a': 3", "f.yml:3: a: is written twice here: keep one of them"),
        ("a: &x 1", "f.yml:1: the anchor &x is not allowed: write the value out where it is needed"),
        ("a: {}\nb: &x {}", "f.yml:2: the anchor &x is not allowed: write the value out where it is needed"),
        ("a: *x", "f.yml:1: a: the alias *x is not allowed: write the value out"),
        ("<<: {a: 1}", "f.yml:1: <<: merge keys are not allowed: write the keys out"),
        ("a: !!int 3", "f.yml:1: the tag tag:yaml.org,2002:int is not allowed: every value is text and typed by"),
        ("a: !!python/object:os.system x", "f.yml:1: the tag tag:yaml.org,2002:python/object:os.syste is not allowed"),
        ("!x {a: 1}", "f.yml:1: the tag !x is not allowed"),
        ("a: 1\n---\nb: 1", "f.yml:2: a second document begins here: one file holds one document"),
        ("? [a]\n: 1", "f.yml:1: a key must be text, not a mapping or a list"),
        ("{{ x }}: 1", "f.yml:1: a key must be text, not a mapping or a list"),
        ("? \n: 1", "f.yml:1: a key is missing before ':'"),
        ("a: 1\n\tb: 2", "f.yml:2: is not valid YAML: a tab at the beginning of the line: indent with spaces"),
        ("a: [1,\n2", "f.yml:2: is not valid YAML: did not find expected ',' or ']'"),
        ("a: b: c", "f.yml:1: is not valid YAML: mapping values are not allowed in this context"),
        ("a:\n  b: 1\n c: 2", "f.yml:3: is not valid YAML: did not find expected key"),
        ("a: @x", "f.yml:1: is not valid YAML: found character that cannot start any token"),
        ("a: 1\nb: \0", "f.yml:2: holds a control character (U+0000): remove it"),
        ("a: \x1b[31m", "f.yml:1: holds a control character (U+001B): remove it"),
        ('a: 1\nb: "\\0"', "f.yml:2: b: holds an escaped control character: remove it"),
        (b"a: 1\nb: \xe9", "f.yml:2: is not UTF-8: save the file as UTF-8"),
        ("a: ö".encode("utf-16"), "f.yml:1: is not UTF-8: save the file as UTF-8"),
        ("a: ö".encode("utf-16-le"), "f.yml:1: is not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "f.yml: is larger than 10 MB: split it"),
        ("[" * (MAX_DEPTH + 1), "f.yml:1: is nested more than 20 deep"),
    ],
)
def test_refused_with_its_line(text: str | bytes, message: str) -> None:
    assert refusal(text).startswith(message)


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 5_000_000,
        b"- a\n" * 2_500_000,
        b"".join(b"k%d:\n" % i for i in range(900_000)),
        b"{" * 5_000_000,
        b"!" * 9_000_000,
        b"? " * 4_000_000,
        b"a: &a [x,x]\n" + b"".join(b"b%d: [*a,*a,*a]\n" % i for i in range(9)),
    ],
    ids=["brackets", "list", "mapping", "braces", "tag", "keys", "alias bomb"],
)
def test_a_bomb_is_refused_quickly(bomb: bytes) -> None:
    begin = time.process_time()
    refusal(bomb)
    assert time.process_time() - begin < 3, "1 s by RELIABILITY E2, threefold for a busy machine"


def test_twenty_deep_is_read() -> None:
    assert data("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_missing_and_unreadable_files_are_problems(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read: "):
            read(path)


def estate() -> Document:
    return parse(FILE, b"# comment\ndevices:\n- name: sw-1\n  port: 22:30\n\n- name: sw-2\n  labels:\n    a: b\n- {}\n")


def test_lines_and_names_of_places() -> None:
    document = estate()
    assert [document.line(w) for w in ([], ["devices"], ["devices", 0], ["devices", 1], ["devices", 2])] == [
        *(2, 2, 3, 6, 9)
    ]
    assert document.line(["devices", 0, "port"]) == 4
    assert document.line(["devices", 1, "labels", "a"]) == 8
    assert document.line(["devices", 1, "labels", "missing"]) == 7, "the nearest parent's"
    assert document.name(["devices", 1, "labels", "a"]) == "devices[sw-2].labels.a"
    assert document.name(["devices", 2]) == "devices[2]"
    assert str(document.problem(["devices", 0, "port"], "is odd")) == "f.yml:4: devices[sw-1].port: is odd"


TREES = st.recursive(
    st.text("ab", max_size=3),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text("xyz", min_size=1, max_size=3), below, max_size=3)
    ),
    max_leaves=12,
)


@given(TREES)
def test_every_place_in_the_data_has_its_own_line(tree: object) -> None:
    """Dumped in block style, whatever the shape: the line that `line` gives holds what is there."""
    text = yaml.safe_dump({"root": tree}, default_flow_style=False, default_style='"')
    document, lines = parse(FILE, text.encode()), text.splitlines()

    def walk(node: object, where: list[str | int]) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                assert f'"{key}"' in lines[document.line([*where, key]) - 1]
                walk(value, [*where, key])
        elif isinstance(node, list):
            for i, value in enumerate(node):
                assert "-" in lines[document.line([*where, i]) - 1]
                walk(value, [*where, i])
        else:
            assert f'"{node}"' in lines[document.line(where) - 1]

    walk(document.data, [])


def test_every_mistake_is_told_and_the_rest_is_read() -> None:
    text = 'a: 1\na: [2, {b: 1, b: 2}]\nc: &x 3\nd: *x\ne: !!int 4\nf: "5\\0"\n<<: {a: 9}\ng:\n  h: 6\n  h: 7\nz: 8\n'
    passed: list[Problem] = []
    document = understood(FILE, text, passed)
    assert document.data == {"a": "1", "c": "3", "d": None, "e": "4", "f": "5", "g": {"h": "6"}, "z": "8"}
    assert [problem.line for problem in passed] == [2, 2, 3, 4, 5, 6, 7, 10]
    assert [problem.where for problem in passed] == ["a", "b", "", "d", "", "f", "<<", "h"]
    assert [document.line([key]) for key in ("a", "c", "d", "g", "z")] == [1, 3, 4, 8, 11]
    assert document.line(["g", "h"]) == 9
    with pytest.raises(ConfigError) as caught:
        understood(FILE, text)
    assert len(caught.value.problems) == len(passed)


def test_what_cannot_be_passed_over_is_told_with_what_was() -> None:
    assert refusal("a: 1\na: 2\nb: @x").splitlines() == [
        "f.yml:2: a: is written twice here: keep one of them",
        "f.yml:3: is not valid YAML: found character that cannot start any token",
    ]


def test_a_file_of_nothing_but_mistakes_ends_early() -> None:
    assert len(refusal("a: *x\n" * 10_000).splitlines()) == MOST_PROBLEMS
