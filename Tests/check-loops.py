#!/usr/bin/env python3
"""Checks that the register tiles of a release build keep their sums in registers.

    Tests/check-loops.py .build/release/xception-run ...        (binaries or object files)

Disassembles every tile of the AVX-512 and the AVX2 kernels, finds the innermost loop that multiplies, and fails unless it
has two fused multiply-adds for each row, no vector traffic with the stack, and no vector moves between registers.
"""

import re
import subprocess
import sys

# The mangled name of VectorUnit.tile(_:_:_:) specialised for one instruction set; the row count is the integer argument.
TILE = re.compile(r"VectorUnit.*tile.*InlineArray.*(X86V[34])")
JUMP = re.compile(r"\tj\w+\s+([0-9a-f]+) <")
WIDTH = {"X86V4": "zmm", "X86V3": "ymm"}


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


def check(unit, name, body):
    """What is wrong with a tile's loop, and a line that describes it."""
    register = WIDTH[unit]
    fused = sum("vfmadd" in text for text in body)
    stack = sum(register in text and re.search(r"\(%r[sb]p", text) is not None for text in body)
    moves = sum(re.search(r"vmov[au]p[sd]\s+%" + register + r"\d+,%" + register, text) is not None for text in body)
    faults = []
    if fused == 0 or fused % 2:
        faults.append(f"{fused} fused multiply-adds")
    if stack:
        faults.append(f"{stack} accesses to the stack")
    if moves:
        faults.append(f"{moves} moves between registers")
    return faults, f"{unit} tile of {fused // 2} rows: {len(body)} instructions, {fused} fused multiply-adds"


def main():
    failed = False
    rows = {"X86V4": set(), "X86V3": set()}
    for path in sys.argv[1:]:
        for name, instructions in functions(path):
            match = TILE.search(name)
            if not match:
                continue
            body = multiplying_loop(instructions)
            faults, description = check(match.group(1), name, body)
            rows[match.group(1)].add(sum("vfmadd" in text for text in body) // 2)
            print(description + ("".join(": " + fault for fault in faults)))
            failed = failed or bool(faults)
    for unit, expected in (("X86V4", 14), ("X86V3", 6)):
        if not set(range(1, expected + 1)) <= rows[unit]:
            print(f"{unit}: found tiles of {sorted(rows[unit])} rows, expected 1 to {expected}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
