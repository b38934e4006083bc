"""Which images a network learns from and which judge it: the papers' ways and ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.model_selection import train_test_split

from data_fetch import FaceDataset
from data_fetch.fer2013 import savenko_split
from data_fetch.thermal import augment
from fer_helpers.choices import one_of


def _official(faces: FaceDataset, seed: int) -> FaceDataset:
    return faces


def _folders(faces: FaceDataset, seed: int) -> FaceDataset:
    return replace(faces, split=np.where(faces.split == "train", "train", "test"))


def _savenko(faces: FaceDataset, seed: int) -> FaceDataset:
    training, judged = savenko_split(faces)
    faces = faces.select(np.concatenate([training, judged]))
    return replace(faces, split=np.repeat(["train", "test"], [len(training), len(judged)]))


def _images(faces: FaceDataset, seed: int) -> FaceDataset:
    numbers = np.arange(len(faces))
    _, judged = train_test_split(numbers, test_size=0.2, stratify=faces.labels, random_state=seed)
    return replace(faces, split=np.where(np.isin(numbers, judged), "test", "train"))


def _copies_first(faces: FaceDataset, seed: int) -> FaceDataset:
    return _images(augment(faces, seed), seed)


def _learners_doubled(faces: FaceDataset, seed: int) -> FaceDataset:
    doubled = augment(faces, seed)
    original = np.arange(len(doubled)) < len(faces)
    return doubled.select(original | (doubled.split == "train"))


def _copies_after(faces: FaceDataset, seed: int) -> FaceDataset:
    return _learners_doubled(_images(faces, seed), seed)


def _people(faces: FaceDataset, seed: int) -> FaceDataset:
    if faces.subject is None:
        raise ValueError(f"{faces.source.name} does not say who is who")
    people = np.random.default_rng(seed).permutation(np.unique(faces.subject))
    judged = people[: max(1, round(0.2 * len(people)))]
    split = np.where(np.isin(faces.subject, judged), "test", "train")
    return _learners_doubled(replace(faces, split=split), seed)


_WAYS: dict[str, Callable[[FaceDataset, int], FaceDataset]] = {
    "official": _official,
    "folders": _folders,
    "savenko": _savenko,
    "images": _images,
    "copies first": _copies_first,
    "copies after": _copies_after,
    "people": _people,
}

ARRANGEMENTS = tuple(_WAYS)


def arrange(faces: FaceDataset, way: str, *, seed: int = 0) -> FaceDataset:
    """Divide a data set into images to learn from and images to judge by.

    Parameters
    ----------
    faces
        All images.
    way
        ``"official"``: as the data set comes, with ``train``, ``validation`` and ``test``.
        The others have no ``validation`` part.
        ``"folders"``: Kaggle's two folders, all that is not for training in one (Ertuğrul 2024).
        ``"savenko"``: `data_fetch.fer2013.savenko_split`.
        ``"images"``: a random fifth of the images of each class judges (Matijašević et al. 2024).
        ``"copies first"``: every image gets a changed copy, then a random fifth judges (Yershov
        et al. 2025): an image and its copy may be parted.
        ``"copies after"``: a random fifth judges, then the images for training get copies.
        ``"people"``: a fifth of the people judges, then the images for training get copies.
    seed
        Of the drawing.

    Raises
    ------
    ValueError
        If the way is unknown (the message lists the choices), or needs people and there are none.

    Examples
    --------
    >>> from data_fetch import load
    >>> arrange(load("thermal"), "copies first")
    <FaceDataset thermal: 1642 images of 48×48×1, 6 classes, train 1313, test 329>
    """
    one_of(way, ARRANGEMENTS, "arrangement")
    return _WAYS[way](faces, seed)
