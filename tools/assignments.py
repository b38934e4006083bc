"""Make the instructor's notebooks of the assignments from their sources, executed.

python -m tools.assignments --store           write notebooks/assignments/*.ipynb
"""

from __future__ import annotations

import argparse
import re
import sys

import jupytext
import nbformat

from fer_helpers import assignments
from tools import notebooks
from tools.chapters import NOTEBOOKS, ROOT, ChapterError, addresses

SOURCES = ROOT / "book" / "assignments"
STORED = NOTEBOOKS / "assignments"
CHAPTER = re.compile(r"\]\(\.\./chapters/([\w-]+)\.md\)")
TASK = re.compile(r"task-\d+")


def source(name: str) -> nbformat.NotebookNode:
    """Return the instructor's notebook, solutions included, without outputs."""
    path = SOURCES / f"{name}.md"
    if not path.exists():
        raise ChapterError(f"there is no {path.relative_to(ROOT)}")
    _, site = addresses()
    points = {task.name: task.points for task in assignments.get(name).tasks}
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    for number, cell in enumerate(jupytext.read(path, fmt="md:myst").cells):
        tags = cell.metadata.get("tags", [])
        made = nbformat.from_dict(cell)
        made.id = f"cell-{number}"
        # Of what jupytext leaves in the metadata: the tags, and the alt text of a figure.
        kept = {name: cell.metadata[name] for name in ("tags", "mystnb") if name in cell.metadata}
        made.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "markdown":
            # Whoever has this notebook alone still reaches the chapters.
            made.source = CHAPTER.sub(rf"]({site}/notebooks/\1.html)", cell.source)
        for task in filter(TASK.fullmatch, tags):
            made.metadata["nbgrader"] = {
                "schema_version": 3,
                "grade_id": f"{name}-{task}",
                "grade": True,
                "solution": True,
                "locked": False,
                "task": False,
                "points": points[task],
                "cell_type": cell.cell_type,
            }
        book.cells.append(made)
    return book


def executed(name: str) -> nbformat.NotebookNode:
    """Return the instructor's notebook with the outputs of its variant 0."""
    return notebooks.run(name, source(name), {})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.assignments", description=__doc__)
    parser.add_argument("--only", action="append", choices=assignments.NAMES)
    parser.add_argument("--store", action="store_true", help="write notebooks/assignments/")
    options = parser.parse_args(arguments)
    for name in options.only or assignments.NAMES:
        try:
            book = executed(name)
        except (notebooks.BuildError, ChapterError) as error:
            print(f"\n{error}\n", file=sys.stderr)
            return 1
        if options.store:
            STORED.mkdir(parents=True, exist_ok=True)
            notebooks.write(book, STORED / f"{name}.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main())
