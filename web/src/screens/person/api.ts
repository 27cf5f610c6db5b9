/*
 * api.ts - people, companies and deals as the server tells of them.
 */
import type { Amount } from '../../lib/format';
import type { Touch } from './fold';

export interface Named {
	name: string | null;
}
export interface CompanyRef extends Named {
	company: number;
}
export interface PersonRef extends Named {
	person: number;
}

/* Where a touch came from. */
export interface Origin {
	source: string | null;
	medium?: string | null;
	campaign?: string | null;
	referrer?: string | null;
	channel?: string | null;
}

/* One value that is known, and from where. */
export interface Cell {
	key: string;
	value: unknown;
	at: string;
	seq: number;
	/* The touch that said so: its name, and by whom or from where it came. */
	touch: string | null;
	import: number | null;
	source: string | null;
	by: string | null;
	rule: string | null;
}

export interface Consent {
	channel: string;
	purpose: string | null;
	state: string;
	ground: string | null;
	wording: string | null;
	at: string | null;
	seq: number | null;
}

export interface Identity {
	kind: string;
	value: string;
	system?: string | null;
	profile: number;
}

/* Two profiles that became one person, that were separated, or whose joining was refused. */
export interface Edge {
	at: string;
	profiles?: [number, number];
	why: string;
	by?: string | null;
	refused: boolean;
	separated: boolean;
	seq: number;
}

export interface DealRow {
	deal: number;
	name: string | null;
	stage: string | null;
	pipeline?: string | null;
	amount: Amount | null;
	owner: string | number | null;
	close_date: string | null;
	next_step: string | null;
	next_step_at?: string | null;
	created_at: string | null;
	closed_at: string | null;
	last_at?: string | null;
	/* "won", "lost"; anything else: open */
	status: string | null;
	loss_reason?: string | null;
	company: CompanyRef | null;
	role?: string | null;
}

export interface Journey {
	rows: Touch[];
	edges?: Edge[];
	/* What was taken back; with the first page. */
	undone?: Touch[];
	next: string | null;
}

export interface Action {
	action: string;
	[member: string]: unknown;
}
export interface Acted {
	touch: Touch;
	undo: number;
}

export interface Owner {
	id: number;
	name: string;
}
