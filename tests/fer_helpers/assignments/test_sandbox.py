import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import psutil
import pytest

from fer_helpers.assignments import sandbox
from fer_helpers.assignments.sandbox import Limits, SandboxError, protections

MB = 2**20
REPOSITORY = Path(__file__).parents[3]


@cache
def missing(way):
    """Return why a way does not confine here, None if it does."""
    try:
        found = {key: why for key, why in sandbox._probe(way).items() if why}
    except SandboxError as error:
        return str(error)
    return str(found) if found else None


@pytest.fixture(params=["namespaces", "bwrap"])
def confined(request):
    """A way that confines, if it works on this machine."""
    if missing(request.param):
        pytest.skip(f"{request.param}: {missing(request.param)}")
    return request.param


@pytest.fixture(params=["namespaces", "bwrap", "plain"])
def way(request):
    """Any way that works on this machine."""
    if request.param != "plain" and missing(request.param):
        pytest.skip(f"{request.param}: {missing(request.param)}")
    return request.param


@pytest.fixture
def best():
    """Return the way that `run` takes here."""
    return sandbox._chosen()[0]


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "submission"
    place.mkdir()
    return place


def python(code, *arguments):
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code), *map(str, arguments)]


def execute(way, folder, command, *, seconds=20, **options):
    limits = Limits(**{"seconds": seconds} | options.pop("limits", {}))
    return sandbox._run(way, command, folder=folder, limits=limits, **options)


def log(folder):
    return (folder / "process.log").read_text()


def answer(way, folder, code, *arguments, **options):
    """Run code that leaves its answer in `answer` and return it."""
    code = textwrap.dedent(code) + "\nimport json; json.dump(answer, open('.answer.json', 'w'))\n"
    outcome = execute(way, folder, python(code, *arguments), **options)
    assert outcome.returncode == 0, log(folder)
    return json.loads((folder / ".answer.json").read_text())


