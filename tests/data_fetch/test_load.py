import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_fetch import DATASETS, load
from data_fetch.dataset import checksum

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["fer", "", "Sample", None])
def test_unknown_names(name):
    with pytest.raises(ValueError, match="choose one of 'sample', 'fer2013', 'rafdb', 'thermal'"):
        load(name)
    assert DATASETS == ("sample", "fer2013", "rafdb", "thermal")


def test_sample_is_kept(cache_folder):
    first = load("sample", count=70, seed=3)
    assert isinstance(first.images, np.memmap)
    assert checksum(first.images, first.labels) == first.source.checksum
    assert first.source.synthetic
    again = load("sample", count=70, seed=3)
    np.testing.assert_array_equal(first.images, again.images)
    assert again.source == first.source
    assert len(list(cache_folder.glob("sample-*.lock"))) == 1
    other = load("sample", count=70, seed=4)
    assert other.source.checksum != first.source.checksum


def test_a_new_renderer_does_not_use_old_images(monkeypatch):
    from data_fetch import sample

    made = []
    faces = sample_of_three()
    monkeypatch.setattr(sample, "render", lambda **_: made.append(1) or faces)
    load("sample", count=3)
    load("sample", count=3)
    assert len(made) == 1
    monkeypatch.setattr(sample, "VERSION", sample.VERSION + 1)
    load("sample", count=3)
    assert len(made) == 2


def sample_of_three():
    from data_fetch import FaceDataset, Source

    return FaceDataset(
        np.zeros((3, 48, 48, 1), np.uint8), np.zeros(3, int), ("sad",),
        np.array(["train"] * 3), None, Source("Blank", "none", "", synthetic=True),
    )  # fmt: skip


def test_sample_without_a_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("READING_FACES_DATA", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="not kept for the next time"):
        assert len(load("sample", count=30)) == 30


def test_thermal_is_kept(monkeypatch, cache_folder):
    from data_fetch import thermal

    seeds = []
    faces = sample_of_three()
    monkeypatch.setattr(thermal, "simulate", lambda seed: seeds.append(seed) or faces)
    for seed in (1, 1, 2):
        assert isinstance(load("thermal", seed=seed).images, np.memmap)
    assert seeds == [1, 2]


def test_no_tensorflow_and_nothing_of_the_helpers():
    script = (
        "import sys, data_fetch, data_fetch.fer2013, data_fetch.rafdb, data_fetch.sample\n"
        "unwanted = {'tensorflow', 'keras', 'jax', 'torch', 'fer_helpers', 'kagglehub'}\n"
        "assert not unwanted & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", ["sample", "thermal"])
@pytest.mark.parametrize("seed", [-1, 1.5, "abc", "../../elsewhere", None, True])
def test_a_seed_that_is_none_is_refused_before_anything_is_written(cache_folder, name, seed):
    with pytest.raises(ValueError, match="seed must be a whole number from 0, not"):
        load(name, seed=seed)
    assert not cache_folder.exists()


@pytest.mark.parametrize("count", [-3, 2.5, None, "10"])
def test_a_count_that_is_none_is_refused_before_anything_is_written(cache_folder, count):
    with pytest.raises(ValueError, match="count must be a whole number from 0, not"):
        load("sample", count=count)
    assert not cache_folder.exists()
