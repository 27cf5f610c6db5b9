/*
 * rules.c - what follows when a rule holds for a person.
 *
 * What it is:   rules such as `enter mql when stage = lead and did("whitepaper_downloaded") >= 2`,
 *               compiled to the names of touches that can make them true, and the times of those
 *               touches kept per profile, so that no rule ever reads the journal.
 * Promises:     a rule is asked only when something that it depends on happens, or when the time
 * comes at which passing time alone may make it true (a timer). What it decides is a touch that
 *               names the rule, its version and the touch that set it off.
 * Threads:      the writer's.
 */
#include "people/people_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <stdlib.h>
#include <string.h>

#define TIMER_RULES	     1
#define RULE_ARENA_BYTES_MAX (4 * MIB)
#define RULE_PREFIX	     "rule."

static void rule_free(struct live_rule *r)
{
	if (!r)
		return;
	vec_free(&r->watches);
	arena_fini(&r->arena);
	mem_free(r);
}

void rules_close(struct people *p)
{
	for (size_t i = 0; i < p->rules.list.n; i++)
		rule_free(p->rules.list.items[i]);
	vec_free(&p->rules.list);
	vec_free(&p->rules.stages);
	arena_fini(&p->rules.stages_arena);
}

/* ---- configuring ----------------------------------------------------------------------------- */

/* "enter STAGE when RULE" */
static bool take_apart(str text, str *stage_r, str *when_r, err *e)
{
	text = str_trim(text);
	str word, rest = text;
	if (!str_next(&rest, ' ', &word) || !str_eq_nocase(word, S("enter")))
		return err_set(
			e, ERR_INVALID,
			"a rule reads \"enter STAGE when RULE\", as in: enter mql when stage = lead "
			"and did(\"whitepaper_downloaded\") >= 2");
	rest = str_trim(rest);
	if (!str_next(&rest, ' ', stage_r) || stage_r->n == 0)
		return err_set(e, ERR_INVALID, "after \"enter\" the name of a stage is expected");
	rest = str_trim(rest);
	if (!str_next(&rest, ' ', &word) || !str_eq_nocase(word, S("when")))
		return err_set(e, ERR_INVALID, "after \"enter %.*s\" the word \"when\" is expected",
			       STR_ARG(*stage_r));
	*when_r = str_trim(rest);
	return when_r->n || err_set(e, ERR_INVALID, "after \"when\" a rule is expected");
}

struct compiling {
	struct live_rule *r;
	bool nomem;
};

static void add_watch(void *arg, const struct rule_did *did)
{
	struct compiling *c = arg;
	struct arena *a = &c->r->arena;
	str where = did->where ? rule_print(a, did->where) : S("");
	str all = str_printf(a, "%.*s\n%.*s", STR_ARG(did->name), STR_ARG(where));
	struct watch w = { .name = did->name, .where = did->where, .did = did };
	w.key = str_printf(a, DID_KEY_PREFIX "%016llx", (unsigned long long)zip_hash(all.p, all.n));
	c->nomem |= a->over || !vec_push(&c->r->watches, w);
}

static void note_field(void *arg, str name)
{
	struct compiling *c = arg;
	(void)name;
	c->r->on_cells = true;
}

static bool compile(struct people *p, str name, str text, uint64_t version, bool strict,
		    struct live_rule **r_r, err *e)
{
	struct live_rule *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	arena_init(&r->arena, RULE_ARENA_BYTES_MAX);
	struct rule_catalogue catalogue;
	str stage, when;
	struct compiling c = { .r = r };
	bool ok = take_apart(str_dup(&r->arena, text), &stage, &when, e) &&
		  people_catalogue(p, ENTITY_PERSON, &r->arena, &catalogue, e);
	if (ok) {
		/* A rule in force stays in force, even when no row has its traits any more. */
		catalogue.open = !strict;
		ok = rule_parse(&r->arena, when, &catalogue, &r->when, e);
	}
	if (!ok) {
		rule_free(r);
		return false;
	}
	r->name = str_dup(&r->arena, name);
	r->stage = stage;
	r->version = version;
	r->on_time = rule_depends_on_time(r->when);
	rule_each_did(r->when, add_watch, &c);
	rule_each_field(r->when, note_field, &c);
	if (c.nomem || r->arena.over) {
		rule_free(r);
		return err_nomem(e);
	}
	*r_r = r;
	return true;
}

