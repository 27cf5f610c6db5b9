// collect.test.mjs - the libraries that people use already, against the real server.
//
// KILL_EVENTS   how many events the test with kill -9 sends (10,000; 100,000 by hand)
import { Analytics } from '@segment/analytics-node';
import rudder from '@rudderstack/rudder-sdk-node';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Collecting } from './collecting.mjs';

const RudderAnalytics = rudder.default ?? rudder;

function by_name(events, name) {
	return events.filter((e) => e.name === name);
}

test('the library of Segment for node sends every kind of call', async (t) => {
	const s = await Collecting.start(t);
	const analytics = new Analytics({ writeKey: s.writeKey, host: s.base, maxEventsInBatch: 5, flushInterval: 100 });
	const failed = [];
	analytics.on('error', (e) => failed.push(e));
	analytics.identify({ userId: 'u1', traits: { email: 'kai@example.com', firstName: 'Kai', plan: 'pro' } });
	analytics.track({
		userId: 'u1',
		event: 'Order Completed',
		properties: { revenue: 12.5, currency: 'EUR', tags: ['a', 'b'] },
		context: { campaign: { source: 'newsletter', medium: 'email', name: 'spring' }, ip: '203.0.113.7' },
	});
	analytics.page({ anonymousId: 'a1', name: 'Pricing', properties: { url: 'https://example.com/pricing?utm_source=li', path: '/pricing' } });
	analytics.screen({ userId: 'u1', name: 'Home' });
	analytics.group({ userId: 'u1', groupId: 'g1', traits: { name: 'Example', website: 'https://www.example.com' } });
	analytics.alias({ userId: 'u1', previousId: 'a1' });
	await analytics.closeAndFlush({ timeout: 10000 });
	assert.deepEqual(failed, []);
	const events = s.events();
	const order = by_name(events, 'Order Completed')[0];
	assert.equal(order.user_id, 'u1');
	assert.equal(order.revenue, '12.50 EUR');
	assert.equal(order.source, 'newsletter');
	assert.equal(order.campaign, 'spring');
	assert.ok(!JSON.stringify(events).includes('203.0.113.7'), 'an address of the network was kept');
	assert.equal(by_name(events, 'page_viewed')[0].path, '/pricing');
	assert.equal(by_name(events, 'page_viewed')[0].source, 'li');
	assert.equal(by_name(events, 'screen_viewed').length, 1);
	const person = s.trichter.json('person', 'show', 'kai@example.com');
	assert.match(JSON.stringify(person), /"Kai"/);
	assert.match(JSON.stringify(person), /a1/, 'the alias did not join the anonymous id');
	assert.equal(Math.abs(Date.parse(order.at) - Date.now()) < 60000, true);
});

test('the library of RudderStack for node sends every kind of call, compressed', async (t) => {
	const s = await Collecting.start(t);
	const client = new RudderAnalytics(s.writeKey, { dataPlaneUrl: s.base, flushAt: 10, flushInterval: 100 });
	client.identify({ userId: 'r1', traits: { email: 'rea@example.com', city: 'Ulm' } });
	client.track({ userId: 'r1', event: 'Signed up', properties: { plan: 'free' } });
	client.page({ userId: 'r1', name: 'Home', properties: { path: '/' } });
	client.group({ userId: 'r1', groupId: 'g1', traits: { name: 'Example' } });
	client.alias({ userId: 'r1', previousId: 'before' });
	await new Promise((done) => client.flush(done));
	const events = s.events();
	assert.equal(by_name(events, 'Signed up')[0].plan, 'free');
	assert.equal(by_name(events, 'page_viewed')[0].user_id, 'r1');
	const person = s.trichter.json('person', 'show', 'r1');
	assert.match(JSON.stringify(person), /rea@example.com/);
	assert.match(JSON.stringify(person), /Ulm/);
});

test('curl sends a track call with the key as user', async (t) => {
	const s = await Collecting.start(t);
	const out = execFileSync('curl', [
		'-sS', '-u', `${s.writeKey}:`, `${s.base}/v1/track`, '-H', 'Content-Type: application/json',
		'-d', '{"userId":"u1","event":"Signed up","properties":{"plan":"pro"}}',
	]);
	assert.deepEqual(JSON.parse(out), { success: true, accepted: 1, duplicate: 0, rejected: 0 });
	assert.equal(by_name(s.events(), 'Signed up')[0].plan, 'pro');
});

