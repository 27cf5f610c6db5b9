/*
 * funnel_source.c - the words of a question as the codes of each segment.
 *
 * What it is:   names are looked at once for each segment instead of once for each touch; of a rule
 *               that asks about more than the name, which columns decide.
 * Promises:     what cannot be decided here is asked of the touch itself: the answer is that of
 *               matcher_mask() over every touch.
 * Data from:    snapshot_segments.
 * Threads:      made by one, then only read.
 */
#include "funnel/source_int.h"

/* So many different numbers at which segments were keyed are told apart; more share the earliest.
 */
#define KEYED_MAX 16

struct making {
	struct sources *s;
	struct matcher matcher, excluder;
	bool (*asked)(void *arg, str name);
	void *asked_arg;
	struct arena *a;
	err *e;
};

/* ---- what may depend on more than the name --------------------------------------------------- */

enum maybe { NO, MAYBE, YES };

/* Does the part hold for touches of that name, whatever else they say? */
static enum maybe part_of_name(const struct rule_part *p, str name, int64_t now_us)
{
	enum maybe all = YES, any = NO;
	if (!p)
		return YES;
	switch (rule_part_kind(p)) {
	case RULE_PART_FIELD:
		if (!str_eq(rule_part_field(p), S("name")))
			return MAYBE;
		return rule_part_holds(p, value_text(name), now_us) ? YES : NO;
	case RULE_PART_NOT: {
		enum maybe inner = part_of_name(rule_part_first(p), name, now_us);
		return inner == MAYBE ? MAYBE : inner == YES ? NO : YES;
	}
	case RULE_PART_AND:
	case RULE_PART_OR:
		for (const struct rule_part *q = rule_part_first(p); q; q = rule_part_next(q)) {
			enum maybe one = part_of_name(q, name, now_us);
			all = MIN(all, one);
			any = MAX(any, one);
		}
		return rule_part_kind(p) == RULE_PART_AND ? all : any;
	case RULE_PART_DID:
	case RULE_PART_FIRST:
	case RULE_PART_LAST:
	case RULE_PART_MEMBER:
		break;
	}
	return MAYBE;
}

static bool is_origin(str field)
{
	static const char *const names[] = { "source", "medium",   "campaign", "content",
					     "term",   "referrer", "click",    "channel" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(field, str_of(names[i])))
			return true;
	return false;
}

static void depend(struct depends *d, const struct column *c)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->columns[i] == c)
			return;
	if (d->n == DEPENDS_MAX)
		d->unknown = true;
	else
		d->columns[d->n++] = c;
}

static void depend_on_field(struct depends *d, const struct segment *s, str field)
{
	bool found = false;
	if (str_eq(field, S("name")))
		return;
	if (str_eq(field, S("at")) || str_eq(field, S("import"))) {
		d->unknown = true;
		return;
	}
	if (is_origin(field))
		depend(d, segment_origin(s));
	for (size_t i = 0; i < segment_properties(s); i++) {
		const struct segment_property *p = segment_property_at(s, i);
		if (!str_eq_nocase(p->key, field))
			continue;
		found = true;
		if (p->codes)
			depend(d, p->codes);
		if (p->ints)
			depend(d, p->ints);
		if (p->has)
			depend(d, p->has);
	}
	if (!found && segment_has_property(s, field))
		d->unknown = true;
}

struct field_of_rule {
	struct depends *d;
	const struct segment *s;
};

