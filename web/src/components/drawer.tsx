/*
 * Drawer: what stands behind a number or a name, 480 px at the right; on a phone a page of its own.
 * The page beside it stays usable. Escape closes it and gives the focus back.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useKeys } from '../app/keys';
import { t } from '../i18n/i18n';
import { Button } from './button';

export interface DrawerProps {
	title: ComponentChildren;
	onClose: () => void;
	/* Buttons beside the title. */
	actions?: ComponentChildren;
	children: ComponentChildren;
}

export function Drawer({ title, onClose, actions, children }: DrawerProps) {
	const self = useRef<HTMLDivElement>(null);
	const id = useId();
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null;
		self.current?.focus();
		document.body.dataset['drawer'] = 'open';
		return () => {
			delete document.body.dataset['drawer'];
			before?.focus();
		};
	}, []);
	useKeys([{ keys: 'Escape', help: 'c.back', run: onClose }]);
	return (
		<div ref={self} class="drawer" role="dialog" aria-labelledby={id} tabIndex={-1}>
			<div class="drawer-head">
				<h2 id={id}>{title}</h2>
				<div class="line">
					{actions}
					<Button kind="quiet" onClick={onClose}>{t('c.close')}</Button>
				</div>
			</div>
			<div class="drawer-body">{children}</div>
		</div>
	);
}
