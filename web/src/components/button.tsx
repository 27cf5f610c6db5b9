/*
 * Button and ButtonLink.
 *   kind   plain (a line around it) · main (the one that matters on this page) · quiet (words only)
 *          · danger (what cannot be taken back)
 *   busy   at work: cannot be pressed, keeps its width
 */
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';

export type ButtonKind = 'plain' | 'main' | 'quiet' | 'danger';
export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type' | 'children' | 'disabled'> {
	kind?: ButtonKind;
	busy?: boolean;
	disabled?: boolean;
	submit?: boolean;
	children: ComponentChildren;
}

export function Button({ kind = 'plain', busy = false, submit = false, disabled, children, ...rest }: ButtonProps) {
	return (
		<button type={submit ? 'submit' : 'button'} class={`button ${kind}`} aria-busy={busy} disabled={disabled || busy} {...rest}>
			{children}
		</button>
	);
}

export function ButtonLink(p: { kind?: ButtonKind; href: string; download?: boolean; children: ComponentChildren }) {
	return <a class={`button ${p.kind ?? 'plain'}`} href={p.href} download={p.download}>{p.children}</a>;
}
