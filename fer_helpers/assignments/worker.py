"""Execute one submission; runs inside the sandbox, beside the student's code.

Nothing that this process writes is trusted: whoever grades reads it as data.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import nbformat
import papermill

from fer_helpers.assignments import ANSWERS, VARIANT

SUBMISSION, SPEC, ANSWER_FILE = "submission.ipynb", "spec.json", "answers.jsonl"
EXECUTED = "executed.ipynb"
_CALLING = "reading-faces-grader"


def main() -> None:
    """Execute ``submission.ipynb`` of the working directory as ``spec.json`` says."""
    logging.disable(logging.CRITICAL)
    spec = json.loads(Path(SPEC).read_text())
    # The inputs of the hidden calls go to the functions only once all cells have run.
    Path(SPEC).unlink()
    os.environ[ANSWERS] = str(Path(ANSWER_FILE).resolve())
    os.environ[VARIANT] = str(spec["variant"])
    notebook = nbformat.read(SUBMISSION, as_version=4)
    own = len(notebook.cells)
    for task, cases in spec["calls"].items():
        source = (
            "import json as _json\n"
            "from fer_helpers.assignments import call as _call\n"
            f"_call({task!r}, _json.loads({json.dumps(cases)!r}))"
        )
        cell = nbformat.v4.new_code_cell(source)
        cell.metadata["tags"] = [_CALLING]
        notebook.cells.append(cell)
    try:
        papermill.execute_notebook(
            notebook,
            EXECUTED,
            _parameters(notebook, spec["variant"]),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=spec["cell_seconds"],
            interrupt_on_timeout=True,
            # A cell that fails costs its own tasks, not those after it.
            allow_errors=True,
        )
    except papermill.PapermillExecutionError:
        pass
    done = nbformat.read(EXECUTED, as_version=4)
    # Papermill may have put cells of its own in front; the calls are no part of the feedback.
    done.cells = [c for c in done.cells if _CALLING not in c.metadata.get("tags", [])]
    assert len(done.cells) >= own
    nbformat.write(done, EXECUTED)


def _parameters(notebook: nbformat.NotebookNode, variant: int) -> dict:
    chosen = {"variant": variant}
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []) and "profile" in cell.source:
            # Left at another profile, it would prove nothing, or take an hour.
            chosen["profile"] = "cpu"
    return chosen


if __name__ == "__main__":
    main()
