/*
 * amount.ts - money as people type it, in the smallest units of its currency.
 *
 * "12.500,50", "12,500.50", "12500.5" and "12 500" are read alike: the last point or comma is the
 * decimal one when one or two digits (as many as the currency has) follow, else it parts thousands.
 */
import type { Amount } from '../../lib/format';

function digitsOf(currency: string): number {
	return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/* NaN for what is no amount: the server refuses it and names the field. */
export function minorOf(text: string, currency: string): number {
	const digits = digitsOf(currency);
	const plain = text.replace(/[\s\u00a0\u202f']/g, '').replace(/[^\d.,-]/g, '');
	const mark = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(','));
	const after = mark < 0 ? 0 : plain.length - mark - 1;
	const alone = mark >= 0 && plain.indexOf(plain[mark]!) === mark;
	const decimal = mark >= 0 && alone && after >= 1 && after <= Math.max(digits, 0);
	const whole = (decimal ? plain.slice(0, mark) : plain).replace(/[.,]/g, '');
	const part = decimal ? plain.slice(mark + 1) : '';
	if (!/^-?\d+$/.test(whole)) return NaN;
	return Number(whole) * 10 ** digits + Number(part.padEnd(digits, '0') || 0);
}

/* As one edits it: "12500.50", without the currency. */
export function plainOf(a: Amount): string {
	const digits = digitsOf(a.currency);
	const units = a.amount_minor / 10 ** digits;
	return Number.isInteger(units) ? String(units) : units.toFixed(digits);
}
