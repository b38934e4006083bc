import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import signal

from data_fetch import load
from fer_helpers import ops

strides = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
seeds = st.integers(0, 2**32 - 1)
thorough = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def relative_error(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b), 1e-12)


def agree(gradients, loss, arrays, step=1e-5):
    """Hold each gradient to differences of the loss, a function of all arrays."""
    for number, (gradient, array) in enumerate(zip(gradients, arrays, strict=True)):

        def along(value, number=number):
            return loss(*arrays[:number], value, *arrays[number + 1 :])

        measured = ops.numerical_gradient(along, array, step)
        assert gradient.shape == array.shape
        if np.linalg.norm(measured) > 1e-8 or np.linalg.norm(gradient) > 1e-8:
            assert relative_error(gradient, measured) < 1e-6


def by_tape(tf, loss, arrays):
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    with tf.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        total = loss(*tensors)
    return [gradient.numpy() for gradient in tape.gradient(total, tensors)]


# ---- convolution ----


@st.composite
def convolutions(draw, paddings):
    n, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    h, w, kh, kw = (draw(st.integers(1, top)) for top in (7, 7, 4, 4))
    stride, padding = draw(strides), draw(paddings)
    room = 2 * padding if isinstance(padding, int) else 0
    assume(padding == "same" or (kh <= h + room and kw <= w + room))
    rng = np.random.default_rng(draw(seeds))
    x, kernels = rng.normal(size=(n, h, w, channels)), rng.normal(size=(kh, kw, channels, filters))
    bias = rng.normal(size=filters)
    how = dict(stride=stride, padding=padding)
    upstream = rng.normal(size=ops.conv_layer(x, kernels, **how).shape)
    return x, kernels, bias, upstream, how


any_padding = st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 2))


@thorough
@given(convolutions(any_padding))
def test_conv_gradient_agrees_with_differences(case):
    x, kernels, bias, upstream, how = case

    def loss(x, kernels, bias):
        return (ops.conv_layer(x, kernels, bias, **how) * upstream).sum()

    # The loss is linear in each argument: a large step costs nothing and rounds least.
    agree(ops.conv_layer_gradient(x, kernels, upstream, **how), loss, (x, kernels, bias), 1e-2)


@thorough
@given(case=convolutions(any_padding))
def test_conv_gradient_agrees_with_tensorflow(tf, case):
    x, kernels, bias, upstream, how = case
    stride, padding = how["stride"], how["padding"]
    zeros = [padding, padding] if isinstance(padding, int) else [0, 0]

    def loss(x, kernels, bias):
        padded = tf.pad(x, [[0, 0], zeros, zeros, [0, 0]])
        name = "SAME" if padding == "same" else "VALID"
        return tf.reduce_sum((tf.nn.conv2d(padded, kernels, stride, name) + bias) * upstream)

    expected = by_tape(tf, loss, (x, kernels, bias))
    got = ops.conv_layer_gradient(x, kernels, upstream, **how)
    for mine, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


def test_gradient_of_the_kernel_is_a_correlation_and_that_of_the_input_a_full_convolution():
    rng = np.random.default_rng(0)
    image, kernel, upstream = (rng.normal(size=s) for s in ((5, 7), (3, 2), (3, 6)))
    dx, dkernels, dbias = ops.conv_layer_gradient(
        image[None, ..., None], kernel[..., None, None], upstream[None, ..., None]
    )
    expected = signal.convolve2d(upstream, kernel, mode="full")
    np.testing.assert_allclose(dx[0, ..., 0], expected, atol=1e-12)
    expected = ops.cross_correlate2d(image, upstream)
    np.testing.assert_allclose(dkernels[..., 0, 0], expected, atol=1e-12)
    assert dbias.item() == pytest.approx(upstream.sum())


