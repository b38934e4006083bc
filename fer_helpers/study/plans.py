"""What each study trains: networks, protocols, arrangements, seeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fer_helpers import training
from fer_helpers.choices import one_of
from fer_helpers.training import Protocol


@dataclass(frozen=True)
class Plan:
    """What is trained and how: one network, one protocol, one division of the images.

    Attributes
    ----------
    study, dataset, profile
        Name of the study (and, where it has several, of the plan: ``"four-cnns/resnet50-paper"``),
        the data, and ``"smoke"``, ``"cpu"`` or ``"full"``.
    architecture, protocol
        The network by name, and how it is trained.
    members
        ``(view, seed)`` of each network.
    limit
        Most images per split, or None for all.
    arrangement
        How images are divided; see `fer_helpers.study.arrange`. Its seed is that of the first
        member: all members of a plan are judged by the same images.
    watch
        The part whose loss and accuracy are recorded, and looked at where the protocol looks.
    without
        A class that is left out, or None.
    options
        What the network's builder takes beside shape and classes.
    frozen
        Whether the backbone keeps its weights (`fer_helpers.architectures.feature_extraction`).
    """

    study: str
    dataset: str
    profile: str
    architecture: str
    protocol: Protocol
    members: tuple[tuple[str, int], ...]
    limit: int | None = None
    arrangement: str = "official"
    watch: str = "validation"
    without: str | None = None
    options: dict[str, object] = field(default_factory=dict)
    frozen: bool = False


# For each study the data sets that it can use; the first is the default.
_GREY = ("sample", "fer2013")
STUDIES = {
    "compact": _GREY,
    "compact-views": _GREY,
    "strong": _GREY,
    "four-cnns": _GREY,
    "transfer-rafdb": ("sample", "fer2013", "rafdb"),
    "thermal": ("thermal",),
    "residual-roc": _GREY,
    "three-view-ensemble": _GREY,
}

# Three views with one seed, and the control: two more seeds of the plain image.
_VIEWS = ("image", "contour", "inverted")
_MEMBERS = (*((view, 0) for view in _VIEWS), ("image", 1), ("image", 2))


def datasets(study: str) -> tuple[str, ...]:
    """Return the data sets that a study can use, the default first.

    Raises
    ------
    ValueError
        If there is no such study; the message lists the choices.

    Examples
    --------
    >>> datasets("thermal")
    ('thermal',)
    """
    one_of(study, tuple(STUDIES), "study")
    return STUDIES[study]


def plans(
    study: str, dataset: str, profile: str, *, seed: int = 0, seeds: int = 1
) -> tuple[Plan, ...]:
    """Look up what a study trains on a data set in a profile.

    Parameters
    ----------
    study
        One of `STUDIES`.
    dataset
        One of its data sets; see `datasets`.
    profile
        ``"full"`` is the paper's own protocol; ``"cpu"`` is made for two cores; ``"smoke"`` takes
        seconds.
    seed
        Added to every seed: another seed is another repetition of the whole study.
    seeds
        How often every network is trained. ``"three-view-ensemble"`` trains its control, three
        seeds of the plain image, in any case.

    Raises
    ------
    ValueError
        If a name is unknown or a study does not go with a data set; the message lists the choices.

    Examples
    --------
    >>> (plan,) = plans("three-view-ensemble", "sample", "smoke")
    >>> plan.members[1]
    ('contour', 0)
    >>> [plan.study for plan in plans("thermal", "thermal", "smoke")][:2]
    ['thermal/thermal_cnn-paper', 'thermal/thermal_cnn-after']
    """
    one_of(dataset, datasets(study), f"data set for {study}:")
    one_of(profile, training.PROFILES, "profile")
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, not {seeds}")
    numbers = range(seed, seed + seeds)
    images = tuple(("image", number) for number in numbers)
    base = Plan(study, dataset, profile, "compact", training.COMPACT, images)
    if study == "compact":
        found = _compact(base)
    elif study == "compact-views":
        members = tuple((view, number) for number in numbers for view in _VIEWS)
        found = _compact(replace(base, members=members), cpu=30)
    elif study == "strong":
        found = (replace(base, architecture="resnet18", protocol=training.STRONG),)
    elif study == "three-view-ensemble":
        found = _three_views(base)
    elif study == "four-cnns":
        found = _four_cnns(base)
    elif study == "transfer-rafdb":
        found = _transfer(base)
    elif study == "thermal":
        found = _thermal(base)
    else:
        found = _residual(base)
    if study in ("compact", "compact-views", "three-view-ensemble") or profile == "full":
        return found
    return tuple(_shorter(plan) for plan in found)


def _shorter(plan: Plan) -> Plan:
    """Return a plan that two cores, or a test, can carry out on a part of the images."""
    epochs, limit = {"smoke": (1, 64), "cpu": (5, 1000)}[plan.profile]
    if plan.study.startswith("four-cnns") and (plan.dataset, plan.profile) == ("fer2013", "cpu"):
        # Half an hour for the four of them, most of it ResNet-50's and VGG-16's.
        epochs, limit = 8, 4000
    epochs = min(epochs, plan.protocol.epochs)
    protocol = replace(plan.protocol, epochs=epochs, source=f"{plan.protocol.source}, shortened")
    return replace(plan, protocol=protocol, limit=limit)


def _compact(base: Plan, *, cpu: int = training.COMPACT.epochs) -> tuple[Plan, ...]:
    # On two quiet cores an epoch takes 20 s where these have bfloat16, and twice as long elsewhere.
    # Nine networks of three views have to share what one alone may have in the profile cpu.
    epochs = {"smoke": 1, "cpu": cpu, "full": 150}
    protocol = replace(training.COMPACT, epochs=epochs[base.profile])
    return (replace(base, protocol=protocol, limit=512 if base.profile == "smoke" else None),)


def _three_views(base: Plan) -> tuple[Plan, ...]:
    seed = base.members[0][1]
    repeated = ((view, number) for _, number in base.members for view in _VIEWS)
    control = ((view, number + seed) for view, number in _MEMBERS)
    members = tuple(dict.fromkeys((*control, *repeated)))
    if base.profile == "full":
        whole = replace(
            base, architecture="six_conv_cnn", protocol=training.SAVENKO, members=members
        )
        if base.dataset != "fer2013":
            return (whole,)
        paper = replace(whole, study=f"{base.study}/paper", arrangement="savenko", watch="test")
        fourth = replace(
            paper,
            study=f"{base.study}/cnn-4",
            protocol=training.SAVENKO_4,
            members=(("image", seed),),
        )
        return whole, paper, fourth
    sample = base.dataset == "sample"
    # A short training at a constant rate ends wherever its last steps threw it. On the sample,
    # with a minute for five networks, smaller batches make more steps of the same images.
    shortened = replace(
        training.SAVENKO,
        source="savenko2026, shortened, with our cosine schedule",
        epochs={"smoke": 1, "cpu": 3 if sample else 30}[base.profile],
        batch_size=32 if sample else 64,
        learning_rate=3e-3,
        schedule="cosine",
    )
    # Five networks have to fit into a minute on the sample, at the cost of some training images.
    limit = 512 if base.profile == "smoke" else 4000 if sample else None
    return (replace(base, architecture="quick", protocol=shortened, members=members, limit=limit),)


def _both_ways(plan: Plan, arrangement: str) -> tuple[Plan, Plan]:
    """Return a plan by the paper's rules, watching the judges, and one by ours, the last epoch."""
    ours = replace(
        plan.protocol, keep="last", source=f"{plan.protocol.source}, the last epoch kept"
    )
    return (
        replace(plan, study=f"{plan.study}-paper", arrangement=arrangement, watch="test"),
        replace(plan, study=f"{plan.study}-honest", protocol=ours),
    )


