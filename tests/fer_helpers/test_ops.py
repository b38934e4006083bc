import statistics
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage, signal, special

from fer_helpers import ops

sizes = st.integers(1, 12)
kernel_sizes = st.integers(1, 5)
strides = st.integers(1, 3)
dilations = st.integers(1, 3)
paddings = st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 3))
seeds = st.integers(0, 2**32 - 1)
thorough = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def spread(kernel, dilation):
    """Write a dilation out as zeros between the weights."""
    kh, kw = kernel.shape[:2]
    wide = np.zeros(((kh - 1) * dilation + 1, (kw - 1) * dilation + 1, *kernel.shape[2:]))
    wide[::dilation, ::dilation] = kernel
    return wide


def enlarge(x, padding):
    """Write a padding of whole numbers out as zeros around a batch."""
    zeros = (padding, padding)
    return np.pad(x, ((0, 0), zeros, zeros, (0, 0)))


# ---- one channel: SciPy ----


@thorough
@given(sizes, sizes, kernel_sizes, kernel_sizes, strides, dilations, st.integers(0, 3), seeds)
def test_convolution_agrees_with_scipy(h, w, kh, kw, stride, dilation, zeros, seed):
    rng = np.random.default_rng(seed)
    image, kernel = rng.normal(size=(h, w)), rng.normal(size=(kh, kw))
    wide, padded = spread(kernel, dilation), np.pad(image, zeros)
    assume(all(k <= s for k, s in zip(wide.shape, padded.shape, strict=True)))
    settings_ = dict(stride=stride, padding=zeros, dilation=dilation)
    np.testing.assert_allclose(
        ops.convolve2d(image, kernel, **settings_),
        signal.convolve2d(padded, wide, mode="valid")[::stride, ::stride],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        ops.cross_correlate2d(image, kernel, **settings_),
        signal.correlate2d(padded, wide, mode="valid")[::stride, ::stride],
        atol=1e-12,
    )


@thorough
@given(sizes, sizes, st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5]), seeds)
def test_same_padding_of_odd_kernels_is_scipys(h, w, kh, kw, seed):
    assume(kh <= h and kw <= w)  # SciPy's "same" is centred on the larger of the two
    rng = np.random.default_rng(seed)
    image, kernel = rng.normal(size=(h, w)), rng.normal(size=(kh, kw))
    np.testing.assert_allclose(
        ops.convolve2d(image, kernel, padding="same"),
        signal.convolve2d(image, kernel, mode="same"),
        atol=1e-12,
    )


def test_same_padding_is_the_formula_of_savenko():
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(5, 7)), rng.normal(size=(3, 3))
    out = ops.convolve2d(image, kernel, padding="same")
    for i, k in np.ndindex(5, 7):
        total = 0.0
        for m, n in np.ndindex(3, 3):
            row, column = i - m + 1, k - n + 1
            if 0 <= row < 5 and 0 <= column < 7:
                total += image[row, column] * kernel[m, n]
        assert out[i, k] == pytest.approx(total)


def test_convolution_turns_the_kernel_and_correlation_does_not():
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    kernel = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(ops.convolve2d(impulse, kernel), kernel)
    np.testing.assert_array_equal(ops.cross_correlate2d(impulse, kernel), kernel[::-1, ::-1])


def test_bytes_do_not_wrap_and_integers_stay_integers():
    image = np.full((3, 3), 255, np.uint8)
    out = ops.convolve2d(image, np.ones((3, 3), np.uint8))
    assert out.dtype == np.int64
    assert out.item() == 9 * 255


def test_types_of_floats_are_kept():
    image, kernel = np.ones((4, 4), np.float32), np.ones((2, 2), np.float32)
    assert ops.convolve2d(image, kernel).dtype == np.float32
    assert ops.conv_layer(image[None, ..., None], kernel[..., None, None]).dtype == np.float32


def test_inputs_may_be_views_and_stay_as_they_are():
    image = np.random.default_rng(0).normal(size=(20, 20))
    view, copy = image[::2, ::-1], image[::2, ::-1].copy()
    kernel = np.random.default_rng(1).normal(size=(6, 6))[::2, ::2]
    np.testing.assert_allclose(
        ops.convolve2d(view, kernel), ops.convolve2d(copy, kernel.copy()), rtol=1e-12
    )
    image.flags.writeable = False
    ops.max_pool(image, padding="same")
    np.testing.assert_array_equal(view, copy)


