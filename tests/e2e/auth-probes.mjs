// auth-probes.mjs - what the probes of who may share.
import { after, before } from 'node:test';
import { Server } from './server.mjs';

export const other = 'another good battery';
let n = 0;
export const fresh = () => `user${++n}@example.com`;

/** One server for a group of probes. */
export function shared(options) {
	const box = {};
	const ends = [];
	before(async () => {
		box.s = await Server.start({ after: (f) => ends.push(f) }, options);
		box.email = box.s.user('administrator', 'ann@example.com');
		box.admin = await box.s.signIn(box.email);
	});
	after(async () => {
		for (const f of ends.reverse()) await f();
	});
	return box;
}
export const session = (c) => c.get('/api/v1/session').then((r) => r.status);
export const json = { 'Content-Type': 'application/json' };

export const timed = async (f) => {
	const begin = process.hrtime.bigint();
	await f();
	return Number(process.hrtime.bigint() - begin) / 1e6;
};
