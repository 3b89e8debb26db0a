// A person at a keyboard, without a browser: cookies, redirects, the first form with a password in it.

/** Keeps cookies for each host and port, follows redirects by hand. */
/** An attribute's value as a browser reads it. */
const unescaped = (text) =>
  String(text).replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&#38;', '&').replaceAll('&amp;', '&');

export class Visitor {
  #cookies = new Map();

  async request(url, { method = 'GET', form, headers = {} } = {}) {
    const target = new URL(url);
    const jar = [...this.#jar(target)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(jar ? { cookie: jar } : {}), ...headers },
      body: form && new URLSearchParams(form),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) this.#jar(target).delete(name);
      else this.#jar(target).set(name, value);
    }
    return response;
  }

  /** Somebody with the same cookies. */
  copy() {
    const other = new Visitor();
    for (const [host, jar] of this.#cookies) other.#cookies.set(host, new Map(jar));
    return other;
  }

  #jar(url) {
    if (!this.#cookies.has(url.host)) this.#cookies.set(url.host, new Map());
    return this.#cookies.get(url.host);
  }

  /** Follows redirects until a page, or until `stopAt(url)` says the next hop is ours to read. */
  async visit(url, options = {}, stopAt = () => false) {
    let [here, given] = [new URL(url), options];
    for (let hop = 0; hop < 20; hop += 1) {
      if (stopAt(here)) return { url: here };
      const response = await this.request(here, given);
      const location = response.headers.get('location');
      if (!location || response.status < 300 || response.status > 399) return { url: here, response, html: await response.text() };
      await response.arrayBuffer();
      here = new URL(location, here);
      given = {};
    }
    throw new Error(`too many redirects, last ${here}`);
  }

  /**
   * Sends the first form of a page (the first that has `marked` in it): its own hidden fields, then `fields`, where a
   * list is a field for each of its members.
   */
  async submit({ url, html }, fields, stopAt, marked = '') {
    const [form] = [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/gi)].map(([text]) => text).filter((text) => text.includes(marked));
    if (!form) throw new Error(`no form with \`${marked}\` at ${url}`);
    const values = {};
    for (const [input] of form.matchAll(/<input[^>]*>/gi)) {
      const read = (name) => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(input)?.[1];
      if (read('name') && read('type') === 'hidden') values[read('name')] = read('value') ?? '';
    }
    const action = new URL(/action="([^"]*)"/i.exec(form)?.[1] ?? '', url);
    const sent = Object.entries({ ...values, ...fields }).flatMap(([name, given]) => [given].flat().map((value) => [name, unescaped(value)]));
    return this.visit(action, { method: 'POST', form: sent }, stopAt);
  }
}
