"""Simulated thermograms: ten drawn people, filmed as Yershov et al. (2025) describe.

No thermal camera was used and nobody was filmed. Yershov et al. (Herald of the Kazakh-British
Technical University 22(2), 2025) filmed ten people while they watched six clips of four minutes,
with a Fluke TiS20+ MAX (120 × 90 pixels, 60 mK) at one metre; they kept 821 thermograms, cropped
them around the face and resized them to 48 × 48 pixels. Their data are not public. This module
imitates camera, protocol and counts, so that a chapter can ask what such data can show.

What is known, and what is ours:

- The paper counts 274 images per class, 272 for anger, after doubling: 137 and 136 thermograms.
  Spread over ten people that is 13 or 14 per clip (the text says 15 to 20).
- Directions of `SHIFTS`: the nose cools in fear and in laughter, the upper lip cools in fear, the
  skin around the eyes warms and the cheeks cool in a startle (review: Ioannou, Gallese & Merla,
  Psychophysiology 51, 2014; startle: Levine, Pavlidis & Cooper, The Lancet 357, 2001).
  For anger, disgust and sadness the review gives no agreed pattern: those rows are our guess.
- Every magnitude is ours: a few tenths of a kelvin, which is the order that the review reports,
  and differs between people. So are a person's own baseline and pattern, larger than any
  shift, the drift of the uncooled sensor and of the skin within a clip, breath at the nostrils,
  and small movements of the head. The face does not change its shape with the emotion.

The bytes are the same everywhere: see :mod:`data_fetch.exact`.
"""

from dataclasses import dataclass, replace

import numpy as np

from data_fetch.dataset import FaceDataset, Source, checksum
from data_fetch.exact import bits, bump, grain, ramp, spot, to_bytes, turn, uniform, wave

VERSION = 1
"""Raised whenever the pictures change, so that caches made by older code are not used."""

KNOWN_CHECKSUMS = {
    "simulate": "1744bd4cbb56639119bb0202d71e0b31aad6453c917a934b3ed08c6d1b7f55ec",
    "augment": "df1dfe0d25780fe6474a246d31d121762a8585694f261bd9cc9d6ae1fb68bfef",
}
"""Checksums of what the two functions return for seed 0."""

CLASS_NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise")

SUBJECTS = 10

# Sensitivity of the camera in kelvin: the standard deviation of one pixel between two frames.
NOISE = 0.060

# Temperatures in °C shown as 0 and as 255: one grey level is 63 mK.
COLDEST, WARMEST = 22.0, 38.0

# Change of skin temperature at the end of a clip in kelvin, for a person of average response.
SHIFTS = {
    "angry": {"forehead": 0.25, "eyes": 0.20, "cheeks": 0.20, "nose": 0.05},
    "disgust": {"nose": -0.15, "lip": 0.15, "cheeks": -0.15, "forehead": 0.05},
    "fear": {"nose": -0.50, "lip": -0.25, "eyes": 0.20, "cheeks": -0.10, "forehead": -0.10},
    "happy": {"nose": -0.25, "cheeks": 0.25, "lip": 0.10},
    "sad": {"forehead": -0.20, "nose": 0.10, "eyes": 0.10, "cheeks": -0.05},
    "surprise": {"eyes": 0.35, "cheeks": -0.25, "nose": -0.10},
}

REGIONS = ("forehead", "eyes", "nose", "cheeks", "lip")

_HEIGHT, _WIDTH, _CLIP, _SIDE, _SIZE = 90, 120, 240.0, 46, 48


@dataclass(frozen=True)
class Recording:
    """Frames as the simulated camera delivers them.

    Attributes
    ----------
    temperatures : np.ndarray
        float32 ``(821, 90, 120)``, °C.
    labels, subject : np.ndarray
        int64 ``(821,)``: emotion of the clip (position in `CLASS_NAMES`) and person.
    seconds : np.ndarray
        float64 ``(821,)``: time since the clip began.
    centres : np.ndarray
        int64 ``(821, 2)``: row and column of the face, as a face detector would give it.
    """

    temperatures: np.ndarray
    labels: np.ndarray
    subject: np.ndarray
    seconds: np.ndarray
    centres: np.ndarray


