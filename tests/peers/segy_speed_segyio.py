"""Times segyio on a SEG-Y file, for `cargo bench --bench table -- --only files`.

usage: segy_speed_segyio.py FILE [FILE ...]; questions: {"file": 0, "case": "inline", "number": 117}
"""

import sys
from importlib.metadata import version

import segyio

from serve import seconds, serve

# What a survey needs of every trace: inline, crossline, X, Y, scalar, identification.
COLUMNS = (189, 193, 181, 185, 71, 29)


def whole_cube(file):
    return file.trace.raw[:]


def header_columns(path):
    """All that our opening reads: segyio's own opening looks at few traces only."""
    with segyio.open(path) as file:
        return [file.attributes(column)[:] for column in COLUMNS]


def opening(path):
    with segyio.open(path):
        pass


def main():
    paths = sys.argv[1:]
    files = {}
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
            "whole cube": lambda: whole_cube(file),
        }[case]
        return {"seconds": seconds(work)}

    serve({"name": f"segyio {version('segyio')}"}, answer)


if __name__ == "__main__":
    main()
