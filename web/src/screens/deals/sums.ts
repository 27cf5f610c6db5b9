/*
 * sums.ts - amounts put together, currency by currency: unlike money is never added up.
 */
import type { Amount } from '../../lib/format';

export function sums(deals: readonly { amount: Amount | null }[]): Amount[] {
	const by = new Map<string, number>();
	for (const d of deals) if (d.amount) by.set(d.amount.currency, (by.get(d.amount.currency) ?? 0) + d.amount.amount_minor);
	return [...by].map(([currency, amount_minor]) => ({ currency, amount_minor }));
}
