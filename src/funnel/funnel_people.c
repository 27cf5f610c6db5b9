/*
 * funnel_people.c - who is behind a number of an answer.
 *
 * What it is:   the list that the answer was counted from, filtered by the very predicates that
 *               counted it, and the latest of it, page by page.
 * Promises:     as many as the number says. One pass a page, memory for one page.
 * Data from:    an answer that was run with `keep`.
 * Threads:      many readers of one answer.
 */
#include "funnel/funnel_int.h"

#define GROUP_BYTES_MAX MIB

static bool keep_groups(struct funnel_kept *kept, struct arena *a, const struct funnel_result *r,
			err *e)
{
	struct buf text;
	kept->groups = ARENA_ARRAY(a, str, r->groups_n);
	if (!kept->groups)
		return arena_err(a, e);
	buf_init(&text, GROUP_BYTES_MAX);
	bool ok = true;
	for (size_t g = 0; ok && g < r->groups_n; g++) {
		buf_clear(&text);
		value_print(&text, r->groups[g].value);
		ok = buf_ok(&text, e);
		kept->groups[g] = str_dup(a, buf_view(&text));
	}
	buf_fini(&text);
	return ok && (!a->over || arena_err(a, e));
}

static bool keep_reasons(struct funnel_kept *kept, struct arena *a, const struct sides *s, err *e)
{
	kept->reasons_n = s->reasons.values.n;
	kept->reasons = ARENA_ARRAY(a, str, kept->reasons_n);
	if (!kept->reasons)
		return arena_err(a, e);
	for (uint32_t i = 0; i < kept->reasons_n; i++) {
		value v = dict_value(&s->reasons, i);
		if (v.kind == VALUE_TEXT)
			kept->reasons[i] = str_dup(a, v.text);
	}
	return !a->over || arena_err(a, e);
}

bool kept_make(const struct counting *c, struct progress *outside, const struct sides *s,
	       struct funnel_result *r, err *e)
{
	struct funnel_kept *kept = ARENA_NEW(c->a, struct funnel_kept);
	if (!kept)
		return arena_err(c->a, e);
	kept->list = ARENA_ARRAY(c->a, struct progress *, c->n);
	if (!kept->list)
		return arena_err(c->a, e);
	for (size_t i = 0; i < c->n; i++)
		kept->list[i] = c->list[i];
	kept->n = c->n;
	kept->firsts = c->firsts; /* in the answer's arena already */
	kept->firsts_n = c->firsts_n;
	kept->all = ARENA_ARRAY(c->a, struct progress *, c->all_n);
	if (!kept->all)
		return arena_err(c->a, e);
	for (size_t i = 0; i < c->all_n; i++)
		kept->all[i] = c->all[i];
	kept->all_n = c->all_n;
	kept->outside = outside;
	r->kept = kept;
	return keep_groups(kept, c->a, r, e) && (!s || keep_reasons(kept, c->a, s, e));
}

/* ---- choosing -------------------------------------------------------------------------------- */

struct choice {
	const struct funnel_result *r;
	const struct funnel_who *who;
	size_t row;
	uint64_t group; /* its number; UINT64_MAX: there is no such group */
};

/* When the subject came to what the number counts; false: it is not behind it. */
static bool is_chosen(const struct choice *c, const struct progress *o, int64_t *at_r)
{
	const struct funnel_spec *spec = &c->r->spec;
	const struct funnel_who *who = c->who;
	if ((who->by_group || who->no_group) && o->group != c->group)
		return false;
	if (who->outcome == FUNNEL_HERE || who->outcome == FUNNEL_HERE_ALL) {
		*at_r = o->here_us;
		return o->here == c->row &&
		       (who->outcome == FUNNEL_HERE_ALL || progress_counts(spec, o, c->row));
	}
	if (!progress_counts(spec, o, c->row))
		return false;
	*at_r = o->at_us[c->row];
	switch (who->outcome) {
	case FUNNEL_DROPPED:
		return o->level == c->row + 1;
	case FUNNEL_OPEN:
		return o->level == c->row + 1 && o->exit == EXIT_NONE;
	case FUNNEL_STILL:
		return o->level == c->row + 1 && progress_is_young(c->r, o);
	case FUNNEL_LEFT:
		*at_r = o->exit_us;
		return o->level == c->row + 1 && o->exit == who->exit &&
		       (!who->by_reason || str_eq(c->r->kept->reasons[o->reason], who->reason));
	case FUNNEL_REACHED:
	case FUNNEL_HERE:
	case FUNNEL_HERE_ALL:
		break;
	}
	return true;
}

