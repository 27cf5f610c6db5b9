// tracker.test.mjs - /t.js on the pages of a site, in real Chromium.
//
// What it is:   a small site on a host of its own; what arrives is read from the journal.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser } from './browser.mjs';
import { Collecting } from './collecting.mjs';

const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';
let s, browser, site, base;
const ends = [];

before(async () => {
	const t = { after: (f) => ends.push(f) };
	s = await Collecting.start(t);
	browser = await openBrowser(t);
	site = createServer((q, r) => {
		const attributes = new URL(q.url, 'http://x').searchParams.get('attributes') ?? '';
		// The strictest policy under which a page can use the tracker: no eval, no inline script.
		r.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self' ${s.base}; connect-src ${s.base}; img-src ${s.base}`);
		if (q.url.startsWith('/early.js')) {
			r.setHeader('Content-Type', 'text/javascript');
			return r.end('trichter = [["track", "Too early", { n: 1 }]]');
		}
		r.setHeader('Content-Type', 'text/html');
		r.end(`<!doctype html><title>${q.url.split('?')[0]}</title><script src="/early.js"></script>
<script async src="${s.base}/t.js" data-key="${s.writeKey}" ${attributes}></script><p>Hello`);
	});
	site.listen(0, '127.0.0.1');
	await once(site, 'listening');
	base = `http://127.0.0.1:${site.address().port}`;
});
after(async () => {
	site.closeAllConnections();
	site.close();
	for (const f of ends.reverse()) await f();
});

async function visit(path, options = {}) {
	const context = await browser.newContext({ userAgent: agent, ...options });
	if (options.script) await context.addInitScript(options.script);
	const page = await context.newPage();
	page.faults = [];
	page.on('pageerror', (e) => page.faults.push(e.message));
	page.on('console', (m) => m.type() === 'error' && !m.text().includes('favicon') && page.faults.push(m.text()));
	await page.goto(base + path, { referer: options.referer });
	await page.waitForFunction(() => globalThis.trichter && !Array.isArray(globalThis.trichter));
	return page;
}
/** What the journal holds of one device, once it has at least `n` touches. */
async function touches(id, n) {
	for (let i = 0; i < 600; i++) {
		const found = s.events().filter((e) => e.anonymous_id === id);
		if (found.length >= n) return found;
		await sleep(100);
	}
	throw new Error(`fewer than ${n} touches: ${JSON.stringify(s.events().slice(-5))}`);
}
const device = (page) => page.evaluate(() => localStorage.getItem('trichter_id'));

