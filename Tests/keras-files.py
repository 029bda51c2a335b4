#!/usr/bin/env python3
"""Converts and runs real files of Keras, and compares with what Keras computed: which agree, and how many.

    Tests/keras-files.py [--build .build/release] [--tolerance 1e-5] [--table] FOLDER...

A folder has NAME.keras or NAME.h5 (both, or one of them) with NAME.ppm, the picture in the size that the model takes, and
NAME.json: `output`, what Keras gave for it, and how the picture was given to it: `scale`: "tf" where its values were x / 127.5 - 1
(or `scaled`: false, which means the same); otherwise they were pixels, or what the model's own first layers take.
Needs no framework. Exit code 0 if all agree.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def softmax(values):
    largest = max(values)
    exponentials = [math.exp(value - largest) for value in values]
    return [value / sum(exponentials) for value in exponentials]


def sigmoid(value):
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError((result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1])
    return result.stdout


def difference(path, facts, arguments):
    """The largest difference of a probability, and what the converter says of the file."""
    scaled = facts.get("scale") == "tf" or facts.get("scaled") is False
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.xcw")
        options = ["--preprocess", "keras"] if scaled else []
        convert = os.path.join(arguments.build, "xception-convert")
        summary = json.loads(run([convert, path, model, "--json", "--stored"] + options))
        picture = path.with_name(name_of(path) + ".ppm")
        program = os.path.join(arguments.build, "xception-run")
        line = json.loads(run([program, "--model", model, "--json", "--top", "0", str(picture)]))
    found = {each["class"]: each["probability"] for each in line["predictions"]}
    expected = facts["output"]
    if len(expected) == 1:
        # A yes/no classifier answers with both; Keras's value is yes, a logit unless the model ends in a sigmoid.
        expected = [expected[0] if "probabilities" in summary["output"] else sigmoid(expected[0])]
        found = {0: found[max(found)]}
    elif summary["output"] == "logits":
        expected = softmax(expected)
    elif summary["output"] == "label-logits":
        expected = [sigmoid(value) for value in expected]
    if len(found) != len(expected):
        raise RuntimeError(f"{len(found)} outputs, expected {len(expected)}")
    return max(abs(found[index] - value) for index, value in enumerate(expected)), summary


def name_of(path):
    return path.name.removesuffix(".keras").removesuffix(".h5")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--build", default=".build/release", help="where the commands are")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="the largest difference of a probability")
    parser.add_argument("--table", action="store_true", help="print a table in Markdown")
    arguments = parser.parse_args()
    agree = total = 0
    rows = []
    for folder in arguments.folders:
        for path in sorted(folder.iterdir()):
            facts = path.with_name(name_of(path) + ".json")
            if path.suffix not in (".keras", ".h5") or path.name.endswith(".weights.h5") or not facts.exists():
                continue
            total += 1
            try:
                found, summary = difference(path, json.loads(facts.read_text()), arguments)
                agrees = found <= arguments.tolerance
                text = f"{found:.1e}"
            except (RuntimeError, KeyError, ValueError) as error:
                agrees, text, summary = False, str(error), {}
            agree += agrees
            rows.append((f"{folder.name}/{path.name}", summary.get("parameters", ""), text, agrees))
            if not arguments.table:
                print("agrees" if agrees else "DIFFERS", rows[-1][0], text, flush=True)
    if arguments.table:
        print("| file | parameters | largest difference |\n| --- | ---: | ---: |")
        for name, parameters, text, agrees in rows:
            print(f"| {name} | {parameters} | {text if agrees else '**' + text + '**'} |")
    print(f"{agree} of {total} agree")
    sys.exit(agree != total)


main()
