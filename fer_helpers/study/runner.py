"""Carry out a plan: train its networks one after the other, resumable, and predict."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import keras
import numpy as np

from data_fetch import FaceDataset, copies_of_training
from data_fetch.cache import cache_dir, locked, sha256
from fer_helpers import architectures, results, training, views
from fer_helpers.study.arrangements import arrange
from fer_helpers.study.plans import Plan


def default_folder(plan: Plan) -> Path:
    """Where a study keeps its state between two starts: beside the cached data sets."""
    seed = plan.members[0][1]
    name = f"{plan.dataset}-{plan.profile}" + (f"-seed-{seed}" if seed else "")
    return cache_dir() / "studies" / plan.study / name


class _Progress(keras.callbacks.Callback):
    """A line per epoch over the whole plan, with the time left."""

    def __init__(self, log: Callable[[str], None], plan: Plan) -> None:
        super().__init__()
        self.log, self.plan = log, plan
        self.started, self.counted = time.perf_counter(), 0
        self.name, self.networks_after = "", 0

    def on_epoch_end(self, epoch, logs=None):
        self.counted += 1
        per_epoch = (time.perf_counter() - self.started) / self.counted
        epochs = self.plan.protocol.epochs
        left = ((self.networks_after + 1) * epochs - epoch - 1) * per_epoch
        self.log(
            f"{self.name:10}  epoch {epoch + 1:2}/{self.params['epochs']}  "
            f"loss {logs['loss']:.3f}  accuracy {logs['accuracy']:.3f}  "
            f"{self.plan.watch} {logs['val_accuracy']:.3f}  left {_duration(left)}"
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
    facts = asdict(plan) | {"options": _recorded(plan.options)}
    facts |= {"data_checksum": faces.source.checksum, "class_names": faces.class_names}
    facts["precision"] = keras.config.dtype_policy().name
    # More seeds may join later; the images that judge go by the first.
    facts["first_seed"] = facts.pop("members")[0][1]
    wanted = json.loads(json.dumps(facts))
    path = folder / "plan.json"
    if path.exists():
        try:
            found = json.loads(path.read_text())
            if not isinstance(found, dict):
                raise ValueError("not an object")
        except ValueError as error:
            raise ValueError(
                f"{path} is damaged ({error}); choose another folder, or remove the folder"
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
    if any(folder.glob("*-*.json")) or any(folder.glob("*.state")):
        raise ValueError(
            f"{folder} holds networks, and no plan.json that says of what configuration; choose "
            "another folder or remove this one"
        )
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
        All splits, as `data_fetch.load` gives them; the plan divides them. Networks learn from
        ``train``; ``validation``, where there is one, and ``test`` are predicted once, after the
        training.
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
    if plan.without is not None:
        faces = faces.without(plan.without)
    faces = limited(arrange(faces, plan.arrangement, seed=plan.members[0][1]), plan.limit)
    judged = [name for name in ("validation", "test") if np.any(faces.split == name)]
    parts = {name: faces.part(name) for name in ("train", *judged)}
    if plan.watch not in judged:
        raise ValueError(
            f"{plan.study} watches the part {plan.watch!r}, and {faces.source.name} divided by "
            f"{plan.arrangement!r} has {', '.join(judged)}"
        )
    copies = copies_of_training(faces)
    reference = results.Reference(
        faces.class_names,
        {name: parts[name].labels for name in judged},
        {name: copies[faces.split == name] for name in judged},
    )
    runs = {}
    for view, seed in plan.members:
        if folder is not None and (folder / f"{view}-{seed}.json").exists():
            runs[view, seed] = results.load_run(folder, view, seed)
            shutil.rmtree(folder / f"{view}-{seed}.state", ignore_errors=True)
    progress, missing = _Progress(log, plan), len(plan.members) - len(runs)
    for view, seed in plan.members:
        if (view, seed) in runs:
            continue
        missing -= 1
        progress.name, progress.networks_after = f"{view} {seed}", missing
        checkpoint = folder / f"{view}-{seed}.state" if folder is not None else None
        inputs = {name: _inputs(part.images, view) for name, part in parts.items()}
        make = partial(_make, plan, faces)
        model, history = training.fit(
            make,
            inputs["train"],
            parts["train"].labels,
            plan.protocol,
            seed=seed,
            validation=(inputs[plan.watch], parts[plan.watch].labels),
            checkpoint=checkpoint,
            verbose=0,
            callbacks=(progress,),
        )
        if not np.isfinite([history["loss"], history["val_loss"]]).all():
            raise ValueError(
                f"{plan.study}, {view} {seed}: the loss is not finite, the training has diverged; "
                "a smaller learning rate may help. Nothing was stored"
            )
        model = _in_float32(model, make)
        windows = {name: {"crop": None} for name in judged}
        if plan.protocol.crop is not None:
            for name in judged:
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
            arrangement=plan.arrangement,
            watch=plan.watch,
            without=plan.without,
            options=_recorded(plan.options),
            frozen=plan.frozen,
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


def _recorded(options: dict) -> dict:
    """Return options as they are stored: a weights file by its name and contents, not its place."""
    weights = options.get("weights")
    if weights in (None, "imagenet"):
        return options
    return options | {"weights": f"{Path(weights).name}, sha256 {sha256(Path(weights))}"}


def _inputs(images: np.ndarray, view: str) -> np.ndarray:
    if images.shape[3] == 3 and view == "image":
        return images.astype("float32") / 255
    return views.make_view(images, view)


def _make(plan: Plan, faces: FaceDataset) -> keras.Model:
    size = faces.images.shape[1:]
    model = architectures.build(
        plan.architecture,
        input_shape=size if plan.protocol.crop is None else (None, None, size[2]),
        classes=len(faces.class_names),
        **plan.options,
    )
    return architectures.feature_extraction(model) if plan.frozen else model


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
