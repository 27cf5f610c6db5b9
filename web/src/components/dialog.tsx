/*
 * Dialog: a question that has to be answered before going on. The browser keeps the focus inside;
 * Escape and a click beside it close it. `actions` stand at its foot, the main one last.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n/i18n';
import { Button } from './button';

export interface DialogProps {
	title: string;
	onClose: () => void;
	/* When given, Enter in a field does this. */
	onSubmit?: () => void;
	actions?: ComponentChildren;
	children: ComponentChildren;
}

export function Dialog({ title, onClose, onSubmit, actions, children }: DialogProps) {
	const self = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null;
		self.current?.showModal();
		return () => before?.focus();
	}, []);
	return (
		<dialog ref={self} class="dialog" aria-labelledby={id}
			onCancel={(e) => { e.preventDefault(); onClose(); }}
			onKeyDown={(e) => e.stopPropagation()}
			onClick={(e) => { if (e.target === self.current) onClose(); }}>
			<form method="dialog" class="stack" onSubmit={(e) => { e.preventDefault(); onSubmit?.(); }}>
				<h2 id={id}>{title}</h2>
				{children}
				<div class="dialog-foot">
					<Button kind="quiet" onClick={onClose}>{actions ? t('c.cancel') : t('c.close')}</Button>
					{actions}
				</div>
			</form>
		</dialog>
	);
}
