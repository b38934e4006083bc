"""Convolution, pooling and the Sobel operator.

Every function states the formula that it computes and where that is published.
All of it is vectorised by one idea: a view of the input that holds one shifted copy per kernel
weight, so that a convolution is one product with the weights and a pooling one reduction.
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np

Padding = Literal["valid", "same"] | int
Pair = int | tuple[int, int]

#: Responds to a change of brightness along the width (positive: brighter to the right), so it
#: finds vertical contours. It is w_YS in Savenko et al. (2026), eq. (2), which names the kernels
#: after the contours.
SOBEL_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
#: Responds to a change of brightness along the height (positive: brighter downwards), so it finds
#: horizontal contours. It is w_XS in Savenko et al. (2026), eq. (2).
SOBEL_Y = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


def _array(values: object, name: str, *dimensions: int) -> np.ndarray:
    """Return `values` as an array of numbers with one of the given numbers of dimensions."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    if array.ndim not in dimensions:
        legal = " or ".join(str(number) for number in dimensions)
        raise ValueError(f"{name} must have {legal} dimensions, not {array.ndim}: {array.shape}")
    return array


def _whole(value: object, least: int) -> bool:
    return isinstance(value, (int, np.integer)) and value is not True and value >= least


def _pair(value: object, name: str) -> tuple[int, int]:
    """Return a whole number, or a pair of them, as (along the height, along the width)."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not (_whole(pair[0], 1) and _whole(pair[1], 1)):
        raise ValueError(
            f"{name} must be a whole number of at least 1, or a pair of them, not {value!r}"
        )
    return pair[0], pair[1]


def _span(
    size: int, kernel: int, stride: int, padding: object, dilation: int
) -> tuple[int, int, int]:
    """Return along one axis: zeros before, zeros after, size of the output."""
    reach = dilation * (kernel - 1) + 1
    if padding == "valid":
        before = after = 0
    elif padding == "same":
        missing = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before, after = missing // 2, missing - missing // 2
    elif _whole(padding, 0):
        before = after = padding
    else:
        raise ValueError(
            f"unknown padding {padding!r}; legal are 'valid', 'same' and a whole number of zeros"
        )
    room = before + size + after - reach
    if size < 1 or room < 0:
        raise ValueError(
            f"the kernel covers {reach} pixels and the padded input has only "
            f"{before + size + after}: use a smaller kernel or dilation, or more padding"
        )
    return before, after, room // stride + 1


def _shifted(x: np.ndarray, axis: int, size, stride, padding, dilation, fill=0) -> np.ndarray:
    """Return (kernel height, kernel width, *output): the padded input once per kernel position.

    `axis` is the first of the two spatial axes of `x`.
    """
    (kh, kw), (sh, sw), (dh, dw) = size, stride, dilation
    shape = list(x.shape)
    height, width = shape[axis : axis + 2]
    top, bottom, rows = _span(height, kh, sh, padding, dh)
    left, right, columns = _span(width, kw, sw, padding, dw)
    if top or bottom or left or right:
        # np.pad does the same, but for an 8×8 image it takes longer than the convolution.
        shape[axis : axis + 2] = top + height + bottom, left + width + right
        padded = np.zeros(shape, x.dtype)
        if fill:
            padded[...] = fill
        inside = (slice(top, top + height), slice(left, left + width))
        padded[(slice(None),) * axis + inside] = x
        x = padded
    else:
        x = np.ascontiguousarray(x)
    steps = list(x.strides)
    down, across = steps[axis : axis + 2]
    shape[axis : axis + 2] = rows, columns
    steps[axis : axis + 2] = down * sh, across * sw
    # This constructor refuses strides that leave the buffer; sliding_window_view would be slower.
    return np.ndarray((kh, kw, *shape), x.dtype, buffer=x, strides=(down * dh, across * dw, *steps))


def _common(*arrays: np.ndarray) -> np.dtype:
    """Return the type to compute in: integers widely enough that sums of bytes do not wrap."""
    dtype = np.result_type(*arrays)
    return dtype if dtype.kind == "f" else np.dtype(np.int64)


def cross_correlate2d(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Slide the kernel over the image and sum the products: what `Conv2D` computes.

    ``out[i, j] = sum over m, n of image[i*stride + m*dilation, j*stride + n*dilation] *
    kernel[m, n]``. Yershov et al. (2025), eq. (1), for one channel and without bias.

    Parameters
    ----------
    image : (height, width) array of numbers
    kernel : (kernel height, kernel width) array of numbers
    stride : pixels from one position to the next, or (along height, along width)
    padding : "valid" (none), "same" (zeros until a stride of 1 keeps the size; where their number
        is odd the extra one is at the bottom and right, as in TensorFlow), or the number of zeros
        on every side
    dilation : distance of neighbouring weights in pixels, or (along height, along width)

    Returns
    -------
    (height', width') array, see `output_size`; integers stay integers (int64).

    Raises
    ------
    ValueError : wrong number of dimensions, a kernel larger than the padded image, an unknown
        padding, a stride or dilation below 1.

    Examples
    --------
    >>> cross_correlate2d([[1, 2, 3], [4, 5, 6]], [[0, 1]])
    array([[2, 3],
           [5, 6]])
    """
    image = _array(image, "image", 2)
    kernel = _array(kernel, "kernel", 2)
    dtype = _common(image, kernel)
    copies = _shifted(
        image.astype(dtype, copy=False),
        0,
        kernel.shape,
        _pair(stride, "stride"),
        padding,
        _pair(dilation, "dilation"),
    )
    weights = kernel.astype(dtype, copy=False).reshape(-1)
    out = weights @ copies.reshape(weights.size, -1)
    return out.reshape(copies.shape[2:])


