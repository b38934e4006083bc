import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from data_fetch import DataError
from data_fetch.dataset import checksum, copies_of_training, decode_image, duplicates


def test_select_keeps_everything_in_step(three_faces):
    chosen = three_faces.select(np.array([2, 0]))
    assert chosen.images[:, 0, 0, 0].tolist() == [8, 0]
    assert chosen.labels.tolist() == [1, 2]
    assert chosen.split.tolist() == ["test", "train"]
    assert chosen.subject.tolist() == [5, 4]
    assert chosen.files is None
    assert chosen.source == three_faces.source


def test_part_and_counts(three_faces):
    assert len(three_faces.part("train")) == 2
    assert three_faces.part("test").counts() == {"fear": 0, "happy": 1, "sad": 0}
    with pytest.raises(ValueError, match="unknown part 'validation'; choose one of 'train'"):
        three_faces.part("validation")


def test_without_renumbers(three_faces):
    rest = three_faces.without("happy")
    assert rest.class_names == ("fear", "sad")
    assert rest.labels.tolist() == [1, 0]
    assert rest.images[:, 0, 0, 0].tolist() == [0, 4]
    assert rest.labels.dtype == np.int64
    with pytest.raises(ValueError, match="unknown class 'glad'; choose one of 'fear', 'happy'"):
        three_faces.without("glad")


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((3, 2, 2, 1))},
        {"images": np.zeros((3, 2, 2), np.uint8)},
        {"labels": np.array([0, 1])},
        {"labels": np.array([0, 1, 3])},
        {"labels": np.array([0, 1, -1])},
        {"split": np.array(["train"])},
        {"subject": np.zeros((3, 1), int)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(three_faces, change):
    with pytest.raises(ValueError, match="must"):
        replace(three_faces, **change)


def test_checksum_is_the_documented_one():
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 1), np.uint8)
    labels = [2, 0, 1]
    by_hand = b"".join(number.to_bytes(8, "little") for number in images.shape)
    by_hand += bytes(images.ravel().tolist())
    by_hand += b"".join(label.to_bytes(8, "little") for label in labels)
    assert checksum(images, np.array(labels)) == hashlib.sha256(by_hand).hexdigest()
    assert checksum(images, np.array(labels, ">i2")) == checksum(images, np.array(labels))
    assert checksum(images[::-1][::-1], np.array(labels)) == checksum(images, np.array(labels))
    reshaped = images.reshape(3, 5, 4, 1)
    assert checksum(reshaped, np.array(labels)) != checksum(images, np.array(labels))


def test_duplicates_against_a_plain_comparison(small):
    generator = np.random.default_rng(1)
    images = generator.integers(0, 2, (60, 2, 2, 1), np.uint8)  # 16 possible pictures
    images = np.pad(images, ((0, 0), (23, 23), (23, 23), (0, 0)))
    from data_fetch import fer2013

    faces = fer2013.read(small.folder, release=small.release).select(slice(40, 100))
    faces = replace(faces, images=images)
    found = duplicates(faces)

    expected = {}
    for index, image in enumerate(images):
        expected.setdefault(image.tobytes(), []).append(index)
    expected = [group for group in expected.values() if len(group) > 1]
    assert [group.tolist() for group in found.groups] == expected
    for group, across, conflicting in zip(expected, found.across, found.conflicting, strict=True):
        assert across == (len({faces.split[index] for index in group}) > 1)
        assert conflicting == (len({faces.labels[index] for index in group}) > 1)
    assert found.blank.tolist() == [index for index in range(60) if not images[index].any()]
    copies = [
        faces.split[i] != "train"
        and any((images[i] == images[j]).all() for j in range(60) if faces.split[j] == "train")
        for i in range(60)
    ]
    assert 0 < sum(copies) < 60
    assert copies_of_training(faces).tolist() == copies


def test_no_images_no_duplicates(three_faces):
    none = three_faces.select(slice(0))
    assert duplicates(none).groups == ()
    assert copies_of_training(none).shape == (0,)
    assert duplicates(three_faces).groups == ()


def _encoded(mode, size, kind="JPEG"):
    stream = io.BytesIO()
    Image.new(mode, size, 7).save(stream, kind)
    return stream.getvalue()


def test_decode_image():
    pixels = decode_image(_encoded("L", (48, 40)), "a.jpg", size=(48, 40), mode="L")
    assert pixels.shape == (40, 48) and pixels.dtype == np.uint8 and (pixels == 7).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_encoded("L", (48, 47)), "48×47 pixels of mode L instead of 48×48 of mode L"),
        (_encoded("RGB", (48, 48)), "mode RGB instead of 48×48 of mode L"),
        (_encoded("L", (48, 48), "PNG")[:-30], "not a readable image"),
        (_encoded("L", (48, 48))[:-100], "not a readable image"),
        (_encoded("L", (48, 48), "BMP"), "not a readable image"),
        (b"", "not a readable image"),
        (b"GIF89a nonsense", "not a readable image"),
    ],
)
def test_images_that_are_refused(data, message):
    with pytest.raises(DataError, match=f"^a.jpg .*{message}.*; get "):
        decode_image(data, "a.jpg", size=(48, 48), mode="L")
