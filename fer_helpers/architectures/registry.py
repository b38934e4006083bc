"""The networks by name, and the errors for what does not fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import keras

from fer_helpers.choices import one_of


@dataclass(frozen=True)
class Entry:
    """A registered builder and the images that it takes."""

    builder: Callable[..., keras.Model]
    smallest: int
    any_size: bool
    multiple: int


_ENTRIES: dict[str, Entry] = {}


def register(*, smallest: int = 32, any_size: bool = False, multiple: int = 1) -> Callable:
    """Register a builder ``(input_shape, classes, **options)`` under its own name.

    Parameters
    ----------
    smallest
        Fewest pixels of a side.
    any_size
        Whether height and width may be None: one network for images of every size.
    multiple
        Height and width have to be multiples of it.
    """

    def add(builder: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
        _ENTRIES[builder.__name__] = Entry(builder, smallest, any_size, multiple)
        return builder

    return add


def names() -> tuple[str, ...]:
    """Names of all registered networks, in the order of the course."""
    return tuple(_ENTRIES)


def build(
    name: str,
    *,
    input_shape: tuple[int | None, int | None, int] = (48, 48, 1),
    classes: int = 7,
    **options: object,
) -> keras.Model:
    """Build a network by name, with fresh random weights unless an option says otherwise.

    Parameters
    ----------
    name
        One of `NAMES`.
    input_shape
        ``(height, width, channels)`` of one image; one channel (grey) or three (red, green,
        blue). Networks without a dense layer on flattened maps take None for height and width.
    classes
        Number of classes.
    options
        What the network's own builder takes beside these; its docstring explains it.

    Returns
    -------
    keras.Model
        Float images ``(n, height, width, channels)`` in [0, 1] in, probabilities
        ``(n, classes)`` out; of `fcn_dense` probabilities per pixel.

    Raises
    ------
    ValueError
        If the name or an option is unknown, the shape or the number of classes is impossible, or
        weights do not fit; the message lists what is legal.

    Examples
    --------
    >>> build("compact", classes=6).output_shape
    (None, 6)
    >>> build("resnet81")
    Traceback (most recent call last):
    ValueError: unknown architecture 'resnet81'; choose one of traditional_cnn, thermal_cnn, ...
    """
    one_of(name, names(), "architecture")
    entry = _ENTRIES[name]
    legal = tuple(inspect.signature(entry.builder).parameters)[2:]
    for option in options:
        if option not in legal:
            takes = f"takes {', '.join(legal)}" if legal else "takes no options"
            raise ValueError(f"unknown option {option!r}; {name} {takes}")
    _check_shape(name, entry, input_shape)
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise ValueError(f"classes must be a whole number of at least 2, not {classes!r}")
    return entry.builder(tuple(input_shape), classes, **options)


def _check_shape(name: str, entry: Entry, shape: object) -> None:
    legal = (
        f"(height, width, channels) with at least {entry.smallest} × {entry.smallest} pixels"
        + (f" in multiples of {entry.multiple}" if entry.multiple > 1 else "")
        + (", or None for height and width," if entry.any_size else "")
        + " and 1 or 3 channels"
    )
    try:
        height, width, channels = shape
        fits = channels in (1, 3)
        for side in (height, width):
            if side is None:
                fits &= entry.any_size
            else:
                fits &= side == int(side) >= entry.smallest and side % entry.multiple == 0
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{name} takes an input_shape of {legal}, not {shape!r}")
