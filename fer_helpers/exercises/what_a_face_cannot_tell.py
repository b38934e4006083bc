"""Checks of the exercises of chapter 09-what-a-face-cannot-tell."""

import re

import numpy as np

from fer_helpers import evaluation, results
from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("09-what-a-face-cannot-tell.1")
def _(answer):
    t = number(answer)
    if close(t, 0.35 * 0.04 / 0.96, 4.5e-4):
        return None
    if close(t, 0.35 * 0.04, 2e-4):
        return "nearly. Odds are b to 1 - b, and not b to 1."
    if close(t, 0.35, 1e-3):
        return "then a scowl would say nothing at all, and the base rate would stay as it is."
    if t > 1 or t < 0:
        return "t is a share, between 0 and 1. Did you turn the likelihood ratio over?"
    return "which odds are there before, which are wanted, and what must s/t be to get there?"


@exercise("09-what-a-face-cannot-tell.2")
def _(answer):
    lost = number(answer)
    if close(lost, 0.15, 1e-3):
        return None
    if close(lost, 15, 0.1):
        return "that is right in points; give it as a share."
    if close(lost, -0.15, 1e-3):
        return "turn the sign: by how much is the one who was told better?"
    if close(lost, 0.75, 1e-3) or close(lost, 0.6, 1e-3):
        return "that is one of the two accuracies. What is the other?"
    if close(lost, 0.3, 1e-3):
        return "that is what pool B's half loses. How many of all faces are in that half?"
    return "without the pool, all these faces look alike: how many votes has each word in all?"


@exercise("09-what-a-face-cannot-tell.3")
def _(answer):
    fear = number(answer)
    run = results.stored("three-view-ensemble", "fer2013", "cpu")["image", 0]
    reference = results.reference("three-view-ensemble", "fer2013", "cpu")
    index = reference.class_names.index("fear")
    counts = evaluation.confusion(reference.labels["test"], run.probabilities["test"])
    rates = counts / counts.sum(axis=1, keepdims=True)
    counted = np.array([3, 0, 4, 6, 9, 6, 2])
    right = np.linalg.solve(rates.T, counted)[index]
    if close(fear, right, 0.1) or fear == round(right):
        return None
    if close(fear, right / 30, 0.005):
        return "that is a share of the class. How many faces of 30?"
    if close(fear, np.linalg.solve(rates, counted)[index], 0.05):
        return "`reported = shown @ rates` has a row on the left. What makes a column of it?"
    if close(fear, (counted @ rates)[index], 0.05):
        return "that applies the confusion once more. Go the other way."
    if fear == 4:
        return "that is what was reported. What was shown?"
    return "solve `shown @ rates = counted` for shown; the rows of `rates` must add up to 1."


_CASES = {
    "a": ("prohibited", "who uses it, and is interest in a lesson an inference about the mind?"),
    "b": (
        "high-risk",
        "is there an institution? And is whatever is not forbidden free?",
    ),
    "c": ("prohibited", "what changes if an institution requires it?"),
    "d": ("outside", "what does recital 18 say about fatigue?"),
    "e": ("outside", "what is concluded from the smile?"),
    "f": ("prohibited", "does hiring count as workplace, and is consent among the exceptions?"),
    "g": ("outside", "on the basis of which data does it infer?"),
    "h": ("high-risk", "do the customers work or learn there? And what does Annex III say?"),
}


@exercise("09-what-a-face-cannot-tell.4")
def _(answer):
    if not isinstance(answer, dict):
        raise WrongKind("a dictionary of the cases a to h")
    words = {word for word, _ in _CASES.values()}
    missing = [case for case in _CASES if case not in answer]
    if missing:
        return f"no verdict on {', '.join(missing)}."
    for case, (right, question) in _CASES.items():
        verdict = answer[case].strip().lower() if isinstance(answer[case], str) else None
        if verdict not in words:
            return f"case {case} needs one of {', '.join(sorted(words))}."
        if verdict != right:
            return f"case {case}: {question}"
    return None


_FIELDS = (
    "model", "purpose", "not_for", "data", "labels",
    "images", "accuracy", "interval", "groups", "limits",
)  # fmt: skip
_CLAIMS = re.compile(
    r"emotion\w*|feel\w*|mood\w*|happiness|engage\w*|attenti\w*|sentiment\w*", re.I
)
_EDUCATION = re.compile(r"school|student|learn|exam|educat|teach|universit|class(?!if)", re.I)
_WORK = re.compile(r"(?<!net)work|job|hir|applica|employ|recruit|staff", re.I)
_KIND_OF_FACES = re.compile(r"synthetic|drawn|photo|simulat|real", re.I)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | tuple | set | dict) and not value)


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@exercise("09-what-a-face-cannot-tell.5")
def _(answer):
    if not isinstance(answer, dict):
        raise WrongKind("a dictionary")
    for field in ("model", "purpose"):
        claim = _CLAIMS.search(_text(answer.get(field, "")))
        if claim:
            return (
                f"'{claim.group()}' in the field '{field}' claims more than a comparison with "
                "labels can show. What did the network name?"
            )
    missing = [field for field in _FIELDS if _is_empty(answer.get(field))]
    if missing:
        return f"the card says nothing about {', '.join(missing)}."
    accuracy, images = number(answer["accuracy"]), whole_number(answer["images"])
    if not 0 <= accuracy <= 1:
        return "write the accuracy as a share between 0 and 1."
    if images < 1:
        return "on how many images was it tested?"
    low, high = numbers(answer["interval"], shape=(2,))
    if not low <= accuracy <= high or low == high:
        return "the interval should hold the accuracy, and have a width."
    expected = evaluation.wilson_interval(round(accuracy * images), images)
    if high - low < 0.7 * (expected.high - expected.low):
        return f"{images} images cannot give so narrow an interval."
    excluded = _text(answer["not_for"])
    if not _EDUCATION.search(excluded) or not _WORK.search(excluded):
        return (
            "for which two areas does the law of the EU prohibit inferring emotions? Rule them out."
        )
    if not _KIND_OF_FACES.search(_text(answer["data"])):
        return "does the field 'data' say whether these are photographs or synthetic faces?"
    return None
