/*
 * steps.ts - the steps of a funnel, as a list to be edited and as the text that the server takes.
 *
 * "page_viewed, optional:stage:mql, deal:won, first:[RULE], *" taken apart and put together again, as
 * src/funnel/funnel_steps.c does; and what excludes: "unsubscribed:1-3, [RULE]". A rule that begins with the touch's name is shown as that name,
 * or those names, and a condition.
 */
export type Kind = 'touch' | 'stage' | 'deal' | 'rule' | 'any';
export interface Step {
	/* Of this list only: what keeps its place while others move. */
	id: number;
	kind: Kind;
	/* Touches: any of these. Stages: the one. */
	names: string[];
	/* Touches: and this holds for it; rules: this alone. */
	where: string;
	/* What stands before it: only their first of all; may be passed over; keeps its place. */
	first: boolean;
	optional: boolean;
	anchor: boolean;
}
/* What must not lie between two steps; without a span, between the first and the last. */
export interface Exclusion {
	what: Step;
	span: [number, number] | null;
}
const marks = ['first', 'optional', 'anchor'] as const;

let last_id = 0;
export function stepNew(kind: Kind = 'touch', names: string[] = [], where = ''): Step {
	return { id: ++last_id, kind, names, where, first: false, optional: false, anchor: false };
}
export function isComplete(s: Step): boolean {
	return s.kind === 'any' || (s.kind === 'rule' ? s.where.trim() !== '' : s.names.length > 0);
}

/* ---- text → list ---- */

/* Past the quoted text that begins at i. */
function quoteEnd(text: string, i: number): number {
	const mark = text[i++];
	while (i < text.length && text[i] !== mark)
		i += mark === '"' && text[i] === '\\' ? 2 : 1;
	return i + 1;
}
/* At commas outside of quotes and brackets. */
export function stepTexts(text: string): string[] {
	const out: string[] = [];
	let from = 0;
	let inside = false;
	for (let i = 0; i <= text.length; ) {
		const c = text[i];
		if (c === '"' || (inside && c === '`')) {
			i = quoteEnd(text, i);
			continue;
		}
		if (i === text.length || (c === ',' && !inside)) {
			out.push(text.slice(from, i).trim());
			from = i + 1;
		} else if (c === '[')
			inside = true;
		else if (c === ']')
			inside = false;
		i++;
	}
	if (from <= text.length && text.length > 0 && out.length === 0)
		out.push(text.slice(from).trim());
	return out.filter((s) => s !== '');
}
function unquote(name: string): string {
	return name.startsWith('"') && name.endsWith('"') && name.length > 1 ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name;
}

const text_part = '"(?:[^"\\\\]|\\\\.)*"';
const names_part = new RegExp(`^name\\s*(?:=\\s*(${text_part})|in\\s*\\(\\s*(${text_part}(?:\\s*,\\s*${text_part})*)\\s*\\))\\s*`);
/* Does the bracket that opens the text close at its very end? */
function isBracketed(text: string): boolean {
	let depth = 0;
	for (let i = 0; i < text.length; ) {
		const c = text[i];
		if (c === '"' || c === '`') {
			i = quoteEnd(text, i);
			continue;
		}
		if (c === '(')
			depth++;
		if (c === ')' && --depth === 0)
			return i === text.length - 1;
		i++;
	}
	return false;
}
function ruleStep(rule: string): Step {
	const m = names_part.exec(rule);
	if (!m)
		return stepNew('rule', [], rule);
	const names = [...(m[1] ?? m[2] ?? '').matchAll(new RegExp(text_part, 'g'))].map((x) => unquote(x[0]));
	const rest = rule.slice(m[0].length);
	if (rest === '')
		return stepNew('touch', names);
	const more = /^and\s+/i.exec(rest);
	if (!more)
		return stepNew('rule', [], rule);
	const where = rest.slice(more[0].length);
	if (isBracketed(where))
		return stepNew('touch', names, where.slice(1, -1).trim());
	// "a and b or c" is not "a and (b or c)"
	return /\bor\b/i.test(where.replace(new RegExp(text_part, 'g'), '')) ? stepNew('rule', [], rule) : stepNew('touch', names, where);
}
function stepOf(text: string): Step {
	const mark = marks.find((m) => text.startsWith(`${m}:`));
	if (mark)
		return { ...stepOf(text.slice(mark.length + 1).trim()), [mark]: true };
	if (text === '*')
		return stepNew('any');
	if (text.startsWith('['))
		return ruleStep(text.slice(1, -1).trim());
	if (text.startsWith('stage:'))
		return stepNew('stage', [unquote(text.slice(6).trim())]);
	if (text.startsWith('deal:'))
		return stepNew('deal', [unquote(text.slice(5).trim())]);
	return stepNew('touch', [unquote(text)]);
}
export function stepsRead(text: string): Step[] {
	return stepTexts(text).map(stepOf);
}
export function exclusionsRead(text: string): Exclusion[] {
	return stepTexts(text).map((one) => {
		const m = /^(.*?)\s*:\s*(\d+)\s*-\s*(\d+)$/s.exec(one);
		return m ? { what: stepOf(m[1] ?? ''), span: [Number(m[2]), Number(m[3])] } : { what: stepOf(one), span: null };
	});
}

/* ---- list → text ---- */

function quoted(name: string): string {
	return `"${name.replace(/[\\"]/g, '\\$&')}"`;
}
function named(before: string, name: string): string {
	const bare = !/[,[\]"]/.test(name) && name !== '*' && name.trim() === name && (before !== '' || !/^(stage|deal|first|optional|anchor):/.test(name));
	return before + (bare ? name : quoted(name));
}
function stepText(s: Step): string {
	return marks.map((m) => (s[m] ? `${m}:` : '')).join('') + whatText(s);
}
function whatText(s: Step): string {
	const where = s.where.trim();
	switch (s.kind) {
	case 'any': return '*';
	case 'rule': return `[${where}]`;
	case 'stage': return named('stage:', s.names[0] ?? '');
	case 'deal': return named('deal:', s.names[0] ?? '');
	case 'touch': break;
	}
	if (s.names.length === 1 && !where)
		return named('', s.names[0] ?? '');
	const names = s.names.length === 1 ? `name = ${quoted(s.names[0] ?? '')}` : `name in (${s.names.map(quoted).join(', ')})`;
	return `[${names}${where ? ` and (${where})` : ''}]`;
}
/* Of those that are complete. */
export function stepsText(steps: readonly Step[]): string {
	return steps.filter(isComplete).map(stepText).join(', ');
}
export function exclusionsText(list: readonly Exclusion[]): string {
	return list.filter((x) => isComplete(x.what)).map((x) => whatText(x.what) + (x.span ? `:${x.span[0]}-${x.span[1]}` : '')).join(', ');
}
