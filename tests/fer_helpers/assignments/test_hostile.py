"""What a cunning student, a careless instructor or an unlucky file would stop a grading with.

Nothing is executed here: the runs are made up.
"""

import csv
import io
import json
import os
import re
import threading
import time
import zipfile

import nbformat
import pytest

from fer_helpers import assignments
from fer_helpers.assignments import __main__ as cli
from fer_helpers.assignments import execution, grade, release, report, values, worker
from fer_helpers.assignments.roster import RosterError, Student, read_roster, variants
from fer_helpers.exercises import WrongKind

NAME = "a1-convolution"
SECRET = b"a secret for the tests only"
TWO = (Student("ada"), Student("alan"))
SETTINGS = grade.Settings(NAME, SECRET)
CELL = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None}


def notebook(*cells, **metadata):
    cells = [CELL | {"id": f"c{number}"} | cell for number, cell in enumerate(cells or [{}])]
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole).encode()


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


def evidence(records, executed=None):
    return execution.Evidence(records, executed, None, True, 1.0, 1)


def graded(tmp_path, brought_back, students=TWO):
    """Grade a class whose runs bring back what is given, by student."""
    back = tmp_path / "back"
    back.mkdir(exist_ok=True)
    for student in students:
        if not list(back.glob(f"{student.id}.*")):
            (back / f"{student.id}.ipynb").write_bytes(notebook())

    def run(orders):
        return ((who, brought_back.get(who, evidence([]))) for who in orders)

    found = grade.grade(SETTINGS, list(students), back, tmp_path / "out", run=run)
    return {one.student.id: one for one in found}


@pytest.mark.parametrize("value", [nested(400), [{"array": [1, 2]}] * 4, "\ud800", ["\ud800"] * 4])
def test_no_record_stops_the_grading_of_a_class(value, tmp_path):
    records = [{"task": f"task-{number}", "value": value} for number in range(1, 9)]
    records += [
        {"task": "task-3", "function": True},
        {"task": "task-3", "case": 0, "value": value},
        {"task": "task-3", "case": 2, "error": "\ud800"},
    ]
    found = graded(tmp_path, {"ada": evidence(records)})
    assert found["ada"].points == found["alan"].points == 0
    assert found["ada"].status == "graded"


def test_depth_is_refused_as_it_would_be_in_the_students_process():
    with pytest.raises(WrongKind, match="far smaller"):
        values.encode(nested(22))
    with pytest.raises(WrongKind, match="far smaller"):
        values.decode(nested(22))
    assert values.decode(values.encode(nested(20))) == nested(20)


def test_half_a_surrogate_pair_in_what_ran_leaves_a_page(tmp_path):
    output = {"output_type": "stream", "name": "stdout", "text": "\ud800"}
    ran = notebook({"outputs": [output]}).decode()
    assert graded(tmp_path, {"ada": evidence([], ran)})["ada"].points == 0
    assert "as it ran" in (tmp_path / "out" / "feedback" / "ada.html").read_text(encoding="utf-8")


def test_what_nobody_has_thought_of_costs_its_own_row(tmp_path, monkeypatch):
    page = report.page

    def fragile(assignment, one, executed):
        if executed == "odd":
            raise RuntimeError("unheard of\nada: 100, graded")
        return page(assignment, one, executed)

    monkeypatch.setattr(report, "page", fragile)
    found = graded(tmp_path, {"ada": evidence([], "odd")})
    assert (found["ada"].points, found["alan"].points) == (None, 0)
    assert "could not be judged" in found["ada"].reason
    log = (tmp_path / "out" / "log.txt").read_text().splitlines()
    assert not any("20" not in line[:2] for line in log)


def test_half_a_surrogate_pair_in_a_submission_is_replaced():
    text = grade.checked(notebook({"source": "print('\ud800')"})).decode()
    assert json.loads(text)["cells"][0]["source"] == "print('?')"


