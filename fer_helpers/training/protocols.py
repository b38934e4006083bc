"""A protocol: what a training does, as data; and the protocols of the course."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

from fer_helpers.choices import one_of

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
        for name, choices in (
            ("schedule", ("constant", "cosine")),
            ("optimizer", ("adam", "sgd")),
            ("keep", ("last", "best")),
        ):
            one_of(getattr(self, name), choices, name)
        for name in ("epochs", "batch_size", "crop", "plateau", "patience"):
            value = getattr(self, name)
            if value is None and name not in ("epochs", "batch_size"):
                continue
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
        for name in ("warm_up", "weight_decay", "label_smoothing", "contrast", "zoom", "erase"):
            share = getattr(self, name)
            if not 0 <= share < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {share}")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")
        if not 0 <= self.shift < 0.5:
            raise ValueError(f"shift must be at least 0 and below 0.5, not {self.shift}")
        if not 0 <= self.mixup < math.inf:
            raise ValueError(f"mixup must be at least 0, not {self.mixup}")
        if not 0 <= self.rotation <= 180:
            raise ValueError(f"rotation must be from 0 to 180 degrees, not {self.rotation}")
        if self.plateau and self.schedule != "constant":
            raise ValueError("plateau changes a constant rate; it does not go with a schedule")


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
"""Ours, for `compact` on FER2013: 20 s an epoch on two quiet cores that have bfloat16, twice as
long elsewhere; 150 epochs in the profile `full`."""

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
