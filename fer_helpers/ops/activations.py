"""Activation functions and their derivatives.

Each works on every number of an array by itself, except softmax, which takes the last axis as a
whole. At a kink, where no derivative exists, the one of the flatter side is returned, as
TensorFlow does: 0 for ReLU at 0.
"""

import numpy as np


def _float(x: np.ndarray) -> np.ndarray:
    """Return x in floating point: an image's bytes would wrap around at -x and at x + 3."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(float)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Squeeze numbers into (0, 1): 1 / (1 + exp(-x)). Ertuğrul (2024), section 3.2.4.3.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    x = _float(x)
    # exp of a positive number may overflow, exp of a negative one cannot.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def sigmoid_derivative(x: np.ndarray) -> np.ndarray:
    """Return the slope of `sigmoid` at x: sigmoid(x) (1 - sigmoid(x)), at most 1/4.

    Examples
    --------
    >>> sigmoid_derivative([-1000.0, 0.0, 1000.0])
    array([0.  , 0.25, 0.  ])
    """
    x = _float(x)
    # 1 - sigmoid(x) is sigmoid(-x), which does not round to zero where sigmoid(x) rounds to one.
    return sigmoid(x) * sigmoid(-x)


def tanh(x: np.ndarray) -> np.ndarray:
    """Squeeze numbers into (-1, 1): 2 sigmoid(2x) - 1. Ertuğrul (2024), section 3.2.4.3.

    Examples
    --------
    >>> tanh([-1000.0, 0.0, 1000.0])
    array([-1.,  0.,  1.])
    """
    return np.tanh(_float(x))


def tanh_derivative(x: np.ndarray) -> np.ndarray:
    """Return the slope of `tanh` at x: 1 - tanh(x)², at most 1.

    Examples
    --------
    >>> tanh_derivative([-1000.0, 0.0, 1000.0])
    array([0., 1., 0.])
    """
    return 1 - tanh(x) ** 2


def relu(x: np.ndarray) -> np.ndarray:
    """Replace what is negative by zero. Yershov et al. (2025), eq. (2).

    Examples
    --------
    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(x, 0)


def relu_derivative(x: np.ndarray) -> np.ndarray:
    """Return the slope of `relu` at x: 1 above zero, 0 below and, by convention, at zero.

    Examples
    --------
    >>> relu_derivative([-2.0, 0.0, 3.0])
    array([0., 0., 1.])
    """
    return np.heaviside(x, 0)


def leaky_relu(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """Multiply what is negative by a small slope. Maas et al. (2013), section 2.

    Parameters
    ----------
    x : any shape
    slope : below zero; Keras's own default is 0.2

    Examples
    --------
    >>> leaky_relu([-2.0, 0.0, 3.0])
    array([-0.02,  0.  ,  3.  ])
    """
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def leaky_relu_derivative(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """Return the slope of `leaky_relu` at x: 1 above zero, `slope` below and at zero.

    Examples
    --------
    >>> leaky_relu_derivative([-2.0, 0.0, 3.0])
    array([0.01, 0.01, 1.  ])
    """
    return slope + (1 - slope) * np.heaviside(_float(x), 0)


def swish(x: np.ndarray) -> np.ndarray:
    """Return x sigmoid(x), also called SiLU. Yershov et al. (2025), eq. (12).

    Examples
    --------
    >>> swish([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    return _float(x) * sigmoid(x)


def swish_derivative(x: np.ndarray) -> np.ndarray:
    """Return the slope of `swish` at x: the product rule on x sigmoid(x).

    Examples
    --------
    >>> swish_derivative([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return sigmoid(x) + _float(x) * sigmoid_derivative(x)


def hard_swish(x: np.ndarray) -> np.ndarray:
    """Return x clip(x + 3, 0, 6) / 6, a swish without exponentials. Howard et al. (2019).

    Examples
    --------
    >>> hard_swish([-4.0, -1.5, 0.0, 4.0])
    array([-0.   , -0.375,  0.   ,  4.   ])
    """
    x = _float(x)
    return x * np.clip(x + 3, 0, 6) / 6


def hard_swish_derivative(x: np.ndarray) -> np.ndarray:
    """Return the slope of `hard_swish` at x: 0 up to -3, x/3 + 1/2 between, 1 from 3 on.

    Examples
    --------
    >>> hard_swish_derivative([-4.0, -1.5, 0.0, 4.0])
    array([0. , 0. , 0.5, 1. ])
    """
    x = _float(x)
    return np.where(np.abs(x) < 3, x / 3 + 0.5, np.heaviside(x, 0))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn the logits along the last axis into probabilities. Yershov et al. (2025), eq. (5).

    The largest logit is subtracted first: that changes nothing in the ratio and keeps the
    exponentials finite.

    Examples
    --------
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    logits = _float(logits)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_jacobian(logits: np.ndarray) -> np.ndarray:
    """Return how every probability of `softmax` changes with every logit.

    Parameters
    ----------
    logits : (..., classes)

    Returns
    -------
    (..., classes, classes); row i, column j holds the derivative of probability i with respect to
    logit j, p_i (1 - p_i) for i = j and -p_i p_j elsewhere

    Examples
    --------
    >>> softmax_jacobian([0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    p = softmax(logits)
    return p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :])
