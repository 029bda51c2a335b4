"""Pictures a second of xception-run beside a straightforward Python loop of Pillow and ONNX Runtime, on one folder:

    throughput.py --commands BIN --weights MODEL.xcw --onnx MODEL.onnx --pictures FOLDER [--rounds 3]

Both run the same network on the same pictures with the same pixels (--size stretched with nearest neighbour, x / 127.5 - 1,
height by width by channels unless --channels-first). Loading is in neither time.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("commands", "weights", "onnx", "pictures"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--size", type=int, default=299)
    parser.add_argument("--channels-first", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def python_loop(options: argparse.Namespace, files: list[pathlib.Path]):
    import numpy
    import onnxruntime
    from PIL import Image

    session = onnxruntime.InferenceSession(str(options.onnx), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run() -> float:
        start = time.perf_counter()
        for file in files:
            picture = Image.open(file).convert("RGB").resize((options.size, options.size), Image.NEAREST)
            values = numpy.asarray(picture, dtype="float32")[None] / 127.5 - 1
            if options.channels_first:
                values = numpy.ascontiguousarray(values.transpose(0, 3, 1, 2))
            session.run(None, {name: values})
        return time.perf_counter() - start

    return run


def command(options: argparse.Namespace, files: list[pathlib.Path]) -> float:
    """The time of all pictures less that of one, which is that of loading."""

    def seconds(names: list[pathlib.Path]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            words = [options.commands / "xception-run", "--model", options.weights, "--preprocess", "keras"]
            words += ["--output", pathlib.Path(folder) / "results.jsonl", "--files-from", "-"]
            start = time.perf_counter()
            result = subprocess.run(
                [str(word) for word in words], input="\n".join(map(str, names)), text=True, capture_output=True)
            if result.returncode:
                sys.exit(f"throughput: xception-run failed: {result.stderr}")
            return time.perf_counter() - start

    return seconds(files + files[:1]) - seconds(files[:1])


def main() -> None:
    options = parse()
    files = sorted(path for path in options.pictures.iterdir() if path.is_file())
    if not files:
        sys.exit(f"throughput: there are no pictures in {options.pictures}")
    loop = python_loop(options, files)
    loop()
    times = [(command(options, files), loop()) for _ in range(options.rounds)]
    ours, theirs = (min(column) for column in zip(*times))
    print(f"xception-run               {len(files) / ours:8.1f} pictures a second")
    print(f"Pillow and ONNX Runtime    {len(files) / theirs:8.1f} pictures a second")
    print(f"ratio                      {theirs / ours:8.2f}")


if __name__ == "__main__":
    main()
