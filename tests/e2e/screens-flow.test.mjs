// The screens flow, reconcile and sources, in a real browser, on the sample company.
// SCREENSHOTS=DIR keeps what they look like.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { axe, desktop, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

const keep = process.env.SCREENSHOTS;
const shot = async (page, name) => keep && page.screenshot({ path: join(keep, `${name}.png`) });

async function company(t) {
	const trichter = new Trichter(t, { init: false });
	trichter.ok('demo', '--people', '20000', '--seed', '7');
	const s = await Server.start(t, { trichter });
	s.user('administrator');
	return s;
}

test('flow, reconcile and sources: both languages, both schemes, desktop and phone', async (t) => {
	const s = await company(t);
	const browser = await openBrowser(t);
	const api = await s.signIn('administrator@example.com');
	const leads = (await api.get('/api/v1/funnel/people?step=3&limit=3')).json;
	for (const [language, scheme, size, name] of [['en', 'light', desktop, 'desktop'], ['de', 'dark', desktop, 'desktop'], ['de', 'light', phone, 'phone'], ['en', 'dark', phone, 'phone']]) {
		const page = await openPage(browser, s.base, { language, scheme, size });
		await s.signInBrowser(page.context(), 'administrator@example.com');
		const label = `${name}-${language}-${scheme}`;

		await page.goto('/flow');
		await page.locator('.flow, .table').first().waitFor();
		await shot(page, `flow-${label}`);
		assert.deepEqual(await axe(page), [], `flow ${label}`);
		assert.ok((await sideways(page)) <= 0, `flow ${label}`);

		await page.goto('/reconcile?stage=mql');
		await page.locator('textarea').fill(`${leads.rows[0].email}\nnobody@nowhere.example\n${leads.rows[1].email}`);
		await page.locator('button[type=submit]').click();
		await page.locator('.truth').waitFor();
		await shot(page, `reconcile-${label}`);
		assert.deepEqual(await axe(page), [], `reconcile ${label}`);
		assert.ok((await sideways(page)) <= 0, `reconcile ${label}`);

		await page.goto('/settings/sources');
		await page.locator('.table').first().waitFor();
		await shot(page, `sources-${label}`);
		assert.deepEqual(await axe(page), [], `sources ${label}`);
		assert.ok((await sideways(page)) <= 0, `sources ${label}`);
		assert.deepEqual(page.faults, [], label);
		await page.context().close();
	}
});

test('every ribbon opens as many people as it says, and the drawer closes with Escape', async (t) => {
	const s = await company(t);
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base);
	await s.signInBrowser(page.context(), 'administrator@example.com');
	await page.goto('/flow?by=channel');
	const ribbons = page.locator('svg.flow a');
	await ribbons.first().waitFor();
	for (const i of [0, 3, (await ribbons.count()) - 1]) {
		const said = /: ([\d,]+) (person|people)$/.exec(await ribbons.nth(i).getAttribute('aria-label'))[1];
		await ribbons.nth(i).focus();
		await page.keyboard.press('Enter');
		await page.locator('.drawer h2', { hasText: said }).waitFor();
		await page.locator('.drawer tbody tr').first().waitFor();
		await page.keyboard.press('Escape');
		await page.locator('.drawer').waitFor({ state: 'detached' });
	}
	assert.deepEqual(page.faults, []);
});
