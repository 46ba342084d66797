# make demo    set up once, then run the whole job on the data that ship
# make test    set up once, then lint, types and every test
# make soak    the long tests
# make bench   speed and memory beside other programs, in an environment of its own; BENCH="--sizes 300,2000 --only icc" for a part
# make lab     JupyterLab in the project's environment
# make lock    rewrite requirements.lock from pyproject.toml

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test soak bench lab lock clean

demo: $(READY)
	@$(BIN)/standardsetting demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not soak"

soak: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal -m soak

bench: benchmarks/.venv/.ready
	benchmarks/.venv/bin/python -m benchmarks $(BENCH)

lab: $(READY)
	$(BIN)/jupyter lab notebooks

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf .venv demo build dist

# uv is taken from the lock like everything else, hash checked, and then installs the rest in parallel with bytecode compiled.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.txt
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes --compile-bytecode -r requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

# Other programs never come into the project's environment. The one that pins old packages is apart; where it cannot be installed, its
# rows say so and the run goes on.
benchmarks/.venv/.ready: $(READY) benchmarks/requirements.lock benchmarks/apart.lock
	$(PYTHON) -m venv benchmarks/.venv
	VIRTUAL_ENV=benchmarks/.venv $(BIN)/uv pip install --quiet --require-hashes --compile-bytecode -r benchmarks/requirements.lock
	-$(PYTHON) -m venv benchmarks/.venv/apart && \
	  VIRTUAL_ENV=benchmarks/.venv/apart $(BIN)/uv pip install --quiet --require-hashes --compile-bytecode -r benchmarks/apart.lock
	touch $@
