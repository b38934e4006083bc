"""Checks of the exercises, and of the parameters of a chapter.

An exercise is checked by a function that looks at an answer and returns None if it is right, or
a hint that fits the likeliest mistake. It must never tell the answer::

    @exercise("02-convolution.1")
    def _(answer):
        size = whole_number(answer)
        if size == 48:
            return "48 would need padding. How many positions has a 3-pixel window?"
        return None if size == 46 else "Count the positions of the window's left edge."

Each chapter has a module of its own here, imported when one of its exercises is checked:
``02-convolution`` is `convolution`.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

# All pixels of FER2013 are 83 million; to compare more may exhaust the memory of a laptop.
_LARGEST_ANSWER = 100_000_000

_CHECKS: dict[str, Callable[[Any], str | None]] = {}


class WrongKind(Exception):
    """The answer is not of the kind that the exercise asks for; the message says which it is.

    Where only a part of the answer is of the wrong kind, such as what a function of the learner
    has returned, that part comes second.
    """

    def __init__(self, kind: str, *part: object) -> None:
        super().__init__(kind)
        self.part = part


def exercise(name: str) -> Callable[[Callable[[Any], str | None]], Callable[[Any], str | None]]:
    """Register the function below as the check of an exercise.

    Parameters
    ----------
    name : chapter and number, such as "02-convolution.1"

    Raises
    ------
    ValueError : a name that is taken, or without a chapter.
    """
    if "." not in name:
        raise ValueError(f"an exercise is named 'chapter.number', not {name!r}")
    if name in _CHECKS:
        raise ValueError(f"there is an exercise {name!r} already")

    def register(function: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        _CHECKS[name] = function
        return function

    return register


def check(name: str, answer: object) -> bool:
    """Print "Right." or "Not yet: " and a hint, and return whether the answer is right.

    An answer of the wrong kind is an answer that is not right yet: it gets a hint, not an error.

    Parameters
    ----------
    name : chapter and number, such as "02-convolution.1"
    answer : whatever the learner worked out

    Raises
    ------
    ValueError : an unknown exercise; the message lists those of the chapter.
    """
    _load(name)
    if not isinstance(name, str) or name not in _CHECKS:
        raise ValueError(_unknown_exercise(name))
    try:
        if _size(answer) > _LARGEST_ANSWER:
            raise WrongKind("something far smaller")
        hint = _CHECKS[name](answer)
    except WrongKind as kind:
        hint = f"this asks for {kind}, and you gave {describe(answer)}."
        if kind.part and kind.part[0] is not answer:
            subject = "your function should return" if callable(answer) else "one part should be"
            hint = f"{subject} {kind}, and you gave {describe(kind.part[0])}."
    except Exception as error:
        # An answer may raise whatever it likes, when compared or called: still no traceback.
        hint = (
            f"{describe(answer)} could not be checked ({type(error).__name__}). "
            "Read again what kind of answer the exercise asks for."
        )
        if inspect.isfunction(answer):
            hint = f"your function was called and ended in {_message(error)}."
    print("Right." if hint is None else f"Not yet: {hint}")
    return hint is None


def _load(name: object = None) -> None:
    """Import the checks of the chapter of an exercise, or of every chapter."""
    wanted = str(name).rpartition(".")[0].partition("-")[2].replace("-", "_")
    for module in pkgutil.iter_modules(__path__):
        if name is None or module.name == wanted:
            importlib.import_module(f"{__name__}.{module.name}")


def _unknown_exercise(name: object) -> str:
    _load()
    chapter = str(name).rpartition(".")[0]
    names = [known for known in _CHECKS if known.rpartition(".")[0] == chapter]
    if names:
        return f"unknown exercise {name!r}; chapter {chapter} has {', '.join(names)}"
    chapters = sorted({known.rpartition(".")[0] for known in _CHECKS})
    return f"unknown exercise {name!r}; there are exercises of {', '.join(chapters)}"


def _size(answer: object) -> int:
    if type(answer) is np.ndarray:
        return answer.size
    return len(answer) if type(answer) in (list, tuple, range, str, bytes, dict, set) else 0


def _message(error: Exception) -> str:
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return (text if len(text) <= 150 else f"{text[:150]}…").rstrip(".")


def describe(answer: object) -> str:
    """Name the kind of an answer without looking into it: it may be huge, or raise."""
    kind = type(answer)
    if answer is None:
        return "None"
    if answer is Ellipsis:
        return "..., which is there to be replaced"
    if kind is bool:
        return "True or False"
    if kind is str:
        return "text"
    if kind is np.ndarray:
        return f"an array of shape {answer.shape}"
    if kind in (list, tuple, dict, set):
        return f"a {kind.__name__} of {len(answer)}"
    if inspect.isroutine(answer):
        return "a function"
    return f"a value of type {kind.__name__}"


def number(answer: object) -> float:
    """Return the answer as a number, or raise `WrongKind`: not for text, truth values or lists.

    Examples
    --------
    >>> number(np.float32(0.5))
    0.5
    """
    try:
        # float() alone would take text and truth values.
        array = _array(answer)
        if array.dtype.kind in "iuf" and array.ndim == 0:
            return float(array)
    except Exception:
        pass
    raise WrongKind("a number", answer)


def _array(answer: object) -> np.ndarray:
    """Return the answer as an array; one of fractions or decimals as floats."""
    array = np.asarray(answer)
    exact = (Fraction, Decimal, int, float)
    if array.dtype == object and all(type(value) in exact for value in array.flat):
        return array.astype(float)
    return array


def whole_number(answer: object) -> int:
    """Return the answer as a whole number, or raise `WrongKind`; 46.0 is one.

    Examples
    --------
    >>> whole_number(46.0)
    46
    """
    value = number(answer)
    if not value.is_integer():
        raise WrongKind("a whole number", answer)
    return int(value)


def choice(answer: object, options: Sequence[str]) -> str:
    """Return the answer as one of the options, in lower case, or raise `WrongKind`.

    Examples
    --------
    >>> choice(" Valid", ["valid", "same"])
    'valid'
    """
    text = answer.strip().lower() if isinstance(answer, str) else None
    if text not in options:
        raise WrongKind(f"one of {', '.join(repr(option) for option in options)}", answer)
    return text


def numbers(answer: object, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return the answer as an array of floats, or raise `WrongKind`; Keras tensors are welcome.

    Parameters
    ----------
    answer : anything
    shape : shape to insist on; the hint names it, so leave it out where it is the question

    Examples
    --------
    >>> numbers([[1, 2], [3, 4]], shape=(2, 2))
    array([[1., 2.],
           [3., 4.]])
    """
    kind = "an array of numbers" + ("" if shape is None else f" of shape {shape}")
    try:
        array = _array(answer)
        legal = array.dtype.kind in "iuf" and (shape is None or array.shape == tuple(shape))
    except Exception:
        legal = False
    if not legal:
        raise WrongKind(kind, answer)
    return array.astype(float)


