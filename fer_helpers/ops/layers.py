"""The dense layer, the loss, and the gradient of every layer.

Each gradient function has the same form. It takes what its layer took, and `upstream`: the
derivative of the loss with respect to each value that the layer gave. It returns the derivative of
the loss with respect to each value that went in, and to each parameter: the chain rule for one
layer. The gradient of an activation function is ``upstream * relu_derivative(x)``, and so on for
the others.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from fer_helpers.ops.spatial import (
    Padding,
    Pair,
    _array,
    _common,
    _pair,
    _shifted,
    _span,
    _windows,
    max_pool,
)


def flatten(x: np.ndarray) -> np.ndarray:
    """Write the values of each image into one row, channels fastest, as Keras's `Flatten` does.

    Parameters
    ----------
    x : (images, ...) array

    Returns
    -------
    (images, values) array; its gradient is ``upstream.reshape(x.shape)``.

    Examples
    --------
    >>> flatten(np.ones((5, 6, 6, 16))).shape
    (5, 576)
    """
    x = np.asarray(x)
    return x.reshape(len(x), math.prod(x.shape[1:]))


def dense(x: np.ndarray, weights: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Apply a dense layer, without activation: a weighted sum of all inputs per output.

    Yershov et al. (2025), eq. (4), for a batch. The paper's ``w[i, j]`` leads from input ``j`` to
    output ``i``; here, as in Keras, it is ``weights[j, i]``.

    Parameters
    ----------
    x : (images, inputs) array of numbers
    weights : (inputs, outputs) array of numbers
    bias : (outputs,) array of numbers or None

    Returns
    -------
    (images, outputs) array

    Raises
    ------
    ValueError : shapes that do not fit.

    Examples
    --------
    >>> dense([[2.0, 1.0]], [[1.0, -1.0], [3.0, 0.0]], [0.5, 0.0])
    array([[ 5.5, -2. ]])
    """
    x, weights = _array(x, "x", 2), _array(weights, "weights", 2)
    if x.shape[1] != len(weights):
        raise ValueError(f"x has {x.shape[1]} inputs and the weights expect {len(weights)}")
    dtype = _common(x, weights)
    out = x.astype(dtype, copy=False) @ weights.astype(dtype, copy=False)
    if bias is None:
        return out
    bias = _array(bias, "bias", 1)
    if len(bias) != weights.shape[1]:
        raise ValueError(f"bias has {len(bias)} values and there are {weights.shape[1]} outputs")
    return out + bias


def dense_gradient(
    x: np.ndarray, weights: np.ndarray, upstream: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradient of a loss with respect to the input and the parameters of `dense`.

    Parameters
    ----------
    x, weights : what the layer was given
    upstream : (images, outputs) array, the gradient with respect to what it returned

    Returns
    -------
    dx, dweights, dbias : arrays of the shapes of `x`, `weights` and the bias; those of the
        parameters are sums over the images

    Raises
    ------
    ValueError : as `dense`, or `upstream` not of the shape of the layer's output.

    Examples
    --------
    >>> dx, dweights, dbias = dense_gradient([[2.0, 1.0]], [[1.0, -1.0], [3.0, 0.0]], [[1.0, 10.0]])
    >>> dx
    array([[-9.,  3.]])
    >>> dweights
    array([[ 2., 20.],
           [ 1., 10.]])
    """
    x, weights = _array(x, "x", 2), _array(weights, "weights", 2)
    if x.shape[1] != len(weights):
        raise ValueError(f"x has {x.shape[1]} inputs and the weights expect {len(weights)}")
    upstream = _upstream(upstream, (len(x), weights.shape[1]))
    return upstream @ weights.T, x.T @ upstream, upstream.sum(axis=0)


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean, over images, of minus the logarithm of the true class's probability.

    Yershov et al. (2025), eq. (6), divided by the number of images. A probability that has
    underflowed to zero counts as the smallest positive number, so that the loss stays finite.

    Parameters
    ----------
    labels : (images,) array of class numbers
    probabilities : (images, classes) array, for instance from `softmax`

    Raises
    ------
    ValueError : no images, or labels that do not fit the probabilities.

    Examples
    --------
    >>> round(cross_entropy([0, 1], [[0.5, 0.5], [0.75, 0.25]]), 4)
    1.0397
    """
    labels, probabilities = _labelled(labels, probabilities)
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, np.finfo(true.dtype).tiny)).mean())


