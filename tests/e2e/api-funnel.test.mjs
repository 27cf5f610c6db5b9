// The funnel over HTTP: documented figures, lists that are as long as their numbers, flow, sources,
// reconcile; and the hostile probes of SECURITY.md, "Funnel".
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server } from './server.mjs';
import { Trichter, realData, root } from './trichter.mjs';

const olist = realData('olist');
const maps = join(root, 'examples/maps');
const q = (o) => new URLSearchParams(Object.entries(o).filter(([, v]) => v !== undefined)).toString();
const steps = 'stage:mql, stage:customer';
// origin: MQLs, won
const origins = {
	organic_search: [2296, 271], paid_search: [1586, 195], social: [1350, 75], unknown: [1099, 179],
	direct_traffic: [499, 56], email: [493, 15], referral: [284, 24], other: [150, 4], display: [118, 6],
	other_publicities: [65, 3], null: [60, 14],
};

async function server(t, fill) {
	const trichter = new Trichter(t, { init: false });
	fill(trichter);
	const s = await Server.start(t, { trichter });
	return { s, api: s.key('read'), trichter };
}
const sample = (people) => (c) => c.ok('demo', '--people', String(people), '--seed', '7', '--end', '2025-12-31');
async function ok(api, path) {
	const r = await api.get(path);
	assert.equal(r.status, 200, `${path}: ${r.text.slice(0, 300)}`);
	return r.json;
}

test('olist over HTTP: 8,000 leads, 842 customers in any order, 841 in order, by origin', { skip: olist.skip }, async (t) => {
	const { api } = await server(t, (c) => {
		c.ok('init');
		c.ok('import', '--map', join(maps, 'olist-leads.yaml'), join(olist.path, 'olist_marketing_qualified_leads_dataset.csv'));
		c.ok('import', '--map', join(maps, 'olist-deals.yaml'), join(olist.path, 'olist_closed_deals_dataset.csv'));
	});
	const counts = (f) => f.steps.map((x) => x.count);
	assert.deepEqual(counts(await ok(api, `/api/v1/funnel?${q({ steps })}`)), [8000, 841]);
	assert.deepEqual(counts(await ok(api, `/api/v1/funnel?${q({ steps, order: 'any' })}`)), [8000, 842]);
	const by = await ok(api, `/api/v1/funnel?${q({ steps, order: 'any', by: 'source' })}`);
	assert.deepEqual(Object.fromEntries(by.groups.map((g) => [g.value, counts(g)])), origins);
	assert.deepEqual(counts(await ok(api, `/api/v1/funnel?${q({ steps, window: '14d' })}`)), [8000, 411]);
	const list = await ok(api, `/api/v1/funnel/people?${q({ steps, order: 'any', by: 'source', step: 2, group: 'paid_search', limit: 500 })}`);
	assert.deepEqual([list.count, list.rows.length, list.next], [195, 195, null]);
	// the same figures as the sentence says them
	const home = await ok(api, '/api/v1/funnel?order=any');
	assert.match(home.sentence.text.en, /842 became customers/);
	assert.match(home.sentence.text.de, /842 Kunden/);
});

async function everyone(api, query) {
	const seen = new Set();
	let last = null;
	for (let after; after !== null;) {
		const page = await ok(api, `/api/v1/funnel/people?${q({ ...query, limit: 97, after })}`);
		for (const r of page.rows) {
			const id = r.person ?? r.deal ?? r.company;
			assert.ok(!seen.has(id), `${id} is there twice`);
			if (last) assert.ok(r.at <= last.at || new Date(r.at) <= new Date(last.at), 'the latest first');
			seen.add(id);
			last = r;
		}
		assert.equal(page.next === null || page.rows.length === 97, true);
		after = page.next;
		query.count = query.count;
		last.count = page.count;
	}
	return seen;
}

