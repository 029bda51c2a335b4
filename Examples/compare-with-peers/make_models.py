"""Makes the models that are compared: make_models.py FOLDER [--precision PRECISION ...] [--network NETWORK ...]

FOLDER holds kitchenware.keras and photos, which Examples/fetch-trained-model.sh fetches. Its Xception backbone,
trained on ImageNet, gets a head of 1000 classes with seeded weights; the other networks are those of
keras.applications. Each is written as NETWORK.keras, NETWORK.tflite (LiteRT), NETWORK.onnx (ONNX Runtime and OpenVINO),
NETWORK-ncnn.param and .bin, and NETWORK.mnn. For int8, ONNX Runtime and NNCF quantize it as their manuals say, with two
crops of each of the 18 photos to calibrate: NETWORK-int8-ort.onnx and NETWORK-int8-ov.xml. What exists is kept.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from networks import SIDES, TRAINED

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


def seeded(network: str):
    import keras

    keras.utils.set_random_seed(7)
    return getattr(keras.applications, network)(weights=None, input_shape=(SIDES[network], SIDES[network], 3))


def make_float_models(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    import tensorflow

    model = full_xception(folder / "kitchenware.keras") if network == TRAINED else seeded(network)
    saved = work / "saved_model"
    model.export(saved, verbose=False)
    lite = tensorflow.lite.TFLiteConverter.from_saved_model(str(saved)).convert()
    (work / f"{network}.tflite").write_bytes(lite)
    if network == "VGG16":
        make_plain_onnx(model, work / f"{network}.onnx")
    else:
        options = ["--saved-model", saved, "--output", work / f"{network}.onnx", "--opset", "17"]
        subprocess.run([sys.executable, "-m", "tf2onnx.convert", *options], check=True)
    model.save(work / f"{network}.keras")


def make_plain_onnx(model, file: pathlib.Path) -> None:
    """A chain of convolutions, pools and dense layers node by node: of VGG-16, tf2onnx takes more than 20 GB."""
    import numpy
    import onnx

    nodes, weights, value = [], [], "pixels"

    def add(operation: str, layer=None, **attributes) -> None:
        nonlocal value
        inputs = [value]
        if layer is not None:
            kernel, bias = layer.get_weights()
            order = (3, 2, 0, 1) if kernel.ndim == 4 else (0, 1)
            for name, array in (("kernel", kernel.transpose(order)), ("bias", bias)):
                inputs.append(f"{layer.name}_{name}")
                weights.append(onnx.numpy_helper.from_array(numpy.ascontiguousarray(array), inputs[-1]))
        value = f"value{len(nodes)}"
        nodes.append(onnx.helper.make_node(operation, inputs, [value], **attributes))

    add("Transpose", perm=[0, 3, 1, 2])
    for layer in model.layers:
        match type(layer).__name__:
            case "Conv2D":
                add("Conv", layer, pads=[1, 1, 1, 1])
            case "MaxPooling2D":
                add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
            case "Flatten":
                add("Transpose", perm=[0, 2, 3, 1])
                add("Flatten")
            case "Dense":
                add("Gemm", layer)
        match getattr(getattr(layer, "activation", None), "__name__", None):
            case "relu":
                add("Relu")
            case "softmax":
                add("Softmax")
    shapes = (("pixels", model.input_shape), (value, model.output_shape))
    pixels, answer = (onnx.helper.make_tensor_value_info(name, 1, [1, *shape[1:]]) for name, shape in shapes)
    graph = onnx.helper.make_graph(nodes, model.name, [pixels], [answer], weights)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), file)


def write_folded(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    """The network as work/folded.onnx, by ONNX Runtime: pnnx leaves out padding that is no part of its convolution."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(work / "folded.onnx")
    onnxruntime.InferenceSession(str(folder / f"{network}.onnx"), options, providers=["CPUExecutionProvider"])


