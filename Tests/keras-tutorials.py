#!/usr/bin/env python3
"""Makes small models built as tutorials and users build them, saved by the Keras that runs this script.

    Tests/keras-tutorials.py FOLDER [NAME...]

writes for each NAME.h5, NAME.keras (where this version writes it), NAME.weights.h5, NAME.ppm and NAME.json, which
Tests/keras-files.py reads: what Keras gives for the picture, as pixels of 0 to 255 unless `scale` says otherwise. Weights are
seeded, so nothing is downloaded. Run it with several versions, a folder each:

    for version in 2.12.1 2.13.1 2.15.1 2.21.0; do                       # the last is Keras 3; Python 3.11 has them all
      python3.11 -m venv tf$version && tf$version/bin/pip install tensorflow-cpu==$version Pillow
      tf$version/bin/python Tests/keras-tutorials.py tutorials-$version
    done
    Tests/keras-files.py tutorials-*
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow import keras

L, A = keras.layers, keras.applications
SIDE, SEED = 96, 5
MOMENTS = {"gamma": (0.8, 1.2), "beta": (-0.1, 0.1), "moving_mean": (-0.1, 0.1), "moving_variance": (0.7, 1.3)}


def image():
    return keras.Input((SIDE, SIDE, 3))


def scaled(x):
    return L.Rescaling(1 / 127.5, offset=-1)(x)


def base(kind, **options):
    model = kind(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), **options)
    model.trainable = False
    return model


def augmentation():
    return keras.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(0.2), L.RandomZoom(0.1)], name="data_augmentation")


def tutorial():
    """tensorflow.org, transfer learning: augmentation, preprocess_input in the graph, a nested base, one logit."""
    i = image()
    x = A.mobilenet_v2.preprocess_input(augmentation()(i))
    x = L.GlobalAveragePooling2D()(base(A.MobileNetV2)(x, training=False))
    x = L.Dropout(0.2)(x)
    return keras.Model(i, L.Dense(1)(x))


def guide():
    """keras.io, transfer learning guide: Rescaling, Xception, one logit."""
    i = image()
    x = base(A.Xception)(scaled(augmentation()(i)), training=False)
    x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
    return keras.Model(i, L.Dense(1)(x))


def flowers():
    """tensorflow.org, image classification: a Sequential with augmentation and Rescaling, logits."""
    layers = [image(), augmentation(), L.Rescaling(1 / 255)]
    for filters in (16, 32):
        layers += [L.Conv2D(filters, 3, padding="same", activation="relu"), L.MaxPooling2D()]
    layers += [L.Dropout(0.2), L.Flatten(), L.Dense(64, activation="relu"), L.Dense(5, name="outputs")]
    return keras.Sequential(layers)


def sequential_base():
    head = [L.GlobalAveragePooling2D(), L.Dense(128, activation="relu"), L.BatchNormalization(), L.Dropout(0.5)]
    rescaling = L.Rescaling(1 / 127.5, offset=-1)
    return keras.Sequential([image(), rescaling, base(A.Xception), *head, L.Dense(4, activation="softmax")])


def rescaled_resnet():
    i = image()
    x = base(A.ResNet50)(scaled(i), training=False)
    return keras.Model(i, L.Dense(3, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def caffe_vgg():
    i = image()
    x = L.Flatten()(base(A.VGG16)(A.vgg16.preprocess_input(i)))
    return keras.Model(i, L.Dense(2, activation="softmax")(L.Dense(64, activation="relu")(x)))


def binary_sigmoid():
    i = image()
    return keras.Model(i, L.Dense(1, activation="sigmoid")(base(A.MobileNetV2, pooling="avg")(scaled(i))))


def tags():
    """Independent labels."""
    i = image()
    return keras.Model(i, L.Dense(7, activation="sigmoid")(base(A.Xception, pooling="max")(scaled(i))))


def efficient():
    i = image()
    x = L.BatchNormalization()(L.GlobalAveragePooling2D()(base(A.EfficientNetB0)(i)))
    return keras.Model(i, L.Dense(5, activation="softmax")(x))


def flat():
    """The base's own layers in one graph, the first ones named with slashes."""
    network = base(A.DenseNet121)
    x = L.GlobalAveragePooling2D()(network.output)
    return keras.Model(network.input, L.Dense(6, activation="softmax", name="predictions")(x))


def wrapped():
    """A trained model with its preprocessing around it for export: the nested model is the output."""
    inner, i = flat(), image()
    return keras.Model(i, inner(scaled(i)))


def modern_head():
    i = image()
    x = base(A.MobileNetV2)(scaled(L.Resizing(SIDE, SIDE)(i)))
    x = L.LeakyReLU()(L.Conv2D(64, 1, use_bias=False)(x))
    x = L.Conv2D(5, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(i, L.Softmax()(L.Reshape((5,))(x)))


MODELS = [tutorial, guide, flowers, sequential_base, rescaled_resnet, caffe_vgg, binary_sigmoid, tags, efficient, flat]
MODELS += [wrapped, modern_head]


def layers_of(model):
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers_of(layer)


def save(model, base_path):
    """In each form that this version has; TensorFlow 2.12 and 2.13 cannot write all models."""
    files = []
    for ending in (".h5", ".keras", ".weights.h5"):
        try:
            (model.save_weights if "weights" in ending else model.save)(base_path + ending)
            files.append(ending)
        except Exception as error:
            print(os.path.basename(base_path) + ending, "not written:", type(error).__name__, str(error)[:100])
    return files


def make(build, folder):
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    model = build()
    random = np.random.default_rng(SEED)
    for layer in layers_of(model):
        if isinstance(layer, L.BatchNormalization):
            names = [(v.path if hasattr(v, "path") else v.name).split("/")[-1].split(":")[0] for v in layer.weights]
            layer.set_weights([random.uniform(*MOMENTS[n], v.shape).astype("f4") for n, v in zip(names, layer.weights)])
    pixels = np.random.default_rng(SEED).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.BICUBIC))
    base_path = os.path.join(folder, build.__name__)
    Image.fromarray(picture).save(base_path + ".ppm")
    scale = "tf" if build is flat else None
    values = picture.astype("f4")[None]
    output = np.asarray(model(values / 127.5 - 1 if scale else values, training=False))[0]
    facts = {"tensorflow": tf.__version__, "files": save(model, base_path), "scale": scale, "output": output.tolist()}
    with open(base_path + ".json", "w") as file:
        json.dump(facts, file)
    print(build.__name__, facts["files"], np.round(output[:4], 4).tolist(), flush=True)


if len(sys.argv) < 2:
    sys.exit(__doc__)
os.makedirs(sys.argv[1], exist_ok=True)
for build in MODELS:
    if build.__name__ in sys.argv[2:] or len(sys.argv) == 2:
        make(build, sys.argv[1])
