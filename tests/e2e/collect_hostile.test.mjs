// collect_hostile.test.mjs - what anybody may try who has a write key, or none.
//
// What it is:   one test per probe of SECURITY.md, section "Collecting"; its name there is its name
//               here. One server for all of them: after each probe it must still collect.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Collecting } from './collecting.mjs';

/** @type {Collecting} */
let s;
const ends = [];
before(async () => {
	s = await Collecting.start({ after: (f) => ends.push(f) }, { collect: { test_hosts: [], names_max: 60, keys_max: 250 } });
});
after(async () => {
	for (const f of ends.reverse()) await f();
});

let count = 0;
const someone = () => `probe-${++count}`;

/** A probe; afterwards the server must take an ordinary event as if nothing had been. */
function probe(name, run) {
	test(name, async (t) => {
		await run(t);
		const r = await s.send('track', { userId: someone(), event: 'Still there' });
		assert.equal(r.status, 200, 'the server collects no more');
		assert.equal(r.json.accepted, 1, r.text);
	});
}
function rejected(r, reason) {
	assert.equal(r.status, 200, r.text);
	assert.deepEqual([r.json.accepted, r.json.rejected], [0, 1], r.text);
	assert.ok(r.json.reasons[reason] === 1, r.text);
}
const people = () => s.trichter.json('people', '--count').count;
const events = (name) => s.events().filter((e) => e.name === name);
const track = (more) => s.send('track', { userId: someone(), event: 'Probe', ...more });

/* ---- reserved names --------------------------------------------------------------------------- */

for (const name of [
	'stage_entered', 'deal_won', 'deal_created', 'consent_given', 'consent_withdrawn', 'person_merged', 'person_unmerged',
	'person_erased', 'touches_expired', 'person_identified', 'person_updated', 'company_updated', 'import_closed', 'import_undone',
	'lead_accepted', 'note_written', 'spend_booked', 'message_opened', 'call_made',
])
	probe(`a write key cannot send ${name}`, async () => rejected(await track({ event: name }), 'reserved_name'));

probe('a reserved name with blanks around it is still reserved', async () =>
	rejected(await track({ event: '  deal_won\t' }), 'reserved_name'));

probe('an event that other tools call by a reserved one stays an event of its own', async () => {
	assert.equal((await track({ event: 'Email Opened' })).json.accepted, 1);
	assert.equal(events('message_opened').length, 0);
	assert.equal(events('Email Opened').length, 1);
});

probe('a type that is none cannot smuggle a name', async () =>
	rejected(await track({ type: 'deal_won' }), 'unknown_type'));

/* ---- taking somebody over ---------------------------------------------------------------------- */

probe('a claimed address joins nobody who is known', async () => {
	const secret = s.newKey('--secret', '--scope', 'collect');
	await s.send('identify', { userId: 'victim', traits: { email: 'victim@example.com', plan: 'gold' } }, { key: secret });
	await s.send('identify', { userId: 'thief', anonymousId: 'thief-device', traits: { email: 'victim@example.com' } });
	const victim = JSON.stringify(s.trichter.json('person', 'show', 'victim'));
	const thief = JSON.stringify(s.trichter.json('person', 'show', 'thief'));
	assert.ok(!victim.includes('thief'), victim);
	assert.ok(!thief.includes('gold'), thief);
});

probe('a device cannot move to a known person by an address alone', async () => {
	await s.send('identify', { anonymousId: 'thief-2', traits: { email: 'victim@example.com' } });
	const victim = JSON.stringify(s.trichter.json('person', 'show', 'victim'));
	assert.ok(!victim.includes('thief-2'), victim);
});

probe('an alias joins no id that is somebody already', async () => {
	const secret = s.newKey('--secret', '--scope', 'collect');
	await s.send('identify', { userId: 'known-1', traits: { email: 'known-1@example.com' } }, { key: secret });
	await s.send('alias', { userId: 'mallory', previousId: 'known-1' });
	const known = JSON.stringify(s.trichter.json('person', 'show', 'known-1'));
	assert.ok(!known.includes('mallory'), known);
});

