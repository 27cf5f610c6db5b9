// The examples of docs/api.md, run as they stand against the sample company.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server } from './server.mjs';
import { Trichter, root } from './trichter.mjs';

/** Fenced blocks with what stands right behind them. */
const text = readFileSync(join(root, 'docs/api.md'), 'utf8');
const blocks = [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map((m) => ({
	kind: m[1],
	body: m[2],
	line: text.slice(0, m.index).split('\n').length + 1,
	end: m.index + m[0].length,
	begin: m.index,
}));

let s, env;
const cleanup = [];
before(async () => {
	const t = { after: (f) => cleanup.push(f) };
	const trichter = new Trichter(t);
	trichter.ok('demo', '--people', '2000', '--end', '2026-01-01');
	s = await Server.start(t, { trichter });
	const { key } = s.key('read', 'work');
	const r = await fetch(`${s.base}/api/v1/people?where=${encodeURIComponent('stage = mql')}&limit=1`, {
		headers: { Authorization: `Bearer ${key}` },
	});
	env = { ...process.env, SERVER: s.base, KEY: key, PERSON: String((await r.json()).rows[0].person) };
});
after(async () => {
	for (const f of cleanup.reverse()) await f();
});

/** Runs a block; curl fails on nothing, so answers speak for themselves. */
function run(script) {
	return new Promise((done) => {
		const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { env });
		let out = '';
		let err = '';
		child.stdout.on('data', (d) => (out += d));
		child.stderr.on('data', (d) => (err += d));
		child.on('close', (status) => done({ status, out, err }));
	});
}

/** Everything that the example shows is there, of the same kind; lists by their first item. */
function assertShape(shown, got, where) {
	if (shown === null || got === null) return;
	assert.equal(Array.isArray(shown), Array.isArray(got), where);
	assert.equal(typeof shown, typeof got, where);
	if (Array.isArray(shown)) {
		if (shown.length > 0) {
			assert.ok(got.length > 0, `${where} is empty`);
			assertShape(shown[0], got[0], `${where}[0]`);
		}
	} else if (typeof shown === 'object') {
		for (const name of Object.keys(shown)) {
			assert.ok(name in got, `${where}.${name} is not there`);
			assertShape(shown[name], got[name], `${where}.${name}`);
		}
	}
}

blocks.forEach((b, i) => {
	if (b.kind !== 'sh') return;
	const next = blocks[i + 1];
	const shows = next && next.kind !== 'sh' && text.slice(b.end, next.begin).trim() === '' ? next : null;
	test(`the example in line ${b.line} does what is said`, async () => {
		const r = await run(b.body);
		assert.equal(r.status, 0, r.err);
		assert.notEqual(r.out, '');
		if (shows?.kind === 'json') {
			const shown = JSON.parse(shows.body);
			const got = JSON.parse(r.out);
			if (shown.status) assert.deepEqual(got, shown);
			assertShape(shown, got, 'answer');
			return;
		}
		if (shows) assert.ok(r.out.includes(shows.body.trim()), r.out);
		assert.doesNotMatch(r.out, /urn:trichter:problem/);
	});
});
