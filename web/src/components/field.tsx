/*
 * Field, Select and Checkbox: one labelled control each.
 *   label     always there; `quiet` hides it from sight where the place already says it
 *   help      one grey line below; error takes its place, in red, and is announced
 *   onValue   the new value, on every key stroke
 */
import type { ComponentChildren, PartialInputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../i18n/i18n';

interface Around {
	label: string;
	quiet?: boolean;
	help?: ComponentChildren;
	error?: string | null;
}
function Labelled({ id, label, quiet, help, error, required, children }: Around & { id: string; required?: boolean; children: ComponentChildren }) {
	return (
		<div class="field">
			<label class={quiet ? 'hidden' : undefined} for={id}>{label}{required && <span class="grey"> ({t('c.required')})</span>}</label>
			{children}
			{(error || help) && <p id={`${id}-note`} class={`small ${error ? 'red' : 'grey'}`} role={error ? 'alert' : undefined}>{error || help}</p>}
		</div>
	);
}

type Native = Pick<PartialInputHTMLAttributes<HTMLInputElement>, 'name' | 'placeholder' | 'autocomplete' | 'autofocus' | 'disabled' | 'inputMode' | 'maxLength' | 'minLength' | 'min' | 'max' | 'pattern' | 'onKeyDown' | 'onBlur' | 'onFocus'>;
export interface FieldProps extends Around, Native {
	value: string;
	onValue: (v: string) => void;
	type?: 'text' | 'email' | 'password' | 'search' | 'number' | 'date' | 'datetime-local' | 'url' | 'tel';
	required?: boolean;
	/* More than one line of text. */
	rows?: number;
	/* The id of a datalist with proposals. */
	list?: string;
	/* `/` goes to this field. */
	search?: boolean;
}
export function Field({ label, quiet, help, error, value, onValue, rows, type = 'text', required, search, ...rest }: FieldProps) {
	const id = useId();
	const common = {
		id,
		value,
		required,
		'aria-invalid': error ? true : undefined,
		'aria-describedby': error || help ? `${id}-note` : undefined,
		onInput: (e: Event) => onValue((e.currentTarget as HTMLInputElement).value),
		'data-search': search || undefined,
		...(rest as object),
	};
	return (
		<Labelled {...{ id, label, quiet, help, error, required }}>
			{rows ? <textarea class="input" rows={rows} {...common} /> : <input class="input" {...({ type, ...common } as object)} />}
		</Labelled>
	);
}

export interface SelectProps extends Around {
	value: string;
	options: { value: string; text: string; disabled?: boolean }[];
	onValue: (v: string) => void;
	disabled?: boolean;
}
export function Select({ label, quiet, help, error, value, options, onValue, disabled }: SelectProps) {
	const id = useId();
	return (
		<Labelled {...{ id, label, quiet, help, error }}>
			<select id={id} class="input" value={value} disabled={disabled} aria-describedby={error || help ? `${id}-note` : undefined}
				onChange={(e) => onValue(e.currentTarget.value)}>
				{options.map((o) => <option key={o.value} value={o.value} disabled={o.disabled}>{o.text}</option>)}
			</select>
		</Labelled>
	);
}

export interface CheckboxProps {
	label: ComponentChildren;
	checked: boolean;
	onValue: (v: boolean) => void;
	help?: ComponentChildren;
	disabled?: boolean;
	radio?: string; /* a group's name: one of several */
}
export function Checkbox({ label, checked, onValue, help, disabled, radio }: CheckboxProps) {
	return (
		<label class="checkbox">
			<input type={radio ? 'radio' : 'checkbox'} name={radio} checked={checked} disabled={disabled} onChange={(e) => onValue(e.currentTarget.checked)} />
			<span>{label}{help && <small class="grey block">{help}</small>}</span>
		</label>
	);
}