# ---- many channels: Keras ----


@thorough
@given(sizes, sizes, kernel_sizes, kernel_sizes, strides, dilations, paddings, seeds, st.data())
def test_conv_layer_agrees_with_keras(keras, h, w, kh, kw, stride, dilation, padding, seed, data):
    n, channels, filters = (data.draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, h, w, channels)).astype(np.float32)
    kernels = rng.normal(size=(kh, kw, channels, filters)).astype(np.float32)
    bias = rng.normal(size=filters).astype(np.float32)
    # Keras on TensorFlow has neither whole-number paddings nor strides beside dilations.
    wide = spread(kernels, dilation).astype(np.float32)
    padded = x if isinstance(padding, str) else enlarge(x, padding)
    if padding != "same":
        assume(wide.shape[0] <= padded.shape[1] and wide.shape[1] <= padded.shape[2])
    expected = keras.ops.conv(
        padded,
        wide,
        strides=stride,
        padding="same" if padding == "same" else "valid",
        data_format="channels_last",
    )
    out = ops.conv_layer(x, kernels, bias, stride=stride, padding=padding, dilation=dilation)
    np.testing.assert_allclose(out, np.asarray(expected) + bias, atol=1e-4)


def test_dilation_agrees_with_that_of_keras(keras):
    rng = np.random.default_rng(0)
    x, kernels = rng.normal(size=(2, 11, 9, 3)), rng.normal(size=(3, 2, 3, 4))
    for padding in ("valid", "same"):
        expected = keras.ops.conv(
            x, kernels, padding=padding, dilation_rate=2, data_format="channels_last"
        )
        out = ops.conv_layer(x, kernels, padding=padding, dilation=2)
        np.testing.assert_allclose(out, np.asarray(expected), atol=1e-5)


@thorough
@given(sizes, sizes, kernel_sizes, kernel_sizes, st.none() | strides, seeds, st.data())
def test_pooling_agrees_with_keras(keras, h, w, ph, pw, stride, seed, data):
    padding = data.draw(st.sampled_from(["valid", "same"]))
    assume(padding == "same" or (ph <= h and pw <= w))
    x = np.random.default_rng(seed).normal(size=(2, h, w, 3)).astype(np.float32)
    keywords = dict(padding=padding, data_format="channels_last")
    for ours, theirs in (
        (ops.max_pool, keras.ops.max_pool),
        (ops.average_pool, keras.ops.average_pool),
    ):
        out = ours(x, (ph, pw), stride=stride, padding=padding)
        expected = theirs(x, (ph, pw), strides=stride or (ph, pw), **keywords)
        np.testing.assert_allclose(out, np.asarray(expected), atol=1e-5)
        alone = ours(x[0, ..., 0], (ph, pw), stride=stride, padding=padding)
        np.testing.assert_allclose(alone, out[0, ..., 0], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_max_pool_keeps_the_type_and_padding_never_wins(dtype):
    x = -np.ones((3, 3)) if np.dtype(dtype).kind in "if" else np.zeros((3, 3))
    out = ops.max_pool(x.astype(dtype), padding="same")
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, x[:2, :2])


def test_not_a_number_spreads_only_to_its_windows():
    x = np.zeros((4, 4))
    x[0, 0] = np.nan
    for pool in (ops.max_pool, ops.average_pool):
        np.testing.assert_array_equal(np.isnan(pool(x)), [[True, False], [False, False]])


# ---- arithmetic ----


@thorough
@given(sizes, kernel_sizes, strides, dilations, paddings)
def test_output_size_is_the_size_of_the_output(size, kernel, stride, dilation, padding):
    keywords = dict(stride=stride, padding=padding, dilation=dilation)
    image, weights = np.zeros((size, size)), np.zeros((kernel, kernel))
    try:
        expected = ops.convolve2d(image, weights, **keywords).shape[0]
    except ValueError:
        with pytest.raises(ValueError, match="kernel covers"):
            ops.output_size(size, kernel, **keywords)
    else:
        assert ops.output_size(size, kernel, **keywords) == expected


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "kernel", "stride"), [(48, 3, 1), (48, 5, 2), (7, 2, 3)])
def test_sizes_and_parameters_are_those_of_keras_layers(keras, size, kernel, stride, padding):
    for bias in (True, False):
        layer = keras.layers.Conv2D(8, kernel, strides=stride, padding=padding, use_bias=bias)
        shape = layer(np.zeros((1, size, size, 3), np.float32)).shape
        assert shape[1] == ops.output_size(size, kernel, stride=stride, padding=padding)
        assert layer.count_params() == ops.conv_parameters(kernel, 3, 8, bias)


