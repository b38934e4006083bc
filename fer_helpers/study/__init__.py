"""Run a whole study: every network of it, one after the other, resumable.

``python -m fer_helpers.study three-view-ensemble --dataset fer2013`` trains what chapter 24 needs.
Each finished network is written at once, and a network in training after every epoch:
a kill loses at most one epoch, and the same command goes on.

A study is a tuple of plans (`plans`): each says how the images are divided (`arrange`), what is
trained and how. Where a paper's protocol is less than honest there are two plans of a network, one
by the paper's rules and one by ours.
"""

from fer_helpers.study.arrangements import ARRANGEMENTS, arrange
from fer_helpers.study.plans import STUDIES, Plan, datasets, plans
from fer_helpers.study.runner import default_folder, hardware, limited, run

__all__ = [
    "ARRANGEMENTS",
    "STUDIES",
    "Plan",
    "arrange",
    "datasets",
    "default_folder",
    "hardware",
    "limited",
    "plans",
    "run",
]
