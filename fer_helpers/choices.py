"""One sentence for every name that is misspelt: what there is to choose from."""


def one_of(value: object, choices: tuple, what: str) -> None:
    """Raise a ValueError that lists the choices unless `value` is one of them.

    Examples
    --------
    >>> one_of("cpu", ("smoke", "cpu"), "profile")
    >>> one_of("gpu", ("smoke", "cpu"), "profile")
    Traceback (most recent call last):
    ValueError: unknown profile 'gpu'; choose one of smoke, cpu
    """
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise ValueError(f"unknown {what} {value!r}; choose one of {listed}")
