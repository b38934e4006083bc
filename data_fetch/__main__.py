"""The command line: ``python -m data_fetch list | get | verify | path``."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

import numpy as np

from data_fetch import DATASETS, DataError, cache, entry_name, fer2013, load, rafdb
from data_fetch.dataset import SPLITS

IMAGES = {"sample": 7_000, "fer2013": 35_887, "rafdb": 15_339, "thermal": 821}
LICENCES = {
    "sample": "MIT; drawn by this package",
    "fer2013": "released for research; rights of the people shown unknown, publish no image",
    "rafdb": "non-commercial research by agreement with its authors, publish no image",
    "thermal": "MIT; simulated by this package",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 after an error on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m data_fetch", description="Get, check and find the data sets of the course."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="say what there is, its state and its licence")
    for command, text in {
        "get": "bring a data set into the cache",
        "verify": "hash a data set again and compare it with what is known",
        "path": "print where a data set lies",
    }.items():
        subparser = commands.add_parser(command, help=text)
        subparser.add_argument("name", choices=DATASETS)
        if command != "path":
            subparser.add_argument(
                "--from",
                dest="source",
                metavar="PATH",
                help="fer2013 (get only): archive, folder or fer2013.csv; rafdb: your folder",
            )
    options = parser.parse_args(arguments)
    if getattr(options, "source", None) and (options.command, options.name) not in (
        ("get", "fer2013"),
        ("get", "rafdb"),
        ("verify", "rafdb"),
    ):
        parser.error(f"{options.command} {options.name} takes no --from")
    try:
        with warnings.catch_warnings():
            # In a notebook it is enough to warn that nothing was kept; here that was the task.
            warnings.filterwarnings("error", "not kept for the next time")
            agrees = _run(options)
        sys.stdout.flush()
        return 0 if agrees else 1
    except BrokenPipeError:
        # What reads us, such as `head`, has seen enough; Python would complain on closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DataError, UserWarning) as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; nothing was left half-written", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> bool:
    if options.command == "verify":
        return _verify(options.name, options.source)
    if options.command == "list":
        _list()
    elif options.command == "path":
        print(_path(options.name))
    else:
        _get(options.name, options.source)
    return True


def _list() -> None:
    for name in DATASETS:
        if name == "rafdb":
            state = "your own folder"
        elif name == "fer2013":
            try:
                state = "not fetched" if cache.describe(name) is None else "ready"
            except DataError:
                state = "damaged"
        else:
            state = "built in"
        print(f"{name:<8} {state:<15} {IMAGES[name]:>6,} images  {LICENCES[name]}")


def _get(name: str, source: str | None) -> None:
    if name == "fer2013" and (source is not None or cache.read_if_sound(name) is None):
        fer2013.get(source)
    _verify(name, source)
    if name == "rafdb":
        print("nothing was copied: give the folder to load as `path`")


def _verify(name: str, source: str | None) -> bool:
    if name == "fer2013":
        agrees, lines = fer2013.verify()
    else:
        agrees, faces = True, rafdb.read(source) if name == "rafdb" else load(name)
        counts = {part: int(np.sum(faces.split == part)) for part in SPLITS}
        lines = [
            ", ".join(f"{part} {count:,}" for part, count in counts.items() if count) + " images",
            f"checksum {faces.source.checksum}",
        ]
        if name != "rafdb" and cache.describe(entry_name(name)) is not None:
            cache.check(entry_name(name))
            lines.append("stored arrays: as they were written")
    print(f"{name}:", *lines, sep="\n  ")
    return agrees


def _path(name: str) -> Path:
    if name == "rafdb":
        raise DataError("RAF-DB lies in your own folder and nowhere else")
    record = cache.describe(entry_name(name))
    if record is None:
        raise DataError(f"{name} is not in the cache; run `python -m data_fetch get {name}`")
    place = cache.cache_dir() / entry_name(name) / record["folder"]
    if not place.is_dir():
        raise DataError(f"{place} is missing; run `python -m data_fetch get {name}` again")
    return place


if __name__ == "__main__":
    sys.exit(main())
