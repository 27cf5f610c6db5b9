/*
 * message_mark.c - touches that are marked instead of counted.
 *
 * What it is:   what robots, the own staff and tests send stays in the journal, about nobody, so
 *               that no funnel counts it and it can still be looked at.
 */
#include "load/message_int.h"

bool message_mark(struct message_reader *r, struct intake *t, enum message_mark mark, err *e)
{
	static const str WORDS[] = { [MARK_NONE] = S(""),
				     [MARK_BOT] = S("bot"),
				     [MARK_STAFF] = S("staff"),
				     [MARK_TEST] = S("test") };
	if (mark == MARK_NONE)
		return true;
	struct prop *props = arena_alloc(r->arena, (t->props_n + 1) * sizeof *props);
	if (!props)
		return arena_err(r->arena, e);
	size_t n = MIN(t->props_n, (size_t)TOUCH_PROPS_MAX - 1);
	for (size_t i = 0; i < n; i++)
		props[i] = t->props[i];
	props[n] = (struct prop){ S("excluded"), value_text(WORDS[mark]) };
	t->props = props;
	t->props_n = n + 1;
	t->anonymous_id = t->user_id = t->email = t->previous_id = S("");
	t->company_domain = t->company_name = t->company_id.value = S("");
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool message_is_bot(str agent)
{
	static const str WORDS[] = {
		S("bot"),     S("crawl"),    S("spider"),    S("headless"), S("lighthouse"),
		S("preview"), S("slurp"),    S("phantomjs"), S("selenium"), S("puppeteer"),
		S("python-"), S("curl/"),    S("wget/"),     S("go-http-"), S("java/"),
		S("monitor"), S("pingdom"),  S("scrapy"),    S("archiver"), S("facebookexternal"),
		S("okhttp/"), S("validator")
	};
	for (size_t i = 0; i + 3 <= agent.n; i++) {
		char first = lower(agent.p[i]);
		for (size_t k = 0; k < ARRAY_LEN(WORDS); k++) {
			if (first == WORDS[k].p[0] &&
			    str_eq_nocase(str_sub(agent, i, WORDS[k].n), WORDS[k]))
				return true;
		}
	}
	return false;
}