def _four_cnns(base: Plan) -> tuple[Plan, ...]:
    found = []
    for name in ("traditional_cnn", "resnet50", "vgg16", "mobilenet_v3_small"):
        options = {} if name == "traditional_cnn" else {"head": "ertugrul2024"}
        plan = replace(
            base,
            study=f"{base.study}/{name}",
            architecture=name,
            protocol=training.ERTUGRUL,
            options=options,
        )
        found += _both_ways(plan, "folders")
    return tuple(found)


def _transfer(base: Plan) -> tuple[Plan, ...]:
    found = []
    for name, epochs in (("resnet50", 8), ("vgg16", 11), ("vgg19", 10)):
        # Without a network there are no weights of ImageNet: the two short profiles do without.
        weights = "imagenet" if base.profile == "full" else None
        for frozen in (True, False):
            kind = "frozen" if frozen else "tuned"
            plan = replace(
                base,
                study=f"{base.study}/{name}-{kind}",
                architecture=name,
                protocol=replace(training.MATIJASEVIC, epochs=epochs),
                without="disgust",
                options={"head": "matijasevic2024", "weights": weights},
                frozen=frozen,
            )
            paper, honest = _both_ways(plan, "images")
            if base.dataset == "rafdb":
                # Two official parts only: the judges are watched, and nothing looks at them.
                honest = replace(honest, watch="test")
            found += [paper, honest]
    return tuple(found)


def _thermal(base: Plan) -> tuple[Plan, ...]:
    ways = {"paper": "copies first", "after": "copies after", "people": "people"}
    return tuple(
        replace(
            base,
            study=f"{base.study}/{name}-{kind}",
            architecture=name,
            protocol=training.YERSHOV,
            arrangement=arrangement,
            watch="test",
        )
        for name in ("thermal_cnn", "fcn", "efficientnet_b0", "mobilenet_v2")
        for kind, arrangement in ways.items()
    )


def _residual(base: Plan) -> tuple[Plan, ...]:
    plan = replace(
        base,
        study=f"{base.study}/residual_cnn",
        architecture="residual_cnn",
        protocol=training.AKHMETKAN,
    )
    return _both_ways(plan, "folders")
