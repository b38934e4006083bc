"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

from fer_helpers import ops

RIGHT = {
    "05-sobel-contours.1": [100, np.hypot(80, 60)],
    "05-sobel-contours.2": [np.sqrt(20), 4.47],
    "05-sobel-contours.3": [np.sqrt(12), 3.46],
    "05-sobel-contours.4": [
        lambda image: ops.sobel(image)[2] / ops.sobel(image)[2].mean(),
        lambda image: ops.sobel(image / image.std())[2],
    ],
}
WRONG = [
    ("05-sobel-contours.1", 140, "root of the sum of squares"),
    ("05-sobel-contours.1", -80, "the width alone"),
    ("05-sobel-contours.1", 60, "one of the two"),
    ("05-sobel-contours.1", 10000, "the root is missing"),
    ("05-sobel-contours.1", 12.5, "per pixel"),
    ("05-sobel-contours.1", np.hypot(60, 40), "weight 2"),
    ("05-sobel-contours.1", 7, "minus that of the other"),
    ("05-sobel-contours.2", 4 * np.sqrt(2), "both kernels"),
    ("05-sobel-contours.2", 4, "straight edge"),
    ("05-sobel-contours.2", 3 * np.sqrt(2), "45°"),
    ("05-sobel-contours.2", 20, "root"),
    ("05-sobel-contours.2", 1140, "between 0 and 1"),
    ("05-sobel-contours.2", 5, "256"),
    ("05-sobel-contours.3", 12, "variance"),
    ("05-sobel-contours.3", 8, "absolute"),
    ("05-sobel-contours.3", 0, "spread"),
    ("05-sobel-contours.3", np.sqrt(6), "four times"),
    ("05-sobel-contours.3", np.sqrt(8), "squares"),
    ("05-sobel-contours.3", 1, "squared weights"),
    ("05-sobel-contours.4", 1, "a function"),
    ("05-sobel-contours.4", lambda image: ops.sobel(image)[2], "still another"),
    ("05-sobel-contours.4", lambda image: 0 * image, "no contour"),
    ("05-sobel-contours.4", lambda image: image[1:], "of shape"),
    ("05-sobel-contours.4", lambda image: image / 0, "finite"),
    ("05-sobel-contours.4", lambda image: -image / image.mean(), "not larger"),
    ("05-sobel-contours.4", lambda image: ops.sobel(np.log(image + 1))[2], "nearly"),
]
