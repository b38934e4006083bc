"""How the networks of the course are trained: a protocol as data, and one `fit`.

>>> from fer_helpers import training
>>> training.SAVENKO.epochs
50
"""

from fer_helpers.training.batches import Batches
from fer_helpers.training.fitting import (
    SmoothedCrossentropy,
    best_epoch,
    fit,
    predict,
    rate_after,
)
from fer_helpers.training.protocols import (
    AKHMETKAN,
    COMPACT,
    ERTUGRUL,
    MATIJASEVIC,
    PROFILES,
    SAVENKO,
    SAVENKO_4,
    STRONG,
    YERSHOV,
    Protocol,
)

__all__ = [
    "AKHMETKAN",
    "Batches",
    "COMPACT",
    "ERTUGRUL",
    "MATIJASEVIC",
    "PROFILES",
    "Protocol",
    "SAVENKO",
    "SAVENKO_4",
    "STRONG",
    "SmoothedCrossentropy",
    "YERSHOV",
    "best_epoch",
    "fit",
    "predict",
    "rate_after",
]
