#!/usr/bin/env python3
"""Writes Fixtures/keras_operations.json: what Keras computes for random cases of every operation, and for a small Xception.

    python3 make_keras_fixtures.py            (needs Keras 3 with TensorFlow; the tests read the result without Python)

Keras computes in float64 from float32 inputs and weights, so the expected outputs are right to the last bit of a float32
but for rounding. Each line of the file is one case: an operation with its attributes, and its arrays, little-endian float32
in base64.
"""

import base64
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers

FOLDER = pathlib.Path(__file__).resolve().parent / "Fixtures"
random = np.random.default_rng(2017)
cases = []


def values(*shape, low=-1.0, high=1.0):
    return random.uniform(low, high, shape).astype(np.float32)


def pick(*choices):
    return choices[random.integers(len(choices))]


def packed(array):
    array = np.asarray(array, dtype="<f4")
    return {"dimensions": list(array.shape), "values": base64.b64encode(array.tobytes()).decode()}


def run(keras_layers, *inputs):
    """The output of layers one after the other, the first of which reads the inputs; without the batch dimension."""
    batch = [np.asarray(array, dtype=np.float64)[None] for array in inputs]
    result = batch if len(batch) > 1 else batch[0]
    for layer in keras_layers:
        result = layer(result)
    return np.asarray(result)[0]


def case(operation, inputs, weights, output, **attributes):
    """Weights are in the order of the graph's parameters, in its dimensions."""
    cases.append({
        "operation": operation, **attributes, "inputs": [packed(array) for array in inputs],
        "weights": [packed(array) for array in weights], "output": packed(output)})


def set_weights(layer, input_shape, *weights):
    layer.build((None, *input_shape))
    layer.set_weights([np.asarray(array, dtype=np.float64) for array in weights])
    return layer


def feature_map(channels, least=3):
    return values(int(random.integers(least, 9)), int(random.integers(least, 9)), channels)


def window(size, strides=(1, 1), dilation=(1, 1), padding="same"):
    return {"size": list(size), "stride": list(strides), "dilation": list(dilation), "padding": padding}


def border(explicit):
    top, left, bottom, right = explicit
    return layers.ZeroPadding2D(((top, bottom), (left, right)))


