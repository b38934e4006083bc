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
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import scipy.ndimage

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
        Of the optimiser.
    optimizer
        ``"adam"`` (Kingma & Ba 2015), or ``"sgd"`` with Nesterov's momentum of 0.9.
    schedule
        ``"constant"``, or ``"cosine"``: from `learning_rate` down to 0 over all epochs.
    warm_up
        With the cosine: share of all steps in which the rate first climbs from 0.
    weight_decay
        Share of every kernel, times the rate, that each step takes away
        (Loshchilov & Hutter 2019); biases and normalisations are spared.
    label_smoothing
        Share of the target probability that is spread evenly over all classes
        (Szegedy et al. 2016, section 7).
    shift
        Largest random displacement, as a share of height and width; in whole pixels, and the
        border is filled with its nearest pixel.
    crop
        Side in pixels of a random window that takes the place of the image and of `shift`; None
        for the whole image. Networks for images of any size only.
    flip
        Whether every second image, at random, is mirrored left to right.
    contrast
        Largest random change of an image's contrast, as a share.
    rotation
        Largest random turn about the middle of the image, in degrees, either way.
    zoom
        Largest random change of scale, as a share: the face grows or shrinks by up to that much.
    erase
        Chance that a random rectangle, 2 to 20 % of the image and at most twice as long as wide,
        is filled with one random grey (Zhong et al. 2020, with a smaller largest area).
    mixup
        Parameter of the Beta distribution from which the share of a second image in the first,
        and of its label, is drawn (Zhang et al. 2018, section 2); 0 mixes nothing.
    plateau
        Epochs without a smaller validation loss after which the rate falls to a tenth, as in
        `keras.callbacks.ReduceLROnPlateau`; None for never.
    patience
        Epochs without a smaller validation loss after which the training ends; None for never.
    keep
        Whose weights are the result: ``"last"`` of the last epoch; ``"best"`` of the first epoch
        with the highest validation accuracy. The second chooses on the validation images, and
        what it scores on them is flattered.
    """

    source: str
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    schedule: str = "constant"
    warm_up: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    shift: float = 0.10
    crop: int | None = None
    flip: bool = True
    contrast: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    plateau: int | None = None
    patience: int | None = None
    keep: str = "last"

    def __post_init__(self) -> None:
        """Refuse values that no training can have."""
        if self.schedule not in ("constant", "cosine"):
            raise ValueError(f"unknown schedule {self.schedule!r}; choose constant or cosine")
        if self.optimizer not in ("adam", "sgd"):
            raise ValueError(f"unknown optimizer {self.optimizer!r}; choose adam or sgd")
        for name in ("warm_up", "weight_decay", "label_smoothing", "contrast", "zoom", "erase"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1")
        if self.keep not in ("last", "best"):
            raise ValueError(f"unknown keep {self.keep!r}; choose last or best")
        for name in ("plateau", "patience"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be None or at least 1 epoch")
        if self.mixup < 0:
            raise ValueError(f"mixup must be at least 0, not {self.mixup}")
        if self.plateau and self.schedule != "constant":
            raise ValueError("plateau changes a constant rate; it does not go with a schedule")
        if not 0 <= self.rotation <= 180:
            raise ValueError(f"rotation must be from 0 to 180 degrees, not {self.rotation}")
        if self.crop is not None and self.crop < 1:
            raise ValueError(f"crop must be None or at least 1 pixel, not {self.crop}")
        if self.epochs < 1 or self.batch_size < 1 or not 0 <= self.shift < 0.5:
            raise ValueError("a protocol needs epochs ≥ 1, batch_size ≥ 1 and 0 ≤ shift < 0.5")


SAVENKO = Protocol("savenko2026")
"""CNN #1 to #3 of Savenko et al. (2026): Adam (its rate is not given: Keras's default),
batches of 64, 50 epochs, shifts of 10 % and mirroring."""

SAVENKO_4 = Protocol("savenko2026, CNN #4", epochs=70, shift=0.15)
"""The paper's CNN #4: 70 epochs and shifts of 15 %."""

