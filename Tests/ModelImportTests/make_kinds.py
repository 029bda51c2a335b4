"""Makes Fixtures/kinds/: a small model of each kind that users save, by the Keras that runs this script, and what it computes.

    for python in KERAS2.12 KERAS2.13 KERAS2.15 KERAS3: $python Tests/ModelImportTests/make_kinds.py Tests/ModelImportTests/Fixtures/kinds

Names after the folder make those kinds alone, and leave the others as they are. KERAS=tf_keras or KERAS=keras_core takes Keras
from the package of that name, whose modules are named otherwise, and makes some kinds.

Made with TensorFlow 2.12.1, 2.13.1, 2.15.1 and Keras 3.15.1 with TensorFlow 2.21.0, tf_keras 2.21.0 with that, and keras-core 0.1.7
with TensorFlow 2.15.1, on Python 3.11. The tests need none of them.
Each version writes what is different in it; the input is pixels of 0 to 255.
"""

import importlib
import json
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import numpy as np
import tensorflow as tf

PACKAGE = os.environ.get("KERAS", "tensorflow.keras")
keras = importlib.import_module(PACKAGE)
L, A = keras.layers, keras.applications
FOLDER = sys.argv[1]
KERAS3 = PACKAGE == "keras_core" or getattr(keras, "__version__", "2").startswith("3.")
if PACKAGE != "tensorflow.keras":
    VERSION = PACKAGE
else:
    VERSION = "keras3" if KERAS3 else "keras" + ".".join(tf.__version__.split(".")[:2])
EXPECTED_FILE = os.path.join(FOLDER, f"expected-{VERSION}.json")
EXPECTED = {}
if len(sys.argv) > 2:
    with open(EXPECTED_FILE) as file:
        EXPECTED = json.load(file)
# Keras 3 allows no slashes in names.
STEM = "stem_" if KERAS3 else "stem/"


def pixels(count):
    """floor((v + 1) * 128) for the values v of Metadata.Golden.input(seed: 1, count:)."""
    mask, state, values = (1 << 64) - 1, 1, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        mixed ^= mixed >> 31
        values.append((mixed >> 40) * 2.0**-23 - 1)
    return np.floor((np.array(values, dtype=np.float32) + 1) * 128)


def randomize(model):
    random = np.random.default_rng(3)
    for weight in model.weights:
        name, shape = weight.name.split("/")[-1], tuple(weight.shape)
        if "count" in name or "seed" in name or "StateVar" in name:
            continue
        if "kernel" in name:
            value = random.normal(0, (1.5 / max(np.prod(shape[:-1]), 1)) ** 0.5, shape)
        elif "variance" in name or "gamma" in name:
            value = random.uniform(0.5, 1.5, shape)
        else:
            value = random.uniform(-0.5, 0.5, shape)
        weight.assign(value.astype("f4"))


def expect(name, model, twin=None):
    shape = [int(side) for side in model.input_shape[1:]]
    order = (1, 2, 0) if twin else (0, 1, 2)
    values = pixels(int(np.prod(shape))).reshape([shape[axis] for axis in order])
    outputs = (twin or model)(values[None], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    EXPECTED[name] = [np.asarray(output, "f4").ravel().tolist() for output in outputs]


def save(name, model, suffixes, twin=None):
    # keras-core 0.1.7 cannot write .h5: it tries to copy a module.
    for suffix in [".keras"] if PACKAGE == "keras_core" else suffixes:
        file = f"{name}-{VERSION}{suffix}"
        path = os.path.join(FOLDER, file)
        model.save(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for entry, contents in entries:
                    archive.writestr(zipfile.ZipInfo(entry), contents, zipfile.ZIP_DEFLATED, 9)
        expect(file, model, twin)


def base(trainable=(True, True)):
    """A nested model with slashes in names, of which a part may be frozen."""
    i = keras.Input((6, 6, 3))
    x = L.Conv2D(4, 3, name=STEM + "conv", trainable=trainable[0])(i)
    x = L.BatchNormalization(name=STEM + "bn", trainable=trainable[0])(x)
    x = L.ReLU()(x)
    x = L.SeparableConv2D(5, 3, padding="same", name="sep", trainable=trainable[1])(x)
    return keras.Model(i, L.BatchNormalization(name="bn", trainable=trainable[1])(x), name="base")


def augmentation():
    return keras.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(0.2)], name="augmentation")


