import dataclasses
import re

import keras
import numpy as np
import pytest
import scipy.ndimage

from fer_helpers import training
from fer_helpers.architectures import build
from fer_helpers.training import fitting

FACES = np.random.default_rng(0).random((96, 48, 48, 1), dtype="float32")
LABELS = np.arange(96) % 7
SHORT = training.Protocol("test", epochs=3, batch_size=32)


def small():
    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            keras.layers.Conv2D(4, 5, strides=4, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )


def fit(**arguments):
    return training.fit(small, FACES, LABELS, SHORT, seed=3, verbose=0, **arguments)


class Killed(Exception):
    pass


class KillInSecondEpoch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1 and batch == 1:
            raise Killed

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def test_one_step_lowers_the_loss():
    model = build("quick")
    model.compile("adam", "sparse_categorical_crossentropy")
    first = model.train_on_batch(FACES, LABELS)
    for _ in range(10):
        last = model.train_on_batch(FACES, LABELS)
    assert last < first


DECAYING = dataclasses.replace(
    SHORT, optimizer="sgd", weight_decay=0.1, learning_rate=0.1, schedule="cosine"
)


@pytest.mark.parametrize("protocol", [SHORT, DECAYING], ids=["adam", "sgd with decay"])
def test_a_killed_training_taken_up_again_ends_as_an_unbroken_one(tmp_path, protocol):
    def fit(**arguments):
        return training.fit(small, FACES, LABELS, protocol, seed=3, verbose=0, **arguments)

    unbroken, history = fit()
    with pytest.raises(Killed):
        fit(checkpoint=tmp_path, callbacks=(KillInSecondEpoch(),))
    assert [path.name for path in tmp_path.glob("*.keras")] == ["epoch-001.keras"]
    resumed, again = fit(checkpoint=tmp_path)
    assert again["loss"] == pytest.approx(history["loss"], rel=1e-5)
    for ours, theirs in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_finished_training_is_not_trained_again(tmp_path):
    fit(checkpoint=tmp_path)
    before = (tmp_path / "history.json").read_bytes()
    fit(checkpoint=tmp_path)
    assert (tmp_path / "history.json").read_bytes() == before


def test_a_state_of_another_protocol_or_seed_is_refused(tmp_path):
    fit(checkpoint=tmp_path)
    with pytest.raises(ValueError, match="another protocol or seed"):
        training.fit(small, FACES, LABELS, SHORT, seed=4, verbose=0, checkpoint=tmp_path)


def test_another_seed_trains_another_network():
    one, _ = training.fit(small, FACES, LABELS, SHORT, seed=1, verbose=0)
    two, _ = training.fit(small, FACES, LABELS, SHORT, seed=2, verbose=0)
    assert not np.allclose(one.get_weights()[0], two.get_weights()[0])


def test_batches_hold_every_image_once_per_epoch():
    plain = dataclasses.replace(SHORT, shift=0.0, flip=False)
    batches = training.Batches(FACES, LABELS, plain, seed=0)
    images = np.concatenate([batches[i][0] for i in range(len(batches))])
    labels = np.concatenate([batches[i][1] for i in range(len(batches))])
    assert not np.array_equal(labels, LABELS)
    order = batches.order
    np.testing.assert_array_equal(images, FACES[order])
    np.testing.assert_array_equal(labels, LABELS[order])


