"""`announce init`: what a folder shows of its site, and the settings that follow from it.

    folder ── layout ──▶ generator ── jekyll, hugo, eleventy, pelican ──▶ Layout ── seen ──▶ fields ──▶ text of bot.toml

Nothing of the site is executed: settings that are programs are read as text.
"""
