"""Assignment 4: a small study on synthetic faces, and the audit of an invented paper.

A variant draws a question with two arms that differ in one setting, three expressions, the faces,
and two seeds; and a paper of which five of eight possible faults are planted.

What a variant draws, for the study: ``classes``, three expressions that are no neighbours of each
other; ``arms``, ``a`` and ``b``, the settings of `QUESTIONS`; ``seeds``, two from 0 to 999;
``images``, how many of each class teach (340 to 400), test (50 to 64) and are sealed (70);
``epochs`` by profile; ``pilot``, 24 to 60 images on which two networks differ.

For the audit: ``report``, the paper as text, and its ``table_1`` and ``table_2``; ``pair``, two
networks of table 1, and ``differing``, the images on which exactly one of them is right;
``supplement``, three printed accuracies of an unknown number of images; ``confusion`` ``(4, 4)``.
`FAULTS` is the catalogue: three of its five faults of numbers are planted, and two of its three of
procedure. A fault that is not planted has a sound sentence in its place.

Which faces are drawn, and their labels, follow from `data_fetch.sample.plan` without drawing them.
"""

from __future__ import annotations

import textwrap
from functools import lru_cache, partial
from math import comb
from types import SimpleNamespace

import numpy as np

from data_fetch import load, sample
from fer_helpers.assignments.tasks import (
    Assignment,
    Cases,
    Slip,
    Task,
    Work,
    array,
    number,
    several,
)
from fer_helpers.choices import one_of
from fer_helpers.exercises import WrongKind, close, numbers

PROFILES = ("smoke", "cpu", "full")
PARTS = ("train", "test", "sealed")

# Without the pairs that are hardest to tell apart: fear and surprise, anger and sadness, sadness
# and neutral, and without disgust, which is rare.
CLASSES = (
    ("angry", "happy", "surprise"),
    ("happy", "neutral", "surprise"),
    ("happy", "sad", "surprise"),
    ("angry", "fear", "happy"),
    ("fear", "happy", "neutral"),
)

# What both arms have, and the two values of the setting that is asked about.
SETTINGS = {"view": "image", "shift": 0.05, "flip": True, "label_smoothing": 0.0, "width": 16}
QUESTIONS = {
    "view": (("image", "contour"),),
    "shift": ((0.0, 0.08), (0.0, 0.1), (0.0, 0.12)),
    "flip": ((False, True),),
    "label_smoothing": ((0.0, 0.1), (0.0, 0.2)),
    "width": ((12, 20), (12, 24), (16, 24)),
}

# Faces of people who are in no other part, and whose labels nobody is given.
_SEALED = {"count": 1200, "seed": 41}
_SHOWN = {"count": 7000, "seed": 0}

# Guessing is right on a third; the reference's arms are on 0.73 and more.
BAR, _LOW_BAR = 0.60, 0.45
VERDICTS = ("a is better", "b is better", "not shown")

# The catalogue: what an item of the paper says when the fault is planted, and what it should say.
FAULTS = {
    "sum": "a total that its parts do not add up to",
    "size": "an accuracy in table 1 that no whole number of its test images gives",
    "text": "a number in the text that table 1 contradicts",
    "noise": "a network called better after a test that does not show it at 5 %",
    "average": "a mean over images and a mean over classes mixed up",
    "choice": "a choice made on the images of the test part",
    "copies": "images copied before they were divided, so that twins are parted",
    "people": "photographs of one person in both parts",
}
_OF_NUMBERS, _OF_PROCEDURE = tuple(FAULTS)[:5], tuple(FAULTS)[5:]
MOODS = ("cheerful", "grumpy", "sleepy", "calm")


def _draw(rng: np.random.Generator) -> Work:
    work = Work(**_study(rng), bar=BAR)
    planted = [*rng.permutation(_OF_NUMBERS)[:3], *rng.permutation(_OF_PROCEDURE)[:2]]
    work._planted = [str(code) for code in FAULTS if code in planted]
    paper = _paper(rng, work._planted)
    work.report, work._paper = _print(rng, paper, work._planted), paper
    work.table_1, work.table_2 = paper.table_1, paper.table_2
    work.pair, work.differing = paper.names[1:3], paper.differing
    work._evidence = _evidence(paper)
    work.supplement = _supplement(rng)
    work.confusion = _confusion(rng)
    return work


# The study.