test('every number opens as many as it says, each once', async (t) => {
	const { api } = await server(t, sample(6000));
	for (const base of [{}, { from: '2025-05-01', to: '2025-09-01', compare: 'previous' }, { from: '2025-05-01', to: '2025-09-01', view: 'period' }]) {
		const f = await ok(api, `/api/v1/funnel?${q(base)}`);
		for (const s of f.steps) {
			const of = async (outcome, n, more = {}) => {
				if (n > 1500) {
					assert.equal((await ok(api, `/api/v1/funnel/people?${q({ ...base, step: s.step, outcome, limit: 1, ...more })}`)).count, n);
					return;
				}
				const seen = n ? await everyone(api, { ...base, step: s.step, outcome, ...more }) : new Set();
				assert.equal(seen.size, n, `${JSON.stringify(base)} ${s.name} ${outcome} ${JSON.stringify(more)}`);
			};
			await of('reached', s.count);
			await of('here', s.here_now);
			if (s.here_all !== null) await of('here_all', s.here_all);
			await of('young', s.young);
			for (const e of s.exits) {
				await of(`exit:${e.kind}`, e.count);
				assert.ok(e.reasons.reduce((sum, r) => sum + r.count, 0) <= e.count);
				for (const r of e.reasons) await of(`exit:${e.kind}`, r.count, { reason: r.reason ?? '' });
			}
			const next = f.steps[s.step];
			if (next && base.view !== 'period') {
				const left = s.exits.reduce((sum, e) => sum + e.count, 0);
				assert.ok(left + s.young <= s.count - next.count, `${s.name}: ${left} left, ${s.young} young`);
				await of('dropped', s.count - next.count);
				await of('open', s.count - next.count - left);
			}
		}
	}
	const by = await ok(api, '/api/v1/funnel?by=source&groups=4');
	for (const g of by.groups) {
		const who = g.value === null ? { no_group: 1 } : { group: g.value };
		const list = await ok(api, `/api/v1/funnel/people?${q({ by: 'source', groups: 4, step: 2, limit: 1, ...who })}`);
		assert.equal(list.count, g.steps[1].count, String(g.value));
	}
	assert.equal(by.groups.reduce((sum, g) => sum + g.steps[1].count, 0), by.steps[1].count);
});

test('the period before is counted as it stood at the same age', async (t) => {
	const { api } = await server(t, sample(3000));
	const now = await ok(api, '/api/v1/funnel?from=2025-06-01&to=2025-07-01&compare=previous');
	assert.deepEqual(now.previous, { from: '2025-05-01T00:00:00Z', to: '2025-06-01T00:00:00Z' });
	const before = await ok(api, '/api/v1/funnel?from=2025-05-01&to=2025-06-01');
	assert.equal(now.steps[0].previous, before.steps[0].count);
	assert.equal((await ok(api, '/api/v1/funnel?from=2025-06-01&to=2025-07-01')).steps[0].previous, null);
	assert.equal((await ok(api, '/api/v1/funnel?compare=previous')).steps[0].previous, null, 'all time has nothing before it');
});

test('the flow loses nobody; sources add up; names of touches are counted', async (t) => {
	const { api } = await server(t, sample(6000));
	const flow = await ok(api, '/api/v1/flow');
	for (const n of flow.nodes) {
		const sum = (side) => flow.links.filter((l) => l[side] === n.id).reduce((s, l) => s + l.count, 0);
		if (n.kind !== 'source') assert.equal(sum('to'), n.count, `into ${n.id}`);
		if (n.kind === 'source') assert.equal(sum('from'), n.count, `out of ${n.id}`);
		if (n.kind === 'stage' && n.id !== 'stage:customer') assert.equal(sum('from'), n.count, `out of ${n.id}`);
	}
	for (const l of flow.links) {
		const list = await ok(api, `/api/v1/funnel/people?${q({ by: 'source', groups: flow.groups, limit: 1, ...l.people })}`);
		assert.equal(list.count, l.count, `${l.from} → ${l.to}`);
	}
	const sources = await ok(api, '/api/v1/sources');
	const funnel = await ok(api, '/api/v1/funnel');
	for (const [i, s] of funnel.steps.entries())
		assert.equal(sources.rows.reduce((sum, r) => sum + r.steps[i].count, 0), s.count, s.name);
	const google = sources.rows.find((r) => r.value === 'google');
	assert.equal(google.cost_per_lead[0].amount_minor, Math.trunc(google.spend[0].amount_minor / google.steps[1].count));
	const spent = sources.rows.flatMap((r) => r.spend).reduce((s, m) => s + m.amount_minor, 0);
	assert.equal(funnel.steps[1].money.amount_minor, Math.round(spent / funnel.steps[1].count));
	const won = sources.rows.flatMap((r) => r.won).reduce((s, m) => s + m.amount_minor, 0);
	assert.equal(funnel.steps[6].money.amount_minor, won);
	const names = await ok(api, '/api/v1/touch-names');
	assert.equal(names.rows[0].name, 'page_viewed');
	assert.ok(names.rows.every((r, i) => i === 0 || r.count <= names.rows[i - 1].count));
});

