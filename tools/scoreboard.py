"""Write the page of all stored runs: what the papers say, what came out here, and how.

Every number of ours on it is computed from `fer_helpers.results` when the site is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_helpers import evaluation, results
from fer_helpers.results import Run

NOT_RUN = "not run"
SPLIT = "test"


@dataclass(frozen=True)
class Row:
    """One line: a network, or several averaged, with what a paper says of it.

    Attributes
    ----------
    name, quoted
        What the reader sees; the paper's accuracy as it prints it.
    dataset
        Of our runs.
    ours, papers
        Names of the plans of `fer_helpers.study`, by our rules and by the paper's.
    members
        ``(plan, view)`` of the networks whose probabilities are averaged, seed by seed; empty for
        one network, of the plan `ours`.
    seeds
        How many seeds, the first ones, are averaged into one answer; 0 averages none.
    windows
        Whether 18 windows of the image are averaged.
    profile
        The one that is shown.
    """

    name: str
    quoted: str = "–"
    dataset: str = "fer2013"
    ours: str = ""
    papers: str = ""
    members: tuple[tuple[str, str], ...] = ()
    seeds: int = 0
    windows: bool = False
    profile: str = "full"


def _views(plan: str) -> tuple[tuple[str, str], ...]:
    return tuple((plan, view) for view in ("image", "contour", "inverted"))


def _ertugrul(name: str, label: str, quoted: str = "–", profile: str = "full") -> Row:
    plan = f"four-cnns/{name}"
    return Row(label, quoted, ours=f"{plan}-honest", papers=f"{plan}-paper", profile=profile)


def _yershov(name: str, label: str, quoted: str) -> Row:
    plan = f"thermal/{name}"
    return Row(label, quoted, "thermal", ours=f"{plan}-people", papers=f"{plan}-paper")


def _matijasevic(name: str, label: str, quoted: str = "–", dataset: str = "rafdb") -> Row:
    plan = f"transfer-rafdb/{name}-tuned"
    return Row(label, quoted, dataset, ours=f"{plan}-honest", papers=f"{plan}-paper")


SAVENKO = "{cite}`savenko2026`"
ERTUGRUL = "{cite}`ertugrul2024`"
YERSHOV = "{cite}`yershov2025`"
MATIJASEVIC = "{cite}`matijasevic2024`"

TABLES: dict[str, tuple[Row, ...]] = {
    "FER2013": (
        Row("compact, 90 epochs, whole image", ours="compact", profile="cpu"),
        Row("compact, 90 epochs, 18 windows", ours="compact", profile="cpu", windows=True),
        Row("compact, 150 epochs, whole image", ours="compact", profile="full"),
        Row("compact, 150 epochs, 18 windows", ours="compact", profile="full", windows=True),
        *(
            Row(
                f"compact, 30 epochs, {label}, {'18 windows' if windows else 'whole image'}",
                ours=f"compact-views:{view}",
                members=members,
                seeds=seeds,
                windows=windows,
                profile="cpu",
            )
            for windows in (False, True)
            for label, view, members, seeds in (
                ("image view", "image", (), 0),
                ("contour view", "contour", (), 0),
                ("inverted view", "inverted", (), 0),
                ("three views averaged", "", _views("compact-views"), 0),
                ("three seeds averaged", "image", (), 3),
            )
        ),
        Row("compact, 150 epochs, three views averaged", members=_views("compact-views")),
        Row("ResNet-18, strong recipe, 18 windows", ours="strong", windows=True),
        Row("quick, whole image", ours="three-view-ensemble", profile="cpu"),
        Row("quick, three views averaged", members=_views("three-view-ensemble"), profile="cpu"),
        Row("quick, three seeds averaged", ours="three-view-ensemble", seeds=3, profile="cpu"),
        Row("six convolutions, image view", ours="three-view-ensemble"),
        Row("six convolutions, three views averaged", members=_views("three-view-ensemble")),
        Row("six convolutions, three seeds averaged", ours="three-view-ensemble", seeds=3),
        Row(
            f"six convolutions, inverted view (CNN #3) {SAVENKO}",
            ".6732 of 1,432",
            ours="three-view-ensemble:inverted",
            papers="three-view-ensemble/paper:inverted",
        ),
        Row(
            f"six convolutions, CNN #4 {SAVENKO}",
            ".6837 of 1,432",
            papers="three-view-ensemble/cnn-4",
        ),
        _ertugrul("traditional_cnn", f"traditional CNN {ERTUGRUL}"),
        _ertugrul("resnet50", f"ResNet-50 {ERTUGRUL}", ".68"),
        _ertugrul("vgg16", f"VGG-16 {ERTUGRUL}"),
        _ertugrul("mobilenet_v3_small", f"MobileNetV3-Small {ERTUGRUL}"),
        *(
            _ertugrul(name, f"{label}, 8 epochs on 4,000 images", profile="cpu")
            for name, label in (
                ("traditional_cnn", "traditional CNN"),
                ("resnet50", "ResNet-50"),
                ("vgg16", "VGG-16"),
                ("mobilenet_v3_small", "MobileNetV3-Small"),
            )
        ),
        Row(
            "residual CNN {cite}`akhmetkan2026`",
            ours="residual-roc/residual_cnn-honest",
            papers="residual-roc/residual_cnn-paper",
        ),
    ),
    "RAF-DB without disgust": (
        _matijasevic("resnet50", f"ResNet-50 {MATIJASEVIC}", ".7531"),
        _matijasevic("vgg16", f"VGG-16 {MATIJASEVIC}", ".8361"),
        _matijasevic("vgg19", f"VGG-19 {MATIJASEVIC}", ".8237"),
    ),
    "FER2013 without disgust, the same networks": (
        _matijasevic("resnet50", "ResNet-50", dataset="fer2013"),
        _matijasevic("vgg16", "VGG-16", dataset="fer2013"),
        _matijasevic("vgg19", "VGG-19", dataset="fer2013"),
    ),
    "Thermograms: the papers' are real, ours are simulated": (
        _yershov("thermal_cnn", f"CNN {YERSHOV}", ".8524"),
        _yershov("fcn", f"FCN {YERSHOV}", ".9004"),
        _yershov("efficientnet_b0", f"EfficientNet-B0 {YERSHOV}", ".31"),
        _yershov("mobilenet_v2", f"MobileNet {YERSHOV}", ".8413"),
    ),
}


@dataclass(frozen=True)
class Score:
    """What the networks of a row gave: probabilities per repetition, and what they were asked."""

    runs: tuple[Run, ...]
    probabilities: tuple[np.ndarray, ...]
    labels: np.ndarray
    copies: np.ndarray


def score(row: Row, plan: str, root: Path = results.RUNS) -> Score | None:
    """Collect a row's stored probabilities under a plan, or None where it was not run."""
    plan, _, view = plan.partition(":")
    members = row.members or ((plan, view or "image"),)
    key = f"{SPLIT}-crops" if row.windows else SPLIT
    per_member, used = [], []
    for name, view in members:
        found = results.stored(name, row.dataset, row.profile, runs=root)
        chosen = {seed: run for (v, seed), run in found.items() if v == view}
        if not chosen:
            return None
        per_member.append(chosen)
        used += chosen.values()
    reference = results.reference(members[0][0], row.dataset, row.profile, runs=root)
    common = sorted(set.intersection(*(set(chosen) for chosen in per_member)))
    repetitions = [
        np.mean([chosen[seed].probabilities[key] for chosen in per_member], axis=0)
        for seed in common
    ]
    if row.seeds:
        chosen = repetitions[: row.seeds]
        repetitions = [np.mean(chosen, axis=0)] if len(chosen) == row.seeds else []
    if not repetitions:
        return None
    return Score(tuple(used), tuple(repetitions), reference.labels[SPLIT], reference.copies[SPLIT])


