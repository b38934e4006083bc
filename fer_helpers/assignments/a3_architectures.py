"""Assignment 3: what networks are built of, and what that costs.

Keras occurs in the notebook alone; every key is made with NumPy.

Networks are lists of dictionaries, see `walk`. What a variant draws: ``shape`` and ``network`` of
seven layers, to be counted; ``separable``, a convolution that is taken apart; ``plan``, seven
layers with the shapes that they are said to give, one of them wrong; ``stack`` of (kernel, stride,
dilation); ``block``, the numbers of a residual block with a projection; ``normalisation``, a batch
of eight numbers, and what a batch normalisation has learned and remembers; ``bottleneck``; and
``description``, ``picture`` ``(10, 10)`` and the weights of a network to be built in Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from fer_helpers.assignments.draws import settle
from fer_helpers.assignments.tasks import (
    Assignment,
    Cases,
    Slip,
    Task,
    Work,
    array,
    number,
    several,
)


def _draw(rng: np.random.Generator) -> Work:
    work = Work()
    tasks = {task.name: task for task in TASKS}
    for draw, name in (
        (_draw_network, "task-1"),
        (_draw_separable, "task-3"),
        (_draw_stack, "task-5"),
        (_draw_block, "task-6"),
        (_draw_normalisation, "task-7"),
        (_draw_bottleneck, "task-8"),
        (_draw_description, "task-9"),
    ):
        settle(work, rng, draw, [tasks[name]])
    _draw_plan(work, rng)
    return work


# Networks as lists of layers.


def convolution(filters: int, kernel: int, stride: int = 1, padding: str = "same") -> dict:
    """Describe a convolution with a bias per filter."""
    return {
        "layer": "convolution",
        "filters": int(filters),
        "kernel": int(kernel),
        "stride": int(stride),
        "padding": padding,
    }


def depthwise(kernel: int, stride: int = 1, padding: str = "same") -> dict:
    """Describe a depthwise convolution with a bias per channel."""
    made = convolution(0, kernel, stride, padding) | {"layer": "depthwise"}
    del made["filters"]
    return made


POOLING = {"layer": "pooling", "size": 2}
NORMALISATION = {"layer": "normalisation"}
FLATTEN = {"layer": "flatten"}
AVERAGE = {"layer": "average"}


def dense(units: int) -> dict:
    """Describe a dense layer with a bias per unit."""
    return {"layer": "dense", "units": int(units)}


def walk(
    shape: tuple[int, ...],
    layers: list[dict],
    *,
    bias: bool = True,
    same_rounds: int = 1,
    pooling: bool = True,
    flatten_channels: bool = True,
) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Yield the output shape, the parameters and the multiplications of each layer, for one image.

    The switches are known mistakes.

    Parameters
    ----------
    shape
        Height, width and channels of the input.
    layers
        Dictionaries; ``layer`` is one of convolution, depthwise, normalisation, pooling, flatten,
        average (over each map) and dense.
    bias
        Whether biases count.
    same_rounds
        1: padding "same" rounds size / stride up; 0: down.
    pooling
        Whether pooling makes maps smaller.
    flatten_channels
        Whether flatten keeps the values of all channels.
    """
    for layer in layers:
        kind, parameters, products = layer["layer"], 0, 0
        if kind in ("convolution", "depthwise"):
            kernel, stride = layer["kernel"], layer["stride"]
            channels = shape[2]
            if layer["padding"] == "same":
                sides = [(side + same_rounds * (stride - 1)) // stride for side in shape[:2]]
            else:
                sides = [(side - kernel) // stride + 1 for side in shape[:2]]
            each = 1 if kind == "depthwise" else channels
            filters = channels if kind == "depthwise" else layer["filters"]
            parameters = (kernel**2 * each + bias) * filters
            products = kernel**2 * each * filters * sides[0] * sides[1]
            shape = (*sides, filters)
        elif kind == "normalisation":
            parameters = 4 * shape[-1]
        elif kind == "pooling" and pooling:
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif kind == "flatten":
            shape = (shape[0] * shape[1] * (shape[2] if flatten_channels else 1),)
        elif kind == "average":
            shape = (shape[2],)
        elif kind == "dense":
            parameters = (shape[0] + bias) * layer["units"]
            products = shape[0] * layer["units"]
            shape = (layer["units"],)
        yield shape, parameters, products


def count_parameters(shape: tuple[int, ...], layers: list[dict]) -> int:
    """Return the parameters of all layers together."""
    return sum(parameters for _, parameters, _ in walk(shape, layers))


# Tasks 1 and 2: counting.


def _draw_network(work: Work, rng: np.random.Generator) -> None:
    height, width = rng.choice(np.arange(24, 61), 2, replace=False).tolist()
    work.shape = (height, width, int(rng.choice([1, 3])))
    first, second = rng.choice([8, 12, 16, 20, 24, 28, 32], 2, replace=False)
    kernels = rng.permutation([3, 5])
    work.network = [
        convolution(first, kernels[0]),
        POOLING,
        convolution(second, kernels[1], padding="valid"),
        POOLING,
        FLATTEN,
        dense(rng.integers(20, 60)),
        dense(rng.integers(4, 9)),
    ]


def _totals(work: Work, **mistakes) -> tuple[int, int]:
    rows = list(walk(work.shape, work.network, **mistakes))
    return sum(row[1] for row in rows), sum(row[2] for row in rows)


def _without_places(work: Work) -> tuple[int, int]:
    """Count one multiplication per weight, as if each were used once."""
    return _totals(work)[0], _totals(work, bias=False)[0]


def _averaged(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw networks whose dense layer sees one number per map."""
    calls = []
    for _ in range(3):
        one, two = rng.choice([4, 6, 8, 10, 12], 2, replace=False)
        layers = [
            convolution(one, rng.choice([3, 5])),
            POOLING,
            convolution(two, 3),
            AVERAGE,
            dense(rng.integers(3, 9)),
        ]
        calls.append(((24, 32, int(rng.choice([1, 3]))), layers))
    return calls


def _flattened(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw networks whose dense layer sees every value of maps with sides that do not divide."""
    calls = []
    for height, width, stride in ((25, 33, 2), (31, 21, 2), (29, 40, 3)):
        layers = [
            convolution(rng.choice([4, 6, 8]), 3, stride),
            convolution(rng.choice([3, 5, 7]), 3, padding="valid"),
            POOLING,
            FLATTEN,
            dense(rng.integers(3, 9)),
        ]
        calls.append(((height, width, 1), layers))
    return calls


def _separated(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw networks with depthwise convolutions and normalisation."""
    calls = []
    for _ in range(3):
        layers = [
            convolution(rng.choice([6, 8, 10]), 3),
            NORMALISATION,
            depthwise(rng.choice([3, 5])),
            convolution(rng.choice([12, 14, 16]), 1),
            NORMALISATION,
            AVERAGE,
            dense(rng.integers(3, 9)),
        ]
        calls.append(((24, 24, 3), layers))
    return calls


# Task 3: one convolution becomes two.


def _draw_separable(work: Work, rng: np.random.Generator) -> None:
    channels, filters = rng.choice([16, 24, 32, 40, 48, 64, 96], 2, replace=False).tolist()
    height, width = rng.integers(10, 50, 2).tolist()
    kernel = int(rng.choice([3, 5]))
    work.separable = {
        "height": height,
        "width": width,
        "channels": channels,
        "filters": filters,
        "kernel": kernel,
    }


def _separable(work: Work, pointwise: int = 1, deep: int = 1, places: bool = True):
    """Return the multiplications of the ordinary and of the depthwise separable convolution."""
    layer = work.separable
    area = layer["height"] * layer["width"] if places else 1
    window, channels, filters = layer["kernel"] ** 2, layer["channels"], layer["filters"]
    ordinary = area * window * channels * filters
    across = area * window * (channels if deep else filters)
    return ordinary, across + pointwise * area * channels * filters


# Task 4: a plan with a wrong shape.


def _draw_plan(work: Work, rng: np.random.Generator) -> None:
    """Draw layers and the shapes that they are said to give; a side of one is off by one."""
    height, width = rng.choice(np.arange(71, 120, 2), 2, replace=False).tolist()
    one, two, three = rng.choice([8, 12, 16, 20, 24, 32], 3, replace=False)
    work.plan_shape = (height, width, 3)
    layers = [
        convolution(one, 3, 2),
        depthwise(rng.choice([3, 5])),
        convolution(two, 1),
        depthwise(3, 2, "valid"),
        convolution(three, rng.choice([3, 5]), 1, "valid"),
        POOLING,
        convolution(two, 3, 2),
    ]
    shapes = [shape for shape, _, _ in walk(work.plan_shape, layers)]
    wrong = int(rng.choice([0, 3, 4, 5, 6]))
    said = list(shapes[wrong])
    said[int(rng.integers(2))] += int(rng.choice([-1, 1]))
    work._fault = (wrong + 1, *shapes[wrong])
    work.plan = list(zip(layers, [*shapes[:wrong], tuple(said), *shapes[wrong + 1 :]], strict=True))


def _judge_plan(work: Work, answer: np.ndarray) -> tuple[float, str]:
    place, *shape = work._fault
    if answer[0] != place:
        return 0, "That layer gives the shape that the plan says, from the right shape before it."
    if answer[1:].tolist() == shape:
        return 1, "Right."
    if answer[1:].tolist() == [shape[1], shape[0], shape[2]]:
        return 0.8, "That is the layer, and its shape with height and width swapped."
    return 0.5, "That is the layer; the shape that it gives is another."


# Task 5: receptive field.


def _draw_stack(work: Work, rng: np.random.Generator) -> None:
    kernels = [*rng.choice([3, 5, 7], 2), 2, *rng.choice([3, 5], 3)]
    strides = [1, int(rng.choice([1, 2])), 2, 1, 1, 1]
    dilations = [1, 1, 1, *rng.permutation([1, 2, int(rng.choice([3, 4]))])]
    work.stack = [tuple(map(int, layer)) for layer in zip(kernels, strides, dilations, strict=True)]


def _field(work: Work, dilated: bool = True, strided: bool = True, wide: int = 0, start: int = 1):
    """Return the receptive field, and the step from one number of the last map to the next."""
    field, step = start, 1
    for kernel, stride, dilation in work.stack:
        dilation = dilation if dilated else 1
        # Wide: takes the dilated kernel for kernel times dilation pixels.
        reach = kernel * dilation - 1 if wide else dilation * (kernel - 1)
        field += reach * (step if strided else 1)
        step *= stride
    return field, step


# Task 6: a residual block.


def _draw_block(work: Work, rng: np.random.Generator) -> None:
    work.block = {
        "input": rng.integers(0, 5, (5, 5)),
        "first": rng.integers(-2, 3, (3, 3)),
        "second": rng.integers(-2, 3, (3, 3)),
        "projection": int(rng.choice([-3, -2, 2, 3])),
    }
    first = _correlate(work.block["input"], work.block["first"])[::2, ::2]
    # The branch, with the ReLU between its convolutions and without.
    work._branch = _correlate(np.maximum(first, 0), work.block["second"])
    work._linear = _correlate(first, work.block["second"])


def _correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the map of a 3×3 kernel with one border of zeros."""
    height, width = image.shape
    padded = np.zeros((height + 2, width + 2), dtype=image.dtype)
    padded[1:-1, 1:-1] = image
    return sum(
        weight * padded[row : row + height, column : column + width]
        for row, weights in enumerate(kernel.tolist())
        for column, weight in enumerate(weights)
    )


def _block(work: Work, weight: int | None = None, inner: bool = True) -> np.ndarray:
    weight = work.block["projection"] if weight is None else weight
    branch = work._branch if inner else work._linear
    return np.maximum(branch + weight * work.block["input"][::2, ::2], 0)


def _relu_too_soon(work: Work, last: bool = True) -> np.ndarray:
    shortcut = work.block["projection"] * work.block["input"][::2, ::2]
    return (np.maximum(work._branch, 0) if last else work._branch) + shortcut


# Task 7: batch normalisation.

_EPSILON = 0.001


def _draw_normalisation(work: Work, rng: np.random.Generator) -> None:
    # So wide that forgetting the small number in the root changes nothing that is visible.
    while True:
        batch = rng.integers(0, 10, 8)
        if batch.var() > 3:
            break
    work.normalisation = {
        "batch": batch.astype(float),
        "gamma": int(rng.integers(5, 16)) / 10,
        "beta": int(rng.integers(-9, 10)) / 10,
        "moving_mean": int(rng.integers(0, 40)) / 10,
        "moving_variance": int(rng.integers(30, 90)) / 10,
        "momentum": float(rng.choice([0.7, 0.8, 0.9])),
    }
    work._mean, work._variance = float(batch.mean()), float(batch.var())


def _scaled(work: Work, mean: float, variance: float) -> float:
    layer = work.normalisation
    middle = (layer["batch"][0] - mean) / (variance + _EPSILON) ** 0.5
    return float(layer["gamma"] * middle + layer["beta"])


def _normalised(work: Work, keep: float | None = None, bessel: float = 1, use: str = "new"):
    """Return output in training, new mean and variance of the memory, and output in use."""
    layer = work.normalisation
    mean, variance = work._mean, work._variance * bessel
    keep = layer["momentum"] if keep is None else keep
    new_mean = keep * layer["moving_mean"] + (1 - keep) * mean
    new_variance = keep * layer["moving_variance"] + (1 - keep) * variance
    used = {
        "new": (new_mean, new_variance),
        "old": (layer["moving_mean"], layer["moving_variance"]),
        "batch": (mean, variance),
    }[use]
    return _scaled(work, mean, variance), new_mean, new_variance, _scaled(work, *used)


def _without_root(work: Work) -> tuple[float, ...]:
    _, mean, variance, _ = _normalised(work)
    return (
        _scaled(work, work._mean, work._variance**2),
        mean,
        variance,
        _scaled(work, mean, variance**2),
    )


# Task 8: a bottleneck.


def _draw_bottleneck(work: Work, rng: np.random.Generator) -> None:
    channels = int(rng.choice(np.arange(64, 513, 16)))
    work.bottleneck = {"channels": channels, "squeezed": channels // int(rng.choice([2, 4, 8]))}


def _bottleneck(work: Work, bias: int = 0, pair: int = 2, back: int = 1):
    """Return the parameters of two 3×3 convolutions, those of the bottleneck, and the saving."""
    wide, narrow = work.bottleneck["channels"], work.bottleneck["squeezed"]
    plain = pair * (9 * wide + bias) * wide
    squeezed = (wide + bias) * narrow + (9 * narrow + bias) * narrow
    squeezed += back * (narrow + bias) * wide
    return plain, squeezed, 1 - squeezed / plain


def _remaining(work: Work) -> tuple[float, float, float]:
    plain, squeezed, saved = _bottleneck(work)
    return plain, squeezed, 1 - saved


# Task 9: a network in Keras.

ACTIVATIONS = {
    "ReLU": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
_PADDING = {
    "same": "with so many zeros around that the maps are as large as the image",
    "valid": "without padding",
}


def _draw_description(work: Work, rng: np.random.Generator) -> None:
    filters = int(rng.integers(2, 5))
    names = list(ACTIVATIONS)
    work._activation = names[int(rng.integers(3))]
    work._padding = ("same", "valid")[int(rng.integers(2))]
    work._pool = ("max", "average")[int(rng.integers(2))]
    work.picture = rng.integers(0, 10, (10, 10)) / 10
    work.kernel_1 = rng.integers(-9, 10, (3, 3, 1, filters)) / 10
    work.bias_1 = rng.integers(-9, 10, filters) / 10
    work.kernel_2 = rng.integers(-9, 10, (3, 3, filters, 3)) / 10
    work.bias_2 = rng.integers(-9, 10, 3) / 10
    work.description = [
        "an image of 10×10 pixels with one channel",
        f"a convolution with {filters} filters of 3×3, stride 1, {_PADDING[work._padding]}, "
        f"and {work._activation}",
        f"{work._pool} pooling in windows of 2×2",
        "a convolution with 3 filters of 3×3, stride 1, without padding and without activation",
        "the global average of each map",
    ]
    padded = np.pad(work.picture, 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    # Without padding the same map lacks its border.
    work._map = np.tensordot(windows, work.kernel_1[:, :, 0], 2) + work.bias_1


def _output(work: Work, activation=None, padding=None, pool=None, then=None, end=np.mean):
    maps = work._map if (padding or work._padding) == "same" else work._map[1:-1, 1:-1]
    maps = (activation or ACTIVATIONS[work._activation])(maps)
    side = len(maps) // 2
    # Of an odd side the last row would be left out; here sides are even.
    tiles = maps.reshape(side, 2, side, 2, -1)
    pooled = tiles.max(axis=(1, 3)) if (pool or work._pool) == "max" else tiles.mean(axis=(1, 3))
    windows = np.lib.stride_tricks.sliding_window_view(pooled, (3, 3), axis=(0, 1))
    last = np.einsum("xycij,ijcf->xyf", windows, work.kernel_2) + work.bias_2
    return end(then(last) if then else last, axis=(0, 1))


def _other_padding(work: Work) -> np.ndarray:
    return _output(work, padding="valid" if work._padding == "same" else "same")


def _other_pool(work: Work) -> np.ndarray:
    return _output(work, pool="average" if work._pool == "max" else "max")


TASKS = (
    Task(
        "task-1",
        "parameters and multiplications of a network",
        10,
        several(2),
        _totals,
        (
            Slip(
                partial(_totals, bias=False),
                0.6,
                "Filters and units have a bias each, which is a parameter.",
            ),
            Slip(
                partial(_totals, pooling=False),
                0.4,
                "Pooling makes the maps smaller, and with them what comes after.",
            ),
            Slip(
                partial(_totals, flatten_channels=False),
                0.4,
                "Flatten keeps every value of every map.",
            ),
            Slip(
                _without_places,
                0.5,
                "A convolution uses each of its weights at every place: it multiplies far more "
                "often than it has weights.",
            ),
            Slip(
                lambda w: _totals(w)[::-1],
                0.8,
                "Both numbers are there, in the other order.",
            ),
        ),
    ),
    Task(
        "task-2",
        "counting parameters as a function",
        20,
        number,
        lambda work: count_parameters,
        cases=(
            Cases("networks that end in a global average", 0.4, _averaged),
            Cases("networks with flatten and sides that do not divide", 0.3, _flattened),
            Cases("depthwise convolutions and normalisation", 0.3, _separated),
        ),
    ),
    Task(
        "task-3",
        "one convolution becomes two",
        10,
        several(2),
        _separable,
        (
            Slip(
                partial(_separable, pointwise=0),
                0.5,
                "After the depthwise convolution, the 1×1 convolution mixes the channels.",
            ),
            Slip(
                partial(_separable, deep=0),
                0.6,
                "The depthwise convolution has one kernel for each channel of its input.",
            ),
            Slip(
                partial(_separable, places=False),
                0.4,
                "Those are the weights; each of them is used at every place.",
            ),
            Slip(
                lambda w: _separable(w)[::-1],
                0.8,
                "Both numbers are there, in the other order.",
            ),
        ),
    ),
    Task(
        "task-4",
        "a plan with a wrong shape",
        10,
        several(4),
        lambda work: work._fault,
        bar=_judge_plan,
    ),
    Task(
        "task-5",
        "receptive field with dilation",
        10,
        several(2),
        _field,
        (
            Slip(partial(_field, dilated=False), 0.5, "A dilated kernel leaves pixels out."),
            Slip(
                partial(_field, strided=False),
                0.4,
                "After a layer with stride 2, one step of the next kernel spans more pixels.",
            ),
            Slip(
                partial(_field, wide=1),
                0.6,
                "Gaps lie between the weights of a dilated kernel, and none behind the last one.",
            ),
            Slip(partial(_field, start=0), 0.7, "Without any layer the field is one pixel."),
            Slip(lambda w: _field(w)[::-1], 0.8, "The receptive field comes first."),
        ),
    ),
    Task(
        "task-6",
        "a residual block",
        10,
        array,
        _block,
        (
            Slip(
                _relu_too_soon,
                0.5,
                "The last ReLU comes after the addition.",
            ),
            Slip(
                partial(_relu_too_soon, last=False),
                0.6,
                "After the addition there is one more ReLU.",
            ),
            Slip(partial(_block, weight=1), 0.5, "The shortcut is projected, too."),
            Slip(partial(_block, weight=0), 0.3, "The input is added: that is the shortcut."),
            Slip(
                partial(_block, inner=False),
                0.6,
                "There is a ReLU between the two convolutions.",
            ),
        ),
    ),
    Task(
        "task-7",
        "batch normalisation, in two moods",
        10,
        several(4),
        _normalised,
        (
            Slip(
                partial(_normalised, use="batch"),
                0.5,
                "In use the layer must not look at the batch: it has a memory.",
            ),
            Slip(
                partial(_normalised, use="old"),
                0.7,
                "The memory that counts in use is the one after the update.",
            ),
            Slip(
                lambda w: _normalised(w, keep=1 - w.normalisation["momentum"]),
                0.6,
                "Momentum is the share of the memory that is kept.",
            ),
            Slip(
                partial(_normalised, bessel=8 / 7),
                0.7,
                "The variance of the batch is a mean: divide by the number of values.",
            ),
            Slip(_without_root, 0.5, "Divide by the root of the variance."),
        ),
        tolerance=2e-3,
    ),
    Task(
        "task-8",
        "what a bottleneck saves",
        5,
        several(3),
        _bottleneck,
        (
            Slip(partial(_bottleneck, bias=1), 0.6, "Here the convolutions have no biases."),
            Slip(
                partial(_bottleneck, pair=1),
                0.5,
                "The plain block has two convolutions.",
            ),
            Slip(
                partial(_bottleneck, back=0),
                0.5,
                "At the end the bottleneck widens again, by a 1×1 convolution.",
            ),
            Slip(_remaining, 0.8, "The last number should be what is saved, not what is left."),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-9",
        "a network in Keras",
        15,
        several(3),
        _output,
        (
            Slip(
                partial(_output, activation=lambda x: x),
                0.5,
                "The first convolution has an activation.",
            ),
            Slip(_other_padding, 0.5, "The padding of the first convolution is another."),
            Slip(_other_pool, 0.5, "The pooling is of the other kind."),
            Slip(
                lambda w: _output(w, then=ACTIVATIONS[w._activation]),
                0.6,
                "The second convolution has no activation.",
            ),
            Slip(partial(_output, end=np.max), 0.6, "The network ends in a global average."),
        ),
        tolerance=1e-3,
    ),
)

ASSIGNMENT = Assignment(
    "a3-architectures",
    "Assignment 3: architectures",
    _draw,
    TASKS,
)
