// `openid-client`, which nobody here wrote, drives a running service: discovery, a token with private_key_jwt, DPoP
// (nonce challenge), RAR and `resource`, the data endpoint, introspection, revocation; and what must be refused.
// Needs KIT=path to the demonstration's kit.json; without it every test skips.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { SignJWT, calculateJwkThumbprint, compactVerify, createRemoteJWKSet, exportJWK, importJWK, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { NOBODY, TYPE, choose, detail, loadKit } from './kit.mjs';

const kit = loadKit();
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('openid-client against the service', { skip: kit ? false : 'KIT is not set: start `minhbach demo` and name its kit.json' }, () => {
  let [config, chosen, citizen, signingKey, dpopKeys, exchanges, jwks] = [];

  before(async () => {
    chosen = await choose(kit);
    citizen = kit.citizens[0].national_id;
    const jwk = chosen.client.private_jwk;
    signingKey = await importJWK(jwk, jwk.alg);
    const auth = oidc.PrivateKeyJwt({ key: signingKey, kid: jwk.kid });
    config = await oidc.discovery(new URL(kit.issuer), chosen.client.client_id, {}, auth, { algorithm: 'oauth2', execute: [oidc.allowInsecureRequests] });
    exchanges = [];
    config[oidc.customFetch] = async (url, options) => {
      const response = await fetch(url, options);
      exchanges.push({ url, options, response });
      return response;
    };
    dpopKeys = await oidc.randomDPoPKeyPair('ES256', { extractable: true });
    jwks = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  });

  const dpop = (options) => oidc.getDPoPHandle(config, dpopKeys, options);
  const request = (details) => ({ authorization_details: JSON.stringify(details), resource: kit.data_endpoint });
  const token = (details = [detail(chosen, citizen)], DPoP = dpop()) => oidc.clientCredentialsGrant(config, request(details), { DPoP });
  const data = (accessToken, DPoP = dpop()) => oidc.fetchProtectedResource(config, accessToken, new URL(kit.data_endpoint), 'POST', null, new Headers(), { DPoP });

  /** The error body of a refused grant. */
  async function refusal(details) {
    try {
      await token(details);
    } catch (error) {
      assert.ok(error instanceof oidc.ResponseBodyError, `an OAuth error body, not ${error}`);
      return { status: error.status, ...error.cause };
    }
    assert.fail('a token was issued');
  }

  /** A DPoP proof made by hand, with what is to be wrong in `changes`. */
  async function proof(url, { nonce, accessToken, keys = dpopKeys, ...changes } = {}) {
    const ath = accessToken && Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(accessToken))).toString('base64url');
    const { kty, crv, x, y } = await exportJWK(keys.publicKey);
    const claims = { jti: crypto.randomUUID(), htm: 'POST', htu: String(url), iat: Math.floor(Date.now() / 1000), ...(nonce ? { nonce } : {}), ...(ath ? { ath } : {}), ...changes };
    return new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }).sign(keys.privateKey);
  }

  function assertion() {
    const now = Math.floor(Date.now() / 1000);
    const { client_id: id, private_jwk: jwk } = chosen.client;
    return new SignJWT({ iss: id, sub: id, aud: config.serverMetadata().issuer, jti: crypto.randomUUID(), iat: now, nbf: now, exp: now + 60 })
      .setProtectedHeader({ alg: jwk.alg, kid: jwk.kid })
      .sign(signingKey);
  }

  /** What the last successful token request sent. */
  function lastGranted() {
    const found = exchanges.findLast((e) => String(e.url) === config.serverMetadata().token_endpoint && e.response.ok);
    return { form: new URLSearchParams(found.options.body), proof: new Headers(found.options.headers).get('dpop'), nonce: exchanges.findLast((e) => e.response.headers.has('dpop-nonce'))?.response.headers.get('dpop-nonce') };
  }

  async function post(url, headers, body) {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
    return { status: response.status, headers: response.headers, body: await response.json().catch(() => ({})) };
  }

  const noNationalId = (value, what) => assert.ok(!JSON.stringify(value).includes(citizen), `${what} names the national id`);

  test('discovery says what the profile demands', () => {
    const metadata = config.serverMetadata();
    assert.equal(metadata.issuer, kit.issuer);
    assert.ok(metadata.grant_types_supported.includes('client_credentials'));
    assert.ok(metadata.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
    assert.ok(!metadata.token_endpoint_auth_methods_supported.some((m) => m.startsWith('client_secret') || m === 'none'));
    assert.ok(metadata.dpop_signing_alg_values_supported.includes('ES256'));
    assert.ok(!metadata.dpop_signing_alg_values_supported.includes('RS256'));
    assert.ok(metadata.authorization_details_types_supported.includes(TYPE));
  });

  test('one token for one purpose, bound to the key, without the national id', async () => {
    const granted = await token();
    assert.equal(granted.token_type.toLowerCase(), 'dpop');
    assert.ok(granted.expires_in > 0 && granted.expires_in <= 300);
    noNationalId(granted, 'the token response');
    const [object] = granted.authorization_details;
    assert.equal(granted.authorization_details.length, 1);
    assert.equal(object.purpose, chosen.purpose.id);
    assert.deepEqual(object.datatypes.toSorted(), chosen.basis.fields.toSorted());
    for (const member of ['id', 'subject', 'expires_at']) assert.ok(object[member], `\`${member}\` is in the granted detail`);
    assert.ok(Number.isInteger(object.uses_left) && object.uses_left >= 1);

    const { payload, protectedHeader } = await jwtVerify(granted.access_token, jwks, { issuer: kit.issuer, audience: kit.data_endpoint, typ: 'at+jwt' });
    assert.ok(protectedHeader.kid);
    assert.equal(payload.aud, kit.data_endpoint, 'the audience is one string');
    assert.equal(payload.sub, chosen.client.client_id);
    assert.equal(payload.client_id, chosen.client.client_id);
    assert.ok(payload.exp - payload.iat <= 300 && payload.jti);
    assert.equal(payload.cnf.jkt, await calculateJwkThumbprint(await exportJWK(dpopKeys.publicKey)));
    assert.equal(payload.authorization_details[0].subject.handle, object.subject.handle);
    noNationalId(payload, 'the token');
    for (const member of ['case', 'justification']) assert.ok(!(member in payload.authorization_details[0]), `\`${member}\` stays out of the token`);
  });

  test('a stale nonce is answered with a new one, and openid-client goes on with it', async () => {
    let made = 0;
    const DPoP = dpop({
      [oidc.modifyAssertion](_header, payload) {
        made += 1;
        if (made === 1) payload.nonce = 'not-a-nonce-of-yours';
      },
    });
    const from = exchanges.length;
    await token(undefined, DPoP);
    const [challenge, answer] = exchanges.slice(from);
    assert.equal(challenge.response.status, 400);
    assert.ok(challenge.response.headers.get('dpop-nonce'), 'RFC 9449 §8: the challenge carries a nonce');
    assert.ok(answer.response.ok);
    assert.equal(made, 2);
  });

  test('the data endpoint gives the granted fields, and a receipt that anyone can check', async () => {
    const granted = await token();
    const response = await data(granted.access_token);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('cache-control'), /no-store/);
    const body = await response.json();
    const [{ subject: { handle }, datatypes }] = granted.authorization_details;
    assert.equal(body.subject, handle);
    assert.equal(body.purpose, chosen.purpose.id);
    const answered = [...Object.keys(body.data), ...(body.missing ?? []).map((m) => m.field)];
    assert.deepEqual(answered.toSorted(), datatypes.toSorted(), 'every granted field is given or said to be missing, nothing else');
    assert.ok(Object.keys(body.data).length > 0, 'the first citizen has records in every source');
    for (const field of Object.values(body.data)) assert.ok('value' in field && field.source && field.as_of);
    assert.match(body.receipt.entry, /^[0-9a-f-]{36}$/);
    assert.ok(Number.isInteger(body.receipt.index));
    await compactVerify(body.receipt.jws, jwks);
  });

  test('the issuing client may ask about its token, and gets no national id', async () => {
    const { access_token: accessToken, authorization_details: [object] } = await token();
    const answer = await oidc.tokenIntrospection(config, accessToken);
    assert.equal(answer.active, true);
    assert.equal(answer.client_id, chosen.client.client_id);
    assert.ok(answer.cnf.jkt);
    assert.equal(answer.authorization_details[0].subject.handle, object.subject.handle);
    noNationalId(answer, 'introspection by the client');
  });

  test('a revoked token is inactive, and the data endpoint refuses it', async () => {
    const { access_token: accessToken } = await token();
    await oidc.tokenRevocation(config, accessToken);
    assert.equal((await oidc.tokenIntrospection(config, accessToken)).active, false);
    const refused = await data(accessToken).catch((error) => error);
    assert.equal(refused.status, 401);
    assert.match(refused.response?.headers.get('www-authenticate') ?? refused.headers.get('www-authenticate'), /invalid_token/);
  });

  test('one field too many is a refusal that names the field', async () => {
    const refused = await refusal([detail(chosen, citizen, { datatypes: [...chosen.basis.fields, chosen.excess] })]);
    assert.equal(refused.status, 400);
    assert.equal(refused.error, 'invalid_authorization_details');
    assert.ok(refused.error_description.includes(chosen.excess), refused.error_description);
    assert.ok(refused.reason, 'a stable reason code');
    noNationalId(refused, 'the refusal');
  });

  test('a field nobody knows is named by its position', async () => {
    const refused = await refusal([detail(chosen, citizen, { datatypes: [chosen.basis.fields[0], 'person.<b>no such field</b>'] })]);
    assert.equal(refused.error, 'invalid_authorization_details');
    assert.match(refused.error_description, /datatypes\[1\]/);
    assert.ok(!refused.error_description.includes('<b>'));
  });

  for (const [name, change] of [
    ['an unknown member', { colour: 'blue' }],
    ['an unknown purpose', { purpose: 'no.such_purpose' }],
    ['an unknown type', { type: 'urn:example:other' }],
    ['an empty field list', { datatypes: [] }],
    ['an ill-formed national id', { subject: { national_id: '12345' } }],
    ['both subject keys', { subject: { national_id: '999000000015', handle: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
  ]) {
    test(`${name} is an invalid detail`, async () => {
      const refused = await refusal([detail(chosen, citizen, change)]);
      assert.deepEqual([refused.status, refused.error], [400, 'invalid_authorization_details']);
    });
  }

  test('two details in one request are refused', async () => {
    const refused = await refusal([detail(chosen, citizen), detail(chosen, citizen)]);
    assert.deepEqual([refused.status, refused.error], [400, 'invalid_authorization_details']);
  });

  test('a client assertion is good once', async () => {
    await token();
    const { form, nonce } = lastGranted();
    const url = config.serverMetadata().token_endpoint;
    const again = await post(url, { dpop: await proof(url, { nonce }) }, form);
    assert.deepEqual([again.status, again.body.error], [401, 'invalid_client']);
  });

  test('a DPoP proof is good once', async () => {
    await token();
    const { form, proof: used } = lastGranted();
    form.set('client_assertion', await assertion());
    const again = await post(config.serverMetadata().token_endpoint, { dpop: used }, form);
    assert.deepEqual([again.status, again.body.error], [400, 'invalid_dpop_proof']);
  });

  test('fresh assertion and fresh proof made by hand are accepted: the refusals above are about the replay', async () => {
    await token();
    const { form, nonce } = lastGranted();
    form.set('client_assertion', await assertion());
    assert.equal(form.get('client_assertion_type'), JWT_BEARER);
    const url = config.serverMetadata().token_endpoint;
    const again = await post(url, { dpop: await proof(url, { nonce }) }, form);
    assert.equal(again.status, 200, JSON.stringify(again.body));
  });

  test('without its key a token is worth nothing at the data endpoint', async () => {
    const { access_token: accessToken } = await token();
    const { nonce } = lastGranted();
    const strangers = await oidc.randomDPoPKeyPair('ES256', { extractable: true });
    const url = kit.data_endpoint;
    const attempts = {
      'as a bearer token': { authorization: `Bearer ${accessToken}` },
      'without a proof': { authorization: `DPoP ${accessToken}` },
      'with the proof of another key': { authorization: `DPoP ${accessToken}`, dpop: await proof(url, { nonce, accessToken, keys: strangers }) },
      'with the proof of another address': { authorization: `DPoP ${accessToken}`, dpop: await proof(`${url}/other`, { nonce, accessToken }) },
    };
    for (const [how, headers] of Object.entries(attempts)) {
      const refused = await post(url, headers);
      assert.equal(refused.status, 401, how);
      assert.ok(!('data' in refused.body), how);
    }
  });

  test('a person nobody knows is answered like everybody else', async () => {
    const shape = (granted) => [Object.keys(granted).toSorted(), Object.keys(granted.authorization_details[0]).toSorted(), granted.access_token.split('.').map((part) => part.length)[0]];
    const [known, unknown] = [await token(), await token([detail(chosen, NOBODY)])];
    assert.deepEqual(shape(unknown), shape(known));
    assert.equal(unknown.authorization_details[0].subject.handle.length, known.authorization_details[0].subject.handle.length);
    assert.notEqual(unknown.authorization_details[0].subject.handle, known.authorization_details[0].subject.handle);
  });

  test('the same person has the same handle for the same agency', async () => {
    const [first, second] = [await token(), await token()];
    assert.equal(first.authorization_details[0].subject.handle, second.authorization_details[0].subject.handle);
    const [object] = (await token([detail(chosen, citizen, { subject: { handle: first.authorization_details[0].subject.handle } })])).authorization_details;
    assert.equal(object.subject.handle, first.authorization_details[0].subject.handle);
  });
});
