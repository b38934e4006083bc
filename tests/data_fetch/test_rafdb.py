import os
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data_fetch import DataError, load, rafdb

# As in the original: 1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral.
ROWS = [("train_00001", 5), ("train_00002", 1), ("train_00003", 3), ("train_00004", 7)]
ROWS += [("test_0001", 6), ("test_0002", 2), ("test_0003", 4)]
COUNTS = {"train": 4, "test": 3}


@pytest.fixture
def raf(tmp_path):
    folder = tmp_path / "basic"
    aligned = folder / "Image" / "aligned"
    aligned.mkdir(parents=True)
    generator = np.random.default_rng(2)
    for stem, _ in ROWS:
        pixels = generator.integers(0, 256, (100, 100, 3), np.uint8)
        Image.fromarray(pixels).save(aligned / f"{stem}_aligned.jpg")
    listing = folder / "list_patition_label.txt"
    listing.write_text("".join(f"{stem}.jpg {label}\n" for stem, label in ROWS))
    return SimpleNamespace(folder=folder, aligned=aligned, listing=listing)


def refused(raf, message):
    with pytest.raises(DataError, match=message) as caught:
        rafdb.read(raf.folder, counts=COUNTS)
    assert str(raf.folder) in str(caught.value)


def test_read(raf, cache_folder):
    faces = rafdb.read(raf.folder, counts=COUNTS)
    assert faces.images.shape == (7, 100, 100, 3) and faces.images.dtype == np.uint8
    named = [faces.class_names[label] for label in faces.labels]
    assert named == ["sad", "surprise", "disgust", "neutral", "angry", "fear", "happy"]
    assert faces.split.tolist() == ["train"] * 4 + ["test"] * 3
    first = np.asarray(Image.open(raf.aligned / "train_00001_aligned.jpg"))
    np.testing.assert_array_equal(faces.images[0], first)
    assert faces.files[4] == "Image/aligned/test_0001_aligned.jpg"


def test_nothing_is_kept(raf, cache_folder):
    before = sorted(raf.folder.rglob("*"))
    rafdb.read(raf.folder, counts=COUNTS)
    assert sorted(raf.folder.rglob("*")) == before
    assert not cache_folder.exists()


def test_six_classes(raf):
    six = rafdb.read(raf.folder, counts=COUNTS).without("disgust")
    assert six.class_names == ("angry", "fear", "happy", "neutral", "sad", "surprise")
    named = [six.class_names[label] for label in six.labels]
    assert named == ["sad", "surprise", "neutral", "angry", "fear", "happy"]


def test_the_list_in_its_original_folder(raf):
    (raf.folder / "EmoLabel").mkdir()
    raf.listing.rename(raf.folder / "EmoLabel" / raf.listing.name)
    assert len(rafdb.read(raf.folder, counts=COUNTS)) == 7


def test_no_folder():
    with pytest.raises(DataError, match="never downloaded: ask its authors.*`path`"):
        load("rafdb")


def test_an_incomplete_copy(raf):
    with pytest.raises(
        DataError, match="'train': 4, 'test': 3.*instead of .*12271.*get a new copy"
    ):
        load("rafdb", path=raf.folder)


def test_no_list(raf):
    raf.listing.unlink()
    refused(raf, "has no list_patition_label.txt; expected .*Image/aligned")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train_00005.jpg 8", "line 8: unknown label '8', expected 1 to 7"),
        ("train_00005.jpg", "line 8: unknown label '', expected 1 to 7"),
        ("train_00005.jpg 1 2", "line 8: unknown label '1 2'"),
        ("other_00005.jpg 1", "line 8: 'other_00005.jpg' is not train_NUMBER.jpg"),
        ("train_/../../x.jpg 1", "line 8: 'train_/../../x.jpg' is not train_NUMBER.jpg"),
        ("träin 1", "cannot be read"),
    ],
)
def test_bad_lines(raf, line, message):
    with open(raf.listing, "a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    refused(raf, message)


def test_missing_image(raf):
    (raf.aligned / "test_0002_aligned.jpg").unlink()
    refused(raf, "test_0002_aligned.jpg is missing; expected")


@pytest.mark.parametrize(
    ("mode", "size", "message"),
    [
        ("RGB", (100, 99), "100×99 pixels of mode RGB instead of 100×100 of mode RGB"),
        ("L", (100, 100), "100×100 pixels of mode L instead of 100×100 of mode RGB"),
    ],
)
def test_wrong_image(raf, mode, size, message):
    Image.new(mode, size).save(raf.aligned / "test_0002_aligned.jpg")
    refused(raf, f"test_0002_aligned.jpg has {message}; get an unaltered copy")


def test_undecodable_image(raf):
    path = raf.aligned / "test_0002_aligned.jpg"
    os.truncate(path, 900)
    refused(raf, "test_0002_aligned.jpg is not a readable image")


def test_a_path_that_no_system_takes():
    with pytest.raises(DataError, match="cannot be read"):
        rafdb.read("a" * 5000)
