// A real OpenID provider (`oidc-provider`, nobody here wrote it) with synthetic people, as one process.
//
//   node idp.mjs CONFIG.json | node idp.mjs '{"issuer": …}' | IDP_CONFIG='{"issuer": …}' node idp.mjs
//
// CONFIG is one issuer, or {"issuers": [issuer…]}; issuers whose URLs share a port are mounted on their paths.
//   issuer    "http://127.0.0.1:PORT[/path]"; with port 0 a free port is chosen and printed. Loopback only.
//   accounts  [{login, password, sub?, name?, national_id?, agency?, unit?, role?, acr?, step_up?, age?}]; sub defaults to
//             login. Asked by `acr_values` for `step_up`, a sign-in is worth that and was made `age` seconds ago;
//             asked for anything else, it is worth `acr`, as OpenID Connect Core §3.1.2.1 leaves it free to be.
//   clients   [{client_id, client_secret | jwks, redirect_uris, post_logout_redirect_uris?, backchannel_logout_uri?,
//              token_endpoint_auth_method?, id_token_signed_response_alg?}]
//   algorithms  ["ES256"] by default; also "PS256", "EdDSA", "RS256" (for clients that must refuse it)
//   acr       what a sign-in is worth when the account does not say ("urn:minhbach:acr:substantial")
//   id_token_ttl  seconds (600)
// Prints one line {"ready":true,"issuer":…,"issuers":[…]} when it listens, and one JSON line for each back-channel
// logout it sent. Ends on SIGTERM, SIGINT, or when its standard input closes.
//
// Out of scope: being a good provider. Consent is given by itself, people live in memory, keys are made at start.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, errors } from 'oidc-provider';

