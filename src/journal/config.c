/*
 * config.c - configuration whose rows say from and to which touch they were valid.
 *
 * What it is:   a new value ends the old row and begins its own; nothing is overwritten but the
 *               values of secrets, of which nobody may ever need an old one.
 * Threads:      the writer's; journal_config_* from any.
 */
#include "journal/journal_int.h"

#include "base/time.h"

#include <unistd.h>

#define BUSY_WAIT_US   1000
#define NAME_BYTES_MAX 200

static void end_old_row(struct store *s, str name, uint64_t seq)
{
	uint64_t key;
	if (!map_get(&s->config_newest, name, &key))
		return;
	struct config_row *old = &s->config.items[key - 1];
	old->to_seq = seq;
	old->dirty = true;
	if (config_is_secret(name))
		old->value = S("");
}

static void tell(const struct journal *j, const struct config_row *row)
{
	for (size_t i = 0; i < j->watchers_n; i++)
		j->watchers[i].fn(j->watchers[i].arg, row->name, row->value, row->from_seq,
				  row->from_us, row->by);
}

bool config_set(struct journal *j, struct job *job, err *e)
{
	struct store *s = &j->store;
	if (job->name.n == 0 || job->name.n > NAME_BYTES_MAX)
		return err_set(e, ERR_INVALID, "a name of 1 to %d bytes is needed", NAME_BYTES_MAX);
	uint64_t used;
	if (job->must_be_new && map_get(&s->config_newest, job->name, &used))
		return err_set(e, ERR_CONFLICT, "%.*s has been used already", STR_ARG(job->name));
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
	s->config_changed = true;
	end_old_row(s, row.name, row.from_seq);
	if (!store_config_add(s, row, e)) {
		j->must_reload = true;
		return false;
	}
	if (!group_commit(j, e))
		return false;
	tell(j, &row);
	return !str_starts(job->name, S("rule.")) || job->text.n == 0 || evaluate_everyone(j, e);
}

static bool watcher_add(struct journal *j, const struct job *job, err *e)
{
	if (j->watchers_n == CONFIG_WATCHERS_MAX)
		return err_set(e, ERR_LIMIT, "%d already watch the configuration",
			       CONFIG_WATCHERS_MAX);
	j->watchers[j->watchers_n++] = (struct config_watcher){ .fn = job->watch,
								.arg = job->watch_arg };
	return true;
}

bool config_watch(struct journal *j, struct job *job, err *e)
{
	const struct store *s = &j->store;
	if (!watcher_add(j, job, e))
		return false;
	for (size_t i = 0; i < s->config.n; i++) {
		const struct config_row *row = &s->config.items[i];
		if (row->to_seq == 0 && row->value.n > 0)
			job->watch(job->watch_arg, row->name, row->value, row->from_seq,
				   row->from_us, row->by);
	}
	return true;
}

void config_unwatch(struct journal *j, struct job *job)
{
	for (size_t i = 0; i < j->watchers_n; i++) {
		if (j->watchers[i].fn != job->watch || j->watchers[i].arg != job->watch_arg)
			continue;
		j->watchers[i] = j->watchers[--j->watchers_n];
		return;
	}
}

bool config_history(struct journal *j, struct job *job, err *e)
{
	const struct store *s = &j->store;
	uint64_t key = job->before && job->before <= s->config.n ? job->before - 1 : s->config.n;
	size_t n = MIN(job->items_max, (size_t)key);
	job->changes = ARENA_ARRAY(job->arena, struct config_change, n);
	if (!job->changes)
		return arena_err(job->arena, e);
	for (; job->items_n < n; key--) {
		const struct config_row *row = &s->config.items[key - 1];
		bool told = !config_is_secret(row->name);
		str old = row->before ? s->config.items[row->before - 1].value : S("");
		job->changes[job->items_n++] = (struct config_change){
			.number = row->key,
			.name = str_dup(job->arena, row->name),
			.value = told ? str_dup(job->arena, row->value) : S(""),
			.old = told ? str_dup(job->arena, old) : S(""),
			.by = str_dup(job->arena, row->by),
			.at_us = row->from_us,
			.first = row->before == 0,
		};
	}
	return !job->arena->over || arena_err(job->arena, e);
}

static bool set(struct journal *j, struct job *job, err *e)
{
	if (!journal_run_job(j, job, e))
		return false;
	if (j->remote)
		tell(j, &(struct config_row){ .name = job->name,
					      .value = job->text,
					      .by = job->by,
					      .from_us = time_now_us() });
	return true;
}

bool journal_config_set(struct journal *j, str name, str text, str by, err *e)
{
	struct job job = { .kind = JOB_CONFIG, .name = name, .text = text, .by = by };
	return set(j, &job, e);
}

bool journal_config_add(struct journal *j, str name, str text, str by, err *e)
{
	struct job job = {
		.kind = JOB_CONFIG, .name = name, .text = text, .by = by, .must_be_new = true
	};
	return set(j, &job, e);
}

bool journal_config_watch(struct journal *j, config_fn each, void *arg, err *e)
{
	struct job job = { .kind = JOB_CONFIG_WATCH, .watch = each, .watch_arg = arg };
	return journal_run_job(j, &job, e) && (!j->remote || watcher_add(j, &job, e));
}

void journal_config_unwatch(struct journal *j, config_fn each, void *arg)
{
	struct job job = { .kind = JOB_CONFIG_UNWATCH, .watch = each, .watch_arg = arg };
	err e = { 0 };
	if (j->remote) {
		config_unwatch(j, &job);
		return;
	}
	while (!journal_run_job(j, &job, &e) && e.code == ERR_BUSY)
		usleep(BUSY_WAIT_US);
}

bool journal_config_history(struct journal *j, uint64_t before, size_t max, struct arena *a,
			    struct config_change **changes_r, size_t *n_r, err *e)
{
	struct job job = {
		.kind = JOB_CONFIG_HISTORY, .before = before, .items_max = max, .arena = a
	};
	if (!journal_run_job(j, &job, e))
		return false;
	*changes_r = job.changes;
	*n_r = job.items_n;
	return true;
}
