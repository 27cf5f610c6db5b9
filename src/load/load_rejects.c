/*
 * load_rejects.c - the file in which rows come back that could not be used.
 *
 * What it is:   CSV: the row as it stood, the line it stood in, and the reason; repaired, it can be
 *               imported as it is. JSON lines: {"line", "reason", "message"} in the same way.
 * Promises:     written before the next chunk is sent, so that a resumed import goes on where the
 *               file ends; a row with too many fields keeps them behind the reason.
 */
#include "load/load_int.h"

#include "base/mem.h"

#include <string.h>

#define REJECTS_FLUSH_BYTES (256 * KIB)

struct rejects {
	struct file *file;
	struct buf b;
	uint64_t offset;
};

static const char *rejects_path(struct loader *l)
{
	struct load_result *r = l->r;
	if (r->rejects_path[0])
		return r->rejects_path;
	str path = l->o->rejects_path ? str_of(l->o->rejects_path)
				      : str_printf(&l->setup, "%s.rejects.%s", l->path,
						   l->source.json ? "jsonl" : "csv");
	if (path.n == 0 || path.n >= sizeof r->rejects_path)
		return NULL;
	memcpy(r->rejects_path, path.p, path.n);
	r->rejects_path[path.n] = '\0';
	return r->rejects_path;
}

static void put_header(struct loader *l, struct buf *b)
{
	size_t n;
	const str *header = csv_header(l->source.csv, &n);
	char delimiter = csv_delimiter(l->source.csv);
	n -= MIN(n, l->source.rejects_tail);
	for (size_t i = 0; i < n; i++) {
		csv_put_field(b, header[i], true);
		buf_byte(b, (uint8_t)delimiter);
	}
	buf_printf(b, "line%creason\n", delimiter);
}

static bool rejects_open(struct loader *l, uint64_t offset, err *e)
{
	const char *path = rejects_path(l);
	if (!path)
		return err_set(e, ERR_LIMIT, "the path of the rejects file is too long");
	struct rejects *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	buf_init(&r->b, 64 * MIB);
	l->rejects = r;
	r->offset = offset;
	if (!file_open(l->fs, path, FILE_WRITE, &r->file, e) || !file_truncate(r->file, offset, e))
		return err_prefix(e, "rejects file");
	if (!l->source.json && offset == 0)
		put_header(l, &r->b);
	return true;
}

static bool flush(struct loader *l, err *e)
{
	struct rejects *r = l->rejects;
	if (!buf_ok(&r->b, e))
		return false;
	if (r->b.n > 0 && !file_write(r->file, r->b.p, r->b.n, r->offset, e))
		return err_prefix(e, "%s", l->r->rejects_path);
	r->offset += r->b.n;
	buf_clear(&r->b);
	return true;
}

static void put_csv(struct loader *l, const struct chunk_row *row, str reason)
{
	struct buf *b = &l->rejects->b;
	size_t n;
	char delimiter = csv_delimiter(l->source.csv);
	csv_header(l->source.csv, &n);
	size_t own = n - MIN(n, l->source.rejects_tail);
	for (size_t i = 0; i < own; i++) {
		if (i < row->fields_n)
			csv_put_field(b, row->fields[i], true);
		buf_byte(b, (uint8_t)delimiter);
	}
	buf_printf(b, "%llu%c", (unsigned long long)row->line, delimiter);
	csv_put_field(b, reason, true);
	for (size_t i = n; i < row->fields_n; i++) {
		buf_byte(b, (uint8_t)delimiter);
		csv_put_field(b, row->fields[i], true);
	}
	buf_byte(b, '\n');
}

/* A line that is JSON stays JSON; anything else is carried as text. */
static void put_json(struct loader *l, const struct chunk_row *row, str reason)
{
	struct buf *b = &l->rejects->b;
	struct json_writer w;
	json_writer_init(&w, b, false);
	json_object_open(&w);
	json_key(&w, S("line"));
	json_put_uint(&w, row->line);
	json_key(&w, S("reason"));
	json_put_text(&w, reason);
	if (row->is_object) {
		buf_cstr(b, ",\"message\":");
		buf_str(b, row->text);
	} else {
		json_key(&w, S("text"));
		json_put_text(&w, row->text);
	}
	json_object_close(&w);
	buf_byte(b, '\n');
}

bool rejects_put(struct loader *l, const struct chunk_row *row, str reason, err *e)
{
	if (!l->rejects && !rejects_open(l, 0, e))
		return false;
	if (l->source.json)
		put_json(l, row, reason);
	else
		put_csv(l, row, reason);
	return l->rejects->b.n < REJECTS_FLUSH_BYTES || flush(l, e);
}

bool rejects_flush(struct loader *l, err *e)
{
	return !l->rejects || flush(l, e);
}

bool rejects_resume(struct loader *l, uint64_t bytes, err *e)
{
	return bytes == 0 || rejects_open(l, bytes, e);
}

bool rejects_close(struct loader *l, err *e)
{
	if (!l->rejects)
		return true;
	bool ok = flush(l, e) && file_sync(l->rejects->file, e);
	ok = file_close(&l->rejects->file, ok ? e : NULL) && ok;
	rejects_drop(l);
	return ok;
}

void rejects_drop(struct loader *l)
{
	if (!l->rejects)
		return;
	if (l->rejects->file)
		file_close(&l->rejects->file, NULL);
	buf_fini(&l->rejects->b);
	mem_free(l->rejects);
	l->rejects = NULL;
}

uint64_t rejects_bytes(const struct loader *l)
{
	return l->rejects ? l->rejects->offset + l->rejects->b.n : 0;
}
