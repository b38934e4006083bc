"""Checks of the exercises, and of the parameters of a chapter.

An exercise is checked by a function that looks at an answer and returns None if it is right, or
a hint that fits the likeliest mistake. It must never tell the answer::

    @exercise("02-convolution.1")
    def _(answer):
        size = whole_number(answer)
        if size == 48:
            return "48 would need padding. How many positions has a 3-pixel window?"
        return None if size == 46 else "Count the positions of the window's left edge."

Chapters add theirs below, each in its marked section.
"""

import difflib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, chi2

from fer_helpers import ops, results, views

# All pixels of FER2013 are 83 million; to compare more may exhaust the memory of a laptop.
_LARGEST_ANSWER = 100_000_000

_CHECKS: dict[str, Callable[[Any], str | None]] = {}


class WrongKind(Exception):
    """The answer is not of the kind that the exercise asks for; the message says which it is."""


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
    if not isinstance(name, str) or name not in _CHECKS:
        raise ValueError(_unknown_exercise(name))
    try:
        if type(answer) is np.ndarray and answer.size > _LARGEST_ANSWER:
            raise WrongKind("something far smaller")
        hint = _CHECKS[name](answer)
    except WrongKind as kind:
        hint = f"this asks for {kind}, and you gave {_describe(answer)}."
    except Exception as error:
        # An answer may raise whatever it likes, when compared or called: still no traceback.
        hint = (
            f"{_describe(answer)} could not be checked ({type(error).__name__}). "
            "Read again what kind of answer the exercise asks for."
        )
    print("Right." if hint is None else f"Not yet: {hint}")
    return hint is None


def _unknown_exercise(name: object) -> str:
    chapter = str(name).rpartition(".")[0]
    names = [known for known in _CHECKS if known.rpartition(".")[0] == chapter]
    if names:
        return f"unknown exercise {name!r}; chapter {chapter} has {', '.join(names)}"
    chapters = sorted({known.rpartition(".")[0] for known in _CHECKS})
    return f"unknown exercise {name!r}; there are exercises of {', '.join(chapters)}"


def _describe(answer: object) -> str:
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
        if np.asarray(answer).dtype.kind in "iuf" and np.ndim(answer) == 0:
            return float(answer)
    except Exception:
        pass
    raise WrongKind("a number")


def whole_number(answer: object) -> int:
    """Return the answer as a whole number, or raise `WrongKind`; 46.0 is one.

    Examples
    --------
    >>> whole_number(46.0)
    46
    """
    value = number(answer)
    if not value.is_integer():
        raise WrongKind("a whole number")
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
        raise WrongKind(f"one of {', '.join(repr(option) for option in options)}")
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
        array = np.asarray(answer)
        legal = array.dtype.kind in "iuf" and (shape is None or array.shape == tuple(shape))
    except Exception:
        legal = False
    if not legal:
        raise WrongKind(kind)
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
    choices : for each parameter its legal values, or a type; `int` refuses True and "3"

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


# ---- 02-convolution -----------------------------------------------------------------------------


@exercise("02-convolution.1")
def _(answer):
    if not isinstance(answer, (tuple, list)) or len(answer) != 4:
        raise WrongKind("four things: the window, the kernel, and your two numbers")
    window, kernel = (numbers(part, shape=(3, 3)) for part in answer[:2])
    correlated, convolved = (number(part) for part in answer[2:])
    right = (window * kernel).sum(), (window * kernel[::-1, ::-1]).sum()
    if close((correlated, convolved), right):
        return None
    if close((convolved, correlated), right):
        return "both numbers are there, in the other order: which of the two turns the kernel?"
    if not close(correlated, right[0]):
        return "start with cross-correlation: each weight times the pixel at the same place."
    if any(close(convolved, (window * half).sum()) for half in (kernel[::-1], kernel[:, ::-1])):
        return "your second kernel is mirrored. A half turn reverses the rows and the columns."
    if close(convolved, (window * kernel.T).sum()):
        return "your second kernel is transposed. A half turn reverses the rows and the columns."
    return "the first number is right. For the second, turn the kernel before you multiply."


