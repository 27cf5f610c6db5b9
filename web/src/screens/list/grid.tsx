/*
 * grid.tsx - a table of any length: only the rows in the window exist.
 *
 * What it is:   an ARIA grid with one stop for Tab. Arrows, Page Up and Down, Home, End move the
 *               row in hand; Enter opens it, Space chooses it, Shift chooses up to it, Control+A
 *               chooses all that match, Escape none. The page scrolls, not a box in it.
 * Promises:     a row's place never depends on what is loaded; what is not there yet is a quiet
 *               line of the same height.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWindow } from '../../components/virtual';
import { t } from '../../i18n/i18n';
import { Chosen, type Rows } from './rows';

export interface Column<R> {
	id: string;
	label: string;
	/* The name to sort by at the server; none: not sortable. */
	sort?: string;
	right?: boolean;
	/* A track of the grid: "minmax(160px, 2fr)". The first length is what it needs at least. */
	width: string;
	/* Stays when the window is too narrow for all. */
	keep?: boolean;
	cell: (r: R) => ComponentChildren;
}

export interface GridProps<R> {
	label: string;
	rows: Rows<R>;
	/* Changes whenever `rows` did: a number that counts. */
	version: number;
	columns: Column<R>[];
	sort: string;
	onSort: (sort: string) => void;
	id: (r: R) => number;
	href: (r: R) => string;
	name: (r: R) => string;
	/* The same row for a phone: two lines, each with what stands left and right. */
	two: (r: R) => [ComponentChildren, ComponentChildren, ComponentChildren, ComponentChildren];
	open: (r: R) => void;
	chosen?: Chosen;
	onChosen?: (c: Chosen) => void;
	/* Where one was before coming back. */
	at?: number;
	onAt?: (i: number) => void;
}

const ROW = 36;
const ROW_PHONE = 56;
const phone = matchMedia('(max-width: 640px)');

function usePhone(): boolean {
	const [is, set] = useState(phone.matches);
	useEffect(() => {
		const changed = () => set(phone.matches);
		phone.addEventListener('change', changed);
		return () => phone.removeEventListener('change', changed);
	}, []);
	return is;
}

function nextSort(sort: string, by: string): string {
	if (sort === `-${by}`) return by;
	return sort === by ? '' : `-${by}`;
}

function Head<R>({ p, choose }: { p: GridProps<R>; choose: boolean }) {
	return (
		<div role="row" class="grid-head" aria-rowindex={1}>
			{choose && <span role="columnheader" class="grid-choose"><span class="hidden">{t('list.chosen')}</span></span>}
			{p.columns.map((c) => {
				const up = c.sort !== undefined && p.sort === c.sort;
				const down = c.sort !== undefined && p.sort === `-${c.sort}`;
				return (
					<span
						key={c.id}
						role="columnheader"
						class={c.right ? 'right' : undefined}
						aria-sort={up ? 'ascending' : down ? 'descending' : undefined}
					>
						{c.sort === undefined ? c.label : (
							<button type="button" onClick={() => p.onSort(nextSort(p.sort, c.sort ?? ''))}>
								{c.label}{up ? ' ↑' : down ? ' ↓' : ''}
							</button>
						)}
					</span>
				);
			})}
		</div>
	);
}

const GAP = 16;
const CHOOSE = 28;

/* As many columns as have room, the others from the right left out: nothing scrolls sideways. */
function fitting<R>(columns: Column<R>[], width: number, choose: boolean): Column<R>[] {
	const need = (list: Column<R>[]) =>
		list.reduce((sum, c) => sum + Number(/\d+/.exec(c.width)?.[0] ?? 0) + GAP, choose ? CHOOSE : -GAP);
	const shown = [...columns];
	while (shown.length > 1 && need(shown) > width) {
		let drop = shown.length - 1;
		while (drop > 0 && shown[drop]?.keep) drop--;
		shown.splice(drop > 0 ? drop : shown.length - 1, 1);
	}
	return shown;
}

function useWidth(box: { current: HTMLElement | null }): number {
	const [width, setWidth] = useState(innerWidth - 48);
	useLayoutEffect(() => {
		if (!box.current) return undefined;
		const watch = new ResizeObserver(() => box.current && setWidth(box.current.clientWidth));
		watch.observe(box.current);
		setWidth(box.current.clientWidth);
		return () => watch.disconnect();
	}, []);
	return width;
}

interface RowProps<R> {
	p: GridProps<R>;
	i: number;
	height: number;
	narrow: boolean;
	active: boolean;
	onRow: (i: number, e: MouseEvent) => void;
	onChoose: (i: number, shift: boolean) => void;
}
function Row<R>({ p, i, height, narrow, active, onRow, onChoose }: RowProps<R>) {
	const box = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (box.current) box.current.style.transform = `translateY(${i * height}px)`;
	}, [i, height]);
	const r = p.rows.at(i);
	const chosen = r !== undefined && p.chosen?.has(p.id(r)) === true;
	const choose = p.chosen !== undefined;
	const checkbox = r && choose && (
		<span role="gridcell" class="grid-choose">
			<input
				type="checkbox"
				tabIndex={-1}
				checked={chosen}
				aria-label={t('list.choose', { name: p.name(r) })}
				onClick={(e) => {
					e.stopPropagation();
					onChoose(i, e.shiftKey);
				}}
			/>
		</span>
	);
	return (
		<div
			ref={box}
			role="row"
			id={`row-${i}`}
			class={`grid-row${active ? ' active' : ''}${r ? '' : ' waiting'}`}
			aria-rowindex={i + 2}
			aria-selected={choose ? chosen : undefined}
			onClick={(e) => onRow(i, e)}
		>
			{checkbox}
			{!r && <span role="gridcell">{t('c.loading')}</span>}
			{r && narrow && <Two p={p} r={r} />}
			{r && !narrow && p.columns.map((c, n) => (
				<span key={c.id} role="gridcell" class={c.right ? 'right' : undefined}>
					{n === 0 ? <a href={p.href(r)} tabIndex={-1}>{c.cell(r)}</a> : c.cell(r)}
				</span>
			))}
		</div>
	);
}

