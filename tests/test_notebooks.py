"""The stored notebooks: whole, in step with their sources, and running as an instructor runs them.

nbval compares every output that is text or HTML; it cannot compare figures, since matplotlib
draws some pixels differently from machine to machine. What a figure shows is printed or asserted
beside it where it matters, and every one has to be there with an alternative text.
"""

import base64
import io
import os
import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import papermill
import pytest
from PIL import Image

from data_fetch import load
from fer_helpers import logbook
from tools import chapters, notebooks
from tools.chapters import NOTEBOOKS, ROOT

NAMES = chapters.names()


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture(autouse=True)
def no_rows_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("READING_FACES_LOGBOOK", str(tmp_path / "logbook"))


@pytest.fixture(scope="module", autouse=True)
def data_are_there():
    """Make what many chapters load; two at once would say that one waits, which nbval compares."""
    load("sample")
    load("thermal")


@pytest.fixture
def stored(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def test_in_step_with_their_sources():
    assert notebooks.differences() == []


def test_outputs_are_fit_to_publish(stored):
    assert notebooks.problems(stored) == []


def test_metadata_is_clean(stored):
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    for cell in stored.cells:
        assert not {"papermill", "execution"} & set(cell.metadata)


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_solutions_pass_their_own_checks(stored):
    checked = 0
    for cell in notebooks.code_cells(stored):
        if cell.metadata.get("jupyter", {}).get("source_hidden"):  # a solution
            calls = cell.source.count("exercises.check(")
            assert printed(cell).splitlines().count("Right.") == calls, cell.source
            assert "Not yet" not in printed(cell)
            checked += calls
    assert checked >= 3


def test_results_table_is_that_of_the_courses_rows(name, stored):
    """What a page shows of a chapter's model is what the package brings along."""
    if int(name[:2]) > 8:
        pytest.skip("only chapters 01 to 08 add a row")
    faces = load("sample")
    path = logbook.COURSE / logbook.shelf(faces, "cpu") / f"{name}.npz"
    assert path.exists(), "run make notebooks"
    probabilities = logbook.rows(faces)[name].probabilities["validation"]
    right = np.mean(probabilities.argmax(axis=1) == faces.part("validation").labels)
    (cell,) = [c for c in notebooks.code_cells(stored) if "logbook.add(" in c.source]
    (line,) = [line for line in printed(cell).splitlines() if line.startswith(f"{name[:2]}  ")]
    assert f" {right:.3f} " in line


def test_size(name):
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < 1_500_000


def test_nbval(name):
    """Run the notebook again; strict but for cells tagged nbval-ignore-output."""
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"]
    command += [
        "--nbval-cell-timeout=600",
        "-o",
        "addopts=",
        "-p",
        "tools.nbval_history",
        "-p",
        "no:xdist",
    ]
    command.append(str(NOTEBOOKS / f"{name}.ipynb"))
    with notebooks.kernel() as environment:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:]


def variant(name, folder, **parameters):
    """Run a notebook from another folder, as instructors do; return its path and the error."""
    target = folder / "out.ipynb"
    before = os.getcwd()
    os.chdir(folder)
    try:
        with notebooks.kernel():
            papermill.execute_notebook(
                NOTEBOOKS / f"{name}.ipynb", target, parameters, progress_bar=False
            )
    except papermill.PapermillExecutionError as error:
        return target, f"{error.ename}: {error.evalue}"
    finally:
        os.chdir(before)
    return target, None


def test_second_seed(name, tmp_path):
    target, error = variant(name, tmp_path, seed=1, profile="smoke")
    assert error is None
    assert target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out.ipynb"], "leaves files behind"


@pytest.mark.parametrize(
    ("parameters", "telling"),
    [({"datset": "sample"}, "datset"), ({"profile": "turbo"}, "smoke")],
    ids=["unknown parameter", "unknown value"],
)
def test_wrong_parameters_stop_at_once(stored, parameters, telling):
    """Run the opening cells in this process, with the parameters where papermill puts them.

    A kernel for each would start and import for minutes in all; `test_second_seed` has the kernel.
    """
    _, imports, chosen, check, *_ = notebooks.code_cells(stored)
    namespace = {"__name__": "__main__"}
    for source in (imports.source, chosen.source):
        exec(source, namespace)
    with pytest.raises(ValueError, match=telling):
        exec(check.source, namespace | parameters)


