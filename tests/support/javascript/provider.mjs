// oidc-provider, an authorization server that knows nothing of the kit: ES256, DPoP with nonces
// demanded everywhere, device flow, introspection, revocation. It forgets all when its test ends.
// Version 8 of it, since 9 wants a newer Node than Debian 12 has.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Provider, errors } from "oidc-provider";
import { hear, tell } from "./stage.mjs";

console.info = console.warn = console.error; // its advice for production; stdout is for the test

const { port, secret, resource } = await hear();
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const client = {
  id_token_signed_response_alg: "ES256", redirect_uris: [], response_types: [],
  scope: "openid offline_access api:read",
};

const provider = new Provider(issuer, {
  clients: [
    {
      ...client, client_id: "cli_interop", client_secret: secret,
      grant_types: ["client_credentials", DEVICE, "refresh_token"],
    },
    {
      ...client, client_id: "cli_interop_public", token_endpoint_auth_method: "none",
      application_type: "native", grant_types: [DEVICE, "refresh_token"],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  scopes: ["openid", "offline_access", "api:read"],
  enabledJWA: { dPoPSigningAlgValues: ["ES256", "ES384", "EdDSA", "RS256", "PS256"] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  rotateRefreshToken: true,
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, asked) => {
        if (asked !== resource) throw new errors.InvalidTarget();
        const jwt = { sign: { alg: "ES256" } };
        return { scope: "api:read", audience: resource, accessTokenFormat: "jwt", jwt };
      },
    },
  },
});

provider.on("server_error", (_ctx, error) => console.error(error));
provider.listen(port, "127.0.0.1", () => tell({ issuer }));
await hear(); // nothing more is said: it ends with its test
