"""Checks of the exercises of chapter 02-convolution."""

import numpy as np

from fer_helpers import ops
from fer_helpers.exercises import WrongKind, choice, close, exercise, number, numbers, whole_number


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
