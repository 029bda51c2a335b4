"""Makes Fixtures/: small networks saved by Keras, one for each kind of layers behind the last pooling, and the Grad-CAM of each
class as Keras's example "Grad-CAM class activation visualization" makes it.

    python3 Tests/XceptionTests/make_heatmaps.py Tests/XceptionTests/Fixtures

Made with Keras 3.15.1 and TensorFlow 2.21.0. The tests need neither.
"""

import json
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

FOLDER = sys.argv[1]
HEIGHT, WIDTH = 20, 16
HEADS = {
    "dense": lambda: [L.GlobalAveragePooling2D(), L.Dense(3, activation="softmax")],
    "hidden": lambda: [
        L.GlobalAveragePooling2D(),
        L.BatchNormalization(),
        L.Dense(10, activation="relu"),
        L.Dropout(0.5),
        L.Dense(8, activation="gelu"),
        L.Dense(3),
    ],
    "convolutions": lambda: [
        L.GlobalAveragePooling2D(keepdims=True),
        L.Conv2D(9, 1, activation="hard_swish"),
        L.Conv2D(3, 1),
        L.Flatten(),
        L.Activation("softmax"),
    ],
    "normalized": lambda: [L.GlobalAveragePooling2D(), L.LayerNormalization(), L.Dense(3, activation="sigmoid")],
    "window": lambda: [L.AveragePooling2D((10, 8)), L.Flatten(), L.Dense(3)],
    "none": lambda: [L.Conv2D(3, 1), L.GlobalAveragePooling2D(), L.Activation("softmax")],
    "yes-no": lambda: [L.GlobalAveragePooling2D(), L.Dense(5, activation="silu"), L.Dense(1, activation="sigmoid")],
}


def made(head, seed):
    """The network and its layers from the last pooling on, its weights unlike each other."""
    layers = HEADS[head]()
    pooling = next(layer for layer in layers if "Pooling" in type(layer).__name__)
    body = [L.Conv2D(6, 3, strides=2, padding="same", activation="relu"), L.Conv2D(7, 3, padding="same"), L.Activation("elu")]
    model = keras.Sequential([keras.Input((HEIGHT, WIDTH, 3))] + body + layers)
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "kernel" in weight.name:
            weight.assign(random.normal(0, 1.5 / np.prod(weight.shape[:-1]) ** 0.5, weight.shape))
        elif "variance" in weight.name or weight.name == "gamma":
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif "seed" not in weight.name:
            weight.assign(random.uniform(-0.5, 0.5, weight.shape))
    return model, model.layers.index(pooling)


def deflate(path):
    """Packs the entries of an archive again, deflated; Keras stores them."""
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in entries:
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED, 9)


def gradcam(model, pooling, image, index):
    """Of the map before the pooling and the class's logit, from which the example removes the last activation, too."""
    map = tf.constant(image[None])
    for layer in model.layers[:pooling]:
        map = layer(map, training=False)
    with tf.GradientTape() as tape:
        tape.watch(map)
        value = map
        for layer in model.layers[pooling:]:
            if layer is model.layers[-1] and isinstance(layer, L.Activation):
                continue
            if layer is model.layers[-1]:
                layer.activation = keras.activations.linear
            value = layer(value, training=False)
        score = value[:, index]
    weights = tf.reduce_mean(tape.gradient(score, map), axis=(0, 1, 2))
    heatmap = tf.squeeze(map[0] @ weights[..., tf.newaxis])
    return heatmap.numpy()


pixels = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
expected = {"pixels": pixels.ravel().tolist(), "heads": {}}
for seed, head in enumerate(HEADS):
    model, pooling = made(head, seed)
    path = os.path.join(FOLDER, head + ".keras")
    model.save(path)
    deflate(path)
    maps = [gradcam(model, pooling, pixels.astype("f4") / 127.5 - 1, index) for index in range(model.output_shape[-1])]
    if head == "yes-no":
        maps = [-maps[0], maps[0]]  # the score of no is that of yes, negated
    expected["heads"][head] = [
        {"largest": float(map.max()), "values": (np.maximum(map, 0) / max(map.max(), 1e-30)).ravel().tolist()} for map in maps
    ]
with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(expected, file)
