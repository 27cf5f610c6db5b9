/*
 * keys.ts - the keyboard: single keys and sequences like `g p`, with help that lists them.
 *
 *   useKeys([{ keys: 'x', help: 'people.exclude', run: exclude }]);
 *
 * The latest component that registered a key gets it. While somebody types into a field only
 * Escape and keys with Ctrl are looked at.
 */
import { useEffect } from 'preact/hooks';
import type { Key } from '../i18n/i18n';

export interface Binding {
	keys: string; // as KeyboardEvent.key: "/", "?", "Escape", "ArrowDown", "g p"
	help?: Key;
	/* True: not for me after all; the next binding is asked. */
	run: (e: KeyboardEvent) => boolean | void;
}

const layers: Binding[][] = [];
const sequence_ms_max = 1200;
let first = '';
let first_at = 0;

function typing(target: EventTarget | null): boolean {
	const el = target as HTMLElement | null;
	return !!el?.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');
}

function pressed(e: KeyboardEvent) {
	if (e.altKey || e.metaKey || e.isComposing || e.defaultPrevented)
		return;
	if (typing(e.target) && e.key !== 'Escape')
		return;
	const key = (e.ctrlKey ? 'Control+' : '') + e.key;
	const fresh = first && Date.now() - first_at < sequence_ms_max;
	const names = fresh ? [`${first} ${key}`, key] : [key];
	first = '';
	for (let i = layers.length - 1; i >= 0; i--)
		for (const b of layers[i] ?? [])
			if (names.includes(b.keys) && b.run(e) !== true) {
				e.preventDefault();
				return;
			}
	if (layers.some((l) => l.some((b) => b.keys.startsWith(`${key} `)))) {
		first = key;
		first_at = Date.now();
	}
}
export function keysStart() {
	document.addEventListener('keydown', pressed);
}

export function useKeys(bindings: Binding[], active = true) {
	useEffect(() => {
		if (!active)
			return undefined;
		layers.push(bindings);
		return () => void layers.splice(layers.indexOf(bindings), 1);
	});
}

/* What the help shows: each key once, what is nearest first. */
export function keysKnown(): { keys: string; help: Key }[] {
	const seen = new Set<string>();
	const out: { keys: string; help: Key }[] = [];
	for (const l of [...layers].reverse())
		for (const b of l)
			if (b.help && !seen.has(b.keys)) {
				seen.add(b.keys);
				out.push({ keys: b.keys, help: b.help });
			}
	return out;
}
