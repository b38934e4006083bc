import io
import json
import random

import numpy as np
import pytest

from data_fetch import load
from fer_helpers import logbook


@pytest.fixture(scope="module")
def faces():
    return load("sample", count=100)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("READING_FACES_LOGBOOK", str(tmp_path / "mine"))
    monkeypatch.setattr(logbook, "COURSE", tmp_path / "course")
    return tmp_path


def happy(images):
    return np.full(len(images), 3)


def even(images):
    return np.full((len(images), 7), 1 / 7)


def test_rows_come_back_in_the_order_of_chapters(faces, capsys):
    logbook.add("05-b", "second", faces, even, parameters=3)
    logbook.add("01-a", "first", faces, happy, parameters=0)
    rows = logbook.rows(faces)
    assert [row.model for row in rows.values()] == ["first", "second"]
    assert all(row.mine for row in rows.values())
    validation = faces.part("validation")
    assert rows["01-a"].probabilities["validation"].argmax(axis=1).tolist() == [3] * len(validation)
    assert np.allclose(rows["05-b"].probabilities["test"].sum(axis=1), 1)


def test_the_table_shows_validation_up_to_the_chapter(faces, capsys):
    logbook.add("05-b", "second", faces, even, parameters=3)
    capsys.readouterr()
    logbook.add("01-a", "first", faces, happy, parameters=1234)
    printed = capsys.readouterr().out
    share = np.mean(faces.part("validation").labels == 3)
    assert f"{share:8.3f}" in printed and "1,234" in printed and "synthetic" in printed
    assert "test faces" not in printed and "second" not in printed
    logbook.table(faces, split="test")
    printed = capsys.readouterr().out
    assert "test faces" in printed and "second" in printed


def test_answers_can_be_given_per_split(faces, capsys):
    answers = {split: even(faces.part(split).images) for split in logbook.SPLITS}
    answers["test"] = happy(faces.part("test").images)
    logbook.add("08-c", "third", faces, answers, parameters=0)
    row = logbook.rows(faces)["08-c"]
    assert np.allclose(row.probabilities["validation"], 1 / 7)
    assert (row.probabilities["test"].argmax(axis=1) == 3).all()


def test_a_chapter_run_again_replaces_its_row(faces, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    logbook.add("01-a", "better", faces, even, parameters=0)
    assert [row.model for row in logbook.rows(faces).values()] == ["better"]


def test_rows_of_other_faces_or_profiles_are_kept_apart(faces, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    assert not logbook.rows(faces, profile="smoke")
    assert not logbook.rows(load("sample", count=100, seed=1))
    logbook.table(faces, profile="smoke")
    assert "no row yet" in capsys.readouterr().out


def test_the_courses_rows_stand_in(faces, own, monkeypatch, capsys):
    monkeypatch.setenv("READING_FACES_LOGBOOK", str(own / "course"))
    logbook.add("01-a", "the course's", faces, happy, parameters=0)
    logbook.add("02-b", "also the course's", faces, happy, parameters=0)
    monkeypatch.setenv("READING_FACES_LOGBOOK", str(own / "mine"))
    logbook.add("01-a", "mine", faces, even, parameters=0)
    printed = capsys.readouterr().out
    assert "*" not in printed.split("mine")[-1]
    logbook.table(faces)
    printed = capsys.readouterr().out.splitlines()
    assert [line.endswith(" *") for line in printed if line[:1] == "0"] == [False, True]
    assert printed[-1].startswith("* the course's own row")
    rows = logbook.rows(faces)
    assert [row.mine for row in rows.values()] == [True, False]
    assert rows["01-a"].model == "mine"


@pytest.mark.parametrize(
    "bad",
    [
        lambda images: np.zeros(3, dtype=int),
        lambda images: np.full(len(images), 7),
        lambda images: np.full(len(images), -1),
        lambda images: np.ones((len(images), 7)),
        lambda images: np.zeros((len(images), 6)),
        lambda images: ["happy"] * len(images),
        lambda images: None,
        {},
        {"validation": np.zeros(10, dtype=int)},
    ],
)
def test_predictions_of_another_kind_leave_nothing(faces, own, bad):
    with pytest.raises(ValueError, match="class numbers|probabilities"):
        logbook.add("01-a", "bad", faces, bad, parameters=0)
    assert not (own / "mine").exists()


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_row_is_named(faces, own, damage, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    (path,) = (own / "mine").rglob("*.npz")
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    with pytest.raises(ValueError, match="01-a.npz.*run that chapter again"):
        logbook.table(faces)


def test_a_row_with_a_flipped_byte_is_read_or_named(faces, own, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    (path,) = (own / "mine").rglob("*.npz")
    good, chance = path.read_bytes(), random.Random(0)
    for _ in range(200):
        changed = bytearray(good)
        changed[chance.randrange(len(good))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            logbook.table(faces)
        except ValueError as error:
            assert "01-a.npz" in str(error)


@pytest.mark.parametrize(
    ("facts", "change"),
    [
        ({}, lambda a: a[:3]),
        ({}, lambda a: a[:, :6]),
        ({}, lambda a: a * np.nan),
        ({}, lambda a: a * 0),
        ({}, lambda a: a[0]),
        ({"parameters": "many"}, None),
        ({"model": None}, None),
        ({"chapter": 1}, None),
        ({"mine": True}, None),
    ],
)
def test_a_foreign_row_is_named(faces, own, facts, change, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    (path,) = (own / "mine").rglob("*.npz")
    arrays = {split: even(faces.part(split).images) for split in logbook.SPLITS}
    if change:
        arrays["test"] = change(arrays["test"])
    facts = {"chapter": "01-a", "model": "first", "parameters": 0} | facts
    file = io.BytesIO()
    np.savez_compressed(file, facts=json.dumps(facts), **arrays)
    path.write_bytes(file.getvalue())
    with pytest.raises(ValueError, match="01-a.npz"):
        logbook.table(faces)


def test_a_part_of_the_faces_is_no_damaged_row(faces, capsys):
    logbook.add("01-a", "first", faces, happy, parameters=0)
    with pytest.raises(ValueError, match="give all faces, as loaded"):
        logbook.table(faces.part("validation"))


@pytest.mark.parametrize("chapter", ["../x", "01/a", "", "a", None])
def test_a_row_stays_in_its_folder(faces, own, chapter):
    with pytest.raises(ValueError, match="05-sobel-contours"):
        logbook.add(chapter, "first", faces, happy, parameters=0)
    with pytest.raises(ValueError, match="such as 'cpu'"):
        logbook.add("01-a", "first", faces, happy, parameters=0, profile="../cpu")
    assert not (own / "mine").exists()


def test_a_folder_that_cannot_be_written_is_named(faces, own, monkeypatch, capsys):
    (own / "file").write_text("")
    monkeypatch.setenv("READING_FACES_LOGBOOK", str(own / "file"))
    with pytest.raises(OSError, match="file.*set READING_FACES_LOGBOOK"):
        logbook.add("01-a", "first", faces, happy, parameters=0)
    logbook.table(faces)
    assert "no row yet" in capsys.readouterr().out


def test_the_folder_may_be_in_ones_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("READING_FACES_LOGBOOK", "~/rows")
    assert logbook.folder() == tmp_path / "rows"


def test_unknown_split(faces):
    with pytest.raises(ValueError, match="validation or test"):
        logbook.table(faces, split="train")
