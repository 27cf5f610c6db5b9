// work_hostile.test.mjs - what is written by hand, by people who mean no good.
//
// Each probe is one test by the name under which SECURITY.md lists it ("Writing").
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './server.mjs';

const ends = [];
let s, admin, sales, other, reader, anna, deal, company, key;

before(async () => {
	s = await Server.start({ after: (f) => ends.push(f) });
	admin = await s.as('administrator');
	sales = await s.as('sales');
	other = await s.signIn(s.user('sales', 'other@example.com'));
	reader = await s.as('read-only');
	anna = (await sales.post('/api/v1/people', { email: 'anna@example.com', stage: 'mql' })).json.person;
	company = (await sales.post('/api/v1/companies', { name: 'Acme', domain: 'acme.example' })).json.company;
	deal = (await sales.post('/api/v1/deals', { name: 'One', company, person: anna })).json.deal;
	key = s.key('import', 'read');
});
after(async () => {
	for (const end of ends.reverse()) await end();
});

const act = (c, body, id = anna, kind = 'people') => c.post(`/api/v1/${kind}/${id}/actions`, body);
const tag = async (path) => (await admin.get(path)).headers.get('etag');

/** A refusal that says so, names the field if there is one, and tells nothing of the inside. */
function refused(r, status, field) {
	assert.equal(r.status, status, r.text);
	assert.match(r.headers.get('content-type'), /problem\+json/);
	if (field) assert.equal(r.json.field, field, r.text);
	assert.doesNotMatch(r.text, /\/tmp|\.c:|sqlite|SELECT/i);
}
async function unchanged(path, f) {
	const was = await tag(path);
	await f();
	assert.equal(await tag(path), was);
}

