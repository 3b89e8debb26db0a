// Both sides of a question for consent: an agency's software (`openid-client`) and a citizen with a browser without
// scripts, who reads the page, answers, and is sent back. For `consent.test.mjs`.
import assert from 'node:assert/strict';
import { importJWK } from 'jose';
import * as oidc from 'openid-client';
import { at, detail } from './kit.mjs';
import { Visitor } from './sign_in.mjs';

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
export const CIBA = 'urn:openid:params:grant-type:ciba';

/** The error body of an OAuth request that must be refused. */
export async function refusal(promise) {
  const error = await promise.then((answer) => assert.fail(`not refused: ${JSON.stringify(answer)}`), (cause) => cause);
  assert.ok(error instanceof oidc.ResponseBodyError, `an OAuth error body, not ${error.stack}`);
  return { status: error.status, ...error.cause };
}

/** A client of the kit at the service: its keys, and what it does. `metadata` is what it registered to be answered with. */
export async function connect(kit, clientId, metadata = {}) {
  const client = kit.clients.find((known) => known.client_id === clientId);
  assert.ok(client, `the kit has a client \`${clientId}\``);
  const { private_jwk: jwk } = client;
  const key = { key: await importJWK(jwk, jwk.alg), kid: jwk.kid };
  const config = await oidc.discovery(new URL(kit.issuer), clientId, metadata, oidc.PrivateKeyJwt(key), { algorithm: 'oauth2', execute: [oidc.allowInsecureRequests] });
  return new Software(kit, client, key, config);
}

export class Software {
  /** What a token request says about the official who acts; nothing until somebody signs in. */
  acting = {};

  constructor(kit, client, key, config) {
    Object.assign(this, { kit, client, key, config });
    [this.redirectUri] = client.redirect_uris;
  }

  async dpop() {
    this.dpopKeys ??= await oidc.randomDPoPKeyPair('ES256');
    return oidc.getDPoPHandle(this.config, this.dpopKeys);
  }

  /** An official of its agency signs in there through this software; from now on its token requests say who acts. */
  async actsFor(official) {
    const issuer = new URL(`${this.kit.idp}/agencies/${this.client.agency}`);
    const { sign_in_secret: secret, redirect_uris: [redirectUri] } = this.client;
    const config = await oidc.discovery(issuer, this.client.client_id, {}, oidc.ClientSecretBasic(secret), { execute: [oidc.allowInsecureRequests] });
    const verifier = oidc.randomPKCECodeVerifier();
    const parameters = { redirect_uri: redirectUri, scope: 'openid', code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
    const back = (url) => url.href.startsWith(redirectUri);
    const visitor = new Visitor();
    const page = await visitor.visit(oidc.buildAuthorizationUrl(config, parameters), {}, back);
    const { url } = await visitor.submit(page, { login: official.login, password: official.password }, back, 'type="password"');
    const { id_token: token } = await oidc.authorizationCodeGrant(config, url, { pkceCodeVerifier: verifier });
    this.acting = { actor_token: token, actor_token_type: ID_TOKEN };
  }

  /** A detail that asks for consent. */
  detail(purpose, who, changes = {}) {
    const basis = purpose.bases.find((known) => known.kind === 'consent');
    return detail({ purpose, basis, official: undefined }, undefined, { basis: 'consent', subject: who, ...changes });
  }

  /** Pushes a request (PAR); resolves to where the browser goes and what is needed when it is back. */
  async ask(details, { signed = false, ...more } = {}) {
    const [verifier, state] = [oidc.randomPKCECodeVerifier(), oidc.randomState()];
    let parameters = {
      redirect_uri: this.redirectUri,
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      authorization_details: JSON.stringify([details].flat()),
      ...more,
    };
    for (const [name, value] of Object.entries(parameters)) if (value === undefined) delete parameters[name];
    // RFC 9101 §5: everything is inside the request object, which is pushed instead.
    if (signed) parameters = (await oidc.buildAuthorizationUrlWithJAR(this.config, parameters, this.key)).searchParams;
    const url = await oidc.buildAuthorizationUrlWithPAR(this.config, parameters, { DPoP: await this.dpop() });
    return { url, checks: { pkceCodeVerifier: verifier, expectedState: state } };
  }

  /** Redeems what the browser came back with. */
  async redeem(back, { checks }) {
    return oidc.authorizationCodeGrant(this.config, back, checks, this.acting, { DPoP: await this.dpop() });
  }

  async refresh(granted) {
    return oidc.refreshTokenGrant(this.config, granted.refresh_token, this.acting, { DPoP: await this.dpop() });
  }

  async fromLiveConsent(details) {
    return oidc.clientCredentialsGrant(this.config, { authorization_details: JSON.stringify([details]), ...this.acting }, { DPoP: await this.dpop() });
  }

  /** Asks a citizen who is not there; `answered` settles when she has answered or the time is over. */
  async askAbsent(details, hint, bindingMessage) {
    const begun = await oidc.initiateBackchannelAuthentication(this.config, { ...hint, binding_message: bindingMessage, authorization_details: JSON.stringify([details]) });
    const answered = this.dpop().then((DPoP) => oidc.pollBackchannelAuthenticationGrant(this.config, begun, {}, { DPoP }));
    answered.catch(() => {});
    return { begun, answered };
  }

  /** One poll, made by hand: `openid-client` waits as long as the service says. */
  async poll(begun) {
    return oidc.genericGrantRequest(this.config, CIBA, { auth_req_id: begun.auth_req_id }, { DPoP: await this.dpop() });
  }

  async data(granted) {
    const url = new URL(this.kit.data_endpoint);
    return oidc.fetchProtectedResource(this.config, granted.access_token, url, 'POST', null, new Headers(), { DPoP: await this.dpop() }).catch((error) => {
      if (error.response) return error.response;
      throw error;
    });
  }

  /** A request with a service token (client_credentials with a scope). */
  async serve(scope, url, method = 'GET', body = null) {
    const DPoP = await this.dpop();
    const { access_token: token } = await oidc.clientCredentialsGrant(this.config, { scope }, { DPoP });
    const headers = new Headers(body ? { 'content-type': 'application/json' } : {});
    return oidc.fetchProtectedResource(this.config, token, new URL(url), method, body && JSON.stringify(body), headers, { DPoP }).catch((error) => {
      if (error.response) return error.response;
      throw error;
    });
  }

  /** The grant behind a token (Grant Management for OAuth 2.0). */
  async grant(id, method = 'GET') {
    const endpoint = this.config.serverMetadata().grant_management_endpoint;
    return this.serve(method === 'DELETE' ? 'grant_management_revoke' : 'grant_management_query', `${endpoint}/${id}`, method);
  }
}

const unescaped = (text) => text.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&#38;', '&').replaceAll('&amp;', '&');

/** A citizen of the kit in front of her browser. */
export class Citizen {
  constructor(kit, person) {
    Object.assign(this, { kit, person, visitor: new Visitor() });
  }

