"""Assignment 1: convolution and pooling, in NumPy alone.

A variant draws a 9×9 image of whole numbers, a 3×3 kernel without any symmetry, the layers of
two tasks, and which of five kernels made which feature map.

What a variant draws: ``image`` ``(9, 9)`` of 0 to 9; ``kernel`` ``(3, 3)`` of -3 to 3;
``position``, a row and a column from 1 to 5 that differ; ``layer``, a side of 40 to 129, a kernel
of 3, 5 or 7, stride 2 or 3, and padding; ``filters``, a layer whose parameters are counted;
``stack``, five layers of which two have stride 2; ``face`` ``(12, 12)``, and four
``feature_maps`` ``(10, 10)`` of it.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from fer_helpers import ops
from fer_helpers.assignments.tasks import (
    Assignment,
    Cases,
    Slip,
    Task,
    Work,
    array,
    names,
    number,
    several,
    whole,
)

# What a kernel looks for, and what the four maps of task 6 may have been made by.
KERNELS = {
    "vertical contours": ops.SOBEL_X,
    "horizontal contours": ops.SOBEL_Y,
    "blur": np.full((3, 3), 1 / 9),
    "shift": np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]]),
    "spots": np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
}


def _draw(rng: np.random.Generator) -> Work:
    work = Work(layer=_layer(rng), filters=_filters(rng), stack=_stack(rng))
    # The row and the column differ, so that who mixes them up always gets another value.
    work.position = tuple(rng.choice(np.arange(1, 6), 2, replace=False).tolist())
    while True:
        work.image = rng.integers(0, 10, (9, 9))
        work.kernel = _kernel(rng)
        right = ops.cross_correlate2d(work.image, work.kernel)
        turned = _turned(work.image, work.kernel)
        here, mirrored = work.position, work.position[::-1]
        if len({right[here], right[mirrored], turned[here]}) == 3:
            break
    spot = _spot(rng)
    work._maps = rng.permutation(list(KERNELS))[:4].tolist()
    work.face = spot
    work.feature_maps = [
        np.round(ops.cross_correlate2d(spot, KERNELS[name]), 3) for name in work._maps
    ]
    return work


def _kernel(rng: np.random.Generator) -> np.ndarray:
    """Return whole numbers that neither a turn nor a mirror leaves as they are."""
    while True:
        kernel = rng.integers(-3, 4, (3, 3))
        turned = (kernel[::-1, ::-1], kernel[::-1], kernel[:, ::-1], kernel.T)
        if not any(np.array_equal(kernel, other) for other in turned):
            return kernel


def _turned(image: np.ndarray, kernel: np.ndarray, padding="valid") -> np.ndarray:
    return ops.cross_correlate2d(image, np.asarray(kernel)[::-1, ::-1], padding=padding)


def _layer(rng: np.random.Generator) -> dict[str, int]:
    """Return a layer of which every known mistake gives another size than the right one."""
    while True:
        layer = {
            "size": int(rng.integers(40, 130)),
            "kernel": int(rng.choice([3, 5, 7])),
            "stride": int(rng.choice([2, 3])),
        }
        layer["padding"] = int(rng.integers(1, layer["kernel"] // 2 + 1))
        work = Work(layer=layer)
        sizes = {
            _size(work),
            _size(work, extra=0),
            _size(work, rounding=np.ceil),
            _without_padding(work),
        }
        if len(sizes) == 4:
            return layer


def _spot(rng: np.random.Generator) -> np.ndarray:
    """Return 12×12 numbers with a bright spot, so that every kernel leaves a map of its own."""
    rows, columns = np.mgrid[:12, :12]
    middle = rng.uniform(4, 7, 2)
    wide, tall = rng.uniform(1.5, 2.2), rng.uniform(2.6, 3.6)
    spot = np.exp(-(((rows - middle[0]) / tall) ** 2) - ((columns - middle[1]) / wide) ** 2)
    return np.round(spot + rng.normal(0, 0.02, spot.shape), 3)


def _filters(rng: np.random.Generator) -> dict[str, int]:
    return {
        "kernel": int(rng.choice([3, 5])),
        "channels": int(rng.choice([3, 8, 16, 32])),
        "filters": int(rng.choice([24, 40, 48, 56, 72])),
        "height": int(rng.integers(20, 60)),
        "width": int(rng.integers(20, 60)),
    }


def _stack(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return (kernel, stride) of five layers, two of which halve the sides."""
    strides = [1, 2, *rng.permutation([1, 1, 2]).tolist()]
    kernels = [int(rng.choice([3, 5, 7])), 2, *rng.choice([3, 5], 3).tolist()]
    return [(int(k), int(s)) for k, s in zip(kernels, strides, strict=True)]


def _size(work: Work, extra: int = 1, rounding=np.floor) -> int:
    layer = work.layer
    free = layer["size"] + 2 * layer["padding"] - layer["kernel"]
    return int(rounding(free / layer["stride"])) + extra


def _without_padding(work: Work) -> int:
    layer = work.layer
    return (layer["size"] - layer["kernel"]) // layer["stride"] + 1


def _counts(work: Work, bias: bool = True) -> tuple[int, int]:
    """Return the parameters, and the multiplications for one image, of a layer with `same`."""
    drawn = work.filters
    weights = drawn["kernel"] ** 2 * drawn["channels"] * drawn["filters"]
    products = weights * drawn["height"] * drawn["width"]
    return weights + (drawn["filters"] if bias else 0), products


