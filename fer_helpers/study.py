"""Run a whole study: every network of it, one after the other, resumable.

``python -m fer_helpers.study three-view-ensemble --dataset fer2013`` trains what chapter 24 needs.
Each finished network is written at once, and a network in training after every epoch:
a kill loses at most one epoch, and the same command goes on.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from data_fetch import DataError, FaceDataset, copies_of_training, load
from data_fetch.cache import cache_dir, locked
from fer_helpers import architectures, results, training, views
from fer_helpers.architectures.residual import WEIGHTS as COMPACT_WEIGHTS

STUDIES = ("three-view-ensemble", "compact")
# Grey images with all three splits; the others come with their own studies.
DATASETS = ("sample", "fer2013")


@dataclass(frozen=True)
class Plan:
    """What a study trains.

    Attributes
    ----------
    study, dataset, profile
        Its name, the data, and ``"smoke"``, ``"cpu"`` or ``"full"``.
    architecture, protocol
        The network by name, and how it is trained.
    members
        ``(view, seed)`` of each network.
    limit
        Most images per split, or None for all.
    """

    study: str
    dataset: str
    profile: str
    architecture: str
    protocol: training.Protocol
    members: tuple[tuple[str, int], ...]
    limit: int | None = None


# Three views with one seed, and the control: two more seeds of the plain image.
_MEMBERS = (("image", 0), ("contour", 0), ("inverted", 0), ("image", 1), ("image", 2))


def plan(study: str, dataset: str, profile: str, *, seed: int = 0) -> Plan:
    """Look up what a study trains on a data set in a profile.

    Parameters
    ----------
    study
        One of `STUDIES`.
    dataset
        One of `DATASETS`.
    profile
        ``"full"`` is Savenko's own protocol; ``"cpu"`` a shorter one with the small network, made
        for two cores: a minute on the sample, an hour on FER2013; ``"smoke"`` takes seconds.
    seed
        Added to every member's seed: another seed is another repetition of the whole study.

    Raises
    ------
    ValueError
        If a name is unknown; the message lists the choices.

    Examples
    --------
    >>> plan("three-view-ensemble", "sample", "smoke").members[1]
    ('contour', 0)
    """
    for value, choices, what in (
        (study, STUDIES, "study"),
        (dataset, DATASETS, "dataset"),
        (profile, training.PROFILES, "profile"),
    ):
        if value not in choices:
            raise ValueError(f"unknown {what} {value!r}; choose one of {', '.join(choices)}")
    if study == "compact":
        epochs = {"smoke": 1, "cpu": training.COMPACT.epochs, "full": 3 * training.COMPACT.epochs}
        protocol = replace(training.COMPACT, epochs=epochs[profile])
        limit = 512 if profile == "smoke" else None
        return Plan(study, dataset, profile, "compact", protocol, (("image", seed),), limit)
    members = tuple((view, number + seed) for view, number in _MEMBERS)
    if profile == "full":
        return Plan(study, dataset, profile, "six_conv_cnn", training.SAVENKO, members)
    sample = dataset == "sample"
    # A short training at a constant rate ends wherever its last steps threw it. On the sample,
    # with a minute for five networks, smaller batches make more steps of the same images.
    shortened = replace(
        training.SAVENKO,
        source="savenko2026, shortened, with our cosine schedule",
        epochs={"smoke": 1, "cpu": 3 if sample else 30}[profile],
        batch_size=32 if sample else 64,
        learning_rate=3e-3,
        schedule="cosine",
    )
    # Five networks have to fit into a minute on the sample, at the cost of some training images.
    limit = 512 if profile == "smoke" else 4000 if sample else None
    return Plan(study, dataset, profile, "quick", shortened, members, limit)


def default_folder(plan: Plan) -> Path:
    """Where a study keeps its state between two starts: beside the cached data sets."""
    seed = plan.members[0][1]
    name = f"{plan.dataset}-{plan.profile}" + (f"-seed-{seed}" if seed else "")
    return cache_dir() / "studies" / plan.study / name


class _Progress(keras.callbacks.Callback):
    """A line per epoch over the whole study, with the time left."""

    def __init__(self, log: Callable[[str], None], epochs: int, done: int) -> None:
        super().__init__()
        self.log, self.epochs = log, epochs
        self.done, self.started, self.counted = done, time.perf_counter(), 0
        self.name = ""

    def on_epoch_end(self, epoch, logs=None):
        self.done += 1
        self.counted += 1
        per_epoch = (time.perf_counter() - self.started) / self.counted
        left = (self.epochs - self.done) * per_epoch
        self.log(
            f"{self.name:10}  epoch {epoch + 1:2}/{self.params['epochs']}  "
            f"loss {logs['loss']:.3f}  accuracy {logs['accuracy']:.3f}  "
            f"validation {logs['val_accuracy']:.3f}  left {_duration(left)}"
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def hardware() -> str:
    """Processor, cores and Keras backend of this machine, without its name."""
    processor = platform.processor() or platform.machine()
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    precision = keras.config.dtype_policy().compute_dtype
    return (
        f"{processor}, {os.cpu_count()} cores, Keras backend {keras.backend.backend()}, {precision}"
    )


def _versions() -> dict[str, str]:
    backend = keras.backend.backend()
    found = {"python": platform.python_version()}
    for name in ("keras", backend, "numpy"):
        for package in (name, f"{name}-cpu"):
            try:
                found[name] = importlib.metadata.version(package)
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return found


def limited(faces: FaceDataset, limit: int | None) -> FaceDataset:
    """Take at most `limit` images of every split, evenly over its images."""
    if limit is None:
        return faces
    kept = []
    for name in ("train", "validation", "test"):
        indices = np.flatnonzero(faces.split == name)
        chosen = np.linspace(0, len(indices) - 1, min(limit, len(indices))).astype(int)
        kept.append(indices[chosen])
    return faces.select(np.concatenate(kept))


def _claim(plan: Plan, faces: FaceDataset, folder: Path) -> None:
    """Make the folder ours, or refuse: it may hold another configuration's run."""
    wanted = json.loads(json.dumps(asdict(plan) | {"data_checksum": faces.source.checksum}))
    path = folder / "plan.json"
    if path.exists():
        try:
            found = json.loads(path.read_text())
            if not isinstance(found, dict):
                raise ValueError("not an object")
        except ValueError as error:
            raise ValueError(
                f"{path} is damaged ({error}); choose another folder or remove this one"
            ) from error
        if found != wanted:
            differing = sorted(
                k for k in wanted | found if wanted.get(k, None) != found.get(k, None)
            )
            raise ValueError(
                f"{folder} holds a run of another configuration (different: "
                f"{', '.join(differing)}); choose another folder or remove this one"
            )
        return
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(wanted, indent=1))
    os.replace(draft, path)


