"""Answers as plain data: what crosses from a student's process to the grader's.

JSON, and nothing else: to unpickle what a student has written would be to run it.
"""

from __future__ import annotations

import numpy as np

from fer_helpers.exercises import WrongKind

LARGEST, _DEEPEST = 1_000_000, 20


def encode(value: object, *, tuples: bool = False) -> object:
    """Turn numbers, text, lists, dictionaries and arrays into what JSON can hold.

    Parameters
    ----------
    value
        What to encode.
    tuples
        Whether `decode` gives tuples back; otherwise they become lists.

    Raises
    ------
    WrongKind
        For anything else, or for more than a million numbers.

    Examples
    --------
    >>> encode((np.float32(0.5), [True, "valid"]))
    [0.5, [True, 'valid']]
    >>> encode(np.eye(2, dtype=int))
    {'array': [[1, 0], [0, 1]]}
    >>> decode(encode([(8, 8, 1)], tuples=True))
    [(8, 8, 1)]
    """
    return _plain(value, 0, [0], tuples)


def _plain(value: object, depth: int, count: list[int], tuples: bool) -> object:
    count[0] += 1
    if hasattr(value, "__array__") and not isinstance(value, np.generic):
        value = np.asarray(value)
        if value.dtype.kind == "U":
            return _plain(value.tolist(), depth, count, tuples)
        if value.dtype.kind not in "biuf":
            raise WrongKind("an array of numbers", value)
        count[0] += value.size
    if count[0] > LARGEST or depth > _DEEPEST:
        raise WrongKind("something far smaller")
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()
    if isinstance(value, (list, tuple)):  # of a named one, such as an interval, the values count
        items = [_plain(item, depth + 1, count, tuples) for item in value]
        return {"tuple": items} if tuples and isinstance(value, tuple) else items
    if type(value) is dict and all(type(key) is str for key in value):
        items = [[key, _plain(item, depth + 1, count, tuples)] for key, item in value.items()]
        return {"entries": items}
    raise WrongKind("numbers, text, lists or arrays of them", value)


def decode(value: object) -> object:
    """Turn what `encode` gave back into values.

    Raises
    ------
    WrongKind
        For what `encode` does not give.

    Examples
    --------
    >>> decode(encode({"stride": 2}))
    {'stride': 2}
    >>> decode({"array": [[1, 2], [3]]})
    Traceback (most recent call last):
    fer_helpers.exercises.WrongKind: a regular array
    """
    return _value(value, 0)


def _value(value: object, depth: int) -> object:
    # Deeper than `encode` goes: it would exhaust the stack of whoever grades.
    if depth > _DEEPEST:
        raise WrongKind("something far smaller")
    if isinstance(value, dict):
        if set(value) == {"array"}:
            try:
                array = np.array(value["array"])
            except ValueError:
                raise WrongKind("a regular array") from None
            if array.dtype.kind not in "biuf":
                raise WrongKind("an array of numbers")
            return array
        if set(value) == {"tuple"} and isinstance(value["tuple"], list):
            return tuple(_value(item, depth + 1) for item in value["tuple"])
        if set(value) == {"entries"}:
            try:
                return {str(key): _value(item, depth + 1) for key, item in value["entries"]}
            except (TypeError, ValueError) as error:
                raise WrongKind("a dictionary") from error
        raise WrongKind("numbers, text, lists or arrays of them")
    if isinstance(value, list):
        return [_value(item, depth + 1) for item in value]
    return value
