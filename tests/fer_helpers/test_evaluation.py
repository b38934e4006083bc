import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from fer_helpers import evaluation

NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def drawn(seed, images=200, classes=7, skill=1.0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    logits = rng.normal(size=(images, classes)) + skill * np.eye(classes)[labels]
    odds = np.exp(logits)
    return labels, odds / odds.sum(axis=1, keepdims=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_scores_agree_with_scikit_learn(seed, images):
    labels, probabilities = drawn(seed, images)
    predicted = probabilities.argmax(axis=1)
    counts = evaluation.confusion(labels, probabilities, 7)
    assert counts.shape == (7, 7)
    assert counts.dtype.kind == "i"
    np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(labels, minlength=7))
    assert evaluation.accuracy(labels, probabilities) == pytest.approx(counts.trace() / images)
    present = np.unique(labels)
    expected = metrics.f1_score(labels, predicted, labels=present, average="macro", zero_division=0)
    assert evaluation.macro_f1(labels, probabilities) == pytest.approx(expected)


def test_rows_of_the_confusion_are_the_truth():
    labels, probabilities = np.array([0, 0, 1]), np.eye(3)[[0, 2, 1]]
    np.testing.assert_array_equal(
        evaluation.confusion(labels, probabilities), [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    )


@pytest.mark.parametrize("classes", [6, NAMES[:6]])
def test_wrong_number_of_classes(classes):
    with pytest.raises(ValueError, match="7 columns and there are 6 classes"):
        evaluation.confusion(*drawn(0), classes)


def test_per_class():
    labels, probabilities = drawn(0)
    scores = evaluation.per_class(labels, probabilities, NAMES)
    assert tuple(scores) == NAMES
    predicted = probabilities.argmax(axis=1)
    happy = scores["happy"]
    assert happy["support"] == np.sum(labels == 3)
    assert happy["recall"] == pytest.approx(np.mean(predicted[labels == 3] == 3))
    assert happy["precision"] == pytest.approx(np.mean(labels[predicted == 3] == 3))
    harmonic = 2 / (1 / happy["recall"] + 1 / happy["precision"])
    assert happy["f1"] == pytest.approx(harmonic)


def test_class_without_images(recwarn):
    labels, probabilities = np.array([0, 1, 0]), np.eye(3)[[0, 0, 2]]
    scores = evaluation.per_class(labels, probabilities, "abc")
    assert scores["b"] == {"precision": 0, "recall": 0, "f1": 0, "support": 1}
    assert scores["c"]["precision"] == 0
    assert np.isnan(scores["c"]["recall"]) and np.isnan(scores["c"]["f1"])
    assert evaluation.macro_f1(labels, probabilities) == pytest.approx((0.5 + 0) / 2)
    areas = evaluation.roc_auc(labels, probabilities)
    assert np.isnan(areas.per_class[2])
    assert areas.macro == pytest.approx(areas.per_class[:2].mean())
    assert not recwarn


def test_area_under_the_curve():
    labels, probabilities = drawn(1)
    areas = evaluation.roc_auc(labels, probabilities)
    expected = metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert areas.macro == pytest.approx(expected)
    sad = probabilities[:, 5]
    wins = np.mean(sad[labels == 5][:, None] > sad[labels != 5])
    assert areas.per_class[5] == pytest.approx(wins)


def test_area_of_a_single_class_is_undefined(recwarn):
    areas = evaluation.roc_auc([1, 1], np.eye(2))
    assert np.isnan(areas.macro) and np.isnan(areas.per_class).all()
    assert not recwarn


def test_wilson_interval_is_its_formula():
    correct, total, z = 2401, 3589, 1.959963984540054
    share = correct / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    interval = evaluation.wilson_interval(correct, total)
    assert interval == pytest.approx((middle - half, middle + half))
    assert interval.low < share < interval.high


def test_wilson_interval_stays_within_0_and_1():
    assert evaluation.wilson_interval(0, 5).low == pytest.approx(0, abs=1e-12)
    assert evaluation.wilson_interval(5, 5).high == pytest.approx(1)
    wide, narrow = (evaluation.wilson_interval(5, 9, level) for level in (0.99, 0.9))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(("correct", "total"), [(6, 5), (-1, 5), (0, 0)])
def test_impossible_shares(correct, total):
    with pytest.raises(ValueError, match="is not possible"):
        evaluation.wilson_interval(correct, total)


def test_bootstrap_of_accuracy_is_close_to_wilson_and_repeatable():
    labels, probabilities = drawn(2, images=1000)
    correct = int(round(evaluation.accuracy(labels, probabilities) * 1000))
    interval = evaluation.bootstrap_interval(labels, probabilities, evaluation.accuracy)
    assert interval == pytest.approx(evaluation.wilson_interval(correct, 1000), abs=0.01)
    again = evaluation.bootstrap_interval(labels, probabilities, evaluation.accuracy)
    other = evaluation.bootstrap_interval(labels, probabilities, evaluation.accuracy, seed=1)
    assert interval == again != other


def test_bootstrap_survives_a_rare_class():
    labels, probabilities = drawn(3, images=30)
    low, high = evaluation.bootstrap_interval(labels, probabilities, resamples=50)
    assert 0 <= low < high <= 1


def test_mcnemar():
    labels = np.zeros(20, int)
    right, wrong = np.eye(2)[[0, 1]]
    p_a = np.array([right] * 15 + [wrong] * 5)
    p_b = np.array([right] * 7 + [wrong] * 8 + [right] * 2 + [wrong] * 3)
    result = evaluation.mcnemar(labels, p_a, p_b)
    assert (result.only_a, result.only_b) == (8, 2)
    # Twice the chance of at most 2 heads in 10 tosses: (1 + 10 + 45) / 1024.
    assert result.p_value == pytest.approx(2 * 56 / 1024)
    swapped = evaluation.mcnemar(labels, p_b, p_a)
    assert swapped == (2, 8, pytest.approx(result.p_value))
    assert evaluation.mcnemar(labels, p_a, p_a) == (0, 0, 1)


def test_mcnemar_needs_the_same_images():
    labels, probabilities = drawn(0)
    with pytest.raises(ValueError, match="200 labels and probabilities for 199"):
        evaluation.mcnemar(labels, probabilities, probabilities[1:])


def test_mean_interval_of_three_seeds():
    low, high = evaluation.mean_interval([0.64, 0.66, 0.68])
    # Student's t at 0.975 with two degrees of freedom is 4.3027.
    assert (low, high) == pytest.approx((0.66 - 0.04968, 0.66 + 0.04968), abs=1e-5)
    assert evaluation.mean_interval([0.5, 0.5]) == (0.5, 0.5)


@pytest.mark.parametrize("values", [[], [0.6], [0.6, np.nan], [[0.6, 0.7]]])
def test_mean_interval_needs_two_values(values):
    with pytest.raises(ValueError, match="at least two finite"):
        evaluation.mean_interval(values)


def test_calibration_error():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 20_000)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    calibrated = (rng.uniform(size=20_000) > confidence).astype(int)
    assert evaluation.expected_calibration_error(calibrated, probabilities) < 0.02
    always_right = np.zeros(20_000, int)
    expected = 1 - confidence.mean()
    assert evaluation.expected_calibration_error(always_right, probabilities) == pytest.approx(
        expected
    )
    assert evaluation.expected_calibration_error([0, 1], np.eye(2)) == 0
    with pytest.raises(ValueError, match="bins"):
        evaluation.expected_calibration_error([0, 1], np.eye(2), bins=0)


def test_reliability_counts_every_image_once():
    labels, probabilities = drawn(6, images=500)
    images, confidence, right = evaluation.reliability(labels, probabilities, bins=10)
    filled = images > 0
    assert images.sum() == 500 and not filled[0]
    assert np.isnan(confidence[~filled]).all() and np.isnan(right[~filled]).all()
    edges = np.linspace(0, 1, 11)
    assert (confidence[filled] > edges[:-1][filled]).all()
    assert (confidence[filled] <= edges[1:][filled]).all()
    shares = images[filled] / 500
    assert shares @ right[filled] == pytest.approx(evaluation.accuracy(labels, probabilities))
    assert shares @ confidence[filled] == pytest.approx(probabilities.max(axis=1).mean())
    assert shares @ np.abs(right - confidence)[filled] == pytest.approx(
        evaluation.expected_calibration_error(labels, probabilities)
    )


def test_reliability_of_certainty():
    images, confidence, right = evaluation.reliability([0, 0, 1], np.eye(2)[[0, 1, 1]], bins=4)
    assert images.tolist() == [0, 0, 0, 3]
    assert confidence[-1] == 1 and right[-1] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="bins"):
        evaluation.reliability([0, 1], np.eye(2), bins=0)


