/*
 * sample_visit.c - visits of the web site, page by page.
 *
 * What it is:   a visit comes through a source, which its first page carries; what is read depends
 *               on what the visitor is after. Visits before the form are anonymous.
 * Promises:     leads read case studies in FOCUS_CASE visits alone (sample.h says why).
 */
#include "load/sample_int.h"

struct wish {
	enum content_kind kind;
	unsigned of_100;
};
#define WISHES_MAX 8
static const struct wish WISHES[][WISHES_MAX] = {
	[FOCUS_LEARN] = { { CONTENT_ARTICLE, 52 },
			  { CONTENT_GUIDE, 18 },
			  { CONTENT_HOME, 14 },
			  { CONTENT_WHITEPAPER, 5 },
			  { CONTENT_CASE_STUDY, 4 },
			  { CONTENT_PRICES, 4 },
			  { CONTENT_TESTIMONIAL, 3 } },
	[FOCUS_COMPARE] = { { CONTENT_HOME, 18 },
			    { CONTENT_WHITEPAPER, 18 },
			    { CONTENT_GUIDE, 18 },
			    { CONTENT_TESTIMONIAL, 14 },
			    { CONTENT_CASE_STUDY, 10 },
			    { CONTENT_WEBINAR, 8 },
			    { CONTENT_PRICES, 14 } },
	[FOCUS_CASE] = { { CONTENT_HOME, 30 },
			 { CONTENT_TESTIMONIAL, 20 },
			 { CONTENT_WHITEPAPER, 20 },
			 { CONTENT_ARTICLE, 30 } },
	[FOCUS_BUY] = { { CONTENT_PRICES, 45 },
			{ CONTENT_REFERENCES, 20 },
			{ CONTENT_DEMO, 15 },
			{ CONTENT_HOME, 20 } },
};

static enum content_kind wish(struct life *l, enum focus focus)
{
	uint64_t u = rng_below(&l->rng, 100);
	for (size_t i = 0; i < WISHES_MAX; i++) {
		const struct wish *w = &WISHES[focus][i];
		if (u < w->of_100)
			return w->kind == CONTENT_CASE_STUDY && l->is_lead ? CONTENT_ARTICLE
									   : w->kind;
		u -= w->of_100;
	}
	return CONTENT_HOME;
}

void visit_page(struct life *l, struct visit *v, const struct content *c, enum content_kind kind)
{
	struct intake *in = tell(l, S("page_viewed"), v->at_us);
	in->anonymous_id = v->device;
	if (v->source) {
		in->origin = v->source->origin;
		if (v->source->campaigns_n)
			in->origin.campaign =
				v->source->campaigns[rng_below(&l->rng, v->source->campaigns_n)];
		v->source = NULL;
	}
	tell_text(l, in, S("path"), c->path);
	tell_text(l, in, S("kind"), world_kind_name(kind));
	tell_text(l, in, S("zone"), world_zone(kind));
	tell_text(l, in, S("language"), l->language == GERMAN ? S("de") : S("en"));
	v->at_us += (int64_t)(5 + rng_below(&l->rng, 150)) * US_PER_S +
		    (int64_t)rng_below(&l->rng, US_PER_S);
}

void visit_tell(struct life *l, struct visit *v)
{
	do {
		enum content_kind kind = wish(l, v->focus);
		visit_page(l, v, world_content(kind, l->language, rng_u64(&l->rng) >> 8), kind);
	} while (rng_chance(&l->rng, 0.62));
	if (v->focus == FOCUS_CASE)
		visit_page(l, v,
			   world_content(CONTENT_CASE_STUDY, l->language, rng_u64(&l->rng) >> 8),
			   CONTENT_CASE_STUDY);
}

int64_t visit_again(struct life *l, enum focus focus, int64_t at_us)
{
	struct visit v = { .source = world_source_again(rng_real(&l->rng)),
			   .focus = focus,
			   .device = l->devices[rng_below(&l->rng, l->devices_n)],
			   .at_us = at_us };
	/* Who did not ask for the newsletter does not come through it. */
	if (v.source == world_newsletter && !l->may_mail)
		v.source = world_direct;
	visit_tell(l, &v);
	return v.at_us;
}

int64_t visit_first(struct life *l, int64_t at_us)
{
	struct visit v = { .source = l->source,
			   .focus = rng_chance(&l->rng, 0.8) ? FOCUS_LEARN : FOCUS_COMPARE,
			   .device = l->devices[0],
			   .at_us = at_us };
	visit_tell(l, &v);
	double more = l->is_lead ? 0.6 : 0.33;
	while (rng_chance(&l->rng, more) && v.at_us < l->t->result.end_us)
		v.at_us = visit_again(l, rng_chance(&l->rng, 0.7) ? FOCUS_LEARN : FOCUS_COMPARE,
				      time_later(&l->rng, v.at_us, 9));
	return v.at_us;
}