def test_large_submissions_are_checked_in_little_time_and_space():
    outputs = [{"output_type": "stream", "name": "stdout", "text": ""}] * 200_000
    began = time.process_time()
    assert len(grade.checked(notebook({"outputs": outputs}))) < 1000
    assert len(grade.checked(notebook({"outputs": [*outputs, {"output_type": "x"}]}))) < 1000
    for large in (notebook(*[{}] * 1001), notebook(x=[nested(400)] * 3000)):
        with pytest.raises(grade.NoGrade, match="the notebook has more than"):
            grade.checked(large)
    # Indented, each of these would take a hundred times its place.
    deep = notebook(x=[nested(400)] * 100)
    assert len(grade.checked(deep)) <= len(deep)
    assert time.process_time() - began < 10


def archive(name="n.ipynb", kind=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as file:
        file.writestr(name, b"hello " * 1000)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive()[:45] + b"\xff" * 15 + archive()[60:],
        archive(kind=zipfile.ZIP_LZMA)[:50] + b"\xff" * 20 + archive(kind=zipfile.ZIP_LZMA)[70:],
        archive("né.ipynb").replace("é".encode(), b"\xff\xff"),
        b"",
    ],
)
def test_a_damaged_archive_is_named(content, tmp_path):
    (tmp_path / "ada.zip").write_bytes(content)
    with pytest.raises(grade.NoGrade, match="the archive ada.zip is damaged"):
        grade.find(tmp_path, NAME, Student("ada"))


def test_of_a_huge_file_no_more_is_read_than_says_so(tmp_path):
    with (tmp_path / "ada.ipynb").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(grade.NoGrade, match="larger than 20 MB"):
        grade.find(tmp_path, NAME, Student("ada"))


def test_names_in_an_archive_are_few_short_and_in_one_line_of_the_log(tmp_path):
    (tmp_path / "back").mkdir()
    with zipfile.ZipFile(tmp_path / "back" / "ada.zip", "w") as file:
        for number in range(500):
            file.writestr(f"{number}\nalan: 100, graded \x1b[31m{'x' * 500}.ipynb", b"")
    reason = graded(tmp_path, {})["ada"].reason
    assert reason.startswith("several notebooks")
    assert len(reason) < 1000
    log = (tmp_path / "out" / "log.txt").read_text()
    assert "\x1b" not in log
    assert len([line for line in log.splitlines() if "alan: 100" in line]) == 1


def test_a_file_whose_name_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "back").mkdir()
    try:
        (tmp_path / "back" / os.fsdecode(b"\xff.ipynb")).write_bytes(b"{}")
    except OSError:
        pytest.skip("this file system takes text only")
    graded(tmp_path, {})
    assert "?.ipynb belongs to nobody" in (tmp_path / "out" / "log.txt").read_text()


def test_a_students_own_file_name_does_not_reach_into_the_grade_of_another(tmp_path):
    names = ("doeann_17_4455_a1.ipynb", "roebob_LATE_4455_18_my_17_x_18_.ipynb")
    for name in names:
        (tmp_path / name).write_text(name)
    ann, bob = Student("ann", canvas_id="17"), Student("bob", canvas_id="4455")
    assert grade.find(tmp_path, NAME, ann).decode() == names[0]
    assert grade.find(tmp_path, NAME, bob).decode() == names[1]
    with pytest.raises(grade.NoGrade, match="no submission"):
        grade.find(tmp_path, NAME, Student("eve", canvas_id="18"))


