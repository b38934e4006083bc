"""The inside of `fer_helpers.assignments.sandbox`: a script that confines itself, then a command.

``sandbox.run`` starts it as ``python -I -S launcher.py`` and writes a plan, one line of JSON, to
its standard input, which then stays open: it ends when the grader ends or wants an end, and then
everything here is killed. What there is to say (an error, the return code) goes to the
descriptor ``report`` of the plan, one JSON object a line.

It is a process of its own, since code between fork and exec is not safe in a grader with threads,
and it imports the standard library only, since its start is paid for with every submission.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

CONTROL = 0
LINUX = sys.platform == "linux"
# A null pointer as the first argument names this very process on Linux and on macOS.
libc = ctypes.CDLL(None, use_errno=True)

# <sched.h>: a user, mount, process, network, IPC, host name and cgroup namespace.
NAMESPACES = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "process": 0x20000000,
    "network": 0x40000000,
    "IPC": 0x08000000,
    "host name": 0x04000000,
    "cgroup": 0x02000000,
}
# <linux/prctl.h>
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 1, 4, 24, 28
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
# Uid 0 gets nothing by being uid 0, for good: all of <linux/securebits.h> but KEEP_CAPS.
SECUREBITS = 0b11101111
# <linux/mount.h>; these three calls have the same numbers on every architecture in use.
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_RECURSIVE, AT_EMPTY_PATH = -100, 0x8000, 0x1000
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
MS_PRIVATE, MS_REC = 1 << 18, 1 << 14
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def main() -> None:
    """Do what the plan on standard input, or the arguments within bubblewrap, say."""
    if len(sys.argv) > 1:
        _, report, folder, *command = sys.argv
        init(command, folder, Report(int(report)))
    plan = json.loads(_line(CONTROL))
    report, parent = Report(plan["report"]), os.getppid()
    try:
        if plan["way"] == "namespaces":
            unshare()
        if LINUX:
            # After a change of credentials, which may clear it. In the plain way this process
            # has to live on for a moment, to kill the others.
            _die_with_parent(signal.SIGCHLD if plan["way"] == "plain" else signal.SIGKILL)
            # Whoever loses his parent becomes a child of ours, and is found.
            _prctl(PR_SET_CHILD_SUBREAPER, 1)
        supervise(plan, report, parent)
    except OSError as error:
        report(error=error.strerror or str(error), errno=error.errno, file=error.filename)
        os._exit(1)
    os._exit(0)


class Report:
    """Say something to the grader; a command must not inherit the descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_inheritable(descriptor, False)

    def __call__(self, **facts: object) -> None:
        """Write one line, all at once: more than one process may report."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.descriptor, json.dumps(facts).encode() + b"\n")


def _line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(descriptor, 65536)
        if not chunk:
            sys.exit(1)
        line += chunk
    return line


# Outside: one process that waits for the end of the command or of the grader.


def supervise(plan: dict, report: Report, parent: int) -> None:
    """Start the command in the way of the plan, and kill everything when it or `parent` ends."""
    awake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    plain = plan["way"] == "plain"
    # Now: the child is about to change the files that this process sees, too.
    null = os.open(os.devnull, os.O_RDWR)
    child = os.fork()
    if child == 0:
        _guarded(report, lambda: _child(plan, report))
    _be_private()
    for printed in (1, 2):
        os.dup2(null, printed)
    while True:
        ready, _, _ = select.select([CONTROL, awake], [], [])
        # A process that the grader has forked meanwhile may hold the other end of CONTROL.
        if CONTROL in ready or os.getppid() != parent:
            _kill(child, group=False)
            os.waitpid(child, 0)
            break
        os.read(awake, 512)
        if (status := _reaped(child)) is not None:
            if plain:
                _say_end(report, status)
            break
    if plain:
        _kill(child, group=True)
    # The first process of a namespace of ours is not gone before all others in it are, and the
    # numbers in /proc are no longer those that this process knows.
    if plan["way"] != "namespaces":
        _kill_children()


def _reaped(child: int) -> int | None:
    """Bury the dead, adopted ones too; return the status of `child` if it is among them."""
    with contextlib.suppress(ChildProcessError):
        while (dead := os.waitpid(-1, os.WNOHANG))[0]:
            if dead[0] == child:
                return dead[1]
    return None


def _kill(pid: int, *, group: bool) -> None:
    # An ended process that has not been waited for keeps its number, so `pid` is ours; the number
    # of a group is not given away either while the group has members.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)


def _kill_children() -> None:
    """Kill all descendants: with their parents dead they become children, until none is left."""
    with contextlib.suppress(ChildProcessError):
        while LINUX:
            for pid in _children():
                _kill(pid, group=False)
            os.waitpid(-1, 0)


def _children() -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stream:
                # The parent is the second field after the name, which may hold brackets itself.
                if int(stream.read().rpartition(b")")[2].split()[1]) == os.getpid():
                    yield int(name)


def _say_end(report: Report, status: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    report(returncode=os.waitstatus_to_exitcode(status), memory=peak * (1024 if LINUX else 1))


def _guarded(report: Report, act: Callable[[], None]) -> NoReturn:
    """Do `act` in a forked process, which must never return to its parent's code."""
    try:
        act()
    except OSError as error:
        report(error=error.strerror or str(error), errno=error.errno, file=error.filename)
    except BaseException as error:
        report(error=repr(error), errno=None, file=None)
    os._exit(127)


