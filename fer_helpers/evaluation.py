"""How good a classifier is, and how sure we can be of it.

Everywhere, `labels` holds the true class of each image, ``(images,)``, and `probabilities` what
the network gave to each class, ``(images, classes)``; the predicted class is the most probable.
Both are checked: a ValueError names what does not fit.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import metrics


class Interval(NamedTuple):
    """Lower and upper end of a confidence interval."""

    low: float
    high: float


class RocAuc(NamedTuple):
    """Area under the ROC curve, one class against the rest: per class, and the mean of those."""

    per_class: np.ndarray
    macro: float


class Reliability(NamedTuple):
    """Images per range of confidence, and the mean confidence and the accuracy of those images."""

    images: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


class Mcnemar(NamedTuple):
    """Images that only model a, and only model b, got right; p-value of an equal split."""

    only_a: int
    only_b: int
    p_value: float


def _checked(labels: object, probabilities: object) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "labels must be whole numbers of shape (images,), "
            f"not {labels.dtype} of shape {labels.shape}"
        )
    if probabilities.ndim != 2 or probabilities.dtype.kind != "f":
        raise ValueError(
            "probabilities must be floating-point numbers of shape (images, classes), "
            f"not {probabilities.dtype} of shape {probabilities.shape}"
        )
    if len(labels) != len(probabilities):
        raise ValueError(
            f"there are {len(labels)} labels and probabilities for {len(probabilities)} images"
        )
    if len(labels) == 0:
        raise ValueError("there are no images to evaluate")
    probabilities = probabilities.astype(np.float64)
    if not np.isfinite(probabilities).all():
        image = int(np.argmin(np.isfinite(probabilities).all(axis=1)))
        raise ValueError(f"the probabilities of image {image} are not finite (NaN or infinity)")
    # Stored results are float16, whose seven rounded values add up to 1 within 0.004.
    if probabilities.min() < 0 or np.abs(probabilities.sum(axis=1) - 1).max() > 0.01:
        wrong = (probabilities < 0).any(axis=1) | (np.abs(probabilities.sum(axis=1) - 1) > 0.01)
        image = int(np.argmax(wrong))
        raise ValueError(
            f"the probabilities of image {image} are negative or do not sum to 1 "
            f"(sum {probabilities[image].sum():.3f}): are they logits? Apply a softmax first"
        )
    classes = probabilities.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must lie between 0 and {classes - 1}, the last of {classes} classes; "
            f"found {labels.min()} to {labels.max()}"
        )
    return labels, probabilities


def accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the share of images whose most probable class is the true one.

    Examples
    --------
    >>> accuracy([0, 1], [[0.9, 0.1], [0.8, 0.2]])
    0.5
    """
    labels, probabilities = _checked(labels, probabilities)
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def confusion(
    labels: np.ndarray, probabilities: np.ndarray, classes: int | Sequence[str] | None = None
) -> np.ndarray:
    """Count the images of each true class (row) by predicted class (column).

    Parameters
    ----------
    labels, probabilities : see the module
    classes : the number of classes or their names, only to be checked against the probabilities

    Returns
    -------
    (classes, classes) array of int64

    Examples
    --------
    >>> confusion([0, 1], [[0.9, 0.1], [0.8, 0.2]], classes=2)
    array([[1, 0],
           [1, 0]])
    """
    labels, probabilities = _checked(labels, probabilities)
    columns = probabilities.shape[1]
    if classes is not None:
        _check_classes(columns, classes if isinstance(classes, int) else len(classes))
    return metrics.confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(columns))


def _check_classes(columns: int, classes: int) -> None:
    if columns != classes:
        raise ValueError(f"probabilities have {columns} columns and there are {classes} classes")


def per_class(
    labels: np.ndarray, probabilities: np.ndarray, class_names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support (number of images) of each class, by name.

    A class that is never predicted has precision 0. A class without images has a recall and an F1
    of NaN: there was nothing to find.

    Raises
    ------
    ValueError : see the module, and for a wrong number of names.

    Examples
    --------
    >>> scores = per_class([0, 1], [[0.9, 0.1], [0.8, 0.2]], ["happy", "sad"])
    >>> scores["happy"]
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1}
    """
    labels, probabilities = _checked(labels, probabilities)
    _check_classes(probabilities.shape[1], len(class_names))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, probabilities.argmax(axis=1), labels=range(len(class_names)), zero_division=0
    )
    recall[support == 0] = f1[support == 0] = np.nan
    columns = zip(precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    names = ("precision", "recall", "f1", "support")
    return {
        name: dict(zip(names, row, strict=True))
        for name, row in zip(class_names, columns, strict=True)
    }


def macro_f1(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean F1 over the classes that have images, each counting the same.

    Examples
    --------
    >>> round(macro_f1([0, 1], [[0.9, 0.1], [0.8, 0.2]]), 3)
    0.333
    """
    counts = confusion(labels, probabilities)
    images, predicted = counts.sum(axis=1), counts.sum(axis=0)
    present = images > 0
    return float(np.mean(2 * counts.diagonal()[present] / (images + predicted)[present]))


