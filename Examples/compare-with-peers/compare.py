"""Times this runtime and its peers in turn, and prints how they compare; compare.sh prepares all that it needs.

The candidates take turns, each in a new process, for a number of rounds: the clock of a processor drifts by more than
they differ, so only runs beside each other can be compared. A minimum is that of all runs of all rounds, a median the
median of the rounds' medians.
"""

import argparse
import itertools
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
from typing import NamedTuple

from networks import SIDES, TRAINED

OURS = "xception"
PRECISIONS = ("fp32", "bf16", "int8")


class Peer(NamedTuple):
    runtime: str
    """Of peer.py."""
    ending: str
    """Of the file in the folder with the peers' models."""
    precision: str
    """What it is compared with."""
    rest: str = "fp32"
    """The precision of what the model does not quantize, where the runtime lets one choose."""

    def file(self, network: str) -> str:
        return network + self.ending


PEERS = {
    "onnxruntime": Peer("onnxruntime", ".onnx", "fp32"),
    "openvino": Peer("openvino", ".onnx", "fp32"),
    "litert": Peer("litert", ".tflite", "fp32"),
    "ncnn": Peer("ncnn", "-ncnn.param", "fp32"),
    "mnn": Peer("mnn", ".mnn", "fp32"),
    "openvino-bf16": Peer("openvino", ".onnx", "bf16", rest="bf16"),
    "onnxruntime-int8": Peer("onnxruntime", "-int8-ort.onnx", "int8"),
    "openvino-int8": Peer("openvino", "-int8-ov.xml", "int8"),
    # OpenVINO's own choice on processors with bf16.
    "openvino-int8-bf16": Peer("openvino", "-int8-ov.xml", "int8", rest="bf16"),
}


def weights_file(network: str, precision: str) -> str:
    return f"{network}.xcw" if precision == "fp32" else f"{network}-{precision}.xcw"


WEIGHTS = {precision: weights_file(TRAINED, precision) for precision in PRECISIONS}