def make_ncnn(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    write_folded(folder, work, network)
    side = SIDES[network]
    command = [pathlib.Path(sys.executable).with_name("pnnx"), "folded.onnx"]
    command += [f"inputshape=[1,{side},{side},3]", "fp16=0"]
    result = subprocess.run(command, cwd=work, check=True, capture_output=True, text=True)
    for ending in ("param", "bin"):
        os.rename(work / f"folded.ncnn.{ending}", work / f"{network}-ncnn.{ending}")
    if "ignore" in result.stdout + result.stderr:
        # No network that ncnn reads, so that it is compared without ncnn, and not with another network in it.
        (work / f"{network}-ncnn.param").write_text(f"pnnx leaves out a part of {network}\n")


def make_mnn(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    write_folded(folder, work, network)
    command = [pathlib.Path(sys.executable).with_name("mnnconvert"), "-f", "ONNX", "--bizCode", "MNN"]
    command += ["--modelFile", work / "folded.onnx", "--MNNModel", work / f"{network}.mnn"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def calibration_images(folder: pathlib.Path, side: int):
    """The whole of each photo, and a part of it at four thirds of the size."""
    import numpy
    from PIL import Image

    photos = sorted((folder / "photos").glob("*.jpg"))
    if not photos:
        sys.exit(f"make_models.py: there are no photos in {folder / 'photos'} to calibrate with")
    for file in photos:
        photo = Image.open(file).convert("RGB")
        for size in (side, side * 4 // 3 + 2):
            pixels = numpy.asarray(photo.resize((size, size), Image.Resampling.BILINEAR), "float32") / 127.5 - 1
            yield pixels[None, :side, :side]


def make_openvino_int8(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    import nncf
    import openvino

    side = SIDES[network]
    model = openvino.Core().read_model(folder / f"{network}.onnx")
    model.reshape([1, side, side, 3])
    images = list(calibration_images(folder, side))
    quantized = nncf.quantize(
        model, nncf.Dataset(images), preset=nncf.QuantizationPreset.PERFORMANCE, subset_size=len(images)
    )
    openvino.save_model(quantized, work / f"{network}-int8-ov.xml")


def make_onnx_runtime_int8(folder: pathlib.Path, work: pathlib.Path, network: str) -> None:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = work / "prepared.onnx"
    quant_pre_process(str(folder / f"{network}.onnx"), str(prepared))
    name = onnx.load(prepared, load_external_data=False).graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.images = calibration_images(folder, SIDES[network])

        def get_next(self):
            image = next(self.images, None)
            return None if image is None else {name: image}

    quantize_static(
        str(prepared), str(work / f"{network}-int8-ort.onnx"), Reader(), quant_format=QuantFormat.QDQ,
        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )


FLOAT = (
    (make_float_models, [".onnx", ".tflite", ".keras"]),
    (make_ncnn, ["-ncnn.bin", "-ncnn.param"]),
    (make_mnn, [".mnn"]),
)
INT8 = (
    (make_openvino_int8, ["-int8-ov.bin", "-int8-ov.xml"]),
    (make_onnx_runtime_int8, ["-int8-ort.onnx"]),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--precision", nargs="+", default=["fp32"])
    parser.add_argument("--network", nargs="+", choices=SIDES, default=[TRAINED])
    options = parser.parse_args()
    for network in options.network:
        for make, endings in (*FLOAT, *(INT8 if "int8" in options.precision else ())):
            make_missing(make, options.folder, network, [network + ending for ending in endings])


def make_missing(make, folder: pathlib.Path, network: str, files: list[str]) -> None:
    if all((folder / file).exists() for file in files):
        return
    print(f"Making {', '.join(files)}", flush=True)
    # Made beside, then moved: what was interrupted is not taken for finished.
    with tempfile.TemporaryDirectory(dir=folder) as work:
        make(folder, pathlib.Path(work), network)
        for file in files:
            os.replace(pathlib.Path(work) / file, folder / file)


if __name__ == "__main__":
    main()