def nested():
    """Augmentation without an input layer, rescaling, a half-frozen base called as node 1, and its wrapper as output."""
    i = keras.Input((6, 6, 3))
    x = augmentation()(i)
    x = L.Rescaling(1 / 127.5, offset=-1)(x)
    x = L.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = L.Cropping2D(((1, 0), (0, 1)))(x)
    x = base((False, True))(x)
    x = keras.Sequential([L.Conv2D(3, 1), L.LeakyReLU()], name="tail")(x)
    x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
    inner = keras.Model(i, L.Dense(4, activation="softmax")(x), name="inner")
    o = keras.Input((6, 6, 3))
    model = keras.Model(o, inner(o))
    randomize(model)
    save("nested", model, [".h5"] if VERSION == "keras2.12" else [".h5", ".keras"])


def renamed():
    """Variables that keep the names of layers that were renamed, or of scopes: only the order tells them apart."""
    inner = base((True, False))
    i = keras.Input((6, 6, 3))
    if KERAS3:
        for index, layer in enumerate(inner.layers[1:]):
            layer._name = f"renamed_{index}"
    else:
        for index, layer in enumerate(inner.layers[1:]):
            for weight in layer.weights:
                weight._handle_name = f"scope/old_{index}/" + weight.name.split("/")[-1]
    model = keras.Model(i, L.Dense(2, name="head")(L.GlobalMaxPooling2D()(inner(i))))
    randomize(model)
    save("renamed", model, [".h5"])


def modes():
    """preprocess_input in the graph: Keras's three modes."""
    for mode, preprocess in [("tf", A.mobilenet_v2), ("caffe", A.vgg16), ("torch", A.densenet)]:
        i = keras.Input((5, 5, 3))
        x = augmentation()(i)
        x = preprocess.preprocess_input(x)
        x = L.Conv2D(4, 3, padding="same")(L.ZeroPadding2D(1)(x))
        model = keras.Model(i, L.Dense(1, activation="sigmoid")(L.GlobalAveragePooling2D()(x)))
        randomize(model)
        # Keras 2.13 to 2.15 cannot save a graph with x[..., ::-1] as .keras.
        save(f"mode_{mode}", model, [".h5"] + ([".keras"] if KERAS3 else []))


def activations():
    """Each function of keras.activations by name, and as layers."""
    names = "relu elu selu softplus softsign tanh sigmoid exponential hard_sigmoid linear swish gelu mish relu6".split()
    if KERAS3:
        names += "leaky_relu hard_swish celu glu hard_shrink soft_shrink tanh_shrink log_sigmoid squareplus sparse_plus".split()
        names += "sparse_sigmoid hard_tanh silu".split()
    i = keras.Input((4, 4, 4))
    x = L.Normalization(axis=-1, mean=[127, 120, 130, 125], variance=[1600, 2500, 3600, 900])(i)
    outputs = [L.Activation(name)(x) for name in names if name in dir(keras.activations)]
    outputs += [L.Conv2D(3, 1, activation=L.LeakyReLU())(x), L.PReLU(shared_axes=[1, 2])(x), L.PReLU()(x)]
    outputs += [L.ReLU(max_value=1.5)(x), L.ReLU(negative_slope=0.1)(x), L.ReLU(negative_slope=0.1, max_value=1)(x)]
    outputs += [L.ReLU(threshold=0.5)(x), L.ELU(0.5)(x), L.LeakyReLU()(x), L.Softmax()(x)]
    outputs = [L.GlobalAveragePooling2D()(y) for y in outputs]
    model = keras.Model(i, L.Concatenate()(outputs))
    randomize(model)
    save("activations", model, [".h5"])


