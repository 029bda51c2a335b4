"""Times this runtime and its peers in turn, and prints how they compare; compare.sh prepares all that it needs.

The candidates take turns, each in a new process, for a number of rounds: the clock of a processor drifts by more than
they differ, so only runs beside each other can be compared. A minimum is that of all runs of all rounds, a median the
median of the rounds' medians.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
from importlib import metadata

OURS = "xception"
PEERS = {  # name: (runtime of peer.py, package, model file, precision)
    "onnxruntime": ("onnxruntime", "onnxruntime", "xception299.onnx", "fp32"),
    "openvino": ("openvino", "openvino", "xception299.onnx", "fp32"),
    "litert": ("litert", "ai-edge-litert", "xception299.tflite", "fp32"),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare.sh", description="Times Xception 299x299 here and in other runtimes.")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="thread counts (1 2)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each candidate (3)")
    parser.add_argument("--runs", type=int, default=20, help="timed runs in a turn (20)")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), help="peers to compare with (all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--bench", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer-models", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if min(options.threads + [options.rounds, options.runs]) < 1:
        parser.error("--threads, --rounds and --runs must be at least 1")
    return options


def command(candidate: str, threads: int, options: argparse.Namespace) -> list:
    if candidate == OURS:
        return [options.bench, options.model, "--threads", threads, "--runs", options.runs, "--json"]
    runtime, _, file, precision = PEERS[candidate]
    script = pathlib.Path(__file__).with_name("peer.py")
    return [sys.executable, script, runtime, options.peer_models / file, precision, threads, options.runs]


def turn(candidate: str, threads: int, options: argparse.Namespace) -> dict:
    parts = [str(part) for part in command(candidate, threads, options)]
    process = subprocess.run(parts, capture_output=True, text=True)
    if process.returncode != 0:
        sys.exit(f"{' '.join(parts)} failed:\n{process.stderr.strip()[-2000:]}")
    return json.loads(process.stdout.strip().splitlines()[-1])


def summary(turns: list[dict]) -> dict:
    best = {key: min(turn[key] for turn in turns) for key in ("min_ms", "load_ms", "first_ms")}
    median = statistics.median(turn["median_ms"] for turn in turns)
    return {**best, "median_ms": median, "peak_rss_mb": max(turn["peak_rss_mb"] for turn in turns)}


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def compare(threads: int, options: argparse.Namespace) -> dict:
    candidates = [OURS, *options.only]
    turns = {candidate: [] for candidate in candidates}
    for number in range(options.rounds):
        for candidate in candidates:
            progress(f"{threads} threads, round {number + 1} of {options.rounds}: {candidate}")
            turns[candidate].append(turn(candidate, threads, options))
    progress("")
    results = {candidate: summary(turns[candidate]) for candidate in candidates}
    for candidate in options.only:
        for key in ("min", "median"):
            results[candidate][f"{key}_ratio"] = results[OURS][f"{key}_ms"] / results[candidate][f"{key}_ms"]
    return {"threads": threads, "isa": turns[OURS][0]["isa"], "results": results}


def processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show(comparison: dict, options: argparse.Namespace) -> None:
    results = comparison["results"]
    threads = comparison["threads"]
    print(f"\n{threads} thread{'s' if threads > 1 else ''}, {comparison['isa']}, fp32, milliseconds")
    print(f"{'':14}{'min':>9}{'median':>9}{'load':>9}{'first':>9}{'MB':>7}   ours / theirs: min, median")
    for name, result in results.items():
        times = "".join(f"{result[key]:9.2f}" for key in ("min_ms", "median_ms", "load_ms", "first_ms"))
        ratios = f"   {result['min_ratio']:.3f}  {result['median_ratio']:.3f}" if name != OURS else ""
        print(f"{name:14}{times}{result['peak_rss_mb']:7.0f}{ratios}")
    best = {key: min(results[name][key] for name in options.only) for key in ("min_ms", "median_ms")}
    ratios = [results[OURS][key] / best[key] for key in ("min_ms", "median_ms")]
    print(f"ours / best of theirs: minimum {ratios[0]:.3f}, median {ratios[1]:.3f}")


def main() -> None:
    options = arguments()
    versions = {name: metadata.version(PEERS[name][1]) for name in options.only}
    description = {
        "processor": processor(), "processors": os.cpu_count(), "rounds": options.rounds, "runs": options.runs,
        "versions": versions,
    }
    if not options.json:
        peers = ", ".join(f"{name} {version}" for name, version in versions.items())
        print(f"Xception 299x299, batch 1, {options.rounds} rounds of {options.runs} runs in turn")
        print(f"{description['processor']}, {description['processors']} processors; {peers}")
    comparisons = []
    for threads in options.threads:
        comparisons.append(compare(threads, options))
        if not options.json:
            show(comparisons[-1], options)
    if options.json:
        print(json.dumps({**description, "comparisons": comparisons}))


if __name__ == "__main__":
    main()
