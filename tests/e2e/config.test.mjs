// Settings in the file, configuration in the ledger, and where each value comes from.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Trichter } from './trichter.mjs';

const valueOf = (c, name, options = {}) =>
	JSON.parse(c.ok('config', 'get', '--format', 'json', options)).config.find((x) => x.name === name);

test('every value is shown with its origin', (t) => {
	const c = new Trichter(t);
	assert.equal(valueOf(c, 'stages').origin, 'default');
	c.ok('config', 'set', 'stages', 'lead, mql, customer');
	const stages = valueOf(c, 'stages');
	assert.equal(stages.origin, 'ledger');
	assert.match(stages.by, /^cli/);
	assert.equal(c.ok('config', 'get', 'stages'), 'lead, mql, customer\n');
	assert.equal(valueOf(c, 'zone').origin, 'file');
	const env = { env: { TRICHTER_ZONE: 'Asia/Tokyo' } };
	assert.deepEqual([valueOf(c, 'zone', env).value, valueOf(c, 'zone', env).origin], ['Asia/Tokyo', 'environment']);
});

test('the line of stages is what the lifecycle funnel shows', (t) => {
	const c = new Trichter(t);
	c.ok('config', 'set', 'stages', 'lead, trial, customer');
	const r = c.run('funnel', '--format', 'json');
	assert.deepEqual(JSON.parse(r.out).steps.map((s) => s.name.replace('stage:', '')).slice(-3),
		['lead', 'trial', 'customer']);
});

test('a setting changes its own line and leaves comments alone', (t) => {
	const c = new Trichter(t);
	const file = join(c.data, 'trichter.yaml');
	const before = readFileSync(file, 'utf8');
	c.ok('config', 'set', 'zone', 'Europe/Vienna');
	const after = readFileSync(file, 'utf8');
	assert.equal(after, before.replace(/^zone: .*$/m, 'zone: Europe/Vienna'));
	assert.equal(c.ok('config', 'get', 'zone'), 'Europe/Vienna\n');
});

test('what cannot hold is refused and nothing changes', (t) => {
	const c = new Trichter(t);
	const file = join(c.data, 'trichter.yaml');
	const before = readFileSync(file, 'utf8');
	for (const [name, value, message] of [
		['zone', 'Mars/Olympus', /zone/],
		['memory_max', 'lots', /no size/],
		['memory_max', '1k', /too little/],
		['stages', 'lead, mql, lead', /twice/],
		['rule.mql', 'enter mql if stage = lead', /when/],
		['rule.mql', 'enter mql when stge = lead', /stge/],
	]) {
		const r = c.run('config', 'set', name, value);
		assert.ok(r.status === 2 || r.status === 3, `${name} ${value}: ${r.status}`);
		assert.match(r.err, message);
	}
	assert.equal(readFileSync(file, 'utf8'), before);
	assert.equal(valueOf(c, 'stages').origin, 'default');
});

test('a broken settings file is named with its line, by all commands and by check', (t) => {
	const c = new Trichter(t);
	const file = join(c.data, 'trichter.yaml');
	c.ok('config', 'check');
	for (const [text, message] of [
		['zone: UTC\nzoen: UTC\n', /trichter\.yaml: line 2/],
		['zone: Mars/Olympus\n', /line 1/],
		['memory_max: 5\n', /line 1/],
		['- a\n- b\n', /name: value/],
		['zone: [a\n', /trichter\.yaml/],
	]) {
		c.file('data/trichter.yaml', text);
		assert.match(c.status(1, 'config', 'check').err, message, text);
		assert.match(c.status(3, 'status').err, message, text);
	}
	c.file('data/trichter.yaml', '# nothing\n');
	c.ok('status');
	assert.ok(file);
});

test('the editor changes a value, and a wrong result changes nothing', (t) => {
	const c = new Trichter(t);
	const editor = c.file('editor.sh', '#!/bin/sh\nsed -i "s/lead, mql/lead, trial, mql/" "$1"\n');
	chmodSync(editor, 0o755);
	c.ok('config', 'edit', 'stages', { env: { VISUAL: '', EDITOR: editor } });
	assert.match(c.ok('config', 'get', 'stages'), /^lead, trial, mql/);
	const zone = c.file('zone.sh', '#!/bin/sh\nsed -i "s/^zone: .*/zone: Mars/" "$1"\n');
	chmodSync(zone, 0o755);
	assert.equal(c.run('config', 'edit', { env: { VISUAL: '', EDITOR: zone } }).status, 3);
	c.ok('config', 'check');
	assert.equal(c.run('config', 'edit', { env: { VISUAL: '', EDITOR: 'false' } }).status, 3);
});