test('reconcile says of every line whether it counts, and why not', async (t) => {
	const { api, trichter } = await server(t, (c) => {
		c.ok('init');
		const stage = (user, name, at, more = {}) => JSON.stringify({ type: 'track', event: 'stage_entered', userId: user, messageId: `${user}${name}`, timestamp: at, properties: { stage: name, ...more } });
		const event = (user, name, at, properties = {}) => JSON.stringify({ type: 'track', event: name, userId: user, messageId: `${user}${name}`, timestamp: at, properties });
		const named = (user, name, email) => JSON.stringify({ type: 'identify', userId: user, messageId: `id${user}`, timestamp: '2025-01-01T00:00:00Z', traits: { name, email } });
		c.ok('import', 'events', c.file('a.jsonl', [
			named('in', 'Ada Lovelace', 'ada@example.com'), stage('in', 'mql', '2025-05-05T10:00:00Z'),
			named('before', 'Carl Gauss', 'carl@example.com'), stage('before', 'mql', '2025-04-05T10:00:00Z'),
			named('skips', 'Emmy Noether', 'emmy@example.com'), stage('skips', 'customer', '2025-05-09T10:00:00Z'),
			named('never', 'Carl Gauss', 'carl2@example.com'), stage('never', 'lead', '2025-05-02T10:00:00Z'),
			named('refused', 'Leon Euler', 'leon@example.com'), event('refused', 'lead_disqualified', '2025-05-03T10:00:00Z', { reason: 'too small' }),
			named('extra', 'Alan Turing', 'alan@example.com'), stage('extra', 'mql', '2025-05-31T23:00:00Z'),
		].join('\n')));
		const undone = c.json('import', 'events', c.file('b.jsonl', [named('gone', 'Kurt Gone', 'gone@example.com'), stage('gone', 'mql', '2025-05-05T10:00:00Z')].join('\n')));
		c.ok('import', '--undo', String(undone.import));
	});
	const ids = ['ADA@example.com', 'in', 'carl@example.com', 'skips', 'never', 'refused', 'nobody', 'gone@example.com', 'Carl Gauss', 'alan turing ', '', 'Emmy Nobody'];
	const r = await api.post('/api/v1/reconcile', { ids: ids.slice(0, -3), stage: 'MQL', from: '2025-05-01', to: '2025-06-01' });
	assert.equal(r.status, 200, r.text);
	assert.deepEqual(r.json.rows.map((x) => [x.given, x.counted, x.code]), [
		['ADA@example.com', true, 'counted'], ['in', true, 'same'], ['carl@example.com', false, 'outside'],
		['skips', true, 'passed_over'], ['never', false, 'never'], ['refused', false, 'disqualified'],
		['nobody', false, 'unknown'], ['gone@example.com', false, 'hidden'], ['Carl Gauss', false, 'ambiguous'],
	]);
	assert.equal(r.json.counted_here, 3);
	assert.equal(r.json.counted_of_given, 2);
	assert.deepEqual(r.json.missing_there.rows.map((x) => x.email), ['alan@example.com']);
	assert.match(r.json.rows[2].why.en, /First entered MQL on 2025-04-05 10:00/);
	assert.match(r.json.rows[5].why.de, /too small/);
	const names = await api.post('/api/v1/reconcile', { ids: ids.slice(-3), stage: 'mql', from: '2025-05-01', to: '2025-06-01' });
	assert.deepEqual(names.json.rows.map((x) => [x.given, x.counted, x.code]), [['alan turing', true, 'counted'], ['Emmy Nobody', false, 'unknown']]);
	assert.match(trichter.ok('verify'), /no difference/);
});

