"""Draw the picture of the README and of the site's first page: ``python -m tools.picture``.

Seven synthetic faces, one per expression, in the three views of the ensemble study.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from data_fetch import sample
from fer_helpers import plotting, views

TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "reading-faces.png"

# Seven people who differ in age, skin, hair and glasses, chosen by eye.
IDENTITIES = (3, 7, 11, 2, 5, 13, 8)


def main() -> None:
    faces = np.stack(
        [
            sample.face(name, identity=identity)
            for name, identity in zip(sample.CLASS_NAMES, IDENTITIES, strict=True)
        ]
    )[..., None]
    fig, axes = plt.subplots(3, 7, figsize=(9, 4.3), layout="constrained")
    for row, view in zip(axes, views.VIEWS, strict=True):
        pictures = views.make_view(faces, view)
        if view == "contour":
            pictures = pictures / pictures.max()
        for ax, picture in zip(row, pictures, strict=True):
            plotting.face(ax, picture)
    for ax, name in zip(axes[0], sample.CLASS_NAMES, strict=True):
        ax.set_title(name, fontsize=13)
    for ax, view in zip(axes[:, 0], views.VIEWS, strict=True):
        ax.text(-0.08, 0.5, view, transform=ax.transAxes, rotation=90, ha="right", va="center")
    fig.savefig(TARGET, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
