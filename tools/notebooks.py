"""Execute the chapters, keep what has not changed, and store the learners' notebooks.

python -m tools.notebooks                     execute what changed, into _build/executed
python -m tools.notebooks --only 02-convolution
python -m tools.notebooks --store             and write notebooks/*.ipynb
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import io
import json
import logging
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
from PIL import Image

from data_fetch import load
from fer_helpers import logbook
from fer_helpers.logbook import COURSE
from tools import chapters
from tools.chapters import NOTEBOOKS, ROOT

EXECUTED = ROOT / "_build" / "executed"
LOGBOOK = ROOT / "_build" / "logbook"
PARAMETERS = {"dataset": "sample", "profile": "cpu"}

# Progress on the error stream is for whoever waits, not for readers.
PROGRESS = re.compile(r"\d+%\||it/s|s/it|^waiting for another process")
UNWANTED = {
    "a path of the machine that ran it": re.compile(
        r"(?<![\w.:/])/(?:home|root|work|tmp|Users|usr|opt|private|var|content|mnt)/|\b[A-Z]:\\"
    ),
    "a log line of TensorFlow": re.compile(
        r"^[IWEF]\d{4} \d\d:\d\d|All log messages before absl|oneDNN|cuda|cuInit|XLA service"
        r"|cpu_feature_guard|computation_placer",
        re.M,
    ),
    "an address in memory": re.compile(r"\bat 0x[0-9a-fA-F]{6,}"),
}
# The same lines, on the error stream of the process, would bury the progress of the build.
LAUNCHER = (
    "import os, runpy; os.dup2(os.open(os.devnull, os.O_WRONLY), 2); "
    "runpy.run_module('ipykernel_launcher', run_name='__main__')"
)


class BuildError(RuntimeError):
    """A chapter does not run, or its outputs cannot be published."""


def fingerprint(name: str, notebook: nbformat.NotebookNode) -> str:
    """Return a hash of everything that a chapter's outputs depend on."""
    digest = hashlib.sha256(repr((sys.version_info[:2], PARAMETERS)).encode())
    for cell in code_cells(notebook):
        digest.update(json.dumps([cell.source, cell.metadata.get("tags", [])]).encode())
    files = [ROOT / "requirements.lock"]
    for package in ("data_fetch", "fer_helpers"):
        files += sorted(
            path
            for path in (ROOT / package).rglob("*")
            # The rows that come with the course are what the chapters themselves have made.
            if path.is_file() and "__pycache__" not in path.parts and COURSE not in path.parents
        )
    if uses_rows(notebook):
        files += sorted(path for path in LOGBOOK.rglob("*.npz") if path.stem < name)
    for path in files:
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells, without the one that papermill inserts."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", [])
    ]


def uses_rows(notebook: nbformat.NotebookNode) -> bool:
    """Tell whether a chapter reads the rows that earlier ones have added to the results table."""
    return any("logbook." in cell.source for cell in code_cells(notebook))


