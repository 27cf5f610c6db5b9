// What is asked of saved funnels by somebody who means no good, one test each; the list stands in
// SECURITY.md, "Saved funnels".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser, openPage } from './browser.mjs';
import { sampleServer, settle } from './walk.mjs';

describe('saved funnels', () => {
	const ends = [];
	let server, client, email;
	before(async () => {
		const t = { after: (f) => ends.unshift(f) };
		({ server, client, email } = await sampleServer(t, { people: 500 }));
	});
	after(async () => {
		for (const f of ends) await f();
	});
	const path = '/api/v1/funnels';
	const steps = { steps: 'page_viewed, form_submitted' };
	const refused = async (body, field, status = 400) => {
		const r = await client.post(path, body);
		assert.equal(r.status, status, r.text);
		assert.match(r.headers.get('content-type'), /problem\+json/);
		if (field) assert.equal(r.json.field, field, r.text);
		assert.doesNotMatch(r.text, /\/tmp|src\/|sqlite|\.c:/i);
	};

	test('a script in the title of a funnel is text, in the list, the builder and on the home', async (t) => {
		const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
		const r = await client.post(path, { title: evil, query: steps, place: 1 });
		assert.equal(r.status, 201, r.text);
		assert.match(r.json.name, /^[a-z0-9-]+$/);
		const browser = await openBrowser(t);
		const page = await openPage(browser, server.base);
		page.on('dialog', (d) => { page.faults.push(`dialog: ${d.message()}`); void d.dismiss(); });
		page.setDefaultTimeout(15_000);
		await server.signInBrowser(page.context(), email);
		for (const [where, part] of [['/funnels', '.saved-table'], [`/funnels/${r.json.name}`, 'h1'], ['/', '.pinned'], ['/settings/audit', 'main']]) {
			await page.goto(where);
			await settle(page);
			await page.locator(part, { hasText: where === '/settings/audit' ? 'funnel' : evil }).first().waitFor();
			assert.equal(await page.locator('img[src=x]').count(), 0, where);
		}
		assert.deepEqual(page.faults, []);
		const svg = await client.get(`/api/v1/funnel.svg?steps=page_viewed&title=${encodeURIComponent(evil)}`);
		assert.doesNotMatch(svg.text, /<script|<img/);
		await client.delete(`${path}/${r.json.name}`);
	});
	test('a name of a funnel that leaves its place is none', async () => {
		for (const name of ['../secret', 'a/b', 'secret.user.1', 'new', 'A', ' a', 'a\n', '', 'ä', 'x'.repeat(65), '%2e%2e', 'a.b'])
			await refused({ name, title: 'x', query: steps }, 'name');
		for (const name of ['..%2Fsecret', 'stages', '%00', 'x'.repeat(2000), "a'%20or%201=1--"])
			assert.ok([400, 404].includes((await client.get(`${path}/${name}`)).status), name);
	});
	test('SQL in the parameters of a funnel is a sentence about the parameter', async () => {
		for (const [name, text] of Object.entries({ window: '14 days; drop table', order: "any' --", by: 'x'.repeat(300), where: '1=1; --', steps: '[name = "a"', period: "30d' or 1=1", count: '*', as_of: 'x' }))
			if (name !== 'as_of') await refused({ title: 'x', query: { ...steps, [name]: text } }, name);
	});
	test('a funnel with parameters that nobody knows is refused', async () => {
		await refused({ title: 'x', query: { ...steps, evil: '1' } }, 'query');
		await refused({ title: 'x', query: { ...steps, __proto__x: '1' } }, 'query');
		await refused({ title: 'x', query: { steps: ['page_viewed'] } }, 'query');
		await refused({ title: 'x', query: { steps: { $gt: '' } } }, 'query');
		await refused({ title: 'x', query: [] }, 'query');
		await refused({ title: 'x', query: {} }, 'query');
		await refused({ title: 'x', query: steps, by: 'user:1' });
	});
	test('a title of a funnel without end, and one of control characters', async () => {
		for (const title of ['x'.repeat(121), 'a\u0000b', 'a\nb', '\u001b[31m', '   ', 5, null])
			await refused({ title, query: steps }, 'title');
	});
	test('a funnel of megabytes is refused', async () => {
		const r = await client.post(path, { title: 'x', query: { steps: 'a'.repeat(100_000) } });
		assert.ok([400, 413].includes(r.status), String(r.status));
		await refused({ title: 'x', query: { ...steps, where: `country = "${'x'.repeat(17_000)}"` } });
	});
	test('places of funnels outside of the home are refused', async () => {
		for (const place of [0, -1, 1001, 1.5, '1', true, {}]) await refused({ title: 'x', query: steps, place }, 'place');
	});
	test('who reads only keeps, changes and removes no funnel', async () => {
		const made = (await client.post(path, { title: 'Ours', query: steps })).json;
		const reader = await server.as('read-only');
		const key = server.key('read');
		for (const who of [reader, key]) {
			assert.equal((await who.get(`${path}/${made.name}`)).status, 200);
			assert.equal((await who.post(path, { title: 'x', query: steps })).status, 403);
			assert.equal((await who.patch(`${path}/${made.name}`, { place: 1 }, { 'If-Match': `"${made.etag}"` })).status, 403);
			assert.equal((await who.delete(`${path}/${made.name}`)).status, 403);
		}
		for (const role of ['sales', 'marketing', 'operations']) {
			const own = await (await server.as(role)).post(path, { title: role, query: steps });
			assert.equal(own.status, 201, role);
		}
		for (const method of ['get', 'delete']) assert.equal((await server.nobody[method](`${path}/${made.name}`)).status, 401);
	});
	test('of two who change one funnel the later is told', async () => {
		const made = (await client.post(path, { title: 'Both', query: steps })).json;
		const change = (title) => client.patch(`${path}/${made.name}`, { title }, { 'If-Match': `"${made.etag}"` });
		const both = await Promise.all([change('One'), change('Two')]);
		assert.deepEqual(both.map((r) => r.status).sort(), [200, 412]);
		assert.equal((await client.patch(`${path}/${made.name}`, { title: 'x' })).status, 428);
	});
	test('a funnel made twice with one Idempotency-Key is one', async () => {
		const body = { title: 'Once', query: steps };
		const make = () => client.post(path, body, { 'Idempotency-Key': 'once-1' });
		const [a, b] = [await make(), await make()];
		assert.equal(a.text, b.text);
		assert.equal((await client.get(path)).json.rows.filter((f) => f.title === 'Once').length, 1);
	});
	test('a thousand names for one title do not go on for ever', async () => {
		for (let i = 0; i < 5; i++) assert.equal((await client.post(path, { title: 'Same', query: steps })).status, 201);
		const names = (await client.get(path)).json.rows.filter((f) => f.title === 'Same').map((f) => f.name);
		assert.equal(new Set(names).size, 5);
	});
});
