#!/usr/bin/env python3
"""Writes Fixtures/keras_layers.tsv: the layers with weights of some networks of keras.applications, in the order of
`model.layers`, each with the shapes of its weights; every network is the first of its session.

    python3 make_keras_layers.py        needs Keras 2 or 3 (made with Keras 3.15)
"""

import pathlib

import keras

NETWORKS = ["Xception", "InceptionV3", "VGG16", "ResNet50"]


def main():
    rows = ["network\tlayer\tweights"]
    for name in NETWORKS:
        keras.backend.clear_session()
        model = getattr(keras.applications, name)(weights=None)
        for layer in model.layers:
            shapes = ["x".join(map(str, weight.shape)) for weight in layer.weights]
            if shapes:
                rows.append("\t".join([name, layer.name, " ".join(shapes)]))
    path = pathlib.Path(__file__).parent / "Fixtures" / "keras_layers.tsv"
    path.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
