"""What TensorBoard itself reads in the event file of a small training beside what `history.csv` says.

    python tests/peers/check_tensorboard.py            # trains on a synthetic cube
    python tests/peers/check_tensorboard.py RUN        # reads the folder of a finished run
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).parent.parent.parent
JOB = """
version: 1
name: small
input: { segy: { path: cube.sgy } }
classes: [low_amplitude, high_amplitude, clinoforms, chaotic, channel, salt]
labels: [{ section: { path: inline_104.png } }]
split: { random: { test: 0.2, validation: 0.1 } }
network: { waldeland: { padding: valid } }
training:
  form: { dense: { crop: 16, crops_per_step: 2 } }
  steps: 16
  steps_per_epoch: 4
  schedule: { one_cycle: {} }
output: { tensorboard: { every: 2 } }
"""


def train(folder):
    program = ["cargo", "run", "--quiet", "--release", "--"]
    size = ["--inlines", "8", "--crosslines", "64", "--samples", "64"]
    subprocess.run([*program, "synth", folder / "cube.sgy", *size, "--quiet"], cwd=ROOT, check=True)
    (folder / "job.yaml").write_text(JOB)
    train = ["train", folder / "job.yaml", "--output", folder / "runs", "--device", "cpu", "--quiet"]
    subprocess.run([*program, *train], cwd=ROOT, check=True)
    return folder / "runs" / "small"


def check(run):
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    with open(run / "history.csv") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    columns = {
        "loss/train": "train_loss",
        "accuracy/train": "train_accuracy",
        "learning_rate/epoch": "learning_rate",
        "loss/validation": "validation_loss",
        "accuracy/validation": "validation_accuracy",
        "balanced_accuracy/validation": "validation_balanced_accuracy",
        "macro_f1/validation": "validation_macro_f1",
        "mean_iou/validation": "validation_mean_iou",
        "kappa/validation": "validation_kappa",
        "fwiu/validation": "validation_fwiu",
        "roc_auc/validation": "validation_roc_auc",
        "mae/validation": "validation_mae",
    }
    for tag, column in columns.items():
        expected = [float(row[column]) for row in rows if row[column]]
        if not expected and tag not in events.Tags()["scalars"]:
            continue
        found = events.Scalars(tag)
        assert [event.step for event in found] == steps, tag
        for event, value in zip(found, expected, strict=True):
            assert abs(event.value - value) <= 1e-6 * max(1, abs(value)), (tag, event, value)
        assert all(earlier.wall_time <= later.wall_time for earlier, later in zip(found, found[1:]))
    by_step = {tag: events.Scalars(tag) for tag in ["loss/step", "accuracy/step", "learning_rate"]}
    for tag, found in by_step.items():
        assert len(found) > len(rows), tag
    print(f"{len(columns)} values of {len(rows)} epochs and {len(found)} steps read back by TensorBoard")


if __name__ == "__main__":
    if sys.argv[1:]:
        check(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            check(train(Path(temporary)))
