import io

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from fer_helpers import plotting

NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.fixture
def ax():
    fig, ax = plt.subplots(figsize=(5, 4))
    yield ax
    plt.close(fig)


def faces(count=4):
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48, 1)).astype(np.uint8)


DRAWINGS = {
    "face": lambda ax: plotting.face(ax, faces(1)[0], "noise"),
    "matrix": lambda ax: plotting.matrix(
        ax, np.arange(-6, 6).reshape(3, 4), highlight=(0, 1, 2, 2)
    ),
    "probabilities": lambda ax: plotting.probabilities(ax, np.full(7, 1 / 7), NAMES, truth=3),
    "confusion": lambda ax: plotting.confusion(ax, np.diag(np.arange(7) * 100), NAMES),
    "learning_curves": lambda ax: plotting.learning_curves(ax, {"loss": [2, 1]}, "loss"),
    "intervals": lambda ax: plotting.intervals(ax, ["a", "b"], [0.5, 0.6], [0.4, 0.5], [0.6, 0.7]),
    "shift_sensitivity": lambda ax: plotting.shift_sensitivity(ax, faces(), 2),
    "roc": lambda ax: plotting.roc(ax, [0, 0.3, 1], [0, 0.8, 1], "happy"),
    "reliability": lambda ax: plotting.reliability(ax, [0, 3, 5], [np.nan, 0.6, 1], [0, 0.5, 1]),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_returns_its_axes_on_an_opaque_white_figure(ax, draw):
    assert draw(ax) is ax
    file = io.BytesIO()
    ax.figure.savefig(file)
    pixels = np.asarray(Image.open(file).convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    assert (pixels[0, 0] == 255).all()
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 2


def luminance(colour):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def assert_readable(ax):
    picture = ax.images[0]
    for text in ax.texts:
        column, row = (round(place) for place in text.get_position())
        background = picture.to_rgba(picture.get_array())[row, column]
        light, dark = sorted((luminance(text.get_color()), luminance(background[:3])), reverse=True)
        assert background[3] == 1
        assert (light + 0.05) / (dark + 0.05) >= 4.5
        assert text.get_fontsize() >= 5


@pytest.mark.parametrize("low", [0, -1])
def test_numbers_in_cells_are_readable(ax, low):
    plotting.matrix(ax, np.linspace(low, 1, 100).reshape(10, 10), fmt=".2f")
    assert_readable(ax)


def test_counts_in_the_confusion_are_readable(ax):
    plotting.confusion(ax, np.arange(49).reshape(7, 7) ** 2, NAMES)
    assert_readable(ax)
    assert [text.get_text() for text in ax.texts[:3]] == ["0", "1", "4"]


def test_confusion_is_coloured_by_share_of_the_true_class(ax):
    counts = np.array([[1, 3], [0, 0]])
    plotting.confusion(ax, counts, ["a", "b"])
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0.25, 0.75], [0, 0]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_matrix_prints_integers_as_integers_and_frames_the_window(ax):
    plotting.matrix(ax, np.array([[10, -2], [3, 4]]), fmt="d", highlight=(0, 1, 2, 1))
    assert [text.get_text() for text in ax.texts] == ["10", "-2", "3", "4"]
    (frame,) = ax.patches
    assert frame.get_bbox().bounds == (0.5, -0.5, 1, 2)


@pytest.mark.parametrize("values", [[[0]], [[0, np.nan]], [[True, False]], [[1e9, -1e-9]]])
def test_matrix_takes_odd_values(ax, values):
    plotting.matrix(ax, values)
    assert len(ax.texts) == np.size(values)
    assert_readable(ax)


@pytest.mark.parametrize("shape", [(3,), (0, 2), (21, 2), (1, 2, 2)])
def test_matrix_refuses_what_cannot_be_read(ax, shape):
    with pytest.raises(ValueError, match="at most 20 by 20"):
        plotting.matrix(ax, np.zeros(shape))


def test_face_spans_the_legal_range(ax):
    assert plotting.face(ax, faces(1)[0]).images[0].get_clim() == (0, 255)
    assert plotting.face(ax, np.full((8, 8), 0.4)).images[1].get_clim() == (0, 1)
    with pytest.raises(ValueError, match="not of shape"):
        plotting.face(ax, np.zeros((8, 8, 3)))


def test_true_class_is_marked_without_colour(ax):
    plotting.probabilities(ax, np.eye(7)[3] * 0.4 + np.eye(7)[5] * 0.6, NAMES, truth="happy")
    assert ax.get_yticklabels()[3].get_text() == "happy (true)"
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [name == "happy" for name in NAMES]
    assert [text.get_text() for text in ax.texts][3] == "0.40"
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2


def test_shared_axes_keep_the_first_class_at_the_top():
    fig, axes = plt.subplots(1, 2, sharey=True)
    for ax in axes:
        plotting.probabilities(ax, np.full(7, 1 / 7), NAMES)
    bottom, top = axes[0].get_ylim()
    assert bottom > top
    plt.close(fig)


@pytest.mark.parametrize(
    ("p", "truth", "message"),
    [
        (np.full(6, 1 / 6), None, "one per class"),
        (np.full(7, 1 / 7), "joy", "choose one of angry"),
        (np.full(7, 1 / 7), 7, "0 to 6"),
    ],
)
def test_probabilities_that_do_not_fit(ax, p, truth, message):
    with pytest.raises(ValueError, match=message):
        plotting.probabilities(ax, p, NAMES, truth)


def test_confusion_that_does_not_fit(ax):
    with pytest.raises(ValueError, match=r"shape \(7, 7\)"):
        plotting.confusion(ax, np.zeros((6, 6), int), NAMES)


def test_curves_differ_by_more_than_colour(ax):
    history = {"accuracy": [0.1, 0.2, 0.3], "val_accuracy": [0.1, 0.2, 0.2]}
    training, validation = plotting.learning_curves(ax, history, "accuracy").lines
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()
    assert list(training.get_xdata()) == [1, 2, 3]
    with pytest.raises(ValueError, match="'recall'; choose one of accuracy$"):
        plotting.learning_curves(ax, history, "recall")


def test_intervals_that_do_not_fit(ax):
    with pytest.raises(ValueError, match="equally many"):
        plotting.intervals(ax, ["a"], [0.5, 0.6], [0.4, 0.5], [0.6, 0.7])
    with pytest.raises(ValueError, match="between its low and its high"):
        plotting.intervals(ax, ["a"], [0.5], [0.6], [0.7])


def test_shift_sensitivity_counts_what_changes(ax):
    # One bright pixel in column 12 of 48: columns 4 to 47 are seen, and 8 is a window of 4's edge.
    images = np.zeros((1, 44, 48, 1), np.uint8)
    images[0, 0, 12, 0] = 255
    for size in (1, 4):
        plotting.shift_sensitivity(ax, images, size)
    single, window = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(single, np.array([0, 2, 2, 2, 2]) / 44**2)
    np.testing.assert_allclose(window, np.array([0, 0, 0, 0, 2]) / 11**2)
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert [line.get_label() for line in ax.lines] == ["1×1", "4×4"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, name: plotting.roc(ax, [0, 0.3, 1], [0, 0.8, 1], name),
        lambda ax, name: plotting.reliability(ax, [3, 5], [0.6, 0.9], [0.5, 0.8], name),
    ],
)
def test_curves_share_one_diagonal_and_differ_in_more_than_colour(ax, draw):
    draw(ax, "first")
    draw(ax, "second")
    assert [line.get_label() for line in ax.lines][1:] == ["first", "second"]
    assert list(ax.lines[0].get_xdata()) == list(ax.lines[0].get_ydata()) == [0, 1]
    styles = [(line.get_color(), line.get_linestyle()) for line in ax.lines[1:]]
    assert len({colour for colour, _ in styles}) == len({dash for _, dash in styles}) == 2


