/*
 * fast.c - the funnel over segments: who does what, and the sum of it.
 *
 * What it is:   prepares each segment for the question, cuts the subjects into ranges, has several
 *               threads work through them, and adds up what they counted.
 * Promises:     no allocation but between batches; working memory within bytes_max.
 * Threads:      workers share the job: what of it changes is atomic.
 */
#include "funnel/fast_kit_int.h"
#include "funnel/funnel_int.h"

#include "base/mem.h"
#include "base/thread.h"

#include <string.h>
#include <unistd.h>

#define BYTES_MAX_DEFAULT GIB
/* Ranges a thread: so many that the last to finish is not waited for long. */
#define RANGES_EACH ((size_t)8)
#define LUT_CODES   ((size_t)256)

bool fast_can(const struct chain_rules *rules, bool lifecycle)
{
	return chain_is_plain(rules) && (!lifecycle || rules->window_us == FUNNEL_WINDOW_NONE);
}

bool room_for(struct job *j, struct room *r, size_t n, size_t item_bytes, err *e)
{
	size_t bytes, more;
	if (__builtin_mul_overflow(n, item_bytes, &bytes))
		return err_nomem(e);
	if (LIKELY(bytes <= r->bytes))
		return true;
	more = bytes + bytes / 4;
	if (atomic_fetch_add(&j->bytes, more - r->bytes) + (more - r->bytes) > j->bytes_max)
		return err_set(e, ERR_LIMIT, "the question needs more working memory than %zu MiB",
			       j->bytes_max / MIB);
	mem_free(r->p);
	r->p = mem_alloc(more);
	r->bytes = r->p ? more : 0;
	return r->p || err_nomem(e);
}

void room_fini(struct room *r)
{
	mem_free(r->p);
	*r = (struct room){ 0 };
}

/* ---- preparing ------------------------------------------------------------------------------- */

/* Some touch may fill several steps: a name, or a value of one. */
static bool fills_several(const struct fast_segment *s)
{
	for (size_t i = 0; i < segment_names(s->segment); i++) {
		const struct fast_name *n = &s->names[i];
		if (__builtin_popcount(n->steps) > 1)
			return true;
		for (size_t k = 0; n->by_value && s->value && k <= s->values_n; k++)
			if (__builtin_popcount(n->steps | n->by_value[k]) > 1)
				return true;
	}
	return false;
}

static bool prepare_segment(struct job *j, struct prepared *p, const struct fast_segment *s, err *e)
{
	size_t names = segment_names(s->segment);
	uint64_t begins = 0; /* touches of step 0 */
	*p = (struct prepared){ .s = s,
				.number = (uint32_t)(s - j->q->segments),
				.rows = column_rows(segment_at(s->segment)),
				.subjects = column_rows(segment_subject(s->segment)),
				.classes_n = MAX(names, LUT_CODES),
				.all_by_steps = true };
	p->class_of = mem_alloc(p->classes_n);
	if (!p->class_of)
		return err_nomem(e);
	memset(p->class_of, CLASS_NONE, p->classes_n);
	for (size_t i = 0; i < names; i++) {
		const struct fast_name *n = &s->names[i];
		bool by_value = n->by_value && s->value;
		if (n->steps == 0 && !by_value)
			continue;
		p->wanted |= UINT64_C(1) << i % 64;
		p->all_by_steps = p->all_by_steps && !by_value;
		begins += (n->steps & 1) != 0 ? segment_name_count(s->segment, i) : 0;
		p->class_of[i] = by_value ? CLASS_BY_VALUE : (uint8_t)__builtin_ctz(n->steps);
	}
	p->few_begin = p->all_by_steps && begins < p->subjects;
	if (column_rows(segment_name(s->segment)) != p->rows)
		return err_set(e, ERR_CORRUPT, "%s: columns differ in length",
			       colfile_path(segment_file(s->segment)));
	return true;
}

/* Bounds of the ranges: numbers of subjects at which the segment with most of them is cut. */
static bool cut_ranges(struct job *j, size_t threads, err *e)
{
	const struct prepared *main = &j->segments[0];
	const uint64_t pieces = threads * RANGES_EACH;
	for (size_t i = 1; i < j->segments_n; i++)
		if (j->segments[i].subjects > main->subjects)
			main = &j->segments[i];
	const struct segment *s = main->s->segment;
	uint64_t each = MIN((main->subjects + pieces - 1) / pieces, COLFILE_BLOCK_ROWS);
	each = MAX(each, main->subjects / (main->rows / j->batch_touches + 1));
	each = MAX(each, UINT64_C(1));
	size_t n = (size_t)((main->subjects + each - 1) / each);
	j->bounds = mem_alloc((n + 2) * sizeof *j->bounds);
	if (!j->bounds)
		return err_nomem(e);
	j->bounds[0] = 0;
	for (size_t i = 1; i < n; i++) {
		int64_t number;
		if (!column_ints(segment_subject(s), i * each, 1, &number, e))
			return false;
		j->bounds[i] = (uint64_t)number;
		if (j->bounds[i] <= j->bounds[i - 1])
			return err_set(e, ERR_CORRUPT, "%s: subjects are not in order",
				       colfile_path(segment_file(s)));
	}
	j->ranges_n = MAX(n, (size_t)1);
	j->bounds[j->ranges_n] = UINT64_MAX;
	return true;
}