def test_gradient_of_the_input_is_a_layer_with_turned_kernels_and_channels_swapped():
    rng = np.random.default_rng(1)
    kernels, upstream = rng.normal(size=(3, 3, 4, 5)), rng.normal(size=(2, 6, 6, 5))
    dx, _, _ = ops.conv_layer_gradient(np.zeros((2, 8, 8, 4)), kernels, upstream)
    turned = kernels[::-1, ::-1].transpose(0, 1, 3, 2)
    np.testing.assert_allclose(dx, ops.conv_layer(upstream, turned, padding=2), atol=1e-12)


def test_a_pixel_that_no_window_reads_has_no_gradient():
    dx, _, _ = ops.conv_layer_gradient(
        np.ones((1, 6, 6, 1)), np.ones((2, 2, 1, 1)), np.ones((1, 2, 2, 1)), stride=3
    )
    np.testing.assert_array_equal(dx[0, :, :, 0], np.outer([1, 1, 0, 1, 1, 0], [1, 1, 0, 1, 1, 0]))


# ---- dense, softmax, cross-entropy ----


def test_dense_agrees_with_keras_and_its_gradient_with_both(tf):
    rng = np.random.default_rng(0)
    x, weights, bias = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    upstream = rng.normal(size=(5, 3))
    layer = pytest.importorskip("keras").layers.Dense(3)
    layer.build((None, 4))
    layer.set_weights([weights, bias])
    np.testing.assert_allclose(ops.dense(x, weights, bias), layer(x), atol=1e-5)
    np.testing.assert_array_equal(ops.dense(x, weights), ops.dense(x, weights, np.zeros(3)))

    got = ops.dense_gradient(x, weights, upstream)
    agree(got, lambda *a: (ops.dense(*a) * upstream).sum(), (x, weights, bias))
    tape = by_tape(tf, lambda x, w, b: tf.reduce_sum((x @ w + b) * upstream), (x, weights, bias))
    for mine, theirs in zip(got, tape, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_flatten_has_the_order_of_keras(tf):
    keras = pytest.importorskip("keras")
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    np.testing.assert_array_equal(ops.flatten(x), keras.layers.Flatten()(x))


@thorough
@given(st.integers(1, 6), st.integers(2, 8), seeds)
def test_loss_and_its_gradient_agree_with_differences(images, classes, seed):
    rng = np.random.default_rng(seed)
    logits, labels = 3 * rng.normal(size=(images, classes)), rng.integers(classes, size=images)
    gradient = ops.cross_entropy_gradient(labels, ops.softmax(logits))
    agree([gradient], lambda z: ops.cross_entropy(labels, ops.softmax(z)), [logits], 1e-4)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)


def test_loss_and_its_gradient_agree_with_tensorflow(tf):
    rng = np.random.default_rng(0)
    logits, labels = 3 * rng.normal(size=(9, 7)), rng.integers(7, size=9)

    def loss(z):
        one_by_one = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, z)
        return tf.reduce_mean(one_by_one)

    expected = loss(tf.constant(logits, tf.float32)).numpy()
    assert ops.cross_entropy(labels, ops.softmax(logits)) == pytest.approx(expected, abs=1e-5)
    got = ops.cross_entropy_gradient(labels, ops.softmax(logits))
    np.testing.assert_allclose(got, by_tape(tf, loss, [logits])[0], atol=1e-6)


def test_the_short_gradient_is_the_long_way_through_softmax():
    logits, label = np.array([[1.0, -2.0, 0.5]]), 2
    p = ops.softmax(logits)[0]
    upstream = np.array([0, 0, -1 / p[label]])
    long_way = ops.softmax_jacobian(logits[0]) @ upstream
    np.testing.assert_allclose(ops.cross_entropy_gradient([label], [p])[0], long_way, atol=1e-12)


def test_loss_of_knowing_nothing_and_of_being_sure():
    assert ops.cross_entropy([3, 0], np.full((2, 7), 1 / 7)) == pytest.approx(np.log(7))
    assert ops.cross_entropy([1], [[0.0, 1.0]]) == 0
    assert 80 < ops.cross_entropy([0], np.array([[0.0, 1.0]], np.float32)) < 100


# ---- pooling ----

