"""Makes Fixtures/: small models saved by Keras, and what Keras computes with them.

    python3 Tests/ModelImportTests/make_fixtures.py Tests/ModelImportTests/Fixtures

Made with Keras 3.15.1, TensorFlow 2.21.0 and h5py 3.14.0. The tests need neither.
"""

import json
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
from keras import layers as L

FOLDER = sys.argv[1]
EXPECTED = {}


def seeded_input(seed, count):
    """The values of Metadata.Golden.input(seed:count:)."""
    mask, state, values = (1 << 64) - 1, seed, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        mixed ^= mixed >> 31
        values.append((mixed >> 40) * 2.0**-23 - 1)
    return np.array(values, dtype=np.float32)


def randomize(model, seed):
    """Weights unlike each other: kernels of unit gain, moments and scales away from 0 and 1."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        shape, name = weight.shape, weight.name
        if name == "count":
            value = 1
        elif "kernel" in name:
            fan = np.prod(shape[:3]) if name != "depthwise_kernel" else np.prod(shape[:2])
            value = random.normal(0, (1.5 / max(float(fan), 1.0)) ** 0.5, shape)
        elif "variance" in name or name == "gamma":
            value = random.uniform(0.5, 1.5, shape)
        else:
            value = random.uniform(-0.5, 0.5, shape)
        weight.assign(value)


def deflate(path):
    """Packs the entries of an archive again, deflated; Keras stores them."""
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in entries:
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED, 9)


def expect(name, model, values=None):
    height, width, channels = model.input_shape[1:]
    if values is None:
        values = seeded_input(1, height * width * channels)
    output = model(values.reshape(1, height, width, channels), training=False)
    EXPECTED[name] = {"input": [height, width, channels], "output": np.asarray(output, np.float32).ravel().tolist()}


def save(name, model, legacy=False):
    path = os.path.join(FOLDER, name)
    model.save(path + ".keras")
    deflate(path + ".keras")
    expect(name + ".keras", model)
    if legacy:
        model.save(path + ".h5")
        expect(name + ".h5", model)


def every_layer():
    """Each layer that is known, on odd and even sides, with a functional and a sequential model inside."""
    inner_input = keras.Input((17, 14, 3), name="inner_input")
    x = L.Conv2D(4, 3, strides=2, padding="same", name="conv_same")(inner_input)
    x = L.BatchNormalization(name="bn")(x)
    x = L.ReLU(max_value=6.0, name="relu6")(x)
    y = L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2, activation="elu", name="separable")(x)
    y = L.BatchNormalization(scale=False, epsilon=0.01, name="bn_without_gamma")(y)
    z = L.Conv2D(6, (1, 3), padding="same", use_bias=False, groups=2, name="grouped")(x)
    z = L.BatchNormalization(center=False, name="bn_without_beta")(z)
    inner = keras.Model(inner_input, L.Add(name="sum")([y, z, y]), name="inner")

    tail = keras.Sequential(
        [
            keras.Input((5, 4, 12)),
            L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu6", name="depthwise"),
            L.Conv2D(5, 3, padding="valid", dilation_rate=(1, 1), activation="sigmoid", name="conv_valid"),
            L.Dropout(0.3, name="tail_dropout"),
        ],
        name="tail",
    )

    image = keras.Input((17, 14, 3), name="image")
    x = inner(image)
    x = L.Activation("relu", name="relu")(x)
    p = L.MaxPooling2D(3, strides=2, padding="same", name="max_same")(x)
    q = L.AveragePooling2D(3, strides=2, padding="same", name="average_same")(x)
    r = L.ZeroPadding2D(((1, 0), (1, 1)), name="pad_max")(x)
    r = L.MaxPooling2D((2, 3), strides=2, name="max_valid")(r)
    x = L.Concatenate(name="join")([p, q])
    x = L.ELU(alpha=0.5, name="elu")(x)
    s = L.ZeroPadding2D((0, 1), name="pad_average")(x)
    s = L.AveragePooling2D((1, 3), strides=1, name="average_valid")(s)
    x = L.Add(name="sum")([x, s])
    t = tail(x)
    t = L.Flatten(name="flatten")(t)
    u = L.ZeroPadding2D(2, name="pad_conv")(r)
    u = L.Conv2D(3, 3, strides=2, padding="same", dilation_rate=1, name="conv_padded")(u)
    u = L.Softmax(name="channel_softmax")(u)
    v = L.Conv2D(3, 3, padding="same", dilation_rate=2, name="conv_dilated")(r)
    v = L.GlobalAveragePooling2D(name="average")(v)
    v = L.BatchNormalization(name="bn_of_vector")(v)
    u = L.Flatten(name="flatten_u")(u)
    x = L.Concatenate(name="join_vectors")([t, u, v])
    x = L.Dense(9, activation="relu", name="hidden")(x)
    x = L.Dropout(0.5, name="dropout")(x)
    x = L.Dense(4, name="logits")(x)
    model = keras.Model(image, L.Activation("softmax", name="probabilities")(x), name="every_layer")
    randomize(model, 1)
    save("every_layer", model, legacy=True)


def sequential():
    """A sequential model that rescales its input; its expected output is that of pixels 0 to 255."""
    model = keras.Sequential(
        [
            keras.Input((9, 9, 3)),
            L.Rescaling(1 / 127.5, -1, name="rescale"),
            L.Normalization(name="normalize"),
            L.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv"),
            L.SeparableConv2D(5, 3, activation="relu", name="separable"),
            L.GlobalAveragePooling2D(name="average"),
            L.Dense(2, activation="sigmoid", name="labels"),
        ],
        name="sequential_model",
    )
    randomize(model, 2)
    model.get_layer("normalize").finalize_state()
    pixels = np.floor((seeded_input(1, 9 * 9 * 3) + 1) * 128)
    for suffix in [".keras", ".h5"]:
        path = os.path.join(FOLDER, "sequential" + suffix)
        model.save(path)
        if suffix == ".keras":
            deflate(path)
        expect("sequential" + suffix, model, pixels)
    half_precision(os.path.join(FOLDER, "sequential.keras"), os.path.join(FOLDER, "sequential_types.keras"), model, pixels)


def half_precision(source, target, model, pixels):
    """The same file with its weights in bfloat16 (as Keras marks it), float16 and float64, and a chunked one."""
    import io

    import ml_dtypes

    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    image = io.BytesIO(entries["model.weights.h5"])
    with h5py.File(image, "a") as file:
        types = {"layers/conv2d/vars/0": "bfloat16", "layers/separable_conv2d/vars/0": "float16", "layers/dense/vars/0": "float64"}
        for path, kind in types.items():
            values = file[path][()]
            del file[path]
            if kind == "bfloat16":
                data = file.create_dataset(path, data=values.astype(ml_dtypes.bfloat16))
                data.attrs["dtype"] = "bfloat16"
            else:
                file.create_dataset(path, data=values.astype(kind))
        path = "layers/separable_conv2d/vars/1"
        values = file[path][()]
        del file[path]
        file.create_dataset(path, data=values, chunks=(1, 1, 2, 3), compression="gzip", shuffle=True, fletcher32=True)
    entries["model.weights.h5"] = image.getvalue()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in entries.items():
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED, 9)
    weights = {w.path: w.numpy() for w in model.weights}
    conv, separable = model.get_layer("conv"), model.get_layer("separable")
    conv.kernel.assign(conv.kernel.numpy().astype(ml_dtypes.bfloat16).astype(np.float32))
    separable.depthwise_kernel.assign(separable.depthwise_kernel.numpy().astype(np.float16).astype(np.float32))
    expect(os.path.basename(target), model, pixels)
    for weight in model.weights:
        weight.assign(weights[weight.path])


def keras2():
    """`every_layer.h5` as Keras 2 wrote it: names ending in `:0`, lists for inbound nodes, long lists of names split."""
    source, target = (os.path.join(FOLDER, name) for name in ["every_layer.h5", "every_layer_keras2.h5"])
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        config = json.loads(old.attrs["model_config"])
        convert_model(config)
        new.attrs["model_config"] = json.dumps(config).encode()
        new.attrs["keras_version"] = b"2.12.0"
        group = new.create_group("model_weights")
        names = [name.encode() for name in old["model_weights"].attrs["layer_names"].astype(str)]
        group.attrs["layer_names0"], group.attrs["layer_names1"] = names[:5], names[5:]
        for name in names:
            source_group, layer = old["model_weights"][name], group.create_group(name)
            weight_names = [str(n) for n in source_group.attrs["weight_names"]]
            layer.attrs["weight_names"] = [(n + ":0").encode() for n in weight_names]
            for weight in weight_names:
                layer.create_dataset(weight + ":0", data=source_group[weight][()])
    EXPECTED["every_layer_keras2.h5"] = EXPECTED["every_layer.h5"]


def convert_model(model):
    if model["class_name"] == "Functional":
        for key in ["input_layers", "output_layers"]:
            if isinstance(model["config"][key][0], str):
                model["config"][key] = [model["config"][key]]
    for layer in model["config"]["layers"]:
        for node, call in enumerate(layer.get("inbound_nodes", [])):
            tensors = call["args"][0]
            tensors = tensors if isinstance(tensors, list) else [tensors]
            layer["inbound_nodes"][node] = [t["config"]["keras_history"] + [{}] for t in tensors]
        config = layer["config"]
        config["dtype"] = "float32"
        if "batch_shape" in config:
            config["batch_input_shape"] = config.pop("batch_shape")
        if isinstance(config.get("axis"), int) and layer["class_name"] == "BatchNormalization" and config["axis"] == -1:
            config["axis"] = [3] if "vector" not in layer["name"] else [1]
        if layer["class_name"] in ("Functional", "Sequential"):
            convert_model(layer)


os.makedirs(FOLDER, exist_ok=True)
every_layer()
sequential()
keras2()
with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(EXPECTED, file, indent=1)
    file.write("\n")