probe('an address in the traits of an event changes nobody who is known', async () => {
	await track({ userId: 'thief-3', context: { traits: { email: 'victim@example.com' } } });
	assert.ok(!JSON.stringify(s.trichter.json('person', 'show', 'victim')).includes('thief-3'));
});

probe('an owner, a score and a ground are not set from a web page', async () => {
	const user = someone();
	const r = await s.send('identify', {
		userId: user,
		traits: { owner: 'me', score: 100, email_status: 'verified', lawful_basis: 'consent', do_not_contact: false, city: 'Ulm' },
	});
	assert.equal(r.json.reasons.property_dropped, 5);
	const row = JSON.stringify(s.trichter.json('person', 'show', user));
	assert.ok(row.includes('Ulm') && !row.includes('verified'), row);
});

probe('a stage is not set by a trait', async () => {
	const user = someone();
	await s.send('identify', { userId: user, traits: { stage: 'customer', stage_since: '2020-01-01' } });
	assert.equal(s.trichter.run('people', 'stage = customer').status, 1, 'somebody is a customer');
});

probe('a consent is not given by a trait', async () => {
	const user = someone();
	await s.send('identify', { userId: user, traits: { 'consent.email': 'given' } });
	await s.send('identify', { userId: user, traits: { consent: { email: 'given' } } });
	assert.notEqual(s.trichter.run('people', 'consent.email = given').status, 0, 'somebody gave consent');
});

probe('a mark that the program sets cannot be sent', async () => {
	const r = await track({ properties: { excluded: 'bot', original_at: '2020-01-01' } });
	assert.equal(r.json.reasons.property_dropped, 2);
});

/* ---- without end --------------------------------------------------------------------------------- */

probe('event names without end fill no dictionary', async () => {
	const batch = Array.from({ length: 500 }, (_, i) => ({ type: 'track', userId: 'flood', event: `name ${i}` }));
	const r = await s.send('batch', { batch });
	assert.ok(r.json.accepted > 0 && r.json.accepted <= 60, r.text);
	assert.equal(r.json.reasons.too_many_names, 500 - r.json.accepted);
});

