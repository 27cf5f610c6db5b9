/*
 * layout.ts - where the parts of the flow stand.
 *
 * What it is:   sources at the left, the stages in a row along the top, and what leaves after each
 *               stage below the next one. Every height is a number of people on one scale.
 * Promises:     labels never overlap: what stands above one another keeps `label_px` apart.
 */
export interface Node {
	id: string;
	label: string;
	kind: 'source' | 'stage' | 'exit';
	count: number;
}
export interface Link {
	from: string;
	to: string;
	count: number;
	people: { step: number; outcome: string; group?: string; no_group?: string };
}
export interface Flow {
	nodes: Node[];
	links: Link[];
	visitors: number;
	by: string;
	groups: number;
	rules_text: { en: string; de: string };
	snapshot: number;
}

export interface Block {
	key: string;
	label: string;
	kind: Node['kind'];
	column: number;
	count: number;
	x: number;
	y: number;
	height: number;
	label_y: number;
	/* What opens the people in it. */
	link: Link | null;
}
export interface Ribbon {
	key: string;
	link: Link;
	from: Block;
	to: Block;
	path: string;
}
export interface Layout {
	blocks: Block[];
	ribbons: Ribbon[];
	width: number;
	height: number;
}

export const block_px = 10;
const label_px = 20;
const gap_px = 10;
const head_px = 48;
const flow_px = 300;

/* A ribbon from the right of one block to the left of another. */
function ribbon(from: Block, to: Block, y0: number, y1: number, h0: number, h1: number): string {
	const x0 = from.x + block_px;
	const x1 = to.x;
	const mid = (x0 + x1) / 2;
	const n = (v: number) => v.toFixed(1);
	return `M${n(x0)} ${n(y0)}C${n(mid)} ${n(y0)} ${n(mid)} ${n(y1)} ${n(x1)} ${n(y1)}V${n(y1 + h1)}` +
		`C${n(mid)} ${n(y1 + h1)} ${n(mid)} ${n(y0 + h0)} ${n(x0)} ${n(y0 + h0)}Z`;
}

/* Blocks of a column below each other, each with room for its label. */
function stack(blocks: Block[], top: number) {
	let y = top;
	for (const b of blocks) {
		b.y = y;
		b.label_y = y + Math.max(b.height, 1) / 2;
		y += Math.max(b.height + gap_px, label_px);
	}
	return y;
}

export function layoutOf(flow: Flow, width: number, room: { left: number; right: number }): Layout | null {
	const stages = flow.nodes.filter((n) => n.kind === 'stage');
	const first = stages[0];
	if (!first || first.count === 0)
		return null;
	const scale = flow_px / first.count;
	const step = (width - room.left - room.right - block_px) / stages.length;
	const at = (column: number) => room.left + column * step;
	const label = new Map(flow.nodes.map((n) => [n.id, n]));
	const make = (key: string, name: string, kind: Node['kind'], column: number, count: number, link: Link | null): Block => ({
		key, label: name, kind, column, count, link, x: at(column), y: head_px, label_y: 0,
		height: Math.max(count * scale, count > 0 ? 1.5 : 0),
	});
	const blocks: Block[] = [];
	const ribbons: Ribbon[] = [];
	let bottom = 0;

	const sources = flow.links.filter((l) => l.from.startsWith('source:'))
		.sort((a, b) => b.count - a.count)
		.map((l) => make(l.from, label.get(l.from)?.label ?? '', 'source', 0, l.count, l));
	bottom = Math.max(bottom, stack(sources, head_px));
	const row = stages.map((s, i) => make(s.id, s.label, 'stage', i + 1, s.count,
		flow.links.find((l) => l.to === s.id && !l.from.startsWith('source:')) ?? null));
	for (const b of row)
		b.label_y = b.y;
	blocks.push(...sources, ...row);

	let taken = head_px;
	for (const s of sources) {
		const to = row[0];
		if (!to || !s.link)
			continue;
		const h = s.count * scale;
		ribbons.push({ key: s.key, link: s.link, from: s, to, path: ribbon(s, to, s.y, taken, h, h) });
		taken += h;
	}
	row.forEach((from, i) => {
		const out = flow.links.filter((l) => l.from === from.key);
		const on = out.find((l) => l.to.startsWith('stage:'));
		const to = row[i + 1];
		let y0 = from.y;
		if (on && to) {
			const h = on.count * scale;
			ribbons.push({ key: `${from.key}>`, link: on, from, to, path: ribbon(from, to, y0, to.y, h, h) });
			y0 += h;
		}
		const exits = out.filter((l) => !l.to.startsWith('stage:'))
			.map((l) => make(`${from.key} ${l.to}`, label.get(l.to)?.label ?? l.to, 'exit', i + 2, l.count, l));
		const top = head_px + (to ? Math.max(to.height, 0) : 0) + 2 * label_px;
		bottom = Math.max(bottom, stack(exits, top));
		for (const e of exits) {
			const h = e.count * scale;
			if (e.link)
				ribbons.push({ key: e.key, link: e.link, from, to: e, path: ribbon(from, e, y0, e.y, h, h) });
			y0 += h;
		}
		blocks.push(...exits);
		bottom = Math.max(bottom, from.y + from.height);
	});
	return { blocks, ribbons, width, height: bottom + gap_px };
}
