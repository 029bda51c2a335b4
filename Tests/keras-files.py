#!/usr/bin/env python3
"""Converts and runs real files of Keras, and compares with what Keras computed: which agree, and how many.

    Tests/keras-files.py [--build .build/release] [--validate] [--only NAME,...] [--log FILE] FOLDER...
    Tests/keras-files.py --table FILE [--page PAGE]        only the tables of what runs noted with --log

A folder has NAME.keras or NAME.h5 (both, or one of them) with NAME.ppm, the picture in the size that the model takes, and
NAME.json: `output`, what Keras gave for it, and how the picture was given to it: `scale`: "tf" where its values were x / 127.5 - 1
(or `scaled`: false, which means the same); otherwise they were pixels, or what the model's own first layers take.
Tests/keras-networks.py makes such folders. Each file is converted and run in fp32, all of whose probabilities must be within
--tolerance; with --validate also in bf16 and int8, each compared with fp32 on the picture by xception-convert --validate.

The table has a row for each folder, named by its last part, and --page puts it between `<!-- keras -->` and `<!-- /keras -->`.
Needs no framework. Exit code 0 if all agree.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import model_files

PRECISIONS = {"bf16": ["--precision", "bf16"], "int8": ["--quantize", "int8"]}


def name_of(path):
    return path.name.removesuffix(".keras").removesuffix(".h5")


def expected_probabilities(facts, summary, found):
    """Keras's values as probabilities, and the ones found beside them."""
    values = facts["output"]
    if len(values) == 1:
        # A yes/no classifier answers with both; Keras's value is yes, a logit unless the model ends in a sigmoid.
        yes = values[0] if "probabilities" in summary["output"] else model_files.sigmoid(values[0])
        return [yes], {0: found[max(found)]}
    if summary["output"] == "logits":
        return model_files.softmax(values), found
    if summary["output"] == "label-logits":
        return [model_files.sigmoid(value) for value in values], found
    return values, found


def check(path, arguments):
    """What is found of a file: the largest difference of a probability in fp32, and how far the other precisions go with it."""
    facts = json.loads(path.with_name(name_of(path) + ".json").read_text())
    picture = path.with_name(name_of(path) + ".ppm")
    options = ["--preprocess", "keras"] if facts.get("scale") == "tf" or facts.get("scaled") is False else []
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.xcw")
        started = time.monotonic()
        summary = model_files.convert(arguments.build, path, model, *options)
        row = {"parameters": summary["parameters"], "seconds": round(time.monotonic() - started, 1)}
        found = model_files.probabilities(arguments.build, model, picture)
        expected, found = expected_probabilities(facts, summary, found)
        if len(found) != len(expected):
            raise RuntimeError(f"{len(found)} outputs, expected {len(expected)}")
        row["difference"] = max(abs(found[index] - value) for index, value in enumerate(expected))
        if not arguments.validate:
            return row
        photos = os.path.join(folder, "photos")
        os.mkdir(photos)
        shutil.copy(picture, photos)
        for precision, option in PRECISIONS.items():
            try:
                found = model_files.convert(arguments.build, path, model, *options, *option, "--validate", photos)
            except RuntimeError as error:
                # A model too small to have anything to quantize.
                row[precision] = {"error": str(error)}
                continue
            pictures = found["comparison"]["pictures"]
            row[precision] = {
                "difference": pictures["largestProbabilityDifference"], "cosine": pictures.get("featureCosineWorst"),
            }  # fmt: skip
    return row


def agrees(row, tolerance):
    return "error" not in row and row["difference"] <= tolerance


def line(row, tolerance):
    parts = [row["error"]] if "error" in row else [f"{row['difference']:.1e}"]
    for precision in PRECISIONS:
        if precision in row:
            found = row[precision]
            cosine = f", features {found['cosine']:.4f}" if found.get("cosine") is not None else ""
            parts.append(f"{precision} {found['difference']:.1e}{cosine}" if "difference" in found else f"{precision}: {found['error']}")
    if "seconds" in row:
        parts.append(f"{row['seconds']} s")
    return " ".join(["agrees" if agrees(row, tolerance) else "DIFFERS", row["file"], *parts])


def table(rows, tolerance):
    """A row for each folder."""
    folders = {}
    for row in rows:
        folders.setdefault(row["file"].split("/")[0], []).append(row)
    text = "| files | agree | largest difference | bf16 | int8 |\n| --- | ---: | ---: | ---: | ---: |\n"
    for folder, rows in folders.items():
        good = [row for row in rows if agrees(row, tolerance)]
        cells = [folder.replace("_", " "), f"{len(good)} of {len(rows)}", f"{max(row['difference'] for row in good):.0e}" if good else ""]
        for precision in PRECISIONS:
            found = [row[precision]["difference"] for row in rows if "difference" in row.get(precision, {})]
            cells.append(f"{len(found)} run, to {max(found):.0e}" if found else "")
        text += "| " + " | ".join(cells) + " |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--build", default=".build/release", help="where the commands are")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="the largest difference of a probability")
    parser.add_argument("--validate", action="store_true", help="convert to bf16 and int8, too, and compare")
    parser.add_argument("--only", default="", help="names of models, separated by commas")
    parser.add_argument("--log", type=Path, help="note what is found in this file, after what is there")
    parser.add_argument("--table", type=Path, help="print a table of what a log has")
    parser.add_argument("--page", help="put the table into a page")
    arguments = parser.parse_args()
    if arguments.table:
        text = table([json.loads(row) for row in arguments.table.read_text().splitlines()], arguments.tolerance)
        if arguments.page:
            model_files.write_block(arguments.page, "keras", text)
        else:
            print(text, end="")
        return
    count = total = 0
    names = set(filter(None, arguments.only.split(",")))
    for folder in arguments.folders:
        for path in sorted(folder.iterdir()):
            facts = path.with_name(name_of(path) + ".json")
            if path.suffix not in (".keras", ".h5") or path.name.endswith(".weights.h5") or not facts.exists():
                continue
            if names and name_of(path) not in names:
                continue
            try:
                row = check(path, arguments)
            except (RuntimeError, KeyError, ValueError) as error:
                row = {"error": str(error)}
            row["file"] = f"{folder.name}/{path.name}"
            total += 1
            count += agrees(row, arguments.tolerance)
            print(line(row, arguments.tolerance), flush=True)
            if arguments.log:
                with arguments.log.open("a") as log:
                    log.write(json.dumps(row) + "\n")
    print(f"{count} of {total} agree")
    sys.exit(count != total)


main()
