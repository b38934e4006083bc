"""Right answers, and wrong ones with a piece of the hint that each must get."""

import math


def channels(count, width):
    wanted = count * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def half_to_even(count, width):
    wanted = count * width
    rounded = max(8, round(wanted / 8) * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


RIGHT = {
    "15-mobilenets.1": [72, 72.0],
    "15-mobilenets.2": [15.238, 15.2, 15],
    "15-mobilenets.3": [11],
    "15-mobilenets.4": [channels],
}
WRONG = [
    ("15-mobilenets.1", 71, "very near"),
    ("15-mobilenets.1", 73, "very near"),
    ("15-mobilenets.1", 64, "7.9 times"),
    ("15-mobilenets.1", 8, "is added to 1/9"),
    ("15-mobilenets.1", 128, "how few will do"),
    ("15-mobilenets.1", 3, "solve for N"),
    ("15-mobilenets.1", 70.5, "a whole number"),
    ("15-mobilenets.2", 177.78, "the full convolution"),
    ("15-mobilenets.2", 0.152, "asks for percent"),
    ("15-mobilenets.2", 115.24, "By how much"),
    ("15-mobilenets.2", 16.667, "pointwise step alone"),
    ("15-mobilenets.2", 50, "Compare k = 3"),
    ("15-mobilenets.2", "much", "a number"),
    ("15-mobilenets.3", 10, "very near"),
    ("15-mobilenets.3", 7, "*nothing* is left"),
    ("15-mobilenets.3", 12, "not the smallest"),
    ("15-mobilenets.3", 30, "one n after the other"),
    ("15-mobilenets.4", 8, "a function"),
    ("15-mobilenets.4", lambda count, width: count, "a multiple of 8 already"),
    ("15-mobilenets.4", lambda count, width: int(count * width), "fewer than 8"),
    ("15-mobilenets.4", lambda count, width: max(8, int(count * width) // 8 * 8), "one above"),
    ("15-mobilenets.4", half_to_even, "a half rounds up"),
    (
        "15-mobilenets.4",
        lambda count, width: max(8, int(count * width + 4) // 8 * 8),
        "more than a tenth",
    ),
    (
        "15-mobilenets.4",
        lambda count, width: max(8, math.ceil(count * width / 8) * 8),
        "one below is nearest",
    ),
]
