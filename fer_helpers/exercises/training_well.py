"""Checks of the exercises of chapter 07-training-well."""

from fer_helpers.exercises import WrongKind, close, exercise, number, whole_number


@exercise("07-training-well.1")
def _(answer):
    factor = abs(number(answer))
    if close(factor, 10**0.5, 1e-2):
        return None
    if close(factor, 1, 1e-6):
        return "that is the first step *with* the correction. Put t = 1 into m and v alone."
    if close(factor, 10**-0.5, 1e-2):
        return "the right two numbers, the wrong way round: which of them is below the root line?"
    if close(factor, 0.1, 1e-3):
        return "that is m alone. What does the root of v do?"
    if close(factor, 100, 1):
        return "v is the running mean of the *squares*, and the step has its root."
    return "m starts at 0. What is it after one gradient g, and what is v?"


@exercise("07-training-well.2")
def _(answer):
    steps = number(answer)
    if close(steps, 230):
        return None
    if 229 <= steps < 229.5:
        return "very near: how much of it is there after that many steps, to four decimals?"
    if steps in (10, 11):
        return "with 0.99, one step adds a hundredth of what is missing, not a tenth."
    if steps in (21, 22):
        return "that is momentum 0.9."
    if steps in (90, 91):
        return "each step adds a hundredth of what is *still missing*, so progress slows down."
    if 458 <= steps <= 460:
        return "that is 99 %. How much may still be missing?"
    return "by which factor does one step shrink what is missing, and how much may be missing?"


@exercise("07-training-well.3")
def _(answer):
    seeds = number(answer)
    if 30.7 <= seeds <= 31:
        return None
    if 15 <= seeds <= 16:
        return "both means are uncertain, not one: where is the 2 under the root?"
    if seeds in (7, 8):
        return "that is the number for a true difference of 0.02."
    if 5 <= seeds <= 6:
        return "the number of seeds goes with the *square* of the ratio."
    if seeds == 30:
        return "very near: put your number into the formula. Is the condition met?"
    return "set the true difference equal to 1.96 times its standard deviation and solve for n."


@exercise("07-training-well.4")
def _(answer):
    versions = whole_number(answer)
    return {
        50: None,
        25: "those are the shifts. Each of them may be mirrored or not.",
        10: "the two axes are independent: every shift along one goes with every one of the other.",
        12: "the two axes are independent, and a shift of 0 is one, too.",
        8: "a face can also move to the other side, or not at all.",
        18: "a face can move by up to 2 pixels to *either* side.",
        32: "along each axis a shift of 0 is possible, too.",
        20: "along each axis, count the shifts from −2 to 2; then combine the axes.",
    }.get(versions, "list the displacements along one axis first. How many are there?")


@exercise("07-training-well.5")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes losses and patience")
    cases = [
        ([5.0, 4.0, 3.0, 2.0], 2, 4, "losses that fall to the end never stop training."),
        ([3.0, 2.0, 2.5, 2.6, 1.0], 2, 4, None),
        (
            [3.0, 1.0, 2.0, 1.9, 1.8, 1.7],
            3,
            5,
            "a loss must be below the *lowest so far*, not only below the one before.",
        ),
        (
            [3.0, 1.0, 2.0, 0.5, 2.0, 2.0, 2.0],
            3,
            7,
            "after an improvement the waiting starts again from zero.",
        ),
        ([1.0, 1.0, 1.0, 1.0, 1.0], 2, 3, "an equal loss is no improvement."),
        ([1.0, 2.0, 3.0], 5, 3, "if patience is never used up, all epochs are run."),
        ([2.0, 3.0, 1.0], 1, 2, "with a patience of 1, one epoch without improvement is enough."),
    ]
    for losses, patience, right, hint in cases:
        got = number(answer(list(losses), patience))
        if got == right:
            continue
        if hint is None and got == right - 1:
            return "epochs are counted from 1: the first loss belongs to epoch 1."
        if hint is None and got == 2:
            return "that is the best epoch. The question is after which one training *ends*."
        if hint is None and got == right + 1:
            return "one epoch too late: training ends as soon as `patience` epochs have passed."
        said = hint or "count the epochs since the lowest loss."
        return f"for losses {losses} and a patience of {patience} you say {got:g}; {said}"
    return None