function Two<R>({ p, r }: { p: GridProps<R>; r: R }) {
	const [a, b, c, d] = p.two(r);
	return (
		<span role="gridcell" class="grid-two">
			<a href={p.href(r)} tabIndex={-1}>{a}</a><span>{b}</span>
			<span class="grey">{c}</span><span class="grey">{d}</span>
		</span>
	);
}

/* Brings row i into the window, below the head of the table. */
function show(box: HTMLElement | null, i: number, height: number) {
	if (!box) return;
	const head = 36 + 8;
	const top = box.getBoundingClientRect().top + i * height;
	if (top < head) scrollBy(0, top - head);
	else if (top + height > innerHeight - 64) scrollBy(0, top + height - innerHeight + 64);
}

export function Grid<R>(all: GridProps<R>) {
	const body = useRef<HTMLDivElement>(null);
	const grid = useRef<HTMLDivElement>(null);
	const narrow = usePhone();
	const width = useWidth(grid);
	const p = { ...all, columns: fitting(all.columns, width, all.chosen !== undefined) };
	const height = narrow ? ROW_PHONE : ROW;
	const n = p.rows.length;
	const shown = useWindow(body, n, height);
	const [at, setAt] = useState(p.at ?? 0);
	const anchor = useRef(p.at ?? 0);
	const choose = p.chosen !== undefined;

	useEffect(() => void p.rows.want(shown.to + 20), [shown.to, p.version]);
	useLayoutEffect(() => {
		const tracks = [...(choose ? ['28px'] : []), ...(narrow ? ['minmax(0, 1fr)'] : p.columns.map((c) => c.width))];
		grid.current?.style.setProperty('--tracks', tracks.join(' '));
		if (body.current) body.current.style.height = `${n * height}px`;
	});

	const go = (i: number) => {
		const to = Math.max(0, Math.min(n - 1, i));
		setAt(to);
		p.onAt?.(to);
		show(body.current, to, height);
		return to;
	};
	const range = (to: number) => {
		const [a, b] = anchor.current < to ? [anchor.current, to] : [to, anchor.current];
		const ids: number[] = [];
		for (let i = a; i <= b; i++) {
			const r = p.rows.at(i);
			if (r) ids.push(p.id(r));
		}
		p.onChosen?.((p.chosen ?? new Chosen()).add(ids));
	};
	const toggle = (i: number, shift: boolean) => {
		const r = p.rows.at(i);
		if (!r || !p.chosen) return;
		setAt(i);
		if (shift) return range(i);
		anchor.current = i;
		p.onChosen?.(p.chosen.toggle(p.id(r)));
	};
	const key = (e: KeyboardEvent) => {
		if (e.ctrlKey || e.metaKey) {
			if (e.key !== 'a' || !choose) return;
			e.preventDefault();
			p.onChosen?.(new Chosen(true));
			return;
		}
		const page = Math.max(1, Math.floor(innerHeight / height) - 3);
		const moves: Record<string, number> = {
			ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: n - 1,
		};
		const move = moves[e.key];
		if (move !== undefined) {
			const to = go(move);
			if (e.shiftKey && choose) range(to);
			else anchor.current = to;
		} else if (e.key === 'Enter' && (e.target as Element).getAttribute('role') === 'grid') {
			const r = p.rows.at(at);
			if (r) p.open(r);
		} else if (e.key === ' ' && choose) toggle(at, e.shiftKey);
		else if (e.key === 'Escape' && p.chosen && p.chosen.count(n) > 0) p.onChosen?.(new Chosen());
		else return;
		e.preventDefault();
		e.stopPropagation();
	};
	const clicked = (i: number, e: MouseEvent) => {
		const r = p.rows.at(i);
		if (!r || (e.target as Element).closest('a, input, button')) return;
		go(i);
		if (e.shiftKey && choose) range(i);
		else if (e.ctrlKey || e.metaKey) toggle(i, false);
		else p.open(r);
	};

	const rows = [];
	for (let i = shown.from; i < Math.min(shown.to, n); i++)
		rows.push(
			<Row key={i} p={p} i={i} height={height} narrow={narrow} active={i === at} onRow={clicked} onChoose={toggle} />,
		);
	return (
		<div
			ref={grid}
			role="grid"
			class={`grid${narrow ? ' narrow' : ''}`}
			tabIndex={0}
			aria-label={p.label}
			aria-rowcount={n + 1}
			aria-colcount={p.columns.length + (choose ? 1 : 0)}
			aria-multiselectable={choose ? true : undefined}
			aria-activedescendant={n > 0 && at >= shown.from && at < shown.to ? `row-${at}` : undefined}
			onKeyDown={key}
		>
			<div role="rowgroup" class={narrow ? 'hidden' : undefined}><Head p={p} choose={choose} /></div>
			<div ref={body} role="rowgroup" class="grid-body">{rows}</div>
		</div>
	);
}
