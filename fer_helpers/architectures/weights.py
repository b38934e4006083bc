"""Weights between networks and files, with errors that say what fits."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np


def _layers(model: keras.Model) -> list[keras.Layer]:
    """Layers with weights of their own, nested models taken apart, in order."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _layers(layer)
        # Keras Applications counts the means of its preprocessing among the weights.
        elif layer.weights and not isinstance(layer, keras.layers.Normalization):
            found.append(layer)
    return found


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy all weights, layer by layer, in order.

    Nothing is copied unless everything fits.

    Parameters
    ----------
    source, target
        Two networks of the same layers with weights, in the same order; names do not matter.

    Raises
    ------
    ValueError
        If the number of layers differs, or the shapes of one; the message names the first.

    Examples
    --------
    >>> from fer_helpers.architectures import build
    >>> copy_weights(build("quick"), build("quick"))
    """
    ours, theirs = _layers(target), _layers(source)
    for a, b in zip(theirs, ours, strict=False):
        shapes = [[tuple(w.shape) for w in layer.weights] for layer in (a, b)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"the weights of {source.name}.{a.name} do not fit {target.name}.{b.name}: "
                f"shapes {shapes[0]}, but {shapes[1]} are needed"
            )
    if len(ours) != len(theirs):
        raise ValueError(
            f"{source.name} has {len(theirs)} layers with weights, {target.name} {len(ours)}"
        )
    for a, b in zip(theirs, ours, strict=True):
        b.set_weights(a.get_weights())


def save_arrays(model: keras.Model, path: Path) -> None:
    """Write all weights of a network to a compressed NumPy file, keyed ``layer/weight``."""
    arrays = {
        f"{layer.name}/{weight.name}": keras.ops.convert_to_numpy(weight)
        for layer in _layers(model)
        for weight in layer.weights
    }
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(partial, path)


def load_arrays(model: keras.Model, path: Path) -> None:
    """Read what `save_arrays` has written.

    Raises
    ------
    ValueError
        If the file is damaged or its arrays do not fit; the message says which.
    """
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # a zip archive of arrays can be damaged in many ways
        raise ValueError(
            f"{path.name} is missing or damaged ({error}); install again, or train the network: "
            "python -m fer_helpers.study compact --dataset fer2013 --profile full --store"
        ) from error
    wanted = {
        f"{layer.name}/{weight.name}": weight
        for layer in _layers(model)
        for weight in layer.weights
    }
    different = {
        name
        for name in wanted.keys() | arrays.keys()
        if name not in wanted
        or name not in arrays
        or tuple(wanted[name].shape) != arrays[name].shape
    }
    if different:
        raise ValueError(
            f"{path.name} does not fit {model.name}: {', '.join(sorted(different))} differ; "
            f"it needs {', '.join(f'{n} {tuple(w.shape)}' for n, w in wanted.items())}"
        )
    for name, weight in wanted.items():
        weight.assign(arrays[name])


def load_file(model: keras.Model, path: str | Path) -> None:
    """Load a weights file that `keras.Model.save_weights` has written.

    Raises
    ------
    ValueError
        If there is no such file, or it does not fit; the message lists what is legal.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(
            f"there is no weights file {str(path)!r}; legal are None, 'imagenet' where the "
            "network offers it, or the path of a file"
        )
    try:
        model.load_weights(path)
    except Exception as error:  # Keras documents no common base of what it raises
        reason = str(error).strip().splitlines()[0][:200]
        raise ValueError(
            f"the weights in {path.name} do not fit {model.name} with images "
            f"{model.input_shape[1:]} and outputs {model.output_shape[1:]} ({reason}); legal is "
            "a file that save_weights wrote for the same name, shape, classes and options"
        ) from error