def convolve2d(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Convolve in the mathematical sense: `cross_correlate2d` with the kernel turned by 180°.

    Savenko et al. (2026), eq. (1): ``out(i, k) = sum over m, n of
    image(i - m + mc, k - n + nc) * kernel(m, n)``. The paper's formula is that of
    ``padding="same"``, with ``(mc, nc)`` the centre of the kernel. With the default "valid" only
    those positions remain at which the kernel lies within the image.

    Parameters, result and errors are those of `cross_correlate2d`. For ``padding="same"`` and a
    kernel of even size, `scipy.signal.convolve2d` centres one pixel further up and left.

    Examples
    --------
    >>> convolve2d([[1, 2, 3], [4, 5, 6]], [[0, 1]])
    array([[1, 2],
           [4, 5]])
    """
    kernel = _array(kernel, "kernel", 2)[::-1, ::-1]
    return cross_correlate2d(image, kernel, stride=stride, padding=padding, dilation=dilation)


def conv_layer(
    x: np.ndarray,
    kernels: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Apply a convolutional layer, without activation: `keras.ops.conv` plus a bias.

    Each filter sums over its window *and* over all channels: Yershov et al. (2025), eq. (1).

    Parameters
    ----------
    x : (images, height, width, channels) array of numbers
    kernels : (kernel height, kernel width, channels, filters) array of numbers
    bias : (filters,) array of numbers or None
    stride, padding, dilation : as in `cross_correlate2d`

    Returns
    -------
    (images, height', width', filters) array: one feature map per filter

    Raises
    ------
    ValueError : as `cross_correlate2d`, and for channels or biases that do not fit the kernels.

    Examples
    --------
    >>> conv_layer(np.ones((1, 48, 48, 3)), np.ones((3, 3, 3, 8)), padding="same").shape
    (1, 48, 48, 8)
    """
    x = _array(x, "x", 4)
    kernels = _array(kernels, "kernels", 4)
    kh, kw, channels, filters = kernels.shape
    if x.shape[3] != channels:
        raise ValueError(f"x has {x.shape[3]} channels and the kernels expect {channels}")
    copies = _shifted(x, 1, (kh, kw), _pair(stride, "stride"), padding, _pair(dilation, "dilation"))
    dtype = _common(x, kernels)
    out = np.tensordot(
        copies.astype(dtype, copy=False),
        kernels.astype(dtype, copy=False),
        axes=((0, 1, 5), (0, 1, 2)),
    )
    if bias is None:
        return out
    bias = _array(bias, "bias", 1)
    if len(bias) != filters:
        raise ValueError(f"bias has {len(bias)} values and there are {filters} filters")
    return out + bias


def _windows(x: np.ndarray, size, stride, padding, fill=0) -> np.ndarray:
    """Return (window height, window width, *output) for a pooling of `x`."""
    if padding not in ("valid", "same"):
        raise ValueError(f"unknown padding {padding!r}; legal are 'valid' and 'same'")
    size = _pair(size, "size")
    stride = size if stride is None else _pair(stride, "stride")
    return _shifted(x, 0 if x.ndim == 2 else 1, size, stride, padding, (1, 1), fill)


def max_pool(
    x: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Literal["valid", "same"] = "valid",
) -> np.ndarray:
    """Keep the largest value of each window. Yershov et al. (2025), eq. (3).

    Parameters
    ----------
    x : (height, width) or (images, height, width, channels) array of numbers
    size : side of the window in pixels, or (height, width)
    stride : pixels from one window to the next; by default the size, so that windows tile the image
    padding : "valid" drops the pixels that fill no window, "same" keeps them in smaller windows

    Returns
    -------
    Array of as many dimensions and of the type of `x`

    Raises
    ------
    ValueError : wrong number of dimensions, a window larger than the input, an unknown padding, a
        size or stride below 1.

    Examples
    --------
    >>> max_pool([[1, 5, 2], [3, 4, 9]])
    array([[5]])
    >>> max_pool([[1, 5, 2], [3, 4, 9]], padding="same")
    array([[5, 9]])
    """
    x = _array(x, "x", 2, 4)
    kind = x.dtype.kind
    lowest = -np.inf if kind == "f" else False if kind == "b" else np.iinfo(x.dtype).min
    return _windows(x, size, stride, padding, fill=lowest).max(axis=(0, 1))


def average_pool(
    x: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Literal["valid", "same"] = "valid",
) -> np.ndarray:
    """Keep the mean of each window. With padding "same" it is the mean of the window's real pixels.

    Parameters, result and errors are those of `max_pool`, but the result is always floating-point.

    Examples
    --------
    >>> average_pool([[1, 5, 2], [3, 4, 9]], padding="same")
    array([[3.25, 5.5 ]])
    """
    x = _array(x, "x", 2, 4)
    x = x.astype(np.result_type(x, np.float32), copy=False)
    real_pixels = _windows(np.ones_like(x), size, stride, padding).sum(axis=(0, 1))
    return _windows(x, size, stride, padding).sum(axis=(0, 1)) / real_pixels


def output_size(
    size: int, kernel: int, *, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> int:
    """Return the height (or width) of a feature map.

    ``(size + zeros - dilation * (kernel - 1) - 1) // stride + 1``; for "same" this is
    ``size / stride``, rounded up.

    Parameters
    ----------
    size, kernel : pixels along this axis
    stride, padding, dilation : as in `cross_correlate2d`

    Raises
    ------
    ValueError : as `cross_correlate2d`.

    Examples
    --------
    >>> output_size(48, 3)
    46
    >>> output_size(48, 3, stride=2, padding="same")
    24
    """
    for name, value in dict(size=size, kernel=kernel, stride=stride, dilation=dilation).items():
        if not _whole(value, 1):
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(_span(size, kernel, stride, padding, dilation)[2])


def receptive_field(layers: Iterable[tuple[int, int] | tuple[int, int, int]]) -> int:
    """Return how many input pixels, along one axis, one value after the last layer depends on.

    Parameters
    ----------
    layers : (kernel, stride) or (kernel, stride, dilation) of each convolution or pooling, first
        layer first

    Raises
    ------
    ValueError : a layer of another form or with a value below 1.

    Examples
    --------
    Two 3×3 convolutions see as far as one of 5×5; pooling doubles the reach of what follows.

    >>> receptive_field([(3, 1), (3, 1)])
    5
    >>> receptive_field([(3, 1), (2, 2), (3, 1)])
    8
    """
    field = step = 1
    for layer in layers:
        values = tuple(layer) if isinstance(layer, (tuple, list)) else ()
        if len(values) not in (2, 3) or not all(_whole(value, 1) for value in values):
            raise ValueError(
                "a layer is (kernel, stride) or (kernel, stride, dilation) in whole numbers of at "
                f"least 1, not {layer!r}"
            )
        kernel, stride, dilation = (*values, 1)[:3]
        field += dilation * (kernel - 1) * step
        step *= stride
    return field


def conv_parameters(kernel: Pair, channels: int, filters: int, bias: bool = True) -> int:
    """Return the number of weights that a convolutional layer learns.

    Parameters
    ----------
    kernel : side of the kernel, or (height, width)
    channels, filters : depth of the input and of the output
    bias : whether each filter has a bias

    Raises
    ------
    ValueError : a size, number of channels or of filters below 1.

    Examples
    --------
    >>> conv_parameters(3, channels=1, filters=32)
    320
    """
    height, width = _pair(kernel, "kernel")
    for name, value in dict(channels=channels, filters=filters).items():
        if not _whole(value, 1):
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return (height * width * channels + bool(bias)) * filters


def sobel(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the change of brightness along the width, along the height, and its magnitude.

    The cross-correlation with `SOBEL_X` and `SOBEL_Y`, and the root of the sum of their squares.
    Savenko et al. (2026), eq. (2). Signs: positive where the image gets brighter to the right,
    and downwards; the convolution of the paper's eq. (1) turns both signs and leaves the
    magnitude as it is. Beyond the border the nearest pixel is repeated, so that the border is not
    taken for a contour. Equal to `scipy.ndimage.sobel` with ``mode="nearest"`` along the last and
    the last but one axis.

    Parameters
    ----------
    images : (height, width) or (images, height, width) array of numbers

    Returns
    -------
    along_width, along_height, magnitude : floating-point arrays of the shape of `images`, in
        brightness per 8 pixels: a ramp that rises by 1 per pixel gives 8

    Raises
    ------
    ValueError : wrong number of dimensions.

    Examples
    --------
    >>> along_width, along_height, magnitude = sobel([[0, 0, 1], [0, 0, 1]])
    >>> along_width
    array([[0., 4., 4.],
           [0., 4., 4.]])
    """
    images = _array(images, "images", 2, 3)
    images = images.astype(np.result_type(images, np.float32), copy=False)
    batch = images if images.ndim == 3 else images[np.newaxis]
    padded = np.pad(batch, ((0, 0), (1, 1), (1, 1)), mode="edge")
    # Each kernel is a smoothing [1, 2, 1] along one axis and a difference along the other.
    down = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    across = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    along_width = (down[:, :, 2:] - down[:, :, :-2]).reshape(images.shape)
    along_height = (across[:, 2:] - across[:, :-2]).reshape(images.shape)
    return along_width, along_height, np.hypot(along_width, along_height)