poolings = (
    st.integers(1, 8),
    st.integers(1, 8),
    st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))),
    st.one_of(st.none(), strides),
    st.sampled_from(["valid", "same"]),
    seeds,
)


def pooling(h, w, size, stride, padding, seed):
    kh, kw = size if isinstance(size, tuple) else (size, size)
    assume(padding == "same" or (kh <= h and kw <= w))
    rng = np.random.default_rng(seed)
    # A permutation has no ties, and no two values closer than the step of the differences.
    x = rng.permutation(2 * h * w * 3).reshape(2, h, w, 3) - 40.0
    how = dict(stride=stride, padding=padding)
    return x, rng.normal(size=ops.max_pool(x, size, **how).shape), how


@thorough
@given(*poolings)
def test_pooling_gradients_agree_with_differences(h, w, size, stride, padding, seed):
    x, upstream, how = pooling(h, w, size, stride, padding, seed)
    for pool, gradient in (
        (ops.max_pool, ops.max_pool_gradient),
        (ops.average_pool, ops.average_pool_gradient),
    ):
        got = gradient(x, upstream, size, **how)
        agree([got], lambda x, p=pool: (p(x, size, **how) * upstream).sum(), [x], 0.25)


@thorough
@given(*poolings)
def test_pooling_gradients_agree_with_tensorflow(tf, h, w, size, stride, padding, seed):
    x, upstream, how = pooling(h, w, size, stride, padding, seed)
    step = size if stride is None else stride
    for pool, gradient in (
        (tf.nn.max_pool2d, ops.max_pool_gradient),
        (tf.nn.avg_pool2d, ops.average_pool_gradient),
    ):

        def loss(x, pool=pool):
            return tf.reduce_sum(pool(x, size, step, padding.upper()) * upstream)

        expected = by_tape(tf, loss, [x])[0]
        np.testing.assert_allclose(gradient(x, upstream, size, **how), expected, atol=1e-4)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_at_a_tie_the_first_of_the_window_gets_all_as_in_tensorflow(tf, padding):
    x = np.random.default_rng(0).integers(0, 2, size=(4, 6, 7, 3)).astype(float)
    upstream = np.ones(ops.max_pool(x, padding=padding).shape)
    got = ops.max_pool_gradient(x, upstream, padding=padding)
    assert got.sum() == upstream.sum()
    if not tf.config.list_physical_devices("GPU"):  # there another of the equals may win
        loss = by_tape(tf, lambda x: tf.reduce_sum(tf.nn.max_pool2d(x, 2, 2, padding.upper())), [x])
        np.testing.assert_array_equal(got, loss[0])


def test_at_a_tie_differences_find_the_mean_of_two_slopes():
    zeros = np.zeros((2, 2))
    measured = ops.numerical_gradient(lambda x: ops.max_pool(x).sum(), zeros)
    np.testing.assert_allclose(measured, 0.5)
    np.testing.assert_array_equal(ops.max_pool_gradient(zeros, [[1]]), [[1, 0], [0, 0]])


def test_a_winner_of_several_windows_collects_from_all():
    peak = np.zeros((5, 5))
    peak[2, 2] = 1
    got = ops.max_pool_gradient(peak, [[1, 2], [3, 4]], 3, stride=2)
    assert got[2, 2] == 10 and got.sum() == 10


# ---- numerical gradient, kinds of numbers, errors ----


def test_bytes_do_not_wrap_in_a_dense_layer():
    images = np.full((2, 9), 255, np.uint8)
    assert ops.dense(images, np.full((9, 1), 2, np.uint8)).tolist() == [[4590], [4590]]


def test_an_empty_batch_stays_one():
    assert ops.flatten(np.zeros((0, 3, 3, 2))).shape == (0, 18)


def test_numerical_gradient_of_a_single_number():
    assert ops.numerical_gradient(lambda x: x, 3.0) == pytest.approx(1)


