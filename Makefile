# `make run` and `make test` work on a fresh machine with Python 3.11+; the set-up is done once and remembered in .venv.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: run test lint demo clean

run:
	@$(PYTHON) scripts/setup_environment.py --extra demo
	@$(PYTHON) -c "import os; os.makedirs('out', exist_ok=True)"
	$(BIN)/dreamtalk animate examples/hello.wav --emotion happy --portrait examples/portrait.png \
	    --avatar out/hello_avatar.mp4 -o out/hello.mp4 -o out/hello.csv -o out/hello.png

demo:
	@$(PYTHON) scripts/setup_environment.py --extra demo
	$(BIN)/dreamtalk demo

lint:
	@$(PYTHON) scripts/setup_environment.py --extra test --extra demo
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# Two workers with one thread each: OpenMP threads that wait for each other are slower than none. Blender judges files in
# the tests, in an environment of its own; where it does not install, they are skipped.
test: export OMP_NUM_THREADS = 1
test: lint
	-@$(PYTHON) scripts/setup_bpy.py
	$(BIN)/python -m pytest -n 2

clean:
	rm -rf .venv .venv-bpy tests/judges/node_modules out
