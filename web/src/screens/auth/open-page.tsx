/*
 * OpenPage: what the pages before sign-in have in common: one column, and the choice of language.
 */
import type { ComponentChildren } from 'preact';
import { Button } from '../../components/button';
import { language, languageChoose, t } from '../../i18n/i18n';
import { Problem } from '../../lib/api';
import { useStore } from '../../lib/store';

export function OpenPage({ title, children }: { title: string; children: ComponentChildren }) {
	const spoken = useStore(language);
	const other = spoken === 'de' ? 'en' : 'de';
	return (
		<div class="auth stack">
			<h1>{title}</h1>
			{children}
			<div class="auth-foot">
				<span class="grey">Trichter</span>
				<Button kind="quiet" lang={other} onClick={() => void languageChoose(other)}>{other === 'de' ? 'Deutsch' : 'English'}</Button>
			</div>
		</div>
	);
}

/* What to say when signing in did not work; null: nothing went wrong. */
export function signInText(p: Problem | null): string | undefined {
	if (p?.status === 429)
		return t('auth.tooOften', { n: Number(/\d+/.exec(p.message)?.[0] ?? 1) });
	return p?.status === 401 ? t('auth.wrong') : undefined;
}
export function asProblem(e: unknown): Problem {
	return e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {});
}
