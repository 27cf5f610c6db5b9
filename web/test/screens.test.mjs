// screens.test.mjs - the parts of lists and journeys that need no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, pretend } from './bundle.mjs';

pretend();
const { fold, lay, unfold, zonesOf, commonest, touchWords, runWords, complete, apply, quoted, Rows, Chosen, PAGE_MAX } =
	await load(`
	export * from './screens/person/fold';
	export * from './screens/person/words';
	export * from './components/rule-complete';
	export * from './screens/list/rows';
`);

/* ---------- folding ---------- */

const start = Date.parse('2026-03-02T09:00:00Z');
let seq = 0;
function touch(name, minutes, properties = {}, more = {}) {
	return { seq: ++seq, at: new Date(start + minutes * 60_000).toISOString(), name, properties, ...more };
}
const page = (minutes, path = '/', more = {}) => touch('page_viewed', minutes, { path }, more);

test('fourteen pages in nine minutes are one line', () => {
	const pages = Array.from({ length: 14 }, (_, i) => page((i * 9) / 13));
	const lines = fold(pages);
	assert.equal(lines.length, 1);
	assert.equal(lines[0].kind, 'run');
	assert.equal(lines[0].touches.length, 14);
	assert.equal(Math.round((lines[0].until - lines[0].at) / 60_000), 9);
});

test('two pages stay on lines of their own', () => {
	assert.deepEqual(fold([page(0), page(1)]).map((l) => l.kind), ['touch', 'touch']);
});

test('half an hour without a page ends a run', () => {
	const lines = fold([page(0), page(1), page(2), page(33), page(34), page(35)]);
	assert.deepEqual(lines.map((l) => l.touches.length), [3, 3]);
});

test('a new source begins a new run', () => {
	const lines = fold([page(0), page(1), page(2), page(3, '/', { source: 'google' }), page(4), page(5)]);
	assert.deepEqual(lines.map((l) => l.touches.length), [3, 3]);
});

test('a stage between pages is never folded', () => {
	const stage = touch('stage_entered', 2, { stage: 'mql', from: 'lead', reason: 'asked for a demo' });
	const lines = fold([page(0), page(1), page(1.5), stage, page(3), page(4), page(5)]);
	assert.deepEqual(lines.map((l) => l.kind), ['run', 'stage', 'run']);
	assert.equal(lines[1].stage, 'mql');
	assert.equal(lines[1].reason, 'asked for a demo');
});

test('what was taken back does not hide among what counts', () => {
	const undone = { undone: true };
	const lines = fold([page(0), page(1), page(2, '/', undone), page(3), page(4)]);
	assert.deepEqual(lines.map((l) => l.kind), ['touch', 'touch', 'touch', 'touch', 'touch']);
});

test('calls that reached nobody fold, the call that did stands out', () => {
	const call = (h, outcome) => touch('call_made', h * 60, { outcome });
	const lines = fold([call(0, 'no answer'), call(5, 'no answer'), call(30, 'no answer'), call(40, 'reached')]);
	assert.deepEqual(lines.map((l) => l.kind), ['run', 'touch']);
	assert.equal(lines[0].of, 'calls');
});

test('folding loses no touch, whatever comes', () => {
	const names = ['page_viewed', 'message_sent', 'message_opened', 'call_made', 'stage_entered', 'own thing'];
	for (let round = 0; round < 300; round++) {
		const touches = [];
		let at = 0;
		for (let i = 0; i < 60; i++) {
			at += Math.random() ** 4 * 4000;
			touches.push(touch(names[Math.floor(Math.random() ** 2 * names.length)], at, { stage: 'lead' }));
		}
		const lines = fold(touches);
		const flat = lines.flatMap((l) => (l.kind === 'run' ? l.touches : [l.touch]));
		assert.deepEqual(flat.map((t) => t.seq), touches.map((t) => t.seq));
		const fewer = fold(touches.slice(0, 40));
		assert.deepEqual(fewer.slice(0, -2), lines.slice(0, fewer.length - 2));
	}
});

