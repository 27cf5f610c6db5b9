// totp.mjs - the code that an authenticator app would show (RFC 6238), made by Node's own HMAC.
import { createHmac } from 'node:crypto';

function base32(text) {
	const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
	let bits = '';
	for (const c of text) bits += letters.indexOf(c).toString(2).padStart(5, '0');
	return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
}

export function totp(secret, at_ms = Date.now()) {
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(at_ms / 30000)));
	const mac = createHmac('sha1', base32(secret)).update(counter).digest();
	const n = (mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000;
	return String(n).padStart(6, '0');
}
