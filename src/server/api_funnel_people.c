/*
 * api_funnel_people.c - who is behind a number of the funnel.
 *
 * What it is:   GET /api/v1/funnel/people: the subjects of an answer, with the rule that says who
 *               they are, page by page.
 * Promises:     `count` is the number that was shown; a cursor means a place, not a page, so that
 *               nobody is shown twice.
 * Threads:      workers.
 */
#include "server/funnel_int.h"

#include "base/num.h"
#include "people/subject.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     500
#define ROW_BYTES_MAX (64 * MIB)

/* ---- one row --------------------------------------------------------------------------------- */

bool person_put_row(struct json_writer *w, struct people *p, uint64_t subject, int64_t now_us,
		    struct arena *a, err *e)
{
	struct subject s;
	return subject_read(p, subject, NULL, 0, now_us, a, &s, e) &&
	       shape_row(w, p, &s, &(struct shape_columns){ 0 }, a, e);
}

/* ---- which number ---------------------------------------------------------------------------- */

static bool read_outcome(struct request *q, struct funnel_who *who, err *e)
{
	static const struct {
		const char *word;
		enum funnel_outcome outcome;
		enum funnel_exit_kind exit;
	} words[] = {
		{ "reached", FUNNEL_REACHED, 0 },
		{ "dropped", FUNNEL_DROPPED, 0 },
		{ "here", FUNNEL_HERE, 0 },
		{ "here_all", FUNNEL_HERE_ALL, 0 },
		{ "young", FUNNEL_STILL, 0 },
		{ "open", FUNNEL_OPEN, 0 },
		{ "exit:disqualified", FUNNEL_LEFT, FUNNEL_DISQUALIFIED },
		{ "exit:recycled", FUNNEL_LEFT, FUNNEL_RECYCLED },
		{ "exit:lost", FUNNEL_LEFT, FUNNEL_LOST },
	};
	str text = param_text(q, "outcome");
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (text.n == 0 || str_eq(text, str_of(words[i].word))) {
			who->outcome = words[i].outcome;
			who->exit = words[i].exit;
			return true;
		}
	}
	return problem_field(
		q, e, "outcome",
		"expected reached, dropped, here, here_all, young, open, exit:disqualified, "
		"exit:recycled or exit:lost");
}

static bool read_who(struct request *q, struct funnel_who *who, err *e)
{
	uint64_t step = 0;
	if (!param_count(q, "step", 1, FUNNEL_STEPS_MAX, &step, e) || !read_outcome(q, who, e))
		return false;
	if (step == 0)
		return problem_field(q, e, "step", "expected the number of a step");
	who->step = (size_t)step;
	who->reason = http_query(q->http, S("reason"));
	who->by_reason = who->reason.p != NULL;
	if (who->by_reason && who->outcome != FUNNEL_LEFT)
		return problem_field(q, e, "reason", "only exits have reasons");
	who->group = http_query(q->http, S("group"));
	who->by_group = who->group.p != NULL;
	who->no_group = param_text(q, "no_group").n > 0;
	if ((who->by_group || who->no_group) && param_text(q, "by").n == 0)
		return problem_field(q, e, "by", "there is no group without a breakdown");
	return true;
}

/* "at_us.subject", of the last row of a page. */
static bool read_after(struct request *q, struct funnel_person *after, bool *given_r, err *e)
{
	str text = param_text(q, "after");
	size_t dot = str_index(text, '.');
	*given_r = text.n > 0;
	if (text.n == 0)
		return true;
	return (dot < text.n && num_parse_i64(str_sub(text, 0, dot), &after->at_us) &&
		num_parse_u64(str_sub(text, dot + 1, text.n), &after->subject)) ||
	       problem_field(q, e, "after", "is no cursor of this list");
}

/* ---- the rule that says who they are --------------------------------------------------------- */

static void say_reason(struct buf *b, const struct funnel_who *who, bool de)
{
	if (!who->by_reason)
		return;
	if (who->reason.n == 0)
		buf_cstr(b, de ? ", ohne Grund" : ", without a reason");
	else
		buf_printf(b, de ? ", Grund: %.*s" : ", reason: %.*s", STR_ARG(who->reason));
}

static void say_group(struct buf *b, const struct funnel_result *r, const struct funnel_who *who,
		      bool de)
{
	if (who->no_group)
		buf_printf(b, de ? "; ohne %.*s" : "; without %.*s", STR_ARG(r->spec.by));
	else if (who->by_group)
		buf_printf(b, "; %.*s: %.*s", STR_ARG(r->spec.by), STR_ARG(who->group));
}

static void say_exit(struct buf *b, const struct funnel_result *r, const struct funnel_who *who,
		     bool de)
{
	static const char *const words[][2] = {
		[FUNNEL_DISQUALIFIED] = { "and were then disqualified", "und disqualifiziert" },
		[FUNNEL_RECYCLED] = { "and went back to marketing",
				      "und zur\u00FCck ans Marketing" },
		[FUNNEL_LOST] = { "and were then lost", "und verloren" },
	};
	buf_cstr(b, de ? "Bis " : "Came as far as ");
	funnel_print_name(r, who->step - 1, b);
	buf_printf(b, " %s", words[who->exit][de]);
	say_reason(b, who, de);
}

