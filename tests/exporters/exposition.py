"""A strict parser of the text format 0.0.4, written from its specification and apart from the renderer.

Stricter than Prometheus: one HELP and TYPE per family, families in one piece, no series twice, no empty label value.
"""

import re
from dataclasses import dataclass, field

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r"[+-]?(?:Inf|[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?)|NaN")
ESCAPE = re.compile(r"\\(.)")
Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Parsed:
    help: dict[str, str] = field(default_factory=dict)
    type: dict[str, str] = field(default_factory=dict)
    samples: dict[Series, float] = field(default_factory=dict)

    def value(self, name: str, /, **labels: str) -> float:
        return self.samples[name, tuple(sorted(labels.items()))]

    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


def parse(body: bytes) -> Parsed:
    """Raises ValueError for whatever is not to the letter."""
    page = Parsed()
    if not body:
        return page
    text = body.decode("utf-8")
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    current = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# "):
            current = _comment(page, line, current)
        else:
            _sample(page, line, current)
    return page


def _comment(page: Parsed, line: str, current: str) -> str:
    word, name, rest = line[2:].split(" ", 2)
    if word == "HELP":
        if name in page.help or name in page.type:
            raise ValueError(f"second HELP: {line!r}")
        page.help[name] = _unescape(rest)
    elif word == "TYPE":
        if name in page.type or (name in page.help and current != name):
            raise ValueError(f"second TYPE: {line!r}")
        if rest not in ("counter", "gauge", "histogram", "summary", "untyped"):
            raise ValueError(f"type: {line!r}")
        page.type[name] = rest
    else:
        raise ValueError(f"comment: {line!r}")
    return name


def _sample(page: Parsed, line: str, current: str) -> None:
    name = NAME.match(line)
    if not name:
        raise ValueError(f"name: {line!r}")
    at = name.end()
    labels: dict[str, str] = {}
    if line[at] == "{":
        at += 1
        while line[at] != "}":
            pair = LABEL.match(line, at)
            if not pair or pair[1] in labels or not pair[2]:
                raise ValueError(f"label: {line!r}")
            labels[pair[1]] = _unescape(pair[2])
            at = pair.end()
            if line[at] == ",":
                at += 1
            elif line[at] != "}":
                raise ValueError(f"after a label: {line!r}")
        at += 1
    if line[at] != " " or not VALUE.fullmatch(line, at + 1):
        raise ValueError(f"value: {line!r}")
    suffixes = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
    if name[0] not in [current + s for s in suffixes.get(page.type[current], ("",))]:
        raise ValueError(f"outside its family {current}: {line!r}")
    series = (name[0], tuple(sorted(labels.items())))
    if series in page.samples:
        raise ValueError(f"twice: {line!r}")
    page.samples[series] = float(line[at + 1 :])


def _unescape(text: str) -> str:
    return ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], text)
