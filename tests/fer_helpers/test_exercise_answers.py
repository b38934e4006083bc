"""Right and wrong answers of every exercise: each common mistake gets its own hint.

The answers of a chapter are in ``answers/``, in the file that its module of checks is named after.
"""

import re
import runpy
from pathlib import Path

import pytest

from fer_helpers import exercises
from tools import chapters

RIGHT, WRONG = {}, []
for path in sorted((Path(__file__).parent / "answers").glob("*.py")):
    answers = runpy.run_path(str(path))
    RIGHT |= answers["RIGHT"]
    WRONG += answers["WRONG"]
EXERCISES = {
    f"{chapter.name}.{number.split('.')[1]}"
    for chapter in map(chapters.read, chapters.names())
    for number in chapter.exercises.values()
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers(name, capsys):
    for answer in RIGHT[name]:
        assert exercises.check(name, answer), capsys.readouterr().out
        assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answers(name, answer, hint, capsys):
    assert not exercises.check(name, answer)
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ")
    assert hint in printed
    for right in RIGHT[name]:
        # One digit alone, as in "step 2", gives nothing away.
        if isinstance(right, (int, float)) and len(f"{right:g}") > 1:
            assert not re.search(rf"(?<![\d.]){re.escape(f'{right:g}')}(?![\d])", printed)


def test_every_exercise_has_a_check_and_is_tested():
    exercises._load()
    assert EXERCISES == set(exercises._CHECKS) == set(RIGHT)


def test_every_exercise_has_wrong_answers_with_different_hints():
    for exercise in EXERCISES:
        assert len({hint for name, _, hint in WRONG if name == exercise}) >= 2, exercise
