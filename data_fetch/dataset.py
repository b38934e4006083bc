"""The one type that every data set of the course comes as."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

CLASS_NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
SPLITS = ("train", "validation", "test")


class DataError(RuntimeError):
    """Data that cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Source:
    """Where a data set comes from and what may be done with it.

    Attributes
    ----------
    name : str
        Name for readers, such as ``"FER2013"``.
    licence : str
        What is known about the rights.
    checksum : str
        :func:`checksum` of the complete data set, also where only a part of it is at hand.
    synthetic : bool
        Whether a program made the images; what a figure shows is labelled accordingly.
    note : str
        Anything else that a stored result should say about its data.
    """

    name: str
    licence: str
    checksum: str
    synthetic: bool = False
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class FaceDataset:
    """Images of faces with their labels, their official split and their source.

    Attributes
    ----------
    images : np.ndarray
        uint8 ``(n, height, width, channels)``; memory-mapped and read-only where it is large.
    labels : np.ndarray
        int64 ``(n,)``, positions in `class_names`.
    class_names : tuple of str
        Expressions in alphabetical order.
    split : np.ndarray
        str ``(n,)``: ``"train"``, ``"validation"`` or ``"test"``.
    subject : np.ndarray or None
        int64 ``(n,)``, the person or identity shown; ``None`` where it is unknown.
    source : Source
        Name, licence and checksum.
    files : np.ndarray or None
        str ``(n,)``, file names relative to the data set's folder, where there are files.

    Raises
    ------
    ValueError
        If a shape, a type or a label does not fit.

    Examples
    --------
    >>> faces = FaceDataset(
    ...     images=np.zeros((3, 48, 48, 1), np.uint8),
    ...     labels=np.array([0, 1, 1]),
    ...     class_names=("happy", "sad"),
    ...     split=np.array(["train", "train", "test"]),
    ...     subject=None,
    ...     source=Source("Three blanks", "public domain", checksum="", synthetic=True),
    ... )
    >>> faces
    <FaceDataset Three blanks: 3 images of 48×48×1, 2 classes, train 2, test 1>
    >>> faces.counts()
    {'happy': 1, 'sad': 2}
    >>> len(faces.part("train")), len(faces.select(faces.labels == 1))
    (2, 2)
    >>> faces.part("validation")
    Traceback (most recent call last):
    ValueError: unknown part 'validation'; choose one of 'train', 'test'
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    split: np.ndarray
    subject: np.ndarray | None
    source: Source
    files: np.ndarray | None = None

    def __post_init__(self) -> None:  # noqa: D105
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                "images must be uint8 (n, height, width, channels), "
                f"not {self.images.dtype} {self.images.shape}"
            )
        for name in ("labels", "split", "subject", "files"):
            array = getattr(self, name)
            if array is not None and array.shape != (len(self),):
                raise ValueError(f"{name} must have shape ({len(self)},), not {array.shape}")
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() < len(self.class_names):
            raise ValueError(f"labels must lie between 0 and {len(self.class_names) - 1}")

    def __len__(self) -> int:  # noqa: D105
        return len(self.images)

    def __repr__(self) -> str:  # noqa: D105
        size = "×".join(str(length) for length in self.images.shape[1:])
        parts = "".join(f", {name} {np.sum(self.split == name)}" for name in self._parts())
        return (
            f"<FaceDataset {self.source.name}: {len(self)} images of {size}, "
            f"{len(self.class_names)} classes{parts}>"
        )

    def _parts(self) -> list[str]:
        return [name for name in SPLITS if np.any(self.split == name)]

    def select(self, index: np.ndarray | slice) -> FaceDataset:
        """Return the images at `index`: a boolean mask, positions or a slice."""
        per_image = ("images", "labels", "split", "subject", "files")
        present = [name for name in per_image if getattr(self, name) is not None]
        return replace(self, **{name: getattr(self, name)[index] for name in present})

    def part(self, name: str) -> FaceDataset:
        """Return one official part: ``"train"``, ``"validation"`` or ``"test"``.

        Raises
        ------
        ValueError
            If the data set has no such part; the message lists those it has.
        """
        if name not in self._parts():
            choices = ", ".join(repr(part) for part in self._parts())
            raise ValueError(f"unknown part {name!r}; choose one of {choices}")
        return self.select(self.split == name)

    def without(self, class_name: str) -> FaceDataset:
        """Return the data set without one expression, the remaining labels renumbered.

        Raises
        ------
        ValueError
            If there is no such class; the message lists the classes.

        Examples
        --------
        >>> blank = FaceDataset(
        ...     np.zeros((3, 2, 2, 1), np.uint8), np.array([0, 1, 2]), ("fear", "happy", "sad"),
        ...     np.array(["train"] * 3), None, Source("Blank", "public domain", ""),
        ... )
        >>> smaller = blank.without("happy")
        >>> smaller.class_names, smaller.labels.tolist()
        (('fear', 'sad'), [0, 1])
        """
        if class_name not in self.class_names:
            choices = ", ".join(repr(name) for name in self.class_names)
            raise ValueError(f"unknown class {class_name!r}; choose one of {choices}")
        removed = self.class_names.index(class_name)
        rest = self.select(self.labels != removed)
        names = tuple(name for name in self.class_names if name != class_name)
        return replace(rest, labels=rest.labels - (rest.labels > removed), class_names=names)

    def counts(self) -> dict[str, int]:
        """Return the number of images per class, in the order of `class_names`."""
        numbers = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))


def checksum(images: np.ndarray, labels: np.ndarray) -> str:
    """Return the SHA-256, in hexadecimal, of pixels and labels.

    Hashed are the shape of `images` (int64), the pixels (uint8, in C order) and the labels
    (int64), integers in little-endian order: the same on every machine.

    Parameters
    ----------
    images : np.ndarray
        uint8, any shape.
    labels : np.ndarray
        Integers ``(n,)``.

    Examples
    --------
    >>> checksum(np.zeros((1, 2, 2, 1), np.uint8), np.array([3]))[:16]
    '8dc9daa590662169'
    """
    digest = hashlib.sha256(np.asarray(images.shape, "<i8").tobytes())
    digest.update(np.ascontiguousarray(images, np.uint8))
    digest.update(np.ascontiguousarray(labels, "<i8"))
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Images that are equal in every pixel.

    Attributes
    ----------
    groups : tuple of np.ndarray
        Positions of the images of each group, at least two.
    across : np.ndarray
        bool ``(groups,)``: the group lies in more than one split.
    conflicting : np.ndarray
        bool ``(groups,)``: the group carries more than one label.
    blank : np.ndarray
        Positions of the images that have one grey value throughout.
    """

    groups: tuple[np.ndarray, ...]
    across: np.ndarray
    conflicting: np.ndarray
    blank: np.ndarray


