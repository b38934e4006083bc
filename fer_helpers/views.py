"""Inputs of networks: the three views of Savenko et al. (2026), and standardised faces."""

from typing import Literal

import numpy as np

from fer_helpers import ops

VIEWS = ("image", "contour", "inverted")

#: The largest Sobel magnitude that an image with values in [0, 1] can have, about 4.47.
#: Towards the angle t, the response is cos t · gx + sin t · gy. It is largest when every pixel
#: whose weight is positive is 1 and every other is 0, which gives 4 |cos t| + 2 |sin t| for
#: angles up to 45° (beyond, the two change places). Its maximum is √(4² + 2²) = 2√5, with
#: gx = 4 and gy = 2: not 4√2, since no image has gx = gy = 4 at the same pixel.
LARGEST_CONTOUR = 2 * np.sqrt(5)

# The contour of all of FER2013 at once would need five arrays of 260 MB.
_BLOCK = 1024


def make_view(images: np.ndarray, view: Literal["image", "contour", "inverted"]) -> np.ndarray:
    """Return one view of grey images, as the input of a network. Savenko et al. (2026), section 3.

    ``"image"`` is the image in [0, 1]; ``"contour"`` its Sobel magnitude divided by
    `LARGEST_CONTOUR`, so that the steepest possible edge is 1; ``"inverted"`` is 1 - image.

    Parameters
    ----------
    images : (images, height, width, 1) array of uint8
    view : one of `VIEWS`

    Returns
    -------
    (images, height, width, 1) array of float32 in [0, 1]

    Raises
    ------
    ValueError : an unknown view, or images of another shape or type.

    Examples
    --------
    >>> black = np.zeros((1, 48, 48, 1), dtype=np.uint8)
    >>> float(make_view(black, "inverted").mean())
    1.0
    >>> float(make_view(black, "contour").max())
    0.0
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}; choose one of {', '.join(VIEWS)}")
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 1:
        raise ValueError(
            "images must be uint8 of shape (images, height, width, 1), "
            f"not {images.dtype} of shape {images.shape}"
        )
    if view == "image":
        return images.astype(np.float32) / 255
    if view == "inverted":
        return (255 - images).astype(np.float32) / 255
    contour = np.empty(images.shape, dtype=np.float32)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        contour[block, ..., 0] = ops.sobel(images[block, ..., 0])[2]
    contour /= np.float32(255 * LARGEST_CONTOUR)
    return np.minimum(contour, 1, out=contour)


def standardised(images: np.ndarray) -> np.ndarray:
    """Bring every image to mean 0 and spread 1 by its own pixels.

    That takes out how bright and how contrasty an image is. The spread is the standard deviation
    plus one grey level, so that an image that is all of one grey becomes zeros.

    Parameters
    ----------
    images : (images, height, width, channels) array of grey levels from 0 to 255, of any type

    Returns
    -------
    array of float32 of the same shape; every channel of every image is treated by itself

    Raises
    ------
    ValueError : an array of another shape.

    Examples
    --------
    >>> halves = np.array([0, 255], dtype=np.uint8).reshape(1, 1, 2, 1)
    >>> round(float(standardised(halves).max()), 2)
    0.99
    >>> float(standardised(np.full((1, 48, 48, 1), 77)).max())
    0.0
    """
    pixels = np.asarray(images).astype(np.float32)
    if pixels.ndim != 4:
        raise ValueError(
            f"images must have the shape (images, height, width, channels), not {pixels.shape}"
        )
    means = pixels.mean(axis=(1, 2), keepdims=True)
    return (pixels - means) / (pixels.std(axis=(1, 2), keepdims=True) + 1)
