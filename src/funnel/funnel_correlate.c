/*
 * funnel_correlate.c - what comes with conversion.
 *
 * What it is:   of those who were counted, whoever has every step beside whoever does not: which
 *               touches lie between their first step and their last (or the end of the window),
 *               which values their first step's touch has, and which traits they have. For each the
 *               odds ratio, every count raised by a half (J. B. S. Haldane, Annals of Human
 *               Genetics 20, 1956; F. J. Anscombe, Biometrika 43, 1956), with Woolf's interval of
 * 95 % over those counts (B. Woolf, Annals of Human Genetics 19, 1955; J. J. Gart, Biometrika 53,
 * 1966). Promises:     what fewer than FUNNEL_FACTOR_PEOPLE_MIN have, or lack, is left out; so are
 * the steps themselves. It says what comes together, not what causes what. Threads:      the
 * gathering's workers count; one puts together.
 */
#include "funnel/correlate_int.h"

#include "base/mem.h"
#include "base/num.h"
#include "journal/channel.h"

#include <math.h>

#define Z_95		   1.959963984540054
#define VALUES_MAX	   1000	  /* a property of more values is an id, or a number */
#define TRAIT_SUBJECTS_MAX 200000 /* more subjects are not asked for their traits */
#define TRAIT_TEXT_MAX	   64
#define FACTORS_KNOWN_MAX  65536
#define VIEW_BYTES_MAX	   (64 * MIB)

/* What one worker has counted. */
struct counts {
	VEC(uint64_t) n[2]; /* by factor: of the others, of those with every step */
	VEC(uint32_t) seen; /* by factor: the last subject with it, by its number in turn */
	uint32_t turn;
};

/* The factors of a segment's codes, + 1; 0: not asked yet. */
struct codes {
	uint32_t *names;
	uint32_t *origins[4];
	uint32_t **properties; /* per property; NULL: not taken */
};

struct correlating {
	struct gathering *g;
	const struct progress **of; /* by subject; NULL: not counted */
	size_t rows_n;
	struct codes *codes; /* by source */
	struct dict factors; /* under the sources' lock */
	struct counts *counts;
};

static const char *const ORIGINS[] = { "source", "medium", "campaign", "channel" };

/* ---- factors --------------------------------------------------------------------------------- */

/* A trait and a property of one name are two factors: each is counted once per subject. */
static bool factor_number(struct correlating *c, str name, value v, bool trait, uint32_t *number_r,
			  err *e)
{
	value parts[3] = { value_text(name), v, value_bool(true) };
	value all = { .kind = VALUE_LIST };
	all.list.items = parts;
	all.list.n = trait ? 3 : 2;
	*number_r = 0;
	mutex_lock(&c->g->sources.lock);
	bool ok = c->factors.values.n >= FACTORS_KNOWN_MAX ||
		  dict_number(&c->factors, all, number_r, e);
	mutex_unlock(&c->g->sources.lock);
	return ok;
}

/* `with` the subject at hand; each factor once. */
static bool note(struct counts *x, uint32_t number, bool converted, err *e)
{
	if (number == 0)
		return true;
	while (x->seen.n <= number)
		if (!vec_push(&x->seen, 0) || !vec_push(&x->n[0], 0) || !vec_push(&x->n[1], 0))
			return err_nomem(e);
	if (x->seen.items[number] == x->turn)
		return true;
	x->seen.items[number] = x->turn;
	x->n[converted].items[number]++;
	return true;
}

/* ---- one subject ----------------------------------------------------------------------------- */

struct looking {
	struct correlating *c;
	struct worker *w;
	struct counts *x;
	const struct progress *o;
	bool converted;
	int64_t from_us, to_us; /* both included */
	uint64_t entry;		/* REF of the first step's touch, once it is found */
	bool has_entry;
};

