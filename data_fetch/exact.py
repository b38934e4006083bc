"""Arithmetic and random numbers with the same bits on every machine.

IEEE 754 fixes the result of ``+ - * /``, square root, comparison and rounding to the last bit, but
not of ``exp``, ``sin`` or ``**``, whose last bit depends on the mathematics library, nor of sums
and matrix products, whose order of addition depends on the processor.
The drawn data sets (:mod:`data_fetch.sample`, :mod:`data_fetch.thermal`) therefore compute with the
first kind alone, element by element, and take these functions in place of the others.
Python floats do not widen float32 arrays (NumPy ≥ 2), so the type of a result does not depend on
values. Random numbers are raw bits of PCG64, whose sequence NumPy guarantees, while the methods of
``Generator`` may change.
"""

import math

import numpy as np


def bits(seed: int, stream: int) -> np.random.PCG64:
    """Source of random bits; different streams of one seed are independent."""
    return np.random.PCG64(np.random.SeedSequence((seed, stream)))


def uniform(seed: int, stream: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw float64 numbers in [0, 1); a longer first axis continues the same numbers.

    Parameters
    ----------
    seed, stream : int
        As in `bits`.
    shape : tuple of int
        Shape of the result.

    Examples
    --------
    >>> uniform(0, 0, (2,)).round(3).tolist()
    [0.637, 0.27]
    >>> uniform(0, 0, (3,)).round(3).tolist()
    [0.637, 0.27, 0.041]
    """
    raw = bits(seed, stream).random_raw(math.prod(shape))
    return (raw >> np.uint64(11)).reshape(shape) * 2.0**-53


def grain(source: np.random.PCG64, shape: tuple[int, ...]) -> np.ndarray:
    """Draw float32 noise of mean 0 and variance 1, nearly normal, at most 3.5 in size.

    Each value is the sum of the four 16-bit quarters of one draw, in any order the same number.
    """
    quarters = source.random_raw(math.prod(shape)).view(np.uint16).astype(np.int32)
    quarters = quarters.reshape(*shape, 4)
    total = quarters[..., 0] + quarters[..., 1] + quarters[..., 2] + quarters[..., 3]
    return (total - 131070).astype(np.float32) * (1 / 37837)


def ramp(x: np.ndarray) -> np.ndarray:
    """Smooth step: 0 below 0, 1 above 1, a cubic between."""
    x = np.minimum(np.maximum(x, 0), 1)
    return x * x * (3 - 2 * x)


def bump(squared: np.ndarray) -> np.ndarray:
    """Smooth bump over a squared distance: 1 at 0, 0 from 1 on."""
    x = np.maximum(1 - squared, 0)
    return x * x


def spot(x: np.ndarray, y: np.ndarray, width: float, height: float) -> np.ndarray:
    """Elliptic bump with these half axes."""
    x, y = x / width, y / height
    return bump(x * x + y * y)


def wave(x: np.ndarray) -> np.ndarray:
    """Oscillation between -1 and 1 with period 1: parabolas in place of a sine."""
    x = 2 * (x - np.floor(x)) - 1
    return 4 * x * (1 - np.abs(x))


def turn(half_tangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of the angle whose half has this tangent.

    Examples
    --------
    >>> turn(0.5)
    (0.6, 0.8)
    """
    squared = half_tangent * half_tangent
    return (1 - squared) / (1 + squared), 2 * half_tangent / (1 + squared)


def to_bytes(brightness: np.ndarray) -> np.ndarray:
    """Round brightness from [0, 1] to uint8, clipping what lies outside."""
    return np.floor(np.minimum(np.maximum(brightness, 0), 1) * 255 + 0.5).astype(np.uint8)
