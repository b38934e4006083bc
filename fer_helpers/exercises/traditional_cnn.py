"""Checks of the exercises of chapter 10-traditional-cnn."""

import numpy as np

from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("10-traditional-cnn.1")
def _(answer):
    parameters = whole_number(answer)
    return {
        2_752_135: None,
        982_663: "the convolutions stay as they are. Is there a layer that does not?",
        4 * 982_663: "do the weights of a convolution become more when its map grows?",
        1_572_487: "the side doubles. What does that do to the number of places?",
        2_752_135 + 4 * 256: "a normalisation has four numbers per channel, not per place.",
        2_359_552: "that is the dense layer alone. What else is in the network?",
        5_111_431: "the last maps were 3×3. How large are they now, and how much is *added*?",
    }.get(
        parameters,
        "go through the layers: which of them has a weight for every place of its input?",
    )


@exercise("10-traditional-cnn.2")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes kernel, bias, gamma, beta, mean, variance")
    rng = np.random.default_rng(10)
    # As many outputs as inputs, so that a scale along the wrong axis gives numbers, not an error.
    kernel, bias = rng.normal(size=(4, 4)), rng.normal(size=4)
    gamma, beta, mean = rng.normal(size=(3, 4))
    variance = np.array([0.004, 0.3, 1.0, 2.0])
    given = (kernel, bias, gamma, beta, mean, variance)
    got = answer(*(array.copy() for array in given))
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        raise WrongKind("two things, the kernel and the bias", got)
    new_kernel, new_bias = numbers(got[0], (4, 4)), numbers(got[1], (4,))
    scale = gamma / np.sqrt(variance + 0.001)
    if not close(new_kernel, kernel * scale[:, None]):
        if close(new_kernel, kernel * scale):
            return "each *input* is scaled. Which axis of the kernel is that?"
        if close(new_kernel, kernel * (gamma / np.sqrt(variance))[:, None]):
            return "the kernel lacks the epsilon; a channel of small variance shows it."
        if close(new_kernel, kernel * (gamma / (variance + 0.001))[:, None]):
            return "divided by the variance. By what does a normalisation divide?"
        if close(new_kernel, kernel):
            return "the kernel has not changed. Who multiplies by gamma now?"
        return "write the normalisation as scale · x + shift. What does the scale do to the kernel?"
    if close(new_bias, bias + (beta - scale * mean) @ kernel):
        return None
    if close(new_bias, bias):
        return "the kernel is right. What the normalisation adds must go into the bias."
    if close(new_bias, bias + beta - scale * mean):
        return "what is added to the inputs goes through the kernel before it reaches the outputs."
    if close(new_bias, bias + (beta - scale * mean) @ new_kernel):
        return "the shift is scaled already: it meets the old kernel, not the new one."
    if close(new_bias, bias + (beta - mean) @ kernel):
        return "the mean is subtracted *before* the scaling."
    return "the kernel is right. Put x = 0 into the normalisation: what reaches the dense layer?"


@exercise("10-traditional-cnn.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes the number of blocks")
    got = [number(answer(blocks)) for blocks in range(1, 7)]
    steps = 2.0 ** np.arange(1, 7)
    if close(got, 3 * steps - 2):
        return None
    if close(got, 2.5 * steps - 2):
        return "that is the field of the last *convolution*; a pooling follows it."
    if close(got, 3 * steps - 3):
        return "one value sees one pixel before anything has happened to it."
    if close(got, 3 * np.arange(1, 7) + 1):
        return "after each pooling the neighbours of the next layer are twice as far apart."
    if close(got, 2 * steps - 1):
        return "those are the convolutions alone. A pooling window widens the field, too."
    if close(got[0], 4):
        return "right for one block. What is the distance of neighbours in the later ones?"
    return "begin with one block: a window of 3, and then a pooling of 2."


@exercise("10-traditional-cnn.4")
def _(answer):
    low, high = numbers(answer, (2,))
    if low > high:
        return "first the lower bound, then the upper one."
    if close(high, 0.467, 4e-3):
        return "that is the share of the undecided. Faces with a right yes are right as well."
    if close(high, 0.75, 1e-3):
        return "precision is about the faces that got a yes. What about the others?"
    if close(high, 1, 1e-3):
        return "a wrong yes is a wrong answer. How many of these are there?"
    if close(high, 0.533, 4e-3):
        return "that is the share of the yeses. The faces without one can be answered rightly, too."
    if not close(low, 0.4, 1e-3):
        return "at worst, which faces are still answered rightly?"
    if close(high, 0.8667, 4e-3):
        return None
    return "at best, every face without a yes is answered rightly. What share of the faces is that?"
