"""The container's health check: does what runs in it answer?

Without an argument: JupyterLab, or else the local service, which proves that it's ours. With one:
whatever is at that URL, such as the service of a class.
"""

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from dialtone_kit.local.running import find

LAB = "http://127.0.0.1:8888/api"  # the Dockerfile's port; Jupyter tells anyone its version
PATIENCE = 2  # seconds


def answers(url: str) -> bool:
    """Whether a server answers at `url`, and not with a 5xx. Nothing secret is sent there."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: HTTPConnection
    if parts.scheme == "https":  # its certificate is for the name that learners use
        anyone = ssl._create_unverified_context()  # noqa: S323
        connection = HTTPSConnection(host, port, timeout=PATIENCE, context=anyone)
    else:
        connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    healthy = answers(sys.argv[1]) if sys.argv[1:] else answers(LAB) or find()
    sys.exit(0 if healthy else 1)
