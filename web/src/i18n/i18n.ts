/*
 * i18n.ts - every text of the screens, in English and German.
 *
 *   t('people.count', { n: 12 })
 *
 * Texts live in en/AREA.ts and de/AREA.ts, one file a language per area; a key that is missing on
 * one side does not compile. In a text {name} is a parameter, numbers are written as the language
 * writes them, and {n|person|people} chooses by the number n. Only the language in use is loaded.
 */
import { createStore } from '../lib/store';
import type { texts as en } from './en/index';

export type Key = keyof typeof en;
/* What a German area must offer: exactly the keys of the English one. */
export type Same<T> = { readonly [K in keyof T]: string };
export type Language = 'en' | 'de';
export type Params = Record<string, string | number>;

export const language = createStore<Language>('en');
let texts: Readonly<Record<string, string>> = {};
let plural = new Intl.PluralRules('en');
let figures = new Intl.NumberFormat('en-GB');

export function locale(): string {
	return language.get() === 'de' ? 'de-DE' : 'en-GB';
}

export async function languageLoad(l: Language) {
	texts = l === 'de' ? (await import('./de/index')).texts : (await import('./en/index')).texts;
	plural = new Intl.PluralRules(l);
	figures = new Intl.NumberFormat(l === 'de' ? 'de-DE' : 'en-GB');
	document.documentElement.lang = l;
	language.set(l);
}
/* Chosen by a person: kept on this browser, where the server sees it too. */
export async function languageChoose(l: Language) {
	document.cookie = `language=${l}; Path=/; Max-Age=31536000; SameSite=Lax`;
	await languageLoad(l);
}
/* The page came in the language that the browser asks for, or that was chosen here before. */
export function languageOfPage(): Language {
	return document.documentElement.lang === 'de' ? 'de' : 'en';
}

const hole = /\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g;
function fill(text: string, params: Params): string {
	return text.replace(hole, (whole, name: string, one?: string, other?: string) => {
		const v = params[name];
		if (v === undefined)
			return whole;
		if (one !== undefined)
			return (plural.select(Number(v)) === 'one' ? one : other) ?? '';
		return typeof v === 'number' ? figures.format(v) : v;
	});
}

export function t(key: Key, params?: Params): string {
	const text = texts[key] ?? key;
	return params ? fill(text, params) : text;
}
/* For keys that are put together from data ("stage.mql"): the fallback is what to say when the
 * company has words of its own. */
export function tOr(key: string, fallback: string): string {
	return texts[key] ?? fallback;
}
/* A text with elements in its holes: tParts('x', { leak: <a …/> }) → an array to render. */
export function tParts<E>(key: Key, parts: Record<string, E>, params: Params = {}): (string | E)[] {
	const out: (string | E)[] = [];
	const text = fill(texts[key] ?? key, params);
	let at = 0;
	for (const m of text.matchAll(hole)) {
		const part = parts[m[1] ?? ''];
		if (part === undefined)
			continue;
		out.push(text.slice(at, m.index), part);
		at = (m.index ?? 0) + m[0].length;
	}
	out.push(text.slice(at));
	return out;
}
