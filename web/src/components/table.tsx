/*
 * Table: rows of 36 px, figures right-aligned, headers that sort, arrows that move, Enter that opens.
 *
 *   <Table label={…} rows={people} id={(p) => p.person} href={(p) => `/people/${p.person}`}
 *          sort={sort} onSort={(s) => set({ sort: s })}
 *          columns={[{ key: 'name', title: t('people.name'), cell: (p) => p.name, phone: 1 }, …]} />
 *
 * A column: `sort` is the API's name for it when one may sort by it; `number` right-aligns; `phone`
 * says on which line of a phone's two-line row it stands (1 or 2; else it is left out there);
 * `wide` takes the room that is left. The first column's text is the row's link. More than 150 rows
 * are rendered as far as they are in sight.
 */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useKeys } from '../app/keys';
import { navigate } from '../app/router';
import { useWindow } from './virtual';

export interface Column<T> {
	key: string;
	title: string;
	cell: (row: T) => ComponentChildren;
	sort?: string;
	number?: boolean;
	wide?: boolean;
	phone?: 1 | 2;
	/* On a phone, where no header is, its words stand before the figure. */
	named?: boolean;
}
export interface TableProps<T> {
	label: string;
	columns: Column<T>[];
	rows: readonly T[];
	id: (row: T) => string | number;
	href?: (row: T) => string;
	/* Instead of an address: what Enter and a click do. */
	onOpen?: (row: T) => void;
	sort?: string; /* "name" or "-name" */
	onSort?: (sort: string) => void;
	/* Marks rows: the one that is open in a drawer, those that are selected. */
	chosen?: (row: T) => boolean;
	/* Keys for the row that has the focus: { x: (row) => … } */
	keys?: Record<string, (row: T) => void>;
	/* False when another list on the page has the arrows. */
	arrows?: boolean;
}

const row_px = () => (matchMedia('(max-width: 640px)').matches ? 56 : 36);

function Header<T>({ c, sort, onSort }: { c: Column<T>; sort?: string; onSort?: (s: string) => void }) {
	const down = sort === `-${c.sort}`;
	const up = sort === c.sort;
	const state = c.sort && (up || down) ? (down ? 'descending' : 'ascending') : undefined;
	return (
		<th scope="col" class={c.number ? 'number' : c.wide ? 'cell-wide' : undefined} aria-sort={state}>
			{c.sort && onSort ? (
				<button type="button" onClick={() => onSort((c.number ? !down : up) ? `-${c.sort}` : (c.sort as string))}>
					{c.title}<span aria-hidden="true" class="sort-mark">{state ? (down ? '↓' : '↑') : ''}</span>
				</button>
			) : c.title}
		</th>
	);
}

export function Table<T>(p: TableProps<T>) {
	const body = useRef<HTMLTableSectionElement>(null);
	const height = row_px();
	const w = useWindow(body, p.rows.length, height);
	const links = () => [...(body.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
	const current = () => links().findIndex((l) => l === document.activeElement || l.closest('tr')?.contains(document.activeElement));
	const step = (by: number) => {
		const all = links();
		const at = current();
		const to = all[at < 0 ? 0 : at + by];
		to?.focus({ preventScroll: true });
		to?.closest('tr')?.scrollIntoView({ block: 'nearest' });
	};
	const row_at = () => {
		const at = current();
		return at < 0 ? undefined : p.rows[w.from + at];
	};
	const opens = p.href !== undefined || p.onOpen !== undefined;
	useKeys([
		{ keys: 'ArrowDown', help: 'c.keyDown', run: () => step(1) },
		{ keys: 'ArrowUp', help: 'c.keyUp', run: () => step(-1) },
		...Object.entries(p.keys ?? {}).map(([keys, f]) => ({
			keys,
			run: () => {
				const row = row_at();
				if (row === undefined)
					return true;
				f(row);
				return undefined;
			},
		})),
	], opens && p.arrows !== false);
	const open = (e: MouseEvent, row: T) => {
		// anywhere on the row, but not on what is a link or control itself, nor to mark text
		if ((e.target as Element).closest('a, button, input, select, label, .tip') || getSelection()?.toString())
			return;
		if (p.onOpen)
			p.onOpen(row);
		else if (p.href)
			navigate(p.href(row));
	};
	const first = (row: T, content: ComponentChildren) => {
		if (p.onOpen)
			return <button type="button" class="row-open" data-row onClick={() => p.onOpen?.(row)}>{content}</button>;
		return p.href ? <a class="row-open" data-row href={p.href(row)}>{content}</a> : content;
	};
	return (
		<table class="table" data-opens={opens}>
			<caption class="hidden">{p.label}</caption>
			<thead>
				<tr>{p.columns.map((c) => <Header key={c.key} c={c} sort={p.sort} onSort={p.onSort} />)}</tr>
			</thead>
			<tbody ref={body}>
				{w.before_px > 0 && <tr aria-hidden="true" class="space"><td colSpan={p.columns.length} style={{ height: `${w.before_px}px` }} /></tr>}
				{p.rows.slice(w.from, w.to).map((row) => (
					<tr key={p.id(row)} data-chosen={p.chosen?.(row) || undefined} onClick={opens ? (e) => open(e, row) : undefined}>
						{p.columns.map((c, i) => (
							<td key={c.key} class={c.number ? 'number' : c.wide ? 'cell-wide' : undefined} data-phone={c.phone ?? (i === 0 ? 1 : 0)} data-title={c.named ? c.title : undefined}>
								{i === 0 ? first(row, c.cell(row)) : c.cell(row)}
							</td>
						))}
					</tr>
				))}
				{w.after_px > 0 && <tr aria-hidden="true" class="space"><td colSpan={p.columns.length} style={{ height: `${w.after_px}px` }} /></tr>}
			</tbody>
		</table>
	);
}
