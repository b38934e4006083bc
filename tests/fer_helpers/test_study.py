import dataclasses
import json
import signal
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest

from data_fetch import FaceDataset, Source, load
from fer_helpers import architectures, results, study, training, views
from fer_helpers.architectures.weights import load_arrays
from fer_helpers.study import __main__ as cli
from fer_helpers.study import runner


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
    plan = study.plans("three-view-ensemble", "sample", "smoke")[0]
    return dataclasses.replace(plan, members=plan.members[:2])


def test_plan_has_three_views_and_three_seeds():
    members = study.plans("three-view-ensemble", "sample", "cpu")[0].members
    assert {view for view, _ in members} == set(views.VIEWS)
    assert [seed for view, seed in members if view == "image"] == [0, 1, 2]
    thrice = study.plans("three-view-ensemble", "sample", "cpu", seeds=3)[0].members
    assert thrice[:5] == members
    assert set(thrice) == {(view, seed) for view in views.VIEWS for seed in range(3)}
    assert len(thrice) == 9


def test_full_profile_is_the_papers_protocol():
    plan = study.plans("three-view-ensemble", "fer2013", "full")[0]
    assert plan.protocol == training.SAVENKO
    assert (plan.protocol.epochs, plan.protocol.batch_size, plan.protocol.shift) == (50, 64, 0.1)
    assert plan.architecture == "six_conv_cnn"


def test_compact_is_predicted_whole_and_in_windows_and_its_weights_kept(faces, tmp_path):
    plan = study.plans("compact", "sample", "smoke")[0]
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
        exact = runner._in_float32(model, lambda: architectures.build("quick"))
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
        study.plans(*arguments)


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
    lines = results.provenance(runs.values()).splitlines()
    first = [line[:11].strip() for line in lines if line[0] != " "]
    assert first == ["data", "network", "protocol", "trained", "machine", "versions"]
    assert max(map(len, lines)) <= 78


def test_another_seed_has_a_folder_of_its_own():
    folders = {
        study.default_folder(study.plans("three-view-ensemble", "fer2013", "cpu", seed=seed)[0])
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
    monkeypatch.setattr(cli, "load", lambda name, path: faces)
    (tmp_path / "file").write_text("")
    arguments = ["three-view-ensemble", "--profile", "smoke", "--folder", str(tmp_path / "file")]
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and str(tmp_path / "file") in error and "--folder" in error


def test_every_study_has_plans_of_their_own_for_every_profile():
    for name in study.STUDIES:
        for dataset in study.datasets(name):
            for profile in training.PROFILES:
                found = study.plans(name, dataset, profile)
                assert len({plan.study for plan in found}) == len(found) > 0
                for plan in found:
                    assert plan.study.split("/")[0] == name
                    assert plan.arrangement in study.ARRANGEMENTS
                    if profile == "full":
                        assert plan.limit is None


def test_more_seeds_repeat_every_network():
    one, three = (study.plans("four-cnns", "sample", "cpu", seeds=n) for n in (1, 3))
    for few, more in zip(one, three, strict=True):
        assert few.members == (("image", 0),)
        assert more.members == (("image", 0), ("image", 1), ("image", 2))
    views_thrice = study.plans("compact-views", "fer2013", "cpu", seeds=3)[0].members
    assert views_thrice[:3] == (("image", 0), ("contour", 0), ("inverted", 0))
    assert len(set(views_thrice)) == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("thermal", "fer2013", "cpu"), "choose one of thermal"),
        (("compact", "rafdb", "cpu"), "choose one of sample, fer2013"),
    ],
)
def test_a_study_names_its_data_sets(arguments, message):
    with pytest.raises(ValueError, match=message):
        study.plans(*arguments)


def test_seeds_must_be_possible():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        study.plans("compact", "sample", "cpu", seeds=0)


def test_a_papers_rules_look_at_the_judges_and_ours_do_not():
    for plan in study.plans("four-cnns", "fer2013", "full"):
        if plan.study.endswith("-paper"):
            assert (plan.watch, plan.protocol.keep) == ("test", "best")
            assert plan.arrangement == "folders"
        else:
            assert (plan.watch, plan.protocol.keep) == ("validation", "last")
            assert plan.arrangement == "official"
        assert (plan.protocol.epochs, plan.protocol.batch_size) == (45, 64)


def test_arrangements_divide_every_image(faces):
    people = dataclasses.replace(faces, subject=np.arange(90) % 10)
    for way in set(study.ARRANGEMENTS) - {"savenko"}:
        arranged = study.arrange(people, way, seed=1)
        assert set(arranged.split) <= {"train", "validation", "test"}
        assert np.any(arranged.split == "train") and np.any(arranged.split == "test")
    folders = study.arrange(faces, "folders")
    assert np.sum(folders.split == "test") == 60
    images = study.arrange(faces, "images", seed=0)
    assert np.sum(images.split == "test") == 18
    assert not np.array_equal(images.split, study.arrange(faces, "images", seed=1).split)


