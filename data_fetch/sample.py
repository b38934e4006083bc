"""Synthetic faces, drawn from facial action units: the course's default data set.

Nobody sat for these pictures. Each face is a relief (a head with brows, sockets, nose, cheeks,
lips, chin and the furrows that muscles pull into it) that is lit, coloured and photographed by a
small renderer. Expressions are mixtures of the action units (AU) of the Facial Action Coding
System (Ekman & Friesen, 1978; Ekman, Friesen & Hager, 2002) in the combinations that EMFACS
(Friesen & Ekman, 1983) lists for the basic emotions. How far one unit moves a brow or a lip corner
here is our choice, made by eye; so are the distributions of identity, pose, light and camera.

The difficulty is drawn, not mislabelled: strengths reach down to barely visible, expressions lean
towards a neighbour (fear and surprise, sadness and neutral, anger and disgust), and heads turn.

The bytes are the same everywhere: see :mod:`data_fetch.exact`, whose functions and plain
arithmetic are all that is used here. Pictures do not interact, so neither the blocks they are
drawn in nor the number of threads matters.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np

from data_fetch.dataset import SPLITS, FaceDataset, Source, checksum
from data_fetch.exact import bits, bump, grain, ramp, spot, to_bytes, turn, uniform, wave

VERSION = 3
"""Raised whenever the pictures change, so that caches made by older code are not used."""

KNOWN_CHECKSUMS = {(7000, 0): "7fb06266f101a39d4cc4eb920dba61d79e58caef5c9b6d9a06b30a2704158199"}
"""Checksums of complete data sets by count and seed, for those who want to compare."""

SIZE = 48

# Faces drawn at a time: few enough to stay in the processor's cache.
_BLOCK = 16

CLASS_NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")

# Training images per class of FER2013: the sample has these proportions in each of its splits.
FER2013_COUNTS = (3995, 436, 4097, 7215, 4965, 4830, 3171)

ACTION_UNITS = (
    "AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12",
    "AU15", "AU17", "AU20", "AU23", "AU24", "AU25", "AU26", "AU27",
)  # fmt: skip

PARTS = ("background", "hair", "skin", "brows", "eyes", "nose", "mouth")
"""What a pixel can show, in the order of the numbers that `parts` gives."""

PROTOTYPES = {
    "angry": (
        {"AU4": 1.0, "AU5": 0.6, "AU7": 0.7, "AU23": 0.6, "AU24": 0.8},
        {"AU4": 1.0, "AU5": 0.4, "AU7": 0.9, "AU10": 0.5, "AU23": 0.5, "AU25": 0.8, "AU26": 0.4},
        {"AU4": 1.0, "AU7": 0.9, "AU17": 0.6, "AU24": 0.9},
    ),
    "disgust": (
        {"AU9": 1.0, "AU10": 0.8, "AU4": 0.2, "AU7": 0.5, "AU17": 0.7, "AU15": 0.5},
        {"AU9": 0.9, "AU10": 1.0, "AU4": 0.2, "AU7": 0.4, "AU25": 0.8, "AU15": 0.3},
        {"AU9": 0.9, "AU10": 0.9, "AU6": 0.4, "AU4": 0.3, "AU25": 0.5, "AU26": 0.3, "AU15": 0.5},
    ),
    "fear": (
        {"AU1": 1.0, "AU2": 0.6, "AU4": 0.7, "AU5": 0.9, "AU7": 0.3, "AU20": 0.9, "AU25": 0.9},
        {"AU1": 0.9, "AU2": 0.5, "AU4": 0.7, "AU5": 1.0, "AU20": 0.7, "AU25": 1.0, "AU26": 0.7},
        {"AU1": 1.0, "AU2": 0.4, "AU4": 0.8, "AU5": 0.8, "AU7": 0.4, "AU20": 1.0, "AU25": 0.5},
    ),
    "happy": (
        {"AU6": 0.8, "AU12": 1.0, "AU25": 0.9},
        {"AU6": 0.5, "AU12": 0.9},
        {"AU6": 1.0, "AU12": 1.0, "AU25": 1.0, "AU26": 0.6},
    ),
    "neutral": ({},),
    "sad": (
        {"AU1": 1.0, "AU4": 0.6, "AU15": 0.9},
        {"AU1": 0.8, "AU4": 0.7, "AU15": 0.9, "AU17": 0.8},
        {"AU1": 0.9, "AU4": 0.4, "AU15": 1.0, "AU25": 0.3, "AU7": 0.3},
    ),
    "surprise": (
        {"AU1": 0.9, "AU2": 1.0, "AU5": 0.8, "AU25": 1.0, "AU26": 0.9},
        {"AU1": 1.0, "AU2": 1.0, "AU5": 1.0, "AU25": 1.0, "AU26": 0.7, "AU27": 0.8},
        {"AU1": 0.8, "AU2": 0.9, "AU5": 0.6, "AU25": 0.7, "AU26": 0.4},
    ),
}

# What an expression leans towards when it is not pure.
_NEIGHBOURS = {
    "angry": ("disgust", "sad"),
    "disgust": ("angry", "angry"),
    "fear": ("surprise", "sad"),
    "happy": ("surprise", "neutral"),
    "neutral": ("sad", "angry"),
    "sad": ("neutral", "fear"),
    "surprise": ("fear", "fear"),
}

# Faintest and fullest strength drawn; sadness is shown most quietly, as in photographs.
_STRENGTHS = {
    "angry": (0.45, 1.25),
    "disgust": (0.5, 1.3),
    "fear": (0.45, 1.25),
    "happy": (0.3, 1.2),
    "neutral": (0.0, 0.0),
    "sad": (0.28, 1.2),
    "surprise": (0.45, 1.25),
}

# Lengths are in half picture widths (24 pixels of 48), from the middle of the face, y downwards.
_IDENTITY = {
    "width": (0.64, 0.77), "chin": (0.86, 1.0), "taper": (0.05, 0.6), "square": (0.1, 0.7),
    "tone": (0.30, 0.92), "eye_x": (0.295, 0.355), "eye_y": (-0.24, -0.16),
    "eye_w": (0.135, 0.175), "eye_open": (0.055, 0.085), "eye_tilt": (-0.02, 0.035),
    "iris": (0.05, 0.42), "brow_gap": (0.13, 0.19), "brow_thick": (0.018, 0.05),
    "brow_arch": (0.0, 0.055), "brow_tone": (0.1, 0.55), "nose_y": (0.17, 0.27),
    "nose_w": (0.11, 0.16), "nose_h": (0.7, 1.3), "mouth_y": (0.49, 0.56),
    "mouth_w": (0.23, 0.31), "lip_up": (0.03, 0.06), "lip_low": (0.045, 0.08),
    "lip_tone": (0.55, 0.85), "mouth_rest": (-0.03, 0.022), "hair_tone": (0.03, 0.5),
    "hairline": (-0.9, -0.55), "hair_side": (0.0, 1.0), "hair_fall": (0.0, 1.0),
    "parting": (-0.5, 0.5), "fringe": (0.0, 1.0), "sweep": (-0.28, 0.28),
    "age": (0.0, 1.0), "cheek": (0.5, 1.3),
    "beard": (0.0, 1.0), "moustache": (0.0, 1.0), "glasses": (0.0, 1.0), "frame": (0.03, 0.4),
    "frame_w": (0.19, 0.25), "frame_h": (0.13, 0.19), "shirt": (0.08, 0.8),
}  # fmt: skip

VIEW = {
    "shift_x": (-0.07, 0.07), "shift_y": (-0.06, 0.06), "scale": (0.98, 1.18),
    "roll": (-0.07, 0.07), "yaw": (-0.28, 0.28), "pitch": (-0.14, 0.14),
    "light_x": (-1.0, 1.0), "light_y": (-0.9, 0.25), "ambient": (0.35, 0.7), "shine": (0.0, 0.3),
    "back": (0.05, 0.9), "back_x": (-0.4, 0.4), "back_y": (-0.4, 0.4), "gaze_x": (-0.05, 0.05),
    "gaze_y": (-0.02, 0.02), "tilt": (-1.0, 1.0), "blink": (0.0, 1.0), "curve": (0.6, 1.45),
    "low": (0.0, 0.16), "high": (0.8, 1.08), "blur": (0.0, 1.0), "noise": (0.0, 1.0),
    "cover": (0.0, 1.0), "cover_x": (-1.0, 1.0), "cover_y": (0.0, 1.0), "cover_tone": (0.05, 0.9),
    "glare": (0.0, 1.0),
}  # fmt: skip


def _table(ranges: Mapping[str, tuple[float, float]], draws: np.ndarray) -> dict:
    """Name each column of draws and stretch it to its range."""
    return {
        name: low + (high - low) * draws[:, column]
        for column, (name, (low, high)) in enumerate(ranges.items())
    }


def _paint(
    p: SimpleNamespace, size: int, noise: np.ndarray | None, *, labelled: bool = False
) -> np.ndarray:
    """Draw one block of faces, or their parts; every parameter is (n, 1, 1) float32."""
    pixel = 2 / size
    soft = 1.3 * pixel

    def inside(distance):
        return ramp(distance * (1 / soft) + 0.5)

    def crease(distance, width):
        width = max(width, 0.8 * pixel)
        return bump(distance * distance * (1 / (width * width)))

    # From the picture to the face: shift, scale, roll, then a turn of the head's rounded surface.
    steps = (np.arange(size, dtype=np.float32) + 0.5) * pixel - 1
    across, down = steps[None, None, :], steps[None, :, None]
    cosine, sine = turn(p.roll)
    x = (cosine * (across - p.shift_x) + sine * (down - p.shift_y)) / p.scale
    y = (cosine * (down - p.shift_y) - sine * (across - p.shift_x)) / p.scale
    jaw = 0.10 * p.AU26 + 0.16 * p.AU27
    chin = p.chin + 0.8 * jaw - 0.02 * p.AU17
    r = (y + 0.05) / np.where(y < -0.05, np.float32(0.98), chin + 0.05)
    rr, below = r * r, np.maximum(r, 0)
    xx = x / p.width
    xx = xx * xx
    q = xx * (1 + p.taper * below * below) + rr * (1 - p.square + p.square * rr)
    dome = np.sqrt(np.maximum(1 - q, 0.004))
    u = x - p.yaw * (dome - 0.2)
    v = y - p.pitch * (dome - 0.3)
    side = np.abs(u)
    sign = ramp(u / 0.1 + 0.5) * 2 - 1

    # Eyes.
    s = (side - p.eye_x) / p.eye_w
    t = v - p.eye_y + p.eye_tilt * s
    arc = np.maximum(1 - s * s, 0)
    upper = p.eye_open * (1 + 0.7 * p.AU5 - 0.4 * p.AU7 - 0.25 * p.AU6 - 0.3 * p.AU9 - 0.12 * p.AU4)
    upper = upper * (1 - p.blink)
    lower = p.eye_open * (0.6 + 0.1 * p.AU5 - 0.45 * p.AU7 - 0.5 * p.AU6 - 0.3 * p.AU9)
    upper_lid, lower_lid = -upper * arc * (1 - 0.15 * s), lower * arc * (1 + 0.2 * s)
    eye = inside(t - upper_lid) * inside(lower_lid - t) * ramp((1.15 - s * s) * 4)
    ix, iy = side - p.eye_x - p.gaze_x * sign, t - p.gaze_y + 0.012
    iris_r2 = (ix * ix + iy * iy) / (0.082 * 0.082)
    iris = ramp((1.12 - iris_r2) * (0.5 * 0.082 / soft) * 1.6 + 0.5)
    pupil = bump(iris_r2 * 2.6)
    glint = spot(ix - 0.03 * sign * ramp(p.light_x + 0.5), iy + 0.03, 0.038, 0.038)

    # Brows.
    bs = (side - 0.325 + 0.03 * p.AU4) / 0.225
    inner, outer = ramp(0.62 - 0.62 * bs), ramp(0.38 + 0.62 * bs)
    drawn = np.minimum(p.AU1, 1)
    brow_y = (
        p.eye_y - p.brow_gap - p.brow_arch * (1 - (bs - 0.3) * (bs - 0.3)) * (1 - 0.6 * drawn)
        - 0.145 * p.AU1 * inner - 0.125 * p.AU2 * outer
        + p.AU4 * (0.035 + 0.075 * inner) * (1 - 0.7 * drawn)
        + 0.045 * p.AU9 + 0.015 * p.tilt * sign * p.AU2
    )  # fmt: skip
    bd = v - brow_y
    thick = p.brow_thick * (1.1 - 0.45 * np.maximum(bs, 0)) * np.minimum(1 + p.AU4 * 0.15, 1.2)
    brow = inside(thick - np.abs(bd)) * ramp((1.05 - np.abs(bs)) * 5)

    # Nose: it stands out of the dome, so it moves further when the head turns.
    nose_y = p.nose_y - 0.035 * p.AU9 - 0.015 * p.AU10
    reach = ramp((v - p.eye_y + 0.05) / (nose_y - p.eye_y))
    nu = u - 0.16 * p.yaw * reach
    nose_w = p.nose_w * (1 + 0.12 * p.AU9 + 0.08 * p.AU12 + 0.06 * p.AU10)
    nside = np.abs(nu)
    nt = v - nose_y
    ridge_w = 0.075 + 0.05 * reach
    ridge = bump((nu / ridge_w) * (nu / ridge_w)) * reach * ramp((0.09 - nt) / 0.12)
    ball = spot(nu, nt, 0.115, 0.11)
    wing = spot(nside - nose_w * 0.82, nt - 0.03, 0.06, 0.075)
    nostril = spot(nside - nose_w * 0.42, nt - 0.065 + 0.01 * p.AU9, 0.05, 0.032)
    under = spot(nu, nt - 0.085, nose_w * 1.15, 0.055)

    # Mouth.
    mu = u - 0.05 * p.yaw
    mouth_w = p.mouth_w * (
        1 + 0.32 * p.AU12 + 0.26 * p.AU20 - 0.14 * p.AU23 - 0.1 * p.AU24 - 0.06 * p.AU17
        - 0.1 * p.AU26 - 0.2 * p.AU27 + 0.04 * p.AU15
    )  # fmt: skip
    ms = mu / mouth_w
    mss = np.minimum(ms * ms, 1.6)
    bow = np.maximum(1 - mss, 0)
    corner = (
        p.mouth_rest - 0.125 * p.AU12 + 0.105 * p.AU15 + 0.03 * p.AU20 + 0.02 * p.AU10
        + 0.012 * p.tilt * ramp(ms * 0.5 + 0.5) * (p.AU12 - p.AU15)
    )  # fmt: skip
    line = p.mouth_y + 0.02 * p.AU12 - 0.05 * p.AU17 * bow + corner * mss
    part = (0.036 + 0.02 * p.AU20) * p.AU25
    lift = 0.055 * p.AU10 + 0.02 * p.AU9 + 0.02 * p.AU12 * p.AU25
    rounder = bow * (1 + 0.5 * mss)
    top = line - (0.3 * part + lift * p.AU25) * rounder - 0.5 * lift * bow
    bottom = (
        line + (part + 0.045 * p.AU12 * p.AU25 + 1.35 * jaw * p.AU25) * rounder - 0.3 * lift * bow
    )
    press = np.maximum(1 - 0.6 * p.AU24 - 0.3 * p.AU23 - 0.2 * p.AU12 - 0.2 * p.AU20, 0.25)
    cupid = 1 - 0.25 * bump(mss * 20) + 0.1 * bump((np.abs(ms) - 0.25) * (np.abs(ms) - 0.25) * 20)
    full = ramp(bow * 1.5)
    lip_top = top - p.lip_up * press * full * cupid
    lip_bottom = bottom + p.lip_low * press * full * (1 + 0.15 * p.AU17)
    mouth_on = ramp((1.08 - mss) * 6)
    cavity = inside(v - top - 0.35 * pixel) * inside(bottom - 0.35 * pixel - v) * mouth_on
    lips = inside(v - lip_top) * inside(lip_bottom - v) * mouth_on
    seam = crease(v - np.minimum(np.maximum(v, top), bottom), 0.03) * ramp((1.15 - mss) * 5)
    show = np.minimum(0.055 * p.AU12 + 0.05 * p.AU10 + 0.04 * p.AU20 + 0.018, 0.075)
    teeth = cavity * inside(top + show * (0.5 + 0.5 * bow) + 0.35 * pixel - v)
    lower_teeth = cavity * inside(v - bottom + 0.03 * p.AU20 + 0.02 * p.AU10 - 0.2 * pixel)
    lower_teeth = lower_teeth * np.minimum(0.7 * p.AU20 + 0.4 * p.AU10, 1)

    # Folds that the muscles pull.
    fold_top, fold_bottom = nose_y - 0.01, p.mouth_y + corner + 0.03
    along = (v - fold_top) / (fold_bottom - fold_top)
    spread = nose_w + 0.03 + (mouth_w - nose_w + 0.06) * np.minimum(np.maximum(along, -0.3), 1.3)
    spread = spread + 0.05 * p.AU12 * along * (1 - along)
    fold_span = ramp(along * 4 + 0.8) * ramp((1.15 - along) * 3)
    fold_depth = 0.12 + 0.6 * p.age + 0.75 * p.AU12 + 0.8 * p.AU10 + 0.7 * p.AU9 + 0.3 * p.AU20
    fold_d = side - spread
    fold = crease(fold_d, 0.05) * fold_span * fold_depth
    bulge = spot(fold_d - 0.14, v - 0.13 + 0.06 * p.AU6, 0.26, 0.27)
    furrow = spot(side - 0.062 + 0.01 * p.AU4, v - p.eye_y + p.brow_gap * 0.75, 0.035, 0.15)
    furrow = furrow * (p.AU4 + 0.25 * p.AU9 + 0.3 * p.age)
    bridge = bump(nu * nu * 70) * spot(v - p.eye_y - 0.06, 0, 0.17, 1.0) * p.AU9
    bridge = bridge * (0.5 + 0.5 * wave((v + side * 0.8) * 11))
    above = brow_y - 0.06 - v
    raised = ramp(above * 10) * ramp((0.42 - above) * 5)
    rows = wave((v + 0.25 * u * u) * 8.5 + p.age)
    forehead = (
        raised
        * (0.5 + 0.5 * rows)
        * (0.25 * p.age + 0.8 * p.AU1 * bump(u * u * 6) + 0.7 * p.AU2 * ramp(side * 3))
    )
    crow = spot(side - p.eye_x - p.eye_w - 0.08, t, 0.11, 0.15) * (p.AU6 + 0.4 * p.age)
    crow = crow * (0.5 + 0.5 * wave((t + 0.3 * (side - p.eye_x) * t) * 13))
    pouch = crease(t - lower - 0.045 + 0.02 * s * s, 0.045) * ramp((1.1 - s * s) * 2)
    pouch_depth = 0.25 + 0.6 * p.AU6 + 0.5 * p.AU7 + 0.4 * p.age + 0.3 * p.AU9
    lid_gap = np.maximum(0.045 - 0.03 * p.AU5 + 0.01 * p.AU1, 0.015)
    lid = crease(t - upper_lid + lid_gap, 0.03) * ramp((1.1 - s * s) * 2)
    dimple = spot(np.abs(mu) - mouth_w * 1.05, v - p.mouth_y - corner, 0.07, 0.08)
    dimple_depth = 0.25 + 0.6 * p.AU12 + 0.6 * p.AU15 + 0.5 * p.AU20 + 0.3 * p.AU24
    boss = spot(mu, v - 0.5 * (p.mouth_y + jaw + chin) - 0.06, 0.2, 0.17)
    pebble = boss * p.AU17 * (0.5 + 0.5 * wave(u * 9 + 0.5) * wave(v * 9))
    gully = spot(mu, v - lip_bottom - 0.035, mouth_w * 0.75, 0.05)

    # Relief, and the light on it.
    socket = spot(side - p.eye_x + 0.05, v - p.eye_y + 0.03, 0.3, 0.2)
    brow_bone = spot(side - 0.3, v - 0.6 * brow_y - 0.4 * (p.eye_y - p.brow_gap), 0.34, 0.13)
    height = (
        0.62 * dome
        + p.nose_h * (0.115 * ridge + 0.07 * ball + 0.035 * wing)
        - 0.085 * socket
        + (0.03 + 0.02 * p.AU4) * brow_bone
        + (0.035 * p.cheek + 0.045 * p.AU6 + 0.03 * p.AU12 + 0.02 * p.AU10) * bulge
        + 0.06 * spot(mu, v - p.mouth_y, 0.36, 0.26)
        + 0.03 * lips * (1 - cavity)
        + (0.045 + 0.02 * p.AU17) * boss
        - 0.03 * gully
        + 0.03 * spot(s, t, 1.1, 0.11)
        + 0.02 * pouch * (p.AU6 + p.AU7)
        - 0.022 * fold - 0.012 * furrow - 0.01 * forehead - 0.008 * bridge - 0.006 * crow
    )  # fmt: skip
    slope_x, slope_y = np.empty_like(height), np.empty_like(height)
    rate = p.scale / (2 * pixel)
    slope_x[:, :, 1:-1] = (height[:, :, 2:] - height[:, :, :-2]) * rate
    slope_x[:, :, 0], slope_x[:, :, -1] = slope_x[:, :, 1], slope_x[:, :, -2]
    slope_y[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * rate
    slope_y[:, 0], slope_y[:, -1] = slope_y[:, 1], slope_y[:, -2]
    length = np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    light = np.sqrt(1 + p.light_x * p.light_x + p.light_y * p.light_y)
    facing = (1 - slope_x * p.light_x - slope_y * p.light_y) / (length * light)
    diffuse = np.maximum(0.12 + 0.88 * facing, 0)
    shine = np.maximum(facing, 0)
    shine = shine * shine
    shine = shine * shine
    shine = p.shine * shine * shine

    # Colour of the skin and of what lies in it.
    tone = p.tone
    skin = tone * (1 - 0.16 * socket - 0.06 * spot(side - 0.4, v - 0.2, 0.25, 0.2))
    shade = 0.22 * fold + 0.3 * furrow + 0.16 * forehead + 0.22 * bridge + 0.2 * crow
    shade = shade + 0.2 * pouch * pouch_depth + 0.25 * lid + 0.3 * dimple * dimple_depth
    shade = shade + 0.12 * pebble + 0.16 * gully + 0.22 * under + 0.6 * nostril
    skin = skin * np.maximum(1 - shade, 0.2)
    mottle = wave(x * 7.3 + 3 * y + p.parting) * wave(y * 6.1 - 2 * x)
    stubble = ramp((v - 0.28 - 0.35 * (0.6 - side)) * 4 + 0.3) * ramp(
        (side - p.nose_w) * 4 + 0.4 + (v - p.mouth_y) * 6
    )
    stubble = np.maximum(
        stubble * p.beard,
        p.moustache * spot(mu, v - 0.5 * (nose_y + lip_top) - 0.035, mouth_w * 1.15, 0.085) * 1.4,
    )
    skin = _blend(skin, p.hair_tone * (0.8 + 0.18 * mottle), np.minimum(stubble, 0.85))
    skin = _blend(skin, skin * 0.2 + 0.8 * tone * p.lip_tone, lips)
    inside_mouth = 0.07 + 0.16 * tone * spot(mu, v - bottom, mouth_w, 0.11)
    inside_mouth = _blend(inside_mouth, 0.55 + 0.25 * bow, teeth)
    inside_mouth = _blend(inside_mouth, 0.55, lower_teeth)
    skin = skin * (1 - 0.55 * seam)
    skin = _blend(skin, inside_mouth, cavity)
    white = 0.53 + 0.38 * tone
    ball_tone = _blend(white, p.iris, iris)
    ball_tone = ball_tone * (1 - 0.75 * pupil) * (0.65 + 0.35 * ramp((t - upper_lid) * 14))
    skin = _blend(skin, ball_tone, eye)
    lash = crease(t - upper_lid, 0.026) * ramp((1.2 - s * s) * 3)
    skin = skin * (1 - 0.62 * lash) * (1 - 0.22 * crease(t - lower_lid, 0.022) * arc)
    skin = _blend(skin, p.brow_tone * (0.5 + 0.5 * tone) * 0.7, brow * 0.82)
    face = skin * (p.ambient + (1.25 - p.ambient) * diffuse) + shine * (1 - eye)
    face = _blend(face, 0.95, glint * eye * 0.9)

    # Glasses: the same remark as in `_cover`.
    if p.glasses.any():
        gx, gy = (side - p.eye_x - 0.01) / p.frame_w, (v - p.eye_y - 0.02) / p.frame_h
        gx2, gy2 = gx * gx, gy * gy
        g = 0.5 * (gx2 + gy2 + gx2 * gx2 + gy2 * gy2)
        bar = crease(v - p.eye_y + 0.01, 0.03)
        bar = bar * np.maximum(ramp((0.14 - side) * 20), ramp((side - p.eye_x - p.frame_w) * 20))
        rim = np.maximum(bump((g - 1) * (g - 1) * 8), bar)
        face = _blend(face, p.frame, rim * p.glasses)
        slant = gx * 0.8 + gy - 0.3
        glare = ramp((1 - g) * 3) * bump(slant * slant * 3)
        face = _blend(face, 0.92, glare * p.glare * p.glasses)

    # Behind the face: backdrop, neck, shirt, hair.
    back = p.back + p.back_x * across * 0.5 + p.back_y * down * 0.5
    back = back + 0.08 * wave(across * 0.9 + p.parting) * wave(down * 0.7 + p.tilt)
    neck = inside(p.width * 0.62 + 0.12 * ramp((y - 0.75) * 2) - np.abs(x)) * inside(y - 0.3)
    gloom = 0.45 + 0.25 * ramp((y - chin) * 3)
    back = _blend(back, tone * gloom * (0.75 + 0.4 * p.ambient), neck)
    collar = inside(y - 0.98 - 0.25 * bump(x * x * 2.5))
    back = _blend(back, p.shirt * (0.8 + 0.1 * mottle), collar)
    ear = spot(np.abs(x) - p.width - 0.015, y + 0.02, 0.085, 0.2)
    back = _blend(back, tone * 0.75 * (p.ambient + 0.35), ramp(ear * 4))
    hx = x / (p.width + 0.075 + 0.12 * p.hair_side)
    hy = (y + 0.12) / 1.06
    mane = inside((1 - hx * hx - hy * hy) * 0.5)
    drop = p.hair_fall * 1.5 - 0.25
    mane = mane * ramp((drop - y) * 6)
    comb = (x - 0.5 * p.parting) * (1.2 - 0.5 * y)
    strand = wave(comb * 3.7 + 0.4 * y) * wave(comb * 6.1 - 0.7 * y + p.parting)
    hair = p.hair_tone * (0.85 + 0.3 * strand) * (0.8 + 0.5 * np.maximum(facing, 0) * dome)
    hair = hair + 0.12 * p.shine * bump((y + 0.8) * (y + 0.8) * 14)
    back = _blend(back, hair, mane * p.haired)
    head = inside((1 - q) * 0.5 * p.width)
    fx = u - p.parting * 0.4
    edge_y = (
        p.hairline + 0.3 * p.fringe * bump(fx * fx * 2.2) + 0.55 * xx * xx * (0.4 + p.hair_side)
    )
    edge_y = edge_y + 0.015 * strand + p.sweep * u
    crown = ramp((edge_y - v) / (soft * 1.6) + 0.5)
    face = _blend(face, hair, crown * p.haired)
    face = face * (1 - 0.35 * p.haired * bump((v - edge_y) * 9 * (v - edge_y) * 9))
    if labelled:
        nose = 2.5 * np.maximum(np.maximum(ball, wing), 0.6 * ridge)
        layers = (
            ("hair", mane * p.haired), ("skin", head), ("nose", nose * head),
            ("mouth", np.maximum(lips, cavity) * head), ("eyes", eye * head),
            ("brows", brow * head), ("hair", crown * p.haired * head),
        )  # fmt: skip
        return _label(
            layers,
            _cover(np.ones_like(head), x, y, p, soft),
            _cover(np.zeros_like(head), x, y, p, soft),
        )
    picture = _blend(back, face, head)

    return _develop(_cover(picture, x, y, p, soft), p, noise)


def _blend(base, colour, amount):
    return base + (colour - base) * amount


def _cover(picture: np.ndarray, x, y, p: SimpleNamespace, soft: float) -> np.ndarray:
    """Put a hand, a scarf or a lock of hair in front of some faces."""

    def inside(distance):
        return ramp(distance * (1 / soft) + 0.5)

    # Where an amount is 0, nothing changes, not even the last bit: leaving it out is only faster.
    if p.hand.any():
        hand_x, hand_y = x - 0.55 * p.cover_x, y - 0.45 - 0.5 * p.cover_y
        finger = wave(hand_x * 4.2)
        palm = hand_y - 0.09 * finger + 0.1 * finger * finger
        hand = inside(0.35 - np.abs(hand_x) * 0.8) * inside(palm)
        colour = p.tone * (0.75 + 0.16 * finger) * (p.ambient + 0.35)
        picture = _blend(picture, colour, hand * p.hand)
    if p.scarf.any():
        scarf = inside(y - 0.42 - 0.4 * p.cover_y - 0.12 * bump(x * x * 2))
        weave = 0.85 + 0.2 * wave((y + 0.3 * x) * 4)
        picture = _blend(picture, p.cover_tone * weave, scarf * p.scarf)
    if p.lock.any():
        offset = x - 0.75 * p.cover_x - 0.35 * p.cover_x * y
        lock = bump(offset * offset * 40) * ramp((0.35 - y) * 5) * (0.7 + 0.3 * wave(offset * 9))
        picture = _blend(picture, p.hair_tone * 0.9, np.minimum(lock * 1.3, 1) * p.lock)
    return picture


def _label(layers, bright: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """Give each pixel the number of the uppermost layer that makes up more than half of it.

    `bright` and `dark` are what covers leave of a white and of a black picture: where they are
    alike, the face behind cannot be seen.
    """
    numbers = np.zeros(bright.shape, np.uint8)
    for name, amount in layers:
        numbers[amount > 0.5] = PARTS.index(name)
    numbers[bright - dark < 0.5] = PARTS.index("background")
    return numbers


def _develop(picture: np.ndarray, p: SimpleNamespace, noise: np.ndarray | None) -> np.ndarray:
    """Take the photograph: blur, tone curve, noise, eight bits."""
    near, far = p.blur * 0.25, 1 - p.blur * 0.5
    for _ in range(2):
        smooth = picture * far
        smooth[:, 1:] += picture[:, :-1] * near
        smooth[:, :1] += picture[:, :1] * near
        smooth[:, :-1] += picture[:, 1:] * near
        smooth[:, -1:] += picture[:, -1:] * near
        picture = smooth * far
        picture[:, :, 1:] += smooth[:, :, :-1] * near
        picture[:, :, :1] += smooth[:, :, :1] * near
        picture[:, :, :-1] += smooth[:, :, 1:] * near
        picture[:, :, -1:] += smooth[:, :, -1:] * near
    picture = np.minimum(np.maximum(picture, 0), 1.2) * (1 / 1.2)
    picture = picture / (picture + p.curve * (1 - picture))
    picture = p.low + (p.high - p.low) * picture
    if noise is not None:
        picture = picture + p.noise * noise
    return to_bytes(picture)


def _people(seed: int, count: int) -> dict[str, np.ndarray]:
    """Draw identities: name -> float64 (count,)."""
    p = _table(_IDENTITY, uniform(seed, 0, (count, len(_IDENTITY))))
    p["age"] = p["age"] * p["age"]
    p["haired"] = np.where(p["hair_fall"] < 0.08, 0.0, 1.0)
    p["hair_fall"] = np.where(p["hair_fall"] < 0.6, 0.1 + 0.3 * p["hair_fall"], p["hair_fall"])
    p["hair_side"] = np.where(p["hair_fall"] < 0.3, 0.3, 1.0) * p["hair_side"]
    p["fringe"] = np.maximum(p["fringe"] * 2 - 1.0, 0)
    short = p["hair_fall"] < 0.3
    p["moustache"] = np.where(short & (p["moustache"] < 0.2), 0.8, 0.0)
    p["beard"] = np.where(short, np.maximum(1.2 - 3.5 * p["beard"], 0), 0.0)
    p["moustache"] = np.maximum(p["moustache"], np.minimum(p["beard"], 0.7))
    p["glasses"] = np.where(p["glasses"] < 0.17, 1.0, 0.0)
    p["brow_tone"] = 0.5 * p["brow_tone"] + 0.4 * p["hair_tone"]
    return p


def _shots(seed: int, count: int) -> dict[str, np.ndarray]:
    """Draw pose, light and camera: name -> float64 (count,)."""
    p = _table(VIEW, uniform(seed, 1, (count, len(VIEW))))
    for name in ("yaw", "pitch", "roll", "shift_x", "shift_y"):
        limit = VIEW[name][1]
        away = p[name] / limit
        p[name] = p[name] * (0.45 + 0.55 * away * away)
    cover = p["cover"]
    p["hand"] = np.where(cover < 0.04, 1.0, 0.0)
    p["scarf"] = np.where((cover >= 0.04) & (cover < 0.06), 1.0, 0.0)
    p["lock"] = np.where((cover >= 0.06) & (cover < 0.12), 1.0, 0.0)
    p["cover_x"] = np.where(p["cover_x"] < 0, p["cover_x"] - 0.3, p["cover_x"] + 0.3)
    p["blink"] = np.where(p["blink"] < 0.02, 0.8, 0.0)
    p["glare"] = np.maximum(p["glare"] * 2 - 1.0, 0)
    p["blur"] = p["blur"] * p["blur"] * 0.55
    p["noise"] = 0.005 + 0.03 * p["noise"] * p["noise"] * p["noise"]
    return p


# A plain portrait, for `draw`.
_STUDIO = {name: (low + high) / 2 for name, (low, high) in VIEW.items()} | {
    "light_x": -0.35, "light_y": -0.4, "shift_y": 0.0, "ambient": 0.5, "shine": 0.12, "back": 0.55,
    "tilt": 0.3, "blink": 0.0, "curve": 1.0, "low": 0.03, "high": 1.0, "blur": 0.0, "noise": 0.0,
    "hand": 0.0, "scarf": 0.0, "lock": 0.0, "glare": 0.0,
}  # fmt: skip


def _actions(seed: int, labels: np.ndarray, subject: np.ndarray, people: int) -> np.ndarray:
    """Intensities of the action units, float64 (n, units), for expressions of various strengths."""
    count, width = len(labels), len(ACTION_UNITS)
    style = 0.75 + 0.5 * uniform(seed, 2, (people, width))
    jitter = 0.8 + 0.4 * uniform(seed, 3, (count, width))
    idle = 0.2 * np.maximum(uniform(seed, 4, (count, width)) * 5 - 4, 0)
    strength, variant, lean, leaning, other, talk = uniform(seed, 5, (6, count))
    lean = np.where(leaning < 0.45, 0.45 * lean, 0.0)[:, None]
    mixtures = {
        name: np.array([[units.get(unit, 0.0) for unit in ACTION_UNITS] for units in variants])
        for name, variants in PROTOTYPES.items()
    }

    def pick(name: str, rows: np.ndarray) -> np.ndarray:
        choices = mixtures[name]
        return choices[(variant[rows] * len(choices)).astype(int)]

    units = np.empty((count, width))
    for label, name in enumerate(CLASS_NAMES):
        rows = labels == label
        low, high = _STRENGTHS[name]
        shown = low + (high - low) * (strength[rows] * (2 - strength[rows]))[:, None]
        first, second = (pick(neighbour, rows) for neighbour in _NEIGHBOURS[name])
        towards = np.where(other[rows, None] < 0.5, first, second)
        towards = towards * (0.6 if name == "neutral" else shown)
        units[rows] = pick(name, rows) * shown * (1 - lean[rows]) + towards * lean[rows]
    units = units * style[subject] * jitter + idle
    # One face in seven is speaking.
    mouth_open = np.where(talk < 0.15, talk * 5, 0.0)
    units[:, ACTION_UNITS.index("AU25")] += mouth_open
    units[:, ACTION_UNITS.index("AU26")] += mouth_open * 0.5
    return np.minimum(units, 1.3)


def _legal(count: int, seed: int) -> tuple[int, int]:
    """Return count and seed, or raise a ValueError."""
    if count < 10:
        raise ValueError(f"count must be at least 10, one tenth for validation, not {count}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, as {seed} is")
    return count, seed


def _plan(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, subjects and splits: FER2013's proportions in every split, ten images a person."""
    held_out = count // 10
    draws = uniform(seed, 6, (count,))
    labels, subject, split, start, person = [], [], [], 0, 0
    for name, size in zip(SPLITS, (count - 2 * held_out, held_out, held_out), strict=True):
        order = np.argsort(draws[start : start + size], kind="stable")
        labels.append(_proportional(size)[order])
        subject.append(person + np.arange(size) // 10)
        split += [name] * size
        start, person = start + size, int(subject[-1][-1]) + 1
    return np.concatenate(labels), np.concatenate(subject), np.array(split)


def _proportional(count: int) -> np.ndarray:
    """Sorted labels in the proportions of FER2013, by largest remainder."""
    total = sum(FER2013_COUNTS)
    shares = [count * share // total for share in FER2013_COUNTS]
    remainders = [count * share % total for share in FER2013_COUNTS]
    neediest = sorted(range(7), key=remainders.__getitem__, reverse=True)
    for label in neediest[: count - sum(shares)]:
        shares[label] += 1
    return np.repeat(np.arange(7, dtype=np.int64), shares)


def _block(tables: list[Mapping[str, np.ndarray]], rows: slice) -> SimpleNamespace:
    """Parameters of some pictures, in the shape and type that `_paint` wants."""
    return SimpleNamespace(
        **{
            name: values[rows].astype(np.float32).reshape(-1, 1, 1)
            for table in tables
            for name, values in table.items()
        }
    )


def _tables(seed: int, labels: np.ndarray, subject: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Parameters of all pictures: people, pose and camera, action units; name -> (n,)."""
    people = int(subject[-1]) + 1
    return [
        {name: values[subject] for name, values in _people(seed, people).items()},
        _shots(seed, len(labels)),
        dict(zip(ACTION_UNITS, _actions(seed, labels, subject, people).T, strict=True)),
    ]


def render(count: int = 7000, seed: int = 0) -> FaceDataset:
    """Draw the data set: `count` synthetic faces of seven expressions.

    Ten pictures show each person. Nobody is in two splits, and each split has the class
    proportions of FER2013's training images, so disgust is rare everywhere.

    Parameters
    ----------
    count : int
        Number of pictures, at least 10; a tenth each for validation and test. Another count
        gives other pictures, not a part of the same ones.
    seed : int
        Any whole number from 0.

    Returns
    -------
    FaceDataset
        Images uint8 ``(count, 48, 48, 1)``; `subject` is the person's number.

    Raises
    ------
    ValueError
        If there are too few pictures for three splits, or the seed is negative.

    Examples
    --------
    >>> faces = render(60)
    >>> faces
    <FaceDataset sample: 60 images of 48×48×1, 7 classes, train 48, validation 6, test 6>
    """
    labels, subject, split = _plan(*_legal(count, seed))
    tables = _tables(seed, labels, subject)
    images = np.empty((count, SIZE, SIZE, 1), np.uint8)

    def paint(start: int) -> None:
        rows = slice(start, min(start + _BLOCK, count))
        film = bits(seed, 7).advance(start * SIZE * SIZE)
        noise = grain(film, (rows.stop - start, SIZE, SIZE))
        images[rows, ..., 0] = _paint(_block(tables, rows), SIZE, noise)

    # NumPy lets other threads run while it computes: two cores draw nearly twice as fast as one.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(paint, range(0, count, _BLOCK)):
            pass
    return FaceDataset(
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        split=split,
        subject=subject,
        source=Source(
            name="sample",
            licence="made by this package: MIT, as the package",
            checksum=checksum(images, labels),
            synthetic=True,
            note=f"synthetic faces drawn from facial action units, version {VERSION}, seed {seed}",
        ),
    )


def plan(count: int = 7000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say what ``render(count, seed)`` shows, without drawing it: that takes a millisecond.

    Parameters
    ----------
    count, seed : int
        As in `render`.

    Returns
    -------
    labels, subject, split
        As in the `FaceDataset` that `render` returns.

    Raises
    ------
    ValueError
        As `render` does.

    Examples
    --------
    >>> labels, subject, split = plan(60)
    >>> bool((labels == render(60).labels).all())
    True
    """
    return _plan(*_legal(count, seed))


def parts(rows: Sequence[int] | np.ndarray, *, count: int = 7000, seed: int = 0) -> np.ndarray:
    """Say of each pixel of some rendered faces which part of the face it shows.

    The renderer knows where it drew each part, so no one had to mark them. A pixel belongs to
    what makes up more than half of it: an eye behind glasses is an eye, a mouth behind a hand is
    background, and a nose, which has no outline, ends where its relief has sunk to a fifth.

    Parameters
    ----------
    rows : sequence of int
        Positions ``(n,)`` in what ``render(count, seed)`` returns.
    count, seed : int
        What the faces were rendered with; `data_fetch.load` renders 7,000.

    Returns
    -------
    np.ndarray
        uint8 ``(n, 48, 48)``: positions in `PARTS`.

    Raises
    ------
    ValueError
        If a row does not exist, or as `render` does.

    Examples
    --------
    >>> where = parts([0, 1], count=60)
    >>> where.shape, bool((where == PARTS.index("mouth")).any())
    ((2, 48, 48), True)
    """
    labels, subject, _ = _plan(*_legal(count, seed))
    rows = np.asarray(rows, dtype=np.int64).reshape(-1)
    if rows.size and not 0 <= rows.min() <= rows.max() < count:
        raise ValueError(f"rows must be from 0 to {count - 1}, not {rows.min()} to {rows.max()}")
    tables = [
        {name: values[rows] for name, values in table.items()}
        for table in _tables(seed, labels, subject)
    ]
    numbers = np.empty((len(rows), SIZE, SIZE), np.uint8)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        numbers[block] = _paint(_block(tables, block), SIZE, None, labelled=True)
    return numbers


def traits(subject: np.ndarray, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Return what the people shown look like, such as who wears glasses.

    Parameters
    ----------
    subject : np.ndarray
        Whole numbers ``(n,)``: `FaceDataset.subject` of a rendered data set.
    seed : int
        The seed that the data set was rendered with.

    Returns
    -------
    dict of str to np.ndarray
        float64 ``(n,)`` per property of a person, among them ``glasses`` and ``haired`` (0 or 1),
        ``beard``, ``moustache`` and ``age`` (from 0), and ``tone``, the skin's brightness.

    Examples
    --------
    >>> faces = render(60)
    >>> wearers = faces.select(traits(faces.subject)["glasses"] == 1)
    """
    people = _people(seed, int(np.max(subject)) + 1)
    return {name: values[subject] for name, values in people.items()}


def draw(
    action_units: Mapping[str, float],
    *,
    identity: int = 0,
    view: Mapping[str, float] | None = None,
    size: int = SIZE,
) -> np.ndarray:
    """Draw one face with chosen action units.

    Parameters
    ----------
    action_units : mapping of str to float
        Intensities by name (see `ACTION_UNITS`), 0 for relaxed to about 1 for full.
    identity : int
        Which person; ``identity=i`` is subject ``i`` of ``render(seed=0)``.
    view : mapping of str to float, optional
        What to change about pose, light and camera, such as ``{"yaw": 0.3, "light_x": -1}``:
        names of `VIEW`, which gives the ranges that the data set draws from.
    size : int
        Height and width in pixels.

    Returns
    -------
    np.ndarray
        uint8 ``(size, size)``.

    Raises
    ------
    ValueError
        If an action unit or a name in `view` is unknown, or the identity is negative.

    Examples
    --------
    >>> draw({"AU6": 0.8, "AU12": 1.0}, identity=4).shape
    (48, 48)
    >>> draw({"AU99": 1.0})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: unknown action unit 'AU99'; choose from AU1, AU2, AU4, ...
    """
    for name in action_units:
        if name not in ACTION_UNITS:
            choices = ", ".join(ACTION_UNITS)
            raise ValueError(f"unknown action unit {name!r}; choose from {choices}")
    for name in view or {}:
        if name not in _STUDIO:
            raise ValueError(f"unknown view parameter {name!r}; choose from {', '.join(_STUDIO)}")
    if identity < 0:
        raise ValueError(f"identity must not be negative, as {identity} is")
    person = {name: values[-1:] for name, values in _people(0, identity + 1).items()}
    one = {name: action_units.get(name, 0) for name in ACTION_UNITS} | _STUDIO | dict(view or {})
    tables = [person, {name: np.array([value]) for name, value in one.items()}]
    return _paint(_block(tables, slice(None)), size, None)[0]


def face(
    expression: str,
    strength: float = 1.0,
    *,
    variant: int = 0,
    identity: int = 0,
    view: Mapping[str, float] | None = None,
    size: int = SIZE,
) -> np.ndarray:
    """Draw one face with an expression: a mixture of `PROTOTYPES`, scaled by `strength`.

    Parameters
    ----------
    expression : str
        One of `CLASS_NAMES`.
    strength : float
        0 for none, 1 for full.
    variant : int
        Which of the expression's mixtures, counted from 0.
    identity, view, size
        As in `draw`.

    Returns
    -------
    np.ndarray
        uint8 ``(size, size)``.

    Raises
    ------
    ValueError
        If there is no such expression.

    Examples
    --------
    >>> relaxed, smile = face("happy", 0.0), face("happy", 1.0)
    >>> bool((relaxed == face("neutral")).all()), bool((relaxed == smile).all())
    (True, False)
    """
    if expression not in PROTOTYPES:
        raise ValueError(f"unknown expression {expression!r}; choose from {', '.join(CLASS_NAMES)}")
    mixtures = PROTOTYPES[expression]
    units = {
        name: strength * intensity for name, intensity in mixtures[variant % len(mixtures)].items()
    }
    return draw(units, identity=identity, view=view, size=size)