def run(
    plan: Plan,
    faces: FaceDataset,
    *,
    folder: Path | None = None,
    log: Callable[[str], None] = print,
) -> tuple[dict[tuple[str, int], results.Run], results.Reference]:
    """Train every network of a study, or take it up where it was stopped.

    Where another process trains into the same folder, wait for it, and go on from what it left.

    Parameters
    ----------
    plan
        What to train.
    faces
        All splits. Networks learn from ``train``; ``validation`` is watched; both ``validation``
        and ``test`` are predicted once, after the last epoch.
    folder
        Where finished networks and the one in training are kept; None keeps nothing.
    log
        Called with a line per epoch.

    Returns
    -------
    runs
        ``(view, seed)`` to `fer_helpers.results.Run`.
    reference
        True labels, and which images have an exact copy in training.

    Raises
    ------
    ValueError
        If the folder holds a run of another configuration, or a damaged one; nothing is
        overwritten.
    """
    if folder is None:
        return _run(plan, faces, None, log)
    with locked(folder / ".lock", f"waiting for another process that trains into {folder}"):
        _claim(plan, faces, folder)
        return _run(plan, faces, folder, log)


def _run(
    plan: Plan, faces: FaceDataset, folder: Path | None, log: Callable[[str], None]
) -> tuple[dict[tuple[str, int], results.Run], results.Reference]:
    checksum = faces.source.checksum
    faces = limited(faces, plan.limit)
    parts = {name: faces.part(name) for name in ("train", "validation", "test")}
    copies = copies_of_training(faces)
    reference = results.Reference(
        faces.class_names,
        {name: parts[name].labels for name in ("validation", "test")},
        {name: copies[faces.split == name] for name in ("validation", "test")},
    )
    runs = {}
    for view, seed in plan.members:
        if folder is not None and (folder / f"{view}-{seed}.json").exists():
            runs[view, seed] = results.load_run(folder, view, seed)
    progress = _Progress(
        log, len(plan.members) * plan.protocol.epochs, len(runs) * plan.protocol.epochs
    )
    for view, seed in plan.members:
        if (view, seed) in runs:
            continue
        progress.name = f"{view} {seed}"
        checkpoint = folder / f"{view}-{seed}.state" if folder is not None else None
        state = checkpoint / "history.json" if checkpoint else None
        if state and state.exists():
            progress.done += json.loads(state.read_text())["epochs"]
        inputs = {name: views.make_view(part.images, view) for name, part in parts.items()}
        size = faces.images.shape[1:]
        make = partial(
            architectures.build,
            plan.architecture,
            input_shape=size if plan.protocol.crop is None else (None, None, size[2]),
            classes=len(faces.class_names),
        )
        model, history = training.fit(
            make,
            inputs["train"],
            parts["train"].labels,
            plan.protocol,
            seed=seed,
            validation=(inputs["validation"], parts["validation"].labels),
            checkpoint=checkpoint,
            verbose=0,
            callbacks=(progress,),
        )
        model = _in_float32(model, make)
        windows = {name: {"crop": None} for name in ("validation", "test")}
        if plan.protocol.crop is not None:
            for name in ("validation", "test"):
                windows[f"{name}-crops"] = {"crop": plan.protocol.crop}
        finished = results.Run(
            study=plan.study,
            dataset=plan.dataset,
            profile=plan.profile,
            view=view,
            seed=seed,
            architecture=plan.architecture,
            parameters=model.count_params(),
            protocol=asdict(plan.protocol),
            training_images=len(parts["train"]),
            data_checksum=checksum,
            versions=_versions(),
            hardware=hardware(),
            seconds=sum(history["seconds"]),
            history=history,
            probabilities={
                name: training.predict(model, inputs[name.removesuffix("-crops")], **how)
                for name, how in windows.items()
            },
        )
        if folder is not None:
            architectures.save_arrays(model, folder / f"{view}-{seed}.weights.npz")
            results.save(finished, folder)
            shutil.rmtree(checkpoint, ignore_errors=True)
            finished = results.load_run(folder, view, seed)
        runs[view, seed] = finished
    if folder is not None:
        results.save_reference(reference, folder)
    return {member: runs[member] for member in plan.members}, reference