@exercise("02-convolution.2")
def _(answer):
    kernel = numbers(answer, shape=(3, 3))
    mover = np.zeros((3, 3))
    mover[1, 2] = 1
    if close(kernel, mover):
        return None
    if close(kernel, mover[:, ::-1]):
        return (
            "that moves the picture to the right. Which old pixel does the moved picture show "
            "at column 5?"
        )
    if close(kernel, mover.T) or close(kernel, mover.T[::-1]):
        return "that moves the picture up or down."
    if np.count_nonzero(kernel) != 1:
        return "every new pixel is one old pixel. How many weights can then differ from zero?"
    if not close(kernel.sum(), 1):
        return "the brightness changes too. What must the weights add up to?"
    return "try your kernel on the picture with one bright pixel: how far does it go, and where?"


@exercise("02-convolution.3")
def _(answer):
    kind = 'a list of three layers, each (stride, padding) such as (2, "same")'
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise WrongKind(kind)
    sides = [48]
    for layer in answer:
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise WrongKind(kind)
        stride, padding = whole_number(layer[0]), choice(layer[1], ("valid", "same"))
        if stride not in (1, 2, 3):
            return "strides of 1, 2 or 3 only."
        try:
            sides.append(ops.output_size(sides[-1], 3, stride=stride, padding=padding))
        except ValueError:
            return f"a layer cannot follow on a side of {sides[-1]} with a stride of {stride}."
    if sides[-1] == 5:
        return None
    return f"the sides are {', '.join(map(str, sides))}. Start from 5: what can become 5?"


@exercise("02-convolution.4")
def _(answer):
    wide, small = numbers(answer, shape=(2,))
    right = ops.conv_parameters(5, 32, 32), 2 * ops.conv_parameters(3, 32, 32)
    if close((wide, small), right):
        return None
    if close((small, wide), right):
        return "the other way round: first the one 5×5 layer."
    if close((wide, small), [25 * 32 * 32, 2 * 9 * 32 * 32]):
        return "nearly: each filter also has a bias."
    if close((wide, small), [(25 + 1) * 32, 2 * (9 + 1) * 32]):
        return "a filter has a kernel for each of its input channels."
    if close(wide, right[0]) and close(small, right[1] / 2):
        return "the first is right; the second counts one of the two layers."
    return "count for one filter first: its weights, its channels, its bias. Then for all filters."


@exercise("02-convolution.5")
def _(answer):
    if isinstance(answer, str) or not isinstance(answer, (set, frozenset, list, tuple)):
        raise WrongKind('a set of letters, such as {"A", "F"}')
    letters = {choice(letter, tuple("abcdef")) for letter in answer}
    right = set("abd")
    if letters == right:
        return None
    if right < letters:
        return "one of them at least is too many: are its rows multiples of one row?"
    if letters == right - {"b"}:
        return "one is missing, the plainest of all."
    if letters < right:
        return "those are right, but there are more."
    return "in a product of a column and a row, every row is a multiple of the same row."


@exercise("02-convolution.6")
def _(answer):
    layer, field = (int(value) for value in numbers(answer, shape=(2,)))
    fields = [
        ops.receptive_field([(3, 2 if strided == number else 1) for number in range(6)])
        for strided in range(6)
    ]
    if layer not in range(1, 7):
        return "the layers are counted from 1 to 6."
    if fields[layer - 1] == max(fields):
        if field == fields[layer - 1]:
            return None
        return (
            "that is the layer. Now add up: what does each later layer add, when one step of its "
            "map is two pixels?"
        )
    if layer == 6:
        return "which layers come after the sixth, and would take larger steps?"
    return "a stride enlarges the steps of the layers after it. How many are there?"


# ---- 04-pooling ---------------------------------------------------------------------------------


@exercise("04-pooling.1")
def _(answer):
    side = number(answer)
    if side == 6:
        return "the poolings alone would leave that. What does a convolution without padding take?"
    if side == 5:
        return "an odd side cannot be halved; which way does pooling round?"
    return None if side == 4 else "write the side down after each of the six layers."


