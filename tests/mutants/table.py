"""Where the checks of each module, or function, are held: by rows of the catalogue, by tests (their
names may go on), or by whole files below tests/. Every check is taken out, and must be missed."""

from __future__ import annotations

from typing import NamedTuple

from mutants.checks import Check, checks_of


class Other(NamedTuple):
    """A check of another kind: its code, what stands in its place, what should notice."""

    module: str
    function: str
    code: str
    instead: str
    held_by: str

    @property
    def check(self) -> Check:
        return Check(self.module, self.function, self.code, instead=self.instead)


# What only a race can show stands there several times: it is tried so often.
HELD_BY = {
    # the service
    "mock.exchange_rules": "91 76 X9 X10 X11 X13 X14",
    "mock.exchange": "X1 X6 X7 X8 X12",
    "mock.client_auth": "T1 T2 T3 I1 mock/test_token.py mock/test_device.py",
    "mock.device:device_code": "test_unknown_device_codes V5 V1 V3 V4 V6",
    "mock.device": "V6 V7 V7 V7 V11 mock/test_device.py",
    "mock.device_grants": "V2 V9",
    "mock.device_page": "V9 V10 test_one_address_please test_an_answer_without_yes_or_no",
    "mock.refresh:refresh_token": "test_unknown_refresh_tokens",
    "mock.refresh": "85 86 88 F1 mock/test_refresh.py",
    "mock.introspection": "I1 I4 V11",
    "mock.revocation": "R2 test_no_token",
    "mock.enrollments": "E1 E3 E4 E5",
    "mock.registration": "E12 E7",
    "mock.registration:_confirm": "E2 test_a_code_is_needed_until_the_sponsor_approved E1 "
    "test_a_scope_that_was_taken_away_meanwhile_is_not_granted",
    "mock.limits": "E7 V9",
    "mock.live_tokens": "I2 82 V11 mock/test_revocation.py",
    "mock.protection": "8 10 11 77 78 79 80 mock/test_resources.py",
    "mock.protection:authorize": "test_a_scope_too_few_is_403_and_names_the_scope",
    "mock.protection:_permitted": "test_acmes_agents_write_with_bound_tokens_only",
    "mock.protection:_realm_named": "A3",
    "mock.protection:_challenged": "test_no_credentials_no_error",
    "mock.token": "T6 59",
    "mock.token:_order": "test_1_where_a_proof_is_required_none_is_refused",
    "mock.token:_grant_type": "T6 test_the_parameters V11 "
    "test_a_client_without_a_secret_may_use_this_flow_and_no_other",
    "mock.orders": "T7",
    "mock.orders:asked_audience": "test_audiences_are_few_and_short 94",
    "mock.orders:may_act": "test_may_act_names_a_client",
    "mock.intake": "T4 test_another_content_type",
    "mock.intake:read_body": "test_a_length_over_the_limit_is_refused_before_anything_is_read "
    "test_a_body_over_64_kib",
    "mock.intake:query_text": "test_a_wrong_place_in_the_trail_is_400",
    # what both sides stand on
    "jws": "12 14 15 16 kit/test_jws.py",
    "keys": "32 kit/test_keys.py",
    "keys:public_key_from_jwk": "23 kit/test_keys.py",
    "keys:_ed25519_key": "36",
    "keys:_rsa_key": "35",
    "keys:_uint": "35",
    "keys:_member": "32 34",
    "rules": "kit/test_rules.py",
    "rules:one_header": "2 3 4 6",
    "rules:typ_is_dpop": "19",
    "rules:alg_is_listed": "18 20 22",
    "rules:signature_verifies": "41",
    "rules:htm_matches": "46",
    "rules:iat_is_fresh": "55 56 57",
    "rules:nonce_is_ours": "68 67",
    "rules:ath_matches": "74",
    "rules:key_is_bound": "76",
    "rules:jti_is_new": "44 45 59 kit/test_rules.py",
    "rules:_key_in": "29 30 39",
    "tokens": "82 kit/test_tokens.py",
    "urls": "H1 H6 47 52 kit/test_urls.py",
    "spiffe_id": "kit/test_spiffe_id.py",
    # the client
    "trust_bundle": "kit/test_trust_bundle.py",
    "svids": "kit/test_svids.py kit/test_workload.py",
    "credentials:read_members": "test_a_file_that_would_send test_a_damaged_file",
    "credentials": "P1 P3 P5 kit/test_credentials.py",
    "private_files": "P3 P4 P5 kit/test_credentials.py",
    "transport": "H5",
    "discovery": "H4 kit/test_client.py",
    "connection": "test_the_secret_is_not_sent_to_another_issuer test_without_credentials "
    "test_a_service_without_the_endpoint_is_told_in_a_line",
    "grants": "H10 kit/test_client.py",
    "device_login": "kit/test_token_requests.py",
    "client": "H4 kit/test_client.py",
    "workload": "kit/test_workload.py",
    "retry": "H3 H7 kit/test_retry.py",
}
# Checks that are no refusing `if`: a condition of a query, a call that raises, a setting. Each with
# what it is put otherwise to, and what should notice.
OTHERS = [
    Other("mock.front", "Front.__call__", "not self._host_is_ours(scope)", "False", "A5"),
    Other("mock.enrollments", "find", "enrollments.c.realm == realm.name", "True", "E3"),
    Other("mock.enrollments", "judge_code", "compare_digest(given, row.code_hash)",
          "compare_digest(given, given)", "E1"),
    Other("mock.device_grants", "judge_code", "compare_digest(given, row.code_hash)",
          "compare_digest(given, given)", "V9"),
    Other("mock.device_grants", "use", 'device_grants.c.status == "approved"', "True", "V7"),
    Other("mock.device_grants", "status_of", "clock.now(realm) >= row.expires_at", "False", "V3"),
    Other("mock.limits", "user_codes_tried", "if wait == 0:", "if True:", "V9"),
    Other("mock.limits", "_seconds_to_wait", "limit_hits.c.realm == realm.name,", "", "E7"),
    Other("mock.refresh", "find", "refresh_families.c.expires_at > clock.now(realm),", "",
          "test_a_family_ends_after_thirty_days"),
    Other("mock.refresh", "find", "lineage.is_revoked(tx, row.family)", "False", "R4"),
    Other("mock.refresh", "_rotate", ", refresh_tokens.c.used.is_(False)", "", "F1"),
    Other("mock.introspection", "_refresh_token", "row.used", "False",
          "test_a_refresh_token_is_shown_to_its_own_client_only"),
    Other("mock.introspection", "_refresh_token", "row.client_id != client.client_id", "False",
          "test_a_refresh_token_is_shown_to_its_own_client_only"),
    Other("mock.lineage", "is_dead", "return _DEAD.run(", "return False and _DEAD.run(",
          "X4"),
    Other("mock.exchange", "token_exchange", 'ends_at=subject["exp"]', "ends_at=None", "X5"),
    Other("tokens", "verify_token", "verify_signature(token, decoded.header, jwks)", "pass",
          "kit/test_tokens.py"),
    Other("tokens", "verify_token", "check_times(claims, now)", "pass", "kit/test_tokens.py"),
    Other("tokens", "verify_token", 'check_audience(claims.get("aud"), audience)', "pass",
          "kit/test_tokens.py"),
    Other("tokens", "verify_token", "audience)\n    _check_binding(claims)", "audience)\n    pass",
          "kit/test_tokens.py"),
    Other("trust_bundle", "verify_x509_svid",
          "policy.build_client_verifier().verify(chain[0], list(chain[1:]))", "pass",
          "test_a_wrong_chain_is_refused"),
    Other("trust_bundle", "verify_jwt_svid",
          'check_times(decoded.claims, now, required=("exp",))', "pass",
          "test_a_wrong_token_is_refused"),
    Other("trust_bundle", "verify_jwt_svid",
          'check_audience(decoded.claims.get("aud"), audience)', "pass",
          "test_a_wrong_token_is_refused"),
    Other("private_files", "_create", "os.fchmod(file.fileno(), 0o600)", "pass", "P2"),
    Other("private_files", "_make", "folder.chmod(0o700)", "pass", "P2"),
    Other("private_files", "_enter", "_refuse_link(name, path, above)", "pass", "P3"),
    Other("transport", "open_client", "follow_redirects=False", "follow_redirects=True", "H2"),
    Other("transport", "GuardedTransport.handle_request",
          "require_https_or_loopback(str(request.url))", "pass",
          "test_a_hand_made_request_is_guarded_too"),
    Other("dpop_auth", "DPoPAuth.auth_flow", "fresh != sent", "True", "H8"),
    Other("retry", "_wait", "retry_after(response, now())", "None", "H9"),
]  # fmt: skip
HELD_OTHERS = {other.check: other.held_by for other in OTHERS}

