"""Checks of the exercises of chapter 17-fully-convolutional."""

from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("17-fully-convolutional.1")
def _(answer):
    answers = whole_number(answer)
    return {
        49: None,
        7: "that is along one axis.",
        4: "the windows may overlap: the next one begins one place further, not six.",
        144: "those are the places of the map. A window of 6 places has to fit.",
        36: "12 − 6 is the last position of the window's left edge. Where is the first?",
        1: "only where the map is as large as the window.",
        294: "you have counted probabilities; an answer is six of them.",
        8281: "that window slides over the image; the convolution of 6 slides over the last map.",
    }.get(answers, "how many places has the last map, and at how many does a window of 6 fit?")


@exercise("17-fully-convolutional.2")
def _(answer):
    logit = number(answer)
    if close(logit, 0.625, 1e-3):
        return None
    if close(logit, 1, 1e-3):
        return "the empty paper is not silent: its places have a score, too."
    if close(logit, 1.75, 1e-3):
        return "how many times as many places has the canvas, if its side is doubled?"
    if close(logit, 3.5, 1e-3):
        return "the mean is over places: weigh the two scores by how many places have them."
    if close(logit, 90, 1e-3):
        return "that is the sum over all places. The logit is their mean."
    if close(logit, 4, 1e-3):
        return "that would hold if only the face's places were averaged."
    if close(logit, 0.5, 1e-3):
        return "the face's own places are not paper: how many are left?"
    if close(logit, 0.875, 1e-3):
        return "paper has three times as many places as the face, not equally many."
    return "the mean of all places: how many are face, how many paper?"


@exercise("17-fully-convolutional.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes kernel and stride")
    for kernel, stride in ((3, 2), (4, 2), (5, 3), (3, 1), (2, 3), (7, 3)):
        expected = [kernel // stride] * stride
        for place in range(kernel % stride):
            expected[stride - 1 - place] += 1
        returned = answer(kernel, stride)
        case = f"kernel {kernel}, stride {stride}"
        try:
            values = numbers(returned)
        except WrongKind as kind:
            raise WrongKind("a list of numbers", returned) from kind
        if values.shape != (stride,):
            return f"{case}: one number per pixel of a block, which has as many as the stride."
        if close(values, expected):
            continue
        if close(sorted(values), expected):
            return f"{case}: the right numbers; sort them from small to large."
        if close(values.sum(), kernel):
            return f"{case}: the numbers add up to the kernel, but are spread otherwise."
        return f"{case}: every weight reaches one pixel of a block. Is their sum right?"
    return None


@exercise("17-fully-convolutional.4")
def _(answer):
    shared = whole_number(answer)
    if shared == 15:
        return None
    if shared == 14:
        return "very near: is the p-value there below the limit, or just above?"
    if shared == 23:
        return "that is for a limit of 0.01."
    if shared == 7:
        return "that is a one-sided test. Nobody knew beforehand which network would be better."
    if not 0 <= shared <= 27:
        return "both have wrong at most as many as the better one has wrong."
    if shared > 15:
        return "the p-value is below the limit there, but already for a smaller number."
    return "40 − m against 27 − m: raise m until the split is uneven enough."
