"""The command line: ``python -m fer_helpers.results.cards NAME [--store]``."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import platform
import sys
from dataclasses import replace

from data_fetch import DataError, load
from fer_helpers.results import cards


def main(arguments: list[str] | None = None) -> int:
    """Make a card from the data, print it and return the exit status: 1 if the data are not there.

    RAF-DB is left out: nothing of it may be stored.
    """
    parser = argparse.ArgumentParser(
        prog="python -m fer_helpers.results.cards", description="Count what is in a data set."
    )
    parser.add_argument("name", choices=("sample", "fer2013", "thermal"))
    parser.add_argument("--store", action="store_true", help="keep it as the course's card")
    options = parser.parse_args(arguments)
    try:
        made = cards.make_card(load(options.name))
    except DataError as error:
        print("error:", error, file=sys.stderr)
        return 1
    if options.store:
        versions = {name: importlib.metadata.version(name) for name in ("numpy", "pillow")}
        versions = {"python": platform.python_version()} | versions
        today = datetime.date.today().isoformat()
        cards.save(replace(made, made=today, versions=versions), options.name)
    print(made)
    if options.name in cards.names():
        same = cards.undated(cards.card(options.name)) == made
        print("the stored card says", "the same" if same else "SOMETHING ELSE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
