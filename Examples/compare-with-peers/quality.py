"""The figures of what the results are worth: beside Keras, and beside fp32."""

import argparse
import math
import pathlib
import sys

import compare
import fidelity
from figure import Figure, figure, figure_table, table
from speed import instruction_sets

KERAS_LOGITS = pathlib.Path(__file__).parents[2] / "Tests/ExampleTests/Fixtures/kitchenware.tsv"
COSINE_BARS = {"bf16": {"mean": None, "worst": 0.9995}, "int8": {"mean": 0.998, "worst": 0.990}}
LABEL_BARS = {"photos": 100, "pictures": 98}


def keras_probabilities() -> dict[str, list[float]]:
    """By photo: what Keras gives, from its logits."""
    result = {}
    for line in KERAS_LOGITS.read_text().splitlines():
        photo, _, _, logits = line.split("\t")
        exponentials = [math.exp(float(logit)) for logit in logits.split()]
        result[photo] = [value / sum(exponentials) for value in exponentials]
    return result


def measure_photos(options: argparse.Namespace) -> list[str]:
    """How far the trained six-class model is from Keras on its photos, on every instruction set."""
    expected = keras_probabilities()
    photos = [options.models / "photos" / f"{photo}.jpg" for photo in expected]
    if not all(photo.is_file() for photo in photos):
        sys.exit(f"there are not all {len(photos)} photos in {options.models / 'photos'}")
    figures = []
    for name in instruction_sets(options):
        results = fidelity.classify(
            options.commands, options.weights / "kitchenware.xcw", photos, "--top", "0", "--isa", name
        )
        difference = max(
            abs(prediction["probability"] - expected[photo][prediction["class"]])
            for photo, result in zip(expected, results, strict=True) for prediction in result["predictions"]
        )
        title = f"{name}: largest difference of a probability from Keras, {len(photos)} photos"
        command = f"xception-run --model kitchenware.xcw --json --top 0 --isa {name} photos/*.jpg"
        figures.append(figure(title, difference, command, at_most=2e-4, form="{:.1e}"))
    return figure_table(figures)


def measure_fidelity(options: argparse.Namespace) -> list[str]:
    """Features and labels of bf16 and int8 beside fp32, ours and the peers'."""
    result = fidelity.measure(options)
    figures = []
    for row in result["features"]:
        if row["name"] == compare.OURS:
            figures += cosine_figures(row, result["pictures"])
    for row in result["labels"]:
        figures += label_figures(row)
    rows = [[row["name"], row["precision"], f"{row['mean']:.5f}", f"{row['worst']:.5f}"] for row in result["features"]]
    header = ["cosine of the 2,048 features with our fp32's", "precision", "mean", "worst"]
    return [*figure_table(figures), "", *table(header, rows)]


def cosine_figures(row: dict, pictures: int) -> list[Figure]:
    precision = row["precision"]
    command = f"fidelity.sh --precision {precision}"
    return [
        figure(
            f"{precision}: {key} cosine of the features with fp32's, {pictures} pictures", row[key], command,
            at_least=bar, form="{:.5f}",
        )
        for key, bar in COSINE_BARS[precision].items()
    ]


def label_figures(row: dict) -> list[Figure]:
    precision = row["precision"]
    figures = []
    for kind, bar in LABEL_BARS.items():
        count, same = row[kind], row[f"same_{kind}"]
        name = f"{precision}: same label as fp32's, trained six-class model, {count} {kind}"
        note = f"{same} of {count}; probabilities differ by at most {row[f'{kind}_difference']:.4f}"
        command = f"fidelity.sh --precision {precision}"
        figures.append(figure(name, 100 * same / count, command, at_least=bar, form="{:.1f} %", note=note))
    return figures
