// screens.test.mjs - people, companies and deals as those who work with them use the screens:
// real Chromium, the real program, the sample company.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { axe, desktop, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { Server } from './server.mjs';

const pictures = process.env.SCREENSHOTS;
if (pictures) mkdirSync(pictures, { recursive: true });
async function picture(page, name) {
	if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: false });
}

/** The numbers of people, companies and deals that the tests look at. */
async function known(client) {
	const first = async (path) => (await client.get(path)).json.rows[0];
	return {
		customer: await first('/api/v1/people?where=stage%20%3D%20customer&limit=1'),
		mql: await first('/api/v1/people?where=stage%20%3D%20mql&limit=1'),
		deal: await first('/api/v1/deals?where=status%20%3D%20open&limit=1'),
	};
}

async function signedIn(server, browser, email, options = {}) {
	const page = await openPage(browser, server.base, options);
	await server.signInBrowser(page.context(), email);
	return page;
}
const rowsShown = (page) => page.locator('[role=grid] .grid-row');
const heading = (page) => page.locator('h1');

/** Waits until the line of text is somewhere in the element, or fails with what is there. */
async function says(locator, text) {
	await locator.filter({ hasText: text }).first().waitFor();
}

test('people, companies and deals', { timeout: 540_000 }, async (t) => {
	const server = new Server(t);
	t.after(() => server.stop());
	server.trichter.ok('demo', '--people', '10000', '--end', '2026-06-01');
	await server.start();
	const admin = server.user('administrator', 'anna@example.com');
	const seller = server.user('sales', 'zoe@example.com');
	const reader = server.user('read-only', 'rita@example.com');
	const client = await server.signIn(admin);
	const k = await known(client);
	const browser = await openBrowser(t);

	await t.test('a list scrolls to row 5,000, shows what is there, and finds back to it', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto('/people');
		await page.locator('#row-3:not(.waiting)').waitFor();
		assert.ok((await rowsShown(page).count()) < 200, 'only the rows in the window exist');
		await page.evaluate(() => {
			const top = document.querySelector('.grid-body').getBoundingClientRect().top + scrollY;
			scrollTo(0, top + 4990 * 36);
		});
		const row = page.locator('#row-5000:not(.waiting)');
		await row.waitFor();
		assert.equal(await row.getAttribute('aria-rowindex'), '5002');
		const name = await row.locator('a').innerText();
		const scrolled = await page.evaluate(() => scrollY);
		await row.click();
		await page.waitForURL(/\/people\/\d+$/);
		await says(heading(page), name);
		await page.keyboard.press('Escape');
		await page.waitForURL(/\/people$/);
		await page.locator('#row-5000:not(.waiting)').waitFor();
		assert.ok(Math.abs((await page.evaluate(() => scrollY)) - scrolled) < 40);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('a rule is completed, applied while one types, and wrong in its place', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto('/people');
		const field = page.getByRole('textbox', { name: 'Rule' }).or(page.getByLabel('Rule', { exact: true })).first();
		await field.fill('');
		await field.pressSequentially('sta');
		await page.getByRole('option', { name: /^stage/ }).first().waitFor();
		await page.keyboard.press('Tab');
		assert.equal(await field.inputValue(), 'stage ');
		await page.getByRole('option', { name: '=', exact: true }).waitFor();
		await field.pressSequentially('= cust');
		await page.getByRole('option', { name: 'customer' }).waitFor();
		await page.keyboard.press('Tab');
		assert.equal((await field.inputValue()).trim(), 'stage = customer');
		await page.waitForURL(/where=stage/);
		const { count } = (await client.get('/api/v1/people?where=stage%20%3D%20customer&limit=1&count=1')).json;
		await says(heading(page), `${count} `);
		await field.fill('stgae = mql');
		await says(page.getByRole('alert'), 'column 1');
		assert.equal(await page.locator('.rule-marks mark').innerText(), 'stgae');
		await says(heading(page), `${count} `); // the rows of the last right rule stay
		await page.getByRole('button', { name: /stage/ }).filter({ hasText: 'Did you mean' }).click();
		await says(heading(page), 'people');
		await page.waitForURL(/where=stage\+%3D\+mql/);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('counts by value narrow the list, or leave something out of it', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto('/people');
		await page.getByRole('button', { name: 'Counts' }).click();
		await page.getByRole('button', { name: 'Only Customer' }).click();
		await page.waitForURL(/where=stage\+%3D\+customer/);
		const { count } = (await client.get('/api/v1/people?where=stage%20%3D%20customer&limit=1&count=1')).json;
		await says(heading(page), `${count} `);
		assert.deepEqual(await axe(page), []);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('order and columns stand in the address, and columns are remembered', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto('/people?where=stage%20is%20known');
		await page.getByRole('button', { name: 'Touches' }).click();
		await page.waitForURL(/sort=-touches/);
		await page.locator('[aria-sort=descending]').waitFor();
		await page.waitForFunction(() => {
			const cells = [...document.querySelectorAll('.grid-row')].map((r) => Number(r.querySelectorAll('[role=gridcell]')[8]?.textContent));
			return cells.length > 5 && cells.every((n, i) => i === 0 || n <= cells[i - 1]);
		});
		await page.getByRole('button', { name: 'Columns' }).click();
		await page.getByRole('checkbox', { name: 'country', exact: true }).check();
		await page.waitForURL(/columns=.*country/);
		await page.getByRole('columnheader', { name: 'country' }).waitFor();
		await page.goto('/people');
		await page.getByRole('columnheader', { name: 'country' }).waitFor();
		await page.getByRole('button', { name: 'Columns' }).click();
		await page.getByRole('button', { name: 'The usual ones' }).click();
		await page.getByRole('columnheader', { name: 'country' }).waitFor({ state: 'detached' });
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('the keyboard alone finds somebody, notes something, and takes it back', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto('/people');
		await page.locator('#row-3:not(.waiting)').waitFor();
		await page.keyboard.press('/');
		await page.keyboard.type(k.mql.name);
		await says(heading(page), /^\d{1,2} (person|people)$/);
		await page.keyboard.press('ArrowDown');
		await page.locator('[role=grid]:focus').waitFor();
		await page.keyboard.press('Enter');
		await page.waitForURL(/\/people\/\d+$/);
		await says(heading(page), k.mql.name);
		await page.keyboard.press('n');
		await page.getByLabel(/What is worth knowing/).waitFor();
		await page.keyboard.type('Prefers to be called in the morning');
		await page.keyboard.press('Control+Enter');
		await says(page.getByRole('status'), 'Noted');
		await says(page.locator('.timeline'), 'Prefers to be called in the morning');
		await page.locator('.toasts').getByRole('button', { name: 'Undo', exact: true }).first().click();
		await says(page.getByRole('status'), 'Taken back');
		await page.keyboard.press('Escape');
		await page.waitForURL(/\/people\?/);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('a journey folds what is alike, unfolds it, and shows all of a touch', async () => {
		const { rows } = (await client.get(`/api/v1/people?where=${encodeURIComponent('stage = lead and touches > 25')}&limit=20`)).json;
		const page = await signedIn(server, browser, admin);
		let found = false;
		for (const r of rows) {
			await page.goto(`/people/${r.person}`);
			await page.locator('.timeline').waitFor();
			found = (await page.locator('.tl-run').count()) > 0;
			if (found) break;
		}
		assert.ok(found, 'somebody has a run');
		const run = page.locator('.tl-run').first();
		const n = Number(/\d+/.exec(await run.innerText().then((x) => x.split('\n').find((l) => /pages|mail|calls/.test(l)) ?? '0'))?.[0]);
		const before = await page.locator('.tl').count();
		await run.locator('button').first().click();
		assert.equal(await page.locator('.tl').count(), before + n);
		assert.equal(await run.locator('button').first().getAttribute('aria-expanded'), 'true');
		await run.locator('button').first().click();
		assert.equal(await page.locator('.tl').count(), before);
		const stage = page.locator('.tl-stage').first();
		await stage.locator('button').first().click();
		await says(stage.locator('dl'), 'stage_entered');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('what one does appears at once at everyone who looks, and can be taken back', async () => {
		const mine = await signedIn(server, browser, seller);
		const theirs = await signedIn(server, browser, admin, { size: desktop });
		for (const page of [mine, theirs]) {
			await page.goto(`/people/${k.mql.person}`);
			await says(page.locator('.facts'), 'MQL');
		}
		await mine.getByRole('button', { name: 'Accept', exact: true }).click();
		await says(mine.locator('.facts'), 'SAL');
		await says(theirs.locator('.facts'), 'SAL');
		await says(theirs.locator('.timeline'), 'by The sales');
		await mine.locator('.toasts').getByRole('button', { name: 'Undo', exact: true }).first().click();
		await says(mine.locator('.facts'), 'MQL');
		await says(theirs.locator('.facts'), 'MQL');
		await says(theirs.locator('.tl-undone'), 'undone by The sales');
		assert.deepEqual(mine.faults, []);
		assert.deepEqual(theirs.faults, []);
		await mine.context().close();
		await theirs.context().close();
	});

	await t.test('a refused action says which field is wrong and keeps what was typed', async () => {
		const page = await signedIn(server, browser, admin);
		page.faults.push = () => 0; // the browser logs the refusal itself
		await page.goto(`/people/${k.mql.person}`);
		await page.getByRole('button', { name: 'Recycle', exact: true }).click();
		await page.getByLabel(/Comes back on/).fill('2001-01-01');
		await page.getByRole('textbox', { name: /^Reason/ }).fill('too early');
		await page.locator('.deed-form').getByRole('button', { name: 'Recycle' }).click();
		await says(page.getByRole('alert'), 'until');
		assert.equal(await page.getByRole('textbox', { name: /^Reason/ }).inputValue(), 'too early');
		await page.context().close();
	});

	await t.test('a company shows its people, its deals and all their journeys together', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto(`/companies/${k.customer.company.company}`);
		await says(heading(page), k.customer.company.name);
		await says(page.locator('table'), k.customer.name);
		await says(page.locator('.timeline'), k.customer.name);
		await page.getByRole('button', { name: 'Note', exact: true }).click();
		await page.keyboard.type('Moves its office in May');
		await page.getByRole('button', { name: 'Save' }).click();
		await says(page.locator('.timeline'), 'Moves its office in May');
		await page.locator('table').getByRole('link', { name: k.customer.name }).click();
		await page.waitForURL(new RegExp(`/people/${k.customer.person}$`));
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('colleagues are laid beside a journey', async () => {
		const { rows } = (await client.get('/api/v1/people?where=stage%20is%20known&limit=100')).json;
		const page = await signedIn(server, browser, admin);
		for (const r of rows.filter((x) => x.company)) {
			const of = (await client.get(`/api/v1/companies/${r.company.company}/people?limit=5`)).json.rows;
			if (of.length < 2) continue;
			await page.goto(`/people/${r.person}`);
			await page.getByRole('button', { name: 'Colleagues beside it' }).click();
			await page.locator('.tl-beside').first().waitFor();
			break;
		}
		assert.ok((await page.locator('.tl-beside').count()) > 0);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('a deal moves along its stages, changes its amount, is won, and all of it can be undone', async () => {
		const page = await signedIn(server, browser, seller);
		await page.goto('/deals');
		await says(heading(page), 'deals');
		await page.locator('.stage-sums').waitFor();
		await page.goto(`/deals/${k.deal.deal}`);
		const to = k.deal.stage === 'commitment' ? 'evaluation' : 'commitment';
		await page.getByRole('button', { name: `Move to ${to}` }).click();
		await says(page.locator('.deal-line .now'), to);
		await page.getByRole('button', { name: 'Amount', exact: true }).click();
		await page.getByLabel(/Amount in/).fill('12,500.50');
		await page.getByRole('button', { name: 'Save' }).click();
		await says(page.locator('.subject-head .big'), '12,500.50');
		await page.getByRole('button', { name: 'Next step', exact: true }).click();
		await page.getByRole('textbox', { name: /^Next step/ }).fill('Send the contract');
		await page.getByRole('button', { name: 'Save' }).click();
		await says(page.locator('.facts'), 'Send the contract');
		await page.getByRole('button', { name: 'Won', exact: true }).first().click();
		await page.locator('.deed-form').getByRole('button', { name: 'Won' }).click();
		await says(page.locator('.deal-line .now'), 'won');
		await page.locator('.toast', { hasText: 'Won' }).getByRole('button', { name: 'Undo' }).click();
		await says(page.locator('.deal-line .now'), to);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('many are chosen with the keyboard and get an owner together', async () => {
		const page = await signedIn(server, browser, admin);
		await page.goto(`/people?where=${encodeURIComponent('stage = lead')}&sort=name`);
		await page.locator('#row-3').waitFor();
		await page.locator('[role=grid]').focus();
		await page.keyboard.press(' ');
		await page.keyboard.press('Shift+ArrowDown');
		await page.keyboard.press('Shift+ArrowDown');
		await says(page.locator('.chosen-bar'), '3 chosen');
		assert.equal(await page.locator('.grid-row[aria-selected=true]').count(), 3);
		await page.keyboard.press('Control+a');
		const { count } = (await client.get('/api/v1/people?where=stage%20%3D%20lead&limit=1&count=1')).json;
		await says(page.locator('.chosen-bar'), `${count} chosen`);
		await page.keyboard.press('Escape');
		await page.locator('.chosen-bar').waitFor({ state: 'detached' });
		await page.keyboard.press(' ');
		await page.keyboard.press('Shift+ArrowDown');
		await page.locator('.chosen-bar').getByRole('button', { name: 'Owner', exact: true }).click();
		await page.locator('.chosen-bar select').selectOption({ label: 'The sales' });
		await page.locator('.chosen-bar').getByRole('button', { name: 'Save' }).click();
		await says(page.locator('.grid-row'), 'The sales');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	await t.test('who only reads is offered nothing to change', async () => {
		const page = await signedIn(server, browser, reader);
		await page.goto(`/people/${k.mql.person}`);
		await says(page.locator('.facts'), 'MQL');
		assert.equal(await page.locator('.deeds').count(), 0);
		await page.goto('/people');
		await page.locator('#row-3').waitFor();
		assert.equal(await page.locator('.grid-choose').count(), 0);
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});

	// In the four looks that web.test.mjs does not walk through.
	await t.test('in both languages, both colour schemes, on desktop and phone: axe finds nothing, nothing scrolls sideways', async () => {
		const places = [
			['people', '/people?where=stage%20is%20known'],
			['people-none', '/people?where=touches%20%3E%20100000'],
			['person', `/people/${k.customer.person}`],
			['companies', '/companies'],
			['company', `/companies/${k.customer.company.company}`],
			['deals', '/deals'],
			['deal', `/deals/${k.deal.deal}`],
		];
		const wide = { width: 1440, height: 900 };
		const looks = [['en', 'dark', 'desktop', wide], ['de', 'light', 'desktop', wide], ['en', 'light', 'phone', phone], ['de', 'dark', 'phone', phone]];
		for (const [language, scheme, where, size] of looks) {
			const page = await signedIn(server, browser, admin, { language, scheme, size });
			for (const [name, path] of places) {
				const here = `${name} ${language} ${scheme} ${where}`;
				await page.goto(path);
				await page.locator('.grid-row:not(.waiting), .timeline, .empty').first().waitFor();
				assert.equal(await page.evaluate(() => document.documentElement.lang), language, here);
				assert.ok((await sideways(page)) <= 0, `${here} scrolls sideways`);
				assert.deepEqual(await axe(page), [], here);
				await picture(page, here.replace(/ /g, '-'));
			}
			assert.deepEqual(page.faults, [], `${language} ${scheme} ${where}`);
			await page.context().close();
		}
	});
});
