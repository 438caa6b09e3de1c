"""Logging to stderr, the same in every process of the service, and without secrets."""

from __future__ import annotations

import logging

from dialtone_kit.base.masking import mask_text


class Masked(logging.Formatter):
    """Masks the secrets in log lines and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


def log_to_stderr() -> None:
    """Send all logging of this process to stderr, masked."""
    handler = logging.StreamHandler()
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs every step and plug-in
