"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def _squares(kernel, shared=True, opposite=False):
    left, pairs = np.array(kernel, dtype=float), []
    for row in (0, 2):
        for column in (0, 2):
            mover = np.zeros((3, 3))
            mover[(2 - row, 2 - column) if opposite else (row, column)] = 1
            pairs.append((mover, left[row : row + 3, column : column + 3].copy()))
            if shared:
                left[row : row + 3, column : column + 3] = 0
    return pairs


def corners(kernel):
    return _squares(kernel)


def corners_as_lists(kernel):
    return [(first.tolist(), second.tolist()) for first, second in _squares(kernel)]


def counted_twice(kernel):
    return _squares(kernel, shared=False)


def opposite_corners(kernel):
    return _squares(kernel, opposite=True)


def turned(kernel):
    return [(mover[::-1, ::-1], patch[::-1, ::-1]) for mover, patch in _squares(kernel)]


RIGHT = {
    "13-vgg-and-transfer.1": [45 / 121, 0.372],
    "13-vgg-and-transfer.2": [corners, corners_as_lists],
    "13-vgg-and-transfer.3": [5_309_696],
    "13-vgg-and-transfer.4": [41_814],
}
WRONG = [
    ("13-vgg-and-transfer.1", 2.689, "wrong way round"),
    ("13-vgg-and-transfer.1", 5, "how many it takes"),
    ("13-vgg-and-transfer.1", 54 / 121, "too many"),
    ("13-vgg-and-transfer.1", 36 / 121, "too few"),
    ("13-vgg-and-transfer.1", 9 / 121, "a single 3×3"),
    ("13-vgg-and-transfer.1", 15 / 11, "*both* axes"),
    ("13-vgg-and-transfer.1", 0.9, "how far do n convolutions"),
    ("13-vgg-and-transfer.1", "a third", "a number"),
    ("13-vgg-and-transfer.2", 4, "a function"),
    ("13-vgg-and-transfer.2", lambda kernel: 4, "a list of pairs"),
    ("13-vgg-and-transfer.2", lambda kernel: [1, 2, 3, 4], "should be a pair"),
    ("13-vgg-and-transfer.2", lambda kernel: [(kernel, kernel)] * 4, "of shape (3, 3)"),
    ("13-vgg-and-transfer.2", lambda kernel: corners(kernel)[:3], "allows four pairs"),
    ("13-vgg-and-transfer.2", turned, "turned by 180°"),
    ("13-vgg-and-transfer.2", counted_twice, "more than once"),
    ("13-vgg-and-transfer.2", opposite_corners, "do not give the kernel"),
    ("13-vgg-and-transfer.3", 5_308_416, "has a bias"),
    ("13-vgg-and-transfer.3", 7_079_424, "three of 512"),
    ("13-vgg-and-transfer.3", 4_719_616, "The third is in block 3"),
    ("13-vgg-and-transfer.3", 2_949_888, "equally wide"),
    ("13-vgg-and-transfer.3", 20_024_384, "*more* than VGG-16"),
    ("13-vgg-and-transfer.3", 1_280, "biases alone"),
    ("13-vgg-and-transfer.3", 591_104, "each of the 9 places"),
    ("13-vgg-and-transfer.3", 12, "how many maps"),
    ("13-vgg-and-transfer.4", 42_006, "four numbers per map"),
    ("13-vgg-and-transfer.4", 41_910, "scale and shift"),
    ("13-vgg-and-transfer.4", 41_520, "the block alone"),
    ("13-vgg-and-transfer.4", 41_862, "no bias"),
    ("13-vgg-and-transfer.4", 41_766, "a bias per map"),
    ("13-vgg-and-transfer.4", 41_863, "for seven classes"),
    ("13-vgg-and-transfer.4", 294, "that is feature extraction"),
    ("13-vgg-and-transfer.4", 44_166, "the shortcut has no weights"),
    ("13-vgg-and-transfer.4", 7, "then add"),
]
