"""FER2013: 35,887 grey photographs of 48×48 pixels with seven expressions.

I. Goodfellow et al., "Challenges in representation learning: a report on three machine learning
contests", ICONIP 2013, https://doi.org/10.1007/978-3-642-42051-1_16.
"""

from __future__ import annotations

import csv
import functools
import itertools
import os
import stat
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from data_fetch import cache
from data_fetch.dataset import (
    CLASS_NAMES,
    SPLITS,
    DataError,
    FaceDataset,
    Source,
    checksum,
    decode_image,
)

NAME = "fer2013"
CSV_CLASS_NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
FOLDERS = ("train", "test")
# A version in the handle lets kagglehub answer from its own cache, without a network.
KAGGLE_HANDLE = "msambare/fer2013/versions/1"
LICENCE = (
    "Released for research (Goodfellow et al., 2013), gathered by web search; no licence of the "
    "photographers or of the people shown is known. The terms on Kaggle's page of "
    "msambare/fer2013 are its uploader's. Do not publish the images."
)
LAYOUT = (
    "expected train/<emotion>/Training_*.jpg and test/<emotion>/PublicTest_*.jpg and "
    f"PrivateTest_*.jpg with the emotions {', '.join(CLASS_NAMES)}"
)
SIZE = (48, 48)
# The archive holds 35,887 files of 57 MB in all, none above 3 kB; PNG copies are larger.
MAX_FILES, MAX_BYTES, MAX_FILE_BYTES = 100_000, 300_000_000, 100_000


@dataclass(frozen=True)
class Release:
    """What a complete copy of the data set holds.

    Attributes
    ----------
    counts : dict
        Images per split.
    checksum : str
        :func:`~data_fetch.dataset.checksum` of the images as decoded from the JPEG files, in
        the order of :func:`read`.
    archive : str
        SHA-256 of the archive as Kaggle serves it.
    """

    counts: dict[str, int]
    checksum: str
    archive: str


OFFICIAL = Release(
    counts={"train": 28_709, "validation": 3_589, "test": 3_589},
    # libjpeg-turbo, which every Pillow wheel brings, decodes grey JPEG by the exact integer
    # transform: the pixels do not depend on the platform.
    checksum="eaf2e996aec86c47f0d54b973913acda98c5b699ff1cb67682ce88420b422741",
    archive="c1c963e34ae883887951ed311b16c31db087297bdca16a3106f846626ff54a4e",
)


def load(path: str | os.PathLike | None = None, *, release: Release = OFFICIAL) -> FaceDataset:
    """Return FER2013 from the cache; with `path`, convert what lies there first.

    A second load of the same `path` uses the stored arrays, as long as size and modification
    time of `path` itself are the same.

    Raises
    ------
    DataError
        If the data set was not fetched yet, or what lies at `path` cannot be used.
    """
    if path is None:
        faces = cache.read(NAME)
        if faces is None:
            raise DataError(
                "FER2013 is not in the cache; run `python -m data_fetch get fer2013` to download "
                "it from Kaggle, or add `--from PATH` with the archive, the unpacked folder or "
                "fer2013.csv"
            )
        return faces
    faces = cache.read_if_sound(NAME)
    if faces is not None and cache.describe(NAME)["origin"] == _stamp(Path(path)):
        return faces
    return get(path, release=release)


def get(path: str | os.PathLike | None = None, *, release: Release = OFFICIAL) -> FaceDataset:
    """Convert FER2013 into the cache, from `path` or else from Kaggle, and return it.

    Raises
    ------
    DataError
        If the data cannot be had or used; the cache is then as it was before.
    """
    with cache.lock(NAME):
        cache.require_space(sum(release.counts.values()) * (SIZE[0] * SIZE[1] + 300))
        if path is not None:
            source = Path(path)
            return cache.store(NAME, read(source, release=release), origin=_stamp(source))
        source = _download()
        try:
            faces = read(source, release=release)
        except DataError as error:
            raise DataError(
                f"{error}; {cache.set_aside(source)}, the next run downloads anew"
            ) from error
        return cache.store(NAME, faces, origin=_stamp(source))


