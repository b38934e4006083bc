"""Every figure of the course: each function draws on the `ax` that it is given and returns it.

Importing this module sets Matplotlib's defaults for the course: an opaque white background (so
that figures stay readable on a dark page), letters that can be read on a phone, and the palette
of Okabe and Ito, which colour-blind readers can tell apart. Colour is never the only sign:
lines differ in dash and marker as well, bars in hatching, cells show their number.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from fer_helpers import ops

#: Okabe and Ito (2008), by name. Yellow is for areas only: on white it is too light for lines.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "black": "#000000",
    "yellow": "#F0E442",
}

_LINES = cycler(
    color=[PALETTE[name] for name in ("blue", "vermilion", "green", "black", "purple", "orange")],
    linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1))],
)
_MARKED_LINES = _LINES + cycler(marker=["o", "s", "^", "D", "v", "P"])

plt.rcParams.update(
    {
        "axes.facecolor": "white",
        "axes.prop_cycle": _LINES,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.constrained_layout.use": True,
        "figure.dpi": 120,
        "figure.facecolor": "white",
        "font.size": 12,
        "lines.markersize": 5,
        "savefig.facecolor": "white",
        "savefig.transparent": False,
    }
)

# Where there is no number the cell is white; by default it is transparent, and so without a colour
# that a letter could be chosen for.
_HEAT = LinearSegmentedColormap.from_list(
    "heat", ["white", PALETTE["sky"], "#00304C"]
).with_extremes(bad="white")
_SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#7A3400", "#F2A36B", "white", PALETTE["sky"], "#00304C"]
).with_extremes(bad="white")


def _luminance(colour: Sequence[float]) -> float:
    """Return the relative luminance of an sRGB colour in [0, 1]. WCAG 2.2."""
    parts = np.asarray(colour[:3], dtype=float)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _ink(background: Sequence[float]) -> str:
    """Return black or white, whichever is read better: one of them always has 4.5:1."""
    luminance = _luminance(background)
    return "black" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "white"


def _cells(
    ax: Axes, values: np.ndarray, texts: Sequence[Sequence[str]], cmap: Colormap, low, high
) -> None:
    """Draw a grid of coloured cells with a text in each."""
    picture = ax.imshow(values, cmap=cmap, vmin=low, vmax=high)
    colours = picture.to_rgba(values)
    rows, columns = values.shape
    # Letters shrink with the cell: a 7×7 grid in 5 inches has cells of about 40 points.
    longest = max((len(text) for row in texts for text in row), default=1)
    box = ax.get_position()
    width, height = ax.figure.get_size_inches()
    cell = 72 * min(width * box.width / columns, height * box.height / rows)
    size = float(np.clip(cell / max(1.7, 0.7 * longest), 5, 14))
    for row, column in np.ndindex(rows, columns):
        ax.text(
            column,
            row,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=size,
            color=_ink(colours[row, column]),
        )


def face(ax: Axes, image: np.ndarray, title: str | None = None) -> Axes:
    """Show a grey image without axes, black to white over its whole legal range.

    Parameters
    ----------
    ax : axes to draw on
    image : (height, width) or (height, width, 1) array; uint8, or floats in [0, 1]
    title : short text above the image

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : an image of another shape.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(2, 2))
    >>> face(ax, np.zeros((48, 48, 1), dtype=np.uint8), "all black").get_title()
    'all black'
    >>> plt.close(fig)
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim != 2:
        raise ValueError(
            f"image must be (height, width) or (height, width, 1), not of shape {image.shape}"
        )
    white = 255 if image.dtype == np.uint8 else 1
    ax.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title, fontsize=12)
    return ax


