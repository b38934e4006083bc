"""What an instructor's own notebook earns, executed and judged like a student's."""

import json
import os
import subprocess
import sys

import nbformat

from fer_helpers import assignments
from fer_helpers.assignments import release
from fer_helpers.assignments.tasks import encoded, judge
from fer_helpers.assignments.worker import ANSWER_FILE, EXECUTED, SPEC, SUBMISSION


def earned(name, variant, folder, seed=11, profile="cpu"):
    """Return the points of each task; the solutions of the stored notebook are executed.

    Another profile is set where the notebook has one.
    """
    assignment = assignments.get(name)
    work = assignment.work(variant)
    calls = {t.name: encoded(t.calls(work, seed)) for t in assignment.tasks if t.cases}
    book = release.instructors_notebook(name)
    for cell in book.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace('profile = "cpu"', f'profile = "{profile}"')
    nbformat.write(book, folder / SUBMISSION)
    # Whether the solutions are right is asked here, not whether this machine is busy.
    spec = {"variant": variant, "calls": calls, "cell_seconds": 600}
    (folder / SPEC).write_text(json.dumps(spec))
    paths = [p for p in (os.getcwd(), os.environ.get("PYTHONPATH")) if p]
    subprocess.run(
        [sys.executable, "-m", "fer_helpers.assignments.worker"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
    for cell in nbformat.read(folder / EXECUTED, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", output
    lines = (folder / ANSWER_FILE).read_text().splitlines()
    noted = [json.loads(line) for line in lines]
    return {
        task.name: judge(task, work, [r for r in noted if r["task"] == task.name], seed).points
        for task in assignment.tasks
    }
