// Every parameter of a funnel, on a few people whose numbers one can check by eye; what each answer
// says of its rules, and why somebody came no further.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

const rows = [
	// ann: straight through, an hour from step to step
	['ann', 'seen', '01T10:00'], ['ann', 'tried', '01T11:00'], ['ann', 'bought', '01T12:00'],
	// bob: something between, and five days before he bought
	['bob', 'seen', '01T10:00'], ['bob', 'other', '01T10:30'], ['bob', 'tried', '01T11:00'], ['bob', 'bought', '06T11:00'],
	// cem: unsubscribed before he tried; a second attempt without
	['cem', 'seen', '01T10:00'], ['cem', 'unsubscribed', '01T10:10'], ['cem', 'tried', '01T11:00'], ['cem', 'bought', '01T12:00'],
	['cem', 'seen', '20T10:00'],
	// dea: tried twice
	['dea', 'seen', '01T10:00'], ['dea', 'tried', '01T11:00'], ['dea', 'tried', '01T11:30'], ['dea', 'bought', '01T12:00'],
	// eva: bought without trying, a second before she was seen
	['eva', 'bought', '02T09:59:59'], ['eva', 'seen', '02T10:00:00'],
	// fox: twice through
	['fox', 'seen', '01T10:00'], ['fox', 'tried', '01T10:01'], ['fox', 'bought', '01T10:02'],
	['fox', 'seen', '01T11:00'], ['fox', 'tried', '01T11:01'], ['fox', 'bought', '01T11:02'],
];
const full = (at) => `2024-01-${at}${at.length < 9 ? ':00' : ''}Z`;
const plan = { ann: 'p', bob: 'p' };
const file = `at,name,email,message_id,plan\n${rows.map(([who, name, at], i) => {
	const value = who === 'bob' && name === 'bought' ? 'q' : plan[who] ?? '';
	return `${full(at)},${name},${who}@example.com,m${i},${value}`;
}).join('\n')}\n`;
function filled(t) {
	const c = new Trichter(t);
	c.ok('import', 'events', c.file('events.csv', file));
	return c;
}
const steps = ['--steps', 'seen, tried, bought'];

test('each parameter changes the number that it is about', (t) => {
	const c = filled(t);
	const cases = [
		[[6, 5, 5]],
		[[6, 3, 3], '--order', 'strict'],
		[[6, 3, 1], '--order', 'strict', '--max-gap', '1h, 30min'],
		[[6, 5, 4], '--order', 'ordered', '--max-gap', '1d'],
		[[6, 5, 1], '--max-gap', 'none, 5min'],
		[[6, 5, 4], '--min-gap', '1h', '--max-gap', '10d'],
		[[6, 5, 4], '--repeat', 'stop'],
		[[6, 3, 3], '--order', 'strict_order'],
		[[6, 4, 4], '--exclude', 'unsubscribed', '--exclude-policy', 'end_attempt'],
		[[5, 4, 4], '--exclude', 'unsubscribed:1-2', '--exclude-policy', 'drop_person'],
		[[6, 4, 4], '--exclude', 'unsubscribed:1-2', '--exclude-policy', 'reset'],
		[[6, 5, 5], '--exclude', 'unsubscribed:2-3'],
		[[2, 2, 1], '--hold', 'plan'],
		[[6, 2, 1], '--hold', 'session', '--max-gap', '2h', '--entry', 'first'],
		[[8, 6, 6], '--count', 'totals'],
		[[8, 6, 6], '--entry', 'each'],
		[[8, 3, 2], '--count', 'sessions'],
		[[6, 6, 5], '--order', 'any'],
		[[6, 5, 5], '--entry', 'first'],
	];
	for (const [counts, ...args] of cases)
		assert.deepEqual(c.counts(...steps, ...args), counts, args.join(' '));
	// Without a try, too; only the first purchase ever; the anchor keeps its place.
	assert.deepEqual(c.counts('--steps', 'seen, optional:tried, bought'), [6, 5, 5]);
	assert.deepEqual(c.counts('--steps', 'seen, first:tried, bought', '--from', '2024-01-01T11:00:00Z'), [3, 0, 0]);
	assert.deepEqual(c.counts('--steps', 'seen, bought', '--ties', '2000'), [6, 6]);
	assert.deepEqual(c.counts('--steps', 'seen, bought', '--profile', 'mixpanel'), [6, 6]);
	assert.deepEqual(c.counts('--steps', 'seen, bought', '--ties', '0'), [6, 5]);
	assert.deepEqual(c.counts('--steps', 'anchor:seen, bought, tried', '--order', 'anchored'), [6, 5, 5]);
	assert.deepEqual(c.counts('--steps', 'seen, seen'), [6, 1]);
	assert.deepEqual(c.counts('--steps', 'seen, seen', '--reuse', 'multi'), [6, 6]);
	assert.deepEqual(c.counts('--steps', 'seen, seen', '--reuse', 'multi', '--ties', 'increase'), [6, 1]);
});

