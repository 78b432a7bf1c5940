#!/bin/sh
# Usage: lock.sh PYTHON
# Write the requirement files from pyproject.toml. They name versions and hashes, but no index.
set -eu

compile() {
    compile_for 3.12 "$@"
}

compile_for() {
    version=$1
    shift
    "$python" -m uv pip compile --quiet --universal --python-version "$version" --generate-hashes --no-header \
        --no-annotate "$@"
}

python=$1
same="--constraints requirements/dev.txt"
compile pyproject.toml --group embedded --group sandbox --group test --group lint -o requirements/dev.txt
compile pyproject.toml --group embedded --group sandbox $same -o requirements/demo.txt
compile pyproject.toml $same -o requirements/run.txt
compile --group checkov -o requirements/checkov.txt
compile --group install -o requirements/install.txt
compile_for 3.9 --group agent -o requirements/agent.txt
