"""Small invented sites, each with the typical files of its generator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

WORDS: Final = "\n\nWords that are long enough to be the excerpt of this post, and say nothing.\n"


def post(*lines: str, fence: str = "---") -> str:
    return "\n".join((fence, *lines, fence)) + WORDS


ELEVENTY: Final = {
    "eleventy.config.js": 'export default function () {\n  return { dir: { input: "src", output: "_site" } };\n}\n',
    "src/_data/site.json": '{"title": "Eleven Conf", "url": "https://eleven.example", "lang": "en"}',
    "src/posts/posts.json": '{"layout": "post.njk", "permalink": "/news/{{ page.fileSlug }}/"}',
    "src/posts/hello.md": post("title: Hello", "date: 2024-01-17T10:00:00-05:00", "description: Said shortly.",
                               "image: /img/hello.png", "image_alt: A hand"),
    "src/posts/2024-02-01-dated.md": post("title: Dated"),
    "src/about.md": post("title: About"),
    "src/img/hello.png": "no picture",
    "node_modules/x/posts/README.md": post("title: Not ours", "date: 2020-01-01"),
}  # fmt: skip
JEKYLL: Final = {
    "_config.yml": "title: Jekyll Conf\nurl: https://jekyll.example\nbaseurl: /2024\ntimezone: Europe/Lisbon\n"
    "permalink: pretty\n",
    "_posts/2024-01-17-hello-world.md": post("layout: post", "title: Hello", "categories: [General]",
                                             "image:", "  path: /img/a.png", "  alt: A hand"),
    "_posts/2024-03-01-second.md": post("layout: post", "title: Second", "date: 2024-03-01 10:00:00 +0000"),
    "_posts/2024-03-02-not-yet.md": post("title: Not yet", "published: false"),
    "_drafts/idea.md": post("title: Idea"),
    "index.md": post("title: Home"),
}  # fmt: skip
JEKYLL_COLLECTION: Final = {
    "_config.yml": "title: C\nurl: https://c.example\ntimezone: UTC\ncollections:\n  news:\n    output: true\n"
    "    permalink: /news/:name/\n",
    "_news/one.md": post("title: One", "date: 2024-01-17 09:00:00"),
    "_news/deeper/two.md": post("title: Two", "date: 2024-01-18 09:00:00"),
}
HUGO: Final = {
    "hugo.toml": 'baseURL = "https://hugo.example/"\ntitle = "Hugo Conf"\ntimeZone = "America/Toronto"\n'
    '[permalinks]\nnews = "/:year/:slugorfilename/"\n',
    "content/_index.md": post("title = 'Home'", fence="+++"),
    "content/about.md": post("title = 'About'", "date = 2024-01-01T00:00:00Z", fence="+++"),
    "content/news/_index.md": post("title = 'News'", fence="+++"),
    "content/news/first.md": post("title = 'First'", "date = 2024-01-17T09:00:00-05:00", "draft = false", fence="+++"),
    "content/news/bundle/index.md": post("title: In a bundle", "date: 2024-02-17T09:00:00-05:00", "slug: own-name",
                                         "expiryDate: 2030-01-01T00:00:00Z"),
    "content/news/later.md": post("title = 'Later'", "date = 2199-01-01T09:00:00Z", "draft = true", fence="+++"),
    "public/news/first/index.md": post("title = 'Built'", "date = 2024-01-17T09:00:00Z", fence="+++"),
}  # fmt: skip
PELICAN: Final = {
    "pelicanconf.py": "import os\nos.environ['EXECUTED'] = 'yes'\nSITENAME = 'Pelican Conf'\nSITEURL = ''\n"
    "PATH = 'content'\nTIMEZONE = 'Europe/Madrid'\nDEFAULT_LANG = 'es'\nSLUGIFY_SOURCE = 'basename'\n"
    "ARTICLE_URL = 'noticias/{date:%Y}/{slug}/'\nARTICLE_SAVE_AS = ARTICLE_URL + 'index.html'\n",
    "publishconf.py": "from pelicanconf import *\nSITEURL = 'https://pelican.example'\n",
    "content/hola.md": post("Title: Hola", "Date: 2024-01-17 10:00", "Category: General", "Summary: Corto"),
    "content/borrador.md": post("Title: Borrador", "Date: 2024-01-18 10:00", "Category: General", "Status: draft"),
    "content/bare.md": "Title: Bare\nDate: 2024-01-19 10:00\n\nText.\n",
}
PLAIN: Final = {
    "news/one.md": post("title: One", "pubDate: 2024-01-17 09:00"),
    "news/two.md": post("title: Two", "pubDate: 2024-01-18 09:00"),
    "README.md": "# Read me\n",
}


def write_site(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
