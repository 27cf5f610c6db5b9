/*
 * sample_lead.c - from the form to marketing's last mail.
 *
 * What it is:   the form on which a visitor gets a name, consent with double opt-in, mails that are
 *               opened and clicked or not, further visits, the case study that some read.
 */
#include "load/sample_int.h"

struct form {
	str name;
	enum content_kind kind;
	unsigned of_100;
};
static const struct form FORMS[] = {
	{ S("whitepaper"), CONTENT_WHITEPAPER, 50 }, { S("demo"), CONTENT_DEMO, 16 },
	{ S("webinar"), CONTENT_WEBINAR, 14 },	     { S("newsletter"), CONTENT_ARTICLE, 12 },
	{ S("contact"), CONTENT_CONTACT, 8 },
};
static const str MESSAGES[] = { S("welcome"),	     S("law-update"),	S("practice-tips"),
				S("customer-story"), S("product-news"), S("webinar-invitation") };

static const struct form *pick_form(struct life *l)
{
	uint64_t u = rng_below(&l->rng, 100);
	for (size_t i = 0; i + 1 < ARRAY_LEN(FORMS); i++) {
		if (u < FORMS[i].of_100)
			return &FORMS[i];
		u -= FORMS[i].of_100;
	}
	return &FORMS[ARRAY_LEN(FORMS) - 1];
}