def test_numerical_gradient_leaves_its_input_alone():
    x = np.array([1, 2])
    got = ops.numerical_gradient(lambda values: float(values @ values), x)
    np.testing.assert_allclose(got, [2, 4], atol=1e-8)
    assert x.dtype.kind == "i" and x.tolist() == [1, 2]
    assert ops.numerical_gradient(lambda v: float(v**3), 2.0).item() == pytest.approx(12)
    # A cubic shows the error of a central difference exactly: the square of the step.
    assert ops.numerical_gradient(lambda v: float(v**3), 0.0, step=0.1) == pytest.approx(0.01)


def test_single_precision_stays_single():
    rng = np.random.default_rng(0)
    x, kernels = rng.normal(size=(2, 6, 6, 1)).astype("f4"), np.ones((3, 3, 1, 2), "f4")
    out = ops.conv_layer(x, kernels)
    pooled = ops.max_pool(out)
    flat = ops.flatten(pooled)
    p = ops.softmax(flat[:, :3])
    gradients = [
        *ops.conv_layer_gradient(x, kernels, out),
        ops.max_pool_gradient(out, pooled),
        ops.average_pool_gradient(out, pooled),
        *ops.dense_gradient(flat, np.ones((flat.shape[1], 3), "f4"), p),
        ops.cross_entropy_gradient([0, 1], p),
    ]
    assert {gradient.dtype for gradient in gradients} == {np.dtype("float32")}


