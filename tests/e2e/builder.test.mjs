// The funnel builder, in a real browser, on the sample company: a funnel built by hand, what it
// finds, and what one does with it. SCREENSHOTS=DIR keeps what it looks like.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { axe, openBrowser, openPage, sideways } from './browser.mjs';
import { sampleServer, settle } from './walk.mjs';

const keep = process.env.SCREENSHOTS;
const shot = async (page, name) => keep && page.screenshot({ path: join(keep, `${name}.png`), fullPage: true });
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const built = '/funnels/new?steps=page_viewed,stage:lead,stage:mql&period=12mo';

describe('the builder', () => {
	const ends = [];
	let server, client, email, reader, browser;
	before(async () => {
		const t = { after: (f) => ends.unshift(f) };
		({ server, client, email } = await sampleServer(t, { people: 12000 }));
		reader = server.user('read-only');
		browser = await openBrowser(t);
	});
	after(async () => {
		for (const f of ends) await f();
	});

	const open = async (path, { who = email, ...look } = {}) => {
		const page = await openPage(browser, server.base, { size: desktop, ...look });
		page.setDefaultTimeout(15_000);
		await server.signInBrowser(page.context(), who);
		await page.goto(path);
		await settle(page);
		return page;
	};
	const close = async (page) => {
		assert.deepEqual(page.faults, []);
		await page.context().close();
	};
	const question = (page) => new URL(page.url()).searchParams;
	/* Waits until the address says so, and the answer to it is there. */
	const says = async (page, name, value) => {
		await page.waitForFunction(([n, v]) => new URL(location.href).searchParams.get(n) === v, [name, value]);
		await page.waitForFunction(() => document.querySelector('.builder-result')?.getAttribute('aria-busy') === 'false');
	};
	const addTouch = async (page, typed) => {
		await page.getByRole('button', { name: 'Add a step' }).click();
		await page.getByRole('combobox', { name: 'Touch' }).fill(typed);
		await page.keyboard.press('Enter');
		await page.getByRole('button', { name: 'Done' }).click();
	};

	test('a funnel built by hand finds the sources that bring, is saved and stands on the home', async () => {
		const page = await open('/funnels/new');
		await addTouch(page, 'page_v');
		await page.getByRole('button', { name: 'Add a step' }).click();
		await page.getByRole('combobox', { name: 'What happens in this step' }).selectOption('stage');
		await page.getByRole('combobox', { name: 'Stage', exact: true }).first().selectOption('mql');
		await page.getByRole('button', { name: 'Done' }).click();
		await addTouch(page, 'form_sub');
		await says(page, 'steps', 'page_viewed, stage:mql, form_submitted');

		// the third step becomes the second, by keyboard
		await page.getByRole('button', { name: /^Step 3, form_submitted/ }).focus();
		await page.keyboard.press('ArrowUp');
		await says(page, 'steps', 'page_viewed, form_submitted, stage:mql');
		const api = (await client.get('/api/v1/funnel?steps=page_viewed,form_submitted,stage:mql')).json;
		const shown = async () => (await page.locator('table.funnel .people').allTextContents()).map((x) => Number(x.replace(/\D/g, '')));
		await page.locator('.builder-sentence', { hasText: api.sentence.text.en }).waitFor();
		assert.deepEqual(await shown(), api.steps.map((s) => s.count));

		// who went no further are as many as it says
		const lost = page.getByRole('link', { name: /went no further/ }).first();
		const n = Number((await lost.textContent()).replace(/\D/g, ''));
		assert.equal(n, api.steps[0].count - api.steps[1].count);
		await lost.click();
		await page.locator('.drawer h2', { hasText: n.toLocaleString('en-GB') }).waitFor();
		await page.keyboard.press('Escape');

		// review portals bring MQLs at more than twice the rate of paid LinkedIn
		const by = page.getByRole('combobox', { name: 'Breakdown' });
		await by.fill('sour');
		await page.keyboard.press('Enter');
		await says(page, 'by', 'source');
		const rate = async (source) => {
			const row = page.locator('.across tr', { hasText: source }).first();
			return Number((await row.locator('td').last().textContent()).replace(/[^\d.]/g, ''));
		};
		assert.ok((await rate('capterra')) > 2 * (await rate('linkedin')), `${await rate('capterra')} % and ${await rate('linkedin')} %`);
		assert.ok((await page.locator('.multiple').count()) <= 6);
		await by.fill('None');
		await page.keyboard.press('Enter');
		await says(page, 'by', null);

		await page.getByRole('button', { name: 'Save', exact: true }).click();
		await page.getByRole('textbox', { name: 'Name' }).fill('Visits that count');
		await page.keyboard.press('Enter');
		await page.waitForURL('**/funnels/visits-that-count');
		await page.getByRole('button', { name: 'Pin to home' }).click();
		await page.getByRole('button', { name: 'Unpin from home' }).waitFor();
		await page.goto('/');
		const row = page.locator('.pinned tr', { hasText: 'Visits that count' });
		await row.locator('svg.spark').waitFor();
		const numbers = (await row.locator('td').allTextContents()).map((x) => Number(x.replace(/[^\d]/g, '')));
		assert.deepEqual(numbers.slice(0, 2), [api.steps[0].count, api.steps[2].count]);
		await row.getByRole('link').click();
		await page.locator('.builder-sentence', { hasText: api.sentence.text.en }).waitFor();
		assert.equal(question(page).toString(), '');
		await close(page);
	});

	test('two groups are compared, and what chance explains is said', async () => {
		const page = await open(`${built}&part=versus&where=${encodeURIComponent('first_source = linkedin')}`);
		await page.getByRole('textbox', { name: 'The other group' }).fill('first_source in (capterra, omr)');
		await says(page, 'compare_where', 'first_source in (capterra, omr)');
		await page.getByText('More than chance would explain').waitFor();
		await shot(page, 'versus');
		await close(page);
	});

	test('somebody else opens the link, and may look but not save', async () => {
		const mine = await open(`${built}&by=source&window=30d&order=any`);
		const theirs = await open(mine.url(), { who: reader });
		const sentence = await mine.locator('.builder-sentence').textContent();
		await theirs.locator('.builder-sentence', { hasText: sentence }).waitFor();
		assert.equal(await theirs.getByRole('button', { name: 'Save', exact: true }).count(), 0);
		assert.equal(await mine.getByRole('button', { name: 'Save', exact: true }).count(), 1);
		await close(mine);
		await close(theirs);
	});

	test('what is taken along says what is shown: CSV, JSON, SVG, PNG', async () => {
		const page = await open(built);
		const taken = async (kind) => {
			await page.getByRole('button', { name: 'Export' }).first().click();
			const coming = page.waitForEvent('download');
			await page.getByRole('menuitem', { name: kind }).click();
			const file = await coming;
			assert.equal(file.suggestedFilename(), `funnel.${kind.toLowerCase()}`);
			return readFileSync(await file.path());
		};
		const counts = (await page.locator('table.funnel .people').allTextContents()).map((x) => Number(x.replace(/\D/g, '')));
		const json = JSON.parse(await taken('JSON'));
		assert.deepEqual(json.steps.map((s) => s.count), counts);
		const csv = String(await taken('CSV'));
		for (const n of counts) assert.ok(csv.includes(String(n)), csv);
		assert.match(String(await taken('SVG')), /^<(\?xml|svg)/);
		assert.deepEqual([...(await taken('PNG')).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
		await close(page);
	});

	test('a step is dragged to another place, opened, given a condition, taken away', async () => {
		const page = await open('/funnels/new?steps=page_viewed,form_submitted,stage:mql');
		const third = await page.locator('.step-number').nth(2).boundingBox();
		const first = await page.locator('.step-number').nth(0).boundingBox();
		await page.mouse.move(third.x + 8, third.y + 8);
		await page.mouse.down();
		await page.mouse.move(first.x + 8, first.y + 4, { steps: 8 });
		await page.mouse.up();
		await says(page, 'steps', 'stage:mql, page_viewed, form_submitted');
		await page.locator('.step-name', { hasText: 'page_viewed' }).click();
		const condition = page.getByRole('textbox', { name: 'Only where' });
		await condition.fill('kind = "case_study"');
		await says(page, 'steps', 'stage:mql, [name = "page_viewed" and (kind = "case_study")], form_submitted');
		await condition.press('Escape');
		await page.getByRole('combobox', { name: 'Or this touch' }).fill('demo_booked');
		await page.keyboard.press('Enter');
		await says(page, 'steps', 'stage:mql, [name in ("page_viewed", "demo_booked") and (kind = "case_study")], form_submitted');
		await shot(page, 'step');
		await page.getByRole('button', { name: 'Remove the step' }).click();
		await says(page, 'steps', 'stage:mql, form_submitted');
		await close(page);
	});

	test('a rule that is wrong says so where it stands, and the answer before stays', async () => {
		const page = await open(built, { allow: ['400'] });
		await page.getByRole('button', { name: /^Rules/ }).click();
		await page.getByRole('textbox', { name: 'Window' }).fill('14');
		await page.locator('.rules-panel [role=alert]').waitFor();
		assert.ok(await page.locator('table.funnel').isVisible());
		await page.getByRole('textbox', { name: 'Window' }).fill('14d');
		await says(page, 'window', '14d');
		await page.locator('.rules', { hasText: 'within 14d' }).waitFor();
		await page.getByRole('button', { name: 'Standard rules' }).click();
		await says(page, 'window', null);
		await close(page);
	});

	test('a question that takes long says how far it is, and is given up', async () => {
		const page = await open(built);
		const before = await page.locator('.builder-sentence').textContent();
		await page.route('**/api/v1/funnel?**window=13d**', async (r) => {
			await new Promise((f) => setTimeout(f, 4000));
			await r.continue().catch(() => {});
		});
		await page.route('**/api/v1/funnel/progress?**', (r) => r.fulfill({ json: { counting: true, touches_done: 2500, touches: 10000 } }));
		await page.getByRole('button', { name: /^Rules/ }).click();
		await page.getByRole('textbox', { name: 'Window' }).fill('13d');
		await page.getByText('2,500 of 10,000 touches read').waitFor();
		await page.locator('.counting').getByRole('button', { name: 'Cancel' }).click();
		await page.locator('.counting').waitFor({ state: 'detached' });
		assert.equal(await page.locator('.builder-sentence').textContent(), before);
		const far = (await client.get('/api/v1/funnel/progress?steps=page_viewed')).json;
		assert.deepEqual(far, { counting: false, touches_done: 0, touches: 0 });
		await close(page);
	});

	test('every rule can be set by hand, and stands in the sentence', async () => {
		const page = await open('/funnels/new?steps=page_viewed,form_submitted,stage:mql');
		await page.getByRole('button', { name: /^Rules/ }).click();
		const choose = async (label, option, name, value) => {
			await page.getByRole('combobox', { name: label, exact: true }).selectOption(option);
			await says(page, name, value);
		};
		await choose('Order of the steps', 'strict_order', 'order', 'strict_order');
		await choose('A step done again', 'stop', 'repeat', 'stop');
		await choose('Order of the steps', '', 'order', null);
		await choose('A step done again', '', 'repeat', null);
		await choose('At the same instant', '2000', 'ties', '2000');
		await page.getByRole('textbox', { name: 'At most between steps' }).fill('60d');
		await says(page, 'max_gap', '60d');
		await page.getByRole('button', { name: 'Add an exclusion' }).click();
		await page.getByRole('combobox', { name: 'Touch', exact: true }).fill('call_m');
		await page.keyboard.press('Enter');
		await page.getByRole('combobox', { name: 'Between which steps' }).selectOption('1-2');
		await says(page, 'exclude', 'call_made:1-2');
		await page.getByRole('button', { name: 'Done' }).click();
		await choose('What an exclusion does', 'drop_person', 'exclude_policy', 'drop_person');
		await page.getByRole('button', { name: 'Standard rules' }).click();
		await says(page, 'exclude', null);
		await page.getByRole('combobox', { name: 'The same throughout' }).fill('sess');
		await page.keyboard.press('Enter');
		await says(page, 'hold', 'session');
		await page.getByRole('button', { name: /^Remove.*session/ }).click();
		await says(page, 'hold', null);
		await choose('Count as', 'mixpanel', 'profile', 'mixpanel');
		await page.locator('.rules', { hasText: 'by the profile mixpanel' }).waitFor();
		assert.equal(await page.locator('[role=alert]').count(), 0);
		await choose('Count as', '', 'profile', null);
		await page.locator('.step-name', { hasText: 'form_submitted' }).click();
		await page.getByLabel('Optional').check();
		await says(page, 'steps', 'page_viewed, optional:form_submitted, stage:mql');
		await page.getByLabel('Only their first time ever').check();
		await says(page, 'steps', 'page_viewed, first:optional:form_submitted, stage:mql');
		await page.locator('table.funnel .name', { hasText: 'optional' }).waitFor();
		await close(page);
	});

	test('what goes with coming through is said in numbers and in words', async () => {
		const page = await open('/funnels/new?steps=page_viewed,stage:lead,stage:mql&part=goes');
		await page.getByText(/came through [\d.,]+ times as often/).first().waitFor();
		const { correlation } = (await client.get('/api/v1/funnel?steps=page_viewed,stage:lead,stage:mql&correlate=1')).json;
		assert.ok(correlation.length > 5);
		for (const c of correlation) assert.ok(c.converted_with <= c.converted && c.dropped_with <= c.dropped, JSON.stringify(c));
		await close(page);
	});

	test('one of them is explained', async () => {
		const leads = (await client.get('/api/v1/funnel/people?steps=page_viewed,stage:lead,stage:mql&step=2&outcome=dropped&limit=1')).json;
		const who = leads.rows[0];
		const page = await open(`${built.replace('&period=12mo', '')}&part=one`);
		await page.getByRole('combobox', { name: 'Person' }).fill(who.email);
		await page.locator('.combo-list li:visible').first().click();
		await page.getByText('Step 2 of 3 reached').waitFor();
		assert.equal(await page.locator('.chain li[data-reached=true]').count(), 2);
		await close(page);
	});

	test('a saved funnel is changed, renamed, deleted, and brought back', async () => {
		await client.post('/api/v1/funnels', { name: 'mine', title: 'Mine', query: { steps: 'page_viewed, form_submitted', from: '2026-01-01', to: '2026-10-01' } });
		const page = await open('/funnels/mine');
		assert.equal(await page.getByLabel('To', { exact: true }).inputValue(), '2026-09-30');
		await page.getByRole('combobox', { name: 'Period' }).selectOption('90d');
		await page.getByRole('button', { name: 'Save changes' }).click();
		await page.waitForFunction(() => location.search === '');
		assert.deepEqual((await client.get('/api/v1/funnels/mine')).json.query, { steps: 'page_viewed, form_submitted', period: '90d' });
		await page.getByRole('button', { name: 'More' }).last().click();
		await page.getByRole('menuitem', { name: 'Rename' }).click();
		await page.getByRole('textbox', { name: 'Name' }).fill('Ours');
		await page.keyboard.press('Enter');
		await page.locator('h1', { hasText: 'Ours' }).waitFor();
		await page.getByRole('button', { name: 'More' }).last().click();
		await page.getByRole('menuitem', { name: 'Delete' }).click();
		await page.waitForURL('**/funnels');
		assert.equal((await client.get('/api/v1/funnels/mine')).status, 404);
		await page.getByRole('button', { name: 'Undo' }).click();
		await page.locator('.saved-table', { hasText: 'Ours' }).waitFor();
		assert.equal((await client.get('/api/v1/funnels/mine')).json.title, 'Ours');
		await close(page);
	});

	test('who is too late is told, and may save once more', async () => {
		await client.post('/api/v1/funnels', { name: 'late', title: 'Late', query: { steps: 'page_viewed, form_submitted' } });
		const page = await open('/funnels/late', { allow: ['412'] });
		const { etag } = (await client.get('/api/v1/funnels/late')).json;
		await client.patch('/api/v1/funnels/late', { title: 'Earlier' }, { 'If-Match': `"${etag}"` });
		await page.getByRole('combobox', { name: 'Period' }).selectOption('90d');
		await page.getByRole('button', { name: 'Save changes' }).click();
		await page.getByText('Somebody changed it').waitFor();
		await page.locator('h1', { hasText: 'Earlier' }).waitFor();
		await page.getByRole('button', { name: 'Save changes' }).click();
		await page.waitForFunction(() => location.search === '');
		assert.equal((await client.get('/api/v1/funnels/late')).json.query.period, '90d');
		await close(page);
	});

	test('it fits, and reads aloud, in both languages, themes and sizes', async () => {
		for (const [language, scheme, size, name] of [['en', 'light', desktop, '1440'], ['de', 'dark', desktop, '1440'], ['de', 'light', phone, '390'], ['en', 'dark', phone, '390']]) {
			const page = await open(`${built}&part=times`, { language, scheme, size });
			await page.locator('.fold').click();
			await page.locator('.step-name').first().click();
			const label = `builder-${name}-${scheme}-${language}`;
			assert.deepEqual(await axe(page), [], label);
			assert.ok((await sideways(page)) <= 0, label);
			await shot(page, label);
			await close(page);
		}
	});
});
