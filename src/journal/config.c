/*
 * config.c - configuration whose rows say from and to which touch they were valid.
 *
 * What it is:   a new value ends the old row and begins its own; nothing is overwritten.
 * Threads:      the writer's.
 */
#include "journal/journal_int.h"

#define NAME_BYTES_MAX 200

bool config_set(struct journal *j, struct job *job, err *e)
{
	struct store *s = &j->store;
	if (job->name.n == 0 || job->name.n > NAME_BYTES_MAX)
		return err_set(e, ERR_INVALID, "a name of 1 to %d bytes is needed", NAME_BYTES_MAX);
	group_begin(j);
	struct config_row row = { .key = s->config.n + 1,
				  .name = str_dup(&s->texts, job->name),
				  .value = str_dup(&s->texts, job->text),
				  .by = str_dup(&s->texts, job->by),
				  .from_seq = j->next_seq,
				  .from_us = j->received_us,
				  .dirty = true };
	if (s->texts.over)
		return arena_err(&s->texts, e);
	/* Refused before anything is written, when it makes no sense. */
	if (!journal_hooks.configure(s->people, row.name, row.value, row.from_seq, true, e))
		return false;
	for (size_t i = 0; i < s->config.n; i++) {
		struct config_row *old = &s->config.items[i];
		if (old->to_seq || !str_eq(old->name, row.name))
			continue;
		old->to_seq = row.from_seq;
		old->dirty = true;
	}
	if (!vec_push(&s->config, row)) {
		j->must_reload = true;
		return err_nomem(e);
	}
	if (!group_commit(j, e))
		return false;
	return !str_starts(job->name, S("rule.")) || job->text.n == 0 || evaluate_everyone(j, e);
}
