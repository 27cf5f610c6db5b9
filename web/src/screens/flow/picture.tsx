/*
 * picture.tsx - the flow as a drawing: flat, the two colours and greys, every part a link.
 *
 * Colours are attributes, not style sheets, so that a file taken along looks like the page.
 */
import type { Ref } from 'preact';
import { t, tOr, type Key } from '../../i18n/i18n';
import { number, percent } from '../../lib/format';
import { block_px, type Block, type Layout, type Link, type Ribbon } from './layout';

export interface Colors {
	fg: string;
	bg: string;
	grey: string;
	line: string;
	marketing: string;
	sales: string;
	font: string;
}

export function nameOf(b: Pick<Block, 'kind' | 'label'>): string {
	if (b.kind === 'stage')
		return tOr(`stage.${b.label}`, b.label);
	if (b.kind === 'exit')
		return t(`flow.exit.${b.label}` as Key);
	return b.label === '' ? t('flow.noSource') : b.label === '(other)' ? t('flow.otherSources') : b.label;
}
export function wordsOf(r: Ribbon): string {
	return `${nameOf(r.from)} → ${nameOf(r.to)}`;
}

/* Of sources what they bring of all; else how many go this way. */
export function shareOf(r: Ribbon): number {
	return r.link.count / Math.max(1, r.from.kind === 'source' ? r.to.count : r.from.count);
}

/* As much of a text as fits, by the width that letters have on average. */
function fitted(text: string, px: number, letter_px = 6.5): string {
	const most = Math.max(3, Math.floor(px / letter_px));
	return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function colorOf(b: Block, sales_from: number, c: Colors): string {
	if (b.kind === 'exit')
		return c.grey;
	return b.column >= sales_from ? c.sales : c.marketing;
}

function Label({ b, c, room }: { b: Block; c: Colors; room: { left: number; column: number } }) {
	const name = nameOf(b);
	if (b.kind === 'stage')
		return (
			<>
				<text x={b.x} y={16} font-size="15" fill={c.fg} font-weight="600">{fitted(name, room.column * 0.8)}</text>
				<text x={b.x} y={36} font-size="15" fill={c.fg}>{number(b.count)}</text>
			</>
		);
	const source = b.kind === 'source';
	const figure = number(b.count);
	const px = (source ? room.left - 28 : room.column - 20) - figure.length * 8;
	return (
		<text x={source ? b.x - 8 : b.x + block_px + 6} y={b.label_y + 4.5} font-size="13" text-anchor={source ? 'end' : 'start'}
			stroke={c.bg} stroke-width="4" stroke-linejoin="round" paint-order="stroke" fill={c.fg}>
			{source ? <>{fitted(name, px, 7.5)} <tspan fill={c.grey}>{figure}</tspan></> : <>{figure} <tspan fill={c.grey}>{fitted(name, px)}</tspan></>}
		</text>
	);
}

export interface PictureProps {
	layout: Layout;
	left: number;
	colors: Colors;
	label: string;
	href: (l: Link) => string;
	self: Ref<SVGSVGElement>;
}
export function Picture({ layout, left, colors: c, label, href, self }: PictureProps) {
	const stages = layout.blocks.filter((b) => b.kind === 'stage');
	const mql = stages.find((b) => b.label === 'mql');
	const sales_from = mql ? mql.column + 1 : (stages[stages.length - 1]?.column ?? 0);
	const column = (stages[1]?.x ?? layout.width) - (stages[0]?.x ?? 0);
	return (
		<svg ref={self} class="flow" xmlns="http://www.w3.org/2000/svg" width={layout.width} height={layout.height}
			viewBox={`0 0 ${layout.width} ${layout.height}`} font-family={c.font} role="group" aria-label={label}>
			{layout.ribbons.map((r) => (
				<a key={r.key} href={href(r.link)} aria-label={`${wordsOf(r)}: ${t('c.people', { n: r.link.count })}`}>
					<path d={r.path} fill={colorOf(r.to, sales_from, c)} fill-opacity={r.to.kind === 'exit' ? 0.18 : 0.28}>
						<title>{`${wordsOf(r)}: ${t('c.people', { n: r.link.count })} (${percent(shareOf(r))})`}</title>
					</path>
				</a>
			))}
			<g aria-hidden="true" pointer-events="none">
				{layout.blocks.map((b) => (
					<rect key={b.key} x={b.x} y={b.y} width={block_px} height={Math.max(b.height, 1)} fill={colorOf(b, sales_from, c)} />
				))}
				{layout.blocks.map((b) => <Label key={b.key} b={b} c={c} room={{ left, column }} />)}
			</g>
		</svg>
	);
}
