"""Checks interpreted volumes against their input, with the readers that other people use.

    check_outputs.py FACIES.h5 FACIES.sgy INPUT.sgy [--inline-byte 189] [--crossline-byte 193]
    check_outputs.py --check

The SEG-Y must open in segyio with strict geometry (where the input does) and keep every header field that it has no
reason to change; the HDF5 must open in h5py and in xarray with both engines, its axes named; both must hold the same
classes, voxel for voxel. Every failed check is listed; the exit code is 1 if there is one. With `--check` the volumes
are those that `tests/integration/exported_volumes.rs` writes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import segyio
import xarray

# The trace header fields that an interpreted volume sets (first byte, length).
SET_FIELDS = {
    9: 4,  # inline
    21: 4,  # crossline
    29: 2,  # trace identification: live seismic data
    73: 4,  # X
    77: 4,  # Y
    89: 2,  # coordinate units: length
    109: 2,  # delay recording time
    115: 2,  # samples
    117: 2,  # interval
    169: 2,  # trace weighting factor: readers multiply by 2 to its power
    181: 4,  # X
    185: 4,  # Y
    189: 4,  # inline
    193: 4,  # crossline
}
AXES = ("iline", "xline")

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print(f"FAILED  {what}")


def endian_of(path):
    """The byte order in which the binary header names a known sample format."""
    with open(path, "rb") as file:
        file.seek(3224)
        code = file.read(2)
    return "big" if 1 <= int.from_bytes(code, "big") <= 16 else "little"


def check_headers(output, source, arguments):
    check(output.tracecount == source.tracecount, f"{output.tracecount} traces, the input has {source.tracecount}")
    if output.tracecount != source.tracecount:
        return
    for key in segyio.tracefield.keys.values():
        written, original = output.attributes(key)[:], source.attributes(key)[:]
        if int(key) not in SET_FIELDS:
            check(np.array_equal(written, original), f"trace header byte {int(key)} differs from the input's")
    same = lambda byte, values: check(
        np.array_equal(output.attributes(byte)[:], values), f"trace header byte {byte} is not what it should be"
    )
    for byte, original in ((9, arguments.inline_byte), (189, arguments.inline_byte)):
        same(byte, source.attributes(original)[:])
    for byte, original in ((21, arguments.crossline_byte), (193, arguments.crossline_byte)):
        same(byte, source.attributes(original)[:])
    for byte, original in ((73, arguments.x_byte), (181, arguments.x_byte)):
        same(byte, source.attributes(original)[:])
    for byte, original in ((77, arguments.y_byte), (185, arguments.y_byte)):
        same(byte, source.attributes(original)[:])
    traces = output.tracecount
    for byte, value in ((29, 1), (89, 1), (115, len(source.samples)), (169, 0)):
        same(byte, np.full(traces, value))
    same(117, np.full(traces, source.bin[segyio.BinField.Interval]))
    check(
        np.allclose(output.attributes(109)[:] * time_scale(output), source.attributes(109)[:] * time_scale(source)),
        "trace header byte 109 is not the first sample's time",
    )


def time_scale(segy):
    """What the time scalar at byte 215 makes of the fields it governs."""
    scalar = segy.attributes(215)[:].astype(float)
    return np.where(scalar < 0, 1 / np.where(scalar < 0, -scalar, 1), np.where(scalar == 0, 1, scalar))


def check_bytes(output_path, source_path, samples, source_sample_bytes):
    """All 240 bytes, those without a name as well, where both files are big endian and begin alike."""
    output_length, source_length = 240 + 4 * samples, 240 + source_sample_bytes * samples
    written = np.fromfile(output_path, np.uint8, offset=3600).reshape(-1, output_length)[:, :240]
    original = np.fromfile(source_path, np.uint8, offset=3600)
    if endian_of(source_path) != "big" or original.size != written.shape[0] * source_length:
        return
    original = original.reshape(-1, source_length)[:, :240]
    kept = np.ones(240, bool)
    for byte, length in SET_FIELDS.items():
        kept[byte - 1 : byte - 1 + length] = False
    differing = np.flatnonzero((written != original).any(axis=0) & kept) + 1
    check(differing.size == 0, f"bytes {differing.tolist()} of the trace headers differ from the input's")


def check_binary_header(output, source):
    field = segyio.BinField
    for key in (field.Interval, field.MeasurementSystem, field.JobID, field.LineNumber, field.ReelNumber):
        check(output.bin[key] == source.bin[key], f"binary header: {key!r} differs from the input's")
    check(output.bin[field.Samples] == len(source.samples), "binary header: sample count")
    check(output.bin[field.Format] in (1, 5, 8), "binary header: sample format")
    check(output.bin[3501] == 1 and output.bin[3502] == 0, "binary header: revision is not 1.0")
    check(output.bin[field.TraceFlag] == 1, "binary header: traces are not declared equally long")
    check(output.bin[field.ExtendedHeaders] == 0, "binary header: extended textual headers are announced")
    text = bytes(output.text[0]).decode("ascii", "replace")
    lines = [text[at : at + 80] for at in range(0, 3200, 80)]
    check(all(line[0] == "C" for line in lines), "textual header: not forty lines that begin with C")
    check(lines[38][4:15] == "SEG Y REV1 ", "textual header: line 39 does not say SEG Y REV1")
    check(lines[39][4:22] == "END TEXTUAL HEADER", "textual header: line 40 does not say END TEXTUAL HEADER")


def check_axes(h5, output):
    vertical = "twt" if "twt" in h5 else "depth"
    for name, byte in (("iline", 189), ("xline", 193)):
        expected = np.unique(output.attributes(byte)[:])
        check(np.isin(expected, h5[name][:]).all(), f"/{name} lacks lines of the SEG-Y")
        if not output.unstructured:
            check(np.array_equal(np.sort(h5[name][:]), expected), f"/{name} differs from the SEG-Y axis")
    start = float((output.attributes(109)[0] * time_scale(output)[:1])[0])
    expected = start + np.arange(len(output.samples)) * output.bin[segyio.BinField.Interval] / 1000
    check(np.allclose(h5[vertical][:], expected), f"/{vertical} differs from the SEG-Y axis")
    named = {name: (*AXES, vertical) for name in ("facies", "confidence") if name in h5}
    named |= {name: AXES for name in ("cdp_x", "cdp_y", "trace_mask") if name in h5}
    if "probability" in h5:
        named["probability"] = (*AXES, vertical, "class_id")
    for name, axes in named.items():
        dims = h5[name].dims
        for dimension, axis in enumerate(axes):
            scales = dims[dimension].values()
            check(
                [scale.name for scale in scales] == [f"/{axis}"], f"h5py: dimension {dimension} of /{name} is not {axis}"
            )
    return named


def check_xarray(path, named):
    for engine in ("h5netcdf", "netcdf4"):
        with xarray.open_dataset(path, engine=engine) as dataset:
            for name, axes in named.items():
                check(dataset[name].dims == axes, f"xarray, {engine}: /{name} has the axes {dataset[name].dims}")
            check(dataset.facies.dtype == np.uint8, f"xarray, {engine}: classes became {dataset.facies.dtype}")
            if "cdp_x" in named:
                check("cdp_x" in dataset.facies.coords, f"xarray, {engine}: positions are no coordinates of /facies")
            meanings = dataset.facies.attrs["flag_meanings"].split()
            check(len(meanings) == len(np.atleast_1d(dataset.facies.attrs["flag_values"])), f"xarray, {engine}: flags")


def check_values(h5, output):
    lines = (output.attributes(189)[:], output.attributes(193)[:])
    place = tuple(
        np.argsort(h5[axis][:])[np.searchsorted(np.sort(h5[axis][:]), numbers)] for axis, numbers in zip(AXES, lines)
    )
    facies = h5["facies"][:]
    check(np.array_equal(facies[place], output.trace.raw[:]), "the two files hold different classes")
    missing = np.ones(facies.shape[:2], bool)
    missing[place] = False
    check(not facies[missing].any(), "/facies holds classes where the survey has no trace")
    mask = h5["trace_mask"][:].astype(bool)
    check(not facies[~mask].any(), "/facies holds classes on dead traces")
    check(facies.max() <= h5["class_id"][-1], "/facies holds a value beyond the class table")
    classified = facies > 0
    print(f"{classified.sum()} of {facies.size} voxels are classified; values {np.unique(facies).tolist()}")
    if "confidence" in h5:
        confidence = h5["confidence"][:]
        check((confidence[~classified] == 0).all(), "/confidence is not 0 where there is no class")
    if "probability" in h5:
        probability = h5["probability"][:]
        check((probability[~classified] == 0).all(), "/probability is not 0 where there is no class")
        sums = probability.sum(axis=-1)[classified]
        check(np.allclose(sums, 1, atol=1e-5), "probabilities do not sum to 1")
        largest = probability.max(axis=-1)
        chosen = np.take_along_axis(probability, np.maximum(facies, 1)[..., None] - 1, axis=-1)[..., 0]
        check(np.array_equal(chosen[classified], largest[classified]), "the class is not the most probable one")
        if "confidence" in h5:
            check(np.array_equal(confidence, largest), "/confidence is not the largest probability")
    if "cdp_x" in h5:
        scalar = output.attributes(71)[:].astype(float)
        scale = np.where(scalar < 0, 1 / np.where(scalar < 0, -scalar, 1), np.where(scalar == 0, 1, scalar))
        for name, byte in (("cdp_x", 181), ("cdp_y", 185)):
            error = np.abs(h5[name][:][place] - output.attributes(byte)[:] * scale).max()
            print(f"/{name} is within {error:.3g} of the trace headers")
            check(error <= 1.0, f"/{name} is {error} away from the trace headers")
    else:
        check(not output.attributes(181)[:].any(), "the SEG-Y has positions, the HDF5 none")


def opened(arguments):
    """The output, with strict geometry where the input has one."""
    lines = {"iline": arguments.inline_byte, "xline": arguments.crossline_byte}
    try:
        segyio.open(arguments.input_sgy, strict=True, endian=endian_of(arguments.input_sgy), **lines).close()
    except RuntimeError:
        print("segyio finds no regular geometry in the input, so the output is opened without")
        return segyio.open(arguments.facies_sgy, ignore_geometry=True)
    return segyio.open(arguments.facies_sgy, strict=True)


def check_outputs(arguments):
    with (
        opened(arguments) as output,
        segyio.open(arguments.input_sgy, ignore_geometry=True, endian=endian_of(arguments.input_sgy)) as source,
        h5py.File(arguments.facies_h5) as h5,
    ):
        check_headers(output, source, arguments)
        check_binary_header(output, source)
        if output.bin[segyio.BinField.Format] == 5:
            check_bytes(arguments.facies_sgy, arguments.input_sgy, len(output.samples), source.dtype.itemsize)
        named = check_axes(h5, output)
        check_values(h5, output)
    check_xarray(arguments.facies_h5, named)


def made_by_the_tests(parser, folder):
    """Arguments for every volume that the integration test writes into `folder`."""
    test = ["cargo", "test", "--quiet", "--release", "--test", "integration", "exported_volumes"]
    subprocess.run(test, check=True, env=os.environ | {"FACIES_PEER_FOLDER": str(folder)}, cwd=Path(__file__).parents[2])
    for case in sorted(folder.iterdir()):
        files = [str(case / name) for name in ("facies.h5", "facies.sgy", "input.sgy")]
        yield parser.parse_args(files + (case / "arguments").read_text().split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("facies_h5", "facies_sgy", "input_sgy"):
        parser.add_argument(name)
    for name, byte in (("inline", 189), ("crossline", 193), ("x", 181), ("y", 185)):
        parser.add_argument(f"--{name}-byte", type=int, default=byte, help="in the input's trace headers")
    if sys.argv[1:] != ["--check"]:
        check_outputs(parser.parse_args())
    else:
        with tempfile.TemporaryDirectory() as folder:
            for arguments in made_by_the_tests(parser, Path(folder)):
                print(f"-- {Path(arguments.facies_h5).parent.name}")
                check_outputs(arguments)
    print(f"{len(failures)} checks failed" if failures else "all checks passed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
