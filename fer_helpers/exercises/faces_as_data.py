"""Checks of the exercises of chapter 01-faces-as-data."""

import warnings

import numpy as np

from fer_helpers import results
from fer_helpers.exercises import WrongKind, choice, close, exercise, number


@exercise("01-faces-as-data.1")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes an image and an amount")
    image = np.array([[0, 10, 100], [156, 200, 255]], np.uint8)
    for amount in (100, -100, 0, 300):
        given = image.copy()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                got = answer(given, amount)
        except OverflowError:
            return f"adding {amount} to bytes fails. To which type could you convert first?"
        right = np.clip(image.astype(int) + amount, 0, 255)
        if not isinstance(got, np.ndarray):
            return "the function returns no image. Is there a return?"
        if not np.array_equal(given, image):
            return "the image that was given has changed. Work on a copy."
        if got.shape != image.shape:
            return f"an image of shape {image.shape} comes back with shape {got.shape}."
        wrapped = (image.astype(int) + amount) % 256
        if np.array_equal(got, wrapped) and not np.array_equal(right, wrapped):
            way = "above 255" if amount > 0 else "below 0"
            return (
                f"what should go {way} has wrapped around. When does it wrap, and when do you clip?"
            )
        if got.dtype != np.uint8:
            return f"the result is {got.dtype}, and the exercise asks for bytes."
        if not np.array_equal(got, right):
            return f"with an amount of {amount} some pixels are wrong. Try it on a few numbers."
    return None


@exercise("01-faces-as-data.2")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes a batch of images")
    images = np.random.default_rng(7).integers(0, 256, (5, 6, 4, 1)).astype(np.uint8)
    images[1] //= 4
    images[2] = 90
    given, axes = images.copy(), (1, 2, 3)
    warned = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            got = np.asarray(answer(given))
    except RuntimeWarning:
        warned = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = np.asarray(answer(images.copy()))
    if got.dtype == object:
        return "the function returns no array. Is there a return?"
    if got.shape == (*images.shape[:3], len(images)):
        return "the channel axis of length 1 was stretched. What does mean() leave of four axes?"
    if got.shape != images.shape:
        return f"a batch of shape {images.shape} comes back with shape {got.shape}."
    if got.dtype.kind != "f":
        return f"the result is {got.dtype}, which has no fractions."
    if not np.array_equal(given, images):
        return "the images that were given have changed. Work on a copy."
    textured = np.array([0, 1, 3, 4])
    mean, deviation = got.mean(axes)[textured], got.std(axes)[textured]
    if not close(mean, np.zeros(4), 1e-3):
        if close(got.mean(), 0, 1e-3):
            return (
                "the mean of all images together is near 0, that of each is not. Over which axes?"
            )
        return "there is an image whose mean is not 0."
    if not close(deviation, np.ones(4), 1e-3):
        return "the means are 0. There is an image whose standard deviation is not 1."
    if not np.isfinite(got[2]).all():
        return "the blank image is not made of zeros. What do you divide it by?"
    if np.any(got[2]):
        return "the blank image should become zeros."
    return "right numbers, with a warning: the blank image is divided by zero." if warned else None


@exercise("01-faces-as-data.3")
def _(answer):
    share = number(answer)
    if 1 < share <= 100:
        return "give it as a share between 0 and 1."
    if close(share, (1 + np.sqrt(15)) / 7, 5e-3):
        return None
    if close(share, np.sqrt(0.5), 2e-3):
        return "that counts agreement in the right class only. How else can two people agree?"
    if close(share, 0.5, 2e-3):
        return "if each were right on half, would they agree on half?"
    if close(share, (1 - np.sqrt(15)) / 7, 2e-3):
        return "the quadratic equation has a second solution."
    if close(share, 1, 2e-3) or close(share, 0, 2e-3):
        return "(1 − a)² is the chance that both err; they agree only if they err alike."
    return "write the chance of agreement as a sum: both right, or both wrong in the same way."


@exercise("01-faces-as-data.4")
def _(answer):
    accuracy = number(answer)
    card = results.card("fer2013")
    n, copies = sum(card.counts["test"].values()), card.copies["test"]
    if 1 < accuracy <= 100:
        return "give it as a share between 0 and 1."
    if close(accuracy, (0.7 * n - copies) / (n - copies), 5e-3):
        return None
    if close(accuracy, 0.7 - copies / n, 5e-3):
        return "the copies leave the right answers *and* the images. You divide by too many."
    if close(accuracy, 0.7 * n / (n - copies), 5e-3):
        return "the copies leave the images, and the right answers as well."
    if close(accuracy, 0.7, 5e-4):
        return "were the other images as easy as those that it remembers?"
    if accuracy > 0.7:
        return "it cannot be better without the images that it knows by heart."
    return "how many right answers are left without the copies, and of how many images?"


@exercise("01-faces-as-data.5")
def _(answer):
    statement = choice(answer, ["size", "balance", "copies", "people"])
    if statement == "size":
        return 'add up the three numbers in the line "all classes".'
    if statement == "balance":
        return "add up each class over the three parts, then compare the classes."
    if statement == "copies":
        return 'the line "copies of training" of the card says otherwise.'
    return None
