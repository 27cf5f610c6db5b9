/*
 * list.tsx - the screen of a long list: how many, which, in which order, with which columns, and
 * what is done with those that are chosen.
 *
 * What it is:   people, companies and deals are three Kinds of it. The address holds rule, words,
 *               order and columns; the columns are remembered as well. Coming back finds the row
 *               and the place one left.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { navigate, useQuery } from '../../app/router';
import { useMay } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Checkbox } from '../../components/field';
import { t, type Key } from '../../i18n/i18n';
import { wordsRule } from './words-rule';
import { RuleField, useFields, type RuleEntity, type RuleFieldInfo } from '../../components/rule-field';
import { get, Problem, url, type Query } from '../../lib/api';
import { dash, number } from '../../lib/format';
import { figures, look } from '../person/say';
import { fieldName, valueWords } from '../person/words';
import { Actions, type Deed } from './actions';
import { sendBulk } from './bulk';
import { Facets } from './facets';
import { Grid, type Column } from './grid';
import { Chosen, Rows, type Page } from './rows';

export interface Kind<R> {
	entity: RuleEntity;
	path: string; /* of the screen, and below /api/v1 */
	/* "{n} people": how many there are. */
	counted: Key;
	search: Key;
	example: string;
	columns: Column<R>[];
	/* Those that come with every row; others are asked for. */
	defaults: string[];
	sort: string;
	id: (r: R) => number;
	name: (r: R) => string;
	two: (r: R) => [ComponentChildren, ComponentChildren, ComponentChildren, ComponentChildren];
	empty: ComponentChildren;
	deeds: Deed[];
	/* Between the head and the rows. */
	above?: (where: string, version: number) => ComponentChildren;
}

/* What one left, to come back to. */
interface Left {
	address: string;
	rows: Rows<unknown>;
	at: number;
	scroll: number;
}
const left = new Map<string, Left>();

function remembered(entity: RuleEntity): string | null {
	try {
		return localStorage.getItem(`columns.${entity}`);
	} catch {
		return null;
	}
}
function remember(entity: RuleEntity, columns: string | null): void {
	try {
		if (columns === null) localStorage.removeItem(`columns.${entity}`);
		else localStorage.setItem(`columns.${entity}`, columns);
	} catch {
		/* storage may be closed to pages; the address still holds them */
	}
}

/* A column for any field that the company has. */
function fieldColumn<R>(name: string, fields: readonly RuleFieldInfo[]): Column<R> {
	const type = fields.find((f) => f.name === name)?.type;
	const right = type === 'number' || type === 'money';
	return {
		id: name,
		label: fieldName(look, name.replace(/^company\./, '')),
		sort: name,
		keep: true,
		right,
		width: right ? '120px' : 'minmax(120px, 1fr)',
		cell: (r) => {
			const v = (r as Record<string, unknown>)[name];
			return v === null || v === undefined ? <span class="grey">{dash}</span> : valueWords(look, figures, v);
		},
	};
}

interface State {
	where: string;
	words: string;
	sort: string;
	columns: string[];
	rule: string; /* what is asked of the server */
	ready: boolean;
	patch: (p: Record<string, string | null>, o?: { replace?: boolean }) => void;
}
function useAddress<R>(k: Kind<R>, fields: readonly RuleFieldInfo[]): State {
	const [query, set] = useQuery();
	const where = query.get('where') ?? '';
	const words = query.get('q') ?? '';
	const asked = query.get('columns') ?? remembered(k.entity);
	const columns = asked ? asked.split(',').filter(Boolean).slice(0, 24) : k.defaults;
	const said = words.trim() && wordsRule(k.entity, words.trim(), fields);
	const rules = [where && said ? `(${where})` : where, said];
	return {
		where, words, columns,
		sort: query.get('sort') ?? k.sort,
		rule: rules.filter(Boolean).join(' and '),
		// words become a rule when it is known what may be asked
		ready: !words.trim() || fields.length > 0,
		patch: set,
	};
}

/* The rows for what is asked, and a number that grows with every change of them. */
function useRows<R>(k: Kind<R>, query: Query, ready: boolean): { rows: Rows<R>; version: number; start: Left | null } {
	const [version, setVersion] = useState(0);
	const address = url(`/api/v1${k.path}`, query);
	const changed = useRef(() => setVersion((v) => v + 1));
	const [start] = useState(() => {
		const l = left.get(k.entity);
		return l && l.address === address && history.state?.left === k.entity ? l : null;
	});
	const fetch = (a: string) => (after: string | null, limit: number, signal: AbortSignal) =>
		get<Page<R>>(a, { limit, after, count: after === null ? 1 : undefined }, signal);
	const [rows] = useState(() => (start ? (start.rows as Rows<R>) : new Rows<R>(fetch(address), k.id, () => changed.current())));
	const asked = useRef(start ? address : '');
	useEffect(() => {
		rows.listen(() => changed.current());
		if (!ready || asked.current === address) return;
		asked.current = address;
		void rows.ask(fetch(address));
	}, [address, ready]);
	useEffect(() => () => rows.stopAll(), []);
	return { rows, version, start };
}

