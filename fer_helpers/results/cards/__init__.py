"""Data cards: what can be counted in a data set, on one page, without showing an image of it.

``python -m fer_helpers.results.cards fer2013`` makes the card of a data set from the data
themselves, prints it, and says whether it agrees with the card that is stored here.

What only people can tell (licence, purpose, who was asked) is in ``book/data-and-rights.md``.
The idea of such a page: Gebru et al., "Datasheets for datasets", Communications of the ACM 64(12),
2021; Pushkarna et al., "Data cards", FAccT 2022.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from data_fetch import FaceDataset, copies_of_training, duplicates

FOLDER = Path(__file__).parent
SPLITS = ("train", "validation", "test")

# Images counted at a time: the counting needs eight bytes per pixel.
_BLOCK = 4096


@dataclass(frozen=True)
class Card:
    """What was counted in a data set.

    Attributes
    ----------
    name, synthetic, checksum
        As in `data_fetch.Source`.
    image_size
        Height, width and channels.
    counts
        Split name to class name to number of images.
    people
        Split name to number of people shown, or None where nobody knows.
    people_in_two_parts
        How many people are in more than one split, or None.
    copies
        Split name to number of its images that are equal, pixel by pixel, to a training image;
        for the training split itself there is no entry.
    groups
        Number of groups of equal images, within and across splits.
    conflicting_groups
        How many of these groups carry more than one label.
    blank
        Number of images that have one grey value throughout.
    brightness_mean, brightness_std
        Mean and standard deviation of all pixels, in grey levels from 0 to 255.
    made, versions
        For a stored card, the day (ISO) and the package versions; empty otherwise, so that two
        cards of the same data are equal.
    """

    name: str
    synthetic: bool
    checksum: str
    image_size: tuple[int, int, int]
    counts: dict[str, dict[str, int]]
    people: dict[str, int] | None
    people_in_two_parts: int | None
    copies: dict[str, int]
    groups: int
    conflicting_groups: int
    blank: int
    brightness_mean: float
    brightness_std: float
    made: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:  # noqa: D105
        splits, classes = list(self.counts), list(next(iter(self.counts.values())))
        columns = [[self.counts[split][name] for split in splits] for name in classes]
        table = dict(zip(classes, columns, strict=True))
        table["all classes"] = [sum(self.counts[split].values()) for split in splits]
        if self.people is not None:
            table["people"] = [self.people[split] for split in splits]
        table["copies of training"] = [self.copies.get(split, "") for split in splits]
        shared = self.people_in_two_parts
        conflicts = f"{self.conflicting_groups:,} with different labels"
        facts = {
            "groups of copies": f"{self.groups:,}, {conflicts}",
            "people in two parts": "not known" if shared is None else shared,
            "blank images": self.blank,
            "brightness": f"{self.brightness_mean:.1f} ± {self.brightness_std:.1f} of 255",
            "sha256": f"{self.checksum[:16]}…",
        }
        if self.made:
            found = ", ".join(f"{name} {version}" for name, version in self.versions.items())
            facts["counted"] = f"{self.made} with {found}"
        size = "×".join(map(str, self.image_size))
        kind = "made by a program" if self.synthetic else "real people"
        lines = [f"{self.name}: {size}, {kind}"]
        lines += [f"{'':20}" + "".join(f"{split:>12}" for split in splits)]
        for name, row in table.items():
            numbers = (f"{cell:,}" if cell != "" else "" for cell in row)
            lines += [f"{name:20}" + "".join(f"{cell:>12}" for cell in numbers).rstrip()]
        lines += [f"{name:22}{value}" for name, value in facts.items()]
        return "\n".join(lines)


def make_card(faces: FaceDataset) -> Card:
    """Count what can be counted in a data set.

    Parameters
    ----------
    faces
        All of it, with every split: a part would hide the copies in the other parts.

    Returns
    -------
    Card
        Without day and versions, so that it can be compared with another one.

    Raises
    ------
    ValueError
        If there is no image.

    Examples
    --------
    >>> from data_fetch import load
    >>> card = make_card(load("sample", count=100))
    >>> card.image_size, card.counts["test"]["happy"], card.people, card.people_in_two_parts
    ((48, 48, 1), 3, {'train': 8, 'validation': 1, 'test': 1}, 0)
    """
    if len(faces) == 0:
        raise ValueError("a card needs at least one image")
    parts = {split: faces.part(split) for split in SPLITS if np.any(faces.split == split)}
    people = shared = None
    if faces.subject is not None:
        found = {split: np.unique(part.subject) for split, part in parts.items()}
        people = {split: len(members) for split, members in found.items()}
        _, appearances = np.unique(np.concatenate(list(found.values())), return_counts=True)
        shared = int(np.sum(appearances > 1))
    copied, equal = faces.split[copies_of_training(faces)], duplicates(faces)
    mean, std = _brightness(faces.images)
    return Card(
        name=faces.source.name,
        synthetic=faces.source.synthetic,
        checksum=faces.source.checksum,
        image_size=faces.images.shape[1:],
        counts={split: part.counts() for split, part in parts.items()},
        people=people,
        people_in_two_parts=shared,
        copies={split: int(np.sum(copied == split)) for split in parts if split != "train"},
        groups=len(equal.groups),
        conflicting_groups=int(equal.conflicting.sum()),
        blank=len(equal.blank),
        brightness_mean=mean,
        brightness_std=std,
    )


def _brightness(images: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of all pixels, from a histogram: exact, and small in memory."""
    histogram = np.zeros(256, np.int64)
    for start in range(0, len(images), _BLOCK):
        histogram += np.bincount(images[start : start + _BLOCK].ravel(), minlength=256)
    count, levels = int(histogram.sum()), np.arange(256)
    total, squares = int(levels @ histogram), int(levels**2 @ histogram)
    # Whole numbers up to the last step: the same digits on every machine.
    return total / count, math.sqrt(count * squares - total**2) / count


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the data sets whose cards are stored.

    Examples
    --------
    >>> names()
    ['fer2013']
    """
    return sorted(path.stem for path in folder.glob("*.json"))


def card(name: str, *, folder: Path = FOLDER) -> Card:
    """Return the stored card of a data set that the course may not ship.

    Parameters
    ----------
    name
        Such as ``"fer2013"``.
    folder
        Where the cards lie.

    Raises
    ------
    ValueError
        If there is no such card (the message lists those there are), or it is damaged.

    Examples
    --------
    >>> facts = card("fer2013")
    >>> facts.name, facts.copies, facts.blank
    ('FER2013', {'validation': 280, 'test': 288}, 12)
    """
    if name not in names(folder):
        choices = ", ".join(map(repr, names(folder)))
        raise ValueError(f"no card of {name!r} is stored; choose one of {choices}")
    path = folder / f"{name}.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return Card(**facts | {"image_size": tuple(facts["image_size"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged ({error}); get it again") from error


def save(card: Card, name: str, *, folder: Path = FOLDER) -> None:
    """Store a card as JSON under a data set's name."""
    text = json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def undated(card: Card) -> Card:
    """Return a card without day and versions, to compare it with another.

    Examples
    --------
    >>> undated(card("fer2013")).made
    ''
    """
    return replace(card, made="", versions={})
