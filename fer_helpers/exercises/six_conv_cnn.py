"""Checks of the exercises of chapter 11-six-conv-cnn."""

from fer_helpers.exercises import close, exercise, number, whole_number


@exercise("11-six-conv-cnn.1")
def _(answer):
    classes = whole_number(answer)
    if classes == 683_398 % 32:
        return None
    if classes == 7:
        return "that is the number for the course's other networks. Which digits decide here?"
    if classes == 683_398 // 32:
        return "that is how often 32 goes into it. What is left over?"
    if classes >= 32:
        return "fewer than 32: what is left when multiples of 32 are taken away?"
    return "every layer but the last adds a multiple of 32. What does the last one add?"


@exercise("11-six-conv-cnn.2")
def _(answer):
    filters = number(answer)
    if filters == 96:
        return None
    if close(filters, 96.133, 1e-3) or close(filters, 96.267, 1e-3):
        return "no whole number: each of the three normalisations has four numbers per channel."
    if close(filters, 96.033, 1e-3):
        return "no whole number: each filter of the third convolution has a bias, too."
    if any(close(filters, value, 1e-3) for value in (96.002, 96.022, 96.025)):
        return "no whole number: both dense layers have biases."
    if filters in (64, 128):
        return "it is no power of two. Write the count as a multiple of f and a rest."
    if not filters.is_integer():
        return "no whole number, so something is left out or counted twice; add the parts again."
    return "which three parts grow with f? What is the side of the maps when they are flattened?"


@exercise("11-six-conv-cnn.3")
def _(answer):
    side = whole_number(answer)
    return {
        70: None,
        32: "that is the placement of this chapter, after every second. Can one do better?",
        36: "that is the placement of this chapter, and behind its last pooling at that.",
        13: "that is six convolutions with no pooling at all.",
        38: "right places, but you stopped at the fourth convolution.",
        54: "right places, but you stopped at the fifth convolution.",
        22: "that is the field right behind three early poolings; convolutions follow.",
        78: "that counts a fourth pooling at the end. There are three.",
        48: "a field may be larger than the picture; count on.",
    }.get(
        side, "does a pooling widen the steps of what comes before it, or of what comes after it?"
    )


@exercise("11-six-conv-cnn.4")
def _(answer):
    variance = number(answer)
    if close(variance, 8 / 3, 0.02):
        return None
    if close(variance, 1, 1e-6):
        return "that is the variance in use. In training a quarter of the values are zero."
    if close(variance, 4 / 3, 0.02):
        return "1 − p divides the mean of the *squares*, not the variance alone."
    if close(variance, 20 / 3, 0.02):
        return "that is the mean of the squares. The square of the mean is still in it."
    if close(variance, 16, 0.1):
        return "a quarter is dropped, so three quarters stay: by which of them do you divide?"
    if close(variance, 16 / 9, 0.02):
        return "the values that stay are divided by 0.75, and others become zero: count both."
    return "what is the mean of the squares before, and what does dropout do to it?"
