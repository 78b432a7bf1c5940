#!/bin/sh
# Usage: install.sh FOLDER FILE [SUPERSET]
# Make the virtual environment FOLDER hold what FILE locks, unless it holds that, or SUPERSET, already.
set -eu

environment=$1 file=$2 superset=${3:-$2}
python=$environment/bin/python

is_fitting() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, ctypes, ensurepip, ssl, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

# Candidates are executed, because a name on the path may be a shim with nothing behind it.
find_python() {
    versions=${PYENV_ROOT:-$HOME/.pyenv}/versions
    for candidate in "${PORTAL_PYTHON:-}" python3.13 python3.12 "$versions"/3.13*/bin/python \
        "$versions"/3.12*/bin/python python3.14 "$versions"/3.1[4-9]*/bin/python python3 python; do
        if [ -n "$candidate" ] && is_fitting "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "Enclave Portal needs Python 3.12 or newer, with venv. Name one: make PORTAL_PYTHON=/path/to/python" >&2
    return 1
}

holds() {
    cmp -s "$1" "$environment/$(basename "$1")"
}

with_pip() {
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$1"
}

with_uv() {
    [ -z "${PORTAL_WITHOUT_UV:-}" ] && with_pip requirements/install.txt &&
        "$python" -m uv pip install --quiet --python "$python" --system-certs --require-hashes \
            --compile-bytecode --requirement "$1"
}

is_fitting "$python" || rm -rf "$environment"
if ! { [ -x "$python" ] && { holds "$file" || holds "$superset"; }; }; then
    if [ ! -x "$python" ]; then
        found=$(find_python)
        "$found" -m venv "$environment"
    fi
    echo "Installing $file into $environment ..." >&2
    rm -f "$environment"/*.txt
    with_uv "$file" || with_pip "$file"
    cp "$file" "$environment/"
fi
