/*
 * back.ts - Escape leads to where one came from, or to the list when the page was opened directly.
 */
import { navigate, place } from '../../app/router';

let moved = false;
place.subscribe(() => (moved = true));

export function goBack(list: string): void {
	if (moved) history.back();
	else navigate(list);
}
