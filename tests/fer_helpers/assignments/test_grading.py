"""The whole path: roster, release, what a class hands in, grades.

The submissions try what a curious or a hostile student would try. What they may not do, they try
in a way that harms nothing if it succeeds.
"""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import nbformat
import psutil
import pytest

from fer_helpers.assignments import __main__ as cli
from fer_helpers.assignments import execution, grade, release, sandbox
from fer_helpers.assignments.roster import RosterError, Student, read_roster, variants
from tools.chapters import ROOT

NAME = "a1-convolution"
SECRET = b"a secret for the tests only"
CELL_SECONDS = 25
LIMITS = sandbox.Limits(seconds=200, memory=700 * 2**20, processes=40)
BY_HAND = {"task-1": 10, "task-2": 10, "task-4": 10}


@pytest.fixture(scope="module")
def book():
    return release.instructors_notebook(NAME)


def solved(book, variant, **cells):
    """Return a notebook in which the cells of some tasks are replaced, by task number."""
    notebook = nbformat.from_dict(json.loads(json.dumps(book)))
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = f"variant = {variant}"
        for task, source in cells.items():
            if f"task-{task[1:]}" in cell.metadata.get("tags", []):
                cell.source = source
    return notebook


def partly(book, variant):
    """Return the student's notebook with two tasks solved and one solved with a known mistake."""
    notebook = release.students_notebook(book, variant)
    answers = {cell.source.split("\n")[0]: cell.source for cell in book.cells}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "task-1" in tags or "task-2" in tags:
            cell.source = answers[cell.source.split("\n")[0]]
        if "task-8" in tags:
            cell.source = (
                "import math\n"
                "assignments.answer('task-8', [1 + sum(k - 1 for k, _ in work.stack), "
                "math.prod(s for _, s in work.stack)])"
            )
    return notebook


PROWLER = """
import os, socket, urllib.request
found = []
for path in ({other!r}, {key!r}):
    try:
        found.append(open(path).read())
    except OSError as error:
        print("not read:", type(error).__name__)
try:
    open({outside!r}, "w").write("I was here")
except OSError as error:
    print("not written:", type(error).__name__)
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2).sendall(b"hello")
    print("reached the network")
except OSError as error:
    print("not reached:", type(error).__name__)
print("found", len(found))
assignments.answer("task-1", 10**9 + len(found))
"""
CHEAT = """
import builtins, numpy, unittest.mock
numpy.isclose = numpy.allclose = numpy.array_equal = lambda *a, **k: True
assignments.check_variant = lambda variant: 7
import fer_helpers.assignments.tasks as tasks
tasks.judge = lambda task, *a: tasks.Result(task.points, "Right.")
tasks.Task.same = lambda *a: True
print("task-1: 10 of 10 points")
assignments.answer("task-1", 10**9)
"""
MEMORY = "block = bytearray(1_200 * 2**20)\nfor i in range(0, len(block), 4096):\n    block[i] = 1"
BURST = """
import subprocess, sys, time
many = [subprocess.Popen(["sleep", "15"]) for _ in range(120)]
time.sleep(15)
"""
LOOP = "while True:\n    pass"


@pytest.fixture(scope="module")
def classroom(book, tmp_path_factory):
    """Release to a class, let everybody hand in, and grade."""
    folder = tmp_path_factory.mktemp("class")
    listener = socket.create_server(("127.0.0.1", 0))
    people = (
        "right partly empty syntax exception loop memory burst exit prowler cheat edited missing "
        "other absent"
    ).split()
    students = [Student(name, f"{name.title()} Doe", f"{name}@example.org") for name in people]
    numbers = release.release(NAME, students, SECRET, folder / "release")
    own, back = folder / "release" / "students" / NAME, folder / "submissions"
    back.mkdir()
    outside = folder / "outside.txt"
    prowler = PROWLER.format(
        other=str(back / "right.ipynb"),
        key=str(folder / "release" / "keys" / NAME / "prowler.json"),
        outside=str(outside),
        port=listener.getsockname()[1],
    )
    missing = solved(book, 0)
    missing.cells = [
        cell
        for cell in missing.cells
        if not {"task-3", "task-4"} & set(cell.metadata.get("tags", []))
        and "convolve(" not in cell.source
    ]
    edited = solved(book, 7)
    for cell in edited.cells:
        cell.source = cell.source.replace(
            'begin("a1-convolution", variant)', "begin('a1-convolution', 7)"
        )
        cell.metadata["tags"] = [t for t in cell.metadata.get("tags", []) if t != "parameters"]
    made = {
        "right": solved(book, numbers["right"]),
        "partly": partly(book, numbers["partly"]),
        "empty": nbformat.read(own / "empty" / f"{NAME}.ipynb", 4),
        "syntax": solved(book, numbers["syntax"], t2="side = = 3"),
        "exception": solved(book, numbers["exception"], t4="1 / 0"),
        "loop": solved(book, numbers["loop"], t8=LOOP),
        "memory": solved(book, numbers["memory"], t5=MEMORY),
        "burst": solved(book, numbers["burst"], t5=BURST),
        "exit": solved(book, numbers["exit"], t5="import os\nos._exit(0)"),
        "prowler": solved(book, numbers["prowler"], t1=prowler),
        "cheat": solved(book, numbers["cheat"], t1=CHEAT),
        "edited": edited,
        "missing": missing,
    }
    for name, notebook in made.items():
        nbformat.write(notebook, back / f"{name}.ipynb")
    (back / "other.ipynb").write_text("I had no time.")
    (back / "nobody.ipynb").write_text("{}")
    settings = grade.Settings(NAME, SECRET, CELL_SECONDS, LIMITS)
    out = folder / "graded"
    grades = grade.grade(
        settings,
        students,
        back,
        out,
        run=lambda orders: grade.local(orders, 2),
        hidden=(folder,),
    )
    listener.setblocking(False)
    try:
        reached = bool(listener.accept())
    except BlockingIOError:
        reached = False
    listener.close()
    found = {one.student.id: one for one in grades}
    return found, out, outside, reached, settings, students, back


