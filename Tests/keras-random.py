#!/usr/bin/env python3
"""Makes small models of random layers with random options, saved by the Keras that runs this script.

    KERAS/bin/python Tests/keras-random.py FOLDER [--count 100] [--seed 1]

writes for each rNNNN.keras or rNNNN.h5, rNNNN.ppm and rNNNN.json, which Tests/keras-files.py reads: a model whose conversion gives
other probabilities is a defect, and one that is refused must be refused with a reason. Weights are seeded. The last layer's are
scaled so that the logits differ, as errors would not show in equal ones.
"""

import argparse
import json
import os
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow import keras

L = keras.layers
KERAS3 = hasattr(keras, "ops")
ACTIVATIONS = [
    "relu", "relu6", "elu", "selu", "gelu", "swish", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "mish", "linear",
    "exponential",
]
if KERAS3:
    ACTIVATIONS += [
        "silu", "hard_silu", "leaky_relu", "celu", "hard_tanh", "hard_shrink", "soft_shrink", "squareplus", "tanh_shrink", "sparse_plus",
        "log_sigmoid", "threshold",
    ]
INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]


def one(*choices):
    return random.choice(choices)


def activation():
    name = one("linear", one(*ACTIVATIONS))
    return None if name == "threshold" else name


def extent(low, high):
    return random.randint(low, high) if random.random() < 0.6 else (random.randint(low, high), random.randint(low, high))


def height_width(x):
    return x.shape[1], x.shape[2]


