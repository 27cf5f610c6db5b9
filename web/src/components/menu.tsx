/*
 * Menu: a word that opens a short list of things to do or to choose.
 * Items are links (href), actions (run), or choices (checked). Arrows move, Escape closes.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface MenuItem {
	text: string;
	href?: string;
	/* As a file; a text is its name. */
	download?: boolean | string;
	run?: () => void;
	checked?: boolean;
	keys?: string;
	disabled?: boolean;
}
export interface MenuProps {
	label: string;
	items: MenuItem[];
	kind?: 'plain' | 'quiet';
}

export function Menu({ label, items, kind = 'quiet' }: MenuProps) {
	const [open, setOpen] = useState(false);
	const self = useRef<HTMLDivElement>(null);
	const button = useRef<HTMLButtonElement>(null);
	const entries = () => [...(self.current?.querySelectorAll<HTMLElement>('[role^=menuitem]:not([aria-disabled=true])') ?? [])];
	const close = (focus: boolean) => {
		setOpen(false);
		if (focus)
			button.current?.focus();
	};
	useEffect(() => {
		if (!open)
			return undefined;
		entries()[0]?.focus();
		const beside = (e: Event) => {
			if (!self.current?.contains(e.target as Node))
				setOpen(false);
		};
		document.addEventListener('pointerdown', beside);
		return () => document.removeEventListener('pointerdown', beside);
	}, [open]);
	const move = (e: KeyboardEvent) => {
		const all = entries();
		const at = all.indexOf(document.activeElement as HTMLElement);
		const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
		if (e.key === 'Escape' && open)
			close(true);
		else if (e.key in to && !open)
			setOpen(true);
		else if (e.key in to)
			all[((to[e.key] ?? 0) + all.length) % all.length]?.focus();
		else {
			if (e.key === 'Tab')
				setOpen(false);
			return;
		}
		e.preventDefault();
		e.stopPropagation();
	};
	return (
		<div class="menu" ref={self} onKeyDown={move}>
			<button ref={button} type="button" class={`button ${kind}`} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
				{label}<span class="menu-mark" aria-hidden="true">▾</span>
			</button>
			{open && (
				<ul role="menu" aria-label={label}>
					{items.map((i) => {
						const common = {
							role: i.checked === undefined ? ('menuitem' as const) : ('menuitemradio' as const),
							'aria-checked': i.checked,
							'aria-disabled': i.disabled || undefined,
							tabIndex: -1,
							onClick: () => {
								if (i.disabled)
									return;
								close(!i.href);
								i.run?.();
							},
						};
						const content = <>{i.text}{i.keys && <kbd class="small">{i.keys}</kbd>}</>;
						return (
							<li key={i.text} role="none">
								{i.href ? <a href={i.href} download={i.download} {...common}>{content}</a> : <button type="button" {...common}>{content}</button>}
							</li>
						);
					})}
				</ul>
			)}
		</div>
	);
}
