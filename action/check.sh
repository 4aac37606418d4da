#!/usr/bin/env bash
# Checks the posts: annotations on their lines, and the summary as Markdown for the step and for whoever comes after.
set -euo pipefail

base="$CHANGED_SINCE"
if [ -z "$base" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then
  base="origin/$GITHUB_BASE_REF" # only pull requests have one
fi
options=("--config=$CONFIG")
[ -z "$base" ] || options+=("--changed-since=$base")

# What cannot be looked at at all is told as one annotation. Its lines must not be taken for commands of their own.
give_up() {
  local code=$1 said
  said="$(cat "$2")"
  said="${said//'%'/%25}"
  said="${said//$'\r'/%0D}"
  echo "::error title=announce::${said//$'\n'/%0A}"
  exit "$code"
}

summary="$RUNNER_TEMP/announce-summary.md"
errors="$RUNNER_TEMP/announce-errors.txt"
pictures="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/raw/$GITHUB_SHA"
"$ANNOUNCE" check "${options[@]}" --format=markdown --pictures="$pictures" --fail-on=never \
  >"$summary" 2>"$errors" || give_up $? "$errors"
cat "$summary" >>"$GITHUB_STEP_SUMMARY"
echo "summary-file=$summary" >>"$GITHUB_OUTPUT"

code=0
"$ANNOUNCE" check "${options[@]}" --format=github --fail-on="$FAIL_ON" 2>"$errors" || code=$?
if [ "$code" -ne 0 ] && [ -s "$errors" ]; then
  give_up "$code" "$errors"
fi
exit "$code"