def test_copies_are_parted_only_where_the_arrangement_says_so(faces):
    people = dataclasses.replace(faces, subject=np.arange(90) % 10)

    def parted(arranged, originals):
        """Images that judge and whose changed copy, or original, is learned from."""
        first, second = arranged.split[:originals], arranged.split[originals:]
        return int(np.sum(first != second))

    assert parted(study.arrange(people, "copies first", seed=0), 90) > 10
    for way in ("copies after", "people"):
        arranged = study.arrange(people, way, seed=0)
        judged = np.sum(arranged.split == "test")
        assert len(arranged) == 90 + (90 - judged)
        assert np.all(arranged.split[90:] == "train")
    judged = set(arranged.subject[arranged.split == "test"])
    assert judged and not judged & set(arranged.subject[arranged.split == "train"])


def test_people_are_needed_where_people_are_divided(faces):
    with pytest.raises(ValueError, match="noise does not say who is who"):
        study.arrange(faces, "people")
    with pytest.raises(ValueError, match="unknown arrangement 'random'; choose one of official"):
        study.arrange(faces, "random")


def test_a_plan_without_a_class_on_two_folders(faces, tmp_path):
    (frozen, *_) = study.plans("transfer-rafdb", "sample", "smoke")
    plan = dataclasses.replace(frozen, architecture="mobilenet_v3_small", options={})
    runs, reference = study.run(plan, faces, folder=tmp_path, log=lambda line: None)
    (run,) = runs.values()
    assert "disgust" not in reference.class_names and len(reference.class_names) == 6
    assert set(run.probabilities) == {"test"} and run.probabilities["test"].shape[1] == 6
    assert (run.arrangement, run.watch, run.without) == ("images", "test", "disgust")
    assert run.frozen and results.load_run(tmp_path, "image", 0).frozen


def test_a_part_to_watch_must_be_there(faces):
    two_parts = faces.select(faces.split != "validation")
    (plan,) = study.plans("compact", "sample", "smoke")
    with pytest.raises(ValueError, match="watches the part 'validation', and noise .* has test"):
        study.run(plan, two_parts, log=lambda line: None)
    for plan in study.plans("transfer-rafdb", "rafdb", "full"):
        assert plan.watch == "test" and plan.protocol.keep == "last"