def test_names_that_begin_with_anothers_name_are_told_apart(tmp_path):
    for name in ("Ann Li_1_assignsubmission_file", "Ann Li_x_2_assignsubmission_file"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ipynb").write_text(name)
    (tmp_path / "Zoe\u0301_3_assignsubmission_file_").mkdir()
    (tmp_path / "Zoe\u0301_3_assignsubmission_file_" / "a.ipynb").write_text("Zoe")
    found = [
        grade.find(tmp_path, NAME, Student("id", name)).decode()
        for name in ("Ann Li", "Ann Li_x", "Zo\u00e9")
    ]
    assert found == ["Ann Li_1_assignsubmission_file", "Ann Li_x_2_assignsubmission_file", "Zoe"]


def test_loose_files_of_moodle_find_their_students(tmp_path):
    (tmp_path / "Ann Li_1_assignsubmission_file_a1.ipynb").write_text("Ann's")
    (tmp_path / "Ann Li_x_2_assignsubmission_file_Ann Li_1_assignsubmission.ipynb").write_text("x")
    found = [grade.find(tmp_path, NAME, Student("id", name)) for name in ("Ann Li", "Ann Li_x")]
    assert found == [b"Ann's", b"x"]


def test_a_folder_of_any_depth_is_removed_after_a_run():
    with execution._folder() as folder:
        start = os.open(".", os.O_RDONLY)
        try:
            os.chdir(folder)
            for _ in range(1200):
                os.mkdir("d")
                os.symlink("/", "link")
                os.chdir("d")
        finally:
            os.fchdir(start)
            os.close(start)
        (folder / "closed").mkdir()
        (folder / "closed" / "inner").mkdir(mode=0)
        (folder / "closed").chmod(0)
    assert not folder.exists()


def test_no_table_holds_a_formula(tmp_path):
    names = ("=1+1", "+1", "-1", "@SUM(1)")
    students = [Student(f"s{number}", name, name) for number, name in enumerate(names)]
    graded(tmp_path, {}, students)
    for file in ("grades.csv", "moodle.csv", "canvas.csv"):
        with (tmp_path / "out" / file).open() as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
        assert "'=1+1" in cells


def hand_in(tmp_path, students, secret):
    (tmp_path / "back").mkdir(exist_ok=True)
    for who, variant in variants(students, NAME, secret).items():
        cell = {"source": f"variant = {variant}", "metadata": {"tags": ["parameters"]}}
        (tmp_path / "back" / f"{who}.ipynb").write_bytes(notebook(cell))


def test_another_secret_than_that_of_the_release_grades_nobody(tmp_path, capsys):
    students = [Student("ada"), Student("alan")]
    hand_in(tmp_path, students, SECRET)
    graded(tmp_path, {}, students)
    assert capsys.readouterr().err == ""
    before = (tmp_path / "out" / "grades.csv").read_bytes()
    hand_in(tmp_path, students, b"another secret of a course")
    with pytest.raises(RosterError, match="2 of 2 students.*ada, alan.*Nothing was run"):
        graded(tmp_path, {}, students)
    assert (tmp_path / "out" / "grades.csv").read_bytes() == before


def test_one_notebook_of_another_variant_is_graded_and_named(tmp_path, capsys):
    students = [Student("ada"), Student("alan")]
    hand_in(tmp_path, students, SECRET)
    (tmp_path / "back" / "ada.ipynb").write_bytes((tmp_path / "back" / "alan.ipynb").read_bytes())
    graded(tmp_path, {}, students)
    assert "1 of 2 students" in (said := capsys.readouterr().err) and ": ada." in said


def test_grades_of_another_assignment_are_not_replaced(tmp_path):
    (tmp_path / "back").mkdir()
    graded(tmp_path, {}, [Student("ada")])
    before = (tmp_path / "out" / "grades.csv").read_bytes()
    other = next(name for name in assignments.NAMES if name != NAME)
    with pytest.raises(RosterError, match=f"holds grades of {NAME}; give each assignment"):
        grade.grade(
            grade.Settings(other, SECRET), [Student("ada")], tmp_path / "back", tmp_path / "out"
        )
    assert (tmp_path / "out" / "grades.csv").read_bytes() == before


def test_a_folder_to_hide_that_is_not_there_is_an_error(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("id\nada\n")
    (tmp_path / "course.secret").write_bytes(SECRET)
    (tmp_path / "back").mkdir()
    command = ["grade", str(tmp_path / "back"), "--assignment", NAME]
    command += ["--roster", str(tmp_path / "roster.csv"), "--out", str(tmp_path / "graded")]
    assert cli.main([*command, "--hide", str(tmp_path / "relaese")]) == 1
    assert "relaese to hide" in capsys.readouterr().err


def test_a_release_removes_no_submissions_that_were_collected_in_its_place(tmp_path):
    collected = tmp_path / "students" / NAME / "ada.ipynb"
    collected.parent.mkdir(parents=True)
    collected.write_text("work of a week")
    with pytest.raises(RosterError, match="ada.ipynb is from no release"):
        release.release(NAME, list(TWO), SECRET, tmp_path)
    assert collected.read_text() == "work of a week"
    collected.unlink()
    for _ in range(2):
        release.release(NAME, list(TWO), SECRET, tmp_path)


def test_a_roster_is_parted_at_the_ends_of_its_lines_only(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text('id,name,email\r\nada,A\x0bB\x85C,a@b\r\nalan,"two\nlines",c@d\r\n', newline="")
    assert [student.id for student in read_roster(path)] == ["ada", "alan"]
    path.write_text('id,name\nada,"' + "open\n" * 30_000)
    with pytest.raises(RosterError, match="is a quotation mark left open"):
        read_roster(path)


def test_a_stop_ends_what_runs_at_once(monkeypatch):
    begun, ended = threading.Event(), []

    def execute(order, stop):
        if order == "long":
            begun.set()
            ended.append(stop.wait(30))
        begun.wait(30)
        return evidence([])

    monkeypatch.setattr(grade, "execute", execute)
    runs = grade.local({"ada": "short", "alan": "long"}, 2)
    assert next(runs)[0] == "ada"
    runs.close()
    assert ended == [True]


@pytest.mark.parametrize("kind", ["tuple", "entries", "list"])
def test_a_deep_answer_of_any_kind_is_refused_before_it_exhausts_the_stack(kind):
    value = 1
    for _ in range(400):
        value = (
            [value] if kind == "list" else {kind: [value] if kind == "tuple" else [["a", value]]}
        )
    with pytest.raises(WrongKind, match="something far smaller"):
        values.decode(value)


def feedback(*cells, records=()):
    student = Student("ada")
    ran = notebook(*cells).decode() if cells else None
    found = grade.graded(SETTINGS, student, 0, b"", evidence(list(records), ran))
    return report.page(assignments.get(NAME), found, ran)


def test_feedback_shows_markdown_and_lets_no_html_or_script_through():
    text = "# Title\n\nsome *words*\n\n<script>1</script> [a](javascript:1) <b onclick=1>x</b>"
    page = feedback({"cell_type": "markdown", "source": text}, {"source": "1"})
    assert "<h3>Title</h3>" in page and "<em>words</em>" in page
    assert "<script" not in page and "<b " not in page and 'href="javascript' not in page
    deep = feedback({"cell_type": "markdown", "source": ">" * 19_000}, {"source": "1"})
    assert deep.endswith("</html>\n")


def test_feedback_leads_from_a_task_to_the_cell_that_handed_it_in():
    page = feedback({"source": "1"}, {"source": 'assignments.answer(\n    "task-2", 3)'})
    (target,) = re.findall(r'<a href="#(\S+)">task-2</a>', page)
    assert f'id="{target}">assignments.answer(' in page
    assert 'href="#cell' not in page.replace(f'href="#{target}"', "")


def test_feedback_says_why_there_is_no_notebook():
    assert "is not shown" in feedback() and "is not shown" not in feedback({"source": "1"})


def test_a_run_is_in_the_profile_that_is_graded():
    def chosen(source):
        cell = {"source": source, "metadata": {"tags": ["parameters"]}}
        return worker._parameters(nbformat.reads(notebook(cell).decode(), 4), 17)

    assert chosen('variant = 0\nprofile = "full"') == {"variant": 17, "profile": "cpu"}
    assert chosen("variant = 0") == {"variant": 17}


def test_hidden_calls_are_others_for_another_notebook_and_the_same_for_the_same():
    def calls(content):
        return grade.order(SETTINGS, Student("ada"), 0, content, ()).calls

    assert calls(b"one") == calls(b"one") and calls(b"one") != calls(b"two")