@exercise("04-pooling.2")
def _(answer):
    share = number(answer)
    if close(share, 9 / 16, 1e-3):
        return None
    if close(share, 7 / 16, 1e-3):
        return "that is the share in which the step shows."
    if close(share, 3 / 4, 1e-3):
        return "that is one direction alone; both steps must stay invisible."
    if close(share, 1 / 4, 1e-3):
        return "that is one pooling. How large are the blocks after two?"
    if close(share, 1 / 16, 1e-3):
        return "from how many of a block's 16 places does the step stay in the block?"
    return "how many input pixels does one final value cover, and from which of them may one step?"


@exercise("04-pooling.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes a map")
    maps = [
        np.array([[3.0, -2.0, 7.0, 0.0], [5.0, 1.0, -4.0, 6.0]]),
        np.arange(36.0).reshape(6, 6) * 1.5 - 20,
    ]
    for values in maps:
        got, right = numbers(answer(values.copy())), -ops.max_pool(-values)
        if close(got, right):
            continue
        if close(got, -right):
            return "nearly: the sizes are right and the signs are turned over. Turn them back."
        if close(got, ops.max_pool(values)):
            return "that is still the largest value. What becomes of the order when signs turn?"
        if close(got, -ops.max_pool(values)):
            return "turning the result over is too late. What must go *into* the maximum?"
        if got.shape != right.shape:
            return f"a {values.shape} map should become {right.shape}, and becomes {got.shape}."
        return "for a map with negative numbers the result is wrong."
    return None


@exercise("04-pooling.4")
def _(answer):
    slope = number(answer)
    if close(slope, 1, 1e-2):
        return "1 for each window that it wins. How many windows is it in?"
    if close(slope, 4 / 9, 1e-2) or close(slope, 1 / 9, 1e-2):
        return "average pooling shares out; max pooling does not."
    return None if close(slope, 4, 1e-2) else "draw the windows: where does each begin?"


@exercise("04-pooling.5")
def _(answer):
    kernel = numbers(answer)
    if kernel.shape == (2, 2):
        return "one value of the result depends on more than 2×2 pixels. On how many?"
    if kernel.shape != (4, 4):
        return f"a kernel of shape {kernel.shape} does not cover what one value of the result sees."
    if close(kernel, np.full((4, 4), 1 / 16)):
        return None
    if close(kernel, np.full((4, 4), 1 / 4)):
        return "the size is right, but a map of ones would come out as something else than ones."
    return "the size is right. Which pixels count more than others, if any?"


# ---- 05-sobel-contours --------------------------------------------------------------------------


@exercise("05-sobel-contours.1")
def _(answer):
    magnitude = number(answer)
    if close(magnitude, 100, 0.1):
        return None
    hints = {
        140: "that adds the two up; the magnitude is the root of the sum of squares.",
        80: "that is the change along the width alone.",
        60: "that is one of the two, or both without the weight 2 in the middle.",
        10000: "the root is missing.",
        12.5: "that is brightness per pixel; the exercise asks for the kernels' own numbers.",
        20: "the squares are added, not subtracted from each other.",
    }
    if close(magnitude, np.hypot(60, 40), 0.1):
        return "the pixels next to the centre have the weight 2."
    for wrong, hint in hints.items():
        if close(abs(magnitude), wrong, 0.1):
            return hint
    return "each kernel: the weighted sum of one side minus that of the other. The centre counts 0."


@exercise("05-sobel-contours.2")
def _(answer):
    largest = number(answer)
    if close(largest, np.sqrt(20), 0.01):
        return None
    if close(largest, 4 * np.sqrt(2), 0.01):
        return "that needs both kernels at their largest in one window. Is there such a window?"
    if close(largest, 4, 0.01):
        return "that is a straight edge along a row or column. Can another window do better?"
    if close(largest, 3 * np.sqrt(2), 0.01):
        return "that is an edge at 45°, a good try; not every angle has been tried."
    if close(largest, 20, 0.01):
        return "the root is missing."
    if largest > 8:
        return "the pixels lie between 0 and 1 here, not between 0 and 255."
    return "try all windows whose eight outer pixels are 0 or 1: there are only 256."