def close(answer: object, expected: object, tolerance: float = 1e-6) -> bool:
    """Tell whether numbers equal the expected ones, up to an absolute tolerance; shapes count.

    Examples
    --------
    >>> close([0.1 + 0.2, 1], [0.3, 1])
    True
    >>> close([1, 1], 1)
    False
    """
    answer, expected = np.asarray(answer), np.asarray(expected)
    if answer.shape != expected.shape:
        return False
    return bool(np.allclose(answer, expected, rtol=0, atol=tolerance))


# What a notebook's namespace holds beside the parameters: IPython's history.
_NOTEBOOK_NAMES = {"In", "Out"}
_CHECKED = "_parameters_are_checked"


def check_parameters(namespace: dict[str, Any], **choices: Sequence[Any] | type) -> None:
    """Check the parameters of a chapter; call it with `globals()` right after they are set.

    Papermill only prints a line for a parameter that a notebook does not have, and nothing for
    an illegal value. So every plain value in the namespace must be a parameter, until the first
    check has passed: from then on, a learner's own variables are nobody's business.

    Parameters
    ----------
    namespace : `globals()`; notes there, under a name with an underscore, that a check has passed
    choices : for each parameter its legal values, or a type; `int` refuses True and "3", and a
        parameter named seed must be one that random generators take

    Raises
    ------
    ValueError : an unknown or a missing parameter, or an illegal value; says what is legal.

    Examples
    --------
    >>> check_parameters({"dataset": "sample", "seed": 0}, dataset=("sample", "fer2013"), seed=int)
    >>> check_parameters({"datset": "sample", "seed": 0}, seed=int)
    Traceback (most recent call last):
    ValueError: unknown parameter 'datset'; this chapter takes seed
    """
    if _CHECKED not in namespace:
        for name, value in namespace.items():
            plain = value is None or isinstance(value, (str, int, float, list, dict))
            known = name in choices or name in _NOTEBOOK_NAMES or name.startswith("_")
            if plain and not known:
                likely = difflib.get_close_matches(name, choices, n=1)
                advice = f" (did you mean {likely[0]!r}?)" if likely else ""
                raise ValueError(
                    f"unknown parameter {name!r}; this chapter takes {', '.join(choices)}{advice}"
                )
    for name, legal in choices.items():
        if name not in namespace:
            raise ValueError(
                f"parameter {name!r} is not set; this chapter takes {', '.join(choices)}"
            )
        value = namespace[name]
        if isinstance(legal, type):
            if not _is_of(value, legal):
                raise ValueError(f"{name} must be of type {legal.__name__}, not {value!r}")
            # NumPy refuses any other, but without saying which parameter it was.
            if name == "seed" and not 0 <= value < 2**32:
                raise ValueError(f"seed must be a whole number from 0 to {2**32 - 1}, not {value}")
        elif not any(_same(value, option) for option in legal):
            listed = ", ".join(repr(option) for option in legal)
            raise ValueError(f"unknown {name} {value!r}; choose one of {listed}")
    namespace[_CHECKED] = True


def _is_of(value: object, legal: type) -> bool:
    if isinstance(value, bool):
        return legal is bool
    return isinstance(value, (int, float) if legal is float else legal)


def _same(value: object, option: object) -> bool:
    plain = value is None or isinstance(value, (str, int, float))
    return plain and isinstance(value, bool) == isinstance(option, bool) and value == option
