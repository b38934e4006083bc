"""Checks of the exercises of chapter 06-a-network-by-hand."""

import numpy as np

from fer_helpers.exercises import WrongKind, close, exercise, number, numbers


@exercise("06-a-network-by-hand.1")
def _(answer):
    gradient = numbers(answer, shape=(3,))
    right = np.array([1, -6, 5]) / 8
    if close(gradient, right, 1e-3):
        return None
    if close(gradient, -right, 1e-3):
        return "all signs are turned over. Should the loss grow or shrink with the true logit?"
    if close(gradient, np.array([1, 2, 5]) / 8, 1e-3):
        return "those are the probabilities. What is still to be taken away?"
    if close(gradient, [0, -4, 0], 1e-3):
        return "that is with respect to the probabilities; the way through softmax is missing."
    if close(gradient, right / 3, 1e-3):
        return "the mean is over images, and there is one; the classes are not averaged over."
    if not close(gradient.sum(), 0, 1e-3):
        return "the three must add up to zero. Begin with the three probabilities."
    return "begin with the exponentials of the logits; they are whole numbers."


@exercise("06-a-network-by-hand.2")
def _(answer):
    if isinstance(answer, str):
        answer = {answer}
    legal = {"kernel", "bias", "matrix", "bias of logits"}
    several = isinstance(answer, (set, frozenset, list, tuple))
    if not several or not all(isinstance(name, str) and name in legal for name in answer):
        raise WrongKind("a set of names out of 'kernel', 'bias', 'matrix', 'bias of logits'")
    given = set(answer)
    if given == {"bias of logits"}:
        return None
    if not given:
        return "p − y is not zero. Which parameter gets it unchanged?"
    if given & {"kernel", "bias"}:
        return "on the way back to the convolution stands ReLU. What are its inputs now?"
    return "a weight of the matrix gets its input times the upstream. What is its input now?"


@exercise("06-a-network-by-hand.3")
def _(answer):
    gradient = numbers(answer)
    if gradient.shape != (5,):
        return "there is one derivative per pixel, and there are five pixels."
    if close(gradient, [3, 6, -4, -2, 1]):
        return None
    if close(gradient, [-3, 6, 4, -2, -1]):
        return "you stamped the turned kernel. The pixel at the left of a window met which weight?"
    if close(gradient, [3, 5, -5, 1, 0]):
        return "that is for stride 1. Where does the second window begin?"
    if close(gradient, [3, 6, -3, -2, 1]) or close(gradient, [3, 6, -1, -2, 1]):
        return "one pixel is in both windows. What happens to the two paths?"
    if close(gradient, [1, 2, 0, 2, -1]):
        return "that is with an upstream of ones. Multiply each stamp by its own number."
    return "write the two stamps below each other, each where its window lies, and add."


@exercise("06-a-network-by-hand.4")
def _(answer):
    step = number(answer)
    if close(step, 0.2, 1e-3):
        return None
    if close(step, -0.2, 1e-3):
        return "the size is right; the question asks for a positive number."
    if close(step, 0.02, 1e-4):
        return "that is the first step. What does the second one add to it?"
    if close(step, 0.038, 1e-4):
        return "that is the second step. Go on until v does not change any more."
    if close(step, 10, 1e-2):
        return "that is how many times longer momentum makes the step. Longer than what?"
    if close(step, 0.018, 1e-4) or close(step, 0.002, 1e-4):
        return "momentum keeps a share of the step *before*, and adds the gradient's to it."
    return "in the long run v is the same before and after a step. Write that as an equation."


@exercise("06-a-network-by-hand.5")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes an upstream")
    for upstream in (np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([[8.0, 0.5, -2.0]])):
        rows, columns = upstream.shape
        right = np.kron(upstream, np.ones((2, 2))) / 4
        got = numbers(answer(upstream.copy()))
        if got.shape != right.shape:
            return (
                f"an upstream of shape {(rows, columns)} belongs to an input of shape "
                f"{right.shape}, and yours has {got.shape}."
            )
        if close(got, right):
            continue
        if close(got, 4 * right):
            return "the right places. But by how much does a mean grow when one of four grows?"
        if close(got, 2 * right):
            return "the right places. How many values are in a window of 2×2?"
        if close(got, np.tile(upstream, (2, 2)) / 4) or close(got, np.tile(upstream, (2, 2))):
            return "the four pixels of one window must get the same; np.tile repeats the whole."
        if close(got[::2, ::2], upstream) and close(got[1::2, 1::2], 0 * upstream):
            return "that routes all to one pixel, as max pooling does."
        return "compare with ops.numerical_gradient, for an upstream with a single 1."
    return None
