"""Makes the models that are compared: make_models.py FOLDER [PRECISION ...]

FOLDER holds kitchenware.keras and photos, which Examples/fetch-trained-model.sh fetches. Its Xception backbone,
trained on ImageNet, gets a head of 1000 classes with seeded weights, and is written as xception299.keras,
xception299.onnx (ONNX Runtime and OpenVINO) and xception299.tflite (LiteRT). For int8, ONNX Runtime and NNCF quantize
the network as their manuals say, with two crops of each of the 18 photos to calibrate: xception299-int8-ort.onnx and
xception299-int8-ov.xml. What exists is kept.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
SIDE = 299


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


def make_float_models(folder: pathlib.Path, work: pathlib.Path) -> None:
    import tensorflow

    model = full_xception(folder / "kitchenware.keras")
    saved = work / "saved_model"
    model.export(saved, verbose=False)
    lite = tensorflow.lite.TFLiteConverter.from_saved_model(str(saved)).convert()
    (work / "xception299.tflite").write_bytes(lite)
    options = ["--saved-model", saved, "--output", work / "xception299.onnx", "--opset", "17"]
    subprocess.run([sys.executable, "-m", "tf2onnx.convert", *options], check=True)
    model.save(work / "xception299.keras")


def calibration_images(folder: pathlib.Path):
    """The whole of each photo, and a part of it at four thirds of the size."""
    import numpy
    from PIL import Image

    photos = sorted((folder / "photos").glob("*.jpg"))
    if not photos:
        sys.exit(f"make_models.py: there are no photos in {folder / 'photos'} to calibrate with")
    for file in photos:
        photo = Image.open(file).convert("RGB")
        for side in (SIDE, 400):
            pixels = numpy.asarray(photo.resize((side, side), Image.Resampling.BILINEAR), "float32") / 127.5 - 1
            yield pixels[None, :SIDE, :SIDE]


def make_openvino_int8(folder: pathlib.Path, work: pathlib.Path) -> None:
    import nncf
    import openvino

    network = openvino.Core().read_model(folder / "xception299.onnx")
    network.reshape([1, SIDE, SIDE, 3])
    images = list(calibration_images(folder))
    quantized = nncf.quantize(
        network, nncf.Dataset(images), preset=nncf.QuantizationPreset.PERFORMANCE, subset_size=len(images)
    )
    openvino.save_model(quantized, work / "xception299-int8-ov.xml")


def make_onnx_runtime_int8(folder: pathlib.Path, work: pathlib.Path) -> None:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = work / "prepared.onnx"
    quant_pre_process(str(folder / "xception299.onnx"), str(prepared))
    name = onnx.load(prepared, load_external_data=False).graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.images = calibration_images(folder)

        def get_next(self):
            image = next(self.images, None)
            return None if image is None else {name: image}

    quantize_static(
        str(prepared), str(work / "xception299-int8-ort.onnx"), Reader(), quant_format=QuantFormat.QDQ,
        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )


FLOAT = (make_float_models, ["xception299.onnx", "xception299.tflite", "xception299.keras"])
INT8 = (
    (make_openvino_int8, ["xception299-int8-ov.bin", "xception299-int8-ov.xml"]),
    (make_onnx_runtime_int8, ["xception299-int8-ort.onnx"]),
)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for make, files in (FLOAT, *(INT8 if "int8" in sys.argv[2:] else ())):
        if all((folder / file).exists() for file in files):
            continue
        print(f"Making {', '.join(files)}")
        # Made beside, then moved: what was interrupted is not taken for finished.
        with tempfile.TemporaryDirectory(dir=folder) as work:
            make(folder, pathlib.Path(work))
            for file in files:
                os.replace(pathlib.Path(work) / file, folder / file)


if __name__ == "__main__":
    main()