def layers():
    """Layers and operators that are neither convolutions nor activations, on one channel."""
    i = keras.Input((6, 6, 1))
    x = L.Conv2D(4, 3, padding="same")(L.Rescaling(1 / 255)(i))
    y = L.Conv2D(4, 1)(x)
    gate = L.Dense(4, activation="sigmoid")(L.Reshape((1, 1, 4))(L.GlobalAveragePooling2D()(x)))
    outputs = [L.Multiply()([x, gate]), L.Average()([x, y, x]), L.Maximum()([x, y]), L.Minimum()([x, y])]
    outputs += [L.Subtract()([x, y]), x * y, x + y, (x - 1.5) / 2.0, 3.0 - x, L.Dense(4)(x)]
    outputs += [L.LayerNormalization()(x), L.UnitNormalization()(x), L.BatchNormalization()(x)]
    outputs += [L.MaxPooling2D(2, strides=1)(L.ZeroPadding2D(1)(x)), L.AveragePooling2D(3, strides=1)(L.ZeroPadding2D(1)(x))]
    outputs += [L.Cropping2D(((1, 2), (0, 1)))(x), L.UpSampling2D(2)(x), L.UpSampling2D(2, interpolation="bilinear")(x)]
    outputs += [L.Conv2DTranspose(4, 3, strides=2, padding="same")(x), L.Conv2DTranspose(4, 2, strides=3)(x)]
    outputs += [L.Resizing(9, 4)(x), L.CenterCrop(4, 4)(x), L.GlobalMaxPooling2D(keepdims=True)(x)]
    outputs = [L.Flatten()(L.GlobalAveragePooling2D(keepdims=True)(y)) for y in outputs]
    twice = L.Activation("tanh")  # called at two nodes
    outputs += [twice(outputs[0]), twice(outputs[1]), L.Reshape((4,))(L.Permute((2, 1, 3))(L.GlobalMaxPooling2D(keepdims=True)(x)))]
    model = keras.Model(i, L.Concatenate()(outputs))
    randomize(model)
    save("layers", model, [".h5"] if VERSION == "keras2.12" else [".keras"])


def channels(data_format, names):
    first = data_format == "channels_first"
    axis = 1 if first else -1
    i = keras.Input((3, 6, 8) if first else (6, 8, 3))
    x = L.Conv2D(4, 3, padding="same", data_format=data_format, name=names[0])(i)
    x = L.BatchNormalization(axis=axis, name=names[1])(x)
    y = L.MaxPooling2D(2, data_format=data_format)(x)
    z = L.AveragePooling2D(2, data_format=data_format)(x)
    x = L.Concatenate(axis=axis)([y, z])
    return keras.Model(i, L.Dense(3, name=names[2])(L.GlobalAveragePooling2D(data_format=data_format)(x)))


def channels_first():
    """Processors compute channels last: the same network that way says what is right."""
    model, twin = (channels(f, ["conv", "bn", "dense"]) for f in ["channels_first", "channels_last"])
    randomize(model)
    twin.set_weights(model.get_weights())
    save("channels_first", model, [".h5"], twin)


def heads():
    """Two outputs, and a Lambda."""
    i = keras.Input((5, 5, 3))
    x = L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(L.Rescaling(1 / 255)(i)))
    model = keras.Model(i, [L.Dense(3, activation="softmax", name="kind")(x), L.Dense(2, activation="sigmoid", name="tags")(x)])
    randomize(model)
    save("two_outputs", model, [".h5"])
    i = keras.Input((5, 5, 3))
    x = L.Lambda(A.imagenet_utils.preprocess_input if not KERAS3 else (lambda x: A.imagenet_utils.preprocess_input(x)), name="scale")(i)
    model = keras.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(x))))
    randomize(model)
    save("lambda", model, [".h5"])