static str upper_case(struct life *l, str s)
{
	str copy = str_dup(&l->t->texts, s);
	char *p = copy.n ? arena_alloc(&l->t->texts, copy.n) : NULL;
	if (!p)
		return s;
	for (size_t i = 0; i < copy.n; i++)
		p[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z' ? s.p[i] & ~0x20 : s.p[i]);
	return str_make(p, copy.n);
}

/* Who it is: an employee of some company that may have sent others before. The device on which the
 * form is filled in. */
static str become_known(struct life *l)
{
	struct teller *t = l->t;
	uint64_t number = rng_below(&l->rng, t->companies_n);
	while (company_language(number) != l->language)
		number = (number + 1) % t->companies_n;
	struct company_state *state = &t->companies[number];
	company_make(l, number, &l->company);
	person_make(l, &l->company, state->people, &l->person);
	t->result.companies += state->people == 0;
	state->people++;
	str device = l->devices[0];
	if (state->device_of && rng_chance(&l->rng, 0.03))
		device = life_device(l, state->device_of, 0);
	state->device_of = l->number;
	l->is_known = true;
	while (l->devices_n < DEVICES_MAX && rng_chance(&l->rng, 0.16)) {
		l->devices[l->devices_n] = life_device(l, l->number, l->devices_n);
		l->devices_n++;
	}
	return device;
}

static void tell_profile(struct life *l, int64_t at_us)
{
	const struct company *c = &l->company;
	struct intake *in = tell_known(l, S("person_updated"), at_us);
	in->company_domain = c->domain;
	in->company_name = c->name;
	tell_text(l, in, S("first_name"), l->person.first);
	tell_text(l, in, S("last_name"), l->person.last);
	tell_text(l, in, S("title"), l->person.title);
	tell_text(l, in, S("phone"), l->person.phone);
	tell_text(l, in, S("country"), c->country);
	tell_text(l, in, S("city"), c->city);
	tell_text(l, in, S("language"), l->language == GERMAN ? S("de") : S("en"));
	if (l->t->companies[c->number].people > 1)
		return;
	in = tell(l, S("company_updated"), at_us + US_PER_S / 2);
	in->company_domain = c->domain;
	in->company_name = c->name;
	tell_text(l, in, S("name"), c->name);
	tell_text(l, in, S("domain"), c->domain);
	tell_text(l, in, S("industry"), c->industry);
	tell_prop(l, in, S("employees"), value_int(c->employees));
	tell_text(l, in, S("city"), c->city);
	tell_text(l, in, S("country"), c->country);
}

static void tell_consent(struct life *l, str name, int64_t at_us)
{
	struct intake *in = tell_known(l, name, at_us);
	tell_text(l, in, S("channel"), S("email"));
	tell_text(l, in, S("ground"), S("express consent"));
	tell_text(l, in, S("wording"), S("mail-2"));
}

/* Double opt-in: asked for at once, given when the mail's link is followed, by most. */
static void tell_opt_in(struct life *l, int64_t at_us)
{
	tell_consent(l, S("consent_requested"), at_us);
	if (!rng_chance(&l->rng, 0.83))
		return;
	int64_t minutes = 1 + (int64_t)rng_exponential(&l->rng, 40);
	tell_consent(l, S("consent_given"), at_us + minutes * MINUTE_US);
	l->may_mail = true;
}

static void tell_webinar(struct life *l, const struct content *c, int64_t at_us)
{
	struct intake *in = tell_known(l, S("event_registered"), at_us);
	tell_text(l, in, S("event"), c->title);
	if (!rng_chance(&l->rng, 0.55))
		return;
	in = tell_known(l, S("event_attended"), time_at_work(&l->rng, at_us + US_PER_DAY, 5));
	tell_text(l, in, S("event"), c->title);
	tell_prop(l, in, S("minutes"), value_int((int64_t)(15 + rng_below(&l->rng, 45))));
}

/* The visit that ends with the form; its end. */
static int64_t tell_form(struct life *l, str device, int64_t at_us)
{
	const struct form *f = pick_form(l);
	const struct content *c = world_content(f->kind, l->language, rng_u64(&l->rng) >> 8);
	const struct source *s = world_source_again(rng_real(&l->rng));
	struct visit v = { .source = s == world_newsletter ? world_direct : s,
			   .device = device,
			   .at_us = at_us };
	visit_page(l, &v, c, f->kind);
	struct intake *in = tell_known(l, S("form_submitted"), v.at_us);
	in->anonymous_id = device;
	if (rng_chance(&l->rng, 0.01))
		in->email = upper_case(l, l->person.email);
	tell_text(l, in, S("form"), f->name);
	tell_text(l, in, S("path"), c->path);
	at_us = v.at_us + US_PER_S;
	tell_profile(l, at_us);
	if (f->kind == CONTENT_WHITEPAPER) {
		in = tell_known(l, S("content_downloaded"), at_us + 20 * US_PER_S);
		in->anonymous_id = device;
		tell_text(l, in, S("content"), c->title);
		tell_text(l, in, S("kind"), S("whitepaper"));
		tell_text(l, in, S("path"), c->path);
	}
	tell_stage(l, SAMPLE_LEAD, S("visitor"), f->name, at_us + 2 * US_PER_S);
	tell_opt_in(l, at_us + 3 * US_PER_S);
	if (f->kind == CONTENT_WEBINAR)
		tell_webinar(l, c, at_us + 5 * US_PER_S);
	return at_us + MINUTE_US;
}

static struct intake *tell_mail(struct life *l, str name, str message, str variant, int64_t at_us)
{
	struct intake *in = tell_known(l, name, at_us);
	tell_text(l, in, S("channel"), S("email"));
	tell_text(l, in, S("message"), message);
	tell_text(l, in, S("variant"), variant);
	return in;
}

/* Sent, perhaps opened, perhaps clicked; a click tells whose device it is. */
static void tell_one_mail(struct life *l, int64_t at_us)
{
	str message = PICK(l, MESSAGES);
	bool b = rng_chance(&l->rng, 0.5);
	str variant = b ? S("B") : S("A");
	tell_mail(l, S("message_sent"), message, variant, at_us);
	if (!rng_chance(&l->rng, b ? 0.42 : 0.36))
		return;
	at_us = time_later(&l->rng, at_us, 0.4);
	tell_mail(l, S("message_opened"), message, variant, at_us);
	if (!rng_chance(&l->rng, 0.27))
		return;
	struct visit v = { .source = world_newsletter,
			   .focus = rng_chance(&l->rng, 0.5) ? FOCUS_COMPARE : FOCUS_LEARN,
			   .device = l->devices[rng_below(&l->rng, l->devices_n)],
			   .at_us = at_us + 30 * US_PER_S };
	tell_mail(l, S("message_clicked"), message, variant, v.at_us)->anonymous_id = v.device;
	v.at_us += 2 * US_PER_S;
	visit_tell(l, &v);
}

void lead_nurture(struct life *l, int64_t from_us, int64_t to_us, size_t mails_max)
{
	int64_t at = from_us;
	for (size_t i = 0; i < mails_max; i++) {
		at = time_at_work(&l->rng, at + US_PER_DAY, 9);
		if (at >= to_us || at >= l->t->result.end_us)
			return;
		if (l->may_mail)
			tell_one_mail(l, at);
		else if (rng_chance(&l->rng, 0.25))
			visit_again(l, FOCUS_LEARN, time_later(&l->rng, at, 2));
		if (l->may_mail && rng_chance(&l->rng, 0.008)) {
			tell_consent(l, S("consent_withdrawn"), at + HOUR_US);
			l->may_mail = false;
		}
	}
}

void lead_tell(struct life *l, int64_t at_us)
{
	if (at_us >= l->t->result.end_us)
		return;
	str device = become_known(l);
	int64_t at = tell_form(l, device, at_us);
	bool becomes_mql = rng_chance(&l->rng, world_mql_chance(l->source));
	int64_t mql_us = time_later(&l->rng, at, 9);
	l->reads_case = rng_chance(&l->rng, CASE_STUDY_READERS);
	if (l->reads_case) {
		double part = rng_real(&l->rng);
		int64_t case_us = at + MINUTE_US + (int64_t)(part * (double)(mql_us - at));
		int64_t read_us = visit_again(l, FOCUS_CASE, case_us);
		mql_us = MAX(mql_us, read_us + 10 * MINUTE_US);
	}
	lead_nurture(l, at, becomes_mql ? mql_us : INT64_MAX, becomes_mql ? 4 : 6);
	if (!becomes_mql)
		return;
	if (rng_chance(&l->rng, 0.5))
		visit_again(l, FOCUS_BUY, mql_us - 5 * MINUTE_US);
	sales_tell(l, mql_us);
}
