/*
 * steps.ts - the steps of a funnel, as a list to be edited and as the text that the server takes.
 *
 * "page_viewed, stage:mql, deal:won, [RULE], *" taken apart and put together again, as
 * src/funnel/funnel_steps.c does. A rule that begins with the touch's name is shown as that name,
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
}

let last_id = 0;
export function stepNew(kind: Kind = 'touch', names: string[] = [], where = ''): Step {
	return { id: ++last_id, kind, names, where };
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

/* ---- list → text ---- */

function quoted(name: string): string {
	return `"${name.replace(/[\\"]/g, '\\$&')}"`;
}
function named(before: string, name: string): string {
	const bare = !/[,[\]"]/.test(name) && name !== '*' && name.trim() === name && (before !== '' || !/^(stage|deal):/.test(name));
	return before + (bare ? name : quoted(name));
}
function stepText(s: Step): string {
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
