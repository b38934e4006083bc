"""Right answers, and wrong ones with a piece of the hint that each must get."""

PRINTED = 296_679
KNOWN = 320 + 18_496 + 4 * 96 + 64 + 455
PER_FILTER = 9 * 64 + 1 + 4 + 36 * 64

RIGHT = {
    "11-six-conv-cnn.1": [6, 6.0],
    "11-six-conv-cnn.2": [96, 96.0],
    "11-six-conv-cnn.3": [70, 70.0],
    "11-six-conv-cnn.4": [8 / 3, 2.67, 2.6667],
}
WRONG = [
    ("11-six-conv-cnn.1", 7, "Which digits"),
    ("11-six-conv-cnn.1", 21_356, "left over"),
    ("11-six-conv-cnn.1", 38, "fewer than 32"),
    ("11-six-conv-cnn.1", 8, "the last one add"),
    ("11-six-conv-cnn.1", 6.5, "a whole number"),
    ("11-six-conv-cnn.2", (PRINTED - KNOWN) / (PER_FILTER - 4), "four numbers per channel"),
    ("11-six-conv-cnn.2", (PRINTED - KNOWN + 384) / (PER_FILTER - 4), "four numbers per channel"),
    ("11-six-conv-cnn.2", (PRINTED - KNOWN) / (PER_FILTER - 1), "has a bias, too"),
    ("11-six-conv-cnn.2", (PRINTED - KNOWN + 64) / PER_FILTER, "dense layers have biases"),
    ("11-six-conv-cnn.2", (PRINTED - KNOWN + 71) / PER_FILTER, "dense layers have biases"),
    ("11-six-conv-cnn.2", 128, "no power of two"),
    ("11-six-conv-cnn.2", 90.3, "counted twice"),
    ("11-six-conv-cnn.2", 100, "grow with f"),
    ("11-six-conv-cnn.2", "many", "a number"),
    ("11-six-conv-cnn.3", 32, "after every second"),
    ("11-six-conv-cnn.3", 36, "behind its last pooling"),
    ("11-six-conv-cnn.3", 13, "no pooling at all"),
    ("11-six-conv-cnn.3", 38, "fourth convolution"),
    ("11-six-conv-cnn.3", 54, "fifth convolution"),
    ("11-six-conv-cnn.3", 22, "convolutions follow"),
    ("11-six-conv-cnn.3", 78, "a fourth pooling"),
    ("11-six-conv-cnn.3", 48, "larger than the picture"),
    ("11-six-conv-cnn.3", 50, "what comes after it"),
    ("11-six-conv-cnn.4", 1, "variance in use"),
    ("11-six-conv-cnn.4", 4 / 3, "mean of the *squares*"),
    ("11-six-conv-cnn.4", 20 / 3, "square of the mean"),
    ("11-six-conv-cnn.4", 16, "three quarters stay"),
    ("11-six-conv-cnn.4", 16 / 9, "count both"),
    ("11-six-conv-cnn.4", 3, "what does dropout do"),
    ("11-six-conv-cnn.4", None, "a number"),
]
