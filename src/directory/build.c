/*
 * build.c - columns, when they are asked for.
 *
 * What it is:   one walk over an entity's rows fills any number of new columns; it reads a snapshot
 *               and holds no lock, so questions that need other columns are answered meanwhile.
 *               What happens during the walk is marked again afterwards.
 * Promises:     one walk at a time. Who asks for a column while another walk goes on waits for
 *               WAIT_US at most, then is told to come back.
 * Threads:      any, with a snapshot of its own.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "base/time.h"

#define WAIT_US		  (3 * US_PER_S)
#define COLUMNS_MAX	  400 /* of one entity */
#define COLUMNS_AHEAD_MAX 80
#define WALK_ARENA_MAX	  (64 * MIB)
#define WALK_HOLD	  4096

struct trait_column *trait_column_find(const struct table *t, str name, enum column_from from)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		struct trait_column *c = t->columns.items[i];
		if (c->from == from && str_eq(c->name, name))
			return c;
	}
	return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_pure_count(str name)
{
	return str_eq(name, S("touches")) || str_eq(name, S("first_seen")) ||
	       str_eq(name, S("last_seen"));
}

bool trait_column_is_pure_count(const struct trait_column *c)
{
	return c->from == COLUMN_RULE && is_pure_count(c->name);
}

static bool is_count(str name)
{
	static const struct subject_view NOBODY;
	value ignored;
	return is_pure_count(name) || subject_origin(&NOBODY, name, &ignored);
}

static value people_of(struct people *p, const struct subject *s, struct arena *a)
{
	struct deal_person *people;
	size_t n;
	if (!deal_people(p, &s->view, a, &people, &n, NULL) || n == 0)
		return value_none();
	value *items = ARENA_ARRAY(a, value, n);
	value list = { .kind = VALUE_LIST };
	for (size_t i = 0; items && i < n; i++)
		items[i] = value_int((int64_t)people[i].person);
	list.list.items = items;
	list.list.n = items ? n : 0;
	return list;
}

value trait_column_read(const struct trait_column *c, struct people *p, const struct subject *s,
			struct arena *a)
{
	switch (c->from) {
	case COLUMN_ROW:
		return subject_value(s, c->name, a);
	case COLUMN_PEOPLE:
		return people_of(p, s, a);
	case COLUMN_RULE:
		break;
	}
	return s->rule_row.field(s->rule_row.arg, c->name);
}

value trait_column_read_counts(const struct trait_column *c, const struct subject_view *v)
{
	value found;
	if (str_eq(c->name, S("touches")))
		return value_int((int64_t)v->touches);
	if (str_eq(c->name, S("first_seen")))
		return value_time(v->first_us);
	if (str_eq(c->name, S("last_seen")))
		return value_time(v->last_us);
	return subject_origin(v, c->name, &found) ? found : value_none();
}

struct wanted wanted_of_list(str field)
{
	if (str_eq(field, S("first_at")))
		return (struct wanted){ S("first_seen"), COLUMN_RULE };
	if (str_eq(field, S("last_at")))
		return (struct wanted){ S("last_seen"), COLUMN_RULE };
	bool row = str_eq(field, S("name")) || str_eq(field, S("company"));
	return (struct wanted){ field, row ? COLUMN_ROW : COLUMN_RULE };
}

/* ---- the walk -------------------------------------------------------------------------------- */

struct walk {
	struct people *p;
	enum entity entity;
	const uint32_t *subjects;
	size_t n;
	struct trait_column **columns;
	size_t columns_n;
	bool pure; /* nothing but counts is asked */
	struct arena a;
	err *e;
};

static bool walk_row(struct walk *w, size_t row)
{
	struct subject_view v;
	struct subject s = { 0 };
	uint64_t subject = w->subjects[row];
	if (subject > people_profiles(w->p) || people_subject_of(w->p, subject) != subject)
		return true; /* marked already: it is read when the marks are */
	if (w->pure)
		people_view_counts(w->p, subject, NULL, NULL, &v);
	else if (!subject_read(w->p, subject, NULL, 0, 0, &w->a, &s, w->e))
		return false;
	/* Most of those who only visited have nothing but counts and an id. */
	bool bare = !w->pure && s.view.cells_n == 0 && !s.has_company;
	for (size_t i = 0; i < w->columns_n; i++) {
		struct trait_column *c = w->columns[i];
		if (bare && c->from == COLUMN_RULE && !c->counts && !c->of_ids)
			continue;
		value value_now = w->pure ? trait_column_read_counts(c, &v)
					  : trait_column_read(c, w->p, &s, &w->a);
		if (!trait_column_set(c, row, value_now, w->e))
			return false;
	}
	return true;
}

