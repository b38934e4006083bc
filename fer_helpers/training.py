"""How the networks of the course are trained: a protocol as data, and one `fit`.

The order of the images and every random shift depend on the seed and the epoch alone.
A training that was stopped and taken up again therefore ends as an unbroken one does.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

PROFILES = ("smoke", "cpu", "full")


@dataclass(frozen=True)
class Protocol:
    """Everything that a training does, but the network and the data.

    Attributes
    ----------
    source
        Where it comes from: a key of the book's references, with what was changed.
    epochs, batch_size
        Passes over the training images; images per step.
    learning_rate
        Of Adam (Kingma & Ba 2015).
    schedule
        ``"constant"``, or ``"cosine"``: from `learning_rate` down to 0 over all epochs.
    shift
        Largest random displacement, as a share of height and width; in whole pixels, and the
        border is filled with its nearest pixel.
    flip
        Whether every second image, at random, is mirrored left to right.
    """

    source: str
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "constant"
    shift: float = 0.10
    flip: bool = True

    def __post_init__(self) -> None:
        """Refuse values that no training can have."""
        if self.schedule not in ("constant", "cosine"):
            raise ValueError(f"unknown schedule {self.schedule!r}; choose constant or cosine")
        if self.epochs < 1 or self.batch_size < 1 or not 0 <= self.shift < 0.5:
            raise ValueError("a protocol needs epochs ≥ 1, batch_size ≥ 1 and 0 ≤ shift < 0.5")


SAVENKO = Protocol("savenko2026")
"""CNN #1 to #3 of Savenko et al. (2026): Adam (its rate is not given: Keras's default),
batches of 64, 50 epochs, shifts of 10 % and mirroring."""

SAVENKO_4 = Protocol("savenko2026, CNN #4", epochs=70, shift=0.15)
"""The paper's CNN #4: 70 epochs and shifts of 15 %."""


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches, a function of the seed and the epoch.

    Parameters
    ----------
    images
        Float ``(n, height, width, channels)``.
    labels
        Class numbers ``(n,)``.
    protocol
        Gives batch size, shift and flip.
    seed
        Fixes, with the epoch, the order and the augmentation.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        protocol: Protocol,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.images, self.labels, self.protocol, self.seed = images, labels, protocol, seed
        height, width = images.shape[1:3]
        self.reach = round(protocol.shift * height), round(protocol.shift * width)
        rows, columns = self.reach
        padding = ((0, 0), (rows, rows), (columns, columns), (0, 0))
        padded = np.pad(images, padding, mode="edge")
        # Every possible shift is a view into the padded images: no copy until a batch is drawn.
        self.windows = np.lib.stride_tricks.sliding_window_view(
            padded, (height, width), axis=(1, 2)
        )
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the order, the shifts and the mirroring of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        count = len(self.images)
        self.order = rng.permutation(count)
        self.rows = rng.integers(0, 2 * self.reach[0] + 1, count)
        self.columns = rng.integers(0, 2 * self.reach[1] + 1, count)
        self.mirrored = rng.random(count) < (0.5 if self.protocol.flip else 0.0)

    def __len__(self) -> int:
        """Batches per epoch; the last one may be smaller."""
        return math.ceil(len(self.images) / self.protocol.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """One batch: images ``(b, height, width, channels)`` and labels ``(b,)``."""
        size = self.protocol.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        batch = self.windows[chosen, self.rows[chosen], self.columns[chosen]]
        batch = np.moveaxis(batch, 1, -1)
        mirrored = self.mirrored[chosen][:, None, None, None]
        return np.where(mirrored, batch[:, :, ::-1], batch), self.labels[chosen]


class _Recorder(keras.callbacks.Callback):
    """Record every epoch and its seconds; with a folder, keep the whole state there."""

    def __init__(
        self, folder: Path | None, history: dict[str, list[float]], batches: Batches
    ) -> None:
        super().__init__()
        self.folder, self.history, self.batches = folder, history, batches

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()
        # Not in the data set's own hooks: Keras also calls these before the first epoch.
        self.batches.draw(epoch)
        # Keras saves no state of dropout's random numbers, so every epoch sets its own.
        states = [v for v in self.model.variables if v.name == "seed_generator_state"]
        for number, state in enumerate(states):
            drawn = np.random.default_rng([self.batches.seed, epoch, number]).integers(
                2**31, size=2
            )
            state.assign(drawn.astype(state.dtype))

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.started
        for name, value in {**logs, "seconds": seconds}.items():
            self.history.setdefault(name, []).append(float(value))
        if self.folder is not None:
            self._save(epoch + 1)

    def _save(self, epochs: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        model_path = self.folder / f"epoch-{epochs:03}.keras"
        self.model.save(model_path)
        # Until history.json is replaced it names the epoch before, whose model is still there.
        partial = self.folder / "history.json.part"
        partial.write_text(json.dumps({"epochs": epochs, "history": self.history}))
        os.replace(partial, self.folder / "history.json")
        for old in self.folder.glob("epoch-*.keras"):
            if old != model_path:
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

    Nothing is selected: the weights after the last epoch are the result, so `validation` is
    watched and never used.

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
        Images and labels whose loss and accuracy are recorded after each epoch.
    checkpoint
        Folder for the state after each epoch; a training found there goes on from it.
    verbose
        As in `keras.Model.fit`; 2 prints a line per epoch.
    callbacks
        More Keras callbacks.

    Raises
    ------
    ValueError
        If images and labels differ in number, or the state in `checkpoint` is damaged.

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
    keras.utils.set_random_seed(seed)
    done, history, model = 0, {}, None
    state_path = checkpoint / "history.json" if checkpoint else None
    if state_path and state_path.exists():
        try:
            state = json.loads(state_path.read_text())
            done, history = state["epochs"], state["history"]
            model = keras.models.load_model(checkpoint / f"epoch-{done:03}.keras")
        except Exception as error:  # Keras documents no common base of what it raises
            raise ValueError(
                f"the state in {checkpoint} is damaged ({error}); remove that folder to train "
                "this network anew"
            ) from error
    if model is None:
        model = make_model()
        steps = protocol.epochs * math.ceil(len(images) / protocol.batch_size)
        rate = protocol.learning_rate
        if protocol.schedule == "cosine":
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
    if done < protocol.epochs:
        batches = Batches(images, labels, protocol, seed=seed)
        model.fit(
            batches,
            # The batches are shuffled already; Keras's own shuffling has no seed of ours.
            shuffle=False,
            epochs=protocol.epochs,
            initial_epoch=done,
            validation_data=validation,
            validation_batch_size=256,
            verbose=verbose,
            callbacks=[_Recorder(checkpoint, history, batches), *callbacks],
        )
    return model, history


def predict(model: keras.Model, images: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
    """Return the probabilities ``(n, classes)``, float64, of float images.

    The network is called directly: `keras.Model.predict` compiles anew for every model, which
    costs more than it saves on a few thousand small images.
    """
    parts = [
        keras.ops.convert_to_numpy(model(images[start : start + batch_size], training=False))
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts).astype("float64")
