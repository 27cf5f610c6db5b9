// collecting.mjs - a server that collects, as its tests drive it.
//
// What it is:   a running server with a write key, one-line requests to the collecting API, and what
//               is in the journal afterwards, by `trichter export events`.
import { Server } from './server.mjs';

export class Collecting extends Server {
	/** `collect`, `privacy`: configuration; by default nothing is a test because of its host. */
	static async start(t, { collect = { test_hosts: [] }, privacy, ...options } = {}) {
		const s = new Collecting(t, options);
		t.after(() => s.stop());
		if (collect) s.trichter.ok('config', 'set', 'collect', JSON.stringify(collect));
		if (privacy) s.trichter.ok('config', 'set', 'privacy', JSON.stringify(privacy));
		s.writeKey = s.newKey('--write');
		await s.start();
		return s;
	}

	/** A new key: '--write', or '--secret', '--scope', ... */
	newKey(...args) {
		return /t[ws]k_[\w-]+/.exec(this.trichter.ok('key', 'add', 'test', ...args))[0];
	}

	/** One request of the collecting API; a body that is no text goes as JSON. */
	async send(type, body, { key = this.writeKey, headers = {}, method = 'POST' } = {}) {
		const all = { 'Content-Type': 'application/json' };
		if (key) all.Authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
		Object.assign(all, headers);
		if (typeof body !== 'string' && !(body instanceof Uint8Array)) body = JSON.stringify(body);
		const r = await fetch(`${this.base}/v1/${type}`, { method, headers: all, body });
		const text = await r.text();
		let json = null;
		try {
			json = JSON.parse(text);
		} catch {
			// a problem may be plain text
		}
		return { status: r.status, headers: r.headers, text, json };
	}
	/** A track call that has to succeed as a request. */
	async track(message, options) {
		const r = await this.send('track', message, options);
		if (r.status !== 200) throw new Error(`track: ${r.status} ${r.text}`);
		return r.json;
	}

	/** Every touch in the journal, as `trichter export events` tells it. */
	events() {
		return this.trichter
			.ok('export', 'events', '--format', 'json')
			.split('\n')
			.filter(Boolean)
			.map((line) => JSON.parse(line));
	}
	async status() {
		this.reader ??= this.key('read');
		return (await this.reader.get('/api/v1/collect/status')).json;
	}
}
