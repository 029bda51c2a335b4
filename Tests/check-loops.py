#!/usr/bin/env python3
"""Checks the machine code of the kernels of a release build: tiles keep their sums in registers, and stay among themselves.

    Tests/check-loops.py .build/release/xception-run ...        (binaries or object files)
    Tests/check-loops.py --self-test

Disassembles every tile of the AVX-512 and the AVX2 kernels, those of images and those of one row of several panels included,
finds the innermost loop that multiplies, and fails unless it has two products for each row, or one where half of the panel is
padding (or a multiple, where it is unrolled), by the instruction that its arithmetic is made of, no multiplication or addition of floats that is not fused, no vector traffic with the stack, and no vector moves between
registers. The loop of matrix registers has four products with four loads, and no vectors. The loops of depthwise windows of any
shape have a product for each pixel, no stack, and no branch to decide what an input is; those of 3 x 3, of quantizing, of gathering
and of Winograd's transforms call nothing, and use the stack no more than `LOOPS` says. It fails too where a tile is missing, and where a function outside those kernels uses their registers, or any instruction that not every x86-64 has: the
compiler emits copies of generic code of the standard library into each module, and the linker keeps one for all, which must
run on every processor.
Binaries for other processors than x86-64 have nothing to check. Names are demangled by `swift demangle`.
"""

import re
import shutil
import subprocess
import sys

# A function of the kernels that is specialized for an arithmetic of an instruction set and a row count, or, where one row is
# multiplied, a panel count; for images also for how far apart their windows begin.
TILE = re.compile(
    r"<(?:serialized, )?Kernels\.(\w+)Tile<KernelsX86\w+\.(X86\w+)>, (\d+(?:, \d+)?)> of static .*\bTileArithmetic\.(tile|imageTile|row)<"
)
# A product in matrix registers, by its arithmetic and by how its output is stored.
MATRIX = re.compile(
    r"<KernelsX86AMX\.X86AMX, Kernels\.(\w+)Tile<[\w.]+>, Kernels\.(\w+)Element<[\w.]+>> of .*\bMatrixTileUnit\.multiplyTiles<"
)
MATRIX_PRODUCTS = {"Integer": re.compile(r"\ttdpbusd\s"), "BFloat16": re.compile(r"\ttdpbf16ps\s")}
# Depthwise sums of a number of pixels, by how inputs and outputs are stored.
DEPTHWISE = re.compile(r"<(?:serialized, )?KernelsX86\w+\.(X86\w+), (\d+)> of static .*\bVectorUnit\.(\w+)DepthwiseAny<")
DEPTHWISE_KINDS = ("float", "rounding", "widening", "packed")
# Any kernel that is no tile, by its unit, the pixels or rows that it is specialized for, its name, and its argument's type.
KERNEL = re.compile(
    r"<(?:serialized, )?KernelsX86\w+\.(X86\w+)(?:, (\d+))?(?:, Kernels\.\w+<[\w.]+>)*> of static .*?\bVectorUnit\.(\w+)(?:<[^(]*>)?\((?:_: )?([\w.]+)")
JUMP = re.compile(r"\tj\w+\s+([0-9a-f]+)\b")
# X86VNNI takes all products but those of bytes from X86V4.
FLOAT_UNITS = ("X86BF16", "X86V4", "X86V3")
IMAGE_STEPS = (3, 6)
ROWS = {"X86BF16": 14, "X86VNNI": 14, "X86V4": 14, "X86V3": 6}
# The instruction that multiplies; `vpmaddwd` multiplies pairs of numbers, and `vpaddd` adds them to the sums.
FUSED = r"\tvfmadd\d+ps\s"
PRODUCTS = {
    "Float": {unit: FUSED for unit in FLOAT_UNITS},
    "Widened": {unit: FUSED for unit in FLOAT_UNITS},
    "ByteWeights": {unit: FUSED for unit in FLOAT_UNITS},
    "Integer": {
        "X86BF16": r"\tvpdpbusd\s",
        "X86VNNI": r"\tvpdpbusd\s",
        "X86V4": r"\tvpmaddwd\s",
        "X86V3": r"\tvpmaddwd\s",
    },
    "Short": {
        "X86BF16": r"\tvpdpwssd\s",
        "X86VNNI": r"\tvpdpwssd\s",
        "X86V4": r"\tvpmaddwd\s",
        "X86V3": r"\tvpmaddwd\s",
    },
    "BFloat16": {"X86BF16": r"\tvdpbf16ps\s"},
}



