"""NumPy reference of the operations of a convolutional network.

`spatial` has convolution, pooling and the Sobel operator, `activations` the functions between the
layers, `layers` the dense layer, the loss, and the gradient of everything.
All names are here, as in ``ops.max_pool``. Images are ``(height, width)`` or, as in Keras, batches
``(images, height, width, channels)``.
"""

from fer_helpers.ops.activations import relu, softmax
from fer_helpers.ops.spatial import (
    SOBEL_X,
    SOBEL_Y,
    average_pool,
    conv_layer,
    conv_parameters,
    convolve2d,
    cross_correlate2d,
    max_pool,
    output_size,
    receptive_field,
    sobel,
)

__all__ = [
    "SOBEL_X",
    "SOBEL_Y",
    "average_pool",
    "conv_layer",
    "conv_parameters",
    "convolve2d",
    "cross_correlate2d",
    "max_pool",
    "output_size",
    "receptive_field",
    "relu",
    "sobel",
    "softmax",
]