COMPACT = Protocol(
    "ours, for the network compact",
    epochs=90,
    batch_size=128,
    learning_rate=0.1,
    optimizer="sgd",
    schedule="cosine",
    warm_up=0.05,
    weight_decay=5e-4,
    label_smoothing=0.1,
    crop=44,
    contrast=0.25,
    rotation=10.0,
    zoom=0.1,
    erase=0.4,
)
"""Ours, for `compact` on FER2013: half an hour on two CPU cores; 150 epochs, in the profile `full`,
take an hour."""

STRONG = Protocol(
    "ours, after the recipes of the best-known networks from scratch",
    epochs=200,
    batch_size=128,
    learning_rate=0.05,
    optimizer="sgd",
    schedule="cosine",
    warm_up=0.05,
    weight_decay=5e-4,
    label_smoothing=0.1,
    crop=40,
    contrast=0.25,
    rotation=10.0,
    zoom=0.1,
    erase=0.5,
    mixup=0.2,
)
"""Ours, for `resnet18` on a GPU."""

ERTUGRUL = Protocol(
    "ertugrul2024; size of the augmentation and patience ours",
    epochs=45,
    rotation=10.0,
    plateau=10,
    keep="best",
)
"""Ertuğrul (2024), table 5.1: Adam at 0.001, batches of 64, 45 epochs, with Keras's
ReduceLROnPlateau and ModelCheckpoint. Rotation, shifts and mirroring are named without numbers."""

MATIJASEVIC = Protocol(
    "matijasevic2024; rate and batch ours", learning_rate=1e-4, shift=0.0, epochs=11
)
"""Matijašević et al. (2024): mirroring only, 8, 11 or 10 epochs; the rest is not given."""

YERSHOV = Protocol(
    "yershov2025; at most 200 epochs ours",
    epochs=200,
    batch_size=32,
    learning_rate=1e-4,
    shift=0.0,
    flip=False,
    patience=20,
)
"""Yershov et al. (2025): Adam at 0.0001, batches of 32, until the error "stops decreasing within
20 epochs". The augmentation is done before, see `data_fetch.thermal.augment`."""

