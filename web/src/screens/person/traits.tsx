/*
 * traits.tsx - everything that is known, with where it comes from and since when; the ids that
 * stand for somebody; what may be done by which channel, and why.
 */
import type { ComponentChildren } from 'preact';
import { RelativeTime } from '../../components/small';
import { t, tOr } from '../../i18n/i18n';
import type { Cell, Consent, Edge, Identity } from './api';
import { figures, look } from './say';
import { fieldName, touchName, valueWords, wordOf } from './words';

export function Part({ title, children }: { title: string; children: ComponentChildren }) {
	return <section class="part"><h2>{title}</h2>{children}</section>;
}

/* Kept by the program for itself, or shown at the head already. */
const HEAD = /^(stage|stage_since|stage_reason|company|person|owner|consent\..*|role\.\d+|name)$/;

/* Where a value comes from: a person's hand, a rule, a source, or the touch that brought it. */
function saidBy(c: Cell, who: (by: string) => string): string {
	if (c.by) return who(c.by);
	if (c.rule) return t('journey.rule', { rule: c.rule });
	if (c.source) return c.source;
	return c.import ? t('person.import', { n: String(c.import) }) : touchName(look, c.touch ?? '');
}

export function Traits({ cells, who }: { cells: readonly Cell[]; who: (by: string) => string }) {
	const shown = cells.filter((c) => !HEAD.test(c.key));
	if (shown.length === 0) return null;
	return (
		<Part title={t('person.traits')}>
			<dl class="traits">
				{shown.map((c) => (
					<div key={c.key}>
						<dt>{fieldName(look, c.key.replace(/^trait\./, ''))}</dt>
						<dd>{valueWords(look, figures, c.value)}</dd>
						<dd class="grey small">{saidBy(c, who)}, <RelativeTime at={c.at} /></dd>
					</div>
				))}
			</dl>
		</Part>
	);
}

const CHANNELS = ['email', 'phone', 'post'];

/* "e-mail given, express consent · phone unknown": one line per channel. */
export function Permissions({ consents }: { consents: readonly Consent[] }) {
	const extra = consents.map((c) => c.channel).filter((c) => !CHANNELS.includes(c));
	return (
		<ul class="permissions">
			{[...CHANNELS, ...extra].map((channel) => {
				const c = consents.find((x) => x.channel === channel);
				return (
					<li key={channel}>
						<span>{wordOf(look, channel)}</span>{' '}
						{c ? (
							<>
								<strong>{wordOf(look, c.state)}</strong>
								{c.ground && <span class="grey">, {wordOf(look, c.ground)}</span>}
								{c.at && <span class="grey">, <RelativeTime at={c.at} /></span>}
							</>
						) : <span class="grey">{t('person.permission.none')}</span>}
					</li>
				);
			})}
		</ul>
	);
}

interface IdentitiesProps {
	ids: readonly Identity[];
	edges: readonly Edge[];
	who: (by: string) => string;
	/* Takes a profile out of the person. */
	onSeparate?: (profile: number) => void;
}
export function Identities({ ids, edges, who, onSeparate }: IdentitiesProps) {
	if (ids.length === 0) return null;
	const several = new Set(ids.map((i) => i.profile)).size > 1;
	return (
		<Part title={t('person.ids')}>
			<dl class="traits">
				{ids.map((i) => (
					<div key={`${i.kind} ${i.system ?? ''} ${i.value}`}>
						<dt>{i.system ? i.system : tOr(`id.${i.kind.replace(/ /g, '_')}`, i.kind)}</dt>
						<dd>{i.value}</dd>
						<dd class="grey small">
							{t('person.profile', { n: String(i.profile) })}
							{several && onSeparate && <> <button type="button" class="link" onClick={() => onSeparate(i.profile)}>{t('person.separate')}</button></>}
						</dd>
					</div>
				))}
			</dl>
			{edges.length > 0 && (
				<ul class="edges">
					{edges.map((e) => {
						const key = e.refused ? 'person.edge.refused' : e.separated ? 'person.edge.separated' : 'person.edge.joined';
						const [a, b] = e.profiles ?? [0, 0];
						return (
							<li key={e.seq} class={e.refused || e.separated ? 'grey' : undefined}>
								{t(key, { a: String(a), b: String(b) })}: {wordOf(look, e.why)}
								{e.by ? `, ${who(e.by)}` : ''} <span class="grey small"><RelativeTime at={e.at} /></span>
							</li>
						);
					})}
				</ul>
			)}
		</Part>
	);
}
