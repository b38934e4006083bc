"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def brighter(image, amount):
    return np.clip(image.astype(int) + amount, 0, 255).astype(np.uint8)


def brighter_with_floats(image, amount):
    return np.minimum(np.maximum(image + float(amount), 0), 255).astype("uint8")


def wraps(image, amount):
    return (image.astype(int) + amount).astype(np.uint8)


def in_place(image, amount):
    image[:] = brighter(image, amount)
    return image


def standardise(images):
    deviation = images.std(axis=(1, 2, 3), keepdims=True)
    centred = images - images.mean(axis=(1, 2, 3), keepdims=True)
    return centred / np.where(deviation == 0, 1, deviation)


def standardise_flat(images):
    flat = images.reshape(len(images), -1).astype(float)
    flat -= flat.mean(axis=1)[:, None]
    return (flat / np.maximum(flat.std(axis=1), 1e-9)[:, None]).reshape(images.shape)


def divides_by_zero(images):
    centred = images - images.mean(axis=(1, 2, 3), keepdims=True)
    return centred / images.std(axis=(1, 2, 3), keepdims=True)


RIGHT = {
    "01-faces-as-data.1": [brighter, brighter_with_floats],
    "01-faces-as-data.2": [standardise, standardise_flat],
    "01-faces-as-data.3": [(1 + 15**0.5) / 7, 0.696, 0.7],
    "01-faces-as-data.4": [(0.7 * 3589 - 288) / (3589 - 288), 0.6738, 0.67],
    "01-faces-as-data.5": ["people", " People"],
}
WRONG = [
    ("01-faces-as-data.1", 3, "a function"),
    ("01-faces-as-data.1", lambda image, amount: image + np.uint8(amount % 256), "wrapped around"),
    ("01-faces-as-data.1", wraps, "wrapped around"),
    ("01-faces-as-data.1", lambda image, amount: np.clip(image + amount, 0, 255), "wrapped around"),
    ("01-faces-as-data.1", lambda image, amount: np.clip(image + 0.0 + amount, 0, 255), "bytes"),
    ("01-faces-as-data.1", lambda image, amount: print(end=""), "no image"),
    ("01-faces-as-data.1", in_place, "Work on a copy"),
    ("01-faces-as-data.1", lambda image, amount: brighter(image, amount).ravel(), "shape (6,)"),
    ("01-faces-as-data.1", lambda image, amount: brighter(image, abs(amount)), "-100 some pixels"),
    ("01-faces-as-data.2", None, "a function"),
    ("01-faces-as-data.2", lambda x: None, "Is there a return?"),
    ("01-faces-as-data.2", lambda x: x / x.deviation, "no attribute 'deviation'"),
    ("01-faces-as-data.2", divides_by_zero, "What do you divide it by"),
    ("01-faces-as-data.2", lambda x: (x - x.mean()) / x.std(), "Over which axes"),
    ("01-faces-as-data.2", lambda x: x - x.mean(axis=(1, 2, 3)), "What does mean() leave"),
    ("01-faces-as-data.2", lambda x: x - x.mean((1, 2, 3), keepdims=True), "deviation is not 1"),
    ("01-faces-as-data.2", lambda x: x, "no fractions"),
    ("01-faces-as-data.2", lambda x: x / 255, "mean is not 0"),
    ("01-faces-as-data.2", lambda x: standardise(x)[..., 0], "comes back with shape"),
    ("01-faces-as-data.2", lambda x: np.nan_to_num(divides_by_zero(x)), "with a warning"),
    ("01-faces-as-data.3", 0.5**0.5, "the right class only"),
    ("01-faces-as-data.3", 69.6, "between 0 and 1"),
    ("01-faces-as-data.3", 0.5, "agree on half"),
    ("01-faces-as-data.3", (1 - 15**0.5) / 7, "second solution"),
    ("01-faces-as-data.3", 1, "err alike"),
    ("01-faces-as-data.3", 0.65, "as a sum"),
    ("01-faces-as-data.4", 0.7 - 288 / 3589, "divide by too many"),
    ("01-faces-as-data.4", 0.7 * 3589 / 3301, "right answers as well"),
    ("01-faces-as-data.4", 0.7, "as easy"),
    ("01-faces-as-data.4", 0.72, "by heart"),
    ("01-faces-as-data.4", 0.5, "of how many images"),
    ("01-faces-as-data.4", 67.4, "between 0 and 1"),
    ("01-faces-as-data.5", "size", "add up the three"),
    ("01-faces-as-data.5", "balance", "each class over"),
    ("01-faces-as-data.5", "copies", "says otherwise"),
    ("01-faces-as-data.5", 4, "one of 'size'"),
]
