"""Pictures of what the browser tests see, kept when DIALTONE_SHOTS names a folder for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def keep(page: Any, name: str, **how: Any) -> None:
    """Keep a picture of `page`, or of a part of it: `how` is Playwright's, such as `clip`."""
    folder = os.environ.get("DIALTONE_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), **how)
