"""Pictures a second of xception-run, of what it could be, and of a straightforward Python loop, on one folder:

    throughput.py --commands BIN --weights MODEL.xcw --onnx MODEL.onnx --pictures FOLDER [--rounds 3]

What it could be: the time that xception-bench takes for a picture on all processors, and that in which all of them
decode and resize one. The loop is of Pillow and ONNX Runtime with the same network on the same pixels (--size stretched
with nearest neighbor, x / 127.5 - 1, height by width by channels unless --channels-first). Loading is in none of them.
"""

import argparse
import json
import os
import pathlib
import re
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
            words = ["--model", options.weights, "--preprocess", "keras", "--files-from", "-"]
            words += ["--output", pathlib.Path(folder) / "results.jsonl"]
            start = time.perf_counter()
            output(options, "xception-run", *words, names=names)
            return time.perf_counter() - start

    return seconds(files + files[:1]) - seconds(files[:1])


def output(options: argparse.Namespace, name: str, *words, names=()) -> subprocess.CompletedProcess:
    """What one of our commands prints, which may read names of files from standard input."""
    command = [str(options.commands / name), *map(str, words)]
    result = subprocess.run(command, input="\n".join(map(str, names)), text=True, capture_output=True)
    if result.returncode:
        sys.exit(f"throughput: {name} failed: {result.stderr}")
    return result


def reading(options: argparse.Namespace, files: list[pathlib.Path]) -> float:
    """The seconds in which all processors decode and resize the pictures."""
    words = ["--model", options.weights, "--preprocess", "keras", "--timings", "--files-from", "-"]
    timings = output(options, "xception-run", *words, names=files).stderr
    parts = re.findall(r"(?m)^(?:decode|preprocess)\b.* ([0-9.]+) ms$", timings)
    return sum(map(float, parts)) / 1000 / os.cpu_count()


def inference(options: argparse.Namespace, pictures: int) -> float:
    """The seconds for a picture, with one caller at a time or with one for each processor.

    Of as many as there are: what a processor does for a moment it does not do for as long as a folder takes.
    """
    words = [options.weights, "--json"]
    results = (
        output(options, "xception-bench", *words, "--streams", callers, "--runs", pictures // callers + 1).stdout
        for callers in {1, os.cpu_count()}
    )
    return min(1 / json.loads(result.splitlines()[-1])["images_per_second"] for result in results)


def main() -> None:
    options = parse()
    files = sorted(path for path in options.pictures.iterdir() if path.is_file())
    if not files:
        sys.exit(f"throughput: there are no pictures in {options.pictures}")
    loop = python_loop(options, files)
    loop()
    turns = [
        (command(options, files), loop(), reading(options, files) + len(files) * inference(options, len(files)))
        for _ in range(options.rounds)
    ]
    ours, theirs, possible = (min(column) for column in zip(*turns))
    for name, seconds in (("xception-run", ours), ("possible", possible), ("Pillow and ONNX Runtime", theirs)):
        print(f"{name:24}{len(files) / seconds:8.1f} pictures a second")
    print(f"of what is possible     {possible / ours:8.2f}")
    print(f"times the Python loop   {theirs / ours:8.2f}")


if __name__ == "__main__":
    main()
