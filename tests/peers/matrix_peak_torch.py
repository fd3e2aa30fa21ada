"""The bf16 matrix peak of a device in FLOP/s, as one large product in PyTorch reaches it, for scripts/gpu-check.

usage: matrix_peak_torch.py cpu|cuda|cuda:N
"""

import sys
import time

import torch


def main():
    device = torch.device(sys.argv[1])
    cuda = device.type == "cuda"
    side, rounds, products = (8192, 10, 20) if cuda else (2048, 5, 3)
    a, b = (torch.randn(side, side, device=device).bfloat16() for _ in range(2))

    def wait():
        if cuda:
            torch.cuda.synchronize(device)

    best = float("inf")
    for _ in range(rounds):
        wait()
        start = time.perf_counter()
        for _ in range(products):
            a @ b
        wait()
        best = min(best, (time.perf_counter() - start) / products)
    print(2 * side**3 / best)


if __name__ == "__main__":
    main()