static void say_rule(struct buf *b, const struct funnel_result *r, const struct funnel_who *who,
		     enum language language)
{
	bool de = language == LANGUAGE_DE;
	size_t row = who->step - 1;
	switch (who->outcome) {
	case FUNNEL_REACHED:
		buf_cstr(b, de ? "Erreicht: " : "Reached ");
		funnel_print_name(r, row, b);
		break;
	case FUNNEL_DROPPED:
		buf_cstr(b, de ? "Bis " : "Came as far as ");
		funnel_print_name(r, row, b);
		buf_cstr(b, de ? " und (noch) nicht weiter" : " and no further (yet)");
		break;
	case FUNNEL_HERE:
	case FUNNEL_HERE_ALL:
		buf_cstr(b, de ? "Jetzt in " : "Now in ");
		funnel_print_name(r, row, b);
		if (who->outcome == FUNNEL_HERE_ALL)
			buf_cstr(b, de ? ", wann auch immer gekommen" : ", whenever they came");
		break;
	case FUNNEL_OPEN:
		buf_cstr(b, de ? "Bis " : "Came as far as ");
		funnel_print_name(r, row, b);
		buf_cstr(b, de ? ", noch offen" : ", still open");
		break;
	case FUNNEL_LEFT:
		say_exit(b, r, who, de);
		break;
	case FUNNEL_STILL:
		buf_cstr(b, de ? "Bis " : "Came as far as ");
		funnel_print_name(r, row, b);
		buf_cstr(b, de ? " und noch in der Zeit, in der neun von zehn weiterkommen"
			       : " and still within the time in which nine in ten come further");
		break;
	}
	say_group(b, r, who, de);
	buf_cstr(b, ". ");
	funnel_print_rules(r, language, b);
}

static void put_rule(struct json_writer *w, const struct funnel_result *r,
		     const struct funnel_who *who)
{
	static const char *const names[] = { "en", "de" };
	json_key(w, S("rule_text"));
	json_object_open(w);
	for (size_t i = 0; i < LANGUAGES_N; i++) {
		struct buf text;
		buf_init(&text, MIB);
		say_rule(&text, r, who, (enum language)i);
		json_key(w, str_of(names[i]));
		json_put_text(w, buf_view(&text));
		buf_fini(&text);
	}
	json_object_close(w);
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool put_rows(struct json_writer *w, struct snapshot *s, const struct funnel_person *people,
		     size_t n, err *e)
{
	struct arena a CLEANUP(arena_fini);
	int64_t now_us = time_now_us();
	char text[TIME_TEXT_MAX];
	arena_init(&a, ROW_BYTES_MAX);
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		arena_reset(&a);
		json_object_open(w);
		if (!person_put_row(w, snapshot_people(s), people[i].subject, now_us, &a, e))
			return false;
		json_key(w, S("at"));
		json_put_text(w, time_print(text, people[i].at_us));
		json_object_close(w);
	}
	json_array_close(w);
	return true;
}

static bool put_list(struct request *q, struct answer *a, const struct funnel_result *r,
		     const struct funnel_who *who, struct snapshot *s, err *e)
{
	struct funnel_person after, *people;
	struct json_writer w;
	size_t n;
	bool given;
	uint64_t count, limit = LIMIT_DEFAULT;
	if (!read_after(q, &after, &given, e) || !param_count(q, "limit", 1, LIMIT_MAX, &limit, e))
		return false;
	/* One more tells whether there is a next page. */
	if (!funnel_people(r, who, given ? &after : NULL, (size_t)limit + 1, q->arena, &people, &n,
			   &count, e))
		return false;
	bool more = n > limit;
	n -= more;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("count"));
	json_put_uint(&w, count);
	if (!put_rows(&w, s, people, n, e))
		return false;
	json_key(&w, S("next"));
	if (more)
		json_put_text(&w, str_printf(q->arena, "%jd.%ju", (intmax_t)people[n - 1].at_us,
					     (uintmax_t)people[n - 1].subject));
	else
		json_put_null(&w);
	put_rule(&w, r, who);
	json_key(&w, S("snapshot"));
	json_put_uint(&w, r->snapshot);
	json_object_close(&w);
	return true;
}

bool funnel_people_answer(struct request *q, struct answer *a, err *e)
{
	struct funnel_answer *f = NULL;
	struct view *v = NULL;
	struct funnel_who who = { 0 };
	struct funnel_ask ask = { 0 };
	if (!params_known(q, e) || !read_who(q, &who, e) ||
	    !param_count(q, "snapshot", 0, UINT64_MAX, &ask.snapshot, e) ||
	    !funnel_borrow(q, &ask, &f, e))
		return false;
	bool ok = view_borrow(q->server, &v, e) &&
		  put_list(q, a, funnel_answer_of(f), &who, view_snapshot(v), e);
	view_return(&v);
	funnel_return(&f);
	return ok;
}
