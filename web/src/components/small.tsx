/*
 * The small ones: RelativeTime, Money, Count, Chip, Progress, CopyField, Tabs.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { t } from '../i18n/i18n';
import { exact, money, number, relative, type Amount } from '../lib/format';
import { Button } from './button';

/* "3 days ago"; hover or focus shows the exact time. Kept right while the page stays open. `quiet`:
 * no stop for Tab, in lists whose rows are one stop each. */
export function RelativeTime({ at, quiet }: { at: string | number; quiet?: boolean }) {
	const [, again] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => again((n) => n + 1), 30_000);
		return () => clearInterval(timer);
	}, []);
	const when = new Date(at);
	return <time class="tip" dateTime={when.toISOString()} tabIndex={quiet ? undefined : 0} data-tip={exact(when)}>{relative(when)}</time>;
}

/* An amount; `short` for "€1.2m", with the exact one on hover and focus. */
export function Money({ amount, short }: { amount: Amount | null | undefined; short?: boolean }) {
	if (!amount || !short)
		return <span class="nowrap">{money(amount)}</span>;
	return <span class="tip nowrap" tabIndex={0} data-tip={money(amount)}>{money(amount, { short: true })}</span>;
}

/* A number that opens the people behind it. `what` says so to those who cannot see where it stands. */
export function Count({ n, href, what, strong }: { n: number | null | undefined; href: string; what: string; strong?: boolean }) {
	if (n === null || n === undefined)
		return <span class="grey">{number(n)}</span>;
	return <a class="count" data-strong={strong} href={href} aria-label={`${number(n)} ${what}`}>{number(n)}</a>;
}

/* A choice or a condition: pressed or not, removable or not. */
export function Chip({ text, pressed, onPress, onRemove }: { text: string; pressed?: boolean; onPress?: () => void; onRemove?: () => void }) {
	return (
		<span class="chip" data-pressed={pressed}>
			{onPress ? <button type="button" aria-pressed={pressed} onClick={onPress}>{text}</button> : <span>{text}</span>}
			{onRemove && <button type="button" aria-label={t('c.remove', { what: text })} onClick={onRemove}>×</button>}
		</span>
	);
}

/* How far long work is; without a total only that it is at work. */
export function Progress({ done, total, label }: { done: number; total: number | null; label: string }) {
	const share = total ? Math.min(1, done / total) : null;
	return (
		<div class="progress">
			<progress aria-label={label} max={1} {...(share === null ? {} : { value: share })} />
			<span class="grey small">{label}</span>
		</div>
	);
}

/* A text to be taken along: a key, a snippet, an address. */
export function CopyField({ label, value, code }: { label: string; value: string; code?: boolean }) {
	const id = useId();
	const [copied, setCopied] = useState(false);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(value);
		} catch {
			// without TLS the clipboard is closed to scripts: mark the text, so that Ctrl+C takes it
			const area = document.getElementById(id) as HTMLTextAreaElement | null;
			area?.select();
			document.execCommand('copy');
		}
		setCopied(true);
		setTimeout(() => setCopied(false), 2000);
	};
	const lines = value.split('\n').length;
	return (
		<div class="field copy">
			<label for={id}>{label}</label>
			<div class="copy-line">
				<textarea id={id} class={`input ${code ? 'code' : ''}`} readOnly rows={lines} value={value} onFocus={(e) => e.currentTarget.select()} />
				<Button onClick={() => void copy()}>{copied ? t('c.copied') : t('c.copy')}</Button>
			</div>
			<span class="hidden" role="status">{copied ? t('c.copied') : ''}</span>
		</div>
	);
}

/* Parts of one screen, each with an address of its own. */
export function Tabs({ label, at, items }: { label: string; at: string; items: { key: string; text: ComponentChildren; href: string }[] }) {
	return (
		<nav class="tabs" aria-label={label}>
			{items.map((i) => <a key={i.key} href={i.href} aria-current={i.key === at ? 'page' : undefined}>{i.text}</a>)}
		</nav>
	);
}
