/*
 * fake_journal.h - a journal in memory, so that load/ is tested alone.
 *
 * What it is:   journal_submit and what else load/ calls, writing down every touch; duplicates by
 *               message id, new subjects by a key of their ids; failing on request.
 */
#ifndef TRICHTER_FAKE_JOURNAL_H
#define TRICHTER_FAKE_JOURNAL_H

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "people/people.h"

#include <string.h>

struct fake_touch {
	struct intake t; /* texts and properties in the journal's arena */
};

struct journal {
	struct arena arena;
	VEC(struct intake) touches;
	struct map ids;
	struct map subjects;
	VEC(char) state;
	uint64_t import;  /* the open one; 0 none */
	uint64_t imports; /* begun so far */
	uint64_t closed, undone;
	uint64_t batches;
	uint64_t fail_at;	    /* the n-th batch fails; 0 never */
	uint64_t die_at;	    /* the n-th batch is stored, but its answer is an error */
	const char *reject_name;    /* touches of that name are refused */
	size_t rows_max, items_max; /* seen in one batch */
	enum duplicates duplicates;
	bool live;
};

static struct journal *fake_now; /* what snapshot_open shows */

static void fake_init(struct journal *j)
{
	memset(j, 0, sizeof *j);
	arena_init(&j->arena, 512 * MIB);
	fake_now = j;
}

static void fake_fini(struct journal *j)
{
	map_fini(&j->ids);
	map_fini(&j->subjects);
	vec_free(&j->touches);
	vec_free(&j->state);
	arena_fini(&j->arena);
}

static bool fake_set_state(struct journal *j, str state, err *e)
{
	vec_clear(&j->state);
	for (size_t i = 0; i < state.n; i++) {
		if (!vec_push(&j->state, state.p[i]))
			return err_nomem(e);
	}
	return true;
}

bool journal_import_begin(struct journal *j, str state, uint64_t *import_r, err *e)
{
	if (j->import)
		return err_set(e, ERR_CONFLICT, "import %llu was interrupted",
			       (unsigned long long)j->import);
	if (!fake_set_state(j, state, e))
		return false;
	j->import = *import_r = ++j->imports;
	return true;
}

bool journal_import_close(struct journal *j, uint64_t import, str state, err *e)
{
	if (!fake_set_state(j, state, e))
		return false;
	CHECK(import == j->import);
	j->closed = import;
	j->import = 0;
	return true;
}

bool journal_import_undo(struct journal *j, uint64_t import, struct undo_result *r, err *e)
{
	(void)e;
	*r = (struct undo_result){ 0 };
	j->undone = import;
	j->import = 0;
	return true;
}

static str fake_copy(struct journal *j, str s)
{
	return str_dup(&j->arena, s);
}

static str fake_key(struct journal *j, const struct intake *t)
{
	str id = t->deal_id.value.n	 ? t->deal_id.value
		 : t->external_n	 ? t->external[0].value
		 : t->user_id.n		 ? t->user_id
		 : t->email.n		 ? t->email
		 : t->anonymous_id.n	 ? t->anonymous_id
		 : t->company_id.value.n ? t->company_id.value
		 : t->company_domain.n	 ? t->company_domain
					 : t->company_name;
	return str_printf(&j->arena, "%.*s", STR_ARG(id));
}

static bool fake_keep(struct journal *j, struct intake *in, err *e)
{
	struct intake t = *in;
	struct arena *a = &j->arena;
	t.name = fake_copy(j, t.name);
	t.message_id = fake_copy(j, t.message_id);
	t.anonymous_id = fake_copy(j, t.anonymous_id);
	t.user_id = fake_copy(j, t.user_id);
	t.email = fake_copy(j, t.email);
	t.previous_id = fake_copy(j, t.previous_id);
	t.company_domain = fake_copy(j, t.company_domain);
	t.company_name = fake_copy(j, t.company_name);
	t.company_id.system = fake_copy(j, t.company_id.system);
	t.company_id.value = fake_copy(j, t.company_id.value);
	t.deal_id.system = fake_copy(j, t.deal_id.system);
	t.deal_id.value = fake_copy(j, t.deal_id.value);
	str *origin[] = { &t.origin.source,    &t.origin.medium, &t.origin.campaign,
			  &t.origin.content,   &t.origin.term,	 &t.origin.referrer,
			  &t.origin.click_kind };
	for (size_t i = 0; i < ARRAY_LEN(origin); i++)
		*origin[i] = fake_copy(j, *origin[i]);
	struct external_id *external = ARENA_ARRAY(a, struct external_id, t.external_n);
	struct prop *props = ARENA_ARRAY(a, struct prop, t.props_n);
	for (size_t i = 0; i < t.external_n && external; i++) {
		external[i].system = fake_copy(j, in->external[i].system);
		external[i].value = fake_copy(j, in->external[i].value);
	}
	for (size_t i = 0; i < t.props_n && props; i++) {
		props[i].key = fake_copy(j, in->props[i].key);
		props[i].value = value_dup(a, in->props[i].value);
	}
	t.external = external;
	t.props = props;
	if (a->over)
		return arena_err(a, e);
	return vec_push(&j->touches, t) || err_nomem(e);
}

