/*
 * fuzz_funnel.c - any bytes as the parameters of a funnel.
 *
 * What it is:   the first line is the list of steps, each further one NAME=TEXT of a parameter.
 * Steps that are taken are written out as a text that is taken again and means the same; rules that
 * pass the check are run over a few touches, and agree with themselves.
 */
#include "fuzz/replay.h"

#include "funnel/funnel_int.h"

#include <string.h>

#define TOUCHES 24

static str next_line(str *rest)
{
	size_t end = str_index(*rest, '\n');
	str line = str_sub(*rest, 0, end);
	*rest = str_sub(*rest, MIN(end + 1, rest->n), rest->n);
	return line;
}

static void check_steps(struct arena *a, const struct funnel_step *steps, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		struct funnel_step *again;
		size_t again_n;
		err e = { 0 };
		str text = step_text(a, &steps[k]);
		CHECK(text.p);
		CHECK(funnel_parse_steps(a, text, &again, &again_n, &e));
		CHECK(again_n == 1 && again->kind == steps[k].kind);
		CHECK(str_eq(again->name, steps[k].name));
		CHECK(again->first_ever == steps[k].first_ever);
		CHECK(again->optional == steps[k].optional && again->anchor == steps[k].anchor);
	}
}

struct seen {
	size_t n, level;
};

static bool see(void *arg, const struct chain *c)
{
	struct seen *s = arg;
	CHECK(c->level >= 1 && c->level <= FUNNEL_STEPS_MAX);
	s->n++;
	s->level += c->level;
	return true;
}

static void run_rules(struct arena *a, struct funnel_spec *spec, const uint8_t *data, size_t n)
{
	struct chain_touch t[TOUCHES] = { { 0 } };
	struct chain_rules rules;
	struct sequence *s;
	err e = { 0 };
	int64_t at = 0;
	CHECK(rules_settle(spec, a, &e));
	rules_make(spec, &rules);
	for (size_t i = 0; i < TOUCHES && n > 0; i++) {
		uint8_t b = data[i % n];
		at += b % 4 * US_PER_S;
		t[i] = (struct chain_touch){ .at_us = at,
					     .seq = i,
					     .mask = UINT32_C(1) << (b >> 2) % rules.steps_n,
					     .exclude = b % 11 == 0,
					     .hold = b % 3 };
	}
	CHECK(sequence_new(&rules, &s, &e));
	for (size_t k = 1; k <= TOUCHES; k += TOUCHES - 1) {
		struct seen once = { 0 }, twice = { 0 };
		bool ok = sequence_run(s, t, k, see, &once, &e);
		CHECK(ok || e.code == ERR_LIMIT);
		CHECK(!ok || sequence_run(s, t, k, see, &twice, &e));
		CHECK(!ok || (once.n == twice.n && once.level == twice.level));
	}
	sequence_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct funnel_spec spec = { .from_us = INT64_MIN, .to_us = INT64_MAX };
	struct funnel_step *steps;
	str rest = str_make((const char *)data, n);
	err e = { 0 };
	arena_init(&a, 64 * MIB);
	bool ok = funnel_parse_steps(&a, next_line(&rest), &steps, &spec.steps_n, &e);
	if (ok) {
		spec.steps = steps;
		check_steps(&a, steps, spec.steps_n);
	}
	while (ok && rest.n > 0) {
		str line = next_line(&rest);
		size_t at = str_index(line, '=');
		size_t i = funnel_parameter_number(str_sub(line, 0, at));
		if (funnel_parameter_name(i))
			ok = funnel_parameter_set(&a, &spec, i,
						  str_sub(line, MIN(at + 1, line.n), line.n), &e);
	}
	if (ok && funnel_check(&spec, NULL, &e))
		run_rules(&a, &spec, data, n);
	else
		CHECK(e.code == ERR_INVALID || e.code == ERR_LIMIT);
	arena_fini(&a);
	return 0;
}
