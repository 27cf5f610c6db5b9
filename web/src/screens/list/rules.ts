/*
 * rules.ts - what is agreed in this company: stages, reasons, outcomes, who may own something.
 *
 * Asked for once and kept while the page is open; asked for again when a screen opens and the last
 * answer is older than FRESH_MS. The company's own words are told to say.ts, so that they are read
 * everywhere as the company says them.
 */
import { useCallback, useEffect } from 'preact/hooks';
import { language } from '../../i18n/i18n';
import { get } from '../../lib/api';
import { createStore, useStore } from '../../lib/store';
import type { Owner } from '../person/api';
import { companyWords } from '../person/say';
import { stages } from './stage';

/* A word that is agreed, as it is kept and as it is said. */
export interface Agreed {
	key: string;
	en: string;
	de: string;
}
export interface Rules {
	stages: string[];
	deal_stages: string[];
	disqualify: string[];
	loss: string[];
	outcomes: string[];
	owners: Owner[];
}

interface Settings {
	reasons?: { disqualify?: Agreed[]; loss?: Agreed[] };
	call_outcomes?: Agreed[];
}
interface Stages {
	stages?: { name: string; en: string; de: string }[];
	deal_stages?: Agreed[];
}

const FRESH_MS = 60_000;
const OUTCOMES = ['reached', 'no answer', 'left a message', 'call back', 'wrong number', 'declined'];
const nothing: Rules = { stages: [], deal_stages: [], disqualify: [], loss: [], outcomes: OUTCOMES, owners: [] };

const rules = createStore<Rules>(nothing);
let asked_at = 0;

const keys = (list: Agreed[] | undefined) => (list ?? []).map((x) => x.key);

function tell(lists: (Agreed[] | undefined)[], line: Stages['stages']) {
	const said = lists.flatMap((l) => l ?? []);
	const named = (line ?? []).map((s) => ({ key: s.name, en: s.en, de: s.de }));
	companyWords(said, named);
}

async function load() {
	asked_at = Date.now();
	try {
		const [owners, settings, line] = await Promise.all([
			get<{ rows: Owner[] }>('/api/v1/owners'),
			get<Settings>('/api/v1/settings'),
			get<Stages>('/api/v1/stages'),
		]);
		tell([settings.reasons?.disqualify, settings.reasons?.loss, settings.call_outcomes, line.deal_stages], line.stages);
		rules.set({
			stages: line.stages?.map((s) => s.name) ?? stages(),
			deal_stages: keys(line.deal_stages),
			disqualify: keys(settings.reasons?.disqualify),
			loss: keys(settings.reasons?.loss),
			outcomes: settings.call_outcomes ? keys(settings.call_outcomes) : OUTCOMES,
			owners: owners.rows,
		});
	} catch {
		asked_at = 0; // the screen's own request says what is wrong; the next screen asks again
	}
}

export function useRules(): Rules {
	useStore(language);
	const known = useStore(rules);
	useEffect(() => {
		if (Date.now() - asked_at > FRESH_MS) void load();
	}, []);
	return known;
}

/* "user:3" → "Anna Admin"; whatever is no user's number is a name already. */
export function useNames(): (by: string | number) => string {
	const { owners } = useRules();
	return useCallback(
		(by) => {
			const id = /^(?:user:)?(\d+)$/.exec(String(by))?.[1];
			return owners.find((o) => o.id === Number(id))?.name ?? String(by);
		},
		[owners],
	);
}
