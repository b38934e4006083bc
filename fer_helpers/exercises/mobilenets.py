"""Checks of the exercises of chapter 15-mobilenets."""

from fer_helpers.exercises import WrongKind, close, exercise, number, whole_number


@exercise("15-mobilenets.1")
def _(answer):
    filters = whole_number(answer)
    if filters == 72:
        return None
    if filters in (71, 73):
        return "very near: put your number into the formula. Where is the fraction exactly 1/8?"
    if filters == 64:
        return "that is 7.9 times fewer, not quite enough."
    if filters in (8, 9):
        return "1/N is added to 1/9; how much of the eighth does 1/9 leave for it?"
    if filters == 128:
        return "that is enough, but the question is how few will do, powers of two or not."
    return "set 1/N + 1/k² equal to 1/8, with k = 3, and solve for N."


@exercise("15-mobilenets.2")
def _(answer):
    percent = number(answer)
    if 15 <= percent <= 15.5:
        return None
    if close(percent, 177.8, 0.5):
        return "that is the full convolution. In the pair only one of two steps has the window."
    if close(percent, 0.152, 3e-3):
        return "the right share, but the question asks for percent."
    if close(percent, 115.2, 0.5):
        return "that is the new cost in percent of the old. By how much has it *grown*?"
    if close(percent, 16.7, 0.1):
        return "you divided by the pointwise step alone; the old pair had a window, too."
    return "per place and channel the pair needs k² + N multiply-adds. Compare k = 3 with k = 5."


@exercise("15-mobilenets.3")
def _(answer):
    dimensions = whole_number(answer)
    if dimensions == 11:
        return None
    if dimensions == 10:
        return "very near: put it into (1 + n)/2ⁿ, with four decimals."
    if dimensions == 7:
        return "that counts points of which *nothing* is left. One equation is too few as well."
    if dimensions == 12:
        return "that is enough, but it is not the smallest."
    return "evaluate (1 + n)/2ⁿ for one n after the other."


@exercise("15-mobilenets.4")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes a count and a width")
    cases = (
        (96, 0.5, 48, "that is a multiple of 8 already."),
        (16, 0.35, 8, "no layer has fewer than 8."),
        (64, 0.35, 24, "the nearest multiple of 8 is the one above."),
        (104, 0.5, 56, "a half rounds up."),
        (32, 0.35, 16, "8 would have taken away more than a tenth, so 8 is added again."),
        (96, 0.35, 32, "the one below is nearest, and less than a tenth is missing."),
    )
    for count, width, right, hint in cases:
        got = number(answer(count, width))
        if got != right:
            return f"of {count} channels at width {width} you leave {got:g}; {hint}"
    return None