def _number(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _mean(found: Score, statistic: Callable, chosen: np.ndarray | slice = slice(None)) -> float:
    labels = found.labels[chosen]
    return float(np.mean([statistic(labels, rows[chosen]) for rows in found.probabilities]))


def accuracy(found: Score | None) -> str:
    """Return the mean accuracy with Wilson's 95 % interval, and the range of repetitions.

    An interval over few seeds is narrow or wide by luck, and rows of one seed have none: one kind
    of interval for all rows can be compared.
    """
    if found is None:
        return NOT_RUN
    values = [evaluation.accuracy(found.labels, rows) for rows in found.probabilities]
    count = len(found.labels)
    low, high = evaluation.wilson_interval(round(np.mean(values) * count), count)
    # The spaces keep an interval in one line of a narrow cell.
    interval = f"({_number(low)}\xa0to\xa0{_number(high)})"
    if len(values) == 1:
        return f"{_number(values[0])} {interval}"
    ends = f"{_number(min(values))}\xa0to\xa0{_number(max(values))}"
    return f"{_number(np.mean(values))} {interval}; {len(values)}\xa0times, {ends}"


def _without_copies(found: Score | None) -> str:
    if found is None:
        return NOT_RUN
    return _number(_mean(found, evaluation.accuracy, ~found.copies))


def _macro_f1(found: Score | None) -> str:
    if found is None:
        return NOT_RUN
    one_answer = all(len(set(rows.argmax(axis=1))) == 1 for rows in found.probabilities)
    note = ", one answer to all" if one_answer else ""
    return _number(_mean(found, evaluation.macro_f1)) + note


def _table(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *lines))


