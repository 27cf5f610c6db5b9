/*
 * funnel_deeds.c - finds the touches that stand beside the steps.
 *
 * What it is:   one pass over the names of a segment; what is of such a name is unpacked and noted
 *               as a deed (funnel_sides.c). Kept by the segment's checksum.
 * Promises:     the same deeds whatever the question; who they count for, and whether they are
 *               hidden, is asked anew each time.
 * Threads:      segments are shared out among threads; the memory has one lock, which is not held
 *               while segments are read.
 */
#include "funnel/deeds_int.h"

#include "base/mem.h"

#include <stdatomic.h>

#define MEMORY_BYTES_MAX (512 * MIB)
#define TEXTS_BYTES_MAX	 (256 * MIB)
#define TOUCH_BYTES	 (4 * MIB)
#define ROWS		 COLFILE_BLOCK_ROWS
#define FINDERS_MAX	 16

struct funnel_memory {
	struct mutex lock;
	struct deeds *list;
	uint64_t bytes, clock;
};

/* ---- the memory ------------------------------------------------------------------------------ */

bool funnel_memory_new(struct funnel_memory **m_r, err *e)
{
	struct funnel_memory *m = mem_zalloc(1, sizeof *m);
	if (!m)
		return err_nomem(e);
	mutex_init(&m->lock);
	*m_r = m;
	return true;
}

static void deeds_free(struct deeds *d)
{
	if (!d)
		return;
	vec_free(&d->items);
	arena_fini(&d->texts);
	mem_free(d);
}

void funnel_memory_free(struct funnel_memory **mm)
{
	struct funnel_memory *m = *mm;
	if (!m)
		return;
	for (struct deeds *d = m->list, *next; d; d = next) {
		next = d->next;
		deeds_free(d);
	}
	mutex_fini(&m->lock);
	mem_free(m);
	*mm = NULL;
}

static struct deeds *memory_take(struct funnel_memory *m, uint64_t checksum)
{
	struct deeds *found = NULL;
	if (!m)
		return NULL;
	mutex_lock(&m->lock);
	for (struct deeds *d = m->list; d && !found; d = d->next)
		if (d->checksum == checksum)
			found = d;
	if (found) {
		found->refs++;
		found->used = ++m->clock;
	}
	mutex_unlock(&m->lock);
	return found;
}

/* What nobody holds and was not used for longest goes first. With the lock. */
static void memory_shrink(struct funnel_memory *m)
{
	while (m->bytes > MEMORY_BYTES_MAX) {
		struct deeds **oldest = NULL;
		for (struct deeds **at = &m->list; *at; at = &(*at)->next)
			if ((*at)->refs == 0 && (!oldest || (*at)->used < (*oldest)->used))
				oldest = at;
		if (!oldest)
			return;
		struct deeds *gone = *oldest;
		*oldest = gone->next;
		m->bytes -= gone->bytes;
		deeds_free(gone);
	}
}

static void memory_put(struct funnel_memory *m, struct deeds *d)
{
	d->refs = 1;
	if (!m)
		return;
	mutex_lock(&m->lock);
	d->bytes = sizeof *d + d->items.cap * sizeof *d->items.items + d->texts.bytes_held;
	d->used = ++m->clock;
	d->next = m->list;
	m->list = d;
	m->bytes += d->bytes;
	memory_shrink(m);
	mutex_unlock(&m->lock);
}

void deeds_give_back(struct deeds_list *l)
{
	for (size_t i = 0; l->items && i < l->n; i++) {
		struct deeds *d = l->items[i];
		if (!d)
			continue;
		if (!l->memory) {
			deeds_free(d);
			continue;
		}
		mutex_lock(&l->memory->lock);
		d->refs--;
		memory_shrink(l->memory);
		mutex_unlock(&l->memory->lock);
	}
	l->items = NULL;
}

/* ---- finding --------------------------------------------------------------------------------- */

struct finding {
	struct sources *s;
	struct deeds_list *l;
	size_t bytes_max;
	atomic_size_t next, items;
	atomic_bool stop;
};
struct finder {
	struct finding *f;
	struct arena scratch;
	int64_t *names;
	bool failed;
	err why;
	struct thread thread;
};

