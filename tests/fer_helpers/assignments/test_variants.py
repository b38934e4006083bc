"""Variants: all different, all equally hard, and graded alike."""

import numpy as np
import pytest

from fer_helpers import assignments
from fer_helpers.assignments.tasks import judge
from fer_helpers.assignments.values import encode
from tests.fer_helpers.assignments import solvers

VARIANTS = range(0, 10_000, 200)


def points(name, work, answers, seed=7):
    return [
        judge(task, work, solvers.records(task, work, answers[task.name], seed), seed).points
        for task in assignments.get(name).tasks
    ]


@pytest.mark.parametrize("name", assignments.NAMES)
def test_the_reference_solution_has_full_marks_in_fifty_variants(name):
    assignment = assignments.get(name)
    for variant in VARIANTS:
        work = assignment.work(variant)
        answers = solvers.reference(name)(work)
        assert points(name, work, answers, seed=variant) == [t.points for t in assignment.tasks]


@pytest.mark.parametrize(
    ("name", "solver"),
    [(name, solver) for name in assignments.NAMES for solver in solvers.WRONG[name]],
)
def test_a_typical_wrong_solution_has_the_same_marks_in_fifty_variants(name, solver):
    assignment = assignments.get(name)
    marks = set()
    for variant in VARIANTS:
        work = assignment.work(variant)
        marks.add(tuple(points(name, work, solver(work), seed=variant)))
    (only,) = marks
    assert 0 < sum(only) < 100
    assert sum(mark < task.points for mark, task in zip(only, assignment.tasks, strict=True)) >= 2


@pytest.mark.parametrize("name", assignments.NAMES)
def test_every_known_mistake_earns_its_share_in_fifty_variants(name):
    assignment = assignments.get(name)
    for variant in VARIANTS:
        work = assignment.work(variant)
        for task in assignment.tasks:
            for slip in task.slips:
                given = [{"task": task.name, "value": encode(_listed(slip.gives(work)))}]
                result = judge(task, work, given, 0)
                assert result.points == round(slip.share * task.points, 2), (variant, task.name)
                assert result.says == slip.says


@pytest.mark.parametrize("name", assignments.NAMES)
def test_no_two_variants_share_a_key_and_no_key_says_more_than_its_task(name):
    assignment = assignments.get(name)
    keys = set()
    for variant in range(assignments.VARIANTS):
        key = assignment.key(assignment.work(variant))
        keys.add(repr({task: np.asarray(answer).tolist() for task, answer in key.items()}))
    assert len(keys) == assignments.VARIANTS


@pytest.mark.parametrize("name", assignments.NAMES)
def test_there_are_six_to_ten_tasks_and_what_is_handed_out_holds_no_key(name):
    assignment = assignments.get(name)
    assert 6 <= len(assignment.tasks) <= 10
    shown = vars(assignments.begin(name, 3))
    assert not [key for key in shown if key.startswith("_")]


def _listed(value):
    return list(value) if isinstance(value, tuple) else value
