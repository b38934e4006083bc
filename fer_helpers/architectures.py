"""The networks of the course: one builder each, all functional Keras models, by name.

>>> NAMES
('six_conv_cnn', 'compact')
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

_BUILDERS: dict[str, Callable[[tuple[int, int, int], int], keras.Model]] = {}


def _register(builder: Callable) -> Callable:
    _BUILDERS[builder.__name__] = builder
    return builder


def build(
    name: str, *, input_shape: tuple[int, int, int] = (48, 48, 1), classes: int = 7
) -> keras.Model:
    """Build a network by name, with fresh random weights.

    Parameters
    ----------
    name
        One of `NAMES`.
    input_shape
        ``(height, width, channels)`` of one image, at least 32 × 32 pixels.
    classes
        Number of classes, so of outputs.

    Returns
    -------
    keras.Model
        Float images ``(n, height, width, channels)`` in, probabilities ``(n, classes)`` out.

    Raises
    ------
    ValueError
        If the name is unknown, an image is too small, or there are fewer than two classes.

    Examples
    --------
    >>> build("compact", classes=6).output_shape
    (None, 6)
    """
    if name not in _BUILDERS:
        raise ValueError(f"unknown architecture {name!r}; choose one of {', '.join(NAMES)}")
    if len(input_shape) != 3 or None in input_shape or min(input_shape[:2]) < 32:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least 32 × 32 pixels, "
            f"not {input_shape}"
        )
    if classes < 2:
        raise ValueError(f"a classifier needs at least 2 classes, not {classes}")
    return _BUILDERS[name](tuple(input_shape), classes)


def _convolution(x, filters: int, size: int, name: str, *, strides: int = 1, activate: bool = True):
    """Convolution without bias (the normalisation has one), batch normalisation, ReLU."""
    x = layers.Conv2D(
        filters, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    # Keras's default momentum, 0.99, averages over more steps than a short training has.
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if activate else x


def _residual(x, filters: int, name: str, *, strides: int = 1):
    """Two 3×3 convolutions beside a shortcut (He et al. 2016, fig. 2)."""
    shortcut = x
    if strides != 1 or x.shape[-1] != filters:
        shortcut = _convolution(x, filters, 1, f"{name}_short", strides=strides, activate=False)
    x = _convolution(x, filters, 3, f"{name}_a", strides=strides)
    x = _convolution(x, filters, 3, f"{name}_b", activate=False)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, shortcut]))


@_register
def six_conv_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the network of Savenko et al. (2026): six convolutions, two dense layers.

    The paper (section 3) gives 3×3 filters, ReLU, batch normalisation, 2×2 max pooling, dropout
    and two dense ReLU layers before the softmax.
    Its figure with the widths is not published in the text, so these are ours:
    64, 64, 128, 128, 256, 256 filters, pooling after every second convolution,
    dense layers of 256 and 128, dropout 0.25 after a pooling and 0.5 after a dense layer.

    Examples
    --------
    >>> build("six_conv_cnn").count_params()
    3542727
    """
    inputs = keras.Input(input_shape, name="image")
    x = inputs
    for stage, filters in enumerate((64, 128, 256), start=1):
        for letter in "ab":
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"stage{stage}{letter}_conv"
            )(x)
            x = layers.BatchNormalization(name=f"stage{stage}{letter}_norm")(x)
        x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        x = layers.Dropout(0.25, name=f"stage{stage}_drop")(x)
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate((256, 128), start=1):
        x = layers.Dense(units, activation="relu", name=f"dense{number}")(x)
        x = layers.BatchNormalization(name=f"dense{number}_norm")(x)
        x = layers.Dropout(0.5, name=f"dense{number}_drop")(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="six_conv_cnn")


@_register
def compact(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the course's own small residual network, made for two CPU cores.

    A 5×5 convolution with stride 2 and 32 filters, 2×2 max pooling, two residual blocks
    (He et al. 2016) of 32 and 64 filters, the second with stride 2, global average pooling,
    softmax.
    Stride and pooling come first, which is what makes it fast: from the first block on, a
    sixteenth of the pixels is left.

    Examples
    --------
    >>> build("compact").count_params()
    78183
    """
    inputs = keras.Input(input_shape, name="image")
    x = _convolution(inputs, 32, 5, "stem", strides=2)
    x = layers.MaxPooling2D(2, name="stem_pool")(x)
    x = _residual(x, 32, "block1")
    x = _residual(x, 64, "block2", strides=2)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="compact")


NAMES = tuple(_BUILDERS)
