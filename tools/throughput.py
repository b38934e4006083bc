"""Measure how many submissions an hour two cores grade, and what the sandbox adds to each.

``python -m tools.throughput`` prints the result and, with --store, keeps it for the instructor's
guide.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np

from fer_helpers import results
from fer_helpers.assignments import execution, grade, release
from fer_helpers.assignments.roster import Student, variants
from fer_helpers.assignments.sandbox import protections

NAME = "a1-convolution"
SECRET = b"a secret for the measurement"
STORED = results.RUNS / "grading.json"
PLACE = "<!-- throughput -->"


def filled(students: list[Student], folder: Path) -> None:
    """Hand in a right solution for everybody."""
    numbers = variants(students, NAME, SECRET)
    for student in students:
        book = release.instructors_notebook(NAME)
        for cell in book.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = f"variant = {numbers[student.id]}"
        nbformat.write(book, folder / f"{student.id}.ipynb")


def bare(notebook: Path, out: Path, variant: int) -> float:
    """Return the seconds of papermill alone."""
    command = [sys.executable, "-m", "papermill", str(notebook), str(out), "-p", "variant"]
    started = time.perf_counter()
    subprocess.run([*command, str(variant)], check=True, capture_output=True)
    return time.perf_counter() - started


def measure(count: int = 12, pairs: int = 5) -> dict:
    """Measure a class of `count`, and `pairs` of single runs, bare and graded in turns.

    Returns
    -------
    dict
        ``per_minute`` with ``jobs``; seconds of ``bare`` and ``graded`` runs (medians); the
        largest ``memory`` of a submission in bytes; ``machine``.
    """
    students = [Student(f"s{number:02}") for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        back, out = folder / "back", folder / "graded"
        back.mkdir()
        filled(students, back)
        settings = grade.Settings(NAME, SECRET)
        jobs = os.cpu_count() or 1
        peaks = []

        def run(orders):
            for who, evidence in grade.local(orders, jobs):
                peaks.append(evidence.memory)
                yield who, evidence

        started = time.perf_counter()
        grades = grade.grade(settings, students, back, out, run=run)
        seconds = time.perf_counter() - started
        assert [one.points for one in grades] == [100] * count
        student, notebook = students[0], back / "s00.ipynb"
        variant = variants(students, NAME, SECRET)[student.id]
        content = notebook.read_bytes()
        order = grade.order(settings, student, variant, content, (back,))
        times = {"bare": [], "graded": []}
        for _ in range(pairs):
            times["bare"].append(bare(notebook, folder / "out.ipynb", variant))
            started = time.perf_counter()
            evidence = execution.execute(order)
            grade.graded(settings, student, variant, content, evidence)
            times["graded"].append(time.perf_counter() - started)
    return {
        "assignment": NAME,
        "count": count,
        "jobs": jobs,
        "per_minute": 60 * count / seconds,
        **{side: float(np.median(values)) for side, values in times.items()},
        "memory": max(peaks),
        "missing": [name for name, why in protections().items() if why],
        "machine": _machine(),
        "limits": asdict(settings.limits),
    }


def _machine() -> str:
    from fer_helpers.study import hardware

    # Nothing is trained here: the processor and its cores are what counts.
    return ", ".join(hardware().split(", ")[:2])


def page(found: dict | None = None) -> str:
    """Return the guide's paragraph and table, of the stored measurement or of `found`."""
    if found is None:
        found = json.loads(STORED.read_text())
    per_core = 60 * found["per_minute"] / found["jobs"]
    rows = "\n".join(
        f"| {students:,} | {students / per_core:,.1f} | {cores} "
        f"| {60 * students / per_core / cores:,.0f} |"
        for students, cores in ((300, 2), (1_000, 8), (10_000, 64))
    )
    long = found["limits"]["seconds"] / found["graded"]
    # One in a hundred that runs into its limit; the rest as measured.
    worst = 1 + 0.01 * long
    gigabytes = found["limits"]["memory"] / 2**30
    return f"""Measured on {found["machine"]}, {found["count"]} right solutions of \
{found["assignment"]}, {found["jobs"]} at a time: **{found["per_minute"]:.0f} submissions a \
minute**, that is {per_core:,.0f} an hour and core.
One submission alone took {found["graded"]:.1f} s, and {found["bare"]:.1f} s in bare papermill on \
the same machine in the same run: the sandbox, the hidden calls and the comparison add \
{found["graded"] - found["bare"]:.1f} s.
A submission of this assignment held at most {found["memory"] / 2**20:.0f} MB.

| Students | Core hours | Cores | Minutes on these cores |
|---|---|---|---|
{rows}

Multiply the core hours by the price of one core hour of the machines that you rent, and by \
{worst:.1f} if one submission in a hundred never ends: one that runs into its limit of \
{found["limits"]["seconds"]:.0f} s holds a core as long as {long:.0f} right ones.
Machines that can be taken away at any time (spot) are cheaper and safe to use here: what was \
lost with a worker is run again, and what was finished is not.
Give each job {gigabytes:.0f} GB of memory, the limit of a submission.
"""


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.throughput", description=__doc__)
    parser.add_argument("--store", action="store_true", help="keep the result for the guide")
    options = parser.parse_args(arguments)
    found = measure()
    if options.store:
        STORED.write_text(json.dumps(found, indent=1) + "\n")
    print(page(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