# Checks that no answer shows, and why they stand there all the same.
UNSEEN = {
    "mock.client_auth:authenticate_client: client is None": "no secret is right for nobody; it is "
    "said once more for the reader and the type checker",
    "mock.client_auth:realm_of_client: realm is None": "a realm that goes between two reads",
    "mock.device_grants:pace: fresh is None": "a grant that goes between two transactions",
    "mock.intake:read_body: message['type'] == 'http.disconnect'": "whoever would see it is gone",
    "mock.registration:confirm: isinstance(outcome, Refusal)": "the store raises what a work "
    "returns as a refusal; said once more for who reads only this",
    "rules:alg_is_listed: not isinstance(alg, str)": "nothing but a text is on the list",
    "tokens:verify_signature: not isinstance(alg, str)": "nothing but a text is on the list",
    "transport:_PunctualStream.read: left <= 0": "the read before has ended by then; for a piece "
    "that comes at the very last moment",
    "urls:_split: not parts.hostname": "no name at all is no valid one either, says the last rule",
}


def all_checks() -> list[Check]:
    modules = dict.fromkeys(key.partition(":")[0] for key in HELD_BY)
    found = [check for module in modules for check in checks_of(module)]
    assert UNSEEN.keys() <= {check.id for check in found}, "an exception for a check that is gone"
    return [check for check in found if check.id not in UNSEEN] + list(HELD_OTHERS)


def held_by(check: Check) -> list[str]:
    """The rows and files that should notice, the likeliest first."""
    if check in HELD_OTHERS:
        return HELD_OTHERS[check].split()
    own = HELD_BY.get(f"{check.module}:{check.function}")
    return (own or HELD_BY[check.module]).split()
