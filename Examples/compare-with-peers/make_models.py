"""Makes the models that are compared: make_models.py FOLDER

FOLDER holds kitchenware.keras, which Examples/fetch-trained-model.sh fetches. Its Xception backbone, trained on ImageNet,
gets a head of 1000 classes with seeded weights, and is written as xception299.keras, xception299.onnx (ONNX Runtime and
OpenVINO) and xception299.tflite (LiteRT). What exists is kept.
"""

import os
import pathlib
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def full_xception(trained: pathlib.Path):
    import keras
    import numpy

    backbone = keras.models.load_model(trained).get_layer("xception")
    model = keras.applications.Xception(weights=None, classes=1000)
    targets = (weight for layer in model.layers[:-1] for weight in layer.weights)
    sources = (weight for layer in backbone.layers for weight in layer.weights)
    for target, source in zip(targets, sources, strict=True):
        target.assign(source)
    random = numpy.random.default_rng(7)
    model.layers[-1].set_weights([random.normal(0, 0.02, (2048, 1000)), random.normal(0, 0.01, 1000)])
    return model


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    keras_file, onnx_file, tflite_file = (folder / f"xception299.{kind}" for kind in ("keras", "onnx", "tflite"))
    if all(file.exists() for file in (keras_file, onnx_file, tflite_file)):
        return
    import tensorflow

    model = full_xception(folder / "kitchenware.keras")
    saved = folder / "saved_model"
    model.export(saved, verbose=False)
    tflite_file.write_bytes(tensorflow.lite.TFLiteConverter.from_saved_model(str(saved)).convert())
    subprocess.run(
        [sys.executable, "-m", "tf2onnx.convert", "--saved-model", saved, "--output", onnx_file, "--opset", "17"],
        check=True,
    )
    model.save(keras_file)


if __name__ == "__main__":
    main()