static bool walk_all(struct walk *w)
{
	uint64_t ahead[WALK_HOLD];
	for (size_t row = 0; row < w->n; row++) {
		if (row % WALK_HOLD == 0 && !w->pure) {
			size_t some = MIN(w->n - row, (size_t)WALK_HOLD);
			for (size_t i = 0; i < some; i++)
				ahead[i] = w->subjects[row + i];
			if (!people_hold(w->p, ahead, some, w->e))
				return false;
		}
		arena_reset(&w->a);
		if (!walk_row(w, row))
			return false;
	}
	/* All rows, whatever the last ones say. */
	for (size_t i = 0; w->n && i < w->columns_n; i++) {
		arena_reset(&w->a);
		value last = trait_column_value(w->columns[i], w->n - 1, &w->a);
		if (!trait_column_set(w->columns[i], w->n - 1, last, w->e))
			return false;
	}
	return true;
}

static bool is_of_ids(str name)
{
	static const str OF_IDS[] = { S("email"), S("user_id"), S("anonymous_id"), S("external_id"),
				      S("number") };
	for (size_t i = 0; i < ARRAY_LEN(OF_IDS); i++) {
		if (str_eq(name, OF_IDS[i]))
			return true;
	}
	return false;
}

/* ---- one at a time --------------------------------------------------------------------------- */

static bool building_begin(struct directory *d, err *e)
{
	int64_t until_us = time_monotonic_us() + WAIT_US, left_us;
	mutex_lock(&d->build_lock);
	while (d->building && (left_us = until_us - time_monotonic_us()) > 0)
		(void)cond_wait_for(&d->built, &d->build_lock, left_us);
	bool mine = !d->building;
	d->building = true;
	mutex_unlock(&d->build_lock);
	return mine || err_set(e, ERR_BUSY,
			       "This is asked for the first time and is being made ready; try "
			       "again in a moment");
}

static void building_end(struct directory *d)
{
	mutex_lock(&d->build_lock);
	d->building = false;
	cond_broadcast(&d->built);
	mutex_unlock(&d->build_lock);
}

static uint64_t all_bytes(struct directory *d)
{
	uint64_t bytes = touches_bytes(&d->touches);
	for (size_t i = 0; i < ENTITIES_N; i++) {
		const struct table *t = &d->rows.tables[i];
		for (size_t k = 0; k < t->columns.n; k++)
			bytes += trait_column_bytes(t->columns.items[k]);
	}
	return bytes;
}

void columns_forget(struct directory *d)
{
	for (size_t i = 0; i < ENTITIES_N; i++) {
		struct table *t = &d->rows.tables[i];
		for (size_t k = 0; k < t->columns.n; k++)
			trait_column_free(t->columns.items[k]);
		vec_clear(&t->columns);
	}
}

/* Those of `wanted` that are missing, as empty columns; the rows as they are now. */
static bool walk_prepare(struct directory *d, enum entity entity, const struct wanted *wanted,
			 size_t n, struct walk *w)
{
	struct table *t = &d->rows.tables[entity];
	bool ok = true;
	rwlock_write(&d->lock);
	if (all_bytes(d) > DIRECTORY_BYTES_MAX)
		columns_forget(d);
	w->pure = true;
	for (size_t i = 0; ok && i < n; i++) {
		if (trait_column_find(t, wanted[i].name, wanted[i].from))
			continue;
		ok = t->columns.n + w->columns_n < COLUMNS_MAX ||
		     err_set(w->e, ERR_LIMIT, "more than %d fields are in use", COLUMNS_MAX);
		str name = ok ? str_dup(&d->texts, wanted[i].name) : S("");
		struct trait_column *c =
			ok ? trait_column_new(name, wanted[i].from,
					      wanted[i].from == COLUMN_RULE && is_count(name), w->e)
			   : NULL;
		ok = c != NULL;
		if (ok) {
			c->of_ids = is_of_ids(name);
			w->pure &= trait_column_is_pure_count(c);
			w->columns[w->columns_n++] = c;
		}
	}
	w->n = t->subjects.n;
	uint32_t *subjects = mem_alloc((w->n + 1) * sizeof *subjects);
	for (size_t i = 0; subjects && i < w->n; i++)
		subjects[i] = t->subjects.items[i];
	w->subjects = subjects;
	rwlock_unlock(&d->lock);
	return ok && (subjects != NULL || err_nomem(w->e)) &&
	       (!d->texts.over || arena_err(&d->texts, w->e));
}