def _between(low: float, high: float, share: np.ndarray) -> np.ndarray:
    return low + (high - low) * share


def _peaked(draws: np.ndarray) -> np.ndarray:
    """Fold three uniform numbers (last axis) into one of mean 0 and variance 1."""
    return (draws[..., 0] + draws[..., 1] + draws[..., 2] - 1.5) * 2


def record(seed: int = 0, *, noise: float = NOISE) -> Recording:
    """Film the ten people.

    Parameters
    ----------
    seed : int
        Any whole number from 0: other people, other noise.
    noise : float
        Standard deviation of one pixel in kelvin; 0 for a perfect camera.

    Returns
    -------
    Recording
        Temperatures in °C with labels, people, times and positions of the faces.

    Raises
    ------
    ValueError
        If the seed is negative.

    Examples
    --------
    >>> film = record()
    >>> film.temperatures.shape
    (821, 90, 120)
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative, as {seed} is")
    clips, emotions = SUBJECTS * len(CLASS_NAMES), len(CLASS_NAMES)
    people = {
        "shape": uniform(seed, 0, (SUBJECTS, 10)),
        "warmth": 34.2 + 0.7 * _peaked(uniform(seed, 1, (SUBJECTS, 3))),
        "pattern": 0.35 * _peaked(uniform(seed, 2, (SUBJECTS, len(REGIONS), 3))),
    }
    response = _between(0.4, 1.6, uniform(seed, 3, (SUBJECTS, emotions, len(REGIONS))))
    settings = uniform(seed, 4, (clips, 4))
    moves = _between(-1.0, 1.0, uniform(seed, 5, (clips, 14, 4)))
    film = bits(seed, 6)
    parts = []
    for clip in range(clips):
        person, label = divmod(clip, emotions)
        # Three people have a frame fewer in each clip, four in the angry one: 821 in all.
        frames = 13 if (person + 3 * label) % SUBJECTS < (4 if label == 0 else 3) else 14
        seconds = (np.arange(frames) + 0.5) * _CLIP / frames
        shifts = [
            SHIFTS[CLASS_NAMES[label]].get(region, 0.0) * float(response[person, label, k])
            for k, region in enumerate(REGIONS)
        ]
        temperatures, centres = _film(
            {name: values[person] for name, values in people.items()},
            shifts,
            settings[clip],
            moves[clip, :frames].reshape(frames, 4, 1, 1),
            (seconds / _CLIP).reshape(frames, 1, 1),
        )
        if noise:
            temperatures += grain(film, temperatures.shape) * float(noise)
        parts.append(
            (temperatures, np.full(frames, label), np.full(frames, person), seconds, centres)
        )
    return Recording(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _film(
    person: dict[str, np.ndarray],
    shifts: list[float],
    settings: np.ndarray,
    moves: np.ndarray,
    time: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Film one clip without noise: °C float32 (frames, 90, 120) and the face's row and column."""
    width, height, eye_x, eye_y, nose_y, lip_y, hairline, lens, twist, veins = person["shape"]
    width, height = _between(14.0, 16.5, width), _between(19.0, 22.5, height)
    eye_x, eye_y = _between(0.34, 0.42, eye_x), _between(-0.22, -0.14, eye_y)
    nose_y, lip_y = _between(0.14, 0.26, nose_y), _between(0.46, 0.56, lip_y)
    hairline = _between(-0.75, -0.5, hairline)
    warmth = person["warmth"]
    # What the sensor reads too much, how far the skin drifts, and where the head rests.
    offset, drift = _between(-0.2, 0.2, settings[0]), _between(-0.25, 0.25, settings[1])
    centre_x = _between(54.0, 66.0, settings[2]) + moves[:, 0] * 1.2
    centre_y = _between(41.0, 47.0, settings[3]) + moves[:, 1]
    breath = moves[:, 3]
    onset = ramp(time * 2.5)

    # Face coordinates: the face is the unit circle, y downwards.
    cosine, sine = turn(moves[:, 2] * 0.03)
    right = np.arange(_WIDTH)[None, None, :] - centre_x
    down = np.arange(_HEIGHT)[None, :, None] - centre_y
    x = (cosine * right + sine * down) / width
    y = (cosine * down - sine * right) / height
    side = np.abs(x)
    regions = {
        "forehead": spot(x, y + 0.42, 0.75, 0.38),
        "eyes": spot(side - eye_x + 0.12, y - eye_y, 0.30, 0.20),
        "nose": spot(x, y - nose_y, 0.24, 0.30),
        "cheeks": spot(side - 0.48, y - 0.18, 0.36, 0.34),
        "lip": spot(x, y - lip_y + 0.02, 0.42, 0.22),
    }
    usual = {"forehead": 0.5, "eyes": 0.9, "nose": -1.2, "cheeks": -0.6, "lip": 0.2}
    skin = warmth + offset + drift * time - 1.2 * ramp((x * x + y * y) * 1.3 - 0.5)
    for region, own, shift in zip(REGIONS, person["pattern"], shifts, strict=True):
        skin = skin + (usual[region] + own + shift * onset) * regions[region]
    skin = skin + 0.12 * wave(x * 1.1 + twist) * wave(y * 1.3 + 0.4 * x + veins)
    skin = skin + 0.5 * spot(side - eye_x + 0.2, y - eye_y, 0.09, 0.09)
    skin = skin + 0.4 * breath * spot(side - 0.08, y - nose_y - 0.1, 0.09, 0.08)
    skin = skin - 0.5 * spot(side - eye_x - 0.02, y - eye_y + 0.17, 0.24, 0.07)
    if lens < 0.2:
        # Glass is opaque to the camera and nearly as cool as the room.
        skin = skin - 4 * np.minimum(spot(side - eye_x, y - eye_y - 0.04, 0.29, 0.24) * 3, 1)

    # The room, the neck, the shirt, ears and hair.
    room = 23.2 + 0.3 * wave(right * 0.004 + 0.2) + 0.2 * offset
    scene = room + (warmth - 0.3 - room) * ramp((0.62 - side) * 8) * ramp((y - 0.5) * 8)
    shirt = ramp((y - 1.30 - 0.1 * bump(x * x)) * 8) * ramp((2.2 - side) * 4)
    scene = scene + (28.2 - scene) * shirt
    ears = np.minimum(spot(side - 1.03, y, 0.16, 0.26) * 3, 1)
    scene = scene + (warmth - 2.5 - scene) * ears
    hair = ramp((1.14 - x * x - (y + 0.12) * (y + 0.12)) * 6) * ramp((0.2 - y) * 4)
    scene = scene + (28.8 + 0.4 * offset - scene) * hair
    face = ramp((1 - x * x - y * y) * 7 + 0.5) * (1 - ramp((hairline + 0.25 * x * x - y) * 7))
    scene = scene + (skin - scene) * face
    centres = np.floor(np.concatenate([centre_y, centre_x], axis=1)[..., 0] + 0.5)
    return scene.astype(np.float32), centres.astype(np.int64)


