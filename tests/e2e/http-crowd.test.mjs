// Many connections at once, and the stop of the server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, test } from 'node:test';
import { Serving } from './serving.mjs';
import { Trichter, binary } from './trichter.mjs';

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
// How long the server waits for a head, a body, and the next request.
const HEAD_WAIT_MS = 10_000;
const BODY_WAIT_MS = 20_000;
const IDLE_WAIT_MS = 60_000;
/** Waits until it is true, or for so long that no machine needs longer; whoever calls asserts it. */
async function until(what, ms = 60_000) {
	for (const end = Date.now() + ms; Date.now() < end && !what(); ) await sleep(20);
}

/** Opens `n` connections that say nothing, `at_once` at a time. */
async function crowd(s, n, first = '') {
	const sockets = [];
	let closed = 0;
	const one = () =>
		new Promise((done) => {
			const socket = net.connect(s.port, '127.0.0.1');
			socket.on('connect', () => {
				if (first) socket.write(first);
				done();
			});
			socket.on('error', () => done());
			socket.on('close', () => closed++);
			socket.resume();
			sockets.push(socket);
		});
	for (let i = 0; i < n; i += 500) await Promise.all(Array.from({ length: Math.min(500, n - i) }, one));
	return { closed: () => closed, end: () => sockets.forEach((x) => x.destroy()), sockets };
}
/** The status of a question once there is room: the server counts a connection a moment after its end. */
async function answer(s) {
	let statuses = [];
	for (const end = Date.now() + 30_000; statuses.length === 0 && Date.now() < end; await sleep(20))
		statuses = (await s.raw('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).statuses;
	return statuses[0];
}
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

test('ten thousand idle connections hurt nobody', async (t) => {
	// Room for more: from three quarters on it is crowded, and who says nothing goes sooner.
	const s = await Serving.start(t, { env: { TRICHTER_CONNECTIONS_MAX: '16000' } });
	const before = memory(s.child.pid);
	const opened = Date.now();
	const c = await crowd(s, 10_000);
	t.after(() => c.end());
	const times = [];
	for (let i = 0; i < 50; i++) {
		const began = process.hrtime.bigint();
		const r = await s.raw('GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n', { quiet: 5 });
		times.push(Number(process.hrtime.bigint() - began) / 1e6);
		assert.deepEqual(r.statuses, [200]);
	}
	times.sort((a, b) => a - b);
	// A machine so slow that the first of them have waited for too long meanwhile proves nothing.
	if (Date.now() - opened < HEAD_WAIT_MS - 1000) assert.equal(c.closed(), 0, 'some were closed');
	const grown = memory(s.child.pid) - before;
	assert.ok(grown < (/asan|tsan/.test(binary) ? 4000 : 200), `${grown} MB for 10,000 connections`);
	t.diagnostic(`median ${times[25].toFixed(1)} ms, worst ${times[49].toFixed(1)} ms, ${grown.toFixed(0)} MB`);
	assert.ok(times[5] < 100, `the quicker ones take ${times[5]} ms`);
	// Nobody of them says anything: they make room by themselves.
	await until(() => c.closed() === 10_000);
	assert.equal(c.closed(), 10_000);
});

test('ten thousand heads that never end hurt nobody, and are cut off', async (t) => {
	const s = await Serving.start(t);
	const c = await crowd(s, 10_000, 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ');
	t.after(() => c.end());
	const r = await s.raw('GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n', { quiet: 100 });
	assert.deepEqual(r.statuses, [200]);
	await until(() => c.closed() === 10_000);
	assert.equal(c.closed(), 10_000);
});

describe('limits and the stop', { concurrency: 4 }, () => {
	test('more connections than there may be are closed, the others go on', async (t) => {
		const s = await Serving.start(t, { env: { TRICHTER_CONNECTIONS_MAX: '100' } });
		// In the middle of a request: no time limit for those who say nothing reaches them.
		const half = 'POST /api/v1/people/1/actions HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab';
		const keep = await crowd(s, 50, half);
		t.after(() => keep.end());
		const rest = await crowd(s, 200, half);
		t.after(() => rest.end());
		await until(() => rest.closed() >= 150, BODY_WAIT_MS - 5000);
		assert.ok(rest.closed() >= 150, `${rest.closed()} closed`);
		let answered = 0;
		const all = [...keep.sockets, ...rest.sockets.filter((x) => !x.destroyed)];
		for (const socket of all) {
			socket.once('data', (d) => (answered += String(d).startsWith('HTTP/1.1 401')));
			socket.write('cd');
		}
		await until(() => answered === 100);
		assert.equal(answered, 100);
		assert.equal(keep.closed(), 0);
		assert.equal(rest.closed(), 150);
		// When it is crowded, who says nothing goes sooner than else.
		await until(() => keep.closed() + rest.closed() > 150, IDLE_WAIT_MS / 2);
		assert.ok(keep.closed() + rest.closed() > 150, 'nobody went');
		assert.equal(await answer(s), 200);
	});

	test('one address may be limited', async (t) => {
		const s = await Serving.start(t, { env: { TRICHTER_CONNECTIONS_PER_CLIENT_MAX: '10' } });
		const c = await crowd(s, 30);
		await until(() => c.closed() >= 20);
		assert.equal(c.closed(), 20);
		c.end();
		assert.equal(await answer(s), 200);
	});

	test('SIGTERM ends an idle server with status 0, and says so', async (t) => {
		const s = await Serving.start(t);
		assert.deepEqual(await s.end(), { code: 0, signal: null });
		assert.match(s.log, /event=stopping/);
	});

	test('SIGINT does the same', async (t) => {
		const s = await Serving.start(t);
		assert.deepEqual(await s.end('SIGINT'), { code: 0, signal: null });
	});

	test('a stop answers what was accepted and takes nothing new', async (t) => {
		const s = await Serving.start(t);
		// A head is read; its body comes after the stop began.
		const socket = net.connect(s.port, '127.0.0.1');
		let text = '';
		socket.on('data', (d) => (text += d));
		await new Promise((r) => socket.on('connect', r));
		socket.write('POST /api/v1/people/1/actions HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
		await sleep(100);
		const ended = s.end();
		await sleep(400);
		await assert.rejects(s.fetch('/healthz'));
		socket.write('cd');
		assert.deepEqual(await ended, { code: 0, signal: null });
		assert.match(text, /^HTTP\/1\.1 4\d\d/);
		socket.destroy();
	});

	test('a stop does not wait for ever for a client that sends nothing', async (t) => {
		const s = await Serving.start(t);
		const c = await crowd(s, 5, 'POST /api/v1/people/1/actions HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
		t.after(() => c.end());
		await sleep(100);
		const began = Date.now();
		assert.equal((await s.end()).code, 0);
		assert.ok(Date.now() - began < 13_000);
	});

	test('a port that is taken, and an address that is none, are said', async (t) => {
		const s = await Serving.start(t);
		const other = new Trichter(t);
		const r = other.run('serve', '--listen', `127.0.0.1:${s.port}`);
		assert.equal(r.status, 3);
		assert.match(r.err, /cannot listen on/);
		for (const listen of ['nonsense', '127.0.0.1:99999', ':80', '127.0.0.1:']) {
			const bad = other.run('serve', '--listen', listen);
			assert.equal(bad.status, 3, listen);
			assert.match(bad.err, /HOST:PORT/, listen);
		}
	});

	test('a directory that is served already is not served twice', async (t) => {
		const s = await Serving.start(t);
		const r = s.trichter.run('serve', '--listen', '127.0.0.1:0');
		assert.equal(r.status, 3);
	});
});
