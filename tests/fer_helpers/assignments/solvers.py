"""Who solves an assignment: the reference, and three typical wrong ones for each.

A solver is ``solver(work)`` and returns ``{"task-1": answer, …}``, functions included.
"""

import numpy as np

from fer_helpers import assignments
from fer_helpers.assignments.values import encode
from tests.fer_helpers.assignments import solvers_a2, solvers_a3, solvers_a4


def reference(name):
    assignment = assignments.get(name)
    return lambda work: (
        {task.name: task.key if not task.cases else task.key(work) for task in assignment.tasks}
        | assignment.key(work)
    )


def records(task, work, answer, seed):
    """Return what a student's process would note for an answer."""
    if not task.cases:
        return [{"task": task.name, "value": encode(answer)}]
    found = [{"task": task.name, "function": True}]
    calls = [arguments for kind in task.calls(work, seed) for arguments in kind]
    for number, arguments in enumerate(calls):
        try:
            found.append({"case": number, "value": encode(answer(*arguments))})
        except Exception as error:
            found.append({"case": number, "error": type(error).__name__})
    return found


def _padded(image):
    return np.pad(image, 1)


def _correlate(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


def a1_turns_the_kernel(work):
    """Reads "convolution" as a mathematician does, and is careful otherwise."""

    def convolve(image, kernel):
        return _correlate(image, kernel[::-1, ::-1])

    right = reference("a1-convolution")(work)
    return right | {
        "task-1": convolve(work.image, work.kernel)[work.position],
        "task-3": convolve,
        "task-4": convolve(_padded(work.image), work.kernel),
    }


def a1_one_off(work):
    """Forgets the first position of a window, the biases and the strides."""
    layer, right = work.layer, reference("a1-convolution")(work)
    counts = right["task-7"]
    return right | {
        "task-2": (layer["size"] + 2 * layer["padding"] - layer["kernel"]) // layer["stride"],
        "task-7": (counts[0] - work.filters["filters"], counts[1]),
        "task-8": (1 + sum(kernel - 1 for kernel, _ in work.stack), right["task-8"][1]),
    }


def a1_square_only(work):
    """Takes every image and kernel for square, pools tiles only, and mixes up the Sobel kernels."""

    def convolve(image, kernel):
        side = len(image) - 2
        return np.array(
            [
                [(image[r : r + 3, c : c + 3] * kernel).sum() for c in range(side)]
                for r in range(side)
            ]
        )

    def max_pool(image, size, stride):
        rows, columns = (side // size for side in image.shape)
        whole = image[: rows * size, : columns * size]
        return whole.reshape(rows, size, columns, size).max(axis=(1, 3))

    names = {"vertical contours": "horizontal contours", "horizontal contours": "vertical contours"}
    right = reference("a1-convolution")(work)
    swapped = [names.get(name, name) for name in right["task-6"]]
    return right | {"task-3": convolve, "task-5": max_pool, "task-6": swapped}


WRONG = {"a1-convolution": (a1_turns_the_kernel, a1_one_off, a1_square_only)}
WRONG["a2-training-and-metrics"] = solvers_a2.SOLVERS
WRONG["a3-architectures"] = solvers_a3.SOLVERS
WRONG["a4-study"] = solvers_a4.SOLVERS
