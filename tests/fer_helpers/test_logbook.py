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


def test_unknown_split(faces):
    with pytest.raises(ValueError, match="validation or test"):
        logbook.table(faces, split="train")
