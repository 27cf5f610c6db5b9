/*
 * directory.c - follows the journal: what happened is marked, and read when somebody asks.
 *
 * What it is:   the beginning and the end of a directory; the one walk over what is new, which
 *               marks whom it is about.
 * Threads:      see directory.h. One lock: many ask, or one brings it up to date.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#define TEXTS_BYTES_MAX (16 * MIB)
#define MARKS_MAX	50000 /* that may wait for the next question */

/* What a touch of that name may change. */
enum change {
	CHANGE_COUNTS,
	CHANGE_VALUES,
	CHANGE_JOINS,  /* two subjects may be one now */
	CHANGE_PARTS,  /* one may be two now */
	CHANGE_UNDONE, /* touches are hidden, or shown again */
	CHANGE_IMPORT, /* much comes, or goes */
};

bool directory_new(struct directory **d_r, err *e)
{
	struct directory *d = mem_zalloc(1, sizeof *d);
	if (!d)
		return err_nomem(e);
	rwlock_init(&d->lock);
	mutex_init(&d->build_lock);
	cond_init(&d->built);
	touches_init(&d->touches);
	arena_init(&d->texts, TEXTS_BYTES_MAX);
	arena_init(&d->names, TEXTS_BYTES_MAX);
	*d_r = d;
	return true;
}

void directory_free(struct directory **dd)
{
	struct directory *d = *dd;
	if (!d)
		return;
	rows_fini(&d->rows);
	touches_fini(&d->touches);
	map_fini(&d->changes);
	arena_fini(&d->names);
	arena_fini(&d->texts);
	cond_fini(&d->built);
	mutex_fini(&d->build_lock);
	rwlock_fini(&d->lock);
	mem_free(d);
	*dd = NULL;
}

/* ---- what is new ----------------------------------------------------------------------------- */

struct news {
	struct directory *d;
	uint64_t from_seq;     /* what is marked already ends before it */
	VEC(uint64_t) joins;   /* touches that join */
	VEC(uint64_t) imports; /* touches that show or hide one */
	VEC(uint64_t) undone;  /* touches that hide or show others */
	bool parts;
	err *e;
	bool failed;
};

static enum change change_of(str name)
{
	if (str_eq(name, S("import_closed")) || str_eq(name, S("import_undone")))
		return CHANGE_IMPORT;
	if (str_eq(name, S("touch_undone")) || str_eq(name, S("touch_redone")) ||
	    str_eq(name, S("person_erased")) || str_eq(name, S("touches_expired")))
		return CHANGE_UNDONE;
	if (str_eq(name, S("person_unmerged")))
		return CHANGE_PARTS;
	if (str_eq(name, S("person_identified")) || str_eq(name, S("person_merged")) ||
	    str_eq(name, S("company_identified")))
		return CHANGE_JOINS;
	return people_touch_changes_values(name) ? CHANGE_VALUES : CHANGE_COUNTS;
}

/* Most names come again and again. */
static bool change_ask(struct directory *d, str name, enum change *change_r, err *e)
{
	uint64_t known;
	if (map_get(&d->changes, name, &known)) {
		*change_r = (enum change)known;
		return true;
	}
	*change_r = change_of(name);
	str kept = str_dup(&d->names, name);
	if (name.n && !kept.p)
		return true; /* too many different ones: asked each time */
	return map_put(&d->changes, kept, (uint64_t)*change_r) || err_nomem(e);
}

static bool mark_touch(struct news *n, const struct touch_head *h, enum dirty how)
{
	struct rows *r = &n->d->rows;
	return rows_mark(r, h->person, how, n->e) && rows_mark(r, h->company, how, n->e) &&
	       rows_mark(r, h->deal, how, n->e);
}

