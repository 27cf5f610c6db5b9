// serving.mjs - a running server, spoken to in bare bytes.
//
// What it is:   server.mjs's server, and what tests of the protocol need on top: bytes as they are,
//               in parts, with whatever comes back.
import net from 'node:net';
import { Server } from './server.mjs';

export class Serving extends Server {
	static async start(t, options = {}) {
		const s = new Serving(t, options);
		t.after(() => s.stop());
		await s.start();
		return s;
	}

	/** Stops it as a service manager does, and gives back how it ended. */
	async end(signal = 'SIGTERM') {
		await this.stop(signal);
		return { code: this.child.exitCode, signal: this.child.signalCode };
	}

	fetch(path, options) {
		return fetch(this.base + path, options);
	}

	/**
	 * Sends bytes as they are and gives back all that came until the other side closed or nothing
	 * came for `quiet` ms (before the first byte: `first`). Parts are sent one after another, `gap` ms apart; `half` closes our side.
	 */
	raw(parts, { first, quiet = first ?? 300, gap = 30, half = false, most = 30_000 } = {}) {
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
				if (socket.destroyed) return;
				timer = setTimeout(() => finish(false), chunks.length ? quiet : (first ?? 20_000));
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
