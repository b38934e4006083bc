"""Right answers, and wrong ones with a piece of the hint that each must get."""


def stops_after(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch + 1
    return len(losses)


def against_the_one_before(losses, patience):
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited >= patience:
            return epoch + 1
    return len(losses)


def never_starts_again(losses, patience):
    best, waited = losses[0], 0
    for epoch, loss in enumerate(losses):
        waited += loss > best
        best = min(best, loss)
        if waited >= patience:
            return epoch + 1
    return len(losses)


def equal_is_better(losses, patience):
    best, waited = losses[0], 0
    for epoch, loss in enumerate(losses):
        best, waited = (loss, 0) if loss <= best else (best, waited + 1)
        if waited >= patience:
            return epoch + 1
    return len(losses)


RIGHT = {
    "07-training-well.1": [10**0.5, 3.16, -3.162],
    "07-training-well.2": [230, 230.0],
    "07-training-well.3": [31, 30.7328],
    "07-training-well.4": [50, 50.0],
    "07-training-well.5": [stops_after],
}
WRONG = [
    ("07-training-well.1", 1, "*with* the correction"),
    ("07-training-well.1", 0.1, "that is m alone"),
    ("07-training-well.1", 0.316, "wrong way round"),
    ("07-training-well.1", 100, "running mean of the *squares*"),
    ("07-training-well.1", 7, "m starts at 0"),
    ("07-training-well.1", "pi", "a number"),
    ("07-training-well.2", 229, "very near"),
    ("07-training-well.2", 229.106, "very near"),
    ("07-training-well.2", 10, "one step adds a hundredth"),
    ("07-training-well.2", 22, "that is momentum 0.9"),
    ("07-training-well.2", 90, "still missing"),
    ("07-training-well.2", 459, "that is 99 %"),
    ("07-training-well.2", 1000, "by which factor"),
    ("07-training-well.3", 16, "both means"),
    ("07-training-well.3", 8, "true difference of 0.02"),
    ("07-training-well.3", 5.54, "*square* of the ratio"),
    ("07-training-well.3", 30, "very near"),
    ("07-training-well.3", 100, "solve for n"),
    ("07-training-well.4", 25, "those are the shifts"),
    ("07-training-well.4", 18, "*either* side"),
    ("07-training-well.4", 32, "a shift of 0"),
    ("07-training-well.4", 10, "independent"),
    ("07-training-well.4", 7, "one axis first"),
    ("07-training-well.4", 2.5, "a whole number"),
    ("07-training-well.5", 4, "a function"),
    ("07-training-well.5", lambda losses, patience: stops_after(losses, patience) - 1, "stop"),
    ("07-training-well.5", lambda losses, patience: len(losses), "one epoch too late"),
    ("07-training-well.5", lambda losses, patience: 0, "never stop training"),
    ("07-training-well.5", against_the_one_before, "below the one before"),
    ("07-training-well.5", never_starts_again, "starts again from zero"),
    ("07-training-well.5", equal_is_better, "an equal loss"),
    ("07-training-well.5", lambda losses: 3, "takes 1 positional argument but 2 were given"),
]
