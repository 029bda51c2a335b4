#!/usr/bin/env python3
"""Converts and runs real files of PyTorch and ONNX, and compares with what PyTorch computed: which agree, and how many.

    Tests/torch-files.py [--build .build/release] [--photos FOLDER] [--only NAME,...] [--kinds onnx,pth] [--log FILE] FOLDER...
    Tests/torch-files.py --table FILE [--page PAGE]        only the table of what a run noted with --log

A folder has a network in files NAME.onnx, NAME.dynamo.onnx, NAME.safetensors, NAME.pth, NAME.legacy.pth (some of them), NAME.ppm, a
picture in the size that the network takes, and NAME.json: `output`, PyTorch's logits for it under (pixel / 255 - mean) / std,
`mean` and `std`; Tests/torch-networks.py makes such folders. Each file is converted and run in fp32, which must be within
--tolerance of the largest logit, and with --photos in bf16 and int8, compared with fp32 on the photos by --validate. Where the
facts say that PyTorch's own 32 bits are further from its 64 than that (`noise`), they are the tolerance, and the table says so.

The commands print probabilities: their logarithms are the logits less a number that all share, which is taken off both
sides. Classes below 1e-30 of a probability are left out, since floats are coarse there. Needs no framework. Exit code 0 if all
agree.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path

import model_files

KINDS = ["onnx", "dynamo.onnx", "safetensors", "pth", "legacy.pth"]
SMALLEST = 1e-30
# How far a precision's logits may turn from PyTorch's: random weights, unlike trained ones, put all classes side by side.
LEAST_COSINES = {"bf16": 0.99, "int8": 0.9}


def centered(values):
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def logits_beside(found, expected):
    """The logits that probabilities came from beside the expected ones, both less their means."""
    kept = [
        index for index, probability in enumerate(model_files.softmax(expected))
        if probability > SMALLEST and found.get(index, 0) > 0
    ]
    if len(found) != len(expected) or len(kept) < 2:
        raise RuntimeError(f"{len(found)} outputs, {len(kept)} of them with a probability, expected {len(expected)}")
    return centered([math.log(found[index]) for index in kept]), centered([expected[index] for index in kept])


def probabilities_beside(found, expected):
    """Of a network that ends in a softmax."""
    if len(found) != len(expected):
        raise RuntimeError(f"{len(found)} outputs, expected {len(expected)}")
    return [found[index] for index in range(len(expected))], expected


def cosine(a, b):
    norm = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b)) / norm if norm > 0 else 0


def check(path, base, arguments):
    """A row: the largest difference in fp32, and the cosines of the logits in the other precisions."""
    facts = json.loads(base.with_name(base.name + ".json").read_text())
    picture = base.with_name(base.name + ".ppm")
    join = lambda numbers: ",".join(str(number) for number in numbers)
    preprocessing = ["--divisor", "255", "--mean", join(facts["mean"]), "--std", join(facts["std"]), "--stretch"]
    options = preprocessing + ["--input-size", facts["side"]]
    # timm and torchvision name some networks alike; which one it is, its name says.
    if path.suffix != ".onnx" and arguments.name_architectures:
        options += ["--architecture", base.name]
    row = {"network": base.name, "library": facts["source"], "kind": path.name[len(base.name) + 1:]}
    row["noise"] = facts.get("noise", 0)
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        model = os.path.join(folder, "model.xcw")
        start = time.monotonic()
        summary = model_files.convert(arguments.build, path, model, *options)
        row["seconds"] = round(time.monotonic() - start, 1)
        row["parameters"], row["architecture"] = summary["parameters"], summary["architecture"]
        beside = probabilities_beside if "probabilities" in summary["output"] else logits_beside
        # A file whose weights are integers already would run in int8.
        answer = model_files.probabilities(arguments.build, model, picture, "--precision", "fp32")
        found, expected = beside(answer, facts["output"])
        largest = max(abs(value) for value in facts["output"])
        row["fp32"] = max(abs(x - y) for x, y in zip(found, expected)) / largest
        os.remove(model)
        for precision, option in (("bf16", "--precision"), ("int8", "--quantize")) if arguments.photos else ():
            try:
                summary = model_files.convert(
                    arguments.build, path, model, *options, option, precision, "--validate", arguments.photos)
            except RuntimeError as error:
                row[precision + " error"] = str(error)
                continue
            row[precision + " same"] = summary["comparison"]["pictures"]["sameClassShare"]
            answer = model_files.probabilities(arguments.build, model, picture)
            row[precision] = cosine(*beside(answer, facts["output"]))
            os.remove(model)
    return row


def is_close(row, tolerance):
    return row.get("fp32", math.inf) <= max(tolerance, row.get("noise", 0))


def agrees(row, tolerance):
    return is_close(row, tolerance) and all(
        row.get(precision, 1) >= least and precision + " error" not in row for precision, least in LEAST_COSINES.items())


def described(row):
    if "error" in row:
        return row["error"]
    parts = [f"fp32 {row['fp32']:.1e}"]
    for precision in LEAST_COSINES:
        if precision + " error" in row:
            parts.append(row[precision + " error"])
        elif precision in row:
            parts.append(f"{precision} {row[precision]:.4f}, same class {row[precision + ' same']:.0%}")
    return "; ".join(parts)


def table(rows, tolerance):
    """A row for each network, a column for each kind of file: the largest difference in fp32; then the other precisions."""
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    precisions = [name for name in LEAST_COSINES if any(name in row for row in rows)]
    lines = ["| network | " + " | ".join("`." + kind + "`" for kind in kinds) + "".join(f" | {p}" for p in precisions) + " |"]
    lines.append("| --- |" + " ---: |" * (len(kinds) + len(precisions)))
    networks = dict.fromkeys((row["library"], row["network"]) for row in rows)
    for library, network in networks:
        own = {row["kind"]: row for row in rows if (row["library"], row["network"]) == (library, network)}
        cells = []
        for kind in kinds:
            row = own.get(kind)
            text = "" if row is None else f"{row['fp32']:.0e}" if "fp32" in row else "refused"
            if row is not None and not is_close(row, tolerance):
                text = f"**{text}**"
            elif row is not None and row["fp32"] > tolerance:
                text += f" (PyTorch {row['noise']:.0e})"
            cells.append(text)
        for precision in precisions:
            values = [row[precision] for row in own.values() if precision in row]
            refused = any(precision + " error" in row for row in own.values())
            cells.append("**refused**" if refused else f"{min(values):.4f}" if values else "")
        lines.append(f"| {library} `{network}` | " + " | ".join(cells) + " |")
    count = sum(agrees(row, tolerance) for row in rows)
    lines.append(f"\n{count} of {len(rows)} files agree with PyTorch.")
    return "\n".join(lines) + "\n"


def files(arguments):
    """Small networks first."""
    only = arguments.only.split(",") if arguments.only else None
    found = []
    for folder in arguments.folders:
        for facts in folder.glob("*.json"):
            base = facts.with_suffix("")
            for kind in arguments.kinds.split(","):
                path = facts.with_name(f"{base.name}.{kind}")
                if path.exists() and (only is None or base.name in only):
                    found.append((facts.with_name(base.name + ".ppm").stat().st_size, path, base))
    sizes = {}
    for _, path, base in found:
        data = path.with_name(path.name + ".data")
        size = path.stat().st_size + (data.stat().st_size if data.exists() else 0)
        sizes[base] = max(sizes.get(base, 0), size)
    return [(path, base) for _, path, base in sorted(found, key=lambda each: (sizes[each[2]], str(each[1])))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--build", default=".build/release", help="where the commands are")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="the largest difference, of the largest logit")
    parser.add_argument("--photos", help="a folder: run bf16 and int8, too, and compare them on its photos")
    parser.add_argument("--only", help="names of networks, with commas between them")
    parser.add_argument("--kinds", default=",".join(KINDS), help="the files' suffixes")
    parser.add_argument("--name-architectures", action="store_true", help="give --architecture with state dictionaries")
    parser.add_argument("--scratch", help="where converted files lie for a moment")
    parser.add_argument("--log", help="a file that a line of JSON is added to for each file")
    parser.add_argument("--table", help="such a file: print its table and run nothing")
    parser.add_argument("--page", help="write the table between <!-- torch --> and <!-- /torch --> of this page")
    arguments = parser.parse_args()
    rows = []
    if arguments.table:
        latest = {}
        for line in Path(arguments.table).read_text().splitlines():
            row = json.loads(line)
            latest[row["library"], row["network"], row["kind"]] = row
        rows = list(latest.values())
    for path, base in files(arguments):
        try:
            row = check(path, base, arguments)
        except (RuntimeError, KeyError, ValueError) as error:
            library = json.loads(base.with_name(base.name + ".json").read_text())["source"]
            row = {"network": base.name, "library": library, "kind": path.name[len(base.name) + 1:], "error": str(error)}
        rows.append(row)
        print("agrees" if agrees(row, arguments.tolerance) else "DIFFERS", path.name, described(row), flush=True)
        if arguments.log:
            with open(arguments.log, "a") as log:
                log.write(json.dumps(row) + "\n")
    if arguments.page:
        model_files.write_block(arguments.page, "torch", table(rows, arguments.tolerance))
    elif arguments.table:
        print(table(rows, arguments.tolerance), end="")
    count = sum(agrees(row, arguments.tolerance) for row in rows)
    print(f"{count} of {len(rows)} agree")
    sys.exit(count != len(rows))


main()