def survivors(mark):
    """Find processes with `mark` among their arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.cmdline():
                found.append(process)
        except psutil.Error:
            pass
    return found


def gone(mark, seconds=3):
    end = time.monotonic() + seconds
    while survivors(mark) and time.monotonic() < end:
        time.sleep(0.05)
    return not survivors(mark)


def test_every_protection_is_spoken_of():
    found = protections()
    print(found)
    assert tuple(found) == sandbox.PROTECTIONS
    assert found["time"] is None and found["memory"] is None
    assert all(why is None or len(why) > 10 for why in found.values())


def test_a_machine_without_namespaces_says_so(monkeypatch):
    def refuse(way):
        if way != "plain":
            raise SandboxError("not permitted")
        return dict.fromkeys(sandbox.PROTECTIONS) | {"network": "the network is reached"}

    monkeypatch.setattr(sandbox, "_probe", refuse)
    way, found = sandbox._choice.__wrapped__()
    assert way == "plain" and found["time"] is None
    assert "namespaces: not permitted" in found["network"]


def test_the_plain_way_claims_nothing_that_it_does_not_do():
    found = sandbox._probe("plain")
    assert found["network"] and found["files"] and found["processes"]
    assert found["memory"] is None and found["file size"] is None


def test_a_command_writes_in_its_folder(way, folder):
    outcome = execute(way, folder, ["sh", "-c", "echo here > file; echo out; echo err >&2; exit 3"])
    assert (outcome.returncode, outcome.stopped) == (3, None)
    assert (folder / "file").read_text() == "here\n"
    assert log(folder) == "out\nerr\n"
    assert 0 < outcome.seconds < 20 and outcome.memory > MB


def test_the_public_function_takes_the_best_way(folder):
    outcome = sandbox.run([sys.executable, "-c", "open('x', 'w')"], folder=folder)
    assert outcome.returncode == 0 and (folder / "x").exists()


def test_a_signal_is_a_negative_code(best, folder):
    assert execute(best, folder, ["sh", "-c", "kill -SEGV $$"]).returncode == -signal.SIGSEGV


def test_the_input_is_empty(best, folder):
    assert execute(best, folder, ["cat"]).returncode == 0


def test_nothing_outside_the_folder_can_be_written(confined, folder, tmp_path):
    sibling = tmp_path / "sibling"
    sibling.mkdir()
    places = [sibling, Path.home(), REPOSITORY, REPOSITORY / "fer_helpers", sys.prefix]
    places += ["/usr", "/etc", "/dev", "/proc/sys/kernel", "/"]
    found = answer(
        confined,
        folder,
        """
        import os, sys
        answer = []
        for place in sys.argv[1:]:
            try:
                with open(os.path.join(place, "made-by-a-test"), "w"):
                    answer.append(place)
            except OSError:
                pass
        open("/tmp/private", "w"); open("/dev/shm/private", "w")
        """,
        *places,
        environment={"SEEN": str(sibling)},
    )
    made = [place for place in places if (Path(place) / "made-by-a-test").exists()]
    for place in made:
        (Path(place) / "made-by-a-test").unlink()
    assert made == []
    # A home within /tmp, as in a test of a fresh clone, is not the real one: /tmp is private.
    home = Path.home()
    private = {str(home)} if home.is_relative_to("/tmp") else set()
    assert set(found) <= private
    assert not Path("/tmp/private").exists() and not Path("/dev/shm/private").exists()


def test_hidden_folders_and_homes_are_unseen(confined, folder, tmp_path):
    for name in ("hidden", "shown"):
        (tmp_path / name / "deeper").mkdir(parents=True)
        (tmp_path / name / "deeper" / "file").write_text("a secret")
    (tmp_path / "shown" / "hidden.txt").write_text("another secret")
    hidden = [tmp_path / "hidden", tmp_path / "shown" / "hidden.txt", REPOSITORY / "book"]
    found = answer(
        confined,
        folder,
        """
        import os, sys
        hidden, shown, file, book, home = sys.argv[1:]
        def read(file):
            try:
                return open(file).read()
            except PermissionError:
                return ""
        answer = {
            "hidden": os.path.exists(hidden) and os.listdir(hidden),
            "shown": open(os.path.join(shown, "deeper", "file")).read(),
            "file": read(file),
            "book": os.listdir(book),
            "home": sorted(os.listdir(home)) if os.path.exists(home) else [],
            "tmp": os.listdir("/tmp"),
            "disks": [name for name in os.listdir("/dev") if name.startswith(("sd", "vd", "nvme"))],
        }
        """,
        *[hidden[0], tmp_path / "shown", hidden[1], hidden[2], Path.home()],
        hidden=hidden,
        environment={"DATA": str(tmp_path / "shown"), "ALL": str(Path.home())},
    )
    assert not found["hidden"] and found["file"] == "" and found["book"] == []
    assert found["shown"] == "a secret"
    # What is left leads to the interpreter or to the repository.
    needed = [Path(path).resolve() for path in (sys.prefix, sys.base_prefix, REPOSITORY, tmp_path)]
    for place, names in ((Path.home().resolve(), found["home"]), (Path("/tmp"), found["tmp"])):
        for name in names:
            assert any(path.is_relative_to(place / name) for path in needed)
    assert found["disks"] == []


def test_a_hidden_folder_stays_hidden_where_a_variable_names_it(confined, folder, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "file").touch()
    code = "import os; answer = os.path.exists(os.environ['DATA'] + '/file')"
    options = {"environment": {"DATA": str(tmp_path / "hidden")}}
    assert answer(confined, folder, code, **options)
    assert not answer(confined, folder, code, hidden=[tmp_path / "hidden"], **options)


def test_the_own_folder_within_a_hidden_one_is_seen_alone(confined, tmp_path):
    for name in ("ada", "ben"):
        (tmp_path / "all" / name).mkdir(parents=True)
    code = "import os; answer = os.listdir('..')"
    place = tmp_path / "all" / "ada"
    assert answer(confined, place, code, hidden=[tmp_path / "all"]) == ["ada"]
    with pytest.raises(ValueError, match="is to be hidden"):
        execute(confined, place, ["true"], hidden=[place])


def test_there_is_no_network_but_an_own_loopback(confined, folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # The test's socket answers to whoever reaches it.
        socket.create_connection(("127.0.0.1", port), 5).close()
        found = answer(
            confined,
            folder,
            """
            import socket, sys
            def works(act):
                try:
                    act()
                    return True
                except OSError:
                    return False
            own = socket.create_server(("127.0.0.1", 0))
            answer = {
                "outer": works(lambda: socket.create_connection(("127.0.0.1", sys.argv[1]), 5)),
                "own": works(lambda: socket.create_connection(own.getsockname(), 5)),
                "names": works(lambda: socket.getaddrinfo("example.org", 80)),
                "interfaces": [name for _, name in socket.if_nameindex()],
                "address": works(lambda: socket.create_connection(("192.0.2.1", 80), 5)),
            }
            """,
            port,
        )
    assert not found["outer"] and found["own"]
    assert not found["names"] and not found["address"]
    assert found["interfaces"] == ["lo"]


def test_mounts_cannot_be_undone(confined, folder, tmp_path):
    # Nothing here would do harm to a machine whose sandbox leaks.
    (tmp_path / "hidden").mkdir()
    found = answer(
        confined,
        folder,
        """
        import ctypes, sys
        libc = ctypes.CDLL(None, use_errno=True)
        def error(name, *arguments):
            return 0 if getattr(libc, name)(*arguments) == 0 else ctypes.get_errno()
        hidden, folder = (place.encode() for place in sys.argv[1:])
        answer = {
            "umount": error("umount2", hidden, 2),
            "mount": error("mount", b"x", folder, b"tmpfs", 0, None),
            "remount": error("mount", None, hidden, None, 0x1020, None),
            "bind": error("mount", b"/proc/1/root", folder, None, 0x1000, None),
            "mount namespace": error("unshare", 0x00020000),
        }
        # One may always ask for a user namespace; here there is room for none.
        answer["user namespace"] = error("unshare", 0x10000000)
        rows = dict(row.split(":", 1) for row in open("/proc/self/status"))
        names = ("CapInh", "CapPrm", "CapEff", "CapAmb")
        answer["capabilities"] = [int(rows[name], 16) for name in names]
        answer["fixed"] = int(rows["NoNewPrivs"])
        """,
        tmp_path / "hidden",
        folder,
        hidden=[tmp_path / "hidden"],
        environment={"SEEN": str(tmp_path)},
    )
    assert found.pop("capabilities") == [0] * 4 and found.pop("fixed") == 1
    assert found.pop("user namespace") == errno.ENOSPC
    assert set(found.values()) <= {errno.EPERM, errno.EACCES}, found


def test_other_processes_are_neither_seen_nor_reached(confined, folder):
    found = answer(
        confined,
        folder,
        """
        import ctypes, os, sys
        libc = ctypes.CDLL(None)
        answer = {"seen": sum(name.isdigit() for name in os.listdir("/proc")), "reached": []}
        if answer["seen"] < 5:
            os.kill(1, 9)
            os.kill(1, 2)
        for pid in (int(sys.argv[1]), 1):
            for descriptor in range(12):
                try:
                    os.close(os.open(f"/proc/{pid}/fd/{descriptor}", os.O_WRONLY))
                    answer["reached"].append([pid, descriptor])
                except OSError:
                    pass
            # PTRACE_SEIZE, which stops nobody.
            if libc.ptrace(0x4206, pid, None, None) == 0:
                answer["reached"].append([pid, "memory"])
        """,
        os.getpid(),
    )
    assert found == {"seen": 2, "reached": []}


def test_the_environment_of_the_grader_is_not_inherited(way, folder, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "secret")
    code = "import os; answer = dict(os.environ)"
    found = answer(way, folder, code, environment={"GIVEN": "1", "LANG": "C"})
    assert set(found) <= {*"PATH LANG HOME GIVEN PWD PYTHONUSERBASE LC_CTYPE".split(), sandbox.MARK}
    assert (found["HOME"], found["LANG"], found["GIVEN"]) == (str(folder), "C", "1")


def test_memory_beyond_the_limit_stops(way, folder):
    code = "import time; hold = [b'x' * 2**20 for _ in range(600)]; time.sleep(10)"
    outcome = execute(way, folder, python(code), limits={"memory": 300 * MB})
    assert (outcome.stopped, outcome.returncode) == ("memory", None)
    assert outcome.memory > 300 * MB and outcome.seconds < 8


def test_memory_is_that_of_all_processes_and_shared_pages_count_once(way, folder):
    code = """
    import os, sys, time
    hold = b"x" * (50 << 20)
    for _ in range(5):
        if os.fork() == 0:
            own = b"y" * (int(sys.argv[1]) << 20)
            time.sleep(1)
            os._exit(0)
    for _ in range(5):
        os.wait()
    """
    limits = {"memory": 150 * MB}
    shared = execute(way, folder, python(code, 1), limits=limits)
    assert shared.returncode == 0 and 50 * MB < shared.memory < 150 * MB
    assert execute(way, folder, python(code, 40), limits=limits).stopped == "memory"


def test_an_endless_loop_stops(way, folder):
    outcome = execute(way, folder, python("while True: pass"), seconds=0.7)
    assert (outcome.stopped, outcome.returncode) == ("time", None)
    assert 0.7 <= outcome.seconds < 4


BURST = """
import os, sys, time
for _ in range(200):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""