def _study(rng: np.random.Generator) -> dict:
    question = str(rng.choice(list(QUESTIONS)))
    values = QUESTIONS[question][int(rng.integers(len(QUESTIONS[question])))]
    arms = [SETTINGS | {question: value} for value in values]
    if rng.random() < 0.5:
        arms.reverse()
    while True:
        # The last batch is never full, so that who drops it counts other steps.
        teach = int(rng.integers(340, 401))
        if 3 * teach % 32:
            break
    while True:
        pilot = int(rng.integers(24, 61))
        if _wins(pilot) != _wins(pilot, sides=1):
            break
    return {
        "classes": CLASSES[int(rng.integers(len(CLASSES)))],
        "question": question,
        "arms": dict(zip("ab", arms, strict=True)),
        "seeds": sorted(int(seed) for seed in rng.choice(1000, 2, replace=False)),
        "images": {"train": teach, "test": int(rng.integers(50, 65)), "sealed": 70},
        "epochs": {"smoke": 2, "cpu": int(rng.integers(10, 13)), "full": 60},
        "batch_size": 32,
        "pilot": pilot,
        "_rows": int(rng.integers(2**31)),
    }


@lru_cache
def _plan(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    labels, _, split = sample.plan(count, seed)
    return labels, split


def _labels(work: Work, part: str) -> np.ndarray:
    """Return the labels of a part, as positions in ``work.classes``."""
    rng = np.random.default_rng([work._rows, PARTS.index(part)])
    return rng.permutation(np.repeat(np.arange(3), work.images[part]))


def _rows(work: Work, part: str) -> np.ndarray:
    """Return which faces a part has, in the order of its labels."""
    known, split = _plan(**(_SEALED if part == "sealed" else _SHOWN))
    legal = {"train": split == "train", "test": split != "train", "sealed": split != ""}[part]
    rng = np.random.default_rng([work._rows, PARTS.index(part), 1])
    labels = _labels(work, part)
    rows = np.empty(len(labels), dtype=np.int64)
    for position, name in enumerate(work.classes):
        of_class = np.flatnonzero(legal & (known == sample.CLASS_NAMES.index(name)))
        rows[labels == position] = rng.choice(of_class, work.images[part], replace=False)
    return rows


def faces(work: Work, profile: str = "cpu") -> SimpleNamespace:
    """Return the synthetic faces of a variant's study.

    Parameters
    ----------
    work
        What `fer_helpers.assignments.begin` gave.
    profile
        One of `PROFILES`; ``"smoke"`` has a fifth of the images to learn from.

    Returns
    -------
    faces
        ``train_images``, ``test_images`` and ``sealed_images``, uint8 ``(n, 48, 48, 1)``, and
        ``train_labels`` and ``test_labels``, positions in ``work.classes``. The sealed images have
        no labels here. Nobody is in two of the parts.

    Examples
    --------
    >>> from fer_helpers.assignments import begin
    >>> drawn = faces(begin("a4-study", 17), "smoke")
    >>> drawn.sealed_images.shape
    (210, 48, 48, 1)
    """
    one_of(profile, PROFILES, "profile")
    whole = ASSIGNMENT.work(work.variant)
    shown, sealed = load("sample", **_SHOWN), load("sample", **_SEALED)
    rows = {part: _rows(whole, part) for part in PARTS}
    fewer = slice(None, None, 5 if profile == "smoke" else 1)
    return SimpleNamespace(
        train_images=shown.images[rows["train"][fewer]],
        train_labels=_labels(whole, "train")[fewer],
        test_images=shown.images[rows["test"]],
        test_labels=_labels(whole, "test"),
        sealed_images=sealed.images[rows["sealed"]],
    )


def small_network(width: int):
    """Build a network for 48×48 grey images and three classes, with fresh random weights.

    Three times convolution, batch normalisation and ReLU, with `width`, twice and four times as
    many filters; the sides shrink by stride 2 and twice by max pooling. Then global average
    pooling and softmax.

    Parameters
    ----------
    width
        Filters of the first convolution.

    Examples
    --------
    >>> small_network(16).output_shape
    (None, 3)
    """
    import keras
    from keras import layers

    inputs = x = keras.Input((48, 48, 1))
    for step, (kernel, stride) in enumerate([(5, 2), (3, 1), (3, 1)]):
        filters = width * 2**step
        if step:
            x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
        # Some hundred steps are too few for Keras's slow averages of 0.99.
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs, name="small_network")


def _steps(work: Work, whole_batches: bool = False, seeds: int = 2) -> int:
    """Return the optimiser's steps of all trainings of the profile cpu."""
    batches, rest = divmod(3 * work.images["train"], work.batch_size)
    batches += 1 if rest and not whole_batches else 0
    return 2 * seeds * work.epochs["cpu"] * batches


def _p_value(only_a: int, only_b: int, sides: int = 2) -> float:
    """Return McNemar's exact p-value: a split at least as uneven as this one, by fair tosses."""
    differing, fewer = int(only_a + only_b), int(min(only_a, only_b))
    tail = sum(comb(differing, few) for few in range(fewer + 1))
    return min(1.0, sides * tail / 2**differing)