def _scores(rows: tuple[Row, ...], root: Path) -> str:
    header = (
        "network",
        "the paper's number",
        "ours, by the paper's rules",
        "ours, by our rules (95 %)",
        "without copies",
        "macro-F1",
    )
    lines = []
    for row in rows:
        ours = score(row, row.ours, root) if row.ours or row.members else None
        papers = score(row, row.papers, root) if row.papers else None
        by_paper = accuracy(papers) if row.papers else "–"
        by_us = accuracy(ours) if row.ours or row.members else "–"
        rest = (_without_copies(ours), _macro_f1(ours)) if by_us != "–" else ("–", "–")
        lines.append((row.name, row.quoted, by_paper, by_us, *rest))
    return _table(header, lines)


def _trainings(root: Path) -> str:
    header = ("stored run", "parameters", "epochs", "minutes", "trained on")
    lines = []
    for plan, dataset, profile in results.folders(runs=root):
        for (view, seed), run in results.stored(plan, dataset, profile, runs=root).items():
            lines.append(
                (
                    f"{plan}, {dataset}, {profile}, {view} {seed}: {run.architecture}",
                    f"{run.parameters:,}",
                    str(len(run.history["loss"])),
                    f"{run.seconds / 60:.0f}",
                    run.hardware.replace(", Keras backend", ";"),
                )
            )
    return _table(header, lines)


INTRODUCTION = """# Scoreboard

Every run of this course on the papers' kind of data, and every one that is planned and not made.

The page is written when the site is built, from the probabilities that are stored with the
package (`fer_helpers.results`): no number of ours on it is typed in.
A cell without a run behind it says "not run".

- **The paper's number** is quoted as it is printed;
  what it was measured on differs from paper to paper.
- **By the paper's rules**: its division of the images, its epochs, its way of choosing the
  epoch, on whatever images judge there.
- **By our rules**: on FER2013 trained on Training and judged on PrivateTest after the last epoch;
  nothing was chosen but the recipe of `compact`, on PublicTest.
- **The interval** is Wilson's, and knows of the luck in drawing faces only. Where a row was done
  several times, from other seeds, the number is the mean, and the lowest and the highest follow:
  that is the luck in training.
- **Whole image** is the face once; **18 windows** is the mean over nine cuts of it and their mirror
  images, eighteen times the work. A *view* is what the network sees of a face, as in
  [chapter 24](chapters/24-three-view-ensemble.md); where none is named, it is the image.
- **Without copies** leaves out the images that have an exact copy in training. It and
  **macro-F1** belong to the run by our rules.

On the thermograms both ways end a training by the loss of the images that judge, as the paper
seems to do; where that was early, the network may not have begun to learn
([chapter 22](chapters/22-thermal.md)).

`compact` and `quick` are the course's own small networks, and no paper's.
Compare rows of ours where network, epochs and windows agree. The paper's number was measured on
other images than ours, and is comparable with the cell to its right at most.
"""


def page(root: Path = results.RUNS) -> str:
    """Return the page in MyST Markdown."""
    parts = [INTRODUCTION]
    for title, rows in TABLES.items():
        parts += [f"## {title}\n", _scores(rows, root) + "\n"]
    parts += [
        "## How they were trained\n",
        "Minutes are of wall time and include whatever else the machine did.\n",
        _trainings(root) + "\n",
        "## How fast the images come\n",
        results.benchmark_report() + "\n",
    ]
    return "\n".join(parts)
