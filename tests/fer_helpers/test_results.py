import dataclasses

import numpy as np
import pytest

from fer_helpers import evaluation, results


def make_run(**changes) -> results.Run:
    rng = np.random.default_rng(0)
    run = results.Run(
        study="a-study",
        dataset="sample",
        profile="cpu",
        view="image",
        seed=0,
        architecture="quick",
        parameters=78_183,
        protocol={"epochs": 2},
        training_images=10,
        data_checksum="0" * 64,
        versions={"keras": "3"},
        hardware="a processor",
        seconds=1.5,
        history={"loss": [2.0, 1.0]},
        probabilities={"test": rng.dirichlet(np.ones(7), 20)},
    )
    return dataclasses.replace(run, **changes)


def test_a_run_survives_storing(tmp_path):
    run = make_run()
    results.save(run, tmp_path)
    again = results.load_run(tmp_path, "image", 0)
    np.testing.assert_allclose(again.probabilities["test"], run.probabilities["test"], atol=1e-3)
    np.testing.assert_allclose(again.probabilities["test"].sum(axis=1), 1)
    assert dataclasses.replace(again, probabilities={}) == dataclasses.replace(
        run, probabilities={}
    )


def test_a_run_without_its_json_does_not_count(tmp_path):
    folder = tmp_path / "a-study" / "sample-cpu"
    results.save(make_run(), folder)
    results.save(make_run(seed=1), folder)
    (folder / "image-1.json").unlink()
    assert list(results.stored("a-study", "sample", "cpu", runs=tmp_path)) == [("image", 0)]


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def full(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        results.save(make_run(), tmp_path)
    assert not list(tmp_path.glob("*.json"))
    assert not list(tmp_path.glob("*.npz"))


def test_reference_survives_storing(tmp_path):
    reference = results.Reference(
        ("angry", "happy"),
        {"test": np.array([0, 1, 1])},
        {"test": np.array([False, True, False])},
    )
    folder = tmp_path / "a-study" / "sample-cpu"
    results.save_reference(reference, folder)
    again = results.reference("a-study", "sample", "cpu", runs=tmp_path)
    assert again.class_names == ("angry", "happy")
    np.testing.assert_array_equal(again.labels["test"], [0, 1, 1])
    np.testing.assert_array_equal(again.copies["test"], [False, True, False])


def test_a_study_that_was_not_run_says_so(tmp_path):
    assert results.stored("a-study", "sample", "cpu", runs=tmp_path) == {}
    with pytest.raises(FileNotFoundError, match="a-study was not run on sample"):
        results.reference("a-study", "sample", "cpu", runs=tmp_path)


def test_there_is_a_stored_run_on_real_faces():
    assert "fer2013" in {dataset for _, dataset, _ in results.folders()}


# A short training of many normalisations with a long memory gives every face the same answer:
# chapter 20 is about it.
BLIND = {
    ("four-cnns/mobilenet_v3_small-honest", "cpu"),
    ("four-cnns/mobilenet_v3_small-paper", "cpu"),
}


@pytest.mark.parametrize(("plan", "dataset", "profile"), results.folders())
def test_stored_runs_are_complete(plan, dataset, profile):
    runs = results.stored(plan, dataset, profile)
    reference = results.reference(plan, dataset, profile)
    assert runs
    for (view, seed), run in runs.items():
        assert (run.view, run.seed, run.dataset, run.profile) == (view, seed, dataset, profile)
        assert run.parameters > 0 and run.seconds > 0 and run.hardware and run.versions
        epochs, ends_early = len(run.history["loss"]), run.protocol.get("patience")
        assert epochs == run.protocol["epochs"] or ends_early and epochs < run.protocol["epochs"]
        assert run.study == plan
        assert len(run.data_checksum) == 64
        for split, labels in reference.labels.items():
            assert run.probabilities[split].shape == (len(labels), len(reference.class_names))
            if dataset != "fer2013":
                continue  # what can be learned of the simulated thermograms is a question
            largest = np.bincount(labels).max() / len(labels)
            accuracy = evaluation.accuracy(labels, run.probabilities[split])
            if (plan, profile) in BLIND:
                assert len(np.unique(run.probabilities[split].round(6), axis=0)) == 1
                assert accuracy == largest
                continue
            # Better than always naming the largest class, or something was mixed up.
            assert accuracy > largest + 0.05
    files = list((results.RUNS / plan / f"{dataset}-{profile}").glob("*.json"))
    text = "".join(path.read_text() for path in files)
    assert not any(word in text for word in ("/home", "/root", "/tmp", "/work", "\\Users"))
    assert len(files) == len(runs)


def test_stored_fer2013_has_the_official_sizes_and_the_known_copies():
    reference = results.reference("three-view-ensemble", "fer2013", "cpu")
    assert {name: len(labels) for name, labels in reference.labels.items()} == {
        "validation": 3589,
        "test": 3589,
    }
    # Counted by data_fetch.duplicates on the real archive.
    assert {name: int(mask.sum()) for name, mask in reference.copies.items()} == {
        "validation": 280,
        "test": 288,
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("image-0.json", b""),
        ("image-0.json", b"{}"),
        ("image-0.json", b"[]"),
        ("image-0.npz", b""),
        ("image-0.npz", b"PK\x03\x04"),
        ("image-0.npz", None),
    ],
)
def test_a_damaged_run_is_named(tmp_path, name, content):
    run = make_run()
    results.save(run, tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="image-0.json or the .npz file beside it is damaged"):
        results.load_run(tmp_path, run.view, run.seed)


