# Everything here works in a fresh clone on Debian 12 or Ubuntu 24.04 with Rust, Python 3 with pip, make, gcc and g++.
# One build profile serves all targets, so that libtorch's bindings and HDF5 are built once.

CARGO ?= cargo
DEVICE ?= cuda
phase = @printf '\n==> %s\n'

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format peers bench gpu-check schema clean distclean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch libtorch and CMake into this folder (done by demo and test, too)
	@scripts/setup

demo: setup ## interpret a small synthetic cube: pictures, report and volumes in runs/demo
	$(phase) 'demo: train on one labelled inline, interpret the cube'
	$(CARGO) run --release --locked -- run configs/demo.yaml

test: setup ## everything a change must pass: format, lints, tests, documentation
	$(phase) 'format'
	$(CARGO) fmt --all --check
	$(phase) 'lints'
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	$(phase) 'tests'
	$(CARGO) test --release --locked --workspace
	$(phase) 'documentation'
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --release --locked --workspace --no-deps
	$(phase) 'all passed'

lint: setup ## format and lints only
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

format: ## format the source
	$(CARGO) fmt --all

schema: setup ## write the schemas in configs/ anew
	$(CARGO) run --release --locked -- schema > configs/schema.json.new
	mv configs/schema.json.new configs/schema.json
	$(CARGO) run --release --locked -- schema --images > configs/images-schema.json.new
	mv configs/images-schema.json.new configs/images-schema.json
	$(CARGO) run --release --locked -- schema --batch > configs/batch-schema.json.new
	mv configs/batch-schema.json.new configs/batch-schema.json

peers: setup ## compare with PyTorch, segyio, h5py, xarray and others, in a Python environment of their own
	@scripts/peers

bench: setup ## time the parts, then the whole beside its peers (`make peers` first); minutes, on a quiet machine
	$(phase) 'parts'
	$(CARGO) bench --locked --bench parts
	$(phase) 'table'
	$(CARGO) bench --locked --bench table -- --write

gpu-check: ## check and measure a CUDA device (DEVICE=cpu: as far as a CPU goes); `scripts/gpu-check --help` says how to carry it
	@scripts/gpu-check --device $(DEVICE)

clean: ## remove what the build made
	$(CARGO) clean

distclean: clean ## remove what setup and peers fetched as well
	rm -rf .libtorch .libtorch.partial .tools .tools.partial .peers .gpu-check
