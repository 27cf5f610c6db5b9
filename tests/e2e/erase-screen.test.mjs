// The person's page asks before it erases somebody, and only those who may are offered it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

test('a person is erased on their page, after a question in plain words', async (t) => {
	const trichter = new Trichter(t, { init: false });
	trichter.ok('demo', '--people', '200', '--days', '90');
	const s = await Server.start(t, { trichter });
	const browser = await openBrowser(t);
	const client = await s.as('administrator');
	const { rows } = (await client.get(`/api/v1/people?where=${encodeURIComponent('stage = lead')}&limit=2`)).json;
	for (const [i, [language, open, button, size]] of [['en', 'Erase …', 'Erase for ever'], ['de', 'Löschen …', 'Endgültig löschen', phone]].entries()) {
		const page = await openPage(browser, s.base, { language, size });
		await s.signInBrowser(page.context(), i ? s.user('operations') : 'administrator@example.com');
		await page.goto(`/people/${rows[i].person}`);
		await page.getByRole('button', { name: open }).click();
		await page.locator('dialog[open]').waitFor();
		assert.deepEqual(await axe(page), []);
		assert.ok((await sideways(page)) <= 0);
		if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/erase-${language}.png` });
		await page.keyboard.press('Escape');
		await page.locator('dialog').waitFor({ state: 'detached' });
		assert.equal((await client.get(`/api/v1/people/${rows[i].person}`)).status, 200);
		await page.getByRole('button', { name: open }).click();
		await page.getByRole('button', { name: button, exact: true }).click();
		await page.waitForURL('**/people');
		assert.equal((await client.get(`/api/v1/people/${rows[i].person}`)).status, 404);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	}
	const page = await openPage(browser, s.base);
	await s.signInBrowser(page.context(), s.user('sales'));
	await page.goto('/people?where=stage%20%3D%20lead');
	await page.locator('#row-2:not(.waiting) a').first().click();
	await page.waitForURL(/\/people\/\d+$/);
	await page.locator('.timeline').waitFor();
	assert.equal(await page.getByRole('button', { name: 'Erase …' }).count(), 0);
	await page.context().close();
});