def _child(plan: dict, report: Report) -> None:
    """Confine this process, then start the command."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if plan["way"] != "plain":
        _die_with_parent(signal.SIGKILL)
    for name, value in plan["limits"].items():
        _limit(getattr(resource, name, None), value)
    if plan["way"] == "plain":
        execute(plan["command"], plan["folder"])
    elif plan["way"] == "bwrap":
        os.set_inheritable(report.descriptor, True)
        _devnull_to(0)
        os.execvp("bwrap", plan["bwrap"])
    else:
        enclose(plan)
        drop_privileges()
        init(plan["command"], plan["folder"], report)


def _be_private() -> None:
    """Forbid the command, of the same user, to trace this process and to use its descriptors."""
    if LINUX:
        _prctl(PR_SET_DUMPABLE, 0)


def _limit(which: int | None, value: int) -> None:
    if which is not None:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _die_with_parent(number: int) -> None:
    """Get this signal when the parent, or rather its thread that started us, ends."""
    _prctl(PR_SET_PDEATHSIG, number)
    # The parent may be dead already; then so is the grader, its other end of our input.
    if select.select([CONTROL], [], [], 0)[0]:
        os._exit(1)


# Inside: the first process of the namespace, and the command.


def init(command: list[str], folder: str, report: Report) -> NoReturn:
    """Run `command` as the first process of a process namespace; the others end with it."""
    # A first process is immune to signals that it does not handle; Python handles this one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not os.access(folder, os.W_OK):
        report(error="the sandbox cannot write it", errno=errno.EACCES, file=folder)
        os._exit(127)
    child = os.fork()
    if child == 0:
        _guarded(report, lambda: execute(command, folder))
    _be_private()
    _devnull_to(0, 1, 2)
    while True:
        pid, status = os.wait()
        if pid == child:
            _say_end(report, status)
            os._exit(0)


def execute(command: list[str], folder: str) -> NoReturn:
    """Become `command`, in a session of its own, with nothing to read and default signals."""
    os.setsid()
    # Python ignores these two, and what is ignored stays so over an exec.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    _devnull_to(0)
    os.chdir(folder)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        # It names no file when it has searched the path.
        raise OSError(error.errno, error.strerror, command[0]) from error


def _devnull_to(*descriptors: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    if null not in descriptors:
        os.close(null)


# The namespaces.


def unshare() -> None:
    """Enter new namespaces, as the same user as outside, and with all capabilities in there."""
    if not LINUX:
        raise OSError(errno.ENOSYS, "there are no namespaces on this system")
    user, group = os.geteuid(), os.getegid()
    _check(libc.unshare(sum(NAMESPACES.values())), "a new user namespace")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def enclose(plan: dict) -> None:
    """Make every file read-only or unseen, as the plan says, and bring up a lone loopback."""
    _check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "/")
    devices = {name: _tree(f"/dev/{name}") for name in DEVICES if os.path.exists(f"/dev/{name}")}
    _set_attributes("/", NOSUID | NODEV, recursive=True)
    # What stays visible is taken hold of before anything is laid over it.
    mounts = [
        (kind, path, _tree(path) if kind in ("ro", "rw") else None) for kind, path in plan["mounts"]
    ]
    _mount("proc", "/proc", NOSUID | NODEV | NOEXEC)
    # Within a namespace of its own the command would have all capabilities again, and could fill
    # the memory by file systems of its own. Processes that have this one's namespace see it only.
    _write("/proc/sys/user/max_user_namespaces", "0")
    with contextlib.suppress(OSError):
        # Memory that belongs to no process would escape the watch.
        _write("/proc/sys/kernel/shmall", "0")
    _make_devices(devices)
    writable = ["/dev/shm"]
    _mount("tmpfs", "/dev/shm", NOSUID | NODEV, f"mode=1777,size={plan['scratch']}")
    for kind, path, tree in mounts:
        if kind == "scratch":
            _mount("tmpfs", path, NOSUID | NODEV, f"mode=1777,size={plan['scratch']}")
        elif kind == "hide" and os.path.isdir(path):
            _mount("tmpfs", path, NOSUID | NODEV, "mode=755,size=1m")
        elif kind == "hide":
            _move(_tree("/dev/null"), path)
        else:
            _make_target(path, tree)
            _move(tree, path)
        if kind in ("scratch", "rw"):
            writable.append(path)
    _set_attributes("/", RDONLY, recursive=True)
    for path in writable:
        _set_attributes(path, 0, clear=RDONLY)
    socket.sethostname("sandbox")
    _raise_loopback()


def _make_devices(devices: dict[str, int]) -> None:
    # The real folder holds the disks, which a grader that is root could open.
    _mount("tmpfs", "/dev", NOSUID, "mode=755,size=1m")
    for name, tree in devices.items():
        _make_target(f"/dev/{name}", tree)
        _move(tree, f"/dev/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"/dev/{name}")
    # Shell commands in notebooks get a terminal.
    _mount("devpts", "/dev/pts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    for name, target in {
        "ptmx": "pts/ptmx",
        "fd": "/proc/self/fd",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }.items():
        os.symlink(target, f"/dev/{name}")


def _raise_loopback() -> None:
    """Bring the interface ``lo`` up: a Jupyter kernel is spoken to over 127.0.0.1."""
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        flags = struct.unpack("16sh22x", answer)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags))


def drop_privileges() -> None:
    """Give up all capabilities for good, so that no mount can be undone."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            if ctypes.get_errno() != errno.EINVAL:
                _check(-1, "the capabilities")
            break
    _prctl(PR_SET_SECUREBITS, SECUREBITS)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    # Version 3 of the header, this process; two times effective, permitted, inheritable.
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _check(libc.capset(header, none), "the capabilities")
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _write(path: str, text: str) -> None:
    with open(path, "w") as stream:
        stream.write(text)