probe('property keys without end fill no dictionary', async () => {
	let dropped = 0;
	for (let k = 0; k < 4; k++) {
		const properties = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key ${k} ${i}`, i]));
		const r = await s.send('track', { userId: 'flood', event: 'Still there', properties });
		assert.equal(r.json.accepted, 1);
		dropped += r.json.reasons?.property_dropped ?? 0;
	}
	assert.ok(dropped > 100, `${dropped}`);
});

probe('names that were let in are let in after a restart, new ones are not', async () => {
	await s.restart();
	assert.equal((await s.send('track', { userId: 'x', event: 'name 0' })).json.accepted, 1);
	rejected(await s.send('track', { userId: 'x', event: 'one more name' }), 'too_many_names');
	s.trichter.ok('config', 'set', 'collect', '{"test_hosts":[]}');
});

probe('more than 200 properties of one message are left out', async () => {
	const properties = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`many${i}`, i]));
	const r = await track({ properties });
	assert.equal(r.json.accepted, 1);
	assert.equal(r.json.reasons.property_dropped, 100);
});

probe('a text of more than 8 KB is left out, the message stays', async () => {
	const r = await track({ properties: { long: 'x'.repeat(9000), short: 'y' } });
	assert.deepEqual([r.json.accepted, r.json.reasons.property_dropped], [1, 1]);
});

probe('a key of more than 100 bytes is left out', async () =>
	assert.equal((await track({ properties: { ['k'.repeat(101)]: 1 } })).json.reasons.property_dropped, 1));

probe('a name of more than 100 bytes is no name', async () =>
	rejected(await track({ event: 'n'.repeat(101) }), 'name_too_long'));

probe('an id of more than 200 bytes is no id', async () =>
	rejected(await track({ userId: 'u'.repeat(201) }), 'id_too_long'));

probe('a message id of more than 200 bytes is refused', async () =>
	rejected(await track({ messageId: 'm'.repeat(201) }), 'id_too_long'));

probe('a list of thousands is left out', async () =>
	assert.equal((await track({ properties: { l: Array(5000).fill(1) } })).json.reasons.property_dropped, 1));

/* ---- sizes --------------------------------------------------------------------------------------- */

probe('a message of more than 32 KB is refused', async () => {
	const r = await track({ properties: { a: 'x'.repeat(33 * 1024) } });
	assert.equal(r.status, 400);
	assert.match(r.text, /32 KB/);
});

probe('a message of more than 32 KB within a batch is refused alone', async () => {
	const r = await s.send('batch', {
		batch: [
			{ type: 'track', userId: 'u', event: 'Probe', properties: Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`p${i}`, 'x'.repeat(7000)])) },
			{ type: 'track', userId: 'u', event: 'Probe' },
		],
	});
	assert.deepEqual([r.json.accepted, r.json.rejected], [1, 1]);
	assert.equal(r.json.reasons.message_too_large, 1);
});

probe('a batch of more than 500 KB is refused', async () => {
	const batch = Array.from({ length: 20 }, () => ({ type: 'track', userId: 'u', event: 'Probe', properties: { a: 'x'.repeat(30000) } }));
	const r = await s.send('batch', { batch });
	assert.equal(r.status, 400);
	assert.match(r.text, /500 KB/);
});

probe('a body of more than 2 MB is not even read', async () =>
	assert.equal((await s.send('batch', 'x'.repeat(3 << 20))).status, 413));

probe('a batch of more than 2,500 messages is refused', async () => {
	const r = await s.send('batch', { batch: Array(2501).fill({ type: 'track', userId: 'u', event: 'Probe' }) });
	assert.equal(r.status, 400);
	assert.match(r.text, /2500/);
});

probe('an empty batch is nothing', async () => {
	const r = await s.send('batch', { batch: [] });
	assert.deepEqual(r.json, { success: true, accepted: 0, duplicate: 0, rejected: 0 });
});

/* ---- bodies -------------------------------------------------------------------------------------- */

probe('a gzip bomb costs no more than a batch', async () => {
	const r = await s.send('batch', gzipSync(Buffer.alloc(100 << 20, ' ')), { headers: { 'Content-Encoding': 'gzip' } });
	assert.equal(r.status, 400);
});

probe('a gzip body that is cut off is refused', async () => {
	const whole = gzipSync(JSON.stringify({ batch: [{ type: 'track', userId: 'u', event: 'Probe' }] }));
	for (const n of [0, 1, 10, whole.length - 1]) {
		const r = await s.send('batch', whole.subarray(0, n), { headers: { 'Content-Encoding': 'gzip' } });
		assert.equal(r.status, 400, `${n} bytes`);
	}
});

probe('bytes behind a gzip body are refused', async () => {
	const body = Buffer.concat([gzipSync('{"batch":[]}'), randomBytes(20)]);
	assert.equal((await s.send('batch', body, { headers: { 'Content-Encoding': 'gzip' } })).status, 400);
});

probe('a coding other than gzip is refused', async () => {
	for (const coding of ['br', 'deflate', 'gzip, gzip', 'x'])
		assert.equal((await s.send('track', 'x', { headers: { 'Content-Encoding': coding } })).status, 415, coding);
});

probe('JSON that never stops nesting is refused', async () => {
	const r = await s.send('track', `{"event":"x","userId":"u","properties":${'['.repeat(30000)}`);
	assert.equal(r.status, 400);
	const deep = await s.send('track', `{"event":"Probe","userId":"u","properties":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`);
	assert.equal(deep.status, 400);
});

probe('JSON of nothing but commas and brackets is read within its limits', async () => {
	const r = await s.send('batch', `{"batch":[{"type":"track","userId":"u","event":"Probe","properties":{"a":[${'[],'.repeat(9000)}[]]}}]}`);
	assert.equal(r.status, 200);
});

probe('a body that is no JSON names its place', async () => {
	for (const body of ['', '{', '{"a":}', 'null', '[]', '7', '"x"', '\u0000', '{"a":1}{"b":2}', "{'a':1}"]) {
		const r = await s.send('track', body);
		assert.equal(r.status, 400, `${body}: ${r.text}`);
	}
	assert.match((await s.send('track', '{"a":1,\n "b" 2}')).text, /line 2/);
});

probe('bytes that are no UTF-8 are refused', async () =>
	assert.equal((await s.send('track', Buffer.from('{"event":"\xff\xfe","userId":"u"}', 'latin1'))).status, 400));

probe('a lone surrogate is refused', async () =>
	assert.equal((await s.send('track', '{"event":"\\ud800","userId":"u"}')).status, 400));

probe('keys that come twice: the last one counts', async () => {
	const r = await s.send('track', '{"event":"deal_won","event":"Twice","userId":"a","userId":"b"}');
	assert.equal(r.json.accepted, 1);
	assert.equal(events('Twice')[0].user_id, 'b');
	rejected(await s.send('track', '{"event":"Twice","event":"deal_won","userId":"a"}'), 'reserved_name');
});

probe('keys of JavaScript objects are keys like others', async () => {
	const r = await s.send('track', '{"event":"Proto","userId":"u","__proto__":{"event":"deal_won"},"properties":{"__proto__":"x","constructor":"y"}}');
	assert.equal(r.json.accepted, 1);
	assert.equal(events('deal_won').length, 0);
	assert.equal(events('Proto').length, 1);
});

probe('members of the wrong kind do no harm', async () => {
	for (const more of [
		{ properties: [] }, { properties: 'x' }, { context: 7 }, { context: { page: [], campaign: 'x', traits: 9, userAgent: {} } },
		{ timestamp: [] }, { userId: {} }, { event: {} }, { messageId: [] }, { type: [] }, { integrations: [1] },
	]) {
		const r = await track(more);
		assert.equal(r.status, 200, `${JSON.stringify(more)}: ${r.text}`);
	}
});

/* ---- characters, dates, numbers -------------------------------------------------------------------- */

probe('a NUL in a name is refused', async () => rejected(await track({ event: 'a\u0000b' }), 'control_characters'));
probe('an escape sequence in an id is refused', async () =>
	rejected(await track({ userId: 'u\u001b[2J' }), 'control_characters'));
probe('control characters of a value are taken out', async () => {
	await track({ event: 'Controls', properties: { note: 'a\u0000b\u001b[31mc\nd' } });
	assert.equal(events('Controls')[0].note, 'ab[31mc\nd');
});
probe('script in every text comes back as text', async () => {
	const bad = '<script>alert(1)</script>"\'';
	await track({ event: 'Script', properties: { [bad.slice(0, 30)]: bad }, context: { page: { title: bad, path: bad } } });
	const { latest } = await s.status();
	const r = await s.reader.get('/api/v1/collect/status');
	assert.equal(latest.find((a) => a.name === 'Script').path, bad.slice(0, 79));
	assert.match(r.headers.get('content-type'), /^application\/json/);
	assert.equal(r.headers.get('x-content-type-options'), 'nosniff');
});
probe('SQL in every field is text', async () => {
	const sql = "'; DROP TABLE records; --";
	const r = await track({ event: sql, userId: sql, anonymousId: sql, messageId: sql, properties: { [sql]: sql } });
	assert.equal(r.json.accepted, 1);
	assert.equal(events(sql)[0].user_id, sql);
});
probe('a date far ahead becomes the time of receipt', async () => {
	for (const timestamp of ['9999-12-31T23:59:59Z', '2099-01-01T00:00:00Z'])
		assert.equal((await track({ event: 'Ahead', timestamp })).json.accepted, 1);
	for (const e of events('Ahead')) assert.ok(Math.abs(Date.parse(e.at) - Date.now()) < 60e3, e.at);
});
probe('a date that is none is refused with its reason', async () => {
	for (const timestamp of ['soon', '2026-02-30T00:00:00Z', '99999-01-01T00:00:00Z', 0, 1e300])
		rejected(await track({ timestamp }), 'bad_date');
});
probe('a date before 1970 counts', async () => {
	assert.equal((await track({ event: 'Old', timestamp: '1955-11-05T06:00:00Z' })).json.accepted, 1);
	assert.equal(events('Old')[0].at.slice(0, 4), '1955');
});
probe('a time of sending from another age moves nothing out of time', async () => {
	const r = await s.send('batch', {
		sentAt: '0001-01-01T00:00:00Z',
		batch: [{ type: 'track', userId: 'u', event: 'Skew', timestamp: '9999-12-31T00:00:00Z' }],
	});
	assert.equal(r.json.accepted, 1);
	assert.ok(Math.abs(Date.parse(events('Skew')[0].at) - Date.now()) < 60e3);
});
probe('numbers of every size are kept or left out, never wrapped', async () => {
	const r = await s.send('track', '{"event":"Numbers","userId":"u","properties":{"a":9223372036854775807,"b":-9223372036854775808,"c":1e308,"d":-0.0,"e":18446744073709551616,"revenue":-5,"currency":"EUR"}}');
	assert.equal(r.json.accepted, 1);
	const e = events('Numbers')[0];
	assert.equal(String(e.revenue), '-5.00 EUR');
	assert.ok(Number(e.a) > 9e18 && Number(e.e) > 1.8e19, JSON.stringify(e));
	assert.equal((await s.send('track', '{"event":"x","userId":"u","properties":{"a":1e999}}')).status, 400);
});
probe('an amount in a currency that is none is a number', async () => {
	const r = await track({ event: 'Money', properties: { revenue: 5, currency: 'XXQ' } });
	assert.equal(r.json.accepted, 1);
	assert.equal(Number(events('Money')[0].revenue), 5);
});
probe('ids that stand for nobody make nobody', async () => {
	const before = people();
	for (const userId of ['null', 'undefined', 'anonymous', '0', '', ' ', '-1'])
		assert.equal((await s.send('track', { userId, event: 'Probe' })).json.rejected, 1, userId);
	assert.equal(people(), before);
});

/* ---- keys ------------------------------------------------------------------------------------------- */

probe('no key, a wrong key and a cut key are refused', async () => {
	const message = { userId: 'u', event: 'x' };
	for (const key of ['', 'twk_wrong', s.writeKey.slice(0, -1), `${s.writeKey}x`, s.writeKey.toUpperCase(), 'tsk_x'.padEnd(5000, 'x')])
		assert.equal((await s.send('track', message, { key })).status, 401, key.slice(0, 20));
	assert.equal((await s.send('track', { ...message, writeKey: 'twk_no' }, { key: '' })).status, 401);
});
probe('a header that is no credential is refused', async () => {
	for (const Authorization of ['Basic', 'Basic ', 'Basic !!!', 'Bearer ', 'Digest x', `Basic ${'A'.repeat(9000)}`]) {
		const r = await s.send('track', { userId: 'u', event: 'x' }, { key: '', headers: { Authorization } });
		assert.ok([401, 431].includes(r.status), `${Authorization.slice(0, 20)}: ${r.status}`);
	}
});
probe('a good key in the body does not heal a wrong one in the header', async () =>
	assert.equal((await s.send('track', { userId: 'u', event: 'x', writeKey: s.writeKey }, { key: 'twk_wrong' })).status, 401));
probe('a revoked key is dead at once', async () => {
	const key = s.newKey('--write');
	const rows = s.trichter.json('key', 'list');
	const number = Math.max(...(rows.rows ?? rows.keys ?? rows).map((k) => Number(k.key ?? k.id)));
	assert.equal((await s.send('track', { userId: 'u', event: 'Probe' }, { key })).status, 200);
	s.trichter.ok('key', 'revoke', String(number));
	assert.equal((await s.send('track', { userId: 'u', event: 'Probe' }, { key })).status, 401);
});
probe('a write key opens nothing but collecting', async () => {
	for (const path of ['/api/v1/people', '/api/v1/collect/status', '/api/v1/keys', '/metrics'])
		for (const headers of [
			{ Authorization: `Bearer ${s.writeKey}` },
			{ Authorization: `Basic ${Buffer.from(`${s.writeKey}:`).toString('base64')}` },
		]) {
			const r = await fetch(s.base + path, { headers });
			assert.ok([401, 403].includes(r.status) || (path === '/metrics' && r.status === 200), `${path}: ${r.status}`);
		}
});
probe('wrong keys take as long as right ones', async () => {
	// In turn, and the quicker ones: what else the machine does only adds.
	const time = async (spans, key) => {
		const from = performance.now();
		await s.send('track', '{', { key });
		spans.push(performance.now() - from);
	};
	const spans = [[], [], []];
	for (let i = 0; i < 20; i++) await time(spans[2], 'twk_warm');
	for (let i = 0; i < 100; i++) {
		await time(spans[0], `${s.writeKey.slice(0, -1)}_`);
		await time(spans[1], 'twk_0000000000000000000000000000000000000000000');
	}
	const [near, far] = spans.map((x) => x.sort((a, b) => a - b)[5]);
	assert.ok(Math.abs(near - far) < 2, `${near} ms and ${far} ms`);
});
probe('an answer says nothing about keys that exist', async () => {
	const wrong = await s.send('track', { userId: 'u', event: 'x' }, { key: `${s.writeKey.slice(0, -1)}_` });
	const other = await s.send('track', { userId: 'u', event: 'x' }, { key: 'twk_other' });
	assert.equal(wrong.text, other.text);
	assert.ok(!wrong.text.includes(s.writeKey.slice(4, 12)));
});

/* ---- pages of other sites ---------------------------------------------------------------------------- */

probe('a preflight allows collecting from anywhere, without cookies', async () => {
	const r = await fetch(`${s.base}/v1/batch`, { method: 'OPTIONS', headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' } });
	assert.equal(r.status, 204);
	assert.equal(r.headers.get('access-control-allow-origin'), '*');
	assert.equal(r.headers.get('access-control-allow-credentials'), null);
});
probe('the API answers no preflight of another site', async () => {
	for (const path of ['/api/v1/people', '/api/v1/session', '/api/v1/collect/status']) {
		const r = await fetch(s.base + path, { method: 'OPTIONS', headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' } });
		assert.equal(r.headers.get('access-control-allow-origin'), null, path);
	}
});
probe('a text/plain body, as a beacon sends it, is read', async () => {
	const r = await s.send('batch', JSON.stringify({ writeKey: s.writeKey, batch: [{ type: 'track', userId: 'u', event: 'Probe' }] }), {
		key: '', headers: { 'Content-Type': 'text/plain;charset=UTF-8', Origin: 'https://shop.example' },
	});
	assert.equal(r.json.accepted, 1);
	assert.equal(r.headers.get('access-control-allow-origin'), '*');
});
probe('pages of other origins are refused when the setting names ours', async () => {
	s.trichter.ok('config', 'set', 'collect', '{"origins":["https://www.example.com"],"test_hosts":[]}');
	const send = (Origin) => s.send('track', { userId: 'u', event: 'Probe' }, { headers: { Origin } });
	assert.equal((await send('https://evil.example')).status, 403);
	assert.equal((await send('https://www.example.com.evil.example')).status, 403);
	assert.equal((await send('null')).status, 403);
	assert.equal((await send('https://www.example.com')).status, 200);
	s.trichter.ok('config', 'set', 'collect', '{"test_hosts":[]}');
});
probe('other methods are not allowed', async () => {
	for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
		assert.equal((await fetch(`${s.base}/v1/track`, { method })).status, 405, method);
});
probe('a picture is always a picture', async () => {
	for (const query of ['', '?key=twk_wrong', `?key=${s.writeKey}`, `?key=${s.writeKey}&type=track&event=deal_won`, `?key=${s.writeKey}&event=%F0%9F%98%80&p.x=%22%3E`]) {
		const r = await fetch(`${s.base}/t.gif${query}`);
		assert.equal(r.headers.get('content-type'), 'image/gif', query);
		assert.equal(Buffer.from(await r.arrayBuffer()).subarray(0, 6).toString(), 'GIF89a', query);
	}
	assert.equal(events('deal_won').length, 0);
	// A query that is no text at all is refused before anybody asks what it is for.
	assert.equal((await fetch(`${s.base}/t.gif?key=${s.writeKey}&event=%00&p.x=%ff`)).status, 400);
});
probe('no address of the network is kept or logged', async () => {
	const address = '203.0.113.99';
	await track({ event: 'Address', context: { ip: address }, properties: {} });
	assert.ok(!JSON.stringify(s.events()).includes(address));
	assert.ok(!s.log.includes(address));
});
probe('numbers of the projections are those of the journal after all this', async () => {
	assert.match(s.trichter.ok('verify'), /no difference/);
});