function Columns<R>({ k, s, fields, onClose }: { k: Kind<R>; s: State; fields: RuleFieldInfo[]; onClose: () => void }) {
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => box.current?.querySelector('input')?.focus(), []);
	const known = [...k.columns.map((c) => ({ id: c.id, label: c.label })), ...fields
		.filter((f) => !k.columns.some((c) => c.id === f.name || c.sort === f.name))
		.map((f) => ({ id: f.name, label: fieldName(look, f.name) }))];
	const set = (columns: string[] | null) => {
		remember(k.entity, columns?.join(',') ?? null);
		s.patch({ columns: columns?.join(',') ?? null }, { replace: true });
	};
	return (
		<div
			ref={box} class="columns" role="group" aria-label={t('list.columns')}
			onKeyDown={(e) => {
				if (e.key !== 'Escape') return;
				e.stopPropagation();
				onClose();
			}}
		>
			{known.map((c) => (
				<Checkbox
					key={c.id} label={c.label} checked={s.columns.includes(c.id)}
					onValue={(on) => set(on ? [...s.columns, c.id] : s.columns.filter((x) => x !== c.id))}
				/>
			))}
			<p class="line">
				<Button kind="quiet" onClick={() => set(null)}>{t('list.columns.usual')}</Button>
				<Button kind="quiet" onClick={onClose}>{t('c.close')}</Button>
			</p>
		</div>
	);
}

/* The rule is applied as soon as it can be read; until then the rows of the last one stay. */
function Rule<R>({ k, s, fields }: { k: Kind<R>; s: State; fields: RuleFieldInfo[] }) {
	const [text, setText] = useState(s.where);
	const applied = useRef(s.where);
	useEffect(() => {
		if (s.where === applied.current) return;
		applied.current = s.where;
		setText(s.where);
	}, [s.where]);
	const use = (rule: string) => {
		if (rule === applied.current) return;
		applied.current = rule;
		s.patch({ where: rule });
	};
	return (
		<RuleField
			label={t('c.rule')} quiet entity={k.entity} fields={fields} placeholder={k.example}
			value={text} onValue={setText} onGood={use}
		/>
	);
}

/* A search in plain words; it waits for a pause in typing. */
function Words({ label, words, onWords, onDown }: { label: string; words: string; onWords: (w: string) => void; onDown: () => void }) {
	const [text, setText] = useState(words);
	const input = useRef<HTMLInputElement>(null);
	useEffect(() => setText(words), [words]);
	useEffect(() => {
		if (text === words) return undefined;
		const timer = setTimeout(() => onWords(text), 250);
		return () => clearTimeout(timer);
	}, [text]);
	useEffect(() => {
		if (new URLSearchParams(location.search).get('focus') === 'search') input.current?.focus();
	}, []);
	return (
		<input
			ref={input} class="input" type="search" data-search aria-label={label} placeholder={label} value={text}
			autocomplete="off" spellcheck={false} maxLength={200}
			onInput={(e) => setText(e.currentTarget.value)}
			onKeyDown={(e) => {
				if (e.key === 'Enter') onWords(text);
				else if (e.key === 'ArrowDown') onDown();
				else if (e.key === 'Escape') {
					e.currentTarget.blur();
					onDown();
				} else return;
				e.preventDefault();
				e.stopPropagation();
			}}
		/>
	);
}

interface BarProps<R> {
	k: Kind<R>;
	s: State;
	chosen: Chosen;
	count: number | null;
	onChosen: (c: Chosen) => void;
	onDone: () => void;
}
/* What may be done with those that are chosen. */
function ChosenBar<R>({ k, s, chosen, count, onChosen, onDone }: BarProps<R>) {
	const n = chosen.count(count);
	return (
		<section class="chosen-bar" aria-label={t('list.chosen')}>
			<p class="line">
				<strong role="status">{t('list.chosen.n', { n })}</strong>
				{!chosen.all && count !== null && count > n && (
					<Button kind="quiet" onClick={() => onChosen(new Chosen(true))}>{t('list.chosen.all', { n: count })}</Button>
				)}
				<Button kind="quiet" onClick={() => onChosen(new Chosen())}>{t('list.chosen.none')}</Button>
			</p>
			<Actions
				label={t('list.chosen.actions')}
				deeds={k.deeds}
				send={(a) => sendBulk(k.path, a, chosen, s.rule, n)}
				onDone={() => {
					onChosen(new Chosen());
					onDone();
				}}
			/>
		</section>
	);
}