X, KERNELS = np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.dense(np.ones((2, 3)), np.ones((4, 5))), "3 inputs and the weights expect 4"),
        (lambda: ops.dense(np.ones((2, 3)), np.ones((3, 5)), np.ones(3)), "3 values and there are"),
        (lambda: ops.dense_gradient(np.ones((2, 3)), np.ones((4, 5)), X), "the weights expect 4"),
        (
            lambda: ops.dense_gradient(np.ones((2, 3)), np.ones((3, 5)), np.ones((3, 5))),
            "(2, 5), not float64 of shape (3, 5)",
        ),
        (lambda: ops.conv_layer_gradient(X, KERNELS[:, :, :1], X), "kernels expect 1"),
        (lambda: ops.conv_layer_gradient(X, KERNELS, X), "(1, 2, 2, 5)"),
        (lambda: ops.conv_layer_gradient(X, KERNELS, X, padding="full"), "unknown padding"),
        (lambda: ops.max_pool_gradient(X, X), "(1, 2, 2, 2)"),
        (lambda: ops.average_pool_gradient(X, X, padding=1), "unknown padding"),
        (lambda: ops.max_pool_gradient(X, X, 5), "covers 5 pixels"),
        (lambda: ops.cross_entropy([0], np.ones((2, 3))), "each of 2 images"),
        (lambda: ops.cross_entropy([0.0, 1.0], np.ones((2, 3))), "not float64"),
        (lambda: ops.cross_entropy_gradient([0, 3], np.ones((2, 3))), "from 0 to 2"),
        (lambda: ops.cross_entropy([], np.ones((0, 3))), "0 images"),
        (lambda: ops.numerical_gradient(np.sum, [1.0], step=0), "positive"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


# ---- the network of the chapter, as a whole ----


def forward(weights, x):
    kernels1, bias1, kernels2, bias2, matrix, bias3 = weights
    conv1 = ops.conv_layer(x, kernels1, bias1, padding="same")
    relu1 = ops.relu(conv1)
    pool1 = ops.max_pool(relu1)
    conv2 = ops.conv_layer(pool1, kernels2, bias2, padding="same")
    relu2 = ops.relu(conv2)
    pool2 = ops.max_pool(relu2)
    flat = ops.flatten(pool2)
    return ops.softmax(ops.dense(flat, matrix, bias3)), (conv1, relu1, pool1, conv2, relu2, pool2)


def loss_and_gradients(weights, x, labels):
    kernels1, _, kernels2, _, matrix, _ = weights
    p, (conv1, relu1, pool1, conv2, relu2, pool2) = forward(weights, x)
    upstream = ops.cross_entropy_gradient(labels, p)
    upstream, *dense = ops.dense_gradient(ops.flatten(pool2), matrix, upstream)
    upstream = ops.max_pool_gradient(relu2, upstream.reshape(pool2.shape))
    upstream = upstream * ops.relu_derivative(conv2)
    upstream, *second = ops.conv_layer_gradient(pool1, kernels2, upstream, padding="same")
    upstream = ops.max_pool_gradient(relu1, upstream) * ops.relu_derivative(conv1)
    _, *first = ops.conv_layer_gradient(x, kernels1, upstream, padding="same")
    return ops.cross_entropy(labels, p), [*first, *second, *dense]


def initial(rng, side, filters):
    first, second = filters
    shapes = (3, 3, 1, first), (3, 3, first, second), ((side // 4) ** 2 * second, 7)
    weights = []
    for shape in shapes:
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        weights += [rng.normal(scale=scale, size=shape), np.zeros(shape[-1])]
    return weights


def keras_twin(keras, side, filters):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(filters[0], 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(filters[1], 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(7, activation="softmax"),
        ]
    )


def test_gradients_of_the_whole_network_agree_with_differences():
    rng = np.random.default_rng(0)
    weights = initial(rng, 8, (2, 3))
    # Biases of zero are fine for training, but a check should be away from special places.
    weights = [w + 0.1 * rng.normal(size=w.shape) for w in weights]
    x, labels = rng.normal(size=(3, 8, 8, 1)), np.array([0, 3, 6])
    _, gradients = loss_and_gradients(weights, x, labels)
    agree(gradients, lambda *w: loss_and_gradients(w, x, labels)[0], weights, 1e-6)


def test_gradients_of_the_whole_network_agree_with_the_tape(tf):
    keras = pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    weights = [w.astype("float32") for w in initial(rng, 12, (4, 6))]
    x, labels = rng.normal(size=(20, 12, 12, 1)).astype("float32"), np.arange(20) % 7
    loss, gradients = loss_and_gradients(weights, x, labels)
    model = keras_twin(keras, 12, (4, 6))
    model.set_weights(weights)
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(labels, model(x))
        expected = tf.reduce_mean(losses)
    assert loss == pytest.approx(float(expected), abs=1e-5)
    for mine, theirs in zip(gradients, tape.gradient(expected, model.weights), strict=True):
        assert relative_error(mine, theirs) < 1e-4


def test_training_in_numpy_ends_within_two_points_of_keras():
    keras = pytest.importorskip("keras")
    faces = load("sample")
    train, validation = faces.part("train"), faces.part("validation")

    def small(images):
        return (ops.average_pool(images.astype("float32")) / 255 - 0.5) * 4

    x, labels = small(train.images[:2000]), train.labels[:2000]
    x_validation, labels_validation = small(validation.images), validation.labels
    weights = [w.astype("float32") for w in initial(np.random.default_rng(0), 24, (8, 16))]
    velocities = [np.zeros_like(w) for w in weights]
    model = keras_twin(keras, 24, (8, 16))
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9), "sparse_categorical_crossentropy")

    losses = []
    for epoch in range(4):
        order = np.random.default_rng(epoch).permutation(len(x))
        for batch in order.reshape(-1, 50):
            loss, gradients = loss_and_gradients(weights, x[batch], labels[batch])
            for weight, velocity, gradient in zip(weights, velocities, gradients, strict=True):
                velocity *= 0.9
                velocity -= 0.02 * gradient
                weight += velocity
            losses.append((loss, float(model.train_on_batch(x[batch], labels[batch]))))
    mine, theirs = np.transpose(losses)
    np.testing.assert_allclose(mine[:20], theirs[:20], atol=1e-3)

    p_mine = forward(weights, x_validation)[0]
    p_theirs = keras.ops.convert_to_numpy(model(x_validation))
    right = [np.mean(p.argmax(axis=1) == labels_validation) for p in (p_mine, p_theirs)]
    commonest = np.bincount(labels_validation).max() / len(labels_validation)
    assert min(right) > commonest + 0.1
    assert abs(right[0] - right[1]) <= 0.02
