"""Measure the course's input pipeline against the papers' way, in one run on one machine.

The papers read folders of image files with Keras's ``ImageDataGenerator.flow_from_directory``,
which opens, decodes and changes every image anew in every epoch, one after the other.
The course decodes once (`data_fetch`) and changes whole batches (`fer_helpers.training.Batches`).
Both sides here give the same: grey images of 48×48 in [0, 1], shuffled, shifted by whole pixels
up to a tenth of the side, mirrored with a chance of one half, in batches of 64.

``python -m tools.benchmark`` prints the result and, with --store, keeps it for the scoreboard.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image

from data_fetch import FaceDataset, load
from fer_helpers import results, training
from fer_helpers.study import hardware

SHIFT, BATCH = 5, 64


def write_folders(faces: FaceDataset, root: Path) -> None:
    """Write the faces as FER2013 comes from Kaggle: a folder per class, one JPEG per face."""
    for number, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
        folder = root / faces.class_names[label]
        folder.mkdir(exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / f"{number:05}.jpg", quality=95)


def folder_batches(root: Path):
    """Return the papers' generator over such a folder."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    # Lists, not shares: ImageDataGenerator then draws whole pixels, as our side does.
    pixels = list(range(-SHIFT, SHIFT + 1))
    generator = ImageDataGenerator(
        rescale=1 / 255, width_shift_range=pixels, height_shift_range=pixels, horizontal_flip=True
    )
    return generator.flow_from_directory(
        root, target_size=(48, 48), color_mode="grayscale", batch_size=BATCH, shuffle=True, seed=0
    )


def array_batches(faces: FaceDataset) -> training.Batches:
    """Return the course's batches of the same faces."""
    protocol = training.Protocol("the benchmark", batch_size=BATCH, shift=SHIFT / 48)
    images = faces.images.astype("float32") / 255
    return training.Batches(images, faces.labels, protocol, seed=0)


def rate(batch: Callable[[int], tuple], batches: int, images: int) -> float:
    """Return images per second over one pass."""
    started = time.perf_counter()
    seen = sum(len(batch(index)[1]) for index in range(batches))
    assert seen == images
    return images / (time.perf_counter() - started)


def measure(count: int = 4000, passes: int = 3) -> dict:
    """Measure both sides in turns; a turn each, `passes` times.

    Returns
    -------
    dict
        ``images``, images per second of both sides (the median over passes) and ``machine``.
    """
    faces = load("sample").part("train")
    faces = faces.select(slice(0, count))
    with tempfile.TemporaryDirectory() as folder:
        write_folders(faces, Path(folder))
        theirs, ours = folder_batches(Path(folder)), array_batches(faces)
        rates = {"folder": [], "arrays": []}
        for turn in range(passes):
            rates["folder"].append(rate(theirs.__getitem__, len(theirs), len(faces)))
            theirs.on_epoch_end()
            ours.draw(turn)
            rates["arrays"].append(rate(ours.__getitem__, len(ours), len(faces)))
    return {
        "images": len(faces),
        **{f"{side}_per_second": float(np.median(values)) for side, values in rates.items()},
        "machine": hardware(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmark", description=__doc__)
    parser.add_argument("--store", action="store_true", help="keep the result for the scoreboard")
    options = parser.parse_args(arguments)
    found = measure()
    if options.store:
        results.BENCHMARK.write_text(json.dumps(found, indent=1) + "\n")
    print(results.benchmark_report(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