test('a page view arrives with its address, campaign and referrer', async () => {
	const page = await visit('/pricing?utm_source=news&utm_campaign=spring&gclid=abc', { referer: 'https://search.example/' });
	const [early, view] = (await touches(await device(page), 2)).sort((a, b) => (a.name < b.name ? -1 : 1));
	assert.equal(view.name, 'page_viewed');
	assert.equal(view.path, '/pricing');
	assert.equal(view.title, '/pricing');
	assert.equal(view.source, 'news');
	assert.equal(view.campaign, 'spring');
	assert.equal(early.name, 'Too early');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('moving within a single-page application is a page view with the page before as its referrer', async () => {
	const page = await visit('/app');
	await page.evaluate(() => {
		history.pushState({}, '', '/app/two');
		document.title = 'Two';
	});
	await sleep(50);
	await page.evaluate(() => history.replaceState({}, '', '/app/two'));
	await page.evaluate(() => history.back());
	const views = (await touches(await device(page), 4)).filter((e) => e.name === 'page_viewed');
	assert.deepEqual(views.map((e) => e.path).sort(), ['/app', '/app', '/app/two']);
	assert.equal(views.find((e) => e.path === '/app/two').title, 'Two');
	await page.context().close();
});

test('the calls of Segment say who it is, and reset forgets it', async () => {
	const page = await visit('/calls');
	const id = await device(page);
	await page.evaluate(() => {
		const t = globalThis.trichter;
		t.identify('user-9', { email: 'nine@example.com', plan: 'pro' });
		t.track('Signed up', { plan: 'pro' });
		t.group('g-9', { name: 'Nine' });
		t.page('Named', { a: 1 });
		t.alias('user-9', 'older-9');
		t.reset();
		t.track('After reset');
	});
	await touches(id, 5);
	const events = s.events();
	const signed = events.find((e) => e.name === 'Signed up');
	assert.deepEqual([signed.user_id, signed.anonymous_id, signed.plan], ['user-9', id, 'pro']);
	const person = JSON.stringify(s.trichter.json('person', 'show', 'user-9'));
	assert.match(person, /nine@example.com/);
	assert.match(person, /older-9/);
	let later;
	for (let i = 0; i < 600 && !(later = s.events().find((e) => e.name === 'After reset')); i++) await sleep(100);
	assert.equal(later.user_id, undefined);
	assert.notEqual(later.anonymous_id, id);
	await page.context().close();
});

test('what is still waiting goes when the page does', async () => {
	const page = await visit('/leaving');
	const id = await device(page);
	await page.evaluate(() => globalThis.trichter.track('Last words'));
	await page.goto('about:blank');
	const all = await touches(id, 3);
	assert.equal(all.filter((e) => e.name === 'Last words').length, 1);
	await page.context().close();
});

test('what could not be sent is sent again and counts once', async () => {
	const page = await visit('/again');
	const id = await device(page);
	await touches(id, 2);
	let lost = 0;
	await page.route('**/v1/batch', async (route) => {
		// The first answers get lost on the way back: the server has the messages already.
		if (lost++ < 2) {
			await route.fetch();
			return route.abort();
		}
		return route.continue();
	});
	await page.evaluate(() => globalThis.trichter.track('Insistent'));
	for (let i = 0; i < 600 && lost < 3; i++) await sleep(100);
	assert.ok(lost >= 3, `${lost} requests`);
	const insistent = () => s.events().filter((e) => e.name === 'Insistent').length;
	for (let i = 0; i < 600 && insistent() < 1; i++) await sleep(100);
	await sleep(500);
	assert.equal(insistent(), 1);
	await page.context().close();
});

test('whoever asks not to be tracked is not, and nothing is kept on the device', async () => {
	for (const script of [
		() => Object.defineProperty(navigator, 'doNotTrack', { get: () => '1' }),
		() => Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true }),
	]) {
		let asked = 0;
		const page = await visit('/private', { script });
		page.on('request', (r) => r.url().includes('/v1/') && asked++);
		await page.evaluate(() => globalThis.trichter.track('Private'));
		await sleep(900);
		assert.equal(asked, 0);
		assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	}
	assert.equal(s.events().filter((e) => e.path === '/private').length, 0);
});

test('a device without storage keeps its id in a cookie', async () => {
	const page = await visit('/cookie', {
		script: () => Object.defineProperty(window, 'localStorage', { get: () => { throw new Error('no'); } }),
	});
	const id = /trichter_id=([^;]+)/.exec(await page.evaluate(() => document.cookie))[1];
	await touches(id, 2);
	await page.reload();
	await touches(id, 4);
	await page.context().close();
});

test('page views by itself can be switched off', async () => {
	const page = await visit('/quiet?attributes=data-auto%3Doff');
	const id = await page.evaluate(() => {
		globalThis.trichter.track('Loud');
		return localStorage.getItem('trichter_id');
	});
	const all = await touches(id, 2);
	assert.deepEqual(all.map((e) => e.name).sort(), ['Loud', 'Too early']);
	await page.context().close();
});

test('the script may be kept for an hour and is compressed', async () => {
	const r = await fetch(`${s.base}/t.js`);
	assert.match(r.headers.get('content-type'), /javascript/);
	assert.equal(r.headers.get('cache-control'), 'public, max-age=3600');
	assert.equal(r.headers.get('cross-origin-resource-policy'), 'cross-origin');
	assert.ok(['gzip', 'br'].includes(r.headers.get('content-encoding')));
	assert.ok(!/\beval\b|new Function/.test(await r.text()));
});
