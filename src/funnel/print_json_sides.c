/*
 * print_json_sides.c - what stands beside the counts, in the document of a funnel.
 *
 * What it is:   the sentence, exits with reasons, who is where now, money, the period before.
 * Promises:     what was not asked for or is not known is null, never 0.
 * Threads:      any.
 */
#include "funnel/print_int.h"

#include "funnel/funnel_int.h"
#include "io/json.h"

#define TEXT_BYTES_MAX (16 * MIB)

const char *exit_word(enum funnel_exit_kind kind)
{
	static const char *const words[] = { "disqualified", "recycled", "lost" };
	return words[kind];
}

static void put_known(struct json_writer *w, const char *key, bool known, uint64_t n)
{
	json_key(w, str_of(key));
	if (known)
		json_put_uint(w, n);
	else
		json_put_null(w);
}

static void put_exit(struct json_writer *w, enum funnel_exit_kind kind,
		     const struct funnel_exit *exit)
{
	json_object_open(w);
	json_key(w, S("kind"));
	json_put_text(w, str_of(exit_word(kind)));
	put_known(w, "count", true, exit->count);
	json_key(w, S("reasons"));
	json_array_open(w);
	for (size_t i = 0; i < exit->reasons_n; i++) {
		json_object_open(w);
		json_key(w, S("reason"));
		if (exit->reasons[i].reason.n > 0)
			json_put_text(w, exit->reasons[i].reason);
		else
			json_put_null(w);
		put_known(w, "count", true, exit->reasons[i].count);
		json_object_close(w);
	}
	json_array_close(w);
	json_object_close(w);
}

static void put_amount(struct json_writer *w, const struct funnel_money *m)
{
	json_key(w, S("amount_minor"));
	json_put_int(w, m->amount_minor);
	json_key(w, S("currency"));
	json_put_text(w, str_of(m->currency));
}

static void put_money(struct json_writer *w, const struct funnel_step_result *s)
{
	json_key(w, S("money"));
	if (s->money_n == 0) {
		json_put_null(w);
		return;
	}
	json_object_open(w);
	json_key(w, S("kind"));
	json_put_text(w, s->money_kind == FUNNEL_VALUE ? S("value") : S("cost_per_head"));
	put_amount(w, &s->money[0]);
	json_key(w, S("others"));
	json_array_open(w);
	for (size_t i = 1; i < s->money_n; i++) {
		json_object_open(w);
		put_amount(w, &s->money[i]);
		json_object_close(w);
	}
	json_array_close(w);
	json_object_close(w);
}

static void put_place(struct json_writer *w, const struct funnel_spec *spec, size_t row)
{
	static const char *const zones[] = { "tofu", "mofu", "bofu" };
	static const char *const sides[] = { "marketing", "both", "sales" };
	enum funnel_zone zone;
	enum funnel_side side;
	bool is_stage = funnel_place(spec, row, &zone, &side);
	json_key(w, S("zone"));
	if (is_stage)
		json_put_text(w, str_of(zones[zone]));
	else
		json_put_null(w);
	json_key(w, S("side"));
	if (is_stage)
		json_put_text(w, str_of(sides[side]));
	else
		json_put_null(w);
}

void print_json_sides(struct json_writer *w, const struct funnel_result *r, size_t row)
{
	const struct funnel_step_result *s = &r->steps[row];
	bool stage = row_stage(&r->spec, row).n > 0;
	put_place(w, &r->spec, row);
	put_known(w, "previous", r->has_previous, s->previous);
	if (!r->has_sides)
		return;
	put_known(w, "here_now", r->has_here && (stage || r->spec.steps_n == 0), s->here_now);
	put_known(w, "here_all", r->has_here && stage, s->here_all);
	put_known(w, "young", true, s->young);
	json_key(w, S("exits"));
	json_array_open(w);
	for (size_t i = 0; i < FUNNEL_EXITS_N; i++)
		if (s->exits[i].count > 0)
			put_exit(w, (enum funnel_exit_kind)i, &s->exits[i]);
	json_array_close(w);
	put_money(w, s);
}

static void put_end(struct json_writer *w, const char *key, int64_t us)
{
	json_key(w, str_of(key));
	if (us == INT64_MAX)
		json_put_null(w);
	else
		json_put_int(w, us / US_PER_S);
}

void print_json_histogram(struct json_writer *w, const struct funnel_result *r)
{
	json_key(w, S("histogram"));
	json_object_open(w);
	json_key(w, S("steps"));
	json_array_open(w);
	for (size_t k = 1; k < r->steps_n; k++) {
		json_object_open(w);
		put_known(w, "step", true, k + 1);
		json_key(w, S("buckets"));
		json_array_open(w);
		for (size_t i = 0; i < r->steps[k].buckets_n; i++) {
			const struct funnel_bucket *b = &r->steps[k].buckets[i];
			json_object_open(w);
			put_end(w, "from_seconds", b->from_us);
			put_end(w, "to_seconds", b->to_us);
			put_known(w, "count", true, b->count);
			json_object_close(w);
		}
		json_array_close(w);
		json_object_close(w);
	}
	json_array_close(w);
	json_object_close(w);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void put_texts(struct json_writer *w, const struct funnel_result *r,
		      void (*print)(const struct funnel_result *r, enum language language,
				    struct buf *out))
{
	static const char *const names[] = { "en", "de" };
	json_object_open(w);
	for (size_t i = 0; i < LANGUAGES_N; i++) {
		struct buf text;
		buf_init(&text, TEXT_BYTES_MAX);
		print(r, (enum language)i, &text);
		json_key(w, str_of(names[i]));
		json_put_text(w, buf_view(&text));
		print_failed(w->out, &text);
		buf_fini(&text);
	}
	json_object_close(w);
}

void print_json_rules_text(struct json_writer *w, const struct funnel_result *r)
{
	json_key(w, S("rules_text"));
	put_texts(w, r, funnel_print_rules);
}

void print_json_sentence(struct json_writer *w, const struct funnel_result *r)
{
	struct funnel_truth t = funnel_truth_of(r);
	json_key(w, S("sentence"));
	json_object_open(w);
	json_key(w, S("text"));
	put_texts(w, r, funnel_print_sentence);
	json_key(w, S("first"));
	json_put_text(w, r->steps[t.first].name);
	put_known(w, "first_step", true, t.first + 1);
	put_known(w, "first_count", true, r->steps[t.first].count);
	json_key(w, S("last"));
	json_put_text(w, r->steps[t.last].name);
	put_known(w, "last_step", true, t.last + 1);
	put_known(w, "last_count", true, r->steps[t.last].count);
	json_key(w, S("leak"));
	if (t.leak == 0) {
		json_put_null(w);
	} else {
		json_object_open(w);
		put_known(w, "step", true, t.leak);
		json_key(w, S("from"));
		json_put_text(w, r->steps[t.leak - 1].name);
		json_key(w, S("to"));
		json_put_text(w, r->steps[t.leak].name);
		put_known(w, "lost", true, r->steps[t.leak - 1].count - r->steps[t.leak].count);
		json_object_close(w);
	}
	json_object_close(w);
}
