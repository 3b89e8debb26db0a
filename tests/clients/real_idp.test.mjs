// A real `oidc-provider` signs citizens, an official and a compliance officer in, and citizens more strongly where
// sensitive information is asked for, to a real `minhbach serve`: the
// demonstration's configuration with other issuers, a database, keys and log of its own. Its registers are the
// demonstration's, so it must be running: needs KIT=path to its kit.json, and MINHBACH (target/debug/minhbach).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { importJWK } from 'jose';
import * as oidc from 'openid-client';
import { connect } from './consent.mjs';
import { detail, loadKit, loadPurposes } from './kit.mjs';
import { Visitor } from './sign_in.mjs';

const BINARY = process.env.MINHBACH ?? join(import.meta.dirname, '..', '..', 'target', 'debug', 'minhbach');
const SECRET = 'a-secret-for-tests-only-0123456789';
const AGENCY = 'csgt-thu-nghiem';
const [HOSPITAL, HOSPITAL_SOFTWARE] = ['benh-vien-mau', 'benh-vien.ho-so'];
const PURPOSE = 'passport.issuance';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const BACK_AT_AGENCY = 'http://127.0.0.1:9/agency';
const REASON = 'Kiểm tra đột xuất việc cấp hộ chiếu';

const kit = loadKit();

