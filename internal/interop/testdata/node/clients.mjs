// Takes a token, asks whether it is good and takes it back, with openid-client and with oauth4webapi.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import * as oauth from 'oauth4webapi';

const { SERVER, APIKEY_ACCESS_KEY, APIKEY_ACCESS_SECRET, RESOURCE_NAME, RESOURCE_SECRET } = process.env;
const server = new URL(SERVER);

async function openidClient(authentication) {
  const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] }; // plain HTTP, on loopback
  const key = await client.discovery(server, APIKEY_ACCESS_KEY, {}, authentication(APIKEY_ACCESS_SECRET), options);
  const api = await client.discovery(server, RESOURCE_NAME, {}, authentication(RESOURCE_SECRET), options);
  const token = await client.clientCredentialsGrant(key);
  assert.equal(token.expires_in, 3600);
  const said = await client.tokenIntrospection(api, token.access_token);
  assert.equal(said.active, true);
  assert.equal(said.client_id, APIKEY_ACCESS_KEY);
  await client.tokenRevocation(key, token.access_token);
  assert.deepEqual(await client.tokenIntrospection(api, token.access_token), { active: false });
  const wrong = await client.discovery(server, APIKEY_ACCESS_KEY, {}, authentication(RESOURCE_SECRET), options);
  await assert.rejects(client.clientCredentialsGrant(wrong), (refused) => refused.status === 401 || refused.cause?.status === 401);
}

async function oauth4webapi() {
  const options = { [oauth.allowInsecureRequests]: true };
  const found = await oauth.discoveryRequest(server, { ...options, algorithm: 'oauth2' });
  const as = await oauth.processDiscoveryResponse(server, found);
  const key = { client_id: APIKEY_ACCESS_KEY };
  const auth = oauth.ClientSecretBasic(APIKEY_ACCESS_SECRET);
  const given = await oauth.clientCredentialsGrantRequest(as, key, auth, new URLSearchParams(), options);
  const token = await oauth.processClientCredentialsResponse(as, key, given);

  // Offline, by the key set: a JWT in the profile of RFC 9068.
  const request = new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, as.issuer, options);
  assert.equal(claims.sub, 'ada');

  const api = { client_id: RESOURCE_NAME };
  const asked = await oauth.introspectionRequest(as, api, oauth.ClientSecretPost(RESOURCE_SECRET), token.access_token, options);
  assert.equal((await oauth.processIntrospectionResponse(as, api, asked)).active, true);
  const revoked = await oauth.revocationRequest(as, key, auth, token.access_token, options);
  await oauth.processRevocationResponse(revoked);
  const again = await oauth.introspectionRequest(as, api, oauth.ClientSecretBasic(RESOURCE_SECRET), token.access_token, options);
  assert.equal((await oauth.processIntrospectionResponse(as, api, again)).active, false);
}

await openidClient(client.ClientSecretBasic);
await openidClient(client.ClientSecretPost);
await oauth4webapi();
console.log('ok');