EXPECTED = {
    "right": (100, "graded", ""),
    "partly": (26, "graded", ""),
    "empty": (0, "graded", ""),
    "syntax": (90, "graded in part", "a cell failed with SyntaxError"),
    "exception": (90, "graded in part", "a cell failed with ZeroDivisionError"),
    "loop": (85, "graded in part", "after 25 s, the longest allowed"),
    "memory": (30, "graded in part", "it took more memory than allowed"),
    "burst": (30, "graded in part", "it started more processes than allowed"),
    "exit": (30, "graded in part", "it ended its own process"),
    "prowler": (90, "graded", ""),
    "cheat": (90, "graded", ""),
    "edited": (100, "graded", ""),
    "missing": (60, "graded", ""),
    "other": (None, "no grade", "not a notebook: it is not JSON"),
    "absent": (None, "no grade", "no submission"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_everybody_gets_the_grade_and_the_reason_that_are_due(classroom, name):
    found = classroom[0][name]
    points, status, reason = EXPECTED[name]
    tasks = {task: result["points"] for task, result in found.tasks.items()}
    assert (found.points, found.status) == (points, status), (tasks, found.reason)
    assert reason in found.reason
    assert bool(reason) == bool(found.reason)


def test_what_was_handed_in_before_a_stop_counts(classroom):
    for name in ("memory", "burst", "exit"):
        tasks = {task: one["points"] for task, one in classroom[0][name].tasks.items()}
        assert {task: points for task, points in tasks.items() if points} == BY_HAND


def test_nobody_reads_others_or_writes_outside_or_reaches_the_network(classroom):
    found, out, outside, reached, *_ = classroom
    protected = sandbox.protections()
    page = (out / "feedback" / "prowler.html").read_text()
    if protected["files"] is None:
        assert not outside.exists()
        assert "found 0" in page
    if protected["network"] is None:
        assert not reached
        assert "not reached" in page
    if any(protected.values()):
        pytest.skip(f"only in part: this machine lacks {protected}")


def test_there_is_one_row_for_everybody_in_the_order_of_the_roster(classroom):
    _, out, *_, students, _ = classroom
    with (out / "grades.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [student.id for student in students]
    assert all(row["points"] or row["reason"] for row in rows)
    with (out / "canvas.csv").open() as file:
        canvas = list(csv.reader(file))
    assert len(canvas) == len(students) + 2
    assert all(len(row) == len(canvas[0]) for row in canvas)
    with (out / "moodle.csv").open() as file:
        moodle = list(csv.DictReader(file))
    assert [row["idnumber"] for row in moodle] == [student.id for student in students]


def test_pages_run_nothing_and_say_what_was_expected_in_kind(classroom):
    _, out, *_ = classroom
    for page in (out / "feedback").glob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        assert "default-src 'none'" in text
    partly = (out / "feedback" / "partly.html").read_text()
    assert "After a layer with stride 2" in partly
    assert "Nothing was handed in." in partly
    report = (out / "report.html").read_text()
    assert "Discrimination" in report
    assert 'alt="Left' in report
    assert "nobody.ipynb belongs to nobody" in (out / "log.txt").read_text()


def test_grading_again_runs_nothing_and_a_new_submission_changes_its_row_only(
    classroom, book, monkeypatch
):
    _, out, _, _, settings, students, back = classroom
    before = (out / "grades.csv").read_bytes()
    ran = []

    def run(orders):
        ran.extend(orders)
        return grade.local(orders, 1)

    hidden = (back.parent,)
    grade.grade(settings, students, back, out, run=run, hidden=hidden)
    assert ran == []
    assert (out / "grades.csv").read_bytes() == before
    late = release.students_notebook(book, 0)
    nbformat.write(late, back / "absent.ipynb")
    try:
        grade.grade(settings, students, back, out, run=run, hidden=hidden)
    finally:
        (back / "absent.ipynb").unlink()
    assert ran == ["absent"]
    after = (out / "grades.csv").read_bytes().splitlines()
    changed = [new for new, old in zip(after, before.splitlines(), strict=True) if new != old]
    assert len(changed) == 1
    assert changed[0].startswith(b"absent,")


def test_a_killed_grading_goes_on_and_ends_with_the_same_gradebook(book, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\nada,Ada\nalan,Alan\n")
    (tmp_path / "course.secret").write_bytes(SECRET)
    numbers = variants(read_roster(roster), NAME, SECRET)
    back = tmp_path / "submissions"
    back.mkdir()
    nbformat.write(solved(book, numbers["ada"]), back / "ada.ipynb")
    nbformat.write(solved(book, numbers["alan"], t2="1 / 0"), back / "alan.ipynb")
    out, whole = tmp_path / "graded", tmp_path / "whole"
    command = [sys.executable, "-m", "fer_helpers.assignments", "grade", str(back)]
    command += ["--assignment", NAME, "--roster", str(roster)]
    process = subprocess.Popen([*command, "--out", str(out)], cwd=ROOT, start_new_session=True)
    until = time.monotonic() + 120
    while not list(out.glob(".state/*.json")) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(list(out.glob(".state/*.json"))) == 1
    assert not (out / "grades.csv").exists()
    kept = next(out.glob(".state/*.json"))
    first = kept.stat().st_mtime_ns
    subprocess.run([*command, "--out", str(out)], cwd=ROOT, check=True)
    assert kept.stat().st_mtime_ns == first
    subprocess.run([*command, "--out", str(whole), "--jobs", "2"], cwd=ROOT, check=True)
    assert (out / "grades.csv").read_bytes() == (whole / "grades.csv").read_bytes()
    assert b"ada,Ada" in (out / "grades.csv").read_bytes()


def test_a_killed_workers_submissions_are_run_again_by_another(book, tmp_path):
    distributed = pytest.importorskip("distributed")
    students = [Student("ada"), Student("alan"), Student("grace")]
    numbers = variants(students, NAME, SECRET)
    for student in students:
        notebook = solved(book, numbers[student.id])
        (tmp_path / "back").mkdir(exist_ok=True)
        nbformat.write(notebook, tmp_path / "back" / f"{student.id}.ipynb")
    settings = grade.Settings(NAME, SECRET)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        victim = next(iter(cluster.workers.values()))
        began = threading.Event()

        def kill():
            # In the middle of a submission: a sandbox that lives for a second is no trial.
            process = psutil.Process(victim.pid)
            until = time.monotonic() + 60
            while time.monotonic() < until and not any(
                child.create_time() < time.time() - 1 for child in process.children()
            ):
                time.sleep(0.02)
            began.set()
            process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        grades = grade.grade(
            settings,
            students,
            tmp_path / "back",
            tmp_path / "graded",
            run=lambda orders: grade.on_dask(orders, cluster.scheduler_address),
        )
        killer.join()
    assert began.is_set()
    assert [one.points for one in grades] == [100, 100, 100]


def test_a_scheduler_that_is_not_there_is_named():
    pytest.importorskip("distributed")
    with pytest.raises(RosterError, match="no Dask scheduler at tcp://127.0.0.1:1"):
        list(grade.on_dask({}, "tcp://127.0.0.1:1"))


def test_a_machine_without_protections_is_named_and_can_be_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "roster.csv").write_text("id\nada\n")
    (tmp_path / "course.secret").write_bytes(SECRET)
    (tmp_path / "back").mkdir()
    lacking = {"network": "no namespaces here", "time": None}
    monkeypatch.setattr(sandbox, "protections", lambda: lacking)
    command = ["grade", str(tmp_path / "back"), "--assignment", NAME]
    command += ["--roster", str(tmp_path / "roster.csv"), "--out", str(tmp_path / "graded")]
    assert cli.main([*command, "--require-sandbox"]) == 1
    assert "network: no namespaces here" in capsys.readouterr().err
    assert not (tmp_path / "graded").exists()
    assert cli.main(command) == 0
    assert "no submission" in (tmp_path / "graded" / "grades.csv").read_text()


def test_a_record_of_any_shape_is_no_more_than_a_wrong_answer(book):
    student = Student("ada")
    evidence = execution.Evidence([], None, None, True, 1.0, 1)
    for value in ({"array": [[1], [2, 3]]}, {"entries": 3}, {"x": {}}, [[[]]], None, "text", 1e400):
        record = [{"task": f"task-{number}", "value": value} for number in range(1, 9)]
        record += [
            {"task": "task-3", "function": True},
            {"task": "task-3", "case": 0, "value": value},
        ]
        found = grade.graded(
            grade.Settings(NAME, SECRET), student, 3, b"", replace(evidence, records=record)
        )
        assert found.points == 0


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder", "too large"])
def test_what_a_submission_leaves_in_place_of_its_answers_is_not_followed(kind, tmp_path):
    path = tmp_path / "answers.jsonl"
    if kind == "a link":
        (tmp_path / "secret").write_text('{"task": "task-1"}')
        path.symlink_to(tmp_path / "secret")
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(execution.LARGEST_FILE + 1)
    assert execution._records(path) == []
    path = tmp_path / "others"
    path.write_text('{"task": "task-1", "value": 3}\nnonsense\n[]\n' + "[" * 100_000 + "\n")
    assert execution._records(path) == [{"task": "task-1", "value": 3}]
