// sealing.test.mjs - a directory that seals all the time beside one that never does: nobody can
// tell them apart.
//
// What it is:      two servers get the same random calls, imports, deeds and accidents; what all the
//                  reading commands and the screens' API say of them has to be equal, byte for byte.
//                  Both see the same time of day (clock.c), which moves from call to call.
// SEALING_ROUNDS   how many rounds (2); SEALING_SEED where the random numbers begin (1);
// SEALING_ASKED    how many random funnels are asked for after each round (6);
// SEALING_KEEP     where both directories go when they differ (a beginning of two paths);
// SEALING_TRACE    a file for all that was asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, cpSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, Server } from './server.mjs';
import { Trichter, binary, root } from './trichter.mjs';

const rounds = Number(process.env.SEALING_ROUNDS ?? 2);
const seed = Number(process.env.SEALING_SEED ?? 1);
const asked = Number(process.env.SEALING_ASKED ?? 6); // at random, after each round
const trace = process.env.SEALING_TRACE ?? '';

/** Repeatable random numbers (mulberry32). */
function dice(state) {
	const next = () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	const under = (n) => Math.floor(next() * n);
	return { under, of: (list) => list[under(list.length)], in: (n) => under(n) === 0 };
}
const d = dice(seed * 7919);

const names = ['page_viewed', 'form_submitted', 'message_opened', 'pricing viewed', 'trial_started', 'Bezahlt €'];
const stages = ['lead', 'mql', 'sal', 'sql', 'opportunity', 'customer'];
const sources = ['google', 'bing', 'newsletter', 'fair', ''];
const year = 365 * 86400_000;
const newest = Date.UTC(2026, 9, 1);
const when = () => new Date(newest - (d.in(20) ? d.under(60 * year) : d.under(1.5 * year)) - (d.in(3) ? 0 : d.under(1000)))
	.toISOString();
const whole = () => new Date(newest - d.under(400) * 86400_000).toISOString().slice(0, 10);
let count = 0;

function properties() {
	const p = {};
	if (d.in(2)) p.path = d.of(['/', '/pricing', '/docs/a', '/docs/b?x=1']);
	if (d.in(3)) p.n = d.under(5);
	if (d.in(5)) p.share = d.under(1000) / 8;
	if (d.in(5)) p.yes = d.in(2);
	if (d.in(6)) p['k' + d.under(30)] = 'v'.repeat(d.under(40)) + d.under(9);
	if (d.in(40)) p.long = 'x'.repeat(3000) + d.under(3);
	if (d.in(9)) p.on = whole();
	return p;
}

function message() {
	const who = d.under(40);
	const m = { messageId: `m${++count}`, timestamp: when() };
	if (!d.in(4)) m.anonymousId = `a${d.of([who, who, who + 40])}`;
	else m.userId = `u${who}`;
	if (d.in(3)) m.context = { campaign: { source: d.of(sources), medium: d.of(['cpc', 'email', '']) } };
	switch (d.under(12)) {
		case 0:
			return { ...m, type: 'identify', userId: `u${who}`, traits: { email: `p${who}@example.com`, country: d.of(['DE', 'AT', 'CH']), plan: d.of(['a', 'b']) } };
		case 1:
			return d.in(3) ? { ...m, type: 'alias', userId: `u${who}`, previousId: `a${d.under(80)}`, anonymousId: undefined } : { ...m, type: 'page', properties: properties() };
		case 2:
			return { ...m, type: 'group', userId: `u${who}`, groupId: `g${who % 7}`, traits: { name: `Company ${who % 7}`, website: `https://c${who % 7}.example` } };
		case 3:
		case 4:
		case 5:
			return { ...m, type: 'page', properties: { ...properties(), url: `https://example.com/${d.under(9)}` } };
		default:
			return { ...m, type: 'track', event: d.of(names), properties: properties() };
	}
}

