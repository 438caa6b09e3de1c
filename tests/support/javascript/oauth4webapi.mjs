// oauth4webapi and jose on the other side: resource servers that judge the service's tokens, and
// the proofs that come with them, by RFC 9068 and RFC 9449.
import * as oauth from "oauth4webapi";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { hear, perform, tell } from "./stage.mjs";

const insecure = { [oauth.allowInsecureRequests]: true }; // plain http, for loopback

async function prepare({ issuer, ...given }) {
  const expected = new URL(issuer);
  const found = await oauth.discoveryRequest(expected, { algorithm: "oauth2", ...insecure });
  const DPoP = oauth.DPoP({}, await oauth.generateKeyPair("ES256"));
  return { as: await oauth.processDiscoveryResponse(expected, found), DPoP, ...given };
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

  // The same library as a client: it learns of a nonce by the error, and asks again. All demands
  // of two tokens and two calls are told, in their order.
  async demands(given) {
    const { client, DPoP, post } = caller(given);
    const demanded = [];
    const insistent = (ask) => ask().catch((error) => {
      if (!oauth.isDPoPNonceError(error)) throw error;
      demanded.push(error.status);
      return ask();
    });
    const about = { scope: "openid" };
    const getToken = () => post(oauth.clientCredentialsGrantRequest, about)
      .then((answer) => oauth.processClientCredentialsResponse(given.as, client, answer));
    await insistent(getToken);
    const { access_token } = await insistent(getToken);
    const api = new URL(`${given.as.issuer}/api/whoami`);
    const call = () => oauth.protectedResourceRequest(
      access_token, "GET", api, new Headers(), null, { DPoP, ...insecure },
    );
    await insistent(call);
    return { demanded, status: (await insistent(call)).status };
  },

  // Every answer to a device that polls, by the letter of RFC 8628 §3.5.
  async polls(given) {
    const { client, secret, post } = caller(given);
    const asked = await oauth.deviceAuthorizationRequest(given.as, client, secret, {}, insecure);
    const device = await oauth.processDeviceAuthorizationResponse(given.as, client, asked);
    const once = async () => {
      const answer = await post(oauth.deviceCodeGrantRequest, device.device_code);
      return oauth.processDeviceCodeResponse(given.as, client, answer);
    };
    const poll = () => once()
      .catch((error) => oauth.isDPoPNonceError(error) ? once() : Promise.reject(error))
      .then(({ token_type }) => token_type, ({ error }) => error);
    const before = [await poll(), await poll()];
    tell(device);
    await hear(); // the person has answered
    return { before, after: [await poll(), await poll()] };
  },
};

function caller({ as, client_id, client_secret, DPoP }) {
  const client = { client_id };
  const secret = oauth.ClientSecretPost(client_secret);
  const post = (request, what) => request(as, client, secret, what, { DPoP, ...insecure });
  return { client, secret, DPoP, post };
}

await perform(actions, prepare);