/* What happened since the snapshot that was read is marked again with the next question. */
static bool walk_attach(struct directory *d, struct snapshot *s, struct walk *w)
{
	struct table *t = &d->rows.tables[w->entity];
	rwlock_write(&d->lock);
	bool ok = vec_reserve(&t->columns, t->columns.n + w->columns_n) || err_nomem(w->e);
	for (size_t i = 0; ok && i < w->columns_n; i++) {
		t->columns.items[t->columns.n++] = w->columns[i];
		w->columns[i] = NULL;
	}
	d->rows.seq = MIN(d->rows.seq, snapshot_seq(s));
	rwlock_unlock(&d->lock);
	return ok;
}

static bool walk_run(struct directory *d, struct snapshot *s, enum entity entity,
		     const struct wanted *wanted, size_t n, err *e)
{
	struct trait_column **columns = mem_zalloc(n + 1, sizeof *columns);
	if (!columns)
		return err_nomem(e);
	struct walk w = { .p = snapshot_people(s), .entity = entity, .columns = columns, .e = e };
	arena_init(&w.a, WALK_ARENA_MAX);
	bool ok = walk_prepare(d, entity, wanted, n, &w) && walk_all(&w) && walk_attach(d, s, &w);
	for (size_t i = 0; i < w.columns_n; i++)
		trait_column_free(columns[i]);
	mem_free((void *)(uintptr_t)w.subjects);
	mem_free(columns);
	arena_fini(&w.a);
	return ok;
}

static bool all_there(struct directory *d, enum entity entity, const struct wanted *wanted,
		      size_t n)
{
	bool there = true;
	rwlock_read(&d->lock);
	for (size_t i = 0; there && i < n; i++)
		there = trait_column_find(&d->rows.tables[entity], wanted[i].name,
					  wanted[i].from) != NULL;
	rwlock_unlock(&d->lock);
	return there;
}

bool columns_need(struct directory *d, struct snapshot *s, enum entity entity,
		  const struct wanted *wanted, size_t n, err *e)
{
	if (all_there(d, entity, wanted, n))
		return true;
	if (!building_begin(d, e))
		return false;
	bool ok = walk_run(d, s, entity, wanted, n, e);
	building_end(d);
	return ok;
}

/* ---- ahead ----------------------------------------------------------------------------------- */

/* Fields that are asked for again and again; not the many that hang on one deal or one wording. */
static bool is_usual(str name)
{
	return !str_starts(name, S("company.")) && !str_starts(name, S(DEAL_ROLE_PREFIX)) &&
	       !str_ends(name, S(".wording")) && !str_ends(name, S(".ground")) &&
	       !str_eq(name, S("anonymous_id")) && !str_eq(name, S("number"));
}

static size_t usual(const struct rule_catalogue *c, enum entity entity, struct wanted *wanted)
{
	size_t n = 0;
	wanted[n++] = (struct wanted){ S("company"), COLUMN_RULE };
	wanted[n++] = (struct wanted){ S("name"), COLUMN_ROW };
	wanted[n++] = (struct wanted){ S("company"), COLUMN_ROW };
	if (entity == ENTITY_DEAL)
		wanted[n++] = (struct wanted){ S("people"), COLUMN_PEOPLE };
	for (size_t i = 0; i < c->n && n < COLUMNS_AHEAD_MAX; i++) {
		bool twice = str_eq(c->fields[i].name, S("company"));
		if (is_usual(c->fields[i].name) && !twice)
			wanted[n++] = (struct wanted){ c->fields[i].name, COLUMN_RULE };
	}
	return n;
}

bool columns_ahead(struct directory *d, struct snapshot *s, err *e)
{
	static const struct wanted COUNTS[] = { { S("touches"), COLUMN_RULE },
						{ S("first_seen"), COLUMN_RULE },
						{ S("last_seen"), COLUMN_RULE } };
	static const enum entity ORDER[] = { ENTITY_DEAL, ENTITY_COMPANY, ENTITY_PERSON };
	struct wanted wanted[COLUMNS_AHEAD_MAX];
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, 16 * MIB);
	for (size_t i = 0; i < ENTITIES_N; i++) {
		if (!columns_need(d, s, ORDER[i], COUNTS, ARRAY_LEN(COUNTS), e))
			return false;
	}
	for (size_t i = 0; i < ENTITIES_N; i++) {
		struct rule_catalogue c;
		if (!people_catalogue(snapshot_people(s), ORDER[i], &a, &c, e))
			return false;
		size_t n = usual(&c, ORDER[i], wanted);
		if (!columns_need(d, s, ORDER[i], wanted, n, e))
			return false;
	}
	return true;
}