def test_weights_of_ones_own_take_imagenets_place(capsys, faces, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(cli, "load", lambda name, path: faces)
    monkeypatch.setattr(cli, "_carry_out", lambda plan, *rest: seen.append(plan.options["weights"]))
    arguments = ["transfer-rafdb", "--profile", "full", "--only", "vgg16"]
    mine = tmp_path / "mine.h5"
    mine.write_bytes(b"weights")
    for given in ([], ["--weights", "none"], ["--weights", str(mine)]):
        assert cli.main([*arguments, *given]) == 0
    assert [set(seen[i : i + 4]) for i in (0, 4, 8)] == [{"imagenet"}, {None}, {str(mine)}]


def test_networks_without_a_plan_are_nobodys(tiny, faces, tmp_path):
    study.run(tiny, faces, folder=tmp_path, log=lambda line: None)
    (tmp_path / "plan.json").unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="holds networks, and no plan.json"):
        study.run(tiny, faces, folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_precision_is_another_configuration(tiny, faces, tmp_path):
    study.run(tiny, faces, folder=tmp_path, log=lambda line: None)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match="another configuration.*precision"):
            study.run(tiny, faces, folder=tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_diverged_training_is_not_stored(tiny, faces, tmp_path, monkeypatch):
    original = training.fit

    def diverged(*arguments, **keywords):
        model, history = original(*arguments, **keywords)
        return model, history | {"loss": [float("nan")]}

    monkeypatch.setattr(training, "fit", diverged)
    with pytest.raises(ValueError, match="loss is not finite.*Nothing was stored"):
        study.run(tiny, faces, folder=tmp_path, log=lambda line: None)
    assert not list(tmp_path.glob("image-0.json"))


def test_a_weights_file_is_recorded_by_its_contents(tmp_path):
    path = tmp_path / "mine.weights.h5"
    path.write_bytes(b"weights")
    recorded = runner._recorded({"head": "ertugrul2024", "weights": path})
    assert recorded["head"] == "ertugrul2024"
    assert recorded["weights"].startswith("mine.weights.h5, sha256 ")
    assert str(tmp_path) not in json.dumps(recorded)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compact", "--weights", "none"], "does not begin with weights"),
        (["transfer-rafdb", "--weights", "nowhere.h5"], "no weights file nowhere.h5"),
        (["residual-roc", "--from", "folder"], "--from is for rafdb and fer2013"),
        (["four-cnns", "--only", "cnns"], "there are traditional_cnn-paper"),
    ],
)
def test_what_would_be_ignored_is_refused(capsys, arguments, message):
    assert cli.main([*arguments, "--profile", "smoke"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error


def test_no_resume_refuses_before_anything_is_trained(capsys, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "load", lambda name, path: faces)
    second = tmp_path / "residual_cnn-honest"
    second.mkdir()
    (second / "image-0.json").write_text("{}")
    arguments = ["residual-roc", "--profile", "smoke", "--no-resume", "--folder", str(tmp_path)]
    assert cli.main(arguments) == 1
    assert "holds a run already" in capsys.readouterr().err
    assert not (tmp_path / "residual_cnn-paper").exists()


def test_stored_seeds_of_another_configuration_are_not_mixed(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RUNS", tmp_path / "runs")
    (plan,) = study.plans("compact", "sample", "smoke", seeds=2)
    plan = dataclasses.replace(plan, architecture="quick")
    runs, reference = study.run(plan, faces, log=lambda line: None)
    target = tmp_path / "runs" / "compact" / "sample-smoke"
    old = dataclasses.replace(runs["image", 1], protocol={"epochs": 9})
    results.save(old, target)
    results.save_reference(reference, target)
    monkeypatch.setattr(results.stored, "__kwdefaults__", {"runs": tmp_path / "runs"})
    with pytest.raises(ValueError, match="holds image 1 of another configuration"):
        cli._refuse_a_mixture(plan, {("image", 0): runs["image", 0]}, target)
    cli._refuse_a_mixture(plan, runs, target)
    coarser = runs["image", 1].hardware.replace("float32", "bfloat16")
    results.save(dataclasses.replace(runs["image", 1], hardware=coarser), target)
    with pytest.raises(ValueError, match="holds image 1 of another configuration"):
        cli._refuse_a_mixture(plan, {("image", 0): runs["image", 0]}, target)


def test_provenance_names_every_machine():
    run = results.stored("compact", "fer2013", "cpu")["image", 0]
    said = results.provenance([run, dataclasses.replace(run, hardware="another"), run])
    assert f"machine    {run.hardware}; another\n" in said


def test_a_seed_more_joins_and_nothing_is_trained_twice(faces, tmp_path):
    for seeds in (1, 2):
        (plan,) = study.plans("compact", "sample", "smoke", seeds=seeds)
        plan = dataclasses.replace(plan, architecture="quick")
        lines = []
        runs, _ = study.run(plan, faces, folder=tmp_path, log=lines.append)
        assert len(runs) == seeds and len(lines) == 1


# Three epochs of four batches each; with kill_at, the process is gone in the middle of one.
DRIVER = """
import os, signal, sys
from pathlib import Path
from data_fetch import load
from fer_helpers import study, training

folder, kill_at = Path(sys.argv[1]), int(sys.argv[2])
protocol = training.Protocol(
    "a test", 3, 32, 0.05, "sgd", schedule="cosine", weight_decay=0.1, mixup=0.2
)
plan = study.Plan("a-study", "sample", "smoke", "quick", protocol, (("image", 0),), limit=128)
count, get = 0, training.Batches.__getitem__

def counted(batches, index):
    global count
    count += 1
    if count == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return get(batches, index)

training.Batches.__getitem__ = counted
study.run(plan, load("sample"), folder=folder)
"""


def test_a_study_killed_in_an_epoch_ends_as_an_unbroken_one(tmp_path):
    """SIGKILL, as when a machine is taken away: nothing can be tidied up."""
    load("sample")
    unbroken, killed = tmp_path / "unbroken", tmp_path / "killed"

    def start(folder, kill_at):
        command = [sys.executable, "-c", DRIVER, str(folder), str(kill_at)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = start(unbroken, 0)
    assert whole.returncode == 0, whole.stderr
    assert start(killed, 8).returncode == -signal.SIGKILL
    assert not list(killed.glob("image-0.json"))
    assert (killed / "image-0.state" / "history.json").exists()
    again = start(killed, 0)
    assert again.returncode == 0, again.stderr
    assert "epoch  1/3" not in again.stdout and "epoch  3/3" in again.stdout
    with np.load(unbroken / "image-0.weights.npz") as ours:
        with np.load(killed / "image-0.weights.npz") as theirs:
            for name in ours.files:
                np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-3, atol=1e-5)


def test_a_stored_seed_without_the_latest_fields_is_of_the_same_configuration(tmp_path):
    (plan,) = study.plans("compact", "fer2013", "full", seeds=2)
    old = results.stored("compact", "fer2013", "full")["image", 0]
    assert "mixup" not in old.protocol
    new = dataclasses.replace(old, seed=1, protocol=dataclasses.asdict(plan.protocol))
    cli._refuse_a_mixture(plan, {("image", 1): new}, tmp_path)
    other = dataclasses.replace(new, protocol=new.protocol | {"mixup": 0.2})
    with pytest.raises(ValueError, match="another configuration"):
        cli._refuse_a_mixture(plan, {("image", 1): other}, tmp_path)
