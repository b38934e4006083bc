"""Networks made for ImageNet, layer by layer, with a head for faces.

Every network here is: grey to three channels, resizing if wanted, the preprocessing it was
trained with, the backbone as a nested model, a head.
The backbones are ours, and equal to those of Keras Applications: `copy_weights` takes their
weights over, and a test holds the outputs equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import keras
from keras import KerasTensor, layers

from fer_helpers.architectures.blocks import activate, bottleneck, inverted_residual, normalise
from fer_helpers.architectures.registry import register
from fer_helpers.architectures.weights import copy_weights, load_file
from fer_helpers.choices import one_of

HEADS = ("ertugrul2024", "matijasevic2024", "yershov2025")


def divisible(channels: float, divisor: int = 8) -> int:
    """Round a number of channels to a multiple of 8, at most a tenth down.

    Examples
    --------
    >>> divisible(0.35 * 96)
    32
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


# Backbones: preprocessed images in, feature maps out.


def _vgg(x: KerasTensor, convolutions: tuple[int, ...]) -> KerasTensor:
    for block, (count, filters) in enumerate(
        zip(convolutions, (64, 128, 256, 512, 512), strict=True), start=1
    ):
        for number in range(1, count + 1):
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
            )(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return x


def _vgg16(x: KerasTensor) -> KerasTensor:
    return _vgg(x, (2, 2, 3, 3, 3))


def _vgg19(x: KerasTensor) -> KerasTensor:
    return _vgg(x, (2, 2, 4, 4, 4))


def _resnet50(x: KerasTensor) -> KerasTensor:
    x = layers.ZeroPadding2D(3, name="stem_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="stem_conv")(x)
    x = activate(normalise(x, "stem", momentum=0.99, epsilon=1.001e-5), "stem", "relu")
    x = layers.ZeroPadding2D(1, name="stem_pool_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)
    for stage, (count, filters) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=2):
        for number in range(1, count + 1):
            first = number == 1
            strides = 2 if first and stage > 2 else 1
            name = f"stage{stage}_block{number}"
            x = bottleneck(x, filters, name, strides=strides, shortcut=first)
    return x


def _mobilenet_v2(x: KerasTensor, *, width: float = 1.0) -> KerasTensor:
    def norm_relu6(x, name):
        return activate(normalise(x, name, momentum=0.999), name, "relu6")

    filters = divisible(32 * width)
    x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = norm_relu6(x, "stem")
    # Expansion t, channels c, repeats n, first stride s: Sandler et al. 2018, table 2.
    table = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    for stage, (expansion, channels, repeats, first) in enumerate(table, start=1):
        for number in range(1, repeats + 1):
            x = inverted_residual(
                x,
                divisible(int(channels * width)),
                f"stage{stage}_block{number}",
                expanded=None if expansion == 1 else expansion * x.shape[-1],
                strides=first if number == 1 else 1,
            )
    filters = divisible(1280 * width) if width > 1 else 1280
    x = layers.Conv2D(filters, 1, use_bias=False, name="last_conv")(x)
    return norm_relu6(x, "last")


def _mobilenet_v3_small(x: KerasTensor) -> KerasTensor:
    def conv_norm_swish(x, filters, size, name, strides=1):
        x = layers.Conv2D(
            filters, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        return activate(normalise(x, name, momentum=0.999), name, "hard_swish")

    x = conv_norm_swish(x, 16, 3, "stem", strides=2)
    # Size, expanded, out, squeeze-and-excitation, activation, stride: Howard et al. 2019, table 2.
    table = (
        (3, 16, 16, True, "relu", 2),
        (3, 72, 24, False, "relu", 2),
        (3, 88, 24, False, "relu", 1),
        (5, 96, 40, True, "hard_swish", 2),
        (5, 240, 40, True, "hard_swish", 1),
        (5, 240, 40, True, "hard_swish", 1),
        (5, 120, 48, True, "hard_swish", 1),
        (5, 144, 48, True, "hard_swish", 1),
        (5, 288, 96, True, "hard_swish", 2),
        (5, 576, 96, True, "hard_swish", 1),
        (5, 576, 96, True, "hard_swish", 1),
    )
    for number, (size, expanded, filters, excite, activation, strides) in enumerate(table, 1):
        x = inverted_residual(
            x,
            filters,
            f"block{number}",
            expanded=None if number == 1 else expanded,
            size=size,
            strides=strides,
            activation=activation,
            excite=divisible(expanded / 4) if excite else None,
            gate="hard_sigmoid",
        )
    return conv_norm_swish(x, 6 * 96, 1, "last")


def _efficientnet_b0(x: KerasTensor, *, width: float = 1.0, depth: float = 1.0) -> KerasTensor:
    initializer = keras.initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")

    def conv_norm_swish(x, filters, size, name, strides=1):
        x = layers.Conv2D(
            divisible(filters * width),
            size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer=initializer.clone(),
            name=f"{name}_conv",
        )(x)
        return activate(normalise(x, name, momentum=0.99), name, "swish")

    x = conv_norm_swish(x, 32, 3, "stem", strides=2)
    # Size, repeats, channels, expansion, first stride: Tan & Le 2019, table 1.
    table = (
        (3, 1, 16, 1, 1),
        (3, 2, 24, 6, 2),
        (5, 2, 40, 6, 2),
        (3, 3, 80, 6, 2),
        (5, 3, 112, 6, 1),
        (5, 4, 192, 6, 2),
        (3, 1, 320, 6, 1),
    )
    blocks = sum(math.ceil(row[1] * depth) for row in table)
    done = 0
    for stage, (size, repeats, channels, expansion, first) in enumerate(table, start=1):
        for number in range(1, math.ceil(repeats * depth) + 1):
            before = x.shape[-1]
            x = inverted_residual(
                x,
                divisible(channels * width),
                f"stage{stage}_block{number}",
                expanded=None if expansion == 1 else expansion * before,
                size=size,
                strides=first if number == 1 else 1,
                activation="swish",
                excite=max(1, before // 4),
                excite_activation="swish",
                momentum=0.99,
                drop=0.2 * done / blocks,
                initializer=initializer.clone(),
            )
            done += 1
    return conv_norm_swish(x, 1280, 1, "last")


# What each was trained with: from [0, 1] to what its weights expect.


def _blue_green_red(x: KerasTensor) -> KerasTensor:
    """Subtract ImageNet's mean colour, in 0…255 and in the order blue, green, red."""
    if x.shape[-1] == 3:
        x = keras.ops.flip(x, axis=-1)
    return layers.Rescaling(255.0, offset=[-103.939, -116.779, -123.68], name="standardise")(x)


def _plus_minus_one(x: KerasTensor) -> KerasTensor:
    return layers.Rescaling(2.0, offset=-1.0, name="standardise")(x)


def _mean_and_deviation(x: KerasTensor) -> KerasTensor:
    """Subtract ImageNet's mean colour and divide by its standard deviation."""
    means, deviations = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return layers.Rescaling(
        [1 / d for d in deviations],
        offset=[-m / d for m, d in zip(means, deviations, strict=True)],
        name="standardise",
    )(x)


# Backbone, preprocessing, and the name in Keras Applications.
_NETWORKS: dict[str, tuple[Callable, Callable, str]] = {
    "vgg16": (_vgg16, _blue_green_red, "VGG16"),
    "vgg19": (_vgg19, _blue_green_red, "VGG19"),
    "resnet50": (_resnet50, _blue_green_red, "ResNet50"),
    "mobilenet_v2": (_mobilenet_v2, _plus_minus_one, "MobileNetV2"),
    "mobilenet_v3_small": (_mobilenet_v3_small, _plus_minus_one, "MobileNetV3Small"),
    "efficientnet_b0": (_efficientnet_b0, _mean_and_deviation, "EfficientNetB0"),
}


def backbone(
    name: str, input_shape: tuple[int | None, int | None, int] = (48, 48, 3), **scale: float
) -> keras.Model:
    """Build one of these networks without preprocessing and head.

    Parameters
    ----------
    name
        ``"vgg16"``, ``"vgg19"``, ``"resnet50"``, ``"mobilenet_v2"``, ``"mobilenet_v3_small"`` or
        ``"efficientnet_b0"``.
    input_shape
        ``(height, width, 3)`` of the preprocessed image.
    scale
        ``width`` of MobileNetV2; ``width`` and ``depth`` of EfficientNet.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the choices.

    Examples
    --------
    >>> backbone("mobilenet_v2").output_shape
    (None, 2, 2, 1280)
    """
    one_of(name, tuple(_NETWORKS), "backbone")
    inputs = keras.Input(input_shape, name="preprocessed")
    return keras.Model(inputs, _NETWORKS[name][0](inputs, **scale), name="backbone")


def _flatten_dense(x: KerasTensor, units: tuple[int, ...], drop: float) -> KerasTensor:
    x = layers.Flatten(name="flatten")(x)
    for number, width in enumerate(units, start=1):
        x = layers.Dense(width, activation="relu", name=f"dense{number}")(x)
    return layers.Dropout(drop, name="drop")(x) if drop else x


def _head(x: KerasTensor, head: str, classes: int) -> KerasTensor:
    one_of(head, HEADS, "head")
    if head == "yershov2025":
        x = _flatten_dense(x, (768, 128), 0.0)
    elif head == "matijasevic2024":
        x = _flatten_dense(x, (256,), 0.5)
    else:
        x = layers.Conv2D(256, 3, padding="same", activation="relu", name="head_conv")(x)
        x = layers.MaxPooling2D(2, padding="same", name="head_pool")(x)
        x = layers.Dropout(0.5, name="head_drop")(x)
        x = _flatten_dense(x, (256,), 0.0)
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)


def _applications(name: str, weights: str, shape: tuple[int, int, int], scale: dict):
    """Build the same network with Keras Applications, with ImageNet's or a file's weights."""
    wanted = {"alpha": scale["width"]} if name == "mobilenet_v2" else {}
    if name == "mobilenet_v3_small":
        wanted["include_preprocessing"] = False
    make = getattr(keras.applications, _NETWORKS[name][2])
    try:
        return make(include_top=False, weights=weights, input_shape=shape, **wanted)
    except Exception as error:  # Keras documents no common base of what it raises
        reason = str(error).strip().splitlines()[0][:200]
        if weights == "imagenet":
            message = (
                f"ImageNet's weights of {name} could not be had ({reason}); connect to a network, "
                "name a weights file, or take weights=None"
            )
        else:
            message = (
                f"the weights in {Path(weights).name} do not fit {name} ({reason}); legal are a "
                "'notop' file of Keras Applications for this network, or a '.weights.h5' file "
                "that save_weights wrote for the whole of it"
            )
        raise ValueError(message) from error


def _assemble(
    name: str,
    input_shape: tuple[int, int, int],
    classes: int,
    weights: str | Path | None,
    size: int | None,
    head: str,
    **scale: float,
) -> keras.Model:
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 32):
        raise ValueError(f"size must be None or a whole number of at least 32, not {size!r}")
    for what, value in scale.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise ValueError(f"{what} must be a number above 0, not {value!r}")
    inputs = keras.Input(input_shape, name="image")
    x = inputs
    if input_shape[2] == 1:
        x = layers.Concatenate(name="rgb")([x, x, x])
    if size is not None:
        x = layers.Resizing(size, size, name="resize")(x)
    core = backbone(name, x.shape[1:], **scale)
    x = core(_NETWORKS[name][1](x))
    model = keras.Model(inputs, _head(x, head, classes), name=name)
    if weights == "imagenet":
        if any(value != 1 for what, value in scale.items() if name != "mobilenet_v2"):
            raise ValueError(f"{name} has ImageNet weights for width=1.0 and depth=1.0 only")
        copy_weights(_applications(name, weights, core.input_shape[1:], scale), core)
    elif weights is not None:
        if not Path(weights).is_file() or str(weights).endswith(".weights.h5"):
            load_file(model, weights)
        else:
            copy_weights(_applications(name, str(weights), core.input_shape[1:], scale), core)
    return model


_COMMON = """

    Parameters
    ----------
    input_shape
        ``(height, width, channels)``, grey or colour.
    classes
        Number of classes.
    weights
        None; ``"imagenet"``, fetched by Keras Applications; or the path of a file: a ``notop``
        file of Keras Applications, or ``.weights.h5`` of this whole network.
    size
        Side in pixels to which images are resized first, or None.
    head
        ``"ertugrul2024"`` (3×3 convolution of 256, 2×2 pooling, dropout 0.5, dense 256),
        ``"matijasevic2024"`` (flatten, dense 256, dropout 0.5) or ``"yershov2025"`` (flatten,
        dense 768 and 128). The last is published; the others name only the kinds of layers, and
        their sizes are ours.{scale}

    Raises
    ------
    ValueError
        If an option is illegal or weights do not fit or cannot be had.

    Examples
    --------
    >>> backbone("{name}").count_params()
    {count}
"""


def _document(count: int, scale: str = "") -> Callable:
    """Add the common part of these builders' docstrings."""

    def add(builder: Callable) -> Callable:
        builder.__doc__ = builder.__doc__.rstrip() + _COMMON.format(
            name=builder.__name__, count=count, scale=scale
        )
        return builder

    return add


_WIDTH = """
    width
        Multiplier of all numbers of channels."""
_DEPTH = """
    depth
        Multiplier of all numbers of blocks."""


@register()
@_document(14714688)
def vgg16(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "matijasevic2024",
) -> keras.Model:
    """Build VGG-16 (Simonyan & Zisserman 2015, table 1, column D): thirteen convolutions of 3×3."""
    return _assemble("vgg16", input_shape, classes, weights, size, head)


@register()
@_document(20024384)
def vgg19(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "matijasevic2024",
) -> keras.Model:
    """Build VGG-19 (Simonyan & Zisserman 2015, table 1, column E): sixteen convolutions of 3×3."""
    return _assemble("vgg19", input_shape, classes, weights, size, head)


@register()
@_document(23587712)
def resnet50(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "ertugrul2024",
) -> keras.Model:
    """Build ResNet-50 (He et al. 2016, table 1): sixteen bottleneck blocks."""
    return _assemble("resnet50", input_shape, classes, weights, size, head)


@register()
@_document(2257984, _WIDTH)
def mobilenet_v2(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "yershov2025",
    width: float = 1.0,
) -> keras.Model:
    """Build MobileNetV2 (Sandler et al. 2018, table 2): seventeen inverted residual blocks."""
    return _assemble("mobilenet_v2", input_shape, classes, weights, size, head, width=width)


@register()
@_document(939120)
def mobilenet_v3_small(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "ertugrul2024",
) -> keras.Model:
    """Build MobileNetV3-Small (Howard et al. 2019, table 2): eleven blocks, hard-swish."""
    return _assemble("mobilenet_v3_small", input_shape, classes, weights, size, head)


@register()
@_document(4049564, _WIDTH + _DEPTH)
def efficientnet_b0(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    head: str = "yershov2025",
    width: float = 1.0,
    depth: float = 1.0,
) -> keras.Model:
    """Build EfficientNet-B0 (Tan & Le 2019, table 1): sixteen MBConv blocks, swish."""
    return _assemble(
        "efficientnet_b0", input_shape, classes, weights, size, head, width=width, depth=depth
    )


# Transfer: two explicit stages.


def transfer(source: keras.Model, classes: int, *, features: str = "average") -> keras.Model:
    """Put a new softmax layer on the features of a trained network.

    Parameters
    ----------
    source
        A trained network; its layers, not copies of them, become the backbone.
    classes
        Number of new classes.
    features
        Name of the layer whose output, a vector per image, is kept.

    Returns
    -------
    keras.Model
        With the nested model ``backbone`` and a fresh layer ``probabilities``.

    Raises
    ------
    ValueError
        If there is no layer of that name, or it gives no vectors.

    Examples
    --------
    >>> from fer_helpers.architectures import build
    >>> transfer(build("quick"), 6).output_shape
    (None, 6)
    """
    one_of(features, tuple(layer.name for layer in source.layers), "layer")
    vectors = source.get_layer(features).output
    if len(vectors.shape) != 2:
        raise ValueError(f"the layer {features!r} gives {vectors.shape}, not a vector per image")
    core = keras.Model(source.inputs[0], vectors, name="backbone")
    inputs = keras.Input(source.input_shape[1:], name="image")
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(core(inputs))
    return keras.Model(inputs, outputs, name=f"{source.name}_transfer")


def _core(model: keras.Model) -> keras.Model:
    names = [layer.name for layer in model.layers]
    if "backbone" not in names:
        raise ValueError(
            f"{model.name} has no backbone; take one of {', '.join(_NETWORKS)}, or what transfer "
            "gives"
        )
    return model.get_layer("backbone")


def feature_extraction(model: keras.Model) -> keras.Model:
    """Freeze the backbone: only the head learns, and batch normalisation keeps its statistics.

    Compile the network afterwards.

    Examples
    --------
    >>> from fer_helpers.architectures import build
    >>> model = feature_extraction(transfer(build("quick"), 6))
    >>> [weight.path for weight in model.trainable_weights]
    ['probabilities/kernel', 'probabilities/bias']
    """
    _core(model).trainable = False
    return model


def fine_tuning(model: keras.Model, *, from_layer: str | None = None) -> keras.Model:
    """Let the backbone learn, from a layer on; its batch normalisation stays as it is.

    The means and variances of a small new data set would undo what the weights were trained for
    (Keras's guide on transfer learning).
    Compile the network afterwards, with a small learning rate.

    Parameters
    ----------
    model
        A network with a backbone.
    from_layer
        First layer of the backbone that learns; None for all.

    Raises
    ------
    ValueError
        If there is no backbone, or no such layer in it.

    Examples
    --------
    >>> from fer_helpers.architectures import build
    >>> model = fine_tuning(transfer(build("quick"), 6), from_layer="block2_a_conv")
    >>> len(model.trainable_weights)
    5
    """
    core = _core(model)
    names = tuple(layer.name for layer in core.layers)
    if from_layer is not None:
        one_of(from_layer, names, "layer")
    start = 0 if from_layer is None else names.index(from_layer)
    core.trainable = True
    for position, layer in enumerate(core.layers):
        frozen = isinstance(layer, layers.BatchNormalization)
        layer.trainable = position >= start and not frozen
    return model
