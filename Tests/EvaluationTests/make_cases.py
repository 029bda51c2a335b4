#!/usr/bin/env python3
"""Writes Fixtures/cases.json: answers of made-up models, and what scikit-learn and statsmodels say of them.

Needs scikit-learn 1.5 and statsmodels 0.14.
"""
import json
from pathlib import Path

import numpy as np
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def probabilities(random, truth, classes, skill):
    """Rounded to two decimals so that some are equal, and float32 as a network's values are."""
    logits = random.normal(size=(len(truth), classes))
    logits[np.arange(len(truth)), truth] += skill
    values = np.exp(logits)
    return np.round(values / values.sum(1, keepdims=True), 2).astype(np.float32)


def classes_case(seed, pictures, classes, skill):
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes - 1, pictures)  # The last class has no pictures.
    scores = probabilities(random, truth, classes, skill)
    predicted = scores.argmax(1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(classes), zero_division=0)
    rank = np.array([np.flatnonzero(np.argsort(-row, kind="stable") == t)[0] for row, t in zip(scores, truth)])
    top5 = int((rank < 5).sum())
    return {
        "truth": truth.tolist(), "scores": [[round(float(value), 2) for value in row] for row in scores],
        "top1": float(metrics.accuracy_score(truth, predicted)),
        "top1Interval": proportion_confint(int((rank < 1).sum()), pictures, method="wilson"),
        "top5": top5 / pictures, "top5Interval": proportion_confint(top5, pictures, method="wilson"),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "macroF1": float(metrics.f1_score(truth, predicted, average="macro", zero_division=0)),
        "matrix": metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
        "expectedCalibrationError": calibration_error(scores.max(1).astype(float), predicted == truth),
    }


def calibration_error(confidence, correct, bins=15):
    """Guo et al. (2017), equation 3, with bins that hold their upper ends."""
    index = np.clip(np.searchsorted(np.arange(1, bins + 1) / bins, confidence, side="left"), 0, bins - 1)
    return float(sum(
        abs(correct[index == b].mean() - confidence[index == b].mean()) * (index == b).mean()
        for b in range(bins) if (index == b).any()))


def labels_case(seed, pictures, labels):
    random = np.random.default_rng(seed)
    truth = (random.random((pictures, labels)) < 0.25).astype(int)
    truth[:, -1] = 0  # A label that no picture has.
    truth[0] = 0  # A picture without labels.
    scores = np.round(np.clip(random.random((pictures, labels)) * 0.7 + truth * 0.3 * random.random(), 0, 1), 2)
    scores = scores.astype(np.float32)
    said = (scores >= np.float32(0.5)).astype(int)
    present = truth.sum(0) > 0
    weights = np.round(random.random(labels) + 0.1, 3)
    return {
        "truth": [np.flatnonzero(row).tolist() for row in truth], "scores": [[round(float(value), 2) for value in row] for row in scores],
        "averagePrecision": [
            float(metrics.average_precision_score(truth[:, i], scores[:, i])) if present[i] else None
            for i in range(labels)],
        "meanAveragePrecision": float(metrics.average_precision_score(truth[:, present], scores[:, present])),
        "exactMatches": float(metrics.accuracy_score(truth, said)),
        "microF1": float(metrics.f1_score(truth, said, average="micro")), "macroF1": float(metrics.f1_score(truth, said, average="macro", zero_division=0)),
        "weights": weights.tolist(),
        "meanAveragePrecisionAt": {
            str(k): {"plain": at(k, truth, scores, np.ones(labels)), "weighted": at(k, truth, scores, weights)}
            for k in (1, 3, 100)},
    }


def at(k, truth, scores, weights):
    """The definition in plain words: precision at each hit, weighted, over the most that is possible."""
    values = []
    for has, row in zip(truth, scores):
        best = np.sort(weights[has == 1])[::-1][:k].sum()
        if best == 0:
            continue
        order = np.argsort(-row, kind="stable")[:k]
        hits = has[order]
        precision = np.cumsum(hits) / np.arange(1, len(order) + 1)
        values.append(float((precision * hits * weights[order]).sum() / best))
    return float(np.mean(values))


pairs = [(0, 0), (5, 5), (1, 0), (0, 9), (12, 3), (40, 61), (700, 512), (20_000, 20_400)]
cases = {
    "classes": [classes_case(1, 40, 3, 1), classes_case(2, 200, 10, 2), classes_case(3, 300, 30, 3)],
    "labels": [labels_case(4, 30, 4), labels_case(5, 60, 12)],
    "mcNemar": [
        {"onlyFirst": a, "onlySecond": b,
         "probability": float(mcnemar([[0, a], [b, 0]], exact=True).pvalue) if a + b else 1.0} for a, b in pairs],
}
path = Path(__file__).parent / "Fixtures" / "cases.json"
path.write_text(json.dumps(cases, separators=(",", ":"), default=float) + "\n")
print(path, path.stat().st_size, "bytes")