  /** Opens an address of the service, signing in where she must; stops where an agency's site begins. */
  async open(url, stopAt) {
    let page = await this.visitor.visit(url, {}, stopAt);
    for (let step = 0; step < 4 && page.html; step += 1) {
      if (page.html.includes('type="password"')) page = await this.visitor.submit(page, { login: this.person.login, password: this.person.password }, stopAt, 'type="password"');
      else if (page.html.includes('name="issuer" value="citizen"')) page = await this.visitor.submit(page, {}, stopAt, 'name="issuer" value="citizen"');
      else break;
    }
    return page;
  }

  async json(path) {
    const response = await this.visitor.request(at(this.kit, path), { headers: { accept: 'application/json' } });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  }

  /** Follows the agency's link to the page of the question. */
  async asked({ url }) {
    const page = await this.open(url);
    assert.equal(page.response.status, 200, `a page: ${page.url}`);
    assert.match(page.url.pathname, /^\/requests\/[0-9a-f-]{36}$/, 'the question has an address of its own');
    return page;
  }

  /** The question that waits with these words to compare; she looks through what waits for her. */
  async waiting(bindingMessage) {
    const list = await this.open(at(this.kit, '/me/requests'));
    const paths = new Set([...list.html.matchAll(/href="(\/requests\/[0-9a-f-]{36})"/g)].map(([, path]) => path));
    for (const path of paths) {
      const page = await this.open(at(this.kit, path));
      if (unescaped(page.html).includes(bindingMessage)) return page;
    }
    return undefined;
  }

  /** Answers a question: `give`, `refuse` or `defer`, ticking what is in `field`. Resolves to where she ends up. */
  async answer(page, answer, field = [], redirectUri = undefined) {
    const back = (url) => redirectUri !== undefined && url.href.startsWith(redirectUri);
    const end = await this.visitor.submit(page, { answer, field }, back, '/answer"');
    assert.ok(redirectUri === undefined || back(end.url), `back at the agency, not at ${end.url}: ${end.response?.status} ${end.html}`);
    return end;
  }

  /** Goes on to the agency from a page that offers it. */
  async goOn(page, redirectUri) {
    return this.visitor.submit(page, {}, (url) => url.href.startsWith(redirectUri), '/onward"');
  }

  /** Makes a code with which an agency can ask her. */
  async code(agency) {
    const page = await this.open(at(this.kit, `/me/agencies/${agency}`));
    const shown = await this.visitor.submit(page, {}, undefined, '/hint"');
    return /class="compare">([^<]*)</.exec(shown.html)?.[1];
  }

  /** Withdraws; counts what she must press. */
  async withdraw(consent) {
    const path = `/me/consents/${consent}/withdraw`;
    const review = await this.open(at(this.kit, path));
    assert.equal(review.response.status, 200, `${path}: ${review.html}`);
    const done = await this.visitor.submit(review, {}, undefined, '/withdraw"');
    assert.equal(done.response.status, 200, done.html);
    return { steps: 2, done };
  }
}

/** What a page offers as an answer. */
export function offered({ html }) {
  const buttons = [...html.matchAll(/<button([^>]*)name="answer"([^>]*)value="(\w+)"([^>]*)>/g)];
  const kind = (tag) => /class="([^"]*)"/.exec(tag)?.[1] ?? '';
  return {
    buttons: Object.fromEntries(buttons.map(([tag, , , value]) => [value, kind(tag)])),
    optional: [...html.matchAll(/<input[^>]*type="checkbox"[^>]*>/g)].map(([tag]) => ({ name: /value="([^"]*)"/.exec(tag)?.[1], ticked: /\schecked[\s>=]/.test(tag) })),
  };
}
