from dataclasses import replace

import numpy as np
import pytest

from data_fetch import thermal
from data_fetch.dataset import checksum


@pytest.fixture(scope="module")
def film():
    return thermal.record()


@pytest.fixture(scope="module")
def perfect():
    return thermal.record(noise=0)


@pytest.fixture(scope="module")
def faces():
    return thermal.simulate()


def test_counts_of_the_paper(faces):
    assert faces.images.shape == (821, 48, 48, 1) and faces.images.dtype == np.uint8
    assert faces.counts() == {
        "angry": 136, "disgust": 137, "fear": 137, "happy": 137, "sad": 137, "surprise": 137,
    }  # fmt: skip
    _, frames = np.unique(faces.subject * 6 + faces.labels, return_counts=True)
    assert len(frames) == 60 and set(frames) == {13, 14}


def test_says_that_it_is_simulated(faces):
    assert faces.source.synthetic and "simulated" in faces.source.note


def test_splits_by_person(faces):
    people = {part: set(faces.part(part).subject) for part in ("train", "validation", "test")}
    assert people == {"train": set(range(7)), "validation": {7}, "test": {8, 9}}


def test_noise_of_the_camera(film, perfect):
    noise = film.temperatures - perfect.temperatures
    assert noise.std() == pytest.approx(thermal.NOISE, rel=0.01)
    assert abs(noise.mean()) < 0.001
    # Neighbouring pixels and frames are independent.
    assert abs(np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]) < 0.01


def test_people_differ_more_than_emotions(perfect):
    skin = np.array(
        [
            frame[row - 3 : row + 4, column - 3 : column + 4].mean()
            for frame, (row, column) in zip(perfect.temperatures, perfect.centres, strict=True)
        ]
    )
    person = np.array([skin[perfect.subject == k].mean() for k in range(10)])
    emotion = np.array([skin[perfect.labels == k].mean() for k in range(6)])
    assert person.std() > 3 * emotion.std()


def test_the_nose_cools_in_fear(perfect):
    def nose(moment):
        rows = (perfect.labels == 2) & moment
        frames, centres = perfect.temperatures[rows], perfect.centres[rows]
        return np.mean(
            [
                f[r + 3 : r + 6, c - 1 : c + 2].mean()
                for f, (r, c) in zip(frames, centres, strict=True)
            ]
        )

    change = nose(perfect.seconds > 120) - nose(perfect.seconds < 20)
    assert -1.0 < change < -0.2


def test_temperatures_are_those_of_a_room_and_a_body(perfect):
    assert 22 < perfect.temperatures.min() < 24
    assert 34 < perfect.temperatures.max() < 38


def test_little_is_clipped(faces):
    assert (faces.images == 255).mean() < 0.001 and (faces.images == 0).mean() < 0.001


def test_augmentation(faces):
    doubled = thermal.augment(faces)
    assert len(doubled) == 1642
    assert set(doubled.counts().values()) == {274, 272}
    np.testing.assert_array_equal(doubled.images[:821], faces.images)
    for name in ("labels", "subject", "split"):
        array = getattr(doubled, name)
        np.testing.assert_array_equal(array[821:], array[:821])
    assert (doubled.images[821:] != faces.images).any(axis=(1, 2, 3)).all()
    # A copy resembles its original more than it resembles anybody else's.
    small = doubled.images[..., 0].reshape(1642, 12, 4, 12, 4).mean(axis=(2, 4)).reshape(1642, -1)
    small -= small.mean(axis=1, keepdims=True)
    small /= np.sqrt((small * small).sum(axis=1, keepdims=True))
    own = (small[:821] * small[821:]).sum(axis=1)
    assert own.min() > 0.5
    assert doubled.source.checksum == checksum(doubled.images, doubled.labels)
    assert "augmentation" in doubled.source.note


def test_augmentation_moves_as_the_paper_says(faces):
    square = np.zeros((821, 48, 48, 1), np.uint8)
    square[:, 18:30, 18:30] = 200
    moved = thermal.augment(replace(faces, images=square)).images[821:, ..., 0]
    mass = moved.sum(axis=(1, 2))
    rows = (moved.sum(axis=2) * np.arange(48)).sum(axis=1) / mass
    assert 2.9 < np.abs(rows - 23.5).max() < 3.1
    area = mass / (12 * 12 * 200)
    assert 0.79 < area.min() < 0.84 and 1.18 < area.max() < 1.23


def test_augmentation_mirrors_half(faces):
    left = np.zeros((821, 48, 48, 1), np.uint8)
    left[:, 18:30, 4:16] = 200
    moved = thermal.augment(replace(faces, images=left)).images[821:, ..., 0]
    mirrored = moved[:, :, 24:].sum(axis=(1, 2)) > moved[:, :, :24].sum(axis=(1, 2))
    assert 0.45 < mirrored.mean() < 0.55


def test_seeds(faces):
    with pytest.raises(ValueError, match="seed"):
        thermal.simulate(-1)
    with pytest.raises(ValueError, match="seed"):
        thermal.augment(faces, seed=-1)
    assert (thermal.simulate(1).images != faces.images).mean() > 0.5


def test_known_checksum(faces):
    assert faces.source.checksum == thermal.KNOWN_CHECKSUMS["simulate"]
    assert thermal.augment(faces).source.checksum == thermal.KNOWN_CHECKSUMS["augment"]
