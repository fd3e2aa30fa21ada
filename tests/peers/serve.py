"""Lets the end-to-end table of tests/bench ask a peer for measurements, one line of JSON at a time."""

import json
import sys
import time


def seconds(work):
    """How long one call of `work` takes."""
    start = time.perf_counter()
    result = work()
    elapsed = time.perf_counter() - start
    del result
    return elapsed


def serve(greeting, answer):
    """Prints `greeting`, then answers every question on standard input until it ends.

    `answer` takes a dictionary with the key "case" and whatever else the case needs and returns a dictionary.
    """
    print(json.dumps(greeting), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
