// The API's description: valid, complete, and what is really served.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server } from './server.mjs';
import { Trichter, root } from './trichter.mjs';

const redocly = join(root, 'tests/e2e/node_modules/@redocly/cli/bin/cli.js');

test('redocly finds nothing wrong with the description', { skip: !existsSync(redocly) && 'npm ci in tests/e2e first' }, (t) => {
	const c = new Trichter(t, { init: false });
	const file = c.file('openapi.json', c.ok('help', '--openapi'));
	const r = spawnSync(process.execPath, [redocly, 'lint', '--config', join(root, 'tests/e2e/redocly.yaml'), file], {
		encoding: 'utf8',
		env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' },
	});
	assert.equal(r.status, 0, r.stdout + r.stderr);
	assert.doesNotMatch(r.stdout + r.stderr, /You have \d+ warning/);
});

const operations = (d) =>
	Object.entries(d.paths).flatMap(([path, item]) =>
		Object.entries(item).map(([method, o]) => ({ path, method: method.toUpperCase(), ...o })));

test('every operation has a name of its own, a known group and a summary', (t) => {
	const d = JSON.parse(new Trichter(t, { init: false }).ok('help', '--openapi'));
	const names = operations(d).map((o) => o.operationId);
	assert.deepEqual(names.filter((n, i) => names.indexOf(n) !== i), []);
	const groups = new Set(d.tags.map((g) => g.name));
	for (const o of operations(d)) {
		assert.match(o.operationId ?? '', /^[a-z][A-Za-z0-9]+$/, o.path);
		assert.ok(o.tags.every((g) => groups.has(g)), `${o.path}: ${o.tags}`);
		assert.ok(o.summary.length > 5, o.path);
	}
});

test('the server serves the same document, and nobody who is not signed in gets further', async (t) => {
	const s = await Server.start(t);
	const d = (await s.nobody.get('/api/v1/openapi.json')).json;
	assert.equal(d.openapi, '3.1.0');
	for (const o of operations(d)) {
		const path = o.path.replace(/\{[^}]+\}/g, '1');
		const r = await s.nobody.ask(o.method, path, o.requestBody ? {} : undefined);
		assert.notEqual(r.status, 405, `${o.method} ${o.path}`);
		assert.ok(r.status < 500, `${o.method} ${o.path}: ${r.status}`);
		if (o['x-may'] !== 'anyone') assert.equal(r.status, 401, `${o.method} ${o.path}: ${r.status} ${r.text}`);
		if (r.status >= 400 && !o.path.startsWith('/t.'))
			assert.equal(r.headers.get('content-type'), 'application/problem+json', `${o.method} ${o.path}`);
	}
});

test('the page for people needs no script and stays on this server', async (t) => {
	const s = await Server.start(t);
	const r = await s.nobody.get('/api');
	assert.equal(r.status, 200);
	assert.match(r.text, /<h1>The API<\/h1>/);
	assert.doesNotMatch(r.text, /<script|style=|https?:\/\/(?!127)/);
	assert.equal((await s.nobody.get('/api.css')).status, 200);
});