static bool news_head(void *arg, const struct touch_head *h)
{
	struct news *n = arg;
	enum change change = CHANGE_COUNTS;
	bool ok = true;
	if (h->seq >= n->from_seq && !h->hidden) {
		ok = change_ask(n->d, h->name, &change, n->e) &&
		     mark_touch(n, h, change == CHANGE_COUNTS ? DIRTY_COUNTS : DIRTY_ALL);
		n->parts |= change >= CHANGE_PARTS;
		bool kept = true;
		if (change == CHANGE_JOINS)
			kept = vec_push(&n->joins, h->seq);
		if (change == CHANGE_UNDONE)
			kept = vec_push(&n->undone, h->seq);
		if (change == CHANGE_IMPORT)
			kept = vec_push(&n->imports, h->seq);
		ok = ok && (kept || err_nomem(n->e));
	}
	n->failed = !ok;
	return ok;
}

/* Both sides of a join, and who they were before. */
static bool news_join(void *arg, const struct touch *t)
{
	struct news *n = arg;
	struct rows *r = &n->d->rows;
	value other = touch_prop(t, S("profile"));
	const uint64_t sides[] = { t->person ? t->person : t->company,
				   other.kind == VALUE_INT && other.i > 0 ? (uint64_t)other.i : 0 };
	for (size_t i = 0; i < ARRAY_LEN(sides) && !n->failed; i++) {
		uint64_t before = sides[i] && sides[i] <= r->root.n ? r->root.items[sides[i] - 1]
								    : 0;
		n->failed = !rows_mark(r, sides[i], DIRTY_ALL, n->e) ||
			    !rows_mark(r, before, DIRTY_ALL, n->e);
	}
	return !n->failed;
}

struct undone_news {
	struct news *n;
	struct snapshot *s;
};

static bool news_undone(void *arg, const struct touch *t)
{
	struct undone_news *x = arg;
	const uint64_t *items;
	size_t n;
	snapshot_undone_subjects(x->s, t, &items, &n);
	for (size_t i = 0; i < n && !x->n->failed; i++)
		x->n->failed = !rows_mark(&x->n->d->rows, items[i], DIRTY_ALL, x->n->e);
	return !x->n->failed;
}

struct import_news {
	struct news *n;
	struct snapshot *s;
	const struct import_info *imports;
	size_t imports_n;
	uint64_t import;
};

static bool import_head(void *arg, const struct touch_head *h)
{
	struct import_news *x = arg;
	if (h->import == x->import)
		x->n->failed = !mark_touch(x->n, h, DIRTY_ALL);
	return !x->n->failed;
}

static bool news_import(void *arg, const struct touch *t)
{
	struct import_news *x = arg;
	value number = touch_prop(t, S("import"));
	if (number.kind != VALUE_INT || number.i <= 0 || (uint64_t)number.i > x->imports_n)
		return true;
	const struct import_info *info = &x->imports[number.i - 1];
	/* Rules that followed from its end stand behind it, and are hidden with it. */
	uint64_t to_seq = info->undone ? t->seq : info->closed_seq;
	x->import = info->import;
	if (!snapshot_heads(x->s, info->from_seq, to_seq, import_head, x, x->n->e))
		x->n->failed = true;
	return !x->n->failed;
}

struct copies {
	struct touch *touches;
	size_t n;
	struct arena *a;
};

static bool copy_touch(void *arg, const struct touch *t)
{
	struct copies *c = arg;
	return touch_copy(c->a, t, &c->touches[c->n++]);
}

/* Reading an import reads the journal, and so cannot be done while touches are handed out. */
static bool news_imports(struct news *n, struct snapshot *s)
{
	struct import_news x = { .n = n, .s = s };
	struct import_info *imports;
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, 256 * MIB);
	if (n->imports.n == 0)
		return true;
	struct copies c = { ARENA_ARRAY(&a, struct touch, n->imports.n), 0, &a };
	if (!c.touches || !snapshot_imports(s, &a, &imports, &x.imports_n, n->e))
		return c.touches ? false : arena_err(&a, n->e);
	if (!snapshot_touches(s, n->imports.items, n->imports.n, copy_touch, &c, n->e))
		return false;
	if (a.over)
		return arena_err(&a, n->e);
	x.imports = imports;
	for (size_t i = 0; i < c.n && !n->failed; i++)
		(void)news_import(&x, &c.touches[i]);
	return !n->failed;
}

