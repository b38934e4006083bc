"""Command line: ``python -m fer_helpers.study STUDY``."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

import keras

from data_fetch import DataError, load
from fer_helpers import results, training
from fer_helpers.architectures.residual import WEIGHTS as COMPACT_WEIGHTS
from fer_helpers.study import STUDIES, Plan, datasets, default_folder, plans, run


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fer_helpers.study",
        description="Train every network of a study. A stopped study goes on where it was.",
    )
    parser.add_argument("study", choices=STUDIES, help="what to train; one or several plans")
    parser.add_argument("--dataset", help="the study's default is the one without a download")
    parser.add_argument(
        "--profile",
        choices=training.PROFILES,
        default="cpu",
        help="cpu: made for two cores (default); full: the whole protocol; smoke: seconds",
    )
    parser.add_argument("--seeds", type=int, default=1, help="how often every network is trained")
    parser.add_argument("--from", dest="source", type=Path, help="your folder of rafdb's images")
    parser.add_argument(
        "--weights",
        help="in place of ImageNet's, where a plan begins with those: a file, or none",
    )
    parser.add_argument("--only", help="only the plans whose short name contains this")
    parser.add_argument("--folder", type=Path, help="where to keep the state between two starts")
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on with what is in the folder (default); --no-resume refuses if there is anything",
    )
    parser.add_argument(
        "--store",
        action="store_true",
        help="copy the finished runs into fer_helpers/results, where the book finds them",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="of the arithmetic in training; the other two are faster where the hardware has them",
    )
    options = parser.parse_args(arguments)
    if options.precision != "float32":
        keras.config.set_dtype_policy(f"mixed_{options.precision}")
    try:
        dataset = options.dataset or datasets(options.study)[0]
        wanted = plans(options.study, dataset, options.profile, seeds=options.seeds)
        chosen = [plan for plan in wanted if (options.only or "") in _short(plan)]
        if not chosen:
            names = ", ".join(_short(plan) for plan in wanted)
            raise ValueError(f"no plan contains {options.only!r}; there are {names}")
        if options.source and dataset not in ("rafdb", "fer2013"):
            raise ValueError(f"--from is for rafdb and fer2013; {dataset} needs no folder")
        if options.weights:
            chosen = [_with_weights(plan, options.weights) for plan in chosen]
        folders = [options.folder or default_folder(plan) for plan in chosen]
        if options.folder and len(wanted) > 1:
            folders = [options.folder / _short(plan) for plan in chosen]
        for folder in folders if not options.resume else ():
            if folder.exists() and any(path.name != ".lock" for path in folder.iterdir()):
                raise ValueError(
                    f"{folder} holds a run already; leave out --no-resume, or remove it"
                )
        faces = load(dataset, path=options.source)
        for number, (plan, folder) in enumerate(zip(chosen, folders, strict=True), start=1):
            print(
                f"{plan.study} on {dataset}, profile {plan.profile} (plan {number} of "
                f"{len(chosen)}): {len(plan.members)} networks × {plan.protocol.epochs} epochs; "
                f"state in {folder}",
                flush=True,
            )
            _carry_out(plan, faces, folder, options)
    except (DataError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {error}; make room and make the folder writable, or choose another "
            "(--folder); the same command goes on after the last whole epoch",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        return 130
    return 0


def _short(plan: Plan) -> str:
    return plan.study.rpartition("/")[2]


def _with_weights(plan: Plan, given: str) -> Plan:
    if "weights" not in plan.options:
        raise ValueError(f"{plan.study} does not begin with weights; leave out --weights")
    if given != "none" and not Path(given).is_file():
        raise ValueError(f"there is no weights file {given}; name one, or none")
    return replace(plan, options=plan.options | {"weights": None if given == "none" else given})


def _precision(run: results.Run) -> str:
    """Return the type of a training's numbers; the first stored runs do not name it."""
    named = run.hardware.rpartition(", ")[2]
    return named if "float" in named else "float32"


def _refuse_a_mixture(plan: Plan, runs: dict, target: Path) -> None:
    """Keep networks of one configuration in a folder: their mean must mean something."""
    new = next(iter(runs.values()))
    for member, old in results.stored(plan.study, plan.dataset, plan.profile).items():
        # A run that was stored before the protocol had its latest fields has their defaults.
        protocol = asdict(training.Protocol("")) | old.protocol
        same = (protocol, old.data_checksum, _precision(old)) == (
            new.protocol,
            new.data_checksum,
            _precision(new),
        )
        if member not in runs and not same:
            raise ValueError(
                f"{target} holds {member[0]} {member[1]} of another configuration; remove it, or "
                "train as many seeds again"
            )


def _carry_out(plan: Plan, faces, folder: Path, options: argparse.Namespace) -> None:
    runs, reference = run(plan, faces, folder=folder, log=lambda line: print(line, flush=True))
    if options.store:
        target = results.RUNS / plan.study / f"{plan.dataset}-{plan.profile}"
        _refuse_a_mixture(plan, runs, target)
        results.save_reference(reference, target)
        for finished in runs.values():
            results.save(finished, target)
        if (plan.study, plan.dataset, plan.profile) == ("compact", "fer2013", "full"):
            # The weights that ship: chapter 13 describes them.
            shutil.copyfile(folder / f"image-{plan.members[0][1]}.weights.npz", COMPACT_WEIGHTS)
        print(f"stored in {target}")
    print(results.provenance(runs.values()))


if __name__ == "__main__":
    raise SystemExit(main())
