"""The log: to stderr, in every process of the service alike, and without secrets."""

from __future__ import annotations

import logging

from dialtone_kit.base.masking import mask_text


class Masked(logging.Formatter):
    """Whatever a log line or a traceback holds, it holds no secret."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


def log_to_stderr() -> None:
    """Send all logging of this process to stderr, masked."""
    handler = logging.StreamHandler()
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every step and plug-in
