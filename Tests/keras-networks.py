#!/usr/bin/env python3
"""Makes networks of keras.applications with seeded weights, each with a picture and what Keras gives for it.

    Tests/keras-networks.py [--drawn] FOLDER NAME...

writes NAME.keras, NAME.ppm and NAME.json, which Tests/keras-files.py reads. NAME is that of a function of keras.applications;
without names, all 40. Weights drawn at random let the values of a deep network grow from block to block: those of
EfficientNetV2L reach 1e13, where Keras's own answers in 32 and in 64 bits differ by a fifth. So normalizations here have the
moments of what they read, as training gives them, and both answers are written: `output`, in 64 bits, and `float32`. What they
read is the picture and noise from -1 to 1 behind the model's own scaling, on which the converter's check runs the network.
With --drawn the moments are drawn at random, too, and `output` is in 32 bits.

Needs Keras 3 with TensorFlow.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from PIL import Image

NAMES = (
    "Xception VGG16 VGG19 InceptionV3 InceptionResNetV2 ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2 "
    "MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large DenseNet121 DenseNet169 DenseNet201 NASNetMobile NASNetLarge "
    "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 "
    "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S EfficientNetV2M EfficientNetV2L "
    "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge"
).split()
SIDES = {
    "Xception": 299, "InceptionV3": 299, "InceptionResNetV2": 299, "NASNetLarge": 331, "EfficientNetB1": 240,
    "EfficientNetB2": 260, "EfficientNetB3": 300, "EfficientNetB4": 380, "EfficientNetB5": 456, "EfficientNetB6": 528,
    "EfficientNetB7": 600, "EfficientNetV2B1": 240, "EfficientNetV2B2": 260, "EfficientNetV2B3": 300, "EfficientNetV2S": 384,
    "EfficientNetV2M": 480, "EfficientNetV2L": 480,
}  # fmt: skip


def build(name, side):
    head = {} if name.startswith("NASNet") else {"classifier_activation": None}
    return getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), **head)


def noise_for(model, random):
    """Noise whose values are -1 to 1 once the model's first layers have scaled it."""
    noise = random.uniform(-1, 1, (1, *model.input_shape[1:])).astype("float32")
    scalings = []
    for layer in model.layers[1:]:
        if not isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization)):
            break
        scalings.append(layer)
    for layer in reversed(scalings):
        zero, one = (np.asarray(layer(np.full_like(noise, value))) for value in (0, 1))
        noise = (noise - zero) / (one - zero)
    return noise


def draw(model, random):
    """All that a normalization has, around what leaves its values as they are."""
    limits = {"gamma": (0.7, 1.3), "beta": (-0.2, 0.2), "moving_mean": (-0.2, 0.2), "moving_variance": (0.5, 1.5)}
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.weights:
                low, high = limits[variable.name]
                variable.assign(random.uniform(low, high, variable.shape).astype("float32"))


def calibrate(model, values, random):
    """The moments of what normalizations read, with weights that are drawn at random."""
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    # Moments without what dropout does to them.
    kept = [(layer, "rate", layer.rate) for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    kept += [(layer, "momentum", layer.momentum) for layer in normalizations]
    for layer, option, _ in kept:
        setattr(layer, option, 0.0)
    for layer in normalizations:
        for variable in layer.trainable_variables:
            low, high = (0.7, 1.3) if variable.name == "gamma" else (-0.2, 0.2)
            variable.assign(random.uniform(low, high, variable.shape).astype("float32"))
    for layer in model.layers:
        if type(layer).__name__ == "LayerScale":
            # Not the 1e-6 at which training starts, under which the block beside it adds nothing.
            layer.gamma.assign(random.uniform(0.1, 0.3, layer.gamma.shape).astype("float32"))
    if normalizations:
        model(np.concatenate([values, noise_for(model, random)]), training=True)
    for layer, option, value in kept:
        setattr(layer, option, value)


def in_64_bits(model, name, side, values):
    weights = model.get_weights()
    keras.config.set_dtype_policy("float64")
    exact = build(name, side)
    exact.set_weights(weights)
    output = exact(values.astype("float64"), training=False).numpy()[0]
    keras.config.set_dtype_policy("float32")
    return output


def make(name, folder, is_drawn):
    keras.utils.set_random_seed(7)
    side = SIDES.get(name, 224)
    model = build(name, side)
    random = np.random.default_rng(11)
    if is_drawn:
        draw(model, random)
    pixels = random.integers(0, 256, (side // 8 + 1, side // 8 + 1, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(pixels).resize((side, side), Image.BICUBIC))
    scaled = any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model.layers)
    values = picture.astype("float32")[None] if scaled else picture.astype("float32")[None] / 127.5 - 1
    if not is_drawn:
        calibrate(model, values, random)
    single = model(values, training=False).numpy()[0]
    model.save(os.path.join(folder, name + ".keras"))
    output = single if is_drawn else in_64_bits(model, name, side, values)
    Image.fromarray(picture).save(os.path.join(folder, name + ".ppm"))
    facts = {"scaled": scaled, "side": side, "output": output.tolist(), "float32": single.tolist()}
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(facts, file)
    print(name, "logits to", np.abs(output).max(), "32 bits differ by", np.abs(single - output).max(), flush=True)


arguments = [argument for argument in sys.argv[1:] if argument != "--drawn"]
if not arguments:
    sys.exit(__doc__)
os.makedirs(arguments[0], exist_ok=True)
for name in arguments[1:] or NAMES:
    make(name, arguments[0], "--drawn" in sys.argv)
    keras.backend.clear_session()
