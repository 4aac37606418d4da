"""Secrets of sources: named in the settings, kept in the environment."""

from __future__ import annotations

from collections.abc import Mapping


def secret_of(setting: str, environ: Mapping[str, str]) -> str:
    """What the environment holds for "env:NAME"; empty for an empty setting, or if it holds nothing."""
    return environ.get(setting.removeprefix("env:"), "").strip() if setting else ""


def trouble_of(setting: str, environ: Mapping[str, str]) -> str:
    """Why there is no secret although the settings name one; empty if all is well."""
    if not setting or secret_of(setting, environ):
        return ""
    return f"the environment variable {setting.removeprefix('env:')} is not set"
