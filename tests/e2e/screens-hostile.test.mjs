// screens-hostile.test.mjs - script in every text that people, companies and deals show stays text.
//
// Each probe puts its own text where strangers, files or colleagues can put it, opens the screen on
// which it is shown, and reads it there letter by letter; nothing of it may have become an element,
// run, or asked for anything. SECURITY.md, "Screens", lists them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBrowser, openPage } from './browser.mjs';
import { Server } from './server.mjs';

const img = (n) => `<img src=x onerror="window.ran='${n}'">`;
const script = (n) => `</script><script>window.ran='${n}'</script>`;
const svg = (n) => `"'><svg onload="window.ran='${n}'">`;
const link = (n) => `javascript:window.ran='${n}'`;

const csv = (rows) => rows.map((r) => r.map((c) => `"${String(c).replaceAll('"', '""')}"`).join(',')).join('\n') + '\n';
const email = 'eve@hostile.example';
const at = (minute) => new Date(Date.parse('2026-03-02T09:00:00Z') + minute * 60_000).toISOString();

const people = csv([
	['external_id', 'first_name', 'last_name', 'email', 'title', 'city', 'company_name', 'company_domain', `trait ${img('key')}`, 'linkedin_url'],
	[`id ${img('id')}`, img('first'), svg('last'), email, script('title'), img('city'), img('company'), 'hostile.example', svg('value'), link('profile')],
	['x2', 'Plain', 'Colleague', 'plain@hostile.example', '', '', img('company'), 'hostile.example', '', ''],
]);
const companies = csv([
	['external_id', 'name', 'domain', 'industry', 'country'],
	['c1', img('company'), 'hostile.example', img('industry'), svg('land')],
]);
const deals = csv([
	['external_id', 'name', 'stage', 'amount', 'currency', 'owner', 'person_email', 'company_domain', 'created_at'],
	[`d ${img('dealid')}`, img('deal'), 'evaluation', '1000', 'EUR', svg('dealowner'), email, 'hostile.example', '2026-03-01'],
	['d2', 'Plain deal', svg('dealstage'), '5', 'EUR', '', email, 'hostile.example', '2026-03-01'],
]);
const messages = [
	{ type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { email }, timestamp: at(0) },
	{ type: 'track', event: img('event'), userId: 'u1', properties: { [`p ${svg('propkey')}`]: script('propvalue') }, timestamp: at(10) },
	{
		type: 'page', userId: 'u1', name: img('pagename'),
		properties: { path: `/${img('path')}`, title: svg('pagetitle'), url: link('url') },
		context: { campaign: { source: img('source'), name: svg('campaign'), medium: script('medium') }, page: { referrer: `https://evil.example/?${svg('referrer')}` } },
		timestamp: at(200),
	},
	{ type: 'track', event: 'Form Submitted', userId: 'u1', properties: { form: img('form') }, timestamp: at(300) },
	{ type: 'track', event: 'Nested', userId: 'u1', properties: { deep: { er: img('nested') } }, timestamp: at(400) },
].map((m) => JSON.stringify(m)).join('\n');

