"""The examples printed in the RFCs: the kit computes what others compute."""

import pytest

from dialtone_kit.base.algorithms import public_key_from_jwk
from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.base.jws import split
from dialtone_kit.keys import thumbprint
from dialtone_kit.proofs import check_proof
from dialtone_kit.rules import Request, access_token_hash
from tests.support.refusals.signatures import twin

RFC7638_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B"
    "JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
    "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We"
    "Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
RFC8037_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RFC7515_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC9449_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
RFC9449_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
RFC9449_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
TOKEN_REQUEST = (  # §4.1
    f"{RFC9449_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2Vy"
    "dmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvq"
    "RMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RESOURCE_REQUEST = (  # §7.1
    f"{RFC9449_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNv"
    "dXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJa"
    "M0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plem"
    "AgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
AT_THE_TOKEN_ENDPOINT = Request("POST", "https://server.example.com/token", 1562262616)
AT_THE_RESOURCE = Request(
    "GET",
    "https://resource.example.org/protectedresource",
    1562262618,
    access_token=RFC9449_TOKEN,
    bound_to=RFC9449_JKT,
)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        pytest.param(RFC7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", id="RFC 7638 3.1"),
        pytest.param(RFC8037_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", id="RFC 8037 A.3"),
    ],
)
def test_thumbprints(key: dict[str, str], name: str) -> None:
    assert thumbprint(key) == name


def test_the_ath_of_rfc9449() -> None:
    assert access_token_hash(RFC9449_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize(
    ("proof", "request_"),
    [(TOKEN_REQUEST, AT_THE_TOKEN_ENDPOINT), (RESOURCE_REQUEST, AT_THE_RESOURCE)],
    ids=["RFC 9449 4.1", "RFC 9449 7.1"],
)
def test_the_proofs_of_rfc9449_pass(proof: str, request_: Request) -> None:
    assert check_proof([proof], request_).thumbprint == RFC9449_JKT


def test_the_proof_of_one_request_is_refused_at_the_other() -> None:
    with pytest.raises(ProofRefused) as refusal:
        check_proof([TOKEN_REQUEST], AT_THE_RESOURCE)
    assert refusal.value.rule == "htm_matches"


@pytest.mark.parametrize(
    ("key", "alg", "compact"),
    [
        pytest.param(
            RFC7515_KEY,
            "ES256",
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5dj"
            "xLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            id="RFC 7515 A.3",
        ),
        pytest.param(
            RFC8037_KEY,
            "EdDSA",
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
            "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            id="RFC 8037 A.4",
        ),
    ],
)
def test_signatures(key: dict[str, str], alg: str, compact: str) -> None:
    parts = split(compact)
    public = public_key_from_jwk(key, alg)
    assert public.verify(parts.signature, parts.signing_input)
    assert not public.verify(parts.signature, parts.signing_input + b".")


def test_the_n_minus_s_twin_is_a_second_valid_signature() -> None:
    """Why a replay is known by its jti and not by its text (catalogue row 43)."""
    check_proof([twin(TOKEN_REQUEST)], AT_THE_TOKEN_ENDPOINT)
