"""Stored runs: what was trained, how, where, how long, and every probability that came out.

A run is two files, ``<view>-<seed>.json`` (all but the arrays) and ``<view>-<seed>.npz``
(probabilities per split, float16).
``reference.npz`` beside them holds the true labels, and which images have a copy in training.
No image is stored.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from fer_helpers.evaluation import wilson_interval
from fer_helpers.results.cards import Card, card, make_card

__all__ = [
    "BENCHMARK",
    "RUNS",
    "Card",
    "Reference",
    "Run",
    "benchmark_report",
    "card",
    "folders",
    "load_run",
    "make_card",
    "provenance",
    "reference",
    "report",
    "save",
    "save_reference",
    "stored",
]

RUNS = Path(__file__).parent / "runs"
BENCHMARK = RUNS / "benchmark.json"


@dataclass(frozen=True)
class Run:
    """One trained network.

    Attributes
    ----------
    study, dataset, profile, view, seed
        What was run; see `fer_helpers.study`.
    architecture, parameters
        The network's name and its number of parameters.
    protocol
        The fields of `fer_helpers.training.Protocol`.
    training_images
        How many images it saw per epoch.
    arrangement, watch, without, options, frozen
        How the images were divided, which part was watched, and the rest of
        `fer_helpers.study.Plan`.
    data_checksum
        Of all pixels and labels; `FaceDataset.source.checksum`.
    versions, hardware
        Package versions; processor, number of cores, Keras backend.
    seconds
        Wall time of the training, all epochs together.
    history
        Loss, accuracy and seconds per epoch.
    probabilities
        Split name to float64 ``(n, classes)``, rows adding up to one.
    """

    study: str
    dataset: str
    profile: str
    view: str
    seed: int
    architecture: str
    parameters: int
    protocol: dict
    training_images: int
    data_checksum: str
    versions: dict[str, str]
    hardware: str
    seconds: float
    history: dict[str, list[float]]
    probabilities: dict[str, np.ndarray]
    arrangement: str = "official"
    watch: str = "validation"
    without: str | None = None
    options: dict = field(default_factory=dict)
    frozen: bool = False


@dataclass(frozen=True)
class Reference:
    """What the runs of one folder are judged against, per split.

    Attributes
    ----------
    class_names
        Names of the classes, in the order of the probabilities.
    labels
        Split name to true class numbers ``(n,)``.
    copies
        Split name to a mask ``(n,)`` of the images that have an exact copy in training.
    """

    class_names: tuple[str, ...]
    labels: dict[str, np.ndarray]
    copies: dict[str, np.ndarray]


def _write(path: Path, write) -> None:
    """Write beside the target, then move: a stored file is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        write(file)
    os.replace(partial, path)


def save(run: Run, folder: Path) -> None:
    """Store a run in a folder; the JSON comes last, and a run without it does not count."""
    stem = f"{run.view}-{run.seed}"
    # An older run of this name ends here: its facts must never stand beside new probabilities.
    (folder / f"{stem}.json").unlink(missing_ok=True)
    arrays = {name: array.astype("float16") for name, array in run.probabilities.items()}
    _write(folder / f"{stem}.npz", lambda file: np.savez_compressed(file, **arrays))
    facts = {f.name: getattr(run, f.name) for f in fields(run) if f.name != "probabilities"}
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    _write(folder / f"{stem}.json", lambda file: file.write(text.encode()))


def save_reference(reference: Reference, folder: Path) -> None:
    """Store labels (uint8) and copy masks in a folder."""
    arrays = {"class_names": np.array(reference.class_names)}
    for name, array in reference.labels.items():
        arrays[f"labels_{name}"] = array.astype("uint8")
        arrays[f"copies_{name}"] = reference.copies[name]
    _write(folder / "reference.npz", lambda file: np.savez_compressed(file, **arrays))


def load_run(folder: Path, view: str, seed: int) -> Run:
    """Read one stored run; float16 rows are scaled to add up to one again.

    Raises
    ------
    FileNotFoundError
        If there is no such run.
    ValueError
        If one of its files is damaged, or the second is missing; the message names both.
    """
    path = folder / f"{view}-{seed}.json"
    text = path.read_bytes()
    try:
        facts = json.loads(text.decode("utf-8"))
        with np.load(path.with_suffix(".npz")) as arrays:
            probabilities = {name: arrays[name].astype("float64") for name in arrays.files}
        for array in probabilities.values():
            array /= array.sum(axis=1, keepdims=True)
        return Run(**facts, probabilities=probabilities)
    except Exception as error:  # a zip archive of arrays can be damaged in many ways
        raise ValueError(
            f"{path} or the .npz file beside it is damaged ({error}); get both again, or remove "
            "both and train this network anew"
        ) from error


def stored(study: str, dataset: str, profile: str, *, runs: Path = RUNS) -> dict[tuple, Run]:
    """All stored runs of a study; empty where it was not run.

    Parameters
    ----------
    study, dataset, profile
        As in `fer_helpers.study.plans`.
    runs
        The folder of all studies.

    Returns
    -------
    dict
        ``(view, seed)`` to `Run`.

    Examples
    --------
    >>> stored("three-view-ensemble", "rafdb", "cpu")
    {}
    """
    found = {}
    for path in sorted((runs / study / f"{dataset}-{profile}").glob("*-*.json")):
        view, seed = path.stem.rsplit("-", 1)
        found[view, int(seed)] = load_run(path.parent, view, int(seed))
    return found


