/*
 * words.ts - a touch in words: what happened, with what, and the rest.
 *
 * What it is:   "Page /pricing", "Call: reached, 16 min", "Mail opened: newsletter" in the user's
 *               language. Names and properties nobody knows are shown as they were sent.
 * Promises:     pure; text alone, never markup; every property of a touch stands in one of the parts.
 */
import { textOf, type RunLine, type Touch } from './fold';

/* The dictionary: the text of a key, or null when there is none. */
export type Look = (key: string, values?: Record<string, string | number>) => string | null;

export interface Figures {
	money(minor: number, currency: string): string;
	number(n: number): string;
	day(iso: string): string;
	duration(ms: number): string;
}

export interface Words {
	what: string; /* "Page" */
	object: string | null; /* "/pricing" */
	rest: [string, string][]; /* what else was sent */
	quote: string | null; /* words somebody wrote */
}

/* What a touch is about, most telling first. */
const OBJECTS: Record<string, string[]> = {
	page_viewed: ['path', 'title', 'url'],
	screen_viewed: ['name', 'title'],
	form_submitted: ['form', 'path'],
	content_viewed: ['content', 'title', 'path'],
	content_downloaded: ['content', 'title', 'path'],
	call_made: ['outcome'],
	meeting_held: ['kind'],
	event_registered: ['event'],
	event_attended: ['event'],
	inbound_received: ['channel', 'subject'],
	consent_requested: ['channel'],
	consent_given: ['channel'],
	consent_withdrawn: ['channel'],
	lead_offered: ['owner', 'team'],
	lead_accepted: ['owner'],
	lead_disqualified: ['reason'],
	lead_recycled: ['until'],
	deal_created: ['name'],
	deal_stage_entered: ['stage'],
	deal_won: ['amount', 'reason'],
	deal_lost: ['reason', 'loss_reason'],
	objection_raised: ['topic'],
	objection_answered: ['topic'],
	task_created: ['title'],
	task_done: ['title'],
	owner_changed: ['owner'],
};

const MESSAGE = ['subject', 'message', 'campaign', 'variant'];
const QUOTES = ['text', 'note', 'words'];
/* Which touches say nothing more with these. */
const SILENT = new Set(['zone', 'by', 'undone']);

/* Words of the data that have a translation: reasons, outcomes, kinds, stages. */
export function wordKey(value: string): string {
	return `word.${value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_')}`;
}
export function wordOf(look: Look, value: string): string {
	return look(wordKey(value)) ?? value;
}

export function touchName(look: Look, name: string): string {
	return look(`touch.${name}`) ?? name.replace(/_/g, ' ');
}

export function fieldName(look: Look, key: string): string {
	const whole = look(`field.${key}`);
	if (whole !== null || !/^(company|consent|trait|ad_spend)\./.test(key)) return whole ?? key.replace(/_/g, ' ');
	return key.split('.').map((k) => look(`field.${k}`) ?? wordOf(look, k.replace(/_/g, ' '))).join(' · ');
}

function isMoney(v: unknown): v is { minor?: number; amount_minor?: number; currency: string } {
	return typeof v === 'object' && v !== null && typeof (v as { currency?: unknown }).currency === 'string';
}

const INSTANT = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?$/;

export function valueWords(look: Look, f: Figures, v: unknown): string {
	if (v === null || v === undefined) return '–';
	if (isMoney(v)) return f.money(v.minor ?? v.amount_minor ?? 0, v.currency);
	if (Array.isArray(v)) return v.map((x) => valueWords(look, f, x)).join(', ');
	if (typeof v === 'boolean') return look(v ? 'word.yes' : 'word.no') ?? String(v);
	if (typeof v === 'number') return f.number(v);
	if (typeof v === 'object') return JSON.stringify(v);
	const s = String(v);
	return INSTANT.test(s) ? f.day(s) : wordOf(look, s);
}

function objectKey(t: Touch): string | null {
	const keys = OBJECTS[t.name] ?? (t.name.startsWith('message_') ? MESSAGE : []);
	return keys.find((k) => t.properties?.[k] !== undefined && t.properties[k] !== '') ?? null;
}

export function touchWords(look: Look, f: Figures, t: Touch): Words {
	const p = t.properties ?? {};
	const about = objectKey(t);
	const quote = t.name === about ? null : (QUOTES.find((k) => k !== about && textOf(p[k]) !== null) ?? null);
	const rest: [string, string][] = [];
	for (const [k, v] of Object.entries(p)) {
		if (k === about || k === quote || SILENT.has(k) || v === null || v === '') continue;
		rest.push([fieldName(look, k), valueWords(look, f, v)]);
	}
	return {
		what: touchName(look, t.name),
		object: about === null ? null : valueWords(look, f, p[about]),
		rest,
		quote: quote === null ? null : textOf(p[quote]),
	};
}

/* "14 pages in 9 minutes". */
export function runWords(look: Look, f: Figures, r: RunLine): string {
	const n = r.touches.length;
	const name = r.of === 'touches' ? touchName(look, r.touches[0]!.name) : '';
	const values = { n: f.number(n), name, time: f.duration(r.until - r.at) };
	const key = r.until - r.at < 1000 ? `run.${r.of}.at_once` : `run.${r.of}`;
	return look(key, values) ?? `${values.n} × ${name || r.of}`;
}

/* How the mails of a run fared: "2 opened, 1 clicked". */
export function mailsWords(look: Look, f: Figures, r: RunLine): string[] {
	const counts = new Map<string, number>();
	for (const t of r.touches) counts.set(t.name, (counts.get(t.name) ?? 0) + 1);
	return [...counts].map(([name, n]) => look(`mails.${name}`, { n: f.number(n) }) ?? `${n} × ${name}`);
}
