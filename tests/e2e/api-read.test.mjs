// Lists, pages, journeys, search, facets and tables over HTTP: what they answer, and what somebody
// who means no good gets; the list of probes stands in SECURITY.md, "Reading".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

const q = (o) => new URLSearchParams(o).toString();
const evil = {
	script: '<script>alert(1)</script>',
	img: '"><img src=x onerror=alert(1)>',
	formulas: ['=1+1', '+1', '-1+2', '@SUM(A1)', "'=kept"],
};

describe('reading', () => {
	const ends = [];
	let s, api, trichter;
	before(async () => {
		const t = { after: (f) => ends.unshift(f) };
		trichter = new Trichter(t, { init: false });
		trichter.ok('demo', '--people', '3000', '--seed', '7', '--end', '2025-12-31');
		const line = (o) => JSON.stringify({ timestamp: '2025-03-01T00:00:00Z', ...o });
		trichter.ok('import', 'events', trichter.file('evil.jsonl', [
			line({ type: 'identify', userId: 'evil', messageId: 'e1', traits: { name: evil.script, email: 'evil@example.com', city: evil.img } }),
			...evil.formulas.map((f, i) => line({ type: 'identify', userId: `f${i}`, messageId: `f${i}`, traits: { name: f, city: 'Formula' } })),
			line({ type: 'track', event: evil.script, userId: 'evil', messageId: 'e2', properties: { [evil.img]: evil.script } }),
		].join('\n')));
		s = await Server.start(t, { trichter });
		api = s.key('read', 'work', 'import');
	});
	after(async () => {
		for (const f of ends) await f();
	});

	const fine = async (path, of = api) => {
		const r = await of.get(path);
		assert.equal(r.status, 200, `${path.slice(0, 200)}: ${r.text.slice(0, 300)}`);
		return r;
	};
	/* 400 with the field and nothing of the inside; the server goes on. */
	const refused = async (path, field, status = 400) => {
		const r = await api.get(path);
		assert.equal(r.status, status, `${path.slice(0, 200)}: ${r.text.slice(0, 200)}`);
		assert.match(r.headers.get('content-type'), /problem\+json/);
		if (field) assert.equal(r.json.field, field, r.text);
		assert.doesNotMatch(r.text, /\/tmp|src\/|sqlite|\.c:/i);
		assert.equal((await api.get('/healthz')).status, 200);
	};
	const all = async (path, params) => {
		const rows = [];
		for (let after = ''; ; ) {
			const r = await fine(`${path}?${q({ ...params, ...(after && { after }) })}`);
			rows.push(...r.json.rows);
			after = r.json.next;
			if (!after) return rows;
		}
	};

	test('the list is who `trichter people` finds', async () => {
		for (const where of ['stage = mql', 'stage is known and first_source = google', 'did(page_viewed) >= 8', 'employees > 100 and not (stage = customer)']) {
			const cli = trichter.json('people', where, '--columns', 'person').rows.map((r) => r.person);
			const rows = await all('/api/v1/people', { where, limit: 100 });
			assert.deepEqual(rows.map((r) => r.person), cli, where);
			const one = await fine(`/api/v1/people?${q({ where, count: 1, limit: 1 })}`);
			assert.equal(one.json.count, cli.length);
		}
	});
	test('every order can be paged to its end, and no row comes twice', async () => {
		for (const sort of ['-last_at', 'name', '-touches', 'company', 'stage', '-first_source', 'email', 'number']) {
			const rows = await all('/api/v1/people', { sort, limit: 500, where: 'touches > 1' });
			const count = (await fine(`/api/v1/people?${q({ where: 'touches > 1', count: 1, limit: 1 })}`)).json.count;
			assert.equal(rows.length, count, sort);
			assert.equal(new Set(rows.map((r) => r.person)).size, count, sort);
		}
	});
	test('the order is kept, and who has no value comes last either way', async () => {
		for (const sign of ['', '-']) {
			const rows = await all('/api/v1/people', { sort: `${sign}last_at`, limit: 500 });
			for (let i = 1; i < rows.length; i++)
				assert.ok(sign ? rows[i - 1].last_at >= rows[i].last_at : rows[i - 1].last_at <= rows[i].last_at);
			const stages = (await all('/api/v1/people', { sort: `${sign}stage`, limit: 500 })).map((r) => r.stage);
			assert.equal(stages.indexOf(null), stages.filter(Boolean).length);
		}
	});
	test('the page of one says where each field comes from', async () => {
		const row = (await fine(`/api/v1/people?${q({ where: 'stage = customer', limit: 1 })}`)).json.rows[0];
		const r = await fine(`/api/v1/people/${row.person}`);
		assert.equal(r.headers.get('etag'), r.json.etag);
		assert.equal(r.json.stage, 'customer');
		assert.ok(r.json.fields.length > 3 && r.json.fields.every((f) => f.seq > 0 && f.touch));
		assert.ok(r.json.ids.length > 0 && Array.isArray(r.json.edges) && Array.isArray(r.json.deals));
		const company = (await fine(`/api/v1/companies/${r.json.company.company}`)).json;
		const people = (await fine(`/api/v1/companies/${company.company}/people?limit=500&count=1`)).json;
		assert.equal(people.count, company.people);
		assert.ok(people.rows.some((p) => p.person === row.person));
	});
	test('a journey is the same both ways, page by page', async () => {
		const row = (await fine('/api/v1/people?sort=-touches&limit=1')).json.rows[0];
		const path = `/api/v1/people/${row.person}/journey`;
		const first = await all(path, { limit: 7 });
		const latest = await all(path, { limit: 500, order: 'latest' });
		assert.deepEqual(first.map((t) => t.seq), latest.map((t) => t.seq).reverse());
		assert.deepEqual(first.map((t) => t.zone), latest.map((t) => t.zone).reverse());
		assert.ok(first.some((t) => t.zone === 'mofu'));
		for (let i = 1; i < first.length; i++) assert.ok(first[i - 1].at <= first[i].at);
	});
	test('what is acknowledged is in the next answer', async () => {
		for (let i = 0; i < 20; i++) {
			const made = await api.post('/api/v1/people', { email: `new${i}@example.com`, full_name: `New ${i}` }, { 'Idempotency-Key': `n${i}` });
			assert.equal(made.status, 201, made.text);
			const r = await fine(`/api/v1/people?${q({ where: `email = "new${i}@example.com"`, count: 1 })}`);
			assert.equal(r.json.count, 1);
			assert.equal((await fine(`/api/v1/search?${q({ q: `new ${i}` })}`)).json.people[0].email, `new${i}@example.com`);
		}
	});
	test('facets add up to the count', async () => {
		const r = await fine(`/api/v1/people/facets?${q({ fields: 'stage,first_channel', values: 1000, where: 'touches > 2' })}`);
		for (const f of Object.values(r.json.facets)) assert.equal(f.reduce((n, x) => n + x.count, 0), r.json.count);
	});
	test('a rule is checked with its place and what was meant', async () => {
		const ok = await api.post('/api/v1/rules/check', { entity: 'person', rule: 'stage=mql   and touches>3' });
		assert.deepEqual(ok.json, { ok: true, canonical: 'stage = "mql" and touches > 3' });
		const bad = (await api.post('/api/v1/rules/check', { rule: 'stag = mql' })).json;
		assert.equal(bad.ok, false);
		assert.deepEqual([bad.line, bad.column, bad.length, bad.suggestions[0]], [1, 1, 4, 'stage']);
	});
	test('fields come with frequent values', async () => {
		const fields = (await fine('/api/v1/people/fields')).json;
		assert.ok(fields.find((f) => f.name === 'stage').values.includes('mql'));
		assert.equal(fields.find((f) => f.name === 'touches').type, 'number');
	});
	test('touches come latest first, by a rule, page by page', async () => {
		const rows = (await fine(`/api/v1/touches?${q({ where: 'name = form_submitted', limit: 20 })}`)).json.rows;
		assert.equal(rows.length, 20);
		assert.ok(rows.every((t, i) => t.name === 'form_submitted' && (i === 0 || rows[i - 1].seq > t.seq)));
		assert.equal((await fine(`/api/v1/touches/${rows[3].seq}`)).json.seq, rows[3].seq);
	});
	test('an export is whole, and comes back in as it was', async (t) => {
		const r = await fine(`/api/v1/people.csv?${q({ where: 'city = Formula', columns: 'city' })}`);
		assert.match(r.headers.get('content-type'), /^text\/csv/);
		assert.match(r.headers.get('content-disposition'), /attachment/);
		const lines = r.text.trim().split('\r\n');
		assert.equal(lines.length, 1 + evil.formulas.length);
		const names = lines.slice(1).map((l) => l.split(',')[1]);
		assert.deepEqual(names, evil.formulas.map((f) => `'${f}`));
		const other = new Trichter(t);
		const plain = ['user_id,full_name', ...names.map((n, i) => `u${i},${n}`)].join('\n');
		other.ok('import', 'people', other.file('back.csv', plain));
		const back = other.json('people', '--columns', 'full_name').rows.map((x) => x.full_name);
		assert.deepEqual(back.sort(), [...evil.formulas].sort());
		const everyone = await fine('/api/v1/people.csv');
		const count = (await fine('/api/v1/people?count=1&limit=1')).json.count;
		assert.equal(everyone.text.trim().split('\r\n').length, count + 1);
	});

	// ---- probes ----------------------------------------------------------------------------

	const lists = ['people', 'companies', 'deals'];
	for (const list of lists) {
		test(`${list}: a parameter that nobody knows is named`, () => refused(`/api/v1/${list}?evil=1`, 'evil'));
		test(`${list}: a parameter that stands there twice is refused`, () => refused(`/api/v1/${list}?limit=1&limit=2`, 'limit'));
		test(`${list}: SQL in the number is nobody`, () => refused(`/api/v1/${list}/${encodeURIComponent("1' or 1=1 --")}`, null, 404));
	}
	for (const limit of ['0', '-1', '501', '99999999999999999999', '1e3', ' 5', '5;drop', '0x10', ''])
		test(`limit "${limit}" is refused`, () => refused(`/api/v1/people?${q({ limit })}`, 'limit'));
	for (const after of ["' or 1=1 --", '-1', '0', 'ff', '00000000', '../../etc', 'a'.repeat(5000), '7b7d'.repeat(20)])
		test(`the forged cursor "${after.slice(0, 20)}" is refused`, () => refused(`/api/v1/people?${q({ after })}`, 'after'));
	for (const after of ['deadbeef', '1.2', "';--"])
		test(`the forged cursor "${after}" of a journey is refused`, () => refused(`/api/v1/people/1/journey?${q({ after })}`, 'after'));
	test('a cursor with one digit changed is refused', async () => {
		const next = (await fine('/api/v1/people?sort=name&limit=3')).json.next;
		for (const i of [0, 3, next.length - 1]) {
			const digit = next[i] === 'a' ? 'b' : 'a';
			await refused(`/api/v1/people?${q({ sort: 'name', after: next.slice(0, i) + digit + next.slice(i + 1) })}`, 'after');
		}
	});
	test('a cursor of another order gives a page, not a failure', async () => {
		const next = (await fine('/api/v1/people?sort=name&limit=3')).json.next;
		for (const sort of ['-touches', 'last_at', 'stage', 'number']) await fine(`/api/v1/people?${q({ sort, after: next })}`);
	});
	for (const sort of ["name' --", 'name;drop', '--name', '$(reboot)', 'a'.repeat(3000), '\u0001'])
		test(`sort by "${sort.slice(0, 12).replace('\u0001', 'U+0001')}" is refused`, () => refused(`/api/v1/people?${q({ sort })}`, 'sort'));
	for (const where of ["stage = mql' or '1'='1", 'stage = mql; drop table touches', '1=1', 'stage = "x" union select', '"'.repeat(1001), 'stage ~ "*"'])
		test(`the rule ${where.slice(0, 24)} is refused with its place`, () => refused(`/api/v1/people?${q({ where })}`, 'where'));
	test('brackets without end are refused', () => refused(`/api/v1/people?${q({ where: '('.repeat(1500) })}`, 'where'));
	test('a rule nested too deeply is refused', () => refused(`/api/v1/people?${q({ where: `${'not ('.repeat(150)}stage = mql${')'.repeat(150)}` })}`, 'where'));
	test('a rule of a thousand parts is answered, or refused as too long', async () => {
		const rule = Array.from({ length: 400 }, (_, i) => `touches = ${i}`).join(' or ');
		const r = await api.get(`/api/v1/people?${q({ where: rule, count: 1 })}`);
		assert.ok([200, 400, 413, 414, 431].includes(r.status), r.text);
	});
	test('a rule longer than any is refused in the check', async () => {
		const r = await api.post('/api/v1/rules/check', { rule: 'x'.repeat(100 * 1024) });
		assert.ok(r.status === 413 || r.json.ok === false, r.text.slice(0, 200));
	});
	test('the check of a rule that is no text, or of nothing, is refused or empty', async () => {
		for (const body of [{ rule: { a: 1 } }, { rule: 7 }, {}, { entity: 'table', rule: '' }]) {
			const r = await api.post('/api/v1/rules/check', body);
			assert.ok(r.status === 400 || r.json.ok === true, r.text);
		}
	});
	for (const columns of ['a'.repeat(3000), Array.from({ length: 51 }, (_, i) => `c${i}`).join(','), "name'); --", evil.script])
		test(`columns "${columns.slice(0, 16)}" do no harm`, async () => {
			const r = await api.get(`/api/v1/people?${q({ columns, limit: 2 })}`);
			assert.ok(r.status === 200 || r.json.field === 'columns', r.text.slice(0, 200));
			assert.match(r.headers.get('content-type'), /json/);
		});
	test('facets of fields that nobody has are refused', () => refused(`/api/v1/people/facets?${q({ fields: "stage' --" })}`, 'fields'));
	test('more facets than may be asked for are refused', () => refused(`/api/v1/people/facets?${q({ fields: Array(11).fill('stage').join(',') })}`, 'fields'));
	test('facets without end of values are refused', () => refused(`/api/v1/people/facets?${q({ fields: 'stage', values: '1000000' })}`, 'values'));
	for (const text of ['', ' ', 'a'.repeat(201)])
		test(`a search for ${text.length} letters is refused`, () => refused(`/api/v1/search?${q({ q: text })}`, 'q'));
	for (const text of ['%', '_', "' or 1=1 --", '*', '\\', evil.script])
		test(`a search for ${text} finds what is called so, or nobody`, async () => {
			for (const p of (await fine(`/api/v1/search?${q({ q: text })}`)).json.people)
				assert.ok(p.name.toLowerCase().includes(text.toLowerCase()), p.name);
		});
	for (const id of ['0', '-1', '1.5', '99999999999', '18446744073709551616', '1%20or%201'])
		test(`the number ${id} is nobody`, () => refused(`/api/v1/people/${id}`, null, 404));
	for (const id of ['%00', '..%2f..%2fetc', '%ff']) test(`the path ${id} is refused`, () => refused(`/api/v1/people/${id}`, null, 400));
	test('a company is not a person, and a deal is neither', async () => {
		const company = (await fine('/api/v1/companies?limit=1')).json.rows[0].company;
		const deal = (await fine('/api/v1/deals?limit=1')).json.rows[0].deal;
		for (const path of [`people/${company}`, `people/${deal}`, `companies/${deal}`, `deals/${company}`, `people/${company}/journey`])
			await refused(`/api/v1/${path}`, null, 404);
	});
	test('script in a name, a field, an event and a property comes back as text of JSON', async () => {
		const r = await fine(`/api/v1/people?${q({ where: 'email = "evil@example.com"' })}`);
		assert.match(r.headers.get('content-type'), /^application\/json/);
		assert.match(r.headers.get('x-content-type-options') ?? '', /nosniff/);
		assert.equal(r.json.rows[0].name, evil.script);
		const page = await fine(`/api/v1/people/${r.json.rows[0].person}`);
		assert.ok(page.json.fields.some((f) => f.value === evil.img));
		const journey = await fine(`/api/v1/people/${r.json.rows[0].person}/journey`);
		const touch = journey.json.rows.find((x) => x.name === evil.script);
		assert.equal(touch.properties[evil.img], evil.script);
		const csv = await fine(`/api/v1/people.csv?${q({ where: 'email = "evil@example.com"' })}`);
		assert.match(csv.headers.get('content-type'), /^text\/csv/);
	});
	test('nobody reads without a key, and a key that may only read exports nothing', async () => {
		const none = new Client(s.base), reader = s.key('read');
		for (const path of ['people', 'people/1', 'people/1/journey', 'people.csv', 'companies', 'deals', 'touches', 'search?q=a', 'people/facets?fields=stage', 'people/fields'])
			assert.equal((await none.get(`/api/v1/${path}`)).status, 401, path);
		for (const list of lists) {
			assert.equal((await reader.get(`/api/v1/${list}?limit=1`)).status, 200);
			assert.equal((await reader.get(`/api/v1/${list}.csv`)).status, 403);
		}
	});
	test('many who ask at once are all answered', async () => {
		const asked = Array.from({ length: 60 }, (_, i) => api.get(`/api/v1/people?${q({ sort: i % 2 ? 'name' : '-touches', where: `touches > ${i % 5}` })}`));
		for (const r of await Promise.all(asked)) assert.ok(r.status === 200 || r.status === 503, r.text);
	});
});
