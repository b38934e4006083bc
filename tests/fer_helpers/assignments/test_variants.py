"""Variants: all different, all equally hard, and graded alike."""

import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from fer_helpers import assignments, evaluation
from fer_helpers.assignments import a4_study
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


def test_what_the_courses_own_functions_return_can_be_handed_in():
    interval = evaluation.wilson_interval(30, 40)
    assert decode(encode({"interval": [interval]})) == {"interval": [list(interval)]}
    assert decode(encode(np.where([True, False], "yes", "no"))) == ["yes", "no"]
    assert decode(encode(np.str_("yes"))) == "yes"


def test_the_unfit_entry_of_a_dictionary_is_named(capsys):
    assignments.begin("a4-study", 0)
    assignments.answer("task-9", {"sum": ...})
    assignments.answer("task-9", {"sum": "twelve"})
    assignments.answer("task-3", {"a": "yes", "b": [0]})
    assignments.answer("task-1", [12, "no"])
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("a dict of 1 with dots in it, which are there to be replaced.")
    assert said[1].endswith("you gave a dict of 1 with 'twelve' in it.")
    assert said[2].endswith("you gave a dict of 2 with 'yes' in it.")
    assert said[3].endswith("you gave a list of 2 with 'no' in it.")


@pytest.mark.parametrize("seed", range(5))
def test_sizes_up_to_and_not_below_the_largest_are_asked_for(seed):
    (task,) = (t for t in assignments.get("a4-study").tasks if t.name == "task-5")
    calls = map(decode, encoded(task.calls(assignments.get("a4-study").work(0), seed)))
    assert any(a4_study.possible_sizes(printed, most)[-1:] == [most] for printed, most in calls)