static bool name_factor(struct looking *l, size_t source, int64_t code, err *e)
{
	struct correlating *c = l->c;
	const struct source *s = &c->g->sources.items[source];
	uint32_t *number = &c->codes[source].names[code];
	uint32_t known = __atomic_load_n(number, __ATOMIC_RELAXED);
	if (known == 0) {
		str name = segment_name_text(s->segment, (size_t)code);
		/* What the program decides itself says what became of them, not why. */
		bool step = s->mask_of[code] != 0 || (s->need_of[code] & NEED_ASK) != 0 ||
			    people_name_is_reserved(name);
		known = 0;
		if (!step && !factor_number(c, name, value_none(), false, &known, e))
			return false;
		known++;
		__atomic_store_n(number, known, __ATOMIC_RELAXED);
	}
	return note(l->x, known - 1, l->converted, e);
}

static bool look_at_row(struct looking *l, struct lens *r, size_t source, uint64_t row,
			int64_t name, err *e)
{
	const struct source *s = r->source;
	int64_t at_us;
	bool hides;
	struct facts f = { s->mask_of[name], 0, 0 };
	if (!ints_cursor_get(&r->at, row, &at_us, e))
		return false;
	if (at_us < l->from_us || at_us > l->to_us)
		return true;
	if (!lens_hides(r, row, &hides, e))
		return false;
	if (hides)
		return true;
	if (!l->has_entry && at_us == l->from_us) {
		if ((s->need_of[name] & NEED_ASK) != 0 && !lens_facts(r, row, name, &f, e))
			return false;
		l->has_entry = l->c->g->plan->lifecycle || (f.mask & 1) != 0;
		l->entry = REF(source, row);
	}
	return name_factor(l, source, name, e);
}

static bool code_factor(struct looking *l, uint32_t *number, str name, value v, err *e)
{
	uint32_t known = __atomic_load_n(number, __ATOMIC_RELAXED);
	if (known == 0) {
		if ((v.kind != VALUE_NONE && (v.kind != VALUE_TEXT || v.text.n > 0)) &&
		    !factor_number(l->c, name, v, false, &known, e))
			return false;
		known++;
		__atomic_store_n(number, known, __ATOMIC_RELAXED);
	}
	return note(l->x, known - 1, l->converted, e);
}

/* The values of the first step's touch. */
static bool look_at_entry(struct looking *l, err *e)
{
	size_t source = REF_SOURCE(l->entry);
	uint64_t row = REF_ROW(l->entry);
	const struct segment *s = l->c->g->sources.items[source].segment;
	struct codes *codes = &l->c->codes[source];
	int64_t code;
	if (!column_ints(segment_origin(s), row, 1, &code, e))
		return false;
	const struct origin *o = segment_origin_of(s, (size_t)code);
	str texts[] = { o->source, o->medium, o->campaign, channel_of(o) };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!code_factor(l, &codes->origins[i][code], str_of(ORIGINS[i]),
				 value_text(texts[i]), e))
			return false;
	for (size_t i = 0; i < segment_properties(s); i++) {
		const struct segment_property *p = segment_property_at(s, i);
		if (!codes->properties[i])
			continue;
		if (!column_ints(p->codes, row, 1, &code, e))
			return false;
		if (code != 0 && !code_factor(l, &codes->properties[i][code], p->key,
					      segment_property_value(s, p, (size_t)code), e))
			return false;
	}
	return true;
}

