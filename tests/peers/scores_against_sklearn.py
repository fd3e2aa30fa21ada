"""Scores of small made-up predictions according to scikit-learn, for `src/metrics`.

    python tests/peers/scores_against_sklearn.py          # writes tests/fixtures/scores_sklearn.json
    python tests/peers/scores_against_sklearn.py --check  # compares with the committed file

A ratio with denominator 0 is null here, where scikit-learn says 0 and warns.
"""

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics

FIXTURE = Path(__file__).parent.parent / "fixtures" / "scores_sklearn.json"


def case(name, classes, truth, probability):
    truth = np.asarray(truth)
    probability = np.asarray(probability, dtype=np.float32)
    predicted = probability.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(classes), zero_division=np.nan
    )
    iou = metrics.jaccard_score(truth, predicted, labels=range(classes), average=None, zero_division=0)
    one_hot = np.eye(classes)[truth]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = {
            "loss": metrics.log_loss(one_hot, probability.astype(np.float64)),
            "accuracy": metrics.accuracy_score(truth, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
            "mae": metrics.mean_absolute_error(one_hot, probability.astype(np.float64)),
            "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
            "mean_iou": metrics.jaccard_score(truth, predicted, average="macro"),
            "fwiu": metrics.jaccard_score(truth, predicted, average="weighted"),
            "kappa": metrics.cohen_kappa_score(truth, predicted),
        }
    scores = {key: none_if_undefined(value) for key, value in scores.items()}
    scores["support"] = len(truth)
    scores["classes"] = {}
    for code in range(classes):
        met = (truth == code).any() or (predicted == code).any()
        scores["classes"][f"class {code}"] = {
            "precision": none_if_undefined(precision[code]),
            "recall": none_if_undefined(recall[code]),
            "f1": none_if_undefined(f1[code]) if met else None,
            "iou": none_if_undefined(iou[code]) if met else None,
            "support": int(support[code]),
        }
    return {
        "name": name,
        "truth": truth.tolist(),
        "probability": [[float(np.format_float_positional(p)) for p in row] for row in probability],
        "scores": scores,
    }


def none_if_undefined(value):
    return None if math.isnan(value) else round(float(value), 12)


def softmax(logits):
    # Shares of 2^20 that add up to exactly one, so that scikit-learn's own normalisation changes nothing.
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = np.maximum(1, np.round(shares / shares.sum(axis=1, keepdims=True) * 2**20)).astype(np.int64)
    shares[np.arange(len(shares)), shares.argmax(axis=1)] += 2**20 - shares.sum(axis=1)
    return shares / 2**20


def cases():
    rng = np.random.default_rng(20240601)

    def draw(count, codes, classes, skill, banned=()):
        truth = rng.choice(codes, size=count)
        logits = rng.normal(size=(count, classes))
        logits[np.arange(count), truth] += skill
        logits[:, list(banned)] = -9
        return truth, softmax(logits)

    return [
        case("every class occurs", 4, *draw(40, [0, 1, 2, 3], 4, 1.5)),
        case("uneven classes", 3, *draw(40, [0, 0, 0, 0, 0, 0, 1, 2], 3, 1.0)),
        case("class 1 neither occurs nor is predicted", 4, *draw(30, [0, 2, 3], 4, 1.5, banned=[1])),
        case("class 3 is predicted and never true", 4, *draw(30, [0, 1, 2], 4, 0.5)),
        case("class 2 is never predicted", 3, *draw(30, [0, 1, 2], 3, 1.5, banned=[2])),
        case("one class only", 2, *draw(6, [1], 2, 20.0)),
        case("worse than chance", 2, *draw(30, [0, 1], 2, -2.0)),
    ]


def text():
    # One line per case keeps the file readable in a diff.
    return "[\n" + ",\n".join(json.dumps(each) for each in cases()) + "\n]\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        if text() != FIXTURE.read_text():
            sys.exit(f"{FIXTURE} differs from what scikit-learn says now")
    else:
        FIXTURE.write_text(text())
