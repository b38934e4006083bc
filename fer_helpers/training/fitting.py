"""One `fit` for every protocol, resumable, and `predict`.

The order of the images and every random shift depend on the seed and the epoch alone.
A training that was stopped and taken up again therefore ends as an unbroken one does.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from fer_helpers.training.batches import Batches
from fer_helpers.training.protocols import Protocol


@keras.saving.register_keras_serializable("reading_faces")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy against class numbers whose certainty is spread a little over all classes.

    Szegedy et al. (2016), section 7; Keras has it for one-hot targets only.

    Parameters
    ----------
    smoothing
        Share that is spread.
    """

    def __init__(self, smoothing: float = 0.1, name: str = "smoothed_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        """Return the loss ``(n,)`` of class numbers or target probabilities.

        Class numbers ``(n,)``, targets and predictions ``(n, classes)``.
        """
        if len(y_true.shape) == 2 and y_true.shape[-1] == y_pred.shape[-1]:
            targets = y_true
        else:
            targets = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), y_pred.shape[-1])
            targets = keras.ops.reshape(targets, (-1, y_pred.shape[-1]))
        return keras.losses.categorical_crossentropy(
            targets, y_pred, label_smoothing=self.smoothing
        )

    def get_config(self):
        """Return what a saved network needs to build this loss again."""
        return super().get_config() | {"smoothing": self.smoothing}


def _compile(model: keras.Model, protocol: Protocol, steps: int) -> None:
    rate = protocol.learning_rate
    if protocol.schedule == "cosine":
        climb = round(protocol.warm_up * steps)
        if climb:
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, steps - climb, warmup_target=rate, warmup_steps=climb
            )
        else:
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    # None, not 0: Keras decays by 0 otherwise, step after step.
    decay = protocol.weight_decay or None
    if protocol.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)
    else:
        optimizer = keras.optimizers.Adam(rate, weight_decay=decay)
    if decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = "sparse_categorical_crossentropy"
    if protocol.label_smoothing or protocol.mixup:
        loss = SmoothedCrossentropy(protocol.label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def _without_progress(losses: list[float]) -> int:
    """Return the number of epochs since the smallest loss."""
    return len(losses) - 1 - int(np.argmin(losses)) if losses else 0


def rate_after(history: dict[str, list[float]], protocol: Protocol) -> float:
    """Return the learning rate of the next epoch under `Protocol.plateau`.

    A function of the record alone, so that a training that was stopped goes on as it would have.

    Examples
    --------
    >>> rate_after({"val_loss": [2.0, 1.9, 1.95, 1.96]}, Protocol("an example", plateau=2))
    0.0001
    """
    rate, waited, best = protocol.learning_rate, 0, math.inf
    for loss in history.get("val_loss", []):
        # Keras's own default: an improvement by less than 0.0001 is none.
        if loss < best - 1e-4:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == protocol.plateau:
            rate, waited = rate / 10, 0
    return rate


def best_epoch(history: dict[str, list[float]]) -> int:
    """Return the first epoch, counted from 0, of the highest validation accuracy.

    Examples
    --------
    >>> best_epoch({"val_accuracy": [0.2, 0.5, 0.4, 0.5]})
    1
    """
    return int(np.argmax(history["val_accuracy"]))


class _Recorder(keras.callbacks.Callback):
    """Record every epoch and its seconds; with a folder, keep the whole state there."""

    def __init__(
        self,
        folder: Path | None,
        history: dict[str, list[float]],
        batches: Batches,
        best: list[np.ndarray] | None,
        rules: dict,
    ) -> None:
        super().__init__()
        self.folder, self.history, self.batches, self.best = folder, history, batches, best
        self.rules = rules

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()
        # Not in the data set's own hooks: Keras also calls these before the first epoch.
        self.batches.draw(epoch)
        if self.batches.protocol.plateau:
            rate = rate_after(self.history, self.batches.protocol)
            self.model.optimizer.learning_rate = rate
        # Keras saves no state of dropout's random numbers, so every epoch sets its own.
        states = [v for v in self.model.variables if v.name == "seed_generator_state"]
        for number, state in enumerate(states):
            drawn = np.random.default_rng([self.batches.seed, epoch, number]).integers(
                2**31, size=2
            )
            state.assign(drawn.astype(state.dtype))
        if keras.backend.backend() == "torch":
            # Keras's dropout uses PyTorch's own generator there, and no state of a layer's.
            drawn = np.random.default_rng([self.batches.seed, epoch]).integers(2**31)
            keras.utils.set_random_seed(int(drawn))

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.started
        for name, value in {**logs, "seconds": seconds}.items():
            self.history.setdefault(name, []).append(float(value))
        protocol = self.batches.protocol
        if protocol.keep == "best" and best_epoch(self.history) == epoch:
            self.best = self.model.get_weights()
        if self.folder is not None:
            self._save(epoch + 1)
        if protocol.patience and _without_progress(self.history["val_loss"]) >= protocol.patience:
            self.model.stop_training = True

    def _save(self, epochs: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        model_path = self.folder / f"epoch-{epochs:03}.keras"
        self.model.save(model_path)
        kept = {model_path}
        if self.best is not None:
            best_path = self.folder / f"best-{best_epoch(self.history) + 1:03}.npz"
            partial = self.folder / "best.npz.part"
            with open(partial, "wb") as file:
                np.savez(file, *self.best)
            os.replace(partial, best_path)
            kept.add(best_path)
        # Until history.json is replaced it names the epoch before, whose files are still there.
        partial = self.folder / "history.json.part"
        partial.write_text(
            json.dumps({"epochs": epochs, "history": self.history, "rules": self.rules})
        )
        os.replace(partial, self.folder / "history.json")
        for old in (*self.folder.glob("epoch-*.keras"), *self.folder.glob("best-*.npz")):
            if old not in kept:
                old.unlink()


def fit(
    make_model: Callable[[], keras.Model],
    images: np.ndarray,
    labels: np.ndarray,
    protocol: Protocol,
    *,
    seed: int = 0,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    checkpoint: Path | None = None,
    verbose: int | str = 2,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a network under a protocol.

    Unless the protocol says otherwise nothing is selected: the weights after the last epoch are
    the result, and `validation` is watched and never used.

    Parameters
    ----------
    make_model
        Called after the seed is set, for example ``lambda: build("compact")``.
    images
        Float ``(n, height, width, channels)`` in [0, 1].
    labels
        Class numbers ``(n,)``.
    protocol
        What to do.
    seed
        Fixes initial weights, order, augmentation and dropout.
    validation
        Images and labels whose loss and accuracy are recorded after each epoch; `plateau`,
        `patience` and ``keep="best"`` of the protocol look at them.
    checkpoint
        Folder for the state after each epoch; a training found there goes on from it.
    verbose
        As in `keras.Model.fit`; 2 prints a line per epoch.
    callbacks
        More Keras callbacks.

    Raises
    ------
    ValueError
        If images and labels differ in number, the protocol looks at validation images and there
        are none, or the state in `checkpoint` is damaged.

    Returns
    -------
    model
        The trained network.
    history
        ``{"loss": [...], "accuracy": [...], "val_loss": …, "seconds": …}``, a value per epoch.

    Examples
    --------
    >>> from fer_helpers.architectures import build
    >>> faces = np.random.default_rng(0).random((32, 48, 48, 1), dtype="float32")
    >>> protocol = Protocol("an example", epochs=1, batch_size=16)
    >>> model, history = fit(
    ...     lambda: build("compact"), faces, np.arange(32) % 7, protocol, verbose=0
    ... )
    >>> len(history["loss"])
    1
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if validation is None and (protocol.plateau or protocol.patience or protocol.keep == "best"):
        raise ValueError("this protocol looks at validation images; give some")
    keras.utils.set_random_seed(seed)
    done, history, model, best = 0, {}, None, None
    steps = protocol.epochs * math.ceil(len(images) / protocol.batch_size)
    rules = json.loads(json.dumps(asdict(protocol) | {"seed": seed}))
    state_path = checkpoint / "history.json" if checkpoint else None
    if state_path and state_path.exists():
        try:
            state = json.loads(state_path.read_text())
            if state.get("rules", rules) != rules:
                raise ValueError("it belongs to another protocol or seed")
            done, history = state["epochs"], state["history"]
            model = keras.models.load_model(checkpoint / f"epoch-{done:03}.keras")
            if protocol.keep == "best":
                with np.load(checkpoint / f"best-{best_epoch(history) + 1:03}.npz") as arrays:
                    best = [arrays[name] for name in arrays.files]
        except Exception as error:  # Keras documents no common base of what it raises
            raise ValueError(
                f"the state in {checkpoint} is damaged ({error}); remove that folder to train "
                "this network anew"
            ) from error
    if model is None:
        model = make_model()
        _compile(model, protocol, steps)
    elif done < protocol.epochs:
        # A saved optimizer has forgotten which weights do not decay: take its state and no more.
        stopped = model.optimizer
        _compile(model, protocol, steps)
        model.optimizer.build(model.trainable_variables)
        for ours, theirs in zip(model.optimizer.variables, stopped.variables, strict=True):
            ours.assign(theirs)
    over = protocol.patience and _without_progress(history.get("val_loss", [])) >= protocol.patience
    if done < protocol.epochs and not over:
        classes = model.output_shape[-1]
        batches = Batches(images, labels, protocol, seed=seed, classes=classes)
        recorder = _Recorder(checkpoint, history, batches, best, rules)
        if protocol.mixup and validation is not None:
            validation = (validation[0], np.eye(classes)[validation[1]])
        model.fit(
            batches,
            # The batches are shuffled already; Keras's own shuffling has no seed of ours.
            shuffle=False,
            epochs=protocol.epochs,
            initial_epoch=done,
            validation_data=validation,
            validation_batch_size=256,
            verbose=verbose,
            callbacks=[recorder, *callbacks],
        )
        best = recorder.best
    if best is not None:
        model.set_weights(best)
    return model, history


def predict(
    model: keras.Model, images: np.ndarray, *, batch_size: int = 256, crop: int | None = None
) -> np.ndarray:
    """Return the probabilities ``(n, classes)``, float64, of float images.

    The network is called directly: `keras.Model.predict` compiles anew for every model, which
    costs more than it saves on a few thousand small images.

    Parameters
    ----------
    model
        A network.
    images
        Float ``(n, height, width, channels)``.
    batch_size
        Images at a time.
    crop
        Side in pixels; then the mean over nine windows of that size, at the corners, the edges'
        middles and the centre, and their mirror images (test-time augmentation).

    Raises
    ------
    ValueError
        If `crop` exceeds the images.
    """
    if crop is not None:
        height, width = images.shape[1:3]
        if not 0 < crop <= min(height, width):
            raise ValueError(f"crop is {crop}, but the images have {height} × {width} pixels")
        total = 0.0
        for top in (0, (height - crop) // 2, height - crop):
            for left in (0, (width - crop) // 2, width - crop):
                window = images[:, top : top + crop, left : left + crop]
                for view in (window, window[:, :, ::-1]):
                    total = total + predict(model, view, batch_size=batch_size)
        return total / 18
    parts = [
        keras.ops.convert_to_numpy(model(images[start : start + batch_size], training=False))
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts).astype("float64")
