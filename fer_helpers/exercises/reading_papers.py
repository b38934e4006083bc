"""Checks of the exercises of chapter 25-reading-papers."""

from scipy.stats import binomtest

from fer_helpers.evaluation import possible_sample_sizes
from fer_helpers.exercises import WrongKind, close, exercise, number, whole_number


@exercise("25-reading-papers.1")
def _(answer):
    size = whole_number(answer)
    smallest, *larger = possible_sample_sizes(["85.7 %", "71.4 %", "92.9 %"], range(1, 200))
    if size == smallest:
        return None
    if size in larger:
        return "it fits all three, and so does a smaller number."
    if size == 30:
        return "that is the text's number. How many right answers out of 30 give 85.7 %?"
    if size == 7:
        return "it fits the first two. Which count out of 7 would give 92.9 %?"
    return "try each number of images: for which are all three shares a whole number of them?"


@exercise("25-reading-papers.2")
def _(answer):
    differing = whole_number(answer)
    # A difference of ten is even, and so is the number of images that it is taken from.
    below = [d for d in range(10, 400, 2) if binomtest((d + 10) // 2, d).pvalue < 0.05]
    if differing == below[-1]:
        return None
    if differing == below[-1] + 2:
        return "just one step too far: is the p-value still below the limit?"
    if differing in below[:-1]:
        return "the p-value is below the limit there, but more images may differ."
    if differing % 2:
        return "only A minus only B is ten. Can the two add up to an odd number?"
    if differing in (487, 477, 540):
        return "most images do not count: both networks are right on them, or both wrong."
    return "of d images, (d + 10)/2 are for one network. For which d is that split surprising?"


@exercise("25-reading-papers.3")
def _(answer):
    share = number(answer)
    if close(share, 1500 / 1999, 6e-4):
        return None
    if close(share, 0.25, 1e-3) or close(share, 499 / 1999, 1e-3):
        return "that is the share whose twin is in the *test* part."
    if close(share, 0.75**2, 1e-3):
        return "the image is in the test part already; only its twin is still to be placed."
    if close(share, 0.5, 1e-3):
        return "half of the images are copies. Where do they go?"
    if close(share, 1, 1e-3):
        return "some twins fall into the test part together."
    return "take one test image: of all other images, how many are for training?"


# What each faulty sentence of the invented paper should have made a reader compute.
_KINDS = {2: "sum", 1: "text", 10: "size", 13: "noise", 8: "choice", 5: "leak"}
_VALUES = {
    1: (0.9019, 5e-5),
    2: (1350, 0.5),
    5: (2160 / 2699, 2e-3),
    8: (40, 0.5),
    10: (483, 0.4),
    13: (binomtest(34, 58).pvalue, 1e-3),
}
_SENTENCES = range(1, 15)


@exercise("25-reading-papers.4")
def _(answer):
    if not isinstance(answer, dict):
        raise WrongKind("a dictionary from numbers of sentences to computed numbers")
    faults = {whole_number(sentence): number(value) for sentence, value in answer.items()}
    if not set(faults) <= set(_SENTENCES):
        return "the sentences and rows have the numbers 1 to 14."
    sound = len(set(faults) - set(_KINDS))
    if sound:
        return _sound(faults, sound)
    wrong = [
        sentence for sentence in _KINDS if sentence in faults and not _agrees(faults, sentence)
    ]
    if wrong:
        return _about_value(wrong[0], faults[wrong[0]])
    missing = [kind for sentence, kind in _KINDS.items() if sentence not in faults]
    if missing:
        return f"{len(faults)} of six found. {_WHERE[missing[0]]}"
    return None


def _agrees(faults, sentence):
    value, tolerance = _VALUES[sentence]
    return close(faults[sentence], value, tolerance)


def _sound(faults, sound):
    """Say how many are sound; name the reason where a neighbour was meant."""
    if 4 in faults and 5 not in faults:
        return "copying alone harms nobody. Which sentence puts the copies on both sides?"
    if 12 in faults and 13 not in faults:
        return "the difference of the counts is right. What is concluded from it?"
    if 7 in faults and 8 not in faults:
        return "one may train as long as one likes. What was done after each epoch?"
    if 9 in faults and 1 not in faults:
        return "the row is possible with 540 images. Which sentence contradicts it?"
    found = len(set(faults) & set(_KINDS))
    return f"{found} of those that you name are faulty, {sound} can be true as they stand."


_WHERE = {
    "sum": "A sum is missing: add up whatever the section on data lists.",
    "text": "The text is missing: compare each accuracy in words with its row.",
    "size": "A size is missing: how many right answers could each row of the table be?",
    "noise": "The noise is missing: which sentence concludes something, and from how many images?",
    "choice": "A choice is missing: what was looked at more than once?",
    "leak": "The leak is missing: in which order were the images copied and divided?",
}


def _about_value(sentence, value):
    kind = _KINDS[sentence]
    if kind == "text" and close(value, 90.19, 5e-3):
        return "the right number; give it as a share, as the table does."
    if kind == "text" and close(value, 0.9093, 5e-5):
        return "that is what the sentence says. What does the table say?"
    if kind == "sum" and close(value, 1380, 0.5):
        return "that is what the sentence says. What do its four parts say?"
    if kind == "sum":
        return "the total of sentence 2 again: four numbers, one sum."
    if kind == "size" and close(value, 484, 0.4):
        return "a neighbour. Which whole number is nearest to the share times the images?"
    if kind == "size" and not value.is_integer():
        return "for row 10 a whole number is asked for: right answers, not a share."
    if kind == "noise" and 0.11 < value < 0.13:
        return "that is one side of the coin. Who said beforehand which network is better?"
    if kind == "noise":
        return "how likely is a split at least as uneven as 34 to 24, if each network is as good?"
    if kind == "leak" and close(value, 0.2, 2e-3):
        return "that is the share of twins that meet in the test part."
    if kind == "leak":
        return "take a test image: how many of all the others are for training?"
    if kind == "choice":
        return "sentence 8: how often was the test part looked at for one network?"
    if kind == "text":
        return "sentence 1: which row is it about, and what stands there?"
    return "row 10: multiply the share by the number of test images, and round."
