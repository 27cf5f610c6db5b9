// work.test.mjs - what everyone does on the first day, over HTTP: done, seen by others at once,
// taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from './server.mjs';

async function office(t) {
	const s = await Server.start(t);
	const admin = await s.as('administrator');
	const sales = await s.as('sales');
	const made = await admin.post('/api/v1/people', {
		email: 'anna@example.com',
		first_name: 'Anna',
		last_name: 'Kern',
		stage: 'mql',
	});
	assert.equal(made.status, 201, made.text);
	return { s, admin, sales, anna: made.json.person };
}

const person = async (c, id) => (await c.get(`/api/v1/people/${id}`)).json;

/** One action by the one, seen by the other; gives back the answer. */
async function act(c, kind, id, body) {
	const r = await c.post(`/api/v1/${kind}/${id}/actions`, body);
	assert.equal(r.status, 201, r.text);
	assert.equal(r.json.undo, r.json.touch.seq);
	return r.json;
}

async function undo(c, seq, body) {
	const r = await c.post(`/api/v1/touches/${seq}/undo`, body);
	assert.equal(r.status, 200, r.text);
	return r.json;
}

test('a lead is accepted, disqualified, recycled, moved, and each is taken back', async (t) => {
	const { admin, sales, anna } = await office(t);
	const stage = async () => (await person(admin, anna)).stage;
	assert.equal(await stage(), 'mql');
	const accepted = await act(sales, 'people', anna, { action: 'accept' });
	assert.equal(await stage(), 'sal');
	const undone = await undo(sales, accepted.undo);
	assert.equal(undone.touches, 2); // the deed, and the stage that followed
	assert.equal(await stage(), 'mql');
	await undo(sales, undone.undo);
	assert.equal(await stage(), 'sal');

	const out = await act(sales, 'people', anna, { action: 'disqualify', reason: 'no budget', text: 'until spring' });
	let seen = await admin.get(`/api/v1/people?where=${encodeURIComponent('disqualified_reason = "no budget"')}`);
	assert.equal(seen.json.rows.length, 1);
	await undo(sales, out.undo);
	seen = await admin.get(`/api/v1/people?where=${encodeURIComponent('disqualified_reason is known')}`);
	assert.equal(seen.json?.rows?.length ?? 0, 0, seen.text);

	const soon = new Date(Date.now() + 40 * 86400_000).toISOString().slice(0, 10);
	const back = await act(sales, 'people', anna, { action: 'recycle', until: soon });
	assert.equal(await stage(), 'lead');
	await undo(sales, back.undo);
	assert.equal(await stage(), 'sal');
	await act(sales, 'people', anna, { action: 'stage', stage: 'sql', reason: 'talked about fit' });
	assert.equal(await stage(), 'sql');
});

test('owner, note and call are seen in the journey', async (t) => {
	const { admin, sales, anna } = await office(t);
	const owners = (await admin.get('/api/v1/owners')).json.rows;
	const me = owners.find((o) => o.name === 'The sales');
	const owned = await act(admin, 'people', anna, { action: 'owner', owner: me.id });
	assert.equal((await person(sales, anna)).owner, 'The sales');
	await act(sales, 'people', anna, { action: 'note', text: 'Likes <b>short</b> mails.\nAsk in May.' });
	await act(sales, 'people', anna, { action: 'call', outcome: 'reached', text: 'ten minutes' });
	const names = (await admin.get(`/api/v1/people/${anna}/journey`)).json.rows.map((r) => r.name);
	assert.ok(names.includes('note_written') && names.includes('call_made'), names.join());
	await undo(admin, owned.undo);
	assert.equal((await person(sales, anna)).owner, null);
	const again = await act(sales, 'people', anna, { action: 'owner', owner: 'The sales' });
	await act(sales, 'people', anna, { action: 'owner', owner: null });
	assert.equal((await person(sales, anna)).owner, null);
	const conflict = await sales.post(`/api/v1/touches/${again.undo}/undo`, {});
	assert.equal(conflict.status, 409);
	assert.equal(conflict.json.later[0].name, 'person_updated');
	await undo(sales, again.undo, { anyway: true });
});

