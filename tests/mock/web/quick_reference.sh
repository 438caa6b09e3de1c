#!/bin/sh
# Every endpoint of the demo's quick reference, asked with curl in the demo's own forms:
#
#   DIALTONE_CONTROL_TOKEN=... tests/mock/web/quick_reference.sh http://127.0.0.1:8787
#
# The control token opens what a person and a platform have elsewhere: the sponsor's mailbox, and the
# word of a Kubernetes. PYTHON names a Python with PyJWT and cryptography, the demo's prerequisites.
# Prints one line for each endpoint, and no secret; ends with 1 at the first answer that is not as
# documented.
set -eu
B=${1:?the base URL of the service is missing}
: "${DIALTONE_CONTROL_TOKEN:?the control token is missing}"
PYTHON=${PYTHON:-python3}
R=$B/realms/default
EMAIL=quick-reference-$$@example.com
umask 077
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
printf 'header = "Authorization: Bearer %s"\n' "$DIALTONE_CONTROL_TOKEN" > "$W/control"

# member NAME: that member of the last answer.
member() {
  "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$W/answer" "$1"
}

# check STATUS LABEL MEMBERS URL [curl's options]: one call, and its line in the table.
check() {
  expected=$1 label=$2 members=$3 url=$4
  shift 4
  status=$(curl -s --max-time 30 -o "$W/answer" -w '%{http_code}' "$@" "$url") || status=none
  if [ "$status" != "$expected" ]; then
    echo "$label: $expected was expected, $status came" >&2
    exit 1
  fi
  for name in $members; do
    member "$name" > /dev/null || { echo "$label: without $name" >&2; exit 1; }
  done
  printf '%s  %s\n' "$status" "$label"
}

# mailed: the newest code in the sponsor's mailbox.
mailed() {
  curl -s --config "$W/control" "$B/mock/inbox?limit=1&email=$EMAIL" |
    "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["mails"][0]["code"])'
}

# --- Discovery -----------------------------------------------------------------------------------
check 200 "GET /.well-known/openid-configuration" "issuer token_endpoint jwks_uri" \
  "$B/.well-known/openid-configuration"
DEVICE_ENDPOINT=$(member device_authorization_endpoint)
check 200 "GET /.well-known/agent-instructions" "" "$B/.well-known/agent-instructions"
check 200 "GET /agent.json" "endpoints grant_types" "$B/agent.json"
check 200 "GET /jwks" "keys" "$B/jwks"

# --- Registration: the demo's steps 2a to 2d -----------------------------------------------------
check 200 "POST /realms/default/register/request" "enrollment_id poll_token status_url approval_url" \
  "$R/register/request" -X POST -H 'Content-Type: application/json' -d @- << END
{
  "email": "$EMAIL",
  "client_name": "my-agent",
  "client_description": "Asks every endpoint once",
  "requested_scopes": ["openid"]
}
END
ENROLLMENT=$(member enrollment_id)
POLL_TOKEN=$(member poll_token)
check 200 "GET /realms/default/register/status/:id" "status expires_at" \
  "$R/register/status/$ENROLLMENT"
CODE=$(mailed)
check 200 "POST /realms/default/register/confirm" "client_id client_secret granted_scopes issuer" \
  "$R/register/confirm" -X POST -H 'Content-Type: application/json' -d @- << END
{
  "enrollment_id": "$ENROLLMENT",
  "poll_token": "$POLL_TOKEN",
  "verification_code": "$CODE"
}
END
CLIENT_ID=$(member client_id)
printf 'user = "%s:%s"\n' "$CLIENT_ID" "$(member client_secret)" > "$W/basic"

# --- Token operations: proofs made as the demo's step 3 makes them, one for each request ---------
"$PYTHON" - "$B/token" "$W" << 'END'
import base64, pathlib, sys, time, uuid

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec

