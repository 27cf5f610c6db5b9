/*
 * Combo: one of many, found by typing; or, with `free`, whatever was typed.
 *
 *   <Combo label={…} options={[{ value: 'page_viewed', note: '8,228' }]} onPick={add} placeholder={…} />
 *
 * What it does: shows what fits while one types (arrows choose, Enter takes, Escape closes), empties
 * itself when something was taken unless `value` says what stands there. `onText` hears what is
 * typed, for options that come from the server.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/i18n';

export interface ComboOption {
	value: string;
	text?: string;
	/* Grey, at the right: a count, a kind. */
	note?: string;
}
export interface ComboProps {
	label: string;
	quiet?: boolean;
	options: readonly ComboOption[];
	/* What was chosen before; it stays in the field. */
	value?: string;
	onPick: (value: string) => void;
	onText?: (text: string) => void;
	free?: boolean;
	placeholder?: string;
	help?: string;
	autofocus?: boolean;
}
const shown_max = 12;

function fitting(options: readonly ComboOption[], typed: string): ComboOption[] {
	const want = typed.trim().toLowerCase();
	const hay = (o: ComboOption) => `${o.text ?? ''} ${o.value} ${o.note ?? ''}`.toLowerCase();
	const begins = (o: ComboOption) => o.value.toLowerCase().startsWith(want) || (o.text ?? '').toLowerCase().startsWith(want);
	const all = options.filter((o) => hay(o).includes(want));
	return [...all.filter(begins), ...all.filter((o) => !begins(o))].slice(0, shown_max);
}

export function Combo(p: ComboProps) {
	const id = useId();
	const input = useRef<HTMLInputElement>(null);
	const [typed, setTyped] = useState<string | null>(null);
	const [open, setOpen] = useState(false);
	const [at, setAt] = useState(-1);
	const text_of = (v: string) => p.options.find((o) => o.value === v)?.text ?? v;
	const text = typed ?? (p.value === undefined ? '' : text_of(p.value));
	const fit = open ? fitting(p.options, typed ?? '') : [];
	const own = typed?.trim() ?? '';
	const is = (o: ComboOption) => o.value.toLowerCase() === own.toLowerCase() || o.text?.toLowerCase() === own.toLowerCase();
	// what is not among them may be taken as it was typed
	const found = p.free && own && !fit.some(is) ? [...fit, { value: own, text: t('c.asTyped', { text: own }) }] : fit;
	useEffect(() => {
		if (p.autofocus)
			input.current?.focus();
	}, []);
	const close = () => {
		setOpen(false);
		setTyped(null);
		setAt(-1);
	};
	const take = (value: string) => {
		close();
		p.onText?.('');
		p.onPick(value);
	};
	const keys = (e: KeyboardEvent) => {
		const n = found.length;
		if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
			if (!open)
				setOpen(true);
			else if (n)
				setAt((at + (e.key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1) + n) % n);
		} else if (e.key === 'Enter' && open) {
			const one = found[at] ?? (own ? found[0] : undefined);
			if (!one)
				return;
			take(one.value);
		} else if (e.key === 'Escape' && open)
			close();
		else
			return;
		e.preventDefault();
		e.stopPropagation();
	};
	const left = () => {
		const one = own ? found.find(is) ?? (fit.length === 0 ? found[0] : undefined) : undefined;
		if (one && one.value !== (p.value ?? ''))
			take(one.value);
		else
			close();
	};
	return (
		<div class="field combo">
			<label class={p.quiet ? 'hidden' : undefined} for={id}>{p.label}</label>
			<div class="combo-box">
				<input ref={input} id={id} class="input" type="text" role="combobox" value={text} placeholder={p.placeholder} autocomplete="off" spellcheck={false}
					aria-expanded={open && found.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list"
					aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} aria-describedby={p.help ? `${id}-note` : undefined}
					onFocus={(e) => { setOpen(true); e.currentTarget.select(); }} onClick={() => setOpen(true)} onBlur={left} onKeyDown={keys}
					onInput={(e) => { setTyped(e.currentTarget.value); setOpen(true); setAt(-1); p.onText?.(e.currentTarget.value); }} />
				<ul id={`${id}-list`} class="combo-list" role="listbox" aria-label={p.label} hidden={found.length === 0}>
					{found.map((o, i) => (
						<li key={o.value} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); take(o.value); }}>
							<span>{o.text ?? o.value}</span>{o.note && <span class="grey small">{o.note}</span>}
						</li>
					))}
				</ul>
			</div>
			{open && typed && found.length === 0 && !p.free && <p class="small grey" role="status">{t('c.nothingFits')}</p>}
			{p.help && <p id={`${id}-note`} class="small grey">{p.help}</p>}
		</div>
	);
}
