import itertools

import numpy as np
import pytest
from scipy import ndimage

from fer_helpers import ops, views


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 12, 9, 1)).astype(np.uint8)


@pytest.mark.parametrize("view", views.VIEWS)
def test_views_are_float32_between_0_and_1(images, view):
    out = views.make_view(images, view)
    assert out.shape == images.shape
    assert out.dtype == np.float32
    assert 0 <= out.min() <= out.max() <= 1


def test_views_are_what_their_names_say(images):
    scaled = images / 255
    np.testing.assert_allclose(views.make_view(images, "image"), scaled, atol=1e-6)
    np.testing.assert_allclose(views.make_view(images, "inverted"), 1 - scaled, atol=1e-6)
    one = scaled[2, ..., 0]
    contour = np.hypot(*(ndimage.sobel(one, axis, mode="nearest") for axis in (0, 1)))
    np.testing.assert_allclose(
        views.make_view(images, "contour")[2, ..., 0], contour / np.sqrt(20), atol=1e-6
    )


def test_black_and_white_are_reached_exactly():
    both = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    np.testing.assert_array_equal(views.make_view(both, "image").ravel(), [0, 1])
    np.testing.assert_array_equal(views.make_view(both, "inverted").ravel(), [1, 0])


def test_inverting_leaves_the_contour(images):
    np.testing.assert_array_equal(
        views.make_view(images, "contour"), views.make_view(255 - images, "contour")
    )


def test_largest_contour_is_the_maximum_over_all_images():
    # The squared magnitude is convex in the nine pixels, so its maximum is at a black-and-white
    # image, and there are only 512 of 3 by 3.
    patches = np.array(list(itertools.product([0, 1], repeat=9))).reshape(-1, 3, 3)
    magnitude = ops.sobel(patches)[2]
    assert magnitude[:, 1, 1].max() == pytest.approx(views.LARGEST_CONTOUR)
    assert magnitude.max() == pytest.approx(views.LARGEST_CONTOUR)
    steepest = patches[[magnitude[:, 1, 1].argmax()], ..., None].astype(np.uint8) * 255
    assert views.make_view(steepest, "contour").max() == pytest.approx(1)
    assert views.make_view(steepest, "contour").max() <= 1


def test_blocks_do_not_show(images, monkeypatch):
    whole = views.make_view(images, "contour")
    monkeypatch.setattr(views, "_BLOCK", 2)
    np.testing.assert_array_equal(views.make_view(images, "contour"), whole)


@pytest.mark.parametrize("view", views.VIEWS)
def test_no_images_give_no_views(view):
    assert views.make_view(np.zeros((0, 48, 48, 1), np.uint8), view).shape == (0, 48, 48, 1)


def test_unknown_view_lists_the_choices(images):
    with pytest.raises(ValueError, match="'edges'; choose one of image, contour, inverted"):
        views.make_view(images, "edges")


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 4, 4, 1), np.float32),
        np.zeros((2, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
    ],
)
def test_other_images_are_refused(wrong):
    with pytest.raises(ValueError, match=r"uint8 of shape \(images, height, width, 1\), not"):
        views.make_view(wrong, "image")


def test_standardised_images_have_mean_0_and_spread_near_1(images):
    result = views.standardised(images)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 0, atol=1e-4)
    spreads = images.std(axis=(1, 2))
    np.testing.assert_allclose(result.std(axis=(1, 2)), spreads / (spreads + 1), atol=1e-4)


def test_standardised_images_do_not_depend_on_brightness(images):
    darker = images.astype(np.float32) - 20
    np.testing.assert_allclose(views.standardised(darker), views.standardised(images), atol=1e-4)


def test_standardised_grey_is_zero_and_other_shapes_are_refused():
    assert not views.standardised(np.full((2, 4, 4, 1), 200, np.uint8)).any()
    with pytest.raises(ValueError, match=r"\(images, height, width, channels\), not \(4, 4\)"):
        views.standardised(np.zeros((4, 4)))
