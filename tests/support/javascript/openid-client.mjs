// openid-client does what the test asks, told nothing but an issuer and credentials.
import * as client from "openid-client";
import { hear, perform, tell } from "./stage.mjs";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const SCOPE = "openid notes:read notes:write";

async function prepare({ issuer, client_id, client_secret, algorithm = "oidc" }) {
  const secret = client_secret ? client.ClientSecretBasic(client_secret) : client.None();
  const config = await client.discovery(
    new URL(issuer), client_id, undefined, secret,
    { algorithm, execute: [client.allowInsecureRequests] }, // plain http, for loopback
  );
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const fetch = async (token, method, path, body) => {
    const headers = new Headers(body && { "content-type": "application/json" });
    const url = new URL(issuer + path);
    const sent = body && JSON.stringify(body);
    return client.fetchProtectedResource(config, token, url, method, sent, headers, { DPoP });
  };
  return { config, DPoP, fetch, jkt: await DPoP.calculateThumbprint() };
}

const token = ({ config, DPoP }, parameters) =>
  client.clientCredentialsGrant(config, { scope: SCOPE, ...parameters }, { DPoP });

// The status and code of an answer that the library turned into an error.
async function refusal(answer) {
  try {
    await answer;
  } catch ({ status, error, cause }) {
    return { status, error: error ?? cause?.[0]?.parameters?.error };
  }
}

const actions = {
  async discover({ config }) {
    return config.serverMetadata();
  },

  async call(stage) {
    const { config, DPoP, fetch, jkt } = stage;
    const { access_token, token_type, expires_in } = await token(stage);
    const written = await fetch(access_token, "POST", "/api/notes", { text: "from JavaScript" });
    const read = await (await fetch(access_token, "GET", "/api/notes")).json();
    const who = await (await fetch(access_token, "GET", "/api/whoami")).json();
    const { sub } = await client.fetchUserInfo(config, access_token, who.client_id, { DPoP });
    return { token_type, expires_in, jkt, written: written.status, read, who, sub };
  },

  // A wrong secret: the library reads the challenge in WWW-Authenticate (RFC 6749 §5.2).
  async refused(stage) {
    try {
      await token(stage);
    } catch ({ status, cause: [{ scheme }] }) {
      return { status, scheme };
    }
  },

  async introspectAndRevoke(stage) {
    const { config, fetch, jkt } = stage;
    const { access_token } = await token(stage);
    const before = await client.tokenIntrospection(config, access_token);
    await client.tokenRevocation(config, access_token);
    await client.tokenRevocation(config, "never issued"); // RFC 7009 §2.2
    const after = await client.tokenIntrospection(config, access_token);
    return { jkt, before, after, refused: await refusal(fetch(access_token, "GET", "/api/notes")) };
  },

  async device({ config, DPoP, jkt }) {
    const device = await client.initiateDeviceAuthorization(config, { scope: "openid notes:read" });
    tell(device);
    await hear(); // the person has answered
    const about = (token, sub) => client.fetchUserInfo(config, token, sub, { DPoP });
    const renew = (token) => client.refreshTokenGrant(config, token, undefined, { DPoP });
    device.interval = 0.1; // nothing is pending any more: there is no pace to keep
    const first = await client.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP });
    const person = await about(first.access_token, client.skipSubjectCheck);
    const second = await renew(first.refresh_token);
    const same = await about(second.access_token, person.sub);
    const reused = await refusal(renew(first.refresh_token));
    const { active } = await client.tokenIntrospection(config, second.access_token);
    return {
      jkt, person, same, reused, active,
      rotated: first.refresh_token !== second.refresh_token,
      types: [first.token_type, second.token_type],
    };
  },

  // Of a public client, whose refresh token is bound to its key; somebody else has another one.
  async stolen({ config, DPoP }) {
    const device = await client.initiateDeviceAuthorization(config, {});
    tell(device);
    await hear();
    device.interval = 0.1;
    const first = await client.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP });
    const renew = (handle) =>
      client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP: handle });
    const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const refused = await refusal(renew(thief));
    return { refused, token_type: (await renew(DPoP)).token_type };
  },

  async deviceDenied({ config, DPoP }) {
    const device = await client.initiateDeviceAuthorization(config, {});
    tell(device);
    await hear();
    device.interval = 0.1; // the first poll of all may come at once
    return refusal(client.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP }));
  },

  async exchange(stage) {
    const { config, DPoP, fetch } = stage;
    const { access_token } = await token(stage);
    const narrow = (subject, scope) => client.genericGrantRequest(
      config, EXCHANGE,
      { subject_token: subject, subject_token_type: ACCESS_TOKEN, scope }, { DPoP },
    );
    const part = await narrow(access_token, "notes:read");
    return {
      scope: part.scope, issued_token_type: part.issued_token_type, token_type: part.token_type,
      read: (await fetch(part.access_token, "GET", "/api/notes")).status,
      write: await refusal(fetch(part.access_token, "POST", "/api/notes", { text: "x" })),
      wider: await refusal(narrow(part.access_token, "openid")),
    };
  },
};

await perform(actions, prepare);