/** One of the two: a directory, its server, somebody with all rights. */
class Side {
	constructor(t, name, tail, clock) {
		Object.assign(this, { t, name, tail, clock, trichter: new Trichter(t) });
		this.env = { LD_PRELOAD: clock.library, TEST_CLOCK: clock.file };
	}
	async start() {
		this.server = new Server(this.t, { trichter: this.trichter, env: { ...this.env, TRICHTER_TAIL_TOUCHES: String(this.tail) } });
		await this.server.start();
		this.client = new Client(this.server.base, { key: this.key });
	}
	run(...args) {
		const options = typeof args.at(-1) === 'object' ? args.pop() : {};
		return this.trichter.run(...args, { ...options, env: { ...options.env, ...this.env } });
	}
	segments() {
		const dir = join(this.trichter.data, 'archive');
		return existsSync(dir) ? readdirSync(dir).length : 0;
	}
	/** The directory becomes what a backup of it holds. */
	async backup() {
		const file = this.trichter.path('b.bak');
		assert.equal(this.run('backup', file).status, 0);
		await this.server.stop(d.in(2) ? 'SIGKILL' : 'SIGTERM');
		rmSync(this.trichter.data, { recursive: true });
		const r = this.run('restore', file);
		assert.equal(r.status, 0, r.err);
		rmSync(file);
		await this.start();
	}
}

/** The time of day of both, in a file. */
class Clock {
	constructor(t) {
		this.home = mkdtempSync(join(tmpdir(), 'trichter-clock-'));
		this.library = join(this.home, 'clock.so');
		this.file = join(this.home, 'now');
		this.us = BigInt(Date.UTC(2026, 9, 2)) * 1000n;
		this.fd = openSync(this.file, 'w');
		this.move();
		t.after(() => {
			closeSync(this.fd);
			rmSync(this.home, { recursive: true });
		});
	}
	/** False: there is no compiler, or the program does not bear a library before its own. */
	build() {
		const made = spawnSync('cc', ['-O1', '-shared', '-fPIC', '-o', this.library, join(root, 'tests/e2e/clock.c')]);
		return made.status === 0 && spawnSync(binary, ['--version'], { env: { ...process.env, LD_PRELOAD: this.library } }).status === 0;
	}
	move() {
		this.us += BigInt(1_000_000 * (1 + d.under(1000)));
		const bytes = Buffer.alloc(8);
		bytes.writeBigInt64LE(this.us);
		writeSync(this.fd, bytes, 0, 8, 0);
	}
}
const say = (text) => trace && appendFileSync(trace, text + '\n');

/** What differs by nature: ids that nobody else can guess. */
const plain = (text) =>
	text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24,32}\b/g, 'ID')
	.replace(/trichter-e2e-\w+/g, 'HOME');

async function both(sides, what, ask) {
	sides[0].clock.move();
	const said = [];
	for (const s of sides) said.push(await ask(s));
	say(`${what}: ${plain(said[0]).slice(0, 300)}`);
	if (plain(said[1]) !== plain(said[0]) && process.env.SEALING_KEEP)
		for (const s of sides) {
			await s.server.stop('SIGKILL');
			spawnSync('cp', ['-a', s.trichter.data, `${process.env.SEALING_KEEP}-${s.name}`]);
		}
	assert.equal(plain(said[1]), plain(said[0]), `${what}: never sealed says the first, sealed the second (seed ${seed})`);
	return said[0];
}
const post = (sides, path, body, method = 'POST') =>
	both(sides, `${method} ${path} ${JSON.stringify(body ?? null).slice(0, 200)}`, async (s) => {
		const r = await s.client.ask(method, path, body);
		return `${r.status} ${r.text}`;
	});
const run = (sides, ...args) =>
	both(sides, `trichter ${args.map((a) => (typeof a === 'object' ? '' : a)).join(' ')}`, (s) => {
		const r = s.run(...args);
		return `${r.status}\n${r.out}\n${r.err}`;
	});

function table(head, n, row) {
	return [head, ...Array.from({ length: n }, row)].join('\n') + '\n';
}
const imports = {
	people: () => table('external_id,email,user_id,first_name,lifecycle_stage,lifecycle_stage_at,source,updated_at,score', 1 + d.under(30), () => {
		const who = d.under(50);
		return `${d.in(2) ? who : ''},p${who}@example.com,${d.in(3) ? `u${who}` : ''},N${d.under(9)},${d.in(2) ? d.of(stages) : ''},${whole()},${d.of(sources)},${whole()},${d.under(99)}`;
	}),
	events: () => table('at,name,user_id,email,source,path,n', 1 + d.under(300), () => {
		const who = d.under(50);
		return `${when()},${d.of(names)},u${who},${d.in(5) ? `p${who}@example.com` : ''},${d.of(sources)},/${d.under(9)},${d.in(3) ? d.under(9) : ''}`;
	}),
	companies: () => table('external_id,name,domain,employees,updated_at', 1 + d.under(6), () => {
		const c = d.under(9);
		return `${c},Company ${c},c${c}.example,${d.under(500)},${whole()}`;
	}),
	deals: () => table('external_id,name,stage,stage_at,amount,currency,created_at,closed_at,won,person_email,company_domain', 1 + d.under(8), () => {
		const who = d.under(40);
		const won = d.of(['', '', 'yes', 'no']);
		return `D${d.under(30)},Deal,${won ? '' : d.of(['evaluation', 'commitment'])},${whole()},${d.under(9000)},EUR,${whole()},${won ? '2026-09-30' : ''},${won},p${who}@example.com,c${who % 7}.example`;
	}),
	spend: () => table('date,amount,currency,source', 1 + d.under(5), () => `${whole()},${d.under(900)},EUR,${d.of(sources)}`),
};

