// oauth4webapi and jose on the other side: resource servers that judge the service's tokens, and
// the proofs that come with them, by RFC 9068 and RFC 9449.
import * as oauth from "oauth4webapi";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { perform } from "./stage.mjs";

const insecure = { [oauth.allowInsecureRequests]: true }; // plain http, for loopback

async function prepare({ issuer, ...given }) {
  const expected = new URL(issuer);
  const found = await oauth.discoveryRequest(expected, { algorithm: "oauth2", ...insecure });
  return { as: await oauth.processDiscoveryResponse(expected, found), ...given };
}

const reason = async (judgement) => {
  try {
    return { claims: await judgement };
  } catch ({ code, message }) {
    return { code, message };
  }
};

const actions = {
  // A request as it came in, with whatever headers the test gave it.
  judge({ as, method, url, headers, audience }) {
    const request = new Request(url, { method, headers });
    const options = { requireDPoP: true, ...insecure };
    return reason(oauth.validateJwtAccessToken(as, request, audience, options));
  },

  verify({ as, token, audience, typ }) {
    const keys = createRemoteJWKSet(new URL(as.jwks_uri));
    const verified = jwtVerify(token, keys, { issuer: as.issuer, audience, typ });
    return reason(verified.then(({ payload }) => payload));
  },

  // The same client at the token endpoint: it learns of a nonce by the error, and asks again.
  async nonce({ as, client_id, client_secret }) {
    const client = { client_id };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const secret = oauth.ClientSecretPost(client_secret);
    const ask = async () => {
      const answer = await oauth.clientCredentialsGrantRequest(
        as, client, secret, { scope: "openid" }, { DPoP, ...insecure },
      );
      return oauth.processClientCredentialsResponse(as, client, answer);
    };
    let demanded = false;
    const { token_type } = await ask().catch((error) => {
      demanded = oauth.isDPoPNonceError(error);
      return ask();
    });
    return { demanded, token_type };
  },
};

await perform(actions, prepare);
