// The demonstration's `kit.json` (DESIGN.md §6), read, and turned into a request that its first willing client may make.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const TYPE = 'urn:minhbach:personal-data';
export const NOBODY = '999999999999';

/** The kit named by `KIT`, or undefined when there is none (the tests then skip). */
export function loadKit() {
  return process.env.KIT && JSON.parse(readFileSync(process.env.KIT, 'utf8'));
}

/** `path` of the service, whatever the issuer's own path is. */
export const at = (kit, path) => new URL(kit.issuer.replace(/\/$/, '') + path);

/** Where screenshots go: `target/screens/` of the repository. */
export const screens = join(import.meta.dirname, '..', '..', 'target', 'screens');

export async function loadPurposes(kit) {
  const response = await fetch(at(kit, '/purposes'), { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`GET /purposes answered ${response.status}`);
  return (await response.json()).purposes;
}

/**
 * A client of the kit with an active statutory purpose that a program alone may ask for (the official asserted or
 * none), and the pieces of its request.
 */
export async function choose(kit) {
  const purposes = await loadPurposes(kit);
  const candidates = kit.clients.flatMap((client) =>
    client.purposes.flatMap((id) => {
      const purpose = purposes.find((p) => p.id === id && p.status === 'active' && ['asserted', 'none'].includes(p.official));
      const basis = purpose?.bases.find((b) => b.kind === 'statutory');
      const official = kit.officials.find((o) => o.agency === client.agency);
      return basis && (purpose.official === 'none' || official) ? [{ client, purpose, basis, official }] : [];
    }),
  );
  const chosen = candidates.find((c) => c.purpose.official === 'asserted') ?? candidates[0];
  if (!chosen) throw new Error('no client of the kit has an active statutory purpose without a proved official');
  const everyField = new Set(purposes.flatMap((p) => p.bases.flatMap((b) => b.fields)));
  const excess = [...everyField].find((field) => !chosen.basis.fields.includes(field));
  return { ...chosen, excess };
}

/** One authorization detail (DESIGN.md §5) for the chosen purpose. */
export function detail({ purpose, basis, official }, nationalId, changes = {}) {
  return {
    type: TYPE,
    purpose: purpose.id,
    subject: { national_id: nationalId },
    actions: ['read'],
    datatypes: basis.fields,
    basis: 'statutory',
    ...(purpose.case_required ? { case: 'H08.2026.000123' } : {}),
    ...(purpose.official === 'asserted' ? { official: { id: official.id, ...(official.unit ? { unit: official.unit } : {}) } } : {}),
    ...changes,
  };
}
