"""Posts to come in the site as it was built last, where `[check] site` says where that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.check.findings import about_file
from bot.check.site import check_site
from bot.check.subject import Subject
from bot.model import Finding


def check_built_site(subject: Subject) -> Iterator[Finding]:
    """What `announce check --site` finds, in the folder of the settings; a site that was not built yet is no fault."""
    config = subject.config
    folder = config.root / config.check.site if config.check.site is not None else None
    if folder is None or not folder.is_dir():
        return
    if config.posts_folder.resolve().is_relative_to(folder.resolve()):
        problem = "holds the posts themselves, so it is no built site; it is not looked through."
        path = config.path.relative_to(config.root) if config.path.is_relative_to(config.root) else config.path
        yield about_file(path, "site-unusable", problem, "Name the folder that is built.", field="check.site")
        return
    released = subject.snapshot.entries.keys()
    look = check_site(folder, subject.posts, asked=subject.posts, released=released, now=subject.now)
    for finding in look.findings:
        inside = finding.path.is_relative_to(config.root)
        yield replace(finding, path=finding.path.relative_to(config.root)) if inside else finding
