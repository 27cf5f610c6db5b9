// How many came how far, in every form.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Trichter, rows } from './trichter.mjs';

const events = `at,name,email,message_id,source,plan
2024-01-01T10:00:00Z,signup,a@example.com,1,google,pro
2024-01-02T10:00:00Z,paid,a@example.com,2,,pro
2024-01-01T10:00:00Z,signup,b@example.com,3,google,basic
2024-02-20T10:00:00Z,paid,b@example.com,4,,basic
2024-01-05T10:00:00Z,paid,c@example.com,5,,
2024-01-06T10:00:00Z,signup,c@example.com,6,bing,
2024-02-01T10:00:00Z,signup,d@example.com,7,,
`;
function filled(t) {
	const c = new Trichter(t);
	c.ok('import', 'events', c.file('events.csv', events));
	return c;
}
const steps = ['--steps', 'signup, paid'];

test('steps, window and order count as FUNNEL.md says', (t) => {
	const c = filled(t);
	assert.deepEqual(c.counts(...steps), [4, 1]); // 14 days without a stage
	assert.deepEqual(c.counts(...steps, '--window', 'none'), [4, 2]);
	assert.deepEqual(c.counts(...steps, '--window', '50d'), [4, 2]);
	assert.deepEqual(c.counts(...steps, '--window', 'none', '--order', 'any'), [4, 3]);
	assert.deepEqual(c.counts(...steps, '--from', '2024-01-02'), [2, 0]);
	assert.deepEqual(c.counts(...steps, '--to', '2024-01-02'), [2, 1]);
	assert.deepEqual(c.counts(...steps, '--window', 'none', '--to', '2024-02-01', '--tail', 'clip'), [3, 1]);
	assert.deepEqual(c.counts('--steps', '*'), [4]);
	assert.deepEqual(c.counts('--steps', '[name = "signup" and plan = "pro"], paid'), [1, 1]);
	assert.deepEqual(c.counts(...steps, '--where', 'email = "a@example.com"'), [1, 1]);
});

test('json is the document that is promised', (t) => {
	const c = filled(t);
	const r = c.json('funnel', ...steps, '--by', 'source', '--trend', 'month');
	assert.deepEqual(Object.keys(r.steps[0]).slice(0, 7),
		['step', 'name', 'count', 'from_previous', 'from_first', 'median_seconds', 'p90_seconds']);
	assert.equal(r.steps[0].from_previous, null);
	assert.equal(r.steps[1].from_previous, 0.25);
	assert.equal(r.steps[1].median_seconds, 86400);
	assert.deepEqual(r.groups.map((g) => [g.value, g.steps[0].count]), [['google', 2], [null, 1], ['bing', 1]].sort((x, y) => y[1] - x[1] || 0));
	assert.ok(r.rules && typeof r.snapshot === 'number');
	assert.deepEqual(r.trend.map((x) => x.steps[0].count), [3, 1]);
	assert.equal(typeof r.trend[0].complete, 'boolean');
});

test('csv, svg and table show the same counts', (t) => {
	const c = filled(t);
	const csv = rows(c.ok('funnel', ...steps, '--format', 'csv'));
	assert.deepEqual(csv.map((x) => Number(x.count)), [4, 1]);
	c.ok('funnel', ...steps, '--svg', c.path('f.svg'), '--title', 'A < B & "C"');
	const svg = readFileSync(c.path('f.svg'), 'utf8');
	assert.match(svg, /^<(\?xml|svg)/);
	assert.match(svg, /A &lt; B &amp;/);
	const table = c.ok('funnel', ...steps, '--times');
	assert.match(table, /signup +4 /);
	assert.match(table, /paid +1 .*25\.0 %/);
	assert.match(table, /1 person did the steps in another order; --order any/);
	assert.doesNotMatch(table, /\u001b/, 'no colours off a terminal');
});

test('one person is explained', (t) => {
	const c = filled(t);
	const b = c.json('funnel', ...steps, '--explain', 'b@example.com');
	assert.equal(b.level, 1);
	assert.match(b.why_stopped, /\S/);
	const a = c.json('funnel', ...steps, '--explain', 'a@example.com');
	assert.deepEqual(a.chain.map((x) => x.name), ['signup', 'paid']);
	assert.equal(a.why_stopped, null);
	assert.match(c.ok('funnel', ...steps, '--explain', 'b@example.com'), /came to step 1 of 2/);
	assert.equal(c.run('funnel', ...steps, '--explain', 'nobody@example.com').status, 1);
});

test('as it was known then', (t) => {
	const c = filled(t);
	const then = c.json('status').touches;
	c.ok('import', 'events', c.file('more.csv', 'at,name,email,message_id\n2024-02-03T10:00:00Z,paid,d@example.com,8\n'));
	assert.deepEqual(c.counts(...steps), [4, 2]);
	assert.deepEqual(c.counts(...steps, '--as-of', String(then)), [4, 1]);
	assert.equal(c.run('funnel', ...steps, '--as-of', '2001-01-01').status, 3);
	assert.equal(c.run('funnel', ...steps, '--as-of', '99999999').status, 2);
	assert.deepEqual(c.counts(...steps, '--as-of', '2999-01-01'), [4, 2]);
});