@exercise("05-sobel-contours.3")
def _(answer):
    growth = number(answer)
    if close(growth, np.sqrt(12), 0.02):
        return None
    if close(growth, 12, 0.02):
        return "that is by how much the *variance* grows."
    if close(growth, 8, 0.02):
        return "that adds the absolute weights, as if all noise pulled the same way."
    if close(growth, 0, 0.02):
        return "weights that add up to zero remove the mean of the noise, not its spread."
    if close(growth, np.sqrt(6), 0.02):
        return "the two weights of 2 count four times in the variance, not once."
    if close(growth, np.sqrt(8), 0.02):
        return "variances add with the *squares* of the weights."
    return "the variance of a weighted sum of independent numbers: add up the squared weights."


@exercise("05-sobel-contours.4")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes an image")
    down, across = np.mgrid[0:24, 0:24] / 24
    image = 40 + 120 * across**2 + 60 * np.sin(7 * down) * (across > 0.5) + 20 * down
    bright, dim = numbers(answer(image.copy())), numbers(answer(0.4 * image))
    if bright.shape != image.shape:
        return f"a contour of shape {image.shape} is asked for, not {bright.shape}."
    if not (np.isfinite(bright).all() and np.isfinite(dim).all()):
        return "the result holds values that are not finite. What was divided by zero?"
    if bright.std() < 1e-9 * max(1.0, np.abs(bright).max()):
        return "a constant does not change with the light, but it shows no contour either."
    likeness = np.corrcoef(bright.ravel(), ops.sobel(image)[2].ravel())[0, 1]
    if likeness < 0.5:
        return "steady it is, but where the image has its edges the result is not larger."
    change = np.abs(bright - dim).max() / np.abs(bright).max()
    if change > 0.05:
        return "in dimmer light the result is still another. What shrinks as the contour does?"
    return None if change < 1e-3 else "nearly: what you add before dividing does not shrink along."


# ---- 24-three-view-ensemble ---------------------------------------------------------------------


@exercise("24-three-view-ensemble.1")
def _(answer):
    count = number(answer)
    if 7_000 <= count <= 8_500:
        return None
    if 1_400 <= count <= 1_700:
        return "those are the discordant faces alone. Which share of all faces are they?"
    if 35_000 <= count <= 42_000:
        return "that takes every face for a coin toss. On how many do the two networks differ?"
    return (
        "of n faces, how many are discordant, and by how many do the two counts differ? "
        "Put both into the rule of thumb."
    )


@exercise("24-three-view-ensemble.2")
def _(answer):
    constant = number(answer)
    if close(constant, 1):
        return None
    if close(constant, 0):
        return "zeros are what made the difference."
    if close(constant, 255):
        return "the views are floats: which value is white?"
    return "which value surrounds the image, and what is its negative?"


@exercise("24-three-view-ensemble.3")
def _(answer):
    count = whole_number(answer)
    runs = results.stored("three-view-ensemble", "fer2013", "cpu")
    labels = results.reference("three-view-ensemble", "fer2013", "cpu").labels["test"]
    stack = np.stack([runs[view, 0].probabilities["test"] for view in views.VIEWS])
    seeds = np.stack([runs["image", seed].probabilities["test"] for seed in range(3)])

    def right(rows):
        return int(np.sum(rows.argmax(axis=1) == labels))

    # A product of rounded probabilities may tie where a sum of logarithms does not.
    if abs(count - right(stack.prod(axis=0))) <= 2:
        return None
    if count == right(stack.mean(axis=0)):
        return "that is the arithmetic mean."
    if count == right(seeds.prod(axis=0)):
        return "that is the product of three seeds of the image; take the three views."
    if count <= 1:
        return "this asks for a number of faces, not for a share."
    return (
        "multiply the three arrays of probabilities, take the largest class, count the right ones."
    )


@exercise("24-three-view-ensemble.4")
def _(answer):
    p_value = number(answer)
    right = binomtest(60, 102).pvalue
    if close(p_value, right, 0.002):
        return None
    if close(p_value, right / 2, 0.002):
        return "that is one side of the coin: nobody said beforehand which network is better."
    if close(p_value, binomtest(60, 3589).pvalue, 1e-9):
        return "not every face is a toss: on how many do the two networks differ?"
    if close(p_value, chi2.sf(18**2 / 102, 1), 0.002):
        return "that is the chi-square approximation. Ask for the exact binomial test."
    return (
        "how likely is a split at least as uneven as 60 to 42, of that many tosses of a fair coin?"
    )