static bool look_at_subject(void *arg, struct worker *w, uint64_t subject, err *e)
{
	struct correlating *c = arg;
	const struct progress *o = c->of[subject];
	const struct chain_rules *rules = &c->g->plan->rules;
	if (!o)
		return true;
	struct looking l = { .c = c, .w = w, .x = &c->counts[w->number], .o = o };
	l.converted = o->level == c->rows_n;
	l.from_us = o->at_us[0];
	l.to_us = INT64_MAX;
	if (l.converted)
		l.to_us = o->at_us[c->rows_n - 1];
	else if (rules->window_us != FUNNEL_WINDOW_NONE &&
		 ADD_OVERFLOWS(l.from_us, rules->window_us, &l.to_us))
		l.to_us = INT64_MAX;
	l.x->turn++;
	for (uint32_t i = w->runs.first[subject - w->runs.lo]; i != 0;) {
		const struct run_of *run = &w->runs.items.items[i - 1];
		struct lens *r = &w->lenses.items[run->source];
		i = run->next;
		for (uint64_t row = run->first; row < run->first + run->n; row++) {
			int64_t name;
			if (!ints_cursor_get(&r->name, row, &name, e) ||
			    !look_at_row(&l, r, run->source, row, name, e))
				return false;
		}
	}
	return !l.has_entry || look_at_entry(&l, e);
}

/* ---- traits ---------------------------------------------------------------------------------- */

/* Short texts, yes and no; numbers and times are all different. */
static bool trait_counts(const struct cell *cell)
{
	return cell->value.kind == VALUE_BOOL ||
	       (cell->value.kind == VALUE_TEXT && cell->value.text.n > 0 &&
		cell->value.text.n <= TRAIT_TEXT_MAX);
}

static bool look_at_traits(struct correlating *c, struct progress *const *list, size_t n, err *e)
{
	struct people *p = snapshot_people(c->g->sources.snapshot);
	struct counts *x = &c->counts[0];
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, VIEW_BYTES_MAX);
	for (size_t i = 0; n <= TRAIT_SUBJECTS_MAX && i < n; i++) {
		struct subject_view view;
		uint32_t number;
		arena_reset(&a);
		if (!people_view(p, list[i]->subject, &a, &view, e))
			return false;
		x->turn++;
		for (size_t k = 0; k < view.cells_n; k++) {
			const struct cell *cell = &view.cells[k];
			/* The stage is what is counted. */
			if (!trait_counts(cell) || str_eq(cell->key, S("stage")) ||
			    str_eq(cell->key, S("email")))
				continue;
			if (!factor_number(c, cell->key, cell->value, true, &number, e) ||
			    !note(x, number, list[i]->level == c->rows_n, e))
				return false;
		}
	}
	return true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

void factor_reckon(struct funnel_factor *f)
{
	double a = (double)f->converted_with + 0.5;
	double b = (double)(f->converted - f->converted_with) + 0.5;
	double c = (double)f->dropped_with + 0.5;
	double d = (double)(f->dropped - f->dropped_with) + 0.5;
	double log_ratio = log(a * d / (b * c));
	double wide = Z_95 * sqrt(1 / a + 1 / b + 1 / c + 1 / d);
	f->odds_ratio = exp(log_ratio);
	f->low = exp(log_ratio - wide);
	f->high = exp(log_ratio + wide);
}

/* How far from "no matter" it is at least. */
static double sureness(const struct funnel_factor *f)
{
	return MAX(f->low, 1 / f->high);
}

static int cmp_factor(const void *a, const void *b)
{
	const struct funnel_factor *x = a, *y = b;
	double s = sureness(x), t = sureness(y);
	if (s != t)
		return s > t ? -1 : 1;
	if (x->is_touch != y->is_touch)
		return x->is_touch ? -1 : 1;
	int c = str_cmp(x->name, y->name);
	c = c != 0 ? c : value_cmp(x->value, y->value);
	return c != 0 ? c : x->is_trait - y->is_trait;
}

static uint64_t sum(const struct correlating *c, bool converted, uint32_t number)
{
	uint64_t n = 0;
	for (size_t i = 0; i < c->g->workers_n; i++)
		if (number < c->counts[i].n[converted].n)
			n += c->counts[i].n[converted].items[number];
	return n;
}

