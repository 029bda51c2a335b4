"""The figures of starting: what a process takes beyond inference, its memory and that of eight, the sizes of files."""

import argparse
import contextlib
import itertools
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

import compare
from figure import MEBIBYTE, MEGABYTE, figure, figure_table

RESIDENT = "peak resident memory"
FP32_WEIGHTS = 4 * 22_910_480 / MEGABYTE
PROCESSES = 8


class Bars(NamedTuple):
    beyond: float | None = None
    """Milliseconds beyond inference without the cache of packed weights."""
    resident: float | None = None
    """In 10^6 bytes."""
    size: float | None = None
    """Of the file, in 10^6 bytes."""


BARS = {
    "xception299.xcw": Bars(55, 1.35 * FP32_WEIGHTS),
    "xception299-stored.xcw": Bars(55, 1.35 * FP32_WEIGHTS),
    "xception299-bf16.xcw": Bars(),
    "xception299-int8.xcw": Bars(40, 70, 20.5),
}
BEYOND_FROM_CACHE = 25
"""Milliseconds beyond inference where the packed weights are in the cache."""


def whole_process(command: list) -> dict[str, float]:
    """The milliseconds from starting a process to its end, under "whole", and the timings that it prints."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    process = subprocess.run(words, capture_output=True, text=True)
    elapsed = 1000 * (time.perf_counter() - start)
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{process.stderr.strip()[-2000:]}")
    timings = {name: float(value) for name, value in re.findall(r"(?m)^(.*\S) +([0-9.]+) (?:ms|MB)$", process.stderr)}
    if RESIDENT not in timings:
        sys.exit(f"{' '.join(words)} did not print its {RESIDENT}:\n{process.stderr.strip()}")
    return {"whole": elapsed, **timings}


def proportional_memory(process: subprocess.Popen) -> float:
    """The resident memory of a process in 10^6 bytes, where what n processes share counts for each as an nth."""
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"(?m)^Pss: +([0-9]+) kB$", rollup).group(1)) * 1024 / MEGABYTE


def memory_together(command: list, picture: pathlib.Path, count: int) -> float:
    """The memory of as many processes at once, each after its first label and waiting for another picture's name."""
    words = [*map(str, command), "--files-from", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(words, **pipes) for _ in range(count)]
    for process in processes:
        process.stdin.write(f"{picture}\n")
        process.stdin.flush()
    for process in processes:
        if not process.stdout.readline():
            sys.exit(f"{' '.join(words)} printed nothing")
    total = sum(map(proportional_memory, processes))
    for process in processes:
        process.communicate()
    return total


@contextlib.contextmanager
def cache_folder() -> Iterator[None]:
    """A cache of packed weights for these measurements alone: the user's keeps what it has."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


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
    run, bench = options.commands / "xception-run", options.commands / "xception-bench"
    files = weights_files(options)
    turns = {
        (file, cache): [run, "--model", options.weights / file, "--top", 1, "--timings", *cache, image]
        for file, cache in itertools.product(files, ((), ("--no-cache",)))
    }
    results = {key: [] for key in turns}
    inference = {file: [] for file in files}
    with cache_folder():
        for command in turns.values():
            whole_process(command)  # fills the page cache and the cache of packed weights
        for number in range(options.rounds * options.runs):
            compare.progress(f"whole processes, turn {number + 1}")
            for key, command in turns.items():
                results[key].append(whole_process(command))
            for file in files if number % options.runs == 0 else ():
                words = [bench, options.weights / file, "--runs", options.runs, "--json"]
                inference[file].append(compare.turn(words)["min_ms"])
        compare.progress("")
        memory = {
            (file, count): memory_together([run, "--model", options.weights / file, "--top", 1, "--json"], image, count)
            for file, count in itertools.product(files if sys.platform == "linux" else (), (1, PROCESSES))
        }
    entries = []
    for file in files:
        entries += process_figures(file, (), results[file, ()], min(inference[file]), BEYOND_FROM_CACHE)
        beyond = BARS[file].beyond
        entries += process_figures(file, ("--no-cache",), results[file, ("--no-cache",)], min(inference[file]), beyond)
        entries += file_figures(file, results[file, ("--no-cache",)], memory, options)
    return figure_table(entries)


def process_figures(file: str, cache: tuple, results: list[dict], inference: float, bar: float | None) -> list:
    fastest = min(results, key=lambda result: result["whole"])
    steps = (
        f"{name} {value:.1f}" for name, value in fastest.items()
        if name not in ("whole", RESIDENT) and not name.startswith("all ")
    )
    median = statistics.median(result["whole"] for result in results)
    title = f"{file}{', no cache' if cache else ''}: the whole process beyond the {inference:.1f} ms of inference"
    note = f"{fastest['whole']:.1f} in all, median {median:.1f}; {', '.join(steps)}"
    command = " ".join(["xception-run --timings", *cache, f"--model {file} PHOTO.ppm"])
    return [figure(title, fastest["whole"] - inference, command, at_most=bar, form="{:.1f} ms", note=note)]


def file_figures(file: str, results: list[dict], memory: dict, options: argparse.Namespace) -> list:
    bars = BARS[file]
    resident = max(result[RESIDENT] for result in results) * MEBIBYTE / MEGABYTE
    size = (options.weights / file).stat().st_size / MEGABYTE
    command = f"xception-run --timings --no-cache --model {file} PHOTO.ppm"
    figures = [figure(f"{file}: resident memory", resident, command, at_most=bars.resident, form="{:.1f} MB")]
    if memory:
        one, all_of_them = memory[file, 1], memory[file, PROCESSES]
        figures.append(figure(
            f"{file}: the memory of {PROCESSES} processes at once / that of one", all_of_them / one,
            f"xception-run --model {file} --files-from -", at_most=2, form="{:.2f}",
            note=f"{all_of_them:.0f} and {one:.0f} MB; what they share counts once",
        ))
    return [*figures, figure(f"{file}: size of the file", size, f"ls -l {file}", at_most=bars.size, form="{:.2f} MB")]