let brought = 0;
const deeds = []; // numbers of touches that can be taken back
const lastSeq = async (s) => JSON.parse(s.run('status', '--format', 'json').out).touches;

async function hand(sides) {
	const id = 1 + d.under(60);
	const act = d.of([
		{ action: 'stage', stage: d.of(stages), reason: 'so' },
		{ action: 'stage', stage: d.of(stages), reason: 'so' },
		{ action: 'disqualify', reason: d.of(['no budget', 'student']) },
		{ action: 'recycle', until: '2027-03-01' },
		{ action: 'note', text: 'n' + d.under(9) },
		{ action: 'accept' },
	]);
	let r;
	switch (d.under(6)) {
		case 0:
			r = await post(sides, '/api/v1/people', { email: `h${d.under(30)}@example.com`, first_name: 'H', stage: d.of(stages) });
			break;
		case 1:
			r = await post(sides, '/api/v1/deals', { name: `Deal ${d.under(99)}`, person: id, amount: { amount_minor: d.under(1e6), currency: 'EUR' } });
			break;
		case 2:
			r = await post(sides, `/api/v1/deals/${1 + d.under(12)}/actions`, d.of([{ action: 'won' }, { action: 'lost', reason: 'price' }, { action: 'stage', stage: 'commitment' }]));
			break;
		default:
			r = await post(sides, `/api/v1/people/${id}/actions`, act);
	}
	const seq = /"undo":(\d+)/.exec(r);
	if (seq) deeds.push(Number(seq[1]));
}

async function step(sides) {
	const roll = d.under(20);
	if (roll < 5) {
		const batch = Array.from({ length: 1 + d.under(120) }, message);
		await both(sides, `batch of ${batch.length}`, async (s) => {
			const r = await s.client.post('/v1/batch', { batch });
			return `${r.status} ${r.text}`;
		});
	} else if (roll < 6) {
		const touches = Array.from({ length: 1 + d.under(20) }, () => ({
			name: 'stage_entered', at: when(), message_id: `s${++count}`, email: `p${d.under(40)}@example.com`, properties: { stage: d.of(stages) } }));
		await post(sides, '/api/v1/touches', { touches });
	} else if (roll < 9) {
		const kind = d.of(Object.keys(imports).concat(['people', 'events']));
		const text = imports[kind]();
		for (const s of sides) s.trichter.file('in.csv', text);
		const before = brought;
		const said = await both(sides, `import ${kind}`, (s) => {
			const r = s.run('import', kind, s.trichter.path('in.csv'), '--format', 'json', ...(brought % 3 === 0 ? ['--live'] : []));
			return `${r.status}\n${r.out}\n${r.err}`;
		});
		brought = Number(/"import": ?(\d+)/.exec(said)?.[1] ?? before);
	} else if (roll < 10) {
		if (brought) await run(sides, 'import', '--undo', String(1 + d.under(brought)));
	} else if (roll < 11) {
		await run(sides, 'person', 'merge', `p${d.under(60)}@example.com`, `${d.of('aua')}${d.under(60)}`, '--why', 'x');
	} else if (roll < 12) {
		const who = d.of([`u${d.under(40)}`, `p${d.under(40)}@example.com`, `a${d.under(80)}`]);
		await run(sides, 'person', 'unmerge', who, '--why', 'x');
	} else if (roll < 17) {
		await hand(sides);
	} else if (deeds.length) {
		const r = await post(sides, `/api/v1/touches/${d.of(deeds)}/undo`, { anyway: true });
		const seq = /"undo":(\d+)/.exec(r);
		if (seq) deeds.push(Number(seq[1]));
	}
}