def convolution(x):
    channels, side = x.shape[3], min(height_width(x))
    size = extent(1, min(5, side))
    kind = one("plain", "plain", "dilated", "groups", "depthwise", "separable", "transpose")
    options = {"padding": one("same", "valid"), "use_bias": one(True, False), "activation": activation()}
    strides = extent(1, 3)
    if kind in ("depthwise", "separable") and not isinstance(strides, int):
        strides = strides[0]
    options["strides"] = strides
    filters = random.randint(2, 12)
    if kind == "dilated":
        options["strides"] = 1
        options["dilation_rate"] = random.randint(2, 3)
        return L.Conv2D(filters, min(3, (side - 1) // 3 + 1), **options)(x)
    if kind == "groups":
        groups = one(*[n for n in range(1, channels + 1) if channels % n == 0])
        return L.Conv2D(groups * random.randint(1, 3), size, groups=groups, **options)(x)
    if kind == "depthwise":
        return L.DepthwiseConv2D(size, depth_multiplier=one(1, 1, 2), **options)(x)
    if kind == "separable":
        return L.SeparableConv2D(filters, size, depth_multiplier=one(1, 1, 2), **options)(x)
    if kind == "transpose":
        if max(height_width(x)) > 16:
            return None
        options["strides"] = one(1, 2, 2, 3)
        return L.Conv2DTranspose(filters, size, **options)(x)
    return L.Conv2D(filters, size, **options)(x)


def normalization(x):
    kind = one("batch", "batch", "layer", "unit", "group")
    if kind == "batch":
        return L.BatchNormalization(epsilon=one(1e-3, 1e-5), scale=one(True, False), center=one(True, False))(x)
    if kind == "layer":
        axis = one(-1, 3)
        return L.LayerNormalization(axis=axis, epsilon=one(1e-3, 1e-6), scale=one(True, False), center=one(True, False))(x)
    if kind == "unit":
        return L.UnitNormalization()(x)
    if not hasattr(L, "GroupNormalization"):
        return None
    groups = one(-1, *[n for n in range(1, x.shape[3] + 1) if x.shape[3] % n == 0])
    return L.GroupNormalization(groups=groups, scale=one(True, False), center=one(True, False))(x)


def pooling(x):
    if min(height_width(x)) < 4:
        return None
    return one(L.MaxPooling2D, L.AveragePooling2D)(extent(2, 3), strides=one(None, 1, 2, 3), padding=one("same", "valid"))(x)


def borders(x):
    kind = one("pad", "pad", "crop")
    sides = [random.randint(0, 3) for _ in range(4)]
    if kind == "pad":
        return L.ZeroPadding2D(one(1, 2, (1, 2), (sides[:2], sides[2:])))(x)
    if min(height_width(x)) < 8:
        return None
    return L.Cropping2D(one(1, (1, 2), (sides[:2], sides[2:])))(x)


def sizes(x):
    height, width = height_width(x)
    kind = one("up", "resize", "resize", "center")
    if kind == "up":
        return L.UpSampling2D(extent(1, 2), interpolation=one(*INTERPOLATIONS))(x) if max(height, width) < 17 else None
    if kind == "center":
        return L.CenterCrop(random.randint(1, height), random.randint(1, width))(x)
    options = {"interpolation": one(*INTERPOLATIONS), "crop_to_aspect_ratio": one(False, False, True)}
    if KERAS3 and not options["crop_to_aspect_ratio"]:
        options["pad_to_aspect_ratio"] = one(False, True)
        options["fill_value"] = one(0.0, 0.5)
    return L.Resizing(random.randint(2, 24), random.randint(2, 24), **options)(x)


def function(x):
    kind = one("name", "name", "relu", "leaky", "prelu", "elu", "softmax")
    if kind == "name":
        return L.Activation(one(*ACTIVATIONS))(x)
    if kind == "relu":
        slope = {"negative_slope": one(0.0, 0.1)}
        return L.ReLU(max_value=one(None, 1.0, 6.0), threshold=one(0.0, 0.0, 0.2), **slope)(x)
    if kind == "leaky":
        return L.LeakyReLU(random.uniform(0.01, 0.5))(x)
    if kind == "prelu":
        return L.PReLU(alpha_initializer="uniform", shared_axes=one([1, 2], [1, 2], None))(x)
    if kind == "elu":
        return L.ELU(random.uniform(0.3, 1.5))(x)
    return L.Softmax()(x)


def nothing(x):
    layers = [L.Dropout(0.3), L.SpatialDropout2D(0.2), L.GaussianNoise(0.2), L.GaussianDropout(0.1), L.Activation("linear")]
    return one(*layers)(x)


def merge(x):
    """Two ways from here that meet again."""
    kind = one("add", "multiply", "average", "maximum", "minimum", "subtract", "concatenate", "gate", "channel gate")
    if kind == "gate":
        return L.Multiply()([x, L.Conv2D(1, 1, activation="sigmoid")(x)])
    if kind == "channel gate":
        pooled = L.GlobalAveragePooling2D(keepdims=True)(x) if one(True, False) else L.Reshape((1, 1, x.shape[3]))(L.GlobalMaxPooling2D()(x))
        return L.Multiply()([x, L.Conv2D(x.shape[3], 1, activation=one("sigmoid", "hard_sigmoid"))(pooled)])
    other = L.Conv2D(x.shape[3], extent(1, 3), padding="same", activation=activation())(x)
    if kind == "concatenate":
        return L.Concatenate()([other, x] if one(True, False) else [x, other])
    pair = [x, other] if one(True, False) else [other, x]
    if kind == "subtract":
        return L.Subtract()(pair)
    layer = {"add": L.Add, "multiply": L.Multiply, "average": L.Average, "maximum": L.Maximum, "minimum": L.Minimum}[kind]
    return layer()(pair + ([x] if one(True, False) and kind != "multiply" else []))


def arithmetic(x):
    number = random.uniform(0.3, 2)
    kind = one("scale", "shift", "minus", "from", "divide", "negate", "self", "rescaling", "dense", "reversed", "channel", "mean")
    if kind == "scale":
        return x * number
    if kind == "shift":
        return x + number
    if kind == "minus":
        return x - number
    if kind == "from":
        return number - x
    if kind == "divide":
        return x / number
    if kind == "negate":
        return -x
    if kind == "self":
        return x * x
    if kind == "rescaling":
        return L.Rescaling(number, offset=one(0.0, -0.5))(x)
    if kind == "dense":
        return L.Dense(random.randint(2, 8), activation=activation())(x)
    if kind == "reversed":
        return x[..., ::-1]
    if kind == "channel":
        first = random.randint(0, x.shape[3] - 1)
        return x[..., first:first + random.randint(1, 3)]
    return x - (keras.ops.mean if KERAS3 else tf.reduce_mean)(x, axis=one(-1, (1, 2)), keepdims=True)


def shape(x):
    height, width = height_width(x)
    kind = one("reshape", "through a vector")
    if kind == "reshape":
        sides = [height, width, x.shape[3]]
        random.shuffle(sides)
        return L.Reshape(sides)(x) if sides[2] <= 40 else None
    if height * width * x.shape[3] > 1500:
        return None
    return L.Reshape((3, 3, 4))(L.Dense(36, activation=activation())(L.Flatten()(x)))


def nested(x):
    i = keras.Input(tuple(x.shape[1:]))
    y = convolution(i)
    if y is None:
        return None
    z = normalization(y)
    return keras.Model(i, y if z is None else z)(x)


def shared(x):
    layer = L.Conv2D(x.shape[3], 3, padding="same", activation="tanh")
    return layer(layer(x))


STEPS = [convolution] * 6 + [normalization] * 3 + [pooling] * 2 + [function] * 3 + [merge] * 3 + [arithmetic] * 2
STEPS += [borders, borders, sizes, sizes, nothing, shape, nested, shared]


def start(x):
    kind = one("rescaling", "rescaling", "normalization", "augmented", "mode", "operators", "padded")
    if kind == "rescaling":
        return L.Rescaling(1 / 127.5, offset=-1)(x)
    if kind == "normalization":
        return L.Normalization(mean=[100.0, 120.0, 110.0], variance=[2500.0, 3600.0, 3000.0])(x)
    if kind == "augmented":
        return L.Rescaling(1 / 255)(L.RandomRotation(0.2)(L.RandomFlip()(x)))
    if kind == "mode":
        applications = keras.applications
        return one(applications.resnet, applications.mobilenet_v2, applications.densenet).preprocess_input(x)
    if kind == "operators":
        return (x - 100) / 64
    return L.ZeroPadding2D(1)(L.Rescaling(1 / 64, offset=-2)(x))


def model(is_scaled):
    i = keras.Input((random.randint(9, 28), random.randint(9, 28), 3))
    x = start(i) if is_scaled else L.BatchNormalization()(i)
    for _ in range(random.randint(2, 9)):
        step = one(*STEPS)
        y = step(x)
        if y is None or int(np.prod(y.shape[1:])) > 60000 or 0 in y.shape[1:]:
            continue
        x = y
    x = one(
        lambda: L.Flatten()(x), lambda: L.GlobalAveragePooling2D()(x), lambda: L.GlobalMaxPooling2D()(x),
        lambda: L.Flatten()(L.GlobalAveragePooling2D(keepdims=True)(x)))()
    if one(True, False):
        x = L.Dense(random.randint(3, 16), activation=activation())(x)
        x = one(lambda: L.BatchNormalization()(x), lambda: L.LayerNormalization()(x), lambda: L.Dropout(0.5)(x))()
    return keras.Model(i, L.Dense(5, name="logits")(x))


def layers_of(model):
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers_of(layer)


def randomize(network, picture):
    rng = np.random.default_rng(random.randint(0, 1 << 30))
    for layer in layers_of(network):
        values = []
        for value in layer.get_weights():
            if value.dtype != np.float32:
                values.append(value)
            elif value.ndim > 1:
                fan = max(int(np.prod(value.shape[:-1])), 1)
                values.append(rng.normal(0, (2 / fan) ** 0.5, value.shape).astype("f4"))
            else:
                values.append(rng.uniform(0.5, 1.5, value.shape).astype("f4"))
        if not hasattr(layer, "layers") and values and layer.__class__.__name__ not in ("Normalization", "RandomFlip", "RandomRotation"):
            layer.set_weights(values)
    last = network.get_layer("logits")
    output = np.asarray(network(picture[None], training=False))[0]
    kernel, bias = last.get_weights()
    centered = output - bias - (output - bias).mean()
    last.set_weights([kernel * (2 / max(float(centered.std()), 1e-6)), bias * 0])


def make(seed, folder):
    keras.backend.clear_session()
    random.seed(seed)
    keras.utils.set_random_seed(seed)
    random.seed(seed)
    scale = one(None, "tf")
    network = model(is_scaled=scale is None)
    height, width = network.input_shape[1:3]
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(pixels).resize((width, height), Image.BICUBIC))
    values = picture.astype("f4") if scale is None else picture.astype("f4") / 127.5 - 1
    randomize(network, values)
    output = np.asarray(network(values[None], training=False), "f8")[0]
    if not np.isfinite(output).all() or np.abs(output).max() > 100:
        return False
    base = os.path.join(folder, f"r{seed:04}")
    network.save(base + (".h5" if seed % 3 == 0 else ".keras"))
    Image.fromarray(picture).save(base + ".ppm")
    facts = {"output": output.tolist(), "scale": scale, "layers": [layer.__class__.__name__ for layer in layers_of(network)]}
    with open(base + ".json", "w") as file:
        json.dump(facts, file)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    made = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        try:
            made += make(seed, arguments.folder)
        except Exception as error:
            print(f"r{seed:04} not made: {type(error).__name__} {str(error).strip().splitlines()[0][:120]}", file=sys.stderr)
    print(f"{made} of {arguments.count} models made")


main()
