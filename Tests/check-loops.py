#!/usr/bin/env python3
"""Checks the machine code of the kernels in release builds.

    Tests/check-loops.py .build/release/xception-run ...

Every register tile of the AVX-512 and AVX2 kernels must multiply in an innermost loop that keeps its sums in registers: two
fused multiply-adds for each row, no vector traffic with the stack, no moves between vector registers. And no function
outside those kernels may use their registers: the compiler emits copies of generic code of the standard library into each
module, and the linker keeps one for all, which must run on every processor.
"""

import re
import subprocess
import sys

# VectorUnit.wideTile and narrowTile, specialised; "$_" is the row count 0, "$0_" is 1, "$1_" is 2, ...
TILE = re.compile(r"VectorUnit.*(wideTile|narrowTile).*InlineArray.*(X86V[34]).*O_\$(\d+)_T")
KERNEL = re.compile(r"X86V[34]|^(maximum|minimum)(8|16)$")
JUMP = re.compile(r"\tj\w+\s+([0-9a-f]+) <")
REGISTERS = {"X86V4": "[yz]mm", "X86V3": "[xy]mm"}
ROWS = {"X86V4": 14, "X86V3": 6}
KINDS = ("wideTile", "narrowTile")


def functions(path):
    """The name and the instructions, as (address, text), of each function."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True
    ).stdout
    for block in listing.split("\n\n"):
        head, *lines = block.strip().split("\n")
        name = re.match(r"[0-9a-f]+ <(.*)>:", head)
        if name:
            yield name.group(1), [(line.split(":")[0].strip(), line) for line in lines]


def multiplying_loop(instructions):
    """The innermost loop with the most fused multiply-adds."""
    index = {address: i for i, (address, _) in enumerate(instructions)}
    loops = []
    for i, (_, text) in enumerate(instructions):
        jump = JUMP.search(text)
        if jump and index.get(jump.group(1), i) < i:
            loops.append((index[jump.group(1)], i))
    inner = [a for a in loops if not any(b != a and b[0] >= a[0] and b[1] <= a[1] for b in loops)]
    bodies = [[text for _, text in instructions[first : last + 1]] for first, last in inner]
    return max(bodies, key=lambda body: sum("vfmadd" in text for text in body), default=[])


def faults(unit, rows, body):
    """What is wrong with a tile's loop."""
    register = REGISTERS[unit]
    fused = sum("vfmadd" in text for text in body)
    stack = sum(re.search("%" + register, text) is not None and re.search(r"\(%r[sb]p", text) is not None for text in body)
    moves = sum(re.search(r"vmov[au]p[sd]\s+%" + register + r"\d+,%" + register, text) is not None for text in body)
    if fused == 0 or fused % (2 * rows):
        yield f"{fused} fused multiply-adds, expected 2 for each row"
    if stack:
        yield f"{stack} accesses to the stack"
    if moves:
        yield f"{moves} moves between registers"


def check(path):
    """The faults of a binary, as text."""
    found = {(unit, kind): set() for unit in ROWS for kind in KINDS}
    for name, instructions in functions(path):
        if not KERNEL.search(name) and any("%zmm" in text or "%ymm" in text for _, text in instructions):
            yield f"{name} uses wide registers, but belongs to no kernel"
        match = TILE.search(name)
        if match:
            kind, unit, rows = match.group(1), match.group(2), int(match.group(3)) + 1
            found[unit, kind].add(rows)
            for fault in faults(unit, rows, multiplying_loop(instructions)):
                yield f"{unit} {kind} of {rows} rows: {fault}"
    for (unit, kind), rows in found.items():
        if rows != set(range(1, ROWS[unit] + 1)):
            yield f"{unit} {kind}: found {sorted(rows)} rows, expected 1 to {ROWS[unit]}"


def main():
    failed = False
    for path in sys.argv[1:]:
        header = subprocess.run(["objdump", "-f", path], capture_output=True, text=True, check=True).stdout
        if "x86-64" not in header:
            print(f"{path}: no x86-64 code, nothing to check")
            continue
        messages = list(check(path))
        for message in messages:
            print(f"{path}: {message}")
        failed = failed or bool(messages)
        if not messages:
            print(f"{path}: the sums of {len(KINDS) * sum(ROWS.values())} tiles stay in registers")
    sys.exit(failed)


if __name__ == "__main__":
    main()
