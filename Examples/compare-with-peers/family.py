"""The figures of the family: each network's time, load time and memory beside the best peer's."""

import argparse
import itertools
import pathlib
import statistics

import compare
from figure import MEBIBYTE, MEGABYTE, figure, figure_table, table, threads_text
from networks import SIDES

MOST, MEAN = 0.90, 0.85
THREADS = (1, 2)
REPORTED = {"load_ms": ("load, ms", 1), "peak_rss_mb": ("resident, MB", MEBIBYTE / MEGABYTE)}


def measure_family(options: argparse.Namespace) -> list[str]:
    peer = pathlib.Path(__file__).with_name("peer.py")
    options = argparse.Namespace(**{**vars(options), "only": list(compare.PEERS), "peer": peer})
    cases = list(itertools.product(SIDES, compare.precisions(options), THREADS))
    comparisons = {case: compare.compare(*case, options) for case in cases}
    left_out = {
        (name, network): reason
        for (network, *_), result in comparisons.items() for name, reason in result["left_out"].items()
    }
    notes = [f"{name} is left out of {network}: {reason}." for (name, network), reason in left_out.items()]
    lines = [*summary(comparisons), "", *ratios(comparisons, options), "", *start_and_memory(comparisons, options)]
    return lines + ([""] if notes else []) + notes


def summary(comparisons: dict[tuple, dict]) -> list[str]:
    measured = {case: result["min_ratio"] for case, result in comparisons.items() if "min_ratio" in result}
    if not measured:
        return ["No peer runs here."]
    network, precision, threads = worst = max(measured, key=measured.get)
    note = f"{network}, {precision}, {threads_text(threads)}"
    command = "figures.sh --only family"
    return figure_table([
        figure("the worst cell: our time / the best peer's", measured[worst], command, at_most=MOST, note=note),
        figure("the mean of all cells", statistics.mean(measured.values()), command, at_most=MEAN),
    ])


def ratios(comparisons: dict[tuple, dict], options: argparse.Namespace) -> list[str]:
    """Our time as a part of the best peer's, on one thread and on two."""
    precisions = compare.precisions(options)

    def cell(network: str, precision: str) -> str:
        both = [comparisons[network, precision, threads] for threads in THREADS]
        if not all("min_ratio" in result for result in both):
            return ""
        ratios = " / ".join(f"{result['min_ratio']:.2f}" for result in both)
        times = " / ".join(f"{result['results'][compare.OURS]['min_ms']:.1f}" for result in both)
        return f"{ratios} ({times} ms; {both[0]['min_best']})"

    rows = [[network, *(cell(network, precision) for precision in precisions)] for network in SIDES]
    return table(["ours / the best peer's, 1 / 2 threads", *precisions], rows)


def start_and_memory(comparisons: dict[tuple, dict], options: argparse.Namespace) -> list[str]:
    """Ours and the least of the peers', on two threads."""
    precisions = compare.precisions(options)

    def cell(network: str, precision: str, key: str) -> str:
        scale = REPORTED[key][1]
        results = comparisons[network, precision, THREADS[-1]]["results"]
        peers = {name: result[key] * scale for name, result in results.items() if name != compare.OURS}
        ours = results[compare.OURS][key] * scale
        return f"{ours:.0f} / {min(peers.values()):.0f} ({min(peers, key=peers.get)})" if peers else f"{ours:.0f}"

    columns = list(itertools.product(REPORTED, precisions))
    header = ["ours / the least of theirs", *(f"{REPORTED[key][0]}, {precision}" for key, precision in columns)]
    rows = [[network, *(cell(network, precision, key) for key, precision in columns)] for network in SIDES]
    return table(header, rows)
