"""Networks of residual blocks (He et al. 2016), from scratch, for small grey faces."""

from __future__ import annotations

from pathlib import Path

import keras
from keras import layers

from fer_helpers.architectures.blocks import activate, convolution, normalise, residual
from fer_helpers.architectures.registry import register
from fer_helpers.architectures.weights import load_arrays
from fer_helpers.choices import one_of

WEIGHTS = Path(__file__).parent / "compact-fer2013.npz"


def _decide(x: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D(name="average")(x)
    # float32 also where a training computes in bfloat16.
    return layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(x)


@register(any_size=True)
def residual_cnn(input_shape: tuple[int | None, int | None, int], classes: int) -> keras.Model:
    """Build a residual CNN as Akhmetkan & Mutaliyev (2026) describe in their abstract.

    Of the paper only the abstract is at hand: residual blocks, seven classes, FER2013.
    Everything else is ours: a 3×3 convolution of 32 filters, three residual blocks of 64, 128 and
    256 filters, each halving the sides, dropout 0.3, global average pooling, softmax.

    Examples
    --------
    >>> residual_cnn((48, 48, 1), 7).count_params()
    1211815
    """
    inputs = keras.Input(input_shape, name="image")
    x = convolution(inputs, 32, 3, "stem")
    for number, filters in enumerate((64, 128, 256), start=1):
        x = residual(x, filters, f"block{number}", strides=2)
    x = layers.Dropout(0.3, name="drop")(x)
    return keras.Model(inputs, _decide(x, classes), name="residual_cnn")


@register(any_size=True)
def resnet18(input_shape: tuple[int | None, int | None, int], classes: int) -> keras.Model:
    """Build ResNet-18 (He et al. 2016, table 1) with a first convolution for small images.

    A 3×3 convolution of 64 filters with stride 1 and no pooling takes the place of 7×7 with
    stride 2 and 3×3 pooling: at 48×48 the last maps are 6×6, not 2×2.
    This is the shape of the best-known networks trained on FER2013 from scratch.
    Eight residual blocks: twice 64, 128, 256 and 512 filters.

    Examples
    --------
    >>> resnet18((48, 48, 1), 7).count_params()
    11180871
    """
    inputs = keras.Input(input_shape, name="image")
    x = convolution(inputs, 64, 3, "stem")
    for stage, filters in enumerate((64, 128, 256, 512), start=1):
        for letter in "ab":
            strides = 2 if stage > 1 and letter == "a" else 1
            x = residual(x, filters, f"stage{stage}{letter}", strides=strides)
    return keras.Model(inputs, _decide(x, classes), name="resnet18")


@register(any_size=True)
def compact(
    input_shape: tuple[int | None, int | None, int], classes: int, *, weights: str | None = None
) -> keras.Model:
    """Build the course's own network under 100,000 parameters, made for two CPU cores.

    A 3×3 convolution of 16 filters at full size, then four residual blocks (He et al. 2016) of
    16, 32, 48 and 48 filters, the second and the third halving the sides, global average pooling,
    softmax.
    Batch normalisation is what such a training spends most of its time on, so there is one per
    block, after its first convolution; the second starts at zero, and with it every block as the
    identity (De & Smith 2020).
    Where a block halves, its shortcut averages 2×2 pixels before the 1×1 convolution.

    Parameters
    ----------
    input_shape
        ``(height, width, channels)``.
    classes
        Number of classes.
    weights
        None, or ``"fer2013"``: what the course has trained on real FER2013, in
        grey, with seven classes; see ``fer_helpers.results.report("compact")``.

    Raises
    ------
    ValueError
        If `weights` is unknown, or does not fit the shape or the classes.

    Examples
    --------
    >>> compact((48, 48, 1), 7).count_params()
    97815
    """
    one_of(weights, (None, "fer2013"), "weights")
    if weights is not None and (input_shape[2] != 1 or classes != 7):
        raise ValueError(
            "the weights 'fer2013' of compact fit grey images (height, width, 1) and 7 classes, "
            f"not {input_shape} and {classes}; build it so, and give `transfer` the classes"
        )
    inputs = keras.Input(input_shape, name="image")
    # Greys of a face, about 0.5 ± 0.25, to about 0 ± 1.
    x = layers.Rescaling(4.0, offset=-2.0, name="standardise")(inputs)
    x = layers.Conv2D(
        16, 3, padding="same", activation="relu", kernel_initializer="he_normal", name="stem_conv"
    )(x)
    for number, (filters, strides) in enumerate(((16, 1), (32, 2), (48, 2), (48, 1)), start=1):
        x = _identity_at_first(x, filters, f"block{number}", strides=strides)
    model = keras.Model(inputs, _decide(x, classes), name="compact")
    if weights is not None:
        load_arrays(model, WEIGHTS)
    return model


def _identity_at_first(x: keras.KerasTensor, filters: int, name: str, *, strides: int):
    """Residual block with one normalisation, whose branch adds nothing before training."""
    shortcut = x
    if strides != 1:
        shortcut = layers.AveragePooling2D(strides, padding="same", name=f"{name}_short_pool")(x)
    if x.shape[-1] != filters:
        shortcut = layers.Conv2D(
            filters, 1, kernel_initializer="he_normal", name=f"{name}_short_conv"
        )(shortcut)
    x = layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_a_conv",
    )(x)
    x = activate(normalise(x, f"{name}_a"), f"{name}_a", "relu")
    x = layers.Conv2D(
        filters, 3, padding="same", kernel_initializer="zeros", name=f"{name}_b_conv"
    )(x)
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.ReLU(name=f"{name}_out")(x)


@register(any_size=True)
def quick(input_shape: tuple[int | None, int | None, int], classes: int) -> keras.Model:
    """Build a residual network that two CPU cores train in a minute on the sample.

    A 5×5 convolution with stride 2 and 32 filters, 2×2 max pooling, two residual blocks
    (He et al. 2016) of 32 and 64 filters, the second with stride 2, global average pooling,
    softmax.
    Stride and pooling come first, which is what makes it fast: from the first block on, a
    sixteenth of the pixels is left.

    Examples
    --------
    >>> quick((48, 48, 1), 7).count_params()
    78183
    """
    inputs = keras.Input(input_shape, name="image")
    x = convolution(inputs, 32, 5, "stem", strides=2)
    x = layers.MaxPooling2D(2, name="stem_pool")(x)
    x = residual(x, 32, "block1")
    x = residual(x, 64, "block2", strides=2)
    return keras.Model(inputs, _decide(x, classes), name="quick")
