"""Who takes part, and which variant each student has."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import re
import secrets
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from fer_helpers.assignments import VARIANTS

# Ids become names of files and folders, on every system.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{n}{k}" for n in ("com", "lpt") for k in range(10))}


class RosterError(ValueError):
    """A roster or a secret cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Student:
    """One line of the roster.

    Attributes
    ----------
    id
        Unique, and safe as the name of a file.
    name, email, section
        For the gradebooks; empty where the roster has no such column.
    canvas_id
        Canvas's own number, which its import wants in the column ID.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""


def read_roster(path: Path) -> list[Student]:
    """Read a CSV file with a column ``id`` and, where there are, name, email, section, canvas_id.

    Raises
    ------
    RosterError
        If the file is missing, is no such table, or two students share an id.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RosterError(
            f"there is no roster {path}; make a CSV file whose first line is id,name,email"
        ) from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise RosterError(f"{path} is no text in UTF-8 ({error}); save it as CSV, UTF-8") from None
    # A German or French spreadsheet separates by semicolons.
    first = text.partition("\n")[0]
    # Not splitlines(): it also parts at characters that a name may have by accident.
    lines = io.StringIO(text, newline="")
    table = csv.DictReader(lines, delimiter=";" if ";" in first else ",")
    try:
        return _students(table, path)
    except csv.Error as error:
        raise RosterError(f"{path} is no CSV ({error}); is a quotation mark left open?") from None


def _students(table: csv.DictReader, path: Path) -> list[Student]:
    columns = [(name or "").strip().lower() for name in table.fieldnames or []]
    if "id" not in columns:
        found = ", ".join(columns) or "nothing"
        raise RosterError(f"{path} has no column id; its first line names {found}")
    for column in columns:
        known = set(Student.__dataclass_fields__)
        if column not in known and (near := get_close_matches(column, known - {*columns}, 1, 0.75)):
            raise RosterError(
                f"{path} has a column {column!r}; if it is {near[0]}, call it so, or give it "
                "another name"
            )
    table.fieldnames = columns
    students, lines = [], {}
    for number, row in enumerate(table, start=2):
        values = {name: (row.get(name) or "").strip() for name in Student.__dataclass_fields__}
        if not any(values.values()):
            continue
        student = Student(**values)
        if not _ID.fullmatch(student.id) or student.id.split(".")[0].lower() in _RESERVED:
            raise RosterError(
                f"{path}, line {number}: the id {student.id!r} cannot name a file; use letters, "
                "digits and . _ @ + - only, at most 64"
            )
        # Windows and macOS would put Ann's and ann's work into one folder.
        folded = student.id.lower()
        if folded in lines:
            raise RosterError(
                f"{path}: the id {student.id!r} is in lines {lines[folded]} and {number}; "
                "every student needs one of their own"
            )
        lines[folded] = number
        students.append(student)
    if not students:
        raise RosterError(f"{path} has no students under its first line")
    return students


def read_secret(path: Path, *, make: bool = False) -> bytes:
    """Read the course's secret, or make one where there is none.

    Raises
    ------
    RosterError
        If there is none and `make` is false, or it is too short to keep anything secret.
    """
    if not path.exists():
        if not make:
            raise RosterError(
                f"there is no {path}; it is the secret of the release. Without it nobody can tell "
                "who has which variant"
            )
        # Readable for its owner alone, from its first moment.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    secret = path.read_bytes().strip()
    if len(secret) < 16:
        raise RosterError(f"the secret in {path} is shorter than 16 characters; make it longer")
    return secret


def keyed(secret: bytes, *parts: object) -> int:
    """Return a whole number below 2**64 that nobody can compute without the secret.

    Examples
    --------
    >>> keyed(b"a secret of the course", "a1", "ada") == keyed(b"another", "a1", "ada")
    False
    """
    # The lengths keep ("a", "bc") apart from ("ab", "c").
    message = b"".join(len(p).to_bytes(4, "big") + p for p in (str(x).encode() for x in parts))
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:8], "big")


def variants(students: list[Student], assignment: str, secret: bytes) -> dict[str, int]:
    """Give every student a variant: a keyed hash of id and secret, and all different.

    Where two hashes meet, who stands later in the roster takes the next hash of their own. New
    students at the end of a roster therefore change nobody's variant.
    Beyond 10,000 students some share a variant.

    Examples
    --------
    >>> found = variants([Student("ada"), Student("alan")], "a1-convolution", b"only an example!")
    >>> found["ada"] != found["alan"]
    True
    """
    found: dict[str, int] = {}
    taken: set[int] = set()
    for student in students:
        if len(taken) == VARIANTS:
            taken.clear()
        attempt = 0
        while (variant := keyed(secret, assignment, student.id, attempt) % VARIANTS) in taken:
            attempt += 1
        found[student.id] = variant
        taken.add(variant)
    return found