/* Under the lock, writing. */
static bool news_read(struct directory *d, struct snapshot *s, err *e)
{
	struct rows *r = &d->rows;
	struct news n = { .d = d, .from_seq = r->seq + 1, .e = e };
	if (r->seq == 0)
		return rows_begin(d, s, e);
	if (snapshot_seq(s) <= r->seq)
		return true;
	bool ok = snapshot_heads(s, r->seq + 1, UINT64_MAX, news_head, &n, e) && !n.failed;
	ok = ok && snapshot_touches(s, n.joins.items, n.joins.n, news_join, &n, e) && !n.failed;
	struct undone_news undone = { &n, s };
	ok = ok && snapshot_touches(s, n.undone.items, n.undone.n, news_undone, &undone, e) &&
	     !n.failed;
	ok = ok && news_imports(&n, s);
	ok = ok && (!n.parts || rows_mark_moved(r, snapshot_people(s), e));
	if (ok)
		r->seq = snapshot_seq(s);
	vec_free(&n.joins);
	vec_free(&n.imports);
	vec_free(&n.undone);
	return ok;
}

bool directory_read(struct directory *d, struct snapshot *s, err *e)
{
	rwlock_read(&d->lock);
	bool ready = d->rows.seq >= snapshot_seq(s) && d->rows.seq != 0 &&
		     d->rows.dirty_list.n == 0;
	if (ready || (d->rows.seq > snapshot_seq(s) && d->rows.seq != 0))
		return true;
	rwlock_unlock(&d->lock);
	rwlock_write(&d->lock);
	bool ok = news_read(d, s, e);
	/* Somebody with a newer snapshot may have been quicker: theirs stands. */
	if (ok && d->rows.seq <= snapshot_seq(s))
		ok = rows_settle(d, s, e);
	rwlock_unlock(&d->lock);
	if (ok)
		rwlock_read(&d->lock);
	return ok;
}

bool directory_follow(struct directory *d, struct snapshot *s, enum directory_how how, err *e)
{
	if (snapshot_seq(s) == 0)
		return true;
	if (how == DIRECTORY_MARKS) {
		rwlock_write(&d->lock);
		bool ok = news_read(d, s, e);
		bool few = d->rows.dirty_list.n < MARKS_MAX;
		rwlock_unlock(&d->lock);
		if (!ok || few)
			return ok;
	}
	if (!directory_read(d, s, e))
		return false;
	bool ahead = how == DIRECTORY_AHEAD && !d->ahead;
	rwlock_unlock(&d->lock);
	if (how != DIRECTORY_AHEAD)
		return true;
	if (ahead) {
		if (!columns_ahead(d, s, e))
			return false;
		rwlock_write(&d->lock);
		d->ahead = true;
		rwlock_unlock(&d->lock);
	}
	return true;
}

void directory_numbers(struct directory *d, struct directory_numbers *n_r)
{
	struct directory_numbers n = { 0 };
	rwlock_read(&d->lock);
	for (size_t i = 0; i < ENTITIES_N; i++) {
		const struct table *t = &d->rows.tables[i];
		n.rows += t->subjects.n;
		n.columns += t->columns.n;
		for (size_t k = 0; k < t->columns.n; k++)
			n.column_bytes += trait_column_bytes(t->columns.items[k]);
	}
	n.touches = d->rows.seq;
	n.touch_bytes = touches_bytes(&d->touches);
	n.seq = d->rows.seq;
	n.bytes = n.touch_bytes + n.column_bytes +
		  d->rows.root.cap * (2 * sizeof(uint32_t) + sizeof(uint8_t));
	rwlock_unlock(&d->lock);
	*n_r = n;
}
