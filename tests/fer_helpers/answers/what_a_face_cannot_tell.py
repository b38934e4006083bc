"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

from fer_helpers import evaluation, results

CHAPTER = "09-what-a-face-cannot-tell"

RUN = results.stored("three-view-ensemble", "fer2013", "cpu")["image", 0]
REFERENCE = results.reference("three-view-ensemble", "fer2013", "cpu")
COUNTS = evaluation.confusion(REFERENCE.labels["test"], RUN.probabilities["test"])
RATES = COUNTS / COUNTS.sum(axis=1, keepdims=True)
COUNTED = np.array([3, 0, 4, 6, 9, 6, 2])
FEAR = REFERENCE.class_names.index("fear")
SHOWN = np.linalg.solve(RATES.T, COUNTED)[FEAR]

VERDICTS = dict(
    zip(
        "abcdefgh",
        ["prohibited", "high-risk", "prohibited", "outside"]
        + ["outside", "prohibited", "outside", "high-risk"],
        strict=True,
    )
)
CARD = {
    "model": "small convolutional network, seven classes",
    "purpose": "to name the labelled expression of a face",
    "not_for": ["schools and exams", "work and hiring"],
    "data": "synthetic faces of the course",
    "labels": "drawn by a program",
    "images": 700,
    "accuracy": 0.6,
    "interval": (0.563, 0.636),
    "groups": "not measured",
    "limits": ["frontal faces"],
}

RIGHT = {
    f"{CHAPTER}.1": [0.35 * 0.04 / 0.96, 0.0146, 0.015],
    f"{CHAPTER}.2": [0.15, 0.75 - 0.6],
    f"{CHAPTER}.3": [SHOWN, round(SHOWN, 1), round(SHOWN)],
    f"{CHAPTER}.4": [VERDICTS, {case: word.upper() for case, word in VERDICTS.items()}],
    f"{CHAPTER}.5": [
        CARD,
        CARD | {"groups": {"glasses": 0.5}, "interval": [0.55, 0.65]},
        CARD | {"interval": np.array([0.55, 0.65]), "limits": {"frontal faces"}},
        CARD | {"limits": "no feeling was measured", "not_for": "education, employment"},
    ],
}
WRONG = [
    (f"{CHAPTER}.5", CARD | {"accuracy": "60 %"}, "one part should be a number"),
    (f"{CHAPTER}.5", CARD | {"not_for": "school; the network errs"}, "which two areas"),
    (f"{CHAPTER}.1", 0.014, "Odds are"),
    (f"{CHAPTER}.1", 0.35, "say nothing"),
    (f"{CHAPTER}.1", 8.4, "between 0 and 1"),
    (f"{CHAPTER}.1", 0.1, "which odds"),
    (f"{CHAPTER}.1", "small", "a number"),
    (f"{CHAPTER}.2", 15, "as a share"),
    (f"{CHAPTER}.2", -0.15, "turn the sign"),
    (f"{CHAPTER}.2", 0.75, "the other"),
    (f"{CHAPTER}.2", 0.3, "that half"),
    (f"{CHAPTER}.2", 0.1, "look alike"),
    (f"{CHAPTER}.3", SHOWN / 30, "a share of the class"),
    (f"{CHAPTER}.3", np.linalg.solve(RATES, COUNTED)[FEAR], "makes a column"),
    (f"{CHAPTER}.3", (COUNTED @ RATES)[FEAR], "once more"),
    (f"{CHAPTER}.3", 4, "What was shown"),
    (f"{CHAPTER}.3", 7, "add up to 1"),
    (f"{CHAPTER}.4", "prohibited", "a dictionary"),
    (f"{CHAPTER}.4", {"a": "prohibited"}, "no verdict on b"),
    (f"{CHAPTER}.4", VERDICTS | {"c": "forbidden"}, "case c needs"),
    (f"{CHAPTER}.4", VERDICTS | {"c": 3}, "case c needs"),
    *(
        (f"{CHAPTER}.4", VERDICTS | {case: "outside"}, f"case {case}:")
        for case in VERDICTS
        if VERDICTS[case] != "outside"
    ),
    *(
        (f"{CHAPTER}.4", VERDICTS | {case: "high-risk"}, f"case {case}:")
        for case in VERDICTS
        if VERDICTS[case] == "outside"
    ),
    (f"{CHAPTER}.5", "a card", "a dictionary"),
    (f"{CHAPTER}.5", {"model": "Emotion recogniser"}, "'Emotion' in the field 'model'"),
    (f"{CHAPTER}.5", CARD | {"purpose": "measures engagement"}, "'engagement'"),
    (f"{CHAPTER}.5", {"model": "a network", "purpose": "a course"}, "says nothing about not_for"),
    (f"{CHAPTER}.5", CARD | {"accuracy": 60}, "as a share"),
    (f"{CHAPTER}.5", CARD | {"accuracy": "high"}, "a number"),
    (f"{CHAPTER}.5", CARD | {"images": 0}, "how many images"),
    (f"{CHAPTER}.5", CARD | {"interval": (0.7, 0.8)}, "hold the accuracy"),
    (f"{CHAPTER}.5", CARD | {"interval": (0.6, 0.6)}, "have a width"),
    (f"{CHAPTER}.5", CARD | {"interval": (0.599, 0.601)}, "so narrow"),
    (f"{CHAPTER}.5", CARD | {"not_for": ["schools"]}, "which two areas"),
    (f"{CHAPTER}.5", CARD | {"data": "seven classes"}, "photographs or synthetic"),
]
