/*
 * load_json.c - JSON lines: one object a line, and what is in it.
 *
 * What it is:   a reader of lines with a largest length; flattening of an object into keys joined
 * by dots; a leaf as a value. Promises:     a longer line is told and passed over without being
 * held; empty lines do not count as rows, but as lines.
 */
#include "load/load_int.h"

#include "base/mem.h"

#include <string.h>

#define LINES_READ_BYTES (256 * KIB)

struct lines {
	struct file *file;
	char *p;
	size_t start, end, cap;
	uint64_t offset; /* of the byte after p[end] */
	uint64_t total;
	uint64_t line;
	bool done;
};

bool lines_open(struct fs *fs, const char *path, struct lines **r_r, err *e)
{
	struct lines *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	r->cap = LINES_READ_BYTES;
	r->p = mem_alloc(r->cap);
	bool ok = r->p ? file_open(fs, path, FILE_READ, &r->file, e) &&
				  file_size(r->file, &r->total, e)
		       : err_nomem(e);
	if (!ok) {
		lines_close(&r);
		return false;
	}
	*r_r = r;
	return true;
}

void lines_close(struct lines **r)
{
	if (!*r)
		return;
	if ((*r)->file)
		file_close(&(*r)->file, NULL);
	mem_free((*r)->p);
	mem_free(*r);
	*r = NULL;
}

uint64_t lines_bytes_read(const struct lines *r)
{
	return r->offset - (r->end - r->start);
}

uint64_t lines_bytes_total(const struct lines *r)
{
	return r->total;
}

/* Brings more bytes behind what is not used yet. */
static bool lines_fill(struct lines *r, err *e)
{
	if (r->start > 0) {
		memmove(r->p, r->p + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (r->end == r->cap) {
		char *p = mem_realloc(r->p, r->cap * 2, 1);
		if (!p)
			return err_nomem(e);
		r->p = p;
		r->cap *= 2;
	}
	size_t got;
	if (!file_read(r->file, r->p + r->end, r->cap - r->end, r->offset, &got, e))
		return false;
	if (r->offset == 0 && got >= 3 && memcmp(r->p, "\xEF\xBB\xBF", 3) == 0)
		r->start = 3;
	r->end += got;
	r->offset += got;
	r->done = got == 0;
	return true;
}

/* Passes over the rest of a line that is too long. */
static bool lines_skip(struct lines *r, err *e)
{
	for (;;) {
		char *end = memchr(r->p + r->start, '\n', r->end - r->start);
		if (end) {
			r->start = (size_t)(end - r->p) + 1;
			return true;
		}
		r->start = r->end = 0;
		if (r->done)
			return true;
		if (!lines_fill(r, e))
			return false;
	}
}

bool lines_next(struct lines *r, str *line_r, uint64_t *number_r, bool *too_long_r, bool *more_r,
		err *e)
{
	size_t seen = 0;
	*too_long_r = false;
	for (;;) {
		char *from = r->p + r->start;
		size_t n = r->end - r->start;
		char *end = n > seen ? memchr(from + seen, '\n', n - seen) : NULL;
		if (end || (r->done && n > 0)) {
			size_t length = end ? (size_t)(end - from) : n;
			r->start += length + (end ? 1 : 0);
			r->line++;
			*too_long_r = length > LOAD_LINE_BYTES_MAX;
			*line_r = *too_long_r ? S("") : str_trim(str_make(from, length));
			if (line_r->n == 0 && !*too_long_r) {
				seen = 0;
				continue;
			}
			*number_r = r->line;
			*more_r = true;
			return true;
		}
		if (r->done) {
			*more_r = false;
			return true;
		}
		if (n > LOAD_LINE_BYTES_MAX) {
			*too_long_r = true;
			*number_r = ++r->line;
			*line_r = S("");
			*more_r = true;
			return lines_skip(r, e);
		}
		seen = n;
		if (!lines_fill(r, e))
			return false;
		/* A byte order mark moved the start. */
		seen = MIN(seen, r->end - r->start);
	}
}

static bool is_scalar(const struct json *j)
{
	return j->kind != JSON_ARRAY && j->kind != JSON_OBJECT;
}

static bool is_leaf(const struct json *j)
{
	if (j->kind == JSON_OBJECT)
		return j->n == 0;
	if (j->kind != JSON_ARRAY)
		return true;
	for (const struct json *c = json_first(j); c; c = json_after(j, c)) {
		if (!is_scalar(c))
			return false;
	}
	return true;
}

bool json_flatten(struct arena *a, str prefix, const struct json *node,
		  bool (*each)(void *arg, str key, const struct json *leaf), void *arg, err *e)
{
	size_t i = 0;
	for (const struct json *c = json_first(node); c; c = json_after(node, c), i++) {
		str key = node->kind == JSON_OBJECT ? c->key : str_printf(a, "%zu", i);
		if (prefix.n > 0)
			key = str_printf(a, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(key));
		if (a->over)
			return arena_err(a, e);
		if (is_leaf(c)) {
			if (c->kind != JSON_NULL && c->kind != JSON_OBJECT && !each(arg, key, c))
				return false;
		} else if (!json_flatten(a, key, c, each, arg, e)) {
			return false;
		}
	}
	return true;
}

static value scalar_value(const struct json *j)
{
	switch (j->kind) {
	case JSON_BOOL:
		return value_bool(j->b);
	case JSON_INT:
		return value_int(j->i);
	case JSON_REAL:
		return value_real(j->real);
	case JSON_TEXT:
		return j->text.n ? value_text(j->text) : value_none();
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return value_none();
}

value json_value(struct arena *a, const struct json *leaf)
{
	if (leaf->kind != JSON_ARRAY)
		return scalar_value(leaf);
	size_t n = MIN(leaf->n, VALUE_LIST_MAX);
	value *items = n ? arena_alloc(a, n * sizeof *items) : NULL;
	if (!items)
		return value_none();
	size_t kept = 0;
	for (const struct json *c = json_first(leaf); c && kept < n; c = json_after(leaf, c)) {
		value v = scalar_value(c);
		if (v.kind != VALUE_NONE)
			items[kept++] = v;
	}
	if (kept == 0)
		return value_none();
	value list = { .kind = VALUE_LIST };
	list.list.items = items;
	list.list.n = kept;
	return list;
}
