// serving.mjs - a running server for tests: the real binary on a free port.
//
// What it is:   starts `trichter serve` in a test's data directory, speaks HTTP and bare bytes with
//               it, stops it when the test ends.
import { spawn } from 'node:child_process';
import net from 'node:net';
import { binary, root, Trichter } from './trichter.mjs';

export class Serving extends Trichter {
	/** @param {{env?: object, args?: string[], init?: boolean}} options */
	static async start(t, options = {}) {
		const s = new Serving(t, options);
		await s.begin(options);
		t.after(() => s.end());
		return s;
	}

	async begin({ env = {}, args = [] } = {}) {
		this.child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...args], {
			cwd: root,
			env: { ...process.env, TRICHTER_DATA: this.data, ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		this.log = '';
		this.said = '';
		this.child.stderr.setEncoding('utf8').on('data', (d) => (this.log += d));
		this.exited = new Promise((done) => this.child.on('exit', (code, signal) => done({ code, signal })));
		await new Promise((done, fail) => {
			this.child.stdout.setEncoding('utf8').on('data', (d) => {
				this.said += d;
				const m = /^Serving .* on (http:\/\/(.*):(\d+))$/m.exec(this.said);
				if (m) {
					this.url = m[1];
					this.port = Number(m[3]);
					done();
				}
			});
			this.exited.then(({ code }) => fail(new Error(`serve ended with ${code}\n${this.log}`)));
		});
	}

	/** Stops it as a service manager does, and gives back how it ended. */
	async end(signal = 'SIGTERM') {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
		return await this.exited;
	}

	fetch(path, options) {
		return fetch(this.url + path, options);
	}

	/**
	 * Sends bytes as they are and gives back all that came until the other side closed or nothing
	 * came for `quiet` ms. Parts are sent one after another, `gap` ms apart; `half` closes our side.
	 */
	raw(parts, { quiet = 300, gap = 30, half = false, most = 30_000 } = {}) {
		return new Promise((done) => {
			const chunks = [];
			const socket = net.connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
			let timer;
			const finish = (closed) => {
				clearTimeout(timer);
				clearTimeout(last);
				socket.destroy();
				const text = Buffer.concat(chunks).toString('latin1');
				done({ text, closed, statuses: statuses(text) });
			};
			const last = setTimeout(() => finish(false), most);
			const wait = () => {
				clearTimeout(timer);
				timer = setTimeout(() => finish(false), quiet);
			};
			socket.on('data', (d) => {
				chunks.push(d);
				wait();
			});
			socket.on('end', () => finish(true));
			socket.on('close', () => finish(true));
			socket.on('error', () => finish(true));
			socket.on('connect', async () => {
				for (const part of Array.isArray(parts) ? parts : [parts]) {
					if (socket.destroyed) return;
					socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
					await new Promise((r) => setTimeout(r, Array.isArray(parts) ? gap : 0));
				}
				if (half) socket.end();
				wait();
			});
		});
	}
}

/** The statuses of all answers in a text. */
export function statuses(text) {
	return [...text.matchAll(/(?:^|\r\n\r\n|[}\n])HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));
}
