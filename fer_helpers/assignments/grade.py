"""From submissions to a gradebook: run each apart, compare here, one row per student."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import sys
import threading
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import nbformat

import data_fetch
import fer_helpers
from data_fetch.cache import locked
from fer_helpers import assignments
from fer_helpers.assignments import report
from fer_helpers.assignments.execution import (
    LARGEST_FILE,
    Evidence,
    Order,
    execute,
    missing_protections,
)
from fer_helpers.assignments.roster import RosterError, Student, keyed, variants
from fer_helpers.assignments.sandbox import Limits, SandboxError
from fer_helpers.assignments.tasks import encoded, judge

STATE, GRADES, LOG = ".state", "grades.csv", "log.txt"
MOST_CELLS, LARGEST_SOURCE = 1_000, 2_000_000

_STOPPED = {
    "time": "it ran longer than allowed",
    "memory": "it took more memory than allowed",
    "processes": "it started more processes than allowed",
    "disk": "it wrote more to the disk than allowed",
}
_COUNTS = "; what it had handed in by then counts"


class NoGrade(Exception):
    """There is nothing to grade; the message says why."""


@dataclass(frozen=True)
class Grade:
    """One row of the gradebook.

    Attributes
    ----------
    student
        From the roster.
    variant
        The student's.
    points
        Of 100, or None where there is no grade.
    tasks
        Task name to ``{"points": …, "of": …, "says": …}``; empty where there is no grade.
    status
        ``"graded"``, ``"graded in part"`` where the run did not come to its end, or
        ``"no grade"``.
    reason
        Why not, or why only in part; empty otherwise.
    seconds, memory
        Of the run; None where there was none.
    """

    student: Student
    variant: int
    points: float | None
    tasks: dict[str, dict]
    status: str
    reason: str
    seconds: float | None = None
    memory: int | None = None


def find(folder: Path, name: str, student: Student) -> bytes:
    """Find a student's submission and return its notebook.

    It may be ``ID.ipynb``, a folder ``ID`` or an archive ``ID.zip`` with one notebook, a file of
    Canvas's download (its name contains ``_CANVASID_``), or a folder or file of Moodle's
    (``NAME_…_assignsubmission_file…``).

    Raises
    ------
    NoGrade
        If there is none, more than one, or none that can be read.
    """
    places = [path for path in sorted(folder.iterdir()) if _belongs(path, student)]
    if not places:
        raise NoGrade("no submission")
    try:
        found = [notebook for place in places for notebook in _notebooks(place)]
        return _only(found, places, name)
    except OSError as error:
        raise NoGrade(f"it cannot be read: {error.strerror or error}") from error


def _only(found: list, places: list[Path], name: str) -> bytes:
    if len(found) > 1:
        named = [item for item in found if Path(item[0]).name == f"{name}.ipynb"]
        found = named if len(named) == 1 else found
    if not found:
        raise NoGrade(f"not a notebook: {_listed([place.name for place in places])}")
    if len(found) > 1:
        raise NoGrade(f"several notebooks: {_listed([item[0] for item in found])}; keep one")
    content = found[0][1]()
    if len(content) > LARGEST_FILE:
        raise NoGrade(f"the notebook is larger than {LARGEST_FILE // 2**20} MB")
    return content


def _listed(names: list[str]) -> str:
    """List names that a student has given, a few and cut: they reach tables and the log."""
    shown = [name if len(name) <= 100 else name[:100] + "…" for name in names[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _belongs(path: Path, student: Student) -> bool:
    stem = path.name if path.is_dir() else path.stem
    if stem.lower() == student.id.lower():
        return True
    # Canvas: NAME_USER_FILE_…, and the rest is what the student called it; the first number counts.
    canvas = re.search(r"_(\d+)_", path.name)
    if student.canvas_id and canvas and canvas[1] == student.canvas_id:
        return True
    if not student.name:
        return False
    # A Mac unpacks an é as two characters.
    name, found = (unicodedata.normalize("NFC", text) for text in (student.name, path.name))
    # Moodle: a number between the name and the rest, so that "Ann Li" is not "Ann Li_x".
    return re.match(re.escape(name) + r"_\d+_assignsubmission", found) is not None


def _notebooks(place: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if place.is_symlink():
        return
    if place.is_dir():
        for path in sorted(place.rglob("*.ipynb")):
            hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
            if not hidden and not path.is_symlink() and path.is_file():
                yield path.relative_to(place.parent).as_posix(), partial(_read, path)
    elif place.suffix == ".zip":
        yield from _archived(place)
    elif place.suffix == ".ipynb" and place.is_file():
        yield place.name, partial(_read, place)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _archived(place: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        with zipfile.ZipFile(place) as archive:
            entries = [e for e in archive.infolist() if e.filename.endswith(".ipynb")]
    except Exception as error:  # of many kinds: it may say anything of itself
        raise NoGrade(f"the archive {place.name} is damaged") from error

    def reader(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with zipfile.ZipFile(place) as archive, archive.open(entry) as file:
                    # The size that an archive states may be a lie.
                    return file.read(LARGEST_FILE + 1)
            except Exception as error:  # each kind of compression has its own
                raise NoGrade(f"the archive {place.name} is damaged") from error

        return read

    for entry in entries:
        parts = Path(entry.filename).parts
        if not any(part.startswith((".", "__MACOSX")) for part in parts):
            yield f"{place.name}/{entry.filename}", reader(entry)


def checked(content: bytes) -> bytes:
    """Return a notebook in the current format, or raise `NoGrade`."""
    try:
        notebook = nbformat.reads(_lean(content.decode("utf-8-sig")), as_version=4)
        nbformat.validate(notebook)
        cells = notebook.cells
        # Not by nbformat, which indents: deep data would take many times its place. Half of a
        # surrogate pair is legal in JSON and nowhere else.
        compact = json.dumps(notebook, ensure_ascii=False, sort_keys=True)
    except NoGrade:
        raise
    except Exception as error:  # of many kinds: the file may hold anything
        broken = "its cells are not those of a notebook"
        if isinstance(error, (UnicodeDecodeError, nbformat.reader.NotJSONError)):
            broken = "it is not JSON"
        raise NoGrade(f"not a notebook: {broken}") from error
    if not any(cell.cell_type == "code" for cell in cells):
        raise NoGrade("the notebook has no code cells")
    return compact.encode("utf-8", "replace")


def stated_variant(content: bytes) -> int | None:
    """Return the variant that a checked notebook states, None where it states none."""
    for cell in json.loads(content)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            found = re.search(r"^variant = (\d{1,6})$", "".join(cell["source"]), flags=re.M)
            return int(found[1]) if found else None
    return None


def _lean(text: str) -> str:
    """Return a notebook of any version without outputs, which a run makes anew.

    To validate many takes minutes, and that happens in this process.
    """
    notebook = nbformat.reader.parse_json(text)
    sheets = [notebook, *notebook.get("worksheets", [])]
    cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    if len(cells) > MOST_CELLS:
        raise NoGrade(f"the notebook has more than {MOST_CELLS:,} cells")
    for cell in cells:
        cell.pop("attachments", None)
        if "outputs" in cell:
            cell["outputs"] = []
    if isinstance(notebook.get("metadata"), dict):
        notebook["metadata"].pop("widgets", None)
    lean = json.dumps(notebook)
    if len(lean) > LARGEST_SOURCE:
        raise NoGrade(f"the notebook has more than {LARGEST_SOURCE // 10**6} MB beside its outputs")
    return lean


@cache
def _code() -> bytes:
    """Return a hash of all code that keys and marks can depend on."""
    digest = hashlib.sha256()
    for package in (fer_helpers, data_fetch):
        for path in sorted(Path(package.__file__).parent.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


@dataclass(frozen=True)
class Settings:
    """How a class is graded.

    Attributes
    ----------
    name
        One of `fer_helpers.assignments.NAMES`.
    secret
        The course's; see `fer_helpers.assignments.roster`.
    cell_seconds, limits
        For one cell, and for a whole submission.
    """

    name: str
    secret: bytes
    cell_seconds: int = 60
    limits: Limits = Limits()

    def seed(self, student: Student, content: bytes) -> int:
        """Return the seed of the hidden calls of a hand-in.

        An exception's text can carry their inputs to the feedback: the next hand-in has others.
        """
        digest = hashlib.sha256(content).hexdigest()
        return keyed(self.secret, "calls", self.name, student.id, digest)

    def fingerprint(self, variant: int, content: bytes) -> str:
        """Return a hash of all that a grade depends on."""
        digest = hashlib.sha256(content)
        facts = [self.name, variant, self.cell_seconds, asdict(self.limits)]
        digest.update(json.dumps(facts).encode() + self.secret)
        digest.update(_code())
        return digest.hexdigest()


def order(settings: Settings, student: Student, variant: int, content: bytes, hidden) -> Order:
    """Return what is to be run for a student."""
    assignment = assignments.get(settings.name)
    work, seed = assignment.work(variant), settings.seed(student, content)
    calls = {t.name: encoded(t.calls(work, seed)) for t in assignment.tasks if t.cases}
    return Order(
        content,
        variant,
        calls,
        settings.cell_seconds,
        settings.limits,
        tuple(str(path) for path in hidden),
    )


def graded(
    settings: Settings, student: Student, variant: int, content: bytes, evidence: Evidence
) -> Grade:
    """Compare what a run has brought back to the key; nothing of the student's runs here."""
    assignment = assignments.get(settings.name)
    work, seed = assignment.work(variant), settings.seed(student, content)
    tasks, total = {}, 0.0
    for task in assignment.tasks:
        records = [record for record in evidence.records if record["task"] == task.name]
        result = judge(task, work, records, seed)
        tasks[task.name] = {"points": result.points, "of": task.points, "says": result.says}
        total += result.points
    reason = ""
    if evidence.stopped:
        reason = _STOPPED[evidence.stopped] + _COUNTS
    elif not evidence.ended_well:
        reason = "it ended its own process" + _COUNTS
    elif failed := _failed(evidence.executed):
        reason = _sentence(failed, settings.cell_seconds) + "; what was handed in counts"
    return Grade(
        student,
        variant,
        round(total, 2),
        tasks,
        "graded in part" if reason else "graded",
        reason,
        round(evidence.seconds, 1),
        evidence.memory,
    )


