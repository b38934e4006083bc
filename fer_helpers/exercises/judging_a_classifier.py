"""Checks of the exercises of chapter 08-judging-a-classifier."""

from fer_helpers.exercises import close, exercise, number, whole_number


@exercise("08-judging-a-classifier.1")
def _(answer):
    share = number(answer)
    if share > 1:
        return "give it as a share between 0 and 1."
    if close(share, 0.65, 2e-3):
        return None
    if close(share, 0.9, 1e-3):
        return "that would be so if each face were asked about one class only. It is asked seven."
    if close(share, 1 - 0.1 * 7, 1e-3):
        return "a wrong answer hurts more than one of the seven classes."
    if close(share, 1 - 0.1 * 2 / 7, 2e-3):
        return "the other way round: the mean of the seven is given, and the share is asked."
    if close(share, 0.9**7, 1e-2):
        return "the seven questions are about one answer; nothing has to be multiplied."
    return "one wrong answer: in how many of the seven yes-or-no questions is it an error?"


@exercise("08-judging-a-classifier.2")
def _(answer):
    score = number(answer)
    if 1 < score <= 100:
        return "give it as a number between 0 and 1."
    if close(score, 0.4 / 7, 4e-3):
        return None
    if close(score, 0.4, 1e-3):
        return "that is the F1 of happy. What do the other six contribute?"
    if close(score, 0.1, 1e-3):
        return "that is the weighted mean. In a macro mean every class counts the same."
    if close(score, 0.25, 1e-3):
        return "that is the accuracy, and the precision of happy."
    if close(score, 0.25 / 7, 1e-3):
        return "a seventh is right, but of the F1 of happy, not of its precision."
    if close(score, 0.625, 1e-3) or close(score, 0.625 / 7, 1e-3):
        return "F1 is the harmonic mean of precision and recall, not the plain one."
    return "write down precision, recall and F1 of happy first, then those of the other six."


@exercise("08-judging-a-classifier.3")
def _(answer):
    area = number(answer)
    if 1 < area <= 100:
        return "give it as a share of the unit square, between 0 and 1."
    if close(area, 0.84, 1e-3):
        return None
    if close(area, 0.68, 1e-3):
        return "that is the rectangle below the point. There is a triangle on top of it."
    if close(area, 0.34, 1e-3):
        return "that is the area if the point lies at the right-hand end. Where is it best placed?"
    if close(area, 0.9, 1e-3):
        return "that is the abstract's area. Which one can a curve with three points reach?"
    if close(area, 1, 1e-3):
        return "a curve through a recall of .68 with straight pieces cannot fill the square."
    return "draw the three points with straight lines. Which false-positive rate is best?"


@exercise("08-judging-a-classifier.4")
def _(answer):
    share = number(answer)
    if 1 < share <= 100:
        return "give it as a share between 0 and 1."
    if close(share, 0.005 / 0.0248, 2e-3):
        return None
    if close(share, 0.5 / 0.52, 5e-3):
        return "that is the precision where half of the faces are angry. Here 1 in 100 is."
    if close(share, 0.5, 1e-3):
        return "that is the recall. Of the alarms, how many are right?"
    if close(share, 0.005 / 0.0198, 5e-3):
        return "hits against false alarms is the odds; all alarms belong below the line."
    if close(share, 0.01 / (0.01 + 0.0198), 2e-3):
        return "only half of the angry faces are found."
    if close(share, 0.98, 2e-3):
        return "take 10,000 faces and count who raises an alarm."
    return "take 10,000 faces: how many are angry, how many of those and of the others set it off?"


@exercise("08-judging-a-classifier.5")
def _(answer):
    faces = whole_number(answer)
    if faces == 73:
        return None
    if faces == 72:
        return "very close: compute the lower end at your n, to four decimals."
    if faces in (19, 20):
        return "with that many, one error more or less is 5 %, but the lower end is near .84."
    if faces in (37, 38):
        return "19 × 1.96 forgets a square."
    if faces in (59, 60):
        return (
            "that is where 0.95 to the power of n falls below 5 %: another, one-sided rule. "
            "Use Wilson's quadratic."
        )
    if faces < 73:
        return "too few: evaluation.wilson_interval(n, n) shows the lower end."
    return "more than needed. Solve n / (n + z²) = .95 for n."


@exercise("08-judging-a-classifier.6")
def _(answer):
    chance = number(answer)
    if 1 < chance <= 100:
        return "give it as a number between 0 and 1."
    if close(chance, 1 - 0.975**20, 5e-3):
        return None
    if close(chance, 0.5, 1e-3):
        return "20 times 2.5 % counts the cases twice in which two of them are above."
    if close(chance, 0.975**20, 5e-3):
        return "that is the chance that none of the 20 is above."
    if close(chance, 1 - 0.95**20, 5e-3):
        return "5 % is the chance to leave the range on either side. Only one side is asked."
    if close(chance, 0.025, 1e-4):
        return "that is the chance of one network. You look at the best of 20."
    return "what is the chance that all 20 stay below?"
