import dataclasses
import json
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest

from data_fetch import FaceDataset, Source
from fer_helpers import architectures, study, training, views
from fer_helpers.architectures.weights import load_arrays


@pytest.fixture(scope="module")
def faces() -> FaceDataset:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (90, 48, 48, 1), dtype=np.uint8)
    images[89] = images[0]
    return FaceDataset(
        images=images,
        labels=np.arange(90) % 7,
        class_names=("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
        split=np.repeat(["train", "validation", "test"], 30),
        subject=None,
        source=Source("noise", "none", "0" * 64, True, ""),
    )


@pytest.fixture
def tiny() -> study.Plan:
    plan = study.plan("three-view-ensemble", "sample", "smoke")
    return dataclasses.replace(plan, members=plan.members[:2])


def test_plan_has_three_views_and_three_seeds():
    members = study.plan("three-view-ensemble", "sample", "cpu").members
    assert {view for view, _ in members} == set(views.VIEWS)
    assert [seed for view, seed in members if view == "image"] == [0, 1, 2]


def test_full_profile_is_the_papers_protocol():
    plan = study.plan("three-view-ensemble", "fer2013", "full")
    assert plan.protocol == training.SAVENKO
    assert (plan.protocol.epochs, plan.protocol.batch_size, plan.protocol.shift) == (50, 64, 0.1)
    assert plan.architecture == "six_conv_cnn"


def test_compact_is_predicted_whole_and_in_windows_and_its_weights_kept(faces, tmp_path):
    plan = study.plan("compact", "sample", "smoke")
    assert plan.protocol.crop == 44 and plan.members == (("image", 0),)
    runs, reference = study.run(plan, faces, folder=tmp_path, log=lambda line: None)
    (run,) = runs.values()
    assert set(run.probabilities) == {"validation", "validation-crops", "test", "test-crops"}
    assert set(reference.labels) == {"validation", "test"}
    model = architectures.build("compact")
    load_arrays(model, tmp_path / "image-0.weights.npz")
    images = views.make_view(faces.part("test").images, "image")
    np.testing.assert_allclose(
        training.predict(model, images), run.probabilities["test"], atol=2e-3
    )


def test_a_network_trained_in_bfloat16_is_kept_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = architectures.build("quick")
        exact = study._in_float32(model, lambda: architectures.build("quick"))
        assert "bfloat16" in study.hardware()
    finally:
        keras.config.set_dtype_policy("float32")
    assert exact.get_layer("stem_conv").compute_dtype == "float32"
    for ours, theirs in zip(exact.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        (("three-views", "sample", "cpu"), "three-view-ensemble"),
        (("three-view-ensemble", "fer2012", "cpu"), "sample, fer2013"),
        (("three-view-ensemble", "sample", "gpu"), "smoke, cpu, full"),
    ],
)
def test_unknown_names_list_the_choices(arguments, choices):
    with pytest.raises(ValueError, match=choices):
        study.plan(*arguments)


def test_run_predicts_every_image_and_finds_copies(tiny, faces, tmp_path):
    lines = []
    runs, reference = study.run(tiny, faces, folder=tmp_path, log=lines.append)
    assert list(runs) == list(tiny.members)
    assert runs["image", 0].probabilities["test"].shape == (30, 7)
    assert reference.copies["test"].sum() == 1 and reference.copies["test"][29]
    assert len(lines) == 2 and all("left" in line for line in lines)
    assert not list(tmp_path.glob("*.state"))


def test_a_stopped_study_goes_on(tiny, faces, tmp_path):
    class Stopped(Exception):
        pass

    def stop_after_first(line):
        if line.startswith("contour"):
            raise Stopped

    with pytest.raises(Stopped):
        study.run(tiny, faces, folder=tmp_path, log=stop_after_first)
    before = (tmp_path / "image-0.json").read_bytes()
    lines = []
    runs, _ = study.run(tiny, faces, folder=tmp_path, log=lines.append)
    assert (tmp_path / "image-0.json").read_bytes() == before
    assert len(runs) == 2 and not any(line.startswith("image") for line in lines)


def test_another_configuration_is_refused_and_nothing_overwritten(tiny, faces, tmp_path):
    study.run(tiny, faces, folder=tmp_path, log=lambda line: None)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    longer = dataclasses.replace(tiny, protocol=dataclasses.replace(tiny.protocol, epochs=2))
    with pytest.raises(ValueError, match="another configuration.*protocol.*another folder"):
        study.run(longer, faces, folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_limited_keeps_every_split(faces):
    few = study.limited(faces, 10)
    assert {name: len(few.part(name)) for name in ("train", "validation", "test")} == {
        "train": 10,
        "validation": 10,
        "test": 10,
    }


def test_command_line_says_what_to_do_where_data_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fer_helpers.study", "three-view-ensemble", "--dataset", "fer2013"],
        capture_output=True,
        text=True,
        env={"READING_FACES_DATA": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
        check=False,
    )
    assert done.returncode == 1
    assert "python -m data_fetch get fer2013" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("plan.json"))


def test_provenance_names_what_is_needed_to_repeat(tiny, faces, tmp_path):
    runs, _ = study.run(tiny, faces, folder=tmp_path, log=lambda line: None)
    facts = json.loads((tmp_path / "image-0.json").read_text())
    for name in ("architecture", "protocol", "seed", "data_checksum", "versions", "hardware"):
        assert facts[name] not in (None, "", {})
    assert facts["training_images"] == 30 and facts["seconds"] > 0
    assert study.results.provenance(runs.values()).count("\n") == 5


def test_another_seed_has_a_folder_of_its_own():
    folders = {
        study.default_folder(study.plan("three-view-ensemble", "fer2013", "cpu", seed=seed))
        for seed in (0, 1, 2)
    }
    assert len(folders) == 3


@pytest.mark.parametrize("content", ["", '{"study', "null", "[]"])
def test_a_damaged_plan_is_named(tiny, faces, tmp_path, content):
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(ValueError, match="plan.json is damaged .*another folder"):
        study.run(tiny, faces, folder=tmp_path)


def test_two_runs_in_one_folder_take_turns(tiny, faces, tmp_path):
    started, finished, lines = threading.Event(), [], []

    def first_log(line):
        started.set()
        time.sleep(0.5)
        lines.append(line)

    def first():
        finished.append(study.run(tiny, faces, folder=tmp_path, log=first_log))

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(60)
    second_lines = []
    runs, _ = study.run(tiny, faces, folder=tmp_path, log=second_lines.append)
    thread.join()
    assert len(finished) == 1 and len(lines) == 2
    assert list(runs) == list(tiny.members) and not second_lines


def test_a_folder_that_cannot_be_written_is_named(capsys, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "load", lambda name: faces)
    (tmp_path / "file").write_text("")
    arguments = ["three-view-ensemble", "--profile", "smoke", "--folder", str(tmp_path / "file")]
    assert study.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and str(tmp_path / "file") in error and "--folder" in error
