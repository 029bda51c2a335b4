#!/usr/bin/env python3
"""Checks the machine code of the kernels of a release build: tiles keep their sums in registers, and stay among themselves.

    Tests/check-loops.py .build/release/xception-run ...        (binaries or object files)
    Tests/check-loops.py --self-test

Disassembles every tile of the AVX-512 and the AVX2 kernels, finds the innermost loop that multiplies, and fails unless it
has two fused multiply-adds for each row (or a multiple, where it is unrolled), no multiplication or addition that is not
fused, no vector traffic with the stack, and no vector moves between registers. It fails too where a tile is missing, and
where a function outside those kernels uses their registers: the compiler emits copies of generic code of the standard
library into each module, and the linker keeps one for all, which must run on every processor.
Binaries for other processors than x86-64 have nothing to check.
"""

import re
import shutil
import subprocess
import sys

# The mangled names of VectorUnit.wideTile(_:_:_:) and narrowTile, specialised for one instruction set and a row count: the
# integer argument of InlineArray, mangled as `$_` for 0 and `$n_` for n + 1.
TILE = re.compile(r"VectorUnit.*\d(wide|narrow)Tile.*InlineArray.*(X86V[34])\w*?\$(\d+)_T")
KINDS = ("wide", "narrow")
JUMP = re.compile(r"\tj\w+\s+([0-9a-f]+)\b")
ROWS = {"X86V4": 14, "X86V3": 6}
VECTORS = {"X86V4": "%zmm", "X86V3": "%ymm"}
# A narrow tile's second vector is half as wide.
HALVES = {"X86V4": "%ymm", "X86V3": "%xmm"}


def disassembly(path):
    return subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True
    ).stdout


def functions(listing):
    """The name and the instructions, as (address, text), of each function."""
    for block in listing.split("\n\n"):
        head, *lines = block.strip().split("\n")
        name = re.match(r"[0-9a-f]+ <(.*)>:", head)
        if name:
            yield name.group(1), [(line.split(":")[0].strip(), line) for line in lines]


def strays(listing):
    """The functions that use wide registers, but belong to no kernel nor to the C functions that only kernels call."""
    for name, instructions in functions(listing):
        if "X86V" not in name and not re.fullmatch(r"in_order\d+", name):
            if any("%zmm" in text or "%ymm" in text for _, text in instructions):
                yield name


def multiplying_loop(instructions):
    """The innermost loop with the most vector products."""
    index = {address: i for i, (address, _) in enumerate(instructions)}
    loops = []
    for i, (_, text) in enumerate(instructions):
        jump = JUMP.search(text)
        if jump and index.get(jump.group(1), i) < i:
            loops.append((index[jump.group(1)], i))
    inner = [a for a in loops if not any(b != a and b[0] >= a[0] and b[1] <= a[1] for b in loops)]
    bodies = [[text for _, text in instructions[first : last + 1]] for first, last in inner]
    return max(bodies, key=lambda body: sum("vfmadd" in text or "vmulp" in text for text in body), default=[])


def faults_of(unit, kind, rows, body):
    """What is wrong with the loop of a tile."""
    vectors = (VECTORS[unit], HALVES[unit] if kind == "narrow" else VECTORS[unit])
    fused = sum("vfmadd" in text and text.endswith(tuple(f"{v}{n}" for v in vectors for n in range(32))) for text in body)
    unfused = sum(re.search(r"\tv(mul|add|sub)ps\s", text) is not None for text in body)
    # The stack is addressed from its pointer or the frame's, which Swift keeps.
    stack = sum(
        re.search(r"%[xyz]mm", text) is not None and re.search(r"\(%r[sb]p[,)]", text) is not None for text in body
    )
    moves = sum(re.search(r"\tvmov\w+\s+%[xyz]mm\d+,%[xyz]mm\d+", text) is not None for text in body)
    calls = sum("\tcall" in text for text in body)
    faults = []
    if fused == 0 or fused % (2 * rows):
        faults.append(f"{fused} fused multiply-adds, expected {2 * rows} or a multiple")
    for count, what in (
        (unfused, "products or sums that are not fused"),
        (stack, "vector accesses to the stack"),
        (moves, "moves between vector registers"),
        (calls, "calls"),
    ):
        if count:
            faults.append(f"{count} {what}")
    return faults