labels, probabilities = drawn(4, images=3)
broken = probabilities.copy()
broken[1, 2] = np.nan


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (labels[:2], probabilities, "2 labels and probabilities for 3 images"),
        (labels, broken, "image 1 are not finite"),
        (labels, probabilities * 2, "image 0 .* do not sum to 1"),
        (labels, np.tile([1.5, -0.5], (3, 1)), "image 0 are negative"),
        (labels.astype(float), probabilities, "labels must be whole numbers"),
        (np.eye(7, dtype=int)[labels], probabilities, "labels must be whole numbers of shape"),
        (labels, labels, r"of shape \(images, classes\)"),
        ([0, 1, 7], probabilities, "between 0 and 6"),
        ([0, -1, 6], probabilities, "between 0 and 6"),
        (labels[:0], probabilities[:0], "no images"),
    ],
)
def test_errors(labels, probabilities, message):
    for function in (
        evaluation.accuracy,
        evaluation.confusion,
        evaluation.macro_f1,
        evaluation.roc_auc,
        evaluation.expected_calibration_error,
        evaluation.reliability,
        evaluation.bootstrap_interval,
    ):
        with pytest.raises(ValueError, match=message):
            function(labels, probabilities)


def test_half_precision_is_precise_enough():
    labels, probabilities = drawn(5, images=2000)
    stored = probabilities.astype(np.float16)
    assert evaluation.accuracy(labels, stored) == pytest.approx(
        evaluation.accuracy(labels, probabilities), abs=0.005
    )


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 400), st.integers(1, 4))
def test_the_true_number_of_images_is_always_possible(data, images, digits):
    right = data.draw(st.lists(st.integers(0, images), min_size=1, max_size=4))
    shares = [f"{count / images:.{digits}f}" for count in right]
    percents = [f"{100 * count / images:.{digits}f} %" for count in right]
    assert evaluation.possible_sample_sizes(shares, [images]) == [images]
    assert evaluation.possible_sample_sizes(percents, [images]) == [images]