def roc_auc(labels: np.ndarray, probabilities: np.ndarray) -> RocAuc:
    """Return the area under the ROC curve of each class against the rest, and their mean.

    The area is the chance that an image of the class gets a higher probability for it than an
    image of another class does. A class without images, or with all of them, has NaN: there is no
    such pair. The mean is over the classes that have a value.

    Examples
    --------
    >>> roc_auc([0, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]).macro
    1.0
    """
    labels, probabilities = _checked(labels, probabilities)
    areas = np.full(probabilities.shape[1], np.nan)
    for index in np.unique(labels):
        positive = labels == index
        if not positive.all():
            areas[index] = metrics.roc_auc_score(positive, probabilities[:, index])
    defined = areas[~np.isnan(areas)]
    return RocAuc(areas, float(defined.mean()) if len(defined) else float("nan"))


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's interval of a share, such as an accuracy. Wilson (1927).

    Unlike the share ± 1.96 standard errors it stays within 0 and 1 and holds for few images.

    Parameters
    ----------
    correct, total : number of images
    confidence : between 0 and 1

    Raises
    ------
    ValueError : no images, or more correct ones than there are.

    Examples
    --------
    >>> low, high = wilson_interval(80, 100)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.711 to 0.867
    """
    if not 0 <= correct <= total or total < 1:
        raise ValueError(f"{correct} correct of {total} images is not possible")
    share = stats.binomtest(int(correct), int(total))
    return Interval(*map(float, share.proportion_ci(confidence, method="wilson")))


def bootstrap_interval(
    labels: np.ndarray,
    probabilities: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], float] = macro_f1,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic over images. Efron (1979).

    Parameters
    ----------
    labels, probabilities : see the module
    statistic : function of labels and probabilities, such as `macro_f1` or `accuracy`
    confidence : between 0 and 1
    resamples : how often as many images are drawn with replacement
    seed : of the drawing

    Examples
    --------
    >>> labels = np.arange(100) % 2
    >>> probabilities = np.eye(2)[np.where(np.arange(100) < 80, labels, 1 - labels)]
    >>> low, high = bootstrap_interval(labels, probabilities, accuracy)
    >>> bool(low < 0.80 < high)
    True
    """
    labels, probabilities = _checked(labels, probabilities)
    rng = np.random.default_rng(seed)
    draws = (rng.integers(len(labels), size=len(labels)) for _ in range(resamples))
    values = [statistic(labels[draw], probabilities[draw]) for draw in draws]
    return Interval(*np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist())