/* The same of somebody who came to the first row and no further. */
static bool first_is_chosen(const struct choice *c, const struct first *f)
{
	const struct funnel_who *who = c->who;
	if (c->row != 0 || ((who->by_group || who->no_group) && f->group != c->group))
		return false;
	switch (who->outcome) {
	case FUNNEL_REACHED:
	case FUNNEL_DROPPED:
	case FUNNEL_OPEN:
		return true;
	case FUNNEL_HERE:
	case FUNNEL_HERE_ALL:
		return c->r->spec.steps_n == 0;
	case FUNNEL_STILL:
		return first_is_young(c->r, f);
	case FUNNEL_LEFT:
		break;
	}
	return false;
}

static int cmp_person(const void *a, const void *b)
{
	const struct funnel_person *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us > y->at_us ? -1 : 1;
	return (x->subject > y->subject) - (x->subject < y->subject);
}

struct page {
	struct funnel_person *items; /* a heap, the one that comes last on top */
	size_t n, max;
	const struct funnel_person *after;
	uint64_t count;
};

static void page_sink(struct page *p)
{
	for (size_t i = 0, child; (child = 2 * i + 1) < p->n; i = child) {
		if (child + 1 < p->n && cmp_person(&p->items[child], &p->items[child + 1]) < 0)
			child++;
		if (cmp_person(&p->items[i], &p->items[child]) >= 0)
			return;
		struct funnel_person t = p->items[i];
		p->items[i] = p->items[child];
		p->items[child] = t;
	}
}

static void page_take(struct page *p, const struct funnel_person *one)
{
	p->count++;
	if (p->max == 0 || (p->after && cmp_person(one, p->after) <= 0))
		return;
	if (p->n < p->max) {
		size_t i = p->n++;
		for (; i > 0 && cmp_person(&p->items[(i - 1) / 2], one) < 0; i = (i - 1) / 2)
			p->items[i] = p->items[(i - 1) / 2];
		p->items[i] = *one;
	} else if (cmp_person(one, &p->items[0]) < 0) {
		p->items[0] = *one;
		page_sink(p);
	}
}

static bool choose_group(struct choice *c, err *e)
{
	const struct funnel_result *r = c->r;
	if (!c->who->by_group && !c->who->no_group)
		return true;
	for (size_t g = 0; g < r->groups_n; g++) {
		bool none = r->groups[g].value.kind == VALUE_NONE;
		if (c->who->no_group ? none : !none && str_eq(r->kept->groups[g], c->who->group)) {
			c->group = g;
			return true;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "the answer has no group \"%.*s\"",
		       STR_ARG(c->who->group));
}

bool funnel_people(const struct funnel_result *r, const struct funnel_who *who,
		   const struct funnel_person *after, size_t max, struct arena *a,
		   struct funnel_person **people_r, size_t *n_r, uint64_t *count_r, err *e)
{
	struct choice c = { .r = r, .who = who, .row = who->step - 1 };
	struct page page = { .max = max, .after = after };
	int64_t at_us;
	CHECK(r->kept);
	if (who->step == 0 || who->step > r->steps_n)
		return err_set(e, ERR_INVALID, "there is no step %zu; there are 1 to %zu",
			       who->step, r->steps_n);
	if (!choose_group(&c, e))
		return false;
	page.items = ARENA_ARRAY(a, struct funnel_person, max);
	if (!page.items)
		return arena_err(a, e);
	bool all = of_several(r->spec.of) && (who->by_group || who->no_group);
	struct progress **list = all ? r->kept->all : r->kept->list;
	for (size_t i = 0; i < (all ? r->kept->all_n : r->kept->n); i++) {
		const struct progress *o = list[i];
		if (is_chosen(&c, o, &at_us))
			page_take(&page, &(struct funnel_person){ o->subject, at_us });
	}
	for (size_t i = 0; !all && i < r->kept->firsts_n; i++) {
		const struct first *f = &r->kept->firsts[i];
		if (first_is_chosen(&c, f))
			page_take(&page, &(struct funnel_person){ f->subject, f->at_us });
	}
	const struct progress *o = who->outcome == FUNNEL_HERE_ALL && !who->by_group
					   ? r->kept->outside
					   : NULL;
	for (; o; o = o->next)
		if (is_chosen(&c, o, &at_us))
			page_take(&page, &(struct funnel_person){ o->subject, at_us });
	sort_items(page.items, page.n, sizeof *page.items, cmp_person);
	*people_r = page.items;
	*n_r = page.n;
	*count_r = page.count;
	return true;
}