describe('If-Match', () => {
	const path = () => `/api/v1/people/${anna}`;
	test('a change without If-Match is refused with 428', async () =>
		unchanged(path(), async () => refused(await sales.patch(path(), { city: 'x' }), 428)));
	test('a change with an empty If-Match is refused', async () =>
		refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': ' ' }), 428));
	test('a change with another If-Match is refused with 412', async () =>
		unchanged(path(), async () => refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': '"00"' }), 412)));
	test('a weak tag matches nothing', async () =>
		refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': `W/${await tag(path())}` }), 412));
	test('a star matches nothing', async () =>
		refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': '*' }), 412));
	test('a tag without quotes matches nothing', async () =>
		refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': (await tag(path())).replaceAll('"', '') }), 412));
	test('the tag of another person matches nothing', async () => {
		const b = (await sales.post('/api/v1/people', { email: 'tag@example.com' })).json.person;
		refused(await sales.patch(path(), { city: 'x' }, { 'If-Match': await tag(`/api/v1/people/${b}`) }), 412);
	});
	test('settings and stages want If-Match too', async () => {
		refused(await admin.patch('/api/v1/settings', { privacy: { dnt: false } }), 428);
		refused(await admin.ask('PUT', '/api/v1/stages', { stages: [{ name: 'a' }, { name: 'b' }] }), 428);
	});
});

describe('Idempotency-Key', () => {
	const send = (c, body, k, id) => c.post(`/api/v1/people/${id ?? anna}/actions`, body, { 'Idempotency-Key': k });
	test('the same key with another body is refused with 422', async () => {
		assert.equal((await send(sales, { action: 'note', text: 'a' }, 'one')).status, 201);
		refused(await send(sales, { action: 'note', text: 'b' }, 'one'), 422);
	});
	test('the same key for another address is refused with 422', async () => {
		await send(sales, { action: 'note', text: 'a' }, 'two');
		refused(await sales.post(`/api/v1/deals/${deal}/actions`, { action: 'note', text: 'a' }, { 'Idempotency-Key': 'two' }), 422);
	});
	test('the key of somebody else answers nothing of theirs', async () => {
		const mine = await send(sales, { action: 'note', text: 'secret' }, 'three');
		const theirs = await send(other, { action: 'note', text: 'secret' }, 'three');
		assert.notEqual(theirs.json.undo, mine.json.undo);
		assert.equal(theirs.json.touch.by.name, 'The sales');
	});
	test('twenty at once with one key do it once', async () => {
		const b = (await sales.post('/api/v1/people', { email: 'rush@example.com' })).json.person;
		const all = await Promise.all(Array.from({ length: 20 }, () => send(sales, { action: 'note', text: 'x' }, 'rush', b)));
		assert.ok(all.every((r) => r.status === 201 || r.status === 409), all.map((r) => r.status).join());
		assert.equal((await admin.get(`/api/v1/people/${b}/journey`)).json.rows.filter((r) => r.name === 'note_written').length, 1);
	});
	test('a key that is none is refused', async () => {
		refused(await send(sales, { action: 'note', text: 'a' }, ''), 400);
		refused(await send(sales, { action: 'note', text: 'a' }, 'x'.repeat(201)), 400);
	});
	test('what was refused may be tried again with the same key', async () => {
		refused(await send(sales, { action: 'note' }, 'four'), 400, 'text');
		assert.equal((await send(sales, { action: 'note', text: 'now' }, 'four')).status, 201);
	});
});

describe('fields', () => {
	const path = () => `/api/v1/people/${anna}`;
	const patch = async (c, body) => c.patch(path(), body, { 'If-Match': await tag(path()) });
	for (const field of ['stage', 'stage_since', 'consent.email', 'disqualified_reason', 'owner_id', 'recycled_until', 'trait.x', 'did#1', 'person', 'id', 'touches', 'role.1', '__proto__', 'score'])
		test(`a change cannot set ${field}`, async () => unchanged(path(), async () => refused(await patch(sales, { [field]: 'x' }), 400, field)));
	test('an action takes no field of another one', async () => refused(await act(sales, { action: 'note', text: 'x', stage: 'customer' }), 400, 'stage'));
	test('an action cannot say who did it, or when', async () => {
		refused(await act(sales, { action: 'note', text: 'x', by: 'user:1' }), 400, 'by');
		refused(await act(sales, { action: 'note', text: 'x', at: '2020-01-01' }), 400, 'at');
		refused(await act(sales, { action: 'note', text: 'x', cause: 1 }), 400, 'cause');
	});
	test('an action that is none is refused', async () => refused(await act(sales, { action: 'erase' }), 400, 'action'));
	test('a body that is no object is refused', async () => {
		for (const body of [[], 7, null]) refused(await act(sales, body), 400);
	});
	test('a field that is there twice counts for one value', async () => {
		const r = await sales.post(`${path()}/actions`, '{"action":"note","text":"a","text":"b"}', { 'Content-Type': 'application/json' });
		refused(r, 400, 'text');
	});
	test('a value of the wrong kind is refused', async () => {
		refused(await act(sales, { action: 'note', text: 7 }), 400, 'text');
		refused(await act(sales, { action: 'note', text: { a: 1 } }), 400, 'text');
		refused(await patch(sales, { city: [['x']] }), 400, 'city');
	});
	test('a stage outside the line is refused', async () => refused(await act(sales, { action: 'stage', stage: 'king', reason: 'x' }), 400, 'stage'));
	test('a reason outside the list is refused', async () => refused(await act(sales, { action: 'disqualify', reason: 'because' }), 400, 'reason'));
	test('an owner who is nobody here is refused', async () => {
		refused(await act(sales, { action: 'owner', owner: 4711 }), 400, 'owner');
		refused(await act(sales, { action: 'owner', owner: '<script>' }), 400, 'owner');
	});
	test('a deal is not won or lost by moving its stage', async () => {
		refused(await act(sales, { action: 'stage', stage: 'won' }, deal, 'deals'), 400, 'stage');
		refused(await act(sales, { action: 'stage', stage: 'lost' }, deal, 'deals'), 400, 'stage');
	});
});

describe('texts', () => {
	test('script in a note stays text', async () => {
		const text = '<script>alert(1)</script><img src=x onerror=alert(1)>';
		const r = await act(sales, { action: 'note', text });
		assert.equal(r.json.touch.properties.text, text);
		assert.match(r.headers.get('content-type'), /^application\/json/);
		const row = (await admin.get(`/api/v1/people/${anna}/journey`)).json.rows.find((x) => x.seq === r.json.undo);
		assert.equal(row.properties.text, text);
	});
	test('a note that is too long is refused', async () => refused(await act(sales, { action: 'note', text: 'x'.repeat(10001) }), 400, 'text'));
	test('a body that is too long is refused', async () => assert.equal((await act(sales, { action: 'note', text: 'x'.repeat(200_000) })).status, 413));
	test('a name that is too long is refused', async () => refused(await sales.post('/api/v1/companies', { name: 'x'.repeat(201) }), 400, 'name'));
	for (const [what, c] of [['NUL', '\u0000'], ['an escape', '\u001b'], ['a bell', '\u0007'], ['a C1 control', '\u0085'], ['DEL', '\u007f']])
		test(`${what} in a text is refused`, async () => refused(await act(sales, { action: 'note', text: `a${c}b` }), 400, 'text'));
	for (const [what, c] of [['right to left', '\u202e'], ['an isolate', '\u2066'], ['a mark of direction', '\u200f'], ['a byte order mark', '\ufeff']])
		test(`${what} in a name is refused`, async () => refused(await sales.post('/api/v1/companies', { name: `Acme${c}moc.live` }), 400, 'name'));
	test('a line break in a name is refused', async () => refused(await sales.post('/api/v1/companies', { name: 'Acme\r\nX-Header: 1' }), 400, 'name'));
	test('half of a character is refused', async () => {
		const r = await sales.post(`/api/v1/people/${anna}/actions`, '{"action":"note","text":"\\ud800"}', { 'Content-Type': 'application/json' });
		assert.equal(r.status, 400);
	});
});

describe('numbers and dates', () => {
	const amount = (a) => act(sales, { action: 'amount', amount: a }, deal, 'deals');
	test('a negative amount is refused', async () => refused(await amount({ amount_minor: -1, currency: 'EUR' }), 400, 'amount'));
	test('an amount beyond all sense is refused', async () => refused(await amount({ amount_minor: 9007199254740991, currency: 'EUR' }), 400, 'amount'));
	test('an amount with a fraction of a cent is refused', async () => refused(await amount({ amount_minor: 1.5, currency: 'EUR' }), 400, 'amount'));
	test('a currency that is none is refused', async () => {
		for (const currency of ['XYZ', 'eur', 'EURO', '', '€', 'E"R']) refused(await amount({ amount_minor: 1, currency }), 400, 'amount');
	});
	test('an amount with more members is refused', async () => refused(await amount({ amount_minor: 1, currency: 'EUR', x: 1 }), 400, 'amount'));
	test('a day that does not exist is refused', async () => refused(await act(sales, { action: 'close_date', close_date: '2027-02-30' }, deal, 'deals'), 400, 'close_date'));
	test('a date far out of range is refused', async () => {
		for (const close_date of ['0001-01-01', '9999-12-31', '1899-12-31'])
			refused(await act(sales, { action: 'close_date', close_date }, deal, 'deals'), 400, 'close_date');
	});
	test('a lead does not come back in the past, nor in a hundred years', async () => {
		refused(await act(sales, { action: 'recycle', until: '2020-01-01' }), 400, 'until');
		refused(await act(sales, { action: 'recycle', until: '2126-01-01' }), 400, 'until');
	});
});

describe('whom', () => {
	test('who only reads does nothing', async () => {
		for (const r of [
			await act(reader, { action: 'note', text: 'x' }),
			await reader.post('/api/v1/people', { email: 'r@example.com' }),
			await reader.post('/api/v1/people/actions', { action: 'accept', ids: [anna] }),
			await reader.post(`/api/v1/people/${anna}/merge`, { with: 1 }),
			await reader.patch(`/api/v1/people/${anna}`, { city: 'x' }, { 'If-Match': '"0"' }),
		])
			refused(r, 403);
	});
	test('nobody who is not signed in does anything', async () => refused(await act(s.nobody, { action: 'note', text: 'x' }), 401));
	test('without the token of the page nothing is done', async () =>
		assert.equal((await sales.post(`/api/v1/people/${anna}/actions`, { action: 'note', text: 'x' }, { 'X-CSRF-Token': null })).status, 403));
	test('sales does not change settings or stages', async () => {
		refused(await sales.patch('/api/v1/settings', { privacy: { dnt: false } }, { 'If-Match': '"0"' }), 403);
		refused(await sales.ask('PUT', '/api/v1/stages', { stages: [] }, { 'If-Match': '"0"' }), 403);
	});
	test('sales does not send touches of any name', async () => refused(await sales.post('/api/v1/touches', { touches: [{ name: 'x' }] }), 403));
	test('the number of a company is no person', async () => {
		refused(await act(sales, { action: 'note', text: 'x' }, company), 404);
		refused(await act(sales, { action: 'note', text: 'x' }, anna, 'deals'), 404);
		refused(await act(sales, { action: 'link', person: company, role: 'x' }, deal, 'deals'), 400, 'person');
	});
	test('numbers that are none are nobody', async () => {
		for (const id of ['0', '-1', '99999999', '18446744073709551616', '1e3', '1;DROP', '%00', '..'])
			assert.ok([404, 405, 400].includes((await act(sales, { action: 'note', text: 'x' }, id)).status), id);
	});
	test('an address that is somebody else is not taken', async () => {
		const b = (await sales.post('/api/v1/people', { email: 'b@example.com' })).json.person;
		refused(await sales.post('/api/v1/people', { email: 'ANNA@example.com' }), 409, 'email');
		refused(await sales.patch(`/api/v1/people/${b}`, { email: 'anna@example.com' }, { 'If-Match': await tag(`/api/v1/people/${b}`) }), 409, 'email');
		assert.equal((await admin.get(`/api/v1/people/${b}`)).json.person, b);
	});
	test('a domain that is somebody else is not taken', async () => refused(await sales.post('/api/v1/companies', { name: 'Other', domain: 'ACME.example' }), 409, 'domain'));
	test('nobody is merged with a company, or with themselves', async () => {
		refused(await sales.post(`/api/v1/people/${anna}/merge`, { with: company }), 400, 'with');
		refused(await sales.post(`/api/v1/people/${anna}/merge`, { with: anna }), 409);
	});
	test('a profile of somebody else is not taken out', async () => {
		const b = (await sales.post('/api/v1/people', { email: 'c@example.com' })).json.person;
		refused(await sales.post(`/api/v1/people/${anna}/unmerge`, { profile: b }), 400, 'profile');
	});
});

describe('taking back', () => {
	const undo = (c, seq, body) => c.post(`/api/v1/touches/${seq}/undo`, body);
	test('what somebody else did is not taken back', async () => {
		const r = await act(sales, { action: 'note', text: 'mine' });
		refused(await undo(other, r.json.undo), 403);
		assert.equal((await undo(admin, r.json.undo)).status, 200);
	});
	test('what a tracker or a system sent is not taken back', async () => {
		const sent = await key.post('/api/v1/touches', { touches: [{ name: 'page_viewed', email: 'anna@example.com' }] });
		refused(await undo(admin, sent.json.rows[0].seq), 403);
	});
	test('what followed from a deed is not taken back alone', async () => {
		const b = (await sales.post('/api/v1/people', { email: 'f@example.com', stage: 'mql' })).json.person;
		const r = await act(sales, { action: 'accept' }, b);
		refused(await undo(sales, r.json.undo + 1), 403);
	});
	test('nothing is taken back twice', async () => {
		const r = await act(sales, { action: 'note', text: 'x' });
		assert.equal((await undo(sales, r.json.undo)).status, 200);
		refused(await undo(sales, r.json.undo), 409);
	});
	test('of ten who take it back at once, one does', async () => {
		const r = await act(sales, { action: 'note', text: 'x' });
		const all = await Promise.all(Array.from({ length: 10 }, () => undo(sales, r.json.undo)));
		assert.equal(all.filter((x) => x.status === 200).length, 1, all.map((x) => x.status).join());
	});
	test('a number that is no touch is not found', async () => {
		refused(await undo(sales, 99999999), 404);
		refused(await undo(sales, '0'), 404);
	});
	test('a forced taking back needs the word and nothing else', async () => {
		const r = await act(sales, { action: 'note', text: 'x' });
		refused(await undo(sales, r.json.undo, { anyway: 'yes' }), 400, 'anyway');
		refused(await undo(sales, r.json.undo, { force: true }), 400, 'force');
	});
	test('a secret key cannot say that something was done by hand, or taken back', async () => {
		for (const touch of [{ name: 'x', by: 'user:1' }, { name: 'x', cause: 1 }, { name: 'x', rule: 'mql@1' }])
			refused(await key.post('/api/v1/touches', { touches: [touch] }), 400);
		for (const name of ['touch_undone', 'touch_redone', 'import_undone', 'person_merged']) {
			const r = await key.post('/api/v1/touches', { touches: [{ name, person: anna, properties: { touch: 1, profile: 2 } }] });
			assert.equal(r.json.rows[0].outcome, 'rejected', name);
		}
	});
});

describe('many at once', () => {
	const bulk = (body) => sales.post('/api/v1/people/actions', body);
	test('more than 500 numbers are refused', async () => refused(await bulk({ action: 'note', text: 'x', ids: Array.from({ length: 501 }, (_, i) => i + 1) }), 400, 'ids'));
	test('no numbers, doubles and words are refused', async () => {
		refused(await bulk({ action: 'note', text: 'x', ids: [] }), 400, 'ids');
		refused(await bulk({ action: 'note', text: 'x', ids: [anna, anna] }), 400, 'ids');
		refused(await bulk({ action: 'note', text: 'x', ids: ['1 OR 1=1'] }), 400, 'ids');
	});
	test('a rule without the count that was seen is refused', async () => {
		refused(await bulk({ action: 'note', text: 'x', where: 'stage = mql' }), 400, 'count');
		refused(await bulk({ action: 'note', text: 'x', where: 'stage = mql', count: 100000 }), 409);
	});
	test('a rule that is none is refused', async () => refused(await bulk({ action: 'note', text: 'x', where: "stage = mql'; --", count: 1 }), 400, 'where'));
	test('a field that is wrong stops all of it', async () =>
		unchanged(`/api/v1/people/${anna}`, async () => refused(await bulk({ action: 'disqualify', reason: 'zzz', ids: [anna] }), 400, 'reason')));
});

describe('settings', () => {
	const change = async (body) => admin.patch('/api/v1/settings', body, { 'If-Match': await tag('/api/v1/settings') });
	const stages = async (list) => admin.ask('PUT', '/api/v1/stages', { stages: list }, { 'If-Match': await tag('/api/v1/stages') });
	test('settings that are none are refused', async () => {
		refused(await change({ secrets: {} }), 400, 'secrets');
		refused(await change({ workspace: { admin: true } }), 400, 'admin');
		refused(await change({ privacy: { dnt: 'no' } }), 400, 'dnt');
		refused(await change({ workspace: { currency: 'XXY' } }), 400, 'currency');
		refused(await change({ workspace: { name: 'A\u202eB' } }), 400, 'name');
		refused(await change({ workspace: { domains: ['http://x/y'] } }), 400, 'domains');
		refused(await change({ reasons: { loss: ['a,b'] } }), 400, 'loss');
	});
	test('a stage with a name that rules cannot hold is refused', async () => {
		for (const name of ['visitor', 'A', '', 'a b', 'x"', '<b>', 'a'.repeat(41), 'won'])
			refused(await stages([{ name }, { name: 'customer' }]), 400, 'name');
		refused(await stages([{ name: 'lead' }, { name: 'lead' }]), 400, 'name');
		refused(await stages([{ name: 'lead' }]), 400, 'stages');
	});
	test('zones stand in order', async () => refused(await stages([{ name: 'a', zone: 'bofu' }, { name: 'b', zone: 'mofu' }]), 400, 'zone'));
});