static bool fake_one(struct journal *j, struct intake *t, err *e)
{
	uint64_t before;
	if (j->reject_name && str_eq(t->name, str_of(j->reject_name))) {
		t->outcome = OUTCOME_REJECTED;
		t->reason = "refused for the test";
		return true;
	}
	if (map_get(&j->ids, t->message_id, &before)) {
		t->outcome = OUTCOME_DUPLICATE;
		return true;
	}
	str key = fake_key(j, t);
	uint64_t row = j->import * 1000000000 + t->row;
	t->subject_is_new = !map_get(&j->subjects, key, &before);
	if (!t->subject_is_new && before == row)
		t->subject_is_new = true;
	else if (t->subject_is_new && !map_put(&j->subjects, key, row))
		return err_nomem(e);
	t->outcome = OUTCOME_ACCEPTED;
	return (map_put(&j->ids, t->message_id, 1) || err_nomem(e)) && fake_keep(j, t, e);
}

bool journal_submit(struct journal *j, struct batch *b, err *e)
{
	j->batches++;
	if (j->fail_at == j->batches)
		return err_set(e, ERR_IO, "the disk refused, for the test");
	j->duplicates = b->duplicates;
	j->live = b->live;
	j->items_max = MAX(j->items_max, b->n);
	CHECK(b->n <= BATCH_ITEMS_MAX);
	for (size_t i = 0; i < b->n; i++) {
		if (!fake_one(j, &b->items[i], e))
			return false;
	}
	if (b->import_state.n > 0 && !fake_set_state(j, b->import_state, e))
		return false;
	if (j->die_at == j->batches)
		return err_set(e, ERR_UNCERTAIN, "the answer never came, for the test");
	return true;
}

/* ---- bulk loading is tested with the real journal -------------------------------------------- */

bool journal_bulk_can(const struct journal *j)
{
	(void)j;
	return false;
}

struct fs *journal_bulk_fs(const struct journal *j)
{
	(void)j;
	return fs_real();
}

bool journal_bulk_subjects(struct journal *j, uint32_t **subjects_r, size_t *n_r,
			   uint64_t *keyed_seq_r, err *e)
{
	(void)j, (void)subjects_r, (void)n_r, (void)keyed_seq_r;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool journal_bulk_has_imports(struct journal *j, uint64_t but, bool *has_r, err *e)
{
	(void)j, (void)but, (void)has_r;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool journal_bulk_reserve(struct journal *j, uint64_t n, uint64_t *first_seq_r, err *e)
{
	(void)j, (void)n, (void)first_seq_r;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool journal_bulk_file(struct journal *j, uint64_t *number_r, char path[4096], err *e)
{
	(void)j, (void)number_r, (void)path;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool journal_bulk_spill_path(struct journal *j, uint64_t import, size_t k, char path[4096], err *e)
{
	(void)j, (void)import, (void)k, (void)path;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

void journal_bulk_drop(struct journal *j, uint64_t number)
{
	(void)j, (void)number;
}

bool journal_bulk_add(struct journal *j, uint64_t import, const struct archive_file *files,
		      size_t n, uint64_t touches, str state, err *e)
{
	(void)j, (void)import, (void)files, (void)n, (void)touches, (void)state;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool snapshot_segments(struct snapshot *s, const struct snapshot_segment **segments_r, size_t *n_r,
		       err *e)
{
	(void)s, (void)segments_r, (void)n_r;
	return err_set(e, ERR_CONFLICT, "no bulk loading");
}

bool snapshot_hides_row(const struct snapshot *s, uint64_t seq, uint64_t import)
{
	(void)s, (void)seq, (void)import;
	return false;
}

/* ---- what resume and export see -------------------------------------------------------------- */

struct snapshot {
	int unused;
};
static struct snapshot fake_snapshot;

bool snapshot_open(const char *dir, uint64_t as_of, struct snapshot **s_r, err *e)
{
	(void)dir, (void)as_of, (void)e;
	*s_r = &fake_snapshot;
	return true;
}

void snapshot_close(struct snapshot **s)
{
	*s = NULL;
}

bool snapshot_imports(struct snapshot *s, struct arena *a, struct import_info **imports_r,
		      size_t *n_r, err *e)
{
	(void)s;
	struct import_info *i = ARENA_NEW(a, struct import_info);
	if (!i)
		return arena_err(a, e);
	i->import = fake_now->imports;
	i->closed = fake_now->import == 0;
	i->state = str_dup(a, str_make(fake_now->state.items, fake_now->state.n));
	*imports_r = i;
	*n_r = fake_now->imports > 0;
	return !a->over || arena_err(a, e);
}

static inline value fake_prop(const struct intake *t, const char *key)
{
	for (size_t i = 0; i < t->props_n; i++) {
		if (str_eq(t->props[i].key, str_of(key)))
			return t->props[i].value;
	}
	return value_none();
}

#endif
