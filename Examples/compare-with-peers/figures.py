"""Measures the figures of this folder's README.md; figures.sh prepares all that it needs.

Each part is a section: tables of what is measured, what it should be, what it is, and the command that measures it
alone. Whatever is compared takes turns, each in a new process.
"""

import argparse
import datetime
import os
import pathlib
import re
import sys
import time

import compare
import disturbed
import family
import fidelity
import loading
import quality
import speed
import throughput
import trained

README = pathlib.Path(__file__).with_name("README.md")
OF_SEVERAL_NETWORKS = ("family", "throughput", "streams", "disturbed")
PARTS = {
    "compare": speed.measure_peers,
    "family": family.measure_family,
    "throughput": throughput.measure_throughput,
    "peak": speed.measure_peak,
    "sets": speed.measure_sets,
    "sides": speed.measure_sides,
    "streams": speed.measure_streams,
    "disturbed": disturbed.measure_disturbed,
    "load": loading.measure_load,
    "photos": quality.measure_photos,
    "fidelity": quality.measure_fidelity,
    "trained": trained.measure_trained,
}


def arguments() -> argparse.Namespace:
    parser = compare.parser("figures.sh", "Measures the figures of Examples/compare-with-peers/README.md.")
    usual = [part for part in PARTS if part not in OF_SEVERAL_NETWORKS]
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=usual, help="the parts to measure (those of Xception alone)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each candidate (3)")
    parser.add_argument("--runs", type=int, default=20, help="timed runs in a turn (20)")
    parser.add_argument("--update", action="store_true", help="replace what was measured in README.md")
    fidelity.add_options(parser)
    options = parser.parse_args()
    if min(options.rounds, options.runs, options.count) < 1:
        parser.error("--rounds, --runs and --count must be at least 1")
    return options


def replaced(page: str, part: str, lines: list[str]) -> str:
    """The page with other lines between the comments that enclose a part."""
    begin, end = f"<!-- figures: {part} -->\n", "<!-- end -->"
    match = re.search(re.escape(begin) + r".*?" + re.escape(end), page, flags=re.DOTALL)
    if not match:
        sys.exit(f"{README} has no section for {part}: it lies between {begin.strip()} and {end}")
    return page[: match.start()] + begin + "\n".join(lines) + "\n" + end + page[match.end() :]


def main() -> None:
    options = arguments()
    best_set = speed.instruction_sets(options)[0]
    machine = f"{compare.processor()}, {os.cpu_count()} processors, {best_set}, {datetime.date.today()}."
    for part in options.only:
        start = time.monotonic()
        lines = [*PARTS[part](options), "", machine]
        print(f"\n## {part}\n", *lines, sep="\n", flush=True)
        print(f"{part}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        if options.update:
            README.write_text(replaced(README.read_text(), part, lines))


if __name__ == "__main__":
    main()
