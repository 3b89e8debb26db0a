// The stand-in receiver itself: it believes the right SETs only, and misbehaves exactly as it is told.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SignJWT, generateKeyPair } from 'jose';
import { start } from './receiver.mjs';

const ISSUER = 'https://as.example';
const EVENT = `${ISSUER}/secevent/consent/event-type/consent-withdrawn`;

describe('the receiver of security events', () => {
  let [receiver, keys, strangers] = [];

  before(async () => {
    [keys, strangers] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    receiver = await start({ issuer: ISSUER, audience: 'bank', authorization: 'Bearer t', keys: keys.publicKey });
  });
  after(() => receiver.stop());

  const claims = (changes) => ({
    iss: ISSUER,
    aud: 'bank',
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    txn: 't-1',
    sub_id: { format: 'opaque', id: 'x' },
    events: { [EVENT]: { event_timestamp: 1_795_000_000 } },
    ...changes,
  });
  const set = (changes = {}, { typ = 'secevent+jwt', key = keys.privateKey } = {}) => new SignJWT(claims(changes)).setProtectedHeader({ alg: 'ES256', typ }).sign(key);
  const push = async (path, body, headers = {}) => {
    const response = await fetch(receiver.url + path, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/secevent+jwt', authorization: 'Bearer t', ...headers }, body });
    return { status: response.status, ...(await response.json().catch(() => ({}))) };
  };

  test('a good SET is acknowledged with 202, and a repeated one is seen as that', async () => {
    const body = await set();
    assert.equal((await push('/works', body)).status, 202);
    assert.equal((await push('/works', body)).status, 202);
    const [first, second] = receiver.seen.slice(-2);
    assert.deepEqual([first.repeat, second.repeat, first.jti === second.jti], [false, true, true]);
    assert.deepEqual(Object.keys(first.claims.events), [EVENT]);
  });

  for (const [name, make, err] of [
    ['of another issuer', () => set({ iss: 'https://other.example' }), 'invalid_issuer'],
    ['for somebody else', () => set({ aud: 'clinic' }), 'invalid_audience'],
    ['for several', () => set({ aud: ['bank', 'clinic'] }), 'invalid_audience'],
    ['signed by a stranger', () => set({}, { key: strangers.privateKey }), 'authentication_failed'],
    ['with `sub`', () => set({ sub: 'x' }), 'invalid_request'],
    ['with `exp`', () => set({ exp: 4_000_000_000 }), 'invalid_request'],
    ['without `sub_id`', () => set({ sub_id: undefined }), 'invalid_request'],
    ['with two events', () => set({ events: { [EVENT]: {}, 'https://x.example/e': {} } }), 'invalid_request'],
    ['that is an access token', () => set({}, { typ: 'at+jwt' }), 'invalid_request'],
    ['that is no JWT', () => 'abc', 'invalid_request'],
  ]) {
    test(`a SET ${name} is refused`, async () => {
      const { status, err: given } = await push('/works', await make());
      assert.deepEqual([status, given], [400, err]);
    });
  }

  test('the sender must be authorized and name the type', async () => {
    assert.equal((await push('/works', await set(), { authorization: 'Bearer x' })).err, 'access_denied');
    assert.equal((await push('/works', await set(), { 'content-type': 'application/jwt' })).err, 'invalid_request');
    assert.equal((await fetch(`${receiver.url}/works`)).status, 405);
    assert.equal((await push('/elsewhere', await set())).status, 404);
  });

  test('a SET that comes again is a repeat, unless it was lost or refused before', async () => {
    const repeats = () => receiver.seen.slice(-2).map((line) => line.repeat ?? false);
    const again = async (first, body) => {
      await push(first, body).catch(() => {});
      assert.equal((await push('/works', body)).status, 202);
      return repeats();
    };
    // Lost: the receiver knows nothing of it. Refused: nothing of it was kept. Taken late or answered wrongly: it was there.
    assert.deepEqual(await again('/lose', await set()), [false, false]);
    assert.deepEqual(await again('/reject/invalid_key', await set()), [false, false]);
    assert.deepEqual(await again('/delay/20', await set()), [false, true]);
    assert.deepEqual(await again('/ok', await set()), [false, true]);
    assert.deepEqual(await again('/fail', await set()), [false, true]);
    // Two at once, as two nodes of a transmitter might: one of them is the repeat.
    const body = await set();
    const answers = await Promise.all([push('/works', body), push('/works', body)]);
    assert.deepEqual([answers.map((answer) => answer.status), repeats().sort()], [[202, 202], [false, true]]);
  });

  test('it misbehaves as it is told', async () => {
    await assert.rejects(push('/lose', await set()), 'the connection is closed without an answer');
    assert.equal((await push('/ok', await set())).status, 200);
    assert.deepEqual([(await push('/reject/invalid_key', await set())).err, (await push('/redirect', await set())).status], ['invalid_key', 307]);
    const body = await set();
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await push('/fail/2', body)).status);
    assert.deepEqual(statuses, [503, 503, 202]);
    assert.equal((await push('/fail', await set())).status, 503);
    const began = performance.now();
    assert.equal((await push('/delay/150', await set())).status, 202);
    assert.ok(performance.now() - began >= 140);
  });
});
