/*
 * RuleField: the text of a rule, with completion and with errors at their place.
 *
 *   <RuleField label={…} entity="person" fields={useFields('person')} value={text} onValue={setText}
 *              onSubmit={apply} />
 *
 * What it does: proposes what may come next (rule-complete.ts) while one types
 * (arrows choose, Tab or Enter takes, Escape closes); asks the server whether the rule can be read
 * and marks from where to where it cannot, with what was probably meant as a button.
 */
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/i18n';
import { post } from '../lib/api';
import { useResource } from '../lib/resource';
import { apply, complete, type Option } from './rule-complete';

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
/* What a rule can be about; of touches the fields come from elsewhere. */
export type RuleAbout = RuleEntity | 'touch';

const lists: Record<RuleEntity, string> = { person: 'people', company: 'companies', deal: 'deals' };
export function useFields(entity: RuleEntity): RuleFieldInfo[] {
	const found = useResource<RuleFieldInfo[] | { rows: RuleFieldInfo[] }>(`/api/v1/${lists[entity]}/fields`);
	return useMemo(() => {
		const all = Array.isArray(found.data) ? found.data : (found.data?.rows ?? []);
		return all.filter((f, i) => all.findIndex((x) => x.name === f.name) === i);
	}, [found.data]);
}

/* The server's opinion, a moment after the last key stroke. */
function useCheck(entity: RuleAbout, rule: string, good?: (rule: string) => void): RuleAnswer | null {
	const [answer, setAnswer] = useState<RuleAnswer | null>(null);
	const tell = useRef(good);
	tell.current = good;
	useEffect(() => {
		if (!rule.trim()) {
			setAnswer(null);
			tell.current?.('');
			return undefined;
		}
		const mine = new AbortController();
		const timer = setTimeout(() => {
			post<RuleAnswer>('/api/v1/rules/check', { entity, rule }, { signal: mine.signal }).then((a) => {
				setAnswer(a);
				if (a.ok)
					tell.current?.(rule.trim());
			}, () => {});
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
	entity: RuleAbout;
	fields: RuleFieldInfo[];
	value: string;
	onValue: (v: string) => void;
	/* Enter without Shift, when no proposal is chosen. */
	onSubmit?: () => void;
	/* The server can read it: a moment after the last key stroke. */
	onGood?: (rule: string) => void;
	placeholder?: string;
	search?: boolean;
}

export function RuleField(p: RuleFieldProps) {
	const id = useId();
	const area = useRef<HTMLTextAreaElement>(null);
	const [cursor, setCursor] = useState<number | null>(null);
	const [at, setAt] = useState(-1);
	const answer = useCheck(p.entity, p.value, p.onGood);
	const offer = cursor === null ? null : complete(p.value, cursor, p.fields);
	const proposals = offer?.options ?? [];
	const open = proposals.length > 0;
	const bad = answer && !answer.ok ? answer : null;
	const [bad_from, bad_to] = bad ? range_of(p.value, bad) : [0, 0];

	const become = (text: string, caret: number) => {
		p.onValue(text);
		setCursor(null);
		setAt(-1);
		requestAnimationFrame(() => {
			area.current?.focus();
			area.current?.setSelectionRange(caret, caret);
			setCursor(caret);
		});
	};
	const take = (o: Option | undefined) => {
		if (!offer || !o)
			return;
		const next = apply(p.value, offer, o);
		become(next.text, next.caret);
	};
	const put = (text: string, begin: number, end: number) =>
		become(p.value.slice(0, begin) + text + p.value.slice(end), begin + text.length);
	// Tab leaves the field, unless a word that was begun can be finished
	const typing = offer !== null && offer.from < offer.to;
	const keys = (e: KeyboardEvent) => {
		const n = proposals.length;
		if (open && (e.key === 'ArrowDown' || e.key === 'ArrowUp'))
			setAt((at + (e.key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1) + n) % n);
		else if (open && ((e.key === 'Enter' && at >= 0) || (e.key === 'Tab' && !e.shiftKey && (at >= 0 || typing))))
			take(proposals[Math.max(at, 0)]);
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
					onKeyDown={keys} onFocus={(e) => setCursor(e.currentTarget.selectionStart)} onBlur={() => setTimeout(() => setCursor(null), 150)} />
				<ul id={`${id}-list`} role="listbox" aria-label={p.label} hidden={!open}>
					{proposals.map((x, i) => (
						<li key={x.insert} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); take(x); }}>
							<span class="code">{x.label}</span><span class="grey small">{x.help}</span>
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