def cell(source="1", outputs=(), count=1, **metadata):
    made = nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)
    made.execution_count = count
    return made


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (cell(count=None), "never executed"),
        (cell(outputs=[stream("oh", "stderr")]), "error stream"),
        (cell(outputs=[stream("I0000 00:00:17.1 1 port.cc:153] x")]), "log line"),
        (cell(outputs=[stream("saved in /home/ada/faces.npz")]), "path of the machine"),
        (cell(outputs=[stream("<Axes at 0x7f2b3c4d5e6f>")]), "address in memory"),
        (
            cell(outputs=[nbformat.v4.new_output("error", ename="E", evalue="v")]),
            "stores the error",
        ),
        (
            cell(outputs=[nbformat.v4.new_output("display_data", {"image/png": "iVBO"})]),
            "without alt text",
        ),
    ],
    ids=["stripped", "stderr", "log", "path", "address", "error", "figure"],
)
def test_unfit_outputs_are_found(bad, message):
    found = notebooks.problems(nbformat.v4.new_notebook(cells=[bad]))
    assert len(found) == 1 and message in found[0]


def test_fit_outputs_pass():
    figure = nbformat.v4.new_output("display_data", {"image/png": "iVBO"})
    good = cell(outputs=[stream("0.875"), figure], mystnb={"image": {"alt": "A face."}})
    assert notebooks.problems(nbformat.v4.new_notebook(cells=[good])) == []


def test_progress_is_no_output():
    waiting = stream("waiting for another process that writes /home/ada/faces\n", "stderr")
    bar = stream("\r 40%|####      | 4/10 [00:01<00:02,  3.1it/s]\n", "stderr")
    trouble = stream("RuntimeWarning: divide by zero\n", "stderr")
    assert notebooks.cleaned([waiting, stream("0.5"), bar, trouble], 1) == [stream("0.5"), trouble]


def test_a_failing_chapter_is_named(monkeypatch):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("1 / 0")],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )
    monkeypatch.setattr(notebooks, "PARAMETERS", {})
    with pytest.raises(notebooks.BuildError, match=r"07-bad: code cell 2 .*ZeroDivisionError"):
        notebooks.run("07-bad", notebook)


def test_chapters_run_side_by_side_but_those_with_rows_in_turn(tmp_path):
    for name in ("tools", "fer_helpers", "data_fetch", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    # A link would lead `tools` back to the chapters of the course.
    (tmp_path / "tools").unlink()
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    folder = tmp_path / "book" / "chapters"
    folder.mkdir(parents=True)

    def chapter(name, code):
        text = f"# Title\n\n```{{code-cell}} ipython3\n{code}\n```\n"
        (folder / f"{name}.md").write_text(text)

    def build():
        command = [sys.executable, "-c", "from tools import notebooks; notebooks.execute_all()"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        return {line[0]: line[1:] for line in lines}, done.stderr.strip()

    flag = tmp_path / "flag"
    mark = f"import time, pathlib  # logbook.\nflag = pathlib.Path({str(flag)!r})\n"
    chapter("01-first", f"{mark}time.sleep(2)\nflag.touch()")
    chapter("02-second", f"{mark}assert flag.exists()")
    chapter("03-third", "1")
    found, said = build()
    assert said == ""
    assert set(found) == {"01-first", "02-second", "03-third"}
    assert all(unit == "s" for _, unit in found.values())
    chapter("04-wrong", "1 / 0")
    found, said = build()
    assert found.pop("04-wrong") == ["failed"]
    assert re.search(r"^tools.notebooks.BuildError: 04-wrong: .* ZeroDivisionError", said, re.M)
    assert all(state == ["reused"] for state in found.values())


def test_pictures_are_stored_with_few_colours_and_stay_what_they_are():
    # As in a figure of ours: one scale of colours, with some noise where edges are smoothed.
    rng = np.random.default_rng(0)
    levels = np.repeat(np.repeat(rng.integers(0, 250, (20, 30)), 10, axis=0), 10, axis=1)
    picture = np.stack([levels, 255 - levels // 2, levels // 3], axis=-1).astype("uint8")
    picture += rng.integers(0, 4, picture.shape, dtype="uint8")
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    large = base64.b64encode(file.getvalue()).decode()
    small = notebooks.smaller(large)
    with Image.open(io.BytesIO(base64.b64decode(small))) as image:
        difference = np.abs(np.asarray(image.convert("RGB"), dtype=int) - picture)
    assert len(small) < len(large)
    assert difference.max() < 32
    assert notebooks.smaller(small) == small
