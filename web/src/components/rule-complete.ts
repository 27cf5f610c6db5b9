/*
 * complete.ts - what may come next in a rule: fields, operators, values, words between.
 *
 * What it is:   a light reader of the rule language up to the caret. The server's parser decides
 *               what is right (POST /rules/check); this one only has to know what is expected.
 * Promises:     pure; answers for any text, also a broken one; never proposes what is there already.
 */

export type FieldType = 'text' | 'number' | 'bool' | 'time' | 'duration' | 'money' | 'list' | 'any';

export interface Field {
	name: string;
	type: FieldType | string;
	values?: string[];
	help?: string;
}

export type OptionKind = 'field' | 'operator' | 'value' | 'word';

export interface Option {
	kind: OptionKind;
	insert: string; /* what replaces the text from `from` to `to` */
	label: string;
	help: string;
}

export interface Completion {
	from: number;
	to: number;
	options: Option[];
}

export const OPTIONS_MAX = 10;

type Expect =
	| { what: 'field' }
	| { what: 'operator'; field: string }
	| { what: 'value'; field: string; list: boolean }
	| { what: 'known' }
	| { what: 'open' }
	| { what: 'touch' }
	| { what: 'did' }
	| { what: 'after'; list: boolean; field: string };

interface Token {
	text: string;
	from: number;
	kind: 'word' | 'string' | 'sign';
}

const WORD = /[\p{L}\p{N}_.@/*%:+-]/u;

export function tokens(text: string): Token[] {
	const out: Token[] = [];
	for (let i = 0; i < text.length; ) {
		const c = text[i]!;
		if (/\s/.test(c)) {
			i++;
			continue;
		}
		const from = i;
		if (c === '"' || c === '`') {
			i++;
			while (i < text.length && text[i] !== c) i += text[i] === '\\' ? 2 : 1;
			i = Math.min(i + 1, text.length);
			out.push({ text: text.slice(from, i), from, kind: c === '"' ? 'string' : 'word' });
		} else if (WORD.test(c)) {
			while (i < text.length && WORD.test(text[i]!)) i++;
			out.push({ text: text.slice(from, i), from, kind: 'word' });
		} else {
			i += /^(!=|<=|>=)/.test(text.slice(i, i + 2)) ? 2 : 1;
			out.push({ text: text.slice(from, i), from, kind: 'sign' });
		}
	}
	return out;
}

function bare(word: string): string {
	return word.startsWith('`') ? word.slice(1, word.endsWith('`') ? -1 : undefined) : word;
}

interface Walk {
	expect: Expect;
	between: number; /* `and`s that belong to a between */
	didDepth: number; /* brackets open inside did(...); 0: outside */
}

function onField(w: Walk, t: Token): Expect {
	const word = t.text.toLowerCase();
	if (word === 'not' || t.text === '(') return { what: 'field' };
	if (t.text === ')') return { what: 'after', list: false, field: '' };
	if (word === 'did' || word === 'first' || word === 'last') {
		w.didDepth = 1;
		return { what: 'did' };
	}
	return t.kind === 'word' ? { what: 'operator', field: bare(t.text) } : { what: 'field' };
}

function onOperator(w: Walk, field: string, t: Token): Expect {
	const word = t.text.toLowerCase();
	if (word === 'is') return { what: 'known' };
	if (word === 'in' || word === 'any' || word === 'all' || word === 'none') return { what: 'open' };
	if (word === 'has') return { what: 'value', field, list: false };
	if (word === 'between') w.between = 1;
	return { what: 'value', field, list: false };
}

function onAfter(w: Walk, e: { list: boolean; field: string }, t: Token): Expect {
	const word = t.text.toLowerCase();
	if (e.list && t.text === ',') return { what: 'value', field: e.field, list: true };
	if (t.text === ')') return { what: 'after', list: false, field: e.field };
	if (word === 'and' && w.between > 0) {
		w.between = 0;
		return { what: 'value', field: e.field, list: false };
	}
	if (word === 'and' || word === 'or') return { what: 'field' };
	if (/^[=!<>]/.test(t.text)) return { what: 'value', field: '', list: false };
	return { what: 'after', list: e.list, field: e.field };
}

function step(w: Walk, listField: string, t: Token): Expect {
	const e = w.expect;
	switch (e.what) {
		case 'field':
			return onField(w, t);
		case 'operator':
			return onOperator(w, e.field, t);
		case 'known':
			return { what: 'after', list: false, field: '' };
		case 'open':
			return { what: 'value', field: listField, list: true };
		case 'did':
			return t.text === '(' ? { what: 'touch' } : e;
		case 'touch':
			return { what: 'after', list: false, field: '' };
		case 'value': {
			const word = t.text.toLowerCase();
			if (/^(any|all|none)$/.test(word)) return { what: 'open' };
			if (word === 'last' || word === 'before' || word === 'after') return e;
			return { what: 'after', list: e.list, field: e.field };
		}
		case 'after':
			return onAfter(w, e, t);
	}
}

function walk(before: Token[]): { expect: Expect; field: string } {
	const w: Walk = { expect: { what: 'field' }, between: 0, didDepth: 0 };
	let field = '';
	for (const t of before) {
		w.expect = step(w, field, t);
		if (w.expect.what === 'operator') field = w.expect.field;
	}
	return { expect: w.expect, field };
}