static int64_t sum_or_max(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static bool prepare(struct job *j, err *e)
{
	const struct fast_question *q = j->q;
	const struct chain_rules *rules = q->rules;
	CHECK(fast_can(rules, q->lifecycle) && q->segments_n <= FAST_SEGMENTS_MAX);
	CHECK(q->grouping != FAST_BY_STEP || (q->of_step > 0 && q->of_step <= FUNNEL_STEPS_MAX));
	CHECK(q->grouping == FAST_UNGROUPED || q->group_none < q->groups_n);
	j->kit = fast_kit_used();
	j->bytes_max = q->bytes_max ? q->bytes_max : BYTES_MAX_DEFAULT;
	j->batch_touches = q->batch_touches ? q->batch_touches : BATCH_TOUCHES;
	j->wide = q->lifecycle;
	j->chains = q->each || q->grouping == FAST_BY_STEP || q->grouping == FAST_BY_LAST;
	j->window_us = MIN(rules->window_us, WINDOW_MAX_US);
	j->from_us = rules->from_us;
	j->until_us = rules->clip ? rules->to_us
		      : rules->window_us == FUNNEL_WINDOW_NONE
			      ? INT64_MAX
			      : sum_or_max(rules->to_us, rules->window_us);
	if (q->until_given)
		j->until_us = MIN(j->until_us, q->until_us);
	j->segments = mem_zalloc(q->segments_n + 1, sizeof *j->segments);
	if (!j->segments)
		return err_nomem(e);
	for (size_t i = 0; i < q->segments_n; i++) {
		struct prepared *p = &j->segments[j->segments_n++];
		if (!prepare_segment(j, p, &q->segments[i], e))
			return false;
		if (p->rows == 0 || (p->wanted == 0 && !q->lifecycle)) {
			mem_free(p->class_of);
			j->segments_n--;
			continue;
		}
		j->wide = j->wide || fills_several(p->s);
	}
	return true;
}

static void job_fini(struct job *j)
{
	for (size_t i = 0; i < j->segments_n; i++)
		mem_free(j->segments[i].class_of);
	mem_free(j->segments);
	mem_free(j->bounds);
}

/* ---- a worker -------------------------------------------------------------------------------- */

static bool worker_init(struct worker *w, struct job *j, unsigned number, err *e)
{
	const struct fast_question *q = j->q;
	size_t n = j->segments_n;
	*w = (struct worker){ .job = j, .number = number };
	bundle_init(&w->batch);
	w->cursors = mem_alloc(n * sizeof *w->cursors);
	w->parts = mem_alloc(n * sizeof *w->parts);
	if (!w->cursors || !w->parts)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		part_init(&w->parts[i]);
	w->parts_n = n;
	if (q->grouping == FAST_UNGROUPED)
		return true;
	w->answer.group_count = mem_zalloc(q->groups_n, FUNNEL_STEPS_MAX * sizeof(uint64_t));
	return w->answer.group_count || err_nomem(e);
}

static void worker_fini(struct worker *w)
{
	for (size_t i = 0; i < w->parts_n; i++)
		part_fini(&w->parts[i]);
	bundle_fini(&w->batch);
	room_fini(&w->indexes);
	room_fini(&w->anys);
	room_fini(&w->levels);
	room_fini(&w->completes);
	room_fini(&w->touches);
	mem_free(w->cursors);
	mem_free(w->parts);
	mem_free(w->answer.group_count);
	mem_free(w->answer.left);
}

/* The next batch of the range: below which number it takes subjects; 0: there is none. */
static bool next_bound(struct worker *w, uint64_t hi, uint64_t *bound_r, err *e)
{
	uint64_t bound = hi;
	bool any = false;
	for (size_t i = 0; i < w->job->segments_n; i++) {
		struct cursor *c = &w->cursors[i];
		bool more;
		if (!cursor_load(c, &more, e))
			return false;
		if (!more || (uint64_t)c->subject[c->next - c->window_at] >= hi)
			continue;
		any = true;
		bound = MIN(bound, cursor_bound(c, w->job->batch_touches));
	}
	*bound_r = any ? bound : 0;
	return true;
}

static bool run_batch(struct worker *w, uint64_t bound, err *e)
{
	struct job *j = w->job;
	const struct fast_question *q = j->q;
	size_t n = 0, live = 0;
	uint64_t touches = 0;
	for (size_t i = 0; i < j->segments_n; i++)
		live += cursor_has(&w->cursors[i], bound);
	for (size_t i = 0; i < j->segments_n; i++) {
		struct part *p = &w->parts[n];
		if (!cursor_has(&w->cursors[i], bound))
			continue;
		if (!part_take(j, p, &w->cursors[i], bound, live == 1, e))
			return false;
		touches += p->row[p->taken_n] - p->row[0];
		n += p->n > 0;
	}
	w->answer.touches += touches;
	if (n > 0 && (!bundle_merge(j, &w->batch, w->parts, n, e) || !bundle_count(w, e)))
		return false;
	if (q->touches_done)
		atomic_fetch_add(q->touches_done, touches);
	return true;
}

static bool run_range(struct worker *w, uint64_t lo, uint64_t hi, err *e)
{
	struct job *j = w->job;
	uint64_t bound;
	for (size_t i = 0; i < j->segments_n; i++)
		if (!cursor_seek(&w->cursors[i], &j->segments[i], lo, e))
			return false;
	for (;;) {
		if (atomic_load_explicit(&j->failed, memory_order_relaxed))
			return true; /* another worker says why */
		if (j->q->stop && atomic_load_explicit(j->q->stop, memory_order_relaxed))
			return err_set(e, ERR_BUSY, "the question was cancelled");
		if (!next_bound(w, hi, &bound, e))
			return false;
		if (bound == 0)
			return true;
		if (!run_batch(w, bound, e))
			return false;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct job *j = w->job;
	for (size_t i; (i = atomic_fetch_add(&j->next, 1)) < j->ranges_n;) {
		if (!run_range(w, j->bounds[i], j->bounds[i + 1], &w->e)) {
			w->failed = true;
			atomic_store(&j->failed, true);
			break;
		}
	}
	return NULL;
}

/* ---- the sum --------------------------------------------------------------------------------- */

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* From subjects by level to subjects that came at least so far. */
static void at_least(uint64_t count[FUNNEL_STEPS_MAX])
{
	for (size_t k = FUNNEL_STEPS_MAX - 1; k > 0; k--)
		count[k - 1] += count[k];
}

static bool add_answer(const struct fast_question *q, struct fast_answer *r, struct fast_answer *w,
		       err *e)
{
	at_least(w->count);
	for (size_t k = 0; k < FUNNEL_STEPS_MAX; k++) {
		r->count[k] += w->count[k];
		r->skipped[k] += w->skipped[k];
	}
	for (size_t g = 0; w->group_count && g < q->groups_n; g++) {
		at_least(w->group_count + g * FUNNEL_STEPS_MAX);
		for (size_t k = 0; k < FUNNEL_STEPS_MAX; k++)
			r->group_count[g * FUNNEL_STEPS_MAX + k] +=
				w->group_count[g * FUNNEL_STEPS_MAX + k];
	}
	r->touches += w->touches;
	r->out_of_order += w->out_of_order;
	if (w->left_n == 0)
		return true;
	uint64_t *left = mem_realloc(r->left, r->left_n + w->left_n, sizeof *left);
	if (!left)
		return err_nomem(e);
	memcpy(left + r->left_n, w->left, w->left_n * sizeof *left);
	r->left = left;
	r->left_n += w->left_n;
	return true;
}

static bool run_workers(struct job *j, size_t threads, struct fast_answer *r, err *e)
{
	struct thread started[FAST_THREADS_MAX] = { 0 };
	struct worker *workers = mem_zalloc(threads, sizeof *workers);
	bool ok = workers || err_nomem(e);
	for (size_t i = 0; ok && i < threads; i++)
		ok = worker_init(&workers[i], j, (unsigned)i, e);
	for (size_t i = 1; ok && i < threads; i++)
		ok = thread_start(&started[i], "funnel", work, &workers[i], e);
	if (ok)
		work(&workers[0]);
	else
		atomic_store(&j->failed, true);
	for (size_t i = 1; i < threads; i++)
		thread_join(&started[i]);
	for (size_t i = 0; ok && i < threads; i++) {
		if (workers[i].failed)
			*e = workers[i].e;
		ok = !workers[i].failed;
	}
	for (size_t i = 0; ok && i < threads; i++)
		ok = add_answer(j->q, r, &workers[i].answer, e);
	for (size_t i = 0; workers && i < threads; i++)
		worker_fini(&workers[i]);
	mem_free(workers);
	return ok;
}

bool fast_run(const struct fast_question *q, struct fast_answer *r, err *e)
{
	struct job j = { .q = q };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = q->threads ? q->threads : (size_t)MAX(cores, 1L);
	bool ok = prepare(&j, e);
	threads = MIN(threads, (size_t)FAST_THREADS_MAX);
	if (ok && j.segments_n > 0)
		ok = cut_ranges(&j, threads, e) && run_workers(&j, MIN(threads, j.ranges_n), r, e);
	job_fini(&j);
	if (ok)
		sort_items(r->left, r->left_n, sizeof *r->left, cmp_u64);
	return ok;
}

void fast_answer_fini(struct fast_answer *r)
{
	mem_free(r->left);
	r->left = NULL;
	r->left_n = 0;
}
