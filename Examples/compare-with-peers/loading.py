"""The figures of loading: from the start of a process to its first label, its memory, and the size of the files."""

import argparse
import re
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

import compare
from figure import MEBIBYTE, MEGABYTE, figure, figure_table

RESIDENT = "peak resident memory"
FP32_WEIGHTS = 4 * 22_910_480 / MEGABYTE


class Bars(NamedTuple):
    milliseconds: float | None = None
    resident: float | None = None
    """In 10^6 bytes."""
    size: float | None = None
    """Of the file, in 10^6 bytes."""


BARS = {
    "xception299.xcw": Bars(110, 1.35 * FP32_WEIGHTS),
    "xception299-stored.xcw": Bars(80, 1.35 * FP32_WEIGHTS),
    "xception299-bf16.xcw": Bars(),
    "xception299-int8.xcw": Bars(60, 70, 20.5),
}


def start_to_label(command: list) -> dict[str, float]:
    """The milliseconds from starting a process to its first line, under "label", and the timings that it prints."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    elapsed = 1000 * (time.perf_counter() - start)
    _, errors = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{errors.strip()[-2000:]}")
    timings = {name: float(value) for name, value in re.findall(r"(?m)^(.*\S) +([0-9.]+) (?:ms|MB)$", errors)}
    if RESIDENT not in timings:
        sys.exit(f"{' '.join(words)} did not print its {RESIDENT}:\n{errors.strip()}")
    return {"label": elapsed, **timings}


def weights_files(options: argparse.Namespace) -> list[str]:
    chosen = compare.precisions(options)
    files = [compare.WEIGHTS[precision] for precision in chosen]
    if "fp32" in chosen:
        files.insert(1, "xception299-stored.xcw")
    return files


def measure_load(options: argparse.Namespace) -> list[str]:
    """One 299x299 image, with all files in the page cache, and all threads."""
    image = options.weights / "gradient.ppm"
    pixels = bytes((x + y * channel) % 256 for y in range(299) for x in range(299) for channel in (1, 2, 3))
    image.write_bytes(b"P6\n299 299\n255\n" + pixels)
    run = options.commands / "xception-run"
    words = ["--top", 1, "--timings", image]
    commands = {file: [run, "--model", options.weights / file, *words] for file in weights_files(options)}
    results = {file: [] for file in commands}
    for command in commands.values():
        start_to_label(command)  # fills the page cache
    for number in range(options.rounds * options.runs):
        compare.progress(f"start to label, turn {number + 1}")
        for file, command in commands.items():
            results[file].append(start_to_label(command))
    compare.progress("")
    return figure_table([entry for file in commands for entry in file_figures(file, results[file], options)])


def file_figures(file: str, results: list[dict], options: argparse.Namespace) -> list:
    bars = BARS[file]
    fastest = min(results, key=lambda result: result["label"])
    steps = ", ".join(f"{name} {value:.1f}" for name, value in fastest.items() if name not in ("label", RESIDENT))
    median = statistics.median(result["label"] for result in results)
    resident = max(result[RESIDENT] for result in results) * MEBIBYTE / MEGABYTE
    size = (options.weights / file).stat().st_size / MEGABYTE
    command = f"xception-run --model {file} --timings PHOTO.ppm"
    return [
        figure(
            f"{file}: from the start of the process to the label", fastest["label"], command,
            at_most=bars.milliseconds, form="{:.1f} ms", note=f"median {median:.1f}; {steps}",
        ),
        figure(f"{file}: resident memory", resident, command, at_most=bars.resident, form="{:.1f} MB"),
        figure(f"{file}: size of the file", size, f"ls -l {file}", at_most=bars.size, form="{:.2f} MB"),
    ]