@pytest.mark.parametrize(
    "layers",
    [
        [(3, 1)],
        [(3, 1), (3, 1), (2, 2), (3, 1)],
        [(5, 2), (3, 2), (3, 1)],
        [(3, 1, 2), (2, 2), (3, 1, 3)],
    ],
)
def test_receptive_field_is_what_a_middle_value_of_keras_layers_depends_on(keras, layers):
    # Whole numbers and kernels of ones: float32 adds them without rounding.
    x = np.random.default_rng(0).integers(0, 9, (1, 64, 64, 1)).astype(np.float32)
    network = keras.Sequential(
        [
            keras.layers.Conv2D(
                1,
                kernel,
                strides=stride,
                dilation_rate=(*dilation, 1)[0],
                kernel_initializer="ones",
            )
            for kernel, stride, *dilation in layers
        ]
    )
    before = np.asarray(network(x))
    middle = before.shape[1] // 2
    rows = np.repeat(x, 64, axis=0)
    rows[np.arange(64), np.arange(64)] += 1  # image r has row r changed
    changed = np.asarray(network(rows))[:, middle, middle, 0] != before[0, middle, middle, 0]
    reach = np.flatnonzero(changed)
    assert reach[-1] - reach[0] + 1 == ops.receptive_field(layers)


def test_receptive_field_of_no_layer_is_one_pixel():
    assert ops.receptive_field([]) == 1


# ---- Sobel, activations ----


@thorough
@given(sizes, sizes, st.integers(1, 3), seeds)
def test_sobel_is_scipys(h, w, n, seed):
    images = np.random.default_rng(seed).normal(size=(n, h, w))
    along_width, along_height, magnitude = ops.sobel(images)
    for image, gx, gy, size in zip(images, along_width, along_height, magnitude, strict=True):
        np.testing.assert_allclose(gx, ndimage.sobel(image, axis=1, mode="nearest"), atol=1e-12)
        np.testing.assert_allclose(gy, ndimage.sobel(image, axis=0, mode="nearest"), atol=1e-12)
        np.testing.assert_allclose(size**2, gx**2 + gy**2, atol=1e-12)
    for single, of_batch in zip(
        ops.sobel(images[0]), (along_width, along_height, magnitude), strict=True
    ):
        np.testing.assert_array_equal(single, of_batch[0])


def test_sobel_is_the_cross_correlation_with_its_kernels():
    image = np.random.default_rng(0).integers(0, 256, (9, 7)).astype(np.uint8)
    padded = np.pad(image, 1, mode="edge")
    along_width, along_height, _ = ops.sobel(image)
    np.testing.assert_array_equal(along_width, ops.cross_correlate2d(padded, ops.SOBEL_X))
    np.testing.assert_array_equal(along_height, ops.cross_correlate2d(padded, ops.SOBEL_Y))
    np.testing.assert_array_equal(along_width, -ops.convolve2d(padded, ops.SOBEL_X))


def test_signs_of_sobel():
    brighter_right = np.tile(np.arange(5.0), (5, 1))
    along_width, along_height, _ = ops.sobel(brighter_right)
    assert (along_width[:, 1:-1] == 8).all()
    assert (along_height == 0).all()
    assert (ops.sobel(brighter_right.T)[1][1:-1] == 8).all()


def test_activations():
    x = np.random.default_rng(0).normal(size=(4, 7)) * 50
    np.testing.assert_array_equal(ops.relu(x), np.where(x > 0, x, 0))
    np.testing.assert_allclose(ops.softmax(x), special.softmax(x, axis=-1))
    np.testing.assert_allclose(ops.softmax(x).sum(axis=1), 1)


# ---- errors ----

