"""RAF-DB, basic emotions: 15,339 aligned colour photographs of 100×100 pixels.

S. Li, W. Deng and J. Du, "Reliable crowdsourcing and deep locality-preserving learning for
expression recognition in the wild", CVPR 2017, https://doi.org/10.1109/CVPR.2017.277.

The data set is granted to one person at a time and may not be passed on. This module reads the
folder of a person who has it and keeps nothing: no download, no copy in the cache.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from data_fetch.dataset import CLASS_NAMES, DataError, FaceDataset, Source, checksum, decode_image

LICENCE = (
    "Non-commercial research only, by agreement with the authors; the images may not be passed on "
    "or published."
)
# The list's numbers 1 to 7. Its file name is misspelt in the original.
LABELS = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
LIST = "list_patition_label.txt"
LAYOUT = f"expected {LIST} (or EmoLabel/{LIST}) and Image/aligned/*_aligned.jpg"
OFFICIAL = {"train": 12_271, "test": 3_068}
SIZE = (100, 100)


def read(path: str | os.PathLike | None, *, counts: dict[str, int] = OFFICIAL) -> FaceDataset:
    """Read RAF-DB from the folder at `path`.

    The six-class variant of Matijašević et al. (2024) is ``read(path).without("disgust")``.

    Parameters
    ----------
    path : path
        The folder that holds ``list_patition_label.txt`` and ``Image/aligned``.
    counts : dict
        Images per split of a complete copy; tests pass small ones.

    Returns
    -------
    FaceDataset
        `images` uint8 ``(15339, 100, 100, 3)``, red, green, blue; splits ``"train"`` and
        ``"test"``, in the list's order.

    Raises
    ------
    DataError
        If anything is missing, damaged or not as expected; the message names the file.
    """
    if path is None:
        raise DataError(
            "RAF-DB is never downloaded: ask its authors for access "
            "(http://www.whdeng.cn/RAF/model1.html), then give your folder as `path` "
            "(on the command line, `--from`)"
        )
    folder = Path(path)
    try:
        listing = next(
            (file for file in (folder / LIST, folder / "EmoLabel" / LIST) if file.is_file()), None
        )
        if listing is None:
            raise DataError(f"{folder} has no {LIST}; {LAYOUT}")
        lines = listing.read_text(encoding="ascii").splitlines()
        rows = [
            _parse(line, f"{listing}, line {number}")
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
        files = np.array([f"Image/aligned/{stem}_aligned.jpg" for stem, _ in rows])
        split = np.array([stem.partition("_")[0] for stem, _ in rows])
        found = {part: int(np.sum(split == part)) for part in counts}
        if found != counts:
            raise DataError(f"{listing} lists {found} images instead of {counts}; get a new copy")
        images = np.empty((len(rows), *SIZE, 3), np.uint8)
        for image, file in zip(
            images, tqdm(files, "RAF-DB", unit="image", disable=None), strict=True
        ):
            data = (folder / file).read_bytes()
            image[:] = decode_image(data, str(folder / file), size=SIZE, mode="RGB")
    except FileNotFoundError as error:
        raise DataError(f"{error.filename} is missing; {LAYOUT}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{folder} cannot be read ({error}); check it against your copy") from error
    labels = np.array([label for _, label in rows], np.int64)
    return FaceDataset(
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        split=split,
        subject=None,
        source=Source("RAF-DB", LICENCE, checksum(images, labels)),
        files=files,
    )


def _parse(line: str, where: str) -> tuple[str, int]:
    name, _, number = line.strip().partition(" ")
    stem = name.removesuffix(".jpg")
    if not stem.startswith(("train_", "test_")) or not stem.replace("_", "").isalnum():
        raise DataError(f"{where}: {name!r} is not train_NUMBER.jpg or test_NUMBER.jpg; {LAYOUT}")
    if number not in map(str, range(1, len(LABELS) + 1)):
        raise DataError(f"{where}: unknown label {number!r}, expected 1 to 7; get a new copy")
    return stem, CLASS_NAMES.index(LABELS[int(number) - 1])