def convolutions():
    for index in range(18):
        groups = pick(1, 1, 2, 3)
        channels = groups * int(random.integers(1, 4))
        outputs = groups * int(random.integers(1, 4))
        size = (int(random.integers(1, 4)), int(random.integers(1, 4)))
        strides, dilation = pick(((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 2), (1, 1)), ((1, 1), (2, 2)))
        padding = pick("same", "valid", [1, 0, 2, 1])
        x = feature_map(channels, least=6)
        kernel, bias = values(*size, channels // groups, outputs), values(outputs)
        has_bias = bool(index % 2)
        layer = layers.Conv2D(
            outputs, size, strides=strides, dilation_rate=dilation, groups=groups, use_bias=has_bias,
            padding=padding if isinstance(padding, str) else "valid")
        set_weights(layer, x.shape, *([kernel, bias] if has_bias else [kernel]))
        before = [] if isinstance(padding, str) else [border(padding)]
        case("convolution", [x], [kernel, bias] if has_bias else [kernel], run(before + [layer], x),
             window=window(size, strides, dilation, padding), outputs=outputs, groups=groups, hasBias=has_bias)


def depthwise():
    for index in range(10):
        channels, multiplier = int(random.integers(1, 6)), pick(1, 1, 2)
        strides, dilation = pick(((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2)))
        padding = pick("same", "valid")
        size = (3, 3) if index % 2 else (int(random.integers(1, 4)), int(random.integers(1, 4)))
        x = feature_map(channels, least=6)
        kernel, bias = values(*size, channels, multiplier), values(channels * multiplier)
        layer = layers.DepthwiseConv2D(
            size, strides=strides, dilation_rate=dilation, depth_multiplier=multiplier, padding=padding)
        set_weights(layer, x.shape, kernel, bias)
        case("convolution", [x], [kernel.reshape(*size, 1, -1), bias], run([layer], x),
             window=window(size, strides, dilation, padding), outputs=channels * multiplier, groups=channels, hasBias=True)


def fused():
    """Convolutions and separable convolutions with activations before, between and after, and a residual."""
    functions = {
        "identity": lambda: layers.Activation("linear"), "relu": lambda: layers.ReLU(), "relu6": lambda: layers.ReLU(6.0),
        "elu": lambda: layers.ELU(0.75), "sigmoid": lambda: layers.Activation("sigmoid")}
    for index in range(12):
        channels, outputs = int(random.integers(1, 6)), int(random.integers(1, 6))
        strides, padding = pick(((1, 1), "same"), ((2, 2), "same"), ((1, 1), "valid"))
        first, middle, last = [pick(*functions) for _ in range(3)]
        x = feature_map(channels, least=4)
        depthwise_kernel, pointwise_kernel = values(3, 3, channels, 1), values(1, 1, channels, outputs)
        depthwise_bias, bias = values(channels), values(outputs)
        has_depthwise_bias, has_bias, adds = bool(index & 1), bool(index & 2), bool(index & 4)
        spatial = set_weights(
            layers.DepthwiseConv2D(3, strides=strides, padding=padding), x.shape, depthwise_kernel,
            depthwise_bias * has_depthwise_bias)
        pointwise = set_weights(
            layers.Conv2D(outputs, 1), (1, 1, channels), pointwise_kernel, bias * has_bias)
        sums = run([functions[first](), spatial, functions[middle](), pointwise], x)
        residual = values(*sums.shape)
        weights = [depthwise_kernel.reshape(3, 3, 1, -1)] + [depthwise_bias] * has_depthwise_bias
        weights += [pointwise_kernel] + [bias] * has_bias
        output = run([layers.Add(), functions[last]()], sums, residual) if adds else run([functions[last]()], sums)
        case("separable convolution", [x, residual] if adds else [x], weights, output,
             window=window((3, 3), strides, padding=padding), outputs=outputs, hasBias=has_bias,
             hasDepthwiseBias=has_depthwise_bias, inputActivation=first, middleActivation=middle, activation=last,
             addsResidual=adds)

        kernel = values(3, 3, channels, outputs)
        full = set_weights(layers.Conv2D(outputs, 3, strides=strides, padding=padding), x.shape, kernel, bias)
        sums = run([functions[first](), full], x)
        output = run([layers.Add(), functions[last]()], sums, residual) if adds else run([functions[last]()], sums)
        case("convolution", [x, residual] if adds else [x], [kernel, bias], output,
             window=window((3, 3), strides, padding=padding), outputs=outputs, groups=1, hasBias=True,
             inputActivation=first, activation=last, addsResidual=adds)


def separable_layers():
    """Keras's own SeparableConv2D."""
    for strides, padding in [((1, 1), "same"), ((2, 2), "same"), ((1, 1), "valid")]:
        x = feature_map(4)
        kernels = values(3, 3, 4, 1), values(1, 1, 4, 6)
        layer = layers.SeparableConv2D(6, 3, strides=strides, padding=padding, use_bias=False)
        set_weights(layer, x.shape, *kernels)
        case("separable convolution", [x], [kernels[0].reshape(3, 3, 1, 4), kernels[1]], run([layer], x),
             window=window((3, 3), strides, padding=padding), outputs=6, hasBias=False, hasDepthwiseBias=False)


def normalizations():
    for index in range(8):
        gamma, beta = bool(index & 1), bool(index & 2)
        channels = int(random.integers(1, 6))
        x = feature_map(channels) if index & 4 else values(channels)
        epsilon = pick(0.001, 1e-5)
        weights = [values(channels)] * gamma + [values(channels)] * beta
        weights += [values(channels), values(channels, low=0.0, high=2.0)]
        layer = set_weights(layers.BatchNormalization(epsilon=epsilon, scale=gamma, center=beta), x.shape, *weights)
        case("batch normalization", [x], weights, run([layer], x), epsilon=epsilon, hasGamma=gamma, hasBeta=beta)


def dense_layers():
    for index, activation in enumerate(["identity", "relu", "sigmoid", "elu"]):
        inputs, outputs = int(random.integers(1, 30)), int(random.integers(1, 12))
        x, kernel, bias = values(inputs), values(inputs, outputs), values(outputs)
        weights = [kernel, bias] if index % 2 else [kernel]
        function = layers.ELU(0.75) if activation == "elu" else (
            layers.Activation("linear" if activation == "identity" else activation))
        layer = set_weights(layers.Dense(outputs, use_bias=bool(index % 2)), x.shape, *weights)
        case("dense", [x], weights, run([layer, function], x), outputs=outputs, hasBias=bool(index % 2),
             activation=activation)


def pools():
    for index in range(20):
        x = feature_map(int(random.integers(1, 4)), least=4) - np.float32(2)  # a zero of padding would be the largest
        size, strides = [(int(random.integers(1, 4)), int(random.integers(1, 4))) for _ in range(2)]
        padding = pick("same", "valid")
        kind = layers.MaxPooling2D if index % 2 else layers.AveragePooling2D
        output = run([kind(size, strides=strides, padding=padding)], x)
        case("max pool" if index % 2 else "average pool", [x], [], output,
             window=window(size, strides, padding=padding), countsPadding=False)
    for _ in range(3):
        x = feature_map(2)
        output = run([border((1, 0, 1, 2)), layers.AveragePooling2D(3, strides=2, padding="valid")], x)
        case("average pool", [x], [], output, window=window((3, 3), (2, 2), padding=[1, 0, 1, 2]), countsPadding=True)


def rest():
    functions = {
        "relu": layers.ReLU(), "relu6": layers.ReLU(6.0), "elu": layers.ELU(0.75), "sigmoid": layers.Activation("sigmoid")}
    for name, function in functions.items():
        for x in (feature_map(3) * np.float32(20), values(11) * np.float32(100)):
            case("activation", [x], [], run([function], x), activation=name)
    for x in (feature_map(5) * np.float32(10), values(9) * np.float32(100)):
        case("softmax", [x], [], run([layers.Softmax()], x))
    x = feature_map(4)
    case("global average pool", [x], [], run([layers.GlobalAveragePooling2D()], x))
    case("flatten", [x], [], run([layers.Flatten()], x))
    for count in (2, 3):
        inputs = [values(3, 4, 2) for _ in range(count)]
        case("add", inputs, [], run([layers.Add()], *inputs))
        inputs = [values(3, 4, channels + 1) for channels in range(count)]
        case("concatenate", inputs, [], run([layers.Concatenate()], *inputs))
    inputs = [values(3), values(5)]
    case("concatenate", inputs, [], run([layers.Concatenate()], *inputs))


# The functions by the graph's names, with the parameters that Keras's defaults or the arguments here are.
ACTIVATIONS = {
    "hard sigmoid": (layers.Activation("hard_sigmoid"), [1 / 6, 0.5]), "hard swish": (layers.Activation("hard_swish"), []),
    "silu": (layers.Activation("silu"), []), "tanh": (layers.Activation("tanh"), []),
    "leaky relu": (layers.LeakyReLU(negative_slope=0.25), [0.25]),
    "gelu": (layers.Activation(lambda x: keras.activations.gelu(x, approximate=False)), []),
    "gelu by tanh": (layers.Activation(lambda x: keras.activations.gelu(x, approximate=True)), []),
    "softplus": (layers.Activation("softplus"), []), "selu": (layers.Activation("selu"), []),
    "exponential": (layers.Activation("exponential"), []), "clip": (layers.Lambda(lambda x: keras.ops.clip(x, -1.5, 2)), [-1.5, 2]),
    "threshold": (layers.Lambda(lambda x: keras.ops.threshold(x, 0.5, -2.0)), [0.5, -2]),
    "erf": (layers.Lambda(keras.ops.erf), []), "square root": (layers.Lambda(keras.ops.sqrt), []),
}


def activations():
    for name, (function, parameters) in ACTIVATIONS.items():
        for x in (feature_map(3) * np.float32(4), values(11) * np.float32(30)):
            if name == "square root":
                x = np.abs(x)
            case("activation", [x], [], run([function], x), activation=name, parameters=parameters)


def binary_operations():
    functions = {
        "sum": layers.Add, "difference": layers.Subtract, "product": layers.Multiply, "maximum": layers.Maximum,
        "minimum": layers.Minimum}
    for name, kind in functions.items():
        for shapes in (((3, 4, 2), (3, 4, 2)), ((3, 4, 2), (1, 1, 2)), ((3, 4, 1), (3, 4, 5)), ((6,), (6,))):
            inputs = [values(*shape) for shape in shapes]
            case("binary", inputs, [], run([kind()], *inputs), function=name)
    inputs = [values(3, 4, 2), values(1, 1, 2, low=0.5)]
    case("binary", inputs, [], inputs[0].astype(np.float64) / inputs[1], function="quotient")


def moved():
    x = feature_map(4)
    for keeps in (False, True):
        for kind, pool in (("average", layers.GlobalAveragePooling2D), ("maximum", layers.GlobalMaxPooling2D)):
            case("global pool", [x], [], run([pool(keepdims=keeps)], x), function=kind, keepsDimensions=keeps)
    x = values(6)
    case("reshape", [x], [], run([layers.Reshape((1, 1, 6))], x), shape=[1, 1, 6])
    x = values(2, 3, 4)
    case("reshape", [x], [], run([layers.Reshape((4, 3, 2))], x), shape=[4, 3, 2])
    case("pad", [x], [], run([border((1, 0, 2, 3))], x), border=[1, 0, 2, 3])
    case("slice", [x], [], run([layers.Cropping2D(((1, 0), (0, 2)))], x), first=[1, 0, 0], count=[1, 1, 4])
    for filter in ("nearest", "bilinear"):
        case("resize", [x], [], run([layers.UpSampling2D((2, 3), interpolation=filter)], x), function=filter,
             shape=[4, 9])
        case("resize", [x], [], run([layers.Resizing(5, 2, interpolation=filter)], x), function=filter, shape=[5, 2])


def normalized():
    for x in (feature_map(5), values(7)):
        gamma, beta = values(x.shape[-1]), values(x.shape[-1])
        layer = set_weights(layers.LayerNormalization(epsilon=0.001), x.shape, gamma, beta)
        case("layer normalization", [x], [gamma, beta], run([layer], x), epsilon=0.001, hasGamma=True, hasBeta=True)
        case("unit normalization", [x], [], run([layers.UnitNormalization()], x))
        slopes = values(x.shape[-1])
        axes = [1, 2] if x.ndim == 3 else None
        layer = layers.PReLU(shared_axes=axes)
        layer = set_weights(layer, x.shape, slopes.reshape((1,) * (x.ndim - 1) + (-1,)))
        case("parametric relu", [x], [slopes], run([layer], x))


def logarithms_and_wide_filters():
    """Last of the random ones, so that those before keep their numbers."""
    for x in (np.abs(feature_map(3)) * np.float32(4), np.abs(values(11)) * np.float32(30)):
        case("activation", [x], [], run([layers.Lambda(keras.ops.log)], x), activation="logarithm", parameters=[])
    x = values(5, 6, 2)
    for filter in ("bicubic", "lanczos3", "lanczos5"):
        case("resize", [x], [], run([layers.UpSampling2D((2, 3), interpolation=filter)], x), function=filter,
             shape=[10, 18])
        case("resize", [x], [], run([layers.Resizing(7, 4, interpolation=filter)], x), function=filter, shape=[7, 4])


def seeded(seed, shape):
    """`Metadata.Golden.input(seed:count:)` of the graph: SplitMix64, the upper 24 bits, times 2^-23, minus 1."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        state = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return ((state >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)).reshape(shape)


def xception():
    """`keras.applications.Xception` with all widths divided by 32: weight i is made from seed i + 1, the input from seed 0."""
    from keras.src.applications import xception as module

    class Narrow:
        def __getattr__(self, name):
            made = getattr(layers, name)
            if name in ("Conv2D", "SeparableConv2D"):
                return lambda filters, *rest, **named: made(filters // 32, *rest, **named)
            return made

    original, module.layers = module.layers, Narrow()
    model = module.Xception(weights=None, input_shape=(96, 80, 3), classes=10)
    module.layers = original
    weights = []
    for layer in model.layers:
        for variable in layer.weights:
            array = seeded(len(weights) + 1, variable.shape)
            name = variable.name
            if name in ("gamma", "moving_variance"):
                array = np.float32(1) + np.float32(0.5) * array
            elif name in ("kernel", "pointwise_kernel"):
                array = array * np.sqrt(np.float32(3) / np.float32(np.prod(variable.shape[:-1])))
            elif name == "depthwise_kernel":
                array = array * np.sqrt(np.float32(3) / np.float32(9))
            else:
                array = np.float32(0.5) * array
            variable.assign(array.astype(np.float64))
            weights.append(array)
    x = seeded(0, (96, 80, 3))
    both = keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])
    features, probabilities = both(x[None].astype(np.float64), training=False)
    case("xception", [], [], np.asarray(features)[0])
    case("xception", [], [], np.asarray(probabilities)[0])


def main():
    keras.config.set_floatx("float64")
    for make in (
        convolutions, depthwise, fused, separable_layers, normalizations, dense_layers, pools, rest, activations,
        binary_operations, moved, normalized, logarithms_and_wide_filters, xception):
        make()
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path = FOLDER / "keras_operations.json"
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes, Keras {keras.__version__}")


if __name__ == "__main__":
    main()
