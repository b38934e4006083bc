"""Checks of the exercises of chapter 20-four-cnns."""

from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("20-four-cnns.1")
def _(answer):
    epochs = number(answer)
    vgg, mobilenet = 705.9392, 8.929416
    if abs(epochs - 45 * vgg / mobilenet) < 20:
        return None
    if close(epochs, vgg / mobilenet, 1):
        return "that is for one epoch of VGG-16. It has more of them."
    if close(epochs, 45 * mobilenet / vgg, 0.1):
        return "the cheaper network should get more epochs, not fewer. Which count belongs on top?"
    if 300 <= epochs <= 320:
        return "these are the parameters. The question is for the work."
    return "multiply VGG-16's work for one face by its epochs. How often does MobileNetV3's go in?"


@exercise("20-four-cnns.2")
def _(answer):
    steps = whole_number(answer)
    if 4603 <= steps <= 4605:
        return None
    if steps == 4602:
        return "very near: after that many there is still a trace more than 1 % left."
    if steps in (10, 11, 12):
        return "that is the epoch. The check asks for the number of steps."
    if 455 <= steps <= 462:
        return "that would be a momentum of 0.99. How many nines has this one?"
    if 985 <= steps <= 1000:
        return "each step keeps 0.999 of what is left; it does not take away 0.001 of the start."
    return "0.999 to which power is 0.01? A logarithm knows."


@exercise("20-four-cnns.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function of a history", answer)
    cases = (
        ("plain", [0.3, 0.5, 0.4], [1.5, 1.4, 1.1], 1),
        ("tie", [0.25, 0.25, 0.25, 0.25], [1.9, 1.7, 1.6, 1.8], 2),
        ("part", [0.2, 0.4, 0.3, 0.4, 0.1], [1.9, 1.5, 1.2, 1.4, 1.0], 3),
        ("last", [0.4, 0.4], [1.3, 1.5], 0),
    )
    found = {}
    for name, accuracy, loss, _ in cases:
        history = {"val_accuracy": list(accuracy), "val_loss": list(loss)}
        found[name] = float(numbers(answer(history), shape=()))
        if history != {"val_accuracy": accuracy, "val_loss": loss}:
            return "the history that came in has changed. Work on a copy."
    wanted = {name: epoch for name, *_, epoch in cases}
    if found == wanted:
        return None
    if all(found[name] == epoch + 1 for name, epoch in wanted.items()):
        return "that counts epochs from 1."
    if found["tie"] == 0:
        return "if all accuracies are equal, that keeps the first epoch. The loss should decide."
    if found["part"] == 4:
        return "that goes by the loss alone; the accuracy comes first."
    if found["tie"] == 3:
        return "if all accuracies are equal, that keeps the last epoch. The loss should decide."
    return "first the epochs that share the highest accuracy; among these, the lowest loss."


@exercise("20-four-cnns.4")
def _(answer):
    precision, recall = numbers(answer, shape=(2,))
    if close((precision, recall), (1 / 2, 1 / 4), 0.005):
        return None
    if close((precision, recall), (1 / 4, 1 / 2), 0.005):
        return "in this order, please: precision first, then recall."
    if close((precision, recall), (1 / 2, 1 / 2), 0.005):
        return "one of them goes by the answers. How many of the four faces have a right yes?"
    if close(precision, 1 / 2, 0.005):
        return "the precision is right. For recall, how many of the four faces have a right yes?"
    if close(recall, 1 / 4, 0.005):
        return (
            "the recall is right. For precision, how many yeses are there, how many of them right?"
        )
    return "mark each probability above .5. Which marks are at the true class?"
