// work-screens.test.mjs - the company's settings, as a browser shows them.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { axe, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { Server } from './server.mjs';
import { root } from './trichter.mjs';

const shots = join(root, 'build/shots');
mkdirSync(shots, { recursive: true });

async function look(page, name) {
	await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
	assert.deepEqual(await axe(page), [], name);
	assert.ok((await sideways(page)) <= 0, `${name} scrolls sideways`);
}

test('workspace, stages and privacy are read and changed', async (t) => {
	const s = await Server.start(t);
	const email = s.user('administrator');
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base, { allow: ['400', '409', '412'] });
	const admin = await s.signInBrowser(page.context(), email);
	await admin.post('/api/v1/people', { email: 'anna@example.com', stage: 'sal' });

	await page.goto('/settings/workspace');
	await page.getByLabel('Name', { exact: true }).fill('Kessel & Co.');
	await page.getByLabel('Currency').fill('xxy');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await page.getByText('a currency of ISO 4217').waitFor();
	await look(page, 'workspace-refused');
	await page.getByLabel('Currency').fill('chf');
	await page.getByLabel('Own domains').fill('kessel.example\nkessel.test');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await page.getByText('Saved').waitFor();
	assert.deepEqual((await admin.get('/api/v1/settings')).json.workspace.domains, ['kessel.example', 'kessel.test']);
	await look(page, 'workspace');

	await page.goto('/settings/stages');
	await page.getByLabel('English').first().waitFor();
	await page.getByRole('button', { name: 'Add a stage' }).click();
	await page.getByLabel('Name in rules').last().fill('advocate');
	await page.getByLabel('English').last().fill('Advocate');
	await page.getByLabel('Deutsch').last().fill('Fürsprecher');
	await page.getByRole('button', { name: 'Remove: SAL' }).click();
	await look(page, 'stages');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('1 person is in stage sal').waitFor();
	await look(page, 'stages-refused');
	await page.getByRole('button', { name: 'Remove it anyway' }).click();
	await page.getByText('Saved').waitFor();
	const line = (await admin.get('/api/v1/stages')).json.stages.map((x) => x.name);
	assert.deepEqual(line, ['lead', 'mql', 'sql', 'opportunity', 'customer', 'advocate']);

	await page.goto('/settings/privacy');
	await page.getByLabel('Honour Global Privacy Control').uncheck();
	await page.getByLabel('Your own rule').fill('Visits: 14 months.');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('Saved').waitFor();
	assert.equal((await admin.get('/api/v1/settings')).json.privacy.gpc, false);
	await look(page, 'privacy');
	assert.deepEqual(page.faults, []);

	const other = await openPage(browser, s.base, { language: 'de', scheme: 'dark', size: phone });
	await s.signInBrowser(other.context(), email);
	for (const [path, words] of [['workspace', 'Eigene Domains'], ['stages', 'Stufe hinzufügen'], ['privacy', 'Wünsche der Besucher']]) {
		await other.goto(`/settings/${path}`);
		await other.getByText(words).first().waitFor();
		await look(other, `${path}-phone-dark-de`);
	}
	assert.deepEqual(other.faults, []);
});
