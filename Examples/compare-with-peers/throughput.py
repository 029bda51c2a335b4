"""The figures of a folder: pictures a second of xception-run, what they could be, and those of a plain Python loop.

What they could be: the time that xception-bench takes for a picture on all processors, and that in which all of them
decode and resize one. The loop is of Pillow and ONNX Runtime with the same network on the same pixels: stretched with
nearest neighbor, x / 127.5 - 1. Loading is in none of them.
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
import warnings
from collections.abc import Iterable
from typing import NamedTuple

import compare
import fidelity
from figure import figure, figure_table, table
from networks import SIDES, TRAINED

OF_POSSIBLE, TIMES_LOOP = 0.95, 1.5
PHOTO = (4000, 3000)
PHOTO_COPIES = 3


class Case(NamedTuple):
    name: str
    network: str
    files: list[pathlib.Path]


class Rates(NamedTuple):
    """Pictures a second."""
    ours: float
    possible: float
    loop: float


def measure_throughput(options: argparse.Namespace) -> list[str]:
    folder = options.pictures
    found = sorted(file for file in folder.rglob("*") if fidelity.is_picture(file.relative_to(folder)))
    if len(found) < 10:
        sys.exit(f"there are only {len(found)} PNG or JPEG files in {folder}")
    with tempfile.TemporaryDirectory() as work:
        photos = large_photos(options.models / "photos", pathlib.Path(work))
        cases = [
            Case(f"Xception, {len(found[::10])} pictures", TRAINED, found[::10]),
            Case(f"EfficientNetB0, {len(found)} pictures", "EfficientNetB0", found),
            Case(f"MobileNetV2, {len(found)} pictures", "MobileNetV2", found),
            Case(f"MobileNetV2, {len(photos)} photos of 12 megapixels", "MobileNetV2", photos),
        ]
        rates = {case.name: measure(case, options) for case in cases}
    command = "figures.sh --only throughput"
    of_possible = min(rate.ours / rate.possible for rate in rates.values())
    times_loop = min(rate.ours / rate.loop for rate in rates.values())
    figures = [
        figure("the worst: of what is possible", of_possible, command, at_least=OF_POSSIBLE),
        figure("the worst: times the Python loop", times_loop, command, at_least=TIMES_LOOP),
    ]
    header = ["pictures a second, fp32", "xception-run", "possible", "Python loop", "of possible", "times the loop"]
    rows = [
        [name, *(f"{value:.1f}" for value in rate), f"{rate.ours / rate.possible:.2f}", f"{rate.ours / rate.loop:.2f}"]
        for name, rate in rates.items()
    ]
    return [*figure_table(figures), "", *table(header, rows)]


def large_photos(photos: pathlib.Path, folder: pathlib.Path) -> list[pathlib.Path]:
    """JPEGs as large as a telephone's, several of each photo."""
    from PIL import Image

    files = []
    for photo in sorted(photos.glob("*.jpg")):
        large = Image.open(photo).convert("RGB").resize(PHOTO, Image.Resampling.BICUBIC)
        for number in range(PHOTO_COPIES):
            files.append(folder / f"{photo.stem}-{number}.jpg")
            large.rotate(7 * number).save(files[-1], quality=92)
    return files


def measure(case: Case, options: argparse.Namespace) -> Rates:
    """The best of all rounds."""
    loop = python_loop(case, options)
    loop()
    rounds = []
    for number in range(options.rounds):
        compare.progress(f"a folder, {case.name}, round {number + 1}")
        possible = reading(case, options) + len(case.files) * inference(case, options)
        rounds.append((command(case, options), possible, loop()))
    compare.progress("")
    return Rates(*(len(case.files) / min(seconds) for seconds in zip(*rounds)))


def python_loop(case: Case, options: argparse.Namespace):
    import numpy
    import onnxruntime
    from PIL import Image

    session = onnxruntime.InferenceSession(
        str(options.models / f"{case.network}.onnx"), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    size = (SIDES[case.network],) * 2

    def run() -> float:
        start = time.perf_counter()
        for file in case.files:
            picture = Image.open(file).convert("RGB").resize(size, Image.NEAREST)
            session.run(None, {name: numpy.asarray(picture, dtype="float32")[None] / 127.5 - 1})
        return time.perf_counter() - start

    warnings.filterwarnings("ignore", module="PIL")  # about palettes with transparency
    return run


def command(case: Case, options: argparse.Namespace) -> float:
    """The time of all pictures less that of one, which is that of loading."""

    def seconds(files: list[pathlib.Path]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            classified(case, options, files, "--output", pathlib.Path(folder) / "results.jsonl")
            return time.perf_counter() - start

    return seconds(case.files + case.files[:1]) - seconds(case.files[:1])


def classified(case: Case, options: argparse.Namespace, files: Iterable, *words) -> subprocess.CompletedProcess:
    weights = options.weights / compare.weights_file(case.network, "fp32")
    words = ["--model", weights, "--preprocess", "keras", "--files-from", "-", *words]
    return output(options, "xception-run", *words, text="\n".join(map(str, files)))


def output(options: argparse.Namespace, name: str, *words, text: str = "") -> subprocess.CompletedProcess:
    """What one of our commands prints, given a text on standard input."""
    command = [str(options.commands / name), *map(str, words)]
    result = subprocess.run(command, input=text, text=True, capture_output=True)
    if result.returncode:
        sys.exit(f"throughput: {name} failed: {result.stderr}")
    return result


def reading(case: Case, options: argparse.Namespace) -> float:
    """The seconds in which all processors decode and resize the pictures."""
    timings = classified(case, options, case.files, "--timings").stderr
    return picture_milliseconds(timings, len(case.files)) / 1000 / os.cpu_count()


def picture_milliseconds(timings: str, count: int) -> float:
    """The milliseconds of decoding and resizing all pictures, of which the first and the means are printed."""
    means = re.findall(rf"(?m)^(?:decode|preprocess) \(mean of {count}\) +([0-9.]+) ms$", timings)
    if means:
        return count * sum(map(float, means))
    return sum(map(float, re.findall(r"(?m)^(?:decode|preprocess)\b.* ([0-9.]+) ms$", timings)))


def inference(case: Case, options: argparse.Namespace) -> float:
    """The seconds for a picture, with one caller at a time or with one for each processor.

    Of as many as there are: what a processor does for a moment it does not do for as long as a folder takes.
    """
    words = [options.weights / compare.weights_file(case.network, "fp32"), "--json"]
    results = (
        output(options, "xception-bench", *words, "--streams", callers, "--runs", len(case.files) // callers + 1).stdout
        for callers in {1, os.cpu_count()}
    )
    return min(1 / json.loads(result.splitlines()[-1])["images_per_second"] for result in results)