def test_batches_shift_and_mirror_as_drawn():
    batches = training.Batches(FACES, LABELS, SHORT, seed=0)
    images, _ = batches[0]
    reach = 5  # a tenth of 48 pixels, in whole ones
    padded = np.pad(FACES, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    for i, index in enumerate(batches.order[: len(images)]):
        row, column = batches.rows[index], batches.columns[index]
        expected = padded[index, row : row + 48, column : column + 48]
        if batches.mirrored[index]:
            expected = expected[:, ::-1]
        np.testing.assert_array_equal(images[i], expected)
    assert {batches.rows.min(), batches.rows.max()} == {0, 10}
    assert 0.3 < batches.mirrored.mean() < 0.7


def test_batches_crop_and_change_the_contrast_as_drawn():
    cropped = dataclasses.replace(SHORT, crop=40, flip=False, contrast=0.25)
    batches = training.Batches(FACES, LABELS, cropped, seed=0)
    images, _ = batches[0]
    assert images.shape == (32, 40, 40, 1) and images.dtype == np.float32
    for i, index in enumerate(batches.order[:32]):
        row, column = batches.rows[index], batches.columns[index]
        window = FACES[index, row : row + 40, column : column + 40]
        expected = window.mean() + (window - window.mean()) * batches.factors[index]
        np.testing.assert_allclose(images[i], expected, atol=1e-6)
    assert {batches.rows.min(), batches.rows.max()} == {0, 8}
    assert 0.75 <= batches.factors.min() < 0.8 and 1.2 < batches.factors.max() <= 1.25


@pytest.mark.parametrize("crop", [None, 44])
def test_batches_turn_and_scale_as_scipy_does(crop):
    turned = dataclasses.replace(SHORT, crop=crop, shift=0.05, flip=False, rotation=20.0, zoom=0.2)
    batches = training.Batches(FACES, LABELS, turned, seed=0)
    images, _ = batches[0]
    side = images.shape[1]
    padded = FACES if crop else np.pad(FACES, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    middle = (np.array(padded.shape[1:3]) - 1) / 2
    for i, index in enumerate(batches.order[:32]):
        angle, scale = batches.angles[index], batches.scales[index]
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
        corner = np.array([batches.rows[index], batches.columns[index]])
        expected = scipy.ndimage.affine_transform(
            padded[index, :, :, 0],
            matrix,
            middle - matrix @ (middle - corner),
            output_shape=(side, side),
            order=1,
            mode="nearest",
        )
        np.testing.assert_allclose(images[i, :, :, 0], expected, atol=1e-5)
    assert np.abs(np.rad2deg(batches.angles)).max() <= 20 and batches.angles.std() > 0.1
    assert 0.8 <= batches.scales.min() < 0.85 and 1.15 < batches.scales.max() <= 1.2


def test_batches_erase_one_rectangle_of_one_grey():
    plain = dataclasses.replace(SHORT, shift=0.0, flip=False)
    whole = training.Batches(FACES, LABELS, plain, seed=0)
    holed = training.Batches(FACES, LABELS, dataclasses.replace(plain, erase=0.5), seed=0)
    assert 0.3 < holed.erased.mean() < 0.7
    for index in range(len(whole)):
        numbers = whole.order[32 * index : 32 * (index + 1)]
        for number, before, after in zip(numbers, whole[index][0], holed[index][0], strict=True):
            rows, columns = np.nonzero((before != after)[:, :, 0])
            assert bool(len(rows)) == holed.erased[number]
            if len(rows):
                hole = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                assert hole.size == len(rows) and np.ptp(hole) == 0
                assert 0.015 < hole.size / before.size < 0.21
                assert 0.4 < hole.shape[0] / hole.shape[1] < 2.5


def test_augmentation_leaves_the_images_alone():
    before = FACES.copy()
    training.Batches(FACES, LABELS, training.COMPACT, seed=0)[0]
    np.testing.assert_array_equal(FACES, before)


def test_batches_differ_between_epochs_and_repeat_for_the_same_one():
    batches = training.Batches(FACES, LABELS, SHORT, seed=0)
    batches.draw(1)
    resumed = training.Batches(FACES, LABELS, SHORT, seed=0)
    resumed.draw(1)
    np.testing.assert_array_equal(batches[0][0], resumed[0][0])
    fresh = training.Batches(FACES, LABELS, SHORT, seed=0)
    assert not np.array_equal(fresh.order, resumed.order)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"schedule": "cosin"}, "schedule 'cosin'.*constant, cosine"),
        ({"optimizer": "sdg"}, "optimizer 'sdg'.*adam, sgd"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"epochs": None}, "epochs must be a whole number"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"learning_rate": -0.1}, "learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
        ({"shift": 0.5}, "shift must be"),
        ({"crop": 0}, "crop must be"),
        ({"label_smoothing": 1.0}, "label_smoothing must be"),
        ({"weight_decay": -0.1}, "weight_decay must be"),
        ({"rotation": 181.0}, "rotation must be from 0 to 180"),
        ({"zoom": 1.0}, "zoom must be"),
        ({"erase": -0.1}, "erase must be"),
        ({"keep": "first"}, "keep 'first'.*last, best"),
        ({"plateau": 0}, "plateau must be a whole number"),
        ({"patience": 0}, "patience must be a whole number"),
        ({"mixup": -0.2}, "mixup must be at least 0"),
        ({"plateau": 3, "schedule": "cosine"}, "does not go with a schedule"),
    ],
)
def test_a_protocol_refuses_nonsense(wrong, message):
    with pytest.raises(ValueError, match=message):
        training.Protocol("test", **wrong)


def test_a_crop_larger_than_the_images_is_refused():
    with pytest.raises(ValueError, match="crop is 50, but the images have 48 × 48"):
        training.Batches(FACES, LABELS, dataclasses.replace(SHORT, crop=50))
    with pytest.raises(ValueError, match="crop is 50, but the images have 48 × 48"):
        training.predict(small(), FACES[:2], crop=50)


