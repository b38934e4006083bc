import numpy as np
import pytest

from data_fetch import sample
from data_fetch.dataset import checksum


@pytest.fixture(scope="module")
def faces():
    return sample.render(300)


@pytest.fixture(scope="module")
def complete():
    return sample.render()


def test_shapes_and_types(faces):
    assert faces.images.shape == (300, 48, 48, 1) and faces.images.dtype == np.uint8
    assert faces.labels.shape == (300,) and faces.labels.dtype == np.int64
    assert faces.subject.dtype == np.int64
    assert faces.class_names == tuple(sorted(sample.PROTOTYPES))
    assert faces.source.synthetic and "synthetic" in faces.source.note
    assert faces.source.checksum == checksum(faces.images, faces.labels)


def test_same_seed_same_bytes(faces):
    again = sample.render(300)
    np.testing.assert_array_equal(again.images, faces.images)
    np.testing.assert_array_equal(again.labels, faces.labels)


def test_other_seed_other_faces(faces):
    other = sample.render(300, seed=1)
    assert (other.images != faces.images).mean() > 0.9
    assert (other.labels != faces.labels).any()
    assert other.counts() == faces.counts()


@pytest.mark.parametrize("block", [1, 7, 300])
def test_blocks_do_not_change_bytes(faces, monkeypatch, block):
    monkeypatch.setattr(sample, "_BLOCK", block)
    np.testing.assert_array_equal(sample.render(300).images, faces.images)


def test_splits_and_people(faces):
    sizes = {part: len(faces.part(part)) for part in ("train", "validation", "test")}
    assert sizes == {"train": 240, "validation": 30, "test": 30}
    people = [set(faces.part(part).subject.tolist()) for part in sizes]
    assert not people[0] & people[1] and not people[0] & people[2] and not people[1] & people[2]
    _, pictures = np.unique(faces.subject, return_counts=True)
    assert pictures.tolist() == [10] * 30


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_proportions_of_fer2013(complete, part):
    expected = np.array(sample.FER2013_COUNTS) / sum(sample.FER2013_COUNTS)
    counts = np.array(list(complete.part(part).counts().values()))
    np.testing.assert_allclose(counts, expected * counts.sum(), atol=1)


def test_known_checksum(complete):
    assert complete.source.checksum == sample.KNOWN_CHECKSUMS[7000, 0]


def test_pictures_differ_in_light_and_contrast(complete):
    brightness = complete.images.reshape(7000, -1).mean(axis=1)
    assert brightness.min() < 60 and brightness.max() > 160
    assert (complete.images.reshape(7000, -1).std(axis=1) > 5).all()


@pytest.mark.parametrize("expression", sample.CLASS_NAMES)
def test_strength_zero_is_neutral_and_full_is_not(expression):
    relaxed = sample.face(expression, 0.0, identity=3)
    np.testing.assert_array_equal(relaxed, sample.face("neutral", identity=3))
    shown = sample.face(expression, 1.0, identity=3).astype(int)
    change = np.abs(shown - relaxed)
    assert change.max() == 0 if expression == "neutral" else change.max() > 60


@pytest.mark.parametrize("unit", sample.ACTION_UNITS)
def test_every_action_unit_moves_something(unit):
    relaxed, moved = sample.draw({"AU25": 0.3}), sample.draw({"AU25": 0.3, unit: 1.0})
    change = np.abs(moved.astype(int) - relaxed)
    assert change.max() > 10
    assert change.mean() < 12, "an action unit moves a part of the face, not the picture"


def test_identity_is_the_subject_of_seed_0():
    assert (sample.draw({}, identity=4) != sample.draw({}, identity=5)).any()
    people = sample._people(0, 12)
    np.testing.assert_array_equal(sample._people(0, 5)["width"], people["width"][:5])


def test_face_at_other_sizes_is_the_same_face():
    large = sample.face("happy", identity=2, size=96).reshape(48, 2, 48, 2).mean(axis=(1, 3))
    small = sample.face("happy", identity=2)
    assert np.corrcoef(large.ravel(), small.ravel())[0, 1] > 0.95


def test_bad_choices_are_listed():
    with pytest.raises(ValueError, match="unknown action unit 'AU3'; choose from AU1, AU2"):
        sample.draw({"AU3": 1})
    with pytest.raises(ValueError, match="unknown view parameter 'turn'; choose from .*yaw"):
        sample.draw({}, view={"turn": 1})
    with pytest.raises(ValueError, match="unknown expression 'joy'; choose from angry"):
        sample.face("joy")
    with pytest.raises(ValueError, match="identity"):
        sample.draw({}, identity=-1)
    with pytest.raises(ValueError, match="at least 10"):
        sample.render(9)
    with pytest.raises(ValueError, match="seed"):
        sample.render(20, seed=-1)


