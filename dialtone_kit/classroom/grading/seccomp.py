"""The filter on system calls in the sandbox: no new process, and nothing that reaches into others.

A classic BPF program, as bubblewrap takes it. Threads are allowed: Python and its libraries use
them. On other processors than these two there is no filter; namespaces and limits remain.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass

EPERM, ENOSYS = 1, 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_LEAST, _IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000  # the other numbers of x86-64


@dataclass(frozen=True)
class Processor:
    """What the filter needs to know: `denied` are numbers of system calls."""

    arch: int
    clone: int
    clone3: int
    denied: str


PROCESSORS: Mapping[str, Processor] = {
    # fork vfork ptrace unshare setns mount umount2 pivot_root chroot keyctl add_key request_key bpf
    # perf_event_open userfaultfd process_vm_readv process_vm_writev open_by_handle_at
    # io_uring_setup personality
    "x86_64": Processor(
        0xC000003E,
        56,
        435,
        "57 58 101 272 308 165 166 155 161 250 248 249 321 298 323 310 311 304 425 135",
    ),
    # the same; fork and vfork are not there
    "aarch64": Processor(
        0xC00000B7, 220, 435, "117 97 268 40 39 41 51 219 217 218 280 241 282 270 271 265 425 92"
    ),
}


def program(machine: str = "") -> bytes | None:
    """The filter for this machine, or None where it isn't known."""
    processor = PROCESSORS.get(machine or platform.machine())
    return None if processor is None else _assembled(processor)


def _assembled(one: Processor) -> bytes:
    """Right architecture; threads only; none of the denied. `jf` of a test skips what follows."""
    steps = [
        _step(_LOAD, 0, 0, _ARCH),
        _step(_IF_EQUAL, 1, 0, one.arch),
        _step(_RETURN, 0, 0, _ERRNO | EPERM),
        _step(_LOAD, 0, 0, _NUMBER),
        _step(_IF_LEAST, 0, 1, _X32),
        _step(_RETURN, 0, 0, _ERRNO | EPERM),
        _step(_IF_EQUAL, 0, 1, one.clone3),  # its flags are out of sight: libc falls back to clone
        _step(_RETURN, 0, 0, _ERRNO | ENOSYS),
        _step(_IF_EQUAL, 0, 4, one.clone),
        _step(_LOAD, 0, 0, _FIRST_ARGUMENT),
        _step(_IF_SET, 1, 0, _CLONE_THREAD),
        _step(_RETURN, 0, 0, _ERRNO | EPERM),
        _step(_RETURN, 0, 0, _ALLOW),
    ]
    for number in map(int, one.denied.split()):
        steps += [_step(_IF_EQUAL, 0, 1, number), _step(_RETURN, 0, 0, _ERRNO | EPERM)]
    return b"".join([*steps, _step(_RETURN, 0, 0, _ALLOW)])


def _step(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