def _field(work: Work) -> tuple[int, int]:
    """Return receptive field and total stride of the stack."""
    return ops.receptive_field(work.stack), int(np.prod([stride for _, stride in work.stack]))


def _field_without_strides(work: Work) -> tuple[int, int]:
    return 1 + sum(kernel - 1 for kernel, _ in work.stack), _field(work)[1]


def _max_pool(image: np.ndarray, size: int, stride: int) -> np.ndarray:
    return ops.max_pool(image, size, stride=stride)


def _images(rng: np.random.Generator, shapes, kernels) -> list[tuple]:
    return [
        (rng.integers(0, 10, shape), rng.integers(-3, 4, kernel))
        for shape, kernel in zip(shapes, kernels, strict=True)
    ]


def _square(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _images(rng, [(8, 8), (7, 7)], [(3, 3), (3, 3)])


def _oblong(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _images(rng, [(6, 9), (9, 5), (7, 8)], [(3, 3), (3, 5), (5, 1)])


def _even(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _images(rng, [(6, 7), (5, 5)], [(2, 2), (1, 1)])


def _pools(rng: np.random.Generator, settings) -> list[tuple]:
    return [(rng.integers(-9, 0, shape), size, stride) for shape, size, stride in settings]


def _tiles(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _pools(rng, [((6, 8), 2, 2), ((9, 9), 3, 3)])


def _overlapping(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _pools(rng, [((7, 7), 3, 2), ((6, 9), 3, 1)])


def _remainder(work: Work, rng: np.random.Generator) -> list[tuple]:
    return _pools(rng, [((7, 9), 2, 2), ((8, 8), 3, 3)])


ASSIGNMENT = Assignment(
    "a1-convolution",
    "Assignment 1: convolution by hand",
    _draw,
    (
        Task(
            "task-1",
            "one value of a feature map",
            10,
            number,
            lambda work: int(ops.cross_correlate2d(work.image, work.kernel)[work.position]),
            (
                Slip(
                    lambda work: int(_turned(work.image, work.kernel)[work.position]),
                    0.5,
                    "That is the value after turning the kernel: a convolutional layer does not.",
                ),
                Slip(
                    lambda work: int(
                        ops.cross_correlate2d(work.image, work.kernel)[work.position[::-1]]
                    ),
                    0.5,
                    "That is the value at the mirrored position: the row comes first.",
                ),
            ),
        ),
        Task(
            "task-2",
            "the size of an output",
            10,
            whole,
            _size,
            (
                Slip(partial(_size, extra=0), 0.5, "The first position of the window counts, too."),
                Slip(partial(_size, rounding=np.ceil), 0.5, "The window may not leave the image."),
                Slip(_without_padding, 0.3, "The image is padded before the window moves."),
            ),
        ),
        Task(
            "task-3",
            "convolution as a function",
            20,
            array,
            lambda work: ops.cross_correlate2d,
            cases=(
                Cases("square images and 3×3 kernels", 0.5, _square),
                Cases("images and kernels that are not square", 0.3, _oblong),
                Cases("kernels of even size or of one weight", 0.2, _even),
            ),
        ),
        Task(
            "task-4",
            "the whole map with padding",
            10,
            array,
            lambda work: ops.cross_correlate2d(work.image, work.kernel, padding="same"),
            (
                Slip(
                    lambda work: ops.cross_correlate2d(
                        np.pad(work.image, 1, mode="edge"), work.kernel
                    ),
                    0.6,
                    "The border was filled with its nearest pixels; the task asks for zeros.",
                ),
                Slip(
                    lambda work: _turned(work.image, work.kernel, "same"),
                    0.5,
                    "The kernel was turned: a convolutional layer does not do that.",
                ),
                Slip(
                    lambda work: ops.cross_correlate2d(work.image, work.kernel),
                    0.3,
                    "The map is as large as the image only if the image is padded first.",
                ),
            ),
        ),
        Task(
            "task-5",
            "max pooling as a function",
            15,
            array,
            lambda work: _max_pool,
            cases=(
                Cases("windows that tile the image", 0.5, _tiles),
                Cases("windows that overlap", 0.3, _overlapping),
                Cases("a remainder at the border", 0.2, _remainder),
            ),
        ),
        Task(
            "task-6",
            "which kernel made which map",
            10,
            partial(names, options=tuple(KERNELS), length=4),
            lambda work: list(work._maps),
            (
                Slip(
                    lambda work: [_other_direction(name) for name in work._maps],
                    0.5,
                    "Vertical and horizontal are swapped: a kernel finds the contours along which "
                    "its weights keep their sign.",
                ),
            ),
        ),
        Task(
            "task-7",
            "parameters and multiplications",
            10,
            several(2),
            _counts,
            (
                Slip(partial(_counts, bias=False), 0.5, "Every filter has a bias as well."),
                Slip(
                    lambda work: _counts(work)[::-1],
                    0.8,
                    "Both numbers are there, in the other order.",
                ),
            ),
        ),
        Task(
            "task-8",
            "receptive field of a stack",
            15,
            several(2),
            _field,
            (
                Slip(
                    _field_without_strides,
                    0.4,
                    "After a layer with stride 2, one step of the next kernel spans two pixels.",
                ),
                Slip(lambda work: _field(work)[::-1], 0.8, "The receptive field comes first."),
            ),
        ),
    ),
)


def _other_direction(name: str) -> str:
    swapped = {"vertical contours": "horizontal contours"}
    swapped |= {other: one for one, other in swapped.items()}
    return swapped.get(name, name)
