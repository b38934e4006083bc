"""Where submitted notebooks are executed: a command, confined as far as the machine can.

There are three ways, tried in this order: bubblewrap (``bwrap``), Linux namespaces by
`fer_helpers.assignments.launcher`, and a plain process. In the first two the command sees the
files of this machine read-only, without home folders and without what the grader hides, writes
in its own folder and in a private ``/tmp``, has no network, no capabilities, and sees no other
process; its first process takes all others with it. A plain process has limits, and nothing that
keeps it from reading and sending what the grader can read: :func:`protections` says so.

Limits of memory, processes and disk are watched from outside: the kernel has no limit for a tree
of processes that an ordinary user could set everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import secrets
import selectors
import shutil
import site
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOG = "process.log"
LOG_SIZE = 2**20
WAYS = ("bwrap", "namespaces", "plain")
PROTECTIONS = ("network", "files", "processes", "memory", "time", "file size")
LAUNCHER = Path(__file__).with_name("launcher.py")
# Names the processes of one run where nothing else holds them together.
MARK = "READING_FACES_SANDBOX"
# Our own processes among the descendants of the outermost one.
OWN = {"bwrap": 2, "namespaces": 1, "plain": 0}
# Seconds between two looks. A look costs a few milliseconds, and at most a tenth of one core
# unless it would come too rarely then.
INTERVAL, SHARE, LONGEST = 0.05, 0.1, 0.25
DISK_INTERVAL = 0.5
# The least that a file or folder takes; else a million empty ones would count as nothing.
ENTRY = 4096
DEPTH = 64


class SandboxError(RuntimeError):
    """The sandbox itself failed, not the command in it."""


@dataclass(frozen=True)
class Limits:
    """What a command may use, with all the processes that it starts.

    Parameters
    ----------
    seconds
        Wall time.
    memory
        Bytes, of all its processes together; what processes share counts once.
    processes
        At the same time; threads are not counted.
    file_size
        Bytes of one file; a process that writes more gets an error or a signal.
    folder_size
        Bytes of everything that it writes in its folder. The private ``/tmp`` and ``/dev/shm``
        hold half as much each, and no more than half of `memory`.
    """

    seconds: float = 300
    memory: int = 2 * 2**30
    processes: int = 64
    file_size: int = 100 * 2**20
    folder_size: int = 500 * 2**20


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Parameters
    ----------
    returncode
        As in `subprocess`: negative for a signal; None where it was stopped.
    stopped
        None, or which limit it hit: ``"time"``, ``"memory"``, ``"processes"`` or ``"disk"``;
        ``"stop"`` where the caller's event ended it.
    seconds
        Wall time.
    memory
        The most bytes that all processes together, or one alone, were seen to hold.
    """

    returncode: int | None
    stopped: str | None
    seconds: float
    memory: int


def protections() -> dict[str, str | None]:
    """Say what the sandbox enforces on this machine, found by trying.

    Returns
    -------
    dict
        For each of ``network``, ``files`` (read-only outside the folder, hidden folders unseen),
        ``processes`` (a process namespace of its own), ``memory``, ``time`` and ``file size``:
        None where it is enforced, else why not.
    """
    return dict(_chosen()[1])


