"""NumPy reference of the operations of a convolutional network.

`spatial` has convolution, pooling and the Sobel operator, `activations` the functions between the
layers, `layers` the dense layer, the loss, and the gradient of everything.
All names are here, as in ``ops.max_pool``. Images are ``(height, width)`` or, as in Keras, batches
``(images, height, width, channels)``.
"""

from fer_helpers.ops.activations import (
    hard_swish,
    hard_swish_derivative,
    leaky_relu,
    leaky_relu_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_jacobian,
    swish,
    swish_derivative,
    tanh,
    tanh_derivative,
)
from fer_helpers.ops.layers import (
    average_pool_gradient,
    conv_layer_gradient,
    cross_entropy,
    cross_entropy_gradient,
    dense,
    dense_gradient,
    flatten,
    max_pool_gradient,
    numerical_gradient,
)
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
    "average_pool_gradient",
    "conv_layer",
    "conv_layer_gradient",
    "conv_parameters",
    "convolve2d",
    "cross_correlate2d",
    "cross_entropy",
    "cross_entropy_gradient",
    "dense",
    "dense_gradient",
    "flatten",
    "hard_swish",
    "hard_swish_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "max_pool",
    "max_pool_gradient",
    "numerical_gradient",
    "output_size",
    "receptive_field",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "sobel",
    "softmax",
    "softmax_jacobian",
    "swish",
    "swish_derivative",
    "tanh",
    "tanh_derivative",
]
