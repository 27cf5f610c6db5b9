// What is typed wrong gets a sentence that helps, and the exit status that INTERFACES.md promises.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { Trichter } from './trichter.mjs';

const commands = ['init', 'import', 'export', 'funnel', 'journey', 'people', 'person', 'config',
	'status', 'verify', 'help', 'completion', 'demo', 'bench'];

test('the version and the list of commands are printed', (t) => {
	const c = new Trichter(t, { init: false });
	assert.match(c.ok('--version'), /^trichter \d+\.\d+\.\d+\n$/);
	const help = c.ok('help');
	for (const name of commands) assert.match(help, new RegExp(`^  ${name} `, 'm'));
	assert.equal(c.ok('--help'), help);
});

test('every command has a help text with an example', (t) => {
	const c = new Trichter(t, { init: false });
	for (const name of commands) {
		const help = c.ok('help', name);
		assert.match(help, new RegExp(`^Usage: trichter ${name}`));
		assert.match(help, /\nExamples?:\n  trichter /);
		assert.equal(c.ok(name, '--help'), help);
		for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
	}
});

test('manual page and completion name every command', (t) => {
	const c = new Trichter(t, { init: false });
	const man = c.ok('help', '--man');
	const completion = c.ok('completion', 'bash');
	for (const name of commands) {
		assert.match(man, new RegExp(`^\\.SS trichter ${name}`, 'm'));
		assert.match(completion, new RegExp(`\\t${name}\\) options=`));
	}
});

test('what is not known is refused with the nearest that is', (t) => {
	const c = new Trichter(t);
	const cases = [
		[['funel'], /no command "funel".*Did you mean funnel\?/],
		[['funnel', '--step', 'a'], /no option --step.*Did you mean --steps\?/],
		[['funnel', '--steps'], /--steps needs a value/],
		[['funnel', '--times=yes'], /--times takes no value/],
		[['funnel', '--by', 'a', '--by', 'b'], /--by is given twice/],
		[['funnel', '-x'], /no option -x/],
		[['status', 'now'], /"now" is one word too many/],
		[['journey'], /something is missing/],
		[['person', 'shwo', 'x'], /show, export, merge, unmerge or erase/],
		[['people', '--format', 'xml'], /--format is table, json or csv/],
		[['people', '--limit', 'ten'], /--limit wants a whole number/],
		[['people', 'stge = mql'], /column 1.*stage/s],
		[['export', 'peple'], /no kind "peple"/],
		[['config', 'set', 'zon', 'UTC'], /Did you mean zone\?/],
		[['--dta', 'x', 'status'], /--dta stands before the command/],
		[[], /which command\?/],
	];
	for (const [args, message] of cases) {
		const r = c.status(2, ...args);
		assert.match(r.err, message, args.join(' '));
		assert.equal(r.out, '', args.join(' '));
	}
});