def test_a_burst_of_processes_stops_and_nobody_is_left(way, folder):
    mark = f"burst-{os.getpid()}-{way}"
    bystander = subprocess.Popen(["sleep", "30"])
    try:
        outcome = execute(way, folder, python(BURST, mark), limits={"processes": 30})
        assert outcome.stopped == "processes" and outcome.seconds < 8
        assert not survivors(mark)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_daemon_does_not_survive(way, folder):
    mark = f"daemon-{os.getpid()}-{way}"
    code = """
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("started", "w").close()
            os.closerange(0, 3)
            time.sleep(30)
        os._exit(0)
    while not os.path.exists("started"):
        time.sleep(0.01)
    """
    outcome = execute(way, folder, python(code, mark))
    assert outcome.returncode == 0 and (folder / "started").exists()
    assert not survivors(mark)


def test_who_kills_the_first_process_in_the_plain_way_does_not_survive(folder):
    mark = f"patricide-{os.getpid()}"
    code = """
    import os, time
    parent = os.getppid()
    if os.fork() == 0:
        os.setsid()
        os.kill(parent, 9)
        time.sleep(30)
    time.sleep(30)
    """
    with pytest.raises(SandboxError, match="its first process was killed"):
        execute("plain", folder, python(code, mark))
    assert gone(mark)