async function accident(sides) {
	say('accident');
	for (const s of sides)
		switch (d.under(5)) {
			case 0:
				await s.server.stop('SIGKILL');
				await s.start();
				break;
			case 1:
				await s.server.stop('SIGTERM');
				await s.start();
				break;
			case 2:
				await s.backup();
				break;
			default:
				break;
		}
}

const questions = [
	[],
	['--by', 'source', '--details', '--times'],
	['--steps', 'page_viewed, form_submitted, trial_started', '--window', '30d', '--by', 'path', '--trend', 'month'],
	['--order', 'any', '--by', 'path', '--of', 'all'],
	['--steps', '*, "pricing viewed"', '--window', 'none', '--order', 'any', '--by', 'country'],
	['--steps', '[name = "page_viewed" and path ~ "/docs*"], stage:mql', '--by', 'n,source'],
	['--steps', 'page_viewed, message_opened', '--entry', 'each', '--count', 'totals', '--max-gap', '20d'],
	['--steps', 'form_submitted, stage:customer', '--count', 'companies', '--window', 'none'],
	['--steps', 'deal:evaluation, deal:won', '--count', 'deals', '--window', 'none'],
	['--steps', 'page_viewed, trial_started', '--where', 'did("form_submitted") >= 1 and country in (DE, AT)', '--compare', 'previous', '--from', '2026-01-01', '--to', '2026-06-01'],
	['--steps', 'page_viewed, form_submitted', '--exclude', 'message_opened', '--window', '60d', '--correlate'],
	['--view', 'period', '--from', '2026-03-01', '--to', '2026-08-01', '--trend', 'week'],
	['--steps', '(first time ever) page_viewed, form_submitted', '--window', '90d', '--of', 'all', '--by', 'source'],
];

/** A question of any kind. Some cannot be asked: the same error is the answer. */
function question() {
	const odd = d.in(5); // whatever comes
	const plain = ['page_viewed', 'form_submitted', 'message_opened', '"pricing viewed"', 'trial_started', '"Bezahlt €"'];
	const special = ['*', 'stage:mql', 'stage:customer', 'deal:won', '[n >= 2]', '[name = "page_viewed" and path ~ "/docs*"]', '[source = google]', 'person_updated'];
	const one = () => (d.in(4) ? d.of(special) : d.of(plain));
	const args = [];
	const option = (often, name, ...values) => d.in(often) && args.push(name, d.of(values));
	const steps = !d.in(8);
	const order = d.of(['ordered', 'ordered', 'ordered', 'strict', 'strict_order', 'any', 'anchored']);
	const entry = d.of(['any', 'any', 'first', 'each']);
	const n = 2 + d.under(d.in(4) ? 6 : 3);
	if (steps) {
		const list = Array.from({ length: n }, one);
		if (order === 'anchored') list[d.under(n)] = `anchor:${one()}`;
		else if (d.in(8) && entry === 'any') list[1 + d.under(n - 1)] = `optional:${one()}`;
		args.push('--steps', (d.in(12) ? '(first time ever) ' : '') + list.join(', '), '--order', order, '--entry', entry);
	} else option(3, '--order', 'any');
	option(1.5, '--window', '14d', '1d', '30d', '8h', 'none', '200d', '1000d', '2y');
	if (steps || odd) {
		option(8, '--profile', 'clickhouse', 'clickhouse_once', 'posthog', 'mixpanel', 'retentioneering', 'umami');
		option(4, '--reuse', 'once', 'multi');
		if (order === 'ordered' || odd) option(3, '--ties', 'any', 'by_step', 'increase', '2000');
		if (order === 'ordered' || odd) option(8, '--repeat', 'ignore', 'stop');
		option(5, '--exclude', one(), ...(order === 'any' ? [] : [`${one()}:1-2`]), `${one()}, ${one()}`);
		option(8, '--exclude-policy', 'end_attempt', 'drop_person', 'reset');
		option(8, '--hold', 'path', 'n', 'deal', 'session', 'source');
		if (/ordered|strict/.test(order) || odd) {
			option(8, '--max-gap', '2d', '30d', '200d');
			option(8, '--min-gap', '1h', '1d', '1ms');
		}
		if (entry === 'each' && d.in(2)) args.push('--count', 'totals');
		else option(4, '--count', 'people', 'companies', 'deals', 'sessions');
	} else option(4, '--count', 'people', 'companies', 'deals');
	if (d.in(2)) {
		args.push('--by', d.of(['source', 'channel', 'path', 'n', 'country', 'plan', 'source,path', 'name', 'stage', 'first_source', 'score', 'on', 'share', 'yes']));
		option(2, '--of', 'first', 'last', 'step 2', 'step 1', ...(entry === 'each' ? [] : ['all']), 'person');
		option(6, '--groups', '1', '2', '3');
	}
	option(3, '--from', '2025-06-01', '2026-03-01', '1990-01-01', '2026-05-05T12:30:00Z');
	option(3, '--to', '2026-09-01', '2026-06-15', '2030-01-01');
	option(4, '--tail', 'follow', 'clip');
	option(4, '--where', 'country = DE', 'did("form_submitted") >= 2', 'touches > 5', 'stage is known', 'did("page_viewed" where path ~ "/docs*", last 200d) >= 1', 'first_source = google and not (plan = a)');
	option(8, '--compare-where', 'country = AT', 'did("trial_started") >= 1');
	if (d.in(8)) args.push('--correlate');
	if (d.in(2)) args.push('--times');
	if (d.in(4)) args.push('--details');
	option(5, '--trend', 'week', 'month');
	option(6, '--view', 'cohort', 'period');
	option(6, '--compare', 'previous');
	option(12, '--explain', `u${d.under(40)}`, `p${d.under(40)}@example.com`);
	return args;
}

