"""Checks of the exercises of chapter 23-residual-roc."""

from fer_helpers.exercises import choice, close, exercise, number


@exercise("23-residual-roc.1")
def _(answer):
    area = number(answer)
    if close(area, 10 / 16, 0.001):
        return None
    if close(area, 6 / 16, 0.001):
        return "below one half, these scores would be worse than guessing. Who should be ahead?"
    if close(area, 9 / 16, 0.001):
        return "a tie is no defeat. What does it count?"
    if close(area, 11 / 16, 0.001):
        return "a tie is no victory. What does it count?"
    if area > 1:
        return "that is a number of pairs. How many pairs are there in all?"
    return "go through the pairs of a positive and a negative: who is ahead in how many of them?"


@exercise("23-residual-roc.2")
def _(answer):
    part = choice(answer, ("publictest", "privatetest", "both", "fifth"))
    if part == "publictest":
        return None
    if part == "privatetest":
        return "it has 55 disgusted faces. What is 27 of 55?"
    if part == "both":
        return "together they have 111 disgusted faces. Look for a count near 54."
    return "of 109 faces, how many would be 49 %? Round as a paper does."


@exercise("23-residual-roc.3")
def _(answer):
    count = number(answer)
    if 560 <= count <= 630:
        return None
    if 145 <= count <= 165:
        return "that makes the standard error as small as that. How wide is ±?"
    if 240 <= count <= 300:
        return (
            "twice the faces do not give half the width. How does an error shrink with the number?"
        )
    if 36_000 <= count <= 41_000:
        return "that counts all faces; the question is for the disgusted ones."
    return "try numbers in `standard_error`, with 64 others to each, until 1.96 of it is .02."


@exercise("23-residual-roc.4")
def _(answer):
    precision = number(answer)
    share, recall, rate = 0.247, 0.89, 0.05
    hits, false_alarms = share * recall, (1 - share) * rate
    if close(precision, hits / (hits + false_alarms), 0.006):
        return None
    if close(precision, 1 - rate, 0.001):
        return "that is the specificity. Of the alarms, how many are right?"
    if close(precision, recall / (recall + rate), 0.004):
        return "that would hold if half of the faces were happy."
    if close(precision, rate, 0.001):
        return "that is the false-positive rate. How many false alarms does it mean for each hit?"
    if close(precision, hits / (hits + (1 - share) * (1 - rate)), 0.006):
        return "that takes the specificity for the false-positive rate."
    return (
        "first the false-positive rate, from the area of three points; then hits and false alarms "
        "of a thousand faces."
    )