def test_a_huge_file_is_cut(way, folder):
    code = """
    try:
        with open("huge", "wb") as stream:
            for _ in range(50):
                stream.write(bytes(2**20))
    except OSError as error:
        print(error)
        raise SystemExit(7)
    """
    outcome = execute(way, folder, python(code), limits={"file_size": 10 * MB})
    assert outcome.returncode == 7 and "File too large" in log(folder)
    assert (folder / "huge").stat().st_size <= 10 * MB


@pytest.mark.parametrize("kind", ["files", "unlinked", "empty", "deep"])
def test_a_huge_folder_stops(way, folder, kind):
    if kind == "unlinked" and sys.platform != "linux":
        pytest.skip("open files without a name are found on Linux only")
    code = """
    import os, sys, time
    kind, held = sys.argv[1], []
    for number in range({"files": 60, "unlinked": 60, "empty": 2000, "deep": 100}[kind]):
        if kind == "deep":
            os.mkdir("d"); os.chdir("d")
            continue
        stream = open(str(number), "wb")
        if kind != "empty":
            stream.write(bytes(2**20)); stream.flush(); held.append(stream)
        if kind == "unlinked":
            os.unlink(str(number))
    time.sleep(10)
    """
    limits = {"folder_size": 4 * MB if kind == "empty" else 30 * MB}
    outcome = execute(way, folder, python(code, kind), limits=limits)
    assert outcome.stopped == "disk" and outcome.seconds < 8
    assert log(folder) == ""


def test_what_was_in_the_folder_before_does_not_count(best, folder):
    (folder / "given").write_bytes(bytes(25 * MB))
    command = python("import time; time.sleep(0.3)")
    assert execute(best, folder, command, limits={"folder_size": 20 * MB}).returncode == 0


def test_the_private_folders_are_bounded(confined, folder):
    code = """
    answer = []
    for place in ("/tmp/x", "/dev/shm/x"):
        try:
            with open(place, "wb") as stream:
                for _ in range(40):
                    stream.write(bytes(2**20))
        except OSError as error:
            answer.append(error.strerror)
    """
    found = answer(confined, folder, code, limits={"folder_size": 40 * MB})
    assert found == ["No space left on device"] * 2


def test_the_log_is_bounded(best, folder):
    code = "for number in range(40_000): print('line', number, '.' * 80)"
    assert execute(best, folder, python(code)).returncode == 0
    assert MB / 2 < (folder / "process.log").stat().st_size < MB + 100
    assert log(folder).startswith("line 0 ..") and "line 39999 .." in log(folder)
    assert "bytes left out" in log(folder)