@contextlib.contextmanager
def kernel(rows: Path | None = None) -> Iterator[dict[str, str]]:
    """Give an environment whose kernel ``python3`` is this very interpreter.

    A kernel installed elsewhere, or the user's own start-up files, would run other packages.
    Rows of the results table go to `rows`, or nowhere: whoever builds the course has a table of
    their own, which must neither show in its pages nor change.
    """
    with tempfile.TemporaryDirectory(prefix="reading-faces-") as folder:
        spec = Path(folder) / "kernels" / "python3"
        spec.mkdir(parents=True)
        command = [sys.executable, "-c", LAUNCHER, "-f", "{connection_file}"]
        # Otherwise the log lines of TensorFlow's C++ end up in the notebooks.
        command.append("--IPKernelApp.capture_fd_output=False")
        names = {"argv": command, "display_name": "Python 3", "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(names))
        settings = {
            "JUPYTER_PATH": folder,
            "JUPYTER_CONFIG_DIR": folder,
            "IPYTHONDIR": str(Path(folder) / "ipython"),
            "READING_FACES_LOGBOOK": str(rows or Path(folder) / "logbook"),
            "PYTHONHASHSEED": "0",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        before = {key: os.environ.get(key) for key in settings}
        os.environ.update(settings)
        try:
            yield os.environ | settings
        finally:
            for key, value in before.items():
                if value is None:
                    del os.environ[key]
                else:
                    os.environ[key] = value


def run(
    name: str, notebook: nbformat.NotebookNode, parameters: dict | None = None
) -> nbformat.NotebookNode:
    """Execute a notebook in an empty folder and return it with clean outputs.

    Chapters take `PARAMETERS`; give other ones, or none, for another kind of notebook.
    """
    parameters = PARAMETERS if parameters is None else parameters
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="reading-faces-") as folder, kernel(LOGBOOK):
        source, target = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(notebook, source)
        try:
            papermill.execute_notebook(
                str(source), str(target), parameters, progress_bar=False, cwd=folder
            )
        except papermill.PapermillExecutionError as error:
            lines = error.source.strip().splitlines()
            raise BuildError(
                f"{name}: code cell {error.exec_count} fails with {error.ename}: {error.evalue}\n\n"
                + "\n".join(f"    {line}" for line in lines)
            ) from None
        executed = nbformat.read(target, as_version=4)
    return graft(name, notebook, executed)


def graft(
    name: str, notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """Return the notebook with the outputs of the executed one, free of times and machines."""
    result = nbformat.from_dict(notebook)
    pairs = zip(code_cells(result), code_cells(executed), strict=True)
    for count, (cell, source) in enumerate(pairs, start=1):
        cell.execution_count = count
        cell.outputs = cleaned(source.outputs, count)
    found = [f"{name}: {problem}" for problem in problems(result)]
    if found:
        raise BuildError("\n".join(found))
    return result


def smaller(picture: str) -> str:
    """Return a PNG in base64 with at most 256 colours: less than half the size, the same look.

    A picture that has more by far, such as a photograph, would be no smaller; it stays.
    """
    raw = base64.b64decode(picture)
    image = Image.open(io.BytesIO(raw))
    if image.mode == "P":
        return picture
    reduced = io.BytesIO()
    # No dither: it would put noise into flat colours.
    flat = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    flat.save(reduced, "png", optimize=True)
    if len(reduced.getvalue()) >= len(raw):
        return picture
    return base64.b64encode(reduced.getvalue()).decode() + "\n"


def cleaned(outputs: list[nbformat.NotebookNode], count: int) -> list[nbformat.NotebookNode]:
    """Return outputs without progress bars, and with the pieces of one stream joined.

    Where the kernel cuts a stream depends on timing.
    """
    kept: list[nbformat.NotebookNode] = []
    for output in map(nbformat.from_dict, outputs):
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
            continue
        if output.output_type == "execute_result":
            output.execution_count = count
        if "image/png" in output.get("data", {}):
            output.data["image/png"] = smaller(output.data["image/png"])
        kept.append(output)
    for output in kept:
        if output.get("name") == "stderr":
            lines = re.split(r"(?<=[\r\n])", output.text)
            output.text = "".join(line for line in lines if not PROGRESS.search(line)).strip("\r")
    return [o for o in kept if o.get("name") != "stderr" or o.text.strip()]


def texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    """Yield the text of a cell's outputs."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        for kind, data in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield data


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """Return why the outputs of a notebook cannot be published."""
    found = []
    for cell in code_cells(notebook):
        where = f"code cell {cell.execution_count}"
        if cell.source.strip() and cell.execution_count is None:
            found.append("a code cell was never executed")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{where} stores the error {output.ename}: {output.evalue}")
            if output.get("name") == "stderr":
                found.append(f"{where} writes to the error stream: {output.text.strip()[:300]}")
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
            if "image/png" in output.get("data", {}) and not alt:
                found.append(f"{where} draws a figure without alt text")
        for text in texts(cell):
            for what, pattern in UNWANTED.items():
                if match := pattern.search(text):
                    line = text[: match.end()].count("\n")
                    found.append(f"{where} prints {what}: {text.splitlines()[line][:200]}")
    return found


def execute(name: str) -> nbformat.NotebookNode:
    """Return the executed learner's notebook, from ``_build/executed`` where nothing changed."""
    notebook = chapters.learner(chapters.read(name))
    key = fingerprint(name, notebook)
    kept_at = EXECUTED / f"{name}.ipynb"
    if kept_at.exists():
        executed = nbformat.read(kept_at, as_version=4)
        if executed.metadata.get("reading_faces") == key:
            print(f"{name:<28}reused", flush=True)
            return graft(name, notebook, executed)
    start = time.perf_counter()
    try:
        executed = run(name, notebook)
    except BuildError:
        print(f"{name:<28}failed", flush=True)
        raise
    print(f"{name:<28}{time.perf_counter() - start:4.0f} s", flush=True)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    kept = nbformat.from_dict(executed)
    kept.metadata["reading_faces"] = key
    write(kept, kept_at)
    return executed


def execute_all() -> None:
    """Execute what changed, two chapters at a time where there are two cores.

    One alone keeps little more than one core busy; three would need the memory of a workstation.
    Chapters that pass on rows of the results table follow each other.
    Times that a chapter measures suffer, so what is stored in ``notebooks/`` is not made here.
    """
    names = chapters.names()
    chain = [name for name in names if uses_rows(chapters.learner(chapters.read(name)))]
    queues = [chain, *([name] for name in names if name not in chain)]
    load(PARAMETERS["dataset"])  # or the first two chapters would both want to make it
    # A fork would share open sockets and threads.
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(2, os.cpu_count() or 1), initializer=_end_cleanly) as pool:
        for _ in pool.imap_unordered(_execute_in_turn, queues):
            pass
        pool.close()
        pool.join()


def _execute_in_turn(names: list[str]) -> None:
    for name in names:
        execute(name)


def _end_cleanly() -> None:
    """Leave Ctrl-C to the first process, whose end of this one closes kernels and folders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())


def executed(name: str) -> nbformat.NotebookNode:
    """Return a chapter's notebook as `execute` has kept it."""
    return nbformat.read(EXECUTED / f"{name}.ipynb", as_version=4)


def stored(name: str) -> nbformat.NotebookNode:
    """Return a chapter's notebook of ``notebooks/``, with the outputs that are stored there."""
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook in one step, so that a stop in between leaves the old one."""
    part = path.with_suffix(".part")
    nbformat.write(notebook, part)
    os.replace(part, path)


def store_rows() -> None:
    """Put the rows that the chapters have added to the results table into the package."""
    shelf = logbook.shelf(load(PARAMETERS["dataset"]), PARAMETERS["profile"])
    (COURSE / shelf).mkdir(parents=True, exist_ok=True)
    for name in chapters.names():
        made = LOGBOOK / shelf / f"{name}.npz"
        if made.exists():
            shutil.copyfile(made, COURSE / shelf / made.name)
    for path in COURSE.rglob("*.npz"):
        if path.stem not in chapters.names():
            path.unlink()


def differences() -> list[str]:
    """Return how ``notebooks/`` differs from what the sources give."""
    found = []
    names = chapters.names()
    there = {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    found += [f"notebooks/{name}.ipynb has no source" for name in sorted(there - set(names))]
    for name in names:
        if name not in there:
            found.append(f"notebooks/{name}.ipynb is missing")
            continue
        fresh = chapters.learner(chapters.read(name))
        old = stored(name)
        for cell in code_cells(old):
            cell.outputs, cell.execution_count = [], None
        if old != fresh:
            found.append(f"notebooks/{name}.ipynb differs from its source")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="this chapter (repeatable)")
    parser.add_argument("--store", action="store_true", help="write notebooks/NAME.ipynb")
    options = parser.parse_args(arguments)
    failed = False
    for name in options.only or chapters.names():
        try:
            executed = execute(name)
        except (BuildError, chapters.ChapterError) as error:
            print(f"\n{error}\n", file=sys.stderr)
            failed = True
            continue
        if options.store:
            NOTEBOOKS.mkdir(exist_ok=True)
            write(executed, NOTEBOOKS / f"{name}.ipynb")
    if options.store:
        store_rows()
    if options.store and not options.only:
        for path in NOTEBOOKS.glob("*.ipynb"):
            if path.stem not in chapters.names():
                path.unlink()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