def cross_entropy_gradient(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the gradient of `cross_entropy` with respect to the logits *before the softmax*.

    ``(probabilities - one_hot(labels)) / images``: softmax and cross-entropy together have a
    simpler gradient than either alone.

    Parameters
    ----------
    labels : (images,) array of class numbers
    probabilities : (images, classes) array, the softmax of the logits

    Returns
    -------
    (images, classes) array; each row adds up to zero

    Raises
    ------
    ValueError : as `cross_entropy`.

    Examples
    --------
    >>> cross_entropy_gradient([0, 1], [[0.5, 0.5], [0.75, 0.25]])
    array([[-0.25 ,  0.25 ],
           [ 0.375, -0.375]])
    """
    labels, probabilities = _labelled(labels, probabilities)
    gradient = probabilities.copy()
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def conv_layer_gradient(
    x: np.ndarray,
    kernels: np.ndarray,
    upstream: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradient of a loss with respect to the input and the parameters of `conv_layer`.

    With respect to the kernels it is the cross-correlation of the input with `upstream`. With
    respect to the input it is, for stride 1, the full convolution of `upstream` with the kernels:
    every output hands its gradient back to the pixels of its window, each times the weight that
    the pixel met.

    Parameters
    ----------
    x, kernels, stride, padding : what the layer was given
    upstream : (images, height', width', filters) array, the gradient with respect to its output

    Returns
    -------
    dx, dkernels, dbias : arrays of the shapes of `x`, `kernels` and the bias; those of the
        parameters are sums over images and positions

    Raises
    ------
    ValueError : as `conv_layer`, or `upstream` not of the shape of the layer's output.

    Examples
    --------
    >>> x = np.array([[1, 2, 3]]).reshape(1, 1, 3, 1)
    >>> kernels = np.array([[10, 1]]).reshape(1, 2, 1, 1)
    >>> upstream = np.array([[1, 100]]).reshape(1, 1, 2, 1)
    >>> [gradient.ravel().tolist() for gradient in conv_layer_gradient(x, kernels, upstream)]
    [[10, 1001, 100], [201, 302], [101]]
    """
    x, kernels = _array(x, "x", 4), _array(kernels, "kernels", 4)
    *size, channels, filters = kernels.shape
    if x.shape[3] != channels:
        raise ValueError(f"x has {x.shape[3]} channels and the kernels expect {channels}")
    stride = _pair(stride, "stride")
    copies = _shifted(x, 1, size, stride, padding, (1, 1))
    upstream = _upstream(upstream, (*copies.shape[2:5], filters))
    dtype = _common(x, kernels, upstream)
    rows = upstream.astype(dtype, copy=False).reshape(-1, filters)
    kernels = kernels.astype(dtype, copy=False)

    dkernels = np.empty(kernels.shape, dtype)
    dx, places = _blank(x, size, stride, padding, dtype)
    for place in np.ndindex(*size):
        seen = copies[place].reshape(-1, channels).astype(dtype, copy=False)
        dkernels[place] = seen.T @ rows
        places[place] += (rows @ kernels[place].T).reshape(places[place].shape)
    return dx, dkernels, rows.sum(axis=0)


def max_pool_gradient(
    x: np.ndarray,
    upstream: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Literal["valid", "same"] = "valid",
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `max_pool`.

    The largest value of each window gets all of the window's gradient, the others nothing. Where
    several are equally large, the maximum has no derivative; as TensorFlow on a CPU does, the
    first of them, row by row, gets all.

    Parameters
    ----------
    x, size, stride, padding : what `max_pool` was given
    upstream : array of the shape of its result, the gradient with respect to that

    Returns
    -------
    Array of the shape of `x`

    Raises
    ------
    ValueError : as `max_pool`, or `upstream` not of the shape of the result.

    Examples
    --------
    >>> max_pool_gradient([[1, 5, 2, 2], [3, 4, 0, 2]], [[10, 20]])
    array([[ 0, 10, 20,  0],
           [ 0,  0,  0,  0]])
    """
    x = _array(x, "x", 2, 4)
    largest = max_pool(x, size, stride=stride, padding=padding)
    upstream = _upstream(upstream, largest.shape)
    windows = _windows(x, size, stride, padding)
    inside = _windows(np.ones_like(x, bool), size, stride, padding)
    stride = _pair(size if stride is None else stride, "stride")
    dx, places = _blank(x, _pair(size, "size"), stride, padding, upstream.dtype)
    free = np.ones(largest.shape, bool)
    for place in np.ndindex(*_pair(size, "size")):
        won = free & (windows[place] == largest)
        if padding == "same":
            won &= inside[place]
        places[place] += np.where(won, upstream, 0)
        free &= ~won
    return dx


def average_pool_gradient(
    x: np.ndarray,
    upstream: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Literal["valid", "same"] = "valid",
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `average_pool`.

    Each real pixel of a window gets an equal share of the window's gradient.

    Parameters, result and errors are those of `max_pool_gradient`, but the result is always
    floating-point.

    Examples
    --------
    >>> average_pool_gradient([[1, 5, 2, 2], [3, 4, 0, 2]], [[10, 20]])
    array([[2.5, 2.5, 5. , 5. ],
           [2.5, 2.5, 5. , 5. ]])
    """
    x = _array(x, "x", 2, 4)
    real_pixels = _windows(np.ones_like(x, np.int64), size, stride, padding).sum(axis=(0, 1))
    upstream = _upstream(upstream, real_pixels.shape)
    share = upstream / real_pixels.astype(np.result_type(upstream, np.float32), copy=False)
    stride = _pair(size if stride is None else stride, "stride")
    dx, places = _blank(x, _pair(size, "size"), stride, padding, share.dtype)
    for place in np.ndindex(*_pair(size, "size")):
        places[place] += share
    return dx


def numerical_gradient(
    function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Measure the gradient of a function by central differences, one value of `x` at a time.

    ``(function(x + step) - function(x - step)) / (2 * step)``. It takes two calls of the function
    per value: good for checking a gradient, hopeless for training.

    Parameters
    ----------
    function : takes an array of the shape of `x`, returns a number
    x : where to measure; computed in float64, and left as it is
    step : how far to go to either side

    Returns
    -------
    float64 array of the shape of `x`

    Raises
    ------
    ValueError : a step that is not positive.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), [1.0, -3.0]).round(6)
    array([ 2., -6.])
    """
    if not step > 0:
        raise ValueError(f"step must be positive, not {step!r}")
    x = np.array(x, dtype=float)
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        value = x[place]
        x[place] = value + step
        above = float(function(x))
        x[place] = value - step
        gradient[place] = (above - float(function(x))) / (2 * step)
        x[place] = value
    return gradient


def _upstream(upstream: object, shape: tuple[int, ...]) -> np.ndarray:
    upstream = np.asarray(upstream)
    if upstream.dtype.kind not in "fiu" or upstream.shape != tuple(shape):
        raise ValueError(
            f"upstream must be numbers of the shape of the layer's output, {tuple(shape)}, "
            f"not {upstream.dtype} of shape {upstream.shape}"
        )
    return upstream


def _labelled(labels: object, probabilities: object) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), _array(probabilities, "probabilities", 2)
    probabilities = probabilities.astype(np.result_type(probabilities, np.float32), copy=False)
    images, classes = probabilities.shape
    if images == 0 or labels.shape != (images,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be one class number for each of {images} images, "
            f"not {labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"class numbers go from 0 to {classes - 1}")
    return labels, probabilities


def _blank(x: np.ndarray, size, stride, padding, dtype) -> tuple[np.ndarray, np.ndarray]:
    """Return zeros of the shape of `x`, and a view of them: once per kernel position.

    The view is to the zeros what `_shifted` is to `x`, so that adding to it hands values back to
    where the layer had read. What is handed back to the padding is lost, as it should be.
    """
    axis = 0 if x.ndim == 2 else 1
    height, width = x.shape[axis : axis + 2]
    top, bottom, _ = _span(height, size[0], stride[0], padding, 1)
    left, right, _ = _span(width, size[1], stride[1], padding, 1)
    shape = list(x.shape)
    shape[axis : axis + 2] = top + height + bottom, left + width + right
    padded = np.zeros(shape, dtype)
    places = _shifted(padded, axis, size, stride, "valid", (1, 1))
    inside = (slice(top, top + height), slice(left, left + width))
    return padded[(slice(None),) * axis + inside], places