def _sample(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Bilinear values of one image between its pixels; beyond the border, the border."""
    height, width = image.shape
    rows = np.minimum(np.maximum(rows, 0), height - 1)
    columns = np.minimum(np.maximum(columns, 0), width - 1)
    top = np.minimum(np.floor(rows), height - 2).astype(int)
    left = np.minimum(np.floor(columns), width - 2).astype(int)
    down, right = rows - top, columns - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def simulate(seed: int = 0) -> FaceDataset:
    """Film ten people, crop the faces and scale them: 821 simulated thermograms.

    A window of 46 × 46 pixels around the face is resized to 48 × 48, and `COLDEST` to `WARMEST`
    (22 to 38 °C) becomes 0 to 255. Nobody is in two splits: people 0 to 6 are for training, 7 for
    validation, 8 and 9 for testing. (The paper splits images, not people.)

    Parameters
    ----------
    seed : int
        Any whole number from 0.

    Returns
    -------
    FaceDataset
        Images uint8 ``(821, 48, 48, 1)``, six classes, `subject` 0 to 9.

    Raises
    ------
    ValueError
        If the seed is negative.

    Examples
    --------
    >>> simulate()
    <FaceDataset thermal: 821 images of 48×48×1, 6 classes, train 575, validation 82, test 164>
    """
    film = record(seed)
    steps = (np.arange(_SIZE) + 0.5) * _SIDE / _SIZE - 0.5
    images = np.empty((len(film.labels), _SIZE, _SIZE, 1), np.uint8)
    for k, (frame, (row, column)) in enumerate(zip(film.temperatures, film.centres, strict=True)):
        rows, columns = np.meshgrid(
            row - _SIDE // 2 + steps, column - _SIDE // 2 + steps, indexing="ij"
        )
        crop = _sample(frame.astype(np.float64), rows, columns)
        images[k, ..., 0] = to_bytes((crop - COLDEST) / (WARMEST - COLDEST))
    parts = np.array(["train"] * 7 + ["validation"] + ["test"] * 2)
    return FaceDataset(
        images=images,
        labels=film.labels,
        class_names=CLASS_NAMES,
        split=parts[film.subject],
        subject=film.subject,
        source=Source(
            name="thermal",
            licence="made by this package: MIT, as the package",
            checksum=checksum(images, film.labels),
            synthetic=True,
            note=f"simulated after Yershov et al. (2025), version {VERSION}, seed {seed}",
        ),
    )


def augment(faces: FaceDataset, seed: int = 0) -> FaceDataset:
    """Append one changed copy of every image, as Yershov et al. (2025) do.

    Each copy is turned by up to 10°, mirrored with a chance of one half, scaled to between 90 and
    110 % and shifted by up to 3 pixels; what enters at the border repeats the border. Image
    ``len(faces) + i`` is the copy of image ``i`` and keeps its label, person and split.

    Parameters
    ----------
    faces : FaceDataset
        Images with one channel, such as `simulate` returns.
    seed : int
        Any whole number from 0.

    Returns
    -------
    FaceDataset
        Twice as many images: 1,642 of 821.

    Raises
    ------
    ValueError
        If the seed is negative, or the images have several channels.

    Examples
    --------
    >>> faces = simulate()
    >>> doubled = augment(faces)
    >>> len(doubled), bool((doubled.subject[821:] == faces.subject).all())
    (1642, True)
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative, as {seed} is")
    count, height, width, channels = faces.images.shape
    if channels != 1:
        raise ValueError(f"images must have one channel, not {channels}")
    draws = uniform(seed, 7, (count, 5))
    # Half-angle tangents up to that of 5° give turns up to 10°, even to three in a thousand.
    cosine, sine = turn(_between(-1, 1, draws[:, 0]) * 0.08748866352592401)
    mirrored = draws[:, 1] < 0.5
    scale = _between(0.9, 1.1, draws[:, 2])
    shift = _between(-3, 3, draws[:, 3:])
    down = np.arange(height)[:, None] - (height - 1) / 2
    right = np.arange(width)[None, :] - (width - 1) / 2
    copies = np.empty_like(faces.images)
    for i in range(count):
        y, x = (down - shift[i, 0]) / scale[i], (right - shift[i, 1]) / scale[i]
        rows = cosine[i] * y - sine[i] * x + (height - 1) / 2
        columns = cosine[i] * x + sine[i] * y
        columns = (-columns if mirrored[i] else columns) + (width - 1) / 2
        image = faces.images[i, ..., 0].astype(np.float64)
        copies[i, ..., 0] = to_bytes(_sample(image, rows, columns) / 255)
    images = np.concatenate([faces.images, copies])
    labels = np.concatenate([faces.labels, faces.labels])
    return replace(
        faces,
        images=images,
        labels=labels,
        split=np.concatenate([faces.split, faces.split]),
        subject=None if faces.subject is None else np.concatenate([faces.subject, faces.subject]),
        files=None,
        source=replace(
            faces.source,
            checksum=checksum(images, labels),
            note=f"{faces.source.note}; doubled by augmentation, seed {seed}",
        ),
    )
