// web.test.mjs - the screens in a real browser: reachable by everyone, in both languages and both
// colour schemes, by keyboard, on a phone; and nothing that the security policy would refuse.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, desktop, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { binary } from './trichter.mjs';
import { sampleServer, screens, settle } from './walk.mjs';

// The same files come out of every flavour; under the sanitizers one walk is enough.
const slow = /asan|tsan/.test(binary);

const endings = [];
const during = { after: (f) => endings.push(f) };
let browser, sample, all;

before(async () => {
	sample = await sampleServer(during);
	browser = await openBrowser(during);
	all = (await screens(sample.client)).filter((s) => !s.picture);
});
after(async () => {
	for (const f of endings.reverse())
		await f();
});

async function signedIn(options) {
	const page = await openPage(browser, sample.server.base, options);
	await sample.server.signInBrowser(page.context(), sample.email);
	return page;
}

describe('every screen', () => {
	const looks = [
		{ language: 'en', scheme: 'light', size: desktop },
		{ language: 'de', scheme: 'dark', size: desktop },
		{ language: 'en', scheme: 'dark', size: phone },
		{ language: 'de', scheme: 'light', size: phone },
	];
	for (const look of slow ? looks.slice(0, 1) : looks) {
		const name = `${look.language}, ${look.scheme}, ${look.size.width} px`;
		test(`is open to everyone, fits and stays inside (${name})`, async () => {
			const page = await signedIn(look);
			const faults = [];
			for (const screen of all) {
				if (screen.open)
					await page.context().clearCookies();
				await page.goto(screen.path);
				await settle(page);
				for (const fault of await axe(page))
					faults.push(`${screen.path}: ${fault}`);
				const over = await sideways(page);
				if (over > 0)
					faults.push(`${screen.path}: ${over} px wider than the window`);
				for (const fault of page.faults.splice(0))
					if (!(screen.open && fault.includes('401')))
						faults.push(`${screen.path}: ${fault}`);
				if (screen.open)
					await sample.server.signInBrowser(page.context(), sample.email);
			}
			await page.context().close();
			assert.deepEqual(faults, []);
		});
	}

	test('says which language it is in', async () => {
		const page = await signedIn({ language: 'de' });
		await page.goto('/');
		await settle(page);
		assert.equal(await page.getAttribute('html', 'lang'), 'de');
		assert.match(await page.textContent('h1'), /^Von [\d.]+ Leads wurden \d+ Kunden/);
		await page.context().close();
	});
});

