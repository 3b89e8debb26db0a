// An agency's receiver of security events (RFC 8935), a real process that works or, when told to, does not.
//
//   node receiver.mjs '{"issuer": "http://127.0.0.1:8080", "audience": "ngan-hang.xac-minh"}'
//   issuer         whose SETs are believed; its keys are fetched from `jwks_uri` (ISSUER/oauth/jwks)
//   audience       the expected `aud`; any when absent
//   authorization  the expected Authorization header; none is asked for when absent
//   port           0 by default: a free port of the loopback
// The first part of the path says how it behaves:
//   /works            verifies and answers 202, or 400 with an error of RFC 8935 §2.4
//   /lose             takes the SET, forgets it and closes the connection without an answer
//   /delay/MS         works, MS milliseconds late
//   /ok               answers 200: received, but not an acknowledgement
//   /reject/ERR       400 {"err": ERR}
//   /fail/N           503 to the first N deliveries of each SET, then works; without N always
//   /redirect         307 to /works, which a transmitter must not follow
// Prints {"ready":true,"url":…} and then one JSON line for each delivery: mode, status, err, jti, repeat, claims.
// Ends on SIGTERM, SIGINT, or when its standard input closes.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const TYPE = 'application/secevent+jwt';
const LIMIT = 64 * 1024;

/** What is wrong with a SET, as RFC 8935 §2.4 names it. */
class Refusal extends Error {
  constructor(err, description) {
    super(description);
    this.err = err;
  }
}

async function read(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > LIMIT) throw new Refusal('invalid_request', 'the SET is too large');
  }
  return body;
}

const CODES = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'authentication_failed',
  ERR_JWKS_NO_MATCHING_KEY: 'invalid_key',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'invalid_request',
};

/** Verifies a SET: RFC 8417 and SSF 1.0 §4.1. Resolves to its claims. */
export async function verifySet(compact, { issuer, audience, keys }) {
  const verified = await jwtVerify(compact, keys, { algorithms: ['ES256', 'PS256', 'EdDSA', 'Ed25519'], clockTolerance: 10 }).catch((error) => {
    throw new Refusal(CODES[error.code] ?? 'invalid_request', error.message);
  });
  const { payload, protectedHeader } = verified;
  const demand = (holds, err, description) => {
    if (!holds) throw new Refusal(err, description);
  };
  demand(protectedHeader.typ === 'secevent+jwt', 'invalid_request', '`typ` is not secevent+jwt');
  demand(payload.iss === issuer, 'invalid_issuer', 'another issuer');
  demand(typeof payload.aud === 'string', 'invalid_audience', '`aud` is not one string: one SET a receiver');
  demand(!audience || payload.aud === audience, 'invalid_audience', 'for somebody else');
  demand(!('sub' in payload) && !('exp' in payload), 'invalid_request', '`sub` and `exp` must not be present');
  demand(typeof payload.jti === 'string' && Number.isInteger(payload.iat), 'invalid_request', '`jti` or `iat` is missing');
  demand(typeof payload.sub_id?.format === 'string', 'invalid_request', '`sub_id` is missing');
  demand(Object.keys(payload.events ?? {}).length === 1, 'invalid_request', 'not exactly one event');
  return payload;
}

/** Starts a receiver; resolves to its address, what it has seen, and a function that stops it. */
export async function start({ issuer, audience, authorization, port = 0, say = () => {}, keys = createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`)) }) {
  const seen = [];
  const deliveries = new Map();

  /** Takes one delivery: `[status, headers, body]`, or undefined for no answer at all. */
  async function take(request, mode, argument, line) {
    const compact = await read(request);
    if (mode === 'lose') return undefined;
    if (mode === 'redirect') return [307, { location: '/works' }];
    if (mode === 'reject') throw new Refusal(argument || 'invalid_request', 'refused on purpose');
    if (authorization && request.headers.authorization !== authorization) throw new Refusal('access_denied', 'not authorized');
    if (request.headers['content-type']?.split(';')[0] !== TYPE) throw new Refusal('invalid_request', `the body is not ${TYPE}`);
    const claims = await verifySet(compact, { issuer, audience, keys });
    const before = deliveries.get(claims.jti) ?? 0;
    deliveries.set(claims.jti, before + 1);
    Object.assign(line, { jti: claims.jti, repeat: before > 0, claims });
    if (mode === 'fail' && before < Number(argument || Infinity)) return [503];
    if (mode === 'delay') await new Promise((resolve) => setTimeout(resolve, Number(argument)));
    return [mode === 'ok' ? 200 : 202];
  }

  const server = createServer(async (request, response) => {
    const [, mode, argument] = request.url.split('?')[0].split('/');
    const line = { mode };
    let answer;
    try {
      if (!['works', 'lose', 'delay', 'ok', 'reject', 'fail', 'redirect'].includes(mode)) answer = [404];
      else if (request.method !== 'POST') answer = [405, { allow: 'POST' }];
      else answer = await take(request, mode, argument, line);
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      Object.assign(line, { err: error.err ?? 'invalid_request', description: error.message });
      answer = [400, { 'content-type': 'application/json' }, JSON.stringify({ err: line.err, description: line.description })];
    }
    line.status = answer?.[0] ?? null;
    seen.push(line);
    say(line);
    if (!answer) return request.socket.destroy();
    const [status, headers = {}, body] = answer;
    return response.writeHead(status, headers).end(body);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, seen, stop };
}

if (import.meta.main ?? process.argv[1]?.endsWith('receiver.mjs')) {
  const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const { url } = await start({ ...JSON.parse(process.argv[2]), say: print });
    print({ ready: true, url });
  } catch (error) {
    console.error(`usage: node receiver.mjs '{"issuer": …, "audience": …}' (${error.message})`);
    process.exit(2);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
}
