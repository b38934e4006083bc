"""Activation functions and their derivatives."""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """Replace what is negative by zero. Yershov et al. (2025), eq. (2).

    Examples
    --------
    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(x, 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn the logits along the last axis into probabilities. Yershov et al. (2025), eq. (5).

    The largest logit is subtracted first: that changes nothing in the ratio and keeps the
    exponentials finite.

    Examples
    --------
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    logits = np.asarray(logits)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
