/*
 * erase_list.c - who was erased, for backups that were made before.
 *
 * What it is:   DIR/erasures, a line for each erasure: when, and the numbers of the person's
 *               profiles. A profile has its number for ever, so in a backup of the same directory
 *               it is the same person; the numbers say nothing of anybody.
 * Promises:     the file is whole and as new as the ledger, or written again at the next erasure
 *               or opening.
 * Threads:      the writer's; journal_erase_again the caller's, who has the directory alone.
 */
#include "journal/journal_int.h"

#include "base/log.h"
#include "base/num.h"
#include "base/time.h"

#include <stdio.h>

#define LIST_BYTES_MAX (256 * MIB)

static void put_line(struct buf *b, const struct undone_row *row)
{
	buf_printf(b, "%llu", (unsigned long long)row->undone_seq);
	for (size_t i = 0; i < row->persons_n; i++)
		buf_printf(b, " %llu", (unsigned long long)row->persons[i]);
	buf_byte(b, '\n');
}

/* Its time says when somebody was erased last: what is the same is not written again. */
static bool is_there(struct fs *fs, const char *path, str content)
{
	struct buf b CLEANUP(buf_fini);
	err ignored = { 0 };
	buf_init(&b, LIST_BYTES_MAX);
	return fs_exists(fs, path) && fs_read_all(fs, path, LIST_BYTES_MAX, &b, &ignored) &&
	       str_eq(buf_view(&b), content);
}

void erase_list_write(struct journal *j)
{
	const struct store *s = &j->store;
	char path[4096];
	struct buf b CLEANUP(buf_fini);
	err e = { 0 };
	buf_init(&b, LIST_BYTES_MAX);
	if (s->mode != STORE_WRITE || s->erased.n == 0)
		return;
	buf_cstr(&b, "# who was erased, for restoring older backups: touch, profiles\n");
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *row = &s->undone_touches.items[i];
		if (row->persons_n)
			put_line(&b, row);
	}
	int length = snprintf(path, sizeof path, "%s/" JOURNAL_ERASURES, s->dir);
	bool ok = length > 0 && length < (int)sizeof path && buf_ok(&b, &e) &&
		  (is_there(s->fs, path, buf_view(&b)) ||
		   fs_write_all(s->fs, path, buf_view(&b), &e));
	if (!ok)
		log_event(LOG_ERROR, "erasures_not_written", "code=%s", err_code_name(e.code));
}

/* ---- again ----------------------------------------------------------------------------------- */

static bool erase_one(struct journal *j, uint64_t profile, uint64_t *erased_r, err *e)
{
	err why = { 0 };
	struct erasure x = { .person = profile };
	if (profile > journal_hooks.profiles(journal_people(j)))
		return true; /* came later than the backup */
	if (journal_erase(j, &x, &why)) {
		(*erased_r)++;
		return true;
	}
	if (why.code == ERR_NOT_FOUND) /* erased with another of their profiles, or before */
		return true;
	if (e)
		*e = why;
	return false;
}

static bool erase_line(struct journal *j, const char *path, size_t number, str line,
		       uint64_t *erased_r, err *e)
{
	str word;
	bool first = true;
	for (str rest = str_trim(line); str_next(&rest, ' ', &word); first = false) {
		uint64_t profile;
		if (!num_parse_u64(word, &profile))
			return err_set(e, ERR_INVALID,
				       "%s:%zu: \"%.*s\" is no number: is it the file erasures of "
				       "a data directory?",
				       path, number, STR_ARG(word));
		if (!first && !erase_one(j, profile, erased_r, e))
			return false;
	}
	return true;
}

bool journal_erase_again(const char *dir, const char *path, uint64_t *erased_r, err *e)
{
	struct journal *j = NULL;
	struct buf b CLEANUP(buf_fini);
	uint64_t waiting;
	size_t number = 0;
	str line;
	buf_init(&b, LIST_BYTES_MAX);
	*erased_r = 0;
	if (!fs_read_all(fs_real(), path, LIST_BYTES_MAX, &b, e) || !journal_open(dir, NULL, &j, e))
		return false;
	bool ok = true;
	for (str rest = buf_view(&b); ok && str_next(&rest, '\n', &line);) {
		number++;
		ok = str_starts(line, S("#")) || erase_line(j, path, number, line, erased_r, e);
	}
	ok = ok && journal_erase_finish(j, &waiting, e) &&
	     (waiting == 0 || err_set(e, ERR_CONFLICT,
				      "%llu of them are erased, but still in the archive, since "
				      "an import is open: finish it or take it back",
				      (unsigned long long)waiting));
	journal_close(&j);
	return ok;
}