describe('the home', () => {
	test('opens the people behind a number, and a person from there, by keyboard alone', async () => {
		const page = await signedIn();
		await page.goto('/');
		await settle(page);
		const shown = (await page.textContent('.funnel tr.step:has(th:text("MQL")) .people a')).trim();
		await page.focus('.funnel tr.step:has(th:text("MQL")) .people a');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.drawer tbody a');
		assert.equal(await page.textContent('.drawer h2'), `${shown} people`);
		assert.match(await page.textContent('.drawer-body strong'), /MQL/);
		await page.keyboard.press('ArrowDown');
		const href = await page.evaluate(() => document.activeElement.getAttribute('href'));
		assert.match(href, /^\/people\/\d+$/);
		await page.keyboard.press('Enter');
		await page.waitForURL((u) => u.pathname === href);
		await page.goBack();
		await page.waitForSelector('.drawer tbody a');
		await page.keyboard.press('Escape');
		await page.waitForSelector('.drawer', { state: 'detached' });
		assert.equal(new URL(page.url()).search, '');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	test('shows the same number as the command line', async () => {
		const page = await signedIn();
		await page.goto('/');
		await settle(page);
		const counts = await page.$$eval('.funnel .step .people', (cells) => cells.map((c) => Number(c.textContent.replace(/\D/g, ''))));
		assert.deepEqual(counts, sample.server.trichter.counts());
		await page.context().close();
	});

	test('keeps period, breakdown and rules in the address', async () => {
		const page = await signedIn();
		await page.goto('/');
		await settle(page);
		await page.getByLabel('Period', { exact: true }).selectOption('90d');
		await page.getByLabel('Breakdown').selectOption('channel');
		await page.waitForSelector('.multiple');
		assert.equal(new URL(page.url()).search, '?period=90d&by=channel');
		assert.ok((await page.locator('.multiple').count()) <= 6);
		await page.reload();
		await page.waitForSelector('.multiple');
		assert.equal(await page.getByLabel('Period', { exact: true }).inputValue(), '90d');
		await page.goto('/?rules=1');
		await page.getByLabel('Window').fill('30d');
		await page.getByRole('button', { name: 'Count by these' }).click();
		await page.waitForSelector('.drawer', { state: 'detached' });
		await page.waitForFunction(() => /30 ?d/.test(document.querySelector('.rules').textContent));
		assert.equal(new URL(page.url()).search, '?window=30d');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	test('changes while one looks when somebody comes', async () => {
		const page = await signedIn();
		await page.goto('/');
		await settle(page);
		const visitors = () => page.textContent('.funnel .step:first-of-type .people');
		const before_n = await visitors();
		const file = sample.server.trichter.file('one.jsonl', `${JSON.stringify({
			type: 'page', anonymousId: 'somebody-new', messageId: 'somebody-new-1', timestamp: new Date().toISOString(), properties: { url: 'https://example.com/', path: '/' },
		})}\n`);
		sample.server.trichter.ok('import', 'events', file);
		await page.waitForFunction((n) => document.querySelector('.funnel .step .people').textContent !== n, before_n);
		await page.context().close();
	});

	test('unfolds a stage on a phone', async () => {
		const page = await signedIn({ size: phone });
		await page.goto('/');
		await settle(page);
		const row = page.locator('.funnel .step').nth(2);
		assert.equal(await row.locator('.more').first().isVisible(), false);
		await row.getByRole('button').click();
		assert.equal(await row.locator('.more').first().isVisible(), true);
		await page.context().close();
	});

	test('draws its trend with a table that says the same', async () => {
		const page = await signedIn();
		await page.goto('/');
		await settle(page);
		await page.locator('.later').scrollIntoViewIfNeeded();
		await page.waitForSelector('.chart-picture svg path', { state: 'attached' });
		const rows = await page.locator('.trend table tbody tr').count();
		assert.ok(rows >= 12, `${rows} rows`);
		const [download] = await Promise.all([
			page.waitForEvent('download'),
			(async () => {
				await page.locator('.trend').getByRole('button', { name: 'Export' }).click();
				await page.getByRole('menuitem', { name: 'CSV' }).click();
			})(),
		]);
		assert.equal(download.suggestedFilename(), 'trend.csv');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
});

describe('the frame', () => {
	test('goes where `g` and a letter say, helps on `?`, and closes on Escape', async () => {
		const page = await signedIn();
		await page.goto('/gallery');
		await settle(page);
		await page.keyboard.press('?');
		await page.waitForSelector('dialog[open] kbd');
		await page.keyboard.press('Escape');
		await page.waitForSelector('dialog', { state: 'detached' });
		await page.keyboard.press('g');
		await page.keyboard.press('f');
		await page.waitForURL((u) => u.pathname === '/');
		await page.keyboard.press('Tab');
		assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
		await page.context().close();
	});

	test('remembers the language and the colours that were chosen', async () => {
		const page = await signedIn();
		await page.goto('/gallery');
		await settle(page);
		const menu = page.locator('header .menu > button');
		await menu.click();
		await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
		await page.waitForFunction(() => document.documentElement.lang === 'de');
		await menu.click();
		await page.getByRole('menuitemradio', { name: 'Dunkel' }).click();
		await page.reload();
		await settle(page);
		assert.equal(await page.getAttribute('html', 'lang'), 'de');
		assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), 'rgb(20, 23, 26)');
		await page.context().close();
	});

	test('names what is not there', async () => {
		const page = await signedIn({ allow: ['404'] });
		await page.goto('/people/999999999');
		await settle(page);
		assert.match(await page.textContent('main'), /\w/);
		await page.context().close();
	});
});

describe('what is served', () => {
	const get = (path, headers = {}) => fetch(sample.server.base + path, { headers });

	test('a file with a hash in its name may be kept for ever, a page is asked for anew', async () => {
		const page = await get('/');
		const html = await page.text();
		assert.equal(page.headers.get('cache-control'), 'no-cache');
		const script = html.match(/script type="module" src="([^"]+)"/)[1];
		const file = await get(script, { 'Accept-Encoding': 'gzip, br' });
		assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable');
		assert.equal(file.headers.get('content-encoding'), 'br');
		const again = await get('/', { 'If-None-Match': page.headers.get('etag') });
		assert.equal(again.status, 304);
		assert.equal((await get('/assets/app-NOTTHERE.js')).status, 404);
	});

	test('a page comes in the language that the browser asks for', async () => {
		const language = async (headers) => (await (await get('/people', headers)).text()).match(/<html lang="(..)"/)[1];
		assert.equal(await language({ 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.8' }), 'de');
		assert.equal(await language({ 'Accept-Language': 'fr,en;q=0.5,de;q=0.4' }), 'en');
		assert.equal(await language({ 'Accept-Language': 'en', Cookie: 'language=de' }), 'de');
		assert.equal(await language({ 'Accept-Language': 'fr' }), 'en');
	});
});