def check(listing, report=print):
    """Whether all tiles of a disassembly are there and as they should be."""
    architecture = re.search(r"file format (.+)", listing)
    if not architecture or "x86-64" not in architecture.group(1).replace("_", "-"):
        report(f"nothing to check: the format is {architecture.group(1) if architecture else 'unknown'}, not x86-64")
        return bool(architecture)
    passed = True
    found = {(unit, kind): set() for unit in ROWS for kind in KINDS}
    for name, instructions in functions(listing):
        tile = TILE.search(name)
        if not tile:
            continue
        kind, unit, rows = tile.group(1), tile.group(2), int(tile.group(3)) + 1
        body = multiplying_loop(instructions)
        faults = faults_of(unit, kind, rows, body)
        fused = sum("vfmadd" in text for text in body)
        report(
            f"{unit} {kind} tile of {rows} rows: {len(body)} instructions, {fused} fused multiply-adds"
            + "".join(": " + fault for fault in faults)
        )
        found[unit, kind].add(rows)
        passed = passed and not faults
    for name in strays(listing):
        report(f"{name} uses wide registers, but belongs to no kernel")
        passed = False
    for (unit, kind), rows in found.items():
        missing = sorted(set(range(1, ROWS[unit] + 1)) - rows)
        if missing:
            report(
                f"{unit}: no {kind} tiles of {missing} rows; the binary is stripped or they were inlined"
                if rows
                else f"{unit}: no {kind} tile's loop was found; the binary is stripped, is no release build, or has no kernels"
            )
            passed = False
    return passed


def made_listing(edit=lambda unit, rows, lines: lines, format="elf64-x86-64", kinds=KINDS):
    """A disassembly as objdump writes it, with a loop for each tile that `edit` may change."""
    blocks = [f"a.out:     file format {format}\n\n"]
    for unit, kind in ((unit, kind) for unit in ROWS for kind in kinds):
        for rows in range(1, ROWS[unit] + 1):
            vector = VECTORS[unit]
            body = ["inc    %rcx"]
            body += [f"vfmadd231ps %zmm0,{vector}1,{vector}{2 + i % 14}".replace("%zmm0", vector + "0") for i in range(2 * rows)]
            lines = ["xor    %ecx,%ecx"] + edit(unit, rows, body) + ["cmp    %rax,%rcx", "jb     1001 <tile+0x1>", "ret"]
            text = "\n".join(f"    {0x1000 + i:x}:\t{line}" for i, line in enumerate(lines))
            blocks.append(f"0000000000001000 <$s7Kernels10VectorUnitPAAE8{kind}Tileyys11InlineArrayVy_{unit}0jK0O_${rows - 1}_Tt>:\n{text}\n")
    return "\n".join(blocks)


def self_test():
    """Good loops pass, and each fault fails."""
    def wrong(line, at_unit="X86V3", at_rows=6):
        return made_listing(lambda unit, rows, body: body + [line] if (unit, rows) == (at_unit, at_rows) else body)

    fewer = made_listing(lambda unit, rows, body: body[:-1] if rows == 3 else body)
    apart = made_listing(
        lambda unit, rows, body: [line.replace("vfmadd231ps", "vmulps") for line in body] if rows == 6 else body)
    one_gone = "\n\n".join(block for block in made_listing().split("\n\n") if "$4_T" not in block)
    cases = [
        ("good loops", made_listing(), True),
        ("loops unrolled twice", made_listing(lambda unit, rows, body: body + body[1:]), True),
        ("another processor", made_listing(format="elf64-littleaarch64"), True),
        ("no disassembly", "", False),
        ("no tiles", "a.out:     file format elf64-x86-64\n", False),
        ("one tile is missing", one_gone, False),
        ("no narrow tiles", made_listing(kinds=("wide",)), False),
        ("wide registers elsewhere", made_listing() + "\n2000 <$ss4SIMD>:\n    2000:\tvaddps %zmm1,%zmm2,%zmm2\n", False),
        ("a product is missing", fewer, False),
        ("products that are not fused", apart, False),
        ("a sum that is not fused", wrong("vaddps %ymm1,%ymm2,%ymm2"), False),
        ("a spill", wrong("vmovups %ymm2,0x20(%rsp)"), False),
        ("a reload", wrong("vmovaps -0x40(%rbp),%zmm3", "X86V4", 14), False),
        ("a product with the stack", wrong("vfmadd231ps 0x40(%rsp),%ymm1,%ymm2"), False),
        ("a broadcast from the stack", wrong("vbroadcastss (%rsp,%rcx,4),%zmm3", "X86V4", 1), False),
        ("a move", wrong("vmovaps %ymm2,%ymm3"), False),
        ("a call", wrong("call   2000 <fmaf>"), False),
    ]
    passed = True
    for name, listing, expected in cases:
        found = check(listing, report=lambda line: None)
        if found != expected:
            print(f"self-test: {name} {'pass' if found else 'fail'}")
            passed = False
    print(f"self-test: {len(cases)} cases")
    return passed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) < 2:
        print(__doc__)
        return False
    if shutil.which("objdump") is None:
        print("objdump was not found; it comes with binutils")
        return False
    try:
        # All are checked, so that one failure hides no other.
        return all([check(disassembly(path)) for path in sys.argv[1:]])
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip() or error)
        return False


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