test('journeys of colleagues lie beside each other by time', () => {
	const own = fold([page(0), page(60)], 1);
	const other = fold([page(30)], 2);
	assert.deepEqual(lay([own, other]).map((l) => l.who), [1, 2, 1]);
});

test('an unfolded run shows its touches behind it', () => {
	const lines = fold([page(0), page(1), page(2)]);
	assert.equal(unfold(lines, new Set()).length, 1);
	assert.equal(unfold(lines, new Set([lines[0].key])).length, 4);
});

test('a touch without a zone keeps the one before', () => {
	const lines = fold([page(0, '/', { zone: 'tofu' }), touch('own thing', 1), touch('demo_held', 2, {}, { zone: 'bofu' })]);
	assert.deepEqual(zonesOf(lines), ['tofu', 'tofu', 'bofu']);
});

test('the commonest pages of a run come first', () => {
	const run = [page(0, '/a'), page(1, '/b'), page(2, '/b')];
	assert.deepEqual(commonest(run, ['path']), [['/b', 2], ['/a', 1]]);
});

/* ---------- words ---------- */

const figures = {
	money: (minor, currency) => `${(minor / 100).toFixed(2)} ${currency}`,
	number: String,
	day: (iso) => iso.slice(0, 10),
	duration: (ms) => `${Math.round(ms / 60_000)} minutes`,
};
const dictionary = { 'touch.call_made': 'Call', 'field.minutes': 'minutes', 'run.pages': '{n} pages in {time}' };
const look = (key, values = {}) =>
	dictionary[key]?.replace(/\{(\w+)\}/g, (_, name) => values[name]) ?? null;

test('every property of a touch is said once', () => {
	const w = touchWords(look, figures, touch('call_made', 0, { outcome: 'reached', minutes: 16, text: 'Wants a demo' }));
	assert.deepEqual(w, { what: 'Call', object: 'reached', rest: [['minutes', '16']], quote: 'Wants a demo' });
});

test('a name nobody knows is shown as it was sent', () => {
	const w = touchWords(look, figures, touch('trial_started', 0, { plan: { a: 1 }, seats: 5 }));
	assert.equal(w.what, 'trial started');
	assert.deepEqual(w.rest, [['plan', '{"a":1}'], ['seats', '5']]);
});

test('a run says how many and how long', () => {
	const [run] = fold(Array.from({ length: 14 }, (_, i) => page((i * 9) / 13)));
	assert.equal(runWords(look, figures, run), '14 pages in 9 minutes');
});

/* ---------- completing rules ---------- */

const fields = [
	{ name: 'stage', type: 'text', values: ['lead', 'mql', 'sal'] },
	{ name: 'employees', type: 'number' },
	{ name: 'industry', type: 'text', values: ['financial services', 'banking'] },
	{ name: 'technologies', type: 'list', values: ['HubSpot'] },
	{ name: 'last_at', type: 'time' },
];
const labels = (text) => complete(text, text.length, fields).options.map((o) => o.label);

test('at the beginning fields are proposed, and those that begin with what is typed first', () => {
	assert.ok(labels('').includes('stage'));
	assert.deepEqual(labels('st').slice(0, 1), ['stage']);
	assert.ok(!labels('st').includes('employees'));
});

test('after a field its operators, after an operator its values', () => {
	assert.ok(labels('stage ').includes('='));
	assert.ok(labels('employees ').includes('between'));
	assert.ok(labels('technologies ').includes('has any ('));
	assert.deepEqual(labels('stage = '), ['lead', 'mql', 'sal']);
	assert.deepEqual(labels('stage = m'), ['mql']);
	assert.deepEqual(labels('stage in (lead, '), ['lead', 'mql', 'sal']);
	assert.ok(labels('last_at > ').includes('last 30d'));
});

test('after a value the words between, after them fields again', () => {
	assert.deepEqual(labels('stage = mql ').slice(0, 2), ['and', 'or']);
	assert.ok(labels('stage = mql and ').includes('employees'));
	assert.ok(labels('not (').includes('stage'));
	assert.deepEqual(labels('stage is '), ['known', 'unknown']);
	assert.ok(labels('employees between 1 and 5 and ').includes('stage'));
});

