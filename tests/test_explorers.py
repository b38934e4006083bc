"""The explorers of the pages, in a real browser: their numbers, mouse, keyboard and layout."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn import metrics

from fer_helpers import ops, results
from tools import explorer_faces, explorer_scores

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book" / "_static"
PICTURES = ("kernel", "sobel", "pooling")
CHARTS = ("activations", "threshold")
EXPLORERS = PICTURES + CHARTS
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "swish", "hard_swish")


def scripts():
    """The scripts of the explorers, in the order in which the site loads them."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    files = [name for name, _ in config["sphinx"]["config"]["html_js_files"]]
    return [STATIC / name for name in files if name.startswith("explorer")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the explorers and nothing else, opened from disk like a downloaded copy."""
    hosts = "".join(
        f'<div class="explorer" data-explorer="{name}"><p>What {name} shows.</p></div>'
        for name in EXPLORERS
    )
    file = tmp_path_factory.mktemp("explorers") / "index.html"
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorers</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{(STATIC / "explorers.css").as_uri()}">'
        + "".join(f'<script src="{path.as_uri()}"></script>' for path in scripts())
        + f"</head><body><main>{hosts}</main></body></html>",
        encoding="utf-8",
    )
    return file.as_uri()


@pytest.fixture
def page(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(address)
    yield page
    page.close()
    assert not errors


@pytest.fixture
def explorer(page):
    return lambda name: page.locator(f'[data-explorer="{name}"]')


@pytest.fixture(scope="module")
def compute(browser, address):
    page = browser.new_page()
    page.goto(address)

    def run(name, *arguments):
        arguments = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
        return page.evaluate(f"args => readingFaces.explorers.compute.{name}(...args)", arguments)

    yield run
    page.close()


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, size=(17, 20))


@pytest.fixture
def kernel():
    return np.array([[-1, 0.5, 2], [0, 3, -2], [1, 0.25, -4]])


def test_faces_are_those_of_the_renderer():
    assert explorer_faces.TARGET.read_text(encoding="utf-8") == explorer_faces.script(), (
        "run python -m tools.explorer_faces"
    )


def test_scores_are_those_of_the_stored_run():
    assert explorer_scores.TARGET.read_text(encoding="utf-8") == explorer_scores.script(), (
        "run python -m tools.explorer_scores"
    )
    assert explorer_scores.TARGET.stat().st_size < 40_000


def test_every_script_is_loaded():
    written = {*STATIC.glob("explorer*.js"), *STATIC.glob("explorers/*.js")}
    assert set(scripts()) == written


def test_filter_equals_ops(compute, picture, kernel):
    for stride, padding, dilation in product((1, 2, 3), ("valid", "same"), (1, 2)):
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        for flip, function in ((False, ops.cross_correlate2d), (True, ops.convolve2d)):
            shown = compute("filter", picture, kernel, {**options, "flip": flip})
            np.testing.assert_array_equal(shown, function(picture, kernel, **options))


def test_sobel_equals_ops(compute, picture):
    shown = compute("sobel", picture)
    along_width, along_height, magnitude = ops.sobel(picture.astype(float))
    np.testing.assert_array_equal(shown["gx"], along_width)
    np.testing.assert_array_equal(shown["gy"], along_height)
    np.testing.assert_allclose(shown["magnitude"], magnitude)
    np.testing.assert_allclose(shown["angle"], np.degrees(np.arctan2(along_height, along_width)))


def test_pooling_equals_ops(compute, picture):
    for size, stride in product((2, 3, 4), (1, 2, 3, 4)):
        for mode, function in (("max", ops.max_pool), ("average", ops.average_pool)):
            shown = compute("pool", picture, {"size": size, "stride": stride, "mode": mode})
            np.testing.assert_allclose(shown, function(picture.astype(float), size, stride=stride))


def test_shift_equals_roll(compute, picture):
    shown = compute("shift", picture, 3, 1)
    np.testing.assert_array_equal(shown, np.roll(picture, (1, 3), axis=(0, 1)))


def test_kernel_by_keyboard_and_mouse(page, explorer):
    host = explorer("kernel")
    result = host.locator("[data-result]")
    canvases = host.locator("canvas")

    canvases.first.focus()
    before = result.inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert result.inner_text() != before
    assert host.get_by_label("Output row").input_value() == "25"
    assert host.get_by_label("Output column").input_value() == "5"

    box = canvases.nth(1).bounding_box()
    canvases.nth(1).click(position={"x": box["width"] / 46 * 10.5, "y": box["height"] / 46 * 3.5})
    assert result.inner_text().startswith("Output row 3, column 10:")

    host.get_by_label("Output row").fill("999")
    host.get_by_label("Output row").press("Enter")
    assert result.inner_text().startswith("Output row 45, column 10:")


def test_clicking_the_input_centres_the_window(explorer):
    host = explorer("kernel")
    canvas = host.locator("canvas").first
    cell = canvas.bounding_box()["width"] / 52
    for padding, expected in (("valid", 23), ("same", 24)):
        host.get_by_label("Padding").select_option(padding)
        canvas.click(position={"x": cell * (24.5 + 2), "y": cell * (24.5 + 2)})
        assert host.get_by_label("Output row").input_value() == str(expected)


def test_shown_products_add_up_to_what_ops_gives(page, explorer):
    host = explorer("kernel")
    host.get_by_label("Preset").select_option("sharpen")
    host.get_by_label("weight in row 1, column 1").fill("-2")
    assert host.get_by_label("Preset").input_value() == "your own"
    host.get_by_label("Operation").select_option("convolution")
    host.get_by_label("Padding").select_option("same")
    host.get_by_label("Dilation").select_option("2")
    host.get_by_label("Stride").select_option("3")

    face = np.array(page.evaluate("readingFaces.explorers.pictures()[0].rows"))
    weights = np.array([[-2, -1, 0], [-1, 5, -1], [0, -1, 0]])
    expected = ops.convolve2d(face, weights, stride=3, padding="same", dilation=2)
    row, column = (int(host.get_by_label(f"Output {a}").input_value()) for a in ("row", "column"))
    products = host.locator("td strong").all_inner_texts()
    shown = sum(float(text.removeprefix("= ").replace("−", "-")) for text in products)
    assert shown == expected[row, column]
    assert f"add up to {shown:g}.".replace("-", "−") in host.locator("[data-result]").inner_text()
    assert "16 × 16" in host.locator("figcaption").nth(1).inner_text()


def test_text_in_a_weight_is_marked_and_counts_as_zero(explorer):
    host = explorer("kernel")
    weight = host.get_by_label("weight in row 2, column 3")
    weight.fill("")
    assert weight.get_attribute("aria-invalid") == "true"
    assert "NaN" not in host.inner_text()


def test_sobel_threshold(explorer):
    host = explorer("sobel")
    slider = host.get_by_label("Threshold on the magnitude")
    assert "2304 of 2304" in host.inner_text()
    slider.focus()
    slider.press("End")
    assert "2304 of 2304" not in host.inner_text()


def test_sobel_of_the_step_edge(explorer):
    host = explorer("sobel")
    host.get_by_label("Picture", exact=True).select_option(label="a step edge")
    host.get_by_label("Pixel column").fill("23")
    host.get_by_label("Pixel column").press("Enter")
    text = host.locator("[data-result]").inner_text()
    assert "gx 520, gy 0, magnitude 520, angle 0°" in text


def test_pooling_counts_changes(page, explorer):
    host = explorer("pooling")
    host.get_by_label("Window").select_option("4")
    assert host.get_by_label("Stride").input_value() == "4"
    host.get_by_label("Shift right").press("ArrowRight")
    assert host.get_by_label("Shift right").input_value() == "2"

    face = np.array(page.evaluate("readingFaces.explorers.pictures()[0].rows"))
    pooled, shifted = ops.max_pool(face, 4), ops.max_pool(np.roll(face, 2, axis=1), 4)
    expected = f"{np.sum(pooled != shifted)} of {pooled.size} pooled values change"
    assert host.locator("[data-result]").inner_text().startswith(expected)

    host.get_by_label("Shift right").press("Home")
    assert host.locator("[data-result]").inner_text().startswith("0 of 144")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_equal_ops(compute, name):
    x = np.concatenate([np.linspace(-8, 8, 41), [-1000, -3, 0, 3, 1000]])
    for slope in (0.01, 0.2):
        options = (slope,) if name == "leaky_relu" else ()
        for shown, function in (("activation", name), ("derivative", f"{name}_derivative")):
            expected = getattr(ops, function)(x, *options)
            values = [compute(shown, name, float(one), slope) for one in x]
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_saturation_is_where_the_curve_stays_flat(compute):
    x = np.round(np.arange(-6, 6.001, 0.05), 2)
    for name in ACTIVATIONS:
        steep = np.abs(getattr(ops, f"{name}_derivative")(x)) >= 0.05
        first, last = np.flatnonzero(steep)[[0, -1]]
        expected = {
            "low": x[first - 1] if first else None,
            "high": x[last + 1] if last + 1 < len(x) else None,
        }
        assert compute("saturation", name) == expected, name


def test_product_through_layers(compute):
    assert compute("through", 0.25, 10) == pytest.approx(0.25**10)


def test_activations_by_keyboard_number_and_mouse(page, explorer):
    host = explorer("activations")
    result = host.locator("[data-result]")
    x = host.get_by_label("x", exact=True)
    box = host.get_by_label("x, as a number")
    x.press("ArrowRight")
    assert result.inner_text().startswith("sigmoid at x = 1.05: ")
    box.fill("0")
    host.get_by_label("Layers", exact=True).fill("20")
    assert "derivative 0.25, through 20 layers 9.1 × 10⁻¹³." in result.inner_text()
    box.fill("")
    assert box.get_attribute("aria-invalid") == "true"
    assert "x = 0:" in result.inner_text()
    box.fill("99")
    box.press("Tab")
    assert box.input_value() == "6"
    assert "(saturated)" in result.inner_text()

    area = host.locator("svg").first.bounding_box()
    middle = area["y"] + area["height"] / 2
    # The axis from -6 to 6 begins after 60 of 360 units and ends at 346.
    at = lambda value: area["x"] + area["width"] * (60 + (value + 6) / 12 * 286) / 360  # noqa: E731
    page.mouse.move(at(0), middle)
    page.mouse.down()
    page.mouse.move(at(-2), middle)
    page.mouse.up()
    assert result.inner_text().startswith("sigmoid at x = −2: ")
    page.keyboard.press("ArrowLeft")
    assert result.inner_text().startswith("sigmoid at x = −2.05: ")


def test_two_activations_are_compared(explorer):
    host = explorer("activations")
    assert not host.get_by_label("Slope of leaky ReLU").is_visible()
    host.get_by_label("Compare with").select_option(label="leaky ReLU")
    host.get_by_label("Slope of leaky ReLU").fill("0.1")
    host.get_by_label("x, as a number").fill("-5")
    host.get_by_label("Layers, as a number").fill("2")
    rows = [row.inner_text().split("\t") for row in host.locator("tr").all()]
    assert rows[0][1:] == ["sigmoid", "leaky ReLU"]
    assert rows[1] == ["value", "0.007", "−0.5"]
    assert rows[3] == ["through 2 layers", "4.4 × 10⁻⁵", "0.01"]
    assert rows[4] == ["saturated", "yes", "no"]


def one_against_all(number):
    """The rounded scores of a class and who belongs to it."""
    scores, labels = explorer_scores.thousandths()
    return scores[:, number] / 1000, labels == number


@pytest.mark.parametrize("number", range(7))
def test_threshold_equals_scikit_learn(page, number):
    scores, truth = one_against_all(number)
    name = results.reference(*explorer_scores.STUDY).class_names[number]
    thresholds = [0, 0.001, 0.123, 0.5, 0.9, 1]
    shown = page.evaluate(
        """([name, thresholds]) => {
          const c = readingFaces.explorers.compute;
          const counts = c.scores(name);
          return { judged: thresholds.map((at) => c.judge(counts, at)), roc: c.roc(counts),
            auc: c.area(c.roc(counts)), pr: c.precisionRecall(counts),
            ap: c.averagePrecision(c.precisionRecall(counts)) };
        }""",
        [name, thresholds],
    )
    for threshold, judged in zip(thresholds, shown["judged"], strict=True):
        called = scores >= threshold
        (tn, fp), (fn, tp) = metrics.confusion_matrix(truth, called, labels=[False, True])
        assert [judged[key] for key in ("tn", "fp", "fn", "tp")] == [tn, fp, fn, tp]
        assert judged["accuracy"] == pytest.approx(metrics.accuracy_score(truth, called))
        assert judged["recall"] == pytest.approx(metrics.recall_score(truth, called))
        assert judged["f1"] == pytest.approx(metrics.f1_score(truth, called))
        assert judged["fpr"] == pytest.approx(fp / (fp + tn))
        precision = metrics.precision_score(truth, called, zero_division=np.nan)
        assert (judged["precision"] is None) == np.isnan(precision)
        if called.any():
            assert judged["precision"] == pytest.approx(precision)

    fpr, recall, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(shown["roc"], np.column_stack([fpr, recall]))
    assert shown["auc"] == pytest.approx(metrics.roc_auc_score(truth, scores))
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    expected = np.column_stack([recall, precision])[::-1]
    np.testing.assert_allclose(shown["pr"][1:], expected[1:])
    assert shown["ap"] == pytest.approx(metrics.average_precision_score(truth, scores))


@pytest.mark.parametrize("number", range(7))
def test_rounding_the_scores_costs_little(number):
    run = results.stored(*explorer_scores.STUDY)[explorer_scores.RUN]
    scores, truth = one_against_all(number)
    exact = metrics.roc_auc_score(truth, run.probabilities["validation"][:, number])
    assert abs(metrics.roc_auc_score(truth, scores) - exact) < 0.002


def test_threshold_by_keyboard_number_and_mouse(page, explorer):
    host = explorer("threshold")
    result = host.locator("[data-result]")
    host.get_by_label("Class").select_option("disgust")
    host.get_by_label("Threshold", exact=True).press("ArrowLeft")
    assert result.inner_text().startswith("Called disgust from 0.49 on: ")

    host.get_by_label("Threshold, as a number").fill("0.123")
    scores, truth = one_against_all(1)
    called = scores >= 0.123
    counts = [called & truth, ~called & truth, called & ~truth, ~called & ~truth]
    shown = host.locator("table").first.locator("td strong").all_inner_texts()
    assert shown == [str(count.sum()) for count in counts]
    assert f"precision {metrics.precision_score(truth, called):.3f}".capitalize() in (
        result.inner_text()
    )
    assert f"AUC) {metrics.roc_auc_score(truth, scores):.3f}" in host.inner_text()

    area = host.locator("svg").first.bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] + 50, area["y"] + area["height"] / 2)
    page.mouse.up()
    assert result.inner_text().startswith("Called disgust from 1 on: 0 rightly, 0 wrongly")
    assert "Precision not defined" in result.inner_text()


def test_a_finger_drags_the_threshold(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    host = page.locator('[data-explorer="threshold"]')
    svg = host.locator("svg").first
    svg.scroll_into_view_if_needed()
    area = svg.bounding_box()
    page.touchscreen.tap(area["x"] + area["width"] * (60 + 286 / 4) / 360, area["y"] + 100)
    shown = float(host.get_by_label("Threshold, as a number").input_value())
    assert shown == pytest.approx(0.25, abs=0.01)
    assert svg.evaluate("node => getComputedStyle(node).touchAction") == "pan-y"
    context.close()


@pytest.mark.parametrize("name", EXPLORERS)
def test_is_labelled_for_screen_readers(page, explorer, name):
    host = explorer(name)
    description = page.locator(f"#{host.get_attribute('aria-describedby')}")
    assert description.inner_text().startswith("What")
    assert host.get_attribute("role") == "group"
    assert host.get_attribute("aria-label").lower().startswith(name)
    assert host.locator("[data-result]").get_attribute("aria-live") == "polite"
    for canvas in host.locator("canvas, svg").all():
        assert canvas.get_attribute("aria-label")
        assert canvas.get_attribute("role") in ("img", "application")
    for control in host.locator("input, select").all():
        labels = control.evaluate("node => node.labels.length")
        assert labels or control.get_attribute("aria-label")


def test_focus_is_visible(page, explorer):
    canvas = explorer("kernel").locator("canvas").first
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    style = canvas.evaluate("node => getComputedStyle(node).outlineStyle")
    assert style == "solid"


def test_fits_a_phone(browser, address):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for name in EXPLORERS:
        host = page.locator(f'[data-explorer="{name}"]')
        assert host.evaluate("node => node.scrollWidth <= node.clientWidth")
    page.close()