test('a deal is made, moved, priced, planned, won; who has a role becomes a customer', async (t) => {
	const { admin, sales, anna } = await office(t);
	const acme = await sales.post('/api/v1/companies', { name: 'Acme', domain: 'acme.example' });
	assert.equal(acme.status, 201, acme.text);
	const bob = (await sales.post('/api/v1/people', { email: 'bob@acme.example', company: acme.json.company })).json.person;
	const made = await sales.post('/api/v1/deals', {
		name: 'Acme, new business',
		company: acme.json.company,
		person: anna,
		amount: { amount_minor: 120000, currency: 'EUR' },
	});
	assert.equal(made.status, 201, made.text);
	assert.equal(made.headers.get('location'), `/api/v1/deals/${made.json.deal}`);
	const deal = made.json.deal;
	const now = async () => (await admin.get(`/api/v1/deals/${deal}`)).json;
	assert.equal((await person(admin, anna)).stage, 'opportunity');
	await act(sales, 'deals', deal, { action: 'link', person: bob, role: 'champion' });
	await act(sales, 'deals', deal, { action: 'stage', stage: 'commitment' });
	await act(sales, 'deals', deal, { action: 'amount', amount: { amount_minor: 150000, currency: 'EUR' } });
	await act(sales, 'deals', deal, { action: 'close_date', close_date: '2027-03-31' });
	await act(sales, 'deals', deal, { action: 'next_step', next_step: 'send the paper' });
	await act(sales, 'deals', deal, { action: 'note', text: 'near' });
	const d = await now();
	assert.equal(d.stage, 'commitment');
	assert.equal(d.amount.amount_minor, 150000);
	const won = await act(sales, 'deals', deal, { action: 'won' });
	assert.equal((await now()).status, 'won');
	assert.equal((await person(admin, anna)).stage, 'customer');
	assert.equal((await person(admin, bob)).stage, 'customer');
	const result = await undo(sales, won.undo);
	assert.equal(result.touches, 4); // the deal, two people, the company
	assert.equal((await now()).status, 'open');
	assert.equal((await person(admin, bob)).stage, 'opportunity');
	const lost = await act(sales, 'deals', deal, { action: 'lost', reason: 'chose a competitor', competitor: 'Rival' });
	assert.equal((await now()).status, 'lost');
	await undo(sales, lost.undo);
	assert.equal((await now()).status, 'open');
});

test('what one does is seen by the other at once, and verify proves it', async (t) => {
	const { s, admin, sales, anna } = await office(t);
	const stop = new AbortController();
	const live = await fetch(`${s.base}/api/v1/live`, { headers: { Cookie: admin.cookie }, signal: stop.signal });
	const reader = live.body.getReader();
	const heard = (async () => {
		let text = '';
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return text;
			text += Buffer.from(value).toString();
			if (text.includes('note_written')) return text;
		}
	})();
	const noted = await act(sales, 'people', anna, { action: 'note', text: 'hello' });
	assert.match(await heard, /note_written/);
	stop.abort();
	await undo(sales, noted.undo);
	await s.restart('SIGKILL');
	const after = await s.signIn('sales@example.com');
	assert.equal((await person(after, anna)).stage, 'mql');
	await s.stop();
	assert.match(s.trichter.ok('verify'), /no difference/);
});

test('many at once are taken back as one', async (t) => {
	const { admin, sales, anna } = await office(t);
	const ids = [anna];
	for (let i = 0; i < 5; i++)
		ids.push((await sales.post('/api/v1/people', { email: `p${i}@example.com`, stage: 'mql' })).json.person);
	const rule = encodeURIComponent('stage = sal');
	const r = await sales.post('/api/v1/people/actions', { action: 'accept', ids: [...ids, 999999] });
	assert.equal(r.status, 201, r.text);
	assert.equal(r.json.done, 6);
	assert.equal(r.json.left_out, 1);
	assert.equal((await admin.get(`/api/v1/people?where=${rule}&count=1`)).json.count, 6);
	const back = await undo(sales, r.json.undo);
	assert.equal(back.touches, 1 + 12);
	assert.equal((await admin.get(`/api/v1/people?where=${rule}&count=1`)).json.count, 0);
	const wrong = await sales.post('/api/v1/people/actions', { action: 'accept', where: 'stage = mql', count: 5 });
	assert.equal(wrong.status, 409, wrong.text);
	const right = await sales.post('/api/v1/people/actions', { action: 'accept', where: 'stage = mql', count: 6 });
	assert.equal(right.status, 201, right.text);
	assert.equal(right.json.done, 6);
});

test('of two who change the same, one is told', async (t) => {
	const { admin, sales, anna } = await office(t);
	const tag = (await admin.get(`/api/v1/people/${anna}`)).headers.get('etag');
	const first = await sales.patch(`/api/v1/people/${anna}`, { city: 'Kiel' }, { 'If-Match': tag });
	assert.equal(first.status, 200, first.text);
	const late = await admin.patch(`/api/v1/people/${anna}`, { city: 'Bonn' }, { 'If-Match': tag });
	assert.equal(late.status, 412, late.text);
	const next = await admin.patch(`/api/v1/people/${anna}`, { city: 'Bonn', first_name: null }, { 'If-Match': first.json.etag });
	assert.equal(next.status, 200, next.text);
	const both = await Promise.all(
		['a', 'b', 'c', 'd'].map((city) => sales.patch(`/api/v1/people/${anna}`, { city }, { 'If-Match': next.json.etag })),
	);
	assert.deepEqual(both.map((r) => r.status).sort(), [200, 412, 412, 412]);
});

