from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from fer_helpers import exercises

# All of them now: a test with checks of its own must not be the first to import a chapter's.
exercises._load()


@pytest.fixture
def dummies(monkeypatch):
    """Register exercises whose answers are easy to find in what is printed."""
    monkeypatch.setattr(exercises, "_CHECKS", {})

    @exercises.exercise("98-dummy.1")
    def _(answer):
        size = exercises.whole_number(answer)
        if size == 48:
            return "that would need padding."
        return None if size == 7341 else "count again."

    @exercises.exercise("98-dummy.2")
    def _(answer):
        array = exercises.numbers(answer, shape=(2, 2))
        return None if exercises.close(array, [[7341, 0], [0, 7341]]) else "look at the corners."

    @exercises.exercise("98-dummy.3")
    def _(answer):
        return None if exercises.choice(answer, ["same", "valid"]) == "same" else "which keeps it?"

    @exercises.exercise("98-dummy.4")
    def _(answer):
        return None if answer(3) == 7341 else "try it with 3."

    @exercises.exercise("98-dummy.5")
    def _(answer):
        return None if answer == 7341 else "look again."

    @exercises.exercise("98-dummy.6")
    def _(answer):
        value = exercises.number(answer(3) if callable(answer) else answer[0])
        return None if value == 7341 else "try it with 3."

    @exercises.exercise("99-dummy.1")
    def _(answer):
        return None


class Hostile:
    """Raises on whatever is done with it."""

    def _raise(self, *arguments):
        raise RuntimeError("7341")

    __eq__ = __lt__ = __len__ = __array__ = __float__ = __repr__ = __str__ = __call__ = _raise
    __getattr__ = __iter__ = __bool__ = __hash__ = _raise


ODD_ANSWERS = [
    None,
    ...,
    True,
    "7341",
    b"7341",
    "",
    3.5,
    float("nan"),
    float("inf"),
    1j,
    [],
    [[1, 2], [3]],
    [None, "a"],
    {"answer": 7341},
    {1, 2},
    range(3),
    (value for value in [7341]),
    object(),
    int,
    len,
    lambda: 7341,
    Hostile(),
    np.zeros((3, 3)),
    np.zeros(0),
    np.zeros((2, 2), dtype=complex),
    np.array([["a", "b"], ["c", "d"]]),
    np.array(None),
    np.broadcast_to(np.float32(0), (100_000, 100_000)),
    np.datetime64("2026-01-01"),
    10**400,
    range(10**9),
]


@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("number", range(1, 6))
def test_odd_answers_get_a_hint_and_never_an_error(dummies, capsys, number, answer):
    assert exercises.check(f"98-dummy.{number}", answer) is False
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ")
    assert printed.count("\n") == 1
    assert "7341" not in printed
    assert len(printed) < 250


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("98-dummy.1", 7341),
        ("98-dummy.1", 7341.0),
        ("98-dummy.1", np.int32(7341)),
        ("98-dummy.1", np.array(7341)),
        ("98-dummy.2", [[7341, 0], [0, 7341]]),
        ("98-dummy.2", np.diag([7341.0, 7341.0])),
        ("98-dummy.1", Fraction(7341)),
        ("98-dummy.2", [[Decimal(7341), 0], [0, Fraction(14682, 2)]]),
        ("98-dummy.3", " Same "),
        ("98-dummy.4", lambda x: 7338 + x),
    ],
)
def test_right_answers(dummies, capsys, name, answer):
    assert exercises.check(name, answer) is True
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(
    ("name", "answer", "printed"),
    [
        ("98-dummy.1", 48, "Not yet: that would need padding.\n"),
        ("98-dummy.1", "48", "Not yet: this asks for a number, and you gave text.\n"),
        (
            "98-dummy.1",
            0.5,
            "Not yet: this asks for a whole number, and you gave a value of type float.\n",
        ),
        ("98-dummy.1", None, "Not yet: this asks for a number, and you gave None.\n"),
        (
            "98-dummy.2",
            np.zeros((3, 3)),
            "Not yet: this asks for an array of numbers of shape (2, 2), "
            "and you gave an array of shape (3, 3).\n",
        ),
        (
            "98-dummy.3",
            "full",
            "Not yet: this asks for one of 'same', 'valid', and you gave text.\n",
        ),
        (
            "98-dummy.6",
            lambda x: None,
            "Not yet: your function should return a number, and you gave None.\n",
        ),
        ("98-dummy.6", [None], "Not yet: one part should be a number, and you gave None.\n"),
        (
            "98-dummy.6",
            lambda x: x / 0,
            "Not yet: your function was called and ended in ZeroDivisionError: division by zero.\n",
        ),
    ],
)
def test_hints_fit_the_mistake(dummies, capsys, name, answer, printed):
    assert exercises.check(name, answer) is False
    assert capsys.readouterr().out == printed


