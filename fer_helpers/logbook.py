"""The learner's own results table: every chapter of the foundations adds a row.

A row is a model's probabilities for the validation and the test faces, kept in a file of its own,
so that chapter 08 can hold any two models against each other, face by face. The table shows the
validation part only; the test part stays sealed until chapter 08 opens it.

The course's own rows come with this package and stand in for chapters that were not run here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from data_fetch import FaceDataset
from fer_helpers import evaluation

COURSE = Path(__file__).parent / "results" / "logbook"
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Row:
    """One model of one chapter.

    Attributes
    ----------
    chapter, model
        Where it was made, such as ``"05-sobel-contours"``, and what it is called.
    parameters
        How many numbers it learned.
    mine
        Whether it was made on this machine; otherwise it came with the course.
    probabilities
        Split name to float64 ``(n, classes)``, rows adding up to one.
    """

    chapter: str
    model: str
    parameters: int
    mine: bool
    probabilities: Mapping[str, np.ndarray]


def folder() -> Path:
    """Return where the rows are kept: ``$READING_FACES_LOGBOOK``, or the user's data folder."""
    chosen = os.environ.get("READING_FACES_LOGBOOK")
    if chosen:
        return Path(os.path.expanduser(chosen))
    return platformdirs.user_data_path("reading-faces", False) / "logbook"


def shelf(faces: FaceDataset, profile: str) -> str:
    """Return the folder name of comparable rows: of the same faces, under the same profile."""
    if not re.fullmatch(r"\w+", str(profile)):
        raise ValueError(f"a profile has a name such as 'cpu', not {profile!r}")
    return f"{faces.source.name}-{profile}-{faces.source.checksum[:12]}"


def add(
    chapter: str,
    model: str,
    faces: FaceDataset,
    predict: Callable[[np.ndarray], np.ndarray] | Mapping[str, np.ndarray],
    *,
    parameters: int,
    profile: str = "cpu",
) -> None:
    """Add a row to the table, or replace that of the same chapter, and print the table so far.

    Parameters
    ----------
    chapter
        Such as ``"05-sobel-contours"``.
    model
        A short name for the reader.
    faces
        The whole data set, as loaded; its validation and test faces are predicted.
    predict
        Called with uint8 images ``(n, height, width, 1)``; returns class numbers ``(n,)`` or
        probabilities ``(n, classes)``. Or such an answer for each of "validation" and "test".
    parameters
        How many numbers the model learned.
    profile
        The chapter's profile: rows of different profiles are kept apart.

    Raises
    ------
    ValueError
        If `predict` returns anything else, the chapter's name is none, or a kept row is damaged.
    OSError
        If the folder cannot be written; says how to choose another.
    """
    if not re.fullmatch(r"\d\d-[\w-]+", str(chapter)):
        raise ValueError(f"a chapter has a name such as '05-sobel-contours', not {chapter!r}")
    arrays = {split: _probabilities(predict, faces.part(split), split) for split in SPLITS}
    facts = {"chapter": chapter, "model": str(model), "parameters": int(parameters)}
    compact = {split: array.astype("float32") for split, array in arrays.items()}
    place = folder() / shelf(faces, profile)
    # Two notebooks may write the same row at once: the later one wins, and neither is mixed up.
    partial = place / f"{chapter}.{os.getpid()}.part"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            np.savez_compressed(file, facts=json.dumps(facts), **compact)
        os.replace(partial, place / f"{chapter}.npz")
    except OSError as error:
        raise OSError(
            f"the results table cannot be written into {place} ({error.strerror}); "
            "set READING_FACES_LOGBOOK to a folder of yours"
        ) from error
    table(faces, upto=chapter, profile=profile)