/* By code of a name: is it one of a deed? *any_r: some name is. */
static uint8_t *deed_names(const struct segment *s, bool *any_r, err *e)
{
	size_t n = segment_names(s);
	uint8_t *is = mem_zalloc(n + 1, 1);
	*any_r = false;
	if (!is) {
		err_nomem(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		is[i] = deed_has_name(segment_name_text(s, i));
		*any_r = *any_r || is[i];
	}
	return is;
}

static bool take_row(struct finder *x, struct segment_cursor *c, struct deeds *d, uint64_t row,
		     err *e)
{
	struct touch t;
	struct deed deed;
	arena_reset(&x->scratch);
	if (!segment_touch(c, row, &x->scratch, &t, e))
		return false;
	if (!deed_of_touch(&t, &d->texts, &deed))
		return arena_err(&d->texts, e);
	if (deed.kind == SIDE_NONE && !deed.spend)
		return true;
	size_t all = atomic_fetch_add(&x->f->items, 1);
	if (all >= x->f->bytes_max / sizeof deed)
		return err_set(e, ERR_LIMIT,
			       "the query needs more memory than it may take (memory_max)");
	return vec_push(&d->items, deed) || err_nomem(e);
}

static bool find_in(struct finder *x, const struct source *s, struct deeds *d, err *e)
{
	struct segment_cursor *c = NULL;
	const struct column *names = segment_name(s->segment);
	bool any;
	uint8_t *is = deed_names(s->segment, &any, e);
	bool ok = is && (!any || segment_cursor_new(s->segment, &c, e));
	for (uint64_t from = 0; ok && any && from < s->rows; from += ROWS) {
		size_t n = (size_t)MIN(s->rows - from, (uint64_t)ROWS);
		ok = column_ints(names, from, n, x->names, e);
		for (size_t i = 0; ok && i < n; i++)
			if (is[x->names[i]])
				ok = take_row(x, c, d, from + i, e);
	}
	segment_cursor_free(&c);
	mem_free(is);
	return ok;
}

static bool find_one(struct finder *x, size_t source, err *e)
{
	const struct source *s = &x->f->s->items[source];
	uint64_t checksum = colfile_checksum(segment_file(s->segment));
	struct deeds *d = memory_take(x->f->l->memory, checksum);
	if (d) {
		x->f->l->items[source] = d;
		return true;
	}
	d = mem_zalloc(1, sizeof *d);
	if (!d)
		return err_nomem(e);
	d->checksum = checksum;
	arena_init(&d->texts, TEXTS_BYTES_MAX);
	if (!find_in(x, s, d, e)) {
		deeds_free(d);
		return false;
	}
	memory_put(x->f->l->memory, d);
	x->f->l->items[source] = d;
	return true;
}

/* The largest segments come first, so that none is left over at the end. */
static void *finder_run(void *arg)
{
	struct finder *x = arg;
	for (;;) {
		size_t i = atomic_fetch_add(&x->f->next, 1);
		if (i >= x->f->s->n || atomic_load(&x->f->stop))
			break;
		x->failed = !find_one(x, i, &x->why);
		if (x->failed) {
			atomic_store(&x->f->stop, true);
			break;
		}
	}
	return NULL;
}

static bool finders_run(struct finding *f, struct finder *finders, size_t n, err *e)
{
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		finders[i] = (struct finder){ .f = f };
		arena_init(&finders[i].scratch, TOUCH_BYTES);
		finders[i].names = mem_alloc(ROWS * sizeof *finders[i].names);
		ok = finders[i].names || err_nomem(e);
	}
	for (size_t i = 1; ok && i < n; i++)
		ok = thread_start(&finders[i].thread, "deeds", finder_run, &finders[i], e);
	if (!ok)
		atomic_store(&f->stop, true);
	if (ok)
		finder_run(&finders[0]);
	for (size_t i = 0; i < n; i++)
		thread_join(&finders[i].thread);
	for (size_t i = 0; i < n; i++) {
		if (ok && finders[i].failed) {
			*e = finders[i].why;
			ok = false;
		}
		mem_free(finders[i].names);
		arena_fini(&finders[i].scratch);
	}
	return ok;
}

bool deeds_find(struct deeds_list *l, struct sources *s, struct funnel_memory *memory,
		size_t workers_n, size_t bytes_max, struct arena *a, err *e)
{
	struct finder finders[FINDERS_MAX] = { 0 };
	struct finding f = { .s = s, .l = l, .bytes_max = bytes_max };
	*l = (struct deeds_list){ .n = s->n, .memory = memory };
	l->items = ARENA_ARRAY(a, struct deeds *, s->n);
	if (!l->items)
		return arena_err(a, e);
	return finders_run(&f, finders, MIN(workers_n, (size_t)FINDERS_MAX), e);
}