test('script in what the screens show stays text', { timeout: 300_000 }, async (t) => {
	const server = new Server(t);
	t.after(() => server.stop());
	const files = [['people', 'people.csv', people], ['companies', 'companies.csv', companies], ['deals', 'deals.csv', deals], ['events', 'events.jsonl', messages]];
	for (const [kind, name, text] of files) server.trichter.ok('import', kind, server.trichter.file(name, text));
	await server.start();
	const admin = server.user('administrator', 'anna@example.com');
	const named = 'mallory@example.com';
	server.trichter.ok('user', 'add', named, '--role', 'sales', '--name', svg('username'), '--password-stdin', { input: 'correct staple battery 7\n' });
	const client = await server.signIn(admin);
	const mallory = await server.signIn(named);
	const find = async (path) => (await client.get(path)).json.rows[0];
	const eve = await find(`/api/v1/people?where=${encodeURIComponent(`email = "${email}"`)}`);
	const deal = (await client.get(`/api/v1/people/${eve.person}`)).json.deals.find((d) => d.name === img('deal'));
	const act = async (who, path, body) => {
		const r = await who.post(`/api/v1/${path}/actions`, body);
		assert.equal(r.status, 201, r.text);
	};
	const person = `people/${eve.person}`;
	await act(mallory, person, { action: 'note', text: img('note') });
	await act(client, person, { action: 'call', outcome: 'reached', text: svg('call') });
	await act(client, person, { action: 'stage', stage: 'mql', reason: img('reason') });
	await act(client, person, { action: 'disqualify', reason: 'other', text: script('why') });
	await act(client, `companies/${eve.company.company}`, { action: 'note', text: img('companynote') });
	await act(client, `deals/${deal.deal}`, { action: 'next_step', next_step: svg('next') });
	await act(client, `deals/${deal.deal}`, { action: 'lost', reason: 'chose a competitor', competitor: img('rival'), text: script('lossnote') });

	const browser = await openBrowser(t);
	const page = await openPage(browser, server.base, { allow: ['status of 4'] });
	await server.signInBrowser(page.context(), admin);
	let here = '';
	async function open(path) {
		if (here === path) return;
		here = path;
		await page.goto(path);
		await page.locator('.grid-row:not(.waiting), .timeline, .empty, [role=alert]').first().waitFor();
		const folded = page.locator('.tl-line[aria-expanded=false]');
		while ((await folded.count()) > 0) await folded.first().click();
	}
	/* What is shown is the text; nothing ran, nothing became an element of the attacker's. */
	async function untouched() {
		const found = await page.evaluate(() => ({
			ran: globalThis.ran ?? null,
			elements: [...document.querySelectorAll('body img, body script, body iframe, body object, body [onerror], body [onload], body style')].map((e) => e.outerHTML),
			links: [...document.querySelectorAll('a[href]')].map((a) => a.href).filter((h) => !/^(https?|mailto|tel):/.test(h)),
		}));
		assert.deepEqual(found, { ran: null, elements: [], links: [] });
		assert.deepEqual(page.faults, []);
	}
	const squeezed = (s) => s.replace(/\s+/g, ' ').toLowerCase();
	async function shows(text) {
		await page.waitForFunction((wanted) => document.body.innerText.replace(/\s+/g, ' ').toLowerCase().includes(wanted), squeezed(text));
	}
	async function probe(name, path, text) {
		await t.test(name, async () => {
			await open(path);
			await shows(text);
			await untouched();
		});
	}

	const p = `/${person}`;
	await probe('a first name', p, img('first'));
	await probe('a last name', p, svg('last'));
	await probe('a title', p, script('title'));
	await probe('a trait', p, img('city'));
	await probe('the name of a trait', p, 'trait img src x onerror');
	await probe('a value of a trait nobody knows', p, svg('value'));
	await probe('an address of a profile that is script', p, link('profile'));
	await probe('an id of another system', p, img('id'));
	await probe('the name of the company', p, img('company'));
	await probe('the name of a deal', p, img('deal'));
	await probe('the name of a touch', p, img('event'));
	await probe('the name of a property', p, svg('propkey'));
	await probe('a value of a property', p, script('propvalue'));
	await probe('a value inside a value', p, 'nested');
	await probe('a path', p, img('path'));
	await probe('the title of a page', p, svg('pagetitle'));
	await probe('the address of a page that is script', p, link('url'));
	await probe('a referrer', p, 'evil.example');
	await probe('a source', p, img('source'));
	await probe('a campaign', p, svg('campaign'));
	await probe('a medium', p, script('medium'));
	await probe('the name of a form', p, img('form'));
	await probe('a note', p, img('note'));
	await probe('the name of who wrote it', p, svg('username'));
	await probe('what was said in a call', p, svg('call'));
	await probe('the reason of a stage', p, img('reason'));
	await probe('why somebody was disqualified', p, script('why'));
	await probe('a name in the list of people', '/people', `${img('first')} ${svg('last')}`);
	await probe('a company in the list of people', '/people', img('company'));
	await probe('a title in the list of people', '/people', script('title'));
	await probe('a source in the list of people', '/people', img('source'));
	await probe('a name in the list of companies', '/companies', img('company'));
	await probe('an industry in the list of companies', '/companies', img('industry'));
	await probe('a country in the list of companies', '/companies', svg('land'));
	const c = `/companies/${eve.company.company}`;
	await probe('the head of a company', c, img('company'));
	await probe('the people of a company', c, svg('last'));
	await probe('a note about a company', c, img('companynote'));
	await probe('a name in the list of deals', '/deals', img('deal'));
	await probe('an owner in the list of deals', '/deals', svg('dealowner'));
	await probe('a stage in the list of deals', '/deals', svg('dealstage'));
	const d = `/deals/${deal.deal}`;
	await probe('the head of a deal', d, img('deal'));
	await probe('the next step of a deal', d, svg('next'));
	await probe('a competitor', d, img('rival'));
	await probe('what is said about a loss', d, script('lossnote'));
	await probe('a rule in the address', `/people?where=${encodeURIComponent(`title = ${img('rule')}`)}`, 'column');
	await probe('words in the address', `/people?q=${encodeURIComponent(img('words'))}`, 'Nothing fits');
	await probe('columns in the address', `/people?columns=name,${encodeURIComponent(img('column'))}`, 'img');
	await probe('an order in the address', `/people?sort=${encodeURIComponent(svg('order'))}`, 'there is no field');
	await t.test('a name in a toast, and in what the keyboard chooses', async () => {
		await open(p);
		await page.keyboard.press('o');
		await page.locator('.deed-form select').selectOption({ label: svg('username') });
		await page.getByRole('button', { name: 'Save' }).click();
		await page.locator('.toast', { hasText: 'onload' }).waitFor();
		await untouched();
	});
	await t.test('a title of the page', async () => {
		await open(p);
		assert.ok(!(await page.title()).includes('\u0000'));
		await untouched();
	});
});