token_url, folder = sys.argv[1:]
private_key = ec.generate_private_key(ec.SECP256R1())
pub_numbers = private_key.public_key().public_numbers()
jwk = {
    "kty": "EC",
    "crv": "P-256",
    "x": base64.urlsafe_b64encode(pub_numbers.x.to_bytes(32, "big")).rstrip(b"=").decode(),
    "y": base64.urlsafe_b64encode(pub_numbers.y.to_bytes(32, "big")).rstrip(b"=").decode(),
}
for name in ("client_credentials", "token_exchange", "device_code"):
    payload = {"htm": "POST", "htu": token_url, "iat": int(time.time()), "jti": str(uuid.uuid4())}
    proof = pyjwt.encode(
        payload, private_key, algorithm="ES256",
        headers={"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk},
    )
    pathlib.Path(folder, f"{name}.proof").write_text(f'header = "DPoP: {proof}"\n')
END

# token GRANT MEMBERS [curl's options]: POST /token with the client's credentials and a proof.
token() {
  grant=$1 members=$2
  shift 2
  check 200 "POST /token ($grant)" "access_token token_type expires_in scope $members" "$B/token" \
    -X POST --config "$W/basic" --config "$W/$grant.proof" "$@"
  [ "$(member token_type)" = DPoP ] || { echo "POST /token ($grant): not bound" >&2; exit 1; }
}

token client_credentials "" -d grant_type=client_credentials -d scope=openid
printf %s "$(member access_token)" > "$W/token"
token token_exchange issued_token_type \
  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
  -d subject_token_type=urn:ietf:params:oauth:token-type:access_token \
  --data-urlencode "subject_token@$W/token"

# A person approves on the device page: first the code of the device, then the one from the mail.
curl -s --config "$W/basic" -X POST "$DEVICE_ENDPOINT" -d scope=openid > "$W/answer"
member device_code | tr -d '\n' > "$W/device_code"
USER_CODE=$(member user_code)
PAGE=$(member verification_uri)
page() {
  curl -s -H 'Accept: text/html' -b "$W/cookies" -c "$W/cookies" "$@" "$PAGE" > "$W/page"
  sed -n 's/.*<input type="hidden" name="\([a-z_]*\)" value="\([^"]*\)".*/\1=\2/p' "$W/page" |
    tr '\n' '&' > "$W/form"
}
page
page -d "@$W/form" -d "user_code=$USER_CODE" --data-urlencode "email=$EMAIL"
page -d "@$W/form" -d "verification_code=$(mailed)" -d decision=approve
token device_code refresh_token \
  -d grant_type=urn:ietf:params:oauth:grant-type:device_code \
  --data-urlencode "device_code@$W/device_code"

# about WORD: introspection says that the token is active (True), or that it is not (False).
about() {
  check 200 "POST /introspect (active: $1)" active "$B/introspect" \
    -X POST --config "$W/basic" --data-urlencode "token@$W/token"
  [ "$(member active)" = "$1" ] || { echo "POST /introspect: not $1" >&2; exit 1; }
}

about True
check 200 "POST /revoke" "" "$B/revoke" \
  -X POST --config "$W/basic" --data-urlencode "token@$W/token"
about False

# --- SPIFFE: a key and its request, and a platform's word for each challenge ----------------------
"$PYTHON" - > "$W/workload" << 'END'
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dialtone_kit.keys import jwk_of, thumbprint

key = ec.generate_private_key(ec.SECP256R1())
name = x509.UniformResourceIdentifier("spiffe://dialtone.test/ns/lessons/sa/reader")
request = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([]))
    .add_extension(x509.SubjectAlternativeName([name]), critical=False)
    .sign(key, hashes.SHA256())
)
jwk = jwk_of(key.public_key())
for made in (request.public_bytes(Encoding.PEM).decode(), jwk):
    print(json.dumps(made))
print(thumbprint(jwk))
END
{ read -r CSR; read -r KEY; read -r THUMBPRINT; } < "$W/workload"

# attest: a challenge, and the platform's evidence for it and for our key.
attest() {
  check 200 "GET /v1/attest/challenge" "nonce expires_at" "$B/v1/attest/challenge"
  NONCE=$(member nonce)
  curl -s --config "$W/control" -X POST "$B/mock/platform/kubernetes" \
    -H 'Content-Type: application/json' -d "{\"audience\": \"$NONCE.$THUMBPRINT\"}" > "$W/evidence"
}

attest
check 200 "POST /v1/svid/x509" "svid spiffe_id expires_at" \
  "$B/v1/svid/x509" -X POST -H 'Content-Type: application/json' -d @- << END
{
  "platform": "kubernetes",
  "nonce": "$NONCE",
  "evidence": $(cat "$W/evidence"),
  "csr": $CSR
}
END
attest
check 200 "POST /v1/svid/jwt" "svid spiffe_id expires_at" \
  "$B/v1/svid/jwt" -X POST -H 'Content-Type: application/json' -d @- << END
{
  "platform": "kubernetes",
  "nonce": "$NONCE",
  "evidence": $(cat "$W/evidence"),
  "key": $KEY,
  "audience": ["https://api.example.com"]
}
END
check 200 "GET /.well-known/spiffe-trust-bundle" "keys spiffe_sequence spiffe_refresh_hint" \
  "$B/.well-known/spiffe-trust-bundle"
