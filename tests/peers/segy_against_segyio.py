"""Compares crates/segy-rs with segyio: the same files must give the same geometry, headers and samples.

    python tests/peers/segy_against_segyio.py --check

Three kinds of files: ones that segyio writes here, in every sample format and byte order that it knows; the copies
that segy-rs makes of them, which segyio must read back; and the real surveys, where $FACIES_DATA (or
../shared/data) is at hand.
"""

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import segyio

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("FACIES_DATA", ROOT.parent / "shared" / "data"))
REAL = [
    "f3/block_il300-399_xl600-699.sgy",
    "f3/inline_339_digitised.sgy",
    "f3/original_crop.sgy",
    "penobscot/penobscot_il1075-1110.sgy",
    "penobscot/crossline_1155_original.sgy",
]
# Code: (type, smallest, largest) of the values to write.
FORMATS = {
    1: (np.float32, -1e5, 1e5),
    2: (np.int32, -(2**24), 2**24),
    3: (np.int16, -(2**15), 2**15 - 1),
    5: (np.float32, -1e5, 1e5),
    6: (np.float64, -1e5, 1e5),
    8: (np.int8, -128, 127),
    10: (np.uint32, 0, 2**24),
    11: (np.uint16, 0, 2**16 - 1),
    16: (np.uint8, 0, 255),
}


def example(name, *arguments):
    command = ["cargo", "run", "--quiet", "--release", "--package", "segy-rs", "--example", name, "--"]
    done = subprocess.run([*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def ours(path, folder):
    """Facts that segy_dump prints, and the cube."""
    raw = folder / "cube.f32"
    facts = {}
    for line in example("segy_dump", path, raw).splitlines():
        key, *rest = line.split()
        facts.setdefault(key, []).append(rest)
    axes = [[int(value) for value in facts[name][0][:3]] for name in ("inline", "crossline")]
    samples = int(facts["samples"][0][0])
    cube = np.fromfile(raw, dtype="<f4").reshape(axes[0][2], axes[1][2], samples)
    return facts, axes, cube


def compare(path, folder, endian="big", strict=True):
    facts, axes, cube = ours(path, folder)
    with segyio.open(path, ignore_geometry=True, endian=endian) as file:
        traces = np.stack([file.trace.raw[at] for at in range(file.tracecount)]).astype(np.float32)
        inlines, crosslines = file.attributes(189)[:], file.attributes(193)[:]
        assert int(facts["traces"][0][0]) == file.tracecount
        assert float(facts["samples"][0][2]) == file.bin[segyio.BinField.Interval]
        assert float(facts["samples"][0][5]) == file.header[0][segyio.TraceField.DelayRecordingTime]
        for at, line in ((0, facts["trace"][0]), (file.tracecount - 1, facts["trace"][1])):
            header = file.header[at]
            assert [int(line[2]), int(line[4]), int(line[6])] == [header[181], header[185], header[71]]
    for (first, step, count), numbers in zip(axes, (inlines, crosslines)):
        assert [first, first + step * (count - 1)] == [numbers.min(), numbers.max()], (path, axes)
        assert set(numbers) <= set(range(first, first + step * count, step))
    expected = np.zeros_like(cube)
    at = [(numbers - axis[0]) // axis[1] for axis, numbers in zip(axes, (inlines, crosslines))]
    expected[at[0], at[1]] = traces
    np.testing.assert_array_equal(cube, expected, err_msg=str(path))
    if strict:
        with segyio.open(path, strict=True, endian=endian) as file:
            assert len(file.ilines) == axes[0][2] and len(file.xlines) == axes[1][2]
    return cube


def make(path, code, endian, sorting, seed):
    """A small survey as segyio writes it, with steps, and coordinates that 32-bit floats cannot hold."""
    kind, low, high = FORMATS[code]
    generator = np.random.default_rng(seed)
    spec = segyio.spec()
    spec.ilines, spec.xlines = np.arange(100, 115, 3), np.arange(700, 714, 2)
    spec.samples, spec.format, spec.sorting, spec.endian = np.arange(37) * 4.0 + 120, code, sorting, endian
    with segyio.create(path, spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "WRITTEN BY SEGYIO", 2: f"FORMAT {code}"})
        file.bin.update(tsort=sorting, hdt=4000)
        crossings = [(i, x) for i in spec.ilines for x in spec.xlines]
        if sorting == segyio.TraceSortingFormat.CROSSLINE_SORTING:
            crossings.sort(key=lambda crossing: crossing[::-1])
        for trace, (inline, crossline) in enumerate(crossings):
            values = generator.uniform(low, high, 37)
            if np.issubdtype(kind, np.integer):
                values = np.clip(np.round(values), low, high)
            file.trace[trace] = values.astype(kind)
            file.header[trace] = {
                1: trace + 1, 9: inline, 21: crossline, 29: 1, 71: -10, 109: 120, 115: 37, 117: 4000,
                181: 60_747_945 + trace, 185: -60_781_126 - trace, 189: inline, 193: crossline,
            }


def main():
    checked = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        original, copy = folder / "written by segyio.sgy", folder / "copied.sgy"
        sortings = (segyio.TraceSortingFormat.INLINE_SORTING, segyio.TraceSortingFormat.CROSSLINE_SORTING)
        for seed, code in enumerate(FORMATS):
            for endian in ("big", "little"):
                make(original, code, endian, sortings[seed % 2], seed)
                cube = compare(original, folder, endian)
                for target in {code, 5}:
                    example("segy_copy", original, copy, target)
                    np.testing.assert_array_equal(compare(copy, folder), cube)
                    with segyio.open(original, endian=endian) as before, segyio.open(copy) as after:
                        for trace in range(before.tracecount):
                            assert dict(before.header[trace]) == dict(after.header[trace]), trace
                        assert before.text[0] == after.text[0]
                    checked += 2
        for name in REAL:
            path = DATA / name
            if not path.is_file():
                print(f"segy-rs: skipped {name}: not in {DATA}; set FACIES_DATA")
                continue
            compare(path, folder)
            checked += 1
    print(f"segy-rs and segyio {version('segyio')} agree on {checked} files")


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        raise SystemExit(__doc__)
    main()