const DEFAULT_ACR = 'urn:minhbach:acr:substantial';
const PERSONAL = ['national_id', 'agency', 'unit', 'role', 'name'];
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const escape = (text) =>
  String(text ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>${escape(title)}</h1><p>Stand-in identity provider. Synthetic people only.</p>${body}</main></body></html>`;
}

const loginPage = (action, error, hint) =>
  page(
    'Sign in',
    `${error ? `<p role="alert">${escape(error)}</p>` : ''}<form method="post" action="${escape(action)}">
<p><label for="login">Sign-in name</label> <input id="login" name="login" type="text" autocomplete="username" value="${escape(hint)}" required></p>
<p><label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" required></p>
<p><button type="submit">Sign in</button></p></form>`,
  );

async function signingKeys(algorithms) {
  const keys = await Promise.all(
    algorithms.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = await exportJWK(privateKey);
      const kid = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url').slice(0, 16);
      return { ...jwk, alg, use: 'sig', kid };
    }),
  );
  return { keys };
}

async function readForm(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > 16_384) throw new Error('the form is too large');
  }
  return new URLSearchParams(body);
}

/** One issuer: the provider and the handler of its own pages. `issuer` is final (its port is known). */
async function issuerHandler({ issuer, accounts = [], clients = [], algorithms = ['ES256'], acr = DEFAULT_ACR, id_token_ttl = 600 }) {
  const mount = new URL(issuer).pathname.replace(/\/$/, '');
  const bySub = new Map(accounts.map((account) => [account.sub ?? account.login, account]));
  const byLogin = new Map(accounts.map((account) => [account.login, account]));
  const tag = createHash('sha256').update(issuer).digest('hex').slice(0, 8);
  const acrs = new Set([acr, ...accounts.flatMap((account) => [account.acr, account.step_up]).filter(Boolean)]);

  const provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: algorithms[0],
      require_auth_time: true,
      ...(client.backchannel_logout_uri ? { backchannel_logout_session_required: true } : {}),
      ...client,
    })),
    jwks: await signingKeys(algorithms),
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    // Every claim of the person goes into the ID token itself, as national providers do it.
    conformIdTokenClaims: false,
    acrValues: [...acrs],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time', ...PERSONAL] },
    scopes: ['openid'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(ctx, form) {
          const confirmed = form.replace('</form>', '<input type="hidden" name="logout" value="yes"><button type="submit">Sign out</button></form>');
          ctx.body = page('Sign out', confirmed);
        },
        postLogoutSuccessSource(ctx) {
          ctx.body = page('Signed out', '');
        },
      },
    },
    // Cookies are shared by all ports of one host: each issuer has names of its own.
    cookies: {
      keys: [createHash('sha256').update(`${process.pid}${issuer}${performance.now()}`).digest('hex')],
      names: { session: `idp_${tag}_session`, interaction: `idp_${tag}_interaction`, resume: `idp_${tag}_resume` },
    },
    interactions: { url: (_ctx, interaction) => `${mount}/interaction/${interaction.uid}` },
    ttl: { IdToken: id_token_ttl, AccessToken: 300, AuthorizationCode: 60, Interaction: 600, Session: 3600, Grant: 3600 },
    async findAccount(_ctx, sub) {
      const account = bySub.get(sub);
      if (!account) return undefined;
      const claims = Object.fromEntries(PERSONAL.filter((key) => account[key] !== undefined).map((key) => [key, account[key]]));
      return { accountId: sub, claims: () => ({ sub, ...claims }) };
    },
    async loadExistingGrant(ctx) {
      const grantId = ctx.oidc.result?.consent?.grantId ?? ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
      const known = grantId && (await ctx.oidc.provider.Grant.find(grantId));
      if (known) return known;
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    // oidc-provider refuses to call loopback addresses (SSRF); the services under test are nowhere else.
    fetch(url, { dispatcher: _guarded, ...options }) {
      if (!LOOPBACK.has(new URL(url).hostname)) throw new Error('this provider calls loopback only');
      return globalThis.fetch(url, options);
    },
    renderError(ctx, out) {
      ctx.type = 'html';
      ctx.body = page('Error', `<dl>${Object.entries(out).map(([k, v]) => `<dt>${escape(k)}</dt><dd>${escape(v)}</dd>`).join('')}</dl>`);
    },
  });
  provider.on('backchannel.success', (_ctx, client, sub, sid) => say({ backchannel: 'sent', client: client.clientId, sub, sid }));
  provider.on('backchannel.error', (_ctx, error, client) => say({ backchannel: 'failed', client: client.clientId, error: error.message }));
  provider.on('server_error', (_ctx, error) => console.error(error));

  async function interaction(request, response) {
    const details = await provider.interactionDetails(request, response);
    const action = `${mount}/interaction/${details.uid}`;
    let error;
    if (request.method === 'POST') {
      const form = await readForm(request);
      const account = byLogin.get(form.get('login'));
      if (account && account.password === form.get('password')) {
        const stronger = account.step_up && (details.params.acr_values ?? '').split(' ').includes(account.step_up);
        const login = { accountId: account.sub ?? account.login, acr: stronger ? account.step_up : (account.acr ?? acr), amr: stronger ? ['pwd', 'otp'] : ['pwd'] };
        if (stronger && account.age) login.ts = Math.floor(Date.now() / 1000) - account.age;
        return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
      }
      error = 'The sign-in name or the password is wrong.';
    }
    response.writeHead(error ? 401 : 200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    return response.end(loginPage(action, error, details.params.login_hint));
  }

  const callback = provider.callback();
  return async (request, response) => {
    request.originalUrl = request.url;
    request.url = request.url.slice(mount.length) || '/';
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    try {
      return await interaction(request, response);
    } catch (cause) {
      const gone = cause instanceof errors.SessionNotFound;
      if (!gone) console.error(cause);
      response.writeHead(gone ? 400 : 500, { 'content-type': 'text/html; charset=utf-8' });
      return response.end(page('Error', '<p>This sign-in is no longer known. Start again.</p>'));
    }
  };
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Starts every issuer of `config`; resolves to their final URLs and a function that stops them. */
export async function start(config) {
  const ports = new Map();
  for (const entry of config.issuers ?? [config]) {
    const url = new URL(entry.issuer);
    if (url.protocol !== 'http:' || !LOOPBACK.has(url.hostname)) throw new Error(`\`${entry.issuer}\` is not plain http on loopback`);
    ports.set(url.host, [...(ports.get(url.host) ?? []), entry]);
  }
  const servers = [];
  const issuers = [];
  for (const entries of ports.values()) {
    const mounts = [];
    const server = createServer((request, response) => {
      const path = request.url.split('?')[0];
      const found = mounts.find(([mount]) => path === mount || path.startsWith(`${mount}/`));
      if (found) return found[1](request, response);
      response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' });
      return response.end(page('Not found', ''));
    });
    const first = new URL(entries[0].issuer);
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(first.port || 80), first.hostname.replace(/[[\]]/g, ''), resolve);
    });
    servers.push(server);
    for (const entry of entries) {
      const url = new URL(entry.issuer);
      url.port = String(server.address().port);
      const issuer = url.href.replace(/\/$/, '');
      mounts.push([new URL(issuer).pathname.replace(/\/$/, ''), await issuerHandler({ ...entry, issuer })]);
      issuers.push(issuer);
    }
    mounts.sort(([a], [b]) => b.length - a.length);
  }
  const stop = async () => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return { issuers, stop };
}

if (import.meta.main ?? process.argv[1]?.endsWith('idp.mjs')) {
  const given = process.argv[2] ?? process.env.IDP_CONFIG;
  if (!given) {
    console.error('usage: node idp.mjs CONFIG.json | \'{"issuer": …}\'');
    process.exit(2);
  }
  try {
    const { issuers } = await start(JSON.parse(given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8')));
    say({ ready: true, issuer: issuers[0], issuers });
  } catch (cause) {
    console.error(cause.message);
    process.exit(1);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
}
