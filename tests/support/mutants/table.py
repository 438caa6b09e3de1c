"""What holds checks of each module or function: rows of the catalogue, tests (or how their names
begin), or whole files below tests/. Every check is taken out, and must be missed."""

from __future__ import annotations

from typing import NamedTuple

from tests.support.mutants.checks import Check, checks_of


class Other(NamedTuple):
    """A check of another kind: its code, what replaces it, what should notice."""

    module: str
    function: str
    code: str
    instead: str
    held_by: str

    @property
    def check(self) -> Check:
        return Check(self.module, self.function, self.code, instead=self.instead)


# What only a race can show is listed several times, and tried as often.
HELD_BY = {
    # the service
    "mock.tokens.exchange_rules": "91 76 X9 X10 X11 X13 X14",
    "mock.tokens.exchange_rules:onward_needs_leave": "test_a_server test_ones_own_token_goes",
    "mock.tokens.exchange:_not_too_far": "test_a_token_is_derived",
    "mock.tokens.exchange": "X1 X6 X7 X8 X12",
    "mock.access.clients": "T1 T2 T3 I1 test_a_workload_has_no_other_way_in "
    "mock/tokens/test_token.py mock/tokens/test_device.py",
    "mock.access.clients:_by_svid": "mock/spiffe/test_client_assertions.py",
    "mock.spiffe.client_assertions": "mock/spiffe/test_client_assertions.py",
    "mock.tokens.device:device_code": "test_unknown_device_codes V5 V1 V3 V4 V6",
    "mock.tokens.device": "V6 V7 V7 V7 V11 mock/tokens/test_device.py",
    "mock.tokens.device_grants": "V2 V9",
    "mock.tokens.device_page:_shown": "test_programs_get_json_when_the_answer_is_no",
    "mock.tokens.device_page": "V9 V10 test_one_address_please test_an_answer_without_yes_or_no",
    "mock.tokens.refresh:refresh_token": "test_unknown_refresh_tokens",
    "mock.tokens.refresh": "85 86 88 F1 mock/tokens/test_refresh.py",
    "mock.tokens.introspection": "I1 I4 V11",
    "mock.tokens.revocation": "R2 test_no_token",
    "mock.registration.enrollments": "E1 E3 E4 E5",
    "mock.registration.endpoints": "E12 E7",
    "mock.registration.endpoints:_confirm": "E2 E1 "
    "test_a_code_is_needed_until_the_sponsor_approved "
    "test_a_scope_that_was_removed_meanwhile_is_not_granted",
    "mock.core.limits": "E7 V9",
    "mock.access.live_tokens": "I2 82 V11 mock/tokens/test_revocation.py",
    "mock.access.callers": "77 78 79 80 mock/api/test_resources.py",
    "mock.access.callers:authorize": "test_a_scope_too_few_is_403_and_names_the_scope",
    "mock.access.callers:_permitted": "test_acmes_agents_write_with_bound_tokens_only",
    "mock.access.callers:_realm_named": "A3",
    "mock.access.schemes": "8 10 11 test_no_credentials_no_error",
    "mock.tokens.endpoint": "T6 59",
    "mock.tokens.endpoint:_proof": "test_1_where_a_proof_is_required_none_is_refused",
    "mock.tokens.endpoint:_grant_type": "T6 test_the_parameters V11 "
    "test_a_client_without_a_secret_may_use_this_flow_and_no_other",
    "mock.tokens.grant": "T7",
    "mock.tokens.grant:asked_audience": "test_audiences_are_few_and_short 94",
    "mock.tokens.grant:approved_audience": "test_an_approval_gives test_a_poll_may_name_less",
    "mock.tokens.permission": "mock/tokens/test_permission.py",
    "mock.web.requests": "T4 test_another_content_type",
    "mock.web.requests:read_body": ""
    "test_a_length_over_the_limit_is_refused_before_anything_is_read "
    "test_a_body_over_64_kib test_a_compressed_body",
    "mock.web.requests:_utf8": "test_a_mark_before_json",
    "mock.web.requests:read_query": "test_a_query_has_each_parameter_once_and_in_utf_8",
    "mock.web.requests:_refusal": "test_the_parameters T6",
    "mock.web.pages": "test_programs_get_json_when_the_answer_is_no",
    "mock.web.routes": "test_unknown_paths_and_realms",
    # what both sides stand on
    "base.jws": "12 14 15 16 base/test_jws.py",
    "base.times": "55",
    "keys": "test_keys.py",
    "keys:key_in_header": "29 30 39",
    "base.algorithms": "32 test_keys.py",
    "base.algorithms:public_key_from_jwk": "23 test_keys.py",
    "base.algorithms:_ed25519_key": "36",
    "base.algorithms:_rsa_key": "35",
    "base.algorithms:_uint": "35",
    "base.algorithms:_member": "32 34",
    "rules": "test_rules.py",
    "rules:one_header": "2 3 4 6",
    "rules:typ_is_dpop": "19",
    "rules:alg_is_listed": "18 20 22",
    "rules:signature_verifies": "41",
    "rules:htm_matches": "46",
    "rules:iat_is_fresh": "55 56 57",
    "rules:nonce_is_ours": "68 67",
    "rules:ath_matches": "74",
    "rules:key_is_bound": "76",
    "rules:jti_is_new": "44 45 59 test_rules.py",
    "tokens": "82 test_tokens.py",
    "base.typed_code": "base/test_typed_code.py",
    "base.email": "base/test_email.py",
    "base.urls": "H1 H6 47 52 base/test_urls.py",
    "spiffe.spiffe_id": "spiffe/test_spiffe_id.py",
    # MCP servers
    "mcp.gate": "mcp/test_gate.py",
    "mcp.refusals": "mcp/test_gate.py",
    "mcp.metadata": "mcp/test_gate.py",
    "mcp.callers": "mcp/test_gate.py",
    "mcp.issuer_tokens": "mcp/test_gate.py",
    # the attacks
    "attacks.bag": "attacks/test_bag.py",
    "attacks.over_http": "attacks/test_probing.py",
    "attacks.probing": "attacks/test_probing.py",
    # the client
    "mcp.sdk_client": "mcp/test_with_the_sdk.py",
    "mcp.client_auth": "mcp/test_with_the_sdk.py",
    "spiffe.trust_bundle": "spiffe/test_trust_bundle.py",
    "spiffe.svids": "spiffe/test_svids.py spiffe/test_workload.py",
    "client.credentials:read_members": "test_a_file_that_would_send test_a_damaged_file",
    "client.credentials:read_granted": "client/test_client.py",
    "client.credentials": "P1 P3 P5 client/test_credentials.py",
    "base.private_files": "P3 P4 P5 client/test_credentials.py",
    "base.private_files:private_dir": "base/test_private_files.py",
    "base.private_files:PrivateFolder._require_protected": "base/test_private_files.py",
    "base.private_files:_require_regular": "base/test_private_files.py",
    "client.transport": "H5",
    "client.discovery": "H4 client/test_client.py",
    "client.connection": "client/test_client.py "
    "test_a_service_without_the_endpoint_is_named_in_one_line",
    "client.enrollments": "client/test_enrollments.py client/test_client.py",
    "client.enrollment_requests": "client/test_client.py",
    "client.token_requests": "H10 client/test_client.py",
    "client.token_requests:authentication": "mock/spiffe/test_client_assertions.py",
    "client.token_requests:_given": "client/test_token_requests.py",
    "client.token_requests:TokenRequests._own_credentials": ""
    "test_the_secret_is_not_sent_to_another_issuer test_without_credentials",
    "client.token_requests:TokenRequests.wait_for_device": "client/test_token_requests.py",
    "client.device_login": "client/test_token_requests.py",
    "client.identity": "H4 client/test_client.py",
    "spiffe.workload": "spiffe/test_workload.py",
    "client.retry": "H3 H7 client/test_retry.py",
}
# Checks that are not a refusing `if`: a query's condition, a call that raises, a setting. Each with
# what it is put otherwise to, and what should notice.
OTHERS = [
    Other(
        "mock.access.clients",
        "find_client",
        "not stored and spiffe_id is None",
        "not stored",
        "mock/spiffe/test_client_assertions.py",
    ),
    Other(
        "mock.spiffe.client_assertions",
        "workload_of",
        'check_times(decoded.claims, now, required=("exp",))',
        "pass",
        "test_an_svid_that_has_ended_is_refused",
    ),
    Other("mock.web.gate", "Gate._admit", "_name_in(hosts[0]) not in self._hosts", "False", "A5"),
    Other(
        "mock.registration.enrollments", "find", "enrollments.c.realm == realm.name", "True", "E3"
    ),
    Other(
        "mock.registration.enrollments",
        "judge_code",
        "compare_digest(given, row.code_hash)",
        "compare_digest(given, given)",
        "E1",
    ),
    Other(
        "mock.tokens.device_grants",
        "judge_code",
        "compare_digest(given, row.code_hash)",
        "compare_digest(given, given)",
        "V9",
    ),
    Other("mock.tokens.device_grants", "use", 'device_grants.c.status == "approved"', "True", "V7"),
    Other(
        "mock.tokens.device_grants",
        "status_of",
        "clock.now(realm) >= row.expires_at",
        "False",
        "V3",
    ),
    Other("mock.core.limits", "user_codes_tried", "if wait == 0:", "if True:", "V9"),
    Other("mock.core.limits", "_seconds_to_wait", "limit_hits.c.realm == realm.name,", "", "E7"),
    Other(
        "mock.tokens.refresh",
        "find",
        "refresh_families.c.expires_at > clock.now(realm),",
        "",
        "test_a_family_ends_after_thirty_days",
    ),
    Other("mock.tokens.refresh", "find", "lineage.is_revoked(tx, row.family)", "False", "R4"),
    Other("mock.tokens.refresh", "_rotate", ", refresh_tokens.c.used.is_(False)", "", "F1"),
    Other(
        "mock.tokens.introspection",
        "_refresh_token",
        "row.used",
        "False",
        "test_a_refresh_token_is_shown_to_its_own_client_only",
    ),
    Other(
        "mock.tokens.introspection",
        "_refresh_token",
        "row.client_id != client.client_id",
        "False",
        "test_a_refresh_token_is_shown_to_its_own_client_only",
    ),
    Other(
        "mock.access.lineage", "is_dead", "return _DEAD.run(", "return False and _DEAD.run(", "X4"
    ),
    Other("mock.tokens.exchange", "token_exchange", 'ends_at=subject["exp"]', "ends_at=None", "X5"),
    Other(
        "tokens",
        "verify_token",
        "verify_signature(token, decoded.header, jwks)",
        "pass",
        "test_tokens.py",
    ),
    Other("tokens", "verify_token", "check_times(claims, now)", "pass", "test_tokens.py"),
    Other(
        "tokens",
        "verify_token",
        'check_audience(claims.get("aud"), audience)',
        "pass",
        "test_tokens.py",
    ),
    Other(
        "tokens",
        "verify_token",
        "audience)\n    _check_binding(claims)",
        "audience)\n    pass",
        "test_tokens.py",
    ),
    Other(
        "spiffe.trust_bundle",
        "verify_x509_svid",
        "policy.build_client_verifier().verify(chain[0], list(chain[1:]))",
        "pass",
        "test_a_wrong_chain_is_refused",
    ),
    Other(
        "spiffe.trust_bundle",
        "verify_jwt_svid",
        'check_times(decoded.claims, now, required=("exp",))',
        "pass",
        "test_a_wrong_token_is_refused",
    ),
    Other(
        "spiffe.trust_bundle",
        "verify_jwt_svid",
        'check_audience(decoded.claims.get("aud"), audience)',
        "pass",
        "test_a_wrong_token_is_refused",
    ),
    Other("base.private_files", "_create", "platform.set_mode(file.fileno(), 0o600)", "pass", "P2"),
    Other("base.private_files", "_make", "folder.chmod(0o700)", "pass", "P2"),
    Other(
        "base.private_files",
        "PrivateFolder._enter",
        "self._refuse_link(self.path.name, self.path, outer)",
        "pass",
        "P3",
    ),
    Other(
        "client.transport", "open_client", "follow_redirects=False", "follow_redirects=True", "H2"
    ),
    Other(
        "client.transport",
        "GuardedTransport.handle_request",
        "require_https_or_loopback(str(request.url))",
        "pass",
        "test_a_hand_made_request_is_guarded_too",
    ),
    Other("client.dpop_auth", "DPoPAuth.auth_flow", "fresh != sent", "True", "H8"),
    Other(
        "base.typed_code",
        "_plain",
        'unicodedata.normalize("NFKC", text)',
        "text",
        "base/test_typed_code.py",
    ),
    Other(
        "base.typed_code",
        "_plain",
        'if unicodedata.category(one) != "Cf"',
        "",
        "base/test_typed_code.py",
    ),
    Other("base.typed_code", "_codes_in", "if _looks_minted(found)", "", "base/test_typed_code.py"),
    Other("base.typed_code", "_codes_in", "return dashed or", "return", "base/test_typed_code.py"),
    Other(
        "base.email",
        "one_address",
        '"" if domain.endswith(_FULL_STOPS) else canonical_domain(domain)',
        "canonical_domain(domain)",
        "base/test_email.py",
    ),
    Other("base.email", "canonical_email", 'and "@" not in name', "", "base/test_email.py"),
    Other("base.email", "canonical_email", "name.lower()", "name", "base/test_email.py"),
    Other(
        "base.email", "masked_address", "name[:1]", "name", "base/test_email.py wire/test_wire.py"
    ),
    Other(
        "wire.redaction",
        "as_mask",
        'if name == "email":',
        "if False:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "_user_of",
        're.fullmatch(r"cli_[a-z0-9_]{1,64}", user)',
        "True",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.url",
        "query=None, fragment=None",
        "query=None",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.members",
        "_MEMBER.sub(lambda match: match[1] + self._hide(match[2], match[3]), text)",
        "text",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.body",
        "self.text(mask_text(self.members(text)))[",
        "self.text(self.members(text))[",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.body",
        "return self.text(mask_text(self.members(text)))[",
        "return mask_text(self.members(text))[",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.json",
        "mask_members(value, self._hide)",
        "value",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._without_addresses",
        "{self.text(name): self",
        "{name: self",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._without_addresses",
        "return self.text(value) if isinstance(value, str) else value",
        "return value",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._member",
        'if name == "email" and isinstance(value, str) and value:',
        "if False:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._header",
        'if name == "dpop":',
        "if False:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._header",
        'if name == "location":',
        "if False:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._header",
        "if name not in _SECRET_HEADERS:",
        "if True:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._header",
        'if not name.endswith("authorization") or not space:',
        "if False:",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor._header",
        "return self.text(value)\n        scheme",
        "return value\n        scheme",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.member",
        "self._hide(name, value) if name in SECRET_MEMBERS",
        "self._hide(name, value) if False",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other(
        "wire.redaction",
        "Redactor.member",
        "if name in SECRET_MEMBERS else self.text(value)",
        "if name in SECRET_MEMBERS else value",
        "wire/test_redaction.py wire/test_wire.py",
    ),
    Other("client.retry", "_wait", "retry_after(response, now())", "None", "H9"),
]
HELD_OTHERS = {other.check: other.held_by for other in OTHERS}

# Checks that no answer shows, and why they are there anyway.
UNSEEN = {
    "mock.access.clients:authenticate_client: client is None": (
        "no secret is right for nobody; it is here for the reader and the type checker"
    ),
    "mock.access.clients:realm_of_client: realm is None": "a realm that goes between two reads",
    "mock.tokens.device_grants:pace: fresh is None": "a grant that goes between two transactions",
    "mock.web.requests:read_body: message['type'] == 'http.disconnect'": "nobody sees it",
    "mock.registration.endpoints:confirm: isinstance(outcome, Refusal)": (
        "the store raises a refusal that a job returns; it is here for the reader"
    ),
    "rules:alg_is_listed: not isinstance(alg, str)": "only strings are on the list",
    "tokens:verify_signature: not isinstance(alg, str)": "only strings are on the list",
    "client.transport:_left: left <= 0": (
        "the read before has ended by then; it is for a piece that comes at the very last moment"
    ),
    "base.urls:_split: not parts.hostname": "an empty name is no valid one, says the last rule",
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
