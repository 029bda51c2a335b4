"""What the scripts that convert and run real files of models share: the commands, their answers, and tables in pages."""

import json
import math
import os
import re
import subprocess
from pathlib import Path


def softmax(values):
    largest = max(values)
    exponentials = [math.exp(value - largest) for value in values]
    total = sum(exponentials)
    return [value / total for value in exponentials]


def sigmoid(value):
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def run(command):
    """What a command prints; its last line of complaint is the error."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError((result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1])
    return result.stdout


def convert(build, source, target, *options):
    """Converts a file; what the converter says of it."""
    return json.loads(run([os.path.join(build, "xception-convert"), source, target, "--json", "--stored", *options]))


def probabilities(build, model, picture, *options):
    """Those of all classes, by their numbers."""
    program = os.path.join(build, "xception-run")
    line = json.loads(run([program, "--model", model, "--json", "--top", "0", *options, picture]))
    return {each["class"]: each["probability"] for each in line["predictions"]}


def write_block(page, name, text):
    """Replaces what lies between `<!-- name -->` and `<!-- /name -->` in a page."""
    path = Path(page)
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    old = path.read_text()
    if not pattern.search(old):
        raise SystemExit(f"{page} has no block between <!-- {name} --> and <!-- /{name} -->")
    path.write_text(pattern.sub(lambda match: match.group(1) + text + match.group(2), old))
