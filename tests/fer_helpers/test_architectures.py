"""Every network: its published size, its shapes, that it learns, and that it can be kept.

Run with KERAS_BACKEND=jax or torch these tests are the check of the other two backends.
"""

import math

import keras
import numpy as np
import pytest

from fer_helpers import architectures
from fer_helpers.architectures import registry
from fer_helpers.architectures.imagenet import HEADS, divisible
from fer_helpers.architectures.residual import WEIGHTS
from fer_helpers.architectures.weights import load_arrays, load_file

NAMES = architectures.NAMES
IMAGENET = ("vgg16", "vgg19", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0")
# What Keras Applications needs to take the same preprocessed images as our backbones.
APPLICATIONS = {
    "vgg16": ("VGG16", {}, 1),
    "vgg19": ("VGG19", {}, 1),
    "resnet50": ("ResNet50", {}, 1),
    "mobilenet_v2": ("MobileNetV2", {}, 1),
    "mobilenet_v3_small": ("MobileNetV3Small", {"include_preprocessing": False}, 1),
    # It divides by 255 inside, always.
    "efficientnet_b0": ("EfficientNetB0", {}, 255),
}


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype="float32")


def outputs(model, batch):
    return keras.ops.convert_to_numpy(model(batch, training=False))


def flat(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flat(layer)
        else:
            yield layer


@pytest.fixture(scope="module")
def smallest():
    """Every network once, for the smallest faces that all of them take."""
    built = {}

    def build(name):
        if name not in built:
            built[name] = architectures.build(name, input_shape=(32, 32, 1))
        return built[name]

    return build


def test_names_are_those_of_the_five_studies_and_ours():
    assert set(NAMES) == {
        *IMAGENET,
        *("traditional_cnn", "thermal_cnn", "six_conv_cnn", "five_conv_cnn", "fcn", "fcn_dense"),
        *("residual_cnn", "resnet18", "compact", "quick"),
    }


# Parameters, against published figures.


def test_five_conv_cnn_has_the_parameters_of_the_public_notebook():
    """4,496,903: the summary in the copies of the notebook that Savenko et al. (2026) cite."""
    assert architectures.build("five_conv_cnn").count_params() == 4_496_903


# In millions, with the 1,000 classes of ImageNet. VGG: Simonyan & Zisserman 2015, table 2 (138 and
# 144), MobileNetV3-Small: Howard et al. 2019, table 3 (2.5), EfficientNet-B0: Tan & Le 2019, table
# 2 (5.3); the others and the decimals of VGG: Keras Applications' table of models.
@pytest.mark.parametrize(
    ("name", "top", "published"),
    [
        ("vgg16", (25088 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000, 138.4),
        ("vgg19", (25088 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000, 143.7),
        ("resnet50", (2048 + 1) * 1000, 25.6),
        ("mobilenet_v2", (1280 + 1) * 1000, 3.5),
        ("mobilenet_v3_small", (576 + 1) * 1024 + (1024 + 1) * 1000, 2.5),
        ("efficientnet_b0", (1280 + 1) * 1000, 5.3),
    ],
)
def test_parameters_with_the_published_classifier(name, top, published):
    learnt = sum(math.prod(w.shape) for w in architectures.backbone(name).trainable_weights)
    assert round((learnt + top) / 1e6, 1) == published


def test_resnet18_has_11_2_million_parameters():
    """He et al. (2016) have 11.7 million with ImageNet's 1,000 classes; seven need 0.5 fewer."""
    assert round(architectures.build("resnet18").count_params() / 1e6, 1) == 11.2


# Multiply-adds at 224×224, in the papers' own words: He et al. 2016, table 1 (3.8 × 10⁹), Sandler
# et al. 2018, table 4 (300M), Howard et al. 2019, table 3 (56M), Tan & Le 2019, table 2 (0.39B).
@pytest.mark.parametrize(
    ("name", "top", "published", "tolerance"),
    [
        ("resnet50", 2048 * 1000, 3.8e9, 0.06e9),
        ("mobilenet_v2", 1280 * 1000, 300e6, 1e6),
        ("mobilenet_v3_small", 576 * 1024 + 1024 * 1000, 56e6, 0.6e6),
        ("efficientnet_b0", 1280 * 1000, 0.39e9, 0.005e9),
    ],
)
def test_multiply_adds_of_the_papers(name, top, published, tolerance):
    figures = architectures.analyse(architectures.backbone(name, (224, 224, 3)))
    assert sum(layer.multiply_adds for layer in figures) + top == pytest.approx(
        published, abs=tolerance
    )


def test_mobilenet_has_the_shapes_and_head_of_yershov():
    """48×48×3 in, 2×2×1280 after the backbone, dense 768, 128 and 6."""
    for name in ("mobilenet_v2", "efficientnet_b0"):
        model = architectures.build(name, input_shape=(48, 48, 3), classes=6)
        assert model.get_layer("backbone").output_shape == (None, 2, 2, 1280)
        dense = [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        assert dense == [768, 128, 6]


def test_compact_stays_under_100_000_parameters():
    assert architectures.build("compact").count_params() < 100_000


def test_six_conv_cnn_has_the_layers_of_the_paper():
    model = architectures.build("six_conv_cnn")
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert len(convolutions) == 6
    assert all(layer.kernel_size == (3, 3) for layer in convolutions)
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "softmax"]


@pytest.mark.parametrize("name", ["fcn", "fcn_dense"])
def test_fully_convolutional_means_no_flattening(name):
    kinds = {type(layer).__name__ for layer in architectures.build(name).layers}
    assert "Flatten" not in kinds
    allowed = {"InputLayer", "Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"}
    assert kinds - allowed <= {
        "GlobalAveragePooling2D",
        "Dense",
        "Conv2DTranspose",
        "Add",
        "Softmax",
    }


# Shapes.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "classes"), [((48, 48, 1), 7), ((64, 48, 3), 6)])
def test_output_shape(name, shape, classes):
    model = architectures.build(name, input_shape=shape, classes=classes)
    pixels = shape[:2] if name == "fcn_dense" else ()
    assert model.output_shape == (None, *pixels, classes)


@pytest.mark.parametrize("name", NAMES)
def test_gives_probabilities(name, smallest):
    p = outputs(smallest(name), images(2, 32, 32, 1))
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-5)
    assert p.min() >= 0


@pytest.mark.parametrize("name", [name for name in NAMES if registry._ENTRIES[name].any_size])
def test_one_network_for_images_of_every_size(name):
    model = architectures.build(name, input_shape=(None, None, 1))
    for height, width in ((32, 32), (40, 56)):
        pixels = (height, width) if name == "fcn_dense" else ()
        assert outputs(model, images(1, height, width, 1)).shape == (1, *pixels, 7)


@pytest.mark.parametrize("head", HEADS)
def test_heads(head):
    model = architectures.build("mobilenet_v3_small", head=head)
    assert model.output_shape == (None, 7)


def test_size_resizes_first():
    model = architectures.build("mobilenet_v3_small", size=64)
    assert model.get_layer("backbone").input_shape == (None, 64, 64, 3)


def test_grey_becomes_three_equal_channels_as_the_backbone_was_trained():
    face = images(1, 32, 32, 1)
    grey = architectures.build("vgg16", input_shape=(32, 32, 1))
    colour = architectures.build("vgg16", input_shape=(32, 32, 3))
    architectures.copy_weights(grey, colour)
    np.testing.assert_allclose(
        outputs(grey, face), outputs(colour, np.repeat(face, 3, axis=3)), atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "preprocess"),
    [
        ("vgg16", keras.applications.vgg16.preprocess_input),
        ("resnet50", keras.applications.resnet.preprocess_input),
        ("mobilenet_v2", keras.applications.mobilenet_v2.preprocess_input),
    ],
)
def test_preprocessing_is_that_of_keras_applications(name, preprocess):
    colour = images(1, 32, 32, 3)
    model = architectures.build(name, input_shape=(32, 32, 3))
    before = keras.Model(model.input, model.get_layer("standardise").output)
    np.testing.assert_allclose(outputs(before, colour), preprocess(colour * 255.0), atol=1e-3)


def test_efficientnet_standardises_by_imagenets_means_and_deviations():
    model = architectures.build("efficientnet_b0", input_shape=(32, 32, 3))
    before = keras.Model(model.input, model.get_layer("standardise").output)
    grey = np.full((1, 32, 32, 3), 0.485, dtype="float32")
    found = outputs(before, grey)[0, 0, 0]
    expected = (0.485 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(found, expected, atol=1e-5)


# Equal to Keras Applications.


@pytest.mark.parametrize("name", IMAGENET)
def test_equals_keras_applications(name):
    published, options, scale = APPLICATIONS[name]
    keras.utils.set_random_seed(0)
    make = getattr(keras.applications, published)
    reference = make(include_top=False, weights=None, input_shape=(48, 48, 3), **options)
    rng = np.random.default_rng(0)
    for layer in reference.layers:  # fresh statistics of 0 and 1 would hide a mistake
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    ours = architectures.backbone(name)
    architectures.copy_weights(reference, ours)
    batch = images(2, 48, 48, 3)
    expected = outputs(reference, batch * scale)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(
        outputs(ours, batch), expected, rtol=1e-4, atol=1e-4 * expected.max()
    )


def test_width_of_mobilenet_v2_equals_keras_applications():
    reference = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(48, 48, 3), alpha=0.35
    )
    ours = architectures.backbone("mobilenet_v2", width=0.35)
    architectures.copy_weights(reference, ours)
    batch = images(1, 48, 48, 3)
    np.testing.assert_allclose(outputs(ours, batch), outputs(reference, batch), atol=1e-4)


def test_efficientnet_scales_to_b1():
    """B1 is B0 with its depth times 1.1 (Keras Applications; Tan & Le 2019, section 3.3)."""
    reference = keras.applications.EfficientNetB1(
        include_top=False, weights=None, input_shape=(48, 48, 3)
    )
    ours = architectures.backbone("efficientnet_b0", depth=1.1)
    architectures.copy_weights(reference, ours)


@pytest.mark.parametrize(("channels", "expected"), [(32 * 0.35, 16), (8.8, 8), (9, 16), (1, 8)])
def test_divisible(channels, expected):
    assert divisible(channels) == expected


# Learning.


@pytest.mark.parametrize("name", NAMES)
def test_one_step_lowers_the_loss(name, smallest):
    model = keras.models.clone_model(smallest(name))
    for layer in flat(model):  # chance would blur the comparison
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    rng = np.random.default_rng(0)
    batch = images(8, 32, 32, 1)
    labels = rng.integers(0, 7, model.compute_output_shape(batch.shape)[:-1])
    # A short step downhill: how steep the hill is differs by orders of magnitude between networks.
    downhill = keras.optimizers.SGD(1e-3, global_clipnorm=0.1)
    # Not the sparse loss: on PyTorch, Keras 3.15's fails on maps ("grad_input must be contiguous").
    labels = keras.utils.to_categorical(labels, 7)
    model.compile(downhill, "categorical_crossentropy", run_eagerly=True)
    before, after = (float(model.train_on_batch(batch, labels)) for _ in range(2))
    assert after < before


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_gives_identical_outputs(name, smallest, tmp_path):
    model = smallest(name)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    batch = images(2, 32, 32, 1)
    np.testing.assert_array_equal(outputs(model, batch), outputs(again, batch))


def test_compact_starts_as_its_shortcuts():
    """The last convolution of every block starts at 0, so the branches add nothing."""
    model = architectures.build("compact")
    for number in range(1, 5):
        branch = keras.Model(model.input, model.get_layer(f"block{number}_b_conv").output)
        assert not outputs(branch, images(1, 48, 48, 1)).any()


@pytest.mark.skipif(not WEIGHTS.exists(), reason="compact has not been trained to the end yet")
def test_compact_comes_with_weights():
    trained, fresh = (architectures.build("compact", weights=w) for w in ("fer2013", None))
    batch = images(2, 48, 48, 1)
    assert np.abs(outputs(trained, batch) - outputs(fresh, batch)).max() > 0.01


# Stages of transfer.


def trainable(model):
    return {weight.path.split("/")[-2] for weight in model.trainable_weights}


def test_feature_extraction_trains_the_head_alone():
    model = architectures.build("mobilenet_v3_small")
    architectures.feature_extraction(model)
    assert trainable(model) == {"head_conv", "dense1", "probabilities"}
    core = model.get_layer("backbone")
    before = [w.copy() for w in core.get_weights()]
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    model.train_on_batch(images(4, 48, 48, 1), np.arange(4))
    for old, new in zip(before, core.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_fine_tuning_from_a_layer_leaves_normalisation_alone():
    model = architectures.build("vgg16", input_shape=(32, 32, 1))
    architectures.fine_tuning(architectures.feature_extraction(model), from_layer="block5_conv2")
    assert trainable(model) == {"block5_conv2", "block5_conv3", "dense1", "probabilities"}
    model = architectures.transfer(architectures.build("quick"), 6)
    architectures.fine_tuning(model)
    assert not any("norm" in name for name in trainable(model))
    core = model.get_layer("backbone")
    before = core.get_layer("stem_norm").get_weights()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    model.train_on_batch(images(4, 48, 48, 1), np.arange(4))
    for old, new in zip(before, core.get_layer("stem_norm").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# Errors.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "compcat"}, "choose one of traditional_cnn, thermal_cnn, six_conv_cnn"),
        ({"name": "compact", "input_shape": (16, 48, 1)}, "at least 32 × 32"),
        ({"name": "compact", "input_shape": (48, 48)}, "height, width, channels"),
        ({"name": "compact", "input_shape": (48, 48, 4)}, "1 or 3 channels"),
        ({"name": "compact", "input_shape": 48}, "height, width, channels"),
        ({"name": "vgg16", "input_shape": (None, None, 1)}, "not \\(None, None, 1\\)"),
        ({"name": "fcn_dense", "input_shape": (44, 48, 1)}, "multiples of 8"),
        ({"name": "compact", "classes": 1}, "at least 2"),
        ({"name": "compact", "classes": True}, "at least 2"),
        ({"name": "compact", "wieghts": None}, "compact takes weights"),
        ({"name": "quick", "width": 2}, "quick takes no options"),
        ({"name": "compact", "weights": "imagenet"}, "choose one of None, fer2013"),
        ({"name": "compact", "weights": "fer2013", "classes": 6}, "7 classes"),
        ({"name": "vgg16", "head": "vgg"}, "choose one of ertugrul2024"),
        ({"name": "vgg16", "size": 16}, "at least 32"),
        ({"name": "mobilenet_v2", "width": 0}, "above 0"),
        ({"name": "vgg16", "weights": "nowhere.h5"}, "no weights file 'nowhere.h5'"),
    ],
)
def test_wrong_arguments_say_what_is_legal(arguments, message):
    with pytest.raises(ValueError, match=message):
        architectures.build(**arguments)


def test_weights_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.weights.h5"
    model = architectures.build("mobilenet_v3_small")
    model.save_weights(path)
    again = architectures.build("mobilenet_v3_small", weights=path)
    batch = images(1, 48, 48, 1)
    np.testing.assert_array_equal(outputs(model, batch), outputs(again, batch))
    with pytest.raises(ValueError, match="do not fit mobilenet_v3_small"):
        architectures.build("mobilenet_v3_small", weights=path, classes=6)


def test_notop_file_of_keras_applications(tmp_path):
    path = tmp_path / "mobilenet_v3_small_notop.h5"
    reference = keras.applications.MobileNetV3Small(
        include_top=False, weights=None, input_shape=(48, 48, 3), include_preprocessing=False
    )
    reference.save(path)  # the older format of HDF5, in which Keras Applications publishes
    core = architectures.build("mobilenet_v3_small", weights=path).get_layer("backbone")
    batch = images(1, 48, 48, 3)
    np.testing.assert_allclose(outputs(core, batch), outputs(reference, batch), atol=1e-4)
    with pytest.raises(ValueError, match="do not fit vgg16.*notop"):
        architectures.build("vgg16", weights=path)


def test_imagenet_without_a_network_says_what_to_do(monkeypatch):
    def fail(**options):
        raise OSError("URL fetch failure")

    monkeypatch.setattr(keras.applications, "VGG16", fail)
    with pytest.raises(ValueError, match="name a weights file, or take weights=None"):
        architectures.build("vgg16", weights="imagenet")


def test_damaged_weights_of_the_package_are_named(tmp_path):
    path = tmp_path / "compact-fer2013.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="compact-fer2013.npz is missing or damaged"):
        load_arrays(architectures.build("compact"), path)


def test_arrays_that_do_not_fit_are_named_and_change_nothing(tmp_path):
    path = tmp_path / "quick.npz"
    architectures.save_arrays(architectures.build("quick"), path)
    model = architectures.build("quick", classes=6)
    before = model.get_weights()
    with pytest.raises(ValueError, match="probabilities/bias, probabilities/kernel differ"):
        load_arrays(model, path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_truncated_weights_file(tmp_path):
    path = tmp_path / "cut.weights.h5"
    architectures.build("quick").save_weights(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="do not fit quick"):
        load_file(architectures.build("quick"), path)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("quick", "compact", "quick.stem_conv do not fit compact.stem_conv"),
        ("thermal_cnn", "six_conv_cnn", "do not fit"),
    ],
)
def test_copying_between_different_networks_is_refused(source, target, message):
    with pytest.raises(ValueError, match=message):
        architectures.copy_weights(architectures.build(source), architectures.build(target))


