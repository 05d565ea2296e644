"""Runs a program as our systemd unit would: its system calls, its families of sockets, no capability, no new code.

    python confine.py '{"calls": [...], "families": [...]}' PROGRAM ARGUMENT...

systemd itself is needed for none of it: the kernel is told by libseccomp and prctl(2). Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import sys
from typing import Any

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL = 4
"""SCMP_ACT_ALLOW, SCMP_ACT_ERRNO and SCMP_CMP_EQ of seccomp.h."""

CAPBSET_DROP, NO_NEW_PRIVS, MDWE = 24, 38, 65
"""Of prctl(2). The last, which refuses memory that is written and then run, came with Linux 6.3."""

CAPABILITIES = 0x20080522
"""The version of capset(2) that knows 64 of them."""


class Compared(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint), ("op", ctypes.c_int), ("value", ctypes.c_uint64), ("mask", ctypes.c_uint64),
    )  # fmt: skip


def confine(calls: list[str], families: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)  # refused where there is none to drop
    header, none = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no new privileges")
    if libc.prctl(MDWE, 1, 0, 0, 0) and ctypes.get_errno() != errno.EINVAL:
        raise OSError(ctypes.get_errno(), "memory")
    _filter(ctypes.CDLL("libseccomp.so.2"), calls, [getattr(socket, name) for name in families])


def _filter(seccomp: Any, calls: list[str], families: list[int]) -> None:
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        rules = [[Compared(0, EQUAL, family, 0)] for family in families] if name == "socket" else [[]]
        for rule in rules if number >= 0 else ():  # others are not of this machine's architecture
            array = (Compared * len(rule))(*rule)
            if code := seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, len(rule), array):
                raise OSError(-code, name)
    if code := seccomp.seccomp_load(context):
        raise OSError(-code, "seccomp_load")


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    confine(order["calls"], order["families"])
    os.execv(sys.argv[2], sys.argv[2:])