test('the answer names the profile, what was changed, and every rule', (t) => {
	const c = filled(t);
	const r = c.json('funnel', ...steps, '--profile', 'posthog', '--exclude', 'unsubscribed:1-2', '--max-gap', '2d, none', '--hold', 'plan');
	assert.equal(r.rules.profile, 'posthog');
	assert.deepEqual(r.rules.changed, ['max_gap', 'exclude', 'hold']);
	assert.deepEqual(r.rules.exclude, [{ step: 'unsubscribed', from: 1, to: 2 }]);
	assert.equal(r.rules.exclude_policy, 'drop_person');
	assert.deepEqual(r.rules.max_gap, ['2d', null]);
	assert.deepEqual(r.rules.hold, ['plan']);
	assert.equal(r.rules.tail, 'clip');
	assert.match(r.rules_text.en, /unsubscribed between steps 1 and 2 takes the person out; by the profile posthog, but with another max_gap, exclude, hold/);
	assert.match(r.rules_text.en, /at most 2d before step 2/);
	assert.match(r.rules_text.de, /alles mit gleichem Wert von plan/);
	const m = c.json('funnel', ...steps, '--profile', 'mixpanel');
	assert.deepEqual([m.rules.entry, m.rules.ties, m.rules.grace_ms, m.rules.tail], ['first', 'grace', 2000, 'follow']);
	const u = c.json('funnel', ...steps, '--profile', 'umami', '--window', '1h');
	assert.deepEqual([u.rules.window, u.rules.max_gap, u.rules.reuse, u.rules.hold], ['none', '1h', 'multi', ['session']]);
	assert.equal(c.json('funnel', ...steps, '--profile', 'retentioneering').rules.window, 'none');
	assert.deepEqual(['clickhouse', 'clickhouse_once'].map((p) => c.json('funnel', ...steps, '--profile', p).rules.reuse), ['multi', 'once']);
});