def reference(study: str, dataset: str, profile: str, *, runs: Path = RUNS) -> Reference:
    """Labels and copy masks of a stored study.

    Raises
    ------
    FileNotFoundError
        If the study was not run on that data set.
    """
    path = runs / study / f"{dataset}-{profile}" / "reference.npz"
    if not path.exists():
        raise FileNotFoundError(f"{study} was not run on {dataset} with profile {profile}")
    try:
        with np.load(path) as arrays:
            splits = [n.removeprefix("labels_") for n in arrays.files if n.startswith("labels_")]
            return Reference(
                tuple(str(name) for name in arrays["class_names"]),
                {name: arrays[f"labels_{name}"].astype("int64") for name in splits},
                {name: arrays[f"copies_{name}"] for name in splits},
            )
    except Exception as error:  # a zip archive of arrays can be damaged in many ways
        raise ValueError(
            f"{path} is damaged ({error}); get it again, or store the study again"
        ) from error


def provenance(runs: Iterable[Run]) -> str:
    """Say in a few lines where runs come from: data, network, protocol, machine, time."""
    runs = list(runs)
    first = runs[0]
    protocol = ", ".join(f"{name} {value}" for name, value in first.protocol.items())
    versions = dict.fromkeys(
        ", ".join(f"{name} {value}" for name, value in run.versions.items()) for run in runs
    )
    networks = f"{len(runs)} network" + "s" * (len(runs) > 1)
    lines = [
        f"data       {first.dataset}, {first.training_images:,} training images, "
        f"sha256 {first.data_checksum[:16]}…",
        f"network    {first.architecture}, {first.parameters:,} parameters",
        f"protocol   {protocol}",
        f"trained    {networks} in {sum(run.seconds for run in runs) / 60:.0f} min",
        f"machine    {'; '.join(dict.fromkeys(run.hardware for run in runs))}",
        f"versions   {'; '.join(versions)}",
    ]
    # As wide as a page's column.
    return "\n".join(
        textwrap.fill(line, 78, subsequent_indent=" " * 11, break_on_hyphens=False)
        for line in lines
    )


def folders(*, runs: Path = RUNS) -> list[tuple[str, str, str]]:
    """Plan, data set and profile of all that is stored, in the order of their names.

    Examples
    --------
    >>> ("three-view-ensemble", "fer2013", "cpu") in folders()
    True
    """
    found = []
    for path in sorted(runs.rglob("reference.npz")):
        dataset, _, profile = path.parent.name.rpartition("-")
        if dataset and path.parent.parent != runs:
            found.append((path.parent.parent.relative_to(runs).as_posix(), dataset, profile))
    return found


def report(
    name: str, dataset: str = "fer2013", *, without: str | None = None, runs: Path = RUNS
) -> str:
    """Say what a network has reached on a data set, or that it was not run.

    Accuracy with a 95 % interval, the same without the images that have a copy in training, and
    where the result comes from, for every plan that trained the network.

    Parameters
    ----------
    name
        A network's name.
    dataset
        The data set's name.
    without
        A plan to leave out.
    runs
        The folder of all studies.

    Examples
    --------
    >>> print(report("resnet18", "rafdb"))
    resnet18 on rafdb: not run
    """
    parts = []
    for plan, data, profile in folders(runs=runs):
        if data != dataset or plan == without:
            continue
        found = {
            member: run
            for member, run in stored(plan, data, profile, runs=runs).items()
            if run.architecture == name
        }
        if found:
            truth = reference(plan, data, profile, runs=runs)
            title = "" if plan == name else f", study {plan}"
            head = f"{name} on {dataset}{title}, profile {profile}"
            parts.append("\n".join([head, *_lines(found, truth), provenance(found.values())]))
    return "\n\n".join(parts) or f"{name} on {dataset}: not run"


def _lines(found: dict[tuple, Run], truth: Reference) -> list[str]:
    lines = []
    for (view, seed), run in found.items():
        for split, probabilities in run.probabilities.items():
            part, _, crops = split.partition("-")
            right = probabilities.argmax(axis=1) == truth.labels[part]
            alone = right[~truth.copies[part]]
            low, high = wilson_interval(int(right.sum()), len(right))
            what = f"{part}, 18 windows" if crops else part
            lines.append(
                f"{view} {seed}, {what + ':':<24} {right.mean():.3f} ({low:.3f} to {high:.3f}), "
                f"without copies {alone.mean():.3f}"
            )
    return lines


def benchmark_report(found: dict | None = None) -> str:
    """Say how many images per second the course's batches and the papers' way give.

    Parameters
    ----------
    found
        What ``make benchmark`` measured; None for the stored measurement.
    """
    if found is None:
        if not BENCHMARK.exists():
            return "Input pipeline: not run."
        found = json.loads(BENCHMARK.read_text())
    arrays, folder = found["arrays_per_second"], found["folder_per_second"]
    return (
        f"Augmented batches of {found['images']:,} synthetic faces, both ways in one run on "
        f"{found['machine']}: {folder:,.0f} images per second from folders "
        f"(`ImageDataGenerator.flow_from_directory`), {arrays:,.0f} from arrays "
        f"(`fer_helpers.training.Batches`): {arrays / folder:.0f} times as many."
    )
