import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from fer_helpers import ops

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "swish", "hard_swish")
KINKS = {"relu": (0,), "leaky_relu": (0,), "hard_swish": (-3, 3)}
KERAS = {"swish": "silu", "hard_swish": "hard_silu"}

names = pytest.mark.parametrize("name", NAMES)
thorough = settings(max_examples=100, deadline=None)
moderate = st.floats(-30, 30)


def pair(name):
    return getattr(ops, name), getattr(ops, f"{name}_derivative")


@thorough
@given(st.floats(-700, 700))
def test_sigmoid_agrees_with_scipy(x):
    np.testing.assert_allclose(ops.sigmoid(x), special.expit(x), rtol=1e-13)
    np.testing.assert_allclose(
        ops.sigmoid_derivative(x), special.expit(x) * special.expit(-x), rtol=1e-13
    )


@thorough
@given(st.sampled_from(NAMES), moderate)
def test_derivatives_agree_with_finite_differences(name, x):
    function, derivative = pair(name)
    h = 1e-5
    # A difference across a kink is the derivative of neither side.
    if any(abs(x - kink) <= h for kink in KINKS.get(name, ())):
        return
    difference = (function(x + h) - function(x - h)) / (2 * h)
    np.testing.assert_allclose(derivative(x), difference, atol=1e-8)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
def test_whole_numbers_are_computed_in_floating_point(dtype):
    x = np.array([0, 1, 3, 100, 127]).astype(dtype)
    for name in NAMES:
        for function in pair(name):
            np.testing.assert_allclose(function(x), function(x.astype(float)), rtol=1e-12)
    np.testing.assert_allclose(ops.softmax(x), ops.softmax(x.astype(float)))


@pytest.mark.parametrize("slope", [0, 0.01, 0.2, 1])
def test_slope_of_leaky_relu(slope):
    x = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(ops.leaky_relu(x, slope), [-2 * slope, 0, 3])
    np.testing.assert_allclose(ops.leaky_relu_derivative(x, slope), [slope, slope, 1])


def test_leaky_relu_without_a_leak_is_relu_and_with_slope_one_the_identity():
    x = np.linspace(-3, 3, 13)
    np.testing.assert_array_equal(ops.leaky_relu(x, 0), ops.relu(x))
    np.testing.assert_array_equal(ops.leaky_relu_derivative(x, 0), ops.relu_derivative(x))
    np.testing.assert_array_equal(ops.leaky_relu(x, 1), x)


@thorough
@given(moderate)
def test_identities(x):
    np.testing.assert_allclose(ops.tanh(x), 2 * ops.sigmoid(2 * x) - 1, atol=1e-14)
    np.testing.assert_allclose(ops.sigmoid(-x), 1 - ops.sigmoid(x), atol=1e-15)
    for function in (ops.swish, ops.hard_swish):
        np.testing.assert_allclose(function(x), x + function(-x), atol=1e-13)


def test_hard_swish_is_farthest_from_swish_at_its_kinks():
    x = np.linspace(-10, 10, 20_001)
    gap = np.abs(ops.swish(x) - ops.hard_swish(x))
    assert abs(x[gap.argmax()]) == pytest.approx(3)
    assert gap.max() == pytest.approx(3 * ops.sigmoid(-3.0))


@names
def test_huge_numbers_are_harmless(name):
    x = np.array([-1e30, -1000.0, 1000.0, 1e30])
    with np.errstate(all="raise", under="ignore"):
        for function in pair(name):
            assert np.isfinite(function(x)).all()


@names
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_types_are_kept(name, dtype):
    x = np.linspace(-4, 4, 24, dtype=dtype).reshape(2, 3, 4)
    before = x.copy()
    for function in pair(name):
        y = function(x)
        assert y.shape == x.shape and y.dtype == x.dtype
        np.testing.assert_array_equal(function(x.tolist()), function(x.astype(float)))
    np.testing.assert_array_equal(x, before)


@names
def test_whole_numbers_are_taken_as_numbers(name):
    whole = np.array([-5, -1, 0, 1, 5])
    for function in pair(name):
        np.testing.assert_allclose(function(whole), function(whole.astype(float)))


@names
def test_keras_and_tensorflow_agree_kinks_included(name):
    keras = pytest.importorskip("keras")
    tensorflow = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the derivatives are TensorFlow's")
    layer = getattr(keras.activations, KERAS.get(name, name))
    options = {"negative_slope": 0.01} if name == "leaky_relu" else {}
    function, derivative = pair(name)
    x = np.linspace(-6, 6, 49).astype("float32")
    with tensorflow.GradientTape() as tape:
        points = tensorflow.constant(x)
        tape.watch(points)
        values = layer(points, **options)
    np.testing.assert_allclose(values, function(x), atol=2e-6)
    np.testing.assert_allclose(tape.gradient(values, points), derivative(x), atol=2e-6)


@thorough
@given(st.lists(moderate, min_size=1, max_size=8), st.floats(-1e6, 1e6))
def test_softmax(logits, constant):
    p = ops.softmax(logits)
    np.testing.assert_allclose(p, special.softmax(logits))
    np.testing.assert_allclose(ops.softmax(np.array(logits) + constant), p, atol=1e-8)


@thorough
@given(moderate)
def test_softmax_of_two_classes_is_the_sigmoid(x):
    np.testing.assert_allclose(ops.softmax([x, 0])[0], ops.sigmoid(x), rtol=1e-12)


@thorough
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=6))
def test_softmax_jacobian(logits):
    logits = np.array(logits)
    jacobian, h = ops.softmax_jacobian(logits), 1e-5
    steps = h * np.eye(len(logits))
    # Row j of the difference is a step of logit j.
    differences = (ops.softmax(logits + steps) - ops.softmax(logits - steps)) / (2 * h)
    np.testing.assert_allclose(jacobian, differences.T, atol=1e-9)
    np.testing.assert_allclose(jacobian.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(jacobian.sum(axis=1), 0, atol=1e-12)


def test_softmax_jacobian_of_a_batch():
    logits = np.random.default_rng(0).normal(size=(2, 5, 3))
    jacobian = ops.softmax_jacobian(logits)
    assert jacobian.shape == (2, 5, 3, 3)
    np.testing.assert_allclose(jacobian[1, 4], ops.softmax_jacobian(logits[1, 4]))


def test_every_activation_comes_with_its_derivative():
    for name in NAMES:
        function, derivative = pair(name)
        assert inspect.signature(function) == inspect.signature(derivative)