def test_possible_sample_sizes_agree_with_trying_every_count():
    shares = ("0.8524", "0.9004", "0.3100", "0.8413")
    slack = 0.00005 + 1e-12
    tried = [
        n
        for n in range(1, 700)
        if all(any(abs(k / n - float(p)) <= slack for k in range(n + 1)) for p in shares)
    ]
    assert evaluation.possible_sample_sizes(shares, range(1, 700)) == tried
    assert 0 < len(tried) < 10


def test_a_zero_at_the_end_is_a_digit():
    assert 7 in evaluation.possible_sample_sizes(["0.3"], range(1, 9))
    assert 7 not in evaluation.possible_sample_sizes(["0.30"], range(1, 9))
    # An eighth may be printed either way.
    assert evaluation.possible_sample_sizes(["0.12"], [8]) == [8]
    assert evaluation.possible_sample_sizes(["0.13"], [8]) == [8]


@pytest.mark.parametrize("share", ["1.2", "-0.1", "120 %", "many", "", "nan", 0.5])
def test_what_is_not_a_printed_share_is_refused(share):
    with pytest.raises(ValueError, match="not a share; give it as it is printed"):
        evaluation.possible_sample_sizes([share], [10])


def test_a_list_of_shares_is_asked_for():
    with pytest.raises(ValueError, match="give a list of printed shares"):
        evaluation.possible_sample_sizes("0.67", [3])
    assert evaluation.possible_sample_sizes(["0." + 30 * "3"], [3, 300_000]) == [3, 300_000]
    assert evaluation.possible_sample_sizes(["0.3333333333333333"], np.arange(1, 5)) == [3]


def test_a_number_of_images_is_positive():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        evaluation.possible_sample_sizes(["0.5"], [2, 0])