test('merged people are one, and two again', async (t) => {
	const { admin, sales, anna } = await office(t);
	const other = (await sales.post('/api/v1/people', { email: 'a.kern@example.org' })).json.person;
	const r = await sales.post(`/api/v1/people/${anna}/merge`, { with: other, reason: 'the same' });
	assert.equal(r.status, 201, r.text);
	assert.equal((await person(admin, other)).person, anna);
	await undo(sales, r.json.undo);
	assert.equal((await person(admin, other)).person, other);
	await sales.post(`/api/v1/people/${anna}/merge`, { with: other });
	const apart = await sales.post(`/api/v1/people/${anna}/unmerge`, { profile: other });
	assert.equal(apart.status, 201, apart.text);
	assert.equal((await person(admin, other)).person, other);
});

test('sent again with its key, a request is done once, also after a restart', async (t) => {
	const { s, sales } = await office(t);
	const body = { email: 'once@example.com' };
	const key = { 'Idempotency-Key': 'k-1' };
	const first = await sales.post('/api/v1/people', body, key);
	const again = await sales.post('/api/v1/people', body, key);
	assert.equal(first.status, 201);
	assert.equal(again.status, 201);
	assert.equal(again.text, first.text);
	assert.equal(again.headers.get('idempotency-replayed'), 'true');
	const note = { action: 'note', text: 'once' };
	await sales.post(`/api/v1/people/${first.json.person}/actions`, note, { 'Idempotency-Key': 'k-2' });
	await s.restart();
	const later = await (await s.signIn('sales@example.com')).post(
		`/api/v1/people/${first.json.person}/actions`,
		note,
		{ 'Idempotency-Key': 'k-2' },
	);
	assert.equal(later.status, 409);
});

test('settings and stages are changed by who may, and hold', async (t) => {
	const { admin, sales, anna } = await office(t);
	const before = await admin.get('/api/v1/settings');
	assert.equal(before.json.privacy.dnt, true);
	const r = await admin.patch(
		'/api/v1/settings',
		{
			workspace: { name: 'Acme', currency: 'CHF', domains: ['acme.example'] },
			privacy: { gpc: false },
			reasons: { disqualify: ['no fit', 'too far'] },
		},
		{ 'If-Match': before.headers.get('etag') },
	);
	assert.equal(r.status, 200, r.text);
	assert.equal(r.json.workspace.name, 'Acme');
	assert.equal(r.json.privacy.dnt, true);
	assert.equal(r.json.privacy.gpc, false);
	assert.equal((await sales.get('/api/v1/session')).json.workspace.currency, 'CHF');
	const out = await sales.post(`/api/v1/people/${anna}/actions`, { action: 'disqualify', reason: 'no budget' });
	assert.equal(out.status, 400);
	assert.equal(out.json.field, 'reason');
	await act(sales, 'people', anna, { action: 'disqualify', reason: 'too far' });

	const line = await admin.get('/api/v1/stages');
	assert.equal(line.json.stages[4].de, 'Verkaufschance');
	const without = line.json.stages.filter((x) => x.name !== 'mql');
	const match = { 'If-Match': line.headers.get('etag') };
	const people = await admin.ask('PUT', '/api/v1/stages', { stages: without }, match);
	assert.equal(people.status, 409, people.text);
	const trial = [{ name: 'lead' }, { name: 'mql' }, { name: 'trial', en: 'Trial', de: 'Test', zone: 'bofu' }, { name: 'customer' }];
	const set = await admin.ask('PUT', '/api/v1/stages', { stages: trial }, match);
	assert.equal(set.status, 200, set.text);
	assert.equal(set.json.stages[2].de, 'Test');
	await act(sales, 'people', anna, { action: 'stage', stage: 'trial', reason: 'began' });
	assert.equal((await person(admin, anna)).stage, 'trial');
});

test('a secret key sends any touch, and each is answered', async (t) => {
	const { s, admin } = await office(t);
	const key = s.key('import', 'read');
	const r = await key.post('/api/v1/touches', {
		touches: [
			{ name: 'demo_held', email: 'carla@example.com', at: '2026-01-31T12:00:00Z', message_id: 'x-1', properties: { minutes: 30 } },
			{ name: 'demo_held', email: 'carla@example.com', at: '2026-01-31T12:00:00Z', message_id: 'x-1' },
			{ name: 'touch_undone', email: 'carla@example.com' },
		],
	});
	assert.equal(r.status, 200, r.text);
	assert.deepEqual(r.json.rows.map((x) => x.outcome), ['accepted', 'duplicate', 'rejected']);
	const found = await admin.get(`/api/v1/people?where=${encodeURIComponent('email = "carla@example.com"')}`);
	assert.equal(found.json.rows[0].touches, 1);
	const undo = await admin.post(`/api/v1/touches/${r.json.rows[0].seq}/undo`, {});
	assert.equal(undo.status, 403, undo.text);
});
