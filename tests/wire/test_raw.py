"""Raw requests: kept in memory for the proof checker, shown and saved nowhere."""

from __future__ import annotations

import copy
import pickle

import httpx
import pytest

from dialtone_kit import DPoPAuth, ProofKey
from dialtone_kit.tokens import read_unverified
from dialtone_kit.wire.raw import RAW_KEPT, with_fresh_proof
from dialtone_kit.wire.recorder import Wire

KEY, TOKEN = ProofKey.generate(), "aaaa.bbbb.cccc"


def client(wire: Wire) -> httpx.Client:
    answer = httpx.MockTransport(lambda request: httpx.Response(200))
    return httpx.Client(transport=wire.transport(answer), trust_env=False)


def test_only_the_last_requests_with_a_proof_are_kept():
    wire = Wire()
    with client(wire) as http:
        http.get("https://id.example.com/none")
        for n in range(RAW_KEPT + 5):
            http.get(f"https://id.example.com/{n}", auth=DPoPAuth(KEY, TOKEN))
    assert [raw.path for raw in wire.raw] == [f"/{n}" for n in range(5, RAW_KEPT + 5)]
    wire.clear()
    assert not wire.raw


def test_a_raw_request_has_proof_and_token_and_shows_neither():
    wire = Wire()
    with client(wire) as http:
        http.get("https://id.example.com/notes?code=secret", auth=DPoPAuth(KEY, TOKEN))
    [raw] = wire.raw
    assert raw.access_token == TOKEN
    assert len(raw.proofs) == 1
    assert repr(raw) == "<RawRequest GET /notes → 200>"
    for keep in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never leaves"):
            keep(raw)


def test_a_fresh_proof_has_the_clock_and_the_newest_nonce_of_the_one_that_sent_it():
    wire, nonces, url = Wire(), {}, "https://id.example.com/notes"
    with client(wire) as http:
        http.get(url, auth=DPoPAuth(KEY, TOKEN, now=lambda: 5000, nonces=nonces))
    nonces["https://id.example.com", "token"] = "newest"
    [raw] = wire.raw
    before, after = (read_unverified(one.headers["DPoP"]).claims for one in (raw, fresh(raw)))
    changed = {"jti": after["jti"], "nonce": "newest"}
    assert dict(after) == {**before, **changed, "iat": 5000}
    assert after["jti"] != before["jti"]
    assert fresh(raw).headers["Authorization"] == f"DPoP {TOKEN}"


def fresh(raw):
    return with_fresh_proof(raw)


def test_two_proofs_stay_two_proofs():
    wire = Wire()
    with client(wire) as http:
        http.get("https://id.example.com", headers=[("DPoP", "one"), ("DPoP", "two")])
    assert with_fresh_proof(wire.raw[0]).headers.get_list("DPoP") == ["one", "two"]