def flattened(data_format):
    """A map with channels first, flattened before a dense layer whose kernel has its rows in that order."""
    first = data_format == "channels_first"
    i = keras.Input((3, 5, 6) if first else (5, 6, 3))
    x = L.Conv2D(4, 3, data_format=data_format, name="conv")(i)
    if not first:
        x = L.Permute((3, 1, 2))(x)
    x = L.Dropout(0.2)(L.Flatten()(x))
    return keras.Model(i, L.Dense(3, name="dense")(x))


def flat_channels_first():
    model, twin = (flattened(f) for f in ["channels_first", "channels_last"])
    randomize(model)
    twin.set_weights(model.get_weights())
    save("flat_channels_first", model, [".h5"], twin)


def shared():
    """Layers and a nested model with weights, each called twice."""
    i = keras.Input((6, 6, 3))
    conv, bn = L.Conv2D(3, 3, padding="same", name="conv"), L.BatchNormalization(name="bn")
    x = bn(conv(L.Rescaling(1 / 255)(i)))
    x = bn(conv(x))
    j = keras.Input((6, 6, 3))
    half = keras.Model(j, L.Dense(2, name="head")(L.GlobalAveragePooling2D()(L.SeparableConv2D(4, 3, name="sep")(j))), name="half")
    dense = L.Dense(2, name="dense")
    y = L.Concatenate()([half(x), half(L.ReLU()(x))])
    model = keras.Model(i, L.Concatenate()([dense(y), dense(L.Activation("tanh")(y))]))
    randomize(model)
    save("shared", model, [".h5"] if VERSION == "keras2.12" else [".h5", ".keras"])


def normalizations():
    """SyncBatchNormalization, and BatchNormalizationV1: TensorFlow 1 wrote that name, and this one reads it."""
    i = keras.Input((4, 4, 4))
    x = L.experimental.SyncBatchNormalization(name="sync")(L.Rescaling(1 / 64, name="scale")(i))
    x = L.BatchNormalization(name="old", epsilon=0.01)(x)
    model = keras.Model(i, L.Dense(2, name="dense")(L.GlobalAveragePooling2D(name="pool")(x)))
    randomize(model)
    save("normalizations", model, [".h5"])
    path = os.path.join(FOLDER, f"normalizations-{VERSION}.h5")
    with h5py.File(path, "r+") as file:
        description = json.loads(file.attrs["model_config"])
        for layer in description["config"]["layers"]:
            if layer["name"] == "old":
                layer["class_name"] = "BatchNormalizationV1"
        file.attrs["model_config"] = json.dumps(description)
    read = keras.models.load_model(path, compile=False, custom_objects={"BatchNormalizationV1": tf.compat.v1.keras.layers.BatchNormalization})
    expect(f"normalizations-{VERSION}.h5", read)


def resizings():
    """Resizing that keeps proportions: one that cuts, and in Keras 3 one that pads."""
    i = keras.Input((9, 14, 3))
    x = L.Rescaling(1 / 255)(i)
    outputs = [L.Resizing(5, 4, crop_to_aspect_ratio=True)(x), L.Resizing(4, 9, crop_to_aspect_ratio=True, interpolation="nearest")(x)]
    if KERAS3:
        outputs += [L.Resizing(6, 5, pad_to_aspect_ratio=True, fill_value=0.3)(x), L.Resizing(4, 9, pad_to_aspect_ratio=True)(x)]
    model = keras.Model(i, L.Dense(4)(L.Concatenate()([L.Flatten()(y) for y in outputs])))
    randomize(model)
    save("resizings", model, [".h5"])


def any_size():
    """Images of any size, cut to a square by the model."""
    model = keras.Sequential([keras.Input((None, None, 3)), L.Resizing(6, 6, crop_to_aspect_ratio=True), L.Rescaling(1 / 255), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)])
    randomize(model)
    file = f"any_size-{VERSION}.keras"
    model.save(os.path.join(FOLDER, file))
    EXPECTED[file] = [np.asarray(model(pixels(6 * 6 * 3).reshape(1, 6, 6, 3), training=False), "f4").ravel().tolist()]


