/*
 * stage.ts - the line of stages: their names, their department, how far along somebody is.
 */
import { workspace } from '../../app/session';
import { look } from '../person/say';

/* From the first after the visitor to the last. */
export function stages(): string[] {
	return (workspace()?.stages ?? []).filter((s) => s !== 'visitor');
}

export function stageName(stage: string | null | undefined): string {
	return look(`stage.${stage ?? 'visitor'}`) ?? stage ?? '';
}

/* Whose colour a stage has: up to the MQL marketing's, from the next on sales'. */
export function sideOf(stage: string | null | undefined): 'marketing' | 'sales' {
	const line = stages();
	const handed = line.indexOf('mql');
	return handed >= 0 && line.indexOf(stage ?? '') > handed ? 'sales' : 'marketing';
}

/* 0 for a visitor, 1 for the last stage of the line. */
export function farOf(stage: string | null | undefined): number {
	const line = stages();
	return line.length ? (line.indexOf(stage ?? '') + 1) / line.length : 0;
}