def compiled(**changes):
    model = small()
    fitting._compile(model, dataclasses.replace(SHORT, **changes), 100)
    return model


def test_rate_climbs_and_falls():
    model = compiled(optimizer="sgd", schedule="cosine", warm_up=0.1, learning_rate=0.5)
    rate = [float(model.optimizer._learning_rate(step)) for step in (0, 5, 10, 55, 100)]
    assert rate == pytest.approx([0, 0.25, 0.5, 0.25, 0], abs=1e-6)
    assert model.optimizer.nesterov and model.optimizer.momentum == 0.9


def test_weights_decay_but_not_biases_and_normalisations():
    model = compiled(optimizer="sgd", weight_decay=0.5, learning_rate=0.1)
    for weight in model.trainable_variables:
        weight.assign(np.ones(weight.shape))
    # Without a gradient, what remains is the decay: 0.1 · 0.5 of every kernel.
    zeros = [keras.ops.zeros_like(weight) for weight in model.trainable_variables]
    model.optimizer.apply(zeros, model.trainable_variables)
    for weight in model.trainable_variables:
        left = 0.95 if weight.name == "kernel" else 1.0
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), left, rtol=1e-6)


def test_smoothed_crossentropy_is_that_of_smoothed_targets():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], "float32")
    targets = 0.7 * np.eye(3)[[0, 2]] + 0.3 / 3
    expected = -(targets * np.log(probabilities)).sum(axis=1).mean()
    loss = training.SmoothedCrossentropy(0.3)
    assert float(loss(np.array([0, 2]), probabilities)) == pytest.approx(expected, rel=1e-5)


def test_a_training_with_smoothed_labels_can_be_taken_up_again(tmp_path):
    protocol = dataclasses.replace(SHORT, label_smoothing=0.1, optimizer="sgd")
    arguments = {"seed": 3, "verbose": 0, "checkpoint": tmp_path}
    with pytest.raises(Killed):
        training.fit(small, FACES, LABELS, protocol, callbacks=(KillInSecondEpoch(),), **arguments)
    _, history = training.fit(small, FACES, LABELS, protocol, **arguments)
    assert len(history["loss"]) == 3


WATCHED = {"validation": (FACES[::2], LABELS[::2])}


class Watcher(keras.callbacks.Callback):
    """Keep each epoch's rate and weights."""

    def __init__(self):
        super().__init__()
        self.rates, self.weights = {}, {}

    def on_train_batch_end(self, batch, logs=None):
        self.rates[self.epoch] = float(self.model.optimizer.learning_rate)
        self.weights[self.epoch] = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def pretended(monkeypatch, losses, accuracies=None):
    """Let every epoch's record hold these values."""
    original = fitting._Recorder.on_epoch_end

    def on_epoch_end(self, epoch, logs=None):
        changed = {"val_loss": losses[epoch]}
        if accuracies:
            changed["val_accuracy"] = accuracies[epoch]
        original(self, epoch, {**logs, **changed})

    monkeypatch.setattr(fitting._Recorder, "on_epoch_end", on_epoch_end)


def test_rate_falls_on_a_plateau_as_keras_has_it(monkeypatch):
    losses = [2.0, 1.9, 1.95, 1.96, 1.8, 1.79995, 1.82, 1.83, 1.84]
    pretended(monkeypatch, losses)
    protocol = dataclasses.replace(SHORT, epochs=9, plateau=2)
    watcher = Watcher()
    training.fit(small, FACES, LABELS, protocol, verbose=0, callbacks=(watcher,), **WATCHED)

    class Model:
        stop_training = False
        optimizer = keras.optimizers.Adam(1e-3)

    keras_own = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=2)
    keras_own.set_model(Model)
    keras_own.on_train_begin()
    for epoch, loss in enumerate(losses):
        assert watcher.rates[epoch] == pytest.approx(float(Model.optimizer.learning_rate))
        keras_own.on_epoch_end(epoch, {"val_loss": loss})
    assert watcher.rates[8] == pytest.approx(1e-5)


def test_training_ends_when_patience_does(monkeypatch, tmp_path):
    pretended(monkeypatch, [2.0, 1.9, 1.95, 1.9, 1.9, 1.0])
    protocol = dataclasses.replace(SHORT, epochs=6, patience=3)
    arguments = {"verbose": 0, "checkpoint": tmp_path, **WATCHED}
    _, history = training.fit(small, FACES, LABELS, protocol, **arguments)
    assert len(history["loss"]) == 5
    _, again = training.fit(small, FACES, LABELS, protocol, **arguments)
    assert again == history