def parser(prog: str, description: str) -> argparse.ArgumentParser:
    """What the programs of this folder have in common."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--commands", type=pathlib.Path, required=True, help="the folder of our commands")
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="the folder of our weights files")
    parser.add_argument("--models", type=pathlib.Path, required=True, help="the folder of the peers' models")
    parser.add_argument("--precision", choices=[*PRECISIONS, "all"], default="all", help="what is compared (all)")
    return parser


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    options = parser("compare.sh", "Times networks here and in other runtimes.")
    options.add_argument(
        "--network", nargs="+", choices=[*SIDES, "all"], default=[TRAINED], help=f"what is timed ({TRAINED})")
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="thread counts (1 2)")
    options.add_argument("--rounds", type=int, default=3, help="turns of each candidate (3)")
    options.add_argument("--runs", type=int, default=20, help="timed runs in a turn (20)")
    options.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), help="peers to compare with (all)")
    options.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    peer = pathlib.Path(__file__).with_name("peer.py")
    options.add_argument("--peer", type=pathlib.Path, default=peer, help="the program that times one peer (peer.py)")
    values = options.parse_args(words)
    if min(values.threads + [values.rounds, values.runs]) < 1:
        options.error("--threads, --rounds and --runs must be at least 1")
    if "all" in values.network:
        values.network = list(SIDES)
    return values


def precisions(options: argparse.Namespace) -> list[str]:
    return list(PRECISIONS) if options.precision == "all" else [options.precision]


class Unsupported(Exception):
    """A candidate that cannot run on this processor; the reason is its text."""


def turn(command: list) -> dict:
    """Runs a command whose last line is a JSON object, and returns that."""
    words = [str(word) for word in command]
    try:
        process = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        sys.exit(f"cannot run {words[0]}: {error.strerror}")
    if process.returncode < 0 and OURS not in pathlib.Path(words[0]).name:
        raise Unsupported(f"it crashes here ({signal.Signals(-process.returncode).name})")
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{process.stderr.strip()[-2000:]}")
    try:
        result = json.loads(process.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        sys.exit(f"{' '.join(words)} did not end with a JSON object:\n{process.stdout.strip()[-2000:]}")
    if "unsupported" in result:
        raise Unsupported(result["unsupported"])
    return result


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def in_turn(commands: dict[str, list], rounds: int, label: str = "") -> tuple[dict[str, list[dict]], dict[str, str]]:
    """The results of each candidate's turns, and why others were left out.

    Every second round goes backwards: who comes first touches memory that was idle, which a virtual machine may have to
    get first.
    """
    turns = {candidate: [] for candidate in commands}
    left_out = {}
    for number in range(rounds):
        for candidate in list(commands)[:: -1 if number % 2 else 1]:
            if candidate in left_out:
                continue
            progress(f"{label}round {number + 1} of {rounds}: {candidate}")
            try:
                turns[candidate].append(turn(commands[candidate]))
            except Unsupported as reason:
                left_out[candidate] = str(reason)
    progress("")
    return {candidate: turns[candidate] for candidate in commands if candidate not in left_out}, left_out


def summary(turns: list[dict]) -> dict:
    best = {key: min(turn[key] for turn in turns) for key in ("min_ms", "load_ms", "first_ms")}
    median = statistics.median(turn["median_ms"] for turn in turns)
    return {**best, "median_ms": median, "peak_rss_mb": max(turn["peak_rss_mb"] for turn in turns)}


def candidates(network: str, precision: str, threads: int, options: argparse.Namespace) -> dict[str, list]:
    """The command of each."""
    bench = options.commands / "xception-bench"
    weights = options.weights / weights_file(network, precision)
    commands = {OURS: [bench, weights, "--threads", threads, "--runs", options.runs, "--json"]}
    for name in options.only:
        peer = PEERS[name]
        if peer.precision == precision:
            model = options.models / peer.file(network)
            words = [peer.runtime, model, peer.rest, threads, options.runs, SIDES[network]]
            commands[name] = [sys.executable, options.peer, *words]
    return commands


def require_files(options: argparse.Namespace) -> None:
    peers = [peer for name in options.only if (peer := PEERS[name]).precision in precisions(options)]
    wanted = []
    for network in options.network:
        wanted += [options.weights / weights_file(network, precision) for precision in precisions(options)]
        wanted += [options.models / peer.file(network) for peer in peers]
    missing = [str(file) for file in wanted if not file.is_file()]
    if missing:
        sys.exit(f"there is no {', '.join(missing)}: compare.sh without --models makes all that it needs")


def compare(network: str, precision: str, threads: int, options: argparse.Namespace) -> dict:
    label = f"{network}, {precision}, {threads} thread{'s' if threads > 1 else ''}, "
    turns, left_out = in_turn(candidates(network, precision, threads, options), options.rounds, label)
    ours = turns[OURS][0]
    if ours["precision"] != precision:
        sys.exit(f"xception-bench ran {weights_file(network, precision)} in {ours['precision']}, expected {precision}")
    results = {candidate: summary(turns[candidate]) for candidate in turns}
    peers = [candidate for candidate in turns if candidate != OURS]
    comparison = {
        "network": network, "precision": precision, "threads": threads, "isa": ours["isa"], "results": results,
        "left_out": left_out,
        "versions": {peer: turns[peer][0]["version"] for peer in peers},
    }
    for key in ("min", "median"):
        times = {candidate: results[candidate][f"{key}_ms"] for candidate in results}
        for peer in peers:
            results[peer][f"{key}_ratio"] = times[OURS] / times[peer]
        if peers:
            comparison[f"{key}_ratio"] = times[OURS] / min(times[peer] for peer in peers)
            comparison[f"{key}_best"] = min(peers, key=times.get)
    return comparison


def processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show(comparison: dict) -> None:
    precision, threads = comparison["precision"], comparison["threads"]
    title = f"{comparison['network']}, {precision}, {threads} thread{'s' if threads > 1 else ''}, {comparison['isa']}"
    print(f"\n{title}, milliseconds")
    print(f"{'':30}{'min':>9}{'median':>9}{'load':>9}{'first':>9}{'MB':>7}   ours / theirs: min, median")
    for name, result in comparison["results"].items():
        title = f"{name} {comparison['versions'].get(name, '')}"
        times = "".join(f"{result[key]:9.2f}" for key in ("min_ms", "median_ms", "load_ms", "first_ms"))
        ratios = f"   {result['min_ratio']:.3f}  {result['median_ratio']:.3f}" if name != OURS else ""
        print(f"{title:30}{times}{result['peak_rss_mb']:7.0f}{ratios}")
    for name, reason in comparison["left_out"].items():
        print(f"{name} is left out: {reason}")
    if "min_ratio" in comparison:
        print(f"ours / best of theirs: minimum {comparison['min_ratio']:.3f}, median {comparison['median_ratio']:.3f}")


def main() -> None:
    options = arguments()
    require_files(options)
    description = {
        "processor": processor(), "processors": os.cpu_count(), "rounds": options.rounds, "runs": options.runs,
    }
    if not options.json:
        print(f"One picture, in turn, rounds: {options.rounds}, runs in each: {options.runs}")
        print(f"{description['processor']}, {description['processors']} processors")
    comparisons = []
    for network, precision, threads in itertools.product(options.network, precisions(options), options.threads):
        comparisons.append(compare(network, precision, threads, options))
        if not options.json:
            show(comparisons[-1])
    if options.json:
        print(json.dumps({**description, "comparisons": comparisons}))


if __name__ == "__main__":
    main()
