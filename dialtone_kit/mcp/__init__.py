"""DPoP for MCP servers (Model Context Protocol): a gate for the server, proofs for the client.

It follows SEP-1932, a proposal to MCP that takes RFC 9449 as it stands. It is not a standard yet.
The public names are listed in `__init__.pyi`; the MCP SDK loads when the first of them is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