async function look(sides) {
	const last = Number(await lastSeq(sides[0]));
	const ask = async (...args) => run(sides, ...args);
	for (const kind of ['people', 'companies', 'deals', 'events', 'spend']) await ask('export', kind, '--format', 'json');
	await ask('people', '--format', 'json');
	await ask('people', 'did("page_viewed", last 400d) >= 2 and touches > 3', '--format', 'json', '--columns', 'person,email,stage,first_source,touches,last_at,score');
	for (const q of questions) await ask('funnel', ...q, '--format', 'json');
	for (let i = 0; i < asked; i++) await ask('funnel', ...question(), '--format', 'json');
	const past = String(1 + d.under(last));
	await ask('funnel', ...d.of(questions), '--format', 'json', '--as-of', past);
	await ask('export', 'events', '--format', 'json', '--as-of', past);
	await ask('people', '--format', 'json', '--as-of', past);
	const id = d.under(40);
	for (const who of [`u${id}`, `a${id}`, `p${id}@example.com`]) {
		await ask('journey', who, '--format', 'json');
		await ask('person', 'show', who, '--format', 'json');
	}
	await ask('verify');
	const get = (path) => post(sides, path, undefined, 'GET');
	await get('/api/v1/people?limit=500&count=1&sort=-last_at');
	await get(`/api/v1/people/${1 + d.under(40)}/journey?limit=500`);
	await get('/api/v1/touches?limit=200');
	await get('/api/v1/funnel?by=source&compare=previous&from=2026-01-01&to=2026-06-01');
	await get('/api/v1/sources');
	await get('/api/v1/flow');
	await get('/api/v1/imports');
	say(`segments: ${sides[1].segments()}`);
}

test('nobody can tell a directory that seals from one that does not', async (t) => {
	const clock = new Clock(t);
	if (!clock.build()) return t.skip('no compiler here, or a program that bears no library before its own');
	const sides = [new Side(t, 'never', 100_000_000, clock), new Side(t, 'sealed', 100, clock)];
	const key = sides[0].run('key', 'add', 'test', '--secret', ...['read', 'work', 'import', 'configure', 'collect'].flatMap((s) => ['--scope', s])).out.trim();
	rmSync(sides[1].trichter.data, { recursive: true });
	cpSync(sides[0].trichter.data, sides[1].trichter.data, { recursive: true });
	for (const s of sides) {
		s.key = key;
		await s.start();
	}
	if (d.in(2)) await run(sides, 'config', 'set', 'rule.mql', 'enter mql when did("form_submitted") >= 2');
	if (d.in(2)) await run(sides, 'config', 'set', 'rule.sal', 'enter sal when stage = mql and did("trial_started") >= 1');
	t.after(() => Promise.all(sides.map((s) => s.server.stop())));
	for (let round = 0; round < rounds; round++) {
		for (let n = 4 + d.under(8); n > 0; n--) await step(sides);
		if (d.in(2)) await accident(sides);
		if (d.in(2)) await new Promise((done) => setTimeout(done, d.under(600)));
		await look(sides);
	}
	assert.ok(sides[1].segments() > 0, 'something was sealed');
	assert.equal(sides[0].segments(), 0);
});
