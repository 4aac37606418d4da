#!/usr/bin/env bash
# Installs announce from this checkout into an environment of its own, with the versions that were tested.
set -euo pipefail
place="$RUNNER_TEMP/announce"
"$PYTHON" -m venv "$place"
bin="$place/bin"
[ -d "$bin" ] || bin="$place/Scripts"  # Windows
"$bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint "$GITHUB_ACTION_PATH/constraints.txt" "$GITHUB_ACTION_PATH"
echo "announce=$bin/announce" >>"$GITHUB_OUTPUT"