static bool put_together(struct correlating *c, struct funnel_factor all, struct arena *a,
			 struct arena *scratch, struct funnel_result *r, err *e)
{
	size_t n = 0;
	struct funnel_factor *list = ARENA_ARRAY(scratch, struct funnel_factor,
						 c->factors.values.n);
	if (!list)
		return arena_err(scratch, e);
	for (uint32_t i = 1; i < c->factors.values.n; i++) {
		value parts = dict_value(&c->factors, i);
		struct funnel_factor f = all;
		f.name = parts.list.items[0].text;
		f.value = parts.list.items[1];
		f.is_touch = f.value.kind == VALUE_NONE;
		f.is_trait = parts.list.n == 3;
		f.converted_with = sum(c, true, i);
		f.dropped_with = sum(c, false, i);
		uint64_t with = f.converted_with + f.dropped_with;
		if (with < FUNNEL_FACTOR_PEOPLE_MIN ||
		    f.converted + f.dropped - with < FUNNEL_FACTOR_PEOPLE_MIN)
			continue;
		factor_reckon(&f);
		list[n++] = f;
	}
	sort_items(list, n, sizeof *list, cmp_factor);
	r->factors_n = MIN(n, (size_t)FUNNEL_FACTORS_MAX);
	r->factors = ARENA_ARRAY(a, struct funnel_factor, r->factors_n);
	if (!r->factors)
		return arena_err(a, e);
	for (size_t i = 0; i < r->factors_n; i++) {
		r->factors[i] = list[i];
		r->factors[i].name = str_dup(a, list[i].name);
		r->factors[i].value = value_dup(a, list[i].value);
	}
	return !a->over || arena_err(a, e);
}

static bool make_codes(struct correlating *c, struct arena *a, err *e)
{
	const struct sources *s = &c->g->sources;
	c->codes = ARENA_ARRAY(a, struct codes, s->n);
	for (size_t i = 0; c->codes && i < s->n; i++) {
		const struct segment *seg = s->items[i].segment;
		struct codes *x = &c->codes[i];
		size_t properties = segment_properties(seg);
		x->names = ARENA_ARRAY(a, uint32_t, segment_names(seg) + 1);
		for (size_t k = 0; k < ARRAY_LEN(x->origins); k++)
			x->origins[k] = ARENA_ARRAY(a, uint32_t, segment_origins(seg) + 1);
		x->properties = ARENA_ARRAY(a, uint32_t *, properties);
		for (size_t k = 0; x->properties && k < properties; k++) {
			const struct segment_property *p = segment_property_at(seg, k);
			if (p->codes && p->values_n <= VALUES_MAX)
				x->properties[k] = ARENA_ARRAY(a, uint32_t, p->values_n + 1);
		}
	}
	return !a->over || arena_err(a, e);
}

bool correlate_run(struct gathering *g, struct progress *const *list, size_t n, struct arena *a,
		   struct arena *scratch, struct funnel_result *r, err *e)
{
	struct correlating c = { .g = g, .rows_n = r->steps_n };
	struct funnel_factor all = { 0 };
	c.of = ARENA_ARRAY(scratch, const struct progress *, g->subjects_n);
	c.counts = ARENA_ARRAY(scratch, struct counts, g->workers_n);
	if (!c.of || !c.counts)
		return arena_err(scratch, e);
	for (size_t i = 0; i < n; i++) {
		c.of[list[i]->subject] = list[i];
		all.converted += list[i]->level == c.rows_n;
		all.dropped += list[i]->level != c.rows_n;
	}
	bool ok = dict_init(&c.factors, scratch, e) && make_codes(&c, scratch, e) &&
		  gathering_walk(g, look_at_subject, &c, e) && look_at_traits(&c, list, n, e) &&
		  put_together(&c, all, a, scratch, r, e);
	for (size_t i = 0; i < g->workers_n; i++) {
		vec_free(&c.counts[i].n[0]);
		vec_free(&c.counts[i].n[1]);
		vec_free(&c.counts[i].seen);
	}
	return ok;
}
