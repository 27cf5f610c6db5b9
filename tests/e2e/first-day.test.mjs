// first-day.test.mjs - a company's first day with Trichter, from the console's link to signing out,
// as a person goes through it: in English by day, in German by night.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { axe, openBrowser, openPage } from './browser.mjs';
import { password, Server } from './server.mjs';
import { realData, root } from './trichter.mjs';

const olist = realData('olist');
const file = (name) => join(olist.path, `olist_${name}_dataset.csv`);

/** The screens' texts in a language, as the screens have them: w('import.start', { n: 3 }). */
function words(language) {
	const dir = join(root, 'web/src/i18n', language);
	const texts = {};
	for (const name of readdirSync(dir))
		for (const m of readFileSync(join(dir, name), 'utf8').matchAll(/^\t'([^']+)': '((?:[^'\\]|\\.)*)',$/gm))
			texts[m[1]] = m[2].replaceAll(/\\(.)/g, '$1');
	const figures = new Intl.NumberFormat(language === 'de' ? 'de-DE' : 'en-GB');
	return (key, params = {}) => {
		assert.ok(key in texts, `no text ${key}`);
		return texts[key].replaceAll(/\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g, (whole, name, one, other) => {
			if (!(name in params)) return whole;
			if (one !== undefined) return params[name] === 1 ? one : other;
			return typeof params[name] === 'number' ? figures.format(params[name]) : params[name];
		});
	};
}

async function setUp(page, server, w) {
	await page.goto(`/setup#${server.setupToken}`);
	await page.getByLabel(w('auth.name')).fill('Ann Miller');
	await page.getByLabel(w('auth.email')).fill('ann@example.com');
	await page.getByLabel(w('auth.password'), { exact: false }).first().fill(password);
	await page.getByRole('button', { name: w('auth.setupButton') }).click();
	await page.getByText(w('funnel.begin')).waitFor();
	assert.deepEqual(await axe(page), []);
}

async function importLeads(page, w) {
	await page.getByRole('link', { name: w('funnel.beginImport') }).click();
	await page.getByLabel(w('import.choose')).setInputFiles(file('marketing_qualified_leads'));
	await page.getByLabel(w('import.kind')).selectOption('people');
	const use = (header, value) => page.getByLabel(w('import.useOf', { header })).selectOption(value);
	await use('mql_id', 'field:external_id');
	await page.getByLabel(w('import.idSystem')).fill('olist');
	await use('first_contact_date', 'field:created_at');
	await use('origin', 'field:source');
	for (const stage of ['lead', 'mql']) {
		await page.getByRole('button', { name: w('import.stageAdd') }).click();
		await page.getByLabel(w('import.stage'), { exact: true }).last().selectOption(stage);
		await page.getByLabel(w('import.stageAt')).last().selectOption('first_contact_date');
	}
	await page.getByRole('button', { name: w('import.start'), exact: true }).click();
	await page.getByRole('heading', { name: w('import.done', { name: 'olist_marketing_qualified_leads_dataset.csv', rows: 8000, n: 1 }) }).waitFor();
	await page.getByRole('button', { name: w('import.another') }).click();
	await page.getByLabel(w('import.choose')).setInputFiles(file('closed_deals'));
	await page.getByLabel(w('import.useMap')).setInputFiles(join(root, 'examples/maps/olist-deals.yaml'));
	await page.getByText(w('import.rowIs', { touches: 'person_updated, stage_entered' }).slice(0, -1)).waitFor();
	await page.getByRole('button', { name: w('import.start'), exact: true }).click();
	await page.getByRole('heading', { name: w('import.done', { name: 'olist_closed_deals_dataset.csv', rows: 842, n: 2 }) }).waitFor();
	assert.deepEqual(await axe(page), []);
}

/** The documented figures, the people behind one of them, and one person's journey. */
async function lookAround(page, w, figures) {
	await page.getByRole('link', { name: w('nav.funnel'), exact: true }).first().click();
	const sentence = page.getByRole('heading', { level: 1 });
	await sentence.filter({ hasText: figures.format(8000) }).waitFor();
	assert.match(await sentence.textContent(), new RegExp(`${figures.format(8000)}.*\\b84[12]\\b`));
	assert.deepEqual(await axe(page), []);
	await page.goto('/?steps=stage%3Amql%2C%20stage%3Acustomer&by=source');
	const main = page.locator('main');
	await main.filter({ hasText: '841' }).waitFor();
	await main.filter({ hasText: '270' }).waitFor(); // organic_search: 2,296 of whom 270
	assert.match(await main.textContent(), new RegExp(figures.format(2296)));

	await page.goto('/?step=7&show=reached');
	const drawer = page.getByRole('dialog');
	await drawer.getByRole('link').first().waitFor();
	assert.deepEqual(await axe(page), []);
	await drawer.locator('[data-row]').first().click();
	await page.waitForURL(/\/people\/\d+/);
	await page.getByRole('heading', { name: w('journey.title') }).waitFor();
	await page.locator('main').filter({ hasText: w('stage.customer') }).waitFor();
	assert.deepEqual(await axe(page), []);

	await page.getByRole('link', { name: w('nav.flow'), exact: true }).first().click();
	await page.locator('main svg').first().waitFor();
	await page.locator('main').filter({ hasText: 'organic_search' }).waitFor();
	assert.deepEqual(await axe(page), []);
}

/** A key is made, an event comes with it, and whoever looks sees it arrive. */
async function connectSite(page, server, w) {
	await page.goto('/settings/keys');
	await page.getByRole('button', { name: w('keys.add') }).first().click();
	await page.getByRole('dialog').getByLabel(w('keys.name')).fill('Web site');
	await page.getByRole('dialog').getByRole('button', { name: w('keys.addButton') }).click();
	const token = await page.getByLabel(w('keys.token'), { exact: true }).inputValue();
	await page.getByText(w('keys.waiting')).waitFor();
	const r = await fetch(`${server.base}/v1/page`, {
		method: 'POST',
		headers: { Authorization: `Basic ${btoa(`${token}:`)}`, 'Content-Type': 'application/json' },
		body: JSON.stringify({ anonymousId: 'visitor-1', messageId: 'first', properties: { path: '/prices', url: 'https://example.com/prices' } }),
	});
	assert.equal(r.status, 200);
	await page.getByText(w('keys.arrived')).waitFor();
	await page.getByText('/prices').first().waitFor();
	assert.deepEqual(await axe(page), []);
}

/** Who may only read sees the funnel, and nothing to import or to administer. */
async function readOnly(t, server, browser, w, options) {
	const page = await openPage(browser, server.base, options);
	await server.signInBrowser(page.context(), server.user('read-only'));
	await page.goto('/');
	await page.getByRole('heading', { level: 1 }).waitFor();
	assert.equal(await page.getByRole('link', { name: w('nav.import'), exact: true }).count(), 0);
	assert.equal(await page.evaluate(async () => (await fetch('/api/v1/users')).status), 403);
	assert.deepEqual(page.faults, []);
	await page.context().close();
}

for (const [language, scheme] of [['en', 'light'], ['de', 'dark']])
	test(`the first day, from the console's link to signing out (${language}, ${scheme})`, olist, async (t) => {
		const server = await Server.start(t);
		const browser = await openBrowser(t);
		const w = words(language);
		const options = { language, scheme, allow: ['401', '403'] };
		const page = await openPage(browser, server.base, options);
		const figures = new Intl.NumberFormat(language === 'de' ? 'de-DE' : 'en-GB');
		await setUp(page, server, w);
		await importLeads(page, w);
		await lookAround(page, w, figures);
		await connectSite(page, server, w);
		await readOnly(t, server, browser, w, options);
		await page.getByRole('button', { name: 'Ann Miller' }).click();
		await page.getByRole('menuitem', { name: w('nav.signOut') }).click();
		await page.waitForURL('**/login*');
		assert.equal((await page.goto('/people')).status(), 200);
		await page.waitForURL('**/login*');
		assert.deepEqual(page.faults, []);
	});