test('what cannot be understood is pointed at', (t) => {
	const c = filled(t);
	for (const [args, message] of [
		[['--steps', ''], /--steps/], [['--steps', 'a,,b'], /--steps/], [['--steps', '[name = '], /--steps/],
		[['--steps', Array.from({ length: 33 }, (_, i) => `s${i}`).join(',')], /32/],
		[['--window', 'soon'], /--window/], [['--window', '-1d'], /--window/],
		[['--from', '2024-02-30'], /--from/], [['--from', '2024-02-01', '--to', '2024-01-01'], /not before/],
		[['--of', 'step 9', '--by', 'source'], /--of/], [['--where', 'contry = DE'], /country|contry/],
		[['--where', '('.repeat(5000)], /--where/],
	]) {
		const r = c.run('funnel', ...(args[0] === '--steps' ? [] : steps), ...args);
		assert.equal(r.status, 2, `${args.join(' ').slice(0, 60)}: ${r.status} ${r.err.slice(0, 200)}`);
		assert.match(r.err, message, args.join(' ').slice(0, 60));
	}
});

test('empty data has an answer too', (t) => {
	const c = new Trichter(t);
	const r = c.run('funnel');
	assert.equal(r.status, 1);
	assert.match(r.out, /^No visitors in this period/);
	assert.ok(JSON.parse(c.run('funnel', '--format', 'json').out).steps.every((s) => s.count === 0 && s.from_previous === null));
});

test('who left stands between the rows, who is where and the money beside them', (t) => {
	const c = new Trichter(t, { init: false });
	c.ok('demo', '--people', '3000', '--seed', '7', '--end', '2025-12-31');
	const drawn = c.ok('funnel', '--from', '2025-04-01', '--to', '2025-07-01', '--compare', 'previous', '--details');
	assert.match(drawn, /^Of [\d,]+ leads, \d+ became customers?\./);
	assert.match(drawn, /\nMQL .*\n +\u2212\d+ disqualified \(.+ %.*\)/);
	assert.match(drawn, /period before/);
	assert.match(drawn, /EUR a head/);
	const f = c.json('funnel', '--from', '2025-04-01', '--to', '2025-07-01', '--compare', 'previous');
	assert.ok(f.steps[0].previous > 0);
	assert.ok(f.steps[2].exits.some((e) => e.kind === 'disqualified'));
	const period = c.json('funnel', '--view', 'period', '--from', '2025-04-01', '--to', '2025-07-01');
	assert.equal(period.rules.view, 'period');
	assert.equal(period.sentence.leak, null);
	assert.match(c.ok('funnel', '--view', 'period', '--from', '2025-04-01'), /^In this period /);
});

test('a funnel kept under a name is the same by its name; what is typed goes first', (t) => {
	const c = filled(t);
	c.ok('funnel', ...steps, '--window', 'none', '--order', 'any', '--save', 'any-way', '--title', 'Any way', '--pin');
	assert.deepEqual(c.counts('any-way'), [4, 3]);
	assert.deepEqual(c.counts('any-way', '--order', 'ordered'), [4, 2]);
	assert.deepEqual(c.counts('any-way', '--from', '2024-01-02', '--order', 'ordered'), [2, 0]);
	const list = JSON.parse(c.ok('funnel', '--list', '--format', 'json'));
	assert.deepEqual(list.map((f) => [f.name, f.title, f.steps, f.place]), [['any-way', 'Any way', 'signup, paid', 1]]);
	// kept again, it keeps its title and its place
	c.ok('funnel', ...steps, '--save', 'any-way');
	assert.deepEqual(c.counts('any-way'), [4, 1]);
	assert.equal(JSON.parse(c.ok('funnel', '--list', '--format', 'json'))[0].title, 'Any way');
	assert.match(c.status(1, 'funnel', 'any-wey').err, /did you mean "any-way"/);
	c.status(2, 'funnel', ...steps, '--save', 'Any Way');
	c.status(2, 'funnel', '--save', 'nothing');
	c.status(2, 'funnel', ...steps, '--pin');
	c.ok('funnel', '--remove', 'any-way');
	c.status(1, 'funnel', '--remove', 'any-way');
	assert.equal(c.ok('funnel', '--list', '--format', 'json').trim(), '[]');
});

test('every parameter that says what is counted is kept', (t) => {
	const c = filled(t);
	const given = {
		window: '40d', order: 'strict', 'max-gap': '30d', 'min-gap': '1h', exclude: 'refunded:1-2', 'exclude-policy': 'drop_person', hold: 'plan',
		entry: 'any', reuse: 'once', ties: 'increase', repeat: 'ignore', count: 'people', tail: 'clip', by: 'plan', of: 'last', where: 'email is known', period: 'year',
	};
	const typed = Object.entries(given).flatMap(([k, v]) => [`--${k}`, v]);
	const rules = (...args) => {
		const { now: _now, ...all } = JSON.parse(c.run('funnel', ...args, '--format', 'json').out).rules;
		return all;
	};
	c.run('funnel', ...steps, ...typed, '--save', 'all');
	assert.deepEqual(rules('all'), rules(...steps, ...typed));
	assert.equal(rules('all').order, 'strict');
});

test('a period that moves with the clock has a name', (t) => {
	const c = filled(t);
	assert.deepEqual(c.counts(...steps, '--period', '30d'), [0, 0]);
	c.status(2, 'funnel', ...steps, '--period', '14d');
	c.status(2, 'funnel', ...steps, '--period', '30d', '--from', '2024-01-01');
});