def test_an_empty_range_of_confidence_leaves_no_marker(ax):
    plotting.reliability(ax, [0, 3, 5], [np.nan, 0.6, 0.9], [np.nan, 0.5, 0.8])
    (markers,) = ax.collections
    assert markers.get_offsets().tolist() == [[0.6, 0.5], [0.9, 0.8]]
    small, large = markers.get_sizes()
    assert small < large


def test_tiles_are_drawn_and_axes_left_over_are_off():
    _, axes = plt.subplots(2, 2)
    maps = np.arange(27.0).reshape(3, 3, 3)
    drawn = plotting.feature_maps(axes, maps, titles=["a", "b", "c"])
    assert [ax.get_title() for ax in drawn] == ["a", "b", "c", ""]
    # A frame, so that a white map has an edge on a white page.
    assert [ax.axison for ax in drawn] == [True, True, True, False]
    assert all(spine.get_visible() for ax in drawn[:3] for spine in ax.spines.values())
    np.testing.assert_array_equal(drawn[1].images[0].get_array(), maps[..., 1])


def test_filters_share_a_scale_around_zero():
    _, axes = plt.subplots(1, 2)
    kernels = np.stack([np.full((3, 3), -4.0), np.ones((3, 3))], axis=-1)
    drawn = plotting.filters(axes, kernels)
    assert {ax.images[0].get_clim() for ax in drawn} == {(-4.0, 4.0)}
    assert all(ax.axison for ax in drawn)


@pytest.mark.parametrize("draw", [plotting.feature_maps, plotting.filters])
def test_tiles_refuse_what_they_cannot_draw(draw):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="height, width, k"):
        draw(axes, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="2 titles"):
        draw(axes, np.zeros((3, 3, 2)), titles=["a"])


def test_receptive_field_shows_a_square_larger_than_the_image(ax):
    plotting.receptive_field(ax, np.zeros((48, 48, 1)), 61, centre=(10, 20))
    square = ax.patches[-1]
    assert (square.get_width(), square.get_x(), square.get_y()) == (61, -10.5, -20.5)
    low, high = ax.get_xlim()
    assert low <= -10.5 and high >= 50.5
    with pytest.raises(ValueError, match="at least 1"):
        plotting.receptive_field(ax, np.zeros((48, 48)), 0)