def read(source: str | os.PathLike, *, release: Release = OFFICIAL) -> FaceDataset:
    """Read FER2013 from the archive, the unpacked folder or the original ``fer2013.csv``.

    Archive and folder are read in the order of Keras's directory loader: ``train`` before
    ``test``, classes in alphabetical order, files sorted by name. The CSV keeps its own order.
    Nothing is unpacked to disk.

    Parameters
    ----------
    source : path
        ``.csv`` file, folder or zip archive.
    release : Release
        What a complete copy holds; tests pass a small one.

    Returns
    -------
    FaceDataset
        `images` uint8 ``(n, 48, 48, 1)``.

    Raises
    ------
    DataError
        If anything is missing, damaged or not as expected; the message names the file.
    """
    source = Path(source)
    archive = ""
    try:
        if not source.exists():
            raise DataError(f"{source} does not exist; give the archive, the folder or fer2013.csv")
        if not source.is_file() and not source.is_dir():
            # A pipe or a device might never end.
            raise DataError(f"{source} is neither a file nor a folder; give one of the two")
        if source.is_dir():
            kind = "unpacked folder"
            images, labels, split, files = _read_files(_files_of_folder(source), source, release)
        elif source.suffix.lower() == ".csv":
            kind = "fer2013.csv"
            images, labels, split, files = _read_csv(source, release)
        else:
            archive = cache.sha256(source)
            kind = ("another archive than Kaggle's", "Kaggle's archive")[archive == release.archive]
            with _open_archive(source) as opened:
                members = _files_of_archive(opened, source)
                images, labels, split, files = _read_files(members, source, release)
    except OSError as error:
        raise DataError(f"{source} cannot be read ({error}); check its permissions") from error

    digest = checksum(images, labels)
    # An archive that is Kaggle's to the byte is right even if a JPEG decoder should differ.
    if files is not None and digest != release.checksum and archive != release.archive:
        raise DataError(
            f"the images in {source} are not those of Kaggle's {KAGGLE_HANDLE} (checksum {digest} "
            f"instead of {release.checksum}); download it again"
        )
    return FaceDataset(
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        split=split,
        subject=None,
        source=Source("FER2013", LICENCE, digest, note=f"read from: {kind}"),
        files=files,
    )


def verify(*, release: Release = OFFICIAL) -> tuple[bool, list[str]]:
    """Hash the stored arrays again and compare them with all that is known.

    Arrays that changed since they were written are set aside.

    Returns
    -------
    bool
        Whether nothing differs.
    list of str
        What was compared, and the outcome.

    Raises
    ------
    DataError
        If the data set is not in the cache, or was damaged there.
    """
    faces = load()
    cache.check(NAME)
    counts = _counts(faces.split)
    digest = checksum(faces.images, faces.labels)
    lines = [
        f"{_three(counts)} images (Training / PublicTest / PrivateTest): "
        + ("as in the official split" if counts == release.counts else "NOT the official split"),
        f"checksum {digest}",
        "stored arrays: as they were written",
        f"{faces.source.note}",
    ]
    agrees = counts == release.counts and digest == faces.source.checksum
    if faces.files is None:
        lines.append("pixels and labels: not verified against a known value (none for the CSV)")
    elif digest == release.checksum:
        lines.append("pixels and labels: agree with the known checksum of Kaggle's archive")
    else:
        lines.append("pixels: differ from the known checksum; another JPEG decoder read them")
    return agrees, lines