def padded_any_size():
    """Images of any size, which the model puts in the middle of black."""
    layers = [L.Resizing(6, 8, pad_to_aspect_ratio=True), L.Rescaling(1 / 255), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]
    any_size_model("padded_any_size", keras.Sequential([keras.Input((None, None, 3)), *layers]))


def scaled_any_size():
    """Images of any size, scaled before they are cut and resized."""
    resizing = L.Resizing(6, 8, interpolation="lanczos3", crop_to_aspect_ratio=True)
    layers = [L.Rescaling(1 / 127.5, offset=-1), resizing, L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]
    any_size_model("scaled_any_size", keras.Sequential([keras.Input((None, None, 3)), *layers]))


def several_sizes():
    """Images of any size, resized in two ways."""
    i = keras.Input((None, None, 3))
    x = [L.Flatten()(L.Conv2D(2, 3)(L.Resizing(*size)(i))) for size in ((6, 8), (4, 5))]
    any_size_model("several_sizes", keras.Model(i, L.Dense(2)(L.Concatenate()(x))))


def any_size_model(name, model):
    randomize(model)
    file = f"{name}-{VERSION}.keras"
    model.save(os.path.join(FOLDER, file))
    EXPECTED[file] = [np.asarray(model(pixels(6 * 8 * 3).reshape(1, 6, 8, 3), training=False), "f4").ravel().tolist()]


def functions():
    """What is written as functions of tensors, in place of layers."""
    i = keras.Input((5, 5, 3))
    x = L.Conv2D(6, 3)(L.Rescaling(1 / 64)(i))
    activations, ops = keras.activations, keras.ops
    outputs = [activations.celu(x), activations.glu(x), activations.soft_shrink(x), activations.hard_shrink(x)]
    outputs += [activations.tanh_shrink(x), activations.sparse_plus(x), activations.sparse_sigmoid(x), activations.squareplus(x)]
    outputs += [-x, abs(x), ops.square(x), ops.sqrt(ops.square(x) + 1.0), ops.clip(x, -0.5, 0.25)]
    outputs = [L.GlobalAveragePooling2D()(y) for y in outputs]
    outputs += [ops.mean(x, axis=(1, 2)), ops.max(x, axis=(-3, -2)), L.Flatten()(ops.mean(x, axis=(1, 2), keepdims=True))]
    model = keras.Model(i, L.Concatenate()(outputs))
    randomize(model)
    save("functions", model, [".keras"])


def powers():
    """Functions that are made of several operations, of channels and of positions, and functions of several values."""
    ops = keras.ops
    i = keras.Input((8, 8, 3))
    x = L.Conv2D(6, 3)(L.Rescaling(1 / 64)(i))
    positive = ops.abs(x) + 0.25
    maps = [ops.power(positive, 1.7), positive**-0.3, ops.power(x, 3), x**6, 2.0**x, ops.log(positive)]
    maps += [ops.log2(positive), 1 / positive, ops.reciprocal(positive), ops.normalize(x, axis=-1)]
    maps += [ops.sum(x, axis=-1, keepdims=True), ops.mean(x, axis=3, keepdims=True), ops.max(x, axis=-1, keepdims=True)]
    maps += [ops.min(x, axis=-1, keepdims=True), *ops.split(x, 3, axis=-1), *ops.split(x, [2, 5], axis=-1)]
    maps += [*ops.split(x, 2, axis=1), ops.split(x, [1, 4], axis=2)[1]]
    maps += [ops.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0))), ops.pad(x, ((0, 0), (1, 1), (2, 0), (0, 0)), constant_values=1.5)]
    maps += [ops.image.resize(x, (5, 7), interpolation="bicubic"), ops.image.resize(x, (12, 18)), ops.reshape(x, (-1, 4, 9, 6))]
    outputs = [L.GlobalAveragePooling2D()(L.Conv2D(2, 3, padding="same")(y)) for y in maps]
    outputs += [ops.sum(x, axis=(1, 2)), ops.min(x, axis=(1, 2)), L.Flatten()(ops.sum(x, axis=(1, 2), keepdims=True))]
    flat = ops.reshape(ops.mean(x, axis=(1, 2), keepdims=True), (-1, 6))
    outputs += [ops.mean(flat, axis=-1, keepdims=True), ops.max(flat, axis=1, keepdims=True), ops.split(flat, 2, axis=-1)[1]]
    model = keras.Model(i, L.Concatenate()(outputs))
    randomize(model)
    save("powers", model, [".keras"])