def product_of(unit, kind):
    return re.compile(PRODUCTS[arithmetic_of(kind)][unit])


def arithmetic_of(kind):
    return kind.removeprefix("Narrow").removeprefix("Single")


def expected_tiles():
    """All tiles as (unit, kind, rows, function); those of a row have panels instead of rows."""
    for kind, units in PRODUCTS.items():
        for unit in units:
            for panels in (1, 4):
                yield unit, kind, panels, "row"
            for prefix in prefixes(unit, kind):
                for rows in range(1, ROWS[unit] + 1) if kind != "ByteWeights" else ():
                    yield unit, prefix + kind, rows, "tile"
            if kind in ("Float", "Short"):
                for step in IMAGE_STEPS:
                    yield unit, kind, ROWS[unit], f"imageTile{step}"
                    yield unit, "Single" + kind, ROWS[unit], f"imageTile{step}"


def prefixes(unit, kind):
    """The widths of tiles: those whose second vector is half as wide, and those without one."""
    narrow = ("Narrow",) if kind in ("Float", "BFloat16") or kind == "Integer" and unit in ("X86BF16", "X86VNNI") else ()
    return ("", *narrow, *(("Single",) if kind in ("Float", "BFloat16", "Integer", "Short") else ()))


def disassembly(path):
    """What objdump prints, the names of functions demangled."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True
    ).stdout
    mangled = re.findall(r"(?m)^[0-9a-f]+ <(.*)>:$", listing)
    plain = subprocess.run(
        ["swift", "demangle", "--compact"], input="\n".join(mangled), capture_output=True, text=True, check=True
    ).stdout.split("\n")
    names = dict(zip(mangled, plain))
    return re.sub(r"(?m)^([0-9a-f]+) <(.*)>:$", lambda head: f"{head.group(1)} <{names[head.group(2)]}>:", listing)


def functions(listing):
    """The name and the instructions, as (address, text), of each function."""
    for block in listing.split("\n\n"):
        head, *lines = block.strip().split("\n")
        name = re.match(r"[0-9a-f]+ <(.*)>:", head)
        if name:
            yield name.group(1), [(line.split(":")[0].strip(), line) for line in lines]


# The C functions that only kernels call.
WRAPPERS = (
    r"(in_order|add|subtract|multiply|multiply_add|maximum|minimum|maximum_integers|maximum_shorts|largest|maximum_or_nan|"
    r"square_root|to_floats|byte_floats|widened_bytes|dot_shorts|fused_dot_shorts|dot_bytes|dot_bf16x)\d+|packed_bf16|bf16_order|interleave_\d_rows|(load|multiply)_(one|two)_tiles?(_of_\w+)?"
)


# What came after SSE2: AVX and all that is written like it, SSE3 to SSE4.2, AES, SHA, BMI, and single ones. `tzcnt` and
# `pause` run on older processors as `bsf` and as nothing, and the compiler counts on both.
BEYOND_BASELINE = re.compile(
    r"\t(?:v\w+|k(?:mov|and|or|xor|not|test|unpck|add|shift)\w*|p(?:abs|sign|hadd|hsub|shufb|alignr|mulhrsw|maddubsw|blend|test|"
    r"insr[bdq]|extr[bdq]|cmpeqq|cmpgtq|cmp[ei]str[im]|packusdw|max(?:sb|sd|ud|uw)|min(?:sb|sd|ud|uw)|mul(?:dq|ld)\b|movsx|movzx|"
    r"hminposuw|clmul|opcnt|dep|ext\b)\w*|(?:add|h?add|hsub)subp[sd]|h(?:add|sub)p[sd]|mov(?:sh|sl|d)dup|movntdqa|movbe|lddqu|"
    r"blendv?p[sd]|dpp[sd]|round[sp][sd]|(?:insert|extract)ps|mpsadbw|crc32\w*|aes\w+|sha\d\w+|lzcnt|andn|bextr|bls(?:i|r|msk)|"
    r"bzhi|mulx|pdep|pext|rorx|s(?:ar|hl|hr)x|ad[co]x|rdrand|rdseed|tileload\w*|tdp\w+)\s"
)
# Functions that are called where the processor says that it has what they need.
DISPATCHED = r"xcw_crc32_\w+"


def strays(listing):
    """The functions outside the kernels, and the C functions that only they call, with an instruction of theirs."""
    for name, instructions in functions(listing):
        if not re.search(r"\bKernelsX86", name) and not re.fullmatch(f"{WRAPPERS}|{DISPATCHED}", name):
            if beyond := next((text for _, text in instructions if BEYOND_BASELINE.search(text)), None):
                yield f"{name} ({' '.join(beyond.split(':', 1)[-1].split())})"


def multiplying_loop(instructions, product):
    """The innermost loop with the most products."""
    bodies = innermost_loops(instructions)
    return max(bodies, key=lambda body: sum(product.search(text) is not None for text in body), default=[])


def innermost_loops(instructions):
    """The instructions of each loop that has no other in it."""
    index = {address: i for i, (address, _) in enumerate(instructions)}
    loops = []
    for i, (_, text) in enumerate(instructions):
        jump = JUMP.search(text)
        if jump and index.get(jump.group(1), i) < i:
            loops.append((index[jump.group(1)], i))
    inner = [a for a in loops if not any(b != a and b[0] >= a[0] and b[1] <= a[1] for b in loops)]
    return [[text for _, text in instructions[first : last + 1]] for first, last in inner]


def faults_of(unit, kind, rows, body):
    """What is wrong with the loop of a tile."""
    is_narrow = kind.startswith("Narrow")
    wide, half = ("%ymm", "%xmm") if unit == "X86V3" else ("%zmm", "%ymm")
    products = [text for text in body if product_of(unit, kind).search(text)]
    in_halves = sum(re.search(half + r"\d+$", text) is not None for text in products)
    in_whole = sum(re.search(wide + r"\d+$", text) is not None for text in products)
    unfused = sum(re.search(r"\tv(mul|add|sub)ps\s", text) is not None for text in body)
    # The stack is addressed from its pointer or the frame's, which Swift keeps.
    stack = sum(
        re.search(r"%[xyz]mm", text) is not None and re.search(r"\(%r[sb]p[,)]", text) is not None for text in body
    )
    moves = sum(re.search(r"\tvmov\w+\s+%[xyz]mm\d+,%[xyz]mm\d+", text) is not None for text in body)
    calls = sum("\tcall" in text for text in body)
    faults = []
    expected = (rows, rows) if is_narrow else (rows if kind.startswith("Single") else 2 * rows, 0)
    if in_whole == 0 or (in_whole % expected[0] or in_halves * expected[0] != in_whole * expected[1]):
        faults.append(f"{in_whole} whole and {in_halves} half products, expected {expected} or a multiple")
    for count, what in (
        (unfused, "products or sums that are not fused"),
        (stack, "vector accesses to the stack"),
        (moves, "moves between vector registers"),
        (calls, "calls"),
    ):
        if count:
            faults.append(f"{count} {what}")
    return faults


def depthwise_faults(unit, pixels, instructions):
    """What is wrong with the loops of depthwise sums: all innermost ones that multiply."""
    wide = "%ymm" if unit == "X86V3" else "%zmm"
    faults = []
    bodies = [body for body in innermost_loops(instructions) if any(re.search(FUSED, text) for text in body)]
    for body in bodies:
        products = sum(re.search(FUSED + r".*" + wide + r"\d+$", text) is not None for text in body)
        if products == 0 or products % pixels:
            faults.append(f"{products} products, expected {pixels} or a multiple")
        # Sums, inputs, a tap and a mask for seven pixels are one more than the 16 registers of AVX2.
        if (unit, pixels) != ("X86V3", 7):
            if any(re.search(r"%[xyz]mm", text) and re.search(r"\(%r[sb]p[,)]", text) for text in body):
                faults.append("vector accesses to the stack")
        if any("\tcall" in text for text in body):
            faults.append("calls")
        # The loop over the taps of a row may be in one with the loop over the rows, but no input has a branch of its own.
        loads = [i for i, text in enumerate(body) if re.search(r"\tv\w+\s+.*\(%r.*%[xyz]mm", text)]
        if any(JUMP.search(text) for text in body[loads[0] : loads[-1]]):
            faults.append("branches")
    return faults if bodies else ["no loop that multiplies"]


def check_depthwise(listing, report):
    """Whether the depthwise sums of each unit, type and number of pixels are there and as they should be."""
    missing = {(unit, kind, pixels) for unit in FLOAT_UNITS for kind in DEPTHWISE_KINDS for pixels in range(1, 8)}
    passed = True
    for name, instructions in functions(listing):
        sums = DEPTHWISE.search(name)
        if not sums:
            continue
        unit, pixels, kind = sums.group(1), int(sums.group(2)), sums.group(3)
        missing.discard((unit, kind, pixels))
        for fault in sorted(set(depthwise_faults(unit, pixels, instructions))):
            report(f"{unit} {kind} depthwise sums of {pixels} pixels: {fault}")
            passed = False
    for unit, kind, pixels in sorted(missing):
        report(f"{unit}: no {kind} depthwise sums of {pixels} pixels")
    return passed and not missing


def check_loops(listing, report):
    """Whether the loops of vectors that are no tiles are there and as they should be."""
    missing = {(unit, kernel) for kernel in LOOPS for unit in LOOPS[kernel].most}
    passed = True
    for name, instructions in functions(listing):
        kernel = KERNEL.search(name)
        if not kernel:
            continue
        unit, count, function, argument = kernel.groups()
        # Parts of it may be functions of their own.
        function = "gather" if function.startswith("gather") else function
        key = (function, argument.rsplit(".", 1)[-1] if not count else int(count))
        if key not in LOOPS or unit not in LOOPS[key].most:
            continue
        parts = [[text for _, text in instructions]] if LOOPS[key].is_whole else innermost_loops(instructions)
        bodies = [body for body in parts if LOOPS[key].is_meant(body)]
        if bodies:
            missing.discard((unit, key))
        for fault in sorted({fault for body in bodies for fault in LOOPS[key].faults(unit, body)}):
            report(f"{unit} {function} of {key[1]}: {fault}")
            passed = False
    for unit, (function, what) in sorted(missing, key=str):
        report(f"{unit}: no loop of {function} of {what}")
    return passed and not missing


class VectorLoop:
    """What is expected of the innermost loops of a kernel: of those with products of floats, or of all that have vectors."""

    def __init__(self, most, products=0, multiply=True, straight=False, is_whole=False):
        """most: by unit, how many instructions may move vectors to the stack or from it; products: they have so many, or a multiple;
        straight: no branch is among them, as whether to rectify and what a word holds is decided outside; is_whole: it is a function
        without loops, of which only the stack is checked."""
        self.most, self.products, self.multiply, self.straight, self.is_whole = most, products, multiply, straight, is_whole

    def is_meant(self, body):
        return any(re.search(FUSED if self.multiply else r"%[xyz]mm", text) for text in body)

    def faults(self, unit, body):
        products = sum(re.search(FUSED, text) is not None for text in body)
        if self.products and products % self.products:
            yield f"{products} products, expected {self.products} or a multiple"
        stack = sum(bool(re.search(r"%[xyz]mm", text) and re.search(r"\(%r[sb]p[,)]", text)) for text in body)
        if stack > self.most[unit]:
            yield f"{stack} vector accesses to the stack, expected {self.most[unit]} at most"
        if self.is_whole:
            return
        if any("\tcall" in text for text in body):
            yield "calls"
        inputs = [i for i, text in enumerate(body) if re.search(FUSED, text)]
        if self.straight and any(JUMP.search(text) for text in body[inputs[0] : inputs[-1]]):
            yield "branches"


def vector_loops():
    """The loops by their function and its argument's type, or how many pixels or rows it is specialized for.

    Two vectors of sums of seven pixels, their inputs and taps are more than there are registers, and the 36 vectors of a window are
    too: the compiler puts some on the stack, at a fifth of the products where they are packed, on AVX2 more often. Output of
    Winograd's products is transformed in two passes with the stack between them, all pixels of a window in one function.
    """
    def most(bf16, v4, v3):
        return {"X86BF16": bf16, "X86V4": v4, "X86V3": v3}

    none, nowhere = [0] * 7, most(0, 0, 0)
    spilled = {
        "float": (none, none, [0, 0, 0, 0, 0, 2, 6]),
        "floatLimited": (none, none, none),
        "packing": ([0, 0, 28, 38, 50, 66, 76], [0, 0, 2, 6, 6, 14, 16], [0, 0, 2, 20, 30, 32, 42]),
        "widening": (none, none, [0, 0, 0, 0, 2, 26, 14]),
        "wideningLimited": (none, none, [0, 0, 2, 0, 18, 22, 30]),
        "packed": ([0, 0, 0, 0, 8, 14, 22], [0, 0, 0, 0, 2, 8, 16], [0, 16, 28, 48, 76, 85, 112]),
        "packedLimited": ([0, 0, 0, 4, 12, 18, 26], [0, 0, 0, 2, 8, 16, 24], [0, 18, 30, 45, 48, 58, 74]),
    }
    loops = {
        (f"{kind}Depthwise3x3", pixels): VectorLoop(most(*(counts[pixels - 1] for counts in of_units)), products=9 * pixels)
        for kind, of_units in spilled.items() for pixels in range(1, 8)
    }
    # With a stride, 20 taps are read from the stack or kept.
    for kind, counts in (("float", (0, 0, 0)), ("rounding", (0, 0, 15)), ("widening", (3, 3, 18)), ("packed", (4, 3, 18))):
        loops[f"{kind}SpreadDepthwise3x3", "DepthwiseRun"] = VectorLoop(most(*counts), products=9, straight=True)
    loops["gather", "GatherRun"] = VectorLoop(nowhere, multiply=False)
    loops["quantize", "QuantizeRun"] = VectorLoop({**nowhere, "X86VNNI": 0})
    for rows in (1, 4):
        loops["normalize", rows] = VectorLoop({**nowhere, "X86VNNI": 0})
    for function in ("normalize", "parametricRelu"):
        loops[function, "ElementwiseRun"] = VectorLoop(nowhere, multiply=False)
    loops["transformInput", "WinogradInput"] = VectorLoop(most(36, 36, 116))
    # Of each the variants for what a map holds, and for outputs with an upper limit and without.
    loops["transformOutput", "WinogradOutput"] = VectorLoop(most(68, 66, 416), is_whole=True)
    loops["transformLow", "WinogradIntegers"] = VectorLoop(most(144, 144, 459), is_whole=True)
    loops["transformHigh", "WinogradIntegers"] = VectorLoop(most(93, 93, 216), is_whole=True)
    loops["transformWindow", "WinogradBytesInput"] = VectorLoop({**most(0, 0, 2), "X86VNNI": 0}, multiply=False)
    loops["transformOutput", "WinogradBytesOutput"] = VectorLoop(most(286, 286, 251), is_whole=True)
    for function in ("transformLow", "transformHigh", "transformWhole"):
        loops[function, "WinogradWideInput"] = VectorLoop(most(78, 78, 112), is_whole=True)
    for function in ("transformFour", "transformSix"):
        loops[function, "WinogradWideOutput"] = VectorLoop(most(0, 0, 10), is_whole=True)
    loops["transformInput", "WinogradLineInput"] = VectorLoop(nowhere)
    loops["transformOutput", "WinogradLineOutput"] = VectorLoop(most(2, 2, 8))
    return loops


LOOPS = vector_loops()


def matrix_faults(kind, body):
    """What is wrong with the loop of matrix registers."""
    products = sum(MATRIX_PRODUCTS[kind].search(text) is not None for text in body)
    loads = sum("\ttileloadd" in text for text in body)
    faults = []
    if products == 0 or products % 4 or loads != products:
        faults.append(f"{products} products with {loads} loads, expected 4 with 4 or a multiple")
    if any("\tcall" in text or re.search(r"%[xyz]mm", text) for text in body):
        faults.append("calls or vectors among them")
    return faults


def check_matrix_products(listing, report):
    """Whether there is a product in matrix registers for each arithmetic and output, and all are as they should be."""
    missing = {(kind, element) for kind in MATRIX_PRODUCTS for element in ("Float", "Packed")}
    passed = True
    for name, instructions in functions(listing):
        product = MATRIX.search(name)
        if not product or not any("\ttdp" in text for _, text in instructions):
            continue
        kind = product.group(1)
        missing.discard(product.groups())
        for fault in matrix_faults(kind, multiplying_loop(instructions, MATRIX_PRODUCTS[kind])):
            report(f"X86AMX {kind}: {fault}")
            passed = False
    for kind, element in sorted(missing):
        report(f"X86AMX: no {kind} product with {element} output")
    return passed and not missing


def check(listing, report=print):
    """Whether all tiles of a disassembly are there and as they should be."""
    architecture = re.search(r"file format (.+)", listing)
    if not architecture or "x86-64" not in architecture.group(1).replace("_", "-"):
        report(f"nothing to check: the format is {architecture.group(1) if architecture else 'unknown'}, not x86-64")
        return bool(architecture)
    passed = True
    missing = set(expected_tiles())
    for name, instructions in functions(listing):
        tile = TILE.search(name)
        if not tile:
            continue
        kind, unit, (rows, *step), function = tile.group(1), tile.group(2), map(int, tile.group(3).split(", ")), tile.group(4)
        function = "".join([function, *map(str, step)])
        if unit not in PRODUCTS.get(arithmetic_of(kind), ()):
            report(f"{unit}: {kind} tiles are not expected here")
            passed = False
            continue
        body = multiplying_loop(instructions, product_of(unit, kind))
        if (unit, kind) == ("X86V3", "SingleFloat") and function.startswith("imageTile"):
            # LLVM computes each sum in another register and moves it back: processors with AVX2 only rename it.
            body = [text for text in body if not re.search(r"\tvmovaps %ymm\d+,%ymm\d+", text)]
        faults = faults_of(unit, kind, rows, body)
        if faults:
            report(f"{unit} {kind} {function} of {rows}, {len(body)} instructions: " + ", ".join(faults))
        missing.discard((unit, kind, rows, function))
        passed = passed and not faults
    for name in strays(listing):
        report(f"{name} uses what not every processor has, but belongs to no kernel")
        passed = False
    for unit, kind, function in sorted({(unit, kind, function) for unit, kind, _, function in missing}):
        rows = sorted(tile[2] for tile in missing if (*tile[:2], tile[3]) == (unit, kind, function))
        report(f"{unit}: no {kind} {function} of {rows}; the binary is stripped, is no release build, or they were inlined")
        passed = False
    passed = check_matrix_products(listing, report) and passed
    passed = check_depthwise(listing, report) and passed
    passed = check_loops(listing, report) and passed
    if passed:
        report(f"all {len(set(expected_tiles()))} tiles and the depthwise sums of any window keep their sums in registers, the other loops all but those named")
    return passed


def made_listing(
    edit=lambda unit, rows, lines: lines, format="elf64-x86-64", keep=lambda unit, kind, rows, function: True,
    matrix=lambda kind, lines: lines, depthwise=lambda unit, kind, pixels, lines: lines,
    loop=lambda unit, function, lines: lines,
):
    """A disassembly as objdump writes it, with a loop for each tile that `edit` may change, and `matrix` if of matrices."""
    blocks = [f"a.out:     file format {format}\n\n"]
    for unit, kind, rows, function in filter(lambda tile: keep(*tile), expected_tiles()):
        wide, half = ("%ymm", "%xmm") if unit == "X86V3" else ("%zmm", "%ymm")
        name = {"vfmadd": "vfmadd231ps", "vpdpbusd": "vpdpbusd", "vpdpwssd": "vpdpwssd", "vpmaddwd": "vpmaddwd", "vdpbf16ps": "vdpbf16ps"}[
            re.search(r"[a-z0-9]{2,}", PRODUCTS[arithmetic_of(kind)][unit][2:].replace(r"\d+ps", "")).group(0)
        ]
        body = ["inc    %rcx"]
        for i in range(rows if kind.startswith("Single") else 2 * rows):
            vector = half if kind.startswith("Narrow") and i % 2 else wide
            body.append(f"{name} {vector}0,{vector}1,{vector}{2 + i % 14}")
        lines = ["xor    %ecx,%ecx"] + edit(unit, rows, body) + ["cmp    %rax,%rcx", "jb     1001 <tile+0x1>", "ret"]
        text = "\n".join(f"    {0x1000 + i:x}:\t{line}" for i, line in enumerate(lines))
        blocks.append(
            f"0000000000001000 <generic specialization <serialized, Kernels.{kind}Tile<Kernels{unit}.{unit}>, "
            f"{', '.join([str(rows), *re.findall(r'[0-9]', function)])}> of static (extension in Kernels):"
            f"Kernels.TileArithmetic.{function.rstrip('36')}<A>() -> ()>:\n{text}\n")
    for unit in FLOAT_UNITS:
        wide = "%ymm" if unit == "X86V3" else "%zmm"
        for kind, pixels in ((kind, pixels) for kind in DEPTHWISE_KINDS for pixels in range(1, 8)):
            body = [f"vfmadd231ps (%rcx,%rax,1),{wide}0,{wide}{1 + i}" for i in range(pixels)]
            lines = ["xor    %ecx,%ecx"] + depthwise(unit, kind, pixels, body) + ["jb     1001 <sums+0x1>", "ret"]
            text = "\n".join(f"    {0x1000 + i:x}:\t{line}" for i, line in enumerate(lines))
            blocks.append(
                f"0000000000001000 <generic specialization <serialized, Kernels{unit}.{unit}, {pixels}> of static "
                f"(extension in Kernels):Kernels.VectorUnit.{kind}DepthwiseAny<A>() -> ()>:\n{text}\n")
    for (function, what), expected in LOOPS.items():
        for unit in expected.most:
            body = ["vfmadd231ps (%rcx,%rax,1),%ymm0,%ymm1"] * max(1, expected.products)
            body += ["vmovups %ymm1,0x20(%rsp)"] * expected.most[unit]
            lines = ["xor    %ecx,%ecx"] + loop(unit, function, body) + ["jb     1001 <loop+0x1>", "ret"]
            text = "\n".join(f"    {0x1000 + i:x}:\t{line}" for i, line in enumerate(lines))
            pixels, argument = (f", {what}", "Swift.InlineArray<A1>.Type") if isinstance(what, int) else ("", f"Kernels.{what}")
            blocks.append(
                f"0000000000001000 <generic specialization <serialized, Kernels{unit}.{unit}{pixels}> of static "
                f"(extension in Kernels):Kernels.VectorUnit.{function}{'<A>' if pixels else ''}(_: {argument}) -> ()>:\n{text}\n")
    for kind, name in (("Integer", "tdpbusd"), ("BFloat16", "tdpbf16ps")):
        for element in ("Float", "Packed"):
            body = ["inc    %rcx"] + [f"tileloadd (%rax,%rdx,1),%tmm{4 + i}" for i in range(4)]
            body += [f"{name} %tmm{6 + i % 2},%tmm{4 + i // 2},%tmm{i}" for i in range(4)]
            lines = ["xor    %ecx,%ecx"] + matrix(kind, body) + ["cmp    %rax,%rcx", "jb     1001 <tile+0x1>", "ret"]
            text = "\n".join(f"    {0x1000 + i:x}:\t{line}" for i, line in enumerate(lines))
            types = f"Kernels.{kind}Tile<KernelsX86AMX.X86AMX>, Kernels.{element}Element<KernelsX86AMX.X86AMX>"
            blocks.append(
                f"0000000000001000 <generic specialization <KernelsX86AMX.X86AMX, {types}> of static "
                f"(extension in Kernels):Kernels.MatrixTileUnit.multiplyTiles<A, B>() -> ()>:\n{text}\n")
    return "\n".join(blocks)


def self_test():
    """Good loops pass, and each fault fails."""
    def wrong(line, at_unit="X86V3", at_rows=6):
        return made_listing(lambda unit, rows, body: body + [line] if (unit, rows) == (at_unit, at_rows) else body)

    fewer = made_listing(lambda unit, rows, body: body[:-1] if rows == 3 else body)
    apart = made_listing(
        lambda unit, rows, body: [line.replace("vfmadd231ps", "vmulps") for line in body] if rows == 6 else body)
    one_gone = made_listing(keep=lambda *tile: tile != ("X86VNNI", "NarrowInteger", 5, "tile"))
    no_image = made_listing(keep=lambda *tile: tile[3] != "imageTile3" or tile[1] != "SingleShort")
    floats_only = made_listing(keep=lambda unit, kind, rows, function: kind == "Float")
    cases = [
        ("good loops", made_listing(), True),
        ("loops unrolled twice", made_listing(lambda unit, rows, body: body + body[1:]), True),
        ("another processor", made_listing(format="elf64-littleaarch64"), True),
        ("no disassembly", "", False),
        ("no tiles", "a.out:     file format elf64-x86-64\n", False),
        ("one tile is missing", one_gone, False),
        ("the narrowest tiles of images are missing", no_image, False),
        ("only tiles of floats", floats_only, False),
        ("halves for whole vectors", made_listing(
            lambda unit, rows, body: [line.replace("%zmm", "%ymm") for line in body] if rows == 9 else body), False),
        ("another instruction", made_listing(
            lambda unit, rows, body: [line.replace("vpdpbusd", "vpmaddwd") for line in body]), False),
        ("wide registers elsewhere", made_listing() + "\n2000 <$ss4SIMD>:\n    2000:\tvaddps %zmm1,%zmm2,%zmm2\n", False),
        ("SSE2 elsewhere", made_listing() + "\n2000 <$ss4SIMD>:\n    2000:\tpmuludq %xmm1,%xmm2\n    2004:\ttzcnt  %eax,%eax\n",
         True),
        *[(f"{text} elsewhere", made_listing() + f"\n2000 <$ss4SIMD>:\n    2000:\t{text}\n", False)
          for text in ("popcnt %rax,%rax", "vmovd  %eax,%xmm0", "pshufb %xmm1,%xmm2", "roundss $0x9,%xmm0,%xmm0",
                       "shlx   %rcx,%rax,%rax", "pinsrd $0x1,%eax,%xmm0", "pmulld %xmm1,%xmm2", "andn   %rax,%rcx,%rdx")],
        ("a product is missing", fewer, False),
        ("products that are not fused", apart, False),
        ("a sum that is not fused", wrong("vaddps %ymm1,%ymm2,%ymm2"), False),
        ("a spill", wrong("vmovups %ymm2,0x20(%rsp)"), False),
        ("a reload", wrong("vmovaps -0x40(%rbp),%zmm3", "X86V4", 14), False),
        ("a product with the stack", wrong("vfmadd231ps 0x40(%rsp),%ymm1,%ymm2"), False),
        ("a broadcast from the stack", wrong("vbroadcastss (%rsp,%rcx,4),%zmm3", "X86V4", 1), False),
        ("a move", wrong("vmovaps %ymm2,%ymm3"), False),
        ("a call", wrong("call   2000 <fmaf>"), False),
        ("a matrix product is missing", made_listing(matrix=lambda kind, body: body[:-1]), False),
        ("a call among matrix products", made_listing(
            matrix=lambda kind, body: body + ["call   2000 <load_two_tiles>"]), False),
        ("a depthwise product is missing", made_listing(
            depthwise=lambda unit, kind, pixels, body: body[1:] if pixels == 7 else body), False),
        ("a branch among depthwise products", made_listing(
            depthwise=lambda unit, kind, pixels, body: body[:1] + ["je     1003 <sums+0x3>"] + body[1:]), False),
        ("a depthwise sum on the stack", made_listing(
            depthwise=lambda unit, kind, pixels, body: body + ["vmovups %zmm2,0x20(%rsp)"]), False),
        ("no depthwise sums of packed maps", made_listing(
            depthwise=lambda unit, kind, pixels, body: ["nop"] if kind == "packed" else body), False),
        *[(f"{what} in {function}", made_listing(
            loop=lambda unit, name, body: edit(body) if name == function and unit == "X86V4" else body), False)
          for what, function, edit in (
              ("a call", "gather", lambda body: body + ["call   2000 <closure>"]),
              ("a spill", "gather", lambda body: body + ["vmovups %ymm1,0x20(%rsp)"]),
              ("one spill more", "packedDepthwise3x3", lambda body: body + ["vmovups %ymm1,0x20(%rsp)"]),
              ("a product less", "floatLimitedDepthwise3x3", lambda body: body[1:] if len(body) > 9 else body),
              ("a branch", "packedSpreadDepthwise3x3", lambda body: body[:4] + ["je     1003 <loop+0x3>"] + body[4:]),
              ("a spill", "quantize", lambda body: body + ["vmovups 0x20(%rsp),%ymm1"]),
              ("no loop", "normalize", lambda body: ["nop"]),
              ("no products", "transformInput", lambda body: ["nop"]),
              ("one spill more", "transformOutput", lambda body: body + ["vmovups %ymm1,0x20(%rsp)"]))],
        ("no matrix products of bytes", made_listing(
            matrix=lambda kind, body: ["nop"] if kind == "Integer" else body), False),
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
    for tool, origin in (("objdump", "binutils"), ("swift", "the Swift toolchain")):
        if shutil.which(tool) is None:
            print(f"{tool} was not found; it comes with {origin}")
            return False
    try:
        # All are checked, so that one failure hides no other.
        return all([check(disassembly(path)) for path in sys.argv[1:]])
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip() or error)
        return False


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
