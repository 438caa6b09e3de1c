// The service that ours is measured beside: oidc-provider, one process, in-memory adapter, ES256
// JWT access tokens, DPoP. When it listens it prints, as JSON, its issuer and a token for userinfo
// that is bound to the key with the thumbprint in the second argument.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [port, jkt] = [Number(process.argv[2] ?? 8790), process.argv[3]];
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const resource = "https://api.example.com";

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "bench",
      client_secret: "bench-secret",
      id_token_signed_response_alg: "ES256",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig" }] },
  scopes: ["openid", "api"],
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: "api",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

// userinfo wants a person's token; the flow that brings one is not what is measured
async function tokenForUserinfo() {
  const grant = new provider.Grant({ accountId: "usr_bench", clientId: "bench" });
  grant.addOIDCScope("openid");
  const token = new provider.AccessToken({
    accountId: "usr_bench",
    client: await provider.Client.find("bench"),
    grantId: await grant.save(),
    gty: "client_credentials",
    scope: "openid",
  });
  token.setThumbprint("jkt", jkt);
  return token.save();
}

provider.listen(port, "127.0.0.1", async () => {
  console.log(JSON.stringify({ issuer, token: await tokenForUserinfo() }));
});
