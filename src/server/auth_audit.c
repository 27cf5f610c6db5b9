/*
 * auth_audit.c - the log of who came in, who failed to, and what they took out.
 *
 * What it is:   one JSON object a line in DIR/audit-N.jsonl, N being how many bytes stand in the
 *               files before it, so that each line has one position for ever. What somebody changed
 *               stands in the history of the configuration and of touches, not here again.
 *               audit_read gives them back, newest first.
 * Promises:     lines are appended and never changed; a line is on disk when audit_write returns.
 *               No whole network address, no address that is nobody's.
 * Threads:      any; waits for the disk.
 */
#include "server/auth_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX	(4 * KIB)
#define FILE_BYTES_MAX	(8 * MIB)
#define BLOCK_BYTES_MAX (64 * KIB)

struct newest {
	uint64_t base; /* bytes before the newest file */
	bool found;
};

static bool each_name(void *arg, const char *name)
{
	struct newest *x = arg;
	str s = str_of(name);
	uint64_t base = 0;
	if (!str_starts(s, S("audit-")) || !str_ends(s, S(".jsonl")) ||
	    !num_parse_u64(str_sub(s, 6, s.n - 12), &base))
		return true;
	if (!x->found || base > x->base)
		x->base = base;
	x->found = true;
	return true;
}

static bool open_at(const struct auth *a, uint64_t base, enum file_mode mode, struct file **f_r,
		    err *e)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/audit-%012llu.jsonl", a->dir,
			 (unsigned long long)base);
	return ((n > 0 && n < (int)sizeof path) ||
		err_set(e, ERR_INVALID, "the path of DIR is too long")) &&
	       file_open(fs_real(), path, mode, f_r, e);
}

static void put_line(struct buf *b, const struct audit_note *note)
{
	char at[TIME_TEXT_MAX];
	struct json_writer w;
	const struct {
		str key, text;
	} texts[] = {
		{ S("at"), time_print(at, time_now_us()) },
		{ S("what"), str_of(note->what) },
		{ S("by"), note->by },
		{ S("detail"), note->detail },
		{ S("network"), note->network },
		{ S("device"), note->device },
	};
	json_writer_init(&w, b, false);
	json_object_open(&w);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (texts[i].text.n == 0)
			continue;
		json_key(&w, texts[i].key);
		json_put_text(&w, texts[i].text);
	}
	if (note->user != 0) {
		json_key(&w, S("user"));
		json_put_uint(&w, note->user);
	}
	json_object_close(&w);
	buf_byte(b, '\n');
}

static bool append(struct auth *a, str line, err *e)
{
	struct newest x = { 0 };
	struct file *f = NULL;
	uint64_t bytes = 0;
	if (!fs_list(fs_real(), a->dir, each_name, &x, e) || !open_at(a, x.base, FILE_WRITE, &f, e))
		return false;
	bool ok = file_size(f, &bytes, e);
	if (ok && bytes >= FILE_BYTES_MAX) {
		ok = file_close(&f, e) && open_at(a, x.base + bytes, FILE_WRITE, &f, e);
		bytes = 0;
	}
	ok = ok && file_write(f, line.p, line.n, bytes, e) && file_sync(f, e);
	err ignored = { 0 };
	return file_close(&f, ok ? e : &ignored) && ok;
}

void audit_write(struct auth *a, const struct audit_note *note)
{
	struct buf b CLEANUP(buf_fini) = { 0 };
	err e = { 0 };
	if (a->dir == NULL)
		return;
	buf_init(&b, LINE_BYTES_MAX);
	put_line(&b, note);
	mutex_lock(&a->audit);
	bool ok = buf_ok(&b, &e) && append(a, buf_view(&b), &e);
	mutex_unlock(&a->audit);
	if (!ok)
		log_event(LOG_ERROR, "audit_not_written", "what=%s code=%s", note->what,
			  err_code_name(e.code));
}

/* ---- reading --------------------------------------------------------------------------------- */

struct older {
	uint64_t before, base;
	bool found;
};

static bool each_older(void *arg, const char *name)
{
	struct older *x = arg;
	struct newest one = { 0 };
	each_name(&one, name);
	if (one.found && one.base < x->before && (!x->found || one.base > x->base)) {
		x->base = one.base;
		x->found = true;
	}
	return true;
}

/* The bytes of one file that stand before `before`, a block at most; *at_r: where they begin. */
static bool block_read(const struct auth *a, uint64_t before, struct arena *arena, str *block_r,
		       uint64_t *at_r, err *e)
{
	struct older x = { .before = before };
	struct file *f = NULL;
	uint64_t bytes = 0;
	*block_r = S("");
	if (!fs_list(fs_real(), a->dir, each_older, &x, e))
		return false;
	if (!x.found)
		return true;
	if (!open_at(a, x.base, FILE_READ, &f, e))
		return false;
	bool ok = file_size(f, &bytes, e);
	uint64_t end = ok ? MIN(bytes, before - x.base) : 0;
	uint64_t from = end > BLOCK_BYTES_MAX ? end - BLOCK_BYTES_MAX : 0;
	char *p = arena_alloc(arena, BLOCK_BYTES_MAX);
	size_t n = 0;
	if (p == NULL)
		ok = arena_err(arena, e);
	ok = ok && file_read(f, p, (size_t)(end - from), from, &n, e);
	err ignored = { 0 };
	ok = file_close(&f, ok ? e : &ignored) && ok;
	*block_r = str_make(p, n);
	*at_r = x.base + from;
	/* The block may begin inside a line. */
	size_t cut = from > 0 ? str_index(*block_r, '\n') + 1 : 0;
	*block_r = str_sub(*block_r, cut, n);
	*at_r += MIN(cut, n);
	return ok;
}

bool audit_read(struct auth *a, uint64_t before, size_t max, struct arena *arena,
		struct audit_line **lines_r, size_t *n_r, err *e)
{
	size_t n = 0;
	struct audit_line *lines = ARENA_ARRAY(arena, struct audit_line, max);
	if (lines == NULL)
		return arena_err(arena, e);
	*lines_r = lines;
	for (*n_r = 0; a->dir != NULL && n < max && before > 0; *n_r = n) {
		str block;
		uint64_t at = 0;
		if (!block_read(a, before, arena, &block, &at, e))
			return false;
		if (block.n == 0)
			break;
		while (n < max && block.n > 0) {
			size_t begin = block.n - 1;
			while (begin > 0 && block.p[begin - 1] != '\n')
				begin--;
			lines[n++] = (struct audit_line){
				.at = at + begin,
				.text = str_trim(str_sub(block, begin, block.n)),
			};
			block.n = begin;
		}
		before = lines[n - 1].at;
	}
	return true;
}