def mcnemar(labels: np.ndarray, p_a: np.ndarray, p_b: np.ndarray) -> Mcnemar:
    """Compare two models on the same images by McNemar's exact test. McNemar (1947).

    Only images that one model gets right and the other wrong count. If the models were equally
    good, these would split like tosses of a fair coin; the p-value is the chance of a split at
    least as uneven (two-sided, binomial).

    Parameters
    ----------
    labels : see the module
    p_a, p_b : (images, classes) probabilities of the two models

    Examples
    --------
    >>> labels = np.zeros(10, dtype=int)
    >>> right, wrong = np.tile([1.0, 0.0], (10, 1)), np.tile([0.0, 1.0], (10, 1))
    >>> mcnemar(labels, right, wrong)
    Mcnemar(only_a=10, only_b=0, p_value=0.001953125)
    """
    labels, p_a = _checked(labels, p_a)
    _, p_b = _checked(labels, p_b)
    _check_classes(p_b.shape[1], p_a.shape[1])
    right_a, right_b = p_a.argmax(axis=1) == labels, p_b.argmax(axis=1) == labels
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    differing = only_a + only_b
    p_value = float(stats.binomtest(only_a, differing).pvalue) if differing else 1.0
    return Mcnemar(only_a, only_b, p_value)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return Student's t interval of a mean, such as that of one accuracy per seed.

    Parameters
    ----------
    values : at least two finite numbers
    confidence : between 0 and 1

    Raises
    ------
    ValueError : fewer than two values: one run says nothing about the spread.

    Examples
    --------
    >>> low, high = mean_interval([0.66, 0.67, 0.68])
    >>> print(f"{low:.3f} to {high:.3f}")
    0.645 to 0.695
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError("an interval of a mean needs at least two finite values")
    half = stats.sem(values) * stats.t.ppf((1 + confidence) / 2, len(values) - 1)
    return Interval(float(values.mean() - half), float(values.mean() + half))


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> Reliability:
    """Return how often answers of the same confidence are right: a reliability diagram's numbers.

    The confidence of an image is its largest probability. Guo et al. (2017), section 2.

    Parameters
    ----------
    labels, probabilities : see the module
    bins : number of equally wide ranges of confidence between 0 and 1

    Returns
    -------
    Three arrays ``(bins,)``; a range without images has a confidence and an accuracy of NaN

    Examples
    --------
    Sure to 75 % and right in half of the cases:

    >>> reliability([0, 1], [[0.75, 0.25], [0.75, 0.25]], bins=2)
    Reliability(images=array([0, 2]), confidence=array([ nan, 0.75]), accuracy=array([nan, 0.5]))
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    labels, probabilities = _checked(labels, probabilities)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    # Ranges are closed on the right, as in the paper, so that a confidence of 1 has its bin.
    inner_edges = np.linspace(0, 1, bins + 1)[1:-1]
    bin_of = np.searchsorted(inner_edges, confidence, side="left")
    images = np.bincount(bin_of, minlength=bins)
    divisor = np.where(images > 0, images, np.nan)
    sums = (np.bincount(bin_of, weights=values, minlength=bins) for values in (confidence, right))
    return Reliability(images, *(total / divisor for total in sums))


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = 10
) -> float:
    """Return how far confidence and accuracy are apart, on average over images.

    Images are put into `bins` equal ranges of their largest probability; the error is the mean
    over bins, weighted by images, of |accuracy - mean confidence|. Guo et al. (2017), eq. (3).

    Examples
    --------
    Sure to 75 % and right in half of the cases:

    >>> expected_calibration_error([0, 1], [[0.75, 0.25], [0.75, 0.25]])
    0.25
    """
    images, confidence, right = reliability(labels, probabilities, bins)
    return float(np.nansum(images * np.abs(right - confidence)) / images.sum())


def possible_sample_sizes(printed: Sequence[str], sizes: Iterable[int]) -> list[int]:
    """Return the numbers of images of which every printed share can be a whole number of images.

    An accuracy is a count divided by the number of images, rounded to the digits that are printed.
    Few numbers of images can give several printed accuracies at once. The idea is the GRIM test of
    Brown and Heathers (2017).

    Parameters
    ----------
    printed : shares as they stand in a table, such as ``"0.8524"`` or ``"85.24 %"``: as text,
        because a zero at the end is a digit too
    sizes : numbers of images to try

    Returns
    -------
    Those of `sizes` that are possible for all shares, in their order; a share halfway between two
    printed ones counts for both, since papers round either way

    Raises
    ------
    ValueError : text that is not a share between 0 and 1 (or 0 % and 100 %), or a size below 1.

    Examples
    --------
    >>> possible_sample_sizes(["0.67", "0.333"], range(1, 10))
    [3, 6, 9]
    >>> possible_sample_sizes(["66.7 %"], range(1, 7))
    [3, 6]
    """
    sizes = [int(n) for n in sizes]
    if isinstance(printed, str):
        raise ValueError(f"give a list of printed shares, such as [{printed!r}]")
    if any(n < 1 for n in sizes):
        raise ValueError(f"a number of images must be at least 1, not {min(sizes)}")
    for share in printed:
        # Whole numbers throughout: floating point would decide the halfway cases by chance.
        numerator, denominator = _printed_share(share)
        sizes = [n for n in sizes if _distance(numerator * n, denominator) * 2 <= n]
    return sizes


def _distance(value: int, step: int) -> int:
    """Return how far a whole number is from the nearest multiple of `step`."""
    return min(value % step, -value % step)


def _printed_share(text: str) -> tuple[int, int]:
    """Return a printed share as a whole number of units of its last digit, and units in 1."""
    found = re.fullmatch(r"\s*(\d*)(?:\.(\d*))?\s*(%?)\s*", text if isinstance(text, str) else "")
    if found:
        whole, decimals = found[1], found[2] or ""
        units = 10 ** len(decimals) * (100 if found[3] else 1)
        if (whole or decimals) and int(whole + decimals) <= units:
            return int(whole + decimals), units
    raise ValueError(
        f"{text!r} is not a share; give it as it is printed, in quotation marks, "
        "such as '0.8524' or '85.24 %'"
    )
