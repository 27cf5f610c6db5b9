/*
 * Empty: one sentence that says what will be here, and the one button that fills it.
 */
import type { ComponentChildren } from 'preact';

export function Empty({ text, action }: { text: ComponentChildren; action?: ComponentChildren }) {
	return <div class="empty"><p>{text}</p>{action}</div>;
}
