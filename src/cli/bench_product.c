/*
 * bench_product.c - the questions of trichter bench funnel, as a user asks them.
 *
 * What it is:   the same touches as a CSV file through the import that a user runs, and then
 *               funnel_run over a snapshot: with identities, what was taken back, times between
 *               steps, and everything else that an answer has.
 * Promises:     answers that differ from those over the bare segment are a failure.
 * Threads:      one at a time; the import and the questions have their own.
 */
#include "cli/bench_funnel_int.h"

#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "load/load.h"
#include "funnel/funnel.h"

#include <stdio.h>

#define ARENA_BYTES_MAX (4 * GIB)
#define REPEATS		5

/* Milliseconds since 1970, as programs write them. */
void product_row(struct buf *b, uint64_t person, int64_t at_us, uint32_t name, uint32_t source)
{
	buf_printf(b, "%lld,name_%02u,u%llu,source_%02u\n", (long long)(at_us / 1000), name,
		   (unsigned long long)person, source);
}

static bool load(struct bench *b, const char *dir, const char *path, struct stopwatch *took,
		 struct load_result *result, err *e)
{
	struct journal *j = NULL;
	struct progress progress;
	struct load_options o = { .kind_given = true,
				  .kind = LOAD_EVENTS,
				  .bulk = LOAD_BULK_ALWAYS,
				  .date_format = "epoch_ms",
				  .progress = progress_show,
				  .progress_arg = &progress,
				  .stop = b->stop };
	if (!journal_init(dir, e))
		return false;
	struct stopwatch start = stopwatch_start();
	if (!journal_open(dir, NULL, &j, e))
		return false;
	progress_begin(&progress);
	bool ok = load_file(dir, j, path, &o, &b->c->arena, result, e);
	progress_end(&progress);
	journal_close(&j);
	*took = stopwatch_since(start);
	return ok;
}

static bool same(const struct funnel_result *r, const struct product_question *q, err *e)
{
	for (size_t k = 0; k < r->steps_n; k++)
		if (r->steps[k].count != q->count[k])
			return err_set(
				e, ERR_CONFLICT,
				"%s: %llu came to step %zu in the product, %llu in the segment",
				q->name, (unsigned long long)r->steps[k].count, k + 1,
				(unsigned long long)q->count[k]);
	return true;
}

static bool ask(struct snapshot *s, struct product_question *q, const struct funnel_step *steps,
		size_t steps_n, err *e)
{
	struct arena a;
	arena_init(&a, ARENA_BYTES_MAX);
	const struct funnel_spec spec = { .steps = steps,
					  .steps_n = steps_n,
					  .window_us = q->window_us,
					  .window_given = true,
					  .from_us = q->from_us,
					  .to_us = q->to_us,
					  .by = q->by_source ? S("source") : S(""),
					  .now_us = time_now_us(),
					  .counts_only = true };
	bool ok = true;
	for (size_t i = 0; ok && i < REPEATS; i++) {
		struct funnel_result r = { 0 };
		arena_reset(&a);
		struct stopwatch start = stopwatch_start();
		ok = funnel_run(s, &spec, &a, &r, e);
		struct stopwatch took = stopwatch_since(start);
		double wall = (double)took.wall_us / 1000, cpu = (double)took.cpu_us / 1000;
		q->wall_ms = i == 0 ? wall : MIN(q->wall_ms, wall);
		q->cpu_ms = i == 0 ? cpu : MIN(q->cpu_ms, cpu);
		ok = ok && same(&r, q, e);
	}
	arena_fini(&a);
	return ok;
}

bool product_run(struct bench *b, const char *path, const str *names, size_t names_n,
		 struct product_question *q, size_t n, struct product_load *r, err *e)
{
	struct arena *a = &b->c->arena;
	char *dir = str_cstr(a, str_printf(a, "%s/data", b->dir));
	struct funnel_step *steps = ARENA_ARRAY(a, struct funnel_step, names_n);
	struct load_result result = { 0 };
	struct snapshot *s = NULL;
	struct stopwatch loaded;
	if (!dir || !steps)
		return arena_err(a, e);
	for (size_t i = 0; i < names_n; i++)
		steps[i] = (struct funnel_step){ .kind = STEP_NAME, .name = names[i] };
	bench_say("loading");
	if (!load(b, dir, path, &loaded, &result, e) || bench_is_over(b, e))
		return false;
	if (result.accepted != b->touches)
		return err_set(e, ERR_CONFLICT, "of %llu rows only %llu were accepted",
			       (unsigned long long)b->touches, (unsigned long long)result.accepted);
	r->load_s = (double)loaded.wall_us / (double)US_PER_S;
	struct stopwatch start = stopwatch_start();
	if (!snapshot_open(dir, 0, &s, e))
		return false;
	r->open_ms = (double)stopwatch_since(start).wall_us / 1000;
	bench_say("asking");
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = !bench_is_over(b, e) && ask(s, &q[i], steps, names_n, e);
	snapshot_close(&s);
	return ok;
}
