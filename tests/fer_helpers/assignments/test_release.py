"""Rosters, variants, and what a student gets."""

import csv
import hashlib
import json
import re
import zipfile

import nbformat
import papermill
import pytest

from fer_helpers import assignments
from fer_helpers.assignments import __main__ as cli
from fer_helpers.assignments import release
from fer_helpers.assignments.roster import (
    RosterError,
    Student,
    read_roster,
    read_secret,
    variants,
)
from tools import assignments as maker
from tools import notebooks

SECRET = b"a secret for the tests only"
CLASS = [Student(f"s{number:03}", f"Student {number}") for number in range(300)]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_three_hundred_students_get_three_hundred_variants_that_depend_on_the_secret():
    found = variants(CLASS, "a1-convolution", SECRET)
    assert len(set(found.values())) == 300
    assert found == variants(CLASS, "a1-convolution", SECRET)
    other = variants(CLASS, "a1-convolution", b"another secret, just as long")
    assert sum(found[who] == other[who] for who in found) < 10
    assert variants(CLASS[:-1], "a1-convolution", SECRET) == {
        student.id: found[student.id] for student in CLASS[:-1]
    }


def test_more_students_than_variants_share_them_evenly():
    many = [Student(f"s{number}") for number in range(10_500)]
    found = variants(many, "a1-convolution", SECRET)
    counts = [list(found.values()).count(variant) for variant in set(found.values())]
    assert set(found.values()) == set(range(10_000))
    assert max(counts) == 2


