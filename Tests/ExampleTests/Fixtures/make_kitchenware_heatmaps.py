"""Recomputes kitchenware-heatmaps.tsv with Keras: python make_kitchenware_heatmaps.py FOLDER (filled by
Examples/fetch-trained-model.sh).

Each line: photo, class, the largest value of its Grad-CAM before division by it, and the 25 values of the 5 x 5 heatmap, as
Keras's example "Grad-CAM class activation visualization" makes it: of the last map before pooling and the class's logit.
For each photo the class of the largest logit, and the next one. Written with TensorFlow 2.21, Keras 3.15, Pillow 13.
"""

import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf
from PIL import Image

folder = pathlib.Path(sys.argv[1])
model = keras.models.load_model(folder / "kitchenware.keras")
backbone = next(layer for layer in model.layers if layer.name == "xception")
behind = model.layers[model.layers.index(backbone) + 1 :]


def gradcam(image, index):
    with tf.GradientTape() as tape:
        map = backbone(image, training=False)
        tape.watch(map)
        value = map
        for layer in behind:
            value = layer(value, training=False)
        score = value[:, index]
    weights = tf.reduce_mean(tape.gradient(score, map), axis=(0, 1, 2))
    heatmap = tf.squeeze(map[0] @ weights[..., tf.newaxis])
    largest = tf.math.reduce_max(heatmap)
    return float(largest), (tf.maximum(heatmap, 0) / largest).numpy()


with open(pathlib.Path(__file__).with_name("kitchenware-heatmaps.tsv"), "w") as out:
    for photo in sorted((folder / "photos").glob("*.jpg")):
        image = Image.open(photo).convert("RGB").resize((150, 150), Image.NEAREST)
        values = np.asarray(image, "f4")[None] / 127.5 - 1
        best = int(model.predict(values, verbose=0)[0].argmax())
        for index in (best, (best + 1) % 6):
            largest, heatmap = gradcam(values, index)
            if largest <= 0:
                continue
            numbers = " ".join(f"{value:.7g}" for value in heatmap.ravel())
            print(photo.stem, index, f"{largest:.7g}", numbers, sep="\t", file=out)
