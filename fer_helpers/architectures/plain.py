"""Networks whose layers follow one another: convolve, pool, decide."""

from __future__ import annotations

import keras
from keras import layers

from fer_helpers.architectures.blocks import convolution, normalise
from fer_helpers.architectures.registry import register


def _classifier(x: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)


def _relu_then_norm(x, filters: int, size: int, name: str):
    """Convolution with bias and ReLU, then batch normalisation: the order of these papers."""
    x = layers.Conv2D(filters, size, padding="same", activation="relu", name=f"{name}_conv")(x)
    return normalise(x, name, momentum=0.99)


@register()
def traditional_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the "traditional CNN" of Ertuğrul (2024), section 3.2.5.1.

    The text gives the order of the layers: convolution with ReLU, batch normalisation, max
    pooling, repeated; flatten, dense layers, softmax.
    Figure 3.12, which has the numbers, is not published in the text, so these are ours: four
    blocks of 32, 64, 128 and 256 filters of 3×3 padded with zeros, pooling 2×2,
    one dense layer of 256 with batch normalisation, dropout 0.5.

    Examples
    --------
    >>> traditional_cnn((48, 48, 1), 7).count_params()
    982663
    """
    inputs = keras.Input(input_shape, name="image")
    x = inputs
    for number, filters in enumerate((32, 64, 128, 256), start=1):
        x = _relu_then_norm(x, filters, 3, f"block{number}")
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(256, activation="relu", name="dense1")(x)
    x = normalise(x, "dense1", momentum=0.99)
    x = layers.Dropout(0.5, name="dense1_drop")(x)
    return keras.Model(inputs, _classifier(x, classes), name="traditional_cnn")


@register()
def thermal_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the CNN of Yershov et al. (2025), equations (1) to (5).

    The text gives convolutions with ReLU, max pooling, flatten, dense layers, softmax.
    Figure 2, which has the numbers, is not published in the text, so these are ours: 32, 64 and
    128 filters of 3×3 padded with zeros, each followed by 2×2 pooling, and a dense layer of 128.
    No normalisation and no dropout: the text mentions neither.

    Examples
    --------
    >>> thermal_cnn((48, 48, 1), 6).count_params()
    683398
    """
    inputs = keras.Input(input_shape, name="image")
    x = inputs
    for number, filters in enumerate((32, 64, 128), start=1):
        x = layers.Conv2D(
            filters, 3, padding="same", activation="relu", name=f"block{number}_conv"
        )(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    return keras.Model(inputs, _classifier(x, classes), name="thermal_cnn")


def _two_dense(x, units: tuple[int, int], drop: float):
    """Two dense layers, each with ReLU, batch normalisation and dropout."""
    for number, width in enumerate(units, start=1):
        name = f"dense{number}"
        x = layers.Dense(width, activation="relu", name=name)(x)
        x = normalise(x, name, momentum=0.99)
        x = layers.Dropout(drop, name=f"{name}_drop")(x)
    return x


@register()
def six_conv_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the network of Savenko et al. (2026): six convolutions, two dense layers.

    The paper (section 3) gives 3×3 filters, ReLU, batch normalisation, 2×2 max pooling, dropout
    and two dense ReLU layers before the softmax.
    Its figure with the widths is not published in the text, so these are ours:
    64, 64, 128, 128, 256, 256 filters, pooling after every second convolution,
    dense layers of 256 and 128, dropout 0.25 after a pooling and 0.5 after a dense layer.

    Examples
    --------
    >>> six_conv_cnn((48, 48, 1), 7).count_params()
    3542727
    """
    inputs = keras.Input(input_shape, name="image")
    x = inputs
    for stage, filters in enumerate((64, 128, 256), start=1):
        for letter in "ab":
            x = _relu_then_norm(x, filters, 3, f"stage{stage}{letter}")
        x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        x = layers.Dropout(0.25, name=f"stage{stage}_drop")(x)
    x = layers.Flatten(name="flatten")(x)
    x = _two_dense(x, (256, 128), 0.5)
    return keras.Model(inputs, _classifier(x, classes), name="six_conv_cnn")


@register()
def five_conv_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the public network that Savenko et al. (2026) point to: five convolutions.

    Public copies of the notebook in their reference [5] show 32, 64, 128, 512 and 512 filters, of
    3×3 but for the 5×5 of the third, ReLU and then batch normalisation after every layer but the
    first and the last, pooling after the second and every later convolution, down to 3×3, dense
    layers of 256 and 512, dropout 0.25, and 4,496,903 parameters.
    Left out: their L2 penalty of 0.01 on the kernels of the last two convolutions.

    Examples
    --------
    >>> five_conv_cnn((48, 48, 1), 7).count_params()
    4496903
    """
    inputs = keras.Input(input_shape, name="image")
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv1_conv")(inputs)
    for number, (filters, size) in enumerate(((64, 3), (128, 5), (512, 3), (512, 3)), start=2):
        x = _relu_then_norm(x, filters, size, f"conv{number}")
        x = layers.MaxPooling2D(2, name=f"conv{number}_pool")(x)
        x = layers.Dropout(0.25, name=f"conv{number}_drop")(x)
    x = layers.Flatten(name="flatten")(x)
    x = _two_dense(x, (256, 512), 0.25)
    return keras.Model(inputs, _classifier(x, classes), name="five_conv_cnn")


def _fcn_stages(x):
    """Three times two convolutions and a pooling, and a last convolution: 1/8 of each side."""
    maps = []
    for stage, filters in enumerate((32, 64, 128), start=1):
        for letter in "ab":
            x = convolution(x, filters, 3, f"stage{stage}{letter}")
        x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        maps.append(x)
    maps.append(convolution(x, 128, 3, "last"))
    return maps


@register(smallest=16, any_size=True)
def fcn(input_shape: tuple[int | None, int | None, int], classes: int) -> keras.Model:
    """Build the fully convolutional classifier of Yershov et al. (2025).

    The text (under figure 3) gives convolution and pooling only, global average pooling after the
    last convolution, and a dense softmax layer. The widths are ours: 3×3 filters, 32, 32, pooling,
    64, 64, pooling, 128, 128, pooling, 128, with batch normalisation and ReLU.
    It takes images of any size.

    Examples
    --------
    >>> fcn((None, None, 1), 6).count_params()
    436518
    """
    inputs = keras.Input(input_shape, name="image")
    x = layers.GlobalAveragePooling2D(name="average")(_fcn_stages(inputs)[-1])
    return keras.Model(inputs, _classifier(x, classes), name="fcn")


@register(smallest=16, any_size=True, multiple=8)
def fcn_dense(
    input_shape: tuple[int | None, int | None, int], classes: int, *, skip: bool = True
) -> keras.Model:
    """Build the dense-prediction form of `fcn`: a class for every pixel.

    Yershov et al. (2025): transposed convolution (8) brings the maps back to the size of the
    image, a skip connection (9) adds early maps to late ones, softmax (10) decides per pixel.
    The weights α and β of (9) are inside the convolutions that make both sides comparable, as in
    Long et al. (2015). The sizes are ours: 1×1 convolutions to `classes` scores at 1/8, 1/4
    and 1/2 of the size, transposed convolutions of 4×4 with stride 2 between them.

    Parameters
    ----------
    input_shape
        Height and width in multiples of 8, or None.
    classes
        Classes of a pixel.
    skip
        Whether the maps at 1/4 and 1/2 of the size are added on the way up.

    Returns
    -------
    keras.Model
        Probabilities ``(n, height, width, classes)``. On PyTorch train it with categorical
        cross-entropy: Keras's sparse one (3.15) fails there on maps.

    Examples
    --------
    >>> fcn_dense((48, 48, 1), 4).output_shape
    (None, 48, 48, 4)
    """
    inputs = keras.Input(input_shape, name="image")
    half, quarter, _, last = _fcn_stages(inputs)
    scores = layers.Conv2D(classes, 1, name="scores8")(last)
    for early, name in ((quarter, "up4"), (half, "up2"), (None, "up1")):
        scores = layers.Conv2DTranspose(
            classes, 4, strides=2, padding="same", name=f"{name}_transposed"
        )(scores)
        if skip and early is not None:
            beside = layers.Conv2D(classes, 1, name=f"{name}_skip")(early)
            scores = layers.Add(name=f"{name}_add")([scores, beside])
    outputs = layers.Softmax(axis=-1, name="probabilities")(scores)
    return keras.Model(inputs, outputs, name="fcn_dense")