image, kernel = np.zeros((4, 4)), np.zeros((3, 3))
batch, kernels = np.zeros((1, 4, 4, 2)), np.zeros((3, 3, 2, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.convolve2d(batch, kernel), "image must have 2 dimensions, not 4"),
        (lambda: ops.convolve2d(image, kernels), "kernel must have 2 dimensions"),
        (lambda: ops.conv_layer(image, kernels), "x must have 4 dimensions"),
        (lambda: ops.conv_layer(batch, kernel), "kernels must have 4 dimensions"),
        (lambda: ops.max_pool(np.zeros(4)), "2 or 4 dimensions"),
        (lambda: ops.sobel(batch), "2 or 3 dimensions"),
        (lambda: ops.convolve2d([["a"]], kernel), "must hold real numbers"),
        (lambda: ops.convolve2d(image, np.zeros((5, 5))), "covers 5 pixels .* only 4"),
        (lambda: ops.convolve2d(image, kernel, dilation=2), "covers 5 pixels .* only 4"),
        (lambda: ops.convolve2d(image, np.zeros((7, 7)), padding=1), "covers 7 .* only 6"),
        (lambda: ops.conv_layer(batch, np.zeros((5, 1, 2, 1))), "covers 5 pixels"),
        (lambda: ops.max_pool(image, 5), "covers 5 pixels"),
        (lambda: ops.convolve2d(np.zeros((0, 4)), kernel, padding=3), "covers 3 pixels"),
        (
            lambda: ops.convolve2d(image, kernel, padding="full"),
            "'full'; legal are 'valid', 'same'",
        ),
        (lambda: ops.convolve2d(image, kernel, padding=-1), "unknown padding -1"),
        (lambda: ops.convolve2d(image, kernel, padding=None), "unknown padding None"),
        (lambda: ops.convolve2d(image, kernel, padding=True), "unknown padding True"),
        (lambda: ops.average_pool(image, padding=1), "legal are 'valid' and 'same'"),
        (lambda: ops.convolve2d(image, kernel, stride=0), "stride must be .* at least 1"),
        (lambda: ops.convolve2d(image, kernel, stride=1.5), "stride must be a whole number"),
        (lambda: ops.convolve2d(image, kernel, stride=(1, 2, 3)), "stride must be"),
        (lambda: ops.convolve2d(image, kernel, dilation=0), "dilation must be"),
        (lambda: ops.max_pool(image, 0), "size must be"),
        (lambda: ops.max_pool(image, 2, stride=-1), "stride must be"),
        (lambda: ops.conv_layer(np.zeros((1, 4, 4, 3)), kernels), "3 channels .* expect 2"),
        (lambda: ops.conv_layer(batch, kernels, np.zeros(4)), "4 values and there are 5 filters"),
        (lambda: ops.output_size(48, 3, stride=0), "stride must be"),
        (lambda: ops.output_size(2, 3), "covers 3 pixels"),
        (lambda: ops.output_size(48, 3, padding="full"), "unknown padding 'full'"),
        (lambda: ops.receptive_field([(3,)]), r"\(kernel, stride\)"),
        (lambda: ops.receptive_field([3]), r"\(kernel, stride\)"),
        (lambda: ops.receptive_field([(3, 0)]), "at least 1"),
        (lambda: ops.conv_parameters(3, 0, 8), "channels must be"),
    ],
)
def test_errors_say_what_is_legal(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- speed ----


def median_times(*functions, repeats=60, calls=10):
    """Time the functions in turn, so that a busy machine slows all of them down alike."""
    times = [[] for _ in functions]
    for _ in range(repeats):
        for function, record in zip(functions, times, strict=True):
            start = time.perf_counter()
            for _ in range(calls):
                function()
            record.append(time.perf_counter() - start)
    return [statistics.median(record) for record in times]


@pytest.mark.parametrize("mode", ["valid", "same"])
@pytest.mark.parametrize(("side", "window"), [(48, 3), (48, 5), (8, 3)])
def test_at_most_three_times_as_slow_as_scipy(side, window, mode):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(side, side)), rng.normal(size=(window, window))
    ratios = []
    while len(ratios) < 3:
        ours, theirs = median_times(
            lambda: ops.convolve2d(image, kernel, padding=mode),
            lambda: signal.convolve2d(image, kernel, mode=mode),
        )
        ratios.append(ours / theirs)
        if ratios[-1] < 3:
            return
    pytest.fail(f"{min(ratios):.1f} times the time of scipy.signal, in the best of three attempts")