test('short addresses and a key in the body are taken as well', async (t) => {
	const s = await Collecting.start(t);
	for (const [type, message] of [
		['t', { event: 'x' }], ['p', {}], ['i', { traits: { city: 'Ulm' } }], ['s', {}],
		['g', { groupId: 'g' }], ['a', { previousId: 'p' }],
	]) {
		const r = await s.send(type, { userId: 'u', ...message, writeKey: s.writeKey }, { key: '' });
		assert.equal(r.status, 200, type);
		assert.equal(r.json.accepted, 1, `${type}: ${r.text}`);
	}
	const r = await s.send('b', { writeKey: s.writeKey, batch: [{ type: 'track', userId: 'u', event: 'y' }] }, { key: '' });
	assert.equal(r.json.accepted, 1);
});

test('a message that was sent before is a duplicate, also after a restart', async (t) => {
	const s = await Collecting.start(t);
	const message = { userId: 'u', event: 'x', messageId: randomUUID() };
	assert.equal((await s.track(message)).accepted, 1);
	assert.equal((await s.track(message)).duplicate, 1);
	await s.restart('SIGKILL');
	assert.equal((await s.track(message)).duplicate, 1);
	const twice = await s.send('batch', { batch: [{ ...message, type: 'track', messageId: 'm' }, { ...message, type: 'track', messageId: 'm' }] });
	assert.deepEqual([twice.json.accepted, twice.json.duplicate], [1, 1]);
	assert.equal(by_name(s.events(), 'x').length, 2);
});

test('a clock that is wrong is corrected', async (t) => {
	const s = await Collecting.start(t);
	const hour = 3600e3;
	const wrong = Date.now() + 400 * 24 * hour;
	await s.send('batch', {
		sentAt: new Date(wrong),
		batch: [{ type: 'track', userId: 'u', event: 'an hour ago', timestamp: new Date(wrong - hour) }],
	});
	await s.track({ userId: 'u', event: 'ahead', timestamp: new Date(Date.now() + 48 * hour) });
	await s.track({ userId: 'u', event: 'long ago', timestamp: '2011-05-05T10:00:00Z' });
	const at = Object.fromEntries(s.events().map((e) => [e.name, e]));
	assert.ok(Math.abs(Date.parse(at['an hour ago'].at) - (Date.now() - hour)) < 60e3);
	assert.ok(Math.abs(Date.parse(at.ahead.at) - Date.now()) < 60e3);
	assert.ok(at.ahead.original_at, 'what the sender said is not kept');
	assert.equal(at['long ago'].at.slice(0, 19), '2011-05-05T10:00:00');
});