def matrix(
    ax: Axes,
    array: np.ndarray,
    fmt: str = "g",
    highlight: tuple[int, int] | tuple[int, int, int, int] | None = None,
) -> Axes:
    """Show a small grid of numbers: each printed in its cell, coloured by its value.

    All-positive grids run from white to dark blue; grids with negative numbers have white at zero,
    orange below and blue above.

    Parameters
    ----------
    ax : axes to draw on
    array : (rows, columns) array of numbers, at most 20 by 20
    fmt : format of the numbers, such as "g", "d" or ".2f"
    highlight : cell to frame as (row, column), or window as (row, column, height, width)

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : not a two-dimensional grid, or one too large to read.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(3, 3))
    >>> [text.get_text() for text in matrix(ax, [[1, 2], [3, 4]], highlight=(0, 1)).texts]
    ['1', '2', '3', '4']
    >>> plt.close(fig)
    """
    array = np.asarray(array)
    if array.ndim != 2 or not 0 < max(array.shape) <= 20 or min(array.shape) < 1:
        raise ValueError(f"array must be a grid of at most 20 by 20 numbers, not {array.shape}")
    values = array.astype(float)
    texts = [[format(value, fmt) for value in row] for row in array.tolist()]
    finite = np.abs(values[np.isfinite(values)])
    high = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    signed = bool((values < 0).any())
    _cells(ax, values, texts, _SIGNED if signed else _HEAT, -high if signed else 0, high)
    ax.set(xticks=[], yticks=[])
    rows, columns = values.shape
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="#767676", linewidth=0.6)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set(visible=True, color="#767676", linewidth=0.6)
    if highlight is not None:
        row, column, height, width = (*highlight, 1, 1)[:4]
        ax.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                width,
                height,
                fill=False,
                edgecolor="black",
                linewidth=3,
                # The white rim keeps the frame visible on dark cells.
                path_effects=[withStroke(linewidth=6, foreground="white")],
                clip_on=False,
                zorder=3,
            )
        )
    return ax


def probabilities(
    ax: Axes, p: np.ndarray, class_names: Sequence[str], truth: int | str | None = None
) -> Axes:
    """Show the probability of each class for one image as bars, the most probable one darker.

    Parameters
    ----------
    ax : axes to draw on
    p : (classes,) array of probabilities
    class_names : their names
    truth : true class, by index or by name: its bar is hatched and its name says "(true)"

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : probabilities that do not fit the names, or an unknown true class.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(4, 2))
    >>> ax = probabilities(ax, [0.2, 0.8], ["happy", "sad"], truth="sad")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['happy', 'sad (true)']
    >>> plt.close(fig)
    """
    p, names = np.asarray(p, dtype=float), list(class_names)
    if p.shape != (len(names),):
        raise ValueError(f"p must have shape ({len(names)},), one per class, not {p.shape}")
    if isinstance(truth, str) and truth not in names:
        raise ValueError(f"unknown class {truth!r}; choose one of {', '.join(names)}")
    true = names.index(truth) if isinstance(truth, str) else truth
    if true is not None and not 0 <= true < len(names):
        raise ValueError(f"truth must be a class from 0 to {len(names) - 1}, not {truth!r}")
    bars = ax.barh(np.arange(len(names)), p, color=PALETTE["sky"], edgecolor="black", linewidth=0.8)
    bars[int(p.argmax())].set_facecolor(PALETTE["blue"])
    labels = list(names)
    if true is not None:
        bars[true].set_hatch("///")
        labels[true] += " (true)"
    for bar, value in zip(bars, p, strict=True):
        ax.annotate(
            f"{value:.2f}",
            (value, bar.get_y() + bar.get_height() / 2),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    ax.set_yticks(np.arange(len(names)), labels)
    # Not invert_yaxis: on axes that share y, a second call would turn them back.
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xlim=(0, 1.18), xticks=[0, 0.5, 1], xlabel="probability")
    ax.tick_params(axis="y", length=0)
    return ax


