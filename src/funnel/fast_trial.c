/*
 * fast_trial.c - the fast path over segments, asked directly: to measure it.
 *
 * What it is:   names and sources as the codes of each segment, and one question.
 * Threads:      none of its own but those of fast_run.
 */
#include "funnel/fast.h"

#include "base/mem.h"
#include "funnel/fast_int.h"

/* The words of one segment. */
struct words {
	struct fast_name *names;
	uint32_t *group_of;
};

static bool group_number(struct fast_trial_result *r, str source, uint32_t *number_r, err *e)
{
	for (size_t i = 0; i < r->groups_n; i++) {
		if (str_eq(r->groups[i].source, source)) {
			*number_r = (uint32_t)i;
			return true;
		}
	}
	if (r->groups_n == FAST_TRIAL_GROUPS)
		return err_set(e, ERR_LIMIT, "there are more than %d sources", FAST_TRIAL_GROUPS);
	*number_r = (uint32_t)r->groups_n;
	r->groups[r->groups_n++] = (struct fast_trial_group){ .source = source };
	return true;
}

static bool words_find(const struct fast_trial *t, const struct segment *s, struct words *w,
		       struct fast_trial_result *r, err *e)
{
	size_t origins = segment_origins(s);
	w->names = mem_zalloc(segment_names(s) + 1, sizeof *w->names);
	w->group_of = mem_zalloc(origins + 1, sizeof *w->group_of);
	if (!w->names || !w->group_of)
		return err_nomem(e);
	for (size_t k = 0; k < t->steps_n; k++) {
		uint32_t code;
		if (segment_name_code(s, t->steps[k], &code))
			w->names[code].steps |= UINT32_C(1) << k;
	}
	for (size_t i = 0; (t->by_source || t->by_first_touch) && i < origins; i++)
		if (!group_number(r, segment_origin_of(s, i)->source, &w->group_of[i], e))
			return false;
	return true;
}

/* Notes the group of the first touch of step 1 of everybody. */
static bool note_group(void *arg, unsigned worker, const struct fast_subject *s, err *e)
{
	uint32_t *group = arg;
	(void)worker;
	(void)e;
	group[s->subject] = s->group;
	return true;
}

/* `note`: each subject's group goes there. `known`: it is known from there already. */
static bool ask(const struct fast_trial *t, const struct fast_segment *segments, uint32_t *note,
		const uint32_t *known, struct fast_trial_result *r, err *e)
{
	const struct chain_rules rules = { .steps_n = t->steps_n,
					   .window_us = t->window_us,
					   .from_us = t->from_us,
					   .to_us = t->to_us };
	uint64_t groups[FAST_TRIAL_GROUPS * FUNNEL_STEPS_MAX] = { 0 };
	struct fast_question q = { .segments = segments,
				   .segments_n = t->segments_n,
				   .rules = &rules,
				   .only = { t->people, t->people_n },
				   .subject_group = known,
				   .subject_groups_n = t->subjects_n,
				   .each = note ? note_group : NULL,
				   .arg = note,
				   .threads = t->threads };
	struct fast_answer a = { .group_count = groups };
	if (r->groups_n > 0) {
		q.grouping = known ? FAST_BY_SUBJECT : FAST_BY_STEP;
		q.of_step = 1;
		q.groups_n = r->groups_n;
	}
	bool ok = fast_run(&q, &a, e);
	for (size_t k = 0; k < FAST_TRIAL_STEPS; k++)
		r->count[k] = a.count[k];
	for (size_t i = 0; i < r->groups_n * FAST_TRIAL_STEPS; i++)
		r->groups[i / FAST_TRIAL_STEPS].count[i % FAST_TRIAL_STEPS] = groups[i];
	r->touches = a.touches;
	fast_answer_fini(&a);
	return ok;
}

static bool run(const struct fast_trial *t, uint32_t *note, const uint32_t *known,
		struct fast_trial_result *r, err *e)
{
	struct fast_segment *segments = mem_zalloc(t->segments_n, sizeof *segments);
	struct words *words = mem_zalloc(t->segments_n, sizeof *words);
	bool ok = (segments && words) || err_nomem(e);
	*r = (struct fast_trial_result){ 0 };
	for (size_t i = 0; ok && i < t->segments_n; i++) {
		ok = words_find(t, t->segments[i], &words[i], r, e);
		segments[i] = (struct fast_segment){
			.segment = t->segments[i],
			.names = words[i].names,
			.group = segment_origin(t->segments[i]),
			.group_of = words[i].group_of,
			.group_codes_n = segment_origins(t->segments[i]),
		};
	}
	ok = ok && ask(t, segments, note, known, r, e);
	for (size_t i = 0; words && i < t->segments_n; i++) {
		mem_free(words[i].names);
		mem_free(words[i].group_of);
	}
	mem_free(words);
	mem_free(segments);
	return ok;
}

bool fast_trial_run(const struct fast_trial *t, struct fast_trial_result *r, err *e)
{
	_Static_assert(FAST_TRIAL_STEPS == FUNNEL_STEPS_MAX, "counts have one row each");
	CHECK(t->steps_n >= 1 && t->steps_n <= FAST_TRIAL_STEPS);
	if (!t->by_first_touch)
		return run(t, NULL, NULL, r, e);
	struct fast_trial first = *t;
	uint32_t *group = mem_zalloc(t->subjects_n, sizeof *group);
	if (!group)
		return err_nomem(e);
	first.steps_n = 1;
	bool ok = run(&first, group, NULL, r, e) && run(t, NULL, group, r, e);
	mem_free(group);
	return ok;
}