def test_traits_are_those_of_the_people_drawn(faces):
    traits = sample.traits(faces.subject)
    for person in (0, 7):
        rows = faces.subject == person
        assert all(len(np.unique(values[rows])) == 1 for values in traits.values())
    assert set(traits["glasses"]) == {0, 1}
    # Many people or few: a person's properties are their own.
    some = sample.traits(faces.subject[:20])
    np.testing.assert_array_equal(some["tone"], traits["tone"][:20])
    # Pictures of people with darker skin are darker: the rows are in the right order.
    brightness = faces.images[:, 26:34, 20:28].mean(axis=(1, 2, 3))
    assert np.corrcoef(traits["tone"], brightness)[0, 1] > 0.5
    assert (sample.traits(faces.subject, seed=1)["tone"] != traits["tone"]).any()


def test_parts_are_where_a_face_has_them(faces):
    where = sample.parts(range(300), count=300)
    assert where.shape == (300, 48, 48) and where.dtype == np.uint8
    shares = np.bincount(where.ravel(), minlength=len(sample.PARTS)) / where.size
    assert len(shares) == len(sample.PARTS) and (shares > 0.005).all()
    rows = np.arange(48)[:, None]
    heights = [
        (rows * (where == sample.PARTS.index(name))).sum()
        / (where == sample.PARTS.index(name)).sum()
        for name in ("brows", "eyes", "nose", "mouth")
    ]
    assert heights == sorted(heights)
    mouths = (where == sample.PARTS.index("mouth")).mean(axis=(1, 2))
    surprised, neutral = (
        faces.labels == faces.class_names.index(c) for c in ("surprise", "neutral")
    )
    assert mouths[surprised].mean() > 1.3 * mouths[neutral].mean()


def test_parts_fit_the_pictures(faces):
    """Brows are darker than the skin, and the edges of the head are edges of the picture."""
    where, images = sample.parts(range(300), count=300), faces.images[..., 0].astype(float)
    skin, brows = (where == sample.PARTS.index(name) for name in ("skin", "brows"))
    darker = [
        images[i][brows[i]].mean() < images[i][skin[i]].mean() for i in range(300) if brows[i].any()
    ]
    assert np.mean(darker) > 0.9
    step = np.abs(np.diff(images, axis=2))
    border = np.diff((where == 0).astype(int), axis=2) != 0
    assert step[border].mean() > 2 * step[~border].mean()


def test_parts_of_some_rows_are_those_of_all():
    everything = sample.parts(range(60), count=60)
    np.testing.assert_array_equal(sample.parts([41, 3], count=60), everything[[41, 3]])
    assert sample.parts([], count=60).shape == (0, 48, 48)
    assert (sample.parts(range(60), count=60, seed=1) != everything).any()


def test_parts_leave_out_what_is_covered(monkeypatch):
    """What a hand, a scarf or a lock is in front of becomes background, and nothing else."""
    rows, shots = np.arange(80), sample._shots(0, 7000)
    covered = sum(shots[name][rows] for name in ("hand", "scarf", "lock")) > 0
    seen = sample.parts(rows)
    monkeypatch.setattr(sample, "_cover", lambda picture, *rest: picture)
    whole = sample.parts(rows)
    changed = seen != whole
    assert (changed.any(axis=(1, 2)) == covered).all() and covered.any()
    assert (seen[changed] == sample.PARTS.index("background")).all()


@pytest.mark.parametrize("rows", [[60], [-1]])
def test_parts_refuse_rows_that_do_not_exist(rows):
    with pytest.raises(ValueError, match="rows must be from 0 to 59"):
        sample.parts(rows, count=60)


def test_hard_in_the_right_way(complete):
    """A small network learns it, a linear model does not, and the confusions are people's."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from fer_helpers.architectures import build
    from fer_helpers.training import Protocol, fit

    train, test = complete.split == "train", complete.split != "train"
    images, labels = (complete.images / 255).astype(np.float32), complete.labels
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=40))
    pixels = images.reshape(len(images), -1)
    with pytest.warns(match="converge"):
        linear.fit(pixels[train], labels[train])
    linear_accuracy = linear.score(pixels[test], labels[test])

    protocol = Protocol("a test", epochs=10, learning_rate=3e-3, schedule="cosine", shift=0.03)
    model, _ = fit(lambda: build("quick"), images[train], labels[train], protocol, verbose=0)
    predicted = model.predict(images[test], batch_size=256, verbose=0).argmax(axis=1)
    accuracy = (predicted == labels[test]).mean()
    assert 0.75 < accuracy < 0.90
    assert accuracy - linear_accuracy > 0.15

    counts = np.zeros((7, 7))
    np.add.at(counts, (labels[test], predicted), 1)
    rates = counts / counts.sum(axis=1, keepdims=True)
    pairs = {
        frozenset({complete.class_names[a], complete.class_names[b]}): rates[a, b] + rates[b, a]
        for a in range(7)
        for b in range(a)
    }
    top = sorted(pairs, key=pairs.get, reverse=True)[:6]
    for pair in ({"fear", "surprise"}, {"sad", "neutral"}, {"angry", "disgust"}):
        assert pair in top, f"{pair} should be among the commonest confusions: {top}"