test('why somebody came no further is said for every parameter, in English and German', (t) => {
	const c = filled(t);
	const cases = [
		['bob', /between, on|other came between/, /dazwischen kam other/, '--order', 'strict'],
		['bob', /other, on .* is no step, which ends the count/, /other, am .* ist kein Schritt/, '--order', 'strict_order'],
		['bob', /Step 3, bought, came on .*, 5d after the step before; at most 1d/, /5d nach dem vorigen; höchstens 1d/, '--max-gap', '1d'],
		['fox', /1min after the step before; at least 30min/, /mindestens 30min/, '--min-gap', '30min', '--window', '20min'],
		['cem', /unsubscribed happened on .*, which is excluded between step 1, seen, and step 2, tried/, /ausgeschlossen/, '--exclude', 'unsubscribed:1-2'],
		['dea', /Step 2, tried, was repeated on .*11:30.*, which ends the count/, /noch einmal/, '--repeat', 'stop'],
		['bob', /with another value of plan/, /mit einem anderen Wert von plan/, '--hold', 'plan'],
		['bob', /in another session/, /in einer anderen Sitzung/, '--hold', 'session'],
		['bob', /outside the window of 2d/, /außerhalb des Zeitfensters von 2d/, '--window', '2d', '--reuse', 'multi'],
		['eva', /Step 2, tried, never happened/, /hat nie stattgefunden/, '--entry', 'first'],
	];
	for (const [who, en, de, ...args] of cases) {
		const x = c.json('funnel', ...steps, ...args, '--explain', `${who}@example.com`);
		assert.match(x.why_stopped, en, args.join(' '));
		assert.match(x.why_stopped_de, de, args.join(' '));
	}
	const x = c.json('funnel', '--steps', 'seen, seen', '--ties', 'increase', '--reuse', 'multi', '--explain', 'ann@example.com');
	assert.match(x.why_stopped, /in the same instant as the step before/);
	assert.equal(c.json('funnel', ...steps, '--order', 'strict', '--explain', 'ann@example.com').why_stopped, null);
});

test('over HTTP the same parameters give the same numbers, and say where they are wrong', async (t) => {
	const c = filled(t);
	const s = await Server.start(t, { trichter: c });
	const api = s.key('read');
	const ask = (o) => api.get(`/api/v1/funnel?${new URLSearchParams({ steps: 'seen, tried, bought', ...o })}`);
	const counts = async (o) => {
		const r = await ask(o);
		assert.equal(r.status, 200, r.text.slice(0, 300));
		return r.json.steps.map((x) => x.count);
	};
	assert.deepEqual(await counts({}), [6, 5, 5]);
	assert.deepEqual(await counts({ order: 'strict' }), [6, 3, 3]);
	assert.deepEqual(await counts({ exclude: 'unsubscribed:1-2', exclude_policy: 'drop_person' }), [5, 4, 4]);
	assert.deepEqual(await counts({ exclude: 'unsubscribed:1-2' }), [6, 4, 4]);
	assert.deepEqual(await counts({ profile: 'posthog', exclude: 'unsubscribed:1-2' }), [5, 4, 4]);
	assert.deepEqual(await counts({ max_gap: '1d' }), [6, 5, 4]);
	assert.deepEqual(await counts({ max_gap: 'none, 5min' }), [6, 5, 1]);
	assert.deepEqual(await counts({ count: 'totals' }), [8, 6, 6]);
	assert.deepEqual(await counts({ count: 'sessions' }), [8, 3, 2]);
	assert.deepEqual(await counts({ hold: 'plan' }), [2, 2, 1]);
	assert.deepEqual(await counts({ repeat: 'stop' }), [6, 5, 4]);
	for (const [field, o] of [
		['ties', { order: 'strict', ties: 'by_step' }], ['entry', { entry: 'third' }], ['exclude', { exclude: 'x:2-1' }],
		['max_gap', { max_gap: 'soon' }], ['hold', { hold: 'a,b,c,d' }], ['profile', { profile: 'x' }], ['count', { count: 'cats' }],
		['exclude_policy', { exclude: 'x', exclude_policy: 'reset', entry: 'first' }],
	]) {
		const r = await ask(o);
		assert.equal(r.status, 400, field);
		assert.ok(r.text.includes(`"${field}"`), `${field}: ${r.text}`);
	}
	const x = await api.get(`/api/v1/funnel/explain?${new URLSearchParams({ steps: 'seen, tried, bought', order: 'strict', person: 'bob@example.com' })}`);
	assert.match(x.json.why_stopped, /other came between/);
	assert.match(x.json.why_stopped_de, /dazwischen kam other/);
	// Who is behind a number of attempts and of sessions.
	const people = await api.get(`/api/v1/funnel/people?${new URLSearchParams({ steps: 'seen, tried, bought', profile: 'mixpanel', step: '3', outcome: 'reached' })}`);
	assert.equal(people.status, 200, people.text);
});
