/*
 * load_state.c - how far an import came, so that it can go on.
 *
 * What it is:   a JSON document that is stored with every commit of an import: which file it is,
 * how it was read, how many rows are behind, and what became of them. Promises:     an interrupted
 * import goes on only with the same file: size and the checksums of its first and last bytes must
 * fit. The rows of the last commit are sent once more: they are known by their message ids, and
 * what the journal refused of them is written to the rejects file even when the program died in
 * between.
 */
#include "load/load_int.h"

#include "io/zip.h"

#include <string.h>

#define MARK_BYTES (64 * KIB)

bool state_file_marks(struct loader *l, err *e)
{
	struct file *f = NULL;
	char *p = arena_alloc(&l->setup, MARK_BYTES);
	if (!p)
		return arena_err(&l->setup, e);
	if (!file_open(l->fs, l->path, FILE_READ, &f, e))
		return false;
	size_t n = 0;
	bool ok = file_size(f, &l->bytes, e) && file_read(f, p, MARK_BYTES, 0, &n, e);
	l->head = ok ? zip_hash(p, n) : 0;
	uint64_t from = l->bytes > MARK_BYTES ? l->bytes - MARK_BYTES : 0;
	ok = ok && file_read(f, p, MARK_BYTES, from, &n, e);
	l->tail = ok ? zip_hash(p, n) : 0;
	file_close(&f, NULL);
	return ok || err_prefix(e, "%s", l->path);
}

static void put_count(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	json_put_uint(w, n);
}

static void put_hash(struct json_writer *w, const char *key, uint64_t hash)
{
	char text[17];
	for (size_t i = 0; i < 16; i++)
		text[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
	json_key(w, str_of(key));
	json_put_text(w, str_make(text, 16));
}

bool state_print(const struct loader *l, struct buf *b, err *e)
{
	const struct load_result *r = l->r;
	struct json_writer w;
	const char *slash = strrchr(l->path, '/');
	buf_clear(b);
	json_writer_init(&w, b, false);
	json_object_open(&w);
	json_key(&w, S("file"));
	json_put_text(&w, str_of(slash ? slash + 1 : l->path));
	json_key(&w, S("kind"));
	json_put_text(&w, str_of(load_kind_name(l->kind)));
	put_count(&w, "bytes", l->bytes);
	put_hash(&w, "head", l->head);
	put_hash(&w, "tail", l->tail);
	if (l->map.path) {
		json_key(&w, S("map"));
		json_put_text(&w, str_of(l->map.path));
		put_hash(&w, "map_hash", l->map.hash);
	}
	json_key(&w, S("at"));
	json_put_int(&w, l->import_us);
	put_count(&w, "rows", r->read);
	put_count(&w, "accepted", r->accepted);
	put_count(&w, "duplicate", r->duplicate);
	put_count(&w, "rejected", r->rejected);
	put_count(&w, "skipped", r->skipped);
	put_count(&w, "touches", r->touches);
	put_count(&w, "people_new", r->people_new);
	put_count(&w, "people_updated", r->people_updated);
	put_count(&w, "companies_new", r->companies_new);
	put_count(&w, "deals_new", r->deals_new);
	put_count(&w, "rejects_bytes", rejects_bytes(l));
	if (l->is_bulk) {
		put_count(&w, "bulk_runs", l->runs);
		put_count(&w, "bulk_offset", l->offset);
		put_count(&w, "bulk_line", l->line);
		put_count(&w, "bulk_built", l->built);
	}
	json_key(&w, S("rejects"));
	json_put_text(&w, str_of(r->rejects_path));
	json_object_close(&w);
	return buf_ok(b, e);
}

static uint64_t get_count(const struct json *state, const char *key)
{
	const struct json *j = json_get(state, str_of(key));
	return j && j->kind == JSON_INT && j->i >= 0 ? (uint64_t)j->i : 0;
}

static bool hash_fits(const struct json *state, const char *key, uint64_t hash)
{
	char text[17];
	for (size_t i = 0; i < 16; i++)
		text[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
	return str_eq(json_text_of(state, str_of(key)), str_make(text, 16));
}

static bool same_file(struct loader *l, const struct json *state, err *e)
{
	str file = json_text_of(state, S("file"));
	if (get_count(state, "bytes") != l->bytes || !hash_fits(state, "head", l->head) ||
	    !hash_fits(state, "tail", l->tail))
		return err_set(
			e, ERR_CONFLICT,
			"%s is not the file of the interrupted import (%.*s, %llu bytes), or it "
			"changed since; take that import back with --undo instead",
			l->path, STR_ARG(file), (unsigned long long)get_count(state, "bytes"));
	bool same_map = l->map.path ? hash_fits(state, "map_hash", l->map.hash)
				    : !json_get(state, S("map_hash"));
	if (!same_map)
		return err_set(
			e, ERR_CONFLICT,
			"the interrupted import was read with another map; use the same one, or take "
			"it back with --undo");
	if (!str_eq(json_text_of(state, S("kind")), str_of(load_kind_name(l->kind))))
		return err_set(e, ERR_CONFLICT, "the interrupted import was one of %.*s",
			       STR_ARG(json_text_of(state, S("kind"))));
	return true;
}

static bool take_state(struct loader *l, const struct json *state, err *e)
{
	struct load_result *r = l->r;
	if (!same_file(l, state, e))
		return false;
	const struct json *at = json_get(state, S("at"));
	if (at && at->kind == JSON_INT)
		l->import_us = at->i;
	l->rows_before = get_count(state, "rows");
	if (json_get(state, S("bulk_runs")))
		r->read = l->rows_before;
	r->accepted = get_count(state, "accepted");
	r->duplicate = get_count(state, "duplicate");
	r->rejected = get_count(state, "rejected");
	r->skipped = get_count(state, "skipped");
	r->touches = get_count(state, "touches");
	r->people_new = get_count(state, "people_new");
	r->people_updated = get_count(state, "people_updated");
	r->companies_new = get_count(state, "companies_new");
	r->deals_new = get_count(state, "deals_new");
	l->is_bulk = json_get(state, S("bulk_runs")) != NULL;
	l->runs = get_count(state, "bulk_runs");
	l->offset = get_count(state, "bulk_offset");
	l->line = get_count(state, "bulk_line");
	l->built = get_count(state, "bulk_built") != 0;
	str path = json_text_of(state, S("rejects"));
	if (path.n > 0 && path.n < sizeof r->rejects_path) {
		memcpy(r->rejects_path, path.p, path.n);
		r->rejects_path[path.n] = '\0';
	}
	l->replaying = true;
	return rejects_resume(l, get_count(state, "rejects_bytes"), e);
}

bool state_resume(struct loader *l, uint64_t *import_r, err *e)
{
	struct snapshot *s = NULL;
	struct import_info *imports;
	size_t n;
	if (!snapshot_open(l->dir, 0, &s, e))
		return false;
	bool ok = snapshot_imports(s, &l->setup, &imports, &n, e);
	snapshot_close(&s);
	if (!ok)
		return false;
	const struct import_info *open = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!imports[i].closed && !imports[i].undone)
			open = &imports[i];
	}
	if (!open)
		return err_set(e, ERR_NOT_FOUND,
			       "no import was interrupted: there is nothing to resume");
	struct json_parser *p = NULL;
	const struct json *state;
	ok = json_parser_new(&p, MIB, e) && json_parse(p, open->state, &l->setup, &state, e) &&
	     take_state(l, state, e);
	json_parser_free(&p);
	*import_r = open->import;
	return ok;
}
