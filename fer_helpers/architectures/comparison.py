"""What a network costs and sees: counted layer by layer, and measured on this machine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from fer_helpers.architectures.registry import build

_BATCH = 32


@dataclass(frozen=True)
class LayerFigures:
    """One layer of a network, for one image.

    Attributes
    ----------
    name, kind
        The layer's name and its Keras class; layers of a nested model as ``backbone/…``.
    output_shape
        Without the number of images.
    parameters
        Trained and counted ones.
    multiply_adds
        Of convolutions and dense layers; all others count 0.
    receptive_field
        Side in pixels of the square of the image that one output can depend on, ignoring the
        border; None where it is the whole image (global pooling, dense layers).
        The gates of squeeze-and-excitation see the whole image and are left out.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    receptive_field: int | None


def _multiply_adds(layer: keras.Layer, source: tuple, result: tuple) -> int:
    """Count the products that a layer adds up, from the shapes without the batch."""
    if isinstance(layer, layers.DepthwiseConv2D):
        return math.prod(result) * math.prod(layer.kernel_size)
    if isinstance(layer, layers.Conv2DTranspose):
        return math.prod(source) * math.prod(layer.kernel_size) * layer.filters
    if isinstance(layer, layers.Conv2D):
        return math.prod(result) * math.prod(layer.kernel_size) * source[-1] // layer.groups
    if isinstance(layer, layers.Dense):
        return math.prod(source) * layer.units
    return 0


def _view(layer: keras.Layer, source: tuple, view: tuple | None) -> tuple | None:
    """Carry ``(receptive field, distance of neighbours)`` in pixels through a layer."""
    if view is None or isinstance(
        layer, (layers.Dense, layers.Flatten, layers.GlobalAveragePooling2D)
    ):
        return None
    field, step = view
    if isinstance(layer, layers.Resizing):
        return field, step * source[0] / layer.height
    if isinstance(layer, layers.Conv2DTranspose):
        size, stride = layer.kernel_size[0], layer.strides[0]
        return field + (math.ceil(size / stride) - 1) * step, step / stride
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        reach = (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        return field + reach * step, step * layer.strides[0]
    if isinstance(layer, (layers.MaxPooling2D, layers.AveragePooling2D)):
        return field + (layer.pool_size[0] - 1) * step, step * layer.strides[0]
    return view


def _tensors(value: object) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _walk(model: keras.Model, view: tuple | None, prefix: str) -> tuple[list, tuple | None]:
    found, views = [], {}
    # The view behind a nested model: it lies on a straight line in every network of the course.
    latest = view
    for operation in model.operations:
        if isinstance(operation, keras.Model):
            inner, latest = _walk(operation, latest, f"{prefix}{operation.name}/")
            found += inner
            continue
        result = operation.output
        shape = tuple(result.shape[1:])
        if None in shape:
            raise ValueError(
                f"{model.name} was built for images of any size; build it with a fixed "
                "input_shape to count"
            )
        if not isinstance(operation, layers.InputLayer):
            sources = _tensors(operation.input)
            # Of a gate and what it weighs, the latter: only that one is a place in the image.
            known = [views.get(id(tensor), latest) for tensor in sources]
            before = max((v for v in known if v is not None), default=None)
            source = tuple(sources[0].shape[1:])
            latest = _view(operation, source, before)
            if isinstance(operation, keras.Layer):
                found.append(
                    LayerFigures(
                        prefix + operation.name,
                        type(operation).__name__,
                        shape,
                        operation.count_params(),
                        _multiply_adds(operation, source, shape),
                        None if latest is None else math.ceil(latest[0] - 1e-9),
                    )
                )
        views[id(result)] = latest
    return found, latest


def analyse(model: keras.Model) -> list[LayerFigures]:
    """Count parameters, multiply-adds and receptive field of every layer, in order.

    Parameters
    ----------
    model
        A network built for images of a fixed size; a nested ``backbone`` is taken apart.

    Raises
    ------
    ValueError
        If height or width is None.

    Examples
    --------
    >>> for layer in analyse(build("fcn"))[:4]:
    ...     print(layer.name, layer.multiply_adds, layer.receptive_field)
    stage1a_conv 663552 3
    stage1a_norm 0 3
    stage1a_relu 0 3
    stage1b_conv 21233664 5
    """
    return _walk(model, (1, 1), "")[0]


@dataclass(frozen=True)
class Figures:
    """One row of a comparison, for one image.

    Attributes
    ----------
    name
        Of the network.
    parameters
        All of them.
    multiply_adds
        Of convolutions and dense layers.
    layers
        Convolutions and dense layers, as papers count them.
    receptive_field
        Side in pixels, of the last feature maps; it may exceed the image.
    activations
        Bytes of all layers' outputs in float32: what training has to keep.
    seconds
        Per image, in batches of 32, median of the repeats, on this machine; None if not measured.
    """

    name: str
    parameters: int
    multiply_adds: int
    layers: int
    receptive_field: int
    activations: int
    seconds: float | None


@dataclass(frozen=True)
class Comparison:
    """Networks side by side; printing it gives a table."""

    rows: tuple[Figures, ...]

    def __str__(self) -> str:
        """Format as a table, a network per line."""
        lines = [
            f"{'network':<19}{'parameters':>12}{'multiply-adds':>15}{'layers':>8}"
            f"{'field':>7}{'activations':>13}{'time/image':>14}"
        ]
        for row in self.rows:
            spent = "not measured" if row.seconds is None else f"{row.seconds * 1e3:.2f} ms"
            lines.append(
                f"{row.name:<19}{row.parameters:>12,}{row.multiply_adds / 1e6:>13.1f} M"
                f"{row.layers:>8}{row.receptive_field:>7}{row.activations / 1e6:>10.2f} MB"
                f"{spent:>14}"
            )
        return "\n".join(lines)


def _seconds(model: keras.Model, repeats: int) -> float:
    images = np.random.default_rng(0).random((_BATCH, *model.input_shape[1:]), dtype="float32")
    model.predict_on_batch(images)  # compiles
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        model.predict_on_batch(images)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent)) / _BATCH


