// The citizen's own token: a ward's back-end asks with `scope`, the citizen reads the page and says yes, the back-end
// reads for her at `/api/v1/me/…`, and what it read stands in her history; `openid-client` does the agency's part.
// Needs KIT=path to the demonstration's kit.json; without it every test skips.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { Citizen, connect, offered, refusal } from './consent.mjs';
import { at, loadKit } from './kit.mjs';

const kit = loadKit();
const [WARD, BANK] = ['ubnd.cong-dan', 'ngan-hang.xac-minh'];
const SCOPE = 'me.history me.consents';

describe('the citizen’s own token, with openid-client', { skip: kit ? false : 'KIT is not set: start `minhbach demo` and name its kit.json' }, () => {
  let [ward, citizen, metadata, resource] = [];

  before(async () => {
    ward = await connect(kit, WARD);
    citizen = new Citizen(kit, kit.citizens[0]);
    metadata = ward.config.serverMetadata();
    resource = await (await fetch(at(kit, '/.well-known/oauth-protected-resource/api/v1/me'))).json();
  });

  /** A pushed request for scopes, and no authorization details. */
  const ask = (scope, software = ward) => software.ask([], { authorization_details: undefined, scope });

  async function give(scope) {
    const asked = await ask(scope);
    const page = await citizen.asked(asked);
    const back = await citizen.answer(page, 'give', [], ward.redirectUri);
    return { asked, page, granted: await ward.redeem(back.url, asked) };
  }

  async function read(granted, path, method = 'GET') {
    const DPoP = await ward.dpop();
    return oidc.fetchProtectedResource(ward.config, granted.access_token, at(kit, path), method, null, new Headers({ accept: 'application/json' }), { DPoP }).catch((error) => {
      if (error.response) return error.response;
      throw error;
    });
  }

  test('discovery names the scopes and the resource they are for', () => {
    for (const scope of SCOPE.split(' ')) {
      assert.ok(metadata.scopes_supported.includes(scope), scope);
      assert.ok(resource.scopes_supported.includes(scope), scope);
    }
    assert.ok(metadata.protected_resources.includes(resource.resource));
    assert.deepEqual(resource.authorization_servers, [kit.issuer]);
    assert.equal(resource.dpop_bound_access_tokens_required, true);
  });

  test('she says no, and nothing is read', async () => {
    const asked = await ask(SCOPE);
    const page = await citizen.asked(asked);
    const { buttons, optional } = offered(page);
    assert.equal(buttons.give, buttons.refuse, 'the two answers look alike');
    assert.deepEqual(optional, [], 'one decision, nothing to tick');
    const back = await citizen.answer(page, 'refuse', [], ward.redirectUri);
    const error = await ward.redeem(back.url, asked).then(() => assert.fail('a token was issued'), (cause) => cause);
    assert.equal(error.error, 'access_denied');
  });

  test('she says yes: her software reads, she sees that it did, and takes it back', async () => {
    const { granted, page } = await give(SCOPE);
    assert.equal(granted.scope, SCOPE);
    assert.equal(granted.authorization_details, undefined);
    assert.ok(!JSON.stringify(granted).includes(kit.citizens[0].national_id));
    const jwks = createRemoteJWKSet(new URL(metadata.jwks_uri));
    const { payload } = await jwtVerify(granted.access_token, jwks, { issuer: kit.issuer, audience: resource.resource, typ: 'at+jwt' });
    assert.equal(payload.scope, SCOPE);
    assert.notEqual(payload.sub, WARD);

    const accesses = await read(granted, '/api/v1/me/accesses?limit=5');
    assert.equal(accesses.status, 200);
    const [newest] = (await accesses.json()).accesses;
    assert.deepEqual([newest.kind, newest.agency.id], ['program.read', 'ubnd-phuong-mau']);
    const consents = await read(granted, '/api/v1/me/consents');
    assert.equal(consents.status, 200);
    const consent = page.url.pathname.split('/').at(-1);
    const own = (await consents.json()).consents.find(({ id }) => id === consent);
    assert.deepEqual([own.state, own.scopes.join(' ')], ['given', SCOPE]);

    const history = await citizen.open(at(kit, '/me/history'));
    assert.match(history.html, /thay ông\/bà|for you/, 'her history says that software read for her');
    const withdraw = await read(granted, `/api/v1/me/consents/${consent}/withdraw`, 'POST');
    assert.equal(withdraw.status, 403, 'software cannot act for her');
    const again = await ward.refresh(granted);
    assert.equal((await read(again, '/api/v1/me/summary')).status, 200);

    await citizen.withdraw(consent);
    for (const token of [granted, again]) assert.equal((await read(token, '/api/v1/me/accesses')).status, 401);
    assert.equal((await refusal(ward.refresh(granted))).error, 'invalid_grant');
    const active = await oidc.tokenIntrospection(ward.config, again.access_token);
    assert.equal(active.active, false);
  });

  test('a token reads what its scope names and opens no personal data', async () => {
    const { granted, page } = await give('me.consents');
    assert.equal((await read(granted, '/api/v1/me/consents')).status, 200);
    const refused = await read(granted, '/api/v1/me/accesses');
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /insufficient_scope.*me\.history/);
    assert.equal((await ward.data(granted)).status, 401, 'another audience');
    await citizen.withdraw(page.url.pathname.split('/').at(-1));
  });

  test('software that is not registered for it, and software alone, are refused', async () => {
    const bank = await connect(kit, BANK);
    assert.deepEqual([(await refusal(ask(SCOPE, bank))).reason], ['scope_unregistered']);
    const alone = await refusal(oidc.clientCredentialsGrant(ward.config, { scope: SCOPE }, { DPoP: await ward.dpop() }));
    assert.equal(alone.error, 'invalid_scope');
  });
});
