"""Data sets of faces: getting, checking and caching them.

    from data_fetch import load
    faces = load("sample")

or, in a shell, ``python -m data_fetch list``.
"""

from __future__ import annotations

import os

import numpy as np

from data_fetch.dataset import DataError, FaceDataset, Source, copies_of_training, duplicates

DATASETS = ("sample", "fer2013", "rafdb", "thermal")

__all__ = [
    "DATASETS",
    "DataError",
    "FaceDataset",
    "Source",
    "copies_of_training",
    "duplicates",
    "load",
]


def load(
    name: str, *, seed: int = 0, count: int = 7000, path: str | os.PathLike | None = None
) -> FaceDataset:
    """Return a data set by its name.

    Parameters
    ----------
    name : str
        ``"sample"``: faces drawn by this package; ``"thermal"``: simulated thermograms; both work
        without a network and are kept in the cache. ``"fer2013"``: photographs, after
        ``python -m data_fetch get fer2013``. ``"rafdb"``: photographs, from your own folder.
    seed : int
        Of ``"sample"`` and ``"thermal"``: another seed, other images.
    count : int
        Of ``"sample"``: number of images.
    path : path, optional
        Of ``"rafdb"``: the folder. Of ``"fer2013"``: archive, folder or ``fer2013.csv`` to convert
        unless that was done before.

    Returns
    -------
    FaceDataset
        `images` uint8 ``(n, height, width, channels)``: 48×48×1 but for ``"rafdb"``, 100×100×3.

    Raises
    ------
    ValueError
        If there is no data set of that name (the message lists the names), or `seed` or `count`
        is not a whole number from 0.
    DataError
        If the data are not there or cannot be used; the message says what to do.

    Examples
    --------
    >>> faces = load("sample", count=100)
    >>> faces.images.shape, faces.source.synthetic
    ((100, 48, 48, 1), True)
    >>> load("fer")
    Traceback (most recent call last):
    ValueError: unknown data set 'fer'; choose one of 'sample', 'fer2013', 'rafdb', 'thermal'
    """
    for what, value in (("seed", seed), ("count", count)):
        # Both become part of a folder's name in the cache.
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise ValueError(f"{what} must be a whole number from 0, not {value!r}")
    # Each data set's module is imported only where it is used: reading one stays quick.
    if name == "sample":
        from data_fetch import cache, sample

        return cache.cached(
            entry_name(name, seed=seed, count=count),
            lambda: sample.render(count=count, seed=seed),
        )
    if name == "thermal":
        from data_fetch import cache, thermal

        return cache.cached(entry_name(name, seed=seed), lambda: thermal.simulate(seed=seed))
    if name == "fer2013":
        from data_fetch import fer2013

        return fer2013.load(path)
    if name == "rafdb":
        from data_fetch import rafdb

        return rafdb.read(path)
    raise ValueError(f"unknown data set {name!r}; choose one of {', '.join(map(repr, DATASETS))}")


def entry_name(name: str, *, seed: int = 0, count: int = 7000) -> str:
    """Return the name of a data set's entry in the cache: other images, another name."""
    if name == "sample":
        from data_fetch import sample

        return f"sample-v{sample.VERSION}-{count}-{seed}"
    if name == "thermal":
        from data_fetch import thermal

        return f"thermal-v{thermal.VERSION}-{seed}"
    return name
