"""The figures of speed: beside the peers, beside the processor's peak, by instruction set, input size and callers."""

import argparse
import itertools
import math
import os
import pathlib
import re
import subprocess
import sys

import compare
from figure import MEBIBYTE, MEGABYTE, figure, figure_table, table, threads_text
from networks import SEVERAL, TRAINED

RATIO_BARS = {"fp32": (0.95, 0.93), "bf16": (0.96, 0.90), "int8": (0.80, 0.76)}  # 1 and 2 threads
SIDES = (150, 224, 600)  # beside 299


def thread_counts() -> list[int]:
    return [count for count in (1, 2, 4, 8, 16) if count <= (os.cpu_count() or 1)]


def bench(options: argparse.Namespace, precision: str, *words, runs: int | None = None) -> list:
    weights = options.weights / compare.WEIGHTS[precision]
    return [options.commands / "xception-bench", weights, *words, "--runs", runs or options.runs, "--json"]


def bench_text(precision: str, *words) -> str:
    return f"xception-bench {compare.WEIGHTS[precision]} {' '.join(map(str, words))}"


def minimum(turns: list[dict]) -> float:
    return min(turn["min_ms"] for turn in turns)


def peak_share(turns: list[dict]) -> tuple[float, str]:
    """In percent, and what it is made of."""
    rate = 2e-6 * turns[0]["multiply_adds"] / minimum(turns)
    peak = max(turn["peak_gflops"] for turn in turns)
    return 100 * rate / peak, f"{rate:.0f} of {peak:.0f} GFLOP/s, {minimum(turns):.2f} ms"


def measure_peers(options: argparse.Namespace) -> list[str]:
    """Our time as a part of the best peer's, and everyone's times."""
    peer = pathlib.Path(__file__).with_name("peer.py")
    options = argparse.Namespace(**{**vars(options), "only": list(compare.PEERS), "peer": peer})
    figures, rows, left_out = [], [], {}
    for precision in compare.precisions(options):
        comparisons = [compare.compare(TRAINED, precision, threads, options) for threads in (1, 2)]
        for comparison, bar in zip(comparisons, RATIO_BARS[precision]):
            left_out.update(comparison["left_out"])
            if "min_ratio" in comparison:
                name = f"{precision}, {threads_text(comparison['threads'])}: our time / the best peer's"
                note = f"medians {comparison['median_ratio']:.3f}; the best is {comparison['min_best']}"
                command = f"compare.sh --precision {precision}"
                figures.append(figure(name, comparison["min_ratio"], command, at_most=bar, note=note))
        rows += [peer_row(name, *comparisons) for name in comparisons[0]["results"]]
    header = ["", "precision", "1 thread, ms", "2 threads, ms", "load, ms", "first run, ms", "resident, MB"]
    notes = [f"{name} is left out: {reason}." for name, reason in left_out.items()]
    return [*figure_table(figures), "", *table(header, rows), *([""] if notes else []), *notes]


def peer_row(name: str, one: dict, two: dict) -> list[str]:
    first, second = one["results"][name], two["results"][name]
    return [
        f"{name} {one['versions'].get(name, '')}".strip(), one["precision"], f"{first['min_ms']:.1f}",
        f"{second['min_ms']:.1f}", f"{second['load_ms']:.0f}", f"{second['first_ms']:.0f}",
        f"{second['peak_rss_mb'] * MEBIBYTE / MEGABYTE:.0f}",
    ]


def measure_peak(options: argparse.Namespace) -> list[str]:
    """The share of the peak over the whole network, and what threads gain."""
    figures = []
    for precision in compare.precisions(options):
        counts = thread_counts()
        commands = {count: bench(options, precision, "--threads", count, "--profile") for count in counts}
        turns, _ = compare.in_turn(commands, options.rounds, f"share of the peak, {precision}, threads: ")
        for count in counts:
            name = f"{precision}, {threads_text(count)}: share of the products' own peak, whole network"
            share, note = peak_share(turns[count])
            command = bench_text(precision, "--threads", count, "--profile")
            bar = 91 if precision == "fp32" else None
            figures.append(figure(name, share, command, at_least=bar, form="{:.1f} %", note=note))
        for count in counts[1:]:
            name = f"{precision}: speed of {threads_text(count)} / that of one"
            gain = minimum(turns[1]) / minimum(turns[count])
            bar = 1.9 if (precision, count) == ("fp32", 2) else None
            figures.append(figure(name, gain, bench_text(precision, "--threads", count), at_least=bar, form="{:.2f}"))
    return figure_table(figures)


