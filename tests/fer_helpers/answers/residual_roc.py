"""Right answers, and wrong ones with a piece of the hint that each must get."""

RIGHT = {
    "23-residual-roc.1": [0.625, 10 / 16],
    "23-residual-roc.2": ["PublicTest", "publictest"],
    "23-residual-roc.3": [592, 600, 588.0],
    "23-residual-roc.4": [0.854, 0.8538],
}
WRONG = [
    ("23-residual-roc.1", 0.375, "worse than guessing"),
    ("23-residual-roc.1", 9 / 16, "no defeat"),
    ("23-residual-roc.1", 11 / 16, "no victory"),
    ("23-residual-roc.1", 10, "How many pairs are there"),
    ("23-residual-roc.1", 0.5, "go through the pairs"),
    ("23-residual-roc.1", "high", "a number"),
    ("23-residual-roc.2", "PrivateTest", "27 of 55"),
    ("23-residual-roc.2", "both", "111"),
    ("23-residual-roc.2", "fifth", "of 109"),
    ("23-residual-roc.2", 0.49, "one of"),
    ("23-residual-roc.3", 154, "How wide"),
    ("23-residual-roc.3", 256, "half the width"),
    ("23-residual-roc.3", 38_000, "counts all faces"),
    ("23-residual-roc.3", 5, "standard_error"),
    ("23-residual-roc.4", 0.95, "that is the specificity"),
    ("23-residual-roc.4", 0.89 / 0.94, "half of the faces"),
    ("23-residual-roc.4", 0.05, "false alarms does it mean"),
    ("23-residual-roc.4", 0.235, "takes the specificity"),
    ("23-residual-roc.4", 0.5, "area of three points"),
]