test('robots, staff and tests are marked and count for nobody', async (t) => {
	const s = await Collecting.start(t, {
		collect: { staff_domains: ['own.example'], test_hosts: ['staging.example.com'] },
	});
	const page = { type: 'page', anonymousId: 'a' };
	const sent = await s.send('batch', {
		batch: [
			{ ...page, context: { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1)' } },
			{ ...page, context: { page: { url: 'https://www.staging.example.com/x' } } },
			{ ...page, context: { test: true } },
			{ type: 'identify', userId: 's', traits: { email: 'me@own.example' } },
			{ ...page, context: { userAgent: 'Mozilla/5.0 Firefox/120.0' } },
		],
	});
	assert.equal(sent.json.accepted, 5);
	const marks = s.events().map((e) => e.excluded ?? '');
	assert.deepEqual(marks.sort(), ['', 'bot', 'staff', 'test', 'test']);
	assert.equal(s.trichter.json('people', '--count').count, 1);
});

test('do not track and privacy control are honoured unless the setting says no', async (t) => {
	const s = await Collecting.start(t);
	const message = { anonymousId: 'a', event: 'x' };
	for (const headers of [{ DNT: '1' }, { 'Sec-GPC': '1' }]) {
		const r = await s.track(message, { headers });
		assert.deepEqual([r.accepted, r.reasons.do_not_track], [0, 1]);
	}
	s.trichter.ok('config', 'set', 'privacy', '{"dnt":false}');
	assert.equal((await s.track(message, { headers: { DNT: '1' } })).accepted, 1);
	assert.equal((await s.track(message, { headers: { 'Sec-GPC': '1' } })).accepted, 0);
});

test('what arrives is shown with what was refused and why', async (t) => {
	const s = await Collecting.start(t);
	assert.equal((await s.status()).first_at, null);
	await s.track({ userId: 'u', event: 'First', context: { page: { path: '/welcome' } } });
	await s.track({ userId: 'u', event: 'deal_won' });
	const status = await s.status();
	assert.equal(status.accepted, 1);
	assert.equal(status.rejected, 1);
	assert.deepEqual(status.reasons, [{ reason: 'reserved_name', count: 1 }]);
	const first = status.latest.find((a) => a.name === 'First');
	assert.equal(first.path, '/welcome');
	assert.equal(first.outcome, 'accepted');
	assert.ok(first.seq > 0 && first.key === 1);
});

test('a secret key says more than a write key', async (t) => {
	const s = await Collecting.start(t);
	const secret = s.newKey('--secret', '--scope', 'collect');
	const reader = s.newKey('--secret', '--scope', 'read');
	assert.equal((await s.track({ userId: 'u', event: 'deal_won' })).rejected, 1);
	assert.equal((await s.track({ userId: 'u', event: 'Email Opened' }, { key: secret })).accepted, 1);
	assert.equal((await s.send('track', { userId: 'u', event: 'x' }, { key: reader })).status, 403);
	assert.equal(by_name(s.events(), 'message_opened').length, 1);
});

test('the key of a rate is told to come back later', async (t) => {
	const s = await Collecting.start(t, { collect: { rate: 5 } });
	const statuses = [];
	let again;
	for (let i = 0; i < 12; i++) {
		const r = await s.send('track', { userId: 'u', event: 'x' });
		statuses.push(r.status);
		if (r.status === 429) again = r.headers.get('retry-after');
	}
	assert.ok(statuses.includes(200) && statuses.includes(429), statuses.join());
	assert.ok(Number(again) >= 1);
	await sleep(1200);
	assert.equal((await s.send('track', { userId: 'u', event: 'x' })).status, 200);
});

test('each acknowledged event is there once, whenever the server is killed', { timeout: 600000 }, async (t) => {
	const total = Number(process.env.KILL_EVENTS ?? 10000);
	const KILLS_MAX = Math.max(20, total / 500);
	const s = await Collecting.start(t);
	await s.restart(); // on a port that stays the same from now on
	const analytics = new Analytics({
		writeKey: s.writeKey, host: s.base, maxEventsInBatch: 50, flushInterval: 50, maxRetries: 1000, httpRequestTimeout: 5000,
	});
	analytics.on('error', () => {});
	const acknowledged = new Set();
	let done = false, kills = 0;
	const killer = (async () => {
		// Not for ever: where a start takes longer than the time between two, nothing would get in.
		for (; !done && kills < KILLS_MAX; kills++) {
			await sleep(100 + Math.random() * 500);
			await s.restart('SIGKILL');
		}
	})();
	// A third goes as plain requests, sent again under the same ids until they are acknowledged.
	const plain = async (batch) => {
		for (;;) {
			try {
				const body = gzipSync(JSON.stringify({ batch, sentAt: new Date() }));
				const r = await s.send('batch', body, { headers: { 'Content-Encoding': 'gzip' } });
				if (r.status === 200 && r.json.accepted + r.json.duplicate === batch.length)
					return batch.forEach((m) => acknowledged.add(m.messageId));
			} catch {
				// the server is not there just now
			}
			await sleep(20);
		}
	};
	const waiting = [];
	const wave = Math.max(300, Math.ceil(total / 40));
	for (let sent = 0; sent < total; sent += wave) {
		for (let i = sent; i < Math.min(sent + wave, total); i++) {
			if (i % 3 === 0) continue;
			const messageId = `sdk-${i}`;
			waiting.push(
				new Promise((resolve) =>
					analytics.track({ userId: `u${i % 500}`, event: 'Killed', messageId }, (e) => {
						if (!e) acknowledged.add(messageId);
						resolve();
					}),
				),
			);
		}
		const batch = [];
		for (let i = sent; i < Math.min(sent + wave, total); i += 1)
			if (i % 3 === 0) batch.push({ type: 'track', userId: `u${i % 500}`, event: 'Killed', messageId: `raw-${i}` });
		for (let i = 0; i < batch.length; i += 100) waiting.push(plain(batch.slice(i, i + 100)));
		await sleep(120);
	}
	await Promise.all(waiting);
	done = true;
	await killer;
	await analytics.closeAndFlush({ timeout: 10000 });
	const seen = new Map();
	for (const e of s.events()) seen.set(e.message_id, (seen.get(e.message_id) ?? 0) + 1);
	const lost = [...acknowledged].filter((id) => !seen.has(id));
	const twice = [...seen].filter(([, n]) => n > 1);
	assert.deepEqual(lost, []);
	assert.deepEqual(twice, []);
	assert.ok(kills >= 3, `${kills} kills`);
	assert.ok(acknowledged.size > total * 0.9, `${acknowledged.size} of ${total} were acknowledged`);
	assert.match(s.trichter.ok('verify'), /no difference/);
	t.diagnostic(`${kills} kills, ${acknowledged.size} of ${total} acknowledged`);
});