def _failed(executed: str | None) -> list[str]:
    """Return the name of the error of each cell that failed, as the executed notebook says."""
    found = []
    for cell in report.cells_of(executed):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "error":
                found.append(str(output.get("ename", "")))
    # The student's code may have put anything there, a formula of a spreadsheet for example.
    return [name if name.isidentifier() and len(name) <= 60 else "an error" for name in found]


def _sentence(failed: list[str], cell_seconds: int) -> str:
    count = "a cell" if len(failed) == 1 else f"{len(failed)} cells"
    if "KeyboardInterrupt" in failed:
        return f"{count} failed, one of them after {cell_seconds} s, the longest allowed"
    return f"{count} failed with {', '.join(dict.fromkeys(failed))}"


def local(orders: dict[str, Order], jobs: int) -> Iterator[tuple[str, Evidence | NoGrade]]:
    """Run orders on this machine, so many at a time, and yield them as they finish."""
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        waiting = iter(orders.items())
        running: dict[Future, str] = {}
        try:
            while True:
                # No more are begun than run: a stop then has these alone to end.
                for student, one in waiting:
                    running[pool.submit(execute, one, stop)] = student
                    if len(running) >= jobs:
                        break
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), _outcome(future)
        finally:
            stop.set()
            for future in running:
                future.cancel()