def test_a_damaged_reference_is_named(tmp_path):
    folder = tmp_path / "a-study" / "sample-cpu"
    folder.mkdir(parents=True)
    (folder / "reference.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="reference.npz is damaged"):
        results.reference("a-study", "sample", "cpu", runs=tmp_path)


def test_an_older_run_ends_before_its_probabilities_change(tmp_path, monkeypatch):
    results.save(make_run(), tmp_path)

    def full(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        results.save(make_run(protocol={"epochs": 9}), tmp_path)
    assert not list(tmp_path.glob("*.json"))


def test_report_counts_and_says_what_was_not_run(tmp_path):
    assert results.report("vgg16", runs=tmp_path) == "vgg16 on fer2013: not run"
    folder = tmp_path / "quick" / "fer2013-cpu"
    labels = np.array([0, 0, 1, 1])
    right = np.eye(2)[[0, 0, 1, 0]]
    results.save(
        make_run(study="quick", probabilities={"test": right, "test-crops": np.eye(2)[labels]}),
        folder,
    )
    copies = np.array([True, False, False, False])
    results.save_reference(
        results.Reference(("a", "b"), {"test": labels}, {"test": copies}), folder
    )
    head, plain, crops, *rest = results.report("quick", runs=tmp_path).splitlines()
    assert head == "quick on fer2013, profile cpu"
    assert " 0.750 (0." in plain and plain.endswith("without copies 0.667")
    assert max(map(len, (plain, crops))) <= 78
    assert "test, 18 windows:" in crops and " 1.000 (0." in crops
    assert any(line.startswith("protocol") for line in rest)
    # A study of several plans has folders of its own, and the network is found in them.
    paper = tmp_path / "four-cnns" / "quick-paper" / "fer2013-full"
    results.save(make_run(study="four-cnns/quick-paper", probabilities={"test": right}), paper)
    results.save_reference(results.Reference(("a", "b"), {"test": labels}, {"test": copies}), paper)
    assert ("four-cnns/quick-paper", "fer2013", "full") in results.folders(runs=tmp_path)
    heads = [part.splitlines()[0] for part in results.report("quick", runs=tmp_path).split("\n\n")]
    assert heads == [
        "quick on fer2013, study four-cnns/quick-paper, profile full",
        "quick on fer2013, profile cpu",
    ]
    short = results.report("quick", without="four-cnns/quick-paper", runs=tmp_path)
    assert short.splitlines()[0] == head and "\n\n" not in short