def savenko_split(faces: FaceDataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the training and validation images of Savenko et al. (2026).

    The study reads both folders with Keras's ``ImageDataGenerator(validation_split=0.2)``, which
    puts the first fifth of each class, by file name, into ``subset="validation"`` and the rest
    into ``subset="training"``. It trains on the training subset of ``train`` (22,968 images) and
    validates on the validation subset of ``test`` (1,432, all of them PrivateTest).

    Parameters
    ----------
    faces : FaceDataset
        All of FER2013, from Kaggle, the archive or the folder.

    Returns
    -------
    training, validation : np.ndarray
        Positions in `faces`, int64 ``(22968,)`` and ``(1432,)``, in Keras's order.

    Raises
    ------
    DataError
        If `faces` comes from the CSV, which has no file names.

    Examples
    --------
    >>> files = np.array([f"{part}/sad/{number}.jpg" for part in FOLDERS for number in range(5)])
    >>> faces = FaceDataset(
    ...     np.zeros((10, 48, 48, 1), np.uint8), np.zeros(10, int), ("sad",),
    ...     np.array(["train"] * 5 + ["test"] * 5), None, Source("Ten", "none", ""), files,
    ... )
    >>> training, validation = savenko_split(faces)
    >>> training.tolist(), validation.tolist()
    ([1, 2, 3, 4], [5])
    """
    if faces.files is None:
        raise DataError(
            "the split of Savenko et al. goes by file names, which fer2013.csv does not have; run "
            "`python -m data_fetch get fer2013` to use Kaggle's copy"
        )
    folders = np.array([file.rpartition("/")[0] for file in faces.files])
    chosen = {"train": [], "test": []}
    for folder in np.unique(folders):
        index = np.flatnonzero(folders == folder)
        index = index[np.argsort(faces.files[index])]
        fifth = int(0.2 * len(index))
        if folder.startswith("train/"):
            chosen["train"].append(index[fifth:])
        else:
            chosen["test"].append(index[:fifth])
    return tuple(np.concatenate(parts) for parts in chosen.values())


def _download() -> Path:
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(KAGGLE_HANDLE))
    except Exception as error:  # kagglehub documents no common base of what it raises
        raise DataError(
            f"Kaggle's {KAGGLE_HANDLE} could not be downloaded ({type(error).__name__}: {error}); "
            "try again, which resumes, or download the archive by browser and run "
            "`python -m data_fetch get fer2013 --from ARCHIVE`"
        ) from error


def _stamp(path: Path) -> list:
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the path") from error
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]


def _counts(split: np.ndarray) -> dict[str, int]:
    return {part: int(np.sum(split == part)) for part in SPLITS}


def _check_counts(split: np.ndarray, source: Path, release: Release) -> None:
    if _counts(split) != release.counts:
        raise DataError(
            f"{source} holds {_three(_counts(split))} images instead of {_three(release.counts)} "
            "(Training / PublicTest / PrivateTest); get a complete copy"
        )


def _three(counts: dict[str, int]) -> str:
    return " / ".join(f"{counts[part]:,}" for part in SPLITS)


# --- image files, in a folder or an archive -------------------------------------------------


def _files_of_folder(source: Path) -> dict[str, Callable[[], bytes]]:
    return {
        path.relative_to(source).as_posix(): path.read_bytes
        for folder in FOLDERS
        for path in (source / folder).rglob("*")
        if path.is_file()
    }


def _open_archive(source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (NotImplementedError, ValueError) as error:
        raise DataError(f"{source} is damaged ({error}); download it again") from error
    except zipfile.BadZipFile as error:
        with open(source, "rb") as stream:
            cut = stream.read(4) == b"PK\x03\x04"
        problem = "is truncated" if cut else "is not a zip archive"
        raise DataError(
            f"{source} {problem}; download Kaggle's archive again, or give the unpacked folder or "
            "a .csv file"
        ) from error


def _files_of_archive(archive: zipfile.ZipFile, source: Path) -> dict[str, Callable[[], bytes]]:
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or size > MAX_BYTES:
        raise DataError(
            f"{source} would unpack to {len(members):,} files of {size / 1e6:,.0f} MB, more than "
            "FER2013 has; download the archive again"
        )
    files = {}
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or link:
            raise DataError(
                f"{source} holds {name!r}, which points outside the archive; do not use it, "
                "download it again"
            )
        if name in files:
            raise DataError(f"{source} holds {name!r} twice; download it again")
        if not member.is_dir():
            files[name] = functools.partial(_read_member, archive, member, source)
    return files


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Path) -> bytes:
    try:
        with archive.open(member) as stream:
            # The sizes in the archive's directory may be wrong, so what comes out is counted.
            data = stream.read(MAX_FILE_BYTES + 1)
    except Exception as error:  # each way of compression has errors of its own
        raise DataError(
            f"{member.filename} in {source} is damaged ({error}); download the archive again"
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise DataError(
            f"{member.filename} in {source} unpacks to more than {MAX_FILE_BYTES:,} bytes, no "
            "image of FER2013 does; download the archive again"
        )
    return data


def _read_files(
    files: dict[str, Callable[[], bytes]], source: Path, release: Release
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    table = sorted(_place(name, source) for name in files if _is_image(name))
    present = {(folder, label) for folder, label, _ in table}
    for folder, label in itertools.product(range(len(FOLDERS)), range(len(CLASS_NAMES))):
        if (folder, label) not in present:
            raise DataError(
                f"{source} has no images in {FOLDERS[folder]}/{CLASS_NAMES[label]}; {LAYOUT}"
            )
    names = np.array([name for _, _, name in table])
    labels = np.array([label for _, label, _ in table], np.int64)
    split = np.array([_part(name) for name in names])
    _check_counts(split, source, release)
    images = np.empty((len(names), *SIZE, 1), np.uint8)
    for image, name in zip(images, _progress(names), strict=True):
        image[..., 0] = decode_image(files[name](), f"{name} in {source}", size=SIZE, mode="L")
    return images, labels, split, names


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    return (
        len(path.parts) > 2
        and path.parts[0] in FOLDERS
        and not hidden
        and path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )


def _part(name: str) -> str | None:
    return USAGES.get(PurePosixPath(name).name.split("_")[0])


def _place(name: str, source: Path) -> tuple[int, int, str]:
    folder, emotion, *rest = PurePosixPath(name).parts
    if emotion not in CLASS_NAMES or len(rest) != 1:
        raise DataError(f"{source} holds {name}, which has no place in FER2013; {LAYOUT}")
    if _part(name) is None or (_part(name) == "train") != (folder == "train"):
        raise DataError(
            f"{name} in {source} does not say its split as a file in {folder} must; {LAYOUT}"
        )
    return FOLDERS.index(folder), CLASS_NAMES.index(emotion), name


# --- the original CSV -----------------------------------------------------------------------


def _read_csv(source: Path, release: Release) -> tuple[np.ndarray, np.ndarray, np.ndarray, None]:
    images, labels, split = [], [], []
    try:
        with open(source, newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            # One published copy of the file has a space before its column names.
            rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
            missing = {"emotion", "pixels", "Usage"} - set(rows.fieldnames)
            if missing:
                raise DataError(
                    f"{source} lacks the columns {', '.join(sorted(missing))}; expected the "
                    "original fer2013.csv with emotion, pixels, Usage"
                )
            for row in _progress(rows, sum(release.counts.values())):
                image, label, part = _parse(row, f"{source}, line {rows.line_num}")
                images.append(image)
                labels.append(label)
                split.append(part)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{source} is not a readable CSV file ({error}); get a new copy") from error
    _check_counts(np.array(split), source, release)
    return np.array(images).reshape(-1, *SIZE, 1), np.array(labels), np.array(split), None


def _parse(row: dict[str, str | None], where: str) -> tuple[np.ndarray, int, str]:
    remedy = "get a new copy of fer2013.csv"
    if None in row or None in row.values():
        columns = len(row.keys() - {None})
        raise DataError(f"{where}: expected {columns} columns; {remedy}")
    try:
        pixels = np.array(row["pixels"].split(), np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: a pixel is not an integer ({error}); {remedy}") from error
    if len(pixels) != SIZE[0] * SIZE[1]:
        raise DataError(f"{where}: {len(pixels)} pixels instead of 48×48 = 2,304; {remedy}")
    if pixels.min() < 0 or pixels.max() > 255:
        raise DataError(f"{where}: a pixel is not between 0 and 255; {remedy}")
    usage, emotion = row["Usage"].strip(), row["emotion"].strip()
    if usage not in USAGES:
        raise DataError(f"{where}: unknown usage {usage!r}, expected {', '.join(USAGES)}; {remedy}")
    if emotion not in map(str, range(len(CSV_CLASS_NAMES))):
        raise DataError(f"{where}: unknown emotion {emotion!r}, expected 0 to 6; {remedy}")
    label = CLASS_NAMES.index(CSV_CLASS_NAMES[int(emotion)])
    return pixels.astype(np.uint8), label, USAGES[usage]


def _progress(items: Iterable, total: int | None = None) -> tqdm:
    return tqdm(items, "FER2013", total, unit="image", disable=None)