def duplicates(faces: FaceDataset) -> Duplicates:
    """List the exact copies among the images, within and across splits.

    Examples
    --------
    >>> images = np.zeros((4, 2, 2, 1), np.uint8)
    >>> images[2:, 0, 0] = 9
    >>> faces = FaceDataset(
    ...     images, np.array([0, 0, 0, 1]), ("happy", "sad"),
    ...     np.array(["train", "train", "train", "test"]), None, Source("Four", "none", ""),
    ... )
    >>> found = duplicates(faces)
    >>> [group.tolist() for group in found.groups]
    [[0, 1], [2, 3]]
    >>> found.across.tolist(), found.conflicting.tolist(), found.blank.tolist()
    ([False, True], [False, True], [0, 1])
    """
    picture = _pictures(faces.images)
    order = np.argsort(picture, kind="stable")
    starts = np.flatnonzero(np.diff(picture[order])) + 1
    groups = sorted(
        (group for group in np.split(order, starts) if len(group) > 1), key=lambda group: group[0]
    )
    axes = (1, 2, 3)
    return Duplicates(
        groups=tuple(groups),
        across=np.array([len(set(faces.split[group])) > 1 for group in groups], bool),
        conflicting=np.array([len(set(faces.labels[group])) > 1 for group in groups], bool),
        blank=np.flatnonzero(faces.images.min(axes) == faces.images.max(axes)),
    )


def copies_of_training(faces: FaceDataset) -> np.ndarray:
    """Mark the images outside the training split that also occur in it, pixel by pixel.

    Returns
    -------
    np.ndarray
        bool ``(n,)``; accuracy on images without a copy is that on
        ``faces.select(~copies_of_training(faces)).part("test")``.

    Examples
    --------
    >>> faces = FaceDataset(
    ...     np.zeros((2, 2, 2, 1), np.uint8), np.array([0, 0]), ("happy",),
    ...     np.array(["train", "test"]), None, Source("Two", "none", ""),
    ... )
    >>> copies_of_training(faces).tolist()
    [False, True]
    """
    picture = _pictures(faces.images)
    training = faces.split == "train"
    return ~training & np.isin(picture, picture[training])


def _pictures(images: np.ndarray) -> np.ndarray:
    """Return a number per image, the same for images that are equal."""
    digests = [hashlib.sha256(np.ascontiguousarray(image)).digest() for image in images]
    return np.unique(np.array(digests, "V32"), return_inverse=True)[1]


def decode_image(data: bytes, where: str, *, size: tuple[int, int], mode: str) -> np.ndarray:
    """Return the pixels of an encoded image that must have this size and mode.

    Parameters
    ----------
    data : bytes
        JPEG or PNG.
    where : str
        The file's name, for the error.
    size : tuple of int
        Width and height in pixels.
    mode : str
        Pillow's mode: ``"L"`` for grey, ``"RGB"`` for colour.

    Returns
    -------
    np.ndarray
        uint8 ``(height, width)`` or ``(height, width, 3)``.

    Raises
    ------
    DataError
        If the image cannot be read, or has another size or mode.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            if image.size != size or image.mode != mode:
                raise DataError(
                    f"{where} has {image.width}×{image.height} pixels of mode {image.mode} instead "
                    f"of {size[0]}×{size[1]} of mode {mode}; get an unaltered copy"
                )
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{where} is not a readable image ({error}); get a new copy") from error
