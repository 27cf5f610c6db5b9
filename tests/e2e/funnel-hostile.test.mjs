// What is asked of the funnel over HTTP by somebody who means no good, one test each; the list
// stands in SECURITY.md, "Funnel".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

const q = (o) => new URLSearchParams(o).toString();

describe('funnel', () => {
	const ends = [];
	let s, api, admin;
	before(async () => {
		const t = { after: (f) => ends.unshift(f) };
		const trichter = new Trichter(t, { init: false });
		trichter.ok('demo', '--people', '2000', '--seed', '7', '--end', '2025-12-31');
		const line = (o) => JSON.stringify({ timestamp: '2025-03-01T00:00:00Z', ...o });
		trichter.ok('import', 'events', trichter.file('evil.jsonl', [
			line({ type: 'identify', userId: 'evil', messageId: 'e1', traits: { name: '<script>alert(1)</script>', email: 'evil@example.com', country: '=cmd|calc' } }),
			line({ type: 'track', event: 'page_viewed', userId: 'evil', messageId: 'e2', context: { campaign: { source: '"><img src=x onerror=alert(1)>' } }, properties: { path: '/' } }),
			line({ type: 'track', event: 'stage_entered', userId: 'evil', messageId: 'e3', properties: { stage: 'mql' } }),
			line({ type: 'track', event: 'lead_disqualified', userId: 'evil', messageId: 'e4', timestamp: '2025-03-02T00:00:00Z', properties: { reason: '</title><script>alert(2)</script>' } }),
		].join('\n')));
		s = await Server.start(t, { trichter });
		s.user('administrator');
		s.user('read-only');
		api = s.key('read');
		admin = await s.signIn('administrator@example.com');
	});
	after(async () => {
		for (const f of ends) await f();
	});

	/* 400 with the field and nothing of the inside; the server goes on. */
	const refused = async (path, field, status = 400) => {
		const r = await api.get(path);
		assert.equal(r.status, status, `${path.slice(0, 200)}: ${r.text.slice(0, 200)}`);
		assert.match(r.headers.get('content-type'), /problem\+json/);
		if (field) assert.equal(r.json.field, field, r.text);
		assert.doesNotMatch(r.text, /\/tmp|src\/|sqlite|\.c:/i);
		assert.equal((await api.get('/healthz')).status, 200);
	};
	const fine = async (path) => {
		const r = await api.get(path);
		assert.equal(r.status, 200, `${path.slice(0, 200)}: ${r.text.slice(0, 200)}`);
		return r;
	};
	const rec = (body) => api.post('/api/v1/reconcile', body);

	test('a parameter that nobody knows is named', () => refused('/api/v1/funnel?evil=1', 'evil'));
	test('a parameter that stands there twice is refused', () => refused('/api/v1/funnel?by=source&by=channel', 'by'));
	for (const [name, text] of Object.entries({
		from: "2025-01-01' or 1=1 --", to: '9999999-99-99', compare: '$(reboot)', of: 'step 0', groups: '-1', window: '14 days; drop table',
		order: 'ordered%00any', count: 'people,companies', tail: '../..', view: '{{7*7}}', trend: 'second', as_of: "1' union select", where: "name = \"x\" or 1=1 --", steps: '[name = "a"',
	}))
		test(`an injection in ${name} is a sentence about ${name}`, () => refused(`/api/v1/funnel?${q({ by: name === 'of' ? 'source' : '', [name]: text })}`, name));
	test('SQL in by is the name of a property that nobody has', async () => {
		const r = await fine(`/api/v1/funnel?${q({ by: "source'; drop table touches; --" })}`);
		assert.deepEqual(r.json.groups.map((g) => g.value), [null]);
	});
	test('a breakdown by secrets gives none', async () => {
		for (const by of ['password', 'secret', 'key', 'totp', 'user.1', 'key.1', 'hash', 'csrf', 'session']) {
			const r = await fine(`/api/v1/funnel?${q({ by })}`);
			assert.deepEqual(r.json.groups.map((g) => g.value), [null], by);
		}
	});
	test('a rule about secrets finds no field of that name', async () => {
		for (const where of ['password ~ "*"', 'key.1 is known', 'totp is known'])
			await refused(`/api/v1/funnel?${q({ where })}`, 'where');
	});
	test('a window without end and one that overflows', async () => {
		await fine('/api/v1/funnel?window=none');
		for (const window of ['999999999999999999999d', '9223372036854775807ms9223372036854775807ms', '-1d', '1e400d'])
			await refused(`/api/v1/funnel?${q({ window })}`, 'window');
	});
	test('periods at both ends of time', async () => {
		await fine('/api/v1/funnel?from=0001-01-01&to=9999-12-31&compare=previous');
		await fine('/api/v1/funnel?from=0001-01-01&to=0001-01-02&compare=previous&trend=day');
		await refused('/api/v1/funnel?from=9999-12-31T23:59:59Z&to=0001-01-01', 'to');
		await refused('/api/v1/funnel?from=2025-02-30', 'from');
	});
	test('a period that ends as it begins is refused', () => refused('/api/v1/funnel?from=2025-01-01&to=2025-01-01', 'to'));
	test('a billion steps are refused by the thirty-third', () => refused(`/api/v1/funnel?${q({ steps: 'a,'.repeat(2000) + 'a' })}`, 'steps'));
	test('a breakdown of step one billion', () => refused('/api/v1/funnel?by=source&of=step+1000000000', 'of'));
	test('a million groups', () => refused('/api/v1/funnel?by=source&groups=1000000', 'groups'));
	test('a trend by day over two thousand years is over a limit, and says what to do', async () => {
		const r = await api.get('/api/v1/funnel?from=0001-01-01&to=9999-12-31&trend=day');
		assert.equal(r.status, 413);
		assert.match(r.json.detail, /choose weeks or months/);
	});
	test('a rule that never stops nesting', async () => {
		const r = await api.get(`/api/v1/funnel?${q({ where: '('.repeat(3000) + 'country = DE' + ')'.repeat(3000) })}`);
		assert.ok([400, 414, 431].includes(r.status), String(r.status));
	});
	test('a rule of sixteen kilobytes and one more', async () => {
		const r = await api.get(`/api/v1/funnel?${q({ where: `country = "${'x'.repeat(17000)}"` })}`);
		assert.ok([400, 414, 431].includes(r.status), String(r.status));
	});
	test('steps that are rules without end', () => refused(`/api/v1/funnel?${q({ steps: '[name = "a" and '.repeat(200) })}`, 'steps'));
	test('control characters, half characters and other alphabets in by', async () => {
		for (const by of ['%00', '%1b%5b31m', '%ff%fe', '%F0%9F%92%A9', '%E2%80%AE'])
			assert.ok([200, 400].includes((await api.get(`/api/v1/funnel?by=${by}`)).status), by);
	});
	test('as of a touch that is not there yet is the present', async () => {
		const now = (await fine('/api/v1/funnel')).json;
		assert.equal((await fine('/api/v1/funnel?as_of=18446744073709551615')).json.snapshot, now.snapshot);
		await refused('/api/v1/funnel?as_of=18446744073709551616', 'as_of');
		await refused('/api/v1/funnel?as_of=0', 'as_of');
	});
	test('a step that is none', async () => {
		await refused('/api/v1/funnel/people?step=0', 'step');
		await refused('/api/v1/funnel/people?step=8');
		await refused('/api/v1/funnel/people', 'step');
		await refused('/api/v1/funnel/people?step=4294967297', 'step');
	});
	test('a cursor that was made up', async () => {
		for (const after of ['x', '1', '1.x', '.', '99999999999999999999.1', '1.1.1', '-1.-1'])
			await refused(`/api/v1/funnel/people?${q({ step: 1, after })}`, 'after');
	});
	test('a page of a million', () => refused('/api/v1/funnel/people?step=1&limit=1000000', 'limit'));
	test('a group that is not there', () => refused('/api/v1/funnel/people?step=1&by=source&group=nowhere', null, 404));
	test('script in a value comes back as text, in JSON, CSV and the drawing', async () => {
		const json = await fine('/api/v1/funnel?by=source');
		assert.match(json.headers.get('content-type'), /^application\/json/);
		assert.equal(json.headers.get('x-content-type-options'), 'nosniff');
		const svg = await fine(`/api/v1/funnel.svg?${q({ by: 'source', title: '</title><script>alert(3)</script>' })}`);
		assert.doesNotMatch(svg.text, /<script|<img/);
		assert.match(svg.headers.get('content-disposition'), /^attachment/);
	});
	test('script in a reason and a name comes back as text', async () => {
		const r = await fine('/api/v1/funnel/people?step=3&outcome=exit:disqualified&limit=500');
		assert.ok(r.json.rows.some((x) => x.name.includes('<script>')));
		assert.match(r.headers.get('content-type'), /^application\/json/);
	});
	test('a formula in a value does not run in a spreadsheet', async () => {
		const r = await fine('/api/v1/funnel.csv?by=country&of=person');
		assert.match(r.text, /'=cmd\|calc/);
		assert.doesNotMatch(r.text, /(^|[,"\n])=cmd/);
	});
	test('somebody in explain who is nobody', async () => {
		await refused('/api/v1/funnel/explain', 'person');
		await refused(`/api/v1/funnel/explain?${q({ person: "' or ''='" })}`, null, 404);
		await refused('/api/v1/funnel/explain?person=18446744073709551615', null, 404);
		await refused(`/api/v1/funnel/explain?${q({ person: 'x'.repeat(600) })}`, 'person');
	});
	test('nobody sees an answer that another may see: what is kept is asked for after the rights', async () => {
		const path = '/api/v1/funnel?by=channel&groups=7';
		assert.equal((await admin.get(path)).status, 200);
		for (const p of [path, '/api/v1/funnel/people?step=1', '/api/v1/flow', '/api/v1/sources', '/api/v1/touch-names', '/api/v1/funnel.csv', '/api/v1/funnel.svg'])
			assert.equal((await s.nobody.get(p)).status, 401, p);
		assert.equal((await s.nobody.post('/api/v1/reconcile', { ids: [], stage: 'mql' })).status, 401);
		assert.equal((await s.key('collect').get(path)).status, 403);
		const reader = await s.signIn('read-only@example.com');
		assert.deepEqual((await reader.get(path)).json.steps, (await admin.get(path)).json.steps);
	});
	test('one question does not get the answer of another that only looks like it', async () => {
		const a = (await fine(`/api/v1/funnel?${q({ steps: 'page_viewed', by: 'source' })}`)).json;
		const b = (await fine(`/api/v1/funnel?${q({ steps: 'page_viewed', where: 'country = DE' })}`)).json;
		const c = (await fine(`/api/v1/funnel?${q({ steps: 'page_viewedsource' })}`)).json;
		assert.ok(a.groups.length > 0 && b.groups.length === 0 && c.steps[0].count === 0);
		assert.notEqual(a.steps[0].count, b.steps[0].count);
	});
	test('a hundred equal questions at once are one', async () => {
		const path = '/api/v1/funnel?by=landing_page&groups=9';
		const all = await Promise.all(Array.from({ length: 100 }, () => api.get(path)));
		assert.ok(all.every((r) => r.status === 200 || r.status === 503), all.map((r) => r.status).join());
		assert.equal(new Set(all.filter((r) => r.status === 200).map((r) => r.text)).size, 1, 'to the letter');
	});
	test('a hundred different questions leave the server within its memory', async () => {
		for (let i = 1; i <= 100; i++)
			await fine(`/api/v1/funnel?by=source&groups=${i}`);
		assert.equal((await api.get('/healthz')).status, 200);
	});
	test('10,001 lines are refused, 10,000 are not', async () => {
		const ids = Array.from({ length: 10001 }, (_, i) => `n${i}@example.com`);
		const r = await rec({ ids, stage: 'mql' });
		assert.deepEqual([r.status, r.json.field], [400, 'ids']);
		assert.equal((await rec({ ids: ids.slice(1), stage: 'mql' })).status, 200);
	});
	test('a reconcile body that is none', async () => {
		for (const body of [[], { stage: 'mql' }, { ids: 'x', stage: 'mql' }, { ids: [], stage: 7 }, { ids: [], stage: '' }, { ids: [{}], stage: 'mql' },
			{ ids: [null], stage: 'mql' }, { ids: [], stage: 'nowhere' }, { ids: [], stage: 'mql', from: 7 }, { ids: [], stage: 'mql', where: 'x' },
			{ ids: ['x'.repeat(600)], stage: 'mql' }, { ids: [], stage: 'mql', from: '2025-02-01', to: '2025-01-01' }]) {
			const r = await rec(body);
			assert.equal(r.status, 400, JSON.stringify(body).slice(0, 100));
		}
	});
	test('SQL, script and paths in pasted lines are ids that nobody has', async () => {
		const ids = ["' or 1=1 --", '<script>alert(1)</script>', '../../etc/passwd', '%s%s%s%n', '\u202e\u0000x', '"', ':', 'a:b:c', '💩'];
		const r = await rec({ ids, stage: 'mql' });
		assert.equal(r.status, 200, r.text);
		assert.ok(r.json.rows.every((x) => x.code === 'unknown'), r.text);
	});
	test('reconcile from another site is refused: it needs the token', async () => {
		const r = await fetch(`${s.base}/api/v1/reconcile`, { method: 'POST', headers: { Cookie: admin.cookie, 'Content-Type': 'application/json', Origin: 'https://evil.example' }, body: '{"ids":[],"stage":"mql"}' });
		assert.equal(r.status, 403);
	});
	test('sources and flow take no other parameters than theirs', async () => {
		await refused('/api/v1/sources?by=password', 'by');
		await refused('/api/v1/sources?where=x', 'where');
		await refused('/api/v1/flow?step=1', 'step');
		await refused('/api/v1/touch-names?limit=1', 'limit');
	});
	test('a client that goes away does not matter', async () => {
		for (let i = 0; i < 20; i++) {
			const gone = new AbortController();
			const asked = fetch(`${s.base}/api/v1/funnel?by=path&groups=${i + 200}`, { signal: gone.signal, headers: { Authorization: `Bearer ${api.key}` } }).catch(() => null);
			setTimeout(() => gone.abort(), 2);
			await asked;
		}
		await fine('/api/v1/funnel');
	});
});
