/*
 * Toasts: what just happened, and how to take it back.
 *   toast(t('deal.moved'), { undo: () => post(`/api/v1/touches/${seq}/undo`) })
 *   toastError(problem)
 * A toast stays eight seconds, longer while one points at it or is on its button.
 */
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/i18n';
import { Problem } from '../lib/api';
import { createStore, useStore } from '../lib/store';
import { Button } from './button';
import { problemText } from './error';

interface Toast {
	id: number;
	text: string;
	bad: boolean;
	undo?: () => Promise<unknown> | void;
}
const shown = createStore<Toast[]>([]);
const shown_max = 3;
const stay_ms = 8000;
let last_id = 0;

function drop(id: number) {
	shown.set(shown.get().filter((x) => x.id !== id));
}
export function toast(text: string, o: { undo?: () => Promise<unknown> | void; bad?: boolean } = {}) {
	const one: Toast = { id: ++last_id, text, bad: o.bad === true, undo: o.undo };
	shown.set([...shown.get().slice(1 - shown_max), one]);
}
export function toastError(e: unknown) {
	toast(e instanceof Problem ? problemText(e) : String(e), { bad: true });
}

function One({ it }: { it: Toast }) {
	const [held, setHeld] = useState(false);
	useEffect(() => {
		if (held)
			return undefined;
		const timer = setTimeout(() => drop(it.id), stay_ms);
		return () => clearTimeout(timer);
	}, [held, it.id]);
	const undo = async () => {
		drop(it.id);
		try {
			await it.undo?.();
			toast(t('c.undone'));
		} catch (e) {
			toastError(e);
		}
	};
	return (
		<div class="toast" data-bad={it.bad} onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)}
			onFocusCapture={() => setHeld(true)} onBlurCapture={() => setHeld(false)}>
			<span>{it.text}</span>
			{it.undo && <Button kind="quiet" onClick={() => void undo()}>{t('c.undo')}</Button>}
			<Button kind="quiet" onClick={() => drop(it.id)}>{t('c.close')}</Button>
		</div>
	);
}

export function Toasts() {
	const all = useStore(shown);
	return <div class="toasts" role="status" aria-live="polite">{all.map((x) => <One key={x.id} it={x} />)}</div>;
}
