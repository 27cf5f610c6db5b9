// server.mjs - a running server with users in it, as tests drive it.
//
// What it is:   starts `trichter serve` on a free port, makes users, signs them in, and asks with
//               their cookie and token as a browser would; everything ends with the test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Trichter, binary, root } from './trichter.mjs';

export const password = 'correct staple battery 7';

/** One somebody who is signed in: asks with cookie and token. */
export class Client {
	constructor(base, { cookie = '', csrf = '', key = '' } = {}) {
		Object.assign(this, { base, cookie, csrf, key });
	}

	/** Sends one request; `body` that is no text goes as JSON. */
	async ask(method, path, body, headers = {}) {
		const all = {};
		if (this.cookie) all.Cookie = this.cookie;
		if (this.csrf && method !== 'GET') all['X-CSRF-Token'] = this.csrf;
		if (this.key) all.Authorization = `Bearer ${this.key}`;
		if (body !== undefined && typeof body !== 'string') {
			all['Content-Type'] = 'application/json';
			body = JSON.stringify(body);
		}
		Object.assign(all, headers);
		for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
		const r = await fetch(this.base + path, { method, headers: all, body, redirect: 'manual' });
		const text = await r.text();
		let json = null;
		try {
			json = JSON.parse(text);
		} catch {
			// not every answer is JSON
		}
		return { status: r.status, headers: r.headers, text, json, cookies: r.headers.getSetCookie() };
	}
	get(path, headers) {
		return this.ask('GET', path, undefined, headers);
	}
	post(path, body, headers) {
		return this.ask('POST', path, body, headers);
	}
	patch(path, body, headers) {
		return this.ask('PATCH', path, body, headers);
	}
	delete(path, body, headers) {
		return this.ask('DELETE', path, body, headers);
	}
}

export class Server {
	/** `trichter`: whose data directory; made when there is none. */
	constructor(t, { trichter = new Trichter(t), env = {}, args = [] } = {}) {
		this.t = t;
		this.trichter = trichter;
		this.env = env;
		this.args = args;
		this.log = '';
	}

	/** Starts it and waits until it says where. */
	static async start(t, options = {}) {
		const s = new Server(t, options);
		t.after(() => s.stop());
		await s.start();
		return s;
	}

	async start() {
		this.out = '';
		this.child = spawn(binary, ['serve', '--listen', `127.0.0.1:${this.port ?? 0}`, ...this.args], {
			env: { ...process.env, TRICHTER_DATA: this.trichter.data, ...this.env },
			cwd: root,
		});
		this.child.stderr.on('data', (d) => (this.log += d));
		this.ended = once(this.child, 'exit');
		await new Promise((resolve, reject) => {
			const late = setTimeout(() => reject(new Error(`serve says nothing\n${this.log}`)), 30000);
			this.child.on('exit', () => reject(new Error(`serve ended\n${this.log}`)));
			this.child.stdout.on('data', (d) => {
				this.out += d;
				const m = /http:\/\/\S+:(\d+)/.exec(this.out);
				if (!m || !this.out.includes('\n')) return;
				clearTimeout(late);
				this.port = Number(m[1]);
				this.base = `http://127.0.0.1:${this.port}`;
				resolve();
			});
		});
	}

	async stop(signal = 'SIGTERM') {
		if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
		this.child.kill(signal);
		await this.ended;
	}
	async restart(signal) {
		await this.stop(signal);
		await this.start();
	}

	/** The token of the first run, as the console shows it; '' when there is none. */
	get setupToken() {
		return /\/setup#(\S+)/.exec(this.out)?.[1] ?? '';
	}

	/** Makes a user, by the command line, beside the running server. */
	user(role = 'administrator', email = `${role}@example.com`, ...more) {
		this.trichter.ok('user', 'add', email, '--role', role, '--name', `The ${role}`, '--password-stdin', ...more, {
			input: `${password}\n`,
		});
		return email;
	}

	/** Nobody: no cookie, no key. */
	get nobody() {
		return new Client(this.base);
	}
	/** A new secret key with these scopes. */
	key(...scopes) {
		const key = this.trichter
			.ok('key', 'add', 'test', '--secret', ...scopes.flatMap((s) => ['--scope', s]))
			.trim();
		return new Client(this.base, { key });
	}

	/** Signs a user in as the login page does. */
	async signIn(email, { secret = password, code } = {}) {
		const r = await this.nobody.post('/api/v1/session', { email, password: secret, code });
		if (r.status !== 200) throw new Error(`sign-in of ${email}: ${r.status} ${r.text}`);
		return clientOf(this.base, r);
	}
	/** A new user with this role, signed in. */
	async as(role) {
		return this.signIn(this.user(role));
	}

	/** Signs a browser's context in; its pages are at home from then on. */
	async signInBrowser(context, email) {
		const client = await this.signIn(email);
		const [name, value] = client.cookie.split('=');
		await context.addCookies([{ name, value, domain: '127.0.0.1', path: '/', httpOnly: true, sameSite: 'Strict' }]);
		return client;
	}
}

/** The session that an answer began. */
export function clientOf(base, r) {
	const set = r.cookies.find((c) => /trichter=/.test(c)) ?? '';
	return new Client(base, { cookie: set.split(';')[0], csrf: r.json.csrf });
}