def _in_float32(model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
    """Give the network that anybody can run, of one that was trained with another precision."""
    policy = keras.config.dtype_policy()
    if policy.name == "float32":
        return model
    keras.config.set_dtype_policy("float32")
    try:
        exact = make()
    finally:
        keras.config.set_dtype_policy(policy)
    architectures.copy_weights(model, exact)
    return exact


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fer_helpers.study", description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--dataset", choices=DATASETS, default="sample")
    parser.add_argument("--profile", choices=training.PROFILES, default="cpu")
    parser.add_argument("--folder", type=Path, help="where to keep the state between two starts")
    parser.add_argument(
        "--store",
        action="store_true",
        help="copy the finished runs into fer_helpers/results, where the book finds them",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="of the arithmetic in training; bfloat16 is faster where the processor has it",
    )
    options = parser.parse_args(arguments)
    if options.precision == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    wanted = plan(options.study, options.dataset, options.profile)
    folder = options.folder or default_folder(wanted)
    print(
        f"{wanted.study} on {wanted.dataset}, profile {wanted.profile}: "
        f"{len(wanted.members)} networks × {wanted.protocol.epochs} epochs; state in {folder}",
        flush=True,
    )
    try:
        runs, reference = run(
            wanted, load(options.dataset), folder=folder, log=lambda line: print(line, flush=True)
        )
    except (DataError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {error}; free space in {folder} and make it writable, or choose another "
            "folder (--folder); the same command goes on after the last whole epoch",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        return 130
    if options.store:
        target = results.RUNS / wanted.study / f"{wanted.dataset}-{wanted.profile}"
        for finished in runs.values():
            results.save(finished, target)
        results.save_reference(reference, target)
        if wanted.study == "compact" and wanted.dataset == "fer2013":
            shutil.copyfile(folder / f"image-{wanted.members[0][1]}.weights.npz", COMPACT_WEIGHTS)
        print(f"stored in {target}")
    print(results.provenance(runs.values()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
