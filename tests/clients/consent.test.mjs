// Consent asked, refused, given, used and withdrawn, by agencies' software that nobody here wrote (`openid-client`:
// PAR, PKCE, DPoP, private_key_jwt, RAR, CIBA poll, refresh, JAR, JARM, signed introspection) and a citizen in a browser
// without scripts. Needs KIT=path to the demonstration's kit.json; a service that cannot ask for consent fails one test
// that says so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, test } from 'node:test';
import { compactVerify, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { CIBA, Citizen, connect, offered, refusal } from './consent.mjs';
import { at, loadKit, loadPurposes } from './kit.mjs';

const kit = loadKit();
const ENDPOINTS = ['pushed_authorization_request_endpoint', 'authorization_endpoint', 'backchannel_authentication_endpoint', 'grant_management_endpoint'];
const metadata = kit && (await (await fetch(at(kit, '/.well-known/oauth-authorization-server'))).json());
const lacking = ENDPOINTS.filter((endpoint) => metadata && !metadata[endpoint]);
const skip = !kit ? 'KIT is not set: start `minhbach demo` and name its kit.json' : lacking.length > 0 && 'the service cannot ask for consent';
const [BANK, SIGNING_BANK, WARD, POLICE, HOSPITAL] = ['ngan-hang.xac-minh', 'ngan-hang.ky-so', 'ubnd.cong-dan', 'csgt.giay-phep', 'benh-vien.ho-so'];

test('the service can ask for consent', { skip: !kit && skip }, () => {
  assert.deepEqual(lacking, [], `the metadata of ${kit.issuer} lacks ${lacking.join(', ')}`);
});

describe('consent, with openid-client', { skip }, () => {
  let [bank, ward, hospital, verification, reminder, records, citizen, jwks] = [];
  // Each test has its own case, so that no answer of another one counts for it.
  let cases = 0;
  const who = () => ({ national_id: kit.citizens[0].national_id });
  const newCase = () => `NH.2026.${String(process.pid).slice(-4)}-${(cases += 1)}`;
  const verify = (changes = {}, software = bank) => software.detail(verification, who(), { case: newCase(), ...changes });
  const remind = (changes = {}) => ward.detail(reminder, who(), changes);

  before(async () => {
    const purposes = await loadPurposes(kit);
    verification = purposes.find((p) => p.id === 'private.bank_verification');
    reminder = purposes.find((p) => p.id === 'notify.proactive_reminder');
    records = purposes.find((p) => p.id === 'health.record_share');
    [bank, ward, hospital] = await Promise.all([BANK, WARD, HOSPITAL].map((id) => connect(kit, id)));
    await hospital.actsFor(kit.officials.find((official) => official.agency === hospital.client.agency));
    citizen = new Citizen(kit, kit.citizens[0]);
    jwks = createRemoteJWKSet(new URL(metadata.jwks_uri));
  });

  const basisOf = (purpose) => purpose.bases.find((b) => b.kind === 'consent');
  const required = (purpose) => basisOf(purpose).fields.filter((field) => !basisOf(purpose).optional.includes(field));

  /** The whole way with a citizen who says yes to what is required and to `field`. */
  async function give(software, details, field = [], more = {}) {
    const asked = await software.ask(details, more);
    const page = await citizen.asked(asked);
    const back = await citizen.answer(page, 'give', field, software.redirectUri);
    return { asked, page, back, granted: await software.redeem(back.url, asked) };
  }

  /** The same for reminders, of which every field is optional. */
  const giveReminder = () => give(ward, remind(), [basisOf(reminder).fields[2]]);

  /** The same for health records, which an official who proved herself may read three times. */
  const recordsOf = (changes = {}) => hospital.detail(records, who(), { case: newCase(), ...changes });
  const giveRecords = (more = {}) => give(hospital, recordsOf({ limits: { max_uses: 3 } }), [], more);

  const consentOf = (granted) => granted.authorization_details[0].consent;
  const noNationalId = (value, what) => assert.ok(!JSON.stringify(value).includes(kit.citizens[0].national_id), `${what} names the national id`);

  test('discovery says how consent is asked for', () => {
    assert.equal(metadata.require_pushed_authorization_requests, true);
    assert.deepEqual(metadata.response_types_supported, ['code']);
    assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(metadata.backchannel_token_delivery_modes_supported, ['poll']);
    for (const grant of ['authorization_code', 'refresh_token', CIBA]) assert.ok(metadata.grant_types_supported.includes(grant), grant);
  });

  test('a purpose that rests on the law is no question: the agency is told so', async () => {
    const police = await connect(kit, POLICE);
    const licence = (await loadPurposes(kit)).find((p) => p.id === 'driver.licence_renewal');
    const fields = licence.bases[0].fields.slice(0, 2);
    const detail = { type: 'urn:minhbach:personal-data', purpose: licence.id, subject: who(), actions: ['read'], datatypes: fields, basis: 'statutory', case: newCase(), official: { id: 'cb-0042' } };
    const refused = await refusal(police.ask(detail));
    assert.deepEqual([refused.status, refused.error, refused.reason], [400, 'invalid_authorization_details', 'consent_not_the_basis']);
  });

  test('a citizen may say no: equal buttons, nothing ticked, and the agency hears access_denied', async () => {
    const asked = await bank.ask(verify());
    const page = await citizen.asked(asked);
    const { buttons, optional } = offered(page);
    assert.ok('give' in buttons && 'refuse' in buttons);
    assert.equal(buttons.give, buttons.refuse, 'the two answers look alike');
    assert.deepEqual(optional.map((field) => field.name).toSorted(), basisOf(verification).optional.toSorted());
    assert.ok(optional.every((field) => !field.ticked), 'nothing is ticked beforehand');
    const back = await citizen.answer(page, 'refuse', [], bank.redirectUri);
    const error = await bank.redeem(back.url, asked).then(() => assert.fail('a token was issued'), (cause) => cause);
    assert.ok(error instanceof oidc.AuthorizationResponseError, error.stack);
    assert.equal(error.error, 'access_denied');
    assert.equal(back.url.searchParams.get('iss'), kit.issuer);
    assert.equal(back.url.searchParams.get('state'), asked.checks.expectedState);
  });

  test('what she gives is what the agency gets, once', async () => {
    const [extra] = basisOf(verification).optional;
    const { asked, page, back, granted } = await give(bank, verify(), [extra]);
    noNationalId(granted, 'the token response');
    noNationalId([asked.url.href, back.url.href], 'an address');
    const [object] = granted.authorization_details;
    assert.deepEqual(object.datatypes.toSorted(), [...required(verification), extra].toSorted());
    assert.match(consentOf(granted), /^[0-9a-f-]{36}$/);
    assert.equal(page.url.pathname, `/requests/${consentOf(granted)}`, 'a consent is the request that was answered');
    const { payload } = await jwtVerify(granted.access_token, jwks, { issuer: kit.issuer, typ: 'at+jwt' });
    noNationalId(payload, 'the token');

    const response = await bank.data(granted);
    assert.equal(response.status, 200);
    const body = await response.json();
    const answered = [...Object.keys(body.data), ...(body.missing ?? []).map((m) => m.field)];
    assert.deepEqual(answered.toSorted(), object.datatypes.toSorted());

    // One-off unless said otherwise: the consent is used up.
    const again = await refusal(bank.fromLiveConsent(verify({ datatypes: object.datatypes })));
    assert.equal(again.status, 400);
    if (granted.refresh_token) assert.equal((await refusal(bank.refresh(granted))).status, 400);
  });

  test('without consent the token endpoint says that consent is required', async () => {
    const refused = await refusal(bank.fromLiveConsent(verify()));
    assert.deepEqual([refused.status, refused.error], [400, 'consent_required']);
  });

  test('a code is good once, with its own verifier, for its own client', async () => {
    const begin = async () => {
      const asked = await bank.ask(verify());
      return { asked, back: await citizen.answer(await citizen.asked(asked), 'give', [], bank.redirectUri) };
    };
    const { asked, back } = await begin();
    await bank.redeem(back.url, asked);
    const twice = await refusal(bank.redeem(back.url, asked));
    assert.deepEqual([twice.status, twice.error], [400, 'invalid_grant']);

    const other = await begin();
    const wrong = { checks: { ...other.asked.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() } };
    assert.equal((await refusal(bank.redeem(other.back.url, wrong))).error, 'invalid_grant');

    const third = await begin();
    assert.equal((await refusal(ward.redeem(third.back.url, third.asked))).error, 'invalid_grant');
  });

  test('a request_uri may be opened again until it is answered, and not after', async () => {
    const asked = await bank.ask(verify());
    await citizen.asked(asked);
    const page = await citizen.asked(asked);
    await citizen.answer(page, 'refuse', [], bank.redirectUri);
    const after = await citizen.visitor.visit(asked.url, {}, (url) => url.href.startsWith(bank.redirectUri));
    assert.ok(!after.url.searchParams.has('code'), 'no code for a second visit');
    assert.ok(!(after.html ?? '').includes('name="answer"'), 'no second answer');
  });

  test('an answer counts once, also when she presses again', async () => {
    const asked = await bank.ask(verify());
    const page = await citizen.asked(asked);
    await citizen.answer(page, 'refuse', [], bank.redirectUri);
    const second = await citizen.visitor.submit(page, { answer: 'give' }, (url) => url.href.startsWith(bank.redirectUri), '/answer"');
    assert.ok(!second.url.searchParams.has('code'), 'a refusal stays one');
  });

  test('nobody else sees or answers the question', async () => {
    const asked = await bank.ask(verify());
    const page = await citizen.asked(asked);
    const stranger = new Citizen(kit, kit.citizens[1]);
    const theirs = await stranger.open(page.url);
    assert.equal(theirs.response.status, 404);
    const began = await new Citizen(kit, kit.citizens[1]).open(asked.url, (url) => url.href.startsWith(bank.redirectUri));
    assert.ok(!began.url.searchParams.has('code') && !(began.html ?? '').includes('name="answer"'));
    await citizen.answer(page, 'refuse', [], bank.redirectUri);
  });

  for (const answer of ['give', 'refuse']) {
    test(`answered elsewhere (${answer}), the browser that the agency sent goes back, and no other (RFC 9700 §2.1)`, async () => {
      const elsewhere = new Citizen(kit, kit.citizens[0]);
      const asked = await bank.ask(verify());
      const page = await citizen.asked(asked);
      const end = await elsewhere.answer(await elsewhere.open(page.url), answer);
      assert.equal(end.url.pathname, `${page.url.pathname}/done`, 'she stays where she answered');
      assert.ok(!end.html.includes('/onward"'), 'and is not led away from there');
      const { url } = await citizen.goOn(await citizen.open(page.url), bank.redirectUri);
      assert.equal(url.searchParams.get('state'), asked.checks.expectedState);
      if (answer === 'give') assert.ok((await bank.redeem(url, asked)).access_token);
      else assert.equal(url.searchParams.get('error'), 'access_denied');
      assert.ok(!(await citizen.open(page.url)).html.includes('/onward"'), 'once');
    });
  }

  test('a field she was not asked for cannot be given', async () => {
    const asked = await bank.ask(verify({ datatypes: required(verification) }));
    const page = await citizen.asked(asked);
    const end = await citizen.visitor.submit(page, { answer: 'give', field: ['health.conditions'] }, (url) => url.href.startsWith(bank.redirectUri), '/answer"');
    assert.ok(!end.url.searchParams.has('code'), 'no code for a bent form');
  });

  for (const [name, change, error] of [
    ['another redirect URI', { redirect_uri: 'https://elsewhere.example/back' }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['a grant without an action', { grant_id: 'x' }, 'invalid_request'],
    ['the grant of nobody', { grant_id: 'x', grant_management_action: 'replace' }, 'invalid_grant_id'],
  ]) {
    test(`a pushed request with ${name} is refused`, async () => {
      const refused = await refusal(bank.ask(verify(), change));
      assert.deepEqual([refused.status, refused.error], [400, error]);
    });
  }

  test('more than the terms allow is an error, never a trim', async () => {
    const refused = await refusal(bank.ask(verify({ limits: { max_uses: 1_000_000 } })));
    assert.deepEqual([refused.status, refused.error], [400, 'invalid_authorization_details']);
  });

  test('a citizen who is not there is asked by a message she can compare, and her answer is polled for', async () => {
    const { granted: before } = await give(bank, verify());
    const handle = before.authorization_details[0].subject.handle;
    const message = `GD ${newCase().slice(-6)}`;
    const details = verify({ subject: { handle } });
    const { begun, answered } = await bank.askAbsent(details, { login_hint: handle }, message);
    assert.ok(begun.auth_req_id.length >= 27 && begun.expires_in > 0 && begun.interval >= 1);
    const page = await citizen.waiting(message);
    assert.ok(page, 'the question waits in the portal with its message');
    await citizen.answer(page, 'give');
    const granted = await answered;
    assert.equal(granted.authorization_details[0].subject.handle, handle);
    assert.equal((await bank.data(granted)).status, 200);
    assert.equal((await refusal(bank.poll(begun))).error, 'invalid_grant', 'an answer is fetched once');
  });

  test('a code that she reads out lets an agency ask her that knows nothing else of her', async () => {
    const code = await citizen.code(bank.client.agency);
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
    const message = `GD ${newCase().slice(-6)}`;
    const details = verify({ subject: undefined });
    const { answered } = await bank.askAbsent(details, { login_hint_token: code.toLowerCase().replaceAll('-', ' ') }, message);
    await citizen.answer(await citizen.waiting(message), 'give');
    const granted = await answered;
    assert.ok(granted.authorization_details[0].subject.handle);
    const again = await refusal(bank.askAbsent(details, { login_hint_token: code }, message));
    assert.deepEqual([again.status, again.error, again.reason], [400, 'unknown_user_id', 'hint_code_unknown']);
  });

  test('polling: pending at first, too fast is told, no is no, and another client gets nothing', async () => {
    const message = `GD ${newCase().slice(-6)}`;
    const { begun, answered } = await bank.askAbsent(verify(), { login_hint: (await give(bank, verify())).granted.authorization_details[0].subject.handle }, message);
    assert.equal((await refusal(bank.poll(begun))).error, 'authorization_pending');
    assert.equal((await refusal(bank.poll(begun))).error, 'slow_down');
    assert.equal((await refusal(ward.poll(begun))).error, 'invalid_grant');
    await citizen.answer(await citizen.waiting(message), 'refuse');
    assert.equal((await refusal(answered)).error, 'access_denied');
  });

  for (const [name, hint, message, error] of [
    ['without a message', { login_hint: 'AAAAAAAAAAAAAAAAAAAAAA' }, '', 'invalid_request'],
    ['with a message that is a link', { login_hint: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'https://x.example', 'invalid_binding_message'],
    ['without a hint', {}, 'GD 1', 'invalid_request'],
    ['with two hints', { login_hint: 'AAAAAAAAAAAAAAAAAAAAAA', login_hint_token: '7KQ2-M8XN-40TC' }, 'GD 1', 'invalid_request'],
  ]) {
    test(`a question to somebody absent ${name} is refused`, async () => {
      const refused = await refusal(bank.askAbsent(verify(), hint, message));
      assert.deepEqual([refused.status, refused.error], [400, error]);
    });
  }

  test('a refresh token serves while the consent does, is not rotated, and each token counts', async () => {
    const { granted } = await giveRecords();
    assert.ok(granted.refresh_token, 'a consent for several uses has a refresh token');
    const again = await hospital.refresh(granted);
    assert.equal(consentOf(again), consentOf(granted));
    assert.ok(!again.refresh_token || again.refresh_token === granted.refresh_token, 'RFC 9700: confidential clients keep theirs');
    const { body } = await citizen.json('/api/v1/me/consents');
    assert.ok(JSON.stringify(body).includes(consentOf(granted)), 'the citizen sees it');
    await hospital.refresh(granted);
    assert.equal((await refusal(hospital.refresh(granted))).reason, 'consent_used_up', 'the fourth of three uses');
    assert.equal((await refusal(bank.refresh(granted))).error, 'invalid_grant', 'it is the client’s own');
  });

  test('a grant can be asked about, replaced and revoked by its client alone', async () => {
    const { granted: first } = await giveRecords({ grant_management_action: 'create' });
    const id = first.grant_id;
    assert.ok(id, 'the token response names the grant');
    const known = await hospital.grant(id);
    assert.equal(known.status, 200);
    assert.match(known.headers.get('cache-control'), /no-store/);
    const body = await known.json();
    noNationalId(body, 'the grant');
    assert.equal(body.authorization_details[0].purpose, records.id);
    assert.ok([403, 404].includes((await bank.grant(id)).status), 'another client');

    const { granted: second } = await giveRecords({ grant_management_action: 'replace', grant_id: id });
    assert.equal(second.grant_id, id);
    assert.equal((await refusal(hospital.refresh(first))).error, 'invalid_grant', 'replace ends what was before');
    assert.equal((await hospital.data(first)).status, 401, 'and every older token');
    assert.equal((await hospital.refresh(second)).grant_id ?? id, id);

    assert.equal((await hospital.grant(id, 'DELETE')).status, 204);
    assert.equal((await refusal(hospital.refresh(second))).error, 'invalid_grant');
    assert.equal((await hospital.data(second)).status, 401);
    assert.equal((await hospital.grant(id)).status, 404);
  });

  test('withdrawn means withdrawn: data, refresh, introspection and new tokens, at once', async () => {
    const { granted } = await giveRecords();
    assert.equal((await hospital.data(granted)).status, 200);
    const { steps } = await citizen.withdraw(consentOf(granted));
    assert.ok(steps <= 2, 'not more steps than giving');
    assert.ok([401, 403].includes((await hospital.data(granted)).status));
    assert.equal((await refusal(hospital.refresh(granted))).error, 'invalid_grant');
    assert.equal((await oidc.tokenIntrospection(hospital.config, granted.access_token)).active, false);
    const refused = await refusal(hospital.fromLiveConsent(recordsOf({ datatypes: granted.authorization_details[0].datatypes })));
    assert.deepEqual([refused.status, refused.error], [400, 'consent_required']);
    const page = await citizen.open(at(kit, `/me/consents/${consentOf(granted)}`));
    assert.equal(page.response.status, 200);
    assert.ok(!page.html.includes(`/me/consents/${consentOf(granted)}/withdraw"`), 'nothing is left to withdraw');
  });

  test('the citizen keeps a receipt that anyone can check', async () => {
    const { granted } = await give(bank, verify());
    const response = await citizen.visitor.request(at(kit, `/me/consents/${consentOf(granted)}/receipt`));
    assert.equal(response.status, 200);
    const text = await response.text();
    const compact = text.match(/[\w-]+\.[\w-]+\.[\w-]+/)?.[0];
    // Receipts have keys of their own, which stay published for good.
    const { payload } = await compactVerify(compact, createRemoteJWKSet(new URL(at(kit, '/receipts/keys'))));
    assert.ok(new TextDecoder().decode(payload).includes(consentOf(granted)));
    assert.equal((await new Citizen(kit, kit.citizens[1]).open(at(kit, `/me/consents/${consentOf(granted)}/receipt`))).response.status, 404);
  });

  describe('a client that signs and wants everything signed', () => {
    let signing;

    before(async () => {
      signing = await connect(kit, SIGNING_BANK, { authorization_signed_response_alg: 'ES256', introspection_signed_response_alg: 'ES256' });
      oidc.useJwtResponseMode(signing.config);
      oidc.enableNonRepudiationChecks(signing.config);
    });

    test('its request is a request object, the answer a JWT (JARM), introspection too (RFC 9701)', async () => {
      const { back, granted } = await give(signing, verify({}, signing), [], { signed: true, response_mode: 'jwt' });
      assert.deepEqual([...back.url.searchParams.keys()], ['response'], 'everything is inside the JWT');
      assert.ok(decodeProtectedHeader(back.url.searchParams.get('response')).kid);
      const answer = await oidc.tokenIntrospection(signing.config, granted.access_token);
      assert.equal(answer.active, true);
      assert.equal(answer.client_id, SIGNING_BANK);
      noNationalId(answer, 'introspection by the client');
    });

    test('a refusal is signed as well', async () => {
      const asked = await signing.ask(verify({}, signing), { signed: true, response_mode: 'jwt' });
      const back = await citizen.answer(await citizen.asked(asked), 'refuse', [], signing.redirectUri);
      const error = await signing.redeem(back.url, asked).then(() => assert.fail('a token was issued'), (cause) => cause);
      assert.equal(error.error, 'access_denied', error.stack);
    });

    test('a request that is not signed is refused, and so is one signed by somebody else', async () => {
      const plain = await refusal(signing.ask(verify({}, signing), { response_mode: 'jwt' }));
      assert.deepEqual([plain.status, plain.error], [400, 'invalid_request']);
      const own = signing.key;
      try {
        signing.key = bank.key;
        const forged = await refusal(signing.ask(verify({}, signing), { signed: true, response_mode: 'jwt' }));
        assert.deepEqual([forged.status, forged.error], [400, 'invalid_request_object']);
      } finally {
        signing.key = own;
      }
    });
  });

  describe('a recipient that must acknowledge', () => {
    const EVENT = `${kit?.issuer}/secevent/consent/event-type/consent-withdrawn`;
    let ssf;

    before(async () => {
      const response = await fetch(at(kit, '/.well-known/ssf-configuration'));
      assert.equal(response.status, 200, `the service at ${kit.issuer} has no /.well-known/ssf-configuration`);
      ssf = await response.json();
    });

    /** A receiver process, and what it prints, one by one. */
    async function receiver(t) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'receiver.mjs'), JSON.stringify({ issuer: kit.issuer })], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => child.kill());
      const lines = [];
      const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
      await once(reader, 'line');
      const until = async (fits) => {
        const signal = AbortSignal.timeout(30_000);
        for (;;) {
          const found = lines.find(fits);
          if (found) return found;
          await once(reader, 'line', { signal });
        }
      };
      return { url: lines[0].url, lines, until };
    }

    /** Has SETs for the ward pushed to `endpoint`; the stream is deleted after the test. */
    async function stream(t, endpoint) {
      const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: endpoint };
      const made = await ward.serve('ssf.manage', ssf.configuration_endpoint, 'POST', { delivery, events_requested: [EVENT] });
      assert.ok([200, 201].includes(made.status), `a stream is made: ${made.status}`);
      const { stream_id: id } = await made.json();
      t.after(() => ward.serve('ssf.manage', `${ssf.configuration_endpoint}?stream_id=${id}`, 'DELETE'));
    }

    for (const [mode, status] of [
      ['works', 202],
      ['fail/1', 202],
    ]) {
      test(`told of a withdrawal until it acknowledges (${mode})`, async (t) => {
        const { url, until } = await receiver(t);
        await stream(t, `${url}/${mode}`);
        const { granted } = await giveReminder();
        await citizen.withdraw(consentOf(granted));
        const line = await until((seen) => seen.status === status && seen.claims?.events?.[EVENT]);
        noNationalId(line, 'the SET');
        assert.equal(line.repeat, mode !== 'works', 'the same SET again, not another one');
      });
    }

    test('200 is no acknowledgement: the same SET comes again', async (t) => {
      const { url, lines, until } = await receiver(t);
      await stream(t, `${url}/ok`);
      const { granted } = await giveReminder();
      await citizen.withdraw(consentOf(granted));
      const again = await until((seen) => seen.repeat);
      assert.equal(lines.filter((seen) => seen.jti === again.jti)[0].status, 200);
    });

    test('a redirect is not followed', async (t) => {
      const { url, lines, until } = await receiver(t);
      await stream(t, `${url}/redirect`);
      const { granted } = await giveReminder();
      await citizen.withdraw(consentOf(granted));
      await until((seen) => seen.mode === 'redirect' && seen !== lines.find((first) => first.mode === 'redirect'));
      assert.ok(!lines.some((seen) => seen.mode === 'works'));
    });
  });
});