def constants():
    """Constants of several axes beside maps and single channels, and a function of the input that does not say its scaling."""
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    i = keras.Input((5, 3, 3))
    x = L.Conv2D(3, 1)(0.98**i)
    first, second, third = x[..., 0], x[..., 1], x[..., :1]
    maps = [x * np.array([[[[0.5, 2, 3]]]], "f4"), x + np.array([1, 2, 3], "f4"), third - np.array([[[1]]], "f4")]
    flat = [first * np.array([[[0.75]]], "f4"), CustomScaleLayer(0.25)([first, second]), 2.0**second]
    outputs = [L.GlobalAveragePooling2D()(y) for y in maps] + [L.Flatten()(y) for y in flat]
    model = keras.Model(i, L.Dense(3)(L.Concatenate()(outputs)))
    randomize(model)
    save("constants", model, [".keras"])


def tensorflow_functions():
    """The same in TensorFlow's names."""
    i = keras.Input((8, 8, 3))
    x = L.Conv2D(6, 3)(L.Rescaling(1 / 64)(i))
    positive = tf.math.maximum(x, 0.25)
    maps = [tf.pow(positive, 1.7), tf.math.log(positive), tf.reduce_mean(x, axis=-1, keepdims=True), tf.reduce_max(x, -1, True)]
    maps += [tf.image.resize(x, (5, 7), method="bicubic"), tf.image.resize(x, [3, 3], "area"), tf.image.resize(x, (9, 9))]
    maps += [-x, *tf.split(x, 3, axis=-1), *tf.split(x, [1, 2, 3], axis=3), tf.pad(x, [[0, 0], [1, 1], [0, 2], [0, 0]])]
    outputs = [L.GlobalAveragePooling2D()(L.Conv2D(2, 3, padding="same")(y)) for y in maps]
    outputs += [tf.reduce_sum(x, axis=[1, 2]), tf.reshape(x, [-1, 216])[:, 3:9]]
    model = keras.Model(i, L.Concatenate()(outputs))
    randomize(model)
    save("tensorflow_functions", model, [".h5"])


def groups():
    """Group normalization of maps and of a vector, and a ReLU with all of its options."""
    i = keras.Input((6, 6, 3))
    x = L.Rescaling(1 / 64, offset=-1)(i)
    x = L.GroupNormalization(groups=3)(L.Conv2D(12, 3)(L.GroupNormalization(groups=-1)(x)))
    x = L.ReLU(negative_slope=0.2, threshold=0.5, max_value=1.5)(x)
    x = L.GroupNormalization(groups=1, scale=False, epsilon=0.01)(L.Conv2D(8, 1)(x))
    x = L.ReLU(negative_slope=0.1, threshold=0.25)(x)
    x = L.ReLU(threshold=0.125, max_value=2)(L.GroupNormalization(groups=4, center=False)(L.Conv2D(8, 1)(x)))
    x = L.GroupNormalization(groups=2)(L.Dense(6)(L.GlobalAveragePooling2D()(x)))
    model = keras.Model(i, L.Dense(3, activation="softmax")(x))
    randomize(model)
    save("groups", model, [".keras"] if KERAS3 else [".h5"])


def filters():
    """Maps resized by the wide filters."""
    i = keras.Input((9, 8, 3))
    x = L.Rescaling(1 / 255)(i)
    x = L.Resizing(12, 10, interpolation="bicubic")(x)
    x = L.Conv2D(4, 3)(x)
    maps = [L.Resizing(7, 5, interpolation=filter)(x) for filter in ("bicubic", "lanczos3", "lanczos5")]
    maps += [L.UpSampling2D((2, 3), interpolation=filter)(x) for filter in ("bicubic", "lanczos3", "lanczos5")]
    maps += [L.Resizing(4, 4, interpolation="bicubic", crop_to_aspect_ratio=True)(x)]
    if not KERAS3:
        maps += [L.Resizing(5, 4, interpolation="area")(x), L.UpSampling2D(2, interpolation="area")(x)]
    model = keras.Model(i, L.Concatenate()([L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(y)) for y in maps]))
    randomize(model)
    save("filters", model, [".h5"])


