/*
 * segment.c - an open segment: its columns, and what its codes mean.
 *
 * What it is:   opening checks that the file is shaped as a segment is, and that every code that a
 *               column may hold is one that a dictionary knows; so nothing has to be checked when
 *               rows are read.
 * Promises:     immutable once open. What does not fit is an error that names the file.
 * Threads:      any number; the count of holders is atomic.
 * Format:       docs/format/segment.md
 */
#include "archive/segment_int.h"

#include "base/mem.h"

bool segment_damaged(const struct segment *s, const char *what, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s)", colfile_path(s->file), what);
}

bool segment_need_column(const struct segment *s, enum table table, str name, enum column_type type,
			 uint64_t rows, const struct column **c_r, err *e)
{
	const struct column *c = colfile_column(s->file, table, name);
	if (!c || column_type(c) != type || column_rows(c) != rows)
		return err_set(e, ERR_CORRUPT, "%s is damaged (column %u.%.*s)",
			       colfile_path(s->file), (unsigned)table, STR_ARG(name));
	*c_r = c;
	return true;
}

static void segment_free(struct segment *s)
{
	colfile_close(&s->file);
	map_fini(&s->name_codes);
	map_fini(&s->key_codes);
	mem_free(s->begins);
	arena_fini(&s->arena);
	mem_free(s);
}

bool segment_of_file(struct colfile *f, struct segment **s_r, err *e)
{
	struct segment *s = mem_zalloc(1, sizeof *s);
	if (!s) {
		colfile_close(&f);
		return err_nomem(e);
	}
	atomic_init(&s->holders, 1);
	arena_init(&s->arena, SIZE_MAX / 2);
	s->file = f;
	if (!segment_read_columns(s, e) || !segment_read_dictionaries(s, e) ||
	    !segment_read_keys(s, e)) {
		segment_free(s);
		return false;
	}
	*s_r = s;
	return true;
}

bool segment_open(struct fs *fs, const char *path, struct segment **s_r, err *e)
{
	struct colfile *f;
	return colfile_open(fs, path, SEGMENT_KIND, &f, e) && segment_of_file(f, s_r, e);
}

struct segment *segment_hold(struct segment *s)
{
	atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
	return s;
}

void segment_release(struct segment **s_p)
{
	struct segment *s = *s_p;
	*s_p = NULL;
	if (s && atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) == 1)
		segment_free(s);
}

const struct segment_info *segment_info(const struct segment *s)
{
	return &s->info;
}

const struct colfile *segment_file(const struct segment *s)
{
	return s->file;
}

/* ---- columns --------------------------------------------------------------------------------- */

const struct column *segment_at(const struct segment *s)
{
	return s->cols[COL_AT];
}

const struct column *segment_name(const struct segment *s)
{
	return s->cols[COL_NAME];
}

const struct column *segment_origin(const struct segment *s)
{
	return s->cols[COL_ORIGIN];
}

const struct column *segment_seq(const struct segment *s)
{
	return s->cols[COL_SEQ];
}

const struct column *segment_person(const struct segment *s)
{
	return s->cols[COL_PERSON];
}

const struct column *segment_company(const struct segment *s)
{
	return s->cols[COL_COMPANY];
}

const struct column *segment_deal(const struct segment *s)
{
	return s->cols[COL_DEAL];
}

const struct column *segment_import(const struct segment *s)
{
	return s->cols[COL_IMPORT];
}

const struct column *segment_cause(const struct segment *s)
{
	return s->cols[COL_CAUSE];
}

const struct column *segment_subject(const struct segment *s)
{
	return s->subject;
}

const struct column *segment_count(const struct segment *s)
{
	return s->count;
}

uint64_t segment_begin(const struct segment *s, size_t subject_block)
{
	CHECK(subject_block <= column_blocks(s->count));
	return s->begins[subject_block];
}

/* ---- dictionaries ---------------------------------------------------------------------------- */

size_t segment_names(const struct segment *s)
{
	return s->names_n;
}

str segment_name_text(const struct segment *s, size_t code)
{
	CHECK(code < s->names_n);
	return s->names[code];
}

uint64_t segment_name_count(const struct segment *s, size_t code)
{
	CHECK(code < s->names_n);
	return s->name_counts[code];
}

bool segment_name_code(const struct segment *s, str name, uint32_t *code_r)
{
	uint64_t code;
	if (!map_get(&s->name_codes, name, &code))
		return false;
	*code_r = (uint32_t)code;
	return true;
}

size_t segment_origins(const struct segment *s)
{
	return s->origins_n;
}

const struct origin *segment_origin_of(const struct segment *s, size_t code)
{
	CHECK(code < s->origins_n);
	return &s->origins[code];
}

size_t segment_properties(const struct segment *s)
{
	return s->properties_n;
}

const struct segment_property *segment_property_at(const struct segment *s, size_t i)
{
	CHECK(i < s->properties_n);
	return s->properties[i];
}

const struct segment_property *segment_property(const struct segment *s, str key)
{
	uint64_t code;
	if (!map_get(&s->key_codes, key, &code) || s->keys[code].how == KEY_REST)
		return NULL;
	const struct key_column *c = &s->columns[s->keys[code].property];
	return c->whole ? &c->p : NULL;
}

bool segment_has_property(const struct segment *s, str key)
{
	uint64_t code;
	return map_get(&s->key_codes, key, &code);
}

value segment_property_value(const struct segment *s UNUSED, const struct segment_property *p,
			     size_t code)
{
	/* A property is the first thing in its key_column. */
	const struct key_column *c = (const struct key_column *)(const void *)p;
	CHECK(code >= 1 && code <= p->values_n);
	return c->values[code - 1];
}
