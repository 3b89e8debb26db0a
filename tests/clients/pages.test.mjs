// Every page there is, as `cargo test` wrote it to target/pages/ (each state of each page, in both languages), at a small
// screen in a real browser: axe finds nothing, nothing runs off the screen, and that also holds where everything that
// people or programs fill in is as long and as hostile as it may be. Pages as the service sends them, signed in and with
// its headers, are browser.test.mjs. Screenshots go to target/screens/. Needs /usr/bin/chromium; skips without.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSER, complaintsOfAxe, fits, launch } from './chromium.mjs';
import { screens } from './kit.mjs';

const PAGES = join(import.meta.dirname, '..', '..', 'target', 'pages');
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const ORIGIN = 'http://pages.invalid';

const skip = !existsSync(PAGES)
  ? 'no target/pages: run `cargo test pages_can_be_looked_at` first'
  : !existsSync(BROWSER) && `no browser at ${BROWSER}: apt-get install chromium`;

describe('every page in every state, at 320 px', { skip }, () => {
  let [browser, context] = [];

  before(async () => {
    mkdirSync(screens, { recursive: true });
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 320, height: 640 } });
    await context.route(`${ORIGIN}/**`, (route) => {
      const file = join(PAGES, decodeURIComponent(new URL(route.request().url()).pathname));
      if (!existsSync(file)) return route.fulfill({ status: 404, body: '' });
      return route.fulfill({ contentType: TYPES[extname(file)], body: readFileSync(file) });
    });
  });

  after(() => browser?.close());

  for (const [folder, lang, axe] of [['vi-Sample', 'vi', true], ['en-Sample', 'en', true], ['vi-Hostile', 'vi', false], ['en-Hostile', 'en', false]]) {
    test(`${folder}${axe ? ', with axe' : ''}`, async () => {
      const page = await context.newPage();
      const faults = [];
      for (const name of readdirSync(join(PAGES, folder)).sort()) {
        await page.goto(`${ORIGIN}/${folder}/${name}`);
        if ((await page.locator('html').getAttribute('lang')) !== lang) faults.push(`${name}: not in ${lang}`);
        if (!(await fits(page))) faults.push(`${name}: runs off the screen`);
        if (!axe) continue;
        faults.push(...(await complaintsOfAxe(page)).map((complaint) => `${name}: ${complaint}`));
        await page.screenshot({ path: join(screens, `page-${name.replace('.html', '')}-${lang}-320.png`), fullPage: true });
      }
      await page.close();
      assert.deepEqual(faults, []);
    });
  }
});
