"""Credentials: named in the configuration, read from the environment or a file, and never repeated to anybody.

`${env:NAME}` names a variable, `${file:PATH}` a file (relative to the configuration's directory) that others on the
machine may not read. `${credential:NAME}` is one that whoever started us has handed over (systemd's `LoadCredential=`,
a container's secrets), or else the file `secrets/NAME` of the configuration, so that a person can check the same
configuration. A credential written into the configuration itself works, with a warning.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from collector.config.document import Document, Step
from collector.config.typed import Findings
from collector.model import Secret

SECRET_WORDS: Final = ("community", "password", "secret", "token")
"""A key that holds one of these words holds a credential: left out of digests, never quoted."""

KNOWN_TO_ALL: Final = frozenset({"public", "maplesyrup", "newsyrup"})
"""What protects nothing, so that writing it down gives nothing away: the usual community, and the passwords of
RFC 3414's examples (A.3 and A.5)."""

MAX_BYTES: Final = 65_536

_REFERENCE = re.compile(r"\$\{(env|file|credential):([^{}]+)\}")
_CREDENTIAL = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,200}")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
"""As Go's os.Expand has it; a `$` with no name behind it is left as it is."""
_OURS = re.compile(r"\$\{(?:env|file|credential):")

Others = Literal["refused", "expanded", "literal"]

_RELAXED = os.name == "nt"
"""Windows has no permission bits to judge by."""


def secret_key(key: str) -> bool:
    return any(word in key.lower() for word in SECRET_WORDS)


class Secrets:
    """Where references lead: `environ`, and `directory` for relative paths."""

    def __init__(self, environ: Mapping[str, str], directory: Path, findings: Findings) -> None:
        self._environ = environ
        self._directory = directory
        self._findings = findings

    def resolve(self, document: Document, where: Sequence[Step], text: str, others: Others = "refused") -> Secret:
        """The credential that `text` names or is; an empty one after a problem.

        `others` is what becomes of `$` beside our own references. In snmp_exporter's files variables are `expanded` in
        passwords and user names, and taken as they stand, `literal`, in communities (CONTRACTS 2).
        """
        if match := _REFERENCE.fullmatch(text):
            kind, name = match.groups()
        elif others == "expanded" and _VARIABLE.search(text):
            return self._expanded(document, where, text)
        elif "${" in text and (others != "literal" or _OURS.search(text)):
            self._findings.problem(document, where, "is no reference: write ${env:NAME} or ${file:PATH}, and no more")
            return Secret("")
        else:
            if text in KNOWN_TO_ALL:
                return Secret(text)
            what = "a credential is written here for all readers of this file: write ${env:NAME} or ${file:PATH}"
            self._findings.warn(document, where, what)
            return Secret(text)
        try:
            ways = {"env": self._variable, "file": self._file, "credential": self._credential}
            return Secret(ways[kind](name))
        except ValueError as error:
            self._findings.problem(document, where, str(error))
            return Secret("")

    def _expanded(self, document: Document, where: Sequence[Step], text: str) -> Secret:
        try:
            return Secret(_VARIABLE.sub(lambda match: self._variable(match[1] or match[2]), text))
        except ValueError as error:
            self._findings.problem(document, where, str(error))
            return Secret("")

    def _variable(self, name: str) -> str:
        value = self._environ.get(name)
        if not value:
            state = "is not set" if value is None else "is empty"
            raise ValueError(f"the environment variable {name} {state}: set it where the collector is started")
        return value

    def _credential(self, name: str) -> str:
        if not _CREDENTIAL.fullmatch(name):
            raise ValueError("is no credential's name: use letters, digits, '_', '-' and '.'")
        places = [f"secrets/{name}"]
        if handed := self._environ.get("CREDENTIALS_DIRECTORY"):
            # systemd puts the name of a directory before those of the files in it.
            places = [f"{handed}/{name}", f"{handed}/secrets_{name}", *places]
        for place in places:
            if os.access(self._directory / place, os.R_OK):
                return self._file(place)
        raise ValueError(f"no credential {name} is to be read: hand it over (docs/deploy.md), or write secrets/{name}")

    def _file(self, name: str) -> str:
        path = self._directory / name
        try:
            with path.open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                if not _RELAXED and mode & (stat.S_IROTH | stat.S_IWOTH):
                    raise ValueError(f"the file {name} is open to everybody on this machine: chmod 0600 it")
                raw = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise ValueError(f"the file {name} cannot be read: {error.strerror}") from None
        if len(raw) > MAX_BYTES:
            raise ValueError(f"the file {name} is larger than {MAX_BYTES} bytes: a credential is short")
        try:
            text = raw.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise ValueError(f"the file {name} is not UTF-8") from None
        if not text or "\0" in text:
            raise ValueError(f"the file {name} {'holds a NUL' if text else 'is empty'}")
        return text
