"""Looks at a built site: every link leads somewhere, and nothing is loaded from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = re.compile(r"@import|url\(\s*['\"]?(?:https?:)?//")


class _Reader(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.anchors |= {own[name] for name in ("id", "name") if name in own}
        if tag == "a" and "href" in own:
            self.links.append(own["href"])
        elif tag == "link" and own.get("rel") not in ("canonical", "author", "index"):
            self.loads.append(own.get("href", ""))
        self.loads += [own[name] for name in ("src", "poster", "data") if name in own]


def problems(site: Path) -> list[str]:
    """One line for everything that is wrong with the pages and style sheets of `site`."""
    _read.cache_clear()  # the site may have been built again
    found = [line for page in sorted(site.rglob("*.html")) for line in _of_page(site, page)]
    sheets = (sheet for sheet in sorted(site.rglob("*.css")) if _LOADED.search(_text(sheet)))
    return found + [f"{sheet.relative_to(site)} loads from another host" for sheet in sheets]


def _of_page(site: Path, page: Path) -> Iterator[str]:
    reader, name = _read(page), page.relative_to(site)
    yield from (f"{name} loads {url}" for url in reader.loads if urlsplit(url).netloc)
    inside = [url for url in reader.links if not urlsplit(url).scheme and not urlsplit(url).netloc]
    for url in sorted({*inside, *(url for url in reader.loads if not urlsplit(url).netloc)}):
        parts = urlsplit(url)
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if parts.scheme != "data" and not target.is_file():
            yield f"{name} has a link to {url}, which is not there"
        elif parts.fragment and unquote(parts.fragment) not in _read(target).anchors:
            yield f"{name} has a link to {url}: the page has no such place"


@cache
def _read(page: Path) -> _Reader:
    reader = _Reader()
    reader.feed(_text(page))
    return reader


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
