import dataclasses
import re

import keras
import numpy as np
import pytest

from fer_helpers import training
from fer_helpers.architectures import build

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
    model = build("compact")
    model.compile("adam", "sparse_categorical_crossentropy")
    first = model.train_on_batch(FACES, LABELS)
    for _ in range(10):
        last = model.train_on_batch(FACES, LABELS)
    assert last < first


def test_a_killed_training_taken_up_again_ends_as_an_unbroken_one(tmp_path):
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
    reach = batches.reach[0]
    assert reach == 5
    padded = np.pad(FACES, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    for i, index in enumerate(batches.order[: len(images)]):
        row, column = batches.rows[index], batches.columns[index]
        expected = padded[index, row : row + 48, column : column + 48]
        if batches.mirrored[index]:
            expected = expected[:, ::-1]
        np.testing.assert_array_equal(images[i], expected)
    assert {batches.rows.min(), batches.rows.max()} == {0, 10}
    assert 0.3 < batches.mirrored.mean() < 0.7


def test_batches_differ_between_epochs_and_repeat_for_the_same_one():
    batches = training.Batches(FACES, LABELS, SHORT, seed=0)
    batches.draw(1)
    resumed = training.Batches(FACES, LABELS, SHORT, seed=0)
    resumed.draw(1)
    np.testing.assert_array_equal(batches[0][0], resumed[0][0])
    fresh = training.Batches(FACES, LABELS, SHORT, seed=0)
    assert not np.array_equal(fresh.order, resumed.order)


@pytest.mark.parametrize(
    "wrong", [{"schedule": "cosin"}, {"epochs": 0}, {"batch_size": 0}, {"shift": 0.5}]
)
def test_a_protocol_refuses_nonsense(wrong):
    with pytest.raises(ValueError, match="schedule|protocol needs"):
        training.Protocol("test", **wrong)


def test_images_and_labels_must_match():
    with pytest.raises(ValueError, match="96 images but 95 labels"):
        training.fit(small, FACES, LABELS[1:], SHORT)


@pytest.mark.parametrize("content", ["", "{}", '{"epochs": 1, "history": {}}'])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / "history.json").write_text(content)
    images = np.zeros((4, 48, 48, 1), "float32")
    with pytest.raises(ValueError, match=f"state in {re.escape(str(tmp_path))} is damaged.*remove"):
        training.fit(
            lambda: build("compact"),
            images,
            np.zeros(4, int),
            training.Protocol("test", epochs=1),
            checkpoint=tmp_path,
        )
