/*
 * actions.tsx - what one does by hand: a line of words, each with its key, and a form in place.
 *
 * What it is:   notes, calls, stages, owners ... of a person, a company, a deal, or of all that are
 *               chosen in a list. A form opens below the words, Escape closes it, Enter sends it.
 *               Whatever was done is said in a toast that can take it back.
 * Promises:     what was typed stays when the server refuses it, and the field that is wrong says
 *               why; nothing is sent twice.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field, Select } from '../../components/field';
import { toast } from '../../components/toast';
import { t, type Key } from '../../i18n/i18n';
import { post, Problem } from '../../lib/api';
import type { Action } from '../person/api';
import { cap } from '../person/say';

export interface Ask {
	name: string;
	label: string;
	kind: 'text' | 'long' | 'select' | 'date' | 'number';
	options?: { value: string; text: string }[];
	/* Proposals for a text that may be another one. */
	proposals?: string[];
	required?: boolean;
	initial?: string;
	help?: string;
}

export interface Deed {
	id: string;
	label: string;
	/* One letter: what does it from the keyboard, and what the help says of it. */
	key?: string;
	help?: Key;
	main?: boolean;
	danger?: boolean;
	/* What has to be known first; none: it is done at once. */
	asks?: Ask[];
	/* What is sent. */
	body: (values: Record<string, string>) => Action;
	/* What the toast says. */
	done: (values: Record<string, string>) => string;
	/* The word on the button that does it. */
	verb?: string;
}

/* What came of it; of many: how many, and how many it made no sense for. */
export interface Done {
	undo?: number | null;
	done?: number;
	left_out?: number;
}

export interface ActionsProps {
	label: string;
	deeds: Deed[];
	send: (a: Action) => Promise<Done>;
	onDone: () => void;
}

function toldOf(text: string, d: Done): string {
	if (d.done === undefined) return text;
	const many = d.left_out ? t('list.bulk.some', { n: d.done, refused: d.left_out }) : t('list.bulk.done', { n: d.done });
	return `${text}: ${many}`;
}

export async function undoTouch(seq: number, after: () => void): Promise<void> {
	await post(`/api/v1/touches/${seq}/undo`, {});
	after();
}

function AskField({ ask, value, error, onValue }: { ask: Ask; value: string; error: string | null; onValue: (v: string) => void }) {
	const common = { label: cap(ask.label), value, onValue, error, help: ask.help };
	if (ask.kind === 'select') {
		const none = ask.required ? [] : [{ value: '', text: '–' }];
		return <Select {...common} options={[...none, ...(ask.options ?? [])]} />;
	}
	if (ask.kind === 'long') return <Field {...common} rows={2} required={ask.required} maxLength={10_000} />;
	const list = ask.proposals && `proposals-${ask.name}`;
	return (
		<>
			<Field {...common} type={ask.kind === 'date' ? 'date' : 'text'} inputMode={ask.kind === 'number' ? 'decimal' : undefined} required={ask.required} list={list} autocomplete="off" />
			{list && <datalist id={list}>{ask.proposals?.map((x) => <option key={x} value={x} />)}</datalist>}
		</>
	);
}

interface FormProps {
	deed: Deed;
	onSend: (values: Record<string, string>) => Promise<void>;
	onClose: () => void;
}
function Form({ deed, onSend, onClose }: FormProps) {
	const first = () => Object.fromEntries((deed.asks ?? []).map((a) => [a.name, a.initial ?? (a.required ? (a.options?.[0]?.value ?? '') : '')]));
	const [values, setValues] = useState<Record<string, string>>(first);
	const [problem, setProblem] = useState<Problem | null>(null);
	const [busy, setBusy] = useState(false);
	const form = useRef<HTMLFormElement>(null);
	useEffect(() => form.current?.querySelector<HTMLElement>('input, select, textarea')?.focus(), []);
	const send = async () => {
		if (busy) return;
		setBusy(true);
		setProblem(null);
		try {
			await onSend(values);
		} catch (e) {
			setProblem(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
			setBusy(false);
		}
	};
	const asks = deed.asks ?? [];
	const own = asks.some((a) => a.name === problem?.field);
	return (
		<form
			ref={form}
			class="deed-form"
			aria-label={deed.label}
			onSubmit={(e) => {
				e.preventDefault();
				void send();
			}}
			onKeyDown={(e) => {
				if (e.key === 'Escape') onClose();
				else if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) form.current?.requestSubmit();
				else return;
				e.preventDefault();
				e.stopPropagation();
			}}
		>
			<div class="controls">
				{asks.map((a) => (
					<AskField
						key={a.name} ask={a} value={values[a.name] ?? ''}
						error={problem?.field === a.name ? problem.message : null}
						onValue={(v) => setValues({ ...values, [a.name]: v })}
					/>
				))}
				<Button kind="main" submit busy={busy}>{deed.verb ?? deed.label}</Button>
				<Button kind="quiet" onClick={onClose}>{t('c.cancel')}</Button>
			</div>
			{problem && !own && <ErrorLine problem={problem} />}
		</form>
	);
}

export function Actions({ label, deeds, send, onDone }: ActionsProps) {
	const [open, setOpen] = useState<string | null>(null);
	const bar = useRef<HTMLDivElement>(null);
	const doing = useRef(false);
	const close = (id: string) => {
		setOpen(null);
		bar.current?.querySelector<HTMLElement>(`[data-deed="${id}"]`)?.focus();
	};
	const act = async (d: Deed, values: Record<string, string>) => {
		const done = await send(d.body(values));
		const undo = done.undo;
		toast(toldOf(d.done(values), done), undo ? { undo: () => undoTouch(undo, onDone) } : {});
		onDone();
		close(d.id);
	};
	const begin = async (d: Deed) => {
		if (d.asks) return setOpen(open === d.id ? null : d.id);
		if (doing.current) return;
		doing.current = true;
		try {
			await act(d, {});
		} catch (e) {
			toast(e instanceof Problem ? e.message : String(e), { bad: true });
		} finally {
			doing.current = false;
		}
	};
	useKeys(deeds.flatMap((d) => (d.key && d.help ? [{ keys: d.key, help: d.help, run: () => void begin(d) }] : [])));
	const current = deeds.find((d) => d.id === open);
	return (
		<div class="deeds">
			<div ref={bar} class="deeds-bar" role="toolbar" aria-label={label}>
				{deeds.map((d) => (
					<Button
						key={d.id}
						data-deed={d.id}
						kind={d.main ? 'main' : 'plain'}
						aria-expanded={d.asks ? open === d.id : undefined}
						aria-keyshortcuts={d.key}
						onClick={() => void begin(d)}
					>
						{d.label}
					</Button>
				))}
			</div>
			{current && <Form key={current.id} deed={current} onSend={(v) => act(current, v)} onClose={() => close(current.id)} />}
		</div>
	);
}
