"""The demo's own script as a client of the service: a process of its own, without the kit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.base.pins import pinned

SCRIPT = Path(__file__).parent / "content" / "lesson_09" / "demo_script.py"
PATIENCE = 30  # seconds for the whole program


def run_demo(credentials_file: Path, text: str, issuer: str) -> Shown:
    """Run the script with stored credentials; returns what it prints, and its source to unfold.

    It is told where the credentials are, as the demo's layout has them, and reads them itself.
    Raises DialtoneError with the script's last line when it fails.
    """
    command = [sys.executable, "-I", str(SCRIPT), str(credentials_file), text]
    ran = subprocess.run(  # noqa: S603  (our own file, and no shell)
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "no_proxy": "*", **_trusted(issuer)},  # it's a service nearby
    )
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no error message"])[-1]
        raise DialtoneError(masked(f"The demo's script failed: {last}"))
    return demo_shown(ran.stdout.strip())


def _trusted(issuer: str) -> dict[str, str]:
    """The variable by which any program trusts the service of a class."""
    authority = pinned(issuer)
    return {} if authority is None else {"SSL_CERT_FILE": str(authority)}


def demo_shown(said: str) -> Shown:
    """What the script printed, with its source to unfold."""
    said, source = masked(said), SCRIPT.read_text("utf-8")
    html = (
        f"<pre>{escaped(said)}</pre><details><summary>The program: {len(source.splitlines())} "
        f"lines, none of them from the kit</summary><pre>{escaped(source)}</pre></details>"
    )
    return Shown(html, said)
