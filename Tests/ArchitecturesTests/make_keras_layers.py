#!/usr/bin/env python3
"""Writes what Keras says of the networks of keras.applications: their layers with weights in the order of `model.layers`,
each with its class and the shapes of its weights; every network is the first of its session.

Fixtures/keras_layers.tsv has the layers of some, Fixtures/keras_digests.tsv of all, with and without a top, how many
layers there are, a digest of their lines, and the number of parameters.

    python3 make_keras_layers.py [ALL.tsv]     needs Keras 3 (made with 3.15); ALL.tsv: the layers of all
"""

import pathlib
import sys

import keras
from keras.src.backend.common.stateless_scope import StatelessScope
from keras.src.utils.naming import to_snake_case

LISTED = ["Xception", "InceptionV3", "VGG16", "ResNet50"]
NETWORKS = (
    ["Xception", "InceptionV3", "InceptionResNetV2", "VGG16", "VGG19", "MobileNet", "MobileNetV2"]
    + ["MobileNetV3Small", "MobileNetV3Large", "NASNetMobile", "NASNetLarge"]
    + [f"ResNet{depth}{version}" for depth in (50, 101, 152) for version in ("", "V2")]
    + [f"DenseNet{depth}" for depth in (121, 169, 201)]
    + [f"EfficientNetB{index}" for index in range(8)]
    + [f"EfficientNetV2{variant}" for variant in ("B0", "B1", "B2", "B3", "S", "M", "L")]
    + [f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")]
)


def rows(layers, prefix=""):
    for layer in layers:
        if isinstance(layer, keras.Sequential):
            yield from rows(layer.layers, f"{layer.name}/")
            continue
        # A random generator's state is no weight.
        shapes = ["x".join(map(str, w.shape)) for w in layer.weights if "seed" not in w.name]
        if shapes:
            yield f"{prefix}{layer.name}\t{to_snake_case(type(layer).__name__)}\t{' '.join(shapes)}"


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:x}"


def main():
    layers, digests, everything = ["network\tlayer\tclass\tweights"], ["network\ttop\tlayers\tdigest\tparameters"], []
    for name in NETWORKS:
        for top in (True, False):
            keras.backend.clear_session()
            # Without its size, Keras builds a NASNetLarge that no image fits.
            shape = {"input_shape": (331, 331, 3)} if name == "NASNetLarge" else {}
            # Where weights stay without values, the largest network takes no memory.
            with StatelessScope():
                model = getattr(keras.applications, name)(weights=None, include_top=top, **shape)
            found = list(rows(model.layers))
            kind = "top" if top else "notop"
            digests.append("\t".join([name, kind, str(len(found)), fnv1a("\n".join(found)), str(model.count_params())]))
            print(name, kind, len(found), model.count_params(), flush=True)
            everything += [f"{name}\t{kind}\t{row}" for row in found]
            if top and name in LISTED:
                layers += [f"{name}\t{row}" for row in found]
    folder = pathlib.Path(__file__).parent / "Fixtures"
    (folder / "keras_layers.tsv").write_text("\n".join(layers) + "\n")
    (folder / "keras_digests.tsv").write_text("\n".join(digests) + "\n")
    if len(sys.argv) > 1:
        pathlib.Path(sys.argv[1]).write_text("\n".join(everything) + "\n")


if __name__ == "__main__":
    main()
