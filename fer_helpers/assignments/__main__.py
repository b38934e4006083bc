"""Command line: ``python -m fer_helpers.assignments release|grade``."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from fer_helpers import assignments
from fer_helpers.assignments.roster import RosterError, read_roster, read_secret


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fer_helpers.assignments")
    actions = parser.add_subparsers(dest="action", required=True)
    release = actions.add_parser("release", help="make every student's folder, and the keys")
    release.add_argument("assignment", choices=assignments.NAMES)
    release.add_argument("--out", type=Path, default=Path("release"))
    release.add_argument("--notebooks", type=Path, help="folder of the instructor's notebooks")
    grade = actions.add_parser("grade", help="grade what came back")
    grade.add_argument("submissions", type=Path, help="folder of ID.ipynb, or an LMS's download")
    grade.add_argument("--assignment", choices=assignments.NAMES, required=True)
    grade.add_argument("--out", type=Path, default=Path("graded"))
    grade.add_argument("--jobs", type=int, default=1, help="submissions at a time, here")
    grade.add_argument("--dask", metavar="ADDRESS", help="run on this Dask cluster instead")
    grade.add_argument("--cell-seconds", type=int, help="longest time for one cell")
    grade.add_argument("--seconds", type=int, help="longest time for a submission")
    grade.add_argument("--memory", type=int, default=2048, help="megabytes for a submission")
    grade.add_argument("--processes", type=int, default=64, help="processes of a submission")
    grade.add_argument(
        "--hide",
        type=Path,
        action="append",
        default=[],
        help="a folder that submissions must not see, such as that of the keys (repeatable); the "
        "folders of the submissions, the roster and the secret are hidden anyway",
    )
    grade.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to run where any protection is missing",
    )
    for action in (release, grade):
        action.add_argument("--roster", type=Path, required=True, help="CSV with a column id")
        action.add_argument(
            "--secret",
            type=Path,
            help="file of the course's secret; course.secret beside the roster by default",
        )
    options = parser.parse_args(arguments)
    try:
        students = read_roster(options.roster)
        place = options.secret or options.roster.with_name("course.secret")
        if options.action == "release":
            return _release(options, students, place)
        return _grade(options, students, place)
    except (RosterError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last submission", file=sys.stderr)
        return 130


def _release(options: argparse.Namespace, students: list, place: Path) -> int:
    from fer_helpers.assignments.release import release

    fresh = not place.exists()
    secret = read_secret(place, make=True)
    if fresh:
        print(
            f"made the course's secret, {place}: keep it, and keep it from students. Grading needs "
            "it, and every release of the course should use the same"
        )
    release(
        options.assignment,
        students,
        secret,
        options.out,
        notebooks=options.notebooks,
        progress=partial(tqdm, desc=options.assignment, unit=" students"),
    )
    print(
        f"{len(students)} students: {options.out / 'students' / options.assignment}\n"
        f"their keys, which no student may see: {options.out / 'keys' / options.assignment}"
    )
    return 0


def _grade(options: argparse.Namespace, students: list, place: Path) -> int:
    # Here, not at the top: a release needs neither papermill nor the sandbox.
    from fer_helpers.assignments import execution, grade, sandbox

    for name in ("jobs", "cell_seconds", "seconds", "memory", "processes"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            print(f"error: --{name.replace('_', '-')} must be at least 1", file=sys.stderr)
            return 1
    if not options.dask:
        grade.complain(execution.missing_protections(), "this machine", options.require_sandbox)
    assignment = assignments.get(options.assignment)
    settings = grade.Settings(
        options.assignment,
        read_secret(place),
        options.cell_seconds or assignment.cell_seconds,
        sandbox.Limits(
            seconds=options.seconds or assignment.seconds,
            memory=options.memory * 2**20,
            processes=options.processes,
        ),
    )
    run = partial(grade.local, jobs=options.jobs)
    if options.dask:
        run = partial(grade.on_dask, address=options.dask, require_sandbox=options.require_sandbox)
    found = grade.grade(
        settings,
        students,
        options.submissions,
        options.out,
        run=run,
        hidden=_hidden([options.roster, place], options.hide),
        progress=partial(tqdm, desc=options.assignment, unit=" submissions"),
    )
    for stray in grade.strays(options.submissions, students):
        print(f"{grade.one_line(stray)} belongs to nobody in the roster", file=sys.stderr)
    without = [one for one in found if one.points is None]
    print(f"{len(found)} students, {len(without)} without a grade: {options.out / grade.GRADES}")
    return 0


def _hidden(files: list[Path], asked: list[Path]) -> tuple[Path, ...]:
    """Return what to hide: the folders of the files, or these alone where the course runs there."""
    for path in asked:
        if not path.exists():
            raise RosterError(f"there is no {path} to hide; is it spelt right?")
    needed = (Path(__file__).resolve(), Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    found = [path.resolve() for path in asked]
    for file in map(Path.resolve, files):
        inside = any(path.is_relative_to(file.parent) for path in needed)
        found += [file, file.with_name("release")] if inside else [file.parent]
    return tuple(path for path in dict.fromkeys(found) if path.exists())


if __name__ == "__main__":
    raise SystemExit(main())