function Busy({ on }: { on: boolean }) {
	return <div class={`busy-line${on ? ' on' : ''}`} aria-hidden="true" />;
}

export function ListScreen<R>({ k }: { k: Kind<R> }) {
	const fields = useFields(k.entity);
	const s = useAddress(k, fields);
	const work = useMay('work');
	const imports = useMay('import');
	const [choosing, setChoosing] = useState(false);
	const [counting, setCounting] = useState(false);
	const [chosen, setChosen] = useState(() => new Chosen());
	const columns = useMemo(
		() => s.columns.map((id) => k.columns.find((c) => c.id === id) ?? fieldColumn<R>(id, fields)),
		[s.columns.join(), fields, k],
	);
	const more = s.columns.filter((c) => !k.columns.some((x) => x.id === c)).join(',');
	const { rows, version, start } = useRows<R>(k, { where: s.rule, sort: s.sort, columns: more }, s.ready);
	const at = useRef(start?.at ?? 0);
	const address = url(`/api/v1${k.path}`, { where: s.rule, sort: s.sort, columns: more });

	useEffect(() => setChosen(new Chosen()), [s.rule]);
	useLayoutEffect(() => {
		if (start) scrollTo(0, start.scroll);
	}, []);
	const leave = () => {
		left.set(k.entity, { address, rows: rows as Rows<unknown>, at: at.current, scroll: scrollY });
		history.replaceState({ ...history.state, left: k.entity }, '');
	};
	const focusGrid = () => document.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true });
	useKeys([
		{ keys: 'ArrowDown', help: 'c.keyDown', run: focusGrid },
		{ keys: 'f', help: 'list.key.rule', run: () => document.querySelector<HTMLElement>('.rule-field textarea')?.focus() },
	]);

	const problem = rows.error instanceof Problem ? rows.error : rows.error ? new Problem(0, 'unexpected', String(rows.error), null, {}) : null;
	const none = !rows.fresh && !problem && rows.length === 0;
	const everything = !s.rule;
	return (
		<div class="list" onClickCapture={leave}>
			<div class="list-head">
				<h1 aria-live="polite">{rows.count === null ? t(k.counted, { n: 0 }).replace(/\d+/, '…') : t(k.counted, { n: rows.count })}</h1>
				<div class="line">
					{imports && <ButtonLink kind="quiet" href={url(`/api/v1${k.path}.csv`, { where: s.rule, sort: s.sort, columns: more })} download>{t('list.csv')}</ButtonLink>}
					<Button kind="quiet" aria-expanded={counting} onClick={() => setCounting(!counting)}>{t('list.facets')}</Button>
					<Button kind="quiet" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>{t('list.columns')}</Button>
				</div>
			</div>
			<div class="list-ask">
				<Words label={t(k.search)} words={s.words} onDown={focusGrid} onWords={(w) => s.patch({ q: w, focus: null }, { replace: true })} />
				<Rule k={k} s={s} fields={fields} />
			</div>
			{choosing && <Columns k={k} s={s} fields={fields} onClose={() => setChoosing(false)} />}
			{counting && <Facets entity={k.entity} path={k.path} fields={fields} rule={s.rule} where={s.where} onWhere={(where) => s.patch({ where })} />}
			{k.above?.(s.rule, version)}
			<Busy on={rows.loading} />
			{problem && <ErrorLine problem={problem} action={<Button onClick={() => void rows.again()}>{t('app.retry')}</Button>} />}
			{none && everything && k.empty}
			{none && !everything && <Empty text={t('list.none')} action={<Button onClick={() => s.patch({ where: null, q: null })}>{t('list.none.all')}</Button>} />}
			{!none && (
				<Grid
					label={t(k.counted, { n: rows.count ?? 0 })}
					rows={rows} version={version} columns={columns}
					sort={s.sort} onSort={(sort) => s.patch({ sort })}
					id={k.id} name={k.name} href={(r) => `${k.path}/${k.id(r)}`} two={k.two}
					open={(r) => {
						leave();
						navigate(`${k.path}/${k.id(r)}`);
					}}
					chosen={work && k.deeds.length > 0 ? chosen : undefined}
					onChosen={setChosen}
					at={start?.at} onAt={(i) => (at.current = i)}
				/>
			)}
			{rows.count !== null && rows.count > rows.length && rows.length >= 100_000 && <p class="grey">{t('list.limit', { n: number(rows.length) })}</p>}
			{chosen.count(rows.count) > 0 && (
				<ChosenBar k={k} s={s} chosen={chosen} count={rows.count} onChosen={setChosen} onDone={() => void rows.again()} />
			)}
		</div>
	);
}
