"""Checks of the exercises of chapter 14-resnet50."""

from fer_helpers.exercises import WrongKind, close, exercise, number, whole_number


@exercise("14-resnet50.1")
def _(answer):
    count = whole_number(answer)
    kernels = 1024 * 256 + 9 * 256 * 256 + 256 * 1024
    biases = 256 + 256 + 1024
    adapting = 1024 * 1024 + 1024 + 4 * 1024
    return {
        kernels + 5 * biases: None,
        kernels: "those are the kernels alone. Biases and normalisations have parameters, too.",
        kernels + biases: "those are the convolutions. Each is followed by a normalisation.",
        kernels + 4 * biases: "each of the three convolutions in Keras also has a bias per map.",
        kernels + 3 * biases: "each normalisation has four numbers per map, two of them learned.",
        kernels + 5 * biases + adapting: "this block adds its input as it is: no convolution "
        "stands beside it.",
    }.get(count, "go through the three convolutions in order: size, maps in, maps out, then bias.")


@exercise("14-resnet50.2")
def _(answer):
    count = number(answer)
    one = 256 * 128 * (56**2 - 28**2)
    if count == 3 * one:
        return None
    if count == one:
        return "that is one of the three stages. What do the other two add?"
    if count == 256 * 128 * 56**2 * 3:
        return "that is what the three convolutions cost now. Take off what they cost before."
    if count == 3 * 9 * 128 * 128 * (56**2 - 28**2):
        return "the 3×3 convolution puts out as many places as before. Which one does not?"
    if close(count, 3 * one / 2**20, 0.5) or close(count, 3 * one / 1e6, 0.6):
        return "give the number itself, not millions."
    return "which convolution now works at more places, and how many more? Take stage 3 first."


@exercise("14-resnet50.3")
def _(answer):
    pixels = number(answer)
    if pixels == 129:
        return None
    if 4.9 < pixels <= 5:
        return "that is the side in the last stage. Which images arrive there with it?"
    if pixels == 160:
        return "that works, but the network rounds up: a smaller one arrives with as many places."
    if pixels == 128:
        return "very near: with how many places per side does it arrive?"
    if pixels == 224:
        return "that is enough, but is it the smallest?"
    if pixels < 128:
        return "too small: too much padding is left. For which side of the maps is there a quarter?"
    return "that is enough, and so are smaller ones. Find the side of the maps first."


@exercise("14-resnet50.4")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes recalls and counts")
    cases = [
        ([1.0, 0.0], [3, 1], 0.75),
        ([0.5, 0.9, 0.2], [10, 30, 60], 0.44),
        ([0.6, 0.6], [7, 2], 0.6),
    ]
    for recalls, counts, right in cases:
        got = number(answer(list(recalls), list(counts)))
        if close(got, right, 1e-6):
            continue
        if close(got, sum(recalls) / len(recalls), 1e-6):
            return "a mean of the recalls; larger classes count more."
        if close(got, right * sum(counts), 1e-6):
            return "divide by the number of all images."
        if len(set(recalls)) == 1:
            return "equal recalls are the accuracy."
        return (
            f"for recalls {recalls} and counts {counts} you say {got:g}. How many images of each "
            "class are right?"
        )
    return None