static bool configure_stages(struct people *p, str text, err *e)
{
	struct rules *rules = &p->rules;
	if (!rules->stages_arena.bytes_max)
		arena_init(&rules->stages_arena, MIB);
	str rest = str_dup(&rules->stages_arena, text), part;
	if (text.n && !rest.p)
		return arena_err(&rules->stages_arena, e);
	vec_clear(&rules->stages);
	while (str_next(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.n == 0)
			return err_set(e, ERR_INVALID, "a stage in the list has no name");
		if (!vec_push(&rules->stages, part))
			return err_nomem(e);
	}
	return true;
}

bool rules_configure(struct people *p, str name, str text, uint64_t from_seq, bool live, err *e)
{
	if (str_eq(name, S("stages")))
		return configure_stages(p, text, e);
	if (!str_starts(name, S(RULE_PREFIX)))
		return true;
	struct live_rule *r = NULL;
	str short_name = str_sub(name, sizeof RULE_PREFIX - 1, name.n);
	if (short_name.n == 0)
		return err_set(e, ERR_INVALID, "a rule needs a name, as in rule.mql");
	if (text.n && !compile(p, short_name, text, from_seq, live, &r, e))
		return false;
	struct rules *rules = &p->rules;
	for (size_t i = 0; i < rules->list.n; i++) {
		if (!str_eq(rules->list.items[i]->name, short_name))
			continue;
		rule_free(rules->list.items[i]);
		rules->list.items[i] = rules->list.items[--rules->list.n];
		break;
	}
	if (!r)
		return true;
	if (rules->list.n >= RULES_MAX || !vec_push(&rules->list, r)) {
		rule_free(r);
		return err_set(e, ERR_LIMIT, "there may be %d rules at most", RULES_MAX);
	}
	return true;
}

/* ---- times of what happened ------------------------------------------------------------------ */

/* A cell of times is a list of (at, seq) pairs in that order; doubles are known by their seq. */
static bool times_add(struct arena *a, value *times, int64_t at_us, uint64_t seq)
{
	size_t n = times->kind == VALUE_LIST ? times->list.n : 0, at = n;
	const value *old = n ? times->list.items : NULL;
	for (size_t i = 0; i + 1 < n; i += 2) {
		if (old[i + 1].i == (int64_t)seq)
			return true;
		bool after = old[i].i > at_us || (old[i].i == at_us && old[i + 1].i > (int64_t)seq);
		if (after && at == n)
			at = i;
	}
	value *items = ARENA_ARRAY(a, value, n + 2);
	if (!items)
		return false;
	for (size_t i = 0; i < at; i++)
		items[i] = old[i];
	items[at] = value_int(at_us);
	items[at + 1] = value_int((int64_t)seq);
	for (size_t i = at; i < n; i++)
		items[i + 2] = old[i];
	n += 2;
	size_t drop = n > 2 * RULE_TIMES_MAX ? n - 2 * RULE_TIMES_MAX : 0;
	*times = (value){ .kind = VALUE_LIST };
	times->list.items = items + drop;
	times->list.n = n - drop;
	return true;
}

static bool watch_one(struct people *p, uint32_t profile, const struct watch *w,
		      const struct touch *t, err *e)
{
	struct arena *a = &p->scratch;
	struct rule_row row = touch_row(t, t->at_us);
	if (w->where && !rule_test(w->where, &row))
		return true;
	struct cell_state *cells;
	size_t n;
	arena_reset(a);
	if (!cells_get(p, profile, a, &cells, &n, e))
		return false;
	struct cell_state times = { .key = w->key, .seq = 1 };
	for (size_t i = 0; i < n; i++) {
		if (str_eq(cells[i].key, w->key))
			times = cells[i];
	}
	const value *before = times.value.kind == VALUE_LIST ? times.value.list.items : NULL;
	if (!times_add(a, &times.value, t->at_us, t->seq))
		return arena_err(a, e);
	if (times.value.list.items == before)
		return true;
	times.tie++; /* this list wins over the one before it */
	return cells_merge(p, profile, &times, 1, false, e);
}

bool rules_watch_anything(const struct people *p)
{
	for (size_t i = 0; i < p->rules.list.n; i++) {
		if (p->rules.list.items[i]->watches.n > 0)
			return true;
	}
	return false;
}

