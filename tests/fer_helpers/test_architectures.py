import keras
import numpy as np
import pytest

from fer_helpers import architectures


@pytest.mark.parametrize("name", architectures.NAMES)
@pytest.mark.parametrize(("shape", "classes"), [((48, 48, 1), 7), ((64, 48, 3), 6)])
def test_builds_probabilities_of_the_right_shape(name, shape, classes):
    model = architectures.build(name, input_shape=shape, classes=classes)
    faces = np.random.default_rng(0).random((2, *shape), dtype="float32")
    probabilities = keras.ops.convert_to_numpy(model(faces))
    assert probabilities.shape == (2, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_compact_stays_under_100_000_parameters():
    assert architectures.build("compact").count_params() < 100_000


def test_six_conv_cnn_has_the_layers_of_the_paper():
    model = architectures.build("six_conv_cnn")
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert len(convolutions) == 6
    assert all(layer.kernel_size == (3, 3) for layer in convolutions)
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "softmax"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "compcat"}, "choose one of six_conv_cnn, compact"),
        ({"name": "compact", "input_shape": (16, 48, 1)}, "at least 32 × 32"),
        ({"name": "compact", "input_shape": (48, 48)}, "height, width, channels"),
        ({"name": "compact", "classes": 1}, "at least 2 classes"),
    ],
)
def test_wrong_arguments_say_what_is_legal(arguments, message):
    with pytest.raises(ValueError, match=message):
        architectures.build(**arguments)


@pytest.mark.parametrize("name", architectures.NAMES)
def test_saved_and_loaded_gives_identical_outputs(name, tmp_path):
    model = architectures.build(name)
    model.save(tmp_path / "model.keras")
    faces = np.random.default_rng(0).random((2, 48, 48, 1), dtype="float32")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.predict(faces, verbose=0), again.predict(faces, verbose=0))