def test_stages_need_a_backbone():
    with pytest.raises(ValueError, match="has no backbone; take one of vgg16"):
        architectures.feature_extraction(architectures.build("quick"))
    model = architectures.transfer(architectures.build("quick"), 6)
    with pytest.raises(ValueError, match="unknown layer 'block9'; choose one of image, stem_conv"):
        architectures.fine_tuning(model, from_layer="block9")
    with pytest.raises(ValueError, match="not a vector"):
        architectures.transfer(architectures.build("quick"), 6, features="block2_out")
    with pytest.raises(ValueError, match="unknown backbone 'quick'"):
        architectures.backbone("quick")


# Counting.


def test_multiply_adds_by_hand():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(inputs)  # 4·4·4 · 9·3
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)  # 4·4·4 · 9
    x = keras.layers.Conv2D(8, 1, groups=2)(x)  # 4·4·8 · 2
    x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)  # 4·4·8 · 16·2
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(5)(x)  # 128 · 5
    figures = architectures.analyse(keras.Model(inputs, x))
    assert [layer.multiply_adds for layer in figures] == [1728, 576, 256, 4096, 0, 640]
    assert [layer.receptive_field for layer in figures] == [3, 7, 7, 9, None, None]


def reach(model, side):
    """Measure the receptive field of the middle of the last maps: which pixels change it?"""
    base = images(1, side, side, 1)
    middle = outputs(model, base).shape[1] // 2
    reference = outputs(model, base)[0, middle, middle]
    changed = []
    for row in range(side):
        other = base.copy()
        other[0, row] += 1
        changed.append(np.abs(outputs(model, other)[0, middle, middle] - reference).max() > 0)
    rows = np.flatnonzero(changed)
    return rows[-1] - rows[0] + 1


