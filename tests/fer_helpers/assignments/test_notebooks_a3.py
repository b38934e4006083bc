"""The solutions of assignment 3 earn all points."""

from fer_helpers import assignments
from tests.fer_helpers.assignments.marks import earned

NAME = "a3-architectures"


def test_the_instructors_notebook_earns_every_point(tmp_path):
    assert earned(NAME, 4711, tmp_path) == {t.name: t.points for t in assignments.get(NAME).tasks}