bool rules_watch(struct people *p, uint32_t profile, enum entity about, const struct touch *t,
		 err *e)
{
	if (about != ENTITY_PERSON)
		return true;
	for (size_t i = 0; i < p->rules.list.n; i++) {
		const struct live_rule *r = p->rules.list.items[i];
		for (size_t k = 0; k < r->watches.n; k++) {
			if (str_eq(r->watches.items[k].name, t->name) &&
			    !watch_one(p, profile, &r->watches.items[k], t, e))
				return false;
		}
	}
	return true;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct asking {
	struct people *p;
	const struct live_rule *rule;
	struct subject_row row;
	struct rule_row fields; /* of row, for everything but did() */
	struct arena *a;
	int64_t due_us; /* when passing time may change the answer; INT64_MAX: never */
	bool failed;
	err *e;
};

static value ask_field(void *arg, str name)
{
	struct asking *x = arg;
	return x->fields.field(x->fields.arg, name);
}

static bool ask_member(void *arg, enum rule_set set, str name)
{
	struct asking *x = arg;
	return x->fields.member(x->fields.arg, set, name);
}

static const struct watch *watch_of(const struct live_rule *r, const struct rule_did *did)
{
	for (size_t i = 0; i < r->watches.n; i++) {
		if (r->watches.items[i].did == did)
			return &r->watches.items[i];
	}
	return NULL;
}

static void count_times(struct asking *x, const value *times, const struct rule_did *did,
			uint64_t *n, int64_t *first_us, int64_t *last_us)
{
	bool ever = did->last.us == 0 && did->last.months == 0;
	int64_t now = x->row.now_us, from_us = ever ? INT64_MIN : time_add(now, did->last, -1);
	for (size_t i = 0; times->kind == VALUE_LIST && i + 1 < times->list.n; i += 2) {
		int64_t at_us = times->list.items[i].i;
		if (at_us < from_us || (!ever && at_us > now))
			continue;
		*first_us = *n ? MIN(*first_us, at_us) : at_us;
		*last_us = *n ? MAX(*last_us, at_us) : at_us;
		(*n)++;
		if (!ever)
			x->due_us = MIN(x->due_us, time_add(at_us, did->last, 1) + 1);
	}
}

static uint64_t ask_did(void *arg, const struct rule_did *did, int64_t *first_us_r,
			int64_t *last_us_r)
{
	struct asking *x = arg;
	const struct watch *w = watch_of(x->rule, did);
	uint32_t start = (uint32_t)x->row.view->subject, at = start;
	uint64_t n = 0;
	int64_t first_us = 0, last_us = 0;
	do {
		struct cell_state *cells;
		size_t cells_n;
		if (!w || !cells_get(x->p, at, x->a, &cells, &cells_n, x->e)) {
			x->failed = true;
			return 0;
		}
		for (size_t i = 0; i < cells_n; i++) {
			if (str_eq(cells[i].key, w->key))
				count_times(x, &cells[i].value, did, &n, &first_us, &last_us);
		}
		at = joins_next(x->p, at);
	} while (at != start);
	if (first_us_r)
		*first_us_r = first_us;
	if (last_us_r)
		*last_us_r = last_us;
	return n;
}

static size_t stage_index(const struct people *p, str stage)
{
	str line = p->rules.stages.n ? S("") : S(STAGES_DEFAULT), part;
	size_t i = 0;
	for (; i < p->rules.stages.n; i++) {
		if (str_eq_nocase(p->rules.stages.items[i], stage))
			return i;
	}
	for (; str_next(&line, ',', &part); i++) {
		if (str_eq_nocase(str_trim(part), stage))
			return i;
	}
	return SIZE_MAX;
}

bool stage_is_on_line(const struct people *p, str stage)
{
	return stage_index(p, stage) != SIZE_MAX;
}

/* Nobody enters the stage they are in, nor one that the line has behind them. */
bool stage_is_ahead(const struct people *p, value now, str to)
{
	if (now.kind != VALUE_TEXT)
		return true;
	size_t from = stage_index(p, now.text), target = stage_index(p, to);
	if (from == SIZE_MAX || target == SIZE_MAX)
		return !str_eq_nocase(now.text, to);
	return target > from;
}

static bool follow(struct asking *x, int64_t at_us, struct decided *d)
{
	const struct live_rule *r = x->rule;
	value from = subject_cell(x->row.view, S("stage"));
	if (d->then_n == DECIDED_TOUCHES_MAX || !stage_is_ahead(x->p, from, r->stage))
		return true;
	struct prop *props = ARENA_ARRAY(x->a, struct prop, 3);
	str rule = str_printf(x->a, "%.*s@%llu", STR_ARG(r->name), (unsigned long long)r->version);
	if (!props || !rule.p)
		return arena_err(x->a, x->e);
	size_t n = 0;
	props[n++] = (struct prop){ S("stage"), value_text(r->stage) };
	if (from.kind != VALUE_NONE)
		props[n++] = (struct prop){ S("from"), from };
	props[n++] = (struct prop){ S("reason"), value_text(r->name) };
	d->then[d->then_n++] = (struct touch){ .name = S("stage_entered"),
					       .at_us = at_us,
					       .person = x->row.view->subject,
					       .props = props,
					       .props_n = n,
					       .rule = rule };
	return true;
}

static bool arm_timer(struct people *p, uint64_t person, int64_t due_us, err *e)
{
	struct ledger_timer_change t = {
		.timer = { .due_us = due_us, .kind = TIMER_RULES, .subject = person }
	};
	return vec_push(&p->timers, t) || err_nomem(e);
}

static bool ask_rules(struct people *p, uint64_t person, int64_t at_us, int64_t now_us,
		      bool (*wanted)(const struct live_rule *r, str name), str name,
		      struct arena *a, struct decided *d, err *e)
{
	struct subject_view view = { 0 }, company;
	struct asking x = { .p = p, .a = a, .due_us = INT64_MAX, .e = e };
	bool ok = true;
	for (size_t i = 0; ok && i < p->rules.list.n; i++) {
		const struct live_rule *r = p->rules.list.items[i];
		if (!wanted(r, name))
			continue;
		if (!view.subject) {
			if (!people_view(p, person, a, &view, e))
				return false;
			x.row = (struct subject_row){ .view = &view, .now_us = now_us };
			value c = subject_cell(&view, S("company"));
			if (c.kind == VALUE_INT && people_view(p, (uint64_t)c.i, a, &company, e))
				x.row.company = &company;
			x.fields = subject_rule_row(&x.row);
		}
		x.rule = r;
		int64_t due_before = x.due_us;
		struct rule_row row = { .arg = &x,
					.now_us = now_us,
					.field = ask_field,
					.did = ask_did,
					.member = ask_member };
		bool holds = rule_test(r->when, &row);
		if (!r->on_time)
			x.due_us = due_before;
		else if (!holds && x.due_us == INT64_MAX)
			x.due_us = time_next(time_floor(now_us, TIME_DAY), TIME_DAY);
		ok = !x.failed && (!holds || follow(&x, at_us, d));
	}
	return ok && (x.due_us == INT64_MAX || arm_timer(p, person, x.due_us, e));
}

static bool wanted_by_touch(const struct live_rule *r, str name)
{
	for (size_t i = 0; i < r->watches.n; i++) {
		if (str_eq(r->watches.items[i].name, name))
			return true;
	}
	return r->on_cells && people_name_is_reserved(name);
}

static bool wanted_always(const struct live_rule *r, str name)
{
	(void)r;
	(void)name;
	return true;
}

bool rules_react(struct people *p, const struct touch *t, struct arena *a, struct decided *d,
		 err *e)
{
	if (p->rules.list.n == 0 || t->person == 0)
		return true;
	/* An import's end, a new rule, a join: every rule may hold for them now. */
	bool all = str_eq(t->name, S("import_closed")) || str_eq(t->name, S("person_identified"));
	uint64_t person = people_subject_of(p, t->person);
	return ask_rules(p, person, t->at_us, MAX(t->at_us, t->received_us),
			 all ? wanted_always : wanted_by_touch, t->name, a, d, e);
}

static bool wanted_by_time(const struct live_rule *r, str name)
{
	(void)name;
	return r->on_time;
}

bool rules_timer(struct people *p, const struct ledger_timer_change *timer, int64_t now_us,
		 struct arena *a, struct decided *d, err *e)
{
	if (timer->timer.kind != TIMER_RULES || timer->timer.subject == 0 ||
	    timer->timer.subject > p->ids.kinds.n)
		return true;
	uint64_t person = people_subject_of(p, timer->timer.subject);
	return ask_rules(p, person, now_us, now_us, wanted_by_time, S(""), a, d, e);
}
