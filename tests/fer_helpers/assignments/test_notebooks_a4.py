"""The solutions of assignment 4 earn all points, and its bars hold answers against themselves."""

import pytest

from data_fetch import load
from fer_helpers import assignments
from fer_helpers.assignments import a4_study
from fer_helpers.assignments.tasks import judge
from fer_helpers.assignments.values import encode
from fer_helpers.evaluation import possible_sample_sizes
from tests.fer_helpers.assignments.marks import earned

NAME = "a4-study"


def test_the_instructors_notebook_earns_every_point_but_those_of_the_long_training(tmp_path):
    found = earned(NAME, 17, tmp_path, profile="smoke")
    # The profile smoke trains for seconds: whether it reaches the bar is no matter of this test.
    del found["task-3"]
    points = {task.name: task.points for task in assignments.get(NAME).tasks}
    assert found == {name: points[name] for name in found}


def test_a_suspicion_costs_as_much_as_a_finding_earns():
    (task,) = (t for t in assignments.get(NAME).tasks if t.name == "task-9")
    work = assignments.get(NAME).work(17)
    key = task.key(work)
    *four, _ = key.items()
    sound = next(code for code in a4_study.FAULTS if code not in key)
    for given, points in ((dict(four), 12), (dict(four) | {sound: 0.5}, 10.5), ({sound: 0.5}, 0)):
        assert judge(task, work, [{"value": encode(given)}], 0).points == points
    # All eight codes with all their numbers would show no judgement.
    everything = {code: work._evidence[code][0] for code in a4_study.FAULTS}
    assert judge(task, work, [{"value": encode(everything)}], 0).points == 0


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"verdict": "a is better"}, 12),
        ({"p_value": 0.9}, 12),
        ({"accuracy": [0.5, 0.5], "only": [3, 3]}, 9),
        ({"interval": [[0.1, 0.9], [0.1, 0.9]]}, 12),
    ],
)
def test_numbers_that_do_not_follow_from_the_predictions_earn_nothing(change, points):
    (task,) = (t for t in assignments.get(NAME).tasks if t.name == "task-4")
    work = assignments.get(NAME).work(17)
    given = task.key(work) | change
    assert judge(task, work, [{"value": encode(given)}], 0).points == points


def test_labels_that_need_no_picture_are_those_of_the_pictures():
    work = assignments.get(NAME).work(17)
    for part, seen in (("train", a4_study._SHOWN), ("sealed", a4_study._SEALED)):
        pictures = load("sample", **seen)
        known = [work.classes[label] for label in a4_study._labels(work, part)]
        rows = a4_study._rows(work, part)
        assert known == [pictures.class_names[label] for label in pictures.labels[rows]]
        assert len(set(rows)) == len(rows) == 3 * work.images[part]


def test_every_variant_has_five_faults_and_the_paper_is_possible_otherwise():
    for variant in range(0, 10_000, 100):
        work = assignments.get(NAME).work(variant)
        assert len(work._planted) == 5
        assert len(set(work._planted) & {"choice", "copies", "people"}) == 2
        size = work._paper.street_test
        odd = [text for text in work.table_1.values() if not possible_sample_sizes([text], [size])]
        assert len(odd) == ("size" in work._planted)
        assert sum(work._paper.studio) == work._paper.studio_test
