#!/usr/bin/env python3
"""Saves weights without their network, of networks of keras.applications.

    python3 make_weights_only.py FIXTURES
    python3 make_weights_only.py ZOO OUT [NAME...]

The first makes FIXTURES/weights.zip: narrow networks with seeded weights, deflated because HDF5's structures take ten times
as much as the weights, and in expected.json what Keras computes with them. Run by Keras 3 (made with 3.15) it adds
`.weights.h5` files, by Keras 2 (made with TensorFlow 2.15) `.h5` files, and by that of TensorFlow 2.12 or 2.13 a `.weights.h5` file in
which each layer has two numbers.

The second takes models saved as ZOO/NAME.keras and writes OUT/NAME.weights.h5 and OUT/NAME.h5, in Keras's two layouts.
"""

import json
import os
import pathlib
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import h5py
import numpy as np
import tensorflow as tf

keras = tf.keras
VERSION = ".".join(tf.__version__.split(".")[:2])
IS_KERAS3 = getattr(keras, "__version__", "2").startswith("3")

# Each with the function and its arguments; the input is square.
NETWORKS = {
    "MobileNet": ("MobileNet", 32, {"alpha": 1 / 32, "classes": 3}),
    "MobileNetFeatures": ("MobileNet", 32, {"alpha": 1 / 32, "include_top": False, "pooling": "max"}),
    "MobileNetDeep": ("MobileNet", 32, {"alpha": 1 / 32, "depth_multiplier": 3, "classes": 3}),
    "MobileNetV3Small": (
        "MobileNetV3Small", 32,
        {"alpha": 0.05, "include_top": False, "pooling": "avg", "minimalistic": True},
    ),
}
DOUBLED = {"MobileNetDoubled": ("MobileNet", 32, {"alpha": 1 / 32, "classes": 2})}


def seeded_input(count):
    """The values of Metadata.Golden.input(seed: 1, count:)."""
    mask, state, values = (1 << 64) - 1, 1, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        mixed ^= mixed >> 31
        values.append((mixed >> 40) * 2.0**-23 - 1)
    return np.array(values, dtype=np.float32)


def randomize(model):
    """Weights unlike each other, which deflate well: kernels of unit gain, moments and scales away from 0 and 1."""
    random = np.random.default_rng(3)
    values = []
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight.name.split("/")[-1].split(":")[0]
        if "kernel" in name:
            fan = np.prod(shape[:2]) if "depthwise" in weight.name or "dw" in weight.name else np.prod(shape[:3])
            values.append(random.normal(0, (2 / fan) ** 0.5, shape))
        elif "variance" in name or name == "gamma":
            values.append(random.uniform(0.5, 1.5, shape))
        else:
            values.append(random.uniform(-0.5, 0.5, shape))
    model.set_weights([np.round(value * 64) / 64 for value in values])


def make_fixtures(folder):
    path = folder / "weights.zip"
    entries = {}
    if path.exists():
        with zipfile.ZipFile(path) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
    expected = json.loads(entries.get("expected.json", b"{}"))
    is_doubled = VERSION in ("2.12", "2.13")
    for name, (function, side, arguments) in (DOUBLED if is_doubled else NETWORKS).items():
        keras.backend.clear_session()
        model = getattr(keras.applications, function)(weights=None, input_shape=(side, side, 3), **arguments)
        randomize(model)
        file = f"{name}.weights.h5" if IS_KERAS3 else f"{name}-keras{VERSION}.weights.h5" if is_doubled else f"{name}.h5"
        with tempfile.TemporaryDirectory() as temporary:
            model.save_weights(pathlib.Path(temporary) / file)
            entries[file] = (pathlib.Path(temporary) / file).read_bytes()
        # The graph's input is what the network's own first layer makes of pixels.
        scaled = any(type(layer).__name__ == "Rescaling" for layer in model.layers)
        values = seeded_input(side * side * 3).reshape(1, side, side, 3)
        output = model((values + 1) * 127.5 if scaled else values, training=False)
        expected[file] = {"parameters": model.count_params(), "output": np.asarray(output)[0].tolist()}
    entries["expected.json"] = json.dumps(expected, indent=1).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in sorted(entries.items()):
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED, 9)


def convert(zoo, out, names):
    from keras.src.legacy.saving import legacy_h5_format

    for path in sorted(zoo.glob("*.keras"), key=lambda path: path.stat().st_size):
        if names and path.stem not in names:
            continue
        weights = out / f"{path.stem}.weights.h5"
        with zipfile.ZipFile(path) as archive:
            weights.write_bytes(archive.read("model.weights.h5"))
        model = keras.models.load_model(path, compile=False)
        with h5py.File(out / f"{path.stem}.h5", "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
        print(path.stem, flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        make_fixtures(pathlib.Path(sys.argv[1]))
    else:
        convert(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
