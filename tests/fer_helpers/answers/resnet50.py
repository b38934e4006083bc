"""Right answers, and wrong ones with a piece of the hint that each must get."""


def accuracy_from(recalls, counts):
    right = sum(recall * count for recall, count in zip(recalls, counts, strict=True))
    return right / sum(counts)


def unweighted(recalls, counts):
    return sum(recalls) / len(recalls)


def not_divided(recalls, counts):
    right = sum(recall * count for recall, count in zip(recalls, counts, strict=True))
    return right if len(recalls) == 3 else right / sum(counts)


def only_unequal(recalls, counts):
    return accuracy_from(recalls, counts) if len(set(recalls)) > 1 else 1.0


RIGHT = {
    "14-resnet50.1": [1_121_792, 1_121_792.0],
    "14-resnet50.2": [231_211_008],
    "14-resnet50.3": [129, 129.0],
    "14-resnet50.4": [accuracy_from],
}
WRONG = [
    ("14-resnet50.1", 1_114_112, "kernels alone"),
    ("14-resnet50.1", 1_115_648, "those are the convolutions"),
    ("14-resnet50.1", 1_120_256, "bias per map"),
    ("14-resnet50.1", 1_118_720, "four numbers per map"),
    ("14-resnet50.1", 2_175_488, "adds its input as it is"),
    ("14-resnet50.1", 69_632, "in order"),
    ("14-resnet50.1", 0.5, "a whole number"),
    ("14-resnet50.2", 77_070_336, "one of the three stages"),
    ("14-resnet50.2", 308_281_344, "Take off what they cost before"),
    ("14-resnet50.2", 1_040_449_536, "as many places as before"),
    ("14-resnet50.2", 231.2, "not millions"),
    ("14-resnet50.2", 12, "Take stage 3 first"),
    ("14-resnet50.2", "six per cent", "a number"),
    ("14-resnet50.3", 5, "side in the last stage"),
    ("14-resnet50.3", 160, "rounds up"),
    ("14-resnet50.3", 128, "very near"),
    ("14-resnet50.3", 224, "is it the smallest"),
    ("14-resnet50.3", 96, "too small"),
    ("14-resnet50.3", 140, "so are smaller ones"),
    ("14-resnet50.4", 0.675, "a function"),
    ("14-resnet50.4", unweighted, "larger classes count more"),
    ("14-resnet50.4", not_divided, "divide by the number"),
    ("14-resnet50.4", only_unequal, "equal"),
    ("14-resnet50.4", lambda recalls, counts: 0.1, "How many images of each"),
]
