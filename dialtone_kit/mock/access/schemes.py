"""The two schemes for access tokens, DPoP and Bearer, and their challenges.

RFC 9110 §11, RFC 6750 §2 and §3, RFC 9449 §7.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from dialtone_kit.base.reason import description as fit
from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.core.refusal import Headers, Refusal
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.web.requests import FORM, header_values, media_type, parse_form, read_body

TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
SCHEMES = {"dpop": "DPoP", "bearer": "Bearer"}


async def presented(request: Request, realm: Realm) -> tuple[str, str]:
    """Scheme and token from the `Authorization` header; a token anywhere else is refused."""
    headers = header_values(request, "authorization")
    if len(headers) > 1:
        raise Refusal(400, "invalid_request", "Two Authorization headers were sent; send one.")
    elsewhere = "access_token" in request.query_params
    if media_type(request) == FORM:
        elsewhere = elsewhere or "access_token" in parse_form(await read_body(request))
    if elsewhere:
        raise Refusal(
            400, "invalid_request", "The access token belongs in the Authorization header only."
        )
    if not headers:
        text = "Send an access token: Authorization: DPoP <token>, with a proof in DPoP."
        raise Refusal(401, "unauthorized", text, _challenges(realm))
    name, _, token = headers[0].partition(" ")
    scheme = SCHEMES.get(name.lower())
    text = "Write Authorization: DPoP <token> (or Bearer, for an unbound token)."
    if scheme is None:
        raise Refusal(401, "unauthorized", text, _challenges(realm))
    if not TOKEN68.fullmatch(token.strip(" ")):
        raise challenged(realm, scheme, "invalid_token", text)
    return scheme, token.strip(" ")


def challenged(
    realm: Realm,
    scheme: str,
    error: str,
    description: str,
    nonce: Headers = (),
    *,
    status: int = 401,
    more: tuple[str, ...] = (),
) -> Refusal:
    """A refusal of a token sent with `scheme`: that scheme's challenge says what is wrong.

    A realm that accepts no bearer tokens has no challenge for them: only the body says why.
    """
    reason = (f'error="{error}"', f'error_description="{fit(description)}"')
    return Refusal(status, error, description, _challenges(realm, scheme, reason, more) + nonce)


def _challenges(
    realm: Realm, scheme: str = "", reason: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> Headers:
    """A challenge for each scheme that the realm accepts; `reason` and `more` are for `scheme`.

    Without credentials of these schemes there is no `error` (RFC 6750 §3.1).
    """
    algs, name = f'algs="{dpop.ALGS}"', 'realm="dialtone"'
    ways = {"DPoP": (*reason, algs, *more) if scheme == "DPoP" else (algs,)}
    if not realm.dpop_required:
        ways["Bearer"] = (name, *reason, *more) if scheme == "Bearer" else (name,)
    return tuple(("WWW-Authenticate", f"{way} {', '.join(ways[way])}") for way in ways)
