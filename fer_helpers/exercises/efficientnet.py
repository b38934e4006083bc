"""Checks of the exercises of chapter 16-efficientnet."""

from fer_helpers.exercises import close, exercise, number, whole_number


@exercise("16-efficientnet.1")
def _(answer):
    beta = number(answer)
    if close(beta, (2 / (1.2 * 1.15**2)) ** 0.5, 3e-3):
        return None
    if close(beta, 2 / (1.2 * 1.15**2), 2e-3):
        return "that is the square of it: width counts twice, once for each end of a weight."
    if close(beta, (2 / (1.2 * 1.15)) ** 0.5, 2e-3):
        return "resolution counts twice, too: an image has two sides."
    if close(beta, 2 / (1.2 * 1.15), 2e-3):
        return "depth counts once, but two of the three factors are squared."
    if close(beta, 2**0.5, 2e-3):
        return "that is growth in width alone. Depth and resolution take their share of the 2."
    if close(beta, 1.1, 1e-6):
        return "that is the published one. What is the product with it, to two decimals?"
    return "put α and γ into the product, set it equal to 2 and solve for β."


@exercise("16-efficientnet.2")
def _(answer):
    parameters = whole_number(answer)
    return {
        11_334: None,
        20_004: "the small layer has a quarter of the maps at the block's *entrance*.",
        9_456: "squeeze-and-excitation has weights as well: two dense layers with biases.",
        11_184: "the two layers of squeeze-and-excitation have biases.",
        10_086: "four numbers per map for every normalisation, and there are three of them.",
        10_710: "a normalisation has four numbers per map: two are learned and two remembered.",
        196_662: "the depthwise kernel looks at one map only; it does not mix.",
        13_638: "look at the size of the depthwise kernel in this stage.",
    }.get(parameters, "add up: widen, filter, gate, narrow, and what is normalised.")


@exercise("16-efficientnet.3")
def _(answer):
    skipped = number(answer)
    if close(skipped, 0.9625, 6e-3):
        return None
    if close(skipped, 9 - 0.9625, 6e-3):
        return "that is how many of the blocks with a shortcut are *kept*."
    if close(skipped, 16 - 0.9625, 6e-3):
        return "that is how many blocks are *kept*."
    if close(skipped, 1.5, 6e-3):
        return "a block without a shortcut cannot be skipped, since its shape changes."
    if close(skipped, 1.7, 6e-3):
        return "a block without a shortcut cannot be skipped, and its number is counted from 0."
    if close(skipped, 0.2 * 86 / 16, 6e-3):
        return "the very first block of the network has the number 0."
    if close(skipped, 1.8, 6e-3):
        return "the chance is not the same for all: it grows from the first block to the last."
    return "which numbers have the blocks with a shortcut? Then add up their chances."


@exercise("16-efficientnet.4")
def _(answer):
    loss = number(answer)
    if close(loss, 3.1935, 6e-3):
        return None
    if close(loss, 2.0829, 6e-3):
        return "what it does not give to its answer is shared by *five* classes, not given to one."
    if close(loss, 1.463, 6e-3):
        return "the shares are the wrong way round: how often is it right?"
    if close(loss, 3.3193, 6e-3):
        return "there are six classes, and one of them is its answer."
    if close(loss, 1.3869, 6e-3):
        return "the loss uses the natural logarithm."
    if close(loss, 3.1776, 6e-3):
        return "nearly: the images on which it is right cost a little, too."
    return "what does one right answer cost, what does one wrong answer cost, and how many of each?"
