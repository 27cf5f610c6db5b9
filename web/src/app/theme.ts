/*
 * theme.ts - light, dark, or what the system says; kept on this browser.
 */
import { createStore } from '../lib/store';

export type Theme = 'system' | 'light' | 'dark';

function kept(): Theme {
	const v = localStorage.getItem('theme');
	return v === 'light' || v === 'dark' ? v : 'system';
}
export const theme = createStore<Theme>(kept());

function apply() {
	const t = theme.get();
	if (t === 'system')
		delete document.documentElement.dataset['theme'];
	else
		document.documentElement.dataset['theme'] = t;
}
export function themeSet(t: Theme) {
	localStorage.setItem('theme', t);
	theme.set(t);
	apply();
}
export function themeStart() {
	apply();
}
/* Whether the page is dark now, for what cannot read CSS variables. */
export function isDark(): boolean {
	const t = theme.get();
	return t === 'dark' || (t === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}