def run(
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    hidden: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Execute a command in `folder`, confined as :func:`protections` says.

    Its standard input is empty; what it prints, on either stream, is in ``process.log`` in the
    folder once it has ended, at most a megabyte of it (the first and the last half). It sees the
    variables ``PATH``, ``LANG``, ``HOME`` (the folder) and `environment`, and nothing else of
    the grader's.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        The working directory, and the only place that it can write.
    limits
        What it may use.
    hidden
        Folders and files that it must not see; they appear empty, or are refused. Home folders,
        ``/run`` and ``/tmp`` are hidden anyway, except for `folder`, the interpreter, this
        package, and what the variables in `environment` name; these are seen read-only unless
        they lie in one of `hidden`.
    environment
        Variables in addition.
    stop
        Ends the command when it is set.

    Returns
    -------
    Outcome
        How it ended; none of its processes is left.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no such command in the sandbox, or it cannot be executed.
    NotADirectoryError
        If `folder` is no folder.
    SandboxError
        If the sandbox could not be set up, on a machine where it could before.
    """
    return _run(
        _chosen()[0],
        command,
        folder=folder,
        limits=limits,
        hidden=hidden,
        environment=environment,
        stop=stop,
    )


def _run(
    way: str,
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits,
    hidden: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    if os.name != "posix":
        raise SandboxError("the sandbox needs Linux or macOS")
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder; a submission needs one to run in")
    mark = secrets.token_hex(16)
    variables = _environment(folder, environment or {}) | {MARK: mark}
    log = _Log(LOG_SIZE)
    started = time.monotonic()
    with _launched(way, mark, variables) as (process, output, status, report):
        watch = _Watch(process.pid, OWN[way], folder, limits)
        plan = {
            "way": way,
            "report": report,
            "command": [str(part) for part in command],
            "folder": str(folder),
            "limits": _kernel_limits(way, limits),
            "scratch": min(limits.folder_size, limits.memory) // 2,
            "mounts": _mounts(folder, hidden, environment or {}),
        }
        plan["bwrap"] = _bwrap(plan)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(plan).encode() + b"\n")
            process.stdin.flush()
        stopped, facts = _follow(output, status, log, watch, stop)
        seconds = time.monotonic() - started
    log.drain(output)
    os.close(output)
    if "error" in facts and stopped is None:
        raise _failure(facts, command, log)
    _place_log(folder, log.contents())
    return Outcome(
        None if stopped else facts["returncode"],
        stopped,
        seconds,
        max(watch.peak, facts.get("memory", 0)),
    )


def _environment(folder: Path, added: Mapping[str, str]) -> dict[str, str]:
    places = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(":")]
    variables = {
        "PATH": ":".join(dict.fromkeys(places)),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
    }
    if site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path:
        # Packages installed for one user are looked for in his home, which is another one now.
        variables["PYTHONUSERBASE"] = site.getuserbase()
    return variables | {key: str(value) for key, value in added.items()}


def _kernel_limits(way: str, limits: Limits) -> dict[str, int]:
    """Limits of one process, by their names in `resource`."""
    chosen = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.file_size,
        "RLIMIT_NOFILE": 4096,
        # A second line, for one huge allocation. Stacks of threads and what TensorFlow sets
        # apart count as well, though nothing of it may be used, hence the margin.
        "RLIMIT_DATA": 2 * limits.memory + 4 * 2**30,
    }
    if way == "namespaces":
        # Threads count here, and only those within the namespace; it does not bind root.
        chosen["RLIMIT_NPROC"] = 64 * limits.processes
    return chosen


# Files.


def _mounts(
    folder: Path, hidden: Sequence[Path], environment: Mapping[str, str]
) -> list[tuple[str, str]]:
    """List what is laid over which path, outer ones first: scratch, hide, ro or rw."""
    asked = {path.resolve() for path in map(Path, hidden) if path.exists()}
    if folder in asked:
        raise ValueError(f"{folder} is to be hidden from the command that runs in it")
    scratch = {Path(name).resolve() for name in ("/tmp", "/var/tmp") if os.path.isdir(name)}
    unasked = {*scratch, *_private()} - {folder}
    kinds = dict.fromkeys(unasked, "hide") | dict.fromkeys(scratch - {folder}, "scratch")
    for path in set(_needed(environment)) - unasked:
        covered = any(path.is_relative_to(place) for place in unasked)
        if covered and not any(path.is_relative_to(place) for place in asked):
            kinds[path] = "ro"
    kinds |= dict.fromkeys(asked, "hide") | {folder: "rw"}
    chosen: dict[Path, str] = {}
    for path in sorted(kinds, key=lambda path: (len(path.parts), path)):
        around = next((chosen[place] for place in path.parents if place in chosen), None)
        # Within a place that is hidden there is nothing left to hide.
        done = {"hide": ("hide", "scratch"), "ro": ("ro",)}
        if around not in done.get(kinds[path], ()):
            chosen[path] = kinds[path]
    return [(kind, str(path)) for path, kind in chosen.items()]


def _private() -> Iterator[Path]:
    """Find folders of secrets: homes, and the sockets of services, which no mount makes safe."""
    for name in ("~", "/root", "/home", "/run", "/mnt", "/media"):
        with contextlib.suppress(OSError, RuntimeError):
            path = Path(name).expanduser().resolve()
            if path.is_dir() and path != Path(path.anchor):
                yield path


def _needed(environment: Mapping[str, str]) -> Iterator[Path]:
    """List what the command needs to see: the interpreter, its packages, what variables name."""
    names = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    names |= {str(Path(sys.executable).parent), str(LAUNCHER.parents[2]), str(LAUNCHER.parents[1])}
    names |= {place for place in sys.path if place.endswith(("site-packages", "dist-packages"))}
    for value in environment.values():
        names |= {part for part in str(value).split(os.pathsep) if os.path.isabs(part)}
    for name in names:
        with contextlib.suppress(OSError):
            path = Path(name).resolve()
            if path.exists():
                yield path


def _bwrap(plan: dict) -> list[str]:
    options = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns"]
    options += ["--die-with-parent", "--cap-drop", "ALL", "--as-pid-1", "--hostname", "sandbox"]
    size = ["--size", str(plan["scratch"]), "--perms", "1777", "--tmpfs"]
    options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", *size, "/dev/shm"]
    for kind, path in plan["mounts"]:
        options += {
            "scratch": [*size, path],
            "hide": ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", os.devnull, path],
            "ro": ["--ro-bind", path, path],
            "rw": ["--bind", path, path],
        }[kind]
    covers = [path for kind, path in plan["mounts"] if kind == "hide" and os.path.isdir(path)]
    for path in ("/dev", *covers):
        options += ["--remount-ro", path]
    interpreter = [sys.executable, "-I", "-S", str(LAUNCHER), str(plan["report"])]
    return [*options, "--", *interpreter, plan["folder"], *plan["command"]]


# The outermost process.


@contextlib.contextmanager
def _launched(
    way: str, mark: str, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen, int, int, int]]:
    """Start the launcher, which waits for a plan; end it, and all that it started, at the exit.

    Yield the process, what it prints, what it reports, and its descriptor for reports.
    """
    output, printed = os.pipe()
    status, report = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER)],
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            cwd="/",
            env=dict(environment),
            pass_fds=(report,),
            # An interrupt at the keyboard is the grader's to handle.
            start_new_session=True,
        )
    except BaseException:
        os.close(output)
        os.close(status)
        raise
    finally:
        os.close(printed)
        os.close(report)
    os.set_blocking(output, False)
    try:
        yield process, output, status, report
    except BaseException:
        os.close(output)
        raise
    finally:
        os.close(status)
        _end(way, mark, process)


def _end(way: str, mark: str, process: subprocess.Popen) -> None:
    """Have the launcher kill everything and wait for it; make sure."""
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if way == "plain":
        # Who killed the launcher first, or left it on macOS, still carries the mark.
        while any([_kill_marked(other, mark) for other in psutil.process_iter()]):
            pass


def _kill_marked(process: psutil.Process, mark: str) -> bool:
    try:
        if process.environ().get(MARK) != mark:
            return False
        process.kill()
    except (psutil.Error, OSError):
        return False
    with contextlib.suppress(psutil.Error):
        process.wait(0.1)
    return True


def _follow(
    output: int, status: int, log: _Log, watch: _Watch, stop: threading.Event | None
) -> tuple[str | None, dict]:
    """Collect what the command prints until it ends or must be stopped."""
    reported, due = b"", 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        selector.register(status, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(max(due - time.monotonic(), 0)):
                chunk = os.read(key.fd, 65536)
                if key.fd == output:
                    log.add(chunk)
                    if not chunk:
                        selector.unregister(output)
                elif chunk:
                    reported += chunk
                else:
                    return None, _facts(reported)
            if time.monotonic() >= due:
                began = time.thread_time()
                breach = "stop" if stop is not None and stop.is_set() else watch.breach()
                if breach is not None:
                    return breach, {}
                pause = min((time.thread_time() - began) / SHARE, LONGEST)
                due = time.monotonic() + max(INTERVAL, pause)


def _facts(reported: bytes) -> dict:
    facts = {}
    for line in reported.splitlines():
        facts |= json.loads(line)
    return facts or {"error": "its first process was killed", "errno": None, "file": None}


def _failure(facts: dict, command: Sequence[str], log: _Log) -> Exception:
    kinds = {2: FileNotFoundError, 13: PermissionError, 8: PermissionError}
    if facts["file"] == str(command[0]) and facts["errno"] in kinds:
        return kinds[facts["errno"]](
            f"{facts['file']} cannot be executed in the sandbox: {facts['error']}; is it "
            "installed, and not in a hidden folder?"
        )
    about = f" ({facts['file']})" if facts["file"] else ""
    printed = log.contents().decode(errors="replace").strip()[-500:]
    return SandboxError(
        f"the sandbox failed: {facts['error']}{about}"
        + (f"; it printed: {printed}" * bool(printed))
    )


# The watch.


@dataclass
class _Watch:
    """What a tree of processes uses, against its limits."""

    root: int
    own: int
    folder: Path
    limits: Limits
    peak: int = 0
    started: float = field(default_factory=time.monotonic)
    disk_due: float = 0

    def __post_init__(self) -> None:
        self.at_first = _disk_usage(self.folder, sys.maxsize)

    def breach(self) -> str | None:
        """Return the limit that is exceeded, None if none is."""
        if time.monotonic() - self.started > self.limits.seconds:
            return "time"
        processes = _descendants(self.root)
        if len(processes) - self.own > self.limits.processes:
            return "processes"
        self.peak = max(self.peak, _memory(processes, self.peak))
        if self.peak > self.limits.memory:
            return "memory"
        if time.monotonic() >= self.disk_due:
            began = time.thread_time()
            if self._written(processes) > self.limits.folder_size:
                return "disk"
            pause = (time.thread_time() - began) / SHARE
            self.disk_due = time.monotonic() + max(DISK_INTERVAL, pause)
        return None

    def _written(self, processes: list[psutil.Process]) -> int:
        bound = self.at_first + self.limits.folder_size
        used = _disk_usage(self.folder, bound) - self.at_first
        return used + sum(_unlinked(processes).values())


def _descendants(root: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(root).children(recursive=True)
    return []


def _memory(processes: list[psutil.Process], known: int) -> int:
    """Return the bytes that processes hold; exactly, and at a cost, only if they exceed `known`."""
    held = {process.pid: _resident(process) for process in processes}
    if sum(held.values()) > known:
        for pid in held:
            # Workers share what they had before they were forked.
            if (share := _proportional(pid)) is not None:
                held[pid] = share
    return sum(held.values())


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return process.memory_info().rss
    return 0


def _proportional(pid: int) -> int | None:
    """Return a process's share of what it holds with others, in memory and swapped out."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile; what it shared is still counted with the others
    except OSError:
        return None
    # A process without memory of its own, one that has ended, has no rows.
    return sum(int(size) * 1024 for size in re.findall(r"^(?:SwapPss|Pss): +(\d+)", rows, re.M))


def _disk_usage(folder: Path, bound: int) -> int:
    """Sum the bytes of everything below `folder`, up to a little over `bound`.

    The command moves things meanwhile: a folder is opened relative to its parent and never
    through a link, so that nothing leads out of `folder`. What hides from this, very deep or
    unreadable, counts as too much.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    used, stack, names = 0, [], [[str(folder)]]
    try:
        while names and used <= bound and len(stack) <= DEPTH:
            if not names[-1]:
                names.pop()
                if stack:
                    os.close(stack.pop())
                continue
            name = names[-1].pop()
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                stack.append(os.open(name, flags, dir_fd=stack[-1] if stack else None))
                names.append([])
                used += _list(stack[-1], names[-1])
        return used if len(stack) <= DEPTH else sys.maxsize
    except OSError:
        return sys.maxsize
    finally:
        for descriptor in stack:
            os.close(descriptor)


def _list(descriptor: int, folders: list[str]) -> int:
    """Sum the entries of a folder, not of those below, whose names are added to `folders`."""
    used = 0
    with contextlib.suppress(OSError), os.scandir(descriptor) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                facts = entry.stat(follow_symlinks=False)
                used += max(ENTRY, facts.st_blocks * 512)
                if stat.S_ISDIR(facts.st_mode):
                    folders.append(entry.name)
    return used


def _unlinked(processes: list[psutil.Process]) -> dict[tuple[int, int], int]:
    """Find open files that have no name any more, in the folder or in memory; Linux only."""
    sizes = {}
    for process in processes:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{process.pid}/fd") as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat()
                    if facts.st_nlink == 0 and stat.S_ISREG(facts.st_mode):
                        sizes[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sizes


# What the command prints.


class _Log:
    """The first and the last half of what is added, with a line between them if it is longer."""

    def __init__(self, size: int) -> None:
        self.half = size // 2
        self.head, self.tail = bytearray(), deque()
        self.left_out = self.held = 0

    def add(self, chunk: bytes) -> None:
        room = self.half - len(self.head)
        self.head += chunk[:room]
        if rest := chunk[room:]:
            self.tail.append(rest)
            self.held += len(rest)
        while self.held > self.half:
            first = self.tail.popleft()
            surplus = min(self.held - self.half, len(first))
            if surplus < len(first):
                self.tail.appendleft(first[surplus:])
            self.held -= surplus
            self.left_out += surplus

    def drain(self, descriptor: int) -> None:
        """Add what is left in a pipe, at most what a pipe holds; a survivor may still write."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):
                if not (chunk := os.read(descriptor, 65536)):
                    break
                self.add(chunk)

    def contents(self) -> bytes:
        between = b"\n... %d bytes left out ...\n" % self.left_out if self.left_out else b""
        return bytes(self.head) + between + b"".join(self.tail)


def _place_log(folder: Path, contents: bytes) -> None:
    """Write the log over whatever the command has left at its place, never through a link."""
    place = folder / LOG
    folder.mkdir(exist_ok=True)
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IRWXU)
    if place.is_dir() and not place.is_symlink():
        # It may hold what cannot be removed.
        place.rename(place.with_name(f"{LOG}-{secrets.token_hex(4)}"))
    else:
        place.unlink(missing_ok=True)
    with open(place, "xb") as stream:
        stream.write(contents)


