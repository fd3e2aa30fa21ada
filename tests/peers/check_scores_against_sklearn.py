"""Scores of small made-up predictions according to scikit-learn, which `src/metrics/score_sums.rs` must reproduce.

    python tests/peers/check_scores_against_sklearn.py          # compares scikit-learn with the committed values
    python tests/peers/check_scores_against_sklearn.py --write  # draws the predictions anew and writes their scores

A ratio with denominator 0 is null here, where scikit-learn says 0 and warns.
"""

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

FIXTURE = Path(__file__).parent.parent / "fixtures" / "scores_sklearn.json"


def scores(classes, truth, probability):
    truth = np.asarray(truth)
    probability = np.asarray(probability, dtype=np.float32).astype(np.float64)
    predicted = probability.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(classes), zero_division=np.nan
    )
    one_hot = np.eye(classes)[truth]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        iou = metrics.jaccard_score(truth, predicted, labels=range(classes), average=None)
        found = {
            "loss": metrics.log_loss(one_hot, probability),
            "accuracy": metrics.accuracy_score(truth, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
            "mae": metrics.mean_absolute_error(one_hot, probability),
            "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
            "mean_iou": metrics.jaccard_score(truth, predicted, average="macro"),
            "fwiu": metrics.jaccard_score(truth, predicted, average="weighted"),
            "kappa": metrics.cohen_kappa_score(truth, predicted),
            "brier": metrics.brier_score_loss(one_hot, probability, scale_by_half=False) if classes > 2
            else 2 * metrics.brier_score_loss(truth == 1, probability[:, 1]),
        }
    areas = [roc_auc(truth == code, probability[:, code]) for code in range(classes)]
    found["roc_auc"] = float(np.nanmean(areas)) if np.isfinite(areas).any() else math.nan
    found["calibration_error"], reliability = calibration(truth == predicted, probability.max(axis=1))
    found = {key: none_if_undefined(value) for key, value in found.items()}
    found["support"] = len(truth)
    found["reliability"] = reliability
    found["classes"] = {}
    for code in range(classes):
        met = (truth == code).any() or (predicted == code).any()
        found["classes"][f"class {code}"] = {
            "precision": none_if_undefined(precision[code]),
            "recall": none_if_undefined(recall[code]),
            "f1": none_if_undefined(f1[code]) if met else None,
            "iou": none_if_undefined(iou[code]) if met else None,
            "roc_auc": none_if_undefined(areas[code]),
            "support": int(support[code]),
        }
    return found


def roc_auc(is_member, probability):
    both = is_member.any() and not is_member.all()
    return metrics.roc_auc_score(is_member, probability) if both else math.nan


def calibration(is_right, confidence, bins=15):
    """Expected calibration error (Guo et al. 2017) and its bins, which are closed above."""
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], confidence)
    found, error = [], 0.0
    # scikit-learn leaves out empty bins, as we do, and averages within each as we do.
    accuracy, mean_confidence = calibration_curve(is_right, confidence, n_bins=bins, strategy="uniform")
    for code, right, sure in zip(np.unique(place), accuracy, mean_confidence):
        support = int((place == code).sum())
        error += support / len(place) * abs(right - sure)
        found.append({
            "from": round(float(edges[code]), 12),
            "to": round(float(edges[code + 1]), 12),
            "confidence": round(float(sure), 12),
            "accuracy": round(float(right), 12),
            "support": support,
        })
    return error, found


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
        ("every class occurs", 4, *draw(40, [0, 1, 2, 3], 4, 1.5)),
        ("uneven classes", 3, *draw(40, [0, 0, 0, 0, 0, 0, 1, 2], 3, 1.0)),
        ("class 1 neither occurs nor is predicted", 4, *draw(30, [0, 2, 3], 4, 1.5, banned=[1])),
        ("class 3 is predicted and never true", 4, *draw(30, [0, 1, 2], 4, 0.5)),
        ("class 2 is never predicted", 3, *draw(30, [0, 1, 2], 3, 1.5, banned=[2])),
        ("one class only", 2, *draw(6, [1], 2, 20.0)),
        ("worse than chance", 2, *draw(30, [0, 1], 2, -2.0)),
    ]


def write():
    lines = []
    for name, classes, truth, probability in cases():
        # The shortest decimal that reads back as the same single-precision number.
        rows = [[float(np.format_float_positional(p)) for p in row] for row in probability.astype(np.float32)]
        case = {"name": name, "truth": truth.tolist(), "probability": rows, "scores": scores(classes, truth, rows)}
        lines.append(json.dumps(case))
    # One line per case keeps the file readable in a diff.
    FIXTURE.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def equal(ours, theirs):
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(equal(one, other) for one, other in zip(ours, theirs))
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(equal(ours[key], theirs[key]) for key in ours)
    return ours is theirs is None or (None not in (ours, theirs) and math.isclose(ours, theirs, abs_tol=1e-9))


def check():
    cases = json.loads(FIXTURE.read_text())
    for case in cases:
        found = scores(len(case["scores"]["classes"]), case["truth"], case["probability"])
        if not equal(found, case["scores"]):
            sys.exit(f"{case['name']}: scikit-learn says {found}, {FIXTURE.name} {case['scores']}")
    print(f"{len(cases)} cases agree with scikit-learn {sklearn.__version__}")


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    else:
        check()
