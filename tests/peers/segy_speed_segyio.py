"""Times segyio on a SEG-Y file, for `cargo bench --bench table -- --only files`.

usage: segy_speed_segyio.py FILE [FILE ...]; questions: {"file": 0, "case": "inline", "number": 117}
"""

import sys
from importlib.metadata import version

import numpy as np
import segyio

from serve import seconds, serve

# What a survey needs of every trace: inline, crossline, X, Y, scalar, identification.
COLUMNS = (189, 193, 181, 185, 71, 29)


def every_inline(file):
    for _ in file.iline[:]:  # one array, used again and again
        pass


def whole_cube(file, values):
    """What `file.trace.raw[:]` does, into memory that is there already."""
    file.xfd.gettr(values, 0, 1, len(values), 0, len(file.samples), 1, len(file.samples))


def header_columns(path):
    """All that our opening reads: segyio's own opening looks at few traces only."""
    with segyio.open(path) as file:
        return [file.attributes(column)[:] for column in COLUMNS]


def opening(path):
    with segyio.open(path):
        pass


def main():
    paths = sys.argv[1:]
    files, values = {}, {}
    for at, path in enumerate(paths):
        files[at, False] = segyio.open(path)
        files[at, True] = segyio.open(path)
        files[at, True].mmap()

    def answer(question):
        at, case, number = question["file"], question["case"], question.get("number")
        path, file = paths[at], files[at, question.get("mapped", False)]
        work = {
            "opening": lambda: opening(path),
            "header columns": lambda: header_columns(path),
            "inline": lambda: file.iline[number],
            "crossline": lambda: file.xline[number],
            "time slice": lambda: file.depth_slice[number],
            "whole cube, inline by inline": lambda: every_inline(file),
            "whole cube at once": lambda: whole_cube(file, values[at]),
        }[case]
        if case == "whole cube at once" and at not in values:
            values[at] = np.ones((file.tracecount, len(file.samples)), file.dtype)
        return {"seconds": seconds(work)}

    serve({"name": f"segyio {version('segyio')}"}, answer)


if __name__ == "__main__":
    main()