@lru_cache
def _wins(differing: int, sides: int = 2) -> int:
    """Return how many of the images on which two differ one must win for p below 0.05."""
    return next(
        wins
        for wins in range(differing // 2 + 1, differing + 1)
        if _p_value(wins, differing - wins, sides) < 0.05
    )


def _ordinary(work: Work, rng: np.random.Generator) -> list[tuple]:
    splits = []
    while len(splits) < 4:
        fewer = int(rng.integers(3, 20))
        more = fewer + int(rng.integers(2, 15))
        splits += [(more, fewer), (fewer, more)]
    return splits


def _even(work: Work, rng: np.random.Generator) -> list[tuple]:
    half = int(rng.integers(3, 30))
    return [(half, half), (0, 0)]


def _lopsided(work: Work, rng: np.random.Generator) -> list[tuple]:
    few = int(rng.integers(4, 12))
    return [(few, 0), (0, few + 1)]


def _arms(value: object) -> dict[str, np.ndarray]:
    """Read one list of class numbers per arm."""
    kind = "a dictionary with 'a' and 'b', each a list of class numbers 0, 1 or 2"
    if not isinstance(value, dict) or not {"a", "b"} <= set(value):
        raise WrongKind(kind, value)
    read = {}
    for arm in "ab":
        try:
            one = numbers(value[arm])
        except WrongKind:
            raise WrongKind(kind, value[arm]) from None
        if one.ndim != 1 or not np.isin(one, (0, 1, 2)).all():
            raise WrongKind(kind, value[arm])
        read[arm] = one.astype(int)
    return read


def _judge_sealed(work: Work, answer: dict) -> tuple[float, str]:
    """Give half of the points per arm, and half of these for better than guessing."""
    labels = _labels(work, "sealed")
    if any(len(answer[arm]) != len(labels) for arm in "ab"):
        return 0, f"It asks for one class number for each of the {len(labels)} sealed images."
    share, said = 0.0, []
    for arm in "ab":
        right = np.mean(answer[arm] == labels)
        share += 0.5 if right >= BAR else 0.25 if right >= _LOW_BAR else 0
        if right < BAR:
            said.append(f"Arm {arm} does not reach the bar.")
    if np.array_equal(answer["a"], answer["b"]):
        share = min(share, 0.5)
        said.append("Both arms answer alike on every image: was each one trained?")
    return share, " ".join(said) or "Right."


def _example(work: Work, part: str) -> dict[str, list[int]]:
    """Return answers that pass: the labels with a few errors, other ones in each arm."""
    labels = _labels(work, part)
    places = np.arange(len(labels))
    return {
        "a": np.where(places % 7 == 3, (labels + 1) % 3, labels).tolist(),
        "b": np.where(places % 5 == 2, (labels + 2) % 3, labels).tolist(),
    }


_PARTS = ("accuracy", "interval", "only", "p_value", "verdict")


def _comparison(value: object) -> dict:
    """Read predictions of both arms, and what was computed from them."""
    read: dict = _arms(value)
    missing = [name for name in _PARTS if name not in value]
    if missing:
        raise WrongKind(f"a dictionary that also has {', '.join(map(repr, missing))}", value)
    for name, shape in (("accuracy", (2,)), ("interval", (2, 2)), ("only", (2,))):
        try:
            read[name] = numbers(value[name], shape=shape)
        except WrongKind:
            raise WrongKind(f"numbers of shape {shape} under {name!r}", value[name]) from None
    try:
        read["p_value"] = number(value["p_value"])
    except WrongKind:
        raise WrongKind("a number under 'p_value'", value["p_value"]) from None
    if value["verdict"] not in VERDICTS:
        listed = ", ".join(map(repr, VERDICTS))
        raise WrongKind(f"one of {listed} under 'verdict'", value["verdict"])
    return read | {"verdict": value["verdict"]}


def _compared(predictions: dict, labels: np.ndarray) -> dict:
    """Return what follows from the predictions of both arms."""
    right = {arm: np.asarray(predictions[arm]) == labels for arm in "ab"}
    counts = [int(right[arm].sum()) for arm in "ab"]
    only = [int(np.sum(right["a"] & ~right["b"])), int(np.sum(right["b"] & ~right["a"]))]
    p_value = _p_value(*only)
    return {
        "accuracy": [count / len(labels) for count in counts],
        "interval": [_wilson(count, len(labels)) for count in counts],
        "only": only,
        "p_value": p_value,
        "verdict": VERDICTS[2 if p_value >= 0.05 else int(only[1] > only[0])],
    }


def _wilson(right: int, total: int) -> list[float]:
    """Return what `fer_helpers.evaluation.wilson_interval` does, twenty times as fast."""
    z, share = 1.959964, right / total
    middle = share + z**2 / (2 * total)
    half = z * (share * (1 - share) / total + z**2 / (4 * total**2)) ** 0.5
    return [(middle - half) / (1 + z**2 / total), (middle + half) / (1 + z**2 / total)]


_WORTH = {"accuracy": 0.2, "interval": 0.2, "only": 0.2, "p_value": 0.2, "verdict": 0.2}
_TO_SAY = {
    "accuracy": "The accuracies are not those of the predictions.",
    "interval": "The intervals are not Wilson's 95 % intervals of these accuracies.",
    "only": "Count the images that one arm alone gets right, a first.",
    "p_value": "The p-value is not that of the exact test for these predictions.",
    "verdict": "The verdict does not follow from the test at 5 %.",
}


def _judge_comparison(work: Work, answer: dict) -> tuple[float, str]:
    """Hold what was computed against the predictions that it was computed from."""
    labels = _labels(work, "test")
    if any(len(answer[arm]) != len(labels) for arm in "ab"):
        return 0, f"It asks for one class number for each of the {len(labels)} test images."
    expected = _compared(answer, labels)
    if sum(expected["only"]) < 5:
        return 0, "Two arms that differ on fewer than five images are hardly two arms."
    tolerances = {"accuracy": 6e-4, "interval": 1.1e-3, "only": 1e-6, "p_value": 1.1e-3}
    wrong = [
        name for name, limit in tolerances.items() if not close(answer[name], expected[name], limit)
    ]
    wrong += ["verdict"] if answer["verdict"] != expected["verdict"] else []
    share = 1 - sum(_WORTH[name] for name in wrong)
    return share, " ".join(_TO_SAY[name] for name in wrong) or "Right."


def _key_comparison(work: Work) -> dict:
    predictions = _example(work, "test")
    return predictions | _compared(predictions, _labels(work, "test"))


# The audit.


def _paper(rng: np.random.Generator, planted: list[str]) -> SimpleNamespace:
    """Draw the facts of a paper, all of them true, and the false numbers that may replace them."""
    while True:
        paper = SimpleNamespace()
        paper.names = [f"{first}Net" for first in rng.permutation(_NETWORKS)[:4]]
        _street(rng, paper, planted)
        _studio(rng, paper)
        errors = [_half_width(paper, paired) for paired in (True, False)]
        if (
            paper.false_accuracy != paper.rows[0]
            and not _fit(paper.false_row, paper.street_test)[0]
            and abs(paper.micro - paper.macro) > 0.02
            and abs(errors[0] - errors[1]) > 0.004
        ):
            return paper


_NETWORKS = ("Fern", "Moss", "Reed", "Clover", "Thistle", "Sorrel", "Nettle", "Yarrow")


def _street(rng: np.random.Generator, paper: SimpleNamespace, planted: list[str]) -> None:
    """Photographs of the street, everybody once: counts, parts, and four accuracies."""
    paper.counts = _divided(rng, 20 * int(rng.integers(50, 91)), 4, least=0.15)
    paper.total = sum(paper.counts)
    paper.false_total = paper.total + 10 * int(rng.choice([-4, -3, -2, 2, 3, 4]))
    paper.percent = int(rng.choice([20, 25, 30]))
    images = paper.total * (2 if "copies" in planted else 1)
    paper.street_test = images * paper.percent // 100
    paper.street_train = images - paper.street_test
    size = paper.street_test
    # How the first two networks split the images on which they differ.
    paper.clear = "noise" not in planted and bool(rng.random() < 0.5)
    paper.split = _split(rng, 0, 0.01) if paper.clear else _split(rng, 0.15, 0.8)
    first = int(size * rng.uniform(0.86, 0.91))
    paper.right = [first, first - (paper.split[0] - paper.split[1])]
    paper.right += [paper.right[1] - int(rng.integers(8, 22))]
    paper.right += [paper.right[2] - int(rng.integers(5, 20))]
    paper.rows = [f"{right / size:.4f}" for right in paper.right]
    paper.false_accuracy = paper.rows[0][:4] + paper.rows[0][:3:-1]
    # Between two whole numbers of images, nearer to the right one.
    off = max(2, round(0.3 * 10_000 / size)) * int(rng.choice([-1, 1]))
    paper.false_row = f"{(round(10_000 * float(paper.rows[3])) + off) / 10_000:.4f}"
    gap = paper.right[1] - paper.right[2]
    paper.differing = gap + 2 * int(rng.integers(8, 26))


def _split(rng: np.random.Generator, above: float, below: float) -> tuple[int, int]:
    while True:
        fewer, gap = int(rng.integers(12, 28)), int(rng.integers(3, 34))
        if above <= _p_value(fewer + gap, fewer) < below:
            return fewer + gap, fewer


def _divided(rng: np.random.Generator, total: int, parts: int, least: float) -> list[int]:
    """Divide a number of images into parts of which none is small and no two are equal."""
    while True:
        shares = rng.dirichlet(np.full(parts, 9.0))
        counts = [int(total * share) for share in shares[:-1]]
        counts.append(total - sum(counts))
        if min(counts) > least * total and len(set(counts)) == parts:
            return counts


def _studio(rng: np.random.Generator, paper: SimpleNamespace) -> None:
    """Photographs of people in a studio, many of each: parts, and the recall of each mood."""
    paper.people = 5 * int(rng.integers(6, 13))
    paper.each = int(rng.integers(8, 16))
    paper.people_test = paper.people // 5
    paper.studio_test = paper.people_test * paper.each
    paper.studio = _divided(rng, paper.studio_test, 4, least=0.1)
    found = [int(round(n * share)) for n, share in zip(paper.studio, _shares(rng), strict=True)]
    paper.recalls = [right / n for right, n in zip(found, paper.studio, strict=True)]
    paper.micro = sum(found) / paper.studio_test
    paper.macro = float(np.mean(paper.recalls))
    paper.of_images = bool(rng.random() < 0.5)
    paper.epochs = int(rng.integers(25, 81))


def _shares(rng: np.random.Generator) -> np.ndarray:
    return rng.permutation([0.93, 0.84, 0.72, 0.55]) + rng.uniform(-0.03, 0.03, 4)


def _print(rng: np.random.Generator, paper: SimpleNamespace, planted: list[str]) -> str:
    """Return the paper as text, with the planted faults."""
    a, b, *_ = paper.names
    faulty = {code: code in planted for code in FAULTS}
    first = paper.false_accuracy if faulty["text"] else paper.rows[0]
    total = paper.false_total if faulty["sum"] else paper.total
    parts = ", ".join(f"{n} {mood}" for n, mood in zip(paper.counts, MOODS, strict=True))
    rows = [*paper.rows[:3], paper.false_row if faulty["size"] else paper.rows[3]]
    paper.table_1 = {paper.names[row]: rows[row] for row in rng.permutation(4).tolist()}
    paper.table_2 = {
        mood: (n, f"{recall:.4f}")
        for mood, n, recall in zip(MOODS, paper.studio, paper.recalls, strict=True)
    }
    items = {
        "Abstract": [f"{a} tells four moods apart. On Street, its accuracy is {first}."],
        "Data": [
            f"Street has {total} photographs, each of another person: {parts}.",
            _copying(rng, paper, faulty["copies"]),
            f"The training part of Street has {paper.street_train} images, its test part "
            f"{paper.street_test}.",
            f"Studio has {paper.people} people with {paper.each} photographs of each.",
            _dividing(rng, paper, faulty["people"]),
            f"The training part of Studio has {paper.studio_test * 4} images, its test part "
            f"{paper.studio_test}.",
        ],
        "Methods": [_choosing(rng, paper, faulty["choice"])],
        "Results": [_comparing(paper, faulty["noise"]), _averaging(paper, faulty["average"])],
    }
    lines, count = [f"{a} reads four moods", "A paper that does not exist, of nobody.", ""], 0
    for title, sentences in items.items():
        lines.append(f"{title.upper()}")
        for sentence in sentences:
            count += 1
            lines += textwrap.wrap(f"[{count}] {sentence}", 88, subsequent_indent="    ")
        lines.append("")
    lines.append("TABLE 1. Accuracy on the test part of Street")
    lines += [f"    {name:12}{accuracy}" for name, accuracy in paper.table_1.items()]
    lines += ["", f"TABLE 2. {a} on the test part of Studio", "    mood        images  recall"]
    lines += [f"    {mood:12}{n:6}  {recall}" for mood, (n, recall) in paper.table_2.items()]
    return "\n".join(lines)


def _one_of(rng: np.random.Generator, *wordings: str) -> str:
    return wordings[int(rng.integers(len(wordings)))]


def _copying(rng: np.random.Generator, paper: SimpleNamespace, faulty: bool) -> str:
    test, train = paper.percent, 100 - paper.percent
    if faulty:
        return _one_of(
            rng,
            "Each photograph of Street was copied once, with a small turn. The "
            f"{2 * paper.total} images were shuffled and divided, {train} % for training and "
            f"{test} % for testing.",
            f"After a turned copy of each photograph of Street had been added, {test} % of all "
            f"{2 * paper.total} images were drawn at random for testing; {train} % are left for "
            "training.",
        )
    return _one_of(
        rng,
        f"The photographs of Street were shuffled and divided, {train} % for training and "
        f"{test} % for testing. During training, an image is turned a little each time it is "
        "used.",
        f"Of Street, {test} % were drawn at random for testing, and {train} % are left for "
        "training. Only the latter are turned a little, anew in each epoch.",
    )


def _dividing(rng: np.random.Generator, paper: SimpleNamespace, faulty: bool) -> str:
    if faulty:
        return _one_of(
            rng,
            f"The {paper.people * paper.each} photographs of Studio were shuffled; 80 % are for "
            "training, 20 % for testing.",
            f"One in five of the {paper.people * paper.each} photographs of Studio was drawn at "
            "random for testing, the others are for training.",
        )
    teach = paper.people - paper.people_test
    return _one_of(
        rng,
        f"The people of Studio were shuffled; {teach} are for training, {paper.people_test} for "
        "testing, each with all photographs.",
        f"All photographs of {paper.people_test} people of Studio, drawn at random, are for "
        f"testing, those of the other {teach} for training.",
    )


def _choosing(rng: np.random.Generator, paper: SimpleNamespace, faulty: bool) -> str:
    epochs = f"All networks were trained for {paper.epochs} epochs with Adam"
    if faulty:
        return _one_of(
            rng,
            f"{epochs}. After each epoch the test part was predicted; the weights of the epoch "
            "with the highest accuracy there were kept.",
            f"{epochs}, and the weights saved after each. The tables have those weights of a "
            "network that did best on the test part.",
        )
    return _one_of(
        rng,
        f"{epochs}. After each epoch a tenth of the training part, held out for that, was "
        "predicted; the weights of the epoch with the highest accuracy there were kept.",
        f"{epochs}. The weights after the last epoch were kept, as decided in advance; the test "
        "part was predicted once.",
    )


def _comparing(paper: SimpleNamespace, faulty: bool) -> str:
    a, b, *_ = paper.names
    more, fewer = paper.split
    counts = (
        f"On {more + fewer} test images of Street exactly one of {a} and {b} is right, {a} on "
        f"{more} and {b} on {fewer}."
    )
    if faulty or paper.clear:
        return f"{counts} By McNemar's exact test, {a} is the better network."
    return f"{counts} McNemar's exact test does not show a better network."


def _averaging(paper: SimpleNamespace, faulty: bool) -> str:
    a = paper.names[0]
    value = paper.micro if paper.of_images != faulty else paper.macro
    name = "accuracy" if paper.of_images else "mean of the four recalls"
    return f"By table 2, the {name} of {a} on Studio is {value:.4f}."


def _evidence(paper: SimpleNamespace) -> dict[str, tuple[float, float]]:
    """Return the number that goes with each fault, and its tolerance."""
    images, photographs = 2 * paper.total, paper.people * paper.each
    return {
        "sum": (paper.total, 0.5),
        "size": (paper.right[3], 0.4),
        "text": (float(paper.rows[0]), 5e-5),
        "noise": (_p_value(*paper.split), 2e-3),
        "average": (paper.micro if paper.of_images else paper.macro, 1.1e-3),
        "choice": (paper.epochs, 0.5),
        "copies": (paper.street_train / (images - 1), 2e-3),
        "people": ((paper.each - 1) * 0.8 * photographs / (photographs - 1), 0.06),
    }


def possible_sizes(printed: list[str], largest: int) -> list[int]:
    """Return the numbers of images, 1 to `largest`, of which all printed accuracies can be shares.

    Examples
    --------
    >>> possible_sizes(["0.67", "0.333"], 9)
    [3, 6, 9]
    """
    return _sizes(printed, largest)[0]


def _sizes(printed: list[str], largest: int) -> tuple[list[int], bool]:
    """Return the sizes, and whether one of them has a share halfway between two printed ones."""
    sizes, halfway = np.arange(1, largest + 1), False
    for text in printed:
        fits, ties = _fit(text, sizes)
        halfway = halfway or bool(ties.any())
        sizes = sizes[fits]
    return sizes.tolist(), halfway


def _fit(text: str, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of which numbers of images a printed share is one, and where by a half rounded."""
    units = 10 ** len(text.partition(".")[2])
    rest = int(text.replace(".", "")) * np.asarray(sizes) % units
    apart = 2 * np.minimum(rest, units - rest)
    return apart <= sizes, apart == sizes


def _without_zeros(printed: list[str]) -> list[str]:
    return [text.rstrip("0") for text in printed]


def _printed(rng: np.random.Generator, decimals: int, zero: bool, largest: int) -> list[str]:
    """Return three accuracies of one number of images; where asked, the first ends in a zero."""
    while True:
        size = int(rng.integers(40, 200))
        texts = [f"{right / size:.{decimals}f}" for right in range(size // 2, size)]
        whole = [text for text in texts if text.endswith("0")]
        others = [text for text in texts if not text.endswith("0")]
        if len(others) < 3 or (zero and not whole):
            continue
        first = [whole[int(rng.integers(len(whole)))]] if zero else []
        printed = [others[int(place)] for place in rng.integers(len(others), size=3 - len(first))]
        printed = first + printed
        if len(set(printed)) < 3:
            continue
        sizes, halfway = _sizes(printed, largest)
        # Papers round a half either way, and so may a student's function: there is none.
        if halfway or len(sizes) < 3:
            continue
        if not zero or _sizes(_without_zeros(printed), largest)[0] != sizes:
            return printed


def _supplement(rng: np.random.Generator) -> list[str]:
    while True:
        printed = [str(text) for text in rng.permutation(_printed(rng, 3, True, 1000))]
        right, dropped = (_fits(printed), _fits(_without_zeros(printed)))
        if right[0] > 20 and dropped[1] != right[1]:
            return printed


def _fits(printed: list[str]) -> tuple[int, int]:
    sizes = possible_sizes(printed, 1000)
    return sizes[0], len(sizes)


def _four_digits(work: Work, rng: np.random.Generator) -> list[tuple]:
    found = [(_printed(rng, 4, False, 600), 600) for _ in range(3)]
    # In the first call the largest number that may be given back is one that fits.
    printed, largest = found[0]
    return [(printed, possible_sizes(printed, largest)[-1]), *found[1:]]


def _with_a_zero(work: Work, rng: np.random.Generator) -> list[tuple]:
    return [(_printed(rng, 3, True, 400), 400) for _ in range(3)]


def _nothing_fits(work: Work, rng: np.random.Generator) -> list[tuple]:
    while True:
        printed = [f"0.{rng.integers(5001, 9999)}" for _ in range(3)]
        sizes, halfway = _sizes(printed, 100)
        if not sizes and not halfway and not any(text.endswith("0") for text in printed):
            return [(printed, 100), (_printed(rng, 3, False, 400), 400)]


def _half_width(paper: SimpleNamespace, paired: bool = True) -> float:
    """Return half the 95 % interval of the difference of the second and the third network."""
    size, (better, worse) = paper.street_test, paper.right[1:3]
    if paired:
        variance = paper.differing - (better - worse) ** 2 / size
    else:
        variance = sum(right * (1 - right / size) for right in (better, worse))
    return 1.96 * variance**0.5 / size


def _difference(work: Work, paired: bool = True) -> tuple[float, float, float]:
    """Return by how many images, and the 95 % interval of the difference of the accuracies."""
    paper = work._paper
    gap, half = paper.right[1] - paper.right[2], _half_width(paper, paired)
    return gap, gap / paper.street_test - half, gap / paper.street_test + half


def _in_points(work: Work) -> tuple[float, float, float]:
    gap, low, high = _difference(work)
    return gap, 100 * low, 100 * high


_OFF = ~np.eye(4, dtype=bool)


def _confusion(rng: np.random.Generator) -> np.ndarray:
    """Return counts, true mood by row, whose means all differ, and the wrong ones from these."""
    while True:
        images = _divided(rng, int(rng.integers(120, 240)), 4, least=0.1)
        shares = _shares(rng)
        chances = np.zeros((4, 4))
        chances[_OFF] = (rng.dirichlet(np.ones(3), 4) * (1 - shares[:, None])).ravel()
        counts = rng.multinomial(images, chances + np.diag(shares))
        work = Work(confusion=counts)
        right, turned = _means(work), _means(Work(confusion=counts.T))
        apart = [abs(right[1] - right[2]), abs(right[0] - turned[0]), abs(right[2] - turned[2])]
        if counts.sum(axis=0).min() and min(apart) > 0.01:
            return counts


def _means(work: Work) -> tuple[float, float, float, float]:
    """Return the majority's share, accuracy, mean recall and macro-F1."""
    counts = work.confusion
    images, predicted, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    total = counts.sum()
    f1 = 2 * right / np.maximum(images + predicted, 1)
    recall = right / np.maximum(images, 1)
    shares = images.max() / total, right.sum() / total, recall.mean(), f1.mean()
    return tuple(float(share) for share in shares)


def _swapped(work: Work) -> tuple[float, float, float, float]:
    majority, accuracy, recall, f1 = _means(work)
    return majority, recall, accuracy, f1


def _found(value: object) -> dict[str, float]:
    """Read codes of faults, each with a number."""
    kind = f"a dictionary from at most five codes, of {', '.join(FAULTS)}, to numbers"
    # Whoever computes all eight numbers has judged nothing yet.
    if not isinstance(value, dict) or len(value) > 5 or not set(value) <= set(FAULTS):
        raise WrongKind(kind, value)
    try:
        return {code: number(given) for code, given in value.items()}
    except WrongKind as unfit:
        raise WrongKind(kind, *unfit.part) from None


def _judge_faults(work: Work, answer: dict) -> tuple[float, str]:
    """Give a tenth for a planted code and for its number, and take one for any other code."""
    share, said = 0.0, []
    for code, given in answer.items():
        if code not in work._planted:
            share -= 0.1
            said.append(f"{code}: what the paper says there can be true.")
            continue
        expected, tolerance = work._evidence[code]
        share += 0.1
        if close(given, expected, tolerance):
            share += 0.1
        else:
            said.append(f"{code}: it is there, and the number that goes with it is another.")
    missing = set(work._planted) - set(answer)
    if missing:
        said.append("Not all faults are named.")
    return max(0.0, share), " ".join(said) or "Right."


def _key_faults(work: Work) -> dict[str, float]:
    return {code: float(work._evidence[code][0]) for code in work._planted}


ASSIGNMENT = Assignment(
    "a4-study",
    "Assignment 4: a study, and an audit",
    _draw,
    (
        Task(
            "task-1",
            "the plan of the study",
            10,
            several(2),
            lambda work: (_steps(work), _wins(work.pilot)),
            (
                Slip(
                    lambda work: (_steps(work, whole_batches=True), _wins(work.pilot)),
                    0.5,
                    "The last batch of an epoch is a step, too, though it is not full.",
                ),
                Slip(
                    lambda work: (_steps(work, seeds=1), _wins(work.pilot)),
                    0.5,
                    "Both arms are trained, and each of them once per seed.",
                ),
                Slip(
                    lambda work: (_steps(work), _wins(work.pilot, sides=1)),
                    0.5,
                    "Nobody said beforehand which arm is better: the test has two sides.",
                ),
            ),
        ),
        Task(
            "task-2",
            "the exact test as a function",
            10,
            number,
            lambda work: _p_value,
            cases=(
                Cases("uneven splits", 0.5, _ordinary),
                Cases("even splits, and networks that never differ", 0.3, _even),
                Cases("splits where one network wins all", 0.2, _lopsided),
            ),
            tolerance=1e-6,
        ),
        Task(
            "task-3",
            "two arms on sealed images",
            15,
            _arms,
            partial(_example, part="sealed"),
            bar=_judge_sealed,
        ),
        Task(
            "task-4",
            "the comparison",
            15,
            _comparison,
            _key_comparison,
            bar=_judge_comparison,
        ),
        Task(
            "task-5",
            "possible sizes as a function",
            10,
            array,
            lambda work: possible_sizes,
            cases=(
                Cases("four digits", 0.5, _four_digits),
                Cases("a zero at the end", 0.3, _with_a_zero),
                Cases("many sizes, and none", 0.2, _nothing_fits),
            ),
        ),
        Task(
            "task-6",
            "the sizes behind a supplement",
            5,
            several(2),
            lambda work: _fits(work.supplement),
            (
                Slip(
                    lambda work: _fits(_without_zeros(work.supplement)),
                    0.4,
                    "A zero at the end is a digit that was printed: it excludes sizes.",
                ),
            ),
        ),
        Task(
            "task-7",
            "a difference of two accuracies",
            10,
            several(3),
            _difference,
            (
                Slip(
                    partial(_difference, paired=False),
                    0.5,
                    "Both networks saw the same images: only those on which they differ make the "
                    "error.",
                ),
                Slip(_in_points, 0.8, "Right in points; the task asks for shares."),
            ),
            tolerance=1.1e-3,
        ),
        Task(
            "task-8",
            "means over images and over classes",
            10,
            several(4),
            _means,
            (
                Slip(
                    _swapped,
                    0.5,
                    "The accuracy is a mean over images, the mean recall one over classes.",
                ),
                Slip(
                    lambda work: _means(Work(confusion=work.confusion.T)),
                    0.5,
                    "Rows are the true moods: add up along them for what there is to find.",
                ),
            ),
            tolerance=1.1e-3,
        ),
        Task(
            "task-9",
            "the faults of a paper",
            15,
            _found,
            _key_faults,
            bar=_judge_faults,
        ),
    ),
    cell_seconds=180,
    seconds=900,
)
