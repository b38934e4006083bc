"""Augmented batches of images, drawn by seed and epoch."""

from __future__ import annotations

import math

import keras
import numpy as np
import scipy.ndimage

from fer_helpers.training.protocols import Protocol


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches, a function of the seed and the epoch.

    Parameters
    ----------
    images
        Float ``(n, height, width, channels)``.
    labels
        Class numbers ``(n,)``.
    protocol
        Gives batch size and augmentation.
    seed
        Fixes, with the epoch, the order and the augmentation.
    classes
        Number of classes, which mixed labels need; None for those that occur.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        protocol: Protocol,
        *,
        seed: int = 0,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.images, self.labels, self.protocol, self.seed = images, labels, protocol, seed
        self.targets = labels
        if protocol.mixup:  # mixed labels are shares of classes, not numbers
            self.targets = np.eye(classes or labels.max() + 1, dtype="float32")[labels]
        height, width = images.shape[1:3]
        if protocol.crop is not None:
            if protocol.crop > min(height, width):
                raise ValueError(
                    f"crop is {protocol.crop}, but the images have {height} × {width} pixels"
                )
            padded = images
            height = width = protocol.crop
        else:
            rows, columns = round(protocol.shift * height), round(protocol.shift * width)
            padding = ((0, 0), (rows, rows), (columns, columns), (0, 0))
            padded = np.pad(images, padding, mode="edge")
        self.padded = padded
        # Every possible shift is a view into the padded images: no copy until a batch is drawn.
        self.windows = np.lib.stride_tricks.sliding_window_view(
            padded, (height, width), axis=(1, 2)
        )
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the order and the augmentation of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        count = len(self.images)
        self.order = rng.permutation(count)
        self.rows = rng.integers(0, self.windows.shape[1], count)
        self.columns = rng.integers(0, self.windows.shape[2], count)
        self.mirrored = rng.random(count) < (0.5 if self.protocol.flip else 0.0)
        change = self.protocol.contrast
        self.factors = rng.uniform(1 - change, 1 + change, count).astype("float32")
        turn, zoom = np.deg2rad(self.protocol.rotation), self.protocol.zoom
        self.angles = rng.uniform(-turn, turn, count)
        self.scales = rng.uniform(1 - zoom, 1 + zoom, count)
        self.erased = rng.random(count) < self.protocol.erase
        # Where, how large, of which proportions and how bright each rectangle is.
        self.rectangles = rng.random((count, 5), dtype="float32")
        self.shares = None
        if self.protocol.mixup:
            self.shares = rng.beta(self.protocol.mixup, self.protocol.mixup, count).astype(
                "float32"
            )

    def __len__(self) -> int:
        """Batches per epoch; the last one may be smaller."""
        return math.ceil(len(self.images) / self.protocol.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """One batch: images ``(b, height, width, channels)`` and labels ``(b,)``."""
        size = self.protocol.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        if self.protocol.rotation or self.protocol.zoom:
            batch = self._turned(chosen)
        else:
            batch = self.windows[chosen, self.rows[chosen], self.columns[chosen]]
            batch = np.moveaxis(batch, 1, -1)
        mirrored = self.mirrored[chosen][:, None, None, None]
        batch = np.where(mirrored, batch[:, :, ::-1], batch)
        if self.protocol.contrast:
            means = batch.mean(axis=(1, 2), keepdims=True)
            batch = means + (batch - means) * self.factors[chosen][:, None, None, None]
        if self.protocol.erase:
            self._erase(batch, chosen)
        targets = self.targets[chosen]
        if self.shares is not None:
            # The order is random, so the batch turned round has a random partner for everyone.
            share = self.shares[chosen]
            batch = share[:, None, None, None] * (batch - batch[::-1]) + batch[::-1]
            targets = share[:, None] * (targets - targets[::-1]) + targets[::-1]
        return batch, targets

    def _turned(self, chosen: np.ndarray) -> np.ndarray:
        """Cut the windows out of turned and scaled images: one bilinear interpolation for all."""
        height, width = self.windows.shape[-2:]
        middle = (np.array(self.padded.shape[1:3]) - 1) / 2
        # From the middle of the image, where the face is: about it the window turns.
        down = np.arange(height)[:, None] + (self.rows[chosen] - middle[0])[:, None, None]
        right = np.arange(width) + (self.columns[chosen] - middle[1])[:, None, None]
        cosine = (np.cos(self.angles[chosen]) / self.scales[chosen])[:, None, None]
        sine = (np.sin(self.angles[chosen]) / self.scales[chosen])[:, None, None]
        y = cosine * down - sine * right + middle[0]
        x = sine * down + cosine * right + middle[1]
        number = np.broadcast_to(np.arange(len(chosen))[:, None, None], y.shape)
        channels = [
            scipy.ndimage.map_coordinates(
                channel, (number, y, x), order=1, mode="nearest", output="float32"
            )
            for channel in np.moveaxis(self.padded[chosen], -1, 0)
        ]
        return np.stack(channels, axis=-1)

    def _erase(self, batch: np.ndarray, chosen: np.ndarray) -> None:
        """Fill a rectangle of the drawn images with one grey, in place."""
        height, width = batch.shape[1:3]
        for image, number in zip(batch, chosen, strict=True):
            if self.erased[number]:
                across, down, size, shape, grey = self.rectangles[number]
                area, ratio = 0.02 + 0.18 * size, 2.0 ** (2 * shape - 1)
                tall = min(height, round(height * math.sqrt(area * ratio)))
                wide = min(width, round(width * math.sqrt(area / ratio)))
                top, left = int(down * (height - tall + 1)), int(across * (width - wide + 1))
                image[top : top + tall, left : left + wide] = grey