@pytest.mark.parametrize("name", assignments.NAMES)
def test_same_input_gives_the_same_bytes_and_no_solution_leaves_the_house(name, tmp_path):
    people = CLASS[:4]
    for part in ("one", "two"):
        found = release.release(name, people, SECRET, tmp_path / part)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    book = release.instructors_notebook(name)
    regions = [
        line.strip()
        for cell in book.cells
        for region in re.findall(
            rf"{release.BEGIN}\n(.*?)\n\s*{release.END}", cell.source, flags=re.S
        )
        for line in region.split("\n")
        if len(line.strip()) > 15
    ]
    # What the source shows outside its solutions as well, such as the head of a loop, is no secret.
    region = rf"{release.BEGIN}\n.*?{release.END}"
    open_lines = {
        line.strip()
        for cell in book.cells
        for line in re.sub(region, "", cell.source, flags=re.S).split("\n")
    }
    secret_lines = set(regions) - open_lines
    assert len(secret_lines) > 10
    for student in people:
        folder = tmp_path / "one" / "students" / name
        notebook = nbformat.read(folder / student.id / f"{name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        text = "\n".join(cell.source for cell in notebook.cells)
        assert f"variant = {found[student.id]}" in text
        shown = {line.strip() for line in text.split("\n")}
        assert not shown & secret_lines
        assert not any(cell.get("outputs") for cell in notebook.cells)
        tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
        assert [tag for tag in tags if tag.startswith("task-")] == [
            task.name for task in assignments.get(name).tasks
        ]
        with zipfile.ZipFile(folder / f"{student.id}.zip") as archive:
            assert sorted(archive.namelist()) == [
                f"{name}-{student.id}/README.md",
                f"{name}-{student.id}/{name}.ipynb",
            ]
        key = json.loads((tmp_path / "one" / "keys" / name / f"{student.id}.json").read_text())
        assert key["variant"] == found[student.id]
    assert not list((tmp_path / "one" / "students").rglob("*.json"))


@pytest.mark.parametrize("name", assignments.NAMES)
def test_the_stored_notebook_is_that_of_the_source_and_its_points_those_of_the_tasks(name):
    stored = nbformat.read(maker.STORED / f"{name}.ipynb", as_version=4)
    assert all(c.execution_count for c in stored.cells if c.cell_type == "code")
    for cell in stored.cells:
        if cell.cell_type == "code":
            assert not [o for o in cell.outputs if o.output_type == "error"]
            cell.outputs, cell.execution_count = [], None
    fresh = maker.source(name)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert [(c.id, c.source, c.metadata) for c in stored.cells] == [
        (c.id, c.source, c.metadata) for c in fresh.cells
    ]
    text = "\n".join(cell.source for cell in fresh.cells if cell.cell_type == "markdown")
    for task in assignments.get(name).tasks:
        number = task.name.removeprefix("task-")
        heading = re.search(rf"^## Task {number}: .*\((\d+) points\)$", text, flags=re.M)
        assert heading, f"{name} has no heading for {task.name}"
        assert int(heading[1]) == task.points
        assert re.search(rf"^\| {number} \| [^|]+ \| {task.points} \|", text, flags=re.M)
    for what in ("**You show that you can**", "**You need**", "**Time**", "| Task |"):
        assert what in text


@pytest.mark.parametrize("name", assignments.NAMES)
def test_nbgrader_takes_the_released_notebook(name):
    reason = "nbgrader brings JupyterLab along; to run this: pip install nbgrader"
    validator = pytest.importorskip("nbgrader.nbgraderformat", reason=reason)
    notebook = release.students_notebook(release.instructors_notebook(name), 17)
    validator.MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("name", assignments.NAMES)
def test_nbgraders_metadata_are_complete(name):
    notebook = release.students_notebook(release.instructors_notebook(name), 17)
    found = [c.metadata["nbgrader"] for c in notebook.cells if "nbgrader" in c.metadata]
    assert sum(one["points"] for one in found) == 100
    assert len({one["grade_id"] for one in found}) == len(found)
    assert all(one["schema_version"] == 3 and one["solution"] for one in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column id"),
        ("name\nAda\n", "its first line names name"),
        ("id\n", "no students"),
        ("id,canvasid\nada,17\n", "column 'canvasid'; if it is canvas_id"),
        ("id,e-mail\nada,a@b\n", "column 'e-mail'; if it is email"),
        ("id\nada\nADA\n", "lines 2 and 3"),
        ("id\n../ada\n", "cannot name a file"),
        ("id\ncon\n", "cannot name a file"),
        ("id;name\nada;Ada\n;\nada;Ada\n", "lines 2 and 4"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_with_its_line(text, said, tmp_path):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(RosterError, match=said):
        read_roster(tmp_path / "roster.csv")


def test_further_columns_are_no_matter(tmp_path):
    (tmp_path / "roster.csv").write_text("id,email,e-mail,first name,group\nada,a@b,c@d,Ada,1\n")
    assert read_roster(tmp_path / "roster.csv") == [Student("ada", email="a@b")]


def test_a_roster_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("\ufeffID;Name;Canvas_ID\nada;Ada Lovelace;17\n\n".encode())
    assert read_roster(path) == [Student("ada", "Ada Lovelace", canvas_id="17")]
    with pytest.raises(RosterError, match="there is no roster"):
        read_roster(tmp_path / "roaster.csv")
    path.write_bytes(b"id\n\xff\n")
    with pytest.raises(RosterError, match="UTF-8"):
        read_roster(path)


def test_a_secret_is_made_once_and_must_be_long(tmp_path):
    path = tmp_path / "course.secret"
    with pytest.raises(RosterError, match="there is no"):
        read_secret(path)
    assert read_secret(path, make=True) == read_secret(path)
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("short")
    with pytest.raises(RosterError, match="shorter than 16"):
        read_secret(path)


def test_the_command_releases_and_an_error_leaves_the_old_release(tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\nada,Ada\nalan,Alan\n")
    command = ["release", "a1-convolution", "--roster", str(roster), "--out", str(tmp_path / "r")]
    assert cli.main(command) == 0
    assert "keep it from students" in capsys.readouterr().out
    before = contents(tmp_path / "r")
    with (tmp_path / "r" / "keys" / "a1-convolution" / "variants.csv").open() as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["ada", "alan"]
    assert cli.main(command) == 0
    assert contents(tmp_path / "r") == before
    assert cli.main([*command, "--notebooks", str(tmp_path)]) == 1
    assert "clone the course's repository" in capsys.readouterr().err
    assert contents(tmp_path / "r") == before
    roster.write_text("name\nAda\n")
    assert cli.main(command) == 1
    assert "no column id" in capsys.readouterr().err


@pytest.mark.parametrize("variant", [-1, 10_000, 1.0, "17", True, None])
def test_a_bad_variant_is_a_clear_error(variant):
    with pytest.raises(ValueError, match="variant must be a whole number from 0 to 9999"):
        assignments.begin("a1-convolution", variant)


def test_what_is_not_there_is_named():
    with pytest.raises(ValueError, match="choose one of a1-convolution"):
        assignments.begin("a1", 0)
    assignments.begin("a1-convolution", 0)
    with pytest.raises(ValueError, match="task-1, task-2"):
        assignments.answer("task1", 3)


def test_papermill_alone_gives_a_variant_and_names_what_it_cannot(tmp_path):
    name, out = "a1-convolution", tmp_path / "out.ipynb"
    source = str(maker.STORED / f"{name}.ipynb")
    work = assignments.get(name).work(9_999)
    with notebooks.kernel():
        papermill.execute_notebook(source, str(out), {"variant": 9_999}, progress_bar=False)
        printed = "\n".join(
            text
            for cell in notebooks.code_cells(nbformat.read(out, 4))
            for text in notebooks.texts(cell)
        )
        assert str(work.image) in printed
        assert printed.count("noted") == len(assignments.get(name).tasks)
        for parameters, said in (
            ({"variant": 10_000}, "variant must be a whole number from 0 to 9999, not 10000"),
            ({"varient": 3}, "did you mean 'variant'"),
        ):
            with pytest.raises(papermill.PapermillExecutionError, match=said):
                papermill.execute_notebook(source, str(out), parameters, progress_bar=False)
