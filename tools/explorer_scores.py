"""Write book/_static/explorer-scores.js: the scores that the threshold explorer works on.

For each class of FER2013, how many validation images of that class and of all others got which
probability for it, in thousandths, from a stored network. No image is in it.
Run it again whenever the stored runs change: python -m tools.explorer_scores
"""

import json
from pathlib import Path

import numpy as np

from fer_helpers import results

TARGET = Path(__file__).parents[1] / "book" / "_static" / "explorer-scores.js"
STUDY = ("three-view-ensemble", "fer2013", "cpu")
RUN = ("image", 0)
SPLIT = "validation"


def thousandths() -> tuple[np.ndarray, np.ndarray]:
    """Return the rounded scores (n, classes), 0 to 1000, and the true class numbers (n,)."""
    run = results.stored(*STUDY)[RUN]
    scores = np.round(1000 * run.probabilities[SPLIT]).astype(int)
    return scores, results.reference(*STUDY).labels[SPLIT]


def script() -> str:
    """Return the text of explorer-scores.js: per class the distinct scores with two counts."""
    scores, labels = thousandths()
    lines = []
    for number, name in enumerate(results.reference(*STUDY).class_names):
        counts = [
            np.bincount(scores[labels == number, number], minlength=1001),
            np.bincount(scores[labels != number, number], minlength=1001),
        ]
        distinct = np.flatnonzero(sum(counts))
        table = {
            "name": name,
            "steps": np.diff(distinct, prepend=0).tolist(),
            "positives": counts[0][distinct].tolist(),
            "negatives": counts[1][distinct].tolist(),
        }
        lines.append(json.dumps(table, separators=(",", ":")))
    return (
        "// Scores of a network on FER2013 photographs, written by tools/explorer_scores.py; not "
        "for editing.\n"
        "// Distinct scores in thousandths, each as the step from the one before.\n"
        "window.readingFaces = window.readingFaces || {};\n"
        "window.readingFaces.scores = [\n" + ",\n".join(lines) + "\n];\n"
    )


if __name__ == "__main__":
    TARGET.write_text(script(), encoding="utf-8")
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size} bytes")