def _outcome(future) -> Evidence | NoGrade:
    """Return what a run has brought back, or why it could not be begun or was given up."""
    try:
        return future.result()
    except (SandboxError, OSError) as error:
        return NoGrade(f"it could not be run: {error}")
    except Exception as error:
        # Dask gives up on what has killed its workers; it says so by an exception of its own.
        if type(error).__name__ != "KilledWorker":
            raise
        return NoGrade("it could not be run: several workers of the cluster died of it")


def complain(missing: Sequence[tuple[str, str]], where: str, refuse: bool) -> None:
    """Say loudly what the sandbox cannot enforce, before anything runs.

    Raises
    ------
    RosterError
        If something is missing and `refuse` is true.
    """
    if not missing:
        return
    print(f"WARNING: the sandbox of {where} lacks protections:", file=sys.stderr)
    for protection, why in missing:
        print(f"  {protection}: {why}", file=sys.stderr)
    if refuse:
        raise RosterError(f"--require-sandbox, and {where} lacks protections; nothing was run")
    print("Submitted code runs all the same; --require-sandbox refuses.", file=sys.stderr)


def on_dask(
    orders: dict[str, Order], address: str, *, require_sandbox: bool = False
) -> Iterator[tuple[str, Evidence | NoGrade]]:
    """Run orders on a Dask cluster; what a killed worker had is run again by another.

    Parameters
    ----------
    orders
        By student.
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    require_sandbox
        Whether to refuse where a worker lacks a protection; else it is only said.

    Raises
    ------
    RosterError
        If Dask is not installed, there is no scheduler at the address, or a worker lacks a
        protection that is required.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise RosterError(
            "Dask is not installed; make setup brings it, here and on the workers"
        ) from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise RosterError(f"there is no Dask scheduler at {address} ({error})") from None
    with client:
        for worker, missing in client.run(missing_protections, on_error="return").items():
            # A worker that has died meanwhile runs nothing either.
            if not isinstance(missing, Exception):
                complain(missing, f"worker {worker}", require_sandbox)
        futures = {client.submit(execute, one, pure=False): who for who, one in orders.items()}
        for future in as_completed(futures):
            yield futures[future], _outcome(future)


def grade(
    settings: Settings,
    students: list[Student],
    submissions: Path,
    out: Path,
    *,
    run: Callable[[dict[str, Order]], Iterator[tuple[str, Evidence | NoGrade]]] = lambda o: local(
        o, 1
    ),
    hidden: tuple[Path, ...] = (),
    progress: Callable = lambda items, **_: items,
) -> list[Grade]:
    """Grade a class, or what of it is new or has changed.

    Every finished submission is kept at once: a run that was stopped goes on after it, and ends
    with the same gradebook.

    Parameters
    ----------
    settings, students
        What is graded and who.
    submissions
        Folder; see `find`.
    out
        Folder for ``grades.csv``, ``moodle.csv``, ``canvas.csv``, ``report.html``, ``log.txt``
        and ``feedback/ID.html``.
    run
        Runs orders: `local` or `on_dask`.
    hidden
        Folders that submissions must not see, beside `submissions` and `out`.
    progress
        Wraps an iterator and a total, such as `tqdm.tqdm`.

    Returns
    -------
    grades
        One per student, in the order of the roster.

    Raises
    ------
    RosterError
        If there is no such folder.
    """
    if not submissions.is_dir():
        raise RosterError(f"there is no folder {submissions}; it should hold ID.ipynb files")
    out.mkdir(parents=True, exist_ok=True)
    with locked(out / ".lock", f"waiting for another grading into {out}"):
        return _grade(settings, students, submissions, out, run, hidden, progress)


def _grade(settings, students, submissions, out, run, hidden, progress) -> list[Grade]:
    numbers = variants(students, settings.name, settings.secret)
    contents = {student.id: _read_in(submissions, settings.name, student) for student in students}
    others = _of_other_variants(contents, numbers)
    for folder in (out / STATE, out / "feedback"):
        folder.mkdir(exist_ok=True)
    _claim(out, settings.name)
    log = _Log(out / LOG)
    kept: dict[str, Grade] = {}
    orders, prints = {}, {}
    everything = (submissions.resolve(), out.resolve(), *hidden)
    for student in students:
        variant, content = numbers[student.id], contents[student.id]
        if isinstance(content, NoGrade):
            kept[student.id] = _without(settings, out, student, variant, content)
            log(f"{student.id}: no grade, {content}")
            continue
        if student.id in others:
            said = others[student.id]
            log(f"{student.id}: the notebook says variant {said}; it is graded with {variant}")
        prints[student.id] = settings.fingerprint(variant, content)
        old = _stored(out, student, prints[student.id])
        if old is not None:
            kept[student.id] = old
        else:
            orders[student.id] = order(settings, student, variant, content, everything)
    log(f"{len(kept)} of {len(students)} need no run")
    people = {student.id: student for student in students}
    for who, evidence in progress(run(orders), total=len(orders)):
        if isinstance(evidence, NoGrade):
            # Not kept: it says nothing of the submission, and the next grading tries again.
            kept[who] = _without(settings, out, people[who], numbers[who], evidence)
            log(f"{who}: no grade, {evidence}")
            continue
        try:
            found = graded(settings, people[who], numbers[who], contents[who], evidence)
            page = report.page(assignments.get(settings.name), found, evidence.executed)
        except Exception as error:  # of a submission that nobody has thought of; the others go on
            problem = NoGrade(f"what it handed in could not be judged ({type(error).__name__})")
            kept[who] = _without(settings, out, people[who], numbers[who], problem)
            log(f"{who}: no grade, {problem}: {error!r}")
            continue
        kept[who] = found
        _write(out / "feedback" / f"{who}.html", page)
        state = asdict(found) | {"fingerprint": prints[who]}
        _write(out / STATE / f"{who}.json", json.dumps(state))
        log(f"{who}: {found.points:g}, {found.status}, {found.seconds} s. {found.reason}".strip())
    grades = [kept[student.id] for student in students]
    write_gradebooks(settings.name, grades, out)
    _write(out / "report.html", report.class_page(assignments.get(settings.name), grades))
    for stray in strays(submissions, students):
        log(f"{stray} belongs to nobody in the roster")
    return grades


def _read_in(submissions: Path, name: str, student: Student) -> bytes | NoGrade:
    try:
        return checked(find(submissions, name, student))
    except NoGrade as problem:
        return problem


def _of_other_variants(found: dict[str, bytes | NoGrade], numbers: dict[str, int]) -> dict:
    """Return who states which variant that is not theirs, and say so.

    Raises
    ------
    RosterError
        If all of several do: then the secret, or the roster, is not that of the release.
    """
    notebooks = {who: content for who, content in found.items() if isinstance(content, bytes)}
    stated = {who: stated_variant(content) for who, content in notebooks.items()}
    others = {who: said for who, said in stated.items() if said not in (None, numbers[who])}
    if not others:
        return others
    message = (
        f"{len(others)} of {len(notebooks)} students handed in a notebook that states another "
        f"variant than theirs: {_listed(list(others))}. Are the secret and the roster, in its "
        "order, those of the release?"
    )
    if len(others) == len(notebooks) > 1:
        raise RosterError(f"{message} Nothing was run")
    # Of one: perhaps somebody else's file.
    print(f"WARNING: {message}", file=sys.stderr)
    return others


def _claim(out: Path, name: str) -> None:
    """Make the folder this assignment's, or refuse: it may hold another's grades."""
    path = out / STATE / "assignment"
    if path.exists() and (other := path.read_text().strip()) != name:
        raise RosterError(
            f"{out} holds grades of {one_line(other)}; give each assignment a folder of its own"
        )
    _write(path, f"{name}\n")


def _without(
    settings: Settings, out: Path, student: Student, variant: int, problem: NoGrade
) -> Grade:
    found = Grade(student, variant, None, {}, "no grade", str(problem))
    page = report.page(assignments.get(settings.name), found, None)
    _write(out / "feedback" / f"{student.id}.html", page)
    return found


def strays(submissions: Path, students: list[Student]) -> list[str]:
    """Return the names of submissions that belong to nobody in the roster."""
    return [
        path.name
        for path in sorted(submissions.iterdir())
        if not path.name.startswith(".")
        and not any(_belongs(path, student) for student in students)
    ]


def _stored(out: Path, student: Student, fingerprint: str) -> Grade | None:
    """Return a grade of an earlier run of the very same submission, or None."""
    try:
        state = json.loads((out / STATE / f"{student.id}.json").read_text())
        if state.pop("fingerprint") != fingerprint:
            return None
        # The roster may have a new address for the same student.
        return replace(Grade(**state), student=student)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_gradebooks(name: str, grades: list[Grade], out: Path) -> None:
    """Write ``grades.csv``, and what Moodle and Canvas import."""
    assignment = assignments.get(name)
    tasks = [task.name for task in assignment.tasks]
    rows = [["id", "name", "variant", "points", *tasks, "status", "reason"]]
    moodle = [["idnumber", "email", assignment.title, "feedback"]]
    # Canvas: the second line says what the column is worth.
    canvas = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.title],
        ["Points Possible", "", "", "", "", "100"],
    ]
    for grade in grades:
        student = grade.student
        points = "" if grade.points is None else f"{grade.points:g}"
        shares = [f"{grade.tasks[t]['points']:g}" if t in grade.tasks else "" for t in tasks]
        rows.append(
            [student.id, student.name, grade.variant, points, *shares, grade.status, grade.reason]
        )
        moodle.append([student.id, student.email, points, grade.reason])
        canvas.append(
            [
                student.name or student.id,
                student.canvas_id,
                student.id,
                student.email,
                student.section,
                points,
            ]
        )
    for file, table in ((GRADES, rows), ("moodle.csv", moodle), ("canvas.csv", canvas)):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_harmless(value) for value in row] for row in table)
        _write(out / file, text.getvalue())


def _harmless(value: object) -> object:
    """Keep a spreadsheet from taking text, such as a name that a student chose, for a formula."""
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def _write(path: Path, text: str) -> None:
    """Write a file in one step: a stop in between leaves the old one."""
    part = path.with_name(f".{path.name}.part")
    # Half of a surrogate pair, which a student's text may hold, cannot be written.
    part.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    os.replace(part, path)


class _Log:
    """Append lines with the time to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {one_line(text)}\n")


def one_line(text: str) -> str:
    r"""Return text that a student may have a part in, without what moves a terminal or a line.

    Examples
    --------
    >>> one_line("one\ntwo \x1b[31m")
    'one?two ?[31m'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)
