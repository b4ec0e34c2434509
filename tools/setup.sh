#!/bin/sh
# make setup: a virtual environment with the project in it, and the links the type checker reads.
# usage: sh tools/setup.sh [folder of the environment, .venv]. Does nothing when nothing has changed.
set -eu
cd "$(dirname "$0")/.."
venv=${1:-.venv}
stamp=$venv/.recircuit-setup
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Python 3.12 or later, able to make an environment.
suits() { "$1" -c 'import sys, ssl, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

candidates() {
    printf '%s\n' ${PYTHON:-} python3.12
    if command -v pyenv >/dev/null 2>&1; then
        for version in 3.12 3.13 3.14; do
            prefix=$(pyenv prefix "$version" 2>/dev/null) && printf '%s\n' "$prefix/bin/python"
        done
    fi
    printf '%s\n' python3.13 python3.14 python3 python
}

python_by_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    uv python find --no-project 3.12 2>/dev/null && return
    say "no Python 3.12 here; uv fetches one."
    uv python install 3.12 >&2 && uv python find --no-project 3.12
}

find_python() {
    for python in $(candidates); do
        if suits "$python"; then printf '%s\n' "$python"; return; fi
    done
    python_by_uv
}

no_python() {
    found=$(python3 --version 2>&1) || found="no python3 at all"
    fail "recircuit needs Python 3.12 or later with its venv module, and none was found (python3 gives: $found)." \
        "Get one by 'pyenv install 3.12', 'uv python install 3.12', 'apt install python3.12 python3.12-venv'," \
        "'brew install python@3.12' or from https://www.python.org/downloads/, then run 'make setup' again." \
        "If it is in an unusual place: make setup PYTHON=/path/to/python3.12"
}

# What the environment was made from. It does not survive a move (its scripts hold its path), hence the path.
fingerprint() { printf '%s\n' "$PWD $venv"; cksum pyproject.toml constraints.txt tools/setup.sh; }

usable() {
    "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1 || return 1
    [ ! -f "$stamp" ] || [ "$(head -n 1 "$stamp")" = "$PWD $venv" ]
}

make_venv() {
    if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
        fail "$venv exists and is not a virtual environment; move it away, or name another: make setup VENV=folder"
    fi
    python=$(find_python) || no_python
    say "making $venv with $("$python" --version) ($python)"
    "$python" -m venv --clear "$venv" || fail "$python could not make $venv; the reason stands above."
}

install() {
    say "installing the packages that constraints.txt lists (minutes the first time)"
    # setuptools first, so that the project itself is built with it and nothing is fetched twice
    "$venv/bin/python" -m pip install --quiet --constraint constraints.txt setuptools &&
        "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --no-build-isolation -e '.[dev]' ||
        fail "the packages could not be installed; pip's reason stands above. When it is put right" \
            "(a network, a free disk), run 'make setup' again: what is there is kept."
}

# .typing/recircuit: the folders as they are imported.
link() {
    mkdir -p .typing/recircuit
    for folder in circuits models plasticity; do ln -sfn "../../$folder" ".typing/recircuit/$folder"; done
    for folder in cli sklearn; do ln -sfn "../../src/recircuit/$folder" ".typing/recircuit/$folder"; done
    for file in src/recircuit/*.py src/recircuit/py.typed; do ln -sfn "../../$file" ".typing/${file#src/}"; done
    find -L .typing -type l -exec rm -f {} +   # links to what is gone
}

compiler() {
    cxx=${CXX:-g++}
    if echo 'int main() {}' | $cxx -x c++ -fsyntax-only - >/dev/null 2>&1; then return; fi
    other=$(command -v clang++ || command -v c++ || true)
    if [ -n "$other" ] && [ -z "${CXX:-}" ]; then
        say "$cxx does not work, but $other is there: 'export CXX=$other' for the cpp backend; until then numpy is used."
    else
        say "no C++ compiler ($cxx does not work): the numpy backend is used, which is slower and gives the same" \
            "results. For the cpp backend: 'apt install g++', 'xcode-select --install', or set CXX."
    fi
}

if [ ! -f "$stamp" ] || [ "$(fingerprint)" != "$(cat "$stamp")" ] || ! usable; then
    usable || make_venv
    rm -f "$stamp"
    install
    fingerprint > "$stamp"
    say "done; commands are in $venv/bin (for instance $venv/bin/recircuit)"
fi
link
compiler
