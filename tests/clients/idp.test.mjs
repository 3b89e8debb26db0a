// The stand-in people sign in at a real `oidc-provider` through a real `openid-client`. Needs no Minh Bạch: it shows
// that `idp.mjs` does what the integration tests lean on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { Visitor } from './sign_in.mjs';

const IDP = new URL('./idp.mjs', import.meta.url).pathname;
const CALLBACK = 'http://127.0.0.1:9/callback';
const relying = (backchannel) => ({
  client_id: 'minhbach',
  client_secret: 'a-secret-for-tests-only-0123456789',
  redirect_uris: [CALLBACK],
  post_logout_redirect_uris: ['http://127.0.0.1:9/signed-out'],
  ...(backchannel ? { backchannel_logout_uri: backchannel } : {}),
});

let [idp, lines, ready, logoutTokens, receiver] = [];

before(async () => {
  logoutTokens = [];
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    logoutTokens.push(new URLSearchParams(body).get('logout_token'));
    response.writeHead(200).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const backchannel = `http://127.0.0.1:${receiver.address().port}/logout`;
  const config = {
    issuers: [
      {
        issuer: 'http://127.0.0.1:0/citizens',
        accounts: [{ login: 'an', password: 'an-password', sub: 'citizen-1', name: 'Nguyễn Thử Nghiệm', national_id: '999000000015', acr: 'loa3' }],
        clients: [relying(backchannel)],
      },
      {
        issuer: 'http://127.0.0.1:0/officials',
        accounts: [{ login: 'cb-0042', password: 'cb-password', agency: 'gplx', unit: 'one-stop', role: 'official' }],
        clients: [relying()],
      },
    ],
  };
  idp = spawn(process.execPath, [IDP, JSON.stringify(config)], { stdio: ['pipe', 'pipe', 'inherit'] });
  lines = createInterface({ input: idp.stdout })[Symbol.asyncIterator]();
  ready = JSON.parse((await lines.next()).value);
});

after(() => {
  receiver.close();
  idp?.kill();
});

async function signIn(issuer, login, password) {
  const config = await client.discovery(new URL(issuer), 'minhbach', { id_token_signed_response_alg: 'ES256' }, client.ClientSecretBasic(relying().client_secret), {
    execute: [client.allowInsecureRequests],
  });
  const [verifier, nonce, state] = [client.randomPKCECodeVerifier(), client.randomNonce(), client.randomState()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
  });
  const visitor = new Visitor();
  const stop = (here) => here.href.startsWith(CALLBACK);
  const form = await visitor.visit(url, {}, stop);
  const back = await visitor.submit(form, { login, password }, stop);
  if (back.response) return { refused: back, visitor, config };
  assert.equal(back.url.searchParams.get('iss'), issuer, 'RFC 9207 iss');
  const tokens = await client.authorizationCodeGrant(config, back.url, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state });
  return { tokens, claims: tokens.claims(), visitor, config };
}

test('a citizen signs in and the ID token carries the national id, the assurance and the time', async () => {
  assert.equal(ready.ready, true);
  const { tokens, claims } = await signIn(ready.issuers[0], 'an', 'an-password');
  assert.equal(decodeProtectedHeader(tokens.id_token).alg, 'ES256');
  assert.equal(claims.sub, 'citizen-1');
  assert.equal(claims.national_id, '999000000015');
  assert.equal(claims.name, 'Nguyễn Thử Nghiệm');
  assert.equal(claims.acr, 'loa3');
  assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 60);
  assert.equal(typeof claims.sid, 'string');
});

test('an official signs in at an issuer of its own, without a national id', async () => {
  const { claims } = await signIn(ready.issuers[1], 'cb-0042', 'cb-password');
  assert.equal(claims.iss, ready.issuers[1]);
  assert.equal(claims.agency, 'gplx');
  assert.equal(claims.unit, 'one-stop');
  assert.equal(claims.national_id, undefined);
});

test('a wrong password is refused and the form comes again', async () => {
  const { refused } = await signIn(ready.issuers[0], 'an', 'not-it');
  assert.equal(refused.response.status, 401);
  assert.match(refused.html, /name="password"/);
});

test('sign-out at the relying party reaches the provider, and the provider tells the relying party', async () => {
  const { tokens, claims, visitor, config } = await signIn(ready.issuers[0], 'an', 'an-password');
  const url = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'http://127.0.0.1:9/signed-out', state: 's1' });
  const page = await visitor.visit(url);
  const end = await visitor.submit(page, {}, (here) => here.pathname === '/signed-out');
  assert.equal(end.url.href, 'http://127.0.0.1:9/signed-out?state=s1');
  const token = logoutTokens.at(-1);
  assert.equal(decodeProtectedHeader(token).typ, 'logout+jwt');
  const logout = decodeJwt(token);
  assert.equal(logout.sid, claims.sid);
  assert.equal(logout.aud, 'minhbach');
  assert.deepEqual(Object.keys(logout.events), ['http://schemas.openid.net/event/backchannel-logout']);
  assert.equal(JSON.parse((await lines.next()).value).backchannel, 'sent');
});

test('the provider ends when its standard input closes', async () => {
  const config = JSON.stringify({ issuer: 'http://127.0.0.1:0' });
  const other = spawn(process.execPath, [IDP, config], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exit = once(other, 'exit');
  await once(other.stdout, 'data');
  other.stdin.end();
  assert.deepEqual(await exit, [0, null]);
});

test('an issuer that is not on loopback is refused', async () => {
  const other = spawn(process.execPath, [IDP, JSON.stringify({ issuer: 'http://192.0.2.1:0' })], { stdio: ['pipe', 'ignore', 'ignore'] });
  assert.deepEqual(await once(other, 'exit'), [1, null]);
});
