"""The page of all runs, and the benchmark that it prints."""

import dataclasses
import re

import numpy as np
import pytest
from PIL import Image

from data_fetch import load
from fer_helpers import evaluation, results, study
from tools import benchmark, scoreboard

ROWS = [row for rows in scoreboard.TABLES.values() for row in rows]


@pytest.fixture
def runs(tmp_path):
    """Three seeds of an invented network in ten classes of chance."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "a-network" / "fer2013-full"
    stored = results.stored("compact", "fer2013", "cpu")["image", 0]
    for seed in (0, 1, 2):
        run = dataclasses.replace(
            stored,
            study="a-network",
            profile="full",
            seed=seed,
            probabilities={"test": rng.dirichlet(np.full(7, 0.3), 50)},
        )
        results.save(run, folder)
    copies = np.arange(50) < 5
    reference = results.Reference(
        tuple("abcdefg"), {"test": rng.integers(0, 7, 50)}, {"test": copies}
    )
    results.save_reference(reference, folder)
    return tmp_path


def test_several_seeds_have_their_mean_and_their_range(runs):
    found = scoreboard.score(scoreboard.Row("a network", ours="a-network"), "a-network", runs)
    labels = results.reference("a-network", "fer2013", "full", runs=runs).labels["test"]
    values = [
        evaluation.accuracy(labels, run.probabilities["test"])
        for run in results.stored("a-network", "fer2013", "full", runs=runs).values()
    ]
    low, high = evaluation.wilson_interval(round(50 * np.mean(values)), 50)
    said = scoreboard.accuracy(found)
    assert "; 3\xa0times, " in said
    numbers = [float(n) for n in re.findall(r"-?\.\d+", said)]
    wanted = [np.mean(values), low, high, min(values), max(values)]
    assert numbers == pytest.approx(wanted, abs=6e-4)


def test_a_network_with_one_answer_is_named(runs):
    row = scoreboard.Row("a network", ours="a-network")
    found = scoreboard.score(row, "a-network", runs)
    always = np.tile([0.4, *[0.1] * 6], (50, 1))
    one = dataclasses.replace(found, probabilities=(always,))
    assert scoreboard._macro_f1(one).endswith("one answer to all")
    assert "one answer" not in scoreboard._macro_f1(found)


def test_averaged_seeds_are_one_answer(runs):
    row = scoreboard.Row("three seeds", ours="a-network", seeds=3)
    found = scoreboard.score(row, "a-network", runs)
    assert len(found.probabilities) == 1 and len(found.runs) == 3
    mean = np.mean(
        [
            run.probabilities["test"]
            for run in results.stored("a-network", "fer2013", "full", runs=runs).values()
        ],
        axis=0,
    )
    np.testing.assert_allclose(found.probabilities[0], mean)
    more = scoreboard.Row("four seeds", ours="a-network", seeds=4)
    assert scoreboard.score(more, "a-network", runs) is None


def test_only_one_profile_is_averaged(runs):
    row = scoreboard.Row("shortened", ours="a-network", profile="cpu")
    assert scoreboard.score(row, "a-network", runs) is None


def test_what_was_not_run_says_so(tmp_path):
    page = scoreboard.page(tmp_path)
    tables = page[page.index("## FER2013") : page.index("## How they were trained")]
    cells = [cell.strip() for line in tables.splitlines() for cell in line.split("|")]
    assert sum(cell == "not run" for cell in cells) > 50
    assert not any(re.fullmatch(r"\.\d{3} \(.*", cell) for cell in cells)


def test_every_row_belongs_to_a_plan():
    planned = {
        plan.study
        for name in study.STUDIES
        for dataset in study.datasets(name)
        for plan in study.plans(name, dataset, "full")
    }
    for row in ROWS:
        plans = (row.ours, row.papers)
        named = {*(name.partition(":")[0] for name in plans), *(plan for plan, _ in row.members)}
        assert named - {""} and named - {""} <= planned, row.name


def test_the_page_holds_the_stored_runs():
    page = scoreboard.page()
    run = results.stored("compact", "fer2013", "cpu")["image", 0]
    truth = results.reference("compact", "fer2013", "cpu")
    for split in ("test", "test-crops"):
        value = evaluation.accuracy(truth.labels["test"], run.probabilities[split])
        assert f"| {value:.3f} (".replace("0.", ".") in page
    assert page.count("{cite}") >= 10


def test_both_pipelines_give_the_same_kind_of_images(tmp_path):
    """An image of either side is a source image, shifted by whole pixels, perhaps mirrored."""
    faces = load("sample").part("train")
    faces = faces.select(slice(0, 20))
    benchmark.write_folders(faces, tmp_path)
    decoded = np.stack(
        [np.asarray(Image.open(path)) for path in sorted(tmp_path.rglob("*.jpg"))]
    ).astype("float32")
    theirs = benchmark.folder_batches(tmp_path)[0][0]
    pixels = faces.images.astype("float32")
    ours = benchmark.array_batches(faces)[0][0]
    for sources, made in ((decoded, theirs), (pixels[..., 0], ours)):
        padded = np.pad(sources, ((0, 0), (5, 5), (5, 5)), mode="edge") / 255
        windows = np.lib.stride_tricks.sliding_window_view(padded, (48, 48), axis=(1, 2))
        windows = windows.reshape(-1, 48, 48)
        assert made.shape == (20, 48, 48, 1)
        for image in made[:6, ..., 0]:
            either = [
                np.abs(windows - view).max(axis=(1, 2)).min() for view in (image, image[:, ::-1])
            ]
            assert min(either) < 2e-3


def test_the_benchmark_reports_both_sides():
    found = benchmark.measure(count=128, passes=1)
    assert found["images"] == 128
    assert min(found["arrays_per_second"], found["folder_per_second"]) > 0
    report = results.benchmark_report(found)
    assert "128 synthetic faces" in report and found["machine"] in report