/** People of the provider; `national_id` at an official's issuer must count for nothing. */
const PEOPLE = {
  citizen: { login: 'an', password: 'an-password', sub: 'c-1', acr: 'loa3', name: 'Nguyễn Văn Thử Nghiệm' },
  other: { login: 'binh', password: 'binh-password', sub: 'c-2', acr: 'loa3', name: 'Trần Thị Giả Lập' },
  // At first by password alone; two of them cannot do better when asked to.
  modest: { login: 'chi', password: 'chi-password', sub: 'c-3', acr: 'loa1', step_up: 'loa3', name: 'Lê Thử Nghiệm' },
  stubborn: { login: 'dung', password: 'dung-password', sub: 'c-4', acr: 'loa1', name: 'Phạm Thử Nghiệm' },
  stale: { login: 'giang', password: 'giang-password', sub: 'c-5', acr: 'loa1', step_up: 'loa3', age: 3600, name: 'Vũ Thử Nghiệm' },
  official: { login: 'cb-0900', password: 'cb-password', sub: 'o-1', acr: 'loa3', name: 'Cán bộ Thử', unit: 'Đội Hộ chiếu' },
  compliance: { login: 'bv-0900', password: 'bv-password', sub: 'v-1', acr: 'loa3', name: 'Kiểm tra viên Thử' },
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The sections of a TOML file, each with its sub-sections; the first holds what stands before any header. */
const sections = (toml) => toml.split(/^(?=\[\[?[\w-]+\])/m);
const isKept = (section) => !/^\[\[(issuers|officials)\]/.test(section) && (!section.startsWith('[[clients]]') || [AGENCY, HOSPITAL].some((agency) => section.includes(`agency = "${agency}"`)));
/** The hospital's officials sign in nowhere here. */
const withoutOfficials = (section) => (section.includes(`agency = "${HOSPITAL}"`) ? section.split(/^(?=\[\[?clients\.)/m).filter((part) => !part.startsWith('[[clients.actor_issuers]]')).join('') : section);

/** Waits for `condition`, asking again every 50 ms. */
async function until(condition, what, seconds = 20) {
  for (let left = seconds * 20; left > 0; left -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what} within ${seconds} s`);
}

describe('a real identity provider and a real service', { skip: kit ? false : 'KIT is not set: start `minhbach demo` and name its kit.json' }, () => {
  let [folder, config, service, issuer, idp, events, issuers, chosen] = [];
  const minhbach = (...words) => execFileSync(BINARY, [...words, '--config', config], { encoding: 'utf8' });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'minhbach-real-idp.'));
    config = join(folder, 'minhbach.toml');
    issuer = `http://127.0.0.1:${await freePort()}`;
    await startProvider();
    writeConfiguration();
    minhbach('config', 'check');
    assert.match(minhbach('keys', 'init'), /\+[0-9a-f]{8}\+/, 'the verifier key is printed');
    minhbach('migrate');
    service = spawn(BINARY, ['serve', '--config', config], { stdio: ['ignore', 'inherit', 'inherit'] });
    await until(async () => {
      assert.equal(service.exitCode, null, 'the service ended by itself');
      return (await fetch(`${issuer}/readyz`).catch(() => undefined))?.ok;
    }, 'the service is ready');
    const client = kit.clients.find((c) => c.agency === AGENCY && c.purposes.includes(PURPOSE));
    const purpose = (await loadPurposes({ issuer })).find((p) => p.id === PURPOSE);
    chosen = { client, purpose, basis: purpose.bases.find((b) => b.kind === 'statutory') };
  });

  after(() => {
    service?.kill('SIGKILL');
    idp?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function startProvider() {
    const relying = { client_id: 'minhbach', client_secret: SECRET, redirect_uris: [`${issuer}/sign-in/callback`], post_logout_redirect_uris: [`${issuer}/signed-out`], backchannel_logout_uri: `${issuer}/logout/backchannel` };
    // The agency's own software signs its officials in; its ID tokens are what Minh Bạch takes as `actor_token`.
    const software = (id) => ({ client_id: id, client_secret: SECRET, redirect_uris: [BACK_AT_AGENCY] });
    const { citizen, other, modest, stubborn, stale, official, compliance } = PEOPLE;
    const weak = [modest, stubborn, stale].map((person, n) => ({ ...person, national_id: `99900000070${n}` }));
    const provider = [
      { issuer: 'http://127.0.0.1:0/citizens', accounts: [{ ...citizen, national_id: kit.citizens[0].national_id }, { ...other, national_id: kit.citizens[1].national_id }, ...weak], clients: [relying] },
      { issuer: `http://127.0.0.1:0/agencies/${AGENCY}`, accounts: [{ ...official, national_id: kit.citizens[0].national_id }], clients: [relying, software('csgt.giay-phep'), software('somebody-else')] },
      { issuer: `http://127.0.0.1:0/compliance/${AGENCY}`, accounts: [compliance], clients: [relying] },
    ];
    idp = spawn(process.execPath, [join(import.meta.dirname, 'idp.mjs'), JSON.stringify({ issuers: provider })], { stdio: ['pipe', 'pipe', 'inherit'] });
    events = [];
    const lines = createInterface({ input: idp.stdout });
    lines.on('line', (line) => events.push(JSON.parse(line)));
    await once(lines, 'line');
    const [citizens, officials, officers] = events[0].issuers;
    issuers = { citizens, officials, officers };
  }

  function writeConfiguration() {
    const given = readFileSync(join(dirname(process.env.KIT), 'service', 'minhbach.toml'), 'utf8');
    const kept = sections(given).filter(isKept).map(withoutOfficials).join('');
    const section = (url, role, vi, en, more = '') => `
[[issuers]]
issuer = "${url}"
client_id = "minhbach"
display_name = { vi = "${vi}", en = "${en}" }
authentication = { client_secret_basic = { client_secret = "${SECRET}" } }
acr = { loa1 = 1, loa3 = 3 }
role = ${role}
${more}`;
    const toml = [
      kept.replaceAll(kit.issuer, issuer).replaceAll(new URL(kit.issuer).host, new URL(issuer).host).replaceAll(kit.idp, new URL(issuers.citizens).origin),
      section(issuers.citizens, '"citizen"', 'oidc-provider', 'oidc-provider', 'claims = { national_id = "national_id" }'),
      section(issuers.officials, `{ official = { agency = "${AGENCY}" } }`, 'Cán bộ', 'Officials'),
      section(issuers.officers, `{ compliance = { agency = "${AGENCY}" } }`, 'Tuân thủ', 'Compliance'),
    ].join('\n');
    writeFileSync(config, toml, { mode: 0o600 });
  }

  /** Signs `person` in at `role`'s issuer; resolves to the visitor and the page they came back to. */
  async function signIn(role, person, visitor = new Visitor()) {
    const choice = await visitor.visit(`${issuer}/sign-in`);
    const form = await visitor.submit(choice, {}, undefined, `name="issuer" value="${role}"`);
    // A provider that still knows the person shows no form.
    const page = form.html.includes('type="password"') ? await visitor.submit(form, { login: person.login, password: person.password }) : form;
    assert.equal(page.url.origin, issuer, `back at the service: ${page.html}`);
    return { visitor, page };
  }

  const signOutForm = 'action="/sign-out"';
  const isSignedIn = async (visitor) => (await visitor.request(`${issuer}/me/history`)).status === 200;

  /** What the agency's software gets when its official signs in: an ID token for `clientId`. */
  async function officialsToken(clientId) {
    const agency = await oidc.discovery(new URL(issuers.officials), clientId, { id_token_signed_response_alg: 'ES256' }, oidc.ClientSecretBasic(SECRET), { execute: [oidc.allowInsecureRequests] });
    const [verifier, nonce, state] = [oidc.randomPKCECodeVerifier(), oidc.randomNonce(), oidc.randomState()];
    const url = oidc.buildAuthorizationUrl(agency, { redirect_uri: BACK_AT_AGENCY, scope: 'openid', code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', nonce, state });
    const visitor = new Visitor();
    const stop = (here) => here.href.startsWith(BACK_AT_AGENCY);
    const form = await visitor.visit(url, {}, stop);
    const back = await visitor.submit(form, { login: PEOPLE.official.login, password: PEOPLE.official.password }, stop);
    const tokens = await oidc.authorizationCodeGrant(agency, back.url, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state });
    return tokens.id_token;
  }

  /** The agency's software at Minh Bạch: a configured openid-client and what it sends. */
  async function software() {
    const { client_id: id, private_jwk: jwk } = chosen.client;
    const auth = oidc.PrivateKeyJwt({ key: await importJWK(jwk, jwk.alg), kid: jwk.kid });
    const at = await oidc.discovery(new URL(issuer), id, {}, auth, { algorithm: 'oauth2', execute: [oidc.allowInsecureRequests] });
    const DPoP = oidc.getDPoPHandle(at, await oidc.randomDPoPKeyPair('ES256'));
    const token = (actor) =>
      oidc.clientCredentialsGrant(
        at,
        { authorization_details: JSON.stringify([detail(chosen, kit.citizens[0].national_id)]), ...(actor ? { actor_token: actor, actor_token_type: ID_TOKEN } : {}) },
        { DPoP },
      );
    const data = (granted) => oidc.fetchProtectedResource(at, granted.access_token, new URL(`${issuer}/data`), 'POST', null, new Headers(), { DPoP });
    return { token, data };
  }

  async function refused(promise) {
    const error = await promise.then(() => assert.fail('a token was issued'), (cause) => cause);
    assert.ok(error instanceof oidc.ResponseBodyError, `an OAuth error body, not ${error}`);
    return { status: error.status, ...error.cause };
  }

  test('the doctor finds the issuers, the registers and the ledger in order', () => {
    const said = minhbach('doctor');
    assert.match(said, /issuer/);
  });

  test('a citizen signs in at oidc-provider and opens their history', async () => {
    const { visitor, page } = await signIn('citizen', PEOPLE.citizen);
    assert.equal(page.url.pathname, '/me');
    assert.ok(page.html.includes('015'), 'the last digits of the national id');
    assert.ok(!page.html.includes(kit.citizens[0].national_id), 'not the whole of it');
    assert.ok(await isSignedIn(visitor));
  });

  test('without a proof of the official nothing is issued', async () => {
    const { token } = await software();
    const answer = await refused(token());
    assert.equal(answer.status, 400);
    assert.match(answer.reason, /official/);
  });

  test('an ID token made for another program proves nothing', async () => {
    const { token } = await software();
    const answer = await refused(token(await officialsToken('somebody-else')));
    assert.deepEqual([answer.status, answer.error, answer.reason], [400, 'invalid_request', 'login_wrong_audience']);
  });

  test('an official signed in at oidc-provider gets the data, and the citizen reads that it was proved', async () => {
    const { token, data } = await software();
    const granted = await token(await officialsToken('csgt.giay-phep'));
    const answer = await data(granted);
    assert.equal(answer.status, 200);
    assert.ok('person.full_name' in (await answer.json()).data);

    const { visitor } = await signIn('citizen', PEOPLE.citizen);
    const listed = await (await visitor.request(`${issuer}/api/v1/me/accesses`, { headers: { accept: 'application/json' } })).json();
    const released = listed.accesses.find((a) => a.kind === 'data.released');
    assert.deepEqual([released.official.how, released.purpose.id, released.agency.id], ['proved', PURPOSE, AGENCY]);
    const page = await visitor.visit(`${issuer}/me/history/${released.id}?lang=en`);
    assert.equal(page.response.status, 200);
    assert.match(page.html, /signed in at the agency/);

    const { visitor: stranger } = await signIn('citizen', PEOPLE.other);
    assert.equal((await stranger.request(`${issuer}/me/history/${released.id}`)).status, 404);
  });

  /** A citizen signs in by password, and the hospital asks for her records; resolves to the page she is shown. */
  async function askedForRecords(person, nth) {
    const { visitor } = await signIn('citizen', person);
    const hospital = await connect({ ...kit, issuer }, HOSPITAL_SOFTWARE);
    const records = (await loadPurposes({ issuer })).find((p) => p.id === 'health.record_share');
    const asked = await hospital.ask(hospital.detail(records, { national_id: `99900000070${nth}` }, { case: `BA.2026.${process.pid}` }));
    const page = await visitor.visit(asked.url);
    assert.equal(page.response.status, 200, page.html);
    assert.ok(!page.html.includes('name="answer"'), 'too weak a sign-in is not asked');
    return { visitor, hospital, asked, page };
  }

  /** She presses the button, and signs in again at the provider. */
  async function proveMore(person, { visitor, page }) {
    let leaving;
    const form = await visitor.submit(page, {}, (here) => (here.pathname.endsWith('/auth') ? ((leaving = here), false) : false), 'name="assurance"');
    assert.match(form.html, /type="password"/, 'a session over there is not enough');
    const sent = leaving.searchParams;
    assert.deepEqual([sent.get('acr_values'), sent.get('prompt'), sent.get('max_age')], ['loa3', 'login', '600']);
    return visitor.submit(form, { login: person.login, password: person.password });
  }

  test('a citizen who is asked for sensitive information proves more at oidc-provider, and then her answer counts', async () => {
    const at = await askedForRecords(PEOPLE.modest, 0);
    const question = await proveMore(PEOPLE.modest, at);
    assert.equal(question.response.status, 200, question.html);
    assert.equal(question.url.pathname, at.page.url.pathname, 'back at the question');
    assert.match(question.html, /name="answer"/);
    const back = await at.visitor.submit(question, { answer: 'give', field: [] }, (here) => here.href.startsWith(at.hospital.redirectUri), '/answer"');
    assert.ok(back.url.searchParams.get('code'), back.url.href);
    const consents = await (await at.visitor.request(`${issuer}/api/v1/me/consents`, { headers: { accept: 'application/json' } })).json();
    assert.equal(consents.consents[0].state, 'given');
  });

  for (const [name, nth, what] of [['stubborn', 1, 'ignores the acr it was asked for'], ['stale', 2, 'has not seen her for an hour']]) {
    test(`a provider that ${what} is not believed, and there is no loop`, async () => {
      const person = PEOPLE[name];
      const at = await askedForRecords(person, nth);
      const refused = await proveMore(person, at);
      assert.deepEqual([refused.response.status, refused.url.origin], [403, issuer], refused.html);
      assert.match(refused.html, /chưa đủ mạnh/);
      assert.ok(await isSignedIn(at.visitor), 'she is signed in as before');
      const again = await at.visitor.visit(at.page.url);
      assert.ok(again.html.includes('name="assurance"') && !again.html.includes('name="answer"'));
    });
  }

  test('an issuer of officials makes nobody a citizen, whatever it claims', async () => {
    const { visitor } = await signIn(`official-${AGENCY}`, PEOPLE.official);
    for (const path of ['/me', '/me/history', '/api/v1/me/accesses', '/compliance']) {
      assert.equal((await visitor.request(issuer + path)).status, 403, path);
    }
  });

  test('a compliance officer says why, sees the entry, and the citizen sees the look', async () => {
    const { visitor, page } = await signIn(`compliance-${AGENCY}`, PEOPLE.compliance);
    assert.equal(page.url.pathname, '/compliance');
    const listed = await visitor.submit(page, { reason: REASON }, undefined, '<textarea');
    assert.equal(listed.url.pathname, '/compliance/entries');
    assert.match(listed.html, /H08\.2026\.000123/);
    assert.ok(!listed.html.includes(kit.citizens[0].national_id));
    const { visitor: citizen } = await signIn('citizen', PEOPLE.citizen);
    const [newest] = (await (await citizen.request(`${issuer}/api/v1/me/accesses`, { headers: { accept: 'application/json' } })).json()).accesses;
    assert.equal(newest.kind, 'record.viewed');
  });

  test('signing out here signs out at oidc-provider too, and the cookie is dead', async () => {
    const { visitor, page } = await signIn('citizen', PEOPLE.citizen);
    const stolen = visitor.copy();
    assert.ok(await isSignedIn(stolen));
    const asked = await visitor.submit(page, {}, undefined, signOutForm);
    assert.equal(asked.url.origin, new URL(issuers.citizens).origin, 'RP-initiated logout goes on at the provider');
    const end = await visitor.submit(asked, {});
    assert.equal(end.url.href.split('?')[0], `${issuer}/signed-out`);
    assert.ok(!(await isSignedIn(visitor)));
    assert.ok(!(await isSignedIn(stolen)), 'the session is gone, not only the cookie');
    const again = await visitor.visit(`${issuer}/sign-in`);
    const form = await visitor.submit(again, {}, undefined, 'name="issuer" value="citizen"');
    assert.match(form.html, /type="password"/, 'the provider has forgotten the person too');
  });

  test('signing out at oidc-provider ends the session here, and only that person’s', async () => {
    const { visitor } = await signIn('citizen', PEOPLE.citizen);
    const { visitor: other } = await signIn('citizen', PEOPLE.other);
    const sent = events.filter((event) => event.backchannel).length;
    const page = await visitor.visit(`${issuers.citizens}/session/end`);
    await visitor.submit(page, {});
    await until(() => events.filter((event) => event.backchannel).length > sent, 'the provider tells the service');
    assert.equal(events.findLast((event) => event.backchannel).backchannel, 'sent');
    assert.ok(!(await isSignedIn(visitor)));
    assert.ok(await isSignedIn(other));
  });

  test('a logout token nobody signed ends nothing', async () => {
    const { visitor } = await signIn('citizen', PEOPLE.citizen);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = `${part({ alg: 'ES256', typ: 'logout+jwt', kid: 'x' })}.${part({ iss: issuers.citizens, aud: 'minhbach', sub: 'c-1', jti: 'j', iat: Math.floor(Date.now() / 1000), events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })}.${'A'.repeat(86)}`;
    const answer = await fetch(`${issuer}/logout/backchannel`, { method: 'POST', body: new URLSearchParams({ logout_token: forged }) });
    assert.equal(answer.status, 400);
    assert.ok(await isSignedIn(visitor));
  });

  test('the service ends when told, and its ledger is clean', async () => {
    service.kill('SIGTERM');
    assert.deepEqual(await once(service, 'exit'), [0, null]);
    assert.match(minhbach('ledger', 'verify'), /clean/);
  });
});