test('broken down by two, beside another group, in classes of time, with what comes with conversion', async (t) => {
	const { api } = await server(t, sample(3000));
	const asked = { steps: 'page_viewed, form_submitted', by: 'source,channel', correlate: 1, compare_where: 'first_channel = "Email"' };
	const f = await ok(api, `/api/v1/funnel?${q(asked)}`);
	assert.ok(f.groups.length > 3);
	for (const g of f.groups.filter((x) => !x.other))
		assert.equal(g.values.length, 2);
	assert.equal(f.groups.reduce((n, g) => n + g.steps[0].count, 0), f.steps[0].count);
	const second = f.histogram.steps.find((x) => x.step === 2);
	assert.equal(second.buckets.reduce((n, b) => n + b.count, 0), f.steps[1].count);
	for (let i = 1; i < second.buckets.length; i++)
		assert.equal(second.buckets[i].from_seconds, second.buckets[i - 1].to_seconds);
	const alone = await ok(api, `/api/v1/funnel?${q({ steps: asked.steps, where: asked.compare_where })}`);
	assert.deepEqual(f.compare_where.steps.map((x) => x.count), alone.steps.map((x) => x.count));
	assert.ok(f.compare_where.p_value >= 0 && f.compare_where.p_value <= 1);
	assert.ok(f.correlation.length > 0);
	for (const c of f.correlation) {
		assert.ok(['touch', 'property', 'trait'].includes(c.kind), c.kind);
		assert.ok(c.low <= c.odds_ratio && c.odds_ratio <= c.high, JSON.stringify(c));
		assert.ok(c.converted_with <= c.converted && c.dropped_with <= c.dropped);
		assert.equal(c.converted, f.steps[1].count);
	}
	const wrong = await api.get(`/api/v1/funnel?${q({ ...asked, by: 'source,channel,name' })}`);
	assert.equal(wrong.status, 400, wrong.text);
});

test('while touches come in, equal questions share a computation and miss nothing that was there when they were asked', async (t) => {
	const { s, api } = await server(t, sample(2000));
	const collect = s.key('collect', 'work', 'read');
	let known = (await ok(api, '/api/v1/funnel')).snapshot;
	let on = true;
	const writer = (async () => {
		for (let i = 0; on; i++)
			assert.equal((await collect.post('/v1/track', { userId: `w${i}`, event: 'Looked', messageId: `w${i}` }, { Authorization: `Basic ${Buffer.from(`${collect.key}:`).toString('base64')}` })).status, 200);
	})();
	for (let round = 0; round < 8; round++) {
		const all = await Promise.all(Array.from({ length: 12 }, async () => {
			const before = known;
			const f = await ok(api, '/api/v1/funnel?by=source');
			assert.ok(f.snapshot >= before, `${f.snapshot} after ${before}`);
			return f;
		}));
		known = Math.max(known, ...all.map((f) => f.snapshot));
		const list = await ok(api, `/api/v1/funnel/people?by=source&step=1&limit=1&snapshot=${all[0].snapshot}`);
		assert.equal(list.count, all[0].steps[0].count, 'the list is that of the number that was shown');
	}
	on = false;
	await writer;
	const last = await ok(api, '/api/v1/funnel?by=source');
	assert.ok(last.snapshot > known - 1);
});

test('the zones that the company gives its stages are those of the funnel', async (t) => {
	const { s } = await server(t, (c) => c.ok('init'));
	s.user('administrator');
	const admin = await s.signIn('administrator@example.com');
	const zones = async () => (await ok(admin, '/api/v1/funnel')).steps.map((x) => x.zone);
	assert.deepEqual(await zones(), ['tofu', 'mofu', 'mofu', 'mofu', 'bofu', 'bofu', 'bofu']);
	const line = await admin.get('/api/v1/stages');
	const stages = line.json.stages.map((x) => ({ ...x, zone: x.name === 'lead' ? 'tofu' : x.zone }));
	const put = await admin.ask('PUT', '/api/v1/stages', { stages }, { 'If-Match': line.headers.get('etag') });
	assert.equal(put.status, 200, put.text);
	assert.deepEqual(await zones(), ['tofu', 'tofu', 'mofu', 'mofu', 'bofu', 'bofu', 'bofu']);
});
