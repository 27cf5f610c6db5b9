/*
 * live.ts - what happens while one looks.
 *
 * What it is:   one stream of server-sent events for the whole page. Listeners of `seq` are told
 *               that something happened, at most once in `quiet_ms`; listeners of `touch` see each
 *               touch that the server passes on; `import` is the progress of imports.
 * Promises:     a page that nobody looks at holds no connection for long, and catches up when it
 *               is looked at again; a lost connection is opened again, ever more slowly.
 */
import { createStore } from '../lib/store';

export interface LiveTouch {
	seq: number;
	at: string;
	name: string;
	person: number | null;
	company: number | null;
	deal: number | null;
	source: string | null;
	path: string | null;
	more?: number;
}
export interface LiveImport {
	import: number;
	[member: string]: unknown;
}

export type LiveState = 'off' | 'on' | 'lost';
export const live = createStore<LiveState>('off');

const quiet_ms = 1000;
const hidden_ms_max = 60_000;
const retry_ms_max = 30_000;

const on_seq = new Set<() => void>();
const on_touch = new Set<(t: LiveTouch) => void>();
const on_import = new Set<(i: LiveImport) => void>();

let stream: EventSource | null = null;
let wanted = false;
let seen = 0;
let told_at = 0;
let telling = 0;
let retry_ms = 1000;
let timer = 0;

function tell_seq() {
	telling = 0;
	told_at = Date.now();
	for (const f of [...on_seq])
		f();
}
function seq_moved(seq: number) {
	if (seq <= seen)
		return;
	const first = seen === 0;
	seen = seq;
	// The first number only says where we are; what is on the screen is as new.
	if (!first && !telling && !document.hidden)
		telling = window.setTimeout(tell_seq, Math.max(0, told_at + quiet_ms - Date.now()));
}
function parse<T>(e: Event): T {
	return JSON.parse((e as MessageEvent<string>).data) as T;
}

function open() {
	clearTimeout(timer);
	if (stream || !wanted)
		return;
	stream = new EventSource('/api/v1/live');
	stream.addEventListener('open', () => {
		retry_ms = 1000;
		live.set('on');
	});
	stream.addEventListener('seq', (e) => seq_moved(parse<{ seq: number }>(e).seq));
	stream.addEventListener('touch', (e) => {
		const t = parse<LiveTouch>(e);
		for (const f of [...on_touch])
			f(t);
	});
	stream.addEventListener('import', (e) => {
		const i = parse<LiveImport>(e);
		for (const f of [...on_import])
			f(i);
	});
	stream.addEventListener('error', () => {
		close();
		live.set('lost');
		timer = window.setTimeout(open, retry_ms);
		retry_ms = Math.min(retry_ms * 2, retry_ms_max);
	});
}
function close() {
	stream?.close();
	stream = null;
}

document.addEventListener('visibilitychange', () => {
	if (!wanted)
		return;
	clearTimeout(timer);
	if (document.hidden) {
		timer = window.setTimeout(close, hidden_ms_max);
		return;
	}
	open();
	tell_seq();
});

export function liveStart() {
	wanted = true;
	open();
}
export function liveStop() {
	wanted = false;
	clearTimeout(timer);
	close();
	seen = 0;
	live.set('off');
}

/* Each returns what ends the listening: made for useEffect. */
export function onSeq(f: () => void): () => void {
	on_seq.add(f);
	return () => void on_seq.delete(f);
}
export function onTouch(f: (t: LiveTouch) => void): () => void {
	on_touch.add(f);
	return () => void on_touch.delete(f);
}
export function onImport(f: (i: LiveImport) => void): () => void {
	on_import.add(f);
	return () => void on_import.delete(f);
}
