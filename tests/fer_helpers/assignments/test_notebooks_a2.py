"""The solutions of assignment 2 earn all points."""

from fer_helpers import assignments
from tests.fer_helpers.assignments.marks import earned

NAME = "a2-training-and-metrics"


def test_the_instructors_notebook_earns_every_point(tmp_path):
    assert earned(NAME, 4711, tmp_path) == {t.name: t.points for t in assignments.get(NAME).tasks}
