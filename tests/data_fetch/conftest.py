import csv
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data_fetch import fer2013
from data_fetch.dataset import CLASS_NAMES, FaceDataset, Source, checksum

SIZES = {"train": (7, 5, 6, 11, 9, 8, 10), "test": (6, 4, 8, 12, 10, 8, 6)}


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """No test touches the user's cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("READING_FACES_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """FER2013's layout with a hundred images of noise, and what reading it must give."""
    generator = np.random.default_rng(5)
    root = tmp_path_factory.mktemp("tree") / "fer"
    images, labels, files = [], [], []
    for folder, sizes in SIZES.items():
        for label, (name, size) in enumerate(zip(CLASS_NAMES, sizes, strict=True)):
            place = root / folder / name
            place.mkdir(parents=True)
            usages = ["Training"] * size
            if folder == "test":
                usages = ["PrivateTest"] * (size // 2) + ["PublicTest"] * (size // 2)
            # Numbers of unequal length sort as text, not as numbers.
            stems = sorted(
                f"{usage}_{number}"
                for usage, number in zip(usages, generator.integers(1, 99_999, size), strict=True)
            )
            for stem in stems:
                pixels = generator.integers(0, 256, (48, 48), np.uint8)
                Image.fromarray(pixels).save(place / f"{stem}.jpg")
                images.append(np.asarray(Image.open(place / f"{stem}.jpg")))
                labels.append(label)
                files.append(f"{folder}/{name}/{stem}.jpg")
    images, labels = np.array(images)[..., None], np.array(labels)
    counts = {"train": 56, "validation": 27, "test": 27}
    release = fer2013.Release(counts, checksum(images, labels), archive="none")
    return SimpleNamespace(folder=root, images=images, labels=labels, files=files, release=release)


@pytest.fixture
def small(tree, tmp_path):
    """A copy of `tree` that a test may change."""
    folder = shutil.copytree(tree.folder, tmp_path / "fer")

    def zip_folder():
        path = tmp_path / "small.zip"
        with zipfile.ZipFile(path, "w") as opened:
            for file in sorted(folder.rglob("*.jpg"), reverse=True):
                opened.write(file, file.relative_to(folder).as_posix())
        return path

    own = {"folder": folder, "tmp_path": tmp_path, "zip": zip_folder}
    return SimpleNamespace(**{**vars(tree), **own})


@pytest.fixture
def archive(small):
    return small.zip()


@pytest.fixture
def table(small):
    """The rows of a ``fer2013.csv`` with the same images, and a function that writes them."""
    usages = {"Training": "Training", "PublicTest": "PublicTest", "PrivateTest": "PrivateTest"}
    rows = [
        [
            str(fer2013.CSV_CLASS_NAMES.index(CLASS_NAMES[label])),
            " ".join(map(str, image.ravel())),
            usages[Path(file).name.split("_")[0]],
        ]
        for image, label, file in zip(small.images, small.labels, small.files, strict=True)
    ]

    def write(header=("emotion", "pixels", "Usage")):
        path = small.tmp_path / "fer2013.csv"
        with open(path, "w", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return path

    return SimpleNamespace(rows=rows, write=write)


@pytest.fixture
def three_faces():
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1)
    labels = np.array([2, 0, 1])
    return FaceDataset(
        images=images,
        labels=labels,
        class_names=("fear", "happy", "sad"),
        split=np.array(["train", "train", "test"]),
        subject=np.array([4, 4, 5]),
        source=Source("Three", "none", checksum(images, labels), synthetic=True, note="a note"),
        files=None,
    )