const RESERVED = new Set(
	'and or not in between has any all none is known unknown true false last before after where did first'.split(' '),
);

/* A value as it has to be written: bare where that is unambiguous, else in quotes. */
export function quoted(value: string): string {
	if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value) && !RESERVED.has(value.toLowerCase())) return value;
	return `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
}

export function fieldWritten(name: string): string {
	return RESERVED.has(name.toLowerCase()) || !/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name) ? `\`${name}\`` : name;
}

const ORDER = ['<', '<=', '>', '>='];

export function operatorsOf(type: string): string[] {
	switch (type) {
		case 'number':
		case 'money':
			return ['=', '!=', ...ORDER, 'between', 'is known', 'is unknown'];
		case 'time':
			return ['>= last', '<', '>', 'between', 'is known', 'is unknown'];
		case 'duration':
			return ['<', '>', 'between', 'is known', 'is unknown'];
		case 'bool':
			return ['=', '!=', 'is known', 'is unknown'];
		case 'list':
			return ['has', 'has any (', 'has all (', 'has none (', 'is known', 'is unknown'];
		case 'text':
			return ['=', '!=', '~', 'in (', 'is known', 'is unknown'];
		default:
			return ['=', '!=', '~', 'in (', ...ORDER, 'has', 'is known', 'is unknown'];
	}
}

function examples(type: string): string[] {
	switch (type) {
		case 'bool':
			return ['true', 'false'];
		case 'time':
			return ['last 7d', 'last 30d', 'last 90d', 'last 1y'];
		case 'duration':
			return ['30d', '90d', '1y'];
		default:
			return [];
	}
}

function fieldOptions(fields: readonly Field[]): Option[] {
	const known: Option[] = fields.map((f) => ({
		kind: 'field',
		insert: `${fieldWritten(f.name)} `,
		label: f.name,
		help: f.help ?? f.type,
	}));
	return [
		...known,
		{ kind: 'word', insert: 'not ', label: 'not', help: 'not …' },
		{ kind: 'word', insert: 'did("', label: 'did', help: 'did("form_submitted", last 30d) >= 2' },
	];
}

function word(insert: string, help = ''): Option {
	return { kind: 'word', insert, label: insert.trim(), help };
}

function optionsFor(e: Expect, fields: readonly Field[]): Option[] {
	const field = (name: string) => fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
	switch (e.what) {
		case 'field':
			return fieldOptions(fields);
		case 'operator':
			return operatorsOf(field(e.field)?.type ?? 'any').map((o) => ({
				kind: 'operator',
				insert: o.endsWith('(') ? o : `${o} `,
				label: o,
				help: '',
			}));
		case 'value': {
			const f = field(e.field);
			const end = e.list ? '' : ' ';
			const values = (f?.values ?? []).map((v) => ({ label: v, insert: quoted(v) + end }));
			const shown = examples(f?.type ?? '').map((v) => ({ label: v, insert: v + end }));
			return [...values, ...shown].map((v) => ({ kind: 'value', help: '', ...v }));
		}
		case 'known':
			return [word('known '), word('unknown ')];
		case 'touch':
			return [];
		case 'open':
		case 'did':
			return [word('(')];
		case 'after':
			return e.list ? [word(', '), word(') ')] : [word('and '), word('or '), word('or unknown ')];
	}
}

function folded(s: string): string {
	return s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/* Those that begin with what is typed, then those that contain it. */
function narrow(options: Option[], typed: string): Option[] {
	const t = folded(typed.replace(/^["`]/, ''));
	const begins: Option[] = [];
	const contains: Option[] = [];
	for (const o of options) {
		const label = folded(o.label);
		if (label === t && t !== '') continue;
		if (label.startsWith(t)) begins.push(o);
		else if (t !== '' && label.includes(t)) contains.push(o);
	}
	return [...begins, ...contains].slice(0, OPTIONS_MAX);
}

/* What may stand at the caret. The token that the caret touches is what is being typed. */
export function complete(text: string, caret: number, fields: readonly Field[]): Completion {
	const before = tokens(text.slice(0, caret));
	const last = before[before.length - 1];
	const touching = last && last.from + last.text.length === caret && last.kind !== 'sign';
	const closed = last?.kind === 'string' && last.text.length > 1 && last.text.endsWith('"');
	const typing = touching && !closed;
	const { expect } = walk(typing ? before.slice(0, -1) : before);
	const typed = typing ? last.text : '';
	const from = typing ? last.from : caret;
	return { from, to: caret, options: narrow(optionsFor(expect, fields), typed) };
}

/* The text with an option put in, and where the caret stands then. */
export function apply(text: string, c: Completion, o: Option): { text: string; caret: number } {
	const gap = c.from > 0 && /[\w"`)=<>~,]/.test(text[c.from - 1]!) && !/^[,)]/.test(o.insert) ? ' ' : '';
	const head = text.slice(0, c.from) + gap + o.insert;
	const tail = text.slice(c.to);
	return { text: head + (tail.startsWith(' ') && head.endsWith(' ') ? tail.slice(1) : tail), caret: head.length };
}
