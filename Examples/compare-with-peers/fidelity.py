"""Measures how far bf16 and int8 are from fp32, here and in the peers; fidelity.sh prepares all that it needs.

The features are the 2,048 values that enter the classifier of Xception 299x299. Their cosine with our fp32 features of
the same picture is 1 where nothing is lost. Of the trained six-class model, whose classifier was not drawn at random,
the labels are compared too.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import compare
from networks import TRAINED

SIDE = 299
STAMPS = pathlib.Path("/usr/share/tuxpaint/stamps")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=pathlib.Path, default=STAMPS, help="a folder of PNG and JPEG files")
    parser.add_argument("--count", type=int, default=200, help="how many of them to use (200)")


def arguments() -> argparse.Namespace:
    parser = compare.parser("fidelity.sh", "Measures how far bf16 and int8 are from fp32, here and in the peers.")
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    return options


def is_picture(file: pathlib.Path) -> bool:
    """Not a letter or a sign, of which Tux Paint has hundreds: one color on white."""
    return file.suffix.lower() in (".png", ".jpg", ".jpeg") and "symbols" not in file.parts


def prepare_pictures(options: argparse.Namespace, folder: pathlib.Path) -> list[pathlib.Path]:
    """Pictures of 299x299, transparency on white, that every runtime reads without resizing."""
    from PIL import Image

    found = sorted(file for file in options.pictures.rglob("*") if is_picture(file.relative_to(options.pictures)))
    if not found:
        sys.exit(f"there are no PNG or JPEG files in {options.pictures}")
    count = min(options.count, len(found))
    files = []
    for index in range(count):
        picture = Image.open(found[index * len(found) // count]).convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        pixels = Image.alpha_composite(white, picture).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        files.append(folder / f"{index:04}.ppm")
        pixels.save(files[-1])
    return files


def classify(commands: pathlib.Path, weights: pathlib.Path, files: list, *options: str) -> list[dict]:
    """What xception-run prints for each image."""
    words = [commands / "xception-run", "--model", weights, "--json", *options, *files]
    process = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if process.returncode != 0:
        sys.exit(f"xception-run --model {weights} {' '.join(options)} failed:\n{process.stderr.strip()[-2000:]}")
    return [json.loads(line) for line in process.stdout.splitlines()]


def our_features(options: argparse.Namespace, precision: str, files: list) -> numpy.ndarray:
    weights = options.weights / compare.WEIGHTS[precision]
    results = classify(options.commands, weights, files, "--features", "--top", "1")
    return numpy.array([result["features"] for result in results])


def images(files: list):
    from PIL import Image

    for file in files:
        yield numpy.asarray(Image.open(file), "float32")[None] / 127.5 - 1


def onnx_runtime_features(path: pathlib.Path, rest: str, files: list) -> numpy.ndarray:
    import onnx
    import onnxruntime

    model = onnx.load(path)
    (pool,) = (node for node in model.graph.node if node.op_type == "GlobalAveragePool")
    model.graph.output.append(onnx.ValueInfoProto(name=pool.output[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.array([session.run(pool.output, {name: image})[0].ravel() for image in images(files)])


def openvino_features(path: pathlib.Path, rest: str, files: list) -> numpy.ndarray:
    import openvino

    core = openvino.Core()
    network = core.read_model(path)
    network.reshape([1, SIDE, SIDE, 3])
    pool = [node for node in network.get_ordered_ops() if node.get_type_name() == "ReduceMean"][-1]
    features = network.add_outputs(pool.output(0))[0]
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "bf16" if rest == "bf16" else "f32"})
    output = next(port for port in compiled.outputs if port.get_names() & features.get_names())
    request = compiled.create_infer_request()
    return numpy.array([request.infer({0: image})[output].ravel() for image in images(files)], "float32")


FEATURES = {"onnxruntime": onnx_runtime_features, "openvino": openvino_features}


def cosines(features: numpy.ndarray, reference: numpy.ndarray) -> numpy.ndarray:
    features, reference = features.astype("float64"), reference.astype("float64")
    lengths = numpy.linalg.norm(features, axis=1) * numpy.linalg.norm(reference, axis=1)
    return (features * reference).sum(axis=1) / lengths


def compare_features(options: argparse.Namespace, files: list) -> list[dict]:
    """The mean and the lowest cosine by runtime and precision; a peer's fp32 shows that all see the same pixels."""
    reference = our_features(options, "fp32", files)

    def row(name: str, precision: str, features: numpy.ndarray) -> dict:
        values = cosines(features, reference)
        return {"name": name, "precision": precision, "mean": float(values.mean()), "worst": float(values.min())}

    precisions = [precision for precision in compare.precisions(options) if precision != "fp32"]
    rows = []
    for precision in precisions:
        compare.progress(f"features in {precision}: {compare.OURS}")
        rows.append(row(compare.OURS, precision, our_features(options, precision, files)))
    for name, peer in compare.PEERS.items():
        if name == "onnxruntime" or peer.precision in precisions:
            compare.progress(f"features in {peer.precision}: {name}")
            features = FEATURES[peer.runtime](options.models / peer.file(TRAINED), peer.rest, files)
            rows.append(row(name, peer.precision, features))
    compare.progress("")
    return rows


def probabilities(results: list[dict]) -> numpy.ndarray:
    """By class, of results for all classes."""
    values = numpy.empty((len(results), len(results[0]["predictions"])))
    for row, result in zip(values, results):
        for prediction in result["predictions"]:
            row[prediction["class"]] = prediction["probability"]
    return values


def compare_labels(options: argparse.Namespace, files: list) -> list[dict]:
    """How the trained six-class model labels its 18 photos and the pictures in each precision, beside fp32."""
    photos = sorted((options.models / "photos").glob("*.jpg"))
    if not photos:
        sys.exit(f"there are no photos in {options.models / 'photos'}")

    def run(name: str) -> numpy.ndarray:
        compare.progress(f"labels: {name}")
        return probabilities(classify(options.commands, options.weights / name, [*photos, *files], "--top", "0"))

    reference = run("kitchenware.xcw")
    rows = []
    for precision in compare.precisions(options):
        if precision == "fp32":
            continue
        values = run(f"kitchenware-{precision}.xcw")
        same = values.argmax(axis=1) == reference.argmax(axis=1)
        difference = abs(values - reference).max(axis=1)
        row = {"precision": precision}
        for kind, part in (("photos", slice(len(photos))), ("pictures", slice(len(photos), None))):
            row[kind] = len(same[part])
            row[f"same_{kind}"] = int(same[part].sum())
            row[f"{kind}_difference"] = float(difference[part].max())
        rows.append(row)
    compare.progress("")
    return rows


def measure(options: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        files = prepare_pictures(options, pathlib.Path(folder))
        features, labels = compare_features(options, files), compare_labels(options, files)
    return {"pictures": len(files), "features": features, "labels": labels}


def show(result: dict) -> None:
    print(f"Cosine of the 2,048 features with our fp32's, {result['pictures']} pictures\n")
    print(f"{'':22}{'':10}{'mean':>10}{'worst':>10}")
    for row in result["features"]:
        print(f"{row['name']:22}{row['precision']:10}{row['mean']:10.5f}{row['worst']:10.5f}")
    print("\nThe trained six-class model beside its fp32: same label, largest difference of a probability\n")
    for row in result["labels"]:
        print(
            f"{row['precision']:10}{row['same_photos']} of {row['photos']} photos, {row['photos_difference']:.4f}; "
            f"{row['same_pictures']} of {row['pictures']} pictures, {row['pictures_difference']:.4f}"
        )


def main() -> None:
    options = arguments()
    result = measure(options)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
