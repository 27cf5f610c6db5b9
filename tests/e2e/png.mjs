// png.mjs - a smaller PNG of the same picture: at most 256 colours, strongly compressed.
//
// Reads what Chromium writes (8 bits a channel, RGB or RGBA, not interlaced). When there are more
// colours than 256, the least used take the nearest of those that are kept.
import { deflateSync, inflateSync } from 'node:zlib';

const colors_max = 256;

function chunks(png) {
	const out = [];
	for (let at = 8; at < png.length;) {
		const n = png.readUInt32BE(at);
		out.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + n) });
		at += n + 12;
	}
	return out;
}

function paeth(a, b, c) {
	const p = a + b - c;
	const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* The picture's bytes, filters undone. */
function pixels(raw, width, height, bytes) {
	const stride = width * bytes;
	const out = Buffer.alloc(stride * height);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (stride + 1)];
		for (let x = 0; x < stride; x++) {
			const left = x >= bytes ? out[y * stride + x - bytes] : 0;
			const up = y > 0 ? out[(y - 1) * stride + x] : 0;
			const corner = x >= bytes && y > 0 ? out[(y - 1) * stride + x - bytes] : 0;
			const add = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
			out[y * stride + x] = raw[y * (stride + 1) + 1 + x] + add;
		}
	}
	return out;
}

function palette_of(counts) {
	const sorted = [...counts].sort((a, b) => b[1] - a[1]).map(([color]) => color);
	const kept = sorted.slice(0, colors_max);
	const index = new Map(kept.map((c, i) => [c, i]));
	const apart = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;
	for (const c of sorted.slice(colors_max)) {
		let best = 0;
		for (let i = 1; i < kept.length; i++)
			if (apart(c, kept[i]) < apart(c, kept[best]))
				best = i;
		index.set(c, best);
	}
	return { kept, index };
}

const crc_table = Array.from({ length: 256 }, (_, n) => {
	for (let k = 0; k < 8; k++)
		n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
	return n >>> 0;
});
function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	let crc = 0xffffffff;
	for (const b of body)
		crc = crc_table[(crc ^ b) & 255] ^ (crc >>> 8);
	const ends = Buffer.alloc(8);
	ends.writeUInt32BE(data.length, 0);
	ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
	return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

export function paletted(png) {
	const parts = chunks(png);
	const head = parts.find((c) => c.type === 'IHDR').data;
	const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
	const bytes = head[9] === 6 ? 4 : 3;
	const raw = inflateSync(Buffer.concat(parts.filter((c) => c.type === 'IDAT').map((c) => c.data)));
	const all = pixels(raw, width, height, bytes);
	const counts = new Map();
	const colors = new Uint32Array(width * height);
	for (let i = 0; i < colors.length; i++) {
		colors[i] = (all[i * bytes] << 16) | (all[i * bytes + 1] << 8) | all[i * bytes + 2];
		counts.set(colors[i], (counts.get(colors[i]) ?? 0) + 1);
	}
	const { kept, index } = palette_of(counts);
	const rows = Buffer.alloc((width + 1) * height);
	for (let y = 0; y < height; y++)
		for (let x = 0; x < width; x++)
			rows[y * (width + 1) + 1 + x] = index.get(colors[y * width + x]);
	const new_head = Buffer.from(head);
	new_head[9] = 3;
	const palette = Buffer.from(kept.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
	return Buffer.concat([
		png.subarray(0, 8), chunk('IHDR', new_head), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
	]);
}