@pytest.mark.parametrize(
    ("name", "layer"), [("compact", "block4_out"), ("thermal_cnn", "block3_conv")]
)
def test_receptive_field_is_what_a_measurement_finds(name, layer):
    model = architectures.build(name, input_shape=(64, 64, 1))
    for weight in model.trainable_weights:  # all positive: nothing cancels and no ReLU closes
        weight.assign(np.abs(weight.numpy() if hasattr(weight, "numpy") else weight) + 0.01)
    part = keras.Model(model.input, model.get_layer(layer).output)
    (counted,) = [f for f in architectures.analyse(model) if f.name == layer]
    assert reach(part, 64) == counted.receptive_field


def test_a_nested_backbone_is_taken_apart_and_resizing_counts():
    model = architectures.build("mobilenet_v3_small", size=96)
    names = [layer.name for layer in architectures.analyse(model)]
    assert "backbone/block3_depthwise" in names and "rgb" in names
    by_name = {layer.name: layer for layer in architectures.analyse(model)}
    # 3×3 pixels of the enlarged image are one and a half of the original, rounded up.
    assert by_name["backbone/stem_conv"].receptive_field == 2


def test_compare_counts_and_measures():
    table = architectures.compare(["quick", "compact"], repeats=1)
    quick, compact = table.rows
    assert (quick.parameters, quick.layers) == (78_183, 7)
    assert quick.multiply_adds < compact.multiply_adds
    assert quick.seconds > 0
    assert str(table).splitlines()[1].startswith("quick")
    (row,) = architectures.compare([architectures.build("quick")], repeats=0).rows
    assert row.seconds is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["quikc"],), "unknown architecture 'quikc'"),
        (("quick",), "a list of names"),
    ],
)
def test_compare_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        architectures.compare(*arguments)
    with pytest.raises(ValueError, match="repeats"):
        architectures.compare(["quick"], repeats=-1)
    with pytest.raises(ValueError, match="fixed"):
        architectures.analyse(architectures.build("fcn", input_shape=(None, None, 1)))
