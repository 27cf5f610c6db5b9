/*
 * Chart: a picture by ECharts (SVG), a table that says the same, and both to take along.
 *
 *   <Chart label={…} name="trend" height={240} option={(c) => ({ … })} table={{ head, rows }}
 *          axisTip={(i) => …} />
 *
 * What it does: loads ECharts when first shown; hands `option` the colours of the theme and asks
 * for it anew when the theme or the option changes; shows own tips (`axisTip` by the index on the
 * x axis, `itemTip` by the thing pointed at); keeps the table for screen readers, or in sight
 * when asked for; offers SVG, PNG and CSV.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { theme } from '../../app/theme';
import { t } from '../../i18n/i18n';
import { saveCsv, savePng, saveSvg } from '../../lib/save';
import { useStore } from '../../lib/store';
import { Button } from '../button';
import { Menu } from '../menu';

export interface ChartColors {
	fg: string;
	bg: string;
	grey: string;
	line: string;
	lineStrong: string;
	marketing: string;
	sales: string;
	font: string;
}
export interface ChartItem {
	dataType?: string; /* "node" or "edge" of a Sankey */
	name: string;
	value: unknown;
	data: unknown;
}
export type Cells = readonly (string | number | null)[];
export interface ChartProps {
	label: string;
	/* Of the files that are taken along. */
	name: string;
	height: number;
	option: (c: ChartColors) => object;
	table: { head: readonly string[]; rows: readonly Cells[] };
	axisTip?: (index: number) => ComponentChildren;
	itemTip?: (item: ChartItem) => ComponentChildren;
	onItem?: (item: ChartItem) => void;
}

function colors(): ChartColors {
	const css = getComputedStyle(document.documentElement);
	const v = (name: string) => css.getPropertyValue(`--${name}`).trim();
	return {
		fg: v('fg'), bg: v('bg'), grey: v('grey'), line: v('line'), lineStrong: v('line-strong'),
		marketing: v('marketing'), sales: v('sales'), font: css.fontFamily,
	};
}

type Instance = ReturnType<typeof import('./echarts').init>;
interface Tip {
	x: number;
	y: number;
	content: ComponentChildren;
}

/* Where the pointer is: a tip for that place, or none. */
function watch(chart: Instance, now: { current: ChartProps }, show: (tip: Tip | null) => void) {
	chart.getZr().on('mousemove', (e: { offsetX: number; offsetY: number }) => {
		const p = now.current;
		if (!p.axisTip)
			return;
		if (!chart.containPixel('grid', [e.offsetX, e.offsetY]))
			return show(null);
		const at = chart.convertFromPixel({ xAxisIndex: 0 }, e.offsetX);
		const content = p.axisTip(Math.round(Number(at)));
		show(content ? { x: e.offsetX, y: e.offsetY, content } : null);
	});
	chart.getZr().on('globalout', () => show(null));
	chart.on('mousemove', (item) => {
		const p = now.current;
		const e = (item as unknown as { event: { offsetX: number; offsetY: number } }).event;
		if (p.itemTip)
			show({ x: e.offsetX, y: e.offsetY, content: p.itemTip(item as unknown as ChartItem) });
	});
	chart.on('mouseout', () => now.current.itemTip && show(null));
	chart.on('click', (item) => now.current.onItem?.(item as unknown as ChartItem));
}

function Twin({ p, visible }: { p: ChartProps; visible: boolean }) {
	return (
		<div class={visible ? 'chart-table' : 'hidden'}>
			<table class="table">
				<caption class="hidden">{p.label}</caption>
				<thead><tr>{p.table.head.map((h, i) => <th key={h} scope="col" class={i ? 'number' : undefined}>{h}</th>)}</tr></thead>
				<tbody>
					{p.table.rows.map((r, n) => (
						<tr key={n}>{r.map((c, i) => <td key={i} class={i ? 'number' : undefined}>{c}</td>)}</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

export function Chart(p: ChartProps) {
	const box = useRef<HTMLDivElement>(null);
	const chart = useRef<Instance | null>(null);
	const now = useRef(p);
	now.current = p;
	const chosen = useStore(theme);
	const [tip, setTip] = useState<Tip | null>(null);
	const [table, setTable] = useState(false);
	const [ready, setReady] = useState(false);

	useEffect(() => {
		let gone = false;
		let resized: ResizeObserver | null = null;
		void import('./echarts').then(({ init }) => {
			if (gone || !box.current)
				return;
			const made = init(box.current, null, { renderer: 'svg' });
			chart.current = made;
			watch(made, now, setTip);
			resized = new ResizeObserver(() => made.resize());
			resized.observe(box.current);
			setReady(true);
		});
		return () => {
			gone = true;
			resized?.disconnect();
			chart.current?.dispose();
			chart.current = null;
		};
	}, []);
	useEffect(() => {
		const draw = () => chart.current?.setOption({ animation: false, ...p.option(colors()) }, { notMerge: true });
		if (ready)
			draw();
		const dark = matchMedia('(prefers-color-scheme: dark)');
		dark.addEventListener('change', draw);
		return () => dark.removeEventListener('change', draw);
	}, [ready, chosen, p.option]);

	const svg = () => chart.current?.renderToSVGString() ?? '';
	const png = () => {
		const c = chart.current;
		if (c)
			void savePng(p.name, svg(), c.getWidth(), c.getHeight(), colors().bg);
	};
	return (
		<figure class="chart">
			<div class="chart-box" style={{ height: `${p.height}px`, display: table ? 'none' : undefined }}>
				<div ref={box} class="chart-picture" role="img" aria-label={p.label} />
				{tip && <div class="chart-tip" style={{ left: `${tip.x}px`, top: `${tip.y}px` }} data-left={tip.x > (box.current?.clientWidth ?? 0) / 2}>{tip.content}</div>}
			</div>
			<Twin p={p} visible={table} />
			<div class="chart-foot">
				<Button kind="quiet" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('c.chart') : t('c.table')}</Button>
				<Menu label={t('c.export')} items={[
					{ text: 'SVG', run: () => saveSvg(p.name, svg()) },
					{ text: 'PNG', run: png },
					{ text: 'CSV', run: () => saveCsv(p.name, [p.table.head, ...p.table.rows]) },
				]} />
			</div>
		</figure>
	);
}
