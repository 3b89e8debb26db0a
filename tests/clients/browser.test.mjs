// A citizen and a compliance officer at a small screen, in a real browser (Debian's chromium): signed in at the identity
// provider, pages read with JavaScript off, then every page checked by axe with it on. Screenshots for people to look
// at go to target/screens/. Needs KIT=path to the demonstration's kit.json and /usr/bin/chromium; skips without.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSER, complaintsOfAxe, fits, launch } from './chromium.mjs';
import { at, loadKit, screens } from './kit.mjs';

const COLD_BYTES = 100 * 1024;
const SMALL = { width: 320, height: 640 };
const LARGE = { width: 1280, height: 900 };
const REASON = 'Kiểm tra định kỳ tháng 11, mẫu ngẫu nhiên';

const kit = loadKit();
const skip = !kit
  ? 'KIT is not set: start `minhbach demo` and name its kit.json'
  : !existsSync(BROWSER) && `no browser at ${BROWSER}: apt-get install chromium`;

describe('the pages in a browser', { skip }, () => {
  let [browser, cookies, detailPath] = [];

  before(async () => {
    mkdirSync(screens, { recursive: true });
    browser = await launch();
    const context = await open({ scripts: false });
    const page = await context.newPage();
    await signIn(page, '/me/history', kit.citizens[0], /citizen|công dân|người dân/i);
    cookies = await context.storageState();
    await page.goto(at(kit, '/me/history').href);
    await rows(page).first().waitFor();
    detailPath = new URL(await rows(page).first().getAttribute('href'), page.url()).pathname;
    await context.close();
  });

  after(() => browser?.close());

  async function open({ scripts, size = SMALL, state } = {}) {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: size, storageState: state, locale: 'vi-VN' });
    context.setDefaultTimeout(15_000);
    return context;
  }

  /** Asks for `path`, and goes through whatever sign-in stands before it: a choice of issuers, then a password form. */
  async function signIn(page, path, { login, password }, choice) {
    const home = new URL(kit.issuer).host;
    await page.goto(at(kit, path).href);
    if (!(await page.locator('input[type=password]').count())) await page.goto(at(kit, '/sign-in').href);
    for (let step = 0; step < 4 && !(await page.locator('input[type=password]').count()); step += 1) {
      const doors = page.locator('main').locator('button[type=submit], a[href]');
      const named = doors.filter({ hasText: choice });
      await ((await named.count()) ? named : doors).first().click();
    }
    await page.locator('input:is([type=text], [type=email], :not([type]))').first().fill(login);
    await page.locator('input[type=password]').first().fill(password);
    await page.locator('form:has(input[type=password]) button[type=submit]').click();
    await page.waitForURL((url) => url.host === home);
    assert.equal(new URL(page.url()).host, home, `back at the service after signing in, not at ${page.url()}`);
  }

  /** The links of the history rows, each to one access. */
  const rows = (page) => page.locator('main a[href*="/me/history/"]:not([href*="proof"])');

  const shot = (page, name) => page.screenshot({ path: join(screens, `${name}.png`), fullPage: true });

  test('the history shows rows, newest first, without JavaScript, in Vietnamese', async () => {
    const context = await open({ scripts: false, state: cookies });
    const page = await context.newPage();
    await page.goto(at(kit, '/me/history').href);
    assert.equal(await page.locator('html').getAttribute('lang'), 'vi');
    assert.equal(await page.locator('h1').count(), 1);
    assert.ok((await rows(page).count()) >= 1);
    const text = await page.locator('body').innerText();
    assert.ok(!text.includes(kit.citizens[0].national_id), 'the whole national id is not on the page');
    const times = await page.locator('main time[datetime]').evaluateAll((all) => all.map((time) => time.dateTime).filter((t) => t.includes('T')));
    assert.deepEqual(times, times.toSorted().toReversed());
    await shot(page, 'history-vi-320-noscript');
    await context.close();
  });

  test('the first row opens the whole entry, with its proof to take away', async () => {
    const context = await open({ scripts: false, state: cookies });
    const page = await context.newPage();
    await page.goto(at(kit, '/me/history').href);
    await rows(page).first().click();
    assert.equal(new URL(page.url()).pathname, detailPath);
    assert.equal(await page.locator('h1').count(), 1);
    const proof = page.locator('a[href*="proof"]').first();
    const answer = await context.request.get(new URL(await proof.getAttribute('href'), page.url()).href);
    assert.equal(answer.status(), 200);
    await shot(page, 'access-vi-320-noscript');
    await context.close();
  });

  test('the language link shows the same page in English', async () => {
    const context = await open({ scripts: false, state: cookies });
    const page = await context.newPage();
    await page.goto(at(kit, '/me/history').href);
    await page.locator('a[href*="lang=en"]').first().click();
    assert.equal(new URL(page.url()).pathname, '/me/history');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.ok((await rows(page).count()) >= 1);
    await shot(page, 'history-en-320-noscript');
    await context.close();
  });

  for (const [width, size] of [[320, SMALL], [1280, LARGE]]) {
    for (const lang of ['vi', 'en']) {
      test(`axe finds nothing and nothing runs off the screen: ${lang}, ${width} px`, async () => {
        const context = await open({ scripts: true, size, state: cookies });
        const page = await context.newPage();
        const complaints = [];
        page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
        const pages = {
          home: '/', 'sign-in': '/sign-in', me: '/me', history: '/me/history', access: detailPath, purposes: '/purposes',
          purpose: '/purposes/driver.licence_renewal', agencies: '/agencies', 'data-kinds': '/data-kinds', log: '/log', 'signed-out': '/signed-out',
        };
        for (const [name, path] of Object.entries(pages)) {
          const url = at(kit, path);
          url.searchParams.set('lang', lang);
          const response = await page.goto(url.href);
          if (name === 'sign-in' && new URL(page.url()).pathname !== path) continue;
          assert.ok(response.ok(), `${path} answered ${response.status()}`);
          assert.equal(await page.locator('html').getAttribute('lang'), lang, path);
          assert.ok(await fits(page), `${path} scrolls sideways at ${width} px`);
          assert.deepEqual(await complaintsOfAxe(page), [], path);
          await shot(page, `${name}-${lang}-${width}`);
        }
        assert.deepEqual(complaints, [], 'the browser complains (content security policy?)');
        await context.close();
      });
    }
  }

  test('the history weighs at most 100 KB the first time', async () => {
    const context = await open({ scripts: true, state: cookies });
    const page = await context.newPage();
    const network = await context.newCDPSession(page);
    await network.send('Network.enable');
    let bytes = 0;
    network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(at(kit, '/me/history').href, { waitUntil: 'networkidle' });
    assert.ok(bytes > 0 && bytes <= COLD_BYTES, `${bytes} bytes`);
    await context.close();
  });

  test('another person is not shown this entry: it does not exist for them', { skip: kit?.citizens.length < 2 && 'one citizen only' }, async () => {
    const context = await open({ scripts: false });
    const page = await context.newPage();
    await signIn(page, '/me/history', kit.citizens[1], /citizen|công dân|người dân/i);
    await page.goto(at(kit, '/me/history').href);
    assert.equal(await page.locator(`a[href*="${detailPath}"]`).count(), 0, 'not in their list');
    const response = await page.goto(at(kit, detailPath).href);
    assert.equal(response.status(), 404);
    await context.close();
  });

  test('a compliance officer says why before seeing anything', { skip: !kit?.compliance?.length && 'no compliance officer in the kit' }, async () => {
    const context = await open({ scripts: false });
    const page = await context.newPage();
    await signIn(page, '/compliance', kit.compliance[0], /compliance|tuân thủ/i);
    const state = await context.storageState();
    await context.close();
    for (const [width, size] of [[320, SMALL], [1280, LARGE]]) {
      for (const lang of ['vi', 'en']) {
        const looking = await open({ scripts: true, size, state });
        const desk = await looking.newPage();
        await desk.goto(at(kit, `/compliance?lang=${lang}`).href);
        assert.equal(await desk.locator('main tbody tr').count(), 0, 'no entry before a reason');
        assert.deepEqual(await complaintsOfAxe(desk), []);
        await shot(desk, `compliance-ask-${lang}-${width}`);
        await desk.locator('main textarea').fill(REASON);
        await desk.locator('main form:has(textarea) button[type=submit]').click();
        await desk.waitForURL((url) => url.pathname === '/compliance/entries');
        assert.ok((await desk.locator('main tbody tr').count()) >= 1);
        assert.ok(await fits(desk));
        assert.ok(!(await desk.locator('body').innerText()).includes(kit.citizens[0].national_id));
        assert.deepEqual(await complaintsOfAxe(desk), []);
        await shot(desk, `compliance-${lang}-${width}`);
        await looking.close();
      }
    }
  });

  test('after signing out the history is closed', async () => {
    const context = await open({ scripts: false });
    const page = await context.newPage();
    await signIn(page, '/me/history', kit.citizens[0], /citizen|công dân|người dân/i);
    await page.goto(at(kit, '/me').href);
    await page.locator('form[action*="sign-out"] button, a[href*="/sign-out"]').first().click();
    const leave = page.locator('main form button[type=submit]').filter({ hasText: /sign out|đăng xuất/i });
    if (await leave.count()) await leave.first().click();
    await page.goto(at(kit, '/me/history').href);
    assert.equal(await rows(page).count(), 0);
    await context.close();
  });
});
