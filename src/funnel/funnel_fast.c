/*
 * funnel_fast.c - a plain question's words for the fast path over segments.
 *
 * What it is:   which steps the codes of each segment fill, which touches are hidden, and who is
 *               left to the general way: whoever moved since a segment was written, and whoever is
 *               no person. What the fast path tells of each subject is noted as the general way
 *               notes it.
 * Promises:     the same progress as worker_judge() makes of the same subject.
 * Threads:      the fast path's own; each notes in the worker of its number.
 */
#include "funnel/gather_int.h"

#include "base/mem.h"
#include "funnel/fast_int.h"
#include "journal/channel.h"

#include <string.h>

#define ROWS COLFILE_BLOCK_ROWS

struct swift {
	struct gathering *g;
	const struct plan *p;
	struct fast_segment *segments;
	uint64_t *skip; /* bit per subject */
	struct matcher matcher;
	struct arena *a;
};

/* ---- may it be asked ------------------------------------------------------------------------- */

/* The property whose codes decide; NULL with *origin_r: the origin's. */
static const struct segment_property *deciding(const struct source *s, bool *origin_r)
{
	const struct column *c = s->facts.n == 1 ? s->facts.columns[0] : NULL;
	*origin_r = c && c == segment_origin(s->segment);
	for (size_t i = 0; c && i < segment_properties(s->segment); i++)
		if (segment_property_at(s->segment, i)->codes == c)
			return segment_property_at(s->segment, i);
	return NULL;
}

static bool source_is_plain(const struct source *s)
{
	bool origin;
	return !s->facts.unknown && (s->facts.n == 0 || deciding(s, &origin) != NULL || origin);
}

