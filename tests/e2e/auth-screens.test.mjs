// auth-screens.test.mjs - the pages about people who sign in, as a browser shows them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { axe, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { password, Server } from './server.mjs';
import { totp } from './totp.mjs';
import { root } from './trichter.mjs';

const shots = join(root, 'build/shots');
mkdirSync(shots, { recursive: true });

async function look(page, name) {
	await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
	assert.deepEqual(await axe(page), [], name);
	assert.ok((await sideways(page)) <= 0, `${name} scrolls sideways`);
}
const unauthorized = { allow: ['401', '403', '400', '429', '409'] };

test('the first run makes an administrator, who sets up a second factor', async (t) => {
	const s = await Server.start(t);
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base, unauthorized);
	await page.goto('/');
	await page.waitForURL('**/setup');
	await look(page, 'setup-without-token');
	await page.goto(`/setup#${s.setupToken}`);
	await page.getByLabel('Your name').fill('Ann Miller');
	await page.getByLabel('E-mail').fill('ann@example.com');
	await page.getByLabel('Password').fill('password1234');
	await page.getByRole('button', { name: 'Set up and sign in' }).click();
	await page.getByText('one of the passwords that are tried first').waitFor();
	await look(page, 'setup');
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Set up and sign in' }).click();
	await page.getByText('Ann Miller').waitFor();
	assert.ok(!page.url().includes(s.setupToken));

	await page.goto('/settings/account');
	await page.getByLabel('Present password').nth(1).fill(password);
	await page.getByRole('button', { name: 'Set up the second factor' }).click();
	await page.locator('.qr path').waitFor();
	await look(page, 'account-totp');
	const secret = (await page.getByLabel('Or type this into the app').inputValue()).replaceAll(' ', '');
	const form = page.locator('form').filter({ hasText: 'Switch on' });
	await form.getByLabel('Code', { exact: true }).fill(totp(secret));
	await page.getByRole('button', { name: 'Switch on' }).click();
	await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
	await look(page, 'account-recovery');
	const recovery = await page.locator('.codes li').first().textContent();

	await page.getByRole('button', { name: 'Ann Miller' }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	await page.waitForURL('**/login*');
	await look(page, 'login');
	await page.getByLabel('E-mail').fill('ann@example.com');
	await page.getByLabel('Password').fill('not the password!');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByText('is wrong').waitFor();
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByLabel('Code').fill(recovery);
	await look(page, 'login-code');
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByText('Ann Miller').waitFor();
	assert.deepEqual(page.faults, []);
});

test('a one-time link waits for a click', async (t) => {
	const s = await Server.start(t);
	const email = s.user('administrator', 'ann@example.com');
	const link = s.trichter.ok('user', 'link', email).trim();
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base, { ...unauthorized, language: 'de', scheme: 'dark' });
	for (let i = 0; i < 2; i++) {
		await page.goto(link);
		await page.getByRole('button', { name: 'Jetzt anmelden' }).waitFor();
	}
	await look(page, 'link-de-dark');
	await page.getByRole('button', { name: 'Jetzt anmelden' }).click();
	await page.waitForURL(`${s.base}/`);
	await page.goto(link);
	await page.getByRole('button', { name: 'Jetzt anmelden' }).click();
	await page.getByText('schon benutzt').waitFor();
	await look(page, 'link-dead-de-dark');
	assert.deepEqual(page.faults, []);
});

test('a key is made, and its first event is seen to arrive', async (t) => {
	const s = await Server.start(t);
	const email = s.user('administrator', 'ann@example.com');
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base, unauthorized);
	await s.signInBrowser(page.context(), email);
	await page.goto('/settings/keys');
	await page.getByText('watch the first event arrive').waitFor();
	await look(page, 'keys-empty');
	await page.getByRole('button', { name: 'New key' }).click();
	await page.getByLabel('Name').fill('Web site');
	await look(page, 'keys-make');
	await page.getByRole('button', { name: 'Make the key' }).click();
	await page.getByText('Waiting for the first event').waitFor();
	const token = await page.getByLabel('The key').inputValue();
	assert.match(token, /^twk_/);
	await look(page, 'keys-made');
	const r = await fetch(`${s.base}/v1/track`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(`${token}:`)}` },
		body: JSON.stringify({ userId: '12', event: 'Demo booked' }),
	});
	assert.equal(r.status, 200);
	await page.getByText('Your first event arrived').waitFor();
	await page.getByText('Demo booked', { exact: true }).waitFor();
	await look(page, 'keys-arrived');
	assert.deepEqual(page.faults, []);
});

test('users and the audit log, in two languages, two colour schemes, on a telephone', async (t) => {
	const s = await Server.start(t);
	const email = s.user('administrator', 'ann@example.com');
	const browser = await openBrowser(t);
	const page = await openPage(browser, s.base, unauthorized);
	await s.signInBrowser(page.context(), email);
	await page.goto('/settings/users');
	await page.getByRole('button', { name: 'Invite somebody' }).click();
	await page.getByLabel('Name').fill('<img src=x onerror=alert(1)>');
	await page.getByLabel('E-mail').fill('Bo@example.com');
	await look(page, 'users-invite');
	await page.getByRole('button', { name: 'Invite', exact: true }).click();
	const link = await page.getByLabel('Link').inputValue();
	assert.match(link, /\/in\/[\w-]{43}$/);
	await look(page, 'users-link');
	await page.getByRole('button', { name: 'Close' }).click();
	await page.getByRole('button', { name: '<img' }).click();
	await page.getByRole('radio', { name: 'Marketing' }).check();
	await look(page, 'users-change');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('Done').waitFor();
	await look(page, 'users');
	await page.goto('/settings/audit');
	await page.getByText('sales').first().waitFor();
	await look(page, 'audit');
	await page.goto('/settings/audit?kind=users');
	await page.getByText('changed <img').first().waitFor();
	assert.deepEqual(page.faults, []);

	for (const [language, scheme, size] of [['de', 'dark', undefined], ['de', 'light', phone], ['en', 'dark', phone]]) {
		const other = await openPage(browser, s.base, { ...unauthorized, language, scheme, size });
		await s.signInBrowser(other.context(), email);
		for (const name of ['account', 'users', 'keys', 'audit']) {
			await other.goto(`/settings/${name}`);
			await other.locator('h1').waitFor();
			await other.locator('table, .empty').first().waitFor();
			await look(other, `${name}-${language}-${scheme}${size ? '-phone' : ''}`);
		}
		assert.deepEqual(other.faults, []);
		await other.context().close();
	}
});