def _prctl(option: int, value: int) -> None:
    arguments = (ctypes.c_ulong(number) for number in (value, 0, 0, 0))
    _check(libc.prctl(option, *arguments), f"prctl {option}")


def _syscall(number: int, what: str, *arguments: object) -> int:
    # Through a variadic function: integers of the width of a register, or the upper half is noise.
    wide = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return _check(libc.syscall(ctypes.c_long(number), *wide), what)


def _tree(path: str) -> int:
    """Return a copy of the mounts at `path`, attached nowhere yet."""
    flags = 1 | os.O_CLOEXEC | AT_RECURSIVE
    return _syscall(OPEN_TREE, path, AT_FDCWD, os.fsencode(path), flags)


def _move(tree: int, path: str) -> None:
    _syscall(MOVE_MOUNT, path, tree, b"", AT_FDCWD, os.fsencode(path), 4)
    os.close(tree)


def _make_target(path: str, tree: int) -> None:
    """Make the file or folder over which `tree` can be mounted, where it is hidden by now."""
    if not os.path.exists(path):
        if stat.S_ISDIR(os.fstat(tree).st_mode):
            os.makedirs(path)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def _mount(kind: str, path: str, attributes: int, options: str = "") -> None:
    # These four attributes have the same numbers here as in mount_setattr(2).
    arguments = (kind.encode(), os.fsencode(path), kind.encode(), ctypes.c_ulong(attributes))
    _check(libc.mount(*arguments, options.encode() or None), path)


def _set_attributes(path: str, attributes: int, *, clear: int = 0, recursive: bool = False) -> None:
    size = 32
    wanted = struct.pack("QQQQ", attributes, clear, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    _syscall(MOUNT_SETATTR, path, AT_FDCWD, os.fsencode(path), flags, wanted, size)


if __name__ == "__main__":
    main()