# The choice of a way, by trying.

PROBE = """
import json, os, resource, sys
hidden, outside, *spaces = sys.argv[1:]
def shared(kind):
    try:
        return os.readlink(f"/proc/self/ns/{kind}") in spaces
    except OSError:
        return True
files = "hidden files can be seen" if os.path.exists(hidden) else None
try:
    os.close(os.open(outside, os.O_WRONLY))
    files = "files outside the folder can be written"
except OSError:
    pass
found = {
    "network": "the network of the grader is reached" if shared("net") else None,
    "files": files,
    "processes": "the processes of the grader are reached" if shared("pid") else None,
    "memory": None,
    "time": None,
    "file size":
        None if resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 2**20 else "no limit can be set",
}
with open("found.json", "w") as stream:
    json.dump(found, stream)
"""
_choosing = threading.Lock()


def _chosen() -> tuple[str, dict[str, str | None]]:
    """Return the first way that works here, and what it enforces; tried once."""
    with _choosing:
        return _choice()


@functools.cache
def _choice() -> tuple[str, dict[str, str | None]]:
    failures = []
    for way in WAYS:
        try:
            found = _probe(way)
        except (OSError, SandboxError) as error:
            failures.append(f"{way}: {error}")
            continue
        if way == "plain":
            why = f" ({'; '.join(failures)})" if failures else ""
            return way, {key: text and text + why for key, text in found.items()}
        missing = [text for text in found.values() if text]
        if not missing:
            return way, found
        failures.append(f"{way}: {', '.join(missing)}")
    return "plain", dict.fromkeys(PROTECTIONS, "; ".join(failures))


def _probe(way: str) -> dict[str, str | None]:
    """Try out what the command can do in one way."""
    if way == "bwrap" and shutil.which("bwrap") is None:
        raise SandboxError("it is not installed")
    if way == "namespaces" and sys.platform != "linux":
        raise SandboxError("they are a part of Linux")
    with tempfile.TemporaryDirectory(prefix="sandbox-") as name:
        folder, hidden = Path(name) / "folder", Path(name) / "hidden"
        folder.mkdir()
        hidden.mkdir()
        (hidden / "file").touch()
        # Opened for writing, never written.
        arguments = [str(hidden / "file"), str(LAUNCHER)]
        for kind in ("net", "pid"):
            with contextlib.suppress(OSError):
                arguments.append(os.readlink(f"/proc/self/ns/{kind}"))
        outcome = _run(
            way,
            [sys.executable, "-I", "-S", "-c", PROBE, *arguments],
            folder=folder,
            limits=Limits(seconds=20, file_size=2**20),
            hidden=[hidden],
        )
        if outcome.returncode != 0:
            printed = (folder / LOG).read_text(errors="replace").strip()[-500:]
            raise SandboxError(f"a trial ended with {outcome.returncode}: {printed}")
        return json.loads((folder / "found.json").read_text())
