"""Variants: all different, all equally hard, and graded alike."""

import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from fer_helpers import assignments
from fer_helpers.assignments.tasks import encoded, judge
from fer_helpers.assignments.values import decode, encode
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


def keys(name, numbers):
    """Return a hash of the answer key of each of these variants."""
    assignment = assignments.get(name)
    found = []
    for variant in numbers:
        key = assignment.key(assignment.work(variant))
        text = repr({task: np.asarray(answer).tolist() for task, answer in key.items()})
        found.append(hashlib.sha256(text.encode()).digest())
    return found


@pytest.mark.parametrize("name", assignments.NAMES)
def test_no_two_variants_share_a_key(name):
    # New processes, not forks: TensorFlow's threads of other tests do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        halves = [range(half, assignments.VARIANTS, 2) for half in range(2)]
        one, other = pool.map(keys, [name] * 2, halves)
    assert len({*one, *other}) == assignments.VARIANTS


@pytest.mark.parametrize("name", assignments.NAMES)
def test_there_are_six_to_ten_tasks_and_what_is_handed_out_holds_no_key(name):
    assignment = assignments.get(name)
    assert 6 <= len(assignment.tasks) <= 10
    shown = vars(assignments.begin(name, 3))
    assert not [key for key in shown if key.startswith("_")]


def _listed(value):
    return list(value) if isinstance(value, tuple) else value


def test_a_known_shape_reaches_a_function_as_the_tuple_that_it_was_written_for():
    (task,) = (t for t in assignments.get("a3-architectures").tasks if t.name == "task-2")
    for arguments in encoded(task.calls(assignments.get("a3-architectures").work(0), 7)):
        shape, layers = decode(arguments)
        assert type(shape) is tuple and type(layers) is list


def test_a_typical_batch_of_one_is_noted_and_an_unfit_part_is_named(capsys):
    assignments.begin("a3-architectures", 0)
    assignments.answer("task-9", np.ones((1, 3)))
    assignments.answer("task-9", np.ones((3, 1)))
    assignments.answer("task-1", [..., 3])
    assignments.begin("a1-convolution", 0)
    assignments.answer("task-6", ["blur", "Sobel", "shift", "spots"])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "task-9: noted, an array of shape (1, 3)."
    assert said[1].startswith("task-9: not noted. It asks for a list of 3 numbers")
    assert said[2].endswith("you gave a list of 2 with dots in it, which are there to be replaced.")
    assert said[3].endswith("and you gave a list of 4 with 'Sobel' in it.")
