"""The explorers of the pages, in a real browser: their numbers, mouse, keyboard and layout."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from fer_helpers import ops
from tools import explorer_faces

STATIC = Path(__file__).parents[1] / "book" / "_static"
EXPLORERS = ("kernel", "sobel", "pooling")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the three explorers and nothing else, opened from disk like a downloaded copy."""
    hosts = "".join(
        f'<div class="explorer" data-explorer="{name}"><p>What {name} shows.</p></div>'
        for name in EXPLORERS
    )
    file = tmp_path_factory.mktemp("explorers") / "index.html"
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorers</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{(STATIC / "explorers.css").as_uri()}">'
        f'<script src="{(STATIC / "explorer-faces.js").as_uri()}"></script>'
        f'<script src="{(STATIC / "explorers.js").as_uri()}"></script>'
        f"</head><body><main>{hosts}</main></body></html>",
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


@pytest.mark.parametrize("name", EXPLORERS)
def test_is_labelled_for_screen_readers(page, explorer, name):
    host = explorer(name)
    description = page.locator(f"#{host.get_attribute('aria-describedby')}")
    assert description.inner_text().startswith("What")
    assert host.get_attribute("role") == "group"
    assert host.get_attribute("aria-label").lower().startswith(name)
    assert host.locator("[data-result]").get_attribute("aria-live") == "polite"
    for canvas in host.locator("canvas").all():
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