bool gathering_is_plain(const struct gathering *g)
{
	const struct plan *p = g->plan;
	const struct funnel_spec *spec = &p->spec;
	if (spec->count != FUNNEL_PEOPLE || p->general || spec->where || spec->excludes_n > 0 ||
	    spec->hold_n > 0 || spec->no_fast || spec->of == FUNNEL_OF_ALL ||
	    spec->of == FUNNEL_OF_STEP_ALL || (!p->lifecycle && spec->order != FUNNEL_ORDERED) ||
	    (p->lifecycle && p->rules.window_us != FUNNEL_WINDOW_NONE) || p->matcher.any != 0 ||
	    !fast_can(&p->rules, p->lifecycle) || g->sources.n > FAST_SEGMENTS_MAX)
		return false;
	for (size_t i = 0; i < g->sources.n; i++)
		if (!g->sources.items[i].all_moved && !source_is_plain(&g->sources.items[i]))
			return false;
	return true;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* What a touch of that name fills for each value of what decides. */
static uint32_t *masks_by_value(struct swift *x, const struct source *s, str name, size_t *values_r)
{
	bool origin;
	const struct segment_property *p = deciding(s, &origin);
	size_t n = origin ? segment_origins(s->segment) : p->values_n + 1;
	uint32_t *masks = ARENA_ARRAY(x->a, uint32_t, n + 1);
	for (size_t code = 0; masks && code < n; code++) {
		struct prop prop = { .key = p ? p->key : S("") };
		struct touch t = { .name = name };
		if (origin) {
			t.origin = *segment_origin_of(s->segment, code);
			t.channel = channel_of(&t.origin);
		} else if (code > 0) {
			prop.value = segment_property_value(s->segment, p, code);
			t.props = &prop;
			t.props_n = 1;
		}
		masks[code] = matcher_mask(&x->matcher, &t);
	}
	*values_r = n - 1;
	return masks;
}

static bool put_names(struct swift *x, const struct source *s, struct fast_segment *f, err *e)
{
	size_t n = segment_names(s->segment);
	struct fast_name *names = ARENA_ARRAY(x->a, struct fast_name, n + 1);
	if (!names)
		return arena_err(x->a, e);
	for (size_t i = 0; i < n; i++) {
		names[i].steps = s->mask_of[i];
		if ((s->need_of[i] & NEED_ASK) == 0)
			continue;
		if (s->facts.n == 0) {
			const struct touch t = { .name = segment_name_text(s->segment, i) };
			names[i].steps = matcher_mask(&x->matcher, &t);
			continue;
		}
		names[i].by_value = masks_by_value(x, s, segment_name_text(s->segment, i),
						   &f->values_n);
		if (!names[i].by_value)
			return arena_err(x->a, e);
		f->value = s->facts.columns[0];
	}
	f->names = names;
	return true;
}

/* ---- who and what is passed over ------------------------------------------------------------- */

static bool put_hidden(struct swift *x, const struct source *s, struct fast_segment *f, err *e)
{
	const struct sources *all = &x->g->sources;
	uint64_t *bits;
	int64_t *numbers;
	if (!s->some_hidden)
		return true;
	bits = ARENA_ARRAY(x->a, uint64_t, (size_t)((s->rows + 63) / 64));
	numbers = mem_alloc(2 * ROWS * sizeof *numbers);
	if (!bits || !numbers) {
		mem_free(numbers);
		return bits ? err_nomem(e) : arena_err(x->a, e);
	}
	bool ok = true;
	for (uint64_t from = 0; ok && from < s->rows; from += ROWS) {
		size_t n = (size_t)MIN(s->rows - from, (uint64_t)ROWS);
		ok = column_ints(segment_seq(s->segment), from, n, numbers, e) &&
		     column_ints(segment_import(s->segment), from, n, numbers + ROWS, e);
		for (size_t i = 0; ok && i < n; i++)
			if ((uint64_t)numbers[i] > all->seq ||
			    snapshot_hides_row(all->snapshot, (uint64_t)numbers[i],
					       (uint64_t)numbers[ROWS + i]))
				bits[(from + i) / 64] |= UINT64_C(1) << ((from + i) % 64);
	}
	mem_free(numbers);
	f->hidden = bits;
	return ok;
}

static void put_bit(uint64_t *bits, uint64_t n, uint64_t i)
{
	if (i < n)
		bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Whoever moved, has touches elsewhere, or has deeds beside the steps goes the general way. */
static bool put_skip(struct swift *x, const uint32_t *deeds, err *e)
{
	struct gathering *g = x->g;
	const struct people *p = snapshot_people(g->sources.snapshot);
	size_t words = (size_t)(g->subjects_n / 64 + 1);
	uint64_t *general = ARENA_ARRAY(x->a, uint64_t, words);
	x->skip = ARENA_ARRAY(x->a, uint64_t, words);
	if (!x->skip || !general)
		return arena_err(x->a, e);
	for (size_t i = 0; i < g->sources.n; i++) {
		const struct people_moved *m = &g->sources.items[i].moved;
		for (size_t w = 0; m->any && w < MIN(words, (size_t)(m->n / 64 + 1)); w++)
			general[w] |= m->bits[w];
	}
	for (size_t i = 0; i < g->strays.items.n; i++)
		put_bit(general, g->subjects_n, g->strays.items.items[i].subject);
	for (uint64_t i = 1; deeds && i < g->subjects_n; i++)
		if (deeds[i] != 0)
			put_bit(general, g->subjects_n, i);
	memcpy(x->skip, general, words * sizeof *general);
	put_bit(x->skip, g->subjects_n, 0);
	for (uint64_t i = 1; i < g->subjects_n; i++)
		if (people_entity_of(p, i) != ENTITY_PERSON)
			put_bit(x->skip, g->subjects_n, i);
	g->only = general;
	return true;
}

/* ---- what it tells --------------------------------------------------------------------------- */

/* The touches of the chain as the plan sees them, with their values. */
static bool tell_values(struct worker *w, const struct fast_subject *s, struct chain *c,
			struct chain_touch *t, err *e)
{
	for (size_t k = 0; k < s->level; k++) {
		bool passed = s->row[k] == UINT64_MAX;
		c->step[k] = (uint8_t)k;
		c->touch[k] = passed ? CHAIN_NONE : k;
		t[k] = (struct chain_touch){ .at_us = s->at_us[k] };
		if (passed)
			continue;
		t[k].seq = REF(w->g->fast_source[s->segment[k]], s->row[k]);
		if (w->g->plan->by_n > 0 && w->g->plan->spec.of != FUNNEL_OF_PERSON &&
		    !worker_value(w, &t[k], e))
			return false;
	}
	return true;
}

static bool tell(void *arg, unsigned number, const struct fast_subject *s, err *e)
{
	struct gathering *g = arg;
	struct worker *w = &g->workers[number];
	struct chain c = { .level = s->level };
	struct chain_touch t[FUNNEL_STEPS_MAX];
	return tell_values(w, s, &c, t, e) && worker_note(w, s->subject, &c, t, e);
}

/* ---- running --------------------------------------------------------------------------------- */

static bool leave(struct gathering *g, const struct fast_answer *answer)
{
	bool some = false;
	for (size_t i = 0; i < answer->left_n; i++)
		put_bit(g->only, g->subjects_n, answer->left[i]);
	for (size_t w = 0; w < (size_t)(g->subjects_n / 64 + 1); w++)
		some = some || g->only[w] != 0;
	return some;
}

static bool put_segments(struct swift *x, size_t *n_r, err *e)
{
	struct gathering *g = x->g;
	size_t n = 0;
	x->segments = ARENA_ARRAY(x->a, struct fast_segment, g->sources.n);
	g->fast_source = ARENA_ARRAY(x->a, uint32_t, g->sources.n);
	if (!x->segments || !g->fast_source)
		return arena_err(x->a, e);
	for (size_t i = 0; i < g->sources.n; i++) {
		const struct source *s = &g->sources.items[i];
		if (s->all_moved)
			continue;
		x->segments[n].segment = s->segment;
		if (!put_names(x, s, &x->segments[n], e) || !put_hidden(x, s, &x->segments[n], e))
			return false;
		g->fast_source[n++] = (uint32_t)i;
	}
	*n_r = n;
	return true;
}

bool gathering_fast(struct gathering *g, const uint32_t *deeds, bool *general_r, struct arena *a,
		    err *e)
{
	const struct plan *p = g->plan;
	struct swift x = { .g = g, .p = p, .a = a };
	struct fast_answer answer = { 0 };
	size_t n = 0;
	bool ok = matcher_init(&x.matcher, &p->spec, a, e) && put_segments(&x, &n, e) &&
		  put_skip(&x, deeds, e);
	struct fast_question q = {
		.segments = x.segments,
		.segments_n = n,
		.rules = &p->rules,
		.until_given = p->spec.until_given,
		.until_us = p->spec.until_us,
		.lifecycle = p->lifecycle,
		.in_order = p->spec.order == FUNNEL_ORDERED,
		.skip = { x.skip, g->subjects_n },
		.out_of_order = !p->lifecycle,
		.each = tell,
		.arg = g,
		.threads = (unsigned)g->workers_n,
		.bytes_max = a->bytes_max,
		.stop = g->watch ? &g->watch->stop : NULL,
		.touches_done = g->watch ? &g->watch->done : NULL,
	};
	ok = ok && (n == 0 || fast_run(&q, &answer, e));
	if (ok) {
		*general_r = leave(g, &answer);
		g->out_of_order += answer.out_of_order;
	}
	fast_answer_fini(&answer);
	matcher_fini(&x.matcher);
	return ok;
}
