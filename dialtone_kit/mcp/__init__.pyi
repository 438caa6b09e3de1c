# The one list of this room's public names. The lazy import, `__all__` and the types follow from it.
from .callers import Caller as Caller
from .callers import caller as caller
from .client_auth import McpDPoP as McpDPoP
from .client_auth import http_client as http_client
from .gate import DPoPGate as DPoPGate
from .metadata import metadata_url as metadata_url
from .sdk_client import connected as connected