def simplex():
    """Functions of all channels that are no softmax: by name, as layers and as calls, on a map and on a vector."""
    i = keras.Input((5, 5, 3))
    x = L.Conv2D(6, 3, activation="sparsemax")(L.Rescaling(1 / 64)(i))
    x = keras.ops.log_softmax(L.Activation("log_softmax")(L.Conv2D(5, 1)(x)))
    x = keras.ops.sparsemax(L.Dense(4, activation="log_softmax")(L.GlobalMaxPooling2D()(x)))
    model = keras.Model(i, L.Dense(3, activation="sparsemax")(x))
    randomize(model)
    save("simplex", model, [".h5", ".keras"])


def logarithm():
    """The logarithm of a softmax as output, and on four channels."""
    i = keras.Input((4, 4, 4))
    x = L.Conv2D(5, 3, activation="tanh")(L.Rescaling(1 / 255)(i))
    model = keras.Model(i, L.Dense(3, activation="log_softmax" if KERAS3 else tf.nn.log_softmax)(L.GlobalAveragePooling2D()(x)))
    randomize(model)
    save("logarithm", model, [".h5"])


def overflow():
    """A network whose values no 32-bit float holds; its sigmoid gives 0, 1 or no number."""
    model = keras.Sequential([keras.Input((5, 5, 3)), L.Conv2D(4, 3, name="large"), L.Conv2D(4, 1, name="larger"), L.GlobalAveragePooling2D(), L.Dense(2, activation="sigmoid")])
    randomize(model)
    model.get_layer("large").kernel.assign(model.get_layer("large").kernel * 1e37)
    model.get_layer("larger").kernel.assign(model.get_layer("larger").kernel * 1e37)
    model.save(os.path.join(FOLDER, f"overflow-{VERSION}.keras"))


@keras.utils.register_keras_serializable(package="Custom")
class Doubled(L.Layer):
    def call(self, inputs):
        return inputs * 2


def custom():
    """A layer of the user's own, which only its code describes."""
    i = keras.Input((4, 4, 3))
    model = keras.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(Doubled(name="doubled")(L.Conv2D(2, 3)(i)))))
    randomize(model)
    save("custom", model, [".h5"] if VERSION == "keras2.12" else [".h5", ".keras"])


KINDS = [nested, renamed, modes, activations, layers, shared, resizings]
if VERSION in ("keras3", "keras2.13"):
    KINDS += [channels_first, flat_channels_first, heads, custom, any_size]
KINDS += [groups] if VERSION in ("keras2.12", "keras3") else []
KINDS += [filters] if VERSION in ("keras2.15", "keras3") else []
KINDS += [overflow, simplex, functions, powers, constants, padded_any_size, scaled_any_size, several_sizes] if KERAS3 else []
KINDS += [tensorflow_functions] if VERSION == "keras2.15" else []
KINDS += [normalizations] if VERSION == "keras2.12" else [logarithm] if VERSION in ("keras2.15", "keras3") else []
if PACKAGE != "tensorflow.keras":
    # keras-core 0.1.7 cannot save a model with preprocess_input in its graph, either.
    KINDS = [nested, shared] if PACKAGE == "keras_core" else [nested, shared, modes]
os.makedirs(FOLDER, exist_ok=True)
for kind in [kind for kind in KINDS if kind.__name__ in sys.argv[2:] or len(sys.argv) == 2]:
    keras.backend.clear_session()
    kind()
with open(EXPECTED_FILE, "w") as file:
    json.dump(EXPECTED, file)
    file.write("\n")
