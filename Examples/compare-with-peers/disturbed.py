"""The figures of a machine that is not quiet: everyone's times while a loop that never rests has a processor."""

import argparse
import contextlib
import itertools
import math
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import compare
from figure import figure, figure_table, table, threads_text
from networks import SEVERAL

TIME = 500
"""Of a candidate in a turn, in milliseconds at least. The scheduler gives the loop and the thread beside it a processor by
turns of some milliseconds; a median within a few of them is that of one kind of turn, by chance."""

LOOP = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


@contextlib.contextmanager
def busy(processor: int) -> Iterator[None]:
    loop = subprocess.Popen([sys.executable, "-c", LOOP, str(processor)])
    try:
        yield
        if loop.poll() is not None:
            sys.exit(f"the loop on processor {processor} ended by itself")
    finally:
        loop.kill()
        loop.wait()


def measure_disturbed(options: argparse.Namespace) -> list[str]:
    """Medians of threads for all processors beside a loop on the last of them, and of one thread beside nothing."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        return ["With one processor there is nothing to measure."]
    peer = pathlib.Path(__file__).with_name("peer.py")
    options = argparse.Namespace(**{**vars(options), "only": list(compare.PEERS), "peer": peer})
    without_peers = argparse.Namespace(**{**vars(options), "only": []})
    rows, to_one, to_best = [], [], []
    for network, precision in itertools.product(SEVERAL, compare.precisions(options)):
        one = compare.compare(network, precision, 1, without_peers)["results"][compare.OURS]["median_ms"]
        longer = argparse.Namespace(**{**vars(options), "runs": max(options.runs, math.ceil(TIME / one))})
        with busy(processors[-1]):
            beside = compare.compare(network, precision, len(processors), longer)
        ours = beside["results"][compare.OURS]["median_ms"]
        row = [network, precision, f"{one:.1f}", f"{ours:.1f}"]
        to_one.append(ours / one)
        if "median_best" in beside:
            best = beside["median_best"]
            row.append(f"{beside['results'][best]['median_ms']:.1f} ({best})")
            to_best.append(beside["median_ratio"])
        rows.append(row)
    threads = threads_text(len(processors))
    command = "figures.sh --only disturbed"
    figures = [figure(f"the worst: {threads} disturbed / one thread alone", max(to_one), command, at_most=1)]
    if to_best:
        figures.append(figure(f"the worst: {threads} disturbed / the best peer's", max(to_best), command, at_most=0.9))
    header = ["medians, ms", "", "one thread alone", f"{threads} disturbed", "the best peer, as disturbed"]
    return [*figure_table(figures), "", *table(header, rows)]