def test_the_log_is_not_written_through_a_link(best, folder, tmp_path):
    (tmp_path / "precious").write_text("kept")
    code = "import os; os.symlink('../precious', 'process.log'); print('hello')"
    assert execute(best, folder, python(code)).returncode == 0
    assert (tmp_path / "precious").read_text() == "kept"
    assert log(folder) == "hello\n" and not (folder / "process.log").is_symlink()
    (folder / "process.log").unlink()
    assert execute(best, folder, ["mkdir", "process.log", "process.log/x"]).returncode == 0
    assert log(folder) == ""


def test_a_folder_made_unreadable_is_no_place_to_hide(best, folder):
    code = "import os, time; print('hello', flush=True); os.chmod('.', 0); time.sleep(1.5)"
    outcome = execute(best, folder, python(code))
    # Root without capabilities is an ordinary user, but not outside, where the grader looks.
    assert outcome.stopped == ("disk" if os.geteuid() else None)
    assert log(folder) == "hello\n"


def test_the_command_dies_with_the_grader(way, folder):
    mark = f"orphan-{os.getpid()}-{way}"
    grader = f"""
    from pathlib import Path
    from fer_helpers.assignments import sandbox
    sandbox._run({way!r}, {python("import time; open('up', 'w'); time.sleep(30)", mark)!r},
                 folder=Path({str(folder)!r}), limits=sandbox.Limits())
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(grader)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        end = time.monotonic() + 15
        while not (folder / "up").exists():
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        assert survivors(mark)
    finally:
        process.kill()
        process.wait()
    assert gone(mark)


def test_the_caller_can_end_it(best, folder):
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    outcome = execute(best, folder, ["sleep", "20"], stop=stop)
    assert (outcome.stopped, outcome.returncode) == ("stop", None)
    assert outcome.seconds < 5


def test_two_run_side_by_side(best, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    code = """
    import os, sys, time
    open("up", "w").close()
    open("/tmp/shared-by-accident", "w").close() if sys.argv[1] != "plain" else None
    time.sleep(1)
    answer = {
        "sees": os.path.exists(f"../{sys.argv[2]}/up"),
        "processes": sum(name.isdigit() for name in os.listdir("/proc"))
        if sys.argv[1] != "plain" else 0,
    }
    """
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        found = list(
            pool.map(
                lambda pair: answer(
                    best, tmp_path / pair[0], code, best, pair[1], hidden=[tmp_path]
                ),
                [("one", "two"), ("two", "one")],
            )
        )
    assert time.monotonic() - began < 10
    if best != "plain":
        assert found == [{"sees": False, "processes": 2}] * 2


def test_a_missing_command_is_named(way, folder):
    with pytest.raises(FileNotFoundError, match="no-such-program cannot be executed"):
        execute(way, folder, ["no-such-program", "--help"])
    (folder / "data").touch()
    with pytest.raises(PermissionError, match="data cannot be executed"):
        execute(way, folder, [folder / "data"])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(NotADirectoryError, match="absent is no folder"):
        sandbox.run(["true"], folder=tmp_path / "absent")


def test_no_descriptors_are_left_open(way, folder):
    before = psutil.Process().num_fds()
    execute(way, folder, ["true"])
    with pytest.raises(FileNotFoundError):
        execute(way, folder, ["no-such-program"])
    assert psutil.Process().num_fds() == before


def test_a_notebook_runs(confined, folder):
    pytest.importorskip("papermill")
    sources = [
        "import numpy as np\nnp.linalg.svd(np.ones((200, 200)))[1].round()[0]",
        "!echo shell",
    ]
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [cell | {"source": source, "id": f"cell-{n}"} for n, source in enumerate(sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "in.ipynb").write_text(json.dumps(book))
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"]
    outcome = execute(confined, folder, command, seconds=60)
    assert outcome.returncode == 0, log(folder)
    first, second = json.loads((folder / "out.ipynb").read_text())["cells"]
    assert first["outputs"][0]["data"]["text/plain"] == ["np.float64(200.0)"]
    assert "shell" in "".join(second["outputs"][0]["text"])


def test_starting_takes_little_time(best, folder):
    best = min(execute(best, folder, ["true"]).seconds for _ in range(3))
    print(f"{best}: {best:.3f} s")
    assert best < 1


def test_the_launcher_needs_no_package():
    command = [sys.executable, "-I", "-S", str(sandbox.LAUNCHER)]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 1
    assert shutil.which(command[0])
