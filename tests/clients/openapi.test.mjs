// `/openapi.json` against validators nobody here wrote, against its own examples, and against what a running service
// answers. Needs KIT=path to the demonstration's kit.json; without it every test skips.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { importJWK } from 'jose';
import * as oidc from 'openid-client';
import { NOBODY, at, choose, detail, loadKit } from './kit.mjs';
import { Visitor } from './sign_in.mjs';

const kit = loadKit();
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

describe('the OpenAPI document', { skip: kit ? false : 'KIT is not set: start `minhbach demo` and name its kit.json' }, () => {
  let [document, ajv, chosen] = [];

  before(async () => {
    document = await (await fetch(at(kit, '/openapi.json'))).json();
    chosen = await choose(kit);
    ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema({ $id: 'doc:', ...document });
  });

  const resolve = (value) => (value?.$ref ? value.$ref.slice(2).split('/').reduce((here, key) => here[key], document) : value);
  const escape = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

  /** Every response of the document: its operation, status, and where it stands. */
  function responses() {
    return Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, operation]) => Object.entries(operation.responses).map(([status, response]) => ({ path, method, status, response: resolve(response), pointer: response.$ref?.slice(1) ?? `/paths/${escape(path)}/${method}/responses/${status}` }))),
    );
  }

  function complaints(pointer, value) {
    const uri = `doc:#${pointer.split('/').map(encodeURIComponent).join('/')}`;
    const validate = ajv.getSchema(uri) ?? ajv.compile({ $ref: uri });
    return validate(value) ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  }

  /** Whether an answer is one of those the document says `method path` gives. */
  async function conforms(method, path, answer) {
    const where = `${method} ${path} → ${answer.status}`;
    const known = responses().find((r) => r.path === path && r.method === method && r.status === String(answer.status));
    assert.ok(known, `${where} is not in the document`);
    if (!known.response.content) return;
    const type = (answer.headers.get('content-type') ?? '').split(';')[0];
    assert.ok(type in known.response.content, `${where}: ${type} is not in the document`);
    if (!type.endsWith('json')) return;
    const body = await answer.clone().json();
    assert.deepEqual(complaints(`${known.pointer}/content/${escape(type)}/schema`, body), [], `${where}: ${JSON.stringify(body).slice(0, 400)}`);
  }

  test('it is OpenAPI 3.1 in the eyes of a stranger', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(document.openapi, '3.1.0');
  });

  test('every example is what its schema says', () => {
    let seen = 0;
    for (const { path, method, status, response, pointer } of responses()) {
      for (const [type, media] of Object.entries(response.content ?? {})) {
        for (const [name, example] of Object.entries(media.examples ?? {})) {
          assert.deepEqual(complaints(`${pointer}/content/${escape(type)}/schema`, example.value), [], `${method} ${path} ${status} ${name}`);
          if (type === 'application/problem+json') assert.equal(example.value.status, Number(status), `${path} ${name}`);
          seen += 1;
        }
      }
    }
    assert.ok(seen > 40, `${seen} examples`);
  });

  test('the service knows every address and allows the methods the document names', async () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const url = at(kit, path.replace('{path}', '0/000').replace(/\{.*?\}/, 'x'));
      const answer = await fetch(url, { method: 'PROPFIND', headers: { accept: 'application/json' } });
      assert.equal(answer.status, 405, path);
      const allowed = answer.headers.get('allow').toLowerCase().split(', ').filter((method) => method !== 'head');
      assert.deepEqual(allowed, METHODS.filter((method) => method in item), path);
      await conforms(Object.keys(item)[0], path, answer);
    }
  });

  test('public answers are as described', async () => {
    const public_ = ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource', '/oauth/jwks', '/receipts/keys', '/openapi.json', '/log/checkpoint', '/healthz', '/readyz', '/metrics', '/purposes', '/agencies', '/data-kinds'];
    for (const path of public_) await conforms('get', path, await fetch(at(kit, path), { headers: { accept: 'application/json' } }));
    for (const id of [chosen.purpose.id, 'no.such_purpose']) await conforms('get', '/purposes/{id}', await fetch(at(kit, `/purposes/${id}`), { headers: { accept: 'application/json' } }));
    for (const tile of ['0/000.p/1', '0/999', 'entries/000.p/1']) await conforms('get', '/log/tile/{path}', await fetch(at(kit, `/log/tile/${tile}`)));
    await conforms('post', '/logout/backchannel', await fetch(at(kit, '/logout/backchannel'), { method: 'POST', body: new URLSearchParams({ logout_token: 'x' }) }));
  });

  test('tokens, data and refusals are as described', async () => {
    const { client_id: id, private_jwk: jwk } = chosen.client;
    const config = await oidc.discovery(new URL(kit.issuer), id, {}, oidc.PrivateKeyJwt({ key: await importJWK(jwk, jwk.alg), kid: jwk.kid }), { algorithm: 'oauth2', execute: [oidc.allowInsecureRequests] });
    const seen = [];
    config[oidc.customFetch] = async (url, options) => {
      const answer = await fetch(url, options);
      seen.push({ path: new URL(url).pathname, answer: answer.clone() });
      return answer;
    };
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
    const token = (...change) => oidc.clientCredentialsGrant(config, { authorization_details: JSON.stringify([detail(chosen, ...change)]) }, { DPoP });
    const data = ({ access_token: it }) => oidc.fetchProtectedResource(config, it, new URL(kit.data_endpoint), 'POST', null, new Headers(), { DPoP }).catch(() => {});
    const granted = await token(kit.citizens[0].national_id);
    await data(granted);
    await data(await token(NOBODY));
    await token(kit.citizens[0].national_id, { datatypes: [...chosen.basis.fields, chosen.excess] }).catch(() => {});
    await oidc.tokenIntrospection(config, granted.access_token);
    await oidc.tokenRevocation(config, granted.access_token);
    await oidc.tokenIntrospection(config, granted.access_token);
    await data(granted);
    const bare = (path, init) => fetch(at(kit, path), { method: 'POST', ...init }).then((answer) => seen.push({ path, answer }));
    await bare('/data', {});
    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      await bare(path, { body: new URLSearchParams({ grant_type: 'client_credentials' }) });
      await bare(path, { body: '{}', headers: { 'content-type': 'application/json' } });
      await bare(path, { body: new URLSearchParams({ x: 'x'.repeat(70_000) }) });
    }
    for (const { path, answer } of seen) await conforms('post', path, answer);
    const outcomes = new Set(seen.map(({ path, answer }) => `${path} ${answer.status}`));
    for (const outcome of ['/oauth/token 200', '/oauth/token 400', '/oauth/token 401', '/oauth/token 413', '/oauth/token 415', '/data 200', '/data 401', '/data 404', '/oauth/introspect 200', '/oauth/revoke 200']) assert.ok(outcomes.has(outcome), outcome);
  });

  test('a citizen’s answers are as described', async () => {
    const visitor = new Visitor();
    const json = { headers: { accept: 'application/json' } };
    await conforms('get', '/api/v1/me/accesses', await visitor.request(at(kit, '/api/v1/me/accesses'), json));
    const door = await visitor.submit(await visitor.visit(at(kit, '/sign-in')), {}, undefined, 'value="citizen"');
    await visitor.submit(door, kit.citizens[0]);
    const list = await visitor.request(at(kit, '/api/v1/me/accesses?limit=100'), json);
    await conforms('get', '/api/v1/me/accesses', list);
    await conforms('get', '/api/v1/me/accesses', await visitor.request(at(kit, '/api/v1/me/accesses?limit=x'), json));
    await conforms('get', '/api/v1/me/summary', await visitor.request(at(kit, '/api/v1/me/summary'), json));
    const { accesses } = await list.json();
    const kinds = new Map(accesses.map((access) => [access.kind, access.id]));
    for (const kind of ['data.released', 'token.refused', 'token.revoked']) assert.ok(kinds.has(kind), kind);
    for (const { kind, purpose } of accesses) assert.ok(!purpose || purpose.title, `${kind} names its purpose in words`);
    for (const id of [...kinds.values(), 'x']) {
      await conforms('get', '/api/v1/me/accesses/{id}', await visitor.request(at(kit, `/api/v1/me/accesses/${id}`), json));
      await conforms('get', '/api/v1/me/accesses/{id}/proof', await visitor.request(at(kit, `/api/v1/me/accesses/${id}/proof`), json));
    }
  });
});
