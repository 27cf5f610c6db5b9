/*
 * RuleField: the text of a rule, with completion and with errors at their place.
 *
 *   <RuleField label={…} entity="person" fields={useFields('person')} value={text} onValue={setText}
 *              onSubmit={apply} />
 *
 * What it does: proposes fields, and after an operator the field's frequent values, while one types
 * (arrows choose, Tab or Enter takes, Escape closes); asks the server whether the rule can be read
 * and marks from where to where it cannot, with what was probably meant as a button.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/i18n';
import { post } from '../lib/api';
import { useResource } from '../lib/resource';

export interface RuleFieldInfo {
	name: string;
	type: string;
	values?: string[];
	help?: string;
}
export interface RuleAnswer {
	ok: boolean;
	canonical?: string;
	line?: number;
	column?: number;
	length?: number;
	message?: string;
	suggestions?: string[];
}
export type RuleEntity = 'person' | 'company' | 'deal';

const lists: Record<RuleEntity, string> = { person: 'people', company: 'companies', deal: 'deals' };
export function useFields(entity: RuleEntity): RuleFieldInfo[] {
	const found = useResource<RuleFieldInfo[] | { rows: RuleFieldInfo[] }>(`/api/v1/${lists[entity]}/fields`);
	return Array.isArray(found.data) ? found.data : (found.data?.rows ?? []);
}

export interface Proposal {
	text: string;
	help: string;
}
const proposals_max = 8;
const words = ['and', 'or', 'not', 'in', 'between', 'has', 'is known', 'is unknown', 'did(', 'last 30d'];

/* What may stand where the cursor is: [from where the word begins, what fits]. */
export function ruleProposals(text: string, cursor: number, fields: RuleFieldInfo[]): [number, Proposal[]] {
	const before = text.slice(0, cursor);
	const quoted = (before.match(/"/g)?.length ?? 0) % 2 === 1;
	const word = quoted ? before.slice(before.lastIndexOf('"')) : (before.match(/[\p{L}\p{N}_.]*$/u)?.[0] ?? '');
	const from = cursor - word.length;
	const asked = before.slice(0, from).match(/([\p{L}\p{N}_.]+)\s*(?:!?=|[<>]=?|~|in\s*\([^)]*|has(?:\s+(?:any|all|none)\s*\([^)]*)?)\s*$/u);
	const wanted = word.replace(/^"/, '').toLowerCase();
	const field = asked && fields.find((f) => f.name === asked[1]);
	if (field) {
		const values = (field.values ?? []).filter((v) => v.toLowerCase().includes(wanted));
		return [from, values.slice(0, proposals_max).map((v) => ({ text: /^[\p{L}_][\p{L}\p{N}_]*$/u.test(v) ? v : `"${v.replaceAll('"', '\\"')}"`, help: '' }))];
	}
	if (asked || quoted || !wanted)
		return [from, []];
	const starts = fields.filter((f) => f.name.toLowerCase().startsWith(wanted));
	const holds = fields.filter((f) => !starts.includes(f) && f.name.toLowerCase().includes(wanted));
	const names = [...starts, ...holds].map((f) => ({ text: f.name, help: f.help ?? f.type }));
	const more = words.filter((w) => w.startsWith(wanted) && w !== wanted).map((w) => ({ text: w, help: '' }));
	return [from, [...names, ...more].filter((p) => p.text !== word).slice(0, proposals_max)];
}

/* The server's opinion, a moment after the last key stroke. */
function useCheck(entity: RuleEntity, rule: string): RuleAnswer | null {
	const [answer, setAnswer] = useState<RuleAnswer | null>(null);
	useEffect(() => {
		if (!rule.trim()) {
			setAnswer(null);
			return undefined;
		}
		const mine = new AbortController();
		const timer = setTimeout(() => {
			post<RuleAnswer>('/api/v1/rules/check', { entity, rule }, { signal: mine.signal }).then(setAnswer, () => {});
		}, 250);
		return () => {
			clearTimeout(timer);
			mine.abort();
		};
	}, [entity, rule]);
	return answer;
}

/* The place that an error names, as a range of the text. */
function range_of(text: string, a: RuleAnswer): [number, number] {
	const lines = text.split('\n');
	const start = lines.slice(0, (a.line ?? 1) - 1).reduce((n, l) => n + l.length + 1, 0) + (a.column ?? 1) - 1;
	return [Math.min(start, text.length), Math.min(start + Math.max(1, a.length ?? 1), text.length)];
}

export interface RuleFieldProps {
	label: string;
	quiet?: boolean;
	entity: RuleEntity;
	fields: RuleFieldInfo[];
	value: string;
	onValue: (v: string) => void;
	/* Enter without Shift, when no proposal is chosen. */
	onSubmit?: () => void;
	placeholder?: string;
	search?: boolean;
}

export function RuleField(p: RuleFieldProps) {
	const id = useId();
	const area = useRef<HTMLTextAreaElement>(null);
	const [cursor, setCursor] = useState<number | null>(null);
	const [at, setAt] = useState(-1);
	const answer = useCheck(p.entity, p.value);
	const [from, proposals] = cursor === null ? [0, []] : ruleProposals(p.value, cursor, p.fields);
	const open = proposals.length > 0;
	const bad = answer && !answer.ok ? answer : null;
	const [bad_from, bad_to] = bad ? range_of(p.value, bad) : [0, 0];

	const put = (text: string, begin: number, end: number) => {
		const space = /[\s)(]$/.test(text) ? '' : ' ';
		const next = `${p.value.slice(0, begin)}${text}${space}${p.value.slice(end).replace(/^ /, '')}`;
		p.onValue(next);
		setCursor(null);
		setAt(-1);
		const to = begin + text.length + space.length;
		requestAnimationFrame(() => {
			area.current?.focus();
			area.current?.setSelectionRange(to, to);
		});
	};
	const keys = (e: KeyboardEvent) => {
		const n = proposals.length;
		if (open && (e.key === 'ArrowDown' || e.key === 'ArrowUp'))
			setAt((at + (e.key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1) + n) % n);
		else if (open && ((e.key === 'Enter' && at >= 0) || e.key === 'Tab'))
			put(proposals[Math.max(at, 0)]?.text ?? '', from, cursor ?? 0);
		else if (open && e.key === 'Escape')
			setCursor(null);
		else if (e.key === 'Enter' && !e.shiftKey)
			p.onSubmit?.();
		else
			return;
		e.preventDefault();
		e.stopPropagation();
	};
	return (
		<div class="field rule-field">
			<label class={p.quiet ? 'hidden' : undefined} for={id}>{p.label}</label>
			<div class="rule-box">
				<div class="input code rule-marks" aria-hidden="true">{p.value.slice(0, bad_from)}<mark>{p.value.slice(bad_from, bad_to)}</mark>{p.value.slice(bad_to)}{'\n'}</div>
				<textarea ref={area} id={id} class="input code" value={p.value} rows={Math.max(1, p.value.split('\n').length)} spellcheck={false}
					autocomplete="off" autocapitalize="off" placeholder={p.placeholder} data-search={p.search || undefined}
					aria-haspopup="listbox" aria-controls={`${id}-list`} aria-autocomplete="list"
					aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} aria-invalid={bad ? true : undefined} aria-describedby={bad ? `${id}-error` : undefined}
					onInput={(e) => { p.onValue(e.currentTarget.value); setCursor(e.currentTarget.selectionStart); setAt(-1); }}
					onKeyDown={keys} onBlur={() => setTimeout(() => setCursor(null), 150)} />
				<ul id={`${id}-list`} role="listbox" aria-label={p.label} hidden={!open}>
					{proposals.map((x, i) => (
						<li key={x.text} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); put(x.text, from, cursor ?? 0); }}>
							<span class="code">{x.text}</span><span class="grey small">{x.help}</span>
						</li>
					))}
				</ul>
			</div>
			{bad && (
				<p id={`${id}-error`} class="small red" role="alert">
					{t('c.ruleAt', { line: bad.line ?? 1, column: bad.column ?? 1, message: bad.message ?? '' })}{' '}
					{bad.suggestions?.slice(0, 3).map((s) => <button key={s} type="button" class="as-link" onClick={() => put(s, bad_from, bad_to)}>{t('c.ruleMeant', { what: s })}</button>)}
				</p>
			)}
		</div>
	);
}