def confusion(ax: Axes, counts: np.ndarray, class_names: Sequence[str]) -> Axes:
    """Show a confusion matrix: counts in the cells, coloured by their share of the true class.

    Parameters
    ----------
    ax : axes to draw on, at least 4 inches wide for seven classes
    counts : (classes, classes) array of whole numbers, true classes in rows
    class_names : their names

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : counts that do not fit the names.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(4, 4))
    >>> confusion(ax, [[8, 2], [1, 9]], ["happy", "sad"]).get_ylabel()
    'true'
    >>> plt.close(fig)
    """
    counts, names = np.asarray(counts), list(class_names)
    if counts.shape != (len(names), len(names)):
        raise ValueError(
            f"counts must have shape ({len(names)}, {len(names)}) for {len(names)} classes, "
            f"not {counts.shape}"
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    _cells(ax, shares, [[f"{count:d}" for count in row] for row in counts.tolist()], _HEAT, 0, 1)
    ax.set_xticks(np.arange(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(np.arange(len(names)), names)
    ax.set(xlabel="predicted", ylabel="true")
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color="#767676")
    return ax


def learning_curves(ax: Axes, history: Mapping[str, Sequence[float]], metric: str) -> Axes:
    """Show a metric after each epoch, on the training images and on those held out.

    Parameters
    ----------
    ax : axes to draw on
    history : what `keras.Model.fit` recorded (its ``.history``): values per epoch by name
    metric : "loss", "accuracy" or another name in it; "val_" + metric is drawn if it is there

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : an unknown metric.

    Examples
    --------
    >>> fig, ax = plt.subplots()
    >>> history = {"loss": [2.0, 1.5], "val_loss": [2.1, 1.9]}
    >>> [line.get_label() for line in learning_curves(ax, history, "loss").lines]
    ['training', 'validation']
    >>> plt.close(fig)
    """
    if metric not in history:
        legal = ", ".join(name for name in history if not name.startswith("val_"))
        raise ValueError(f"unknown metric {metric!r}; choose one of {legal}")
    epochs = np.arange(1, len(history[metric]) + 1)
    every = max(1, len(epochs) // 10)
    styles = iter(_MARKED_LINES)
    for name, label in ((metric, "training"), (f"val_{metric}", "validation")):
        if name in history:
            ax.plot(epochs, history[name], label=label, markevery=every, **next(styles))
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.legend()
    return ax


def intervals(
    ax: Axes,
    names: Sequence[str],
    centres: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
) -> Axes:
    """Show values with their confidence intervals, one row per name, the first at the top.

    Parameters
    ----------
    ax : axes to draw on
    names : names of the rows
    centres, lows, highs : value and ends of the interval of each row

    Returns
    -------
    The same axes

    Raises
    ------
    ValueError : sequences of different lengths, or a value outside its interval.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(5, 2))
    >>> ax = intervals(ax, ["image", "ensemble"], [0.66, 0.69], [0.64, 0.67], [0.68, 0.71])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['image', 'ensemble']
    >>> plt.close(fig)
    """
    centres, lows, highs = (np.asarray(values, dtype=float) for values in (centres, lows, highs))
    if not len(names) == len(centres) == len(lows) == len(highs):
        raise ValueError("names, centres, lows and highs must be equally many")
    if (centres < lows).any() or (centres > highs).any():
        raise ValueError("each centre must lie between its low and its high")
    rows = np.arange(len(names))
    ax.errorbar(
        centres,
        rows,
        xerr=[centres - lows, highs - centres],
        fmt="o",
        color=PALETTE["blue"],
        markersize=7,
        elinewidth=2.5,
        capsize=5,
        capthick=2,
    )
    ax.set_yticks(rows, names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="x", color="#D0D0D0", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    return ax


def shift_sensitivity(ax: Axes, images: np.ndarray, size: int) -> Axes:
    """Show what share of max-pooled values changes when images move right by 0 to 4 pixels.

    Parameters
    ----------
    ax : axes to draw on; one line is added, labelled with the window
    images : (images, height, width, 1) array, wider than 4 pixels plus a window
    size : side of the pooling window, and its stride, in pixels

    Returns
    -------
    The same axes

    Examples
    --------
    >>> fig, ax = plt.subplots()
    >>> ax = shift_sensitivity(ax, np.eye(48).reshape(1, 48, 48, 1), size=2)
    >>> ax.lines[0].get_ydata()[0] == 0
    np.True_
    >>> plt.close(fig)
    """
    images = np.asarray(images)
    farthest = 4
    width = images.shape[2] - farthest

    def pooled(shift: int) -> np.ndarray:
        # All shifts see real pixels only: a window of the image wanders left.
        start = farthest - shift
        return ops.max_pool(images[:, :, start : start + width], size)

    still = pooled(0)
    shares = [np.mean(pooled(shift) != still) for shift in range(farthest + 1)]
    style = list(_MARKED_LINES)[len(ax.lines) % len(_MARKED_LINES)]
    ax.plot(range(farthest + 1), shares, label=f"{size}×{size}", **style)
    ax.set(xticks=range(farthest + 1), ylim=(-0.03, 1.03))
    return ax


def roc(
    ax: Axes,
    false_positive_rate: Sequence[float],
    recall: Sequence[float],
    label: str | None = None,
) -> Axes:
    """Show a ROC curve; call it again for another one on the same axes.

    Parameters
    ----------
    ax : axes to draw on
    false_positive_rate, recall : points of the curve, from (0, 0) to (1, 1)
    label : name of the curve, for the legend

    Returns
    -------
    The same axes

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(3, 3))
    >>> [line.get_label() for line in roc(ax, [0, 0.2, 1], [0, 0.7, 1], "happy").lines]
    ['chance', 'happy']
    >>> plt.close(fig)
    """
    if not ax.lines:
        ax.plot([0, 1], [0, 1], color="#767676", linestyle=":", label="chance")
    style = list(_LINES)[(len(ax.lines) - 1) % len(_LINES)]
    ax.plot(false_positive_rate, recall, label=label, linewidth=2, **style)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="false-positive rate", ylabel="recall")
    return ax


def reliability(
    ax: Axes,
    images: Sequence[int],
    confidence: Sequence[float],
    accuracy: Sequence[float],
    label: str | None = None,
) -> Axes:
    """Show a reliability diagram; call it again for another one on the same axes.

    Parameters
    ----------
    ax : axes to draw on
    images, confidence, accuracy : what `fer_helpers.evaluation.reliability` returns; the markers
        grow with the number of images
    label : name of the curve, for the legend

    Returns
    -------
    The same axes

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(3, 3))
    >>> ax = reliability(ax, [0, 30, 10], [np.nan, 0.6, 0.9], [np.nan, 0.5, 0.8], "image")
    >>> [line.get_label() for line in ax.lines]
    ['as sure as right', 'image']
    >>> plt.close(fig)
    """
    images, confidence, accuracy = map(np.asarray, (images, confidence, accuracy))
    if not ax.lines:
        ax.plot([0, 1], [0, 1], color="#767676", linestyle=":", label="as sure as right")
    style = list(_MARKED_LINES)[(len(ax.lines) - 1) % len(_MARKED_LINES)]
    marker = style.pop("marker")
    kept = images > 0
    ax.plot(confidence[kept], accuracy[kept], label=label, **style)
    sizes = 25 + 150 * images[kept] / images.max()
    colours = {"facecolor": style["color"], "edgecolor": "white"}
    ax.scatter(confidence[kept], accuracy[kept], sizes, marker=marker, zorder=3, **colours)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="confidence", ylabel="share of right answers")
    return ax


def feature_maps(
    axes: Sequence[Axes], maps: np.ndarray, titles: Sequence[str] | None = None
) -> Sequence[Axes]:
    """Draw feature maps, one per axes, each from its own smallest to its own largest value.

    Axes that are left over are switched off.

    Parameters
    ----------
    axes : axes to draw on, in any nesting
    maps : ``(height, width, k)``; the first ones are drawn
    titles : one per map; by default its number

    Raises
    ------
    ValueError : not three dimensions, or fewer titles than maps that are drawn.

    Examples
    --------
    >>> fig, axes = plt.subplots(1, 3)
    >>> drawn = feature_maps(axes, np.random.default_rng(0).random((6, 6, 3)))
    >>> [ax.get_title() for ax in drawn]
    ['0', '1', '2']
    """
    return _tiles(axes, maps, titles, signed=False)


def filters(
    axes: Sequence[Axes], kernels: np.ndarray, titles: Sequence[str] | None = None
) -> Sequence[Axes]:
    """Draw the kernels of filters, one per axes: dark blue positive, brown negative, white 0.

    All share one scale, so a pale filter is a weak one.

    Parameters
    ----------
    axes : axes to draw on, in any nesting; those that are left over are switched off
    kernels : ``(height, width, k)``, for example ``weights[:, :, 0, :]``
    titles : one per filter; by default its number

    Raises
    ------
    ValueError : not three dimensions, or fewer titles than filters that are drawn.

    Examples
    --------
    >>> fig, axes = plt.subplots(1, 2)
    >>> drawn = filters(axes, np.stack([ops.SOBEL_X, ops.SOBEL_Y], axis=-1))
    >>> drawn[0].images[0].get_clim()
    (-2.0, 2.0)
    """
    return _tiles(axes, kernels, titles, signed=True)


def _tiles(axes, tiles, titles, *, signed: bool) -> Sequence[Axes]:
    tiles = np.asarray(tiles, dtype="float64")
    if tiles.ndim != 3:
        raise ValueError(f"expected (height, width, k), not an array of shape {tiles.shape}")
    axes = list(np.ravel(axes))
    count = min(len(axes), tiles.shape[2])
    if titles is None:
        titles = [str(number) for number in range(count)]
    if len(titles) < count:
        raise ValueError(f"{count} titles are needed, not {len(titles)}")
    limit = float(np.abs(tiles[..., :count]).max()) or 1.0
    scale = {"cmap": _SIGNED, "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray"}
    for ax, title, tile in zip(axes, titles, np.moveaxis(tiles, 2, 0), strict=False):
        ax.imshow(tile, interpolation="nearest", **scale)
        ax.set_title(title, fontsize=10)
    for ax in axes:
        ax.set_axis_off()
    for ax in axes[:count]:  # white on white has no edge otherwise
        ax.set(xticks=[], yticks=[])
        ax.set_axis_on()
        ax.spines[:].set(visible=True, color="#767676", linewidth=0.6)
    return axes


def receptive_field(
    ax: Axes, image: np.ndarray, side: int, centre: tuple[float, float] | None = None
) -> Axes:
    """Draw an image and the square that one value of a feature map can depend on.

    Parameters
    ----------
    ax : axes to draw on
    image : ``(height, width)`` or ``(height, width, 1)``, as in `face`
    side : of the square, in pixels; it may exceed the image
    centre : row and column of its middle; by default the middle of the image

    Raises
    ------
    ValueError : a side below 1.

    Examples
    --------
    >>> fig, ax = plt.subplots()
    >>> ax = receptive_field(ax, np.zeros((48, 48)), 15)
    >>> ax.patches[-1].get_width()
    15
    """
    if side < 1:
        raise ValueError(f"a receptive field has a side of at least 1 pixel, not {side}")
    face(ax, image)
    height, width = np.shape(image)[:2]
    row, column = centre if centre is not None else ((height - 1) / 2, (width - 1) / 2)
    for colour, line in (("white", 4.5), (PALETTE["vermilion"], 2.5)):
        corner = (column - side / 2, row - side / 2)
        ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=line))
    ax.set_xlim(min(-0.5, column - side / 2 - 1), max(width - 0.5, column + side / 2 + 1))
    ax.set_ylim(max(height - 0.5, row + side / 2 + 1), min(-0.5, row - side / 2 - 1))
    return ax