def _probabilities(predict: Callable | Mapping, part: FaceDataset, split: str) -> np.ndarray:
    classes = len(part.class_names)
    if isinstance(predict, Mapping):
        answer = np.asarray(predict.get(split))
    else:
        answer = np.asarray(predict(part.images))
    if answer.shape == (len(part),) and answer.dtype.kind in "iu":
        if answer.min() < 0 or answer.max() >= classes:
            raise ValueError(f"class numbers go from 0 to {classes - 1}, for {split} faces too")
        return np.eye(classes)[answer]
    if answer.shape != (len(part), classes) or answer.dtype.kind != "f":
        raise ValueError(
            f"for {len(part)} {split} faces, predict must return class numbers ({len(part)},) or "
            f"probabilities ({len(part)}, {classes}), not {answer.dtype} {answer.shape}"
        )
    if not np.allclose(answer.sum(axis=1), 1, atol=1e-3) or answer.min() < 0:
        raise ValueError(f"predict's probabilities of the {split} faces do not add up to one")
    return answer


def _read(path: Path, mine: bool) -> Row:
    try:
        with np.load(path) as stored:
            facts = json.loads(str(stored["facts"]))
            arrays = {split: stored[split].astype("float64") for split in SPLITS}
        for array in arrays.values():
            if array.ndim != 2 or not (array.sum(axis=1) > 0).all():
                raise ValueError("these are no probabilities")
        scaled = {split: a / a.sum(axis=1, keepdims=True) for split, a in arrays.items()}
        kinds = {"chapter": str, "model": str, "parameters": int}
        if {name: type(value) for name, value in facts.items()} != kinds:
            raise ValueError("other facts than those of a row")
        return Row(mine=mine, probabilities=scaled, **facts)
    # What can go wrong in a broken archive is as long as the list of its formats.
    except Exception as error:
        advice = "remove it and run that chapter again" if mine else "install the course again"
        raise ValueError(f"the row {path} of the results table is damaged; {advice}") from error


def rows(faces: FaceDataset, *, profile: str = "cpu") -> dict[str, Row]:
    """Return the rows by chapter, in order: one's own, and the course's for what is missing.

    Raises
    ------
    ValueError
        If a row is damaged, or does not fit the faces; names the file.
    """
    found: dict[str, Row] = {}
    for place, mine in ((COURSE, False), (folder(), True)):
        for path in (place / shelf(faces, profile)).glob("*.npz"):
            found[path.stem] = row = _read(path, mine)
            for split, array in row.probabilities.items():
                needed = (int(np.sum(faces.split == split)), len(faces.class_names))
                if array.shape != needed:
                    raise ValueError(
                        f"the row {path} has {split} probabilities of shape {array.shape}, which "
                        f"for these faces is {needed}; give all faces, as loaded, or remove it"
                    )
    return dict(sorted(found.items()))


def table(
    faces: FaceDataset,
    *,
    upto: str = "99",
    profile: str = "cpu",
    split: str = "validation",
) -> None:
    """Print the rows of the chapters up to one, each with its accuracy and 95 % interval.

    Parameters
    ----------
    faces
        The data set; only rows that were made with it are shown.
    upto
        The last chapter to show.
    profile
        Of which profile.
    split
        "validation", or "test" to break the seal.

    Raises
    ------
    ValueError
        An unknown split, or a damaged row.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; choose {' or '.join(SPLITS)}")
    shown = [row for row in rows(faces, profile=profile).values() if row.chapter <= upto]
    labels = faces.part(split).labels
    width = max([len(row.model) for row in shown], default=0)
    source = "synthetic faces" if faces.source.synthetic else "photographs"
    print(f"{split} faces of {faces.source.name} ({source}), {len(labels)} of them")
    print(f"    {'model':{width}}  parameters  accuracy  95 % interval")
    for row in shown:
        right = int((row.probabilities[split].argmax(axis=1) == labels).sum())
        low, high = evaluation.wilson_interval(right, len(labels))
        print(
            f"{row.chapter[:2]}  {row.model:{width}}  {row.parameters:>10,}  "
            f"{right / len(labels):8.3f}  {low:.3f} to {high:.3f}{'' if row.mine else ' *'}"
        )
    if not all(row.mine for row in shown):
        print("* the course's own row; run that chapter to see yours")
    if not shown:
        print("no row yet")
