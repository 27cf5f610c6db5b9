/*
 * map.ts - what was chosen by hand, as a map file (docs/import.md).
 */
import type { Column, Kind, Order, Use } from './api';

export interface Choice {
	use: Use;
	/* The field's or the trait's name. */
	key: string;
	type: string;
	date_format: string;
}
/* "Every row entered this stage at the time in that column." */
export interface StageEntry {
	stage: string;
	at: string; /* a header; '' the time of the import */
}
export interface Chosen {
	kind: Kind | null;
	/* Headers whose meaning was changed by hand. */
	columns: Record<string, Choice>;
	stages: StageEntry[];
	date_format: string;
	/* Whose ids the external ids are: "hubspot", "olist". */
	id_system: string;
	duplicates: 'update' | 'fill' | 'skip';
	/* A map file that was brought along takes the place of all that. */
	map_text: string;
}
export const nothing_chosen: Chosen = { kind: null, columns: {}, stages: [], date_format: '', id_system: '', duplicates: 'update', map_text: '' };

export function choiceOf(c: Column, chosen: Chosen): Choice {
	return chosen.columns[c.header] ?? { use: c.use, key: c.key, type: c.type, date_format: c.date_format };
}
/* "Lead Score" → "lead_score": what the server would call the trait. */
export function traitName(header: string): string {
	return header.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '') || 'trait';
}

function column(c: Choice): string | Record<string, string> {
	const more: Record<string, string> = {};
	if (c.use === 'trait' && c.type !== 'auto')
		more['type'] = c.type;
	if (c.date_format)
		more['date_format'] = c.date_format;
	if (c.use === 'trait')
		return { trait: c.key, ...more };
	return Object.keys(more).length ? { field: c.key, ...more } : c.key;
}

/* The touches of a row, when stages are entered that no column names by itself. */
function touches(chosen: Chosen): object[] {
	const at = chosen.stages.find((s) => s.at)?.at;
	return [
		{ name: 'person_updated', ...(at ? { at } : {}) },
		...chosen.stages.map((s) => ({ name: 'stage_entered', ...(s.at ? { at: s.at } : {}), set: { stage: s.stage } })),
	];
}

export function orderOf(chosen: Chosen, kind: Kind | null): Order {
	const order: Order = { duplicates: chosen.duplicates };
	if (chosen.map_text)
		return { ...order, map: chosen.map_text };
	const wanted = chosen.kind ?? kind ?? undefined;
	const entries = Object.entries(chosen.columns);
	if (!entries.length && !chosen.stages.length && !chosen.id_system)
		return { ...order, ...(wanted ? { kind: wanted } : {}), ...(chosen.date_format ? { date_format: chosen.date_format } : {}) };
	const map: Record<string, unknown> = { kind: wanted };
	if (chosen.date_format)
		map['date_format'] = chosen.date_format;
	if (chosen.id_system)
		map['id_system'] = chosen.id_system;
	const mapped = entries.filter(([, c]) => c.use === 'field' || c.use === 'trait');
	if (mapped.length)
		map['columns'] = Object.fromEntries(mapped.map(([header, c]) => [header, column(c)]));
	const ignored = entries.filter(([, c]) => c.use === 'ignore').map(([header]) => header);
	if (ignored.length)
		map['ignore'] = ignored;
	if (chosen.stages.length)
		map['touches'] = touches(chosen);
	return { ...order, map };
}