def compare(
    networks: Iterable[str | keras.Model],
    *,
    input_shape: tuple[int, int, int] = (48, 48, 1),
    classes: int = 7,
    repeats: int = 5,
) -> Comparison:
    """Compare networks by what they cost: counted, and timed on this machine.

    Parameters
    ----------
    networks
        Names of `NAMES`, or networks that are built already.
    input_shape, classes
        For the names; see `build`.
    repeats
        Batches of 32 that are timed after one that is not; 0 measures nothing.

    Raises
    ------
    ValueError
        If a name, the shape or the classes are illegal, `repeats` is negative, or `networks` is
        one name instead of a list.

    Examples
    --------
    >>> print(compare(["quick", "compact"], repeats=0))  # doctest: +ELLIPSIS
    network              parameters  multiply-adds  layers  field  activations    time/image
    quick                    78,183 ...
    """
    if isinstance(networks, (str, keras.Model)):
        raise ValueError("networks must be a list of names, as in compare(['compact'])")
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 0:
        raise ValueError(f"repeats must be a whole number of at least 0, not {repeats!r}")
    rows = []
    for network in networks:
        model = network
        if not isinstance(network, keras.Model):
            model = build(network, input_shape=input_shape, classes=classes)
        figures = analyse(model)
        rows.append(
            Figures(
                model.name,
                model.count_params(),
                sum(layer.multiply_adds for layer in figures),
                sum(layer.multiply_adds > 0 for layer in figures),
                [f.receptive_field for f in figures if f.receptive_field is not None][-1],
                4 * sum(math.prod(layer.output_shape) for layer in figures),
                _seconds(model, repeats) if repeats else None,
            )
        )
    return Comparison(tuple(rows))