test('a chosen option replaces what was typed, and values are quoted where they must be', () => {
	const text = 'industry = fin';
	const c = complete(text, text.length, fields);
	assert.deepEqual(apply(text, c, c.options[0]), { text: 'industry = "financial services" ', caret: 32 });
	assert.equal(quoted('and'), '"and"');
	assert.equal(quoted('say "hi"'), '"say \\"hi\\""');
});

test('any text gets an answer', () => {
	for (const text of ['"', '(((', 'stage = "', 'did(', 'a `b', '= = =', '))', 'stage in', 'ü ü', '<script>'])
		for (let caret = 0; caret <= text.length; caret++) complete(text, caret, fields);
});

/* ---------- long lists ---------- */

function server(n) {
	const log = [];
	const fetch = async (after, limit) => {
		const from = after === null ? 0 : Number(after);
		log.push([from, limit]);
		const rows = Array.from({ length: Math.min(limit, n - from) }, (_, i) => ({ id: from + i + 1 }));
		return { rows, next: from + limit < n ? String(from + limit) : null, count: n };
	};
	return { fetch, log };
}

test('row 5,000 is reached page by page, never more than asked', async () => {
	const { fetch, log } = server(20_000);
	const rows = new Rows(fetch, (r) => r.id, () => {});
	await rows.ask(fetch);
	assert.equal(rows.length, 20_000);
	await rows.want(5_000);
	assert.equal(rows.at(5_000).id, 5_001);
	assert.ok(log.length <= 12, `${log.length} requests`);
	assert.ok(log.every(([, limit]) => limit <= PAGE_MAX));
	assert.deepEqual(rows.rows.map((r) => r.id), Array.from({ length: rows.rows.length }, (_, i) => i + 1));
});

test('the answer to a question no longer asked is dropped', async () => {
	let late;
	const slow = () => new Promise((r) => (late = r));
	const { fetch } = server(3);
	const rows = new Rows(slow, (r) => r.id, () => {});
	const first = rows.ask(slow);
	await rows.ask(fetch);
	late({ rows: [{ id: 99 }], next: null });
	await first;
	assert.deepEqual(rows.rows.map((r) => r.id), [1, 2, 3]);
});

test('away from the top a refresh changes values and moves nothing', async () => {
	let version = 1;
	const fetch = async (after, limit) => {
		const from = after === null ? 0 : Number(after);
		const all = Array.from({ length: 300 }, (_, i) => ({ id: i + 1, version }));
		if (version === 2) all.unshift({ id: 1000, version });
		return { rows: all.slice(from, from + limit), next: String(from + limit), count: all.length };
	};
	const rows = new Rows(fetch, (r) => r.id, () => {});
	await rows.ask(fetch);
	await rows.want(150);
	version = 2;
	await rows.refresh(110, 150);
	assert.equal(rows.at(120).id, 121);
	assert.equal(rows.at(120).version, 2);
	assert.equal(rows.count, 301);
	await rows.refresh(0, 40);
	assert.equal(rows.at(0).id, 1000);
});

test('a failure is kept, and asking again tries again', async () => {
	const { fetch } = server(3);
	const rows = new Rows(fetch, (r) => r.id, () => {});
	await rows.ask(async () => {
		throw new Error('down');
	});
	assert.equal(rows.error.message, 'down');
	await rows.again();
	assert.equal(rows.error.message, 'down');
	await rows.ask(fetch);
	assert.equal(rows.error, null);
	assert.equal(rows.rows.length, 3);
});

test('choosing: some, a range, all but some', () => {
	let c = new Chosen().toggle(1).add([2, 3]);
	assert.equal(c.count(100), 3);
	c = new Chosen(true).toggle(5);
	assert.ok(!c.has(5) && c.has(6));
	assert.equal(c.count(100), 99);
	assert.equal(c.add([5]).count(100), 100);
});