@pytest.mark.parametrize("kill", [False, True])
def test_weights_of_the_best_epoch_are_kept(monkeypatch, tmp_path, kill):
    accuracies = [0.1, 0.6, 0.5, 0.6]
    pretended(monkeypatch, [2.0] * 4, accuracies)
    protocol = dataclasses.replace(SHORT, epochs=4, keep="best")
    unbroken = Watcher()
    whole, _ = training.fit(
        small, FACES, LABELS, protocol, verbose=0, callbacks=(unbroken,), **WATCHED
    )
    for ours, theirs in zip(whole.get_weights(), unbroken.weights[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if kill:
        arguments = {"verbose": 0, "checkpoint": tmp_path, **WATCHED}

        class KillInThirdEpoch(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 2:
                    raise Killed

        with pytest.raises(Killed):
            training.fit(
                small, FACES, LABELS, protocol, callbacks=(KillInThirdEpoch(),), **arguments
            )
        resumed, history = training.fit(small, FACES, LABELS, protocol, **arguments)
        assert training.best_epoch(history) == 1
        assert [path.name for path in tmp_path.glob("best-*")] == ["best-002.npz"]
        for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("looks", [{"plateau": 2}, {"patience": 2}, {"keep": "best"}])
def test_a_protocol_that_looks_at_validation_needs_it(looks):
    with pytest.raises(ValueError, match="looks at validation images"):
        training.fit(small, FACES, LABELS, dataclasses.replace(SHORT, **looks))


def test_mixup_mixes_images_and_labels_by_the_same_share():
    protocol = dataclasses.replace(SHORT, shift=0.0, flip=False, mixup=0.4)
    batches = training.Batches(FACES, LABELS, protocol, seed=1)
    images, targets = batches[0]
    chosen = batches.order[:32]
    share = batches.shares[chosen]
    partner = chosen[::-1]
    for i in (0, 7, 31):
        mixed = share[i] * FACES[chosen[i]] + (1 - share[i]) * FACES[partner[i]]
        np.testing.assert_allclose(images[i], mixed, atol=1e-6)
        expected = np.zeros(7)
        expected[LABELS[chosen[i]]] += share[i]
        expected[LABELS[partner[i]]] += 1 - share[i]
        np.testing.assert_allclose(targets[i], expected, atol=1e-6)
    assert 0.3 < np.mean(batches.shares) < 0.7


def test_mixup_knows_classes_that_are_not_in_training():
    protocol = dataclasses.replace(SHORT, epochs=1, mixup=0.2)
    few = np.minimum(LABELS, 4)
    _, history = training.fit(small, FACES, few, protocol, verbose=0, validation=(FACES, LABELS))
    assert np.isfinite(history["val_loss"]).all()


def test_a_training_with_mixup_can_be_watched_and_taken_up_again(tmp_path):
    protocol = dataclasses.replace(SHORT, mixup=0.2, label_smoothing=0.1)
    arguments = {"seed": 3, "verbose": 0, **WATCHED}
    _, unbroken = training.fit(small, FACES, LABELS, protocol, **arguments)
    arguments["checkpoint"] = tmp_path
    with pytest.raises(Killed):
        training.fit(small, FACES, LABELS, protocol, callbacks=(KillInSecondEpoch(),), **arguments)
    _, history = training.fit(small, FACES, LABELS, protocol, **arguments)
    assert history["val_loss"] == pytest.approx(unbroken["val_loss"], rel=1e-4)
    assert 0 <= history["val_accuracy"][-1] <= 1


def test_windows_are_averaged_with_their_mirror_images():
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.GlobalAveragePooling2D()])
    found = training.predict(model, FACES[:3], crop=40)
    corners = [(top, left) for top in (0, 4, 8) for left in (0, 4, 8)]
    means = [FACES[:3, a : a + 40, b : b + 40].mean(axis=(1, 2)) for a, b in corners]
    np.testing.assert_allclose(found, np.mean(means, axis=0), rtol=1e-5)


def test_images_and_labels_must_match():
    with pytest.raises(ValueError, match="96 images but 95 labels"):
        training.fit(small, FACES, LABELS[1:], SHORT)


@pytest.mark.parametrize("content", ["", "{}", '{"epochs": 1, "history": {}}'])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / "history.json").write_text(content)
    images = np.zeros((4, 48, 48, 1), "float32")
    with pytest.raises(ValueError, match=f"state in {re.escape(str(tmp_path))} is damaged.*remove"):
        training.fit(
            lambda: build("quick"),
            images,
            np.zeros(4, int),
            training.Protocol("test", epochs=1),
            checkpoint=tmp_path,
        )
