"""From a roster to one folder and one archive per student, and the keys apart."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
import numpy as np

from fer_helpers import assignments
from fer_helpers.assignments.roster import RosterError, Student, variants
from fer_helpers.assignments.values import encode

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "# Your code."


def instructors_notebook(name: str, folder: Path | None = None) -> nbformat.NotebookNode:
    """Read an assignment with its solutions.

    Parameters
    ----------
    name
        One of `fer_helpers.assignments.NAMES`.
    folder
        Where the notebooks are; by default ``notebooks/assignments`` of the repository that this
        package belongs to.

    Raises
    ------
    RosterError
        If there is no such notebook, as where the package was installed without the repository.
    """
    folder = folder or Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
    path = folder / f"{name}.ipynb"
    if not path.is_file():
        raise RosterError(
            f"there is no {path}; clone the course's repository, or name the folder of the "
            "instructor's notebooks (--notebooks)"
        )
    return nbformat.read(path, as_version=4)


def students_notebook(book: nbformat.NotebookNode, variant: int) -> nbformat.NotebookNode:
    """Return the notebook that a student gets: without solutions and outputs, variant set.

    Raises
    ------
    RosterError
        If a solution is not closed, or the parameters cell is missing.
    """
    book = copy.deepcopy(book)
    kept = []
    for cell in book.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags or "injected-parameters" in tags:
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = without_solution(cell.source)
            if "parameters" in tags:
                cell.source, found = re.subn(
                    r"^variant = .*$", f"variant = {variant}", cell.source, flags=re.M
                )
                if not found:
                    raise RosterError("the parameters cell does not set variant")
        cell.metadata.pop("papermill", None)
        kept.append(cell)
    if not any("parameters" in cell.metadata.get("tags", []) for cell in kept):
        raise RosterError("the notebook has no cell with the tag parameters")
    book.cells = kept
    book.metadata.pop("papermill", None)
    return book


def without_solution(source: str) -> str:
    r"""Replace every solution of a cell by a comment that says where the code goes.

    Examples
    --------
    >>> without_solution("\n".join(["x = ...", BEGIN, "x = 3", END, "print(x)"])).split("\n")
    ['x = ...', '# Your code.', 'print(x)']
    """
    lines, inside = [], False
    for line in source.split("\n"):
        mark = line.strip()
        if mark == BEGIN:
            if inside:
                raise RosterError(f"a solution begins inside another: {source[:60]!r}")
            inside = True
            lines.append(line.replace(BEGIN, STUB))
        elif mark == END:
            if not inside:
                raise RosterError(f"a solution ends before it begins: {source[:60]!r}")
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise RosterError(f"a solution is never closed: {source[:60]!r}")
    return "\n".join(lines)


def key_of(name: str, variant: int) -> dict:
    """Return the answer key of a variant as plain data.

    Examples
    --------
    >>> key_of("a1-convolution", 17)["tasks"]["task-2"]["points"]
    10
    """
    assignment = assignments.get(name)
    work = assignment.work(variant)
    answers = assignment.key(work)
    return {
        "assignment": name,
        "variant": variant,
        "tasks": {
            task.name: {
                "title": task.title,
                "points": task.points,
                "answer": encode(_plain(answers[task.name]))
                if task.name in answers
                else "a function, see the instructor's notebook",
            }
            for task in assignment.tasks
        },
    }


def _plain(value: object) -> object:
    return np.asarray(value).tolist() if isinstance(value, tuple) else value


def release(
    name: str,
    students: list[Student],
    secret: bytes,
    out: Path,
    *,
    notebooks: Path | None = None,
    progress: Iterable | None = None,
) -> dict[str, int]:
    """Write what every student gets to ``out/students``, and the keys to ``out/keys``.

    The same roster, secret and notebook give the same bytes.

    Parameters
    ----------
    name
        One of `fer_helpers.assignments.NAMES`.
    students, secret
        See `fer_helpers.assignments.roster`.
    out
        Folder; what an earlier release of the same assignment left there is replaced.
    notebooks
        Folder of the instructor's notebooks.
    progress
        Wraps the students, such as `tqdm.tqdm`.

    Returns
    -------
    variants
        Student id to variant.

    Raises
    ------
    RosterError
        If something is missing; nothing was written then.
    """
    assignments.get(name)
    book = instructors_notebook(name, notebooks)
    found = variants(students, name, secret)
    students_notebook(book, 0)
    # What was collected there, for example; an earlier release goes.
    for path in sorted((out / "students" / name).glob("*.ipynb")):
        if not path.is_dir():
            raise RosterError(f"{path} is from no release, which would remove it; move it first")
    # Everything is made beside its place, and takes it in the end: a stop leaves the old release.
    places = {"students": out / "students" / name, "keys": out / "keys" / name}
    drafts = {part: place.with_name(f".{name}.part") for part, place in places.items()}
    for draft in drafts.values():
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
    for student in progress(students) if progress else students:
        variant = found[student.id]
        files = {
            f"{name}.ipynb": nbformat.writes(students_notebook(book, variant)) + "\n",
            "README.md": _readme(name, student),
        }
        folder = drafts["students"] / student.id
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        _archive(drafts["students"] / f"{student.id}.zip", f"{name}-{student.id}", files)
        key = json.dumps(key_of(name, variant), indent=1)
        (drafts["keys"] / f"{student.id}.json").write_text(key + "\n", newline="\n")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["id", "variant"])
    writer.writerows((student.id, found[student.id]) for student in students)
    (drafts["keys"] / "variants.csv").write_text(table.getvalue(), newline="\n")
    for part, place in places.items():
        old = place.with_name(f".{name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            os.replace(place, old)
        os.replace(drafts[part], place)
        shutil.rmtree(old, ignore_errors=True)
    return found


def _readme(name: str, student: Student) -> str:
    title = assignments.get(name).title
    return f"""# {title}

For {student.name or student.id}.

1. Open `{name}.ipynb` in Jupyter, or upload it to Colab.
2. Put your code in the place of the dots, and run the cells. The lines that begin with *task-* say
   whether an answer was noted and is of the right kind; they do not know what is right.
3. Restart the kernel and run all cells. Every task should be noted.
4. Save it and hand it in as `{name}.ipynb`, or as `{student.id}.ipynb` where the name is up to you.

Your numbers are yours alone: the notebook of somebody else has other ones, and the grading runs
your notebook with your own variant, whatever the file says.
"""


def _archive(path: Path, folder: str, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # A fixed date: the same input gives the same bytes.
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode())
