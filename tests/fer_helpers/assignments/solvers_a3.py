"""Three typical wrong solutions of assignment 3."""

import numpy as np


def _right(work):
    from tests.fer_helpers.assignments.solvers import reference

    return reference("a3-architectures")(work)


def _counter(round_up=True, depthwise_apart=True, normalisation=4):
    """Return a function that counts parameters, with the mistakes that are asked for."""

    def count_parameters(shape, layers):
        (*sides, channels), total = shape, 0
        for layer in layers:
            kind = layer["layer"]
            if kind in ("convolution", "depthwise"):
                kernel, stride = layer["kernel"], layer["stride"]
                valid = layer["padding"] == "valid"
                more = 0 if valid or not round_up else stride - 1
                cut = kernel - stride if valid else 0
                sides = [(side - cut + more) // stride for side in sides]
                seen = 1 if kind == "depthwise" and depthwise_apart else channels
                channels = layer.get("filters", channels)
                total += (kernel**2 * seen + 1) * channels
            elif kind == "normalisation":
                total += normalisation * channels
            elif kind == "pooling":
                sides = [side // layer["size"] for side in sides]
            elif kind == "flatten":
                channels *= sides[0] * sides[1]
            elif kind == "dense":
                total += (channels + 1) * layer["units"]
                channels = layer["units"]
        return total

    return count_parameters


def knows_plain_convolutions_only(work):
    """Has not understood depthwise convolutions, projections and dilation."""
    right = _right(work)
    ordinary, _ = right["task-3"]
    layer, block = work.separable, work.block
    across = layer["height"] * layer["width"] * layer["kernel"] ** 2 * layer["channels"]
    field = step = 1
    for kernel, stride, _ in work.stack:
        field += (kernel - 1) * step
        step *= stride
    straight = block["input"][::2, ::2]
    return right | {
        "task-2": _counter(depthwise_apart=False, normalisation=2),
        "task-3": [ordinary, across],
        "task-5": [field, step],
        "task-6": np.maximum(work._branch + straight, 0),
    }


def rounds_down(work):
    """Rounds every size down, forgets the activation, and takes what is left for the saving."""
    right = _right(work)
    place, height, width, channels = right["task-4"]
    plain, squeezed, saved = right["task-8"]
    maps = work._map if work._padding == "same" else work._map[1:-1, 1:-1]
    side = len(maps) // 2
    tiles = maps.reshape(side, 2, side, 2, -1)
    pooled = tiles.max((1, 3)) if work._pool == "max" else tiles.mean((1, 3))
    windows = np.lib.stride_tricks.sliding_window_view(pooled, (3, 3), axis=(0, 1))
    last = np.einsum("xycij,ijcf->xyf", windows, work.kernel_2) + work.bias_2
    return right | {
        "task-2": _counter(round_up=False),
        "task-4": [place, height, width, channels + 1],
        "task-8": [plain, squeezed, 1 - saved],
        "task-9": last.mean((0, 1)),
    }


def looks_at_the_batch(work):
    """Uses the batch in use, adds after the last ReLU, and forgets the biases."""
    right = _right(work)
    in_training, mean, variance, _ = right["task-7"]
    parameters, multiplications = right["task-1"]
    biases = sum(layer.get("filters", 0) + layer.get("units", 0) for layer in work.network)
    shortcut = work.block["projection"] * work.block["input"][::2, ::2]
    place, *shape = right["task-4"]
    return right | {
        "task-1": [parameters - biases, multiplications],
        "task-4": [place % 7 + 1, *shape],
        "task-6": np.maximum(work._branch, 0) + shortcut,
        "task-7": [in_training, mean, variance, in_training],
    }


SOLVERS = (knows_plain_convolutions_only, rounds_down, looks_at_the_batch)