AKHMETKAN = Protocol("akhmetkan2026; all of it ours, for only the abstract is at hand", keep="best")
"""Akhmetkan & Mutaliyev (2026) give no protocol in the abstract."""


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


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches, a function of the seed and the epoch.

    Parameters
    ----------
    images
        Float ``(n, height, width, channels)``.
    labels
        Class numbers ``(n,)``.
    protocol
        Gives batch size and augmentation.
    seed
        Fixes, with the epoch, the order and the augmentation.
    classes
        Number of classes, which mixed labels need; None for those that occur.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        protocol: Protocol,
        *,
        seed: int = 0,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.images, self.labels, self.protocol, self.seed = images, labels, protocol, seed
        self.targets = labels
        if protocol.mixup:  # mixed labels are shares of classes, not numbers
            self.targets = np.eye(classes or labels.max() + 1, dtype="float32")[labels]
        height, width = images.shape[1:3]
        if protocol.crop is not None:
            if protocol.crop > min(height, width):
                raise ValueError(
                    f"crop is {protocol.crop}, but the images have {height} × {width} pixels"
                )
            padded = images
            height = width = protocol.crop
        else:
            rows, columns = round(protocol.shift * height), round(protocol.shift * width)
            padding = ((0, 0), (rows, rows), (columns, columns), (0, 0))
            padded = np.pad(images, padding, mode="edge")
        self.padded = padded
        # Every possible shift is a view into the padded images: no copy until a batch is drawn.
        self.windows = np.lib.stride_tricks.sliding_window_view(
            padded, (height, width), axis=(1, 2)
        )
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the order and the augmentation of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        count = len(self.images)
        self.order = rng.permutation(count)
        self.rows = rng.integers(0, self.windows.shape[1], count)
        self.columns = rng.integers(0, self.windows.shape[2], count)
        self.mirrored = rng.random(count) < (0.5 if self.protocol.flip else 0.0)
        change = self.protocol.contrast
        self.factors = rng.uniform(1 - change, 1 + change, count).astype("float32")
        turn, zoom = np.deg2rad(self.protocol.rotation), self.protocol.zoom
        self.angles = rng.uniform(-turn, turn, count)
        self.scales = rng.uniform(1 - zoom, 1 + zoom, count)
        self.erased = rng.random(count) < self.protocol.erase
        # Where, how large, of which proportions and how bright each rectangle is.
        self.rectangles = rng.random((count, 5), dtype="float32")
        self.shares = None
        if self.protocol.mixup:
            self.shares = rng.beta(self.protocol.mixup, self.protocol.mixup, count).astype(
                "float32"
            )

    def __len__(self) -> int:
        """Batches per epoch; the last one may be smaller."""
        return math.ceil(len(self.images) / self.protocol.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """One batch: images ``(b, height, width, channels)`` and labels ``(b,)``."""
        size = self.protocol.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        if self.protocol.rotation or self.protocol.zoom:
            batch = self._turned(chosen)
        else:
            batch = self.windows[chosen, self.rows[chosen], self.columns[chosen]]
            batch = np.moveaxis(batch, 1, -1)
        mirrored = self.mirrored[chosen][:, None, None, None]
        batch = np.where(mirrored, batch[:, :, ::-1], batch)
        if self.protocol.contrast:
            means = batch.mean(axis=(1, 2), keepdims=True)
            batch = means + (batch - means) * self.factors[chosen][:, None, None, None]
        if self.protocol.erase:
            self._erase(batch, chosen)
        targets = self.targets[chosen]
        if self.shares is not None:
            # The order is random, so the batch turned round has a random partner for everyone.
            share = self.shares[chosen]
            batch = share[:, None, None, None] * (batch - batch[::-1]) + batch[::-1]
            targets = share[:, None] * (targets - targets[::-1]) + targets[::-1]
        return batch, targets

    def _turned(self, chosen: np.ndarray) -> np.ndarray:
        """Cut the windows out of turned and scaled images: one bilinear interpolation for all."""
        height, width = self.windows.shape[-2:]
        middle = (np.array(self.padded.shape[1:3]) - 1) / 2
        # From the middle of the image, where the face is: about it the window turns.
        down = np.arange(height)[:, None] + (self.rows[chosen] - middle[0])[:, None, None]
        right = np.arange(width) + (self.columns[chosen] - middle[1])[:, None, None]
        cosine = (np.cos(self.angles[chosen]) / self.scales[chosen])[:, None, None]
        sine = (np.sin(self.angles[chosen]) / self.scales[chosen])[:, None, None]
        y = cosine * down - sine * right + middle[0]
        x = sine * down + cosine * right + middle[1]
        number = np.broadcast_to(np.arange(len(chosen))[:, None, None], y.shape)
        channels = [
            scipy.ndimage.map_coordinates(
                channel, (number, y, x), order=1, mode="nearest", output="float32"
            )
            for channel in np.moveaxis(self.padded[chosen], -1, 0)
        ]
        return np.stack(channels, axis=-1)

    def _erase(self, batch: np.ndarray, chosen: np.ndarray) -> None:
        """Fill a rectangle of the drawn images with one grey, in place."""
        height, width = batch.shape[1:3]
        for image, number in zip(batch, chosen, strict=True):
            if self.erased[number]:
                across, down, size, shape, grey = self.rectangles[number]
                area, ratio = 0.02 + 0.18 * size, 2.0 ** (2 * shape - 1)
                tall = min(height, round(height * math.sqrt(area * ratio)))
                wide = min(width, round(width * math.sqrt(area / ratio)))
                top, left = int(down * (height - tall + 1)), int(across * (width - wide + 1))
                image[top : top + tall, left : left + wide] = grey


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
