"""Compares `facies inspect --json` with numpy: the same samples must give the same amplitude statistics.

    python tests/peers/statistics_against_numpy.py --check

The files are the small sample in data-samples and, where $FACIES_DATA (or ../shared/data) is at hand, real surveys.
Percentiles must be equal to the last digit of a 32-bit float; mean and deviation to twelve digits.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import segyio

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("FACIES_DATA", ROOT.parent / "shared" / "data"))
FILES = [
    ROOT / "data-samples" / "synthetic.sgy",
    DATA / "f3" / "block_il300-399_xl600-699.sgy",
    DATA / "f3" / "inline_339_digitised.sgy",
    DATA / "penobscot" / "penobscot_il1075-1110.sgy",
    DATA / "penobscot" / "crossline_1155_original.sgy",
]
PERCENTILES = {"p01": 1, "p05": 5, "p50": 50, "p95": 95, "p99": 99}


def ours(path):
    command = ["cargo", "run", "--quiet", "--release", "--locked", "--", "inspect", "--json", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"inspect {path}: {done.stderr}")
    return json.loads(done.stdout)


def differences(path):
    """Pairs of what differs and the two values."""
    with segyio.open(path, strict=False, ignore_geometry=True) as file:
        traces = file.trace.raw[:].astype(np.float64)
        lines = {name: np.unique(file.attributes(byte)[:]) for name, byte in [("inline", 189), ("crossline", 193)]}
    found = ours(path)
    amplitude = found["amplitude"]
    finite = traces[np.isfinite(traces)]
    exact = {
        "samples": (found["samples"], traces.shape[1]),
        "traces": (found["traces"], traces.shape[0]),
        "live_traces": (found["live_traces"], int(np.any(np.nan_to_num(traces, posinf=0, neginf=0) != 0, axis=1).sum())),
        "min": (np.float32(amplitude["min"]), np.float32(finite.min())),
        "max": (np.float32(amplitude["max"]), np.float32(finite.max())),
        "zeros": (amplitude["zeros"], int((finite == 0).sum())),
        "nonfinite": (amplitude["nonfinite"], traces.size - finite.size),
    }
    for name, percentile in PERCENTILES.items():
        exact[name] = (np.float32(amplitude[name]), np.float32(np.percentile(finite, percentile)))
    for name, numbers in lines.items():
        exact[name] = (tuple(found[name][key] for key in ("first", "last", "count")), (numbers[0], numbers[-1], numbers.size))
    close = {"mean": (amplitude["mean"], finite.mean()), "std": (amplitude["std"], finite.std())}
    wrong = {name: pair for name, pair in exact.items() if pair[0] != pair[1]}
    scale = finite.std()
    wrong.update({name: pair for name, pair in close.items() if abs(pair[0] - pair[1]) > 1e-12 * scale})
    return wrong


def main():
    if sys.argv[1:] != ["--check"]:
        raise SystemExit(__doc__)
    failed = False
    for path in FILES:
        if not path.exists():
            print(f"skipped, not at hand: {path}")
            continue
        wrong = differences(path)
        failed |= bool(wrong)
        for name, (our_value, numpys) in wrong.items():
            print(f"{path.name}: {name} is {our_value}, numpy says {numpys}")
        if not wrong:
            print(f"{path.name}: equal")
    sys.exit(failed)


if __name__ == "__main__":
    main()
