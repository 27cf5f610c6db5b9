/*
 * ErrorLine: what went wrong, in one sentence, and what one can do. Never a code alone.
 */
import type { ComponentChildren } from 'preact';
import { t } from '../i18n/i18n';
import type { Problem } from '../lib/api';

export function problemText(p: Problem): string {
	return p.kind === 'unreachable' ? t('app.unreachable') : p.message;
}
export function ErrorLine({ problem, text, action }: { problem?: Problem | null; text?: string; action?: ComponentChildren }) {
	const words = text ?? (problem ? problemText(problem) : '');
	return words ? <div class="line" role="alert"><span class="red">{words}</span>{action}</div> : null;
}