test('funnel parameters that do not fit together are refused by name, defaults are fine', (t) => {
	const c = new Trichter(t);
	const steps = ['--steps', 'a, b, c'];
	const refused = [
		[/order: an order other than ordered and any goes with steps/, '--order', 'strict'],
		[/count: counting totals or sessions goes with steps/, '--count', 'totals'],
		[/entry: an entry other than any goes with steps/, '--profile', 'mixpanel'],
		[/exclude: an exclusion goes with steps/, '--exclude', 'x'],
		[/--order.*expected ordered, any, strict, strict_order or anchored, not "sideways"/, ...steps, '--order', 'sideways'],
		[/--entry.*expected any, first or each/, ...steps, '--entry', 'second'],
		[/--profile.*expected default, clickhouse/, ...steps, '--profile', 'excel'],
		[/--ties.*expected any, by_step, increase, or a grace/, ...steps, '--ties', 'soon'],
		[/--max-gap.*2 gaps|--max-gap.*gaps for 3 steps/, ...steps, '--max-gap', '1d, 2d, 3d'],
		[/--max-gap.*expected a span/, ...steps, '--max-gap', 'x'],
		[/--exclude.*exclusion 1.*no span of steps/, ...steps, '--exclude', 'x:3-2'],
		[/exclude: 1-4 is no span of steps; expected two of 1 to 3/, ...steps, '--exclude', 'x:1-4'],
		[/--hold.*more than 3/, ...steps, '--hold', 'a,b,c,d'],
		[/ties: order strict goes with ties any or increase/, ...steps, '--order', 'strict', '--ties', 'by_step'],
		[/entry: count totals counts every attempt/, ...steps, '--count', 'totals', '--entry', 'any'],
		[/order: a step is an anchor/, '--steps', 'a, anchor:b'],
		[/steps: order anchored, but no step is an anchor/, ...steps, '--order', 'anchored'],
		[/steps: the first step cannot be optional/, '--steps', 'optional:a, b'],
		[/min_gap: the least gap before step 2 is longer/, ...steps, '--max-gap', '1h', '--min-gap', '2h'],
		[/max_gap: a gap is from one step to the next/, ...steps, '--order', 'any', '--max-gap', '1h'],
		[/repeat: repeat stop goes with/, ...steps, '--order', 'any', '--repeat', 'stop'],
		[/exclude_policy: drop_person and reset go with entry any/, ...steps, '--entry', 'first', '--exclude', 'x', '--exclude-policy', 'reset'],
	];
	for (const [what, ...args] of refused)
		assert.match(c.status(2, 'funnel', ...args).err.replace(/\s+/g, ' '), what, args.join(' '));
	assert.match(c.status(1, 'funnel', 'weekly').err, /There is no funnel "weekly"/);
	assert.match(c.status(1, 'person', 'erase', 'x').err, /nobody has/);
	const defaults = ['--profile', 'default', '--exclude', 'none', '--view', 'cohort', '--entry', 'any',
		'--reuse', 'once', '--ties', 'any', '--repeat', 'ignore', '--max-gap', 'none', '--min-gap', 'none', '--hold', 'none'];
	assert.equal(c.run('funnel', ...defaults).status, 1); // an empty directory: nobody
});

test('a directory that is none is named, with what to do', (t) => {
	const c = new Trichter(t, { init: false });
	for (const args of [['funnel'], ['status'], ['people'], ['verify'], ['import', 'people', 'package.json']]) {
		const r = c.run(...args);
		assert.equal(r.status, 3, args.join(' '));
		assert.notEqual(r.err, '');
	}
	assert.ok(!existsSync(c.data), 'nothing is made by asking');
});

test('init makes a directory once and touches no other', (t) => {
	const c = new Trichter(t, { init: false });
	c.ok('init', '--zone', 'Europe/Berlin');
	assert.equal(c.json('status').zone, 'Europe/Berlin');
	assert.equal(c.run('init').status, 3);
	const full = c.path('full');
	c.file('full', 'a file');
	assert.equal(c.run('--data', full, 'init').status, 3);
	assert.equal(c.run('--data', c.path('other'), 'init', '--zone', 'Mars/Olympus').status, 2);
	assert.ok(!existsSync(c.path('other')));
});

test('the data directory is an option before or after the command, or a variable', (t) => {
	const c = new Trichter(t);
	for (const args of [['--data', c.data, 'status'], [`--data=${c.data}`, 'status'],
		['status', '--data', c.data], ['status', `--data=${c.data}`]])
		c.ok(...args, { env: { TRICHTER_DATA: '/nowhere' } });
	assert.equal(c.run('status', { env: { TRICHTER_DATA: '/nowhere' } }).status, 3);
});

test('a full output is a failure', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, async (t) => {
	const c = new Trichter(t, { init: false });
	const { spawnSync } = await import('node:child_process');
	const { openSync, closeSync } = await import('node:fs');
	const { binary } = await import('./trichter.mjs');
	const full = openSync('/dev/full', 'w');
	const r = spawnSync(binary, ['help'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
	closeSync(full);
	assert.equal(r.status, 3);
	assert.match(r.stderr, /cannot write the result/);
	assert.ok(c);
});
