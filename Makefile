# `make demo` and `make test` do all the set-up they need; a second run costs nothing.
# ROS=jazzy takes the other distribution; PYTHON=python3.12 another interpreter.

ROS ?= kilted
PYTHON ?= python3
# Processes that run the quick tests, one thread each.
WORKERS ?= 2
ENVIRONMENT := .venv-$(ROS)
# Variables of another ROS environment (or of another copy of this one) must not leak in: see tools/bootstrap.py.
CLEAN := env -u _ROS_WHEELS_BOOTSTRAP_COMPLETE -u LD_LIBRARY_PATH -u PYTHONPATH -u PYTHONHOME -u AMENT_PREFIX_PATH \
	-u CMAKE_PREFIX_PATH -u COLCON_PREFIX_PATH -u ROS_DISTRO -u RMW_IMPLEMENTATION
RUN := $(CLEAN) PATH="$(CURDIR)/$(ENVIRONMENT)/bin:$$PATH"

.PHONY: help setup demo test test-long lint docs bench samples clean

help:
	@echo "make demo       play the bundled recordings through the graph; leaves out/demo/"
	@echo "make test       the quick tests"
	@echo "make test-long  the tests that take minutes"
	@echo "make lint       ruff and mypy"
	@echo "make docs       the generated reference tables in docs/"
	@echo "make bench      the benchmarks; leaves out/bench/*.json"
	@echo "make samples    the bundled recordings, from the original data (DATA=folder)"
	@echo "ROS=jazzy chooses the other distribution"

setup:
	@$(CLEAN) $(PYTHON) tools/bootstrap.py --ros $(ROS)

demo: setup
	@$(RUN) auxfocus demo

test: setup
	@$(RUN) python -c "from auxfocus_ros.commands.warm_up import warm_up; warm_up()"  # of this tree: the set-up did it for what is installed
	@OMP_NUM_THREADS=1 $(RUN) python -m pytest -m "not long" -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

test-long: setup
	@$(RUN) python -m pytest -m long $(PYTEST_ARGS)

lint: setup
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

docs: setup
	@$(RUN) auxfocus parameters --markdown > docs/parameters.md
	@$(RUN) python tools/analysis_tables.py > docs/analysis-tables.md

bench: setup
	@$(RUN) auxfocus bench transport --json out/bench/transport.json
	@$(RUN) auxfocus bench stream --json out/bench/stream.json
	@$(RUN) auxfocus bench lens --json out/bench/lens.json
	@$(RUN) auxfocus bench simulation --json out/bench/simulation.json
	@$(RUN) auxfocus bench topics --json out/bench/topics.json
	@$(RUN) auxfocus bench autofocus --json out/bench/autofocus.json
	@$(RUN) auxfocus bench allinfocus --json out/bench/allinfocus.json
	@$(RUN) auxfocus bench monodepth --json out/bench/monodepth.json
	@$(RUN) auxfocus bench analysis --json out/bench/analysis.json
	@$(RUN) python -m pip install --quiet -r requirements/bench.txt
	@$(RUN) auxfocus bench distribution --json out/bench/distribution.json

DATA ?= ../shared/data
samples: setup
	@$(RUN) python tools/make_samples.py --data $(DATA) -o samples

clean:
	rm -rf build install log out .venv-kilted .venv-jazzy