def test_keras_tensors_are_numbers(dummies):
    keras = pytest.importorskip("keras")
    assert exercises.check("98-dummy.1", keras.ops.convert_to_tensor(7341))
    assert exercises.check("98-dummy.2", keras.ops.convert_to_tensor([[7341, 0], [0, 7341]]))


def test_unknown_exercise_lists_those_of_its_chapter(dummies):
    with pytest.raises(ValueError, match=r"chapter 99-dummy has 99-dummy\.1$"):
        exercises.check("99-dummy.2", 1)
    for name in ("97-dummy.1", "dummy", None, ["98-dummy.1"]):
        with pytest.raises(ValueError, match="exercises of 98-dummy, 99-dummy$"):
            exercises.check(name, 1)


def test_names_are_unique_and_have_a_chapter(dummies):
    with pytest.raises(ValueError, match="already"):
        exercises.exercise("98-dummy.1")
    with pytest.raises(ValueError, match="'chapter.number'"):
        exercises.exercise("dummy")


@pytest.mark.parametrize("name", sorted(exercises._CHECKS))
@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=lambda answer: type(answer).__name__)
def test_no_exercise_of_the_course_fails_on_an_odd_answer(capsys, name, answer):
    exercises.check(name, answer)
    assert capsys.readouterr().out.startswith(("Not yet: ", "Right."))


def test_close_has_a_tolerance_and_minds_shapes():
    assert exercises.close(0.30001, 0.3, tolerance=1e-4)
    assert not exercises.close(0.3001, 0.3)
    assert not exercises.close([0.3], 0.3)
    assert not exercises.close(float("nan"), 0.3)


# ---- parameters ----

CHOICES = dict(dataset=("sample", "fer2013"), profile=("smoke", "cpu", "full"), seed=int)


def parameters(**changes):
    return {"dataset": "sample", "profile": "cpu", "seed": 0} | changes


def test_what_a_notebook_holds_is_no_parameter():
    namespace = parameters(
        np=np, In=[""], Out={}, _i="x", __name__="__main__", check=len, VIEWS=("a",)
    )
    exercises.check_parameters(namespace, **CHOICES)


@pytest.mark.parametrize("value", ["sample", 3, 0.5, True, None, [1], {"a": 1}])
def test_unknown_parameter(value):
    with pytest.raises(ValueError) as error:
        exercises.check_parameters(parameters(datset=value), **CHOICES)
    assert str(error.value) == (
        "unknown parameter 'datset'; this chapter takes dataset, profile, seed "
        "(did you mean 'dataset'?)"
    )


def test_missing_parameter():
    with pytest.raises(ValueError, match="'seed' is not set; this chapter takes dataset"):
        exercises.check_parameters({"dataset": "sample", "profile": "cpu"}, **CHOICES)


def test_a_learners_own_variables_do_not_count_once_a_check_has_passed():
    namespace = parameters()
    exercises.check_parameters(namespace, **CHOICES)
    namespace["total"] = 5
    exercises.check_parameters(namespace, **CHOICES)
    namespace["profile"] = "gpu"
    with pytest.raises(ValueError, match="unknown profile 'gpu'; choose one of 'smoke', 'cpu'"):
        exercises.check_parameters(namespace, **CHOICES)


@pytest.mark.parametrize("seed", [True, "3", 3.0, None, [3]])
def test_whole_numbers_are_whole_numbers(seed):
    with pytest.raises(ValueError, match="seed must be of type int, not"):
        exercises.check_parameters(parameters(seed=seed), **CHOICES)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_is_one_that_random_generators_take(seed):
    with pytest.raises(ValueError, match=f"seed must be a whole number from 0 to .*, not {seed}"):
        exercises.check_parameters(parameters(seed=seed), **CHOICES)


@pytest.mark.parametrize("dataset", ["Sample", "sam", "", None, 3, ["sample"], np.zeros(2)])
def test_illegal_values_list_the_choices(dataset):
    with pytest.raises(ValueError, match="choose one of 'sample', 'fer2013'"):
        exercises.check_parameters(parameters(dataset=dataset), **CHOICES)


@pytest.mark.parametrize(
    ("legal", "value", "accepted"),
    [
        (float, 1, True),
        (float, 0.5, True),
        (float, True, False),
        (float, "0.5", False),
        (bool, True, True),
        (bool, 1, False),
        (str, "x", True),
        (str, 1, False),
        ((1, 2), 1, True),
        ((1, 2), True, False),
        ((True, False), True, True),
        ((True, False), 1, False),
        ((None, "a"), None, True),
    ],
)
def test_types_and_choices(legal, value, accepted):
    if accepted:
        exercises.check_parameters({"x": value}, x=legal)
    else:
        with pytest.raises(ValueError, match="x"):
            exercises.check_parameters({"x": value}, x=legal)
