"""The networks of the course: one builder each, all functional Keras models, by name.

>>> len(NAMES)
16
"""

# Importing a module registers its networks; the order is that of the course.
from fer_helpers.architectures import plain, residual  # noqa: F401  isort: skip
from fer_helpers.architectures.comparison import Comparison, Figures, LayerFigures, analyse, compare
from fer_helpers.architectures.imagenet import backbone, feature_extraction, fine_tuning, transfer
from fer_helpers.architectures.registry import build, names
from fer_helpers.architectures.weights import copy_weights, save_arrays

__all__ = [
    "NAMES",
    "Comparison",
    "Figures",
    "LayerFigures",
    "analyse",
    "backbone",
    "build",
    "compare",
    "copy_weights",
    "feature_extraction",
    "fine_tuning",
    "save_arrays",
    "transfer",
]

NAMES = names()