static void depend_on_rule_field(void *arg, str name)
{
	struct field_of_rule *f = arg;
	depend_on_field(f->d, f->s, name);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The steps of one matcher: *ask_r, those that the name does not decide. */
static uint32_t steps_of_name(const struct matcher *m, str name, uint32_t *ask_r)
{
	uint32_t mask = m->any;
	uint32_t ask = 0;
	for (size_t i = 0; i < m->names_n; i++)
		if (str_eq(m->names[i].name, name))
			mask |= m->names[i].mask;
	if (str_eq(name, S("stage_entered")))
		ask |= m->stages;
	if (str_eq(name, S("deal_won")) || str_eq(name, S("deal_lost")) ||
	    str_eq(name, S("deal_stage_entered")) || str_eq(name, S("deal_created")))
		ask |= m->deal_stages | m->won | m->lost;
	for (uint32_t rest = m->rules; rest != 0; rest &= rest - 1) {
		size_t k = (size_t)__builtin_ctz(rest);
		enum maybe holds = part_of_name(rule_root(m->rule[k]), name, m->now_us);
		mask |= holds == YES ? UINT32_C(1) << k : 0;
		ask |= holds == MAYBE ? UINT32_C(1) << k : 0;
	}
	*ask_r = ask & ~mask;
	return mask;
}

static void depend_on_steps(struct depends *d, const struct source *s, const struct matcher *m,
			    uint32_t ask)
{
	struct field_of_rule f = { d, s->segment };
	if ((ask & (m->stages | m->deal_stages)) != 0)
		depend_on_field(d, s->segment, S("stage"));
	if ((ask & m->deal_stages) != 0)
		depend(d, segment_deal(s->segment));
	for (uint32_t rest = ask & m->rules; rest != 0; rest &= rest - 1)
		rule_each_field(m->rule[__builtin_ctz(rest)], depend_on_rule_field, &f);
}

static uint8_t need_beside(const struct making *m, str name)
{
	return m->asked && m->asked(m->asked_arg, name) ? NEED_PAST : 0;
}

static bool make_names(struct making *m, struct source *s)
{
	size_t n = segment_names(s->segment);
	uint32_t *mask = ARENA_ARRAY(m->a, uint32_t, n + 1);
	uint32_t *exclude = ARENA_ARRAY(m->a, uint32_t, n + 1);
	uint8_t *need = ARENA_ARRAY(m->a, uint8_t, n + 1);
	uint32_t asks = 0, excludes = 0;
	if (!mask || !exclude || !need)
		return arena_err(m->a, m->e);
	for (size_t i = 0; i < n; i++) {
		str name = segment_name_text(s->segment, i);
		uint32_t ask, ask_out;
		mask[i] = steps_of_name(&m->matcher, name, &ask);
		exclude[i] = steps_of_name(&m->excluder, name, &ask_out);
		need[i] = need_beside(m, name);
		bool held = m->s->plan->spec.hold_n > 0 &&
			    (mask[i] | ask | exclude[i] | ask_out) != 0;
		if ((ask | ask_out) != 0 || held)
			need[i] |= NEED_ASK;
		asks |= ask;
		excludes |= ask_out;
	}
	s->mask_of = mask;
	s->exclude_of = exclude;
	s->need_of = need;
	depend_on_steps(&s->facts, s, &m->matcher, asks);
	depend_on_steps(&s->facts, s, &m->excluder, excludes);
	for (size_t i = 0; i < m->s->plan->spec.hold_n; i++)
		depend_on_field(&s->facts, s->segment, m->s->plan->spec.hold[i]);
	return true;
}

static void depend_on_values(struct source *s, const struct plan *p)
{
	for (size_t i = 0; i < p->by_n; i++) {
		if (p->by[i].of_person)
			continue;
		depend_on_field(&s->values, s->segment, p->by[i].name);
		if (str_eq(p->by[i].name, S("landing_page")))
			depend_on_field(&s->values, s->segment, S("path"));
	}
}

/* ---- who moved ------------------------------------------------------------------------------- */

static int cmp_falling(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x > y ? -1 : x < y;
}

/* One set for each number at which segments were keyed; the rest share that of the earliest. */
static bool find_moved(struct making *m)
{
	struct sources *s = m->s;
	uint64_t *keyed = ARENA_ARRAY(m->a, uint64_t, s->n);
	struct people_moved sets[KEYED_MAX];
	uint64_t of[KEYED_MAX];
	size_t n = 0, sets_n = 0;
	if (!keyed)
		return arena_err(m->a, m->e);
	for (size_t i = 0; i < s->n; i++) {
		uint64_t at = segment_info(s->items[i].segment)->keyed_seq;
		s->items[i].all_moved = at > s->seq;
		if (!s->items[i].all_moved)
			keyed[n++] = at;
	}
	sort_items(keyed, n, sizeof *keyed, cmp_falling);
	for (size_t i = 0; i < n; i++) {
		bool last = sets_n + 1 == KEYED_MAX;
		if (sets_n > 0 && (keyed[i] == of[sets_n - 1] || sets_n == KEYED_MAX))
			continue;
		of[sets_n] = last ? keyed[n - 1] : keyed[i];
		if (!people_moved_since(s->snapshot, of[sets_n], m->a, &sets[sets_n], m->e))
			return false;
		sets_n++;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct source *x = &s->items[i];
		uint64_t at = segment_info(x->segment)->keyed_seq;
		size_t k = 0;
		while (!x->all_moved && of[k] > at)
			k++;
		if (!x->all_moved)
			x->moved = sets[k];
	}
	return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool make_sources(struct making *m)
{
	struct sources *s = m->s;
	const struct snapshot_segment *segments;
	size_t n;
	if (!snapshot_segments(s->snapshot, &segments, &n, m->e))
		return false;
	if (n >= SOURCES_MAX)
		return err_set(m->e, ERR_LIMIT, "more segments than a query can read");
	s->items = ARENA_ARRAY(m->a, struct source, n);
	if (!s->items)
		return arena_err(m->a, m->e);
	for (size_t i = 0; i < n; i++) {
		const struct segment_info *info = segment_info(segments[i].segment);
		if (segments[i].hidden || info->touches == 0 || info->seq_min > s->seq)
			continue;
		struct source *x = &s->items[s->n++];
		x->segment = segments[i].segment;
		x->rows = info->touches;
		x->some_hidden = segments[i].some_hidden || info->seq_max > s->seq;
		s->touches += x->rows;
		if (!make_names(m, x))
			return false;
		depend_on_values(x, s->plan);
	}
	return find_moved(m);
}

bool sources_init(struct sources *s, struct snapshot *snapshot, const struct plan *p,
		  struct dict *values, bool (*asked)(void *arg, str name), void *asked_arg,
		  struct arena *a, err *e)
{
	struct making m = { .s = s, .asked = asked, .asked_arg = asked_arg, .a = a, .e = e };
	*s = (struct sources){ .snapshot = snapshot, .plan = p, .values = values };
	mutex_init(&s->lock);
	s->seq = snapshot_seq(snapshot);
	bool ok = matcher_init(&m.matcher, &p->spec, a, e);
	ok = matcher_init_excludes(&m.excluder, &p->spec, a, e) && ok;
	ok = ok && dict_init(&s->held, a, e) && make_sources(&m);
	matcher_fini(&m.matcher);
	matcher_fini(&m.excluder);
	return ok;
}

void sources_fini(struct sources *s)
{
	mutex_fini(&s->lock);
}
