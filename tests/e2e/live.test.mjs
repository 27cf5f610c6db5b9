// What happens, told to those who look: server-sent events.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Serving } from './serving.mjs';

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/** Listens with a client's cookie or key; `events` fills up. */
async function listen(s, client, headers = {}) {
	const stop = new AbortController();
	const all = { ...headers };
	if (client.cookie) all.Cookie = client.cookie;
	if (client.key) all.Authorization = `Bearer ${client.key}`;
	const r = await fetch(s.base + '/api/v1/live', { headers: all, signal: stop.signal });
	const l = { status: r.status, headers: r.headers, events: [], text: '', ended: false, stop: () => stop.abort() };
	(async () => {
		const decoder = new TextDecoder();
		try {
			for await (const chunk of r.body) {
				l.text += decoder.decode(chunk, { stream: true });
				for (let i; (i = l.text.indexOf('\n\n')) >= 0; l.text = l.text.slice(i + 2)) {
					const e = {};
					for (const line of l.text.slice(0, i).split('\n')) {
						const [, name, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
						if (name) e[name] = value;
					}
					if (e.data) e.data = JSON.parse(e.data);
					if (e.event) l.events.push(e);
				}
			}
		} catch {
			// cut off
		}
		l.ended = true;
	})();
	return l;
}
async function until(what, ms = 60_000) {
	for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (what()) return true;
	return false;
}
const track = (s, writeKey, n, event = 'Clicked') =>
	s.nobody.post('/v1/batch', {
		writeKey,
		batch: Array.from({ length: n }, (_, i) => ({ type: 'track', event, anonymousId: `a${i}`, properties: { path: '/x' } })),
	});
const writeKey = (s) => s.trichter.ok('key', 'add', 'site', '--write').trim();

test('a touch is told to who may read, with where the journal stands', async (t) => {
	const s = await Serving.start(t);
	const l = await listen(s, await s.as('read-only'));
	t.after(() => l.stop());
	assert.equal(l.status, 200);
	assert.match(l.headers.get('content-type'), /^text\/event-stream/);
	assert.equal(l.headers.get('cache-control'), 'no-store');
	assert.ok(await until(() => l.events.length > 0));
	const first = l.events[0].data.seq;
	assert.equal((await track(s, writeKey(s), 1)).status, 200);
	assert.ok(await until(() => l.events.some((e) => e.event === 'touch')), JSON.stringify(l.events));
	const touch = l.events.find((e) => e.event === 'touch').data;
	assert.equal(touch.name, 'Clicked');
	assert.equal(touch.path, '/x');
	assert.ok(touch.person > 0);
	assert.ok(await until(() => l.events.at(-1).event === 'seq' && l.events.at(-1).data.seq > first));
});

test('nobody listens without a session or a key that may read', async (t) => {
	const s = await Serving.start(t);
	assert.equal((await s.nobody.get('/api/v1/live')).status, 401);
	const l = await listen(s, s.key('read'));
	t.after(() => l.stop());
	assert.equal(l.status, 200);
	assert.equal((await s.key('collect').get('/api/v1/live')).status, 403);
});

test('many touches are told at most twenty a second, the rest is counted', async (t) => {
	const s = await Serving.start(t);
	const l = await listen(s, s.key('read'));
	t.after(() => l.stop());
	const key = writeKey(s);
	const began = Date.now();
	for (let i = 0; i < 20; i++) await track(s, key, 100);
	const told = () => l.events.filter((e) => e.event === 'touch').reduce((n, e) => n + 1 + (e.data.more ?? 0), 0);
	await until(() => told() >= 2000);
	await sleep(500);
	const seconds = (Date.now() - began) / 1000;
	const touches = l.events.filter((e) => e.event === 'touch');
	const seqs = l.events.filter((e) => e.event === 'seq');
	assert.ok(touches.length <= 20 * (seconds + 1), `${touches.length} in ${seconds} s`);
	assert.ok(seqs.length <= 4 * (seconds + 1) + 1, `${seqs.length} in ${seconds} s`);
	assert.equal(told(), 2000);
});

test('signing out ends the stream, and so does taking a key back', async (t) => {
	const s = await Serving.start(t);
	const user = await s.as('marketing');
	const key = s.key('read');
	const [a, b] = [await listen(s, user), await listen(s, key)];
	t.after(() => (a.stop(), b.stop()));
	await sleep(200);
	assert.equal((await user.delete('/api/v1/session')).status, 204);
	assert.ok(await until(() => a.ended), 'the stream of the session goes on');
	assert.equal(b.ended, false);
	s.trichter.ok('key', 'revoke', '1');
	assert.ok(await until(() => b.ended), 'the stream of the key goes on');
});

test('who comes back is told where the journal stands, at once', async (t) => {
	const s = await Serving.start(t);
	const key = s.key('read');
	await track(s, writeKey(s), 3);
	const l = await listen(s, key, { 'Last-Event-ID': '1' });
	t.after(() => l.stop());
	assert.ok(await until(() => l.events[0]?.event === 'seq'));
	assert.ok(Number(l.events[0].id) >= 3);
});

test('a stop of the server ends all streams', async (t) => {
	const s = await Serving.start(t);
	const l = await listen(s, s.key('read'));
	const began = Date.now();
	assert.equal((await s.end()).code, 0);
	assert.ok(await until(() => l.ended));
	assert.ok(Date.now() - began < 9000, 'the stop waited for a stream until its time was up');
});

test('a thousand listeners cost little, and hear of everything', async (t) => {
	const s = await Serving.start(t);
	const key = s.key('read');
	const write = writeKey(s);
	const heads = `GET /api/v1/live HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key.key}\r\n\r\n`;
	let heard = 0;
	const sockets = await Promise.all(
		Array.from({ length: 1000 }, () =>
			new Promise((done) => {
				const socket = net.connect(s.port, '127.0.0.1', () => socket.write(heads));
				socket.on('data', (d) => {
					if (d.includes('"name":"Clicked"')) heard++;
					if (!socket.known) done(socket);
					socket.known = true;
				});
				socket.on('error', () => done(socket));
			})));
	t.after(() => sockets.forEach((x) => x.destroy()));
	const cpu = () => {
		const [, rest] = readFileSync(`/proc/${s.child.pid}/stat`, 'utf8').split(') ');
		const f = rest.split(' ');
		return (Number(f[11]) + Number(f[12])) * 10;
	};
	const before = cpu();
	await sleep(2000);
	const idle = (cpu() - before) / 2;
	await track(s, write, 1);
	assert.ok(await until(() => heard === 1000), `${heard} heard`);
	const busy = cpu();
	for (let i = 0; i < 12; i++) {
		await track(s, write, 5);
		await sleep(250);
	}
	const told = (cpu() - busy) / 3;
	t.diagnostic(`1,000 listeners: ${idle} ms CPU a second idle, ${told.toFixed(0)} told four times a second`);
	assert.match((await s.nobody.get('/metrics')).text, /trichter_live_listeners 1000\n/);
});
