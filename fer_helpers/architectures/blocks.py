"""The blocks that the networks are stacked from, on Keras tensors, with named layers.

A chapter builds each by hand from plain layers; these are the tested copies.
Given the weights of Keras Applications they compute what Keras Applications computes.
"""

from __future__ import annotations

from keras import KerasTensor, layers
from keras.initializers import Initializer

# Keras's default momentum, 0.99, averages over more steps than a short training has.
MOMENTUM = 0.9


def normalise(
    x: KerasTensor, name: str, *, momentum: float = MOMENTUM, epsilon: float = 1e-3
) -> KerasTensor:
    """Batch normalisation (Ioffe & Szegedy 2015) under the name ``<name>_norm``."""
    return layers.BatchNormalization(momentum=momentum, epsilon=epsilon, name=f"{name}_norm")(x)


def activate(x: KerasTensor, name: str, activation: str | None) -> KerasTensor:
    """Apply an activation under the name ``<name>_<activation>``; None gives `x` back."""
    if activation is None:
        return x
    if activation == "relu6":
        return layers.ReLU(6.0, name=f"{name}_relu6")(x)
    return layers.Activation(activation, name=f"{name}_{activation}")(x)


def convolution(
    x: KerasTensor,
    filters: int,
    size: int,
    name: str,
    *,
    strides: int = 1,
    activation: str | None = "relu",
) -> KerasTensor:
    """Convolution without bias (the normalisation has one), batch normalisation, activation.

    Parameters
    ----------
    x
        Feature maps ``(n, height, width, channels)``.
    filters, size, strides
        Of the convolution, padded with zeros to ``ceil(side / strides)``.
    name
        Prefix of the layers' names.
    activation
        A Keras name, ``"relu6"``, or None.

    Returns
    -------
    KerasTensor
        ``(n, height / strides, width / strides, filters)``.

    Examples
    --------
    >>> convolution(layers.Input((48, 48, 1)), 16, 3, "stem", strides=2).shape
    (None, 24, 24, 16)
    """
    x = layers.Conv2D(
        filters, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return activate(normalise(x, name), name, activation)


def residual(x: KerasTensor, filters: int, name: str, *, strides: int = 1) -> KerasTensor:
    """Two 3×3 convolutions beside a shortcut (He et al. 2016, eq. (1) and fig. 2).

    Where the shape changes, the shortcut is a 1×1 convolution with the same stride (eq. (2)).

    Examples
    --------
    >>> residual(layers.Input((24, 24, 32)), 64, "block", strides=2).shape
    (None, 12, 12, 64)
    """
    shortcut = x
    if strides != 1 or x.shape[-1] != filters:
        shortcut = convolution(x, filters, 1, f"{name}_short", strides=strides, activation=None)
    x = convolution(x, filters, 3, f"{name}_a", strides=strides)
    x = convolution(x, filters, 3, f"{name}_b", activation=None)
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.ReLU(name=f"{name}_out")(x)


def bottleneck(
    x: KerasTensor, filters: int, name: str, *, strides: int = 1, shortcut: bool = False
) -> KerasTensor:
    """1×1, 3×3, 1×1 to four times as many maps, beside a shortcut (He et al. 2016, fig. 5 right).

    As in Keras Applications: biases, momentum 0.99, epsilon 1.001e-5, the stride in the first
    1×1.

    Parameters
    ----------
    x
        Feature maps ``(n, height, width, channels)``.
    filters
        Of the first two convolutions; the block gives 4 × `filters` maps.
    name
        Prefix of the layers' names.
    strides
        Of the first convolution and of the shortcut.
    shortcut
        Whether the shortcut is a convolution; it has to be one where the shape changes.

    Examples
    --------
    >>> bottleneck(layers.Input((12, 12, 64)), 64, "block", shortcut=True).shape
    (None, 12, 12, 256)
    """

    def step(x, filters, size, part, strides=1):
        x = layers.Conv2D(
            filters, size, strides=strides, padding="same", name=f"{name}_{part}_conv"
        )(x)
        return normalise(x, f"{name}_{part}", momentum=0.99, epsilon=1.001e-5)

    beside = step(x, 4 * filters, 1, "short", strides) if shortcut else x
    x = activate(step(x, filters, 1, "a", strides), f"{name}_a", "relu")
    x = activate(step(x, filters, 3, "b"), f"{name}_b", "relu")
    x = layers.Add(name=f"{name}_add")([beside, step(x, 4 * filters, 1, "c")])
    return layers.ReLU(name=f"{name}_out")(x)


def separable(
    x: KerasTensor, filters: int, name: str, *, size: int = 3, strides: int = 1
) -> KerasTensor:
    """Depthwise and pointwise convolution, each normalised, ReLU (Howard et al. 2017, fig. 3).

    Examples
    --------
    >>> separable(layers.Input((12, 12, 64)), 128, "block").shape
    (None, 12, 12, 128)
    """
    x = layers.DepthwiseConv2D(
        size, strides=strides, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = activate(normalise(x, f"{name}_depthwise"), f"{name}_depthwise", "relu")
    return convolution(x, filters, 1, f"{name}_point")


def squeeze_excite(
    x: KerasTensor,
    reduced: int,
    name: str,
    *,
    gate: str = "sigmoid",
    activation: str = "relu",
    initializer: str | Initializer = "glorot_uniform",
) -> KerasTensor:
    """Weigh every feature map by a number in [0, 1] made from all maps' means (Hu et al. 2018).

    Parameters
    ----------
    x
        Feature maps ``(n, height, width, channels)``.
    reduced
        Units of the small layer between the means and the weights.
    name
        Prefix of the layers' names.
    gate
        ``"sigmoid"``, or ``"hard_sigmoid"`` as in MobileNetV3.
    activation
        Of the small layer.
    initializer
        Of both layers' kernels.

    Examples
    --------
    >>> squeeze_excite(layers.Input((6, 6, 32)), 8, "se").shape
    (None, 6, 6, 32)
    """
    weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    weights = layers.Conv2D(reduced, 1, kernel_initializer=initializer, name=f"{name}_reduce")(
        weights
    )
    weights = activate(weights, f"{name}_reduce", activation)
    weights = layers.Conv2D(x.shape[-1], 1, kernel_initializer=initializer, name=f"{name}_expand")(
        weights
    )
    weights = activate(weights, f"{name}_gate", gate)
    return layers.Multiply(name=f"{name}_excite")([x, weights])


def inverted_residual(
    x: KerasTensor,
    filters: int,
    name: str,
    *,
    expanded: int | None,
    size: int = 3,
    strides: int = 1,
    activation: str = "relu6",
    excite: int | None = None,
    excite_activation: str = "relu",
    gate: str = "sigmoid",
    momentum: float = 0.999,
    drop: float = 0.0,
    initializer: str | Initializer = "glorot_uniform",
) -> KerasTensor:
    """Widen, filter each map by itself, narrow; shortcut between the narrow ends.

    MobileNetV2's block (Sandler et al. 2018, fig. 3b), with squeeze-and-excitation
    MobileNetV3's (Howard et al. 2019, fig. 4), with swish EfficientNet's MBConv
    (Yershov et al. 2025, (13) to (15)). There is no activation after narrowing.

    Parameters
    ----------
    x
        Feature maps ``(n, height, width, channels)``.
    filters
        Of the narrow end.
    name
        Prefix of the layers' names.
    expanded
        Feature maps in the middle; None leaves the widening out.
    size, strides
        Of the depthwise convolution.
    activation
        After widening and after filtering.
    excite
        Units of squeeze-and-excitation in the middle, or None for none.
    excite_activation, gate
        Its two activations.
    momentum
        Of the batch normalisation; the published networks use 0.999 (EfficientNet: 0.99).
    drop
        Chance in training that an image skips the block (stochastic depth), where it has a
        shortcut.
    initializer
        Of the convolutions' kernels.

    Examples
    --------
    >>> inverted_residual(layers.Input((12, 12, 24)), 32, "block", expanded=144, strides=2).shape
    (None, 6, 6, 32)
    """
    before = x
    if expanded is not None:
        x = layers.Conv2D(
            expanded, 1, use_bias=False, kernel_initializer=initializer, name=f"{name}_widen_conv"
        )(x)
        x = normalise(x, f"{name}_widen", momentum=momentum)
        x = activate(x, f"{name}_widen", activation)
    x = layers.DepthwiseConv2D(
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=initializer,
        name=f"{name}_depthwise",
    )(x)
    x = normalise(x, f"{name}_depthwise", momentum=momentum)
    x = activate(x, f"{name}_depthwise", activation)
    if excite is not None:
        x = squeeze_excite(
            x,
            excite,
            f"{name}_se",
            gate=gate,
            activation=excite_activation,
            initializer=initializer,
        )
    x = layers.Conv2D(
        filters, 1, use_bias=False, kernel_initializer=initializer, name=f"{name}_narrow_conv"
    )(x)
    x = normalise(x, f"{name}_narrow", momentum=momentum)
    if strides == 1 and before.shape[-1] == filters:
        if drop:
            x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x)
        x = layers.Add(name=f"{name}_add")([before, x])
    return x