def instruction_sets(options: argparse.Namespace) -> list[str]:
    """Those that this processor supports, as the refusal of another one names them."""
    command = [options.commands / "xception-bench", options.weights / compare.WEIGHTS["fp32"], "--isa", "none"]
    refusal = subprocess.run([str(word) for word in command], capture_output=True, text=True).stderr
    match = re.search(r"expected one of ([a-z0-9, ]+)", refusal)
    if not match:
        sys.exit(f"xception-bench --isa none should name the instruction sets, but said: {refusal.strip()}")
    return match.group(1).strip().split(", ")


def measure_sets(options: argparse.Namespace) -> list[str]:
    """AVX2's share of its own peak, and portable code beside it."""
    if "avx2" not in instruction_sets(options):
        return ["This processor has no AVX2."]
    words = {"avx2": ("--threads", 1, "--isa", "avx2", "--profile"), "portable": ("--threads", 1, "--isa", "portable")}
    runs = {"avx2": math.ceil(options.runs / 2), "portable": math.ceil(options.runs / 5)}
    commands = {name: bench(options, "fp32", *words[name], runs=runs[name]) for name in words}
    turns, _ = compare.in_turn(commands, options.rounds, "instruction sets: ")
    share, note = peak_share(turns["avx2"])
    slowdown = minimum(turns["portable"]) / minimum(turns["avx2"])
    return figure_table([
        figure(
            "fp32, AVX2 forced, 1 thread: share of AVX2's own peak", share, bench_text("fp32", *words["avx2"]),
            at_least=90, form="{:.1f} %", note=note,
        ),
        figure(
            "fp32, portable, 1 thread: time / AVX2's", slowdown, bench_text("fp32", *words["portable"]),
            at_most=4, form="{:.2f}", note=f"{minimum(turns['portable']):.1f} ms",
        ),
    ])


def measure_sides(options: argparse.Namespace) -> list[str]:
    """The time of a multiply-add at other input sizes."""
    figures = []
    for threads in (1, 2):
        words = {side: ("--threads", threads, "--size", side) for side in (299, *SIDES)}
        runs = {side: options.runs if side < 600 else math.ceil(options.runs / 4) for side in words}
        commands = {side: bench(options, "fp32", *words[side], runs=runs[side]) for side in words}
        turns, _ = compare.in_turn(commands, options.rounds, f"{threads_text(threads)}, side: ")
        times = {side: minimum(turns[side]) / turns[side][0]["multiply_adds"] for side in words}
        for side in SIDES:
            name = f"fp32, {threads_text(threads)}, side {side}: time of a multiply-add / that at 299"
            command, note = bench_text("fp32", *words[side]), f"{minimum(turns[side]):.2f} ms"
            figures.append(figure(name, times[side] / times[299], command, at_most=1.15, note=note))
    return figure_table(figures)


def measure_streams(options: argparse.Namespace) -> list[str]:
    """Images a second of several callers at once."""
    threads, counts = min(2, os.cpu_count() or 1), (1, 2, 4)
    rows, ratios = [], []
    for network, precision in itertools.product(SEVERAL, compare.precisions(options)):
        weights = options.weights / compare.weights_file(network, precision)
        words = [options.commands / "xception-bench", weights, "--threads", threads, "--runs", options.runs, "--json"]
        commands = {count: [*words, "--streams", count] for count in counts}
        turns, _ = compare.in_turn(commands, options.rounds, f"{network}, {precision}, callers: ")
        rates = {count: max(turn["images_per_second"] for turn in turns[count]) for count in counts}
        ratios += [rates[count] / rates[1] for count in counts[1:]]
        rows.append([network, precision, *(f"{rates[count]:.1f}" for count in counts)])
    name = f"the worst of 2 and 4 callers, {threads_text(threads)}: images a second / those of one caller"
    command = f"xception-bench NETWORK.xcw --threads {threads} --streams 1|2|4"
    header = ["images a second", "", *(f"{count} caller{'s' if count > 1 else ''}" for count in counts)]
    return [*figure_table([figure(name, min(ratios), command, at_least=1, form="{:.2f}")]), "", *table(header, rows)]
